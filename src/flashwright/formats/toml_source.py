"""TOML with the place of every key and value.

The values are those of ``tomllib``; the places come from ``formats.toml_scan`` where the text is as
simple as most, and else from tree-sitter's syntax tree of it, which is made when a place is asked
for that only it knows. Lines and columns count from 1, columns in characters. Text that is not
TOML, not UTF-8, too large or nested too deeply is findings (FMT020, FMT021).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page
from flashwright.formats.format import LARGEST_TEXT, Source
from flashwright.formats.toml_scan import Path, Spots, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tree_sitter import Node, Tree

#: Deeper brackets than any layout file has; Python's own TOML reader would run out of stack.
DEEPEST = 50

#: A dotted key of more parts than this is refused.
LONGEST_KEY = 20


class TomlDocument:
    """A parsed file: its values as ``tomllib`` gives them, and where they are written."""

    def __init__(self, path: str, data: Mapping[str, Any], text: str) -> None:
        self.path = path
        self.data = data
        self._text = text
        self._whole = False
        self._values: Spots = {}
        self._keys: Spots = {}
        spots = scan(text)
        if spots is None:
            self._read_tree()
        else:
            self._values, self._keys = spots

    def place(self, *path: str | int) -> Place:
        """The place of the value at ``path``, or of its nearest ancestor that is written."""
        self._look(path)
        return self._nearest(self._values, path)

    def key_place(self, *path: str | int) -> Place:
        """The place of the key at ``path``, or of its nearest ancestor that is written."""
        self._look(path)
        return self._nearest(self._keys, path)

    def _nearest(self, places: Spots, path: Path) -> Place:
        for length in range(len(path), 0, -1):
            found = places.get(path[:length]) or self._keys.get(path[:length])
            if found:
                return Place(self.path, *found)
        return Place(self.path)

    def _look(self, path: Path) -> None:
        """Read the syntax tree if only it knows of something on the way to ``path``."""
        value: Any = self.data
        for length, part in enumerate(path, 1):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return  # not written: its ancestors are known
            # At the top there are also tables that only the headers of their own tables imply.
            if length > 1 and not self._whole and path[:length] not in self._keys:
                self._read_tree()

    def _read_tree(self) -> None:
        self._values, self._keys = _places(_tree(self._text), self._text)
        self._whole = True


def parse_toml(source: Source) -> TomlDocument | tuple[Finding, ...]:
    """The document in ``source``, or every reason why it is none."""
    import tomllib

    if len(source.data) > LARGEST_TEXT:
        return (_unusable(source, f"{len(source.data)} bytes, at most {LARGEST_TEXT} are read"),)
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = source.data.count(b"\n", 0, fault.start) + 1
        return (
            error(
                "FMT021",
                f"byte 0x{source.data[fault.start]:02X} is not UTF-8 text",
                "save the file as UTF-8",
                Place(source.path, line),
            ),
        )
    if _deepest(text) > DEEPEST:
        return (_unusable(source, f"brackets are nested more than {DEEPEST} deep"),)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        return _syntax_errors(source, text, _tree(text), fault)
    except ValueError:
        return (_unusable(source, "a number has more digits than any number here"),)
    return TomlDocument(source.path, data, text)


def _unusable(source: Source, why: str) -> Finding:
    return error("FMT021", f"not a usable TOML file: {why}", "", Place(source.path))


def _deepest(text: str) -> int:
    """How deep brackets are nested at most, strings and comments included (so at least that)."""
    depth = deepest = 0
    for line in text.split("\n"):
        depth = 0 if line.startswith("[") else depth
        for character in line:
            if character in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif character in "]}":
                depth = max(0, depth - 1)
        if line.count(".") > LONGEST_KEY and "=" not in line.split(".", LONGEST_KEY)[0]:
            head = line.split("=", 1)[0]
            if head.count(".") > LONGEST_KEY and '"' not in head and "#" not in head:
                deepest = max(deepest, DEEPEST + 1)
    return deepest


def _tree(text: str) -> Tree:
    import tree_sitter
    import tree_sitter_toml

    language = tree_sitter.Language(tree_sitter_toml.language())
    return tree_sitter.Parser(language).parse(text.encode())


def _places(tree: Tree, text: str) -> tuple[Spots, Spots]:
    values: Spots = {}
    keys: Spots = {}
    lines = text.encode().split(b"\n")
    counts: dict[Path, int] = {}

    def at(node: Node) -> tuple[int, int]:
        row, column = node.start_point
        return row + 1, len(lines[row][:column].decode("utf-8", "replace")) + 1

    def note_key(path: Path, node: Node) -> None:
        keys.setdefault(path, at(node))

    def absolute(parts: tuple[str, ...]) -> Path:
        """The path of a header: an array of tables is entered at its last element."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in counts:
                path = (*path, counts[path] - 1)
        return path

    def walk(node: Node, inside: Path) -> None:
        for pair in (c for c in node.named_children if c.type == "pair"):
            key, value = [c for c in pair.named_children if c.type != "comment"][:2]
            path = inside
            for part, part_node in _key_parts(key):
                path = (*path, part)
                note_key(path, part_node)
            values[path] = at(value)
            note_value(value, path)

    def note_value(value: Node, path: Path) -> None:
        if value.type == "inline_table":
            walk(value, path)
        elif value.type == "array":
            items = [c for c in value.named_children if c.type != "comment"]
            for index, item in enumerate(items):
                values[(*path, index)] = at(item)
                note_value(item, (*path, index))

    walk(tree.root_node, ())
    for table in tree.root_node.named_children:
        if table.type not in ("table", "table_array_element") or not table.named_children:
            continue
        header = table.named_children[0]
        parts = tuple(part for part, _ in _key_parts(header))
        if table.type == "table_array_element":
            path = (*absolute(parts[:-1]), parts[-1])
            counts[path] = counts.get(path, 0) + 1
            note_key(path, header)
            path = (*path, counts[path] - 1)
        else:
            path = absolute(parts)
        note_key(path, header)
        values.setdefault(path, at(header))
        walk(table, path)
    return values, keys


