"""Rows of an existing ESP-IDF CSV, edited in place.

A row that says what it shall say stays as it is, with its spaces, its number style, its variables
and its blanks: a blank offset stays blank as long as the reference tool still puts the row where
it shall lie, and ``-2M`` stays the end of its partition. Comments, blank lines, the order, the
encoding and the ends of lines are kept; a new row goes behind the last row below it in flash.

Laws: a file into which its own table is written comes back byte for byte. Rows whose offsets would
no longer rise are put in the order that the reference tool asks for, with the comments above them.
A file that cannot be read without errors is not written into.
"""

from __future__ import annotations

import codecs
from collections import defaultdict, deque
from collections.abc import Iterable

from flashwright.base.align import align_up
from flashwright.base.extent import Extent
from flashwright.base.record import record
from flashwright.base.size import format_hex
from flashwright.formats import esp_idf_terms as terms
from flashwright.formats.esp_idf_line import line_of
from flashwright.formats.esp_idf_rows import Row, alignment, label_of
from flashwright.formats.format import Decoded, Encoded, Source
from flashwright.formats.number_style import restyled
from flashwright.model.table import Partition

_KIND, _SUBTYPE, _OFFSET, _SIZE, _FLAGS = range(1, 6)
#: Byte order marks and how the text behind them is written, the longer marks first.
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What makes a file unfit to be written into: rows that could not be read.
_UNREAD = ("FMT210", "FMT216")


@record(frozen=False)
class _Line:
    """A row's line with the comments above it; ``was`` is what it said, ``row`` what it shall."""

    above: list[str]
    text: str
    was: Partition | None
    row: Row


def written_into(base: Source, read: Decoded, rows: list[Row]) -> Encoded:
    """The text of ``base`` with ``rows``, which are those of a table: with offsets and sizes.

    ``read`` is what ``base`` says, read as ``reading`` tells.
    """
    unread = tuple(f for f in read.findings if f.code in _UNREAD)
    if unread:
        return Encoded(None, unread)
    mark, encoding = next((e for e in _ENCODINGS if base.data.startswith(e[0])), (b"", "utf-8"))
    text = base.data[len(mark) :].decode(encoding)
    partitions = read.tables[0].partitions if read.tables else ()
    head, lines, tail = _lines(text, partitions, rows)
    first = (read.tables[0].attributes["table_offset"] if read.tables else None) or 0
    _say(lines, (first if isinstance(first, int) else 0) + terms.TABLE_SIZE)
    written = _joined([*head, *(s for x in lines for s in (*x.above, x.text)), *tail], text)
    return Encoded(mark + written.encode(encoding))


def _lines(
    text: str, partitions: tuple[Partition, ...], rows: list[Row]
) -> tuple[list[str], list[_Line], list[str]]:
    """What stands above all rows, the lines of the rows in their new order, and what follows."""
    by_line = {p.place.line: p for p in partitions if p.place is not None}
    kept = _matched(partitions, rows)
    head: list[str] = []
    lines: list[_Line] = []
    above: list[str] = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        was = by_line.get(number)
        if was is None:
            above.append(line)
        elif id(was) in kept:
            if not lines:
                head, above = above, []
            lines.append(_Line(above, line, was, kept.pop(id(was))))
            above = []
    if not lines:
        head, above = above, []
    there = {id(line.row) for line in lines}
    new = [_Line([], line_of(row), None, row) for row in rows if id(row) not in there]
    return head, _in_order(lines, new), above


def _matched(partitions: tuple[Partition, ...], rows: list[Row]) -> dict[int, Row]:
    """The row of each partition of the file that stays, by the partition's id()."""
    by_name: dict[str, deque[Row]] = defaultdict(deque)
    for row in rows:
        by_name[row.name].append(row)
    found = {id(p): by_name[p.name].popleft() for p in partitions if by_name.get(p.name)}
    by_label: dict[bytes, deque[Row]] = defaultdict(deque)
    for left in by_name.values():
        for row in left:
            by_label[label_of(row.name)].append(row)
    for p in partitions:  # a table in flash knows the first 16 bytes of a name
        label = label_of(p.name)
        if id(p) not in found and by_label.get(label):
            found[id(p)] = by_label[label].popleft()
    return found


def _in_order(lines: list[_Line], new: list[_Line]) -> list[_Line]:
    """The rows as the tool wants them: offsets rise, but for rows whose place is fixed."""
    free = [line for line in lines if not _is_fixed(line.row)]
    starts = [line.row.offset or 0 for line in free]
    if starts != sorted(starts):
        rising = iter(sorted(free, key=lambda line: line.row.offset or 0))
        lines = [line if _is_fixed(line.row) else next(rising) for line in lines]
    result = list(lines)
    for line in new:
        start = line.row.offset or 0
        below = [
            n
            for n, other in enumerate(result, 1)
            if _is_fixed(other.row) or (other.row.offset or 0) <= start
        ]
        result.insert(0 if _is_fixed(line.row) else max(below, default=0), line)
    return result


