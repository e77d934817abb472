"""Changing the partitions of an existing C file in place.

Only what differs is touched: the number, string or symbol that says it, in the style in which it
was written (hexadecimal digits, case, width, decimal, products of 1024). Comments, order and all
else stay. New partitions are appended at the end of the table.

Laws: the result is read again before it is handed out, and is refused (FMT130) if it does not say
what was wished; a value that a macro or an expression gives is replaced by a number where it is
used, and that is told (FMT131). What is in the file and not in the tables stays, and is told
(FMT132).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, note, warning
from flashwright.formats.alios_c_raw import Cell, RawEntry, RawReading, RawTable
from flashwright.formats.alios_c_read import read
from flashwright.formats.alios_c_terms import BLOCK, OWNER_SYMBOLS, Kind, short_name
from flashwright.formats.alios_c_write import (
    Entry,
    entries_of,
    release_of,
    start_of,
    unknown_release,
)
from flashwright.formats.c_blank import blanked
from flashwright.formats.c_source import c_string
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.number_style import restyled
from flashwright.model.table import Partition, Table


@dataclass(slots=True)
class _Edits:
    """Replacements of byte ranges of the file, and what was found on the way."""

    reading: RawReading
    patches: dict[tuple[int, int], bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, why: str, help: str = "write the table to a new file instead") -> None:
        place = None
        self.findings.append(error("FMT130", f"the file cannot be edited: {why}", help, place))


def edit(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``options.base`` with the partitions of ``tables``."""
    base = options.base
    if base is None:
        raise ValueError("edit needs a base")
    version = release_of(tables, options)
    wrong = unknown_release(version)
    if wrong:
        return Encoded(None, (wrong,))
    device = tables[0].device if tables else None
    wishes = ReadOptions(device=device, defines=options.defines, sdk=version)
    decoded, reading = read(base, wishes)
    if reading is None or any(f.severity is Severity.ERROR for f in decoded.findings):
        faults = tuple(f for f in decoded.findings if f.severity is Severity.ERROR)
        why = error(
            "FMT130",
            f"the file cannot be edited: `{printable(base.path, 200)}` has errors",
            "mend it first, or pass the -D and -I with which it is compiled",
        )
        return Encoded(None, (why, *faults))
    edits = _Edits(reading)
    pairs = _paired(tables, decoded.tables, edits)
    for wished, present in pairs:
        _edit_table(wished, present, reading.tables[present.name], version, edits)
    if any(f.severity is Severity.ERROR for f in edits.findings):
        return Encoded(None, tuple(edits.findings))
    data = _patched(base.data, edits.patches)
    if not _says(data, base, pairs, wishes):
        edits.refuse("it would not say what the table says; it takes its numbers from elsewhere")
        return Encoded(None, tuple(edits.findings))
    return Encoded(data, tuple(edits.findings))


def _paired(
    tables: tuple[Table, ...], present: tuple[Table, ...], edits: _Edits
) -> list[tuple[Table, Table]]:
    """Each wished table with the one in the file: by name, or the only one with the only one."""
    if len(tables) == 1 and len(present) == 1:
        return [(tables[0], present[0])]
    by_name = {t.name: t for t in present}
    pairs = []
    for table in tables:
        if table.name in by_name:
            pairs.append((table, by_name[table.name]))
        else:
            known = ", ".join(f"`{printable(n, 40)}`" for n in by_name) or "none"
            edits.refuse(f"no table `{printable(table.name, 60)}` in it (tables: {known})")
    return pairs


