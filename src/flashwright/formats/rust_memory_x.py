"""Rust ``memory.x`` for cortex-m-rt and friends: the application's slot is ``FLASH``. Written only.

RAM is no flash: the file says so in a comment, and the user adds it. Source of the region names:
crate cortex-m-rt, "memory.x".
"""

from __future__ import annotations

from flashwright.base.size import format_hex
from flashwright.diag.finding import Severity, error, note, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import Encoded, WriteOptions, only_one_table
from flashwright.formats.symbols import mapped, symbols_of, unmapped_findings
from flashwright.model.table import Role, Table


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``MEMORY`` with ``FLASH`` for the first application, a region for each other partition."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("rust-memory-x", tables),))
    table = tables[0]
    symbols, found = symbols_of(table)
    findings = [*found, *unmapped_findings(table, "memory.x")]
    seen = list(mapped(table))
    application = next((p for _, p, _ in seen if p.role is Role.APPLICATION), None)
    if application is None and worst(findings) is not Severity.ERROR:
        help = 'give the partition that the image is linked for `role = "application"`'
        findings.append(error("FMT017", "no application for the region FLASH", help))
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    lines = ["MEMORY", "{"]
    names = []
    for position, partition, address in seen:
        symbol = "FLASH" if partition is application else symbols[position]
        size = format_hex(partition.size)
        lines.append(f"  {symbol} : ORIGIN = {format_hex(address)}, LENGTH = {size}")
        names.append(f"__{symbols[position].lower()}_start = ORIGIN({symbol});")
        names.append(f"__{symbols[position].lower()}_end = ORIGIN({symbol}) + LENGTH({symbol});")
    lines.append("  /* RAM : ORIGIN = ..., LENGTH = ...  (RAM is no part of a flash layout) */")
    text = "\n".join([*lines, "}", "", *names]) + "\n"
    findings.append(note("FMT018", "RAM is left to you", "add the RAM region of your chip"))
    return Encoded(text.encode(), tuple(findings))


PAGES: tuple[Page, ...] = (
    page(
        "FMT017",
        "no-application",
        Severity.ERROR,
        """The format needs to know which partition the image is linked for, and there is none.""",
    ),
    page(
        "FMT018",
        "ram-not-written",
        Severity.NOTE,
        """`memory.x` needs a RAM region, which no flash layout gives.

        ## How to fix
        Add it below the `FLASH` line: `RAM : ORIGIN = 0x20000000, LENGTH = 64K`.
        """,
    ),
)
