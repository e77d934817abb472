"""nRF Connect SDK's ``pm_static.yml`` and ``partitions.yml`` (Partition Manager).

Offsets count from the start of a region. ``flash_primary`` is the chip's own flash (``embedded``);
other regions keep their name as owner, RAM and OTP regions too (rules pass over those). A partition
with a ``span`` contains others on purpose: its members name it as their parent.

The Partition Manager ignores the entry ``app``: the application gets the one gap that the others
leave. Where the entry contradicts that, the gap is what is read. A device without an external flash
gets one, if the file uses it: a SPI NOR flash of the size that the part's name says (MX25R64: 64
megabits), or else as large as the file uses.

Source: nrfconnect/sdk-nrf scripts/partition_manager/partition_manager.rst, read for its meaning.
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
from flashwright.formats.yaml_source import YamlDocument, number, parse_yaml
from flashwright.model.device import Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

_PRIMARY, _EXTERNAL, _RAM = "flash_primary", "external_flash", "sram_primary"
#: Bytes that a SPI NOR flash erases at once, and no larger flash of that kind is made.
_BLOCK, _LARGEST = 4096, 1 << 32
#: Series of SPI NOR flashes whose name goes on with the megabits (W25Q80: 8).
_SERIES = re.compile(
    r"(?:mx25[lruv]|mx66[lu]|w25[qxr]|gd25[a-z]{1,2}|is25[lw]p|n25q|at25s[fl]|s25f[ls]|py25q|p25q)"
    r"(512|256|128|64|32|16|80|40|20|10)",
    re.I,
)
_SMALL = {"80": 8, "40": 4, "20": 2, "10": 1}
_ROLES = {
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
#: What the build of the SDK calls the partitions that it looks for.
_EXPECTED = {
    Role.BOOTLOADER: "mcuboot",
    Role.APPLICATION: "mcuboot_primary",
    Role.OTA_TEMP: "mcuboot_secondary",
    Role.SCRATCH: "mcuboot_scratch",
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
    partitions = [
        made
        for name, entry in document.data.items()
        if (made := _partition(document, name, entry, findings)) is not None
    ]
    if not partitions:
        return Decoded((), tuple(findings) or (error("FMT250", "no partition has a place", ""),))
    device = _with_external(options.device, partitions)
    partitions = _with_gap(partitions, device, findings)
    table = Table(
        name="partitions",
        partitions=_spanned(partitions),
        device=device,
        format="nrf-pm-static",
        place=Place(source.path),
    )
    return Decoded((table,), tuple(findings))


def _partition(
    document: YamlDocument, name: str, entry: Any, findings: list[Finding]
) -> Partition | None:
    place = document.place(name)
    shown = f"`{printable(name, 60)}`"
    if not isinstance(entry, Mapping):
        findings.append(error("FMT250", f"{shown} is no mapping", "", place))
        return None
    address, size = number(entry.get("address")), number(entry.get("size"))
    if address is None or size is None:
        what = "address" if address is None else "size"
        help = "a static layout gives both for every partition"
        findings.append(error("FMT250", f"{shown} has no {what}", help, document.place(name, what)))
        return None
    end = number(entry.get("end_address"))
    if end is not None and end != address + size:
        findings.append(
            warning(
                "FMT251",
                f"{shown} ends at {format_hex(address + size)} by its size, but end_address says "
                f"{format_hex(end)}",
                f"make end_address {format_hex(address + size)}; the size counts",
                document.place(name, "end_address"),
            )
        )
    region = entry.get("region") if isinstance(entry.get("region"), str) else None
    if region is None and name.endswith("_sram"):
        region = _RAM
    span = entry.get("span", entry.get("orig_span"))
    members = span if isinstance(span, list) else [span] if isinstance(span, str) else []
    pair = None
    for prefix in ("mcuboot_primary", "mcuboot_secondary"):
        rest = name.removeprefix(prefix)
        if rest != name and (not rest or rest[1:].isdigit()):
            pair = f"mcuboot{rest}"
    return Partition(
        name=name,
        role=_role(name, members),
        owner=_owner(region),
        extent=Extent.of(address, size),
        start=address,
        id=name,
        pair=pair,
        attributes={
            **{k: entry[k] for k in _KEPT if k in entry},
            **({"region": region} if region else {}),
            **({"span": tuple(str(m) for m in members)} if members else {}),
        },
        place=place,
        places={"start": document.place(name, "address"), "size": document.place(name, "size")},
    )


def _owner(region: str | None) -> str:
    return "embedded" if region in (None, _PRIMARY) else str(region)


def _with_external(device: Device | None, partitions: list[Partition]) -> Device | None:
    """The device with an external flash, if the file uses one that it does not have."""
    used = [p for p in partitions if p.owner == _EXTERNAL]
    if device is None or not used or device.flash(_EXTERNAL) is not None:
        return device
    parts = {str(p.attributes["device"]) for p in used if "device" in p.attributes}
    sizes = [_part_size(part) for part in parts]
    known = len(sizes) == 1 and sizes[0] > 0
    size = sizes[0] if known else align_up(max(p.extent.end for p in used), _BLOCK)
    if not 0 < size <= _LARGEST:
        return device
    why = f"the part's name, {min(parts)}" if known else "as large as the file uses"
    source = f"{why}; SPI NOR flashes erase 4 KiB"
    flash = Flash(_EXTERNAL, None, (EraseRun(size // _BLOCK, _BLOCK),), source=source)
    return replace(device, flashes=(*device.flashes, flash))


def _part_size(part: str) -> int:
    """The bytes of a SPI NOR flash by its name, 0 where the name does not tell."""
    match = _SERIES.match(part)
    return _SMALL.get(match[1], int(match[1])) << 17 if match else 0


def _with_gap(
    partitions: list[Partition], device: Device | None, findings: list[Finding]
) -> list[Partition]:
    """With ``app`` where the Partition Manager puts it: in the gap that the others leave."""
    others = [p for p in partitions if p.owner == "embedded" and not _members(p)]
    others = [p for p in others if p.name != "app"]
    app = next((p for p in partitions if p.name == "app" and p.owner == "embedded"), None)
    flash = device.flash("embedded") if device else None
    end = max((p.extent.end for p in (*others, *([app] if app else []))), default=0)
    whole = flash.extent if flash else Extent(0, end)
    gaps = whole.minus(p.extent for p in others)
    if len(gaps) != 1:
        if flash is not None:
            shown = ", ".join(str(g) for g in gaps[:8]) or "none"
            message = f"the build wants one gap for the application, here are {len(gaps)}: {shown}"
            help = "fill the others with entries such as EMPTY_0, or close them"
            findings.append(warning("FMT254", message, help, app.place if app else None))
        return partitions
    gap = gaps[0]
    if app is None or app.extent == gap or (flash is None and gap.end == end):
        return partitions
    message = f"the build ignores the entry `app` ({app.extent}): the application gets {gap}"
    start, size = format_hex(gap.start), format_hex(gap.size)
    help = f"write address {start}, size {size} and end_address {format_hex(gap.end)}"
    findings.append(warning("FMT253", message, help, app.place))
    if gap.covers(app.extent):
        return partitions
    moved = replace(app, extent=gap, start=gap.start)
    return [moved if p is app else p for p in partitions]


def _role(name: str, members: list[Any]) -> Role:
    if name.startswith("EMPTY_") or name.endswith(("_pad", "_sram")):
        return Role.CUSTOM
    base = _base(name)
    if base == "app" and members:
        return Role.CUSTOM
    return _ROLES.get(base, role_by_name(name))


def _base(name: str) -> str:
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
            and (s.extent != p.extent or p.name in _members(s) or s.name not in _members(p))
            and not (s.extent == p.extent and p.name not in _members(s))
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


def _members(partition: Partition) -> tuple[str, ...]:
    said = partition.attributes.get("span")
    return said if isinstance(said, tuple) else ()


def _twins(one: Partition, other: Partition) -> bool:
    """Spans over the same bytes that list the same members are two names of one place."""
    same = one is not other and one.owner == other.owner and one.extent == other.extent
    return same and bool(_members(one)) and bool(_members(other))


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as ``pm_static.yml``; into ``options.base`` only numbers that changed."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("nrf-pm-static", tables),))
    if options.base is not None:
        return _into(options.base, tables[0])
    findings = [
        error("FMT252", f"`{printable(p.name)}` is no key of YAML", "rename it", p.place)
        for p in tables[0].partitions
        if not p.name.replace("_", "").replace("-", "").isalnum()
    ]
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    findings += _other_names(tables[0])
    outside = {p.owner for p in tables[0].partitions} - {"embedded"}
    lines = []
    for p in tables[0].partitions:
        region = p.attributes.get("region") or _region(p.owner, outside)
        lines += [f"{p.name}:", f"  address: {format_hex(p.extent.start).lower()}"]
        device = p.attributes.get("device")
        if isinstance(device, str):
            lines.append(f"  device: {device}")
        lines += [f"  region: {region}", f"  size: {format_hex(p.size).lower()}"]
        if _members(p):
            lines += ["  span:", *(f"  - {m}" for m in _members(p))]
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _region(owner: str, outside: set[str]) -> str:
    """The region of a flash: the build knows one external one, others have to be declared."""
    if owner == "embedded":
        return _PRIMARY
    return _EXTERNAL if len(outside) == 1 else owner


def _other_names(table: Table) -> list[Finding]:
    """What the build looks for under other names than the table has."""
    if table.format == "nrf-pm-static":
        return []
    wanted = [
        (p, _EXPECTED[p.role])
        for p in table.partitions
        if p.role in _EXPECTED and _base(p.name) not in (*_EXPECTED.values(), *_ROLES)
    ]
    if not wanted:
        return []
    said = ", ".join(f"`{name}` (here `{printable(p.name, 40)}`)" for p, name in wanted[:6])
    help = "rename them in the layout; the build takes other names for areas of the application"
    return [warning("FMT255", f"the build looks for {said}", help, wanted[0][0].place)]


def _into(base: Source, table: Table) -> Encoded:
    document = parse_yaml(base)
    if not isinstance(document, YamlDocument):
        return Encoded(None, document)
    before = decode(base, ReadOptions(table.device))
    old = {p.name: p.extent for t in before.tables for p in t.partitions}
    changes: dict[tuple[str | int, ...], str] = {}
    missing = []
    for p in table.partitions:
        entry = document.data.get(p.name) if isinstance(document.data, Mapping) else None
        if not isinstance(entry, Mapping):
            missing.append(p)
            continue
        if old.get(p.name) == p.extent:
            continue
        wanted = {"address": p.extent.start, "size": p.size}
        moved = {k: v for k, v in wanted.items() if k in entry and number(entry[k]) != v}
        if moved and "end_address" in entry:
            moved["end_address"] = p.extent.end
        changes.update({(p.name, k): format_hex(v).lower() for k, v in moved.items()})
    text = document.edited(changes)
    added = encode((replace(table, partitions=tuple(missing)),), WriteOptions())
    if added.data is None:
        return added
    if missing and not text.endswith("\n"):
        text += "\n"
    return Encoded((text + (added.data.decode() if missing else "")).encode(), added.findings)


PAGES: tuple[Page, ...] = (
    page(
        "FMT250",
        "pm-static-syntax",
        Severity.ERROR,
        """An entry of a Partition Manager file has no address or no size, or is no mapping.""",
    ),
    page(
        "FMT251",
        "pm-static-end",
        Severity.WARNING,
        """`end_address` is not where address and size say that the partition ends.

        ## Why it matters
        The Partition Manager goes by the size; people go by what they read.
        """,
    ),
    page(
        "FMT252",
        "pm-static-name",
        Severity.ERROR,
        """A name cannot be a key of a Partition Manager file.""",
    ),
    page(
        "FMT253",
        "pm-static-app",
        Severity.WARNING,
        """The entry `app` is not where the build puts the application.

        ## What it checks
        The Partition Manager ignores `app` in a static layout: the application gets the gap that
        the other entries leave. An entry that lies inside the gap is read as it is written, one
        that contradicts it is read as the gap.

        ## Why it matters
        A gap that is larger than `app` links an application that the slot of MCUboot cannot hold.
        """,
    ),
    page(
        "FMT255",
        "pm-static-other-names",
        Severity.WARNING,
        """The bootloader or a slot has a name that the build of the nRF Connect SDK does not know.

        ## Why it matters
        The build finds MCUboot and its slots by their names in `pm_static.yml`. Under other names
        they are areas that the application may use as it likes.

        ## How to fix
        Call them `mcuboot`, `mcuboot_primary`, `mcuboot_secondary` and `mcuboot_scratch` in the
        layout that the file is written from.
        """,
    ),
    page(
        "FMT254",
        "pm-static-gaps",
        Severity.WARNING,
        """The entries of the chip's own flash do not leave exactly one gap.

        ## Why it matters
        The Partition Manager stops ("incorrect amount of gaps") unless there is exactly one place
        for the application.
        """,
    ),
)
