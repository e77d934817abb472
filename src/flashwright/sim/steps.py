"""A migration as a scheme: the steps of ``flash.steps``, cut anywhere, and what must be there.

The machine walks a tuple of steps. After a cut it goes on behind the last checkpoint whose mark is
in flash: the ``ProgramStep`` of bytes before that ``CheckpointStep``; without one it begins at the
first step. What must never be lost is told by name: ``runner``, the code that migrates (it has to
lie whole at each start), and ``wanted``, what has to lie where when all is done.

Laws: ``boots`` (the runner is whole at each start, and the migration reaches its end), ``values``
(what is wanted lies there, whole), ``frame`` and ``flash`` as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.flash.content import pieces, read
from flashwright.flash.operations import Erase, Operation, Program, program_bytes
from flashwright.flash.steps import CheckpointStep, CopyStep, EraseStep, ProgramStep, Step
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.loops import copied
from flashwright.sim.machine import Act, Fail, Go, Halt, Move, Phased, Promise, Serve, World


@dataclass(frozen=True, slots=True)
class Lying:
    """A named content that lies whole in ``extent`` of flash ``owner``, from its first byte on."""

    owner: str
    extent: Extent
    name: str


class Migration(Phased):
    """Steps on a board whose areas cover all that they touch."""

    name = "migration"
    promise = Promise(events=("served", "migrated"))
    updates = 1

    def __init__(
        self,
        board: Board,
        steps: tuple[Step, ...],
        before: tuple[Lying, ...],
        wanted: tuple[Lying, ...],
        runner: Lying | None = None,
    ) -> None:
        self.board, self.steps = board, steps
        self.before, self.wanted, self.runner = before, wanted, runner
        self.areas = tuple(board.areas)
        self._bases: Mapping[str, int] = {
            f.name: board.chips.base(f.name) for f in board.chips.flashes
        }
        self._marks = self._checkpoints()

    def first(self) -> tuple[Contents, World]:
        """What lies in flash before."""
        flash = self.board.blank()
        for lying in self.before:
            start, area = self._at(lying.owner, lying.extent.start)
            flash = area.with_image(flash, lying.name, lying.extent.size, start - area.start)
        return flash, World()

    def length(self, version: int) -> int:
        """No image is started by version here."""
        return 0

    def on_boot(self, flash: Contents, world: World) -> Move:
        """The runner starts and looks for the last mark."""
        if self.runner is not None and not self._lies(flash, self.runner):
            return Halt(f"{self.runner.name}, the code that migrates, is not whole")
        begin = 0
        for index, start, data in self._marks:
            area = self._area(start)
            if read(flash[area.index].runs, start, start + len(data), area.erased_value) == data:
                begin = index
        return Go(("step", begin))

    def on_step(self, flash: Contents, world: World, index: int) -> Move:
        """Begin a step."""
        if index == len(self.steps):
            for lying in self.wanted:
                if not self._lies(flash, lying):
                    where = f"{lying.extent} of {lying.owner}"
                    return Fail("values", f"{lying.name} does not lie whole at {where}")
            return Go(("done",), event="migrated")
        return Go(("calls", index + 1, self._calls(flash, self.steps[index])))

    def on_done(self, flash: Contents, world: World) -> Move:
        """All is in its place."""
        return Serve(("rest",))

    def on_calls(
        self, flash: Contents, world: World, then: int, calls: tuple[Operation, ...]
    ) -> Move:
        """The operations of a step, one by one."""
        if not calls:
            return Go(("step", then))
        return Act(calls[0], ("calls", then, calls[1:]))

    def _calls(self, flash: Contents, step: Step) -> tuple[Operation, ...]:
        if isinstance(step, EraseStep):
            blocks = self.board.chips.blocks(step.extent.shifted(self._bases[step.owner]))
            return tuple(Erase(b.start, b.end) for b in blocks)
        if isinstance(step, CopyStep):
            start, source = self._at(step.owner, step.source.start)
            to, target = self._at(step.target_owner, step.target.start)
            size = step.source.size
            return copied(flash, source, start - source.start, target, to - target.start, size)
        if isinstance(step, ProgramStep):
            start, area = self._at(step.owner, step.offset)
            if isinstance(step.content, bytes):
                return (program_bytes(start, step.content),)
            ends = range(start, start + step.extent.size, area.chunk)
            last = start + step.extent.size
            return tuple(Program(a, min(a + area.chunk, last), step.content, start) for a in ends)
        return ()

    def _checkpoints(self) -> tuple[tuple[int, int, bytes], ...]:
        """(number of the step behind it, where its mark lies, the mark) of each checkpoint."""
        found = []
        mark: tuple[int, bytes] | None = None
        for index, step in enumerate(self.steps):
            if isinstance(step, ProgramStep) and isinstance(step.content, bytes):
                mark = step.offset + self._bases[step.owner], step.content
            elif isinstance(step, CheckpointStep) and mark is not None:
                found.append((index + 1, *mark))
        return tuple(found)

    def _lies(self, flash: Contents, lying: Lying) -> bool:
        start, area = self._at(lying.owner, lying.extent.start)
        end = start + lying.extent.size
        found = list(pieces(flash[area.index].runs, start, end))
        return len(found) == 1 and found[0][2:] == (lying.name, start)

    def _at(self, owner: str, offset: int) -> tuple[int, Area]:
        start = self._bases[owner] + offset
        return start, self._area(start)

    def _area(self, start: int) -> Area:
        area = self.board.area_at(start)
        if area is None:
            raise ValueError(f"no area holds 0x{start:X}")
        return area
