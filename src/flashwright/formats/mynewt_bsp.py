"""Apache Mynewt's ``bsp.yml``: the flash map, and the maps that settings put in its place.

Each ``bsp.flash_map`` key is a table of its own. System areas have the ids 0 to 3, user areas 16
plus their ``user_id``. Offsets may be CPU addresses (STM32): with a device they become offsets,
without one they stay as written. Flash 0 is the own flash of the core that the BSP is for. What
newt refuses is an error here: a missing field, an id that is there twice (overlaps are found by the
rules); a field that it warns of is a warning.

Source: apache/mynewt-newt newt/flashmap/flashmap.go, util/util.go, yaml/decode.go;
apache/mynewt-core hw/bsp/*/bsp.yml.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, warning
from flashwright.diag.page import Page, page
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.yaml_source import YamlDocument, parse_yaml
from flashwright.model.device import Device
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table

_KEY = "bsp.flash_map"
_SYSTEM = {
    "FLASH_AREA_BOOTLOADER": (0, Role.BOOTLOADER),
    "FLASH_AREA_IMAGE_0": (1, Role.APPLICATION),
    "FLASH_AREA_IMAGE_1": (2, Role.OTA_TEMP),
    "FLASH_AREA_IMAGE_SCRATCH": (3, Role.SCRATCH),
}
_USER = {"NFFS": Role.FILESYSTEM, "REBOOT_LOG": Role.CUSTOM, "FCB": Role.KV}
_FIELDS = ("device", "offset", "size", "user_id")
#: What Go's ParseInt takes with base 0 after newt has cut zeros before anything but an
#: ``x``; negative numbers, which newt takes too, are of no use.
_NUMBER = re.compile(r"\+?(?:0x(?:_?[0-9A-Fa-f])+|0|[1-9](?:_?[0-9])*)")


def decode(source: Source, options: ReadOptions) -> Decoded:
    """Every flash map of the file."""
    document = parse_yaml(source)
    if not isinstance(document, YamlDocument):
        return Decoded((), tuple(document))
    findings: list[Finding] = []
    data = document.data if isinstance(document.data, Mapping) else {}
    tables = []
    for key, value in data.items():
        if key == _KEY or key.startswith(_KEY + "."):
            areas = value.get("areas") if isinstance(value, Mapping) else None
            if not isinstance(areas, Mapping):
                findings.append(_fault(f"`{key}` has no `areas`", document.place(key)))
                continue
            partitions = _areas(document, key, areas, options.device, findings)
            name = key.removeprefix(_KEY).removeprefix(".") or "flash_map"
            tables.append(
                Table(name, tuple(partitions), options.device, format="mynewt-bsp",
                      place=document.place(key), attributes={"key": key})
            )  # fmt: skip
    if not tables and not findings:
        findings.append(_fault(f"no `{_KEY}` in it", Place(source.path)))
    return Decoded(tuple(tables), tuple(findings))


def _areas(
    document: YamlDocument,
    key: str,
    areas: Mapping[str, Any],
    device: Device | None,
    findings: list[Finding],
) -> list[Partition]:
    result = []
    own = _own_flash(areas, device)
    for name, area in areas.items():
        where = (key, "areas", name)
        shown = f"`{printable(name, 60)}`"
        if not isinstance(area, Mapping):
            findings.append(_fault(f"{shown} is no mapping", document.place(*where)))
            continue
        values = {
            "device": _number(area.get("device")),
            "offset": _number(area.get("offset")),
            "size": _size(area.get("size")),
        }
        missing = [k for k, v in values.items() if v is None]
        for what in missing:
            said = printable(str(area.get(what, "nothing")), 40)
            place = document.place(*where, what)
            findings.append(_fault(f"the {what} of {shown} is no number: {said}", place))
        known = _SYSTEM.get(name)
        user = _number(area.get("user_id"))
        if known is not None and "user_id" in area:
            help = "remove it: the name gives the id"
            message = f"{shown} is a system area and has a user_id: newt stops"
            findings.append(error("FMT260", message, help, document.place(*where, "user_id")))
        if known is None and user is None:
            help_place = document.place(*where)
            findings.append(_fault(f"{shown} is no system area and has no user_id", help_place))
        for field in area:
            if field not in _FIELDS:
                message = f"{shown} has a field `{printable(field, 40)}` that newt does not know"
                help = did_you_mean(field, _FIELDS)
                findings.append(warning("FMT262", message, help, document.place(*where, field)))
        offset, size, flash = values["offset"], values["size"], values["device"]
        if offset is None or size is None or flash is None:
            continue
        result.append(_partition(document, where, offset, size, flash, user, device, own))
    _check_ids(result, findings)
    return result


def _own_flash(areas: Mapping[str, Any], device: Device | None) -> Flash | None:
    """Mynewt's flash 0: ``embedded``, or that of a second core, if most areas have its addresses.

    A BSP is that of one core, whose own flash is 0: the network core of an nRF5340 counts so.
    """
    if device is None:
        return None
    counts: Counter[str] = Counter()
    for area in areas.values():
        if isinstance(area, Mapping) and _number(area.get("device")) == 0:
            located = device.locate(_number(area.get("offset")) or 0)
            if located is not None:
                counts[located[0].name] += 1
    most = max(counts, key=lambda name: (counts[name], name == "embedded"), default="embedded")
    return device.flash(most)


def _check_ids(partitions: list[Partition], findings: list[Finding]) -> None:
    taken: dict[int, Partition] = {}
    for p in partitions:
        if p.index is None:
            continue
        other = taken.setdefault(p.index, p)
        if other is not p:
            free = next(n for n in range(len(partitions) + 1) if 16 + n not in taken)
            message = (
                f"`{printable(p.name, 60)}` has the user_id {p.index - 16} of "
                f"`{printable(other.name, 60)}`"
            )
            findings.append(error("FMT263", message, f"user_id {free} is free", p.place))


def _partition(
    document: YamlDocument,
    where: tuple[str, str, str],
    offset: int,
    size: int,
    flash: int,
    user: int | None,
    device: Device | None,
    own: Flash | None,
) -> Partition:
    name = where[2]
    index, role = _SYSTEM.get(name, (16 + user if user is not None else None, Role.CUSTOM))
    if role is Role.CUSTOM:
        role = next((r for word, r in _USER.items() if word in name), Role.CUSTOM)
    owner, start = ("embedded" if flash == 0 else f"flash{flash}"), offset
    located = device.locate(offset) if device is not None and flash else None
    if flash == 0 and own is not None and offset >= (own.base or 0):
        owner, start = own.name, offset - (own.base or 0)
    elif located is not None and located[0] is not own:
        owner, start = located[0].name, located[1]
    return Partition(
        name=name,
        role=role,
        owner=owner,
        extent=Extent.of(start, size),
        start=offset,
        index=index,
        id=name,
        pair="image" if role in (Role.APPLICATION, Role.OTA_TEMP) else None,
        attributes={"device": flash, **({"user_id": user} if user is not None else {})},
        place=document.place(*where),
        places={
            "start": document.place(*where, "offset"),
            "size": document.place(*where, "size"),
        },
    )


def _number(said: object) -> int | None:
    """A number as newt reads it: a leading 0 does not make it octal; ``None`` if it is none."""
    if not isinstance(said, str) or len(said) > 40:
        return None
    zeros = 0
    while zeros < len(said) - 1 and said[zeros] == "0" and said[zeros + 1] != "x":
        zeros += 1
    plain = said[zeros:]
    if _NUMBER.fullmatch(plain) is None:
        return None
    value = int(plain.replace("_", ""), 0)
    return value if value < 1 << 63 else None


def _size(said: object) -> int | None:
    """A size as newt reads it: bytes, or a number with ``kB`` right behind it."""
    if not isinstance(said, str):
        return None
    number, unit = said.lower(), 1
    if number.endswith("kb"):
        number, unit = number[:-2], 1024
    value = _number(number)
    return value * unit if value is not None and value * unit < 1 << 63 else None


def _fault(message: str, place: Place) -> Finding:
    help = "an area has device, offset and size (such as 16kB), and user_id unless it is a system's"
    return error("FMT260", message, help, place)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The flash maps of a ``bsp.yml``; into ``options.base`` only numbers that changed."""
    if options.base is not None:
        return _into(options.base, tables)
    lines = []
    findings: list[Finding] = []
    for number_, table in enumerate(tables):
        key = table.attributes.get("key")
        suffix = f".{table.name}" if number_ else ""
        lines += [f"{key if isinstance(key, str) else _KEY + suffix}:", "    areas:"]
        lines += _written(table, findings)
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _written(table: Table, findings: list[Finding]) -> list[str]:
    owners = {"embedded": 0}
    by_role = {role: name for name, (_, role) in _SYSTEM.items()}
    lines = []
    taken = {p.name for p in table.partitions}
    said_ids = {p.attributes.get("user_id") for p in table.partitions}
    free = (n for n in range(len(table.partitions)) if n not in said_ids)
    for p in table.partitions:
        name = p.name if p.name in _SYSTEM else by_role.get(p.role, "")
        said = p.attributes.get("user_id")
        is_system = name in _SYSTEM and (name == p.name or name not in taken)
        if is_system:
            taken.add(name)
        else:
            kept = isinstance(said, int) or p.name.startswith("FLASH_AREA_")
            name = p.name if kept else f"FLASH_AREA_{p.name.upper()}"
        flash = owners.setdefault(p.owner, len(owners))
        device = p.attributes.get("device")
        lines += [
            f"        {name}:",
            f"            device: {device if isinstance(device, int) else flash}",
            f"            offset: 0x{_address(table, p):08x}",
            f"            size: {_kilobytes(p.size)}",
        ]
        if not is_system:
            lines.append(f"            user_id: {said if isinstance(said, int) else next(free)}")
    return lines


