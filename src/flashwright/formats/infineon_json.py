"""Infineon's MCUboot flash map JSON: PSoC 6, CYW20829 (`boot_and_upgrade`), XMC7000, and policies.

Addresses are those of the CPU. With a device they become offsets; without one, the known regions of
these chips give the base (0x10000000 code flash, 0x14000000 work flash, 0x18000000 and 0x60000000
external flash). A ``*_platform.json`` beside the map (``Source.others``) gives the erase blocks.

Source: Infineon mtb-example-psoc6-mcuboot, ota-bootloader-abstraction (flash maps and
scripts/memorymap_*.py read for their meaning).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, note, warning, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import (
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
    only_one_table,
)
from flashwright.formats.infineon_json_write import REGIONS, address_of, encode_anew
from flashwright.formats.json_source import JsonDocument, parse_json
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

_Path = tuple[str | int, ...]
_LARGEST = 1 << 32

_RESOURCES = {
    "BOOT": ("primary", Role.APPLICATION),
    "UPGRADE": ("secondary", Role.OTA_TEMP),
    "STATUS_PARTITION": ("status", Role.BOOT_RECORD),
    "SCRATCH": ("scratch", Role.SCRATCH),
    "FLASH_PC1_SPM": ("bootloader", Role.BOOTLOADER),
}


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of a flash map, or the device of a platform file (which has no partitions)."""
    document = parse_json(source)
    if not isinstance(document, JsonDocument):
        return Decoded((), tuple(document))
    findings: list[Finding] = []
    device = options.device or _platform(source, findings)
    parts = [p for p in _areas(document) if p is not None]
    partitions = [
        made for part in parts if (made := _partition(document, part, device, findings)) is not None
    ]
    if not partitions:
        if isinstance(document.data, Mapping) and "memory_regions" in document.data:
            help = "give the flash map, and the directory of this file with -I"
            message = "a platform file: it has erase blocks but no partitions"
            return Decoded((), (*findings, note("FMT291", message, help, Place(source.path))))
        help = "see the flash maps of Infineon's MCUboot examples"
        fault = error("FMT290", "no flash map in it", help, Place(source.path))
        return Decoded((), (*findings, fault))
    table = Table(
        name="flash map",
        partitions=_launched(document, _shared(partitions)),
        device=device,
        format="infineon-json",
        place=Place(source.path),
    )
    return Decoded((table,), tuple(findings))


_Area = tuple[str, Role, _Path, _Path, str | None]


def _areas(document: JsonDocument) -> Iterator[_Area | None]:
    """(name, role, path of its address, path of its size, pair) of everything in the file."""
    data = document.data if isinstance(document.data, Mapping) else {}
    whole = data.get("boot_and_upgrade")
    if isinstance(whole, Mapping):
        yield from _psoc(whole, ("boot_and_upgrade",))
    if isinstance(data.get("bootloader"), Mapping):
        yield from _xmc(data)
    policy = data.get("boot_upgrade")
    if isinstance(policy, Mapping) and isinstance(policy.get("firmware"), list):
        yield from _policy(policy["firmware"])


def _psoc(data: Mapping[str, Any], at: _Path) -> Iterator[_Area | None]:
    for name, part in data.items():
        if not isinstance(part, Mapping):
            continue
        here = (*at, name)
        if name == "bootloader":
            keys = (("", "bootloader", Role.BOOTLOADER), ("scratch_", "scratch", Role.SCRATCH))
            for prefix, called, role in (*keys, ("status_", "status", Role.BOOT_RECORD)):
                yield _area(part, called, role, here, f"{prefix}address", f"{prefix}size")
        elif name.startswith("application"):
            suffix = name.removeprefix("application").removeprefix("_1")
            if isinstance(part.get("flash"), Mapping):  # newer maps keep the slots in it
                part, here = part["flash"], (*here, "flash")
            pair = name
            first = "primary_slot" if "primary_slot" in part else "address"
            first_size = "primary_slot_size" if "primary_slot" in part else "size"
            second = "secondary_slot" if "secondary_slot" in part else "upgrade_address"
            second_size = "secondary_slot_size" if "secondary_slot" in part else "upgrade_size"
            primary, secondary = f"primary{suffix}", f"secondary{suffix}"
            yield _area(part, primary, Role.APPLICATION, here, first, first_size, pair)
            yield _area(part, secondary, Role.OTA_TEMP, here, second, second_size, pair)