def _is_fixed(row: Row) -> bool:
    """Whether its place comes from elsewhere, whatever the row says."""
    return row.type in (terms.BOOTLOADER, terms.PARTITION_TABLE) and row.subtype == 0


def _say(lines: list[_Line], free: int) -> None:
    """Change what each line says to what its row shall be; rows are laid out from ``free`` on."""
    offset_style = _first_style(lines, _OFFSET)
    for line in lines:
        row = line.row
        start, size = row.offset or 0, row.size or 0
        if line.was is not None:
            changes = _changes(line.was, row, _cells(line.text), free, offset_style)
            line.text = _with(line.text, changes)
        if not _is_fixed(row):
            free = max(free, start + size)


def _first_style(lines: Iterable[_Line], cell: int) -> str:
    """How the first of the numbers in that cell is written."""
    numbers = (_cells(line.text)[cell].strip() for line in lines if line.was is not None)
    return next((n for n in numbers if _is_number(n)), "0x1000")


def _is_number(text: str) -> bool:
    try:
        return terms.number(text) >= 0
    except terms.NumberError:
        return False


def _changes(
    was: Partition, row: Row, cells: list[str], free: int, offset_style: str
) -> dict[int, str]:
    """What the cells of the row have to say now, by cell."""
    changes: dict[int, str] = {}
    if was.attributes["type"] != row.type:
        changes[_KIND] = terms.type_word(row.type)
    if changes or was.attributes["subtype"] != row.subtype:
        changes[_SUBTYPE] = terms.subtype_word(row.type, row.subtype)
    if set(was.flags) != set(row.flags):
        changes[_FLAGS] = ":".join(row.flags)
    if _is_fixed(row):
        return changes
    start, size = row.offset or 0, row.size or 0
    said = cells[_OFFSET].strip()
    same = was.extent.start == start
    if not (same if said else align_up(free, alignment(row.type)) == start):
        changes[_OFFSET] = _number(start, said or offset_style)
    said = cells[_SIZE].strip()
    ends = said.startswith("-")
    shall = Extent.of(start, size)
    if not (was.extent.end == shall.end if ends else was.size == size):
        changes[_SIZE] = f"-{_number(shall.end, said[1:])}" if ends else _number(size, said)
    return changes


def _number(value: int, said: str) -> str:
    """``value`` in the style of ``said``: hexadecimal with its digits, K or M, or decimal."""
    unit = said[-1:]
    if unit in "kKmM" and unit:
        mega, kilo = ("m", "k") if unit.islower() else ("M", "K")
        if value and value % (1 << 20) == 0 and unit in "mM":
            return f"{value >> 20}{mega}"
        if value and value % 1024 == 0:
            return f"{value >> 10}{kilo}"
    return restyled(value, said) or format_hex(value).lower()


def _cells(line: str) -> list[str]:
    cells = _body(line).split(",")
    return cells + [""] * (6 - len(cells))


def _body(line: str) -> str:
    """The line without its end."""
    return line.splitlines()[0] if line else ""


def _with(line: str, changes: dict[int, str]) -> str:
    """The line with new words in its cells; where there is room, the next columns stay in place."""
    if not changes:
        return line
    body = _body(line)
    cells = body.split(",")
    wanted = max(changes)
    if len(cells) <= wanted and not changes[wanted]:
        wanted = max((n for n in changes if n < len(cells)), default=0)
    cells += [""] * (wanted + 1 - len(cells))
    for index, word in sorted(changes.items()):
        if index >= len(cells):
            continue
        cell, following = cells[index], cells[index + 1] if index + 1 < len(cells) else ""
        lead = cell[: len(cell) - len(cell.lstrip())]
        trail = cell[len(cell.rstrip()) :] if cell.strip() else ""
        if not cell.strip():
            room = len(following) - len(following.lstrip(" ")) - 1
            lead = lead[: max(1, len(lead) - max(0, len(word) - max(0, room)))]
        cells[index] = lead + word + trail
        if index + 1 < len(cells):
            cells[index + 1] = _shifted(following, len(cells[index]) - len(cell))
    return ",".join(cells) + line[len(body) :]


def _shifted(cell: str, by: int) -> str:
    """The cell with ``by`` spaces less before its word, at least one; below 0 with more."""
    word = cell.lstrip(" ")
    spaces = len(cell) - len(word)
    return " " * max(1, spaces - by) + word if spaces else cell


def _joined(parts: list[str], text: str) -> str:
    """The lines as one text; new ones end as the file's lines do."""
    end = "\r\n" if "\r\n" in text else "\n"
    ended = not text or _body(text.splitlines(keepends=True)[-1]) != text.splitlines(True)[-1]
    whole = [part + end if _body(part) == part else part for part in parts]
    if whole and not ended:
        whole[-1] = _body(whole[-1])
    return "".join(whole)
