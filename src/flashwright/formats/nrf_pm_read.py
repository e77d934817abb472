"""Reading nRF Connect SDK's ``pm_static.yml`` and ``partitions.yml`` (Partition Manager).

Offsets count from the start of a region. ``flash_primary`` is the chip's own flash (``embedded``);
other regions keep their name as owner, RAM and OTP regions too (rules pass over those). A partition
with a ``span`` contains others on purpose: its members name it as their parent.

The Partition Manager ignores the entry ``app``: the application gets the one gap that the others
leave. Where the entry contradicts that, the gap is what is read. A device without an external flash
gets one, if the file uses it: a SPI NOR flash of the size that the part's name says (MX25R64: 64
megabits), or else as large as the file uses.

Source: nrfconnect/sdk-nrf scripts/partition_manager/partition_manager.rst, read for its meaning;
scripts/partition_manager.py, run on made-up files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flashwright.base.align import align_up
from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error, warning
from flashwright.formats.format import (
    Decoded,
    ReadOptions,
    Source,
)
from flashwright.formats.nrf_pm_gaps import UNPLACED, region_faults, same_macro, with_application
from flashwright.formats.nrf_pm_yaml import (
    anchor_twice,
    integer,
    is_text,
    keys_that_are_no_text,
    merged,
)
from flashwright.formats.yaml_source import YamlDocument, parse_yaml
from flashwright.model.device import Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

PRIMARY, EXTERNAL, _RAM = "flash_primary", "external_flash", "sram_primary"
#: Bytes that a SPI NOR flash erases at once, and no larger flash of that kind is made.
_BLOCK, _LARGEST = 4096, 1 << 32
#: Series of SPI NOR flashes whose name goes on with the megabits (W25Q80: 8).
_SERIES = re.compile(
    r"(?:mx25[lruv]|mx66[lu]|w25[qxr]|gd25[a-z]{1,2}|is25[lw]p|n25q|at25s[fl]|s25f[ls]|py25q|p25q)"
    r"(512|256|128|64|32|16|80|40|20|10)",
    re.I,
)
_SMALL = {"80": 8, "40": 4, "20": 2, "10": 1}
ROLES = {
    "nrf5_mbr": Role.FIRMWARE,
    "softdevice": Role.FIRMWARE,
    "tfm": Role.FIRMWARE,
    "legacy_bootloader_storage": Role.FIRMWARE,
    "nvs_storage": Role.KV,
    "zms_storage": Role.KV,
    "emds_storage": Role.KV,
    "littlefs_storage": Role.FILESYSTEM,
    "memfault_coredump_partition": Role.COREDUMP,
    "factory_data": Role.CALIBRATION,
    "tfm_ps": Role.SECURITY,
    "tfm_its": Role.SECURITY,
    "tfm_otp_nv_counters": Role.SECURITY,
    "hw_unique_key_partition": Role.SECURITY,
    "app": Role.APPLICATION,
    "mcuboot_primary": Role.APPLICATION,
    "mcuboot_secondary": Role.OTA_TEMP,
    "mcuboot_scratch": Role.SCRATCH,
    "b0": Role.BOOTLOADER,
    "provision": Role.SECURITY,
    "nonsecure_storage": Role.CUSTOM,
    "external_flash": Role.CUSTOM,
}
_KEPT = ("device", "placement", "share_size", "inside", "affiliation", "extra_params")


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file; spans are declared."""
    document = parse_yaml(source)
    if not isinstance(document, YamlDocument):
        return Decoded((), tuple(document))
    if not isinstance(document.data, Mapping) or not document.data:
        fault = error("FMT250", "no partition in it", "", Place(source.path))
        return Decoded((), (fault,))
    findings: list[Finding] = []
    again = anchor_twice(document.text)
    if again is not None:
        message = f"the anchor `&{printable(again[0], 40)}` is given twice: the build stops"
        place = Place(source.path, again[1])
        findings.append(error("FMT250", message, "give each anchor a name of its own", place))
    partitions: list[Partition] = []
    containers: set[str] = set()
    strange = keys_that_are_no_text(document.text)
    for name, said in document.data.items():
        entry = merged(said) if isinstance(said, Mapping) else said
        stumbling = _stumbles(document, name, entry, strange)
        if stumbling is not None:
            findings.append(stumbling)
        elif (made := _partition(document, name, entry, findings)) is not None:
            partitions.append(made)
            if "span" in entry:
                containers.add(name)
    if not partitions:
        return Decoded((), tuple(findings) or (error("FMT250", "no partition has a place", ""),))
    device = _with_external(options.device, partitions)
    partitions = with_application(partitions, frozenset(containers), device, findings)
    findings += [*region_faults(partitions), *same_macro(partitions)]
    table = Table(
        name="partitions",
        partitions=_spanned(partitions),
        device=device,
        format="nrf-pm-static",
        place=Place(source.path),
    )
    return Decoded((table,), tuple(findings))


