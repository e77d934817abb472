"""YAML with the place of every key and value, and edits that change nothing else.

The text is composed to nodes, never constructed to objects: no tag is obeyed, and an alias is a
second way to a node, so that it cannot grow the file. Lines and columns count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flashwright.base.record import record
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page
from flashwright.formats.format import Source
from flashwright.formats.placed import PlacedDocument, Spot, ValuePath

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

#: Bytes of the largest file that is read: known ones have 6 KB, and a megabyte takes a minute.
LARGEST_YAML = 64 << 10

#: Deeper nesting, and more nodes (aliases followed), than any layout file has.
DEEPEST, MOST_NODES = 50, 50_000

#: Repeated keys that are told one by one.
MOST_REPEATED = 20


@record()
class YamlDocument(PlacedDocument):
    """A parsed file: mappings, lists and plain scalars as text; where each is written."""

    path: str
    text: str
    data: Any
    spots: Mapping[ValuePath, Spot]


class _RefusedError(Exception):
    """The nodes are more than a layout file has."""


def parse_yaml(source: Source) -> YamlDocument | tuple[Finding, ...]:
    """The document in ``source``, or why it is none (FMT022, FMT023)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    place = Place(source.path)
    if len(source.data) > LARGEST_YAML:
        return (_unusable(f"{len(source.data)} bytes, at most {LARGEST_YAML} are read", place),)
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = source.data.count(b"\n", 0, fault.start) + 1
        return (_unusable("not UTF-8 text", Place(source.path, line)),)
    if _deepest(text) > DEEPEST:
        return (_unusable(f"nested more than {DEEPEST} deep", place),)
    try:
        reader = YAML(typ="safe", pure=True)
        # An anchor may be given again (YAML 1.2, 3.2.2.2): an alias means the last one before it.
        reader.composer.warn_double_anchors = False
        root = reader.compose(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark
        at = Place(source.path, mark.line + 1, mark.column + 1) if mark else place
        return (error("FMT022", f"not YAML: {fault.problem or 'it cannot be read'}", "", at),)
    except (YAMLError, RecursionError, ValueError) as fault:
        return (_unusable(str(fault).split("\n")[0][:120] or "it cannot be read", place),)
    walker = _Walker(source.path)
    try:
        data = walker.value(root, (), 0)
    except _RefusedError as fault:
        return (_unusable(str(fault), place),)
    if walker.repeated:
        return tuple(walker.repeated)
    return YamlDocument(source.path, text, data, walker.spots)


class _Walker:
    """Nodes to plain values; every scalar is text."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spots: dict[ValuePath, Spot] = {}
        self.repeated: list[Finding] = []
        self._nodes = 0

    def value(self, node: Node | None, path: ValuePath, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > DEEPEST:
            raise _RefusedError(
                f"more than {MOST_NODES} values, aliases followed, or nested too deeply"
            )
        if node is None:
            return None
        mark = node.start_mark
        place = Place(self.path, mark.line + 1, mark.column + 1)
        if path:
            self.spots[path] = Spot(place, mark.index, node.end_mark.index)
        kind = type(node).__name__
        if kind == "MappingNode":
            return self._mapping(node, path, depth)
        if kind == "SequenceNode":
            items = enumerate(node.value)
            return [self.value(child, (*path, n), depth + 1) for n, child in items]
        return str(node.value)

    def _mapping(self, node: Node, path: ValuePath, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, child in node.value:
            name = str(key.value) if isinstance(key.value, str) else "?"
            if name in result and len(self.repeated) < MOST_REPEATED:
                mark = key.start_mark
                at = Place(self.path, mark.line + 1, mark.column + 1)
                help = "only the last one would count; remove the others"
                self.repeated.append(
                    error("FMT022", f"the key `{printable(name, 40)}` is there twice", help, at)
                )
            result[name] = self.value(child, (*path, name), depth + 1)
        return result


def number(said: object) -> int | None:
    """The number of a scalar, ``None`` if it is none below 2^64.

    Decimal, ``0x``, ``0b``, ``0o``, and octal after a leading 0, as the build tools read it.
    """
    if not isinstance(said, str) or len(said) > 24:
        return None
    plain = said.strip().replace("_", "")
    try:
        value = int(plain, 8) if re.fullmatch("0[0-7]+", plain) else int(plain, 0)
    except ValueError:
        return None
    return value if 0 <= value < 1 << 64 else None


def _deepest(text: str) -> int:
    depth = deepest = 0
    for line in text.split("\n"):
        dashes = len(line) - len(line.lstrip("- \t?"))
        deepest = max(deepest, line[:dashes].count("-") + line[:dashes].count("?"))
        for character in line:
            if character in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif character in "]}":
                depth = max(0, depth - 1)
    return deepest


def _unusable(why: str, place: Place) -> Finding:
    return error("FMT023", f"not a usable YAML file: {why}", "", place)


PAGES: tuple[Page, ...] = (
    page("FMT022", "yaml-syntax", Severity.ERROR, "The file is not YAML at this place."),
    page(
        "FMT023",
        "yaml-unusable",
        Severity.ERROR,
        """The file cannot be read as YAML at all: not UTF-8, too large, nested too deeply, or its
        aliases name more values than any layout has.""",
    ),
)
