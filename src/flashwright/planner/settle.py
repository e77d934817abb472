"""Where things lie in the end: the least waste on uneven erase blocks, then what tends to the top.

The sizes are settled already; nothing here makes a slot or a share smaller.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.planner.lay import Flashful, Sizes, extents_of, prepare
from flashwright.planner.problem import Problem
from flashwright.planner.search import Budget

#: The largest number of units whose waste is minimised by search.
MOST_UNITS = 64
#: Ends in one run that are looked at for one unit that starts below it.
MOST_ENDS = 256
#: Places that one step of it counts for.
NODE_COST = 8


def settle(
    problem: Problem, owner: str, sizes: Sizes, laid: dict[str, Extent], budget: Budget
) -> tuple[dict[str, Extent], bool]:
    """The final extents in flash ``owner``, and whether their waste is proven least."""
    if problem.grounds[owner].uniform and not any(i.high for i in problem.in_flash[owner]):
        return laid, True
    flashful = prepare(problem, owner, sizes)
    if flashful is None or not flashful.units:
        return laid, True
    if flashful.loose:
        if len(flashful.units) > MOST_UNITS:
            return laid, False
        search = _LeastWaste(flashful, laid, max(0, budget.nodes))
        search.run()
        return search.best, search.complete
    return _raised(problem, flashful, laid), True


class _LeastWaste:
    """Branch and bound over orders, and for each unit over the runs that it may start in."""

    def __init__(self, flashful: Flashful, laid: dict[str, Extent], nodes: int) -> None:
        self.flashful = flashful
        self.best = laid
        self.nodes = nodes
        ground = flashful.ground
        #: Where the smallest erase block does not divide the others, not every way across the
        #: border of two runs is tried.
        self.complete = not any(size % ground.smallest for size in ground.sizes)
        self.needs = [sum(s.need for s in chain) for chain in flashful.chains]
        names = [s.item.name for chain in flashful.chains for s in chain]
        self.best_cost = sum(laid[n].size for n in names) - sum(self.needs)
        self.keys = [unit.key for unit in flashful.units]
        self._known: dict[tuple[object, int], list[tuple[int, int]]] = {}
        self._bounds: dict[tuple[int, int], int | None] = {}
        ordered = [m for m in self.flashful.below if m]
        #: Units that need not lie below another one: of equal ones only the first is tried.
        self.free = [not any(m >> i & 1 for m in ordered) for i in range(len(self.needs))]
        self.seen: dict[tuple[int, int], int] = {}

    def run(self) -> None:
        """Improve ``best`` as far as the nodes go."""
        everything = (1 << len(self.needs)) - 1
        self._visit(everything, 0, 0, [])

    def _bound(self, left: int, cursor: int) -> int | None:
        """What all that is left wastes at least from ``cursor`` on, ``None`` if it does not fit.

        The small erase blocks behind the cursor are soon used up: each unit counts with its
        cheapest place from the cursor on, not with its cheapest place of all.
        """
        if (left, cursor) in self._bounds:
            return self._bounds[left, cursor]
        total: int | None = 0
        needed, rest = 0, left
        while rest and total is not None:
            i = (rest & -rest).bit_length() - 1
            rest &= rest - 1
            needed += self.needs[i]
            places = self._places(i, cursor)
            if not places:
                total = None
            else:
                total += min(end - start for start, end in places) - self.needs[i]
        if total is not None and total + needed > self.flashful.room.free_from(cursor):
            total = None
        self._bounds[left, cursor] = total
        return total

    def _places(self, i: int, cursor: int) -> list[tuple[int, int]]:
        known = self._known.get((self.keys[i], cursor))
        if known is None:
            known = self._known[self.keys[i], cursor] = self._looked_up(i, cursor)
            self.nodes -= len(self.flashful.ground.starts) + len(known)
        return known

    def _looked_up(self, i: int, cursor: int) -> list[tuple[int, int]]:
        unit = self.flashful.units[i]
        found = {unit.first(cursor)}
        for k, start in enumerate(self.flashful.ground.starts):
            if start > cursor:
                found.add(unit.first(start))
                found.update(unit.first(s) for s in self._across(i, k, cursor))
        for gap in self.flashful.room.gaps:
            if gap.start > cursor:
                found.add(unit.first(gap.start))
        return sorted(p for p in found if p is not None)

    def _across(self, i: int, k: int, cursor: int) -> set[int]:
        """Where unit ``i`` may start below run ``k`` to end in it, with the least waste.

        For each end the last start that leaves it room; where the run's erase blocks are the
        smallest so far, all ends waste the same, and the first start is enough.
        """
        ground, need = self.flashful.ground, self.needs[i]
        run, block = ground.starts[k], ground.sizes[k]
        if block == ground.smallest:
            first = ground.boundary(max(cursor, run - need + 1))
            return set() if first is None or first >= run else {first}
        ends = range(run + block, min(ground.ends[k], run + need + block) + 1, block)
        if len(ends) > MOST_ENDS:
            self.complete = False
        starts = {ground.down(end - need) for end in ends[:MOST_ENDS] if end - need >= cursor}
        return {s for s in starts if cursor <= s < run}

    def _visit(self, left: int, cursor: int, cost: int, path: list[tuple[int, int]]) -> None:
        if cost >= self.best_cost:
            return
        if not left:
            self.best_cost = cost
            self.best = extents_of(self.flashful, path)
            return
        bound = self._bound(left, cursor)
        if bound is None or cost + bound >= self.best_cost:
            return
        if self.seen.get((left, cursor), cost + 1) <= cost:
            return
        self.seen[left, cursor] = cost
        if self.nodes <= 0:
            self.complete = False
            return
        self.nodes -= NODE_COST
        tried: set[object] = set()
        for i in range(len(self.needs)):
            if not left >> i & 1 or self.flashful.below[i] & left:
                continue
            if self.free[i]:
                key = self.keys[i]
                if key in tried:
                    continue
                tried.add(key)
            for start, end in self._places(i, cursor):
                more = end - start - self.needs[i]
                self._visit(left & ~(1 << i), end, cost + more, [*path, (i, start)])


def _raised(problem: Problem, flashful: Flashful, laid: dict[str, Extent]) -> dict[str, Extent]:
    """The same order with what tends to the top of the flash laid as high as it goes."""
    chains, units = flashful.chains, flashful.units
    if not any(i.high for i in problem.items.values()):
        return laid
    starts = [laid[chain[0].item.name].start for chain in chains]
    limit = flashful.ground.size
    order: list[tuple[int, int]] = []
    for i in sorted(range(len(chains)), key=lambda i: -starts[i]):
        start = starts[i]
        if all(s.item.high for s in chains[i]):
            place = units[i].last(limit)
            if place is not None and place[0] > start:
                start = place[0]
        order.append((i, start))
        limit = start
    return extents_of(flashful, order)
