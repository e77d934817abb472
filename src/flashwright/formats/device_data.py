"""Devices from data: an entry of a device file, or ``[device]`` of ``flash.toml``.

The keys are in ``formats.device_keys``. What is wrong is a finding; a device with an error in it is
not made. A description may stand on another device (``base``): its flashes take the place of those
of the same name or come beside them, its reserved ranges and windows come beside those of the base,
any other key takes the place of the base's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
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
from flashwright.formats.device_pages import PAGES as PAGES
from flashwright.formats.keys import Key, Path, Places, Values, read_table
from flashwright.model.device import BankMode, BootFacts, Device, Devices, Reserved, Window
from flashwright.model.geometry import Bank, EraseRun, Flash, Overwrite

#: The word for all configurations of a device.
ALL = "all"


class Document(Places, Protocol):
    """A parsed file: its values, and where they are written."""

    @property
    def data(self) -> Mapping[str, Any]:
        """All values of the file."""
        ...


def devices_from_toml(
    document: Document, path: Path, devices: Devices
) -> tuple[tuple[Device, ...], tuple[Finding, ...]]:
    """The devices that the table at ``path`` asks for, one a configuration, and all findings.

    A name of the catalogue gives the device of the catalogue with what the table adds; any other
    name is a device of the user's own, which needs a flash. Unknown keys and wrong types of the
    table itself are the caller's to report (``flash_keys.DEVICE_KEYS``).
    """
    data: Any = document.data
    for step in path:
        data = data[step] if isinstance(data, Mapping) and step in data else None
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        return (), ()
    values = read_table(data, path, DEVICE_DATA_KEYS, document, [])
    if "name" not in values:
        return (), ()
    name: str = values.get("name")
    wanted: tuple[str, ...] = values.get("configuration", ())
    known = devices.find(name.partition(":")[0])
    own = "flash" in data and not any(d.name == name.partition(":")[0].casefold() for d in known)
    findings: list[Finding] = []
    if own:
        made = _device(values, path, document, findings, None)
        return ((made,) if made else ()), tuple(findings)
    place = document.place(*path, "configuration" if wanted else "name")
    picked = pick_devices(devices, name, wanted, place, findings)
    result = []
    for base in picked:
        faults: list[Finding] = []
        made = _device(values, path, document, faults, base)
        findings.extend(f for f in faults if f not in findings)
        result.extend([made] if made else [])
    return tuple(result), tuple(findings)


def pick_devices(
    devices: Devices,
    name: str,
    configurations: tuple[str, ...],
    place: Place | None,
    findings: list[Finding],
) -> tuple[Device, ...]:
    """The configurations of device ``name`` that are asked for (``all``: each of them).

    ``name`` may be ``name:configuration``. Without a configuration the device must have only one.
    An unknown device or configuration, or a missing choice, is appended to ``findings``.
    """
    name, _, suffix = name.partition(":")
    wanted = (suffix, *configurations) if suffix else configurations
    found = devices.find(name)
    if not found:
        findings.append(_unknown_device(name, devices, place))
        return ()
    by_name = {d.configuration.casefold(): d for d in found}
    if not wanted:
        if len(found) > 1:
            findings.append(_ambiguous(found, place))
            return ()
        return found
    if any(w.casefold() == ALL for w in wanted):
        return found
    picked: list[Device] = []
    for configuration in wanted:
        device = by_name.get(configuration.casefold())
        if device is None:
            findings.append(_unknown_configuration(configuration, found, place))
        elif device not in picked:
            picked.append(device)
    return tuple(picked)


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
    made = _device(values, path, places, faults, base)
    findings.extend(faults)
    return None if worst(faults) is Severity.ERROR else made


def _device(
    values: Values, path: Path, places: Places, findings: list[Finding], base: Device | None
) -> Device | None:
    """The device of ``values``, on ``base``; ``None`` if anything in it is wrong."""
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
    name: str = values.get("name")
    configuration: tuple[str, ...] = values.get("configuration", ())
    if base is not None:
        return replace(
            base,
            title=values.get("title", base.title),
            vendor=values.get("vendor", base.vendor),
            flashes=flashes,
            boot=boot,
            reserved=base.reserved + reserved,
            windows=base.windows + windows,
            image_alignment=values.get("image_alignment", base.image_alignment),
            slot_limit=values.get("slot_limit", base.slot_limit),
            ecosystems=values.get("ecosystems", base.ecosystems),
            source=_both(base.source, source),
        )
    return Device(
        name=name,
        configuration=configuration[0] if len(configuration) == 1 else "",
        title=values.get("title", name),
        vendor=values.get("vendor", ""),
        flashes=flashes,
        boot=boot,
        reserved=reserved,
        windows=windows,
        image_alignment=values.get("image_alignment", 1),
        slot_limit=values.get("slot_limit", 0),
        ecosystems=values.get("ecosystems", ()),
        source=source,
    )


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


def _unknown_device(name: str, devices: Devices, place: Place | None) -> Finding:
    names = devices.names()
    start = name.casefold()
    inside = [n for n in names if n.startswith(start)] if len(start) >= 3 else []
    help = (
        did_you_mean(name, inside if inside else names)
        if len(inside) != 1
        else f"did you mean `{inside[0]}`?"
    )
    if inside and len(inside) > 1:
        shown = ", ".join(f"`{n}`" for n in inside[:8])
        help = f"give the full name: {shown}" + (
            f" and {len(inside) - 8} more" if len(inside) > 8 else ""
        )
    return error(
        "DEV001",
        f"device `{printable(name)}` is not in the catalogue",
        f"{help}; or describe it with [[device.flash]]",
        place,
    )


def _unknown_configuration(name: str, found: tuple[Device, ...], place: Place | None) -> Finding:
    names = [d.configuration for d in found if d.configuration]
    return error(
        "DEV002",
        f"device `{found[0].name}` has no configuration `{printable(name)}`",
        did_you_mean(name, names) if names else "it has only one: leave the configuration out",
        place,
    )


def _ambiguous(found: tuple[Device, ...], place: Place | None) -> Finding:
    names = ", ".join(f"`{d.configuration}`" for d in found)
    return error(
        "DEV003",
        f"device `{found[0].name}` has {len(found)} configurations and none is chosen",
        f"choose one of {names} (as `{found[0].id}`), or `{ALL}` for a table each",
        place,
    )
