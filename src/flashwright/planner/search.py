"""Does it fit? The exact search that lays units one after the other in the gaps of one flash.

Law: if anything fits, then so does some order in which each unit lies at its first place behind the
one before (``unit``: a later cursor never gives an earlier end). So the search goes through orders,
depth first, preferred order first, and remembers for each set of units still to be laid the lowest
cursor from which they did not fit. What is equal is not tried twice, and what needs more bytes than
are left is cut at once.

Work is counted in places that were looked at. When the budget is used up the answer is "not known",
never "no".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from flashwright.base.extent import Extent
from flashwright.base.record import record
from flashwright.planner.unit import Unit

#: Beyond any offset.
NEVER = 1 << 80
#: How many sets of units are remembered, and how many units are passed over for a place's price.
MOST_FAILED = 400_000
CHEAP = 16


@record(frozen=False)
class Budget:
    """How many places may still be looked at; ``spent`` tells that it ran out on the way."""

    nodes: int
    spent: bool = False

    def take(self, places: int = 1) -> bool:
        """Look at more places; false if none is left."""
        if self.nodes <= 0:
            self.spent = True
            return False
        self.nodes -= places
        return True


class Room:
    """The gaps of a flash, in order, and how many bytes they have from an offset on."""

    def __init__(self, gaps: Sequence[Extent]) -> None:
        self.gaps = gaps
        self._starts = [g.start for g in gaps]
        self._ends = [g.end for g in gaps]
        self._behind = [0] * (len(gaps) + 1)
        for i in range(len(gaps) - 1, -1, -1):
            self._behind[i] = self._behind[i + 1] + gaps[i].size

    def free_from(self, cursor: int) -> int:
        """The free bytes at or above ``cursor``."""
        i = bisect_right(self._starts, cursor) - 1
        if i < 0:
            return self._behind[0]
        end = self._ends[i]
        return self._behind[i + 1] + (end - cursor if end > cursor else 0)

    def at(self, cursor: int) -> tuple[int, int]:
        """The end of the gap that ``cursor`` lies in (itself outside), the free bytes from it."""
        i = bisect_right(self._starts, cursor) - 1
        if i < 0:
            return cursor, self._behind[0]
        end = self._ends[i]
        if end <= cursor:
            return cursor, self._behind[i + 1]
        return end, self._behind[i + 1] + end - cursor


def fit(
    units: Sequence[Unit], below: Sequence[int], room: Room, budget: Budget
) -> list[tuple[int, int]] | None:
    """Start and order of the units in ``room``: (unit, start) from low offsets to high.

    ``below[i]`` is the set (bit mask) of units that must lie below unit ``i``. Units are preferred
    in their order. ``None``: nothing fits, or the budget ran out (``budget.spent``).
    """
    search = _Search(units, below, room, budget)
    missing = sum(search.needs)
    if missing > room.free_from(0):
        return None
    path: list[tuple[int, int]] = []
    failed, needs = search.failed, search.needs
    gap_end, free = room.at(0)
    stack = [_Node((1 << len(units)) - 1, 0, gap_end, free - missing)]
    budget.take(1)
    while True:
        node = stack[-1]
        if not node.left:
            return path
        child = search.next(node)
        if child is None:
            if budget.spent or len(stack) == 1:
                return None
            stack.pop()
            if len(failed) < MOST_FAILED:
                failed[node.left] = min(node.cursor, failed.get(node.left, node.cursor))
            missing += needs[path.pop()[0]]
            continue
        i, start, end = child
        after, rest = node.left & ~(1 << i), missing - needs[i]
        gap_end, free = room.at(end)
        if rest > free or failed.get(after, NEVER) <= end:
            continue
        missing = rest
        path.append((i, start))
        stack.append(_Node(after, end, gap_end, free - missing))
        budget.take(1 + after.bit_count() // CHEAP)


class _Node:
    """What is left to be laid from ``cursor`` on, and which units were not tried there yet."""

    __slots__ = ("cursor", "gap_end", "later", "left", "rest", "spare")

    def __init__(self, left: int, cursor: int, gap_end: int, spare: int) -> None:
        self.left = left
        self.cursor = cursor
        self.rest = left
        #: Units whose first place is not in the gap at the cursor: they come after the others.
        self.later: list[tuple[int, int, int]] | None = None
        self.gap_end = gap_end
        #: How many bytes may be wasted from here on.
        self.spare = spare


class _Search:
    """What one search knows of its units, and the cursors from which sets of them did not fit."""

    def __init__(
        self, units: Sequence[Unit], below: Sequence[int], room: Room, budget: Budget
    ) -> None:
        self.units = units
        self.needs = [u.least for u in units]
        self.budget = budget
        self.failed: dict[int, int] = {}
        self._below = below
        self._steps = [u.steps for u in units]
        self._above = [0] * len(units)
        for i, mask in enumerate(below):
            for j in range(len(units)) if mask else ():
                self._above[j] |= (mask >> j & 1) << i
        self._twins = _twins(units)

    def next(self, node: _Node) -> tuple[int, int, int] | None:
        """The next unit to be tried at a node, with start and end; those in its gap come first.

        What wastes more bytes than there are to spare is left out without looking for a place: up
        to where its steps let it start, or the whole gap where it does not fit.
        """
        left, cursor, rest, budget = node.left, node.cursor, node.rest, self.budget
        room_here, spare = node.gap_end - cursor, node.spare
        steps, needs, below, failed = self._steps, self.needs, self._below, self.failed
        while rest:
            bit = rest & -rest
            rest ^= bit
            i = bit.bit_length() - 1
            step, phase = steps[i]
            wasted, need = (phase - cursor) % step, needs[i]
            if wasted + need > room_here:
                wasted = room_here
            if wasted > spare or below[i] & left:
                continue
            if failed.get(left ^ bit, NEVER) <= cursor + need:
                continue
            if self._twins[i] & left and self._stood_for(i, left):
                continue
            unit = self.units[i]
            if budget.nodes <= 0:
                budget.spent, node.rest = True, 0
                return None
            budget.nodes -= unit.cost
            place = unit.first(cursor)
            if place is None:
                node.rest, node.later = 0, None
                return None
            if place[0] < node.gap_end or cursor == 0:
                node.rest = rest
                return i, place[0], place[1]
            if node.later is None:
                node.later = []
            node.later.append((i, *place))
        node.rest = 0
        return node.later.pop(0) if node.later else None

    def _stood_for(self, i: int, left: int) -> bool:
        """Whether an equal unit before ``i`` is tried at the same node; both free of order."""
        if self._above[i] & left:
            return False
        twins = self._twins[i] & left
        while twins:
            bit = twins & -twins
            twins ^= bit
            j = bit.bit_length() - 1
            if not (self._above[j] | self._below[j]) & left:
                return True
        return False


def _twins(units: Sequence[Unit]) -> list[int]:
    """For each unit the equal ones before it, as a bit mask."""
    seen: dict[object, int] = {}
    found = []
    for i, unit in enumerate(units):
        found.append(seen.get(unit.key, 0))
        seen[unit.key] = found[-1] | 1 << i
    return found


def crowd(units: Sequence[Unit], room: Room) -> list[tuple[int, int]] | None:
    """A quick try without order: the largest first, each where it leaves the least behind.

    For units that need not lie above one another. ``None`` says nothing about what fits.
    """
    gaps = list(room.gaps)
    placed: list[tuple[int, int]] = []
    for i in sorted(range(len(units)), key=lambda i: (-units[i].least, i)):
        best: tuple[int, int, int, int] | None = None
        for k, gap in enumerate(gaps):
            if gap.size < units[i].least:
                continue
            place = units[i].first(gap.start)
            if place is None or place[1] > gap.end:
                continue
            left = gap.size - (place[1] - place[0])
            if best is None or left < best[0]:
                best = left, k, *place
        if best is None:
            return None
        _, k, start, end = best
        parts = (Extent(gaps[k].start, start), Extent(end, gaps[k].end))
        gaps[k : k + 1] = [part for part in parts if part]
        placed.append((i, start))
    return sorted(placed, key=lambda p: p[1])
