"""The keys of a TOML file as data: what each means, what may stand there, how it is told if not.

One tuple of ``Key`` describes a table of the file. The reader, the JSON Schema that editors use and
the reference page are all made from it, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flashwright.base.nearest import did_you_mean, nearest
from flashwright.base.record import field, record
from flashwright.base.size import SizeError, parse_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page

Path = tuple[str | int, ...]


class Places(Protocol):
    """Where the keys and values of a parsed file are written."""

    def place(self, *path: str | int) -> Place:
        """The place of the value at ``path``, or of its nearest ancestor."""
        ...

    def key_place(self, *path: str | int) -> Place:
        """The place of the key at ``path``, or of its nearest ancestor."""
        ...


@record()
class Kind:
    """What may stand behind a key: words for people, a JSON Schema, and how it is read.

    ``read`` returns the value or raises ``SizeError`` (a ``ValueError``) with what is wrong.
    """

    words: str
    schema: Mapping[str, Any]
    read: Callable[[object], Any]


@record()
class Key:
    """A key of a table: its name, what may stand there, and one line about it."""

    name: str
    kind: Kind
    doc: str
    required: bool = False


@record(frozen=False)
class Values:
    """The values of one table that could be read, and where they are written."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of key ``name``, ``default`` if it is not there or was refused."""
        return self.values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self.values


def read_table(
    data: object, path: Path, keys: tuple[Key, ...], places: Places, findings: list[Finding]
) -> Values:
    """The values of the table ``data`` at ``path``; every fault is appended to ``findings``."""
    result = Values()
    title = _title(path)
    if not isinstance(data, Mapping):
        findings.append(
            error(
                "SPC011",
                f"{title} is {_what(data)}, not a table",
                f"write `[{_dotted(path)}]` and its keys below it",
                places.place(*path),
            )
        )
        return result
    known = {key.name: key for key in keys}
    misspelt: set[str | None] = set()
    for name, value in data.items():
        if name not in known:
            misspelt.add(nearest(name, known))
            findings.append(
                error(
                    "SPC010",
                    f"unknown key `{printable(name)}` in {title}",
                    did_you_mean(name, known),
                    places.key_place(*path, name),
                )
            )
            continue
        key = known[name]
        try:
            result.values[name] = key.kind.read(value)
        except ValueError as fault:
            code = "SPC012" if isinstance(fault, SizeError) else "SPC011"
            findings.append(
                error(
                    code,
                    f"`{name}` in {title} is {_shown(value)}: {fault}",
                    f"write {key.kind.words}",
                    places.place(*path, name),
                )
            )
        result.places[name] = places.place(*path, name)
    for key in keys:
        if key.required and key.name not in data and key.name not in misspelt:
            findings.append(
                error(
                    "SPC013",
                    f"`{key.name}` is missing in {title}",
                    f"add `{key.name} = ...`: {key.doc}",
                    places.place(*path),
                )
            )
    return result


def schema_of(keys: tuple[Key, ...]) -> dict[str, Any]:
    """The JSON Schema of a table with these keys; unknown keys are not allowed."""
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {k.name: {"description": k.doc, **k.kind.schema} for k in keys},
    }
    required = [k.name for k in keys if k.required]
    if required:
        schema["required"] = required
    return schema


_SIZE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {
            "type": "string",
            "pattern": r"^\s*(0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9]+)?)"
            r"\s*(B|[KMGkmg](i?[Bb])?)?\s*$",
        },
    ]
}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    if not value.strip():
        raise ValueError("empty")
    if len(value) > 256:
        raise ValueError("longer than 256 characters")
    return value


def _size(value: object) -> int:
    if isinstance(value, (int, str)):
        return parse_size(value)
    raise SizeError("not a size")


def _positive_size(value: object) -> int:
    size = _size(value)
    if size == 0:
        raise SizeError("zero")
    return size


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")
    if not 0 <= value < 1 << 31:
        raise ValueError("not between 0 and 2147483647")
    return value


