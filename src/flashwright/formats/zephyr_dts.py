"""Zephyr devicetrees and overlays: flash partitions read with their flash, and written back.

See ``zephyr_dts_read`` for what is read and ``zephyr_dts_write`` for the overlay that is written.
"""

from flashwright.formats.zephyr_dts_pages import PAGES
from flashwright.formats.zephyr_dts_read import decode
from flashwright.formats.zephyr_dts_write import encode

__all__ = ["PAGES", "decode", "encode"]
