"""The explorer: every state that a machine can reach under a fault model, each once.

Breadth first, so that the way to a state that its parents tell is a shortest one. Equal states are
one state; after a cut the machine is in one phase, so what counts then is the flash alone, and
``Machine.forget`` makes flashes equal that differ only in what nobody will read. That is why any
number of cuts costs hardly more than one.

Limits: ``Limits.states`` bounds the memory (some 600 bytes a state); ``progress`` is asked every
few thousand states and may stop the work. Both make the result incomplete, never complete.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
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
        self.queue: list[State] = []
        self.broken_laws: Counter[str] = Counter()
        #: The fault-free successor of each state: -1 for none; see ``_Road`` for the others.
        self.after = array("q")
        self.forks: dict[int, tuple[int, ...]] = {}
        self.boot = bytearray()
        self.goal = bytearray()
        self.bad = bytearray()
        self.broken = bytearray()

    def run(self, watch: Watch | None) -> None:
        found, queue = self.found, self.queue
        self._add(self.stepper.first(), 0, ("n", 0, ()))
        expand = self.stepper.expand
        at = 0
        try:
            while at < len(queue):
                self._take(at, expand(queue[at]))
                queue[at] = None  # type: ignore[call-overload]
                at += 1
                if at % BEAT == 0 and self._stopped(at, watch):
                    break
        except DeadRead as dead:
            found.incomplete = f"the model forgot what it read: {dead}"
        except TooMuch as limit:
            found.incomplete = str(limit)
        found.states, found.expanded = len(self.ids), at
        self.ids.clear()

    def _stopped(self, at: int, watch: Watch | None) -> bool:
        found = self.found
        if len(self.ids) > self.limits.states:
            found.incomplete = f"more than {self.limits.states} states"
        elif watch and not watch(Progress(len(self.ids), at, found.cuts, found.operations)):
            found.incomplete = "stopped"
        return bool(found.incomplete)

    def _add(self, state: State, parent: int, label: Label) -> int:
        new = len(self.queue)
        number = self.ids.setdefault(state, new)
        if number == new:
            self.queue.append(state)
            self.found.parents.append(parent)
            self.found.labels.append(label)
            self.after.append(-1)
            self.boot.append(0)
            self.goal.append(0)
            self.bad.append(0)
            self.broken.append(0)
        return number

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
            self.after[at] = self._add(state, at, label)
        elif after:
            self.forks[at] = tuple(self._add(state, at, label) for label, state in after)
        for label, state in now.faults:
            self._add(state, at, label)
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
        for state in range(self.found.expanded):
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
        count = search.found.expanded
        #: -1: not known yet; -2: on the way that is being walked (a cycle).
        self.known = array("q", [-1]) * count

    def meets_bad(self, state: int) -> bool:
        """Whether an image that does not work runs on the fault-free way from here."""
        seen: set[int] = set()
        while state not in seen and state < len(self.known):
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
                waiting = [n for n in after if n < len(known) and known[n] == -1]
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
            if n >= len(known):
                continue  # not expanded: the exploration is incomplete and says so
            far = max(far, NEVER if known[n] < 0 else known[n])
        known[at] = min(NEVER, far + search.boot[at])
