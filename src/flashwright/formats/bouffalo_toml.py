"""Bouffalo Lab's partition TOML (BL602, BL616, BL702, BL808), as `bflb-mcu-tool` reads it.

An entry holds up to two places of one partition (``address0``/``size0``, ``address1``/``size1``),
of which one is active. Each place becomes a partition here: ``FW`` and ``FW@1``. A second place
that is smaller holds a compressed image (flag ``compressed``). The second place of the firmware may
lie over ``mfg`` on purpose: that overlap is declared.

Source: components/utils/partition/partition.h and bflb-mcu-tool 1.10.0 libs/*/partition_cfg_do.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, warning, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import (
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
    only_one_table,
)
from flashwright.formats.toml_source import TomlDocument, parse_toml
from flashwright.model.table import Partition, Role, Table

#: Bytes of a table, entries that it holds, and characters of a name (with its end, 9 bytes).
TABLE_SIZE, MOST_ENTRIES, LONGEST_NAME = 0x1000, 16, 8

_ROLES = {
    "boot2": Role.SECOND_BOOT,
    "fw": Role.APPLICATION,
    "d0fw": Role.FIRMWARE,
    "mfg": Role.FIRMWARE,
    "media": Role.FILESYSTEM,
    "rootfs": Role.FILESYSTEM,
    "psm": Role.KV,
    "kv": Role.KV,
    "key": Role.SECURITY,
    "data": Role.USER,
    "factory": Role.CALIBRATION,
}
_KEPT = ("type", "device", "len", "header", "security", "activeindex", "age")
_LARGEST = 1 << 32


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file: the places of every entry, and of the two tables themselves."""
    document = parse_toml(source)
    if not isinstance(document, TomlDocument):
        return Decoded((), tuple(document))
    findings: list[Finding] = []
    partitions = _tables(document, findings)
    entries = document.data.get("pt_entry")
    if not isinstance(entries, list) or not entries:
        findings.append(_fault("no [[pt_entry]] in it", document.place("pt_entry")))
        return Decoded((), tuple(findings))
    if len(entries) > MOST_ENTRIES:
        message = f"{len(entries)} entries, the table holds {MOST_ENTRIES}"
        findings.append(_fault(message, document.place("pt_entry", MOST_ENTRIES)))
    for number, entry in enumerate(entries[:256]):
        partitions += _entry(document, number, entry, findings)
    head = document.data.get("pt_table")
    version = head.get("version") if isinstance(head, Mapping) else None
    table = Table(
        name="partition table",
        partitions=_declared(partitions),
        device=options.device,
        format="bouffalo-toml",
        place=Place(source.path),
        attributes={"version": version} if isinstance(version, int) else {},
    )
    return Decoded((table,), tuple(findings))


def _tables(document: TomlDocument, findings: list[Finding]) -> list[Partition]:
    head = document.data.get("pt_table")
    result = []
    for number in (0, 1):
        key = f"address{number}"
        value = head.get(key) if isinstance(head, Mapping) else None
        place = document.place("pt_table", key)
        if isinstance(value, int) and _is_number(value):
            result.append(
                Partition(
                    f"pt_table@{number}" if number else "pt_table",
                    Role.PARTITION_TABLE,
                    "embedded",
                    Extent.of(value, TABLE_SIZE),
                    value,
                    place=place,
                    places={"start": place},
                )
            )
        else:
            findings.append(_fault(f"`{key}` of [pt_table] is missing or no address", place))
    return result


def _entry(
    document: TomlDocument, number: int, entry: Any, findings: list[Finding]
) -> list[Partition]:
    where = ("pt_entry", number)
    place = document.place(*where, "name")
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        findings.append(_fault(f"entry {number + 1} has no name", document.place(*where)))
        return []
    name: str = entry["name"]
    if len(name.encode()) > LONGEST_NAME:
        message = f"`{printable(name)}` has more than {LONGEST_NAME} characters and is cut"
        findings.append(warning("FMT271", message, "shorten it", place))
    places = []
    for slot in (0, 1):
        start, size = entry.get(f"address{slot}", 0), entry.get(f"size{slot}", 0)
        if not _is_number(start) or not _is_number(size):
            message = f"address{slot} or size{slot} of `{printable(name)}` is no number of bytes"
            findings.append(_fault(message, document.place(*where, f"address{slot}")))
        elif size:
            places.append((slot, start, size))
    role = _ROLES.get(name.lower(), Role.CUSTOM)
    owner = "embedded" if entry.get("device", 0) == 0 else f"flash{entry.get('device')}"
    paired = len(places) == 2
    kept = {k: entry[k] for k in _KEPT if isinstance(entry.get(k), (int, str))}
    return [
        Partition(
            name=name if slot == 0 else f"{name}@{slot}",
            role=Role.OTA_TEMP if slot and role is Role.APPLICATION else role,
            owner=owner,
            extent=Extent.of(start, size),
            start=start,
            index=None if slot else number,
            id=name,
            pair=name if paired and role is Role.APPLICATION else None,
            flags=("compressed",) if slot and places[0][2] > size else (),
            attributes={**kept, "slot": slot},
            place=place,
            places={
                "start": document.place(*where, f"address{slot}"),
                "size": document.place(*where, f"size{slot}"),
            },
        )
        for slot, start, size in places
    ]


