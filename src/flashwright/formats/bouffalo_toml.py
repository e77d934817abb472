"""Bouffalo Lab's partition TOML (BL602, BL616, BL702, BL808), as `bflb-mcu-tool` reads it.

An entry holds up to two places of one partition (``address0``/``size0``, ``address1``/``size1``),
of which one is active. Each place becomes a partition here: ``FW`` and ``FW@1``. A second place
that is smaller holds a compressed image (flag ``compressed``). The second place of the firmware may
lie over ``mfg`` on purpose: that overlap is declared.

The packer takes an entry only with all of its fields, stops at a name of 8 characters, keeps the
low byte of ``type`` and ``activeindex``, and writes no ``device``. We are stricter in one thing:
``true`` is no number.

Source: components/utils/partition/partition.h and bflb-iot-tool 1.10.0 libs/bflb_pt_creater.py.
"""

from __future__ import annotations

import json
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

#: Bytes of a table, entries that it holds, and characters of a name that the packer takes (the
#: table has room for 8, and the end).
TABLE_SIZE, MOST_ENTRIES, LONGEST_NAME = 0x1000, 16, 7

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
#: What the packer reads of every entry, and the numbers it packs: their limit, what is kept.
_NEEDED = ("type", "device", "address0", "size0", "address1", "size1", "len")
_PACKED = {
    "type": (1 << 16, 0xFF),
    "activeindex": (1 << 16, 0xFF),
    "len": (1 << 32, 0xFFFFFFFF),
    "age": (1 << 32, 0xFFFFFFFF),
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
    head = document.data.get("pt_table")
    version = head.get("version") if isinstance(head, Mapping) else None
    needed = (*_NEEDED, "header") if version == 2 else _NEEDED
    for number, entry in enumerate(entries[:256]):
        found = _entry(document, number, entry, findings)
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            _check_fields(document, number, entry, needed, findings)
        partitions += found
    table = Table(
        name="partition table",
        partitions=_declared(partitions),
        device=options.device,
        format="bouffalo-toml",
        place=Place(source.path),
        attributes={"version": version} if _is_number(version) else {},
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
    findings += _wrong_name(name, place)
    places = []
    for slot in (0, 1):
        start, size = entry.get(f"address{slot}", 0), entry.get(f"size{slot}", 0)
        if not _is_number(start) or not _is_number(size):
            message = f"address{slot} or size{slot} of `{printable(name)}` is no number of bytes"
            findings.append(_fault(message, document.place(*where, f"address{slot}")))
        elif size:
            places.append((slot, start, size))
    role = _ROLES.get(name.lower(), Role.CUSTOM)
    paired = len(places) == 2
    kept = {k: entry[k] for k in _KEPT if isinstance(entry.get(k), (int, str))}
    # The address of an empty place is packed too.
    kept |= {k: entry[k] for k in ("address0", "address1") if _is_empty_place(entry, k)}
    return [
        Partition(
            name=name if slot == 0 else f"{name}@{slot}",
            role=Role.OTA_TEMP if slot and role is Role.APPLICATION else role,
            owner="embedded",
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


def _is_empty_place(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key, 0)
    return _is_number(value) and value > 0 and entry.get(f"size{key[-1]}", 0) == 0


def _check_fields(
    document: TomlDocument,
    number: int,
    entry: Mapping[str, Any],
    needed: tuple[str, ...],
    findings: list[Finding],
) -> None:
    """What the packer stops at, and what it changes or leaves out without a word."""
    where = ("pt_entry", number)
    shown = f"`{printable(entry['name'], 40)}`"
    for key in needed:
        if key not in entry:
            message = f"{shown} has no `{key}`: the packer stops"
            findings.append(error("FMT270", message, f"add `{key} = 0`", document.place(*where)))
    for key, (limit, kept) in _PACKED.items():
        value, place = entry.get(key, 0), document.place(*where, key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
            findings.append(_fault(f"`{key}` of {shown} is no number below 0x{limit:X}", place))
        elif value > kept:
            message = f"`{key}` of {shown} is 0x{value:X}: the table keeps 0x{value & kept:X}"
            findings.append(warning("FMT273", message, f"take one up to 0x{kept:X}", place))
    if entry.get("device", 0) != 0:
        message = f"`device` of {shown} is not written: the table says 0"
        place = document.place(*where, "device")
        findings.append(warning("FMT273", message, "write 0, or leave the entry out", place))
    if entry.get("size0", 0) == 0 and entry.get("size1", 0) == 0:
        message = f"{shown} has no size in either place and is not shown"
        place = document.place(*where, "size0")
        findings.append(warning("FMT273", message, "give it a size, or remove it", place))


def _wrong_name(name: str, place: Place | None) -> list[Finding]:
    if not (name.isascii() and name.isprintable()):
        message = f"`{printable(name)}` is not ASCII: it shifts all that follows in the table"
        return [error("FMT271", message, "use letters, digits and _", place)]
    if len(name) > LONGEST_NAME:
        message = f"`{printable(name)}` has {len(name)} characters, the packer stops at 8"
        return [error("FMT271", message, f"shorten it to {LONGEST_NAME}", place)]
    return []


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
    findings: list[Finding] = []
    entries = _entries(table, findings)
    for name, places in entries.items():
        findings += _wrong_name(name, next(iter(places.values())).place)
    if len(heads) != 2:
        help = "add two of role partition_table, 0x1000 bytes each"
        findings.append(error("FMT272", "the format needs the places of two tables", help))
    if not entries:
        findings.append(error("FMT272", "there is no partition to write", "add one"))
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
        kept: dict[str, Any] = {"type": number, "device": 0, "len": 0, **first.attributes}
        if table.attributes.get("version") == 2:
            is_image = first.role in (Role.APPLICATION, Role.FIRMWARE, Role.SECOND_BOOT)
            kept.setdefault("header", int(is_image))
        lines += ["", "[[pt_entry]]", f"type = {kept['type']}", f"name = {json.dumps(name)}"]
        lines.append(f"device = {json.dumps(kept['device'])}")
        for slot in (0, 1):
            at = places.get(slot)
            start = at.extent.start if at else kept.get(f"address{slot}", 0)
            lines.append(f"address{slot} = " + f"0x{start:X}")
            lines.append(f"size{slot} = " + (f"0x{at.size:X}" if at else "0"))
        lines += [f"{k} = {json.dumps(kept[k])}" for k in _KEPT[2:] if k in kept]
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _entries(table: Table, findings: list[Finding]) -> dict[str, dict[int, Partition]]:
    """Name of an entry -> its places by slot."""
    names = {p.name for p in table.partitions}
    result: dict[str, dict[int, Partition]] = {}
    for p in table.partitions:
        if p.role is Role.PARTITION_TABLE:
            continue
        name, slot = p.name, p.attributes.get("slot")
        if slot not in (0, 1):
            slot = int(name.endswith("@1") and name[:-2] in names)
        if slot and name.endswith("@1"):
            name = name[:-2]
        places = result.setdefault(name, {})
        if slot in places:
            message = f"there are two entries `{printable(name)}`"
            findings.append(error("FMT272", message, "rename one of them", p.place))
        places[slot] = p
    return result


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
        Severity.ERROR,
        """A name is longer than the 7 characters that the packer takes, or not ASCII.

        ## Why it matters
        The packer stops at 8 characters. It counts characters and writes bytes, so that a letter
        of two bytes moves all entries after it.
        """,
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
    page(
        "FMT273",
        "bouffalo-lost",
        Severity.WARNING,
        """An entry says what does not reach the table, or not in full.

        ## Why it matters
        The packer keeps the low byte of `type` and `activeindex`, writes no `device`, and packs
        an entry without a size that no program can use.
        """,
    ),
)
