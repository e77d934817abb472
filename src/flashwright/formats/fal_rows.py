"""Whole rows of a `FAL_PART_TABLE`: taken out with their line, and appended at the end.

A new row is made after the pattern of the last one that is written out in the table: its members by
position or by name, its magic word, its number style, its indentation, and the column of the
backslash.
"""

from __future__ import annotations

from flashwright.base.text import printable
from flashwright.diag.finding import note
from flashwright.formats.c_source import c_string
from flashwright.formats.fal_members import MAGIC_NAMES
from flashwright.formats.fal_patches import Said, Sheet, Span
from flashwright.formats.fal_read import Row
from flashwright.formats.number_style import restyled

_MEMBERS = ("name", "flash_name", "offset", "len")


def remove(row: Row, sheet: Sheet) -> None:
    """Take a row out: with its line where nothing else stands there."""
    span = sheet.row_span(row)
    shown = printable(row.name, 60)
    if span is None:
        sheet.refuse(f"the row of `{shown}` is made by a macro", "remove it by hand")
        return
    start, end = span[0], _behind_comma(sheet, span[1])
    data = sheet.base.data
    line = data.rfind(b"\n", 0, start) + 1
    next_line = _line_end(data, end)
    around = sheet.plain[line:start] + sheet.plain[end:next_line]
    if not around.strip(b" \t\r\n\\") and _whole_comments(data[line:next_line]):
        start, end = line, next_line
    else:
        while start > line and data[start - 1 : start] in (b" ", b"\t"):
            start -= 1
    sheet.patches[start, end] = b""
    sheet.findings.append(note("FMT167", f"the row of `{shown}` is taken out", ""))


def append(made: list[Said], rows: tuple[Row, ...], gone: list[Row], sheet: Sheet) -> None:
    """New rows behind the last one."""
    data, text = sheet.base.data, sheet.reading.text
    brace = text.span(sheet.reading.node)
    if brace is None or data[brace[1] - 1 : brace[1]] != b"}":
        sheet.refuse("the end of the table is not written in the file itself")
        return
    at = len(sheet.plain[: brace[1] - 1].rstrip(b" \t\r\n\\"))
    pattern = _pattern(rows, sheet)
    lines = [_row(said, pattern, sheet) for said in made]
    last = rows[-1] if rows else None
    if last is not None and last not in gone:
        follows = last.node.next_sibling
        if follows is None or follows.type != ",":
            span = sheet.row_span(last)
            behind = span[1] if span else at
            sheet.patches[behind, behind] = b","
    end = _line_end(data, at)
    if end < brace[1] and _whole_comments(data[at:end]):
        new = b"".join(_as_line(line, pattern, data, at, end) for line in lines)
        _insert(sheet, end, new)
    else:
        _insert(sheet, at, b"".join(b" " + line.encode() + b"," for line in lines))
    names = ", ".join(f"`{printable(said.name, 40)}`" for said in made)
    sheet.findings.append(note("FMT168", f"appended to FAL_PART_TABLE: {names}", ""))


def _insert(sheet: Sheet, at: int, new: bytes) -> None:
    sheet.patches[at, at] = sheet.patches.get((at, at), b"") + new


def _pattern(rows: tuple[Row, ...], sheet: Sheet) -> tuple[Row, Span] | None:
    """The last row that is written out, in which each member has its place, without comments."""
    for row in reversed(rows):
        span = sheet.row_span(row)
        if span is None or row.partition is None or b"/" in sheet.base.data[slice(*span)]:
            continue
        if all(sheet.span(row, member) is not None for member in _MEMBERS):
            return row, span
    return None


def _row(said: Said, pattern: tuple[Row, Span] | None, sheet: Sheet) -> str:
    flash = sheet.flash_text(said.flash)
    if pattern is None:
        start, size = sheet.number(said.start), sheet.number(said.size)
        members = (c_string(said.name), flash, start, size, str(said.reserved))
        return f"{{{MAGIC_NAMES[0]}, {', '.join(members)}}}"
    row, (first, end) = pattern
    new: dict[Span, tuple[str, str]] = {}
    for member, value in (("offset", said.start), ("len", said.size), ("reserved", said.reserved)):
        span, cell = sheet.span(row, member), row.members.get(member)
        if span is not None and cell is not None and isinstance(cell.value, int):
            styled = restyled(value, sheet.said(span), cell.value) if cell.value else None
            new[span] = member, styled or (sheet.number(value) if value else "0")
    for member, shown in (("name", c_string(said.name)), ("flash_name", flash)):
        span = sheet.span(row, member)
        if span is not None:
            new[span] = member, shown
    made = sheet.base.data[:end]
    for (begin, stop), (member, shown) in sorted(new.items(), reverse=True):
        text = shown.encode("utf-8", "replace")
        made = _put(made, begin, stop, text, sheet.edges(member))
    return made[first:].decode("utf-8", "replace")


def _put(made: bytes, begin: int, stop: int, text: bytes, edges: tuple[bool, bool]) -> bytes:
    """``text`` in the place of a member; a column of blanks before or behind it keeps its edge."""
    longer = len(text) - (stop - begin)
    before, behind = made[:begin], made[stop:]
    gap = begin - len(before.rstrip(b" "))
    if edges[0] and gap > longer:
        return made[: begin - gap] + b" " * (gap - longer) + text + behind
    rest = behind[1:].lstrip(b" ")
    gap = len(behind) - 1 - len(rest)
    if edges[1] and behind[:1] == b"," and gap > longer:
        behind = b"," + b" " * (gap - longer) + rest
    return before + text + behind


def _as_line(line: str, pattern: tuple[Row, Span] | None, data: bytes, at: int, end: int) -> bytes:
    """A row as a line of its own, like the line that ends at ``end``."""
    model = pattern[1][0] if pattern else at - 1
    begin = data.rfind(b"\n", 0, model) + 1
    indent = data[begin:model][: len(data[begin:model]) - len(data[begin:model].lstrip(b" \t"))]
    before = data[data.rfind(b"\n", 0, end - 1) + 1 : end]
    newline = b"\r\n" if before.endswith(b"\r\n") else b"\n"
    made = indent + line.encode() + b","
    if before.rstrip(b"\r\n \t").endswith(b"\\"):
        column = before.rstrip(b"\r\n \t").rfind(b"\\")
        made = made.ljust(column) if len(made) < column else made + b" "
        made += b"\\"
    return made + newline


def _behind_comma(sheet: Sheet, at: int) -> int:
    """The end of the comma behind a row, or of the row where none follows."""
    behind = at
    while sheet.plain[behind : behind + 1] in (b" ", b"\t", b"\r", b"\n", b"\\"):
        behind += 1
    return behind + 1 if sheet.plain[behind : behind + 1] == b"," else at


def _line_end(data: bytes, at: int) -> int:
    found = data.find(b"\n", at)
    return len(data) if found < 0 else found + 1


def _whole_comments(line: bytes) -> bool:
    return line.count(b"/*") == line.count(b"*/")