def _key_parts(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type == "dotted_key":
        for child in node.named_children:
            yield from _key_parts(child)
        return
    raw = (node.text or b"").decode("utf-8", "replace")
    yield (_unquoted(raw) if node.type == "quoted_key" else raw), node


def _unquoted(raw: str) -> str:
    import tomllib

    try:
        return next(iter(tomllib.loads(f"{raw} = 0")))
    except (tomllib.TOMLDecodeError, StopIteration):
        return raw.strip("\"'")


def _syntax_errors(source: Source, text: str, tree: Tree, fault: Exception) -> tuple[Finding, ...]:
    import re

    message = str(fault)
    match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    place = Place(source.path)
    if match:
        message = message[: match.start()]
        place = Place(source.path, int(match[1]), int(match[2]))
    elif message.endswith("(at end of document)"):
        message = message.removesuffix(" (at end of document)") + ", the file ends before that"
        place = Place(source.path, text.count("\n") + 1)
    help = 'see https://toml.io; texts stand in quotes: name = "kv"'
    found = [error("FMT020", f"not TOML: {message[:1].lower()}{message[1:]}", help, place)]
    for line in _error_lines(tree):
        if abs(line - place.line) > 1 and len(found) < 20:
            found.append(error("FMT020", "not TOML here", help, Place(source.path, line)))
    return tuple(found)


def _error_lines(tree: Tree) -> list[int]:
    lines: set[int] = set()
    waiting = [tree.root_node]
    while waiting and len(lines) < 50:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            lines.add(node.start_point[0] + 1)
        elif node.has_error:
            waiting.extend(node.children)
    return sorted(lines)


PAGES: tuple[Page, ...] = (
    page(
        "FMT020",
        "toml-syntax",
        Severity.ERROR,
        """The file is not TOML at this place.

        ## How to fix
        The usual slips: a text without quotes, a comma at the end of a line, a key that is given
        twice, `:` instead of `=`.
        """,
    ),
    page(
        "FMT021",
        "toml-unusable",
        Severity.ERROR,
        """The file cannot be read as TOML at all: not UTF-8, too large, or nested too deeply.""",
    ),
)
