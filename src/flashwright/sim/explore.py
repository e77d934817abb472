"""The explorer: every state that a machine can reach under a fault model, each once.

Fewest faults first, and of those fewest steps, so that the way to a state that its parents tell is
a shortest one. Equal states are one state; after a cut the machine is in one phase, so what counts
then is the flash alone, and ``Machine.forget`` makes flashes equal that differ only in what nobody
will read. That is why any number of cuts costs hardly more than one. States that a machine only
passes through (``Machine.passes``) are expanded and judged with the others, but not kept: whoever
comes to one on another way goes on from there once more.

Limits: ``Limits.states`` bounds the memory (some 600 bytes a state); ``progress`` is asked every
thousand states and may stop the work. Both make the result incomplete, never complete.
"""

from __future__ import annotations

import gc
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from flashwright.flash.content import DeadRead
from flashwright.flash.faults import FaultModel
from flashwright.sim.chains import Chain, Chains
from flashwright.sim.laws import LAWS
from flashwright.sim.machine import BOOT, Act, Machine, World
from flashwright.sim.renaming import Renaming
from flashwright.sim.stepper import NEXT, Broken, Expansion, Label, Spent, State, Stepper, TooMuch

#: How many states are expanded between two calls of ``progress``.
BEAT = 1024


#: The longest way through states that are not kept, in steps.
LONGEST_RUN = 4096

#: How many states that break one law are kept: the first that is confirmed is told.
MOST_BREACHES = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """``states`` at most; an image has to run within ``boots`` restarts with power on."""

    states: int = 1_000_000
    boots: int = 8


class Progress(NamedTuple):
    """What has been done so far: states found and expanded, cuts covered, operations."""

    states: int
    expanded: int
    cuts: int
    operations: int


#: Called now and then; the work stops, incomplete, when it returns ``False``.
Watch = Callable[[Progress], bool]


class Breach(NamedTuple):
    """A law is broken in state number ``state``."""

    state: int
    law: str
    why: str
    suspect: bool


@dataclass
class Exploration:
    """What was found. ``parents``, ``runs`` and ``labels`` tell a shortest way to each state.

    From its parent it is so many plain steps (``runs``), and then one along its label.
    ``incomplete`` says why not all was covered; empty if all was.
    """

    breaches: list[Breach] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    states: int = 0
    expanded: int = 0
    cuts: int = 0
    operations: int = 0
    incomplete: str = ""
    parents: array[int] = field(default_factory=lambda: array("q"))
    runs: array[int] = field(default_factory=lambda: array("i"))
    labels: list[Label] = field(default_factory=list)

    def way(self, state: int) -> list[Label]:
        """The labels from the first state to this one."""
        labels = []
        while state:
            labels.append(self.labels[state])
            labels.extend([NEXT] * self.runs[state])
            state = self.parents[state]
        return labels[::-1]


def explore(
    machine: Machine,
    faults: FaultModel,
    limits: Limits | None = None,
    watch: Watch | None = None,
    *,
    chained: bool = True,
    renamed: bool = True,
) -> Exploration:
    """Explore all that can happen to ``machine``, and judge it by every law.

    ``chained=False`` takes every step by itself, ``renamed=False`` tells all versions apart (both
    slower, for comparison).
    """
    limits = limits or Limits()
    search = _Search(Stepper(machine, faults), limits, chained=chained, renamed=renamed)
    collects = gc.isenabled()
    # What is made here lives to the end and holds no cycles: looking for some takes a fifth.
    gc.disable()
    try:
        search.run(watch)
        search.judge()
    finally:
        if collects:
            gc.enable()
    return search.found


