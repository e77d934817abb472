"""A device in the field on the house's flash emulator: it boots, migrates, and loses power.

What an image with a migration does is written here a second time, from the rules in the docstring
of ``evolve.migration``: read the journal, make its last mark sure, go on with the next task. The
explorer cuts between any two operations and inside each, any number of times, and merges equal
states; each state that can be found at a boot must start the image.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from flashwright.base.extent import Extent
from flashwright.evolve.compare.field import DATA_ROLES, ota_slots, table_offset
from flashwright.evolve.migrate.migration import (
    Migration,
    Move,
    Task,
    WriteRecord,
    WriteTable,
    record_entry,
)
from flashwright.evolve.migrate.moves import At
from flashwright.flash.chips import Chips
from flashwright.flash.content import (
    DEAD,
    ERASED,
    JUNK,
    Runs,
    filled,
    holds,
    is_filled,
    pieces,
    read,
    resolved,
    splice,
    unstable_in,
)
from flashwright.flash.faults import FaultModel, torn
from flashwright.flash.operations import Erase, Misuse, Operation, Program
from flashwright.model.table import Role, Table
from flashwright.rules.view import View

IMAGE = "image"
OLD_TABLE, NEW_TABLE = "old partition table", "new partition table"


class Brick(AssertionError):  # noqa: N818
    """The device does not start, or lost its data."""


@dataclass
class Found:
    """What the explorer saw."""

    boots: int = 0
    operations: int = 0
    bricks_in: set[int] = field(default_factory=set)


class Device:
    """The old layout with data in it, the image of the migration running."""

    def __init__(self, migration: Migration, in_flash: bool = False) -> None:
        self.plan = migration
        self.chips = Chips(migration.flashes.values())
        self.in_flash = in_flash
        self.image_size = _image_size(migration)
        self.marks = {}
        if migration.journal:
            self.marks = {migration.mark(n): n for n in range(len(migration.tasks) + 1)}
        both = (migration.old, migration.new)
        self.slots = {id(t): ota_slots(View(t)) for t in both} if in_flash else {}
        self.start = self._shipped()

    # The flash ---------------------------------------------------------------------------------

    def span(self, at: At) -> tuple[int, int]:
        base = self.chips.base(at.owner)
        return base + at.extent.start, base + at.extent.end

    def _shipped(self) -> Runs:
        runs = filled(self.chips.size, JUNK)
        for p in self.plan.old.partitions:
            if p.role in DATA_ROLES or p.role is Role.FACTORY:
                start, end = self.span(At(p.owner, p.extent))
                runs = splice(runs, start, end, f"data of {p.name}", start)
        slot = self.plan.running
        start, _ = self.span(At(slot.owner, slot.extent))
        runs = splice(runs, start, start + self.image_size, IMAGE, start)
        if self.in_flash:
            start, end = self.span(self._table())
            runs = splice(runs, start, end, OLD_TABLE, start)
            slots = ota_slots(View(self.plan.old))
            if slot in slots:
                runs = self._with_record(runs, slots.index(slot))
        return runs

    def _with_record(self, runs: Runs, index: int) -> Runs:
        record = self.plan.old.of_role(Role.BOOT_RECORD)[0]
        half = record.size // 2
        for place, sequence in ((0, index + 1), (half, max(1, index))):
            start, _ = self.span(At(record.owner, record.extent))
            runs = splice(runs, start + place, start + place + half, ERASED)
            runs = splice(runs, start + place, start + place + 32, record_entry(sequence))
        return runs

    def _table(self) -> At:
        device = self.plan.old.device
        assert device is not None
        return At(device.boot.owner, Extent.of(table_offset(self.plan.old) or 0, 0x1000))

    # The bootloader ----------------------------------------------------------------------------

    def boot(self, runs: Runs) -> None:
        """Start the image, or raise ``Brick``."""
        slot = self.plan.running
        if not self.in_flash:
            self._check_image(runs, At(slot.owner, slot.extent))
            return
        start, end = self.span(self._table())
        if holds(runs, start, end, OLD_TABLE):
            table = self.plan.old
        elif holds(runs, start, end, NEW_TABLE):
            table = self.plan.new
        else:
            raise Brick("no partition table")
        slots = self.slots[id(table)]
        sequence = self.sequences(runs, table)[2]
        if sequence:
            chosen = slots[(sequence - 1) % len(slots)]
        else:
            chosen = next(iter(table.of_role(Role.FACTORY)), slots[0] if slots else slot)
        self._check_image(runs, At(chosen.owner, chosen.extent))

    def _check_image(self, runs: Runs, at: At) -> None:
        start, _ = self.span(at)
        if not holds(runs, start, start + self.image_size, IMAGE):
            raise Brick(f"no image at {at}")

    def sequences(self, runs: Runs, table: Table) -> tuple[int, int, int]:
        """Both halves' sequences (0: none) and the larger one."""
        record = next(iter(table.of_role(Role.BOOT_RECORD)), None)
        if record is None:
            return 0, 0, 0
        start, end = self.span(At(record.owner, record.extent))
        found = []
        for at in (start, start + (end - start) // 2):
            raw = read(runs, at, at + 32)
            sequence = struct.unpack_from("<I", raw)[0]
            whole = sequence not in (0, 0xFFFFFFFF) and raw == record_entry(sequence)
            found.append(sequence if whole else 0)
        return found[0], found[1], max(found)

    # The image ---------------------------------------------------------------------------------

    def work(self, runs: Runs) -> Iterator[tuple[str, int]]:
        """What is left to do after a boot, as (kind, number)."""
        if self._has_new_table(runs):
            return
        marks, blank = [], []
        for at in self.plan.journal:
            start, _ = self.span(at)
            length = len(self.plan.mark(0))
            marks.append(self.marks.get(read(runs, start, start + length), -1))
            blank.append(is_blank(runs, start + length, start + 2 * length))
        done = max(marks, default=-1)
        if done <= 0:
            yield "mark", 0
        elif min(marks) == done - 1 and blank[done % 2]:
            yield "mark", done
        else:
            yield "wipe", done + 1
        for number in range(max(done, 0) + 1, len(self.plan.tasks) + 1):
            yield "task", number
            yield "mark", number

    def without_dead(self, runs: Runs) -> Runs:
        """The same flash with what the next task erases anyway forgotten, so that states merge.

        Who reads it all the same copies "dead" bytes, and the check in the end finds them.
        """
        if unstable_in(runs):
            return runs
        items = self.work(runs)
        kind, number = next(items, ("", 0))
        if kind == "mark" and number:
            return runs  # Task ``number`` may have to be repeated, and read what is there.
        number = number if kind == "task" else next(items, ("", 0))[1]
        task = self.plan.tasks[number - 1] if number else None
        if not isinstance(task, Move):
            return runs
        return splice(runs, *self.span(task.chunk.target), DEAD)

    def _has_new_table(self, runs: Runs) -> bool:
        if not any(isinstance(t, WriteTable) for t in self.plan.tasks):
            return False
        return holds(runs, *self.span(self._table()), NEW_TABLE)

    def operations(self, runs: Runs, item: tuple[str, int]) -> list[Operation]:
        kind, number = item
        if kind != "task":
            if not self.plan.journal:
                return []
            at = self.plan.journal[number % 2]
            if kind == "wipe":
                return self._erase(at)
            start, _ = self.span(at)
            mark, seal = self.plan.mark(number), self.plan.seal(number)
            written: list[Operation] = [
                *self._erase(at),
                Program(start, start + len(mark), mark, start),
            ]
            if number == 0:
                written = [*self._erase(self.plan.journal[1]), *written]
            behind = start + len(mark)
            return [*written, Program(behind, behind + len(seal), seal, behind)]
        return self._task(runs, self.plan.tasks[number - 1])

    def _task(self, runs: Runs, task: Task) -> list[Operation]:
        if isinstance(task, Move):
            found: list[Operation] = self._erase(task.chunk.target)
            for piece in task.chunk.pieces:
                found += self._copy(runs, piece.source, piece.target)
            return found
        if isinstance(task, WriteTable):
            start, end = self.span(task.place)
            return [*self._erase(task.place), Program(start, end, NEW_TABLE, start)]
        return self._record(runs, task)

    def _record(self, runs: Runs, task: WriteRecord) -> list[Operation]:
        start, end = self.span(task.place)
        half = (end - start) // 2
        if task.in_place:
            one, other, largest = self.sequences(runs, self.plan.old)
            slots = self.slots[id(self.plan.old)]
            least = min(one, other)
            running = least and slots[(least - 1) % len(slots)] == self.plan.running
            if running and (largest - 1) % task.modulus == task.remainder:
                at = start + half if other > one else start
                erase = self._erase(At(task.place.owner, _local(self, task.place, at, at + half)))
                return [*erase, Program(at, at + 32, record_entry(largest), at)]
            at = start if other > one else start + half
            erase = self._erase(At(task.place.owner, _local(self, task.place, at, at + half)))
        else:
            largest, at = 0, start
            erase = self._erase(task.place)
        sequence = next(
            s
            for s in range(largest + 1, largest + task.modulus + 1)
            if (s - 1) % task.modulus == task.remainder
        )
        return [*erase, Program(at, at + 32, record_entry(sequence), at)]

    def _erase(self, at: At) -> list[Operation]:
        start, end = self.span(at)
        return [Erase(b.start, b.end) for b in self.chips.blocks(Extent(start, end))]

    def _copy(self, runs: Runs, source: At, target: At) -> list[Operation]:
        (start, end), (to, _) = self.span(source), self.span(target)
        found: list[Operation] = []
        for a, b, content, origin in pieces(runs, start, end):
            if content != ERASED:
                shift = to - start
                kept = a if isinstance(content, bytes) else origin
                found.append(Program(a + shift, b + shift, content, kept + shift))
        return found

    # What must hold in the end -----------------------------------------------------------------

    def check_done(self, runs: Runs, mapping: dict[str, str], erased: tuple[str, ...]) -> None:
        """All data is at its new place, what is to be erased is erased, the new table is there."""
        self.boot(runs)
        for was, now in mapping.items():
            old, new = self.plan.old.get(was), self.plan.new.get(now)
            assert old is not None and new is not None
            start, _ = self.span(At(new.owner, new.extent))
            if not holds(runs, start, start + old.size, f"data of {was}"):
                raise Brick(f"the data of {was} is not at {new.extent}")
        for name in erased:
            p = self.plan.new.get(name)
            assert p is not None
            if not is_filled(runs, *self.span(At(p.owner, p.extent))):
                raise Brick(f"{name} is not erased")
        if self.in_flash and any(isinstance(t, WriteTable) for t in self.plan.tasks):
            assert holds(runs, *self.span(self._table()), NEW_TABLE)


def explore(
    device: Device,
    mapping: dict[str, str],
    erased: tuple[str, ...] = (),
    faults: FaultModel | None = None,
) -> Found:
    """Cut everywhere, any number of times; raise ``Brick`` with what went wrong.

    Bricks inside a task that the plan declares exposed are counted, not raised.
    """
    faults = faults or FaultModel()
    found = Found()
    seen: set[tuple[Runs, tuple[str, int] | None, int]] = set()
    booted: set[Runs] = set()
    waiting: list[tuple[Runs, int]] = [(device.start, 0)]
    exposed = set(device.plan.exposed)
    while waiting:
        runs, inside = waiting.pop()
        runs = device.without_dead(runs)
        if runs in booted:
            continue
        booted.add(runs)
        for view in _as_read(runs):
            found.boots += 1
            try:
                device.boot(view)
            except Brick:
                if inside not in exposed:
                    raise
                found.bricks_in.add(inside)
                continue
            _run(device, view, mapping, erased, faults, found, seen, waiting)
    return found


def _run(device, runs, mapping, erased, faults, found, seen, waiting) -> None:
    for item in device.work(runs):
        inside = item[1] if item[0] == "task" else 0
        for number, operation in enumerate(device.operations(runs, item)):
            if (runs, item, number) in seen:
                return
            seen.add((runs, item, number))
            found.operations += 1
            waiting.extend((state, inside) for state in torn(device.chips, runs, operation, faults))
            after = device.chips.apply(runs, operation)
            assert not isinstance(after, Misuse), (item, after)
            runs = after
            waiting.append((runs, inside))
    device.check_done(runs, mapping, erased)


def _as_read(runs: Runs) -> list[Runs]:
    """How one boot may read the flash: unstable units as before, as meant, or as junk."""
    views: list[tuple[tuple[int, int], ...]] = [()]
    for start in unstable_in(runs)[:3]:
        views = [(*view, (start, now)) for view in views for now in (0, 1, 2)]
    return [resolved(runs, view) for view in views] if views != [()] else [runs]


def is_blank(runs: Runs, start: int, end: int) -> bool:
    return read(runs, start, end) == b"\xff" * (end - start)


def _image_size(migration: Migration) -> int:
    """As large as can be: the whole slot, or what a copy of the image takes."""
    slot = migration.running
    sizes = [slot.size]
    for p in migration.new.partitions:
        if p.role in (Role.APPLICATION, Role.OTA_TEMP) and (
            p.owner == slot.owner and p.extent.start == slot.extent.start
        ):
            sizes.append(p.size)
    return min([*sizes, *(i.largest for i in migration.before)])


def _local(device: Device, place: At, start: int, end: int) -> Extent:
    base = device.chips.base(place.owner)
    return Extent(start - base, end - base)
