"""Bouffalo Lab's partition table as it lies in flash: "BFPT", up to 16 entries, two CRC-32.

There are two copies (0xE000 and 0xF000 unless moved); the one of the higher age counts. What it
says is put into the words of the TOML file and read by ``bouffalo_toml``, so that a dump and the
file that it was made of give the same table.

Source: Bouffalo SDK components/utils/partition/partition.h (header 16 bytes, entries of 36) and its
``pt_table_valid``: CRC-32 of the first 12 bytes, CRC-32 of the entries right behind the last one.
"""

from __future__ import annotations

import json
import struct
import zlib

from flashwright.base.record import record, replace
from flashwright.base.size import format_hex
from flashwright.diag.finding import Place
from flashwright.formats.bouffalo_toml import MOST_ENTRIES, TABLE_SIZE, decode
from flashwright.formats.format import Decoded, ReadOptions, Source

MAGIC = b"BFPT"

_HEADER = struct.Struct("<4sHHII")
_ENTRY = struct.Struct("<BBB9sIIIIII")
_CRC = struct.Struct("<I")

#: More copies than a flash holds; the others are images of tables in files.
_MOST_COPIES = 16


@record()
class _Copy:
    """A copy of the table that is whole: where it is, its age, and the entries as bytes."""

    offset: int
    version: int
    age: int
    entries: tuple[bytes, ...]


def decode_bfpt(source: Source, options: ReadOptions) -> list[Decoded]:
    """The table of the image: the copy of the highest age, with the places of both."""
    copies = _copies(source.data)
    if not copies:
        return []
    newest = max(copies, key=lambda c: (c.age, -c.offset))
    return [_decoded(source, options, newest, [c.offset for c in copies])]


def _copies(data: bytes) -> list[_Copy]:
    """The whole copies, at multiples of an erase block, in the order of their places."""
    found = []
    for at in range(0, len(data), TABLE_SIZE):
        if data[at : at + 4] == MAGIC and (copy := _copy(data, at)) is not None:
            found.append(copy)
            if len(found) == _MOST_COPIES:
                break
    return found


def _copy(data: bytes, at: int) -> _Copy | None:
    header = data[at : at + _HEADER.size]
    if len(header) < _HEADER.size:
        return None
    _, version, count, age, crc = _HEADER.unpack(header)
    if crc != zlib.crc32(header[: -_CRC.size]) or not 0 < count <= MOST_ENTRIES:
        return None
    first, end = at + _HEADER.size, at + _HEADER.size + count * _ENTRY.size
    if data[end : end + _CRC.size] != _CRC.pack(zlib.crc32(data[first:end])):
        return None
    entries = tuple(data[n : n + _ENTRY.size] for n in range(first, end, _ENTRY.size))
    return _Copy(at, version, age, entries)


def _decoded(source: Source, options: ReadOptions, copy: _Copy, offsets: list[int]) -> Decoded:
    """The table, without places in a text that nobody has written."""
    place = Place(source.path)
    other = next((o for o in offsets if o != copy.offset), None)
    heads = sorted((copy.offset, copy.offset if other is None else other))
    lines = ["[pt_table]", *(f"address{n} = {at}" for n, at in enumerate(heads))]
    lines.append(f"version = {copy.version}")
    for raw in copy.entries:
        lines += ["[[pt_entry]]", *_lines(raw)]
    decoded = decode(Source(source.path, "\n".join(lines).encode()), options)
    tables = tuple(
        replace(
            table,
            name=f"bouffalo@{format_hex(copy.offset)}",
            format="dump",
            partitions=tuple(
                replace(p, place=place, places={})
                for p in table.partitions
                if other is not None or p.name != "pt_table@1"
            ),
        )
        for table in decoded.tables
    )
    return Decoded(tables, tuple(replace(f, place=place, related=()) for f in decoded.findings))


def _lines(raw: bytes) -> list[str]:
    """An entry in the words of the TOML file."""
    kind, device, active, name, start0, start1, size0, size1, length, age = _ENTRY.unpack(raw)
    text = name.split(b"\0", 1)[0].decode("ascii", "replace")
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return [
        f"type = {kind}",
        f"name = {json.dumps(shown)}",
        f"device = {device}",
        f"address0 = {start0}",
        f"size0 = {size0}",
        f"address1 = {start1}",
        f"size1 = {size1}",
        f"len = {length}",
        f"activeindex = {active}",
        f"age = {age}",
    ]
