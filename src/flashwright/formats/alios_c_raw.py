"""What a C file assigns to the members of its partition tables, statement by statement.

This is the compiler's side of the format: declarations, initialisers (designated, nested or by
position), assignments in functions, copies from other tables, variables and enumerations. What the
members mean is told in ``alios_c_read``. Control flow is not followed: a statement under an ``if``
is taken as if it ran, and said (``RawTable.conditional``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashwright.formats.alios_c_terms import CONSTANTS, FIELDS, MEMBERS, OWNER_NAME, Kind, kind_of
from flashwright.formats.c_source import CText, string_value
from flashwright.formats.c_value import Unknown, Value, value_of
from flashwright.model.alios import index_of

if TYPE_CHECKING:
    from tree_sitter import Node

#: Entries of all tables together; more is no layout.
MOST_ENTRIES = 2000
#: Assignments in one expression (``a = (b = (c = 1))``), braces within the braces of one element.
_LONGEST_CHAIN, _DEEPEST_MEMBERS = 20, 4

_BRANCHES = {
    *("if_statement", "else_clause", "for_statement", "while_statement"),
    *("do_statement", "switch_statement", "case_statement"),
}


@dataclass(slots=True)
class Cell:
    """What one member was set to: a number, a string, a symbol, or what it would need.

    ``symbol`` is the identifier that stands there, if one does.
    """

    node: Node
    value: Value | str | None
    symbol: str = ""


@dataclass(slots=True)
class RawEntry:
    """One element of a table. ``key`` is its symbol, or its position in the array."""

    key: str | int
    node: Node
    cells: dict[str, Cell] = field(default_factory=dict)
    #: Members that were set more than once: their first cells.
    earlier: dict[str, Cell] = field(default_factory=dict)


@dataclass(slots=True)
class RawTable:
    """One array of partitions. ``styles`` are the ways in which it is filled."""

    name: str
    kind: Kind
    type_name: str
    node: Node
    external: bool = False
    bound: int | None = None
    entries: dict[str | int, RawEntry] = field(default_factory=dict)
    styles: set[str] = field(default_factory=set)
    #: Statements under an ``if`` or in a loop, and things that are not understood.
    conditional: list[Node] = field(default_factory=list)
    strange: list[tuple[Node, str]] = field(default_factory=list)
    initializer: Node | None = None


class RawReading:
    """One pass over a file, from top to bottom; ``tables`` is the result."""

    def __init__(self, text: CText, elsewhere: RawReading | None = None) -> None:
        self.text = text
        self.tables: dict[str, RawTable] = {}
        self.elsewhere = dict(elsewhere.tables) if elsewhere else {}
        self.enumerators: dict[str, int] = dict(elsewhere.enumerators) if elsewhere else {}
        #: Tables that values are copied from and that this file does not fill.
        self.wanted: list[str] = []
        self.variables: dict[str, Value] = {}
        self.entries = 0
        self.full = False
        self.branch = False
        self.chained = 0
        stack = [(text.root, False)]
        while stack:
            node, self.branch = stack.pop()
            below = self.branch or node.type in _BRANCHES
            stack.extend((child, below) for child in reversed(node.children))
            if node.type == "declaration":
                self._declaration(node)
            elif node.type == "enum_specifier":
                self._enumeration(node)
            elif node.type == "expression_statement":
                for part in _parts(node):
                    self._perform(part)

    # Declarations --------------------------------------------------------------------------------

    def _declaration(self, node: Node) -> None:
        type_node = node.child_by_field_name("type")
        type_name = self.text.said(type_node) if type_node else ""
        kind = kind_of(type_name)
        external = any(self.text.said(c) == "extern" for c in node.children[:3])
        for declarator in node.children_by_field_name("declarator"):
            value = None
            if declarator.type == "init_declarator":
                value = declarator.child_by_field_name("value")
                inner = declarator.child_by_field_name("declarator")
                if inner is None:
                    continue
                declarator = inner
            name, bound, is_array = self._declared(declarator)
            if not name:
                continue
            if kind is not None:
                known = self.tables.get(name)
                if known is None or (known.external and not known.entries) or value is not None:
                    self.tables[name] = RawTable(name, kind, type_name, node, external, bound)
                if value is not None:
                    self._initializer(self.tables[name], value, is_array)
            elif value is not None and not is_array:
                self.variables[name] = self._value(value)

    def _declared(self, declarator: Node) -> tuple[str, int | None, bool]:
        if declarator.type == "identifier":
            return self.text.said(declarator), None, False
        if declarator.type != "array_declarator":
            return "", None, False
        inner = declarator.child_by_field_name("declarator")
        size = declarator.child_by_field_name("size")
        bound = self._value(size) if size else None
        name = self.text.said(inner) if inner and inner.type == "identifier" else ""
        return name, bound if isinstance(bound, int) else None, True

    def _enumeration(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        following = 0
        for item in body.named_children if body else ():
            name = item.child_by_field_name("name") if item.type == "enumerator" else None
            if name is None:
                continue
            given = item.child_by_field_name("value")
            value = self._value(given) if given else following
            if isinstance(value, Unknown):
                return
            self.enumerators[self.text.said(name)] = value
            following = value + 1

    # Initialisers --------------------------------------------------------------------------------

    def _initializer(self, table: RawTable, value: Node, is_array: bool) -> None:
        table.initializer = value
        if value.type != "initializer_list":
            table.strange.append((value, "an initialiser in braces is expected"))
            return
        if not is_array:
            self._members(table, self._entry(table, 0, value), value)
            return
        position: int | None = 0
        for item in value.named_children:
            if item.type == "comment":
                continue
            if item.type == "initializer_pair":
                position = self._designated(table, item)
            elif item.type == "initializer_list" and position is not None:
                table.styles.add("positional")
                self._members(table, self._entry(table, position, item), item)
            elif item.type != "ERROR":
                table.strange.append((item, "its place in the table is not known"))
            position = None if position is None else position + 1

    def _designated(self, table: RawTable, pair: Node) -> int | None:
        """One ``[X] = {...}`` or ``[X].member = value``; the position that it has, if known."""
        designators = pair.children_by_field_name("designator")
        value = pair.child_by_field_name("value")
        first = designators[0] if designators else None
        if first is None or value is None or first.type != "subscript_designator":
            table.strange.append((pair, "an index in brackets is expected"))
            return None
        key = self._key(first.named_children[0] if first.named_child_count else None)
        if key is None:
            table.strange.append((first, "its index is not known"))
            return None
        if len(designators) == 1:
            table.styles.add("designated")
            self._members(table, self._entry(table, key, first, renewed=True), value)
        else:
            table.styles.add("nested")
            member = self._member(designators[1:])
            if member:
                self._set(self._entry(table, key, first), member, value)
        if isinstance(key, int):
            return key
        return self.enumerators.get(key, index_of(key))

    def _members(self, table: RawTable, entry: RawEntry, value: Node, depth: int = 0) -> None:
        if value.type != "initializer_list":
            source = self._copied_entry(value)
            target = self._target(value)
            if source is None and target is not None:
                why = f"table `{target[0].name[:60]}` is in another file"
                for member in ("start", "length"):
                    entry.cells[member] = Cell(value, Unknown(why=why))
            elif source is None:
                table.strange.append((value, "members in braces are expected"))
            else:
                for member, cell in source.cells.items():
                    entry.cells[member] = Cell(value, cell.value, cell.symbol)
            return
        order = FIELDS[table.kind]
        at = 0
        for item in value.named_children:
            if item.type == "comment":
                continue
            if item.type == "initializer_pair":
                designators = item.children_by_field_name("designator")
                inner = item.child_by_field_name("value")
                member = self._member(designators)
                if inner is not None and inner.type == "initializer_list":
                    if depth < _DEEPEST_MEMBERS:
                        self._members(table, entry, inner, depth + 1)  # `.dev = { .id = X }`
                elif member and inner is not None:
                    self._set(entry, member, inner)
                    at = order.index(member) + 1 if member in order else at
            elif at < len(order):
                self._set(entry, order[at], item)
                at += 1

    def _member(self, designators: list[Node]) -> str:
        last = designators[-1] if designators else None
        if last is None or last.type != "field_designator":
            return ""
        return MEMBERS.get(self.text.said(last).lstrip(". \t"), "")

    def _entry(
        self, table: RawTable, key: str | int, node: Node, *, renewed: bool = False
    ) -> RawEntry:
        known = table.entries.get(key)
        if known is not None and not renewed:
            return known
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            self.full = True
            return RawEntry(key, node)
        entry = RawEntry(key, node)
        if known is not None:
            entry.earlier = {**known.earlier, **known.cells}
            del table.entries[key]
        table.entries[key] = entry
        return entry

    def _set(self, entry: RawEntry, member: str, node: Node) -> None:
        known = entry.cells.get(member)
        if known is not None:
            entry.earlier.setdefault(member, known)
        entry.cells[member] = self._cell(node)

    def _key(self, node: Node | None) -> str | int | None:
        if node is None:
            return None
        if node.type == "identifier":
            said = self.text.said(node)
            variable = self.variables.get(said)
            return variable if isinstance(variable, int) else said
        value = self._value(node)
        return value if isinstance(value, int) and 0 <= value < MOST_ENTRIES else None

    # Statements ----------------------------------------------------------------------------------

    def _perform(self, node: Node) -> Value | None:
        """Do an assignment; its value, ``None`` if the node is no assignment."""
        if node.type != "assignment_expression":
            return None
        if self.chained >= _LONGEST_CHAIN:
            return Unknown(why="too many assignments in one")
        self.chained += 1
        value = self._assign(node)
        self.chained -= 1
        return value

    def _assign(self, node: Node) -> Value | None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        sign = node.child_by_field_name("operator")
        if left is None or right is None or sign is None:
            return None
        if left.type == "identifier":
            return self._assign_variable(left, right, sign.type)
        target = self._target(left)
        if target is None:
            return self._value(right)
        table, key, member = target
        table.styles.add("statements")
        if self.branch:
            table.conditional.append(node)
        if not member:
            entry = self._entry(table, key, left, renewed=True)
            self._members(table, entry, right)
            return None
        if sign.type != "=":
            table.strange.append((node, f"`{sign.type}` on a member of a table"))
            return None
        entry = self._entry(table, key, left)
        self._set(entry, member, right)
        value = entry.cells[member].value
        return value if isinstance(value, int | Unknown) else None

    def _assign_variable(self, left: Node, right: Node, sign: str) -> Value:
        name = self.text.said(left)
        value = self._value(right)
        before = self.variables.get(name, Unknown((name,)))
        if sign in ("+=", "-=") and isinstance(before, int) and isinstance(value, int):
            value = before + value if sign == "+=" else before - value
        elif sign != "=":
            value = Unknown((name,))
        hidden = Unknown((name,), "it is set under a condition")
        self.variables[name] = hidden if self.branch else value
        return value

    def _target(self, left: Node) -> tuple[RawTable, str | int, str] | None:
        """The table, index and member that an expression names; the member may be all (``""``)."""
        member = ""
        if left.type == "field_expression":
            name = left.child_by_field_name("field")
            member = MEMBERS.get(self.text.said(name), "") if name else ""
            argument = left.child_by_field_name("argument")
            if not member or argument is None:
                return None
            left = argument
            if left.type == "field_expression":  # `.dev.id`
                inner = left.child_by_field_name("argument")
                left = inner if inner is not None else left
        if left.type != "subscript_expression":
            return None
        array, index = left.child_by_field_name("argument"), left.child_by_field_name("index")
        if array is None or array.type != "identifier":
            return None
        table = self.tables.get(self.text.said(array))
        if table is None and member and member not in ("id",):
            said = self.text.said(array)
            table = RawTable(said, Kind.LOGIC, "hal_logic_partition_t", left, True)
            self.tables[said] = table
        key = self._key(index)
        return None if table is None or key is None else (table, key, member)

    # Values --------------------------------------------------------------------------------------

    def _cell(self, node: Node) -> Cell:
        plain = _stripped(node)
        if plain.type == "assignment_expression":
            value = self._value(plain)
            return Cell(node, value)
        text = string_value(plain)
        if text is not None:
            return Cell(node, text)
        copied = self._copied_cell(plain)
        if copied is not None:
            return Cell(node, copied.value, copied.symbol)
        symbol = self.text.said(plain) if plain.type in ("identifier", "null") else ""
        return Cell(node, self._value(node), symbol)

    def _copied_cell(self, node: Node) -> Cell | None:
        if node.type != "field_expression":
            return None
        target = self._target(node)
        if target is None:
            return None
        table, key, member = target
        if not table.entries and table.external:
            table = self._from_elsewhere(table)
            if not table.entries:
                return Cell(node, Unknown(why=f"table `{table.name[:60]}` is in another file"))
        entry = table.entries.get(key)
        cell = entry.cells.get(member) if entry else None
        return cell or Cell(node, 0)

    def _copied_entry(self, node: Node) -> RawEntry | None:
        target = self._target(node)
        if target is None:
            return None
        table = target[0] if target[0].entries else self._from_elsewhere(target[0])
        return table.entries.get(target[1])

    def _from_elsewhere(self, table: RawTable) -> RawTable:
        self.wanted.append(table.name)
        return self.elsewhere.get(table.name, table)

    def _value(self, node: Node) -> Value:
        return value_of(node, self._name, self._beside)

    def _name(self, name: str) -> Value | None:
        variable = self.variables.get(name)
        if isinstance(variable, Unknown):
            return Unknown((name,), variable.why)
        if variable is not None:
            return variable
        if name in self.enumerators:
            return self.enumerators[name]
        return CONSTANTS.get(name)

    def _beside(self, node: Node) -> Value | None:
        if node.type == "assignment_expression":
            return self._perform(node)
        if node.type == "field_expression":
            cell = self._copied_cell(node)
            return cell.value if cell and isinstance(cell.value, int | Unknown) else None
        return None


def owner_of(cell: Cell | None) -> str | Unknown:
    """The name of the flash that a cell of member ``owner`` names."""
    from flashwright.formats.alios_c_terms import OWNERS

    if cell is None:
        return OWNERS[0]
    named = OWNER_NAME.fullmatch(cell.symbol)
    if named:
        return named[1].lower()
    if isinstance(cell.value, int):
        return OWNERS.get(cell.value, f"flash_{cell.value}")
    return cell.value if isinstance(cell.value, Unknown) else Unknown(why="no flash")


def _parts(statement: Node) -> Iterator[Node]:
    """The expressions of a statement, in the order in which C does them."""
    stack = list(reversed(statement.named_children))
    while stack:
        node = stack.pop()
        if node.type in ("comma_expression", "parenthesized_expression"):
            stack.extend(reversed(node.named_children))
        else:
            yield node


def _stripped(node: Node) -> Node:
    for _ in range(20):
        inner = None
        if node.type == "parenthesized_expression" and node.named_child_count == 1:
            inner = node.named_child(0)
        elif node.type == "cast_expression":
            kind = node.child_by_field_name("type")
            inner = (
                node.child_by_field_name("value") if kind and b"*" in (kind.text or b"") else None
            )
        if inner is None:
            return node
        node = inner
    return node
