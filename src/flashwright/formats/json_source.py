"""JSON with the place of every key and value.

The values are those of Python's ``json``, the places come from tree-sitter's syntax tree of the
same text. Lines and columns count from 1, columns in characters. A comment is not JSON, but the
vendors' files have some (``//`` and ``/* */``): they are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from flashwright.base.record import record
from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page
from flashwright.formats.format import LARGEST_TEXT, Source
from flashwright.formats.placed import PlacedDocument, Spot, ValuePath

if TYPE_CHECKING:
    from tree_sitter import Node

#: Deeper nesting than any layout file has.
DEEPEST = 100

_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.S)


@record()
class JsonDocument(PlacedDocument):
    """A parsed file: its value, and where each part of it is written."""

    path: str
    text: str
    data: Any
    spots: Mapping[ValuePath, Spot]


def parse_json(source: Source) -> JsonDocument | tuple[Finding, ...]:
    """The document in ``source``, or why it is none (FMT024, FMT025)."""
    place = Place(source.path)
    if len(source.data) > LARGEST_TEXT:
        return (_unusable(f"{len(source.data)} bytes, at most {LARGEST_TEXT} are read", place),)
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = source.data.count(b"\n", 0, fault.start) + 1
        return (_unusable("not UTF-8 text", Place(source.path, line)),)
    if _deepest(text) > DEEPEST:
        return (_unusable(f"nested more than {DEEPEST} deep", place),)
    plain = _COMMENT.sub(_blank, text)
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            names = [name for name, _ in pairs]
            repeated.extend(sorted({n for n in names if names.count(n) > 1}))
        return result

    try:
        data = json.loads(plain, object_pairs_hook=once)
    except json.JSONDecodeError as fault:
        at = Place(source.path, fault.lineno, fault.colno)
        return (error("FMT024", f"not JSON: {fault.msg.lower()}", "see https://json.org", at),)
    except (ValueError, RecursionError):
        return (_unusable("a number has more digits than any number here", place),)
    if repeated:
        help = "only the last one counts; remove the others"
        return (error("FMT024", f"the key `{repeated[0]}` is there twice", help, place),)
    return JsonDocument(source.path, text, data, _spots(source.path, plain))


def _unusable(why: str, place: Place) -> Finding:
    return error("FMT025", f"not a usable JSON file: {why}", "", place)


def _blank(match: re.Match[str]) -> str:
    """A comment as blanks, as many characters and lines; a text as it is."""
    found = match[0]
    if found.startswith('"'):
        return found
    return "".join("\n" if c == "\n" else " " for c in found)


def _deepest(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _spots(path: str, text: str) -> dict[ValuePath, Spot]:
    import tree_sitter
    import tree_sitter_json

    raw = text.encode()
    lines = raw.split(b"\n")
    starts = [0, *accumulate(len(line.decode()) + 1 for line in lines)]
    language = tree_sitter.Language(tree_sitter_json.language())
    root = tree_sitter.Parser(language).parse(raw).root_node
    spots: dict[ValuePath, Spot] = {}

    def column(point: tuple[int, int]) -> int:
        """How many characters of its line stand before ``point``."""
        return len(lines[point[0]][: point[1]].decode("utf-8", "replace"))

    def note(node: Node, at: ValuePath) -> None:
        first, last = node.start_point, node.end_point
        place = Place(path, first[0] + 1, column(first) + 1)
        spots[at] = Spot(place, starts[first[0]] + column(first), starts[last[0]] + column(last))
        if node.type == "object":
            for pair in node.named_children:
                if pair.type == "pair" and len(pair.named_children) == 2:
                    key, value = pair.named_children
                    note(value, (*at, _key(key)))
        elif node.type == "array":
            for index, child in enumerate(node.named_children):
                note(child, (*at, index))

    for child in root.named_children:
        note(child, ())
    return spots


def _key(node: Node) -> str:
    raw = (node.text or b"").decode("utf-8", "replace")
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw


PAGES: tuple[Page, ...] = (
    page("FMT024", "json-syntax", Severity.ERROR, "The file is not JSON at this place."),
    page(
        "FMT025",
        "json-unusable",
        Severity.ERROR,
        """The file cannot be read as JSON at all: not UTF-8, too large, or nested too deeply.""",
    ),
)
