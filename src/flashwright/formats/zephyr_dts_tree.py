"""Devicetree sources merged into one tree, as dtc does it: nodes, properties, labels, places.

Files are taken in order (board, then overlays); ``#include`` and ``/include/`` are followed into
the files that the caller gave, and passed over where they are not among them. Later properties
replace earlier ones; ``/delete-node/``, ``/delete-property/`` and nodes by label (``&flash0``) work
as in dtc. A label that nothing defines gets a node of its own below ``Tree.loose``.

Limits: object-like ``#define``, ``#if``, ``#ifdef``; ``DT_SIZE_K``, ``DT_SIZE_M``; other macros
with arguments are not known. 1 MiB a file, includes 20 deep, nodes 60 deep, 50 000 nodes,
properties and cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from flashwright.base.text import printable
from flashwright.diag.finding import Place
from flashwright.formats.c_integer import Arithmetic, literal
from flashwright.formats.c_source import (
    LARGEST_C,
    TooMuchError,
    expression_root,
    given_file,
    parsed,
)
from flashwright.formats.c_value import Unknown, Value, value_of
from flashwright.formats.format import Source
from flashwright.formats.zephyr_dts_nodes import Cell, DtNode, Property, Site, Tree

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_DEEPEST_NODE = 60
_DEEPEST_INCLUDE = 20
_LARGEST_TREE = 50_000
_UNITS = {"DT_SIZE_K": 1 << 10, "DT_SIZE_M": 1 << 20}
_DEFINED = re.compile(rb"\bdefined\s+(\w+)")


def merged_tree(files: list[Source], defines: Mapping[str, str]) -> Tree:
    """The tree that ``files`` make, in order; raises ``TooMuchError`` beyond the limits."""
    nowhere = Place(files[0].path if files else "")
    tree = Tree(DtNode("/", nowhere), DtNode("", nowhere))
    tree.macros = {name: value.encode() for name, value in defines.items()}
    merger = _Merger(tree, {k: v for f in files for k, v in f.others.items()})
    for file in files:
        merger.file(file.path, file.data, 0)
    return tree


#: Strings and comments, and numbers with what the grammar of the parser does not know: ``0X`` and
#: the suffixes of dtc (which takes them in upper case only).
_NUMBERS = re.compile(
    rb""""(?:[^"\\]|\\.)*+"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/"""
    rb"|(?<![\w@.#,])(?<![A-Za-z_][-+])(?:0(X)[0-9a-fA-F]+|0x[0-9a-fA-F]+|[0-9]+)"
    rb"(ULL|UL|LL|U|L)?(?![\w.@])",
    re.S,
)


def _with_plain_numbers(data: bytes) -> bytes:
    """``data``, as long as it was, with ``0X10`` as ``0x10`` and spaces for suffixes."""

    def plain(match: re.Match[bytes]) -> bytes:
        said = b"0x" + match[0][2:] if match[1] else match[0]
        return said[: len(said) - len(match[2] or b"")].ljust(len(said))

    return _NUMBERS.sub(plain, data)


