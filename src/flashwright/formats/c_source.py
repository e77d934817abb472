"""C text as a compiler sees it, with the way back to the place that each token was written at.

The text goes through the preprocessor pcpp (macros, conditionals, includes that the caller gave)
and then through tree-sitter. Each token of the result knows its byte offset in the file that it
came from; what a macro expanded to counts as written where the macro was used.

Laws: no file is opened and nothing is executed; an ``#include`` is looked up in the given files
only and passed over where it is not among them; no clock (``__DATE__`` is not defined). Bounded in
time and memory: ``LARGEST_C`` bytes a file, ``LARGEST_WORK`` tokens read and made, ``DEEPEST``
nested expansions; beyond that the text is refused, with the reason.

Limits: ``#if`` sees integers only; trigraphs are not replaced (as GNU C does not); ``#error`` is
passed over. A macro that the file does not know is left in place, so that a reader can name it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from flashwright.diag.finding import Place

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

#: The largest C file that is read, in bytes; layouts are a hundred times smaller.
LARGEST_C = 1 << 20
#: Calls that tree-sitter may make to ask whether to go on (one for some hundred steps).
_LONGEST_PARSE = 15_000
#: Bytes that tree-sitter is handed at a time; it copies as much for the text of each node.
_CHUNK = 256


class TooMuchError(Exception):
    """The text is larger or more complex than the limits of this module; the message says how."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a token comes from: byte range in file ``path``; ``raw`` if it stands there itself."""

    path: str
    start: int
    end: int
    raw: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """A malformed directive or macro: what is wrong, and where."""

    message: str
    path: str
    offset: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A conditional that asked for undefined macros; its bytes from ``#if`` to ``#endif``."""

    names: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class CText:
    """Preprocessed C: the bytes that the compiler would see, and where they come from.

    ``data`` is the file itself, ``files`` all files that took part, ``faults`` what was malformed,
    ``conditions`` the conditionals of the file itself that undefined macros decided, ``missing``
    the includes that were not given, ``macros`` the names of all macros defined at the end.
    """

    path: str
    data: bytes
    text: bytes
    starts: list[int]
    origins: list[Origin]
    files: Mapping[str, bytes]
    faults: tuple[Fault, ...] = ()
    conditions: tuple[Condition, ...] = ()
    missing: tuple[str, ...] = ()
    macros: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def root(self) -> Node:
        """The syntax tree; raises ``TooMuchError`` where it takes too long to make."""
        return parsed(_c_parser(), self.text)

    def origin(self, offset: int) -> Origin | None:
        """Where the token at ``offset`` of ``text`` comes from; ``None`` if there is no token."""
        at = bisect_right(self.starts, offset) - 1
        return self.origins[at] if at >= 0 else None

    def place(self, node: Node) -> Place:
        """Line and column that ``node`` starts at, in the file that it is written in."""
        origin = self.origin(node.start_byte)
        if origin is None:
            return Place(self.path)
        return place_at(origin.path, self.files.get(origin.path, b""), origin.start)

    def span(self, node: Node) -> tuple[int, int] | None:
        """The bytes of ``data`` that say ``node``, if they lie in the file itself as one piece."""
        first, last = self.origin(node.start_byte), self.origin(max(node.end_byte - 1, 0))
        if first is None or last is None or first.path != self.path or last.path != self.path:
            return None
        if first.start > last.start:
            return None
        if not last.raw and self.data[last.end : last.end + 80].lstrip().startswith(b"("):
            return None  # a macro with arguments: its end is not known
        return first.start, last.end

    def said(self, node: Node) -> str:
        """The text of ``node`` after preprocessing."""
        return (node.text or b"").decode("utf-8", "replace")


def place_at(path: str, data: bytes, offset: int) -> Place:
    """The place of byte ``offset`` of ``data``: columns count characters."""
    before = data[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return Place(path, before.count(b"\n") + 1, column)


def parsed(parser: Parser, text: bytes) -> Node:
    """The syntax tree of ``text``; raises ``TooMuchError`` where making it takes too many steps."""
    left = _LONGEST_PARSE

    def too_long(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def read(offset: int, _point: object) -> bytes:
        return text[offset : offset + _CHUNK]

    try:
        return parser.parse(read, progress_callback=too_long).root_node
    except ValueError:
        parser.reset()
        raise TooMuchError("its syntax takes too long to be parsed") from None


def walk(node: Node) -> Iterator[Node]:
    """All nodes from ``node`` down, in the order of the text, without recursion."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(top.children))


def given_file(others: Mapping[str, bytes], name: str) -> str | None:
    """The path among the given files that ``#include "name"`` means; ``None`` if there is none."""
    if name in others:
        return name
    ends = [path for path in others if path.endswith("/" + name)]
    return min(ends, key=lambda path: (len(path), path), default=None)


def string_value(node: Node) -> str | None:
    """The text of a string literal (adjacent literals joined), ``None`` for anything else."""
    for _ in range(50):
        if node.type != "parenthesized_expression" or node.named_child_count != 1:
            break
        node = node.named_children[0]
    if node.type == "concatenated_string":
        parts = [_literal(part) for part in node.named_children]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    return _literal(node)


def _literal(node: Node) -> str | None:
    if node.type != "string_literal":
        return None
    inner = node.text or b""
    return _ESCAPE.sub(_unescaped, inner[inner.find(b'"') + 1 : -1]).decode("utf-8", "replace")


def c_string(text: str) -> str:
    """``text`` as a C string literal; everything that is not plain ASCII text stays UTF-8."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "?" and out and out[-1].endswith("?"):
            out.append("\\?")  # lest it be a trigraph
        elif char.isprintable():
            out.append(char)
        else:
            out.extend(f"\\{byte:03o}" for byte in char.encode("utf-8", "replace"))
    return '"' + "".join(out) + '"'


@lru_cache(maxsize=1)
def _c_parser() -> Parser:
    import tree_sitter_c
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_c.language()))


def expression_root(text: bytes) -> Node | None:
    """The syntax tree of one expression; ``None`` if ``text`` is none, or longer than 4 KiB."""
    if len(text) > 4096:
        return None
    root = parsed(_c_parser(), b"int x = (" + text + b"\n);")
    if root.has_error or root.named_child_count != 1:
        return None
    declarator = root.named_children[0].child_by_field_name("declarator")
    return declarator.child_by_field_name("value") if declarator else None


_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.S)
_SIMPLE = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, simple = match.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    return bytes([int(octal, 8) & 0xFF if octal is not None else int(hexadecimal, 16)])
