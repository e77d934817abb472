"""Devices from data: an entry of a device file, or ``[device]`` of ``flash.toml``.

The keys are in ``formats.device_keys``. What is wrong is a finding; a device with an error in it is
not made. A description may stand on another device (``base``): its flashes take the place of those
of the same name or come beside them, its reserved ranges and windows come beside those of the base,
any other key takes the place of the base's.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
from flashwright.base.record import replace
from flashwright.base.size import LARGEST, format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, worst
from flashwright.formats.device_keys import (
    BOOT_DATA_KEYS,
    DEVICE_DATA_KEYS,
    FLASH_KEYS,
    MOST_ENTRIES,
    RESERVED_KEYS,
    WINDOW_KEYS,
)
from flashwright.formats.keys import Key, Path, Places, Values, read_table
from flashwright.model.device import BankMode, BootFacts, Device, Reserved, Window
from flashwright.model.geometry import Bank, EraseRun, Flash, Overwrite


def device_from_mapping(
    data: object,
    path: Path,
    places: Places,
    findings: list[Finding],
    base: Device | None = None,
) -> Device | None:
    """The device that ``data`` describes with the keys of a device file, ``None`` with an error.

    Every fault is appended to ``findings``, with the place that ``places`` gives for it.
    """
    faults: list[Finding] = []
    values = read_table(data, path, DEVICE_DATA_KEYS, places, faults)
    made = device_of(values, path, places, faults, base)
    findings.extend(faults)
    return None if worst(faults) is Severity.ERROR else made


def device_of(
    values: Values, path: Path, places: Places, findings: list[Finding], base: Device | None
) -> Device | None:
    """The device that the keys in ``values`` describe, on ``base``; ``None`` with an error."""
    before = len(findings)
    source = values.get("source", "")
    flashes = _flashes(values, path, places, findings, source, base.flashes if base else ())
    if not flashes:
        if len(findings) == before:
            findings.append(
                error(
                    "DEV005",
                    f"device `{printable(values.get('name', ''))}` has no flash",
                    "add a flash: name, base, and erase_blocks as [count, size]",
                    places.place(*path),
                )
            )
        return None
    reserved = tuple(
        Reserved(v.get("name"), owner, extent, v.get("purpose", ""), v.get("source", source))
        for v, owner, extent in _ranges(
            "reserved", RESERVED_KEYS, values, path, places, findings, flashes
        )
    )
    windows = tuple(
        Window(v.get("name"), owner, extent, v.get("reason", ""), v.get("source", source))
        for v, owner, extent in _ranges(
            "window", WINDOW_KEYS, values, path, places, findings, flashes
        )
    )
    boot = _boot(values, path, places, findings, flashes, base.boot if base else None)
    if any(f.severity is Severity.ERROR for f in findings[before:]):
        return None
    start = base or Device(
        name=values.get("name"),
        configuration=_one(values.get("configuration", ())),
        title=values.get("name"),
        vendor="",
        flashes=flashes,
        boot=boot,
    )
    return replace(
        start,
        title=values.get("title", start.title),
        vendor=values.get("vendor", start.vendor),
        flashes=flashes,
        boot=boot,
        reserved=start.reserved + reserved,
        windows=start.windows + windows,
        image_alignment=values.get("image_alignment", start.image_alignment),
        slot_limit=values.get("slot_limit", start.slot_limit),
        ecosystems=values.get("ecosystems", start.ecosystems),
        source=_both(start.source, source),
    )


def _one(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ""


def _both(first: str, second: str) -> str:
    return "; ".join(dict.fromkeys(s for s in (first, second) if s))


def _entries(
    kind: str,
    keys: tuple[Key, ...],
    values: Values,
    path: Path,
    places: Places,
    findings: list[Finding],
) -> list[tuple[Values, Path]]:
    """The tables of the list behind key ``kind`` that could be read, with their paths."""
    data = values.get(kind, [])
    where = (*path, kind)
    if not isinstance(data, list) or len(data) > MOST_ENTRIES:
        what = f"more than {MOST_ENTRIES} entries" if isinstance(data, list) else "not a list"
        findings.append(
            error(
                "SPC011",
                f"`{kind}` is {what}",
                f"write `[[{'.'.join(str(p) for p in where)}]]` for each",
                places.place(*where),
            )
        )
        return []
    result = []
    for number, entry in enumerate(data):
        before = len(findings)
        read = read_table(entry, (*where, number), keys, places, findings)
        if len(findings) == before:
            result.append((read, (*where, number)))
    return result


def _flashes(
    values: Values,
    path: Path,
    places: Places,
    findings: list[Finding],
    source: str,
    base: tuple[Flash, ...],
) -> tuple[Flash, ...]:
    made: dict[str, Flash] = {}
    for entry, where in _entries("flash", FLASH_KEYS, values, path, places, findings):
        flash = _flash(entry, where, places, findings, source)
        if flash is None:
            continue
        if flash.name in made:
            findings.append(
                error(
                    "DEV007",
                    f"two flashes are called `{printable(flash.name)}`",
                    "give each flash of the device a name of its own: embedded, spi, qspi, spi2",
                    places.place(*where, "name"),
                )
            )
        made.setdefault(flash.name, flash)
    return tuple({**{f.name: f for f in base}, **made}.values())


def _flash(
    entry: Values, path: Path, places: Places, findings: list[Finding], source: str
) -> Flash | None:
    name: str = entry.get("name")
    runs = _runs(entry, name, path, places, findings)
    if not runs:
        return None
    unit: int = entry.get("program_unit", 1)
    odd = next((run.size for run in runs if run.size % unit), None)
    if odd is not None:
        findings.append(
            error(
                "DEV006",
                f"the program unit of flash `{printable(name)}`, {unit} bytes, "
                f"does not divide its erase blocks of {format_hex(odd)}",
                "give the smallest thing that can be programmed, not a buffer for transfers",
                places.place(*path, "program_unit"),
            )
        )
        return None
    base: int | None = entry.get("base")
    flash = Flash(
        name=name,
        base=base,
        runs=runs,
        program_unit=unit,
        erased_value=entry.get("erased_value", 0xFF),
        overwrite=Overwrite(entry.get("overwrite", "clear-bits")),
        endurance_cycles=entry.get("endurance_cycles", 0),
        erase_time_us=entry.get("erase_time_us", 0),
        program_time_us=entry.get("program_time_us", 0),
        security_granule=entry.get("security_granule", 0),
        source=entry.get("source", source),
    )
    if base is not None and base + flash.size > LARGEST:
        findings.append(
            _beyond("flash", name, Extent(base, base + flash.size), LARGEST, places.place(*path))
        )
        return None
    return replace(flash, banks=_banks(entry, flash, path, places, findings))


def _runs(
    entry: Values, name: str, path: Path, places: Places, findings: list[Finding]
) -> tuple[EraseRun, ...]:
    runs: tuple[EraseRun, ...] = entry.get("erase_blocks", ())
    size, block = entry.get("size"), entry.get("erase_block")
    fault = ""
    if runs and block is not None:
        fault = "has both erase_blocks and erase_block"
    elif runs and size is not None and size != sum(run.count * run.size for run in runs):
        total = format_hex(sum(run.count * run.size for run in runs))
        fault = f"has erase blocks of {total} bytes in all, but a size of {format_hex(size)}"
    elif not runs and (size is None or block is None):
        fault = "does not say its erase blocks"
    elif not runs and size % block:
        fault = f"of {format_hex(size)} bytes is no multiple of its erase block {format_hex(block)}"
    if fault:
        findings.append(
            error(
                "DEV006",
                f"flash `{printable(name)}` {fault}",
                "give erase_blocks = [[count, size], ...], or size and erase_block where all "
                "are alike",
                places.place(*path),
            )
        )
        return ()
    return runs or (EraseRun(size // block, block),)


def _banks(
    entry: Values, flash: Flash, path: Path, places: Places, findings: list[Finding]
) -> tuple[Bank, ...]:
    banks: list[Bank] = []
    at = 0
    for size in entry.get("banks", ()):
        bank = Bank(f"bank{len(banks) + 1}", Extent.of(at, size))
        at += size
        if size == 0 or not flash.is_boundary(at):
            findings.append(
                _unaligned(f"bank {len(banks) + 1}", at, flash, places.place(*path, "banks"))
            )
            return ()
        banks.append(bank)
    if banks and at != flash.size:
        findings.append(
            error(
                "DEV009",
                f"the banks of flash `{printable(flash.name)}` have {format_hex(at)} bytes, "
                f"the flash {format_hex(flash.size)}",
                "give the size of each bank, from the first byte to the last",
                places.place(*path, "banks"),
            )
        )
    return tuple(banks)


def _ranges(
    kind: str,
    keys: tuple[Key, ...],
    values: Values,
    path: Path,
    places: Places,
    findings: list[Finding],
    flashes: tuple[Flash, ...],
) -> list[tuple[Values, str, Extent]]:
    result = []
    for entry, where in _entries(kind, keys, values, path, places, findings):
        flash = _owner(entry, where, places, findings, flashes)
        if flash is None:
            continue
        extent = Extent.of(entry.get("at"), entry.get("size"))
        if not flash.extent.covers(extent):
            findings.append(
                _beyond(kind, entry.get("name"), extent, flash.size, places.place(*where, "at"))
            )
            continue
        result.append((entry, flash.name, extent))
    return result


def _owner(
    entry: Values, path: Path, places: Places, findings: list[Finding], flashes: tuple[Flash, ...]
) -> Flash | None:
    name = entry.get("owner", flashes[0].name)
    flash = next((f for f in flashes if f.name == name), None)
    if flash is None:
        findings.append(
            error(
                "DEV008",
                f"the device has no flash `{printable(name)}`",
                did_you_mean(name, (f.name for f in flashes)),
                places.place(*path, "owner"),
            )
        )
    return flash


def _boot(
    values: Values,
    path: Path,
    places: Places,
    findings: list[Finding],
    flashes: tuple[Flash, ...],
    base: BootFacts | None,
) -> BootFacts:
    usual = base or BootFacts(owner=flashes[0].name)
    if "boot" not in values:
        return usual
    where = (*path, "boot")
    boot = read_table(values.get("boot"), where, BOOT_DATA_KEYS, places, findings)
    flash = _owner(boot, where, places, findings, flashes)
    if flash is None:
        return usual
    offsets: tuple[int, ...] = boot.get("offsets", ())
    bootloader: tuple[int, ...] = boot.get("bootloader", ())
    for offset in (*offsets, *bootloader):
        if offset > flash.size:
            extent = Extent(offset, offset)
            findings.append(_beyond("boot", "offset", extent, flash.size, places.place(*where)))
        elif not flash.is_boundary(offset):
            findings.append(_unaligned("boot offset", offset, flash, places.place(*where)))
    if bootloader and (len(bootloader) != 2 or bootloader[0] >= bootloader[1]):
        findings.append(
            error("SPC011", "`bootloader` is not [start, end)", "", places.place(*where))
        )
        bootloader = ()
    mode = boot.get("bank_mode")
    return BootFacts(
        owner=flash.name,
        bank_mode=BankMode(mode) if mode else None,
        boot_offsets=offsets,
        bootloader=Extent(bootloader[0], bootloader[1]) if bootloader else None,
        table_offset=boot.get("table_offset", 0),
        source=boot.get("source", values.get("source", "")),
    )


def _beyond(kind: str, name: str, extent: Extent, size: int, place: Place) -> Finding:
    return error(
        "DEV009",
        f"{kind} `{printable(name)}` at {extent} lies outside its flash, 0x0..{format_hex(size)}",
        "offsets count from the first byte of the flash; they are not CPU addresses",
        place,
    )


def _unaligned(what: str, offset: int, flash: Flash, place: Place) -> Finding:
    below = flash.align_down(min(offset, flash.size))
    above = flash.align_up(offset)
    return error(
        "DEV010",
        f"{what} at {format_hex(offset)} is not where an erase block of flash "
        f"`{printable(flash.name)}` starts",
        f"the next ones are {format_hex(below)} and {format_hex(above)}",
        place,
    )