def _declared(partitions: list[Partition]) -> tuple[Partition, ...]:
    """With the overlap of the second firmware and ``mfg`` declared."""
    mfg = next((p for p in partitions if p.name.lower() == "mfg"), None)
    result = []
    for p in partitions:
        second = p.name.lower() == "fw@1"
        if mfg is not None and second and p.extent.start == mfg.extent.start:
            p = replace(p, shares=(mfg.name,))
        result.append(p)
    return tuple(result)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _fault(message: str, place: Place) -> Finding:
    help = "see `partition_cfg_*.toml` of the SDK"
    return error("FMT270", message, help, place)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as TOML; in ``options.base``, if given, only numbers that changed are written."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("bouffalo-toml", tables),))
    table = tables[0]
    heads = table.of_role(Role.PARTITION_TABLE)
    entries = _entries(table)
    findings = [_too_long(name) for name in entries if len(name.encode()) > LONGEST_NAME]
    if len(heads) != 2:
        help = "add two of role partition_table, 0x1000 bytes each"
        findings.append(error("FMT272", "the format needs the places of two tables", help))
    if len(entries) > MOST_ENTRIES:
        message = f"{len(entries)} entries do not fit: the table holds {MOST_ENTRIES}"
        findings.append(error("FMT272", message, "join partitions"))
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    if options.base is not None:
        return _into(options.base, heads, entries, findings)
    lines = ["[pt_table]"]
    lines += [f"address{n} = 0x{p.extent.start:X}" for n, p in enumerate(heads)]
    if isinstance(table.attributes.get("version"), int):
        lines.append(f"version = {table.attributes['version']}")
    for number, (name, places) in enumerate(entries.items()):
        first = next(iter(places.values()))
        kept = {"type": number, "device": 0, "len": 0, **first.attributes}
        lines += ["", "[[pt_entry]]", f"type = {kept['type']}", f'name = "{name}"']
        lines.append(f"device = {kept['device']}")
        for slot in (0, 1):
            at = places.get(slot)
            lines.append(f"address{slot} = " + (f"0x{at.extent.start:X}" if at else "0"))
            lines.append(f"size{slot} = " + (f"0x{at.size:X}" if at else "0"))
        lines += [f"{k} = {kept[k]}" for k in _KEPT[2:] if k in kept]
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _entries(table: Table) -> dict[str, dict[int, Partition]]:
    """Name of an entry -> its places by slot."""
    result: dict[str, dict[int, Partition]] = {}
    for p in table.partitions:
        if p.role is Role.PARTITION_TABLE:
            continue
        name, _, slot = p.name.partition("@")
        result.setdefault(name, {})[1 if slot == "1" else 0] = p
    return result


def _too_long(name: str) -> Finding:
    message = f"`{printable(name)}` has more than {LONGEST_NAME} characters"
    return error("FMT271", message, "shorten it: the table would cut it")


def _into(
    base: Source,
    heads: tuple[Partition, ...],
    entries: dict[str, dict[int, Partition]],
    findings: list[Finding],
) -> Encoded:
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        text = tomlkit.parse(base.data.decode("utf-8"))
    except (ParseError, UnicodeDecodeError):
        fault = _fault("the file to write into is no TOML", Place(base.path))
        return Encoded(None, (*findings, fault))
    for number, head in enumerate(heads):
        _put(text.get("pt_table"), f"address{number}", head.extent.start)
    for entry in text.get("pt_entry", []):
        places = entries.pop(str(entry.get("name")), None)
        for slot, at in (places or {}).items():
            _put(entry, f"address{slot}", at.extent.start)
            _put(entry, f"size{slot}", at.size)
    if entries:
        names = ", ".join(printable(n) for n in entries)
        help = "add empty [[pt_entry]] tables with these names to it"
        fault = error("FMT272", f"the file to write into has no entry for {names}", help)
        return Encoded(None, (*findings, fault))
    return Encoded(tomlkit.dumps(text).encode(), tuple(findings))


def _put(entry: Any, key: str, value: int) -> None:
    """Write a number in hexadecimal where it is another one now."""
    import tomlkit

    if entry is not None and entry.get(key) != value:
        entry[key] = tomlkit.parse(f"v = 0x{value:X}")["v"]


PAGES: tuple[Page, ...] = (
    page(
        "FMT270",
        "bouffalo-syntax",
        Severity.ERROR,
        """A Bouffalo partition file lacks something, or has a value that is no number.""",
    ),
    page(
        "FMT271",
        "bouffalo-name",
        Severity.WARNING,
        """A name is longer than the 8 characters that the table keeps.""",
    ),
    page(
        "FMT272",
        "bouffalo-cannot-say",
        Severity.ERROR,
        """The layout cannot be said in a Bouffalo partition file.

        ## Why it matters
        It holds at most 16 entries, each with up to two places, and the places of two tables.
        """,
    ),
)
