"""What ``migrate`` plans, as a scheme: its image in the field, with the journal, cut anywhere.

Each start is the bootloader's first: where the table lies in flash, it reads the table and the boot
record and starts the slot that they select; an image has to lie there whole. Then the image does
what ``evolve.migration`` says about the journal: it reads both blocks, makes the last mark sure,
and goes on with the next task.

Laws: ``boots`` (from every state the image that migrates runs, and comes to its end), ``values``
(each partition's data lies at its new place, byte for byte, and what was given up or is new is
erased), ``frame`` (vendor ranges, bootloader and the running image are never touched), ``flash``.

Limits: data are names, so a store that is copied is found again, not understood. A plan whose table
has one copy is exposed while that is rewritten; the user accepted it, the proof says so among its
assumptions, and takes the table as old until the new one is whole. ESP-IDF's boot record starts
with a sequence for which the number of slots matters, if there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flashwright.base.extent import Extent
from flashwright.evolve.compare.field import DATA_ROLES, FieldFacts, ground, ota_slots
from flashwright.evolve.migrate.migration import (
    Migration,
    Move,
    WriteRecord,
    WriteTable,
    record_entry,
    task_steps,
)
from flashwright.evolve.migrate.moves import At
from flashwright.flash.chips import Chips
from flashwright.flash.content import (
    DEAD,
    ERASED,
    JUNK,
    DeadRead,
    holds,
    is_filled,
    is_settled,
    part_of,
    pieces,
)
from flashwright.flash.operations import Erase, Program, program_bytes
from flashwright.flash.steps import CheckpointStep, CopyStep, EraseStep, ProgramStep, Step
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.view import View
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import Act, Fail, Go, Halt, Phased, Promise, Serve, World
from flashwright.sim.machine import Move as Made
from flashwright.sim.migrating_data import Wanted, live_image, wanted_of
from flashwright.sim.migrating_journal import Item, Journal
from flashwright.sim.migrating_record import entry_steps, hardest_sequence, next_entry, sequences

IMAGE = "the image that migrates"
OLD_TABLE, NEW_TABLE = "old partition table", "new partition table"

#: An item; with a boot record also where its entry goes, and the sequence.
Key = tuple[object, ...]


class Migrating(Phased):
    """A plan of migration on the flashes of its device; one area for each flash."""

    name = "migration"
    promise = Promise(events=("served", "migrated"))
    updates = 1

    def __init__(
        self, plan: Migration, wanted: Iterable[Wanted], *, in_flash: bool, chunk: int = 1024
    ) -> None:
        self.plan, self.in_flash = plan, in_flash
        self.board = Board(Chips(plan.flashes.values()), chunk)
        self._area_of: dict[str, Area] = {
            name: self.board.area(name, name, flash.extent) for name, flash in plan.flashes.items()
        }
        #: What lies in memories beside the flashes (RAM in a map of the board) is not kept.
        self.wanted = tuple(
            w for w in wanted if all(at.owner in plan.flashes for at in (w.new, w.old) if at)
        )
        self.areas = tuple(self.board.areas)
        self.assumptions = tuple(self._assumed())
        self._slots = {True: ota_slots(View(plan.new)), False: ota_slots(View(plan.old))}
        self._journal = Journal(plan, self._area_of)
        self._sequence = 0
        if in_flash:
            self._sequence = hardest_sequence(plan.running, self._slots[False], self._slots[True])
        self._steps: dict[Key, tuple[Step, ...]] = {}
        self._guard()
        self._before = self.first()[0]

    def first(self) -> tuple[Contents, World]:
        """The old layout with data in it, the image running, junk wherever nothing is known."""
        plan = self.plan
        flash = tuple(area.blank(JUNK) for area in self.areas)
        for p in plan.old.partitions:
            is_kept = p.role in DATA_ROLES or p.role is Role.FACTORY
            if is_kept and p.owner in plan.flashes:
                flash = self._with(flash, At(p.owner, p.extent), f"data of {p.name}")
        live = live_image(plan)
        flash = self._area_of[live.owner].with_image(
            flash, IMAGE, live.extent.size, live.extent.start
        )
        if not self.in_flash:
            return flash, World()
        if (table := self._table()) is not None:
            flash = self._with(flash, table, OLD_TABLE)
        record = next(iter(plan.old.of_role(Role.BOOT_RECORD)), None)
        if record is not None and self._sequence:
            area, half = self._area_of[record.owner], record.size // 2
            for place, number in ((0, self._sequence), (half, max(1, self._sequence - 1))):
                at = record.extent.start + place
                flash = self._with(flash, At(record.owner, Extent.of(at, half)), ERASED)
                flash = area.with_bytes(flash, at, record_entry(number))
        return flash, World()

    def length(self, version: int) -> int:
        """No image is started by version here."""
        return 0

    def forget(self, flash: Contents, world: World) -> Contents:
        """What is erased before anything reads it: next task's target, a journal block, both.

        While the last mark may turn out not to be whole, its task may be repeated: nothing is.
        """
        flash = self._journal.tidied(flash)
        if not self._is_settled(flash):
            return flash
        kind, number = self._next(flash)
        if kind == "" or (kind == "mark" and number):
            return flash
        flash = self._journal.wiped(flash, number)
        number = max(number, 1)
        task = self.plan.tasks[number - 1] if number <= len(self.plan.tasks) else None
        return self._with(flash, task.chunk.target, DEAD) if isinstance(task, Move) else flash

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Made:
        """Start the slot that table and record select."""
        slot = self._selected(flash)
        live = live_image(self.plan)
        start = slot.extent.start
        whole = self._lies(flash, At(slot.owner, Extent.of(start, live.extent.size)), IMAGE)
        if not whole:
            return Halt(f"the bootloader starts {slot.name}, where {IMAGE} does not lie whole")
        return Go(("item", *self._next(flash)))

    def _selected(self, flash: Contents) -> Partition:
        running = self.plan.running
        if not self.in_flash:
            return running
        new = self._has_new_table(flash)
        slots = self._slots[new]
        table = self.plan.new if new else self.plan.old
        sequence = max(self._sequences(flash, table))
        if sequence and slots:
            return slots[(sequence - 1) % len(slots)]
        return next(iter(table.of_role(Role.FACTORY)), slots[0] if slots else running)

    # The image: what is left to do.

    def _next(self, flash: Contents) -> Item:
        """What comes first after a start; ``("", 0)``: nothing is left to do."""
        if not self.plan.tasks or self._has_new_table(flash):
            return "", 0
        return self._journal.next(flash)

    def on_item(self, flash: Contents, world: World, kind: str, number: int) -> Made:
        """Begin the next thing: its steps are a key, so that states stay small."""
        if not kind or (number > len(self.plan.tasks) and kind == "task"):
            return Go(("finish",))
        key: Key = (kind, number)
        task = self.plan.tasks[number - 1] if kind == "task" else None
        if isinstance(task, WriteRecord):
            key = (
                kind,
                number,
                *next_entry(task, self._sequences(flash, self.plan.old), self._selects),
            )
        if key not in self._steps:
            self._steps[key] = tuple(self._steps_of(key))
        return Go(("do", key, 0, 0))

    def on_do(self, flash: Contents, world: World, key: Key, index: int, at: int) -> Made:
        """One operation of step ``index``; ``at`` is the erase block, or bytes that are done."""
        steps = self._steps[key]
        if index == len(steps):
            kind, number = key[:2]
            assert isinstance(number, int)
            if kind == "task":
                return Go(("item", "mark", number))
            return Go(("item", "task", number + (kind == "mark")))
        step = steps[index]
        again, after = ("do", key, index, at + 1), ("do", key, index + 1, 0)
        if isinstance(step, EraseStep):
            blocks = self.board.chips.blocks(step.extent.shifted(self._base(step.owner)))
            block = blocks[at]
            return Act(Erase(block.start, block.end), after if at + 1 == len(blocks) else again)
        call, size = self._call(flash, step, at)
        done = call.end - call.start + at
        then = after if done >= size else ("do", key, index, done)
        return Go(then) if call.content == ERASED else Act(call, then)

    def on_finish(self, flash: Contents, world: World) -> Made:
        """All tasks are done: is everything where it should be?"""
        for wanted in self.wanted:
            if not self._is_there(flash, wanted):
                what = (
                    f"the data of {wanted.name} lie" if wanted.old else f"{wanted.name} is erased"
                )
                return Fail("values", f"not all of {what} at {wanted.new}")
        table = self._table()
        if self._rewrites_table and table and not self._lies(flash, table, NEW_TABLE):
            return Fail("values", f"the new partition table does not lie whole at {table}")
        return Go(("done",), world._replace(confirmed=2), "migrated")

    def on_done(self, flash: Contents, world: World) -> Made:
        """The device works, with its data at their new places."""
        return Serve(("rest",))

    # Steps and operations.

    def _steps_of(self, key: Key) -> Iterator[Step]:
        kind, number, *record = key
        assert isinstance(number, int)
        if kind == "task":
            task = self.plan.tasks[number - 1]
            if isinstance(task, WriteRecord):
                start, sequence = record
                assert isinstance(start, int) and isinstance(sequence, int)
                yield from entry_steps(task, start, sequence)
            else:
                yield from task_steps(task)
        elif self.plan.journal:
            block = self.plan.journal[number % 2]
            if kind == "mark":
                marked = self.plan.mark_steps(number)
                yield from (s for s in marked if not isinstance(s, CheckpointStep))
            else:
                yield EraseStep(block.owner, block.extent, "journal")

    def _call(self, flash: Contents, step: Step, at: int) -> tuple[Program, int]:
        """The program call of a step behind ``at`` bytes, and how many bytes it has in all."""
        if isinstance(step, CopyStep):
            return self._copied(flash, step, at), step.source.size
        assert isinstance(step, ProgramStep)
        area = self._area_of[step.owner]
        start, size = area.start + step.offset, step.extent.size
        if isinstance(step.content, bytes):
            return program_bytes(start, step.content), size
        end = min(at + area.chunk, size)
        return Program(start + at, start + end, step.content, start), size

    def _copied(self, flash: Contents, step: CopyStep, at: int) -> Program:
        """The next call of a copy: as long as one content lies there, at most a chunk."""
        area, target = self._area_of[step.owner], self._area_of[step.target_owner]
        low = area.start + step.source.start + at
        high = min(low + target.chunk, area.start + step.source.end)
        shift = target.start + step.target.start + at - low
        _, end, content, origin = next(pieces(flash[area.index].runs, low, high))
        if (end + shift) % target.unit and end < high:
            # The border of two contents inside of a program unit: no name tells what it holds.
            end = min(-(-(end + shift) // target.unit) * target.unit - shift, high)
            content = JUNK
        if content == DEAD:
            raise DeadRead(f"bytes 0x{low:X}..0x{end:X}")
        if not isinstance(content, (str, bytes)):
            content = JUNK
        start = low + shift
        return Program(
            start, end + shift, content, origin + shift if isinstance(content, str) else start
        )

    def _selects(self, sequence: int) -> bool:
        slots = self._slots[False]
        return bool(slots) and slots[(sequence - 1) % len(slots)] == self.plan.running

    # What lies where.

    def _sequences(self, flash: Contents, table: Table) -> tuple[int, int]:
        record = next(iter(table.of_role(Role.BOOT_RECORD)), None)
        if record is None:
            return 0, 0
        return sequences(self._area_of[record.owner], flash, record.extent)

    @property
    def _rewrites_table(self) -> bool:
        return any(isinstance(t, WriteTable) for t in self.plan.tasks)

    def _table(self) -> At | None:
        """Where the table lies, if a task rewrites it."""
        return next((t.place for t in self.plan.tasks if isinstance(t, WriteTable)), None)

    def _has_new_table(self, flash: Contents) -> bool:
        table = self._table()
        return table is not None and self._lies(flash, table, NEW_TABLE)

    def _lies(self, flash: Contents, at: At, name: str) -> bool:
        area = self._area_of[at.owner]
        low, high = area.start + at.extent.start, area.start + at.extent.end
        return high <= area.end and holds(flash[area.index].runs, low, high, name)

    def _is_settled(self, flash: Contents) -> bool:
        """Whether each boot reads the same where it looks for what is left to do."""
        if all(part.settled for part in flash):
            return True
        table = self._table()
        if table is not None:
            area = self._area_of[table.owner]
            there = table.extent.shifted(area.start)
            if not is_settled(part_of(flash[area.index].runs, there.start, there.end)):
                return False
        return self._journal.is_settled(flash)

    def _is_there(self, flash: Contents, wanted: Wanted) -> bool:
        to = self._area_of[wanted.new.owner]
        low, high = to.start + wanted.new.extent.start, to.start + wanted.new.extent.end
        runs = flash[to.index].runs
        if wanted.old is None:
            return is_filled(runs, low, high)
        source = self._area_of[wanted.old.owner]
        first = source.start + wanted.old.extent.start
        shift = low - first
        was = pieces(self._before[source.index].runs, first, first + high - low)
        meant = [(a + shift, b + shift, c, o + shift if o else o) for a, b, c, o in was]
        return list(pieces(runs, low, high)) == meant

    def _with(self, flash: Contents, at: At, content: str) -> Contents:
        area = self._area_of[at.owner]
        return area.with_image(flash, content, at.extent.size, at.extent.start)

    def _base(self, owner: str) -> int:
        return self._area_of[owner].start

    def _assumed(self) -> Iterator[str]:
        yield "data are moved byte by byte; the image that migrates is in its slot and confirmed"
        for task in self.plan.tasks:
            if isinstance(task, WriteTable) and task.is_exposed:
                yield (
                    f"no cut in the {task.window_us / 1000:.0f} ms in which the only copy of the "
                    "partition table is rewritten: accepted, such a cut is a brick"
                )
            elif isinstance(task, WriteTable):
                yield f"one of the {task.copies} copies of the partition table is always whole"

    def _guard(self) -> None:
        """Nobody touches the vendor's bytes, the bootloader, or the image that runs."""
        plan = self.plan
        live = live_image(plan)
        self.board.guard(IMAGE, live.owner, live.extent)
        device = plan.old.device
        if device is None:
            return
        for reserved in device.reserved:
            self.board.guard(f"{reserved.name} (reserved)", reserved.owner, reserved.extent)
        if device.boot.bootloader:
            self.board.guard("the bootloader", device.boot.owner, device.boot.bootloader)
        for p in plan.old.of_role(Role.BOOTLOADER, Role.SECOND_BOOT):
            self.board.guard(f"`{p.name}`", p.owner, p.extent)


def migrating(
    plan: Migration,
    facts: FieldFacts | None = None,
    renames: Sequence[tuple[str, str]] = (),
    *,
    chunk: int = 1024,
) -> Migrating:
    """The machine of a plan, made for the same facts and renames; ``chunk`` bytes a call."""
    facts = facts or FieldFacts()
    in_flash = ground(plan.old, facts).table_in_flash
    return Migrating(plan, wanted_of(plan, facts, renames), in_flash=in_flash, chunk=chunk)
