"""U-Boot's environment as it lies in flash: a checksum, variables that end in NUL, and a filling.

The first four bytes are the CRC-32 of all that follows (in the byte order of the CPU), behind one
more byte of flags where the environment is stored twice.

Source: U-Boot include/env_internal.h, `struct environment_s` (facts of the project).
"""

from __future__ import annotations

import struct
import zlib

_HEADERS = (4, 5)
_ORDERS = ("<I", ">I")


def is_environment(data: bytes) -> bool:
    """Whether the checksum in front is that of the rest."""
    return _form(data) is not None


def with_text(data: bytes, changed: bytes) -> bytes | None:
    """The environment ``data`` with the text of ``changed``, at its size and with its checksum.

    ``changed`` is ``data`` with some variable made longer or shorter. ``None`` where the filling
    does not suffice.
    """
    form = _form(data)
    if form is None:
        return None
    header, order = form
    end = data.find(b"\0\0", header)
    filling = data[end + 2 :] if end >= 0 else b""
    blank = filling[-1:] or b"\0"
    used = changed[header : len(changed) - len(filling)]
    room = len(data) - header - len(used)
    if room < 0 or end < 0 or filling.strip(blank):
        return None
    body = used + blank * room
    flags = data[4:header]
    return struct.pack(order, zlib.crc32(body)) + flags + body


def _form(data: bytes) -> tuple[int, str] | None:
    """Where the variables begin, and the byte order of the checksum."""
    for header in _HEADERS:
        if len(data) <= header:
            continue
        crc = zlib.crc32(data[header:])
        for order in _ORDERS:
            if struct.unpack(order, data[:4])[0] == crc:
                return header, order
    return None
