"""From which slot a migration can run, so that the device starts it under both tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.evolve.compare.diff import Difference
from flashwright.evolve.compare.field import SLOT_ROLES, FieldFacts, Ground, live_extent, ota_slots
from flashwright.evolve.judge.table_reasons import survives
from flashwright.evolve.migrate.moves import At, Piece
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.view import View


@dataclass(frozen=True, slots=True)
class Start:
    """A slot to run the migration from.

    ``live`` are the bytes of its image, ``new_slot`` the slot of the new table that starts it,
    ``copy`` brings the image there where that is another place. The boot record selects it under
    both tables with a sequence of which ``(sequence - 1) mod modulus == remainder``; ``modulus``
    is 0 where no record with sequences is involved.
    """

    slot: Partition
    live: At
    new_slot: Partition
    copy: Piece | None = None
    modulus: int = 0
    remainder: int = 0
    changes_record: bool = False


def starts(
    difference: Difference, base: Ground, facts: FieldFacts, rewrites_table: bool
) -> Iterator[Start]:
    """The slots that a migration can run from, best first: in place, then copied."""
    old, new = difference.old, difference.new
    slots = [s for s in base.slots if facts.running in ("", s.name)]
    if not base.table_in_flash or not rewrites_table:
        yield from _in_software(difference, base, facts, slots)
        return
    for slot in slots:
        flash = _flash(old, slot)
        live = At(slot.owner, live_extent(slot, facts.image_size, flash))
        for target in _slots(new):
            if survives(slot, new, facts.image_size) and _same_start(slot, target):
                yield from _selected(old, new, slot, live, target, None)
    for slot in slots:
        live = At(slot.owner, live_extent(slot, facts.image_size, _flash(old, slot)))
        for target in _slots(new):
            place = At(target.owner, Extent.of(target.extent.start, live.extent.size))
            if target.size >= live.extent.size and not place.overlaps(live):
                yield from _selected(old, new, slot, live, target, Piece(live, place))


def _in_software(
    difference: Difference, base: Ground, facts: FieldFacts, slots: list[Partition]
) -> Iterator[Start]:
    """The table is compiled in: the slot stays where it is, or the verdict would be "cable"."""
    single = base.dual is False or base.ecosystem == "mcuboot"
    for slot in slots:
        if single and slot.role is Role.OTA_TEMP and len(slots) > 1:
            continue
        change = difference.change_of(slot.name)
        target = change.new if change and change.new else None
        if target is None or not _same_start(slot, target):
            continue
        size = facts.image_size
        live = At(slot.owner, live_extent(slot, size, _flash(difference.old, slot)))
        if not size and target.size < slot.size:
            live = At(slot.owner, target.extent)
        yield Start(slot, live, target)


def _selected(
    old: Table, new: Table, slot: Partition, live: At, target: Partition, copy: Piece | None
) -> Iterator[Start]:
    """The start, if one record can select ``slot`` under the old and ``target`` under the new."""
    before, after = ota_slots(View(old)), ota_slots(View(new))
    if slot not in before and target not in after:
        yield Start(slot, live, target, copy)
        return
    if slot not in before or target not in after:
        return
    i, j = before.index(slot), after.index(target)
    m, n = len(before), len(after)
    if (i - j) % math.gcd(m, n):
        return
    modulus = math.lcm(m, n)
    remainder = next(r for r in range(modulus) if r % m == i and r % n == j)
    yield Start(slot, live, target, copy, modulus, remainder, m != n)


def _slots(table: Table) -> list[Partition]:
    return [p for p in table.partitions if p.role in SLOT_ROLES and p.extent]


def _same_start(one: Partition, other: Partition) -> bool:
    return (one.owner, one.extent.start) == (other.owner, other.extent.start)


def _flash(table: Table, slot: Partition) -> Flash | None:
    return table.device.flash(slot.owner) if table.device else None
