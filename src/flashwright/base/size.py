"""Sizes of memory as people write them, read exactly, and written so that they can be read back.

``K`` is 1024 bytes here, as everywhere in flash layout files; ``KiB``, ``KB`` and ``kB`` mean the
same. A size that is not a whole number of bytes is refused, never rounded.
"""

from __future__ import annotations

import re

from flashwright.base.pattern import late

#: Larger than any flash (a 64-bit address space); a larger number is a typing error.
LARGEST = 2**64

_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = late(
    r"""\s*(?:(?P<hex>0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*)
        |(?P<dec>[0-9](?:_?[0-9])*)(?:\.(?P<frac>[0-9]{1,20}))?)
        \s*(?P<unit>B|[KMGkmg](?:i?[Bb])?)?\s*""",
    re.VERBOSE,
)


class SizeError(ValueError):
    """The text is not an exact size in bytes; the message says what is wrong with it."""


def parse_size(text: str | int) -> int:
    """The number of bytes that ``text`` says: ``4096``, ``4K``, ``0x1000``, ``1 MiB``, ``1.5M``.

    Raises ``SizeError`` for text that is no size, is negative, is not a whole number of bytes, or
    is 2^64 or more.
    """
    if isinstance(text, bool):
        raise SizeError("a size is expected, not true or false")
    if isinstance(text, int):
        return _in_range(text)
    if len(text) > 64:
        raise SizeError("longer than any size (64 characters)")
    match = _SIZE.fullmatch(text)
    if match is None:
        raise SizeError(_why_not(text))
    unit = _UNITS[(match["unit"] or "")[:1].upper()]
    if match["hex"]:
        return _in_range(int(match["hex"].replace("_", ""), 16) * unit)
    whole = int(match["dec"].replace("_", ""))
    if not match["frac"]:
        return _in_range(whole * unit)
    scale: int = 10 ** len(match["frac"])
    value, rest = divmod((whole * scale + int(match["frac"])) * unit, scale)
    if rest:
        raise SizeError("not a whole number of bytes")
    return _in_range(value)


def format_size(size: int) -> str:
    """``size`` bytes in the largest binary unit that says it exactly: ``4 KiB``, ``1 MiB``."""
    for name, unit in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def format_hex(value: int) -> str:
    """``value`` as the project writes addresses, offsets and sizes: ``0x1F6000``."""
    return f"-0x{-value:X}" if value < 0 else f"0x{value:X}"


def _in_range(value: int) -> int:
    if value < 0:
        raise SizeError("negative")
    if value >= LARGEST:
        raise SizeError("2^64 bytes or more")
    return value


def _why_not(text: str) -> str:
    if text.strip().startswith("-"):
        return "negative"
    unit = re.fullmatch(r"\s*[0-9.]+\s*([A-Za-z]+)\s*", text)
    if unit:
        return f"unit {unit[1]!r} is not one of B, K, KiB, M, MiB, G, GiB"
    return "write a number of bytes such as 4096, 4K, 0x1000 or 1 MiB"
