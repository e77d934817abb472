"""A raw flash image that was read from a device: the partition tables in it.

Each finder knows one kind of table by its bytes. All tables are read and named by where they lie;
one of a kind that the device surely uses comes first. Work is linear in the image.
"""

from __future__ import annotations

from collections.abc import Callable

from flashwright.base.record import replace
from flashwright.base.size import format_hex, format_size
from flashwright.diag.finding import Finding, Place, Severity, error, note
from flashwright.diag.page import Page, page
from flashwright.formats import esp_idf_terms
from flashwright.formats.format import Decoded, ReadOptions, Source

Finder = Callable[[Source, ReadOptions], list[Decoded]]

#: More tables of one kind than a flash holds; the others are copies in code or data.
MOST_TABLES = 16


def decode(source: Source, options: ReadOptions) -> Decoded:
    """Every table in the image, and what is wrong with each."""
    found = [decoded for finder in FINDERS for decoded in finder(source, options)]
    if not found:
        kinds = "ESP-IDF (AA 50 at a multiple of 0x1000), FAL, RP2350 (PICOBIN), Bouffalo (BFPT)"
        help = f"looked for: {kinds}; a text file is read with --from"
        size = format_size(len(source.data))
        message = f"no partition table in these {size}"
        return Decoded((), (error("FMT310", message, help, Place(source.path)),))
    tables = tuple(t for d in found for t in d.tables)
    findings = [f for d in found for f in d.findings]
    findings += [_where(source, t.name) for t in tables]
    return Decoded(tables, tuple(findings))


def _where(source: Source, name: str) -> Finding:
    return note("FMT311", f"found the table `{name}`", "", Place(source.path))


def _esp_idf(source: Source, options: ReadOptions) -> list[Decoded]:
    """ESP-IDF tables at multiples of an erase block; that at the usual place first."""
    from flashwright.formats.esp_idf_bin import decode as decode_table

    data, step = source.data, esp_idf_terms.TABLE_SIZE
    places = [
        at
        for at in range(0, len(data), step)
        if data[at : at + 2] == esp_idf_terms.MAGIC and data[at + 2 : at + 3] <= b"\x03"
    ]
    usual = options.table_offset or esp_idf_terms.DEFAULT_TABLE_OFFSET
    places.sort(key=lambda at: (at != usual, at))
    result = []
    for at in places[:MOST_TABLES]:
        part = Source(source.path, data[at : at + step])
        decoded = decode_table(part, replace(options, table_offset=at))
        if not any(f.code == "FMT230" and f.severity is Severity.ERROR for f in decoded.findings):
            name = f"esp-idf@{format_hex(at)}"
            tables = tuple(replace(t, name=name, format="dump") for t in decoded.tables)
            result.append(replace(decoded, tables=tables))
    return result


def _fal(source: Source, options: ReadOptions) -> list[Decoded]:
    from flashwright.formats.fal_records import decode_fal_records

    decoded = decode_fal_records(source.data, source.path)
    tables = tuple(replace(t, device=options.device) for t in decoded.tables[:MOST_TABLES])
    return [replace(decoded, tables=tables)] if tables else []


def _picobin(source: Source, options: ReadOptions) -> list[Decoded]:
    from flashwright.formats.picobin import decode_picobin

    return decode_picobin(source, options)


def _bfpt(source: Source, options: ReadOptions) -> list[Decoded]:
    from flashwright.formats.bfpt import decode_bfpt

    return decode_bfpt(source, options)


#: Every kind of table that is looked for.
FINDERS: tuple[Finder, ...] = (_esp_idf, _fal, _picobin, _bfpt)

PAGES: tuple[Page, ...] = (
    page(
        "FMT310",
        "no-table-in-dump",
        Severity.ERROR,
        """A raw flash image holds no partition table of a kind that is known.

        ## What it checks
        ESP-IDF tables lie at a multiple of 0x1000 (0x8000 unless moved), FAL records anywhere,
        the RP2350's in a block of the first 0x2000 bytes or one that it is linked to, Bouffalo's at
        a multiple of 0x1000 (0xE000 and 0xF000 unless moved). A table whose checksum or end is
        wrong is not taken for one.

        ## How to fix
        Read the whole flash of the device (`esptool read_flash 0 ALL dump.bin`), and check that
        flash encryption is off: an encrypted table cannot be told from noise.
        """,
    ),
    page(
        "FMT311",
        "table-in-dump",
        Severity.NOTE,
        """Says where in a raw flash image a table was found.""",
    ),
)
