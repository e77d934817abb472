"""Zephyr devicetrees and overlays: flash partitions read with their flash, written and edited.

See ``zephyr_dts_read`` for what is read, ``zephyr_dts_write`` for the overlay that is written anew,
and ``zephyr_dts_edit`` for changing a board file or an overlay that exists.
"""

from flashwright.formats.format import Encoded, WriteOptions
from flashwright.formats.zephyr_dts_edit import edit
from flashwright.formats.zephyr_dts_pages import PAGES
from flashwright.formats.zephyr_dts_read import decode
from flashwright.formats.zephyr_dts_write import encode as encode_anew
from flashwright.model.table import Table

__all__ = ["PAGES", "decode", "encode"]


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The overlay for one table; into ``options.base`` only what differs."""
    if options.base is None:
        return encode_anew(tables, options)
    return edit(tables, options)