def _edit_table(wished: Table, present: Table, raw: RawTable, version: str, edits: _Edits) -> None:
    entries = {}
    at = 0
    left_out = {*_names(present, "absent"), *_names(present, "incomplete")}
    for entry in raw.entries.values():
        if at < len(present.partitions) and not left_out.intersection(_labels(entry)):
            entries[present.partitions[at].name] = (present.partitions[at], entry)
            at += 1
    written, _ = entries_of(wished, version)
    fresh = []
    seen = set()
    for made in written:
        found = entries.get(made.partition.name) or next(
            (e for e in entries.values() if made.partition.id and e[0].id == made.partition.id),
            None,
        )
        if found is None:
            fresh.append(made)
        else:
            seen.add(found[0].name)
            _edit_entry(made, found[0], found[1], raw, wished, edits)
    for name in entries:
        if name not in seen:
            message = f"`{printable(name, 60)}` is in the file and not in the table: it stays"
            edits.findings.append(warning("FMT132", message, "remove it by hand if it has to go"))
    if fresh:
        _append(fresh, raw, edits)


def _names(table: Table, key: str) -> tuple[str, ...]:
    value = table.attributes.get(key)
    return value if isinstance(value, tuple) else ()


def _labels(entry: RawEntry) -> set[str]:
    cell = entry.cells.get("id") or entry.cells.get("standard")
    symbol = (cell.symbol if cell else "") or (entry.key if isinstance(entry.key, str) else "")
    return {short_name(symbol)} if symbol else {f"entry {entry.key}"}