def _slack(value: object) -> tuple[int, int]:
    if isinstance(value, str) and (match := re.fullmatch(r"\s*([0-9]{1,4})\s*%\s*", value)):
        return 0, int(match[1])
    return _size(value), 0


def _list_of(one: Callable[[object], Any], value: object) -> tuple[Any, ...]:
    items = value if isinstance(value, list) else [value]
    if len(items) > 1000:
        raise ValueError("more than 1000 entries")
    return tuple(one(item) for item in items)


TEXT = Kind("a text", {"type": "string", "minLength": 1, "maxLength": 256}, _text)
SIZE = Kind("a size such as 4096, 4K, 0x1000 or 1 MiB", _SIZE_SCHEMA, _size)
POSITIVE_SIZE = Kind("a size above 0 such as 4K", _SIZE_SCHEMA, _positive_size)
BOOLEAN = Kind("true or false", {"type": "boolean"}, _boolean)
COUNT = Kind("a whole number", {"type": "integer", "minimum": 0}, _count)
SLACK = Kind(
    "a size such as 64K, or a share of the image such as 10%",
    {"anyOf": [*_SIZE_SCHEMA["anyOf"], {"type": "string", "pattern": r"^\s*[0-9]{1,4}\s*%\s*$"}]},
    _slack,
)
TEXTS = Kind(
    "a text or a list of texts",
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    lambda value: _list_of(_text, value),
)
SIZES = Kind(
    "a list of offsets such as [0x1000, 0x101000]",
    {"anyOf": [*_SIZE_SCHEMA["anyOf"], {"type": "array", "items": _SIZE_SCHEMA}]},
    lambda value: _list_of(_size, value),
)
#: A table or a list of tables that is read elsewhere.
ANYTHING = Kind("a table", {}, lambda value: value)


def choice(*names: str) -> Kind:
    """One of ``names``; another text is answered with the nearest."""

    def read(value: object) -> str:
        text = _text(value)
        if text not in names:
            raise ValueError(f"not known; {did_you_mean(text, names)}")
        return text

    words = "one of " + ", ".join(f'"{n}"' for n in names)
    return Kind(words, {"type": "string", "enum": list(names)}, read)


def either(word: str, kind: Kind) -> Kind:
    """The fixed ``word``, or what ``kind`` takes."""
    options = list(kind.schema.get("anyOf", [kind.schema]))

    def read(value: object) -> Any:
        return word if value == word else kind.read(value)

    return Kind(f'"{word}", or {kind.words}', {"anyOf": [{"const": word}, *options]}, read)


def _what(value: object) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "something else")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{printable(value, 40)}"'
    if isinstance(value, (bool, float)):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of over 20 digits"
    return _what(value)


def _dotted(path: Path) -> str:
    return ".".join(printable(str(p)) for p in path if isinstance(p, str))


def _title(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"[[{_dotted(path)}]] number {path[-1] + 1}"
    return f"[{_dotted(path)}]"


PAGES: tuple[Page, ...] = (
    page(
        "SPC010",
        "unknown-key",
        Severity.ERROR,
        """A key is not known in this table of the file.

        ## Why it matters
        A misspelt key would be a wish that nobody hears: `algin = "64K"` plans without alignment.

        ## How to fix
        The help line names the nearest known key. `flashwright schema` prints the JSON Schema that
        lets an editor complete them.
        """,
    ),
    page(
        "SPC011",
        "wrong-type",
        Severity.ERROR,
        """A value is not of the kind that its key takes, or is not one of the known names.

        ## How to fix
        The help line says what may stand there.
        """,
    ),
    page(
        "SPC012",
        "not-a-size",
        Severity.ERROR,
        """A size or offset is not an exact number of bytes.

        ## What it checks
        Sizes are whole, not negative, below 2^64, with a unit of B, K, KiB, M, MiB, G or GiB (1024
        each) or none: `4096`, `"4K"`, `0x1000`, `"1 MiB"`, `"1.5M"`. Nothing is rounded.
        """,
    ),
    page(
        "SPC013",
        "missing-key",
        Severity.ERROR,
        """A key that the table needs is not there.

        ## How to fix
        Add it; the help line says what it means.
        """,
    ),
)