def _xmc(data: Mapping[str, Any]) -> Iterator[_Area | None]:
    areas = (
        ("bootloader_area", "bootloader", Role.BOOTLOADER),
        ("status_area", "status", Role.BOOT_RECORD),
        ("scratch_area", "scratch", Role.SCRATCH),
    )
    for key, called, role in areas:
        part = data["bootloader"].get(key)
        if isinstance(part, Mapping):
            yield _area(part, called, role, ("bootloader", key), "address", "size")
    for name, part in data.items():
        slots = part.get("slots") if isinstance(part, Mapping) else None
        if name.startswith("application") and isinstance(slots, Mapping):
            suffix = name.removeprefix("application").removeprefix("_1")
            here = (name, "slots")
            yield _area(slots, f"primary{suffix}", Role.APPLICATION, here, "boot", "size", name)
            yield _area(slots, f"secondary{suffix}", Role.OTA_TEMP, here, "upgrade", "size", name)


def _policy(firmware: list[Any]) -> Iterator[_Area | None]:
    for number, image in enumerate(firmware[:64]):
        resources = image.get("resources") if isinstance(image, Mapping) else None
        for index, item in enumerate(resources if isinstance(resources, list) else []):
            kind = item.get("type") if isinstance(item, Mapping) else None
            if isinstance(kind, str) and kind in _RESOURCES:
                called, role = _RESOURCES[kind]
                here = ("boot_upgrade", "firmware", number, "resources", index)
                slot = role in (Role.APPLICATION, Role.OTA_TEMP)
                name = f"{called}_{image.get('id', number)}" if slot else called
                pair = f"image_{image.get('id', number)}" if slot else None
                yield _area(item, name, role, here, "address", "size", pair)


def _area(
    part: Mapping[str, Any],
    name: str,
    role: Role,
    at: _Path,
    address: str,
    size: str,
    pair: str | None = None,
) -> _Area | None:
    if address not in part:
        return None
    tail: _Path = ("value",) if isinstance(part[address], Mapping) else ()
    size_tail: _Path = ("value",) if isinstance(part.get(size), Mapping) else ()
    return name, role, (*at, address, *tail), (*at, size, *size_tail), pair


def _partition(
    document: JsonDocument, area: _Area, device: Device | None, findings: list[Finding]
) -> Partition | None:
    name, role, address_path, size_path, pair = area
    address, size = _value(document.data, address_path), _value(document.data, size_path)
    if address is None or size is None:
        path = address_path if address is None else size_path
        message = f"the {'address' if address is None else 'size'} of `{name}` is no number"
        help = 'write it as "0x10000000"'
        findings.append(error("FMT290", message, help, document.place(*path)))
        return None
    owner, offset = _located(address, device)
    place = document.place(*address_path)
    return Partition(
        name=name,
        role=role,
        owner=owner,
        extent=Extent.of(offset, size),
        start=address,
        id="/".join(str(p) for p in address_path if p != "value"),
        pair=pair,
        attributes={"address_path": address_path, "size_path": size_path},
        place=place,
        places={"start": place, "size": document.place(*size_path)},
    )


def _value(data: Any, path: _Path) -> int | None:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    if isinstance(data, str) and len(data) <= 20:
        try:
            data = int(data, 0)
        except ValueError:
            return None
    if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data < _LARGEST:
        return None
    return data


def _located(address: int, device: Device | None) -> tuple[str, int]:
    found = device.locate(address) if device else None
    if found is not None:
        return found[0].name, found[1]
    for base, end, owner in REGIONS:
        if base <= address < end:
            return owner, address - base
    return "embedded", address


def _shared(partitions: list[Partition]) -> tuple[Partition, ...]:
    """Slots of several images that use exactly the same bytes do so on purpose."""
    result = []
    for p in partitions:
        same = tuple(
            o.name
            for o in partitions
            if o is not p and o.role is p.role and o.owner == p.owner and o.extent == p.extent
        )
        result.append(replace(p, shares=same) if same else p)
    return tuple(result)


def _launched(document: JsonDocument, partitions: tuple[Partition, ...]) -> tuple[Partition, ...]:
    """An image that a policy's image launches lies inside that image's slot on purpose."""
    data = document.data
    policy = data.get("boot_upgrade") if isinstance(data, Mapping) else None
    firmware = policy.get("firmware") if isinstance(policy, Mapping) else None
    result = list(partitions)
    for image in firmware if isinstance(firmware, list) else []:
        if not isinstance(image, Mapping):
            continue
        outer = next((p for p in result if p.name == f"primary_{image.get('id')}"), None)
        for n, p in enumerate(result):
            inside = outer is not None and outer.owner == p.owner and outer.extent.covers(p.extent)
            if outer is not None and inside and p.name == f"primary_{image.get('launch')}":
                result[n] = replace(p, parent=outer.name)
    return tuple(result)


