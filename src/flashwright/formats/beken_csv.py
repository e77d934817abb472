"""Beken Armino's partition CSV (BK7236, BK7239, BK7258...), as the builds that read it lay it out.

Three dialects: ``v2`` (``Name, Type, SubType, Offset, Size, Flags``) and ``v1`` (``Name, Offset,
Size, Execute, Read, Write`` with TRUE and FALSE) of the packager that TizenRT uses too, and
``auto`` (the columns of v1, Execute is ``code`` or ``data``) of Armino's automatic partitions. A
blank offset follows the row before it. Offsets are hexadecimal even without ``0x``; the packager
takes a size only with a unit. What a build refuses is an error here.

Source: Samsung/TizenRT build/tools/armino/tfm_prehandle/scripts/{partition,common}.py and Armino's
bk_partitions_table.py, read for their meaning.
"""

from __future__ import annotations

from flashwright.formats.beken_csv_pages import PAGES
from flashwright.formats.beken_csv_read import decode
from flashwright.formats.beken_csv_write import encode

__all__ = ["PAGES", "decode", "encode"]
