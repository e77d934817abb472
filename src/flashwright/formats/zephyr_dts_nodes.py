"""The nodes of a devicetree that was merged from several files, with the bytes that say them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flashwright.diag.finding import Place
from flashwright.formats.c_value import Value


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a property, or a reference (``label``), with its bytes in file ``path``."""

    value: Value
    place: Place
    label: str = ""
    path: str = ""
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Property:
    """A property: its cells and strings in order, and where it is written (``span`` of ``path``).

    ``string_spans`` are the bytes of each string with its quotes.
    """

    name: str
    place: Place
    cells: tuple[Cell, ...] = ()
    strings: tuple[str, ...] = ()
    path: str = ""
    span: tuple[int, int] = (0, 0)
    string_spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One of the places where a node is written: bytes of file ``path``.

    ``span`` goes from its first label to its semicolon, ``unit`` is the unit address, ``labels``
    are names with their bytes, ``body`` lies between the braces, ``top`` is where the outermost
    node around it begins.
    """

    path: str
    span: tuple[int, int]
    unit: tuple[int, int] | None
    labels: tuple[tuple[str, tuple[int, int]], ...]
    body: tuple[int, int]
    top: int


@dataclass(slots=True, eq=False)
class DtNode:
    """A node; ``name`` includes the unit address (``partition@c000``)."""

    name: str
    place: Place
    parent: DtNode | None = None
    labels: list[str] = field(default_factory=list)
    properties: dict[str, Property] = field(default_factory=dict)
    children: dict[str, DtNode] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)

    def cells(self, name: str) -> tuple[Cell, ...]:
        """The cells of a property, none if it is missing."""
        found = self.properties.get(name)
        return found.cells if found else ()

    def text(self, name: str) -> str | None:
        """The first string of a property."""
        found = self.properties.get(name)
        return found.strings[0] if found and found.strings else None

    def number(self, name: str) -> int | None:
        """The first cell of a property, if it is a known number."""
        cells = self.cells(name)
        return cells[0].value if cells and isinstance(cells[0].value, int) else None

    def is_a(self, compatible: str) -> bool:
        """Whether ``compatible`` lists that binding."""
        found = self.properties.get("compatible")
        return found is not None and compatible in found.strings

    def ancestors(self) -> Iterator[DtNode]:
        """Its parent, the parent of that, and so on."""
        up = self.parent
        while up is not None:
            yield up
            up = up.parent

    def walk(self) -> Iterator[DtNode]:
        """The node and all below it, in the order of the tree."""
        stack = [self]
        while stack:
            top = stack.pop()
            yield top
            stack.extend(reversed(top.children.values()))


@dataclass(slots=True)
class Tree:
    """The merged tree, and what happened on the way."""

    root: DtNode
    loose: DtNode
    labels: dict[str, DtNode] = field(default_factory=dict)
    macros: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    #: Labels of nodes that are deleted, and defined nowhere in what was given.
    undefined: list[tuple[str, Place]] = field(default_factory=list)
    #: (message, place) of syntax errors; (names, place) of conditionals on undefined macros.
    errors: list[tuple[str, Place]] = field(default_factory=list)
    conditions: list[tuple[tuple[str, ...], Place]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DtsReading:
    """The merged tree, and the node of each partition of the table, for those who edit a file.

    ``flashes`` are the nodes that hold partitions, by the name of the flash.
    """

    tree: Tree
    nodes: tuple[DtNode, ...]
    flashes: dict[str, DtNode]


def width_of(node: DtNode | None, name: str, cells: int = 2) -> int:
    """Cells of an address or size; where nobody says it, half of the cells that there are."""
    said = node.number(name) if node is not None else None
    if said is not None and 0 <= said <= 4:
        return said
    return 2 if cells >= 4 else 1


def joined(values: Sequence[object]) -> int | None:
    """The number that cells make, the high one first; ``None`` where one is not known."""
    number = 0
    for value in values:
        if not isinstance(value, int) or not -(1 << 32) < value < 1 << 64:
            return None
        number = number << 32 | value if len(values) > 1 else value
    return number
