"""A Markdown table of a layout, for a README or a release note. Written only."""

from __future__ import annotations

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model.table import Partition, Table


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """A heading and a table for each layout, partitions by flash and offset."""
    return Encoded("\n".join(_section(table) for table in tables).encode())


def _section(table: Table) -> str:
    device = f" ({_cell(table.device.id)})" if table.device else ""
    lines = [
        f"### {_cell(table.name)}{device}",
        "",
        "| partition | role | flash | offset | end | size | address |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for owner in table.owners:
        lines.extend(_row(table, p) for p in table.in_flash(owner))
    return "\n".join(lines) + "\n"


def _row(table: Table, partition: Partition) -> str:
    flash = table.device.flash(partition.owner) if table.device else None
    address = flash.address(partition.extent.start) if flash else None
    cells = (
        _cell(partition.name),
        partition.role.value + ("" if partition.writable else " (read-only)"),
        _cell(partition.owner),
        format_hex(partition.extent.start),
        format_hex(partition.extent.end),
        format_size(partition.size),
        "-" if address is None else format_hex(address),
    )
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    escaped = printable(text)
    for character in "\\`*_[]<>|#":
        escaped = escaped.replace(character, "\\" + character)
    return escaped
