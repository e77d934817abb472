"""mtdparts, the partition string of Linux and U-Boot: read, written, and edited where it stands.

See ``mtdparts_read`` for what is read, ``mtdparts_write`` for a string written anew, and
``mtdparts_edit`` for changing the one in a kernel command line or a U-Boot environment.
"""

from flashwright.formats.format import Encoded, WriteOptions
from flashwright.formats.mtdparts_edit import edit
from flashwright.formats.mtdparts_pages import PAGES
from flashwright.formats.mtdparts_read import decode
from flashwright.formats.mtdparts_write import encode as encode_anew
from flashwright.model.table import Table

__all__ = ["PAGES", "decode", "encode"]


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The string for one table; into ``options.base`` only what differs."""
    if options.base is None:
        return encode_anew(tables, options)
    return edit(tables, options)