class _Search:
    def __init__(self, stepper: Stepper, limits: Limits, *, chained: bool, renamed: bool) -> None:
        self.stepper = stepper
        self.chains = Chains(stepper) if chained and Chains.covers(stepper.faults) else None
        self.limits = limits
        self.found = Exploration()
        machine = stepper.machine
        usable = renamed and machine.renames and not machine.promise.protects
        self.renaming = Renaming(machine.board) if usable else None
        self.ids: dict[State, int] = {}
        self.waiting: list[State | None] = []
        self.broken_laws: Counter[str] = Counter()
        #: States to expand with as many faults as the present layer: a heap of (steps, state).
        self.now: list[tuple[int, int]] = []
        #: States that take one fault more.
        self.later: list[int] = []
        self.is_later = bytearray()
        self.steps = array("q")
        #: The expanded states, in the order of their expansion.
        self.order = array("q")
        #: The fault-free successor of each state: -1 for none; see ``_Road`` for the others.
        self.after = array("q")
        self.forks: dict[int, tuple[int, ...]] = {}
        self.expanded = bytearray()
        self.boot = bytearray()
        self.goal = bytearray()
        self.bad = bytearray()
        self.broken = bytearray()

    def run(self, watch: Watch | None) -> None:
        found = self.found
        self._add(self.stepper.first(), 0, 0, ("n", 0, ()), free=True)
        try:
            for at in self._states():
                state = self.waiting[at]
                self.waiting[at] = None
                assert state is not None
                self._expand(at, state)
                if len(self.order) % BEAT == 0 and self._stopped(watch):
                    break
        except DeadRead as dead:
            found.incomplete = f"the model forgot what it read: {dead}"
        except TooMuch as limit:
            found.incomplete = str(limit)
        found.states, found.expanded = len(self.ids), len(self.order)
        self.ids.clear()

    def _states(self) -> Iterator[int]:
        """What to expand: fewest faults first, then fewest steps."""
        now, steps, expanded = self.now, self.steps, self.expanded
        starts: list[int] = []
        first = 0
        while True:
            if now and (first == len(starts) or now[0][0] <= steps[starts[first]]):
                _, at = heappop(now)
            elif first < len(starts):
                at = starts[first]
                first += 1
            elif self.later:
                starts = sorted(self.later, key=steps.__getitem__)
                self.later, first = [], 0
                for each in starts:
                    self.is_later[each] = 0
                continue
            else:
                return
            if not expanded[at]:
                expanded[at] = 1
                self.order.append(at)
                yield at

    def _stopped(self, watch: Watch | None) -> bool:
        found, done = self.found, len(self.order)
        if len(self.ids) > self.limits.states:
            found.incomplete = f"more than {self.limits.states} states"
        elif watch and not watch(Progress(len(self.ids), done, found.cuts, found.operations)):
            found.incomplete = "stopped"
        return bool(found.incomplete)

    def _add(self, state: State, parent: int, run: int, label: Label, *, free: bool) -> int:
        """The number of a state; ``free``: the way to it costs no fault more."""
        if self.renaming is not None and state[1] == BOOT:
            if state[2].confirmed > 1:
                # An update has been confirmed: afterwards its number does not tell that any more.
                self.found.events.add("confirmed")
            flash, world = self.renaming.of(state[0], state[2])
            state = (flash, BOOT, world, state[3])
        new = len(self.waiting)
        number = self.ids.setdefault(state, new)
        steps = self.steps[parent] + run + 1 if new else 0
        if number != new:
            if not self.expanded[number]:
                self._shorten(number, parent, run, label, steps, free=free)
            return number
        self.waiting.append(state)
        self.found.parents.append(parent)
        self.found.runs.append(run)
        self.found.labels.append(label)
        self.steps.append(steps)
        self.is_later.append(not free)
        if free:
            heappush(self.now, (steps, new))
        else:
            self.later.append(new)
        self.after.append(-1)
        for flags in (self.expanded, self.boot, self.goal, self.bad, self.broken):
            flags.append(0)
        return number

    def _shorten(
        self, number: int, parent: int, run: int, label: Label, steps: int, *, free: bool
    ) -> None:
        """A state that waits has been reached on another way: take it if it is the better one."""
        rises = free and self.is_later[number]
        if not rises and (steps >= self.steps[number] or (not free and not self.is_later[number])):
            return
        found = self.found
        self.steps[number] = steps
        found.parents[number], found.runs[number], found.labels[number] = parent, run, label
        if free:
            self.is_later[number] = 0
            heappush(self.now, (steps, number))

    def _expand(self, at: int, state: State) -> None:
        """Expand a state, and those after it that are only passed through."""
        chain = self.chains.of(state[0], state[1]) if self.chains else None
        if chain is not None:
            self._follow(at, chain, state[2], state[3])
            return
        expand, passes = self.stepper.expand, self.stepper.machine.passes
        for run in range(LONGEST_RUN):
            now = expand(state)
            if run and now.broken is not None:
                # It gets a number of its own, and its own turn.
                self.after[at] = self._add(state, at, run - 1, NEXT, free=True)
                return
            after = now.after
            on = type(now.move) is Act and len(after) == 1 and passes(after[0][1][1])
            self._take(at, run, now, leaves=not on or run + 1 == LONGEST_RUN)
            if not on:
                return
            state = after[0][1]

    def _follow(self, at: int, chain: Chain, world: World, spent: Spent) -> None:
        """Take the states that a chain leads to."""
        for run, label, flash in chain.faults:
            self._add((flash, BOOT, world, spent), at, run, label, free=False)
        last = (chain.flash, chain.volatile, world, spent)
        self.after[at] = self._add(last, at, chain.steps - 1, NEXT, free=True)
        self.found.cuts += chain.cuts
        self.found.operations += chain.steps

    def _take(self, at: int, run: int, now: Expansion, *, leaves: bool) -> None:
        found = self.found
        if now.events:
            found.events.update(now.events)
        if type(now.move) is Act:
            found.operations += 1
        for label, state in now.faults:
            self._add(state, at, run, label, free=False)
        found.cuts += len(now.faults)
        if not leaves:
            return
        if now.broken is not None:
            self._breach(at, now.broken)
        self.goal[at], self.boot[at], self.bad[at] = now.goal, now.boot, now.bad
        after = now.after
        if len(after) == 1:
            label, state = after[0]
            self.after[at] = self._add(state, at, run, label, free=True)
        elif after:
            self.forks[at] = tuple(
                self._add(state, at, run, label, free=True) for label, state in after
            )

    def _breach(self, at: int, broken: Broken) -> None:
        self.broken[at] = 1
        self.broken_laws[broken.law] += 1
        if self.broken_laws[broken.law] <= MOST_BREACHES:
            self.found.breaches.append(Breach(at, broken.law, broken.why, broken.suspect))

    def judge(self) -> None:
        """Find the first state from which, with power on, no working image runs in time."""
        road = _Road(self)
        told: set[str] = set(self.broken_laws)
        looked_at = 0
        for state in self.order:
            if road.distance(state) <= self.limits.boots:
                continue
            law = "reverted" if road.meets_bad(state) else "boots"
            if law not in told:
                told.add(law)
                text = f"no working image within {self.limits.boots} restarts with power on"
                self.found.breaches.append(Breach(state, law, text, False))
            looked_at += 1
            if looked_at >= MOST_LOOKED_AT or len(told) == len(LAWS):
                break