class _Merger:
    def __init__(self, tree: Tree, others: Mapping[str, bytes]) -> None:
        self.tree = tree
        self.others = others
        self.path = ""
        self.data = b""
        self.left = _LARGEST_TREE
        self.top = 0
        self.asked: set[str] = set()

    def file(self, path: str, data: bytes, depth: int) -> None:
        if len(data) > LARGEST_C:
            raise TooMuchError(f"{len(data)} bytes; files up to {LARGEST_C} bytes are read")
        if depth > _DEEPEST_INCLUDE:
            raise TooMuchError(f"files include each other more than {_DEEPEST_INCLUDE} deep")
        before = (self.path, self.data, self.top)
        self.path, self.data = path, data
        root = parsed(_dts_parser(), _with_plain_numbers(data))
        if root.has_error:
            self.note_errors(root)
        self.items(root.children, None, depth)
        self.path, self.data, self.top = before

    def note_errors(self, root: Node) -> None:
        stack = [root]
        while stack and len(self.tree.errors) < 5:
            node = stack.pop()
            if node.is_error or node.is_missing:
                self.tree.errors.append(("syntax error", self.place(node)))
            elif node.has_error:
                stack.extend(reversed(node.children))

    def items(self, nodes: list[Node], into: DtNode | None, depth: int) -> None:
        if depth > _DEEPEST_NODE:
            raise TooMuchError(f"nodes lie more than {_DEEPEST_NODE} deep")
        for node in nodes:
            kind = node.type
            if kind == "node":
                self.node(node, into, depth)
            elif kind == "property" and into is not None:
                self.property(node, into)
            elif kind == "delete_node":
                self.delete_node(node, into)
            elif kind == "delete_property" and into is not None:
                name = node.child_by_field_name("name")
                into.properties.pop(_said(name), None)
            elif kind in ("preproc_include", "dtsi_include"):
                self.include(node, depth)
            elif kind == "preproc_def":
                self.define(node)
            elif kind == "preproc_undef":
                words = _said(node).split()
                self.tree.macros.pop(words[-1] if words else "", None)
            elif kind in ("preproc_if", "preproc_ifdef"):
                self.conditional(node, into, depth)
            elif kind == "ERROR":
                self.items(node.children, into, depth + 1)

    def node(self, node: Node, into: DtNode | None, depth: int) -> None:
        self.spend()
        name = node.child_by_field_name("name")
        labels = [_said(n) for n in node.children_by_field_name("label")]
        if name is None:
            return
        if into is None:
            self.top = node.start_byte
        if name.type == "reference":
            target = self.referenced(name)
        elif into is None and _said(name) == "/":
            target = self.tree.root
        else:
            address = "".join(_said(n) for n in node.children_by_field_name("address"))
            full = _said(name) + address
            parent = into if into is not None else self.tree.root
            target = parent.children.get(full) or DtNode(full, self.place(node), parent)
            parent.children[full] = target
        target.sites.append(self.site(node))
        for label in labels:
            if label not in target.labels:
                target.labels.append(label)
            self.tree.labels[label] = target
        self.items(node.children, target, depth + 1)

    def site(self, node: Node) -> Site:
        """The bytes of a node and of what can be changed in it."""
        braces = {child.type: child for child in node.children if child.type in ("{", "}")}
        opened, closed = braces.get("{"), braces.get("}")
        body = (
            opened.end_byte if opened else node.end_byte,
            closed.start_byte if closed else node.end_byte,
        )
        units = node.children_by_field_name("address")
        unit = (units[-1].start_byte, units[-1].end_byte) if units else None
        labels = tuple(
            (_said(n), (n.start_byte, n.end_byte)) for n in node.children_by_field_name("label")
        )
        span = (node.start_byte, node.end_byte)
        return Site(self.path, span, unit, labels, body, self.top)

    def referenced(self, reference: Node) -> DtNode:
        """The node that ``&label`` or ``&{/path}`` names; a loose one if there is none."""
        label = reference.child_by_field_name("label")
        name = _said(label) if label is not None else _said(reference).strip("&{} ")
        found = self.tree.labels.get(name) if label is not None else self.by_path(name)
        if found is None:
            found = self.tree.loose.children.get(name)
        if found is None:
            found = DtNode(name, self.place(reference), self.tree.loose)
            if label is not None:
                found.labels.append(name)
            self.tree.loose.children[name] = found
        return found

    def by_path(self, path: str) -> DtNode | None:
        at: DtNode | None = self.tree.root
        for part in path.strip("/").split("/"):
            if at is None or not part:
                break
            at = at.children.get(part)
        return at

    def delete_node(self, node: Node, into: DtNode | None) -> None:
        name = node.child_by_field_name("name")
        if name is None:
            return
        if name.type == "reference":
            target = self.referenced(name)
            if target.parent is self.tree.loose and len(self.tree.undefined) < 50:
                self.tree.undefined.append((target.name, self.place(name)))
        else:
            address = "".join(_said(n) for n in node.children_by_field_name("address"))
            found = into.children.get(_said(name) + address) if into is not None else None
            if found is None:
                return
            target = found
        if target.parent is not None:
            target.parent.children.pop(target.name, None)
        for gone in target.walk():
            for label in gone.labels:
                if self.tree.labels.get(label) is gone:
                    del self.tree.labels[label]

    def property(self, node: Node, into: DtNode) -> None:
        self.spend()
        name = _said(node.child_by_field_name("name"))
        cells: list[Cell] = []
        strings: list[str] = []
        spans: list[tuple[int, int]] = []
        for value in node.children_by_field_name("value"):
            if value.type == "string_literal":
                strings.append(_said(value)[1:-1])
                spans.append((value.start_byte, value.end_byte))
            elif value.type == "integer_cells":
                cells.extend(self.cells(value))
            elif value.type == "reference":
                cells.append(self.reference(value))
        into.properties[name] = Property(
            name,
            self.place(node),
            tuple(cells),
            tuple(strings),
            self.path,
            (node.start_byte, node.end_byte),
            tuple(spans),
        )

    def reference(self, node: Node) -> Cell:
        """A cell that names another node."""
        span = (node.start_byte, node.end_byte)
        label = _said(node).lstrip("&")
        return Cell(Unknown(why="a reference"), self.place(node), label, self.path, span)

    def cells(self, node: Node) -> Iterator[Cell]:
        for child in self.separate(node):
            self.spend()
            if child.type == "reference":
                yield self.reference(child)
                continue
            place, span = self.place(child), (child.start_byte, child.end_byte)
            yield Cell(self.value(child), place, "", self.path, span)

    def separate(self, node: Node) -> Iterator[Node]:
        """The cells; ``NAME (1 + 2)`` looks like a call, but is two cells if NAME is a value."""
        for child in node.named_children:
            function = child.child_by_field_name("function")
            arguments = child.child_by_field_name("arguments")
            if child.type == "comment":
                continue
            if function is not None and arguments and _said(function) in self.tree.macros:
                yield function
                yield arguments
            else:
                yield child

    def value(self, node: Node) -> Value:
        said = node.text or b""
        if node.type == "integer_literal":
            plain = literal(said.decode("latin-1"))
            return Unknown(why="no integer") if plain is None else plain
        return self.expression(said, 0)

    def expression(self, text: bytes, depth: int) -> Value:
        """The value of an expression of C; macros with arguments are not known."""
        self.spend()
        root = expression_root(text)
        if root is None or depth > 30:
            shown = printable(text[:200].decode("utf-8", "replace"), 60)
            return Unknown(why=f"`{shown}` is no expression")

        def lookup(name: str) -> Value | None:
            said = self.tree.macros.get(name)
            return None if said is None else self.expression(said, depth + 1)

        def other(node: Node) -> Value | None:
            if node.type != "call_expression":
                return None
            function = _said(node.child_by_field_name("function"))
            arguments = node.child_by_field_name("arguments")
            if arguments is None or arguments.named_child_count != 1:
                return None
            argument = arguments.named_children[0]
            if function == "defined":
                known = _said(argument) in self.tree.macros
                if not known:
                    self.asked.add(_said(argument))
                return int(known)
            unit = _UNITS.get(function)
            value = value_of(argument, lookup, other, Arithmetic.EXACT) if unit else None
            return value * unit if isinstance(value, int) and unit else value

        return value_of(root, lookup, other, Arithmetic.EXACT)

    def include(self, node: Node, depth: int) -> None:
        name = _said(node.child_by_field_name("path")).strip('<>"')
        found = given_file(self.others, name)
        if found is None:
            if len(self.tree.missing) < 50:
                self.tree.missing.append(name)
        elif found.endswith((".h", ".hpp")):
            self.header(self.others[found])
        else:
            self.file(found, self.others[found], depth + 1)

    def header(self, data: bytes) -> None:
        """The plain macros of a C header: names of registers, sizes."""
        for match in re.finditer(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([^\n]*)", data, re.M):
            self.spend()
            self.tree.macros[match[1].decode("latin-1")] = match[2].strip()

    def define(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        said = (value.text or b"") if value is not None else b""
        plain = re.sub(rb"/\*.*?\*/|//.*|\\\r?\n", b" ", said, flags=re.S).strip()
        self.tree.macros[_said(node.child_by_field_name("name"))] = plain

    def conditional(self, node: Node | None, into: DtNode | None, depth: int) -> None:
        """``#if``, ``#ifdef`` and what follows: the branch that the preprocessor would take."""
        for _ in range(1000):
            if node is None:
                return
            self.asked = set()
            taken = self.holds(node)
            if self.asked and len(self.tree.conditions) < 50:
                self.tree.conditions.append((tuple(sorted(self.asked)), self.place(node)))
            if taken:
                body = [c for c in node.children if c.type not in ("preproc_else", "preproc_elif")]
                self.items(body, into, depth + 1)
                return
            node = node.child_by_field_name("alternative")

    def holds(self, node: Node) -> bool:
        if node.type == "preproc_else":
            return True
        if node.type in ("preproc_ifdef", "preproc_elifdef"):
            name = _said(node.child_by_field_name("name"))
            known = name in self.tree.macros
            if not known:
                self.asked.add(name)
            return known is (node.children[0].type not in ("#ifndef", "#elifndef"))
        condition = node.child_by_field_name("condition")
        text = _DEFINED.sub(rb"defined(\1)", (condition.text or b"") if condition else b"0")
        value = self.expression(text, 0)
        if isinstance(value, Unknown):
            self.asked.update(value.names)
            return False
        return bool(value)

    def place(self, node: Node) -> Place:
        row, column = node.start_point
        return Place(self.path, row + 1, column + 1)

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuchError(
                f"more than {_LARGEST_TREE} nodes, properties, cells and macro values"
            )


def _said(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


@lru_cache(maxsize=1)
def _dts_parser() -> Parser:
    import tree_sitter_devicetree
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_devicetree.language()))
