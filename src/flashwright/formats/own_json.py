"""flashwright's own JSON: the tables as every verb prints them, and read back from there.

The schema is ``schemas/output.schema.json``. All numbers are integers of bytes. The device is told
by its id only: a reader gives it with ``ReadOptions.device``, or the caller looks it up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page
from flashwright.formats.format import (
    LARGEST_TEXT,
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
)
from flashwright.model.table import Partition, Role, Table

#: The version of the JSON; it grows when a key changes its meaning or goes away.
VERSION = 1

_LARGEST = 2**64


def tables_as_json(tables: tuple[Table, ...]) -> list[dict[str, Any]]:
    """The tables as plain values: ``{name, device, format, partitions: [...]}``."""
    return [
        {
            "name": table.name,
            "device": table.device.id if table.device else None,
            "format": table.format,
            "scheme": table.update.scheme.name if table.update else None,
            "partitions": [_partition(table, p) for p in table.partitions],
        }
        for table in tables
    ]


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The tables as a JSON file."""
    whole = {"flashwright": VERSION, "tables": tables_as_json(tables)}
    return Encoded((json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode())


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The tables of a JSON file that ``encode`` (or any verb) wrote."""
    if len(source.data) > LARGEST_TEXT:
        return _refused(source, f"{len(source.data)} bytes, at most {LARGEST_TEXT} are read")
    try:
        data = json.loads(source.data.decode("utf-8-sig"))
    except json.JSONDecodeError as fault:
        place = Place(source.path, fault.lineno, fault.colno)
        return Decoded((), (error("FMT010", f"not JSON: {fault.msg}", "", place),))
    except (ValueError, RecursionError):
        return _refused(source, "not UTF-8 text, or nested too deeply")
    if not isinstance(data, Mapping) or not isinstance(data.get("tables"), list):
        return _refused(source, "no list `tables` in it")
    version = data.get("flashwright", VERSION)
    if version != VERSION:
        return _refused(source, f"version {printable(str(version), 20)} is not {VERSION}")
    findings: list[Finding] = []
    tables = tuple(
        _table(source, number, item, options, findings)
        for number, item in enumerate(data["tables"][:1000])
    )
    return Decoded(tables, tuple(findings))


def _refused(source: Source, why: str) -> Decoded:
    help = "it is the output of `flashwright ... --output-format json` or `convert --to json`"
    return Decoded(
        (), (error("FMT010", f"not flashwright's JSON: {why}", help, Place(source.path)),)
    )


def _partition(table: Table, partition: Partition) -> dict[str, Any]:
    flash = table.device.flash(partition.owner) if table.device else None
    return {
        "name": partition.name,
        "index": partition.index,
        "id": partition.id,
        "role": partition.role.value,
        "owner": partition.owner,
        "start": partition.start,
        "size": partition.size,
        "offset": partition.extent.start,
        "address": flash.address(partition.extent.start) if flash else None,
        "description": partition.description,
        "readable": partition.readable,
        "writable": partition.writable,
        "pair": partition.pair,
        "parent": partition.parent,
        "shares": list(partition.shares),
        "image_size": partition.image_size,
        "link_address": partition.link_address,
        "slack": partition.slack,
        "flags": list(partition.flags),
        "attributes": _plain(partition.attributes),
        "path": partition.place.path if partition.place else None,
        "line": (partition.place.line or None) if partition.place else None,
        "column": (partition.place.column or None) if partition.place else None,
    }


def _plain(attributes: Mapping[str, object]) -> dict[str, object]:
    """The attributes that JSON can say; the rest belongs to one reader alone."""
    return {k: v for k, v in attributes.items() if isinstance(v, (str, int, bool, type(None)))}


def _table(
    source: Source, number: int, item: object, options: ReadOptions, findings: list[Finding]
) -> Table:
    data = item if isinstance(item, Mapping) else {}
    entries = data.get("partitions")
    partitions = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        found = _read_partition(entry)
        if isinstance(found, Partition):
            partitions.append(found)
        else:
            findings.append(
                error(
                    "FMT010",
                    f"partition {index + 1} of table {number + 1}: {found}",
                    "see the schema `output.schema.json`",
                    Place(source.path),
                )
            )
    device = options.device
    return Table(
        name=str(data.get("name") or f"table {number + 1}"),
        partitions=tuple(partitions),
        device=device,
        format="json",
        place=Place(source.path),
        attributes={"device": data.get("device")},
    )


def _read_partition(entry: object) -> Partition | str:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        return "no `name`"
    numbers = {}
    for key in ("start", "size", "offset"):
        value = entry.get(key, entry.get("start") if key == "offset" else None)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST:
            return f"`{key}` is not a number of bytes"
        numbers[key] = value
    role = entry.get("role")
    if role is not None and role not in Role.__members__.values():
        return f"role {printable(str(role), 40)} is not known"
    attributes = entry.get("attributes")
    return Partition(
        name=entry["name"],
        role=Role(role) if role else Role.CUSTOM,
        owner=_text(entry, "owner") or "embedded",
        extent=Extent.of(numbers["offset"], numbers["size"]),
        start=numbers["start"],
        index=_number(entry, "index"),
        id=_text(entry, "id"),
        description=_text(entry, "description"),
        readable=entry.get("readable") is not False,
        writable=entry.get("writable") is not False,
        pair=_text(entry, "pair"),
        parent=_text(entry, "parent"),
        shares=_texts(entry, "shares"),
        image_size=_number(entry, "image_size"),
        link_address=_number(entry, "link_address"),
        slack=_number(entry, "slack") or 0,
        flags=_texts(entry, "flags"),
        attributes=dict(attributes) if isinstance(attributes, Mapping) else {},
    )


def _text(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    return value if isinstance(value, str) else None


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _number(entry: Mapping[str, Any], key: str) -> int | None:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST:
        return None
    return value


PAGES: tuple[Page, ...] = (
    page(
        "FMT010",
        "not-our-json",
        Severity.ERROR,
        """A JSON file is not, or not wholly, flashwright's own JSON.

        ## How to fix
        Write it with `flashwright convert FILE --to json`; the schema is published with the
        package as `schemas/output.schema.json`.
        """,
    ),
)