def _platform(source: Source, findings: list[Finding]) -> Device | None:
    """The device that a platform file beside the map describes, if there is exactly one."""
    regions: list[Any] = []
    for name, data in sorted(source.others.items()):
        if name.endswith("platform.json"):
            try:
                parsed = json.loads(data)
            except (ValueError, RecursionError):
                continue
            if isinstance(parsed, Mapping) and isinstance(parsed.get("memory_regions"), list):
                regions.append(parsed["memory_regions"])
    if len(regions) != 1:
        return None
    flashes: list[Flash] = []
    for number, region in enumerate(regions[0][:32]):
        values = [_value(region, (key,)) for key in ("address", "size", "erase_size")]
        address, size, block = values
        if not address or not size or not block or size % block:
            continue
        name = _located(address, None)[0]
        taken = {f.name for f in flashes}
        name = name if name not in taken else f"{name}{number}"
        erased = _value(region, ("erase_value",))
        flashes.append(
            Flash(
                name,
                address,
                (EraseRun(size // block, block),),
                erased_value=0xFF if erased is None else erased & 0xFF,
                source="platform file beside the flash map",
            )
        )
    if not flashes:
        return None
    boot = BootFacts(flashes[0].name)
    return Device("platform", "", "platform file", "Infineon", tuple(flashes), boot)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as a flash map; into ``options.base`` only the numbers that changed."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("infineon-json", tables),))
    if options.base is not None:
        return _into(options.base, tables[0])
    return encode_anew(tables[0])


def _into(base: Source, table: Table) -> Encoded:
    document = parse_json(base)
    if not isinstance(document, JsonDocument):
        return Encoded(None, document)
    old = {p.name: p for p in _partitions(base, table.device)}
    missing = [p.name for p in table.partitions if p.name not in old]
    findings: list[Finding] = []
    if missing:
        names = ", ".join(f"`{printable(n)}`" for n in missing)
        help = "add them to the file by hand, or write a new file without --into"
        findings.append(error("FMT292", f"the file to write into has no {names}", help))
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    wished = {p.name: p for p in table.partitions}
    for name, was in old.items():
        if name not in wished:
            message = f"`{printable(name)}` is in the file and not in the layout: it stays"
            help = "take it out by hand if it has to go"
            findings.append(warning("FMT292", message, help, was.place))
    changes: dict[_Path, str] = {}
    for p in table.partitions:
        was = old[p.name]
        for key, changed, value in (
            ("address_path", was.extent.start != p.extent.start, address_of(table, p)),
            ("size_path", was.size != p.size, p.size),
        ):
            path = was.attributes[key]
            if changed and isinstance(path, tuple) and path in document.spots:
                quoted = isinstance(_raw(document.data, path), str)
                changes[path] = f'"0x{value:08X}"' if quoted else str(value)
    data = document.edited(changes).encode()
    after = {p.name: p for p in _partitions(Source(base.path, data, base.others), table.device)}
    if any(after.get(p.name, p).extent != p.extent for p in table.partitions):
        help = "give it the device whose flashes the addresses belong to (--device)"
        message = "the file to write into would say other places than the layout"
        return Encoded(None, (*findings, error("FMT292", message, help)))
    return Encoded(data, tuple(findings))


def _partitions(source: Source, device: Device | None) -> tuple[Partition, ...]:
    decoded = decode(source, ReadOptions(device=device))
    return tuple(p for table in decoded.tables for p in table.partitions)


def _raw(data: Any, path: _Path) -> Any:
    for step in path:
        data = data[step]
    return data


PAGES: tuple[Page, ...] = (
    page(
        "FMT290",
        "infineon-syntax",
        Severity.ERROR,
        """An Infineon flash map lacks something, or has a value that is no number.""",
    ),
    page(
        "FMT291",
        "infineon-platform",
        Severity.NOTE,
        """The file describes a platform's memories, not a layout.

        ## How to fix
        Read the flash map, with `-I` for the directory that holds this file: its erase blocks are
        then known.
        """,
    ),
    page(
        "FMT292",
        "infineon-cannot-say",
        Severity.ERROR,
        """The layout has something that an Infineon flash map has no place for.

        ## Why it matters
        Infineon's script reads one bootloader, one scratch and one status area, and up to four
        applications, each with two slots of one size. It is an error for a slot: an image would
        not be known to the bootloader. It is a warning for other partitions, which are left out.

        ## How to fix
        Give every application its second slot, or leave it out; keep the bytes of other partitions
        free by hand.
        """,
    ),
)
