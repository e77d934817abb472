"""A `fal_cfg.h` with the table of one layout."""

from __future__ import annotations

import re

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error
from flashwright.formats.c_source import c_string
from flashwright.formats.fal_records import NAME_SIZE
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model.table import Partition, Table

#: ``offset`` is a ``long`` of 32 bits, ``len`` a ``size_t``.
_OFFSETS, _SIZES = 1 << 31, 1 << 32


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The header for one table; the flash devices are declared and stay the user's to define."""
    findings = faults_of(tables)
    if any(f.severity is Severity.ERROR for f in findings):
        return Encoded(None, tuple(findings))
    return Encoded(_text(tables[0]).encode("utf-8", "replace"), tuple(findings))


def faults_of(tables: tuple[Table, ...]) -> list[Finding]:
    """What keeps the tables from being a `fal_cfg.h` (FMT160 to FMT162)."""
    if len(tables) != 1:
        message = f"a fal_cfg.h holds one table, not {len(tables)}"
        return [error("FMT160", message, "write each table to a file of its own")]
    findings = [f for p in tables[0].partitions for f in _unsayable(p)]
    names = [p.name for p in tables[0].partitions]
    for name in sorted({n for n in names if names.count(n) > 1}):
        message = f"two partitions are called `{printable(name, 60)}`"
        findings.append(error("FMT161", message, "FAL finds partitions by name: rename one"))
    return findings


def flash_name_of(partition: Partition) -> str:
    """What FAL calls the flash of a partition."""
    said = partition.attributes.get("flash_name")
    return said if isinstance(said, str) else partition.owner


def _text(table: Table) -> str:
    flashes = list(dict.fromkeys(flash_name_of(p) for p in table.partitions))
    symbols = [re.sub(r"\W", "_", name, flags=re.A) for name in flashes]
    lines = ["#ifndef FAL_CFG_H", "#define FAL_CFG_H", ""]
    lines += [f"extern const struct fal_flash_dev {symbol};" for symbol in symbols]
    lines += ["", "#define FAL_FLASH_DEV_TABLE { \\"]
    lines += [f"    &{symbol}, \\" for symbol in symbols]
    lines += ["}", "", "#define FAL_PART_HAS_TABLE_CFG", "#define FAL_PART_TABLE { \\"]
    lines += [_entry(partition) for partition in table.partitions]
    return "\n".join([*lines, "}", "", "#endif", ""])


def _entry(partition: Partition) -> str:
    reserved = partition.attributes.get("reserved")
    members = (
        c_string(partition.name),
        c_string(flash_name_of(partition)),
        format_hex(partition.extent.start),
        format_hex(partition.size),
        str(reserved if isinstance(reserved, int) else 0),
    )
    size = format_size(partition.size)
    return f"    {{FAL_PART_MAGIC_WORD, {', '.join(members)}}}, /* {size} */ \\"


def _unsayable(partition: Partition) -> list[Finding]:
    found = []
    shown = printable(partition.name, 60)
    for what, said in (("name", partition.name), ("flash name", flash_name_of(partition))):
        size = len(said.encode("utf-8", "replace"))
        if not 0 < size < NAME_SIZE:
            message = f"{what} `{printable(said, 60)}` has {size} bytes"
            found.append(
                error("FMT162", message, f"FAL holds 1 to {NAME_SIZE - 1}", partition.place)
            )
    for what, value, limit in (
        ("offset", partition.extent.start, _OFFSETS),
        ("length", partition.size, _SIZES),
    ):
        if value >= limit:
            message = f"`{shown}`: {what} {format_hex(value)} does not fit"
            found.append(
                error("FMT162", message, f"at most {format_hex(limit - 1)}", partition.place)
            )
    return found
