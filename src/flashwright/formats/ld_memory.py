"""GNU ld: a ``MEMORY`` block with a region for each partition, and symbols for their ends.

Read for comparison (`sync`): regions with literal or simple arithmetic ORIGIN and LENGTH. What
depends on symbols of the linker command is said, never guessed.
"""

from __future__ import annotations

import re

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import (
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
    only_one_table,
)
from flashwright.formats.symbols import mapped, symbols_of, unmapped_findings
from flashwright.model.roles import role_by_name
from flashwright.model.table import IMAGE_ROLES, Partition, Role, Table

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_REGION = re.compile(
    r"(?P<name>[A-Za-z_.$][\w.$-]*)\s*(?:\((?P<attributes>[!rwxailRWXAIL\s]*)\))?\s*:\s*"
    r"(?:ORIGIN|origin|org|o)\s*=\s*(?P<origin>[^,;{}\n]+),\s*"
    r"(?:LENGTH|length|len|l)\s*=\s*(?P<length>[^,;{}\n]+?)\s*(?=\n|,|$|\})"
)
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})([KkMm])?")
_TERM = re.compile(r"\s*([-+])?\s*(" + _NUMBER.pattern + r")")


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


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The regions of every ``MEMORY`` block as one table."""
    text = source.data.decode("utf-8", "replace")
    text = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    start = re.search(r"^[ \t]*MEMORY\b\s*\{", text, re.M)
    if start is None:
        return Decoded((), (error("FMT015", "no MEMORY block in it", "", Place(source.path)),))
    end = text.find("}", start.end())
    if end < 0:
        place = _place(source, text, start.start())
        return Decoded((), (error("FMT015", "the MEMORY block is not closed", "add `}`", place),))
    partitions: list[Partition] = []
    findings: list[Finding] = []
    for match in _REGION.finditer(text, start.end(), end):
        place = _place(source, text, match.start("name"))
        origin, length = _value(match["origin"]), _value(match["length"])
        if origin is None or length is None:
            what = match["origin"] if origin is None else match["length"]
            findings.append(_unknown(match["name"], what, place))
            continue
        partitions.append(_partition(match["name"], origin, length, place, options))
    return Decoded(
        (
            Table(
                "MEMORY",
                tuple(partitions),
                options.device,
                format="ld-memory",
                place=place_of(source),
            ),
        ),
        tuple(findings),
    )


def place_of(source: Source) -> Place:
    """The file itself."""
    return Place(source.path)


def _partition(
    name: str, origin: int, length: int, place: Place, options: ReadOptions
) -> Partition:
    found = options.device.locate(origin) if options.device else None
    owner, offset = (found[0].name, found[1]) if found else ("embedded", origin)
    return Partition(
        name=name.lower(),
        role=role_by_name(name),
        owner=owner,
        extent=Extent.of(offset, length),
        start=origin,
        id=name,
        place=place,
    )


def _value(text: str) -> int | None:
    """The value of a sum of literals, ``None`` for anything else."""
    total, at = 0, 0
    text = text.strip()
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (at and not match[1]):
            return None
        unit = {"k": 1 << 10, "m": 1 << 20}.get((match[4] or "").lower(), 1)
        value = int(match[3], 16 if match[3][:2].lower() == "0x" else 10) * unit
        total += -value if match[1] == "-" else value
        at = match.end()
    return total if 0 <= total < 2**64 and text else None


def _unknown(name: str, what: str, place: Place) -> Finding:
    shown = printable(what.strip(), 60)
    help = "write the number, or compare the linker's map file instead"
    return error("FMT016", f"region `{printable(name)}` needs the value of `{shown}`", help, place)


def _place(source: Source, text: str, at: int) -> Place:
    line = text.count("\n", 0, at) + 1
    return Place(source.path, line, at - text.rfind("\n", 0, at))


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
        """A region's ORIGIN or LENGTH is not a number that the file gives.

        ## Why it matters
        Linker scripts take symbols from the command line or from a preprocessor; their values are
        not in the file, and a guess would be worth nothing.
        """,
    ),
)
