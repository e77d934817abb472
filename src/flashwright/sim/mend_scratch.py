"""A scratch area for the schemes that swap through one, where a layout has none or too small a one.

It goes into free erase blocks, the first that serve, in the flash of the application or else in
another one. The slots keep their size: where there is no room, there is no such mending.
"""

from __future__ import annotations

from dataclasses import replace

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.sim.site import free_blocks

#: How many erase blocks, each as large as the largest of a slot, a scheme needs for its scratch
#: area: AliOS Things 2.1 keeps its record in the first and a block in the second; MCUboot a block.
_NEEDED: dict[str, int] = {
    "alios-swap": 2,
    "mcuboot-swap-scratch": 1,
    "mcuboot-swap-scratch-hardened": 1,
}


def with_scratch(table: Table, scheme: str) -> tuple[str, Table] | None:
    """The table with the scratch area that a scheme needs, and what was done in words.

    ``None`` if the scheme needs none, the table has it, or there is no room.
    """
    count = _NEEDED.get(scheme, 0)
    device = table.device
    app = next(iter(table.of_role(Role.APPLICATION)), None)
    flash = device.flash(app.owner) if device and app else None
    if not count or device is None or app is None or flash is None:
        return None
    if not app.extent or app.extent.end > flash.size:
        return None
    largest = max(b.size for b in flash.blocks(app.extent))
    present = next(iter(table.of_role(Role.SCRATCH)), None)
    if present is not None and _serves(device.flash(present.owner), present.extent, count, largest):
        return None
    kept = [p for p in table.partitions if p is not present]
    bare = replace(table, partitions=tuple(kept))
    owners = [app.owner, *(f.name for f in device.flashes if f.name != app.owner)]
    for owner in owners:
        room = _room(bare, device.flash(owner), owner, count, largest)
        if room is not None:
            return _placed(bare, present, owner, room, count)
    return None


def _serves(flash: Flash | None, extent: Extent, count: int, largest: int) -> bool:
    if flash is None or not extent or extent.end > flash.size:
        return False
    whole = [b for b in flash.blocks(extent) if extent.covers(b)]
    return len(whole) >= count and min(b.size for b in whole) >= largest


def _room(table: Table, flash: Flash | None, owner: str, count: int, largest: int) -> Extent | None:
    """The first free erase blocks in a row that are large enough."""
    start = 0
    while flash is not None:
        found = free_blocks(table, owner, count, start)
        if found is None or _serves(flash, found, count, largest):
            return found
        start = flash.block_at(found.start).end
    return None


def _placed(
    bare: Table, present: Partition | None, owner: str, room: Extent, count: int
) -> tuple[str, Table]:
    blocks = "an erase block" if count == 1 else f"{count} erase blocks"
    at = f"at {format_hex(room.start)} of {owner}"
    if present is None:
        new = Partition(_name(bare), Role.SCRATCH, owner, room, room.start)
        text = f"add a scratch area of {blocks} {at}"
    else:
        new = replace(present, owner=owner, extent=room, start=room.start)
        text = f"move `{present.name}` to {blocks} {at}"
    return text, replace(bare, partitions=(*bare.partitions, new))


def _name(table: Table) -> str:
    """``scratch``, or the first such name that nobody has."""
    taken = {p.name for p in table.partitions}
    names = ("scratch", *(f"scratch_{n}" for n in range(len(taken) + 1)))
    return next(n for n in names if n not in taken)
