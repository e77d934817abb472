"""One state's successors: the fault-free ones and those of every fault. Used to explore and replay.

A *state* is ``(flash, volatile, world, spent)``; ``spent`` counts the faults that the model limits.
A *label* says which successor was taken: ``(kind, number, sight)``. Kinds: ``n`` next, ``b`` a
branch of the world, ``x`` a cut between operations, ``t`` a torn operation, ``l`` a lost write,
``w`` a worn erase block. ``sight`` is what the boot after a cut sees of unstable units and blocks
that cannot be read: ``((start, now), ...)``, where ``now`` 3 means hidden.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from flashwright.base.extent import Extent
from flashwright.flash.content import WORN, DeadRead, name_at
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase, Misuse, Operation
from flashwright.sim.area import Area, Contents
from flashwright.sim.machine import (
    BOOT,
    UNSEEN,
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
State = tuple[Contents, Volatile, World, Spent]

NEXT: Label = ("n", 0, ())

#: More silent steps than any scheme needs: a machine that takes them loops.
MOST_SILENT = 1000

#: Unstable units that are told apart at one boot; with more of them a proof is given up.
MOST_UNSTABLE = 4

#: Flashes for which it is remembered what a restart forgets of them.
MOST_REMEMBERED = 100_000

HIDDEN = 3


class Broken(NamedTuple):
    """A law is broken here; ``suspect`` if that depends on bytes that were forgotten."""

    law: str
    why: str
    suspect: bool = False


class Expansion(NamedTuple):
    """What follows a state.

    ``after`` are the fault-free successors (more than one where the world decides), ``faults`` the
    others; ``goal``: an image that is not known to be bad flash; ``boot``: the edge is a restart;
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
        self.board = machine.board
        self.exact = exact
        #: Faults that make flashes of which a boot sees only one of several sights.
        self._blurred = faults.unstable or faults.failing_reads > 0
        self._places: dict[Operation, Area | Misuse] = {}
        self._forgotten: dict[Contents, Contents] = {}

    def first(self) -> State:
        """The state in which the device leaves the factory."""
        flash, world = self.machine.first()
        return flash, BOOT, world, (0, 0, 0, 0)

    def expand(self, state: State) -> Expansion:
        """All successors of a state. ``DeadRead`` and ``TooMuch`` end a proof as incomplete."""
        events: tuple[str, ...] = ()
        flash, volatile, world, spent = state
        step = self.machine.step
        for _ in range(MOST_SILENT):
            move = step(flash, volatile, world)
            if type(move) is not Go:
                break
            volatile = move.then
            if move.world is not None:
                world = move.world
            if move.event:
                events = (*events, move.event)
        else:
            broken = Broken("boots", "the scheme loops without touching the flash")
            return Expansion(move, [], [], broken=broken)
        found = self._made(move, flash, world, spent)
        return found._replace(events=found.events + events) if events else found

    def _made(self, move: Move, flash: Contents, world: World, spent: Spent) -> Expansion:
        if type(move) is Act:
            return self._act(move, flash, world, spent)
        cuts = self._cut(flash, world, spent)
        if type(move) is Run:
            return self._run(move, cuts, flash, world, spent)
        if type(move) is Choose:
            after: list[tuple[Label, State]] = [
                (("b", i, ()), (flash, then, world, spent))
                for i, (_, then, world) in enumerate(move.options)
            ]
            return Expansion(move, after, cuts, goal=True)
        if type(move) is Serve:
            now = (flash, move.then, world, spent)
            return Expansion(move, [(NEXT, now)], cuts, goal=True, events=("served",))
        if type(move) is Reset:
            again = self._boots("n", 0, flash, world, spent)
            return Expansion(move, again[:1], cuts + again[1:], boot=True)
        if type(move) is Rest:
            return Expansion(move, [], cuts, goal=True)
        if type(move) is Halt:
            return Expansion(move, [], cuts, broken=Broken("boots", move.why))
        assert isinstance(move, Fail)
        return Expansion(move, [], [], broken=Broken(move.law, move.why))

    def _act(self, move: Act, flash: Contents, world: World, spent: Spent) -> Expansion:
        operation = move.operation
        area = self._place(operation)
        done = area if type(area) is Misuse else area.apply(flash, operation)  # type: ignore[union-attr]
        if type(done) is Misuse:
            law = "frame" if done.kind in ("outside", "read-only") else "flash"
            return Expansion(move, [], [], broken=Broken(law, done.reason))
        assert isinstance(area, Area)
        meant = world if move.world is None else move.world
        after: list[tuple[Label, State]] = [(NEXT, (done, move.then, meant, spent))]  # type: ignore[list-item]
        faults = self._cut(flash, world, spent)
        if faults:
            once = self._once(spent)
            for i, part in enumerate(area.torn(flash, operation, self.faults)):
                faults.extend(self._boots("t", i, area.with_part(flash, part), world, once))
        cuts, lost, worn, reads = spent
        if type(operation) is Erase:
            if worn < self.faults.worn_erases:
                number = area.blocks.index(Extent(operation.start, operation.end))
                junk = area.filled(flash, WORN, number)
                then = (junk, move.then, meant, (cuts, lost, worn + 1, reads))
                faults.append((("w", 0, ()), then))
        elif lost < self.faults.lost_writes:
            then = (flash, move.then, meant, (cuts, lost + 1, worn, reads))
            faults.append((("l", 0, ()), then))
        return Expansion(move, after, faults)

    def _cut(self, flash: Contents, world: World, spent: Spent) -> list[tuple[Label, State]]:
        if self.faults.cuts is not None and spent[0] >= self.faults.cuts:
            return []
        return self._boots("x", 0, flash, world, self._once(spent))

    def _once(self, spent: Spent) -> Spent:
        return spent if self.faults.cuts is None else (spent[0] + 1, *spent[1:])

    def follow(self, state: State, label: Label) -> State:
        """The successor of ``state`` along ``label``; ``KeyError`` if it has none.

        A cut is taken as the label says it, even where forgetting had made outcomes equal.
        """
        kind, number, sight = label
        if kind in ("x", "t"):
            outcome, world, spent = self._outcome(state, kind, number)
            return self._seen(outcome, sight), BOOT, world, spent
        found = self.expand(state)
        for each, then in found.after + found.faults:
            if each == label:
                return then
        raise KeyError(label)

    def _outcome(self, state: State, kind: str, number: int) -> tuple[Contents, World, Spent]:
        flash, volatile, world, spent = state
        for _ in range(MOST_SILENT):
            move = self.machine.step(flash, volatile, world)
            if type(move) is not Go:
                break
            volatile = move.then
            world = world if move.world is None else move.world
        if kind == "t":
            area = self._place(move.operation) if type(move) is Act else None
            if not isinstance(area, Area) or type(move) is not Act:
                raise KeyError(kind)
            outcomes = area.torn(flash, move.operation, self.faults)
            if number >= len(outcomes):
                raise KeyError(kind)
            flash = area.with_part(flash, outcomes[number])
        return self._cleared(flash), world, self._once(spent)

    def _cleared(self, flash: Contents) -> Contents:
        for area in self.machine.records:
            flash = area.unhidden(flash)
        return flash

    def _seen(self, flash: Contents, sight: Sight) -> Contents:
        for start, now in sight:
            area = self.board.area_at(start)
            if now == HIDDEN and area is not None:
                flash = area.hidden(flash, self.board.chips.block_at(start))
        if self.faults.unstable:
            for area in self.board.areas:
                flash = area.resolved(flash, sight)
        return flash

    def _boots(
        self, kind: str, number: int, flash: Contents, world: World, spent: Spent
    ) -> list[tuple[Label, State]]:
        """The states in which the device may come up again, as it sees its flash."""
        states: list[tuple[Label, State]] = [
            (label, (seen, BOOT, world, spent)) for label, seen in self._sights(kind, number, flash)
        ]
        if spent[3] < self.faults.failing_reads:
            flash = self.forgotten(self._cleared(flash))
            failed = (*spent[:3], spent[3] + 1)
            for block in (b for record in self.machine.records for b in record.blocks):
                sight = ((block.start, HIDDEN),)
                dark = self._seen(flash, sight)
                states.append(((kind, number, sight), (dark, BOOT, world, failed)))
        return states

    def _sights(self, kind: str, number: int, flash: Contents) -> list[tuple[Label, Contents]]:
        """The flash as a restart may find it, while all of it can be read."""
        if not self._blurred:
            return [((kind, number, ()), self.forgotten(flash))]
        flash = self.forgotten(self._cleared(flash))
        unstable = [start for part in flash for start in part.unstable]
        if len(unstable) > MOST_UNSTABLE:
            raise TooMuch(f"more than {MOST_UNSTABLE} unstable program units at once")
        found: list[tuple[Label, Contents]] = []
        for choice in product((2, 0, 1), repeat=len(unstable)):
            sight = tuple(zip(unstable, choice, strict=True))
            found.append(((kind, number, sight), self._seen(flash, sight)))
        return found

    def done(self, flash: Contents, operation: Operation) -> Contents | None:
        """The flash after an operation; ``None`` if it may not be done."""
        area = self._place(operation)
        if type(area) is Misuse:
            return None
        done = area.apply(flash, operation)  # type: ignore[union-attr]
        return None if type(done) is Misuse else done  # type: ignore[return-value]

    def cuts(
        self, flash: Contents, operation: Operation
    ) -> tuple[list[tuple[Label, Contents]], int]:
        """What a restart may find after a cut before or inside an operation that may be done.

        Outcomes that ``Area.rule`` makes equal are told once; the number counts them all.
        """
        found = self._sights("x", 0, flash)
        area = self._place(operation)
        assert isinstance(area, Area)
        for i, part in area.left(flash, operation, self.faults):
            found += self._sights("t", i, area.with_part(flash, part))
        return found, 1 + len(area.torn(flash, operation, self.faults))

    def forgotten(self, flash: Contents) -> Contents:
        """What ``Machine.forget`` leaves; it looks at the flash alone, so that is remembered."""
        if self.exact:
            return flash
        known = self._forgotten
        try:
            return known[flash]
        except KeyError:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            found = known[flash] = self.machine.forget(flash, UNSEEN)
            return found

    def _run(
        self,
        move: Run,
        cuts: list[tuple[Label, State]],
        flash: Contents,
        world: World,
        spent: Spent,
    ) -> Expansion:
        version, broken = self._image(flash, move.start, world)
        if broken is not None:
            return Expansion(move, [], cuts, broken=broken)
        events = _events(version, world)
        then = (*move.then, version)
        flash = self.forgotten(flash)
        natures = [world]
        if not (world.good | world.bad) >> version & 1:
            natures = [world._replace(good=world.good | 1 << version)]
            if self.machine.promise.reverts:
                natures.append(world._replace(bad=world.bad | 1 << version))
        if len(natures) == 1:
            after = [(NEXT, (flash, then, natures[0], spent))]
        else:
            after = [(("b", i, ()), (flash, then, w, spent)) for i, w in enumerate(natures)]
        bad = world.is_bad(version)
        return Expansion(
            move,
            after,
            cuts,
            goal=not bad,
            bad=bad,
            events=events,
        )

    def _image(self, flash: Contents, start: int, world: World) -> tuple[int, Broken | None]:
        """The version that lies whole at ``start``, or what is wrong with what lies there."""
        area = self.board.area_at(start)
        if area is None:
            return 0, Broken("whole", f"0x{start:X} is started, where no image can be")
        at = start - area.start
        try:
            version = version_of(name_at(flash[area.index].runs, start))
            if version is None:
                return 0, Broken("whole", f"{area.name} is started, and holds no image")
            whole = area.image(flash, self.machine.length(version), at)
        except DeadRead:
            return 0, Broken("whole", f"{area.name} is started unseen", True)
        if whole is None:
            return 0, Broken(
                "whole", f"{area.name} is started, and holds only a part of v{version}"
            )
        if version < world.confirmed:
            law = "rollback" if version == 0 else "confirmed"
            return 0, Broken(law, f"v{version} runs although v{world.confirmed} is confirmed")
        return version, None

    def _place(self, operation: Operation) -> Area | Misuse:
        """The area that an operation lies in, or why the scheme may not touch these bytes."""
        try:
            return self._places[operation]
        except KeyError:
            found = self._places[operation] = self._placed(operation)
            return found

    def _placed(self, operation: Operation) -> Area | Misuse:
        what = "erase" if type(operation) is Erase else "program"
        extent = Extent(operation.start, operation.end)
        for guarded, name in self.board.guarded:
            if guarded.overlaps(extent):
                return Misuse("outside", f"{what} of {extent}, where {name} lies")
        for area in self.machine.areas:
            if area.extent.covers(extent):
                if area.writable:
                    return area
                return Misuse("read-only", f"{area.name} is not writable")
        names = ", ".join(a.name for a in self.machine.areas)
        return Misuse("outside", f"{what} of {extent}, which is not inside one of: {names}")


def _events(version: int, world: World) -> tuple[str, ...]:
    events = []
    if version > 1:
        events.append("installed")
        if version + world.retired > 2 or (world.bad and version > 1 and not world.is_bad(version)):
            events.append("next")
    if world.confirmed > 1:
        events.append("confirmed")
    if world.bad >> (version + 1) and not world.is_bad(version):
        events.append("reverted")
    return tuple(events)
