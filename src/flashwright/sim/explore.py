"""The explorer: every state that a machine can reach under a fault model, each once.

Fewest faults first, and of those fewest steps, so that the way to a state that its parents tell is
a shortest one. Equal states are one state; after a cut the machine is in one phase, so what counts
then is the flash alone, and ``Machine.forget`` makes flashes equal that differ only in what nobody
will read. That is why any number of cuts costs hardly more than one.

Limits: ``Limits.states`` bounds the memory (some 600 bytes a state); ``progress`` is asked every
few thousand states and may stop the work. Both make the result incomplete, never complete.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flashwright.flash.content import DeadRead
from flashwright.flash.faults import FaultModel
from flashwright.sim.laws import LAWS
from flashwright.sim.machine import Act, Machine
from flashwright.sim.stepper import Broken, Expansion, Label, State, Stepper, TooMuch

#: How many states are expanded between two calls of ``progress``.
BEAT = 4096


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
    """What was found. ``parents`` and ``labels`` tell a shortest way to each state.

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
    labels: list[Label] = field(default_factory=list)

    def way(self, state: int) -> list[Label]:
        """The labels from the first state to this one."""
        labels = []
        while state:
            labels.append(self.labels[state])
            state = self.parents[state]
        return labels[::-1]


def explore(
    machine: Machine,
    faults: FaultModel,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Exploration:
    """Explore all that can happen to ``machine``, and judge it by every law."""
    limits = limits or Limits()
    search = _Search(Stepper(machine, faults), limits)
    search.run(watch)
    search.judge()
    return search.found


class _Search:
    def __init__(self, stepper: Stepper, limits: Limits) -> None:
        self.stepper = stepper
        self.limits = limits
        self.found = Exploration()
        self.ids: dict[State, int] = {}
        self.waiting: list[State | None] = []
        self.broken_laws: Counter[str] = Counter()
        #: States to expand with as many faults as the present layer, in order of their steps.
        self.now: deque[int] = deque()
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
        self._add(self.stepper.first(), 0, ("n", 0, ()), free=True)
        expand = self.stepper.expand
        try:
            for at in self._states():
                state = self.waiting[at]
                self.waiting[at] = None
                assert state is not None
                self._take(at, expand(state))
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
            if now and (first == len(starts) or steps[now[0]] <= steps[starts[first]]):
                at = now.popleft()
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

    def _add(self, state: State, parent: int, label: Label, *, free: bool) -> int:
        """The number of a state; ``free``: the way to it costs no fault more."""
        new = len(self.waiting)
        number = self.ids.setdefault(state, new)
        if number != new:
            if self.is_later[number]:
                self._shorten(number, parent, label, free=free)
            return number
        self.waiting.append(state)
        self.found.parents.append(parent)
        self.found.labels.append(label)
        self.steps.append(self.steps[parent] + 1 if new else 0)
        self.is_later.append(not free)
        (self.now if free else self.later).append(new)
        self.after.append(-1)
        for flags in (self.expanded, self.boot, self.goal, self.bad, self.broken):
            flags.append(0)
        return number

    def _shorten(self, number: int, parent: int, label: Label, *, free: bool) -> None:
        """A state that waits for the next layer has been reached on another way."""
        steps = self.steps[parent] + 1
        if not free and steps >= self.steps[number]:
            return
        self.steps[number] = steps
        self.found.parents[number], self.found.labels[number] = parent, label
        if free:
            self.is_later[number] = 0
            self.now.append(number)

    def _take(self, at: int, now: Expansion) -> None:
        found = self.found
        if now.events:
            found.events.update(now.events)
        if type(now.move) is Act:
            found.operations += 1
        if now.broken is not None:
            self._breach(at, now.broken)
        self.goal[at], self.boot[at], self.bad[at] = now.goal, now.boot, now.bad
        after = now.after
        if len(after) == 1:
            label, state = after[0]
            self.after[at] = self._add(state, at, label, free=True)
        elif after:
            self.forks[at] = tuple(self._add(state, at, label, free=True) for label, state in after)
        for label, state in now.faults:
            self._add(state, at, label, free=False)
        found.cuts += len(now.faults)

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
