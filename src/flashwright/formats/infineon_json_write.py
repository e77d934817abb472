"""An Infineon flash map (`boot_and_upgrade`) written anew, as Infineon's script takes it.

The script (`flashmap.py`) knows the bootloader with its scratch and status areas, and the
applications 1 to 4, each with a primary and a secondary slot of one size; every value needs a
description. Slots that lie over each other have to be marked as shared.

Source: Infineon ota-bootloader-abstraction, scripts/mcuboot/flashmap.py (read for its meaning).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, warning, worst
from flashwright.formats.format import Encoded
from flashwright.model.table import Partition, Role, Table

#: Where the flashes of these chips are mapped: (base, end, what partitions call it).
REGIONS: tuple[tuple[int, int, str], ...] = (
    (0x10000000, 0x14000000, "embedded"),
    (0x14000000, 0x18000000, "work"),
    (0x18000000, 0x20000000, "external"),
    (0x60000000, 0x70000000, "external"),
)
#: The script looks for application_1 to application_4.
_MOST_IMAGES = 4
_AREAS = {
    Role.BOOTLOADER: ("", "bootloader"),
    Role.SCRATCH: ("scratch_", "scratch area"),
    Role.BOOT_RECORD: ("status_", "status area"),
}
_SLOTS = {Role.APPLICATION: ("", "primary slot"), Role.OTA_TEMP: ("upgrade_", "secondary slot")}


def encode_anew(table: Table) -> Encoded:
    """The flash map of one table."""
    findings: list[Finding] = []
    boot: dict[str, Any] = {}
    for partition in table.partitions:
        prefix, what = _AREAS.get(partition.role, ("", ""))
        if partition.role in _SLOTS:
            continue
        if not what or f"{prefix}address" in boot:
            findings.append(_no_place(partition))
            continue
        boot.update(_said(table, partition, prefix, what))
    images = _images(table.partitions)
    if "address" not in boot or not images:
        help = "give the roles bootloader and application"
        findings.append(error("FMT292", "a flash map needs a bootloader and an application", help))
    whole: dict[str, Any] = {"bootloader": boot}
    for number, image in enumerate(images, 1):
        findings += _faults(number, image)
        application: dict[str, Any] = {}
        for partition in image:
            application.update(_said(table, partition, *_SLOTS[partition.role]))
        if any(_shared(p, table) for p in image):
            application["shared_slot"] = {"description": "secondary slot is shared", "value": True}
        whole[f"application_{number}"] = application
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    text = json.dumps({"boot_and_upgrade": whole}, indent=4)
    return Encoded((text + "\n").encode(), tuple(findings))


def address_of(table: Table, partition: Partition) -> int:
    """Where the CPU sees a partition: by the device, or by the usual regions of these chips."""
    flash = table.device.flash(partition.owner) if table.device else None
    address = flash.address(partition.extent.start) if flash else None
    if address is not None:
        return address
    bases = {owner: base for base, _, owner in reversed(REGIONS)}
    base = bases.get(partition.owner, 0)
    return partition.start if partition.start >= base else base + partition.extent.start


def _said(table: Table, partition: Partition, prefix: str, what: str) -> dict[str, Any]:
    values = (("address", address_of(table, partition)), ("size", partition.size))
    return {
        f"{prefix}{key}": {"description": f"{key} of the {what}", "value": f"0x{value:08X}"}
        for key, value in values
    }


def _images(partitions: Sequence[Partition]) -> list[list[Partition]]:
    """The slots of each image, the primary one first: by pair, or the n-th with the n-th."""
    images: dict[tuple[str | None, int], dict[Role, Partition]] = {}
    for partition in partitions:
        if partition.role not in _SLOTS:
            continue
        number = 0
        while partition.role in images.get((partition.pair, number), {}):
            number += 1
        images.setdefault((partition.pair, number), {})[partition.role] = partition
    return [[image[role] for role in _SLOTS if role in image] for image in images.values()]


def _faults(number: int, image: Sequence[Partition]) -> list[Finding]:
    """What keeps an image from being an application of the flash map."""
    first = image[0]
    shown = f"`{printable(first.name, 60)}`"
    if number > _MOST_IMAGES:
        message = f"the flash map has no place for {shown}: it would be application {number}"
        help = f"Infineon's script reads {_MOST_IMAGES}; leave this one out"
        return [error("FMT292", message, help, first.place)]
    if len(image) < 2:
        missing = "secondary" if first.role is Role.APPLICATION else "primary"
        message = f"the flash map has no place for {shown}: it has no {missing} slot beside it"
        help = "give it one of the same size (`pair`), or leave it out"
        if first.parent is not None:
            help = f"it lies inside `{printable(first.parent, 60)}`: leave it out"
        help += "; an existing policy or map takes it with --into"
        return [error("FMT292", message, help, first.place)]
    sizes = image[0].size, image[1].size
    if sizes[0] == sizes[1]:
        return []
    other = f"`{printable(image[1].name, 60)}`"
    message = (
        f"{shown} has {format_hex(sizes[0])} bytes and {other} {format_hex(sizes[1])}: "
        "the slots of an application have one size"
    )
    help = f"give both {format_hex(min(sizes))}"
    return [error("FMT292", message, help, image[1].place)]


def _shared(partition: Partition, table: Table) -> bool:
    return partition.role is Role.OTA_TEMP and any(
        other is not partition
        and other.role is Role.OTA_TEMP
        and other.owner == partition.owner
        and other.extent.overlaps(partition.extent)
        for other in table.partitions
    )


def _no_place(partition: Partition) -> Finding:
    shown = f"`{printable(partition.name, 60)}`"
    message = f"the flash map has no place for {shown} ({partition.role.value}): it is left out"
    help = (
        "keep its bytes free by hand: the map has one bootloader, scratch and status area, and the "
        "slots of up to 4 applications"
    )
    return warning("FMT292", message, help, partition.place)
