"""What may not be erased, and what nobody needs: room for the journal and for saved blocks."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.extent import Extent, merged
from flashwright.evolve.compare.field import ESP_TABLE_SIZE, SLOT_ROLES, table_offset
from flashwright.evolve.migrate.moves import At, NoRoom, Room
from flashwright.model.geometry import Flash
from flashwright.model.mcuboot import mode_of
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import RecordRule
from flashwright.rules.view import View

#: More target blocks than this are not planned: 256 MiB in blocks of 4 KiB.
MOST_BLOCKS = 1 << 16

_CRITICAL = frozenset({Role.BOOTLOADER, Role.SECOND_BOOT, Role.PARTITION_TABLE, Role.BOOT_RECORD})


def boot_critical(old: Table, new: Table, table_in_flash: bool) -> list[At]:
    """What the device needs to start, and what belongs to the vendor: never erased as data."""
    roles = set(_CRITICAL)
    if old.update is not None and old.update.scheme.record is RecordRule.NONE:
        roles.discard(Role.BOOT_RECORD)
    found = [At(p.owner, p.extent) for p in old.of_role(*roles) if p.extent]
    if table_in_flash:
        found += [At(p.owner, p.extent) for p in new.of_role(Role.BOOT_RECORD) if p.extent]
    device = old.device
    if device is None:
        return found
    found += [At(r.owner, r.extent) for r in device.reserved]
    boot = device.boot
    if boot.bootloader:
        found.append(At(boot.owner, boot.bootloader))
    offset = table_offset(old) if table_in_flash else None
    if offset is not None:
        found.append(At(boot.owner, Extent.of(offset, ESP_TABLE_SIZE)))
    return found


def working_room(old: Table, new: Table, flashes: dict[str, Flash], taken: Iterable[At]) -> Room:
    """Whole erase blocks that hold nothing that is needed, best first.

    First what no partition of the new table has (it stays free), then the ends of slots that are
    not running, then the rest. An ESP-IDF device's flash below its partition table is the
    bootloader's, whatever the table says.
    """
    by_owner: dict[str, list[Extent]] = {name: [] for name in flashes}
    for at in taken:
        if at.owner in by_owner:
            by_owner[at.owner].append(at.extent)
    below = table_offset(old)
    if below and old.device is not None:
        by_owner[old.device.boot.owner].append(Extent(0, below))
    ranked: list[tuple[int, str, int, At]] = []
    for owner, extents in by_owner.items():
        flash = flashes[owner]
        for free in flash.extent.minus(extents):
            for rank, at in _by_use(owner, _whole_blocks(flash, free), flash, new):
                order = -at.extent.size if rank == 0 else at.extent.start
                ranked.append((rank, owner, order, at))
    ranked.sort(key=lambda r: r[:3])
    return Room(flashes, [at for *_, at in ranked])


def journal_blocks(room: Room) -> tuple[At, ...]:
    """Two separate erase blocks for the journal, taken from the room; ``NoRoom`` without."""
    found: list[At] = []
    for _ in range(2):
        if not room.free:
            raise NoRoom(1)
        found.append(room.take(16))
    return tuple(found)


def _whole_blocks(flash: Flash, extent: Extent) -> Extent:
    start, end = flash.align_up(extent.start), flash.align_down(extent.end)
    return Extent(start, max(start, end))


def _by_use(owner: str, extent: Extent, flash: Flash, new: Table) -> list[tuple[int, At]]:
    """The extent parted by what the new table has there, with the rank of each part."""
    if not extent:
        return []
    there = [p for p in View(new).present if p.owner == owner and p.extent.overlaps(extent)]
    found = [
        (0, At(owner, whole))
        for part in extent.minus(merged(p.extent for p in there))
        if (whole := _whole_blocks(flash, part))
    ]
    for p in there:
        part = _whole_blocks(flash, _without_trailer(p, new).intersection(extent))
        if not part:
            continue
        if p.role not in SLOT_ROLES:
            found.append((2, At(owner, part)))
            continue
        # A slot fills from its start: its last blocks are the last that an update needs.
        tail = part.end
        for _ in range(4):
            if tail <= part.start:
                break
            head = flash.block_at(tail - 1).start
            found.append((1, At(owner, Extent(max(head, part.start), tail))))
            tail = head
        if tail > part.start:
            found.append((2, At(owner, Extent(part.start, tail))))
    return found


def _without_trailer(partition: Partition, table: Table) -> Extent:
    """A slot without what MCUboot keeps at its end: its last eighth, which is always enough."""
    update = table.update
    if update is None or mode_of(update.scheme.name) is None or partition.role not in SLOT_ROLES:
        return partition.extent
    return Extent(partition.extent.start, partition.extent.end - partition.size // 8)
