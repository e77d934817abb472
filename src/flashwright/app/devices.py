"""``devices``: the catalogue, listed; one device, shown with all its facts and their sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from flashwright.base.size import format_hex, format_size
from flashwright.model.device import Device
from flashwright.model.geometry import Flash
from flashwright.model.table import Table


class Summary(Protocol):
    """A line of the catalogue's list."""

    @property
    def id(self) -> str:
        """The device's id, as users write it."""
        ...

    @property
    def title(self) -> str:
        """Its name for people."""
        ...

    @property
    def size(self) -> int:
        """The size of its first flash in bytes."""
        ...


def list_text(devices: Iterable[Summary]) -> str:
    """One aligned line a device: id, size of its flash, title."""
    rows = [(d.id, format_size(d.size), d.title) for d in devices]
    wide = max((len(r[0]) for r in rows), default=0)
    return "".join(f"{id:<{wide}}  {size:>9}  {title}\n" for id, size, title in rows)


def device_text(device: Device, *, colour: bool = False) -> str:
    """The facts of a device with their sources, and the map of what its vendor keeps."""
    from flashwright.draw.terminal import terminal

    lines = [f"{device.id}: {device.title}" + (f" ({device.vendor})" if device.vendor else "")]
    for flash in device.flashes:
        lines.extend(_flash_lines(flash))
    lines.extend(_boot_lines(device))
    if device.image_alignment > 1:
        lines.append(f"images start at multiples of {format_hex(device.image_alignment)}")
    if device.slot_limit:
        lines.append(f"largest slot: {format_hex(device.slot_limit)}")
    for window in device.windows:
        lines.append(f"window {window.name} in {window.owner}: {window.extent}  {window.reason}")
        lines.extend(_source(window.source))
    for reserved in device.reserved:
        lines.append(
            f"reserved {reserved.name} in {reserved.owner}: {reserved.extent}  {reserved.purpose}"
        )
        lines.extend(_source(reserved.source))
    drawn = terminal(Table(device.id, (), device), colour=colour)
    return "\n".join(lines) + "\n\n" + drawn


def device_as_json(device: Device) -> dict[str, Any]:
    """The facts of a device as plain values; all numbers are bytes unless the key says else."""
    return {
        "id": device.id,
        "name": device.name,
        "configuration": device.configuration,
        "title": device.title,
        "vendor": device.vendor,
        "flashes": [_flash_json(f) for f in device.flashes],
        "boot": {
            "owner": device.boot.owner,
            "bank_mode": device.boot.bank_mode,
            "boot_offsets": list(device.boot.boot_offsets),
            "bootloader": _range(device.boot.bootloader),
            "table_offset": device.boot.table_offset,
            "source": device.boot.source,
        },
        "reserved": [
            {
                "name": r.name,
                "owner": r.owner,
                **_range(r.extent),
                "purpose": r.purpose,
                "source": r.source,
            }
            for r in device.reserved
        ],
        "windows": [
            {
                "name": w.name,
                "owner": w.owner,
                **_range(w.extent),
                "reason": w.reason,
                "source": w.source,
            }
            for w in device.windows
        ],
        "image_alignment": device.image_alignment,
        "slot_limit": device.slot_limit,
        "source": device.source,
    }


def _range(extent: Any) -> Any:
    return None if extent is None else {"start": extent.start, "end": extent.end}


def _flash_json(flash: Flash) -> dict[str, Any]:
    return {
        "name": flash.name,
        "base": flash.base,
        "size": flash.size,
        "erase_blocks": [[run.count, run.size] for run in flash.runs],
        "banks": [{"name": b.name, **_range(b.extent)} for b in flash.banks],
        "program_unit": flash.program_unit,
        "erased_value": flash.erased_value,
        "overwrite": flash.overwrite.value,
        "endurance_cycles": flash.endurance_cycles or None,
        "erase_time_us": flash.erase_time_us or None,
        "program_time_us": flash.program_time_us or None,
        "source": flash.source,
    }


def _flash_lines(flash: Flash) -> list[str]:
    blocks = ", ".join(f"{r.count} x {format_size(r.size)}" for r in flash.runs)
    base = f" at {format_hex(flash.base)}" if flash.base is not None else ", not memory-mapped"
    unit = "byte" if flash.program_unit == 1 else "bytes"
    lines = [
        f"flash {flash.name}: {format_size(flash.size)}{base}",
        f"  erase blocks {blocks}; program unit {flash.program_unit} {unit},"
        f" {flash.overwrite.value}; erased {format_hex(flash.erased_value)}",
    ]
    known = []
    if flash.endurance_cycles:
        known.append(f"endurance {flash.endurance_cycles} cycles")
    if flash.erase_time_us:
        known.append(f"erase {flash.erase_time_us} us")
    if flash.program_time_us:
        known.append(f"program {flash.program_time_us} us")
    if known:
        lines.append("  " + ", ".join(known))
    lines.extend(f"  bank {b.name}: {b.extent}" for b in flash.banks)
    return lines + _source(flash.source)


def _boot_lines(device: Device) -> list[str]:
    boot = device.boot
    parts = [f"{boot.bank_mode.value} bank" if boot.bank_mode else "bank mode: yours to choose"]
    if boot.bootloader:
        parts.append(f"bootloader {boot.bootloader}")
    if boot.boot_offsets:
        parts.append("jumps to " + ", ".join(format_hex(o) for o in boot.boot_offsets))
    if boot.table_offset:
        parts.append(f"partition table at {format_hex(boot.table_offset)}")
    return [f"boot from {boot.owner}: " + "; ".join(parts), *_source(boot.source)]


def _source(text: str) -> list[str]:
    return [f"    source: {text}"] if text else []
