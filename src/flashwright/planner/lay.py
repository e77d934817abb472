"""Lay the partitions of one flash, with sizes that are given: extents by name, or no.

Partitions with a fixed place (and chains that hang on one) are obstacles; the others are units for
``search.fit``. What a partition must lie above or below of a fixed one narrows its homes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import lcm

from flashwright.base.extent import Extent, merged
from flashwright.base.record import record
from flashwright.planner.ground import Ground
from flashwright.planner.problem import Item, Problem
from flashwright.planner.search import Budget, Room, crowd, fit
from flashwright.planner.sweep import sweep, sweepable
from flashwright.planner.unit import MOST_TRIES, Sized, Unit, unit

#: Places that are looked at for each unit before another way is tried.
QUICK = 24

#: A size to try: bytes, and whether it is exactly that.
Sizes = Mapping[str, tuple[int, bool]]


@record(frozen=False)
class Flashful:
    """The units of one flash and where its fixed partitions lie, ready for the search."""

    ground: Ground
    fixed: dict[str, Extent]
    chains: list[list[Sized]]
    units: list[Unit]
    below: list[int]
    room: Room

    @property
    def loose(self) -> bool:
        """Whether places cost different amounts: uneven erase blocks, and something to lay."""
        return not self.ground.uniform and bool(self.units)


def prepare(problem: Problem, owner: str, sizes: Sizes) -> Flashful | None:
    """The search in flash ``owner`` with these sizes; ``None`` if fixed partitions contradict."""
    ground = problem.grounds[owner]
    items = problem.in_flash[owner]
    for item in items:
        if item.impossible or item.homes == []:
            return None
    chains = _chains(items, sizes, ground)
    if chains is None:
        return None
    fixed: dict[str, Extent] = {}
    floating: list[list[Sized]] = []
    for chain in chains:
        if not [s for s in chain if s.item.at is not None]:
            floating.append(chain)
            continue
        placed = _fix(chain, ground)
        if placed is None:
            return None
        fixed.update(placed)
    gaps = problem.open[owner]
    if fixed:
        if not _fixed_holds(fixed, problem, ground, gaps):
            return None
        taken = merged(ground.outward(e) for e in fixed.values())
        gaps = [part for gap in gaps for part in gap.minus(taken)]
    units: list[Unit] = []
    ceilings = _ceilings(fixed, problem)
    for chain in floating:
        homes = [_homes(s.item, gaps, fixed, ceilings) for s in chain]
        if [] in homes:
            return None
        made = unit(chain, homes, ground)
        if made.first(0) is None and not made.gave_up:
            return None
        units.append(made)
    return Flashful(ground, fixed, floating, units, _below(floating), Room(gaps))


def lay(problem: Problem, owner: str, sizes: Sizes, budget: Budget) -> dict[str, Extent] | None:
    """Extents of the partitions in flash ``owner``; ``None`` if none were found (``budget``)."""
    flashful = prepare(problem, owner, sizes)
    if flashful is None:
        return None
    return lay_prepared(flashful, budget)


def lay_prepared(flashful: Flashful, budget: Budget) -> dict[str, Extent] | None:
    """Extents of all partitions of a prepared flash, in the preferred order."""
    units, below, room = flashful.units, flashful.below, flashful.room
    quick = Budget(min(budget.nodes, QUICK * len(units) + 64))
    allowed = quick.nodes
    order = fit(units, below, room, quick)
    budget.nodes -= allowed - quick.nodes
    if order is None and quick.spent:
        if not any(below):
            order = crowd(units, room)
            budget.nodes -= len(units) * (len(units) // 2 + len(room.gaps))
        if order is None:
            ask = sweep if sweepable(units, below, budget) else fit
            order = ask(units, below, room, budget)
    if order is None:
        budget.spent |= any(u.gave_up for u in units)
        return None
    return extents_of(flashful, order)


def extents_of(flashful: Flashful, order: Iterable[tuple[int, int]]) -> dict[str, Extent]:
    """Extents by name of an order of units with their starts, and of the fixed partitions."""
    result = dict(flashful.fixed)
    for i, start in order:
        extents = flashful.units[i].extents(start)
        for sized, extent in zip(flashful.chains[i], extents, strict=True):
            result[sized.item.name] = extent
    return result


def _chains(items: list[Item], sizes: Sizes, ground: Ground) -> list[list[Sized]] | None:
    """The partitions as chains of those that touch, in order; ``None`` if they branch.

    Sizes that are not exact are rounded up to what they come to anyway: so partitions of slightly
    different size can stand for each other.
    """
    followers: dict[str, Item] = {}
    for item in items:
        if item.follows is not None:
            if item.follows in followers:
                return None
            followers[item.follows] = item
    chains = []
    for item in items:
        if item.follows is not None:
            continue
        chain: list[Sized] = []
        link: Item | None = item
        while link is not None:
            need, exact = sizes.get(link.name, (link.need, False))
            if not exact and not link.keep:
                grain = ground.grain if link.step == 1 else lcm(ground.grain, link.step)
                need = -(-max(need, 1) // grain) * grain
            chain.append(Sized(link, need, exact))
            link = followers.get(link.name)
        chains.append(chain)
    return chains if sum(map(len, chains)) == len(items) else None


def _fix(chain: list[Sized], ground: Ground) -> dict[str, Extent] | None:
    """The extents of a chain of which one partition has its place."""
    pivot = next(k for k, s in enumerate(chain) if s.item.at is not None)
    result: dict[str, Extent] = {}
    at = chain[pivot].item.at
    assert at is not None
    if at < 0 or at > ground.size:
        return None
    end = at
    for sized in reversed(chain[:pivot]):
        start = _start_before(sized, end, ground)
        if start is None:
            return None
        result[sized.item.name] = Extent(start, end)
        end = start
    for sized in chain[pivot:]:
        if sized.item.at is not None and sized.item.at != at:
            return None
        extent = _fixed_at(sized, at, ground)
        if extent is None:
            return None
        result[sized.item.name] = extent
        at = extent.end
    return result


def _fixed_at(sized: Sized, at: int, ground: Ground) -> Extent | None:
    if sized.item.keep and sized.item.exact is not None:
        end = at + sized.item.exact
        return Extent(at, end) if end <= ground.size else None
    if not ground.is_boundary(at) or at % sized.item.align:
        return None
    found = sized.end(ground, at)
    return None if found is None else Extent(at, found)


def _start_before(sized: Sized, end: int, ground: Ground) -> int | None:
    """Where a partition starts that ends at ``end``: at the last boundary that leaves it room."""
    if ground.uniform:
        size = sized.size_on(ground.uniform)
        start = -1 if size is None else end - size
    else:
        start = ground.down(end - sized.need) if end >= sized.need else -1
        for _ in range(MOST_TRIES):
            if start < 0 or sized.end(ground, start) == end:
                break
            start = ground.down(start - 1) if start else -1
        else:
            return None
    if start < 0 or start % sized.item.align or not ground.is_boundary(start):
        return None
    return start


def _fixed_holds(
    fixed: Mapping[str, Extent], problem: Problem, ground: Ground, gaps: list[Extent]
) -> bool:
    """Whether the fixed partitions lie where they may and leave each other alone."""
    previous: tuple[int, bool] = (0, True)
    for name, extent in sorted(fixed.items(), key=lambda f: f[1]):
        item = problem.items[name]
        touched = ground.outward(extent) if item.keep else extent
        if not item.keep and not _at_home(item, extent, gaps):
            return False
        if touched.start < previous[0] and not (item.keep and previous[1]):
            return False
        previous = max(touched.end, previous[0]), item.keep
        if any(n in fixed and fixed[n].end > extent.start for n in item.below):
            return False
    return True


def _at_home(item: Item, extent: Extent, gaps: list[Extent]) -> bool:
    if not any(g.covers(extent) for g in gaps):
        return False
    return item.homes is None or any(h.covers(extent) for h in item.homes)


def _ceilings(fixed: Mapping[str, Extent], problem: Problem) -> dict[str, int]:
    """Where the lowest fixed partition starts that each partition must lie below."""
    ceilings: dict[str, int] = {}
    for name, extent in fixed.items():
        for lower in problem.items[name].below:
            ceilings[lower] = min(extent.start, ceilings.get(lower, extent.start))
    return ceilings


def _homes(
    item: Item,
    gaps: list[Extent],
    fixed: Mapping[str, Extent],
    ceilings: Mapping[str, int],
) -> list[Extent]:
    """The ranges that an item may lie in: gaps, windows, above and below fixed partitions."""
    homes = gaps
    if item.homes is not None:
        parts = (g.intersection(h) for g in gaps for h in item.homes)
        homes = sorted({p for p in parts if p})
    floor = 0
    if fixed and item.below:
        floor = max((fixed[n].end for n in item.below if n in fixed), default=0)
    ceiling = ceilings.get(item.name)
    if ceiling is None:
        if floor <= 0:
            return homes
        ceiling = max((h.end for h in homes), default=0)
    if floor >= ceiling:
        return []
    return [p for p in (h.intersection(Extent(floor, ceiling)) for h in homes) if p]


def _below(chains: list[list[Sized]]) -> list[int]:
    """For each chain the set of chains that must lie below it, as a bit mask."""
    of = {s.item.name: i for i, chain in enumerate(chains) for s in chain}
    masks = []
    for i, chain in enumerate(chains):
        mask = 0
        for sized in chain:
            for name in sized.item.below:
                if of.get(name, i) != i:
                    mask |= 1 << of[name]
        masks.append(mask)
    return masks
