"""Identifiers of C and linker scripts from partition names, and what had to be changed for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, note
from flashwright.diag.page import Page, page
from flashwright.model.table import Partition, Table

_NOT_C = re.compile(r"[^A-Za-z0-9_]")


def identifier(name: str) -> str:
    """``name`` as an upper-case identifier; what C does not know becomes ``_``."""
    symbol = _NOT_C.sub("_", name).upper() or "_"
    return "_" + symbol if symbol[0].isdigit() else symbol


def symbols_of(table: Table) -> tuple[dict[int, str], tuple[Finding, ...]]:
    """For each partition of the table (by position) an upper-case identifier of its own.

    A character that C does not know becomes ``_``, which is said (FMT011); two names that become
    the same identifier are an error (FMT012).
    """
    symbols: dict[int, str] = {}
    taken: dict[str, Partition] = {}
    findings: list[Finding] = []
    for position, partition in enumerate(table.partitions):
        symbol = identifier(partition.name)
        if symbol.casefold() != partition.name.casefold():
            findings.append(
                note(
                    "FMT011",
                    f"`{printable(partition.name)}` is written as {symbol}: C knows only letters, "
                    "digits and _",
                    "rename the partition if its symbol matters",
                    partition.place,
                )
            )
        if symbol in taken:
            other = printable(taken[symbol].name)
            findings.append(
                error(
                    "FMT012",
                    f"`{other}` and `{printable(partition.name)}` are both {symbol} in C",
                    "rename one of the two",
                    partition.place,
                )
            )
        taken.setdefault(symbol, partition)
        symbols[position] = symbol
    return symbols, tuple(findings)


def mapped(table: Table) -> Iterator[tuple[int, Partition, int]]:
    """The partitions that the CPU sees, with their position in the table and their address."""
    for position, partition in enumerate(table.partitions):
        flash = table.device.flash(partition.owner) if table.device else None
        address = flash.address(partition.extent.start) if flash else None
        if address is not None and partition.size:
            yield position, partition, address


def unmapped_findings(table: Table, what: str) -> tuple[Finding, ...]:
    """One finding for the partitions that ``what`` cannot hold, having no CPU address."""
    seen = {position for position, _, _ in mapped(table)}
    missing = [p.name for i, p in enumerate(table.partitions) if i not in seen and p.size]
    if not missing:
        return ()
    names = ", ".join(f"`{printable(n)}`" for n in missing[:8])
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    message = f"{what} has no place for {names}{more}: no CPU address is known"
    if table.device is None:
        return (error("FMT013", message, "pass --device, so that addresses are known"),)
    help = "their flash is not memory-mapped; `c-header` gives their offsets"
    return ((note if seen else error)("FMT013", message, help),)


PAGES: tuple[Page, ...] = (
    page(
        "FMT011",
        "symbol-changed",
        Severity.NOTE,
        """A partition's name is no C identifier; characters that C does not know became `_`.

        ## How to fix
        Rename the partition where the symbol matters to your code.
        """,
    ),
    page(
        "FMT012",
        "symbol-twice",
        Severity.ERROR,
        """Two partitions would have the same symbol.

        ## Why it matters
        The second definition would replace the first, or not compile.
        """,
    ),
    page(
        "FMT013",
        "no-address",
        Severity.ERROR,
        """A linker region needs a CPU address, and the partition has none.

        ## What it checks
        The device is unknown, or the partition lies in a flash that is not memory-mapped.

        ## How to fix
        Pass `--device`, or give the flash a `base` in `[[device.flash]]`. Offsets of flashes that
        are not mapped can be written with `--to c-header`.
        """,
    ),
)
