"""Changing the number of a `FAL_PART_TABLE` where a macro of the file defines it.

A definition is changed only if it serves that one value: the file (and the other files at hand)
name the macro nowhere else, and the table read with the changed definition differs in that value
alone. So macros whose names are pasted together (``FLASH_##U##_OFFSET``) are found as well.
"""

from __future__ import annotations

import re

from flashwright.base.text import printable
from flashwright.diag.finding import note
from flashwright.formats.c_source import place_at
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
_NAME = re.compile(r"(?:\(\s*)*([A-Za-z_]\w*)(?:\s*\))*")
#: How many definitions are tried for one value; each try reads the file.
_MOST_TRIES = 16


def definition_patch(
    row: Row, member: str, value: int, before: int, span: Span | None, sheet: Sheet
) -> bool:
    """Patch the definition of the macro that gives ``member``; false where there is none."""
    named = _NAME.fullmatch(sheet.said(span)) if span is not None else None
    if span is not None and named is None:
        return False
    tries = 0
    for match in _DEFINE.finditer(sheet.plain):
        name = match["name"]
        if tries >= _MOST_TRIES or (named is not None and name.decode() != named[1]):
            continue
        if _uses(name, sheet) != (1 if span is None else 2):
            continue
        body = match["body"].decode("latin-1")
        styled = restyled(value, body, before)
        if styled is None:
            continue
        tries += 1
        patch = {match.span("body"): styled.encode()}
        if match.span("body") not in sheet.patches and _only(row, member, value, patch, sheet):
            sheet.patches.update(patch)
            message = f"`{printable(name.decode(), 60)}` is defined as {styled} now, not {body}"
            help = f"it gives {member} of `{printable(row.name, 60)}`, and nothing else here"
            place = place_at(sheet.base.path, sheet.base.data, match.start("name"))
            sheet.findings.append(note("FMT165", message, help, place))
            return True
    return False


def _uses(name: bytes, sheet: Sheet) -> int:
    """How often the files at hand name a macro, without questions whether it is defined."""
    word = re.compile(rb"\b%s\b" % name)
    asked = sum(1 for m in _ASKED.finditer(sheet.plain) if m[1] == name)
    elsewhere = sum(
        len(word.findall(data))
        for path, data in sheet.base.others.items()
        if data != sheet.base.data and path != sheet.base.path
    )
    return len(word.findall(sheet.plain)) - asked + elsewhere


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
