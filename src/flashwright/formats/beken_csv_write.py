"""How a Beken CSV is written, anew or into an existing file, and proved by reading it."""

from __future__ import annotations

import re

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, note, worst
from flashwright.formats.beken_csv_read import HEADS, USUAL_CAPACITY, V1, V2, decode
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions, only_one_table
from flashwright.model.table import Partition, Role, Table

_CODE = (Role.BOOTLOADER, Role.SECOND_BOOT, Role.APPLICATION, Role.OTA_TEMP)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table in the dialect that it was read from, else v2; into ``base`` what changed.

    What the build would refuse is not written: the findings are those of reading it.
    """
    if len(tables) != 1:
        return Encoded(None, (only_one_table("beken-csv", tables),))
    table = tables[0]
    findings = [f for p in table.partitions for f in _cannot_say(p)]
    if findings:
        return Encoded(None, tuple(findings))
    if options.base is not None:
        return _proved(_into(options.base, table), table)
    dialect = str(table.attributes.get("dialect"))
    dialect = dialect if dialect in HEADS else "v2"
    lines = [HEADS[dialect]]
    capacity = table.attributes.get("capacity")
    if dialect == "auto" and isinstance(capacity, int) and capacity != USUAL_CAPACITY:
        lines.append(f"FLASH_CAPACITY={_kilobytes(capacity)}")
    ordered = sorted(table.partitions, key=lambda p: p.extent)
    lines += [_written(p, dialect) for p in ordered]
    lost = dialect == "v2" and any(not p.readable or not p.writable for p in ordered)
    help = "the columns Read and Write are in the older form of the file"
    found = (note("FMT303", "the file cannot say what may be read and written", help),)
    return _proved(Encoded(("\n".join(lines) + "\n").encode(), found if lost else ()), table)


def _cannot_say(p: Partition) -> list[Finding]:
    shown = f"`{printable(p.name, 40)}`"
    found = []
    if re.search(r'[,"\r\n]', p.name) or p.name != p.name.strip() or p.name.startswith("#"):
        found.append(error("FMT303", f"{shown} cannot be a field", "rename it", p.place))
    if p.owner != "embedded":
        found.append(error("FMT303", f"{shown} lies in another flash", "leave it out", p.place))
    return found


def _written(p: Partition, dialect: str) -> str:
    place = f"{format_hex(p.extent.start)}, {_kilobytes(p.size)}"
    code = bool(p.attributes.get("code", p.role in _CODE))
    if dialect == "v2":
        subtype, flags = p.attributes.get("subtype", ""), p.attributes.get("flags", "")
        return f"{p.name}, {'app' if code else 'data'}, {subtype}, {place}, {flags}".rstrip()
    words = ("code", "data") if dialect == "auto" else ("TRUE", "FALSE")
    rights = ", ".join("TRUE" if yes else "FALSE" for yes in (p.readable, p.writable))
    return f"{p.name}, {place}, {words[0] if code else words[1]}, {rights}"


def _kilobytes(size: int) -> str:
    return f"{size // 1024}k" if size % 1024 == 0 else f"{size}b"


def _proved(encoded: Encoded, table: Table) -> Encoded:
    """What was written, if it reads back as what was meant; else why not."""
    if encoded.data is None:
        return encoded
    again = decode(Source("the written file", encoded.data), ReadOptions())
    meant = sorted((p.extent.start, p.size, p.name) for p in table.partitions)
    read = sorted((p.extent.start, p.size, p.name) for t in again.tables for p in t.partitions)
    faults = tuple(f for f in again.findings if f.severity is Severity.ERROR)
    if faults or read != meant:
        places = {p.name: p.place for p in table.partitions}
        by_line = [p.name for p in sorted(table.partitions, key=lambda p: p.extent)]
        told = [f.at(places.get(_named(f, by_line))) for f in faults]
        help = "give it offsets of its own, in ascending order"
        other = error("FMT303", "the layout cannot be said in this file", help, table.place)
        return Encoded(None, (*encoded.findings, *(told or [other])))
    return encoded


def _named(finding: Finding, names: list[str]) -> str:
    """The partition that a finding speaks of: that of its message, ``""`` if none is."""
    return next((n for n in names if f"`{printable(n, 40)}`" in finding.message), "")


def _into(base: Source, table: Table) -> Encoded:
    before = decode(base, ReadOptions())
    old = [p for t in before.tables for p in t.partitions]
    if worst(before.findings) is Severity.ERROR:
        faults = tuple(f for f in before.findings if f.severity is Severity.ERROR)
        return Encoded(None, faults)
    if [p.name for p in table.partitions] != [p.name for p in old]:
        help = "write it anew, without --into"
        message = "the file to write into has other partitions, or another order"
        return Encoded(None, (error("FMT303", message, help, Place(base.path)),))
    v2 = before.tables[0].attributes["dialect"] == "v2"
    columns = V2 if v2 else V1
    text = base.data.decode("utf-8")
    lines = text.splitlines(keepends=True)
    end = 0
    for p, was in zip(table.partitions, old, strict=True):
        line = (was.place.line if was.place else 1) - 1
        parts = lines[line].split(",")
        if p.extent.start != (end if was.attributes["blank_offset"] else was.extent.start):
            _put(parts, columns.index("offset"), format_hex(p.extent.start))
        if p.size != was.size:
            _put(parts, columns.index("size"), _kilobytes(p.size))
        lines[line] = ",".join(parts)
        end = p.extent.end
    return Encoded("".join(lines).encode(), ())


def _put(parts: list[str], index: int, value: str) -> None:
    """Another value in a field, in the room of the old one where it has that much."""
    old = parts[index]
    lead = old[: len(old) - len(old.lstrip())] if old.strip() else old[:1]
    tail = old[len(old.rstrip()) :] if old.strip() else old[1 + len(value) :]
    parts[index] = lead + value + tail
