"""What a slot takes under the bootloader of the field: MCUboot's trailers and erase block limit.

The formulas are `model.mcuboot`'s; source: mcu-tools/mcuboot `boot/bootutil/src/image_validate.c`,
`bootutil_area.c`, `swap_*.c` (2d4bacc3).
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.size import format_hex
from flashwright.evolve.compare.field import SLOT_ROLES
from flashwright.evolve.judge.reason import Case, Reason
from flashwright.model.geometry import Flash
from flashwright.model.mcuboot import (
    Blocks,
    build_of,
    count_of,
    largest_image,
    logical_block,
    mode_of,
    slot_blocks,
)
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.tell import ERROR, SIZE, fault, quoted
from flashwright.rules.view import View


def room_for_image(table: Table, slot: Partition) -> int:
    """The largest image in bytes that the bootloader of ``table`` accepts in ``slot``.

    The slot's size, where it is not MCUboot's or the device is not known.
    """
    update = table.update
    mode = mode_of(update.scheme.name) if update else None
    if update is None or mode is None:
        return slot.size
    group = next((g for g in View(table).slots if slot in g), None)
    blocks = [_blocks(table, p) for p in group or ()]
    flash = table.device.flash(slot.owner) if table.device else None
    if flash is None or len(blocks) != 2 or blocks[0] is None or blocks[1] is None:
        return slot.size
    build = build_of(update, flash.program_unit, blocks[0], blocks[1])
    return largest_image(mode, blocks[0], blocks[1], build)


def block_limit(case: Case) -> Iterator[Reason]:
    """EVO132: a slot of more erase blocks than the MCUboot in the field can swap."""
    update = case.old.update
    if update is None or mode_of(update.scheme.name) is None or not update.max_sectors:
        return
    for p in case.new.partitions:
        blocks = _blocks(case.new, p) if p.role in SLOT_ROLES - {Role.FACTORY} else None
        if blocks is None or count_of(blocks) <= update.max_sectors:
            continue
        flash = case.new.device.flash(p.owner) if case.new.device else None
        largest = update.max_sectors * (logical_block(update) or _block_size(p, flash))
        yield Reason(
            case.beyond_bootloader,
            fault(
                "EVO132",
                ERROR,
                f"{quoted(p)} has {count_of(blocks)} erase blocks, the MCUboot in devices swaps "
                f"at most {update.max_sectors} (BOOT_MAX_IMG_SECTORS) and keeps the old image",
                f"make it at most {format_hex(largest)} bytes",
                of=p,
                fields=SIZE,
                blocks=count_of(blocks),
                max_sectors=update.max_sectors,
            ),
        )


def _blocks(table: Table, slot: Partition) -> Blocks | None:
    flash = table.device.flash(slot.owner) if table.device else None
    if flash is None or not flash.extent.covers(slot.extent):
        return None
    return slot_blocks(table.update, flash, slot.extent) if table.update else None


def _block_size(slot: Partition, flash: Flash | None) -> int:
    return flash.smallest_block_in(slot.extent) if flash else 0
