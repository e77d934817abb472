"""Where the mtdparts strings of a text are: a command line, a script, an environment, a header."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Bytes of the longest string that is read; a longer one is handed out one byte longer than this.
LONGEST = 1 << 16
_MOST_STRINGS = 64
_START = re.compile(r"mtdparts=[\"']?(?:mtdparts=)?[\"']?")
#: What follows a backslash in the text of a program, at the end of a string.
_ESCAPED = "0nrt\"'\\\n\r"


def places_of_strings(text: str) -> Iterator[tuple[int, int]]:
    """Where the strings are, without ``mtdparts=``; a file may also be one bare string."""
    match = _START.search(text)
    found = match is not None
    for _ in range(_MOST_STRINGS):
        if match is None:
            break
        end = _end(text, match.end())
        if end > match.end():
            yield match.end(), end
        match = _START.search(text, end)
    if not found:
        for line in re.finditer(r"^[ \t]*([^\s#][^\n]*)$", text, re.M):
            if ":" in line[1]:
                yield line.start(1), _end(text, line.start(1))
            return


def _end(text: str, start: int) -> int:
    """A string ends at white space, quotes, a backslash as in ``\\0`` of C, or with the text.

    Names in brackets may hold spaces.
    """
    inside = False
    for at in range(start, min(len(text), start + LONGEST + 1)):
        char = text[at]
        if char in "\"'\n\r\0" or (char.isspace() and not inside):
            return at
        if char == "\\" and text[at + 1 : at + 2] in _ESCAPED:
            return at
        inside = (inside or char == "(") and char != ")"
    return min(len(text), start + LONGEST + 1)
