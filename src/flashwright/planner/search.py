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
from collections.abc import Iterator, Sequence

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
        self._behind = [0] * (len(gaps) + 1)
        for i in range(len(gaps) - 1, -1, -1):
            self._behind[i] = self._behind[i + 1] + gaps[i].size

    def free_from(self, cursor: int) -> int:
        """The free bytes at or above ``cursor``."""
        i = bisect_right(self._starts, cursor) - 1
        if i < 0:
            return self._behind[0]
        return self._behind[i + 1] + max(0, self.gaps[i].end - cursor)

    def gap_end(self, cursor: int) -> int:
        """The end of the gap that ``cursor`` lies in, or ``cursor`` itself outside of gaps."""
        i = bisect_right(self._starts, cursor) - 1
        return max(cursor, self.gaps[i].end) if i >= 0 else cursor


def fit(
    units: Sequence[Unit], below: Sequence[int], room: Room, budget: Budget
) -> list[tuple[int, int]] | None:
    """Start and order of the units in ``room``: (unit, start) from low offsets to high.

    ``below[i]`` is the set (bit mask) of units that must lie below unit ``i``. Units are preferred
    in their order. ``None``: nothing fits, or the budget ran out (``budget.spent``).
    """
    search = _Search(units, below, room, budget)
    path: list[tuple[int, int]] = []
    left, missing = (1 << len(units)) - 1, sum(search.needs)
    if missing > room.free_from(0):
        return None
    stack = [(left, 0, search.children(left, 0, missing))]
    while stack:
        left, cursor, children = stack[-1]
        if not left:
            return path
        child = next(children, None)
        if budget.spent:
            return None
        if child is None:
            stack.pop()
            search.fail(left, cursor)
            if path:
                missing += search.needs[path.pop()[0]]
            continue
        i, start, end = child
        after, rest = left & ~(1 << i), missing - search.needs[i]
        if rest > room.free_from(end) or search.failed.get(after, NEVER) <= end:
            continue
        missing = rest
        path.append((i, start))
        stack.append((after, end, search.children(after, end, missing)))
    return None


class _Search:
    """What one search knows of its units, and the cursors from which sets of them did not fit."""

    def __init__(
        self, units: Sequence[Unit], below: Sequence[int], room: Room, budget: Budget
    ) -> None:
        self.units = units
        self.needs = [u.least for u in units]
        self.room = room
        self.budget = budget
        self.failed: dict[int, int] = {}
        self._below = below
        self._steps = [u.steps for u in units]
        self._above = [0] * len(units)
        for i, mask in enumerate(below):
            for j in range(len(units)) if mask else ():
                self._above[j] |= (mask >> j & 1) << i

    def fail(self, left: int, cursor: int) -> None:
        """Remember that the units of ``left`` do not fit from ``cursor`` on."""
        if len(self.failed) < MOST_FAILED:
            self.failed[left] = min(cursor, self.failed.get(left, cursor))

    def children(self, left: int, cursor: int, missing: int) -> Iterator[tuple[int, int, int]]:
        """The units that may come next, those that fit in the gap at ``cursor`` first.

        What wastes more bytes than there are to spare is left out without looking for a place: up
        to where its steps let it start, or the whole gap where it does not fit.
        """
        gap_end = self.room.gap_end(cursor)
        spare = self.room.free_from(cursor) - missing
        later: list[tuple[int, int, int]] = []
        tried: set[object] = set()
        if not self.budget.take(1 + left.bit_count() // CHEAP):
            return
        rest = left
        while rest:
            bit = rest & -rest
            rest ^= bit
            i = bit.bit_length() - 1
            step, phase = self._steps[i]
            wasted = (phase - cursor) % step
            need = self.needs[i]
            if wasted + need > gap_end - cursor:
                wasted = gap_end - cursor
            if wasted > spare or self._below[i] & left:
                continue
            if self.failed.get(left ^ bit, NEVER) <= cursor + need:
                continue
            unit = self.units[i]
            if not self.budget.take(unit.cost):
                return
            place = unit.first(cursor)
            if place is None:
                return
            if not self._above[i] & left:
                if unit.key in tried:
                    continue
                tried.add(unit.key)
            if place[0] < gap_end or cursor == 0:
                yield i, *place
            else:
                later.append((i, *place))
        yield from later


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
