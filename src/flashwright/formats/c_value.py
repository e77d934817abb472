"""The value of a C constant expression, from its syntax tree: exact, bounded, and never guessed.

It is worked out as C does it, with the types of ``c_integer``. What the tree does not say is asked
of the caller; a name that nobody knows makes the whole value ``Unknown``, with that name. Nothing
is executed.

Limits: literals stay below 2^64, shifts below the width of their type, nesting below 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashwright.formats.c_integer import (
    INT,
    LONG_LONG,
    Arithmetic,
    Number,
    binary,
    cast,
    character,
    integer_type,
    literal,
    number_of,
    plain,
    unary,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST = 1 << 64
_DEEPEST = 100
#: Numbers and names of so many characters are not looked at.
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text does not give: the ``names`` that it needs, or ``why`` not."""

    names: tuple[str, ...] = ()
    why: str = ""


Value = int | Unknown
#: What a name means; ``None`` if it is not known.
Lookup = Callable[[str], Value | None]
#: What another node (a field of a table, an assignment) means; ``None`` if it means nothing.
Other = Callable[["Node"], Value | None]


def value_of(
    node: Node,
    lookup: Lookup,
    other: Other | None = None,
    arithmetic: Arithmetic = Arithmetic.PROGRAM,
) -> Value:
    """The value of an expression; ``lookup`` knows names, ``other`` the nodes that C has beside.

    Where a C program would have it run over its type, it is the exact value: the caller sees that
    it does not fit, and can say so.
    """
    found = _Reader(lookup, other, arithmetic).value(node, 0)
    return found if isinstance(found, Unknown) else found.told


_WORDS: Mapping[str, int] = {"NULL": 0, "nullptr": 0, "false": 0, "true": 1}


def _both(first: Unknown, second: Unknown) -> Unknown:
    names = tuple(dict.fromkeys((*first.names, *second.names)))[:20]
    return Unknown(names, first.why or second.why)


def _field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)


def _said(node: Node) -> str:
    """The text of ``node``; nothing where it is longer than any number or name in a table."""
    if node.end_byte - node.start_byte >= _LONGEST:
        return ""
    return (node.text or b"").decode("utf-8", "replace")


