"""The integer arithmetic of C: types, literals, conversions, and numbers that know their type.

The types are those of compilers for 32-bit microcontrollers (ILP32: ``int``, ``long`` and pointers
have 32 bits, ``char`` is unsigned as on Arm, RISC-V and Xtensa); in ``#if`` every number has 64
bits. Signed overflow, which C leaves open, wraps around as the compilers do it.

A ``Number`` carries two values: ``held`` is what the C program computes, ``exact`` what the same
expression would be without limits. Where they differ by a multiple of 2^bits alone, something only
ran over, and a reader can say so with the exact value.

Source: ISO/IEC 9899:2018, 6.3.1 (conversions), 6.4.4.1 (literals), 6.5 (operators), 6.10.1 (#if).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum


class Arithmetic(Enum):
    """Which numbers an expression is worked out with."""

    #: A C program on a 32-bit microcontroller.
    PROGRAM = "program"
    #: The condition of an ``#if``: all numbers have 64 bits.
    PREPROCESSOR = "preprocessor"
    #: Without limits, as a devicetree's cells are checked by their reader.
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class IntegerType:
    """An integer type: how many ``bits``, and whether it has a sign."""

    bits: int
    signed: bool

    def held(self, value: int) -> int:
        """The value of this type that is ``value`` modulo 2^bits."""
        low = value & ((1 << self.bits) - 1)
        return low - (1 << self.bits) if self.signed and low >> (self.bits - 1) else low

    def holds(self, value: int) -> bool:
        """Whether the type has that value."""
        return self.held(value) == value

    @property
    def promoted(self) -> IntegerType:
        """The type that arithmetic is done in: ``int`` for all smaller ones."""
        return INT if self.bits < INT.bits else self

    def common(self, other: IntegerType) -> IntegerType:
        """The type that both operands of an operator are converted to."""
        one, two = self.promoted, other.promoted
        if one.bits != two.bits:
            return one if one.bits > two.bits else two
        return one if not one.signed else two


#: For arithmetic without limits: nothing that is read fills it.
WIDE = IntegerType(256, True)
INT, UNSIGNED = IntegerType(32, True), IntegerType(32, False)
LONG_LONG, UNSIGNED_LONG_LONG = IntegerType(64, True), IntegerType(64, False)
_BY_SIZE = (INT, UNSIGNED, LONG_LONG, UNSIGNED_LONG_LONG)

_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,40}|0[bB][01]{1,80}|[0-9]{1,40})([uU]|[lL]){0,3}")
_CHARACTER = re.compile(r"'(?:([^'\\\n])|\\([abfnrtv0\\'\"?])|\\x([0-9a-fA-F]{1,2}))'", re.ASCII)
_ESCAPES = dict(zip("abfnrtv0\\'\"?", b"\a\b\f\n\r\t\v\0\\'\"?", strict=True))

_NAMED: Mapping[str, IntegerType] = {
    **{f"int{bits}_t": IntegerType(bits, True) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": IntegerType(bits, False) for bits in (8, 16, 32, 64)},
    **{
        f"{u}{bits}": IntegerType(bits, False)
        for u in ("u", "uint", "UINT")
        for bits in (8, 16, 32)
    },
    **{f"{s}{bits}": IntegerType(bits, True) for s in ("s", "INT") for bits in (8, 16, 32)},
    **dict.fromkeys(("u64", "uint64", "UINT64"), UNSIGNED_LONG_LONG),
    **dict.fromkeys(("int", "signed", "long", "ssize_t", "off_t", "intptr_t", "INT"), INT),
    **dict.fromkeys(("size_t", "uintptr_t", "uint", "ulong", "UINT", "unsigned"), UNSIGNED),
    "char": IntegerType(8, False),
    "short": IntegerType(16, True),
    "long long": LONG_LONG,
}


@dataclass(frozen=True, slots=True)
class Number:
    """The value of an expression: as C ``held`` it in its ``type``, and ``exact``."""

    held: int
    exact: int
    type: IntegerType

    @property
    def told(self) -> int:
        """The exact value if C's differs only by what ran over, else C's."""
        return self.exact if self.type.held(self.exact) == self.held else self.held


def plain(value: int, arithmetic: Arithmetic) -> Number:
    """A number of which only the value is known."""
    return _typed(value, _types_of(value, arithmetic))


def _types_of(value: int, arithmetic: Arithmetic) -> list[IntegerType]:
    """The types that have the value, smallest first."""
    if arithmetic is Arithmetic.EXACT:
        return [WIDE]
    least = LONG_LONG.bits if arithmetic is Arithmetic.PREPROCESSOR else INT.bits
    return [t for t in _BY_SIZE if t.bits >= least and t.holds(value)]


def _typed(value: int, types: list[IntegerType]) -> Number:
    found = types[0] if types else UNSIGNED_LONG_LONG
    return Number(found.held(value), value, found)


def literal(text: str) -> int | None:
    """The value of an integer literal of C (``0x10UL``, ``010``, ``4096u``); ``None`` if none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits = match[1].lower()
    if digits.startswith(("0x", "0b")):
        return int(digits, 0)
    if len(digits) > 1 and digits[0] == "0":
        return int(digits, 8) if set(digits) <= set("01234567") else None
    return int(digits)


