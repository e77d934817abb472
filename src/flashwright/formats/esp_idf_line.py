"""A row of an ESP-IDF table as a line of CSV, in the words and units that people write."""

from __future__ import annotations

from flashwright.base.size import format_hex
from flashwright.formats import esp_idf_terms as terms
from flashwright.formats.esp_idf_rows import Row


def line_of(row: Row) -> str:
    """The row as a line of its own, without an end."""
    cells = (
        row.name,
        terms.type_word(row.type),
        terms.subtype_word(row.type, row.subtype),
        format_hex(row.offset or 0).lower(),
        _size(row.size or 0),
        ":".join(row.flags),
    )
    return ",".join(cells)


def _size(size: int) -> str:
    if size % (1 << 20) == 0:
        return f"{size >> 20}M"
    return f"{size >> 10}K" if size % 1024 == 0 else format_hex(size).lower()
