"""RT-Thread FAL: the partition table of `fal_cfg.h`, read, written and edited; records in a dump.

See ``fal_read`` for what is read, ``fal_write`` for a header written anew, ``fal_edit`` for
changing one that exists, and ``fal_records`` for the table as it lies in a firmware image.
"""

from flashwright.formats.fal_edit import edit
from flashwright.formats.fal_pages import PAGES
from flashwright.formats.fal_read import decode
from flashwright.formats.fal_records import decode_fal_records
from flashwright.formats.fal_write import encode as encode_anew
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model.table import Table

__all__ = ["PAGES", "decode", "decode_fal_records", "encode"]


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The header for one table; into ``options.base`` only what differs."""
    if options.base is None:
        return encode_anew(tables, options)
    return edit(tables, options)
