"""Values of a Partition Manager file as the build reads them: by PyYAML, which reads YAML 1.1.

So ``0x10``, ``020``, ``0b1`` and ``1_000`` are numbers, and ``0o20``, ``0X10`` and ``"0x10"`` are
texts, over which the Partition Manager stumbles; so does it over a name that is no text to YAML,
such as ``on``. Source: the types of YAML 1.1 (yaml.org/type): int, float, bool, null, timestamp,
merge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flashwright.formats.yaml_source import YamlDocument

_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)")
_WORDS = r"(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"
_NOT_TEXT = re.compile(
    rf"{_WORDS}|null|Null|NULL|~|=|<<)|{_INTEGER.pattern}|[-+]?[0-9][0-9_]*(?:\.[0-9_]*|:[0-9:.]+)"
    r"(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d\d?-\d.*"
)
_PLAIN = re.compile(r"[^\W\d][\w-]*")
#: The longest number that is looked at; a 64-bit one in binary has 66 characters.
_LONGEST = 80
_MERGE = "<<"
_KEY = re.compile(
    r"(?m)(?:^|[{,])[ \t]*([^\s'\"{}\[\],:#&*!|>%@`][^\s{}\[\],:]{0,80})[ \t]*:(?=\s|$)"
)
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_ANCHOR = re.compile(r"(?m)(?:^|(?<=[\s\[,{]))&([\w-]+)(?=\s|$)")


def integer(document: YamlDocument, name: str, key: str, entry: Mapping[str, Any]) -> int | None:
    """The number of a key, ``None`` where the build has none, or one that is no size of a flash."""
    said = entry.get(key)
    if not isinstance(said, str) or len(said) > _LONGEST or not _INTEGER.fullmatch(said):
        return None
    spot = document.spots.get((name, key))
    if spot is not None and document.text[spot.start : spot.start + 1] in ("'", '"', "!", "|", ">"):
        return None
    plain = said.replace("_", "")
    try:
        value = int(plain, 8) if re.fullmatch("[-+]?0[0-7]+", plain) else int(plain, 0)
    except ValueError:
        return None
    return value if 0 <= value < 1 << 64 else None


def is_text(name: str) -> bool:
    """Whether a name that is written without quotes is a text to the build."""
    return _NOT_TEXT.fullmatch(name) is None


def key_as_written(name: str) -> str | None:
    """A name as a key of the file, in quotes where it needs them; ``None`` where it can be none."""
    if not name or not name.replace("_", "").replace("-", "").isalnum():
        return None
    return name if _PLAIN.fullmatch(name) and is_text(name) else f'"{name}"'


def keys_that_are_no_text(text: str) -> frozenset[str]:
    """The keys of the file, of any depth, that are no text to the build: without quotes."""
    return frozenset(m[1] for m in _KEY.finditer(text) if not is_text(m[1]))


def anchor_twice(text: str) -> tuple[str, int] | None:
    """An anchor that is given again, over which PyYAML stumbles, and the line of the second one."""
    plain = _COMMENT.sub("", text)
    seen: set[str] = set()
    for match in _ANCHOR.finditer(plain):
        if match[1] in seen:
            return match[1], plain.count("\n", 0, match.start()) + 1
        seen.add(match[1])
    return None


def merged(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry with what ``<<`` brings into it; its own keys count more."""
    brought = entry.get(_MERGE)
    sources = brought if isinstance(brought, list) else [brought]
    if not all(isinstance(source, Mapping) for source in sources):
        return entry
    result: dict[str, Any] = {}
    for source in reversed(sources):
        result.update(source)
    result.update((key, value) for key, value in entry.items() if key != _MERGE)
    return result
