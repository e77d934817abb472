"""A C header with offset, size and address of every partition. Written only."""

from __future__ import annotations

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, worst
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.formats.symbols import identifier, mapped, symbols_of
from flashwright.model.table import Table


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``#define PARTITION_<NAME>_OFFSET`` and ``_SIZE``, and ``_ADDRESS`` where known.

    Several tables are told apart by a prefix of the table's name.
    """
    findings: list[Finding] = []
    lines = ["#ifndef FLASHWRIGHT_PARTITIONS_H", "#define FLASHWRIGHT_PARTITIONS_H", ""]
    for table in tables:
        prefix = f"{identifier(table.name)}_" if len(tables) > 1 else ""
        lines.extend(_lines(table, prefix, findings))
    lines.append("#endif")
    data = None if worst(findings) is Severity.ERROR else ("\n".join(lines) + "\n").encode()
    return Encoded(data, tuple(findings))


def _lines(table: Table, prefix: str, findings: list[Finding]) -> list[str]:
    symbols, found = symbols_of(table)
    findings.extend(found)
    addresses = {position: address for position, _, address in mapped(table)}
    device = f" on {table.device.id}" if table.device else ""
    lines = [f"/* {_comment(table.name)}{_comment(device)} */"]
    for position, partition in enumerate(table.partitions):
        name = f"PARTITION_{prefix}{symbols[position]}"
        lines.append(f"/* {_comment(partition.name)}: {partition.role}, {partition.owner} */")
        lines.append(f"#define {name}_OFFSET 0x{partition.extent.start:X}u")
        lines.append(f"#define {name}_SIZE 0x{partition.size:X}u")
        if position in addresses:
            lines.append(f"#define {name}_ADDRESS 0x{addresses[position]:X}u")
    lines.append(f"#define PARTITION_{prefix}COUNT {len(table.partitions)}u")
    lines.append("")
    return lines


def _comment(text: str) -> str:
    return printable(text).replace("*/", "* /")
