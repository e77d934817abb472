"""The sheet on which edits of a devicetree file are collected, and how its text is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, warning
from flashwright.formats.c_blank import blanked
from flashwright.formats.format import Source
from flashwright.formats.number_style import restyled
from flashwright.formats.zephyr_dts_nodes import Cell, DtNode, DtsReading, Property, Site

Span = tuple[int, int]
_WORD = 1 << 32


@dataclass(slots=True)
class Sheet:
    """Replacements of byte ranges of the base, statements to be added, and what was found.

    ``deletions`` are statements in front of the outermost node at ``ahead``, or at the end of the
    file; ``restated`` are properties of nodes of other files, by label; ``blocks`` are new nodes at
    the end of the file.
    """

    base: Source
    reading: DtsReading
    patches: dict[Span, bytes] = field(default_factory=dict)
    removed: list[Span] = field(default_factory=list)
    deletions: list[str] = field(default_factory=list)
    ahead: int | None = None
    restated: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    #: The file with comments as spaces.
    plain: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Blank the comments, once for all."""
        self.plain = blanked(self.base.data)

    @property
    def refused(self) -> bool:
        """Whether something cannot be done."""
        return any(f.severity is Severity.ERROR for f in self.findings)

    def refuse(self, why: str, help: str = "write an overlay to a new file instead") -> None:
        """FMT190: the file stays as it is."""
        self.findings.append(error("FMT190", f"the file cannot be edited: {why}", help))

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if b"\r\n" in self.base.data else "\n"

    def patched(self) -> bytes:
        """The file with all patches and statements."""
        data = self.base.data
        changes = {
            span: new
            for span, new in self.patches.items()
            if not any(_within(span, removed) for removed in self.outer)
        }
        changes.update(dict.fromkeys(self.outer, b""))
        tail: list[str] = []
        if self.deletions and self.ahead is not None:
            at = self.line_start(self.ahead)
            at = self.ahead if self.base.data[at : self.ahead].strip() else at
            changes[at, at] = self._text([*self.deletions, ""])
        elif self.deletions:
            tail += [*self.deletions, ""]
        for label, lines in self.restated.items():
            tail += [f"&{label} {{", *(f"\t{line}" for line in lines), "};", ""]
        tail += self.blocks
        for (start, end), new in sorted(changes.items(), reverse=True):
            data = data[:start] + new + data[end:]
        if tail:
            gap = b"" if data.endswith(b"\n") or not data else self._text([""])
            data += gap + self._text(["", *tail]).rstrip() + self._text([""])
        return data

    def _text(self, lines: Sequence[str]) -> bytes:
        return "".join(line + self.newline for line in lines).encode("utf-8", "replace")

    @property
    def outer(self) -> list[Span]:
        """What is removed, without what lies inside of it."""
        found: list[Span] = []
        for span in sorted(set(self.removed), key=lambda span: (span[0], -span[1])):
            if not found or found[-1][1] < span[1]:
                found.append(span)
        return found

    # What is written where -----------------------------------------------------------------------

    def own(self, node: DtNode) -> list[Site]:
        """The places of the base where a node is written."""
        return [site for site in node.sites if site.path == self.base.path]

    def here(self, found: Property | Cell | None) -> bool:
        """Whether a property or a cell is written in the base."""
        return found is not None and found.path == self.base.path

    def said(self, span: Span) -> str:
        """The text of the base there."""
        return self.base.data[span[0] : span[1]].decode("utf-8", "replace")

    def line_start(self, at: int) -> int:
        """The first byte of the line of ``at``."""
        return self.base.data.rfind(b"\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """The first byte of the next line."""
        found = self.base.data.find(b"\n", at)
        return len(self.base.data) if found < 0 else found + 1

    def indents(self, site: Site) -> tuple[str, str]:
        """The indentation of what stands in a node, and one step of it."""
        data = self.base.data
        outer = _blank(data[self.line_start(site.body[1]) : site.body[1]])
        start = self.line_end(site.body[0])
        while start < site.body[1]:
            end = self.line_end(start)
            line = data[start : min(end, site.body[1])]
            if line.strip() and not line.lstrip().startswith(b"#i"):
                inner = _blank(line)
                if inner.startswith(outer) and inner != outer:
                    return inner, inner[len(outer) :]
            start = end
        return outer + "\t", "\t"

    # Changes -------------------------------------------------------------------------------------

    def set_number(self, cells: Sequence[Cell], value: int, shown: str) -> None:
        """Write a number into its cells (the high one first), each in its style."""
        left = value
        for cell in reversed(cells):
            part = left if len(cells) == 1 else left % _WORD
            left >>= 32
            if part != cell.value:
                self._set_cell(cell, part, shown)

    def _set_cell(self, cell: Cell, value: int, shown: str) -> None:
        said = self.said(cell.span)
        before = cell.value if isinstance(cell.value, int) else None
        styled = restyled(value, said, before)
        if styled is None:
            styled = format_hex(value).lower()
            message = f"`{shown}`: `{printable(said, 60)}` is replaced by {styled}"
            help = "what else uses the names in it keeps their values"
            self.findings.append(warning("FMT191", message, help, cell.place))
        self.patches[cell.span] = styled.encode()

    def insert(self, site: Site, lines: Sequence[str]) -> None:
        """Add lines at the end of a node; their leading tabs become steps of the file."""
        close = site.body[1]
        start = self.line_start(close)
        if start >= site.body[0] and not self.base.data[start:close].strip():
            inner, step = self.indents(site)
            text = "".join(_indented(line, inner, step) + self.newline for line in lines)
            at = start
        else:
            at = max(len(self.base.data[:close].rstrip()), site.body[0])
            text = "".join(" " + line.strip() for line in lines if line.strip())
        self.patches[at, at] = self.patches.get((at, at), b"") + text.encode("utf-8", "replace")

    def restate(self, node: DtNode, line: str) -> None:
        """A property of a node of another file: in a place of the base, or by its label."""
        own = self.own(node)
        if own:
            self.insert(own[-1], [line])
        elif node.labels:
            self.restated.setdefault(node.labels[0], []).append(line)
        else:
            self.refuse(f"`{printable(node.name, 60)}` of another file has no label")

    def remove(self, span: Span) -> None:
        """Take bytes out, with their lines where nothing else stands there."""
        data = self.base.data
        start, end = self.line_start(span[0]), self.line_end(span[1])
        if (data[start : span[0]] + data[span[1] : end]).strip():
            self.removed.append(span)
            return
        above = self.line_start(start - 1) if start else start
        below = data[end : self.line_end(end)].strip()
        if start and not data[above:start].strip() and (not below or below.startswith(b"}")):
            start = above
        self.removed.append((start, end))

    def references(self, label: str) -> list[Span]:
        """Where the base says ``&label``, comments left out."""
        pattern = re.compile(rb"&(%s)\b" % re.escape(label.encode("utf-8", "replace")))
        return [match.span(1) for match in pattern.finditer(self.plain)]


def _within(span: Span, removed: Span) -> bool:
    """Whether a change is lost with what is removed; what is inserted at its edges is not."""
    if span[0] == span[1]:
        return removed[0] < span[0] < removed[1]
    return removed[0] <= span[0] and span[1] <= removed[1]


def _blank(line: bytes) -> str:
    return line[: len(line) - len(line.lstrip(b" \t"))].decode("latin-1")


def _indented(line: str, inner: str, step: str) -> str:
    plain = line.lstrip("\t")
    return inner + step * (len(line) - len(plain)) + plain if plain else ""