def _edit_entry(
    made: Entry, now: Partition, raw: RawEntry, table: RawTable, wished: Table, edits: _Edits
) -> None:
    wish = made.partition
    start = start_of(wish, wished)
    if wished.format != "alios-c" and wish.extent.start == now.extent.start:
        start = now.start
    unit = BLOCK if table.kind is Kind.BLOCKS else 1
    names = ("block_start", "block_count") if unit == BLOCK else ("start", "length")
    for member, value, old in ((names[0], start, now.start), (names[1], wish.size, now.size)):
        if value == old:
            continue
        if value % unit:
            edits.refuse(f"{format_hex(value)} of `{wish.name}` is not a multiple of 4 KiB")
            continue
        _set_number(raw, member, (value // unit, old // unit), wish.name, edits)
    if table.kind is not Kind.LOGIC:
        return
    if wish.owner != now.owner:
        _set_text(raw, "owner", OWNER_SYMBOLS.get(wish.owner, ""), wish.name, edits)
    if (wish.readable, wish.writable) != (now.readable, now.writable):
        _set_text(raw, "options", made.options, wish.name, edits)
    if wish.description is not None and wish.description != now.description:
        _set_text(raw, "description", c_string(wish.description), wish.name, edits)


def _set_number(
    raw: RawEntry, member: str, values: tuple[int, int], name: str, edits: _Edits
) -> None:
    """Replace a number; ``values`` are the new one and the one that is written there."""
    value, old = values
    cell = raw.cells.get(member)
    span = _span(cell, edits)
    if cell is None or span is None:
        edits.refuse(f"{member} of `{printable(name, 60)}` is not written as a number of its own")
        return
    before = edits.reading.text.data[span[0] : span[1]].decode("latin-1")
    styled = restyled(value, before, old, upper=True)
    if styled is None:
        place = edits.reading.text.place(cell.node)
        shown = printable(before, 60)
        message = f"`{shown}` is replaced by {format_hex(value)}"
        help = "what else uses the names in it keeps their values"
        edits.findings.append(warning("FMT131", message, help, place))
        styled = format_hex(value)
    edits.patches[span] = styled.encode()


def _set_text(raw: RawEntry, member: str, text: str, name: str, edits: _Edits) -> None:
    span = _span(raw.cells.get(member), edits)
    if span is None or not text:
        edits.refuse(f"{member} of `{printable(name, 60)}` is not written there")
        return
    edits.patches[span] = text.encode()


def _span(cell: Cell | None, edits: _Edits) -> tuple[int, int] | None:
    return None if cell is None else edits.reading.text.span(cell.node)


def _append(fresh: list[Entry], raw: RawTable, edits: _Edits) -> None:
    """New partitions: behind the last element, or behind the last statement."""
    text = edits.reading.text
    known = any(isinstance(key, str) for key in raw.entries)
    if raw.kind is not Kind.LOGIC or not known:
        edits.refuse(f"entries of `{raw.name}` go by position, so that none can be appended")
        return
    newline = b"\r\n" if b"\r\n" in text.data else b"\n"
    if raw.initializer is not None and "statements" not in raw.styles:
        span = text.span(raw.initializer)
        if span is None or not text.data[: span[1]].endswith(b"}"):
            edits.refuse(f"the end of `{raw.name}` is not written in the file itself")
            return
        last, end = _end_of_last(text.data, span[1] - 1)
        if not text.data[:last].endswith((b",", b"{")):
            edits.patches[last, last] = b","
        lines = [line for entry in fresh for line in _element(entry)]
        made = b"".join(newline + line.encode() for line in lines)
    else:
        behind = max(
            (
                s[1]
                for e in raw.entries.values()
                for c in e.cells.values()
                if (s := _span(c, edits))
            ),
            default=None,
        )
        semicolon = text.data.find(b";", behind) if behind is not None else -1
        if semicolon < 0 or text.data[behind:semicolon].strip():
            edits.refuse(f"the end of the assignments to `{raw.name}` is not found")
            return
        end = semicolon + 1
        lines = [line for entry in fresh for line in _statements(raw.name, entry)]
        made = b"".join(newline + line.encode() for line in lines)
    edits.patches[end, end] = edits.patches.get((end, end), b"") + made
    names = ", ".join(f"`{printable(e.partition.name, 40)}`" for e in fresh)
    edits.findings.append(note("FMT133", f"appended to `{raw.name}`: {names}"))


def _end_of_last(data: bytes, brace: int) -> tuple[int, int]:
    """Where the last element before the brace ends, and where the comment behind it does."""
    plain = blanked(data[:brace])
    last = len(plain.rstrip())
    line_end = data.find(b"\n", last, brace)
    if line_end < 0 or data[last:line_end].count(b"/*") != data[last:line_end].count(b"*/"):
        return last, last
    return last, line_end - data[last:line_end].endswith(b"\r")


def _element(entry: Entry) -> list[str]:
    members = _members(entry)
    return [
        f"    [{entry.index}] = {{",
        *(f"        .{name} = {value}," for name, value in members),
        "    },",
    ]


def _statements(table: str, entry: Entry) -> list[str]:
    return [f"    {table}[{entry.index}].{name} = {value};" for name, value in _members(entry)]


def _members(entry: Entry) -> list[tuple[str, str]]:
    return [
        ("partition_owner", entry.owner),
        ("partition_description", entry.description),
        ("partition_start_addr", format_hex(entry.start)),
        ("partition_length", format_hex(entry.length)),
        ("partition_options", entry.options),
    ]


def _patched(data: bytes, patches: dict[tuple[int, int], bytes]) -> bytes:
    for (start, end), new in sorted(patches.items(), reverse=True):
        data = data[:start] + new + data[end:]
    return data


def _says(data: bytes, base: Source, pairs: list[tuple[Table, Table]], wishes: ReadOptions) -> bool:
    """Whether ``data`` reads as the wished tables, and every other partition is unchanged."""
    again, _ = read(Source(base.path, data, base.others), wishes)
    tables = {t.name: t for t in again.tables}
    for wished, present in pairs:
        now = tables.get(present.name)
        if now is None:
            return False
        for wish in wished.partitions:
            found = next((p for p in now.partitions if _same(p, wish)), None)
            if found is None or (found.extent, found.owner) != (wish.extent, wish.owner):
                return False
        for old in present.partitions:
            kept = now.get(old.name)
            wish = next((w for w in wished.partitions if _same(old, w)), old)
            if kept is None or kept.extent != wish.extent:
                return False
    return True


def _same(present: Partition, wish: Partition) -> bool:
    return present.name == wish.name or (wish.id is not None and present.id == wish.id)
