"""A number written the way that another one is written in the same file.

``0x0001F000`` keeps its digits and case, ``512*1024`` stays a product, ``DT_SIZE_K(48)`` and
``KB(64)`` keep their macro. What cannot be said that way (``512*1024`` becomes 1000) is written in
hexadecimal.

Laws: what is written has exactly the value asked for. A text with names other than that of a unit
macro, or with other arithmetic than products of 1024 or 4096, has no style of its own: ``None``.
"""

from __future__ import annotations

import re

from flashwright.base.size import format_hex
from flashwright.formats import c_integer

_LITERAL = re.compile(r"(?P<prefix>0[xX])?(?P<digits>[0-9a-fA-F]+)(?P<suffix>[uUlL]{0,3})")
_CALL = re.compile(
    r"(?P<name>[A-Za-z_]\w*)(?P<open>\s*\(\s*)(?P<count>[0-9a-fA-FxXuUlL]+)(?P<end>\s*\))"
)
_BRACKETS = re.compile(r"(?P<open>(?:\(\s*)*)(?P<inner>[^()]*[^()\s])(?P<end>(?:\s*\))*)")
#: Factors that count as units, in bytes.
_UNITS = (1 << 10, 1 << 12)
#: What a unit macro may multiply by.
_MACROS = (1 << 10, 1 << 20, 1 << 30)


def restyled(
    value: int, said: str, before: int | None = None, *, upper: bool = False
) -> str | None:
    """``value`` in the style of ``said``, whose value is ``before`` (0 or more, as ``value``).

    ``upper`` decides about the digits A to F where ``said`` has none of them.
    """
    literal = _LITERAL.fullmatch(said)
    if literal is not None and c_integer.literal(said) is not None:
        return _literal(value, literal, upper=upper)
    call = _CALL.fullmatch(said)
    if call is not None:
        return _call(value, call, before)
    return _product(value, said)


def _literal(value: int, said: re.Match[str], *, upper: bool) -> str:
    digits = said["digits"]
    if not said["prefix"]:
        octal = len(digits) > 1 and digits.startswith("0")
        return f"{format_hex(value)}{said['suffix']}" if octal else f"{value}{said['suffix']}"
    small = any(c in "abcdef" for c in digits)
    lower = small or not (upper or said["prefix"] == "0X" or any(c in "ABCDEF" for c in digits))
    width = len(digits) if digits.startswith("0") and len(digits) > 1 else 1
    return said["prefix"] + f"{value:0{width}{'x' if lower else 'X'}}" + said["suffix"]


def _call(value: int, said: re.Match[str], before: int | None) -> str | None:
    count = c_integer.literal(said["count"])
    if not count or before is None or before % count or before // count not in _MACROS:
        return None
    unit = before // count
    if value % unit and said["name"].endswith("_M"):  # DT_SIZE_M(1) has a smaller sister
        unit = unit >> 10 if unit == 1 << 20 else unit
        name = said["name"].removesuffix("_M") + "_K"
    else:
        name = said["name"]
    if value % unit or not value:
        return format_hex(value).lower() if value else "0x0"
    shown = restyled(value // unit, said["count"])
    return f"{name}{said['open']}{shown}{said['end']}"


def _product(value: int, said: str) -> str | None:
    match = _BRACKETS.fullmatch(said)
    if match is None or match["open"].count("(") != match["end"].count(")"):
        return None
    parts = re.split(r"(\s*\*\s*)", match["inner"])
    factors = [c_integer.literal(part) for part in parts[::2]]
    if None in factors:
        return None
    if len(factors) == 1:
        shown = restyled(value, match["inner"])
        return f"{match['open']}{shown}{match['end']}" if shown else None
    at = next((n for n, factor in enumerate(factors) if factor not in _UNITS), 0)
    others = [n for n in range(len(factors)) if n != at]
    if not any(factors[n] in _UNITS for n in others):
        return None
    # What does not divide the value goes: first counts of blocks (3 * 128 * 1024), then units.
    order = sorted(others, key=lambda n: (factors[n] in _UNITS, -n))
    while value and others:
        unit = 1
        for n in others:
            unit *= factors[n] or 0
        if unit and value % unit == 0:
            return _multiplied(match, parts, at, others, value // unit)
        others.remove(order.pop(0))
    return format_hex(value) if value else "0"


def _multiplied(
    match: re.Match[str], parts: list[str], at: int, others: list[int], count: int
) -> str:
    """The product with another count, of the factors that are left."""
    kept = sorted((at, *others))
    sign = parts[1]
    shown = [
        (restyled(count, parts[2 * n]) or str(count)) if n == at else parts[2 * n] for n in kept
    ]
    return f"{match['open']}{sign.join(shown)}{match['end']}"
