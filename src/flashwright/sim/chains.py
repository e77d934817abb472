"""Chains: runs of flash operations between two states worth keeping, worked out once.

Most of an update is one operation after the other: calls of a download, a copy, a record that is
erased and written. Nothing but a cut can happen there. A ``Chain`` is such a run from one state:
every operation is done, cut before and torn in every way that the fault model has, and what a
restart finds then is forgotten by ``Machine.forget``, exactly as the stepper does it; but the
explorer is told only *which* flashes a restart may find, each once, and where the run ends.

Why that is exact:

- The steps of a chain are the machine's own steps, its outcomes those of ``Stepper``: none is left
  out or guessed. Outcomes that are the same flash after forgetting are the same state anyway.
- A chain is worked out without the world (``UNSEEN``), so that it holds in each world. A machine
  that looks at it there says so by ``Looked``, and is stepped the ordinary way.
- A state in the middle is not kept, so a way that comes to it from elsewhere walks the rest again:
  the same states are reached, some more than once. Where a chain ends is decided by the last
  operation and by the state itself, never by the way, so ways that meet do so at its end at last.
- Where a restart would go on from the last state without a sound, exactly as the machine does with
  power on (a copy whose status has just been written), the two are one state: the chain ends in the
  flash that such a restart finds. What may be forgotten then may be forgotten here.

A chain ends at a restart, before whatever is not a plain operation (a choice of the world, a
started image, an error, an event), and after an operation outside the records that ends at a
multiple of ``MEETING`` bytes; or where a machine says so that has ``passes`` of its own.

Used for any number of cuts. Where faults are counted (at most two cuts, a lost write), what may
happen depends on the way, and there are no chains; nor with unstable units, because the many
sights of each cut make ways that meet at once, and a chain would walk on from each of them.
"""

from __future__ import annotations

from typing import NamedTuple

from flashwright.flash.content import DeadRead
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Operation
from flashwright.sim.area import Contents
from flashwright.sim.machine import BOOT, UNSEEN, Act, Go, Looked, Machine, Volatile
from flashwright.sim.stepper import MOST_SILENT, Label, Stepper, TooMuch

#: Operations that end at a multiple of so many bytes end a chain: there ways meet again.
MEETING = 0x1000

#: The longest chain in operations; of a machine that says itself where ways meet, and of others.
LONGEST, LONGEST_PLAIN = 4096, 256

#: Chains that are remembered for other worlds.
MOST_REMEMBERED = 100_000


class Chain(NamedTuple):
    """A run of ``steps`` operations, at least one, that ends in ``(flash, volatile)``.

    ``faults`` are the different flashes that a restart may find: after how many plain steps and
    along which label each is found first. ``cuts`` counts all cuts that were looked at.
    """

    steps: int
    flash: Contents
    volatile: Volatile
    faults: tuple[tuple[int, Label, Contents], ...]
    cuts: int


class Chains:
    """The chains of one machine under one fault model for which ``covers`` is true."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self._machine = stepper.machine
        self._own = type(self._machine).passes is not Machine.passes
        self._longest = LONGEST if self._own else LONGEST_PLAIN
        #: Phases that have looked at the world: not tried again.
        self._looking: set[object] = set()
        self._known: dict[tuple[Contents, Volatile], Chain] = {}

    @staticmethod
    def covers(faults: FaultModel) -> bool:
        """Whether chains are exact, and shorter, under these faults."""
        counted = faults.lost_writes or faults.worn_erases or faults.failing_reads
        return faults.cuts is None and not counted and not faults.unstable

    def of(self, flash: Contents, volatile: Volatile) -> Chain | None:
        """The chain that begins in a state; ``None`` if there is none."""
        if volatile[0] in self._looking:
            return None
        known = self._known
        key = (flash, volatile)
        chain = known.get(key)
        if chain is None:
            chain = self._walked(flash, volatile)
            if chain is not None:
                if len(known) >= MOST_REMEMBERED:
                    known.clear()
                known[key] = chain
        return chain

    def _walked(self, flash: Contents, volatile: Volatile) -> Chain | None:
        found: dict[Contents, tuple[int, Label]] = {}
        steps = cuts = 0
        while steps < self._longest:
            try:
                act = self._act(flash, volatile)
                done = None if act is None else self._stepper.done(flash, act.operation)
                if act is None or done is None:
                    break
                outcomes, count = self._stepper.cuts(flash, act.operation)
            except (DeadRead, TooMuch):
                # It gets its own turn, and ends the proof then, if nothing is found before.
                break
            for label, after in outcomes:
                if after not in found:
                    found[after] = steps, label
            cuts += count
            steps += 1
            flash, volatile = done, act.then
            if self._keeps(act.operation, volatile):
                break
        if not steps:
            return None
        if self._resumed(flash, volatile):
            flash, volatile = self._stepper.forgotten(flash), BOOT
        faults = tuple((run, label, after) for after, (run, label) in found.items())
        return Chain(steps, flash, volatile, faults, cuts)

    def _act(self, flash: Contents, volatile: Volatile) -> Act | None:
        """The operation that comes next; ``None`` if something else does, or the world matters."""
        step = self._machine.step
        try:
            for _ in range(MOST_SILENT):
                move = step(flash, volatile, UNSEEN)
                if type(move) is Act:
                    return move if move.world is None else None
                if type(move) is not Go or move.world is not None or move.event:
                    return None
                volatile = move.then
        except Looked:
            self._looking.add(volatile[0])
        return None

    def _resumed(self, flash: Contents, volatile: Volatile) -> bool:
        """Whether a restart would go on from here just as the machine does without one."""
        if not self._own or volatile == BOOT:
            return False
        try:
            move = self._machine.step(flash, BOOT, UNSEEN)
        except (Looked, DeadRead):
            return False
        return type(move) is Go and move == Go(volatile)

    def _keeps(self, operation: Operation, volatile: Volatile) -> bool:
        if volatile == BOOT:
            return True
        if self._own:
            return not self._machine.passes(volatile)
        if operation.end % MEETING:
            return False
        return not any(a.start < operation.end <= a.end for a in self._machine.records)