#: How many states without a way to a working image are told apart by law.
MOST_LOOKED_AT = 64

#: Farther than any limit: a working image never runs.
NEVER = 1 << 30


class _Road:
    """How many restarts lie between a state and the next working image, on the fault-free way."""

    def __init__(self, search: _Search) -> None:
        self.search = search
        #: -1: not known yet; -2: on the way that is being walked (a cycle). What was not expanded
        #: counts as near: the exploration is incomplete and says so.
        self.known = array("q", (-1 if done else 0 for done in search.expanded))

    def meets_bad(self, state: int) -> bool:
        """Whether an image that does not work runs on the fault-free way from here."""
        seen: set[int] = set()
        while state not in seen:
            if self.search.bad[state]:
                return True
            seen.add(state)
            after = self._after(state)
            if not after:
                return False
            state = after[-1]
        return False

    def distance(self, state: int) -> int:
        """Restarts with power on until a working image runs; ``NEVER`` if none does."""
        known, search = self.known, self.search
        walk = [state]
        while walk:
            at = walk[-1]
            if known[at] >= 0:
                walk.pop()
                continue
            if search.goal[at] or search.broken[at]:
                # What is broken here has been told, in its own words.
                known[at] = 0
                walk.pop()
                continue
            after = self._after(at)
            if known[at] == -1:
                known[at] = -2
                waiting = [n for n in after if known[n] == -1]
                if waiting:
                    walk.extend(waiting)
                    continue
            self._settle(at, after)
            walk.pop()
        return known[state]

    def _after(self, at: int) -> tuple[int, ...]:
        search = self.search
        fork = search.forks.get(at)
        if fork is not None:
            return fork
        return (search.after[at],) if search.after[at] >= 0 else ()

    def _settle(self, at: int, after: tuple[int, ...]) -> None:
        known, search = self.known, self.search
        far = 0
        for n in after:
            far = max(far, NEVER if known[n] < 0 else known[n])
        known[at] = min(NEVER, far + search.boot[at])
