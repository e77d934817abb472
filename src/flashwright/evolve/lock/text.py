"""``flash.lock`` as text: TOML, a line a partition, each release sealed with its digest.

Made for reviews and merges: a new release only adds lines; two branches that both add one meet in
the seal at the end of the file, so that git reports a conflict instead of mending it. White space
and comments may change, values may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.evolve.compare.layout import LayoutError, digest_of, record_of, table_of
from flashwright.evolve.lock.releases import Lock, Release
from flashwright.formats.format import LARGEST_TEXT, Source

#: The version of the file; it grows when a key changes its meaning or goes away.
VERSION = 1

_HEAD = """\
# flash.lock: the flash layouts that devices in the field have, release by release.
# Written by `flashwright release` and `flashwright lock --drop`; `flashwright check` holds every
# new layout against it. Do not edit it: each release is sealed with a digest.
"""
_CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} |\|{7} )", re.M)
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_ROW = re.compile(r"^\s*\{ name = ")
_HEX = frozenset(
    {
        *("at", "size", "start", "base", "link_address", "image_size", "table_offset"),
        *("boot_offsets", "bootloader"),
    }
)


@dataclass(frozen=True, slots=True)
class LockRead:
    """A lock as far as it can be trusted: ``None`` if it cannot, and why."""

    lock: Lock | None
    findings: tuple[Finding, ...] = ()


def lock_as_text(lock: Lock) -> bytes:
    """The whole file."""
    parts = [_HEAD, f"version = {VERSION}\n"]
    digests = []
    for release in lock.releases:
        record = _record(release)
        digests.append(digest_of(record))
        parts.append(_release(record, digests[-1]))
    seal = digest_of(digests)
    parts.append(f'\n[end]\nreleases = {len(digests)}\ndigest = "{seal}"\n')
    return "".join(parts).encode("utf-8", "backslashreplace")


def read_lock(source: Source) -> LockRead:
    """The lock of a file, or what is wrong with it: it is used whole or not at all.

    Findings: EVO150 (damaged), EVO151 (its end is missing), EVO152 (from a newer version), EVO153
    (changed by hand), EVO154 (an unresolved merge conflict).
    """
    if len(source.data) > LARGEST_TEXT:
        return _refused(source, f"{len(source.data)} bytes, at most {LARGEST_TEXT} are read")
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return _refused(source, f"not UTF-8 text at byte {fault.start}")
    text = text.replace("\r\n", "\n")
    conflict = _CONFLICT.search(text)
    if conflict:
        return LockRead(None, (_conflict(source, text.count("\n", 0, conflict.start()) + 1),))
    data = _parsed(source, text)
    if isinstance(data, LockRead):
        return data
    version = data.get("version")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        return LockRead(None, (_newer(source, version),))
    if version != VERSION:
        if version is None:
            return _refused(source, f"it does not say its version, which is {VERSION}")
        return _refused(source, f"its version is {printable(str(version), 20)}, not {VERSION}")
    releases = data.get("release", [])
    if not isinstance(releases, list):
        return _refused(source, "`release` is no list of releases")
    return _sealed(source, text, data, releases)


def _sealed(source: Source, text: str, data: Mapping[str, Any], rows: list[Any]) -> LockRead:
    findings: list[Finding] = []
    found: list[Release] = []
    digests: list[str] = []
    places = _places(source.path, text)
    for number, row in enumerate(rows):
        place, lines = places[number] if number < len(places) else (Place(source.path), {})
        record = dict(row) if isinstance(row, Mapping) else {}
        said = record.pop("digest", None)
        try:
            found.append(_read_release(record, place, lines))
        except LayoutError as fault:
            why = f"release {number + 1}: {printable(str(fault), 200)}"
            findings.append(error("EVO150", why, _RESTORE, place))
            continue
        digests.append(digest_of(record))
        if said != digests[-1]:
            findings.append(_edited(found[-1], place))
    end = data.get("end")
    if not isinstance(end, Mapping):
        findings.append(_truncated(source, text))
    elif not findings and (end.get("releases"), end.get("digest")) != (
        len(rows),
        digest_of(digests),
    ):
        findings.append(
            error(
                "EVO153",
                f"the seal at its end is for other releases than the {len(rows)} in it: one was "
                "added, taken out or moved by hand",
                _RESTORE,
                Place(source.path, text.count("\n", 0, text.rfind("[end]")) + 1),
            )
        )
    if findings:
        return LockRead(None, tuple(findings))
    return LockRead(Lock(tuple(found), source.path))


_RESTORE = (
    "restore the file from version control; `flashwright release` and `flashwright lock` are the "
    "only ones to write it"
)


def _record(release: Release) -> dict[str, Any]:
    record: dict[str, Any] = {"name": release.name}
    if release.date:
        record["date"] = release.date
    record["compat"] = release.compat
    if release.dropped:
        record["dropped"] = release.dropped
    return record | record_of(release.table)


def _read_release(record: Mapping[str, Any], place: Place, lines: Mapping[int, Place]) -> Release:
    name, compat = record.get("name"), record.get("compat")
    if not isinstance(name, str) or not name:
        raise LayoutError("it has no name")
    if isinstance(compat, bool) or not isinstance(compat, int) or compat < 1:
        raise LayoutError("`compat` is no number from 1 on")
    date, dropped = record.get("date", ""), record.get("dropped", "")
    if not isinstance(date, str) or not isinstance(dropped, str):
        raise LayoutError("`date` or `dropped` is no text")
    return Release(name, table_of(record, place, lines), compat, date, dropped, place)


def _release(record: Mapping[str, Any], digest: str) -> str:
    lines = ["", "[[release]]"]
    for key, value in record.items():
        if key in ("flashes", "reserved", "partitions"):
            lines += [f"{key} = [", *(f"  {row}," for row in _aligned(value)), "]"]
        else:
            lines.append(f"{key} = {_value(key, value)}")
    lines.append(f'digest = "{digest}"')
    return "\n".join(lines) + "\n"


def _aligned(rows: list[dict[str, Any]]) -> list[str]:
    """The rows as inline tables, their common first columns below one another."""
    cells = [[f"{k} = {_value(k, v)}" for k, v in row.items()] for row in rows]
    if not cells:
        return []
    for column in range(min(5, *(len(c) for c in cells))):
        if len({c[column].split(" ", 1)[0] for c in cells}) > 1:
            break
        width = max(len(c[column]) for c in cells)
        if width > 60:
            break
        for c in cells:
            last = column == len(c) - 1
            c[column] = c[column] if last else f"{c[column]},".ljust(width + 1)
    return ["{ " + _joined(c) + " }" for c in cells]


def _joined(cells: list[str]) -> str:
    text = ""
    for number, cell in enumerate(cells):
        if number:
            text += " " if text.rstrip().endswith(",") else ", "
        text += cell
    return text


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"0x{value:X}" if key in _HEX and value >= 0 else str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(key, v) for v in value) + "]"
    return "{ " + ", ".join(f"{_key(k)} = {_value(k, v)}" for k, v in value.items()) + " }"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's but for DEL and surrogates."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parsed(source: Source, text: str) -> dict[str, Any] | LockRead:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        if "\n[end]\n" not in text:
            return LockRead(None, (_truncated(source, text),))
        at = _AT.search(str(fault))
        place = Place(source.path, int(at[1]), int(at[2])) if at else Place(source.path)
        why = printable(_AT.sub("", str(fault)).strip(), 120)
        return LockRead(None, (error("EVO150", f"damaged: {why}", _RESTORE, place),))
    except (RecursionError, ValueError):
        return _refused(source, "nested too deeply, or with numbers that are too long")


def _places(path: str, text: str) -> list[tuple[Place, dict[int, Place]]]:
    """Where each release and each of its partitions is written, counted in the lines."""
    found: list[tuple[Place, dict[int, Place]]] = []
    rows: dict[int, Place] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("[[release]]"):
            found.append((Place(path, number), {}))
            rows = None
        elif found and line.startswith("partitions = ["):
            rows = found[-1][1]
        elif line.startswith("]"):
            rows = None
        elif rows is not None and _ROW.match(line):
            rows[len(rows)] = Place(path, number)
    return found


def _refused(source: Source, why: str) -> LockRead:
    return LockRead(None, (error("EVO150", f"damaged: {why}", _RESTORE, Place(source.path)),))


def _conflict(source: Source, line: int) -> Finding:
    return error(
        "EVO154",
        "an unresolved merge conflict",
        "take the file of one branch whole, then record the releases of the other branch again "
        "with `flashwright release`",
        Place(source.path, line),
    )


def _truncated(source: Source, text: str) -> Finding:
    lines = text.count("\n") + 1
    return error(
        "EVO151",
        f"its end is missing: it breaks off in line {lines}, before the seal",
        _RESTORE,
        Place(source.path, lines),
    )


def _newer(source: Source, version: int) -> Finding:
    return error(
        "EVO152",
        f"written by a newer flashwright: version {version}, this one knows {VERSION}",
        "update flashwright: pip install --upgrade flashwright",
        Place(source.path),
    )


def _edited(release: Release, place: Place) -> Finding:
    return error(
        "EVO153",
        f"release `{printable(release.name)}` was changed by hand: its digest does not fit",
        _RESTORE,
        place,
    )