def _partition(
    document: YamlDocument, name: str, entry: Mapping[str, Any], findings: list[Finding]
) -> Partition | None:
    region = entry.get("region", _RAM if name.endswith("_sram") else None)
    numbers = {key: integer(document, name, key, entry) for key in ("address", "size")}
    free = name == "app" and _owner(region) == "embedded"
    wrong = [k for k, v in numbers.items() if v is None and (not free or k in entry)]
    if wrong:
        findings.append(_no_number(document, name, wrong[0], entry))
        return None
    unplaced = None in numbers.values()
    address, size = (0 if unplaced else value or 0 for value in numbers.values())
    end = integer(document, name, "end_address", entry)
    if end is not None and not unplaced and end != address + size:
        place = document.place(name, "end_address")
        findings.append(_other_end(name, address + size, end, place))
    span = entry.get("span")
    members = span if isinstance(span, list) else [span] if isinstance(span, str) else []
    return Partition(
        name=name,
        role=_role(name, members),
        owner=_owner(region),
        extent=Extent.of(address, size),
        start=address,
        id=name,
        pair=_pair(name),
        attributes={
            **{k: entry[k] for k in _KEPT if k in entry},
            **({"region": region} if region else {}),
            **({UNPLACED: True} if unplaced else {}),
            **({"span": tuple(str(m) for m in members)} if "span" in entry else {}),
        },
        place=document.place(name),
        places={"start": document.place(name, "address"), "size": document.place(name, "size")},
    )


def _stumbles(
    document: YamlDocument, name: str, entry: Any, strange: frozenset[str]
) -> Finding | None:
    """FMT250 for an entry over which the Partition Manager stumbles, whatever its numbers."""
    place = document.place(name)
    shown = f"`{printable(name, 60)}`"
    if not isinstance(entry, Mapping):
        return error("FMT250", f"{shown} is no mapping", "", place)
    if name in strange:
        help = f'write it in quotes ("{printable(name, 40)}"), or rename it'
        return error("FMT250", f"{shown} is no text to the build", help, place)
    region = entry.get("region", PRIMARY)
    if not isinstance(region, str) or not region or not is_text(region):
        help = f"leave the region out for `{PRIMARY}`"
        return error("FMT250", f"the region of {shown} is no text", help, place)
    return None


def _other_end(name: str, end: int, said: int, place: Place) -> Finding:
    message = (
        f"`{printable(name, 60)}` ends at {format_hex(end)} by its size, but end_address says "
        f"{format_hex(said)}"
    )
    return warning("FMT251", message, f"make end_address {format_hex(end)}; the size counts", place)


def _pair(name: str) -> str | None:
    """What the two slots of one image have in common."""
    for prefix in ("mcuboot_primary", "mcuboot_secondary"):
        rest = name.removeprefix(prefix)
        if rest != name and (not rest or rest[1:].isdigit()):
            return f"mcuboot{rest}"
    return None


