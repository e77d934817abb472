"""The places of keys and values in TOML as people write it: a key and its value on each line.

``scan`` answers for files of bare keys, headers without quotes and values that end on their line,
which is nearly all of them; it gives up (``None``) where it sees anything else. The text must be
TOML already (``tomllib`` has read it), for nothing is checked here. What lies inside arrays and
inline tables is not looked at: for that, and for other files, there is the syntax tree, whose
library takes longer to import than a whole command (``formats.toml_source``).
"""

from __future__ import annotations

Path = tuple[str | int, ...]
#: Lines and columns by path; both count from 1, columns in characters.
Spots = dict[Path, tuple[int, int]]

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_BLANK = " \t\r"


def scan(text: str) -> tuple[Spots, Spots] | None:
    """Where the values and where the keys of ``text`` are; ``None`` if it takes a syntax tree."""
    if '"""' in text or "'''" in text:
        return None
    values: Spots = {}
    keys: Spots = {}
    counts: dict[Path, int] = {}
    inside: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        start = len(line) - len(line.lstrip(_BLANK))
        rest = line[start:].rstrip(_BLANK)
        if not rest or rest[0] == "#":
            continue
        if rest[0] == "[":
            opened = _header(rest, number, start, values, keys, counts)
            if opened is None:
                return None
            inside = opened
            continue
        name, _, value = rest.partition("=")
        key, shown = name.rstrip(_BLANK), value.lstrip(_BLANK)
        if not key or not _BARE.issuperset(key) or not _ends(shown):
            return None
        path = (*inside, key)
        keys.setdefault(path, (number, start + 1))
        values[path] = (number, start + len(rest) - len(shown) + 1)
    return values, keys


def _header(
    text: str, line: int, start: int, values: Spots, keys: Spots, counts: dict[Path, int]
) -> Path | None:
    """The path of the table that ``[a.b]`` or ``[[a.b]]`` opens, noted with its place."""
    brackets = 2 if text.startswith("[[") else 1
    name, closing, rest = text[brackets:].partition("]" * brackets)
    rest = rest.lstrip(_BLANK)
    parts = tuple(part.strip(_BLANK) for part in name.split("."))
    if not closing or (rest and rest[0] != "#") or not all(map(_BARE.issuperset, parts)):
        return None
    spot = (line, start + brackets + len(name) - len(name.lstrip(_BLANK)) + 1)
    path: Path = ()
    for part in parts[: len(parts) - brackets + 1]:
        path = (*path, part)
        if path in counts:  # an array of tables is entered at its last element
            path = (*path, counts[path] - 1)
    if brackets == 2:
        path = (*path, parts[-1])
        counts[path] = counts.get(path, 0) + 1
        keys.setdefault(path, spot)
        path = (*path, counts[path] - 1)
    keys.setdefault(path, spot)
    values.setdefault(path, spot)
    return path


def _ends(value: str) -> bool:
    """Whether a value certainly ends on its line."""
    if not value.startswith(("[", "{")):
        return True
    if not any(c in value for c in "\"'#"):
        return value.count("[") == value.count("]") and value.count("{") == value.count("}")
    # With texts in it, a bracket may be part of one: only the outer pair may be there.
    closing = "]" if value[0] == "[" else "}"
    return "#" not in value and value[-1] == closing and sum(map(value.count, "[]{}")) == 2