def character(text: str) -> int | None:
    """The value of a character such as ``'A'``; ``None`` for what is no single one of ASCII."""
    match = _CHARACTER.fullmatch(text)
    if match is None:
        return None
    if match[1]:
        return ord(match[1]) if match[1].isascii() else None
    return _ESCAPES[match[2]] if match[2] else int(match[3], 16)


def number_of(value: int, text: str, arithmetic: Arithmetic) -> Number:
    """A literal with the type that its value, its base and its suffix give it."""
    suffix = text.lower()[len(text.rstrip("uUlL")) :]
    types = _types_of(value, arithmetic)
    if arithmetic is Arithmetic.EXACT:
        return _typed(value, types)
    if "ll" in suffix:
        types = [t for t in types if t.bits == LONG_LONG.bits]
    if "u" in suffix:
        types = [t for t in types if not t.signed]
    elif text[:1] != "0":
        # A decimal literal takes an unsigned type only if no signed one has its value.
        types = [t for t in types if t.signed] or types
    return _typed(value, types)


def integer_type(name: str) -> IntegerType | None:
    """The integer type of that name (``const unsigned long int``); ``None`` if it is none."""
    words = [word for word in name.split() if word not in ("const", "volatile", "signed")]
    if not words:
        return INT if "signed" in name.split() else None
    if len(words) > 1 and words[-1] == "int":
        words = words[:-1]
    unsigned = words[0] == "unsigned"
    found = _NAMED.get(" ".join(words[1:] if unsigned and len(words) > 1 else words))
    if found is not None and unsigned:
        return IntegerType(found.bits, False)
    return IntegerType(8, True) if words == ["char"] and "signed" in name.split() else found


def cast(value: Number, to: IntegerType) -> Number:
    """The value in another type; what it loses there, it is meant to lose."""
    held = to.held(value.held)
    return Number(held, value.exact if to.held(value.exact) == value.exact else held, to)


def unary(sign: str, value: Number) -> Number | None:
    """``sign`` applied; ``None`` if it is no arithmetic."""
    if sign == "!":
        return _truth(not value.held)
    apply = _UNARY.get(sign)
    if apply is None:
        return None
    type_ = value.type.promoted
    return _number(apply(type_.held(value.held)), apply(value.exact), type_)


def binary(sign: str, left: Number, right: Number) -> Number | None:
    """``left sign right``; ``None`` if it is no arithmetic, or divides by zero."""
    if sign in ("&&", "||"):
        both = (bool(left.held), bool(right.held))
        return _truth(all(both) if sign == "&&" else any(both))
    if sign in ("<<", ">>"):
        type_ = left.type.promoted
        apply = _BINARY[sign]
        return _number(
            apply(type_.held(left.held), right.held), apply(left.exact, right.held), type_
        )
    type_ = left.type.common(right.type)
    first, second = type_.held(left.held), type_.held(right.held)
    if sign in _COMPARISONS:
        return _truth(_COMPARISONS[sign](first, second))
    if sign not in _BINARY or (sign in ("/", "%") and second == 0):
        return None
    apply = _BINARY[sign]
    held = apply(first, second)
    exact = held if sign in ("/", "%") and right.exact == 0 else apply(left.exact, right.exact)
    return _number(held, exact, type_)


#: Larger exact values are of no use to anybody.
_LARGEST = 1 << 64


def _number(held: int, exact: int, type_: IntegerType) -> Number:
    held = type_.held(held)
    return Number(held, exact if -_LARGEST < exact < _LARGEST else held, type_)


def _truth(value: bool) -> Number:
    return Number(int(value), int(value), INT)


def _quotient(a: int, b: int) -> int:
    return -(-a // b) if (a < 0) != (b < 0) else a // b


_UNARY: Mapping[str, Callable[[int], int]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
}
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BINARY: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": lambda a, b: a - b * _quotient(a, b),
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
