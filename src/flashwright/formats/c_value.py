"""The value of a C constant expression, from its syntax tree: exact, bounded, and never guessed.

Numbers have C's suffixes and bases. What the tree does not say is asked of the caller; a name that
nobody knows makes the whole value ``Unknown``, with that name. Nothing is executed.

Limits: values stay below 2^64 in size, shifts below 64, nesting below 100; types are not tracked
(``uint32_t`` wrapping is up to the caller, who sees the exact value).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST = 1 << 64
_DEEPEST = 100
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,40}|0[bB][01]{1,80}|[0-9]{1,40})([uU]|[lL]){0,3}")
_INTEGER_TYPE = re.compile(
    r"(?:const |unsigned |signed |volatile )*"
    r"(?:u?int(?:8|16|32|64|ptr)?(?:_t)?|size_t|ssize_t|char|short|long|long long|off_t"
    r"|unsigned|signed|u(?:8|16|32|64)|UINT(?:8|16|32)?|INT(?:32)?|u?long|uint)(?: int)?"
)


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


def number(text: str) -> int | None:
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


def value_of(node: Node, lookup: Lookup, other: Other | None = None) -> Value:
    """The value of an expression; ``lookup`` knows names, ``other`` the nodes that C has beside."""
    return _value(node, lookup, other, 0)


def _value(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    if depth > _DEEPEST:
        return Unknown(why="nested too deeply")
    said = (
        (node.text or b"").decode("utf-8", "replace")
        if node.end_byte - node.start_byte < 256
        else ""
    )
    if other is not None and (known := other(node)) is not None:
        return known
    kind = node.type
    if kind == "number_literal":
        found = number(said)
        return Unknown(why=f"`{said[:60]}` is no integer") if found is None else _bounded(found)
    if kind in ("identifier", "null", "true", "false"):
        known = lookup(said)
        if known is None:
            known = _WORDS.get(said)
        return Unknown((said[:200],)) if known is None else known
    handler = _HANDLERS.get(kind)
    if handler is None:
        return Unknown(why=f"`{said[:60] or kind}` is no constant of the text")
    return handler(node, lookup, other, depth + 1)


_WORDS: Mapping[str, int] = {"NULL": 0, "nullptr": 0, "false": 0, "true": 1}


def _bounded(value: int) -> Value:
    return value if -_LARGEST < value < _LARGEST else Unknown(why="larger than 64 bits")


def _both(first: Unknown, second: Unknown) -> Unknown:
    names = tuple(dict.fromkeys((*first.names, *second.names)))[:20]
    return Unknown(names, first.why or second.why)


def _field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)


def _parenthesized(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    inner = [child for child in node.named_children if child.type != "comment"]
    if len(inner) != 1:
        return Unknown(why="no expression in the parentheses")
    return _value(inner[0], lookup, other, depth)


def _unary(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    argument, sign = _field(node, "argument"), _field(node, "operator")
    if argument is None or sign is None:
        return Unknown(why="an operator without its value")
    value = _value(argument, lookup, other, depth)
    if isinstance(value, Unknown):
        return value
    apply = _UNARY.get(sign.type)
    return Unknown(why=f"`{sign.type}` is no arithmetic") if apply is None else apply(value)


def _binary(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    left, right, sign = (_field(node, n) for n in ("left", "right", "operator"))
    if left is None or right is None or sign is None:
        return Unknown(why="an operator without its values")
    first = _value(left, lookup, other, depth)
    # C does not look at the right side where the left one decides.
    if sign.type == "&&" and first == 0:
        return 0
    if sign.type == "||" and isinstance(first, int) and first:
        return 1
    second = _value(right, lookup, other, depth)
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        if isinstance(first, Unknown) and isinstance(second, Unknown):
            return _both(first, second)
        return first if isinstance(first, Unknown) else second
    if sign.type in ("/", "%") and second == 0:
        return Unknown(why="division by zero")
    if sign.type in ("<<", ">>") and not 0 <= second < 64:
        return Unknown(why=f"a shift by {second}")
    apply = _BINARY.get(sign.type)
    if apply is None:
        return Unknown(why=f"`{sign.type}` is no arithmetic")
    return _bounded(apply(first, second))


def _conditional(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    condition = _field(node, "condition")
    value = Unknown() if condition is None else _value(condition, lookup, other, depth)
    if isinstance(value, Unknown):
        return value
    branch = _field(node, "consequence" if value else "alternative")
    return Unknown(why="half a `?:`") if branch is None else _value(branch, lookup, other, depth)


def _cast(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    """A cast to an integer type; ``(NAME) - 1`` looks like one too, until NAME is known."""
    kind, value = _field(node, "type"), _field(node, "value")
    if kind is None or value is None:
        return Unknown(why="half a cast")
    name = " ".join((kind.text or b"").decode("utf-8", "replace").split())[:200]
    if not _INTEGER_TYPE.fullmatch(name):
        known = lookup(name)
        inner = _value(value, lookup, other, depth)
        if isinstance(known, int) and isinstance(inner, int) and value.type == "unary_expression":
            return _bounded(known + inner) if _sign(value) in "+-" else Unknown((name,))
        return _both(Unknown((name,)), inner) if isinstance(inner, Unknown) else Unknown((name,))
    return _value(value, lookup, other, depth)


def _sign(node: Node) -> str:
    sign = _field(node, "operator")
    return sign.type if sign else "?"


def _assignment(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    right, sign = _field(node, "right"), _field(node, "operator")
    if right is None or sign is None or sign.type != "=":
        return Unknown(why="no plain assignment")
    return _value(right, lookup, other, depth)


def _comma(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    right = _field(node, "right")
    return Unknown(why="half a `,`") if right is None else _value(right, lookup, other, depth)


def _call(node: Node, lookup: Lookup, other: Other | None, depth: int) -> Value:
    function = _field(node, "function")
    said = ((function.text or b"") if function else b"").decode("utf-8", "replace")[:100]
    return Unknown((said,), f"`{said}(...)` is known at run time only")


_UNARY: dict[str, Callable[[int], int]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
    "!": lambda v: int(not v),
}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: -(-a // b) if (a < 0) != (b < 0) else a // b,
    "%": lambda a, b: a - b * (-(-a // b) if (a < 0) != (b < 0) else a // b),
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "&&": lambda a, b: int(bool(a and b)),
    "||": lambda a, b: int(bool(a or b)),
}
_HANDLERS: dict[str, Callable[[Node, Lookup, Other | None, int], Value]] = {
    "parenthesized_expression": _parenthesized,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "conditional_expression": _conditional,
    "cast_expression": _cast,
    "assignment_expression": _assignment,
    "comma_expression": _comma,
    "call_expression": _call,
}
