"""GNU ld: a ``MEMORY`` block with a region for each partition, and symbols for their ends.

Written for every partition that the CPU sees; read (``ld_memory_read``) with the linker's own
arithmetic, so that `check` and `sync` see the regions of a script that people wrote.
"""

from __future__ import annotations

from flashwright.base.size import format_hex
from flashwright.diag.finding import Severity, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import Encoded, WriteOptions, only_one_table
from flashwright.formats.ld_memory_read import decode
from flashwright.formats.symbols import mapped, symbols_of, unmapped_findings
from flashwright.model.table import IMAGE_ROLES, Role, Table

__all__ = ["decode", "encode"]


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The ``MEMORY`` block and ``__<name>_start`` / ``__<name>_end`` symbols of one table."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("ld-memory", tables),))
    table = tables[0]
    symbols, found = symbols_of(table)
    findings = [*found, *unmapped_findings(table, "a MEMORY block")]
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    regions, names = [], []
    for position, partition, address in mapped(table):
        access = "rx" if partition.role in IMAGE_ROLES or partition.role is Role.BOOTLOADER else "r"
        symbol = symbols[position]
        regions.append(
            f"  {symbol} ({access}) : ORIGIN = {format_hex(address)}, "
            f"LENGTH = {format_hex(partition.size)}"
        )
        names.append(f"__{symbol.lower()}_start = ORIGIN({symbol});")
        names.append(f"__{symbol.lower()}_end = ORIGIN({symbol}) + LENGTH({symbol});")
    text = "\n".join(["MEMORY", "{", *regions, "}", "", *names]) + "\n"
    return Encoded(text.encode(), tuple(findings))


PAGES: tuple[Page, ...] = (
    page(
        "FMT014",
        "one-table-only",
        Severity.ERROR,
        """The format holds one table, and the layout has several.

        ## How to fix
        Name one `configuration` in `[device]`, or read a file with one table.
        """,
    ),
    page(
        "FMT015",
        "no-memory-block",
        Severity.ERROR,
        """The linker script has no whole `MEMORY { ... }` block.""",
    ),
    page(
        "FMT016",
        "region-not-literal",
        Severity.ERROR,
        """A region's ORIGIN or LENGTH is not a number that the file gives, or no region at all.

        ## Why it matters
        Linker scripts take symbols from the command line or from a preprocessor; their values are
        not in the file, and a guess would be worth nothing.

        ## How to fix
        Give the symbol with `-D NAME=VALUE`, or read the script that the preprocessor made.
        """,
    ),
)
