"""FAL's table as it lies in a firmware image: records that begin with the magic 0x45503130.

A record is ``{uint32 magic; char name[N]; char flash_name[N]; int32 offset; uint32 len; uint32
reserved}``, little endian, N = 24 (64 bytes) or 16 (48 bytes). Records that follow each other are
one table. A word that merely equals the magic is told apart by the names: printable UTF-8, ended.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.diag.finding import Place
from flashwright.formats.fal_roles import role_of
from flashwright.formats.format import Decoded
from flashwright.model.table import Partition, Table

MAGIC_BYTES = struct.pack("<I", 0x45503130)
#: FAL_DEV_NAME_MAX, with the final zero; LibreTiny sets 16.
NAME_SIZE = 24
_NAME_SIZES = (NAME_SIZE, 16)
#: The magic with a name behind it.
_LIKELY = re.compile(re.escape(MAGIC_BYTES) + rb"[ -~\x80-\xf4]{1,23}+\0")
_MOST_TABLES = 64
_MOST_RECORDS = 256


def decode_fal_records(data: bytes, path: str = "") -> Decoded:
    """The FAL tables in a raw image, in the order of their places.

    Each table is named by its place (``fal@0x8000``); ``attributes`` has ``record_offset`` and
    ``record_size`` in bytes. Data without a table gives no tables and no findings.
    """
    tables: list[Table] = []
    at = 0
    while len(tables) < _MOST_TABLES and (match := _LIKELY.search(data, at)):
        at = match.start()
        size = next((n for n in _NAME_SIZES if _record(data, at, n) is not None), 0)
        records = list(_records(data, at, size)) if size else []
        if records:
            step = 16 + 2 * size
            tables.append(_table(records, at, step, path))
            at += step * len(records)
        else:
            at += 1
    return Decoded(tuple(tables))


_Record = tuple[str, str, int, int, int]


def _records(data: bytes, at: int, name_size: int) -> Iterator[_Record]:
    step = 16 + 2 * name_size
    for number in range(_MOST_RECORDS):
        record = _record(data, at + number * step, name_size)
        if record is None:
            return
        yield record


def _record(data: bytes, at: int, name_size: int) -> _Record | None:
    end = at + 16 + 2 * name_size
    if end > len(data) or data[at : at + 4] != MAGIC_BYTES:
        return None
    name = _name(data[at + 4 : at + 4 + name_size])
    flash = _name(data[at + 4 + name_size : end - 12])
    offset, size, reserved = struct.unpack("<iII", data[end - 12 : end])
    if not name or not flash or offset < 0:
        return None
    return name, flash, offset, size, reserved


def _name(field: bytes) -> str | None:
    text, zero, rest = field.partition(b"\0")
    if not zero or not text or rest.strip(b"\0\xff"):
        return None
    try:
        name = text.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return name if name.isprintable() and not name.isspace() else None


def _table(records: list[_Record], at: int, step: int, path: str) -> Table:
    partitions = tuple(
        Partition(
            name=name,
            role=role_of(name),
            owner=flash,
            extent=Extent.of(offset, size),
            start=offset,
            index=index,
            id=name,
            attributes={"reserved": reserved} if reserved else {},
            place=Place(path) if path else None,
        )
        for index, (name, flash, offset, size, reserved) in enumerate(records)
    )
    attributes: dict[str, object] = {"record_offset": at, "record_size": step}
    place = Place(path) if path else None
    return Table(f"fal@{format_hex(at)}", partitions, None, None, "fal", place, attributes)
