"""Changing the number of a `FAL_PART_TABLE` where a macro of the file defines it.

A definition is changed only if it serves that one value: the file (and the other files at hand)
name the macro nowhere else, and the table read with the changed definition differs in that value
alone. So macros whose names are pasted together (``FLASH_##U##_OFFSET``) are found as well.

Limits: the table is read again for each definition until 192 KiB have been read. Beyond that, a
macro that is pasted together is not changed, and one that a row names is changed without that proof
(the whole result is read in any case).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flashwright.base.text import printable
from flashwright.diag.finding import note
from flashwright.formats.c_source import expression_root, place_at
from flashwright.formats.c_value import value_of
from flashwright.formats.fal_patches import Said, Sheet, Span
from flashwright.formats.fal_read import Row, read
from flashwright.formats.format import Source
from flashwright.formats.number_style import restyled

_DEFINE = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(?P<name>[A-Za-z_]\w*)[ \t]+"
    rb"(?P<body>[^\s\\](?:[^\n\\]*[^\s\\])?)\s*$",
    re.M,
)
_ASKED = re.compile(rb"^[ \t]*#[ \t]*(?:ifn?def|undef)[ \t]+(\w+)", re.M)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_NAME = re.compile(r"(?:\(\s*)*([A-Za-z_]\w*)(?:\s*\))*")
#: How many bytes are read in one edit to try definitions; each try reads the file.
_MOST_WORK = 192 << 10


@dataclass(frozen=True, slots=True)
class _Definition:
    """A macro that is a plain number; ``span`` are the bytes of the number."""

    name: str
    body: str
    value: int
    span: Span
    at: int


class Macros:
    """The macros of a file that are plain numbers, and how often the files at hand name them."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.left = _MOST_WORK
        self.uses = Counter(_WORD.findall(sheet.plain))
        self.uses.subtract(m[1] for m in _ASKED.finditer(sheet.plain))
        for path, data in sheet.base.others.items():
            if data != sheet.base.data and path != sheet.base.path:
                self.uses.update(_WORD.findall(data))
        self.definitions = list(self._definitions())

    def _definitions(self) -> Iterator[_Definition]:
        for match in _DEFINE.finditer(self.sheet.plain):
            if self.uses[match["name"]] > 2:
                continue
            root = expression_root(match["body"])
            value = value_of(root, lambda _name: None) if root is not None else None
            if isinstance(value, int):
                name, body = match["name"].decode(), match["body"].decode("latin-1")
                yield _Definition(name, body, value, match.span("body"), match.start("name"))

    def change(self, row: Row, member: str, value: int, before: int, span: Span | None) -> bool:
        """Change the definition that gives ``member``; false where there is none for it alone."""
        sheet = self.sheet
        named = _NAME.fullmatch(sheet.said(span)) if span is not None else None
        if span is not None and named is None:
            return False
        for found in self.definitions:
            if found.value != before or (named is not None and found.name != named[1]):
                continue
            styled = restyled(value, found.body, before)
            if styled is None or self.uses[found.name.encode()] != (1 if span is None else 2):
                continue
            if found.span in sheet.patches or found.name in sheet.wishes.defines:
                continue
            patch = {found.span: styled.encode()}
            self.left -= len(sheet.base.data)
            if span is not None if self.left < 0 else _only(row, member, value, patch, sheet):
                sheet.patches.update(patch)
                name = printable(found.name, 60)
                message = f"`{name}` is defined as {styled} now, not {found.body}"
                help = f"it gives {member} of `{printable(row.name, 60)}`, and nothing else here"
                place = place_at(sheet.base.path, sheet.base.data, found.at)
                sheet.findings.append(note("FMT165", message, help, place))
                return True
        return False


def _only(row: Row, member: str, value: int, patch: dict[Span, bytes], sheet: Sheet) -> bool:
    """Whether the patch changes that value of the table, and no other."""
    data = sheet.patched(patch)
    _, again = read(Source(sheet.base.path, data, sheet.base.others), sheet.wishes)
    if again is None or len(again.rows) != len(sheet.reading.rows):
        return False
    for old, new in zip(sheet.reading.rows, again.rows, strict=True):
        before = Said.of(old.partition) if old.partition else old.name
        after = Said.of(new.partition) if new.partition else new.name
        if old is row and isinstance(before, Said):
            start = value if member == "offset" else before.start
            size = value if member == "len" else before.size
            reserved = value if member == "reserved" else before.reserved
            before = Said(before.name, before.flash, start, size, reserved)
        if before != after:
            return False
    return True
