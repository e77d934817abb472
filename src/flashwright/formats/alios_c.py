"""AliOS Things' and Beken's C tables (`board.c`, `partition_conf.c`): read, written, edited.

The reader takes every dialect that shipped (``alios_c_read``), the writer makes designated
initialisers for a release (``alios_c_write``); with ``WriteOptions.base`` the numbers of an
existing file are changed in place (``alios_c_edit``).

Limits of the format: indices mean what ``hal_partition_t`` of the release says; numbers are 32 bits
wide; the flash is one of embedded, SPI and QSPI; overlaps that are meant cannot be said.
"""

from flashwright.formats.alios_c_edit import edit
from flashwright.formats.alios_c_header import alios_c_header
from flashwright.formats.alios_c_pages import PAGES
from flashwright.formats.alios_c_read import read
from flashwright.formats.alios_c_write import write
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Table

__all__ = ["PAGES", "alios_c_header", "decode", "encode"]


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The tables of a C file, as the firmware sees them."""
    decoded, _ = read(source, options)
    return decoded


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """A C file with the tables; ``options.sdk`` is the release, ``options.base`` a file to edit."""
    return write(tables, options) if options.base is None else edit(tables, options)
