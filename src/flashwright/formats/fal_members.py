"""Members of a C initialiser as FAL's structs have them: by name or by position, texts and numbers.

What C takes and nobody means is told as a fault: a member that the struct does not have, values
behind the last one. Numbers know the enumerators of the file and FAL's magic word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashwright.base.size import format_hex
from flashwright.formats.c_source import CText, string_value, walk
from flashwright.formats.c_value import Unknown, Value, value_of

if TYPE_CHECKING:
    from tree_sitter import Node

MAGIC = 0x45503130
MAGIC_NAMES = ("FAL_PART_MAGIC_WORD", "FAL_PART_MAGIC_WROD")
#: Literals whose characters are wider than bytes.
_WIDE = ("L", "u", "U")
_MOST_ENUMERATORS = 1000


@dataclass(frozen=True, slots=True)
class Member:
    """What a member is set to: a string, a number, or what it would need."""

    node: Node
    value: Value | str
    symbol: str = ""


class Names:
    """What the names in a text stand for: its enumerators, and FAL's magic word."""

    def __init__(self, text: CText) -> None:
        self.values: dict[str, Value] = dict.fromkeys(MAGIC_NAMES, MAGIC)
        for count, (name, value) in enumerate(_enumerators(text, self.values)):
            if count >= _MOST_ENUMERATORS:
                break
            self.values[name] = value

    def get(self, name: str) -> Value | None:
        """The value of a name, ``None`` where the text gives none."""
        return self.values.get(name)


def _enumerators(text: CText, known: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Each ``enum`` constant with its value: said, or one more than the one before."""
    for node in walk(text.root):
        if node.type != "enumerator_list":
            continue
        following: Value = 0
        for item in node.named_children:
            name, said = item.child_by_field_name("name"), item.child_by_field_name("value")
            if item.type != "enumerator" or name is None:
                continue
            value = following if said is None else value_of(said, known.get)
            yield text.said(name), value
            following = value + 1 if isinstance(value, int) else value


def members_of(
    text: CText, node: Node, order: tuple[str, ...], names: Names
) -> tuple[dict[str, Member], list[str]]:
    """The members of one struct initialiser, and what is wrong with it."""
    members: dict[str, Member] = {}
    faults = []
    at = 0
    for item in node.named_children:
        if item.type == "comment":
            continue
        value, name = item, order[at] if at < len(order) else ""
        if item.type == "initializer_pair":
            designator = item.child_by_field_name("designator")
            inner = item.child_by_field_name("value")
            if designator is None or inner is None:
                continue
            value, name = inner, text.said(designator).lstrip(". ")
            if name not in order:
                faults.append(f"`.{name}` is no member of it")
        elif not name:
            faults.append(f"it has more than {len(order)} values")
        at = order.index(name) + 1 if name in order else at + 1
        if name in order:
            members[name] = member_of(text, value, names)
            if any(part.type == "comma_expression" for part in walk(value)):
                faults.append(f"`{text.said(value)}` has a comma, which no constant has")
    return members, faults


def member_of(text: CText, node: Node, names: Names) -> Member:
    """What one value says."""
    said = string_value(node)
    if said is not None and text.said(node).startswith(_WIDE) and node.type == "string_literal":
        wide = not text.said(node).startswith("u8")
        said = None if wide else said
    if said is None and node.type == "initializer_list":
        said = _characters(node, names)
    if said is not None:
        return Member(node, said.split("\0", 1)[0])
    symbol = text.said(node) if node.type == "identifier" else ""
    return Member(node, value_of(node, names.get), "" if names.get(symbol) else symbol)


def _characters(node: Node, names: Names) -> str | None:
    """``{"text"}`` and ``{'t', 'e', 0}`` as a text."""
    items = [item for item in node.named_children if item.type != "comment"]
    if len(items) == 1 and (said := string_value(items[0])) is not None:
        return said
    values = [value_of(item, names.get) for item in items]
    known = [value for value in values if isinstance(value, int) and 0 <= value < 256]
    if not known or len(known) < len(values):
        return None
    return bytes(known).decode("utf-8", "replace")


def text_of(member: Member | None) -> str | None:
    """A text; of a macro that is not known, its name in small letters."""
    if member is None:
        return None
    return member.value if isinstance(member.value, str) else member.symbol.lower() or None


def number_of(member: Member | None, bits: int = 32) -> Value:
    """A number that is not negative and fits ``bits``; 0 where it is not said."""
    if member is None:
        return 0
    value = member.value
    if isinstance(value, str):
        return Unknown(why="a number instead of a text")
    if isinstance(value, int) and not 0 <= value < 1 << bits:
        kind = "32 bits" if bits == 32 else "a signed number of 32 bits"
        return Unknown(why=f"a number that fits {kind} (it is {format_hex(value)})")
    return value
