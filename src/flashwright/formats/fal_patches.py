"""The sheet on which edits of a `fal_cfg.h` are collected: patches, findings, and the way to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding, Severity, error
from flashwright.formats.c_blank import blanked
from flashwright.formats.c_source import c_string
from flashwright.formats.fal_read import FalReading, Row
from flashwright.formats.fal_write import flash_name_of
from flashwright.formats.format import ReadOptions, Source
from flashwright.formats.number_style import restyled
from flashwright.model.table import Partition

Span = tuple[int, int]
#: A macro with one number: ``KB(64)``.
_CALL = re.compile(rb"[A-Za-z_]\w*\s*\(\s*\w+\s*\)")


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says: names as FAL knows them, offset and length in bytes."""

    name: str
    flash: str
    start: int
    size: int
    reserved: int = 0

    @classmethod
    def of(cls, partition: Partition) -> Said:
        """What the row of a partition that was read says."""
        reserved = partition.attributes.get("reserved")
        known = reserved if isinstance(reserved, int) else 0
        flash = flash_name_of(partition)
        return cls(partition.name, flash, partition.start, partition.size, known)


def same_rows(rows: tuple[Row, ...], expected: list[Said | str]) -> bool:
    """Whether the rows say what is expected, in order; rows of unknown place count by name."""
    now = [Said.of(row.partition) if row.partition is not None else row.name for row in rows]
    return now == expected


@dataclass(slots=True)
class Sheet:
    """Replacements of byte ranges of the base, and what was found on the way."""

    base: Source
    wishes: ReadOptions
    reading: FalReading
    patches: dict[Span, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    #: The file with comments as spaces.
    plain: bytes = field(init=False)
    _spans: dict[tuple[int, str], Span | None] = field(default_factory=dict)
    _edges: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    _styles: list[tuple[str, int]] | None = None

    def __post_init__(self) -> None:
        """Blank the comments, once for all."""
        self.plain = blanked(self.base.data)

    @property
    def refused(self) -> bool:
        """Whether something cannot be done."""
        return any(f.severity is Severity.ERROR for f in self.findings)

    def refuse(self, why: str, help: str = "write the table to a new file instead") -> None:
        """FMT163: the file stays as it is."""
        self.findings.append(error("FMT163", f"the file cannot be edited: {why}", help))

    def replace(self, member: str, span: Span, new: str) -> None:
        """Patch a member; a column of blanks before or behind it keeps its edge."""
        start, end = span
        data = self.base.data
        text = new.encode("utf-8", "replace")
        before, behind = self.blanks(span)
        right, left = self.edges(member)
        longer = len(text) - (end - start)
        if right and before > longer and self._free(start - before, start):
            self.patches[start - before, end] = b" " * (before - longer) + text
        elif left and data[end : end + 1] == b"," and behind > longer:
            if self._free(end, end + 1 + behind):
                self.patches[start, end + 1 + behind] = text + b"," + b" " * (behind - longer)
                return
            self.patches[span] = text
        else:
            self.patches[span] = text

    def blanks(self, span: Span) -> Span:
        """How many blanks stand before a member, and behind its comma."""
        data = self.base.data
        before = span[0] - len(data[: span[0]].rstrip(b" "))
        rest = data[span[1] + 1 : span[1] + 200]
        return before, len(rest) - len(rest.lstrip(b" "))

    def edges(self, member: str) -> tuple[bool, bool]:
        """Whether the members of all rows end, or else begin, at one edge, by their blanks."""
        if member not in self._edges:
            spans = [span for row in self.reading.rows if (span := self.span(row, member))]
            gaps = [self.blanks(span) for span in spans]
            right = any(before > 1 for before, _ in gaps)
            self._edges[member] = right, not right and any(behind > 1 for _, behind in gaps)
        return self._edges[member]

    def _free(self, start: int, end: int) -> bool:
        return not any(at < end and start < stop for at, stop in self.patches)

    def patched(self, more: Mapping[Span, bytes] | None = None) -> bytes:
        """The file with the patches, or with those given instead."""
        data = self.base.data
        for (start, end), new in sorted((more or self.patches).items(), reverse=True):
            data = data[:start] + new + data[end:]
        return data

    def said(self, span: Span) -> str:
        """The text of the file there."""
        return self.base.data[span[0] : span[1]].decode("utf-8", "replace")

    def row_span(self, row: Row) -> Span | None:
        """The bytes of a row that stands in the file itself, from brace to brace."""
        text = self.reading.text
        first = text.origin(row.node.start_byte)
        last = text.origin(max(row.node.end_byte - 1, 0))
        if first is None or last is None or not (first.raw and last.raw):
            return None
        return text.span(row.node)

    def span(self, row: Row, member: str) -> Span | None:
        """The bytes that say a member in its row: a number, an expression, a macro's name."""
        key = (id(row), member)
        if key not in self._spans:
            self._spans[key] = self._found(row, member)
        return self._spans[key]

    def _found(self, row: Row, member: str) -> Span | None:
        whole, cell = self.row_span(row), row.members.get(member)
        if whole is None or cell is None:
            return None
        text = self.reading.text
        span = text.span(cell.node)
        first = text.origin(cell.node.start_byte)
        if span is None and first is not None and first.path == text.path:
            call = _CALL.match(text.data, first.start, whole[1])
            span = call.span() if call else None
        if span is None or not (whole[0] <= span[0] and span[1] <= whole[1]):
            return None
        return span

    def number(self, value: int) -> str:
        """A number in the style that most numbers of the table have."""
        if self._styles is None:
            counts = Counter(self._written())
            self._styles = sorted(counts, key=lambda style: -counts[style])
        for said, before in self._styles:
            styled = restyled(value, said, before)
            if styled is not None:
                return styled
        return format_hex(value)

    def _written(self) -> list[tuple[str, int]]:
        """Offsets and lengths as they are written, with their values; zeros say nothing."""
        found = []
        for row in self.reading.rows:
            for member in ("offset", "len"):
                span = self.span(row, member)
                cell = row.members.get(member)
                if span is not None and cell is not None and isinstance(cell.value, int):
                    found += [(self.said(span), cell.value)] if cell.value else []
        return found

    def flash_text(self, name: str) -> str:
        """A name as a string, or as the macro by which other rows call that flash."""
        for row in self.reading.rows:
            cell = row.members.get("flash_name")
            span = self.span(row, "flash_name")
            if cell is not None and span is not None and cell.value == name:
                return self.said(span)
        return c_string(name)