def _address(table: Table, p: Partition) -> int:
    """What ``offset`` says: the CPU address where the flash is mapped, else the offset."""
    flash = table.device.flash(p.owner) if table.device else None
    return p.extent.start + (flash.base or 0 if flash else 0)


def _kilobytes(size: int) -> str:
    return f"{size // 1024}kB" if size % 1024 == 0 else str(size)


def _into(base: Source, tables: tuple[Table, ...]) -> Encoded:
    document = parse_yaml(base)
    if not isinstance(document, YamlDocument):
        return Encoded(None, document)
    changes: dict[tuple[str | int, ...], str] = {}
    findings = []
    before = decode(base, ReadOptions(tables[0].device if tables else None))
    old = {(t.attributes["key"], p.name): p for t in before.tables for p in t.partitions}
    for table in tables:
        key = str(table.attributes.get("key") or _KEY)
        for p in table.partitions:
            path = (key, "areas", p.name)
            if (*path, "offset") not in document.spots or (*path, "size") not in document.spots:
                message = f"the file to write into has no area `{printable(p.name)}`"
                findings.append(error("FMT261", message, "add it, with any numbers", p.place))
                continue
            area = document.data[key]["areas"][p.name]
            was = old.get((key, p.name))
            address = _address(table, p)
            if was is not None:
                address = p.extent.start + was.start - was.extent.start
            if _number(area["offset"]) != address:
                changes[*path, "offset"] = f"0x{address:08x}"
            if _size(area["size"]) != p.size:
                changes[*path, "size"] = _kilobytes(p.size)
    if findings:
        return Encoded(None, tuple(findings))
    return Encoded(document.edited(changes).encode(), ())


PAGES: tuple[Page, ...] = (
    page(
        "FMT260",
        "mynewt-syntax",
        Severity.ERROR,
        """A flash map of a `bsp.yml` lacks something, or has a value that is no number.""",
    ),
    page(
        "FMT261",
        "mynewt-no-area",
        Severity.ERROR,
        """The file to write into has no area of that name.""",
    ),
    page(
        "FMT262",
        "mynewt-unknown-field",
        Severity.WARNING,
        """An area has a field that newt does not know, warns of, and ignores.""",
    ),
    page(
        "FMT263",
        "mynewt-same-id",
        Severity.ERROR,
        """Two areas have one `user_id`; newt stops the build.""",
    ),
)