class _Reader:
    """One expression: each method works out one kind of node, ``depth`` levels below the top."""

    def __init__(self, lookup: Lookup, other: Other | None, arithmetic: Arithmetic) -> None:
        self.lookup = lookup
        self.other = other
        self.arithmetic = arithmetic

    def value(self, node: Node, depth: int) -> Number | Unknown:
        if depth > _DEEPEST:
            return Unknown(why="nested too deeply")
        if self.other is not None and (known := self.other(node)) is not None:
            return self.typed(known)
        kind, said = node.type, _said(node)
        if kind in ("number_literal", "char_literal"):
            return self.literal(said)
        if kind in ("identifier", "null", "true", "false"):
            known = self.lookup(said)
            if known is None:
                known = _WORDS.get(said)
            return Unknown((said[:200],)) if known is None else self.typed(known)
        handler = _HANDLERS.get(kind)
        if handler is None:
            return Unknown(why=f"`{said[:60] or kind}` is no constant of the text")
        return handler(self, node, depth + 1)

    def literal(self, said: str) -> Number | Unknown:
        """A number or a character; the parser takes a sign before a number for a part of it."""
        if not said:
            return Unknown(why=f"a number of {_LONGEST} characters or more")
        sign, digits = (said[0], said[1:].lstrip()) if said[0] in "+-" else ("", said)
        found = literal(digits) if digits[:1] != "'" else character(digits)
        if found is None:
            return Unknown(why=f"`{said[:60]}` is no integer")
        if found >= _LARGEST:
            return Unknown(why="larger than 64 bits")
        number = number_of(found, digits, self.arithmetic)
        return (unary(sign, number) if sign else None) or number

    def typed(self, known: Value) -> Number | Unknown:
        """A value that the caller knows."""
        if isinstance(known, Unknown):
            return known
        return plain(known, self.arithmetic)

    def parenthesized(self, node: Node, depth: int) -> Number | Unknown:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            return Unknown(why="no expression in the parentheses")
        return self.value(inner[0], depth)

    def unary(self, node: Node, depth: int) -> Number | Unknown:
        argument, sign = _field(node, "argument"), _field(node, "operator")
        if argument is None or sign is None:
            return Unknown(why="an operator without its value")
        value = self.value(argument, depth)
        if isinstance(value, Unknown):
            return value
        return unary(sign.type, value) or Unknown(why=f"`{sign.type}` is no arithmetic")

    def binary(self, node: Node, depth: int) -> Number | Unknown:
        left, right, sign = (_field(node, n) for n in ("left", "right", "operator"))
        if left is None or right is None or sign is None:
            return Unknown(why="an operator without its values")
        first = self.value(left, depth)
        # C does not look at the right side where the left one decides.
        if isinstance(first, Number) and sign.type in ("&&", "||"):
            decided = bool(first.held)
            if decided == (sign.type == "||"):
                return Number(int(decided), int(decided), INT)
        second = self.value(right, depth)
        if isinstance(first, Unknown) or isinstance(second, Unknown):
            if isinstance(first, Unknown) and isinstance(second, Unknown):
                return _both(first, second)
            return first if isinstance(first, Unknown) else second
        return self.applied(sign.type, first, second)

    def applied(self, sign: str, first: Number, second: Number) -> Number | Unknown:
        widest = min(first.type.promoted.bits, LONG_LONG.bits)
        if sign in ("<<", ">>") and not 0 <= second.held < widest:
            return Unknown(why=f"a shift by {second.held}")
        found = binary(sign, first, second)
        if found is None and sign in ("/", "%"):
            return Unknown(why="division by zero")
        if found is None:
            return Unknown(why=f"`{sign}` is no arithmetic")
        if self.arithmetic is Arithmetic.EXACT and not -_LARGEST < found.exact < _LARGEST:
            return Unknown(why="larger than 64 bits")
        return found

    def conditional(self, node: Node, depth: int) -> Number | Unknown:
        condition = _field(node, "condition")
        value = Unknown() if condition is None else self.value(condition, depth)
        if isinstance(value, Unknown):
            return value
        taken, left = _field(node, "consequence"), _field(node, "alternative")
        if not value.held:
            taken, left = left, taken
        if taken is None:
            return Unknown(why="half a `?:`")
        found = self.value(taken, depth)
        beside = self.value(left, depth) if left is not None else found
        if isinstance(found, Unknown) or isinstance(beside, Unknown):
            return found
        # Both branches have the same type, whichever is taken.
        type_ = found.type.common(beside.type)
        return Number(type_.held(found.held), found.exact, type_)

    def cast(self, node: Node, depth: int) -> Number | Unknown:
        """A cast to an integer type; ``(NAME) - 1`` looks like one too, until NAME is known."""
        kind, value = _field(node, "type"), _field(node, "value")
        if kind is None or value is None:
            return Unknown(why="half a cast")
        name = " ".join((kind.text or b"").decode("utf-8", "replace").split())[:200]
        inner = self.value(value, depth)
        type_ = integer_type(name)
        if type_ is not None:
            return inner if isinstance(inner, Unknown) else cast(inner, type_)
        known = self.lookup(name)
        if (
            isinstance(known, int)
            and isinstance(inner, Number)
            and value.type == "unary_expression"
        ):
            sign = _field(value, "operator")
            if sign is not None and sign.type in "+-":
                return binary("+", plain(known, self.arithmetic), inner) or Unknown((name,))
        return _both(Unknown((name,)), inner) if isinstance(inner, Unknown) else Unknown((name,))

    def assignment(self, node: Node, depth: int) -> Number | Unknown:
        right, sign = _field(node, "right"), _field(node, "operator")
        if right is None or sign is None or sign.type != "=":
            return Unknown(why="no plain assignment")
        return self.value(right, depth)

    def comma(self, node: Node, depth: int) -> Number | Unknown:
        right = _field(node, "right")
        return Unknown(why="half a `,`") if right is None else self.value(right, depth)

    def call(self, node: Node, _depth: int) -> Number | Unknown:
        function = _field(node, "function")
        said = ((function.text or b"") if function else b"").decode("utf-8", "replace")[:100]
        return Unknown((said,), f"`{said}(...)` is known at run time only")


_HANDLERS: dict[str, Callable[[_Reader, Node, int], Number | Unknown]] = {
    "parenthesized_expression": _Reader.parenthesized,
    "unary_expression": _Reader.unary,
    "binary_expression": _Reader.binary,
    "conditional_expression": _Reader.conditional,
    "cast_expression": _Reader.cast,
    "assignment_expression": _Reader.assignment,
    "comma_expression": _Reader.comma,
    "call_expression": _Reader.call,
}
