"""Writing device files: one entry a line, so that a change of one chip is a change of one line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEVICES = Path(__file__).resolve().parents[2] / "src" / "flashwright" / "devices"

#: The longest text of a device file (``formats.keys.TEXT``).
LONGEST_TEXT = 256


def write_family(
    name: str, title: str, defaults: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> None:
    """Write ``devices/<name>.json``, the same bytes for the same facts."""
    _check_sources([defaults, *entries])
    lines = ",\n".join("  " + _compact(entry) for entry in entries)
    text = (
        "{\n"
        f' "title": {_compact(title)},\n'
        f' "defaults": {_compact(defaults)},\n'
        f' "devices": [\n{lines}\n ]\n'
        "}\n"
    )
    json.loads(text)
    (DEVICES / f"{name}.json").write_text(text, encoding="utf-8")


def uniform(size: int, erase_block: int) -> list[list[int]]:
    """``erase_blocks`` of a flash whose erase blocks are all alike."""
    if size % erase_block:
        raise ValueError(f"{size:#x} is no multiple of {erase_block:#x}")
    return [[size // erase_block, erase_block]]


def joined(runs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Runs of (count, size) with neighbours of one size made one."""
    result: list[list[int]] = []
    for count, size in runs:
        if result and result[-1][1] == size:
            result[-1][0] += count
        else:
            result.append([count, size])
    return result


def _check_sources(value: object) -> None:
    """``SystemExit`` for a source that a device file cannot hold."""
    if isinstance(value, Mapping):
        source = value.get("source", "")
        if len(source) > LONGEST_TEXT:
            raise SystemExit(f"{len(source)} characters: {source}")
        for each in value.values():
            _check_sources(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _check_sources(each)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
