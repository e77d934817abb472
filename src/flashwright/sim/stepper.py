"""One state's successors: the fault-free ones and those of every fault. Used to explore and replay.

A *state* is ``(runs, volatile, world, spent)``; ``spent`` counts the faults that the model limits.
A *label* says which successor was taken: ``(kind, number, sight)``. Kinds: ``n`` next, ``b`` a
branch of the world, ``x`` a cut between operations, ``t`` a torn operation, ``l`` a lost write,
``w`` a worn erase block. ``sight`` is what the boot after a cut sees of unstable units and blocks
that cannot be read: ``((start, now), ...)``, where ``now`` 3 means hidden.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from flashwright.base.extent import Extent
from flashwright.flash.content import (
    JUNK,
    DeadRead,
    Hidden,
    Runs,
    hidden,
    is_settled,
    resolved,
    splice,
    unhidden,
    unstable_in,
)
from flashwright.flash.faults import FaultModel, torn
from flashwright.flash.operations import Erase, Misuse, Operation
from flashwright.sim.machine import (
    BOOT,
    Act,
    Choose,
    Fail,
    Go,
    Halt,
    Machine,
    Move,
    Reset,
    Rest,
    Run,
    Serve,
    Volatile,
    World,
    version_of,
)

Spent = tuple[int, int, int, int]
Sight = tuple[tuple[int, int], ...]
Label = tuple[str, int, Sight]
State = tuple[Runs, Volatile, World, Spent]

NEXT: Label = ("n", 0, ())

#: More silent steps than any scheme needs: a machine that takes them loops.
MOST_SILENT = 1000

#: Unstable units that are told apart at one boot; with more of them a proof is given up.
MOST_UNSTABLE = 4

HIDDEN = 3


class Broken(NamedTuple):
    """A law is broken here; ``suspect`` if that depends on bytes that were forgotten."""

    law: str
    why: str
    suspect: bool = False


class Expansion(NamedTuple):
    """What follows a state.

    ``after`` are the fault-free successors (more than one where the world decides), ``faults`` the
    others; ``goal``: an image that is not known to be bad runs; ``boot``: the edge is a restart;
    ``move`` is the move that was made, ``events`` are the names of what happened.
    """

    move: Move
    after: list[tuple[Label, State]]
    faults: list[tuple[Label, State]]
    goal: bool = False
    boot: bool = False
    bad: bool = False
    broken: Broken | None = None
    events: tuple[str, ...] = ()


class TooMuch(Exception):  # noqa: N818 - a limit of the prover that makes a proof incomplete
    """The model cannot follow any more; the text says why."""


class Stepper:
    """Successors of states of one machine under one fault model.

    ``exact`` switches forgetting off: what is walked then is what the flash would really hold.
    """

    def __init__(self, machine: Machine, faults: FaultModel, *, exact: bool = False) -> None:
        self.machine = machine
        self.faults = faults
        self.chips = machine.chips
        self.exact = exact
        self._allowed: dict[Operation, Misuse | None] = {}

    def first(self) -> State:
        """The state in which the device leaves the factory."""
        runs, world = self.machine.first()
        return runs, BOOT, world, (0, 0, 0, 0)

    def expand(self, state: State) -> Expansion:
        """All successors of a state. ``DeadRead`` and ``TooMuch`` end a proof as incomplete."""
        runs, volatile, world, spent = state
        step = self.machine.step
        for _ in range(MOST_SILENT):
            move = step(runs, volatile, world)
            if type(move) is not Go:
                break
            volatile = move.then
            if move.world is not None:
                world = move.world
        else:
            broken = Broken("boots", "the scheme loops without touching the flash")
            return Expansion(move, [], [], broken=broken)
        if type(move) is Act:
            return self._act(move, runs, world, spent)
        cuts = self._cut(runs, world, spent)
        if type(move) is Run:
            return self._run(move, cuts, runs, world, spent)
        if type(move) is Choose:
            after: list[tuple[Label, State]] = [
                (("b", i, ()), (runs, then, world, spent))
                for i, (_, then, world) in enumerate(move.options)
            ]
            return Expansion(move, after, cuts)
        if type(move) is Serve:
            now = (runs, move.then, world, spent)
            return Expansion(move, [(NEXT, now)], cuts, goal=True, events=("served",))
        if type(move) is Reset:
            again = self._boots(("n", 0), runs, world, spent)
            return Expansion(move, again[:1], cuts + again[1:], boot=True)
        if type(move) is Rest:
            return Expansion(move, [], cuts, goal=True)
        if type(move) is Halt:
            return Expansion(move, [], cuts, broken=Broken("boots", move.why))
        assert isinstance(move, Fail)
        return Expansion(move, [], [], broken=Broken(move.law, move.why))

    def _act(self, move: Act, runs: Runs, world: World, spent: Spent) -> Expansion:
        operation = move.operation
        done = self.chips.apply(runs, operation)
        misuse = done if type(done) is Misuse else self._frame(operation)
        if misuse is not None:
            law = "frame" if misuse.kind in ("outside", "read-only") else "flash"
            return Expansion(move, [], [], broken=Broken(law, misuse.reason))
        meant = world if move.world is None else move.world
        after = [(NEXT, (done, move.then, meant, spent))]
        faults = self._cut(runs, world, spent)
        if faults:
            once = self._once(spent)
            for i, outcome in enumerate(torn(self.chips, runs, operation, self.faults)):
                faults.extend(self._boots(("t", i), outcome, world, once))
        cuts, lost, worn, reads = spent
        if type(operation) is Erase:
            if worn < self.faults.worn_erases:
                junk = splice(runs, operation.start, operation.end, JUNK)
                faults.append(
                    (("w", 0, ()), (junk, move.then, meant, (cuts, lost, worn + 1, reads)))
                )
        elif lost < self.faults.lost_writes:
            faults.append((("l", 0, ()), (runs, move.then, meant, (cuts, lost + 1, worn, reads))))
        return Expansion(move, after, faults)  # type: ignore[arg-type]

    def _cut(self, runs: Runs, world: World, spent: Spent) -> list[tuple[Label, State]]:
        if self.faults.cuts is not None and spent[0] >= self.faults.cuts:
            return []
        return self._boots(("x", 0), runs, world, self._once(spent))

    def _once(self, spent: Spent) -> Spent:
        return spent if self.faults.cuts is None else (spent[0] + 1, *spent[1:])

    def follow(self, state: State, label: Label) -> State:
        """The successor of ``state`` along ``label``; ``KeyError`` if it has none.

        A cut is taken as the label says it, even where forgetting had made outcomes equal.
        """
        kind, number, sight = label
        if kind in ("x", "t"):
            outcome, world, spent = self._outcome(state, kind, number)
            for start, now in sight:
                if now == HIDDEN:
                    block = self.chips.block_at(start)
                    outcome = hidden(outcome, block.start, block.end)
            if self.faults.unstable:
                outcome = resolved(outcome, sight)
            return outcome, BOOT, world, spent
        found = self.expand(state)
        for each, then in found.after + found.faults:
            if each == label:
                return then
        raise KeyError(label)

    def _outcome(self, state: State, kind: str, number: int) -> tuple[Runs, World, Spent]:
        runs, volatile, world, spent = state
        for _ in range(MOST_SILENT):
            move = self.machine.step(runs, volatile, world)
            if type(move) is not Go:
                break
            volatile = move.then
            world = world if move.world is None else move.world
        if kind == "t":
            if type(move) is not Act:
                raise KeyError(kind)
            outcomes = torn(self.chips, runs, move.operation, self.faults)
            if number >= len(outcomes):
                raise KeyError(kind)
            runs = outcomes[number]
        return unhidden(runs), world, self._once(spent)

    def _boots(
        self, kind: tuple[str, int], runs: Runs, world: World, spent: Spent
    ) -> list[tuple[Label, State]]:
        """The states in which the device may come up again, as it sees its flash."""
        if any(type(content) is Hidden for _, content, _ in runs):
            runs = unhidden(runs)
        if not self.exact:
            runs = self.machine.forget(runs, world)
        unstable = unstable_in(runs) if self.faults.unstable else []
        if not unstable and spent[3] >= self.faults.failing_reads:
            return [((*kind, ()), (runs, BOOT, world, spent))]
        if len(unstable) > MOST_UNSTABLE:
            raise TooMuch(f"more than {MOST_UNSTABLE} unstable program units at once")
        states: list[tuple[Label, State]] = []
        for choice in product((2, 0, 1), repeat=len(unstable)):
            sight = tuple(zip(unstable, choice, strict=True))
            seen = resolved(runs, sight) if sight else runs
            states.append(((*kind, sight), (seen, BOOT, world, spent)))
        if spent[3] < self.faults.failing_reads:
            failed = (*spent[:3], spent[3] + 1)
            for block in (b for record in self.machine.records for b in record.blocks):
                sight = ((block.start, HIDDEN),)
                dark = hidden(runs, block.start, block.end)
                states.append(((*kind, sight), (dark, BOOT, world, failed)))
        return states

    def _run(
        self, move: Run, cuts: list[tuple[Label, State]], runs: Runs, world: World, spent: Spent
    ) -> Expansion:
        version, broken = self._image(runs, move.start, world)
        if broken is not None:
            return Expansion(move, [], cuts, broken=broken)
        events = _events(version, world)
        then = (*move.then, version)
        if not self.exact and is_settled(runs):
            runs = self.machine.forget(runs, world)
        natures = [world]
        if not (world.good | world.bad) >> version & 1:
            natures = [world._replace(good=world.good | 1 << version)]
            if self.machine.promise.reverts:
                natures.append(world._replace(bad=world.bad | 1 << version))
        if len(natures) == 1:
            after = [(NEXT, (runs, then, natures[0], spent))]
        else:
            after = [(("b", i, ()), (runs, then, w, spent)) for i, w in enumerate(natures)]
        bad = world.is_bad(version)
        return Expansion(
            move,
            after,
            cuts,
            goal=not bad,
            bad=bad,
            events=events,
        )

    def _image(self, runs: Runs, start: int, world: World) -> tuple[int, Broken | None]:
        """The version that lies whole at ``start``, or what is wrong with what lies there."""
        from flashwright.flash.content import holds, name_at

        name = name_at(runs, start)
        version = version_of(name)
        if version is None:
            dead = any(c == "~dead" for s, c, _ in runs if s <= start)
            return 0, Broken("whole", f"no image lies at 0x{start:X}, and it is started", dead)
        length = self.machine.length(version)
        unit = self.chips.chip_at(start)[0].program_unit
        end = start + -(-length // unit) * unit
        try:
            whole = end <= self.chips.size and holds(runs, start, end, str(name))
        except DeadRead:
            return 0, Broken("whole", f"v{version} at 0x{start:X} is started unverified", True)
        if not whole:
            return 0, Broken("whole", f"only a part of v{version} lies at 0x{start:X}")
        if version < world.confirmed:
            law = "rollback" if version == 0 else "confirmed"
            why = f"v{version} runs although v{world.confirmed} is confirmed"
            return 0, Broken(law, why)
        return version, None

    def _frame(self, operation: Operation) -> Misuse | None:
        """Whether the scheme may touch these bytes at all."""
        if type(operation) is Erase:
            try:
                return self._allowed[operation]
            except KeyError:
                found = self._allowed[operation] = self._outside(operation)
                return found
        return self._outside(operation)

    def _outside(self, operation: Operation) -> Misuse | None:
        for area in self.machine.areas:
            if area.start <= operation.start < area.end and operation.end <= area.end:
                if area.writable:
                    return None
                return Misuse("read-only", f"{area.name} is not writable")
        what = "erase" if type(operation) is Erase else "program"
        extent = Extent(operation.start, operation.end)
        names = ", ".join(a.name for a in self.machine.areas)
        return Misuse("outside", f"{what} of {extent}, which is not inside one of: {names}")


def _events(version: int, world: World) -> tuple[str, ...]:
    events = []
    if version > 1:
        events.append("installed")
        if version > 2 or (world.bad and version > 1 and not world.is_bad(version)):
            events.append("next")
    if world.confirmed > 1:
        events.append("confirmed")
    if world.bad >> (version + 1) and not world.is_bad(version):
        events.append("reverted")
    return tuple(events)