def _no_number(document: YamlDocument, name: str, key: str, entry: Mapping[str, Any]) -> Finding:
    shown, place = f"`{printable(name, 60)}`", document.place(name, key)
    said = entry.get(key)
    if said is None:
        help = "a static layout gives both for every partition"
        return error("FMT250", f"{shown} has no {key}", help, place)
    if not isinstance(said, str):
        return error("FMT250", f"the {key} of {shown} is no number", "", place)
    message = f"the {key} of {shown} is no number to the build: `{printable(said, 40)}`"
    help = "it reads 4096, 0x1000, 010000 and 0b1, without quotes"
    return error("FMT250", message, help, place)


def _owner(region: str | None) -> str:
    return "embedded" if region in (None, PRIMARY) else str(region)


def _with_external(device: Device | None, partitions: list[Partition]) -> Device | None:
    """The device with an external flash, if the file uses one that it does not have."""
    used = [p for p in partitions if p.owner == EXTERNAL]
    if device is None or not used or device.flash(EXTERNAL) is not None:
        return device
    parts = {str(p.attributes["device"]) for p in used if "device" in p.attributes}
    sizes = [_part_size(part) for part in parts]
    known = len(sizes) == 1 and sizes[0] > 0
    size = sizes[0] if known else align_up(max(p.extent.end for p in used), _BLOCK)
    if not 0 < size <= _LARGEST:
        return device
    why = f"the part's name, {min(parts)}" if known else "as large as the file uses"
    source = f"{why}; SPI NOR flashes erase 4 KiB"
    flash = Flash(EXTERNAL, None, (EraseRun(size // _BLOCK, _BLOCK),), source=source)
    return replace(device, flashes=(*device.flashes, flash))


def _part_size(part: str) -> int:
    """The bytes of a SPI NOR flash by its name, 0 where the name does not tell."""
    match = _SERIES.match(part)
    return _SMALL.get(match[1], int(match[1])) << 17 if match else 0


def _role(name: str, members: list[Any]) -> Role:
    if name.startswith("EMPTY_") or name.endswith(("_pad", "_sram")):
        return Role.CUSTOM
    base = base_name(name)
    if base == "app" and members:
        return Role.CUSTOM
    return ROLES.get(base, role_by_name(name))


def base_name(name: str) -> str:
    """The name without the number of the image."""
    return name.rsplit("_", 1)[0] if name[-1:].isdigit() and "mcuboot_" in name else name


def _spanned(partitions: list[Partition]) -> tuple[Partition, ...]:
    """With the parent of each member: the smallest span that lists or wholly contains it."""
    spans = [p for p in partitions if p.attributes.get("span")]
    result = []
    for p in partitions:
        around = [
            s
            for s in spans
            if s is not p
            and s.owner == p.owner
            and s.extent.covers(p.extent)
            and (s.extent != p.extent or p.name in members_of(s) or s.name not in members_of(p))
            and not (s.extent == p.extent and p.name not in members_of(s))
        ]
        if around:
            nearest = min(around, key=lambda s: s.size)
            shares = tuple(s.name for s in around if s is not nearest)
            p = replace(p, parent=nearest.name, shares=shares)
        result.append(p)
    twins = [
        replace(p, shares=(*p.shares, *(o.name for o in result if _twins(p, o)))) for p in result
    ]
    return tuple(twins)


def members_of(partition: Partition) -> tuple[str, ...]:
    """What a span contains; nothing for other partitions."""
    said = partition.attributes.get("span")
    return said if isinstance(said, tuple) else ()


def _twins(one: Partition, other: Partition) -> bool:
    """Spans over the same bytes that list the same members are two names of one place."""
    same = one is not other and one.owner == other.owner and one.extent == other.extent
    return same and bool(members_of(one)) and bool(members_of(other))
