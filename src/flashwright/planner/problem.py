"""The search problem that a set of demands makes: items with bounds, groups of sizes, obstacles.

``build`` takes any subset of demands; a demand on a partition that does not exist in the subset
falls away. Contradictions that show without a search (order cycles, a range that is empty) are kept
in the problem as empty homes or in ``cycle``; the search then has no solution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import lcm

from flashwright.base.extent import Extent
from flashwright.base.record import field, record
from flashwright.planner.demand import NOTHING, Demand, Goal, Kind, Want
from flashwright.planner.ground import Ground

#: The order in which groups get their sizes.
RANK = {Goal.FIRST: 0, Goal.SLOT: 1, Goal.REST: 2, Goal.NONE: 3}
# Plain names for what is compared for each demand: an enumeration looks its members up.
_EXISTS, _RESERVED, _EQUAL, _HOLDS = Kind.EXISTS, Kind.RESERVED, Kind.EQUAL, Kind.HOLDS
_SIZE, _AT_LEAST, _AT_MOST, _BLOCKS = Kind.SIZE, Kind.AT_LEAST, Kind.AT_MOST, Kind.BLOCKS
_AT, _ALIGN, _ALIGN_SIZE, _STRIDE = Kind.AT, Kind.ALIGN, Kind.ALIGN_SIZE, Kind.STRIDE
_POWER_OF_TWO, _WITHIN = Kind.POWER_OF_TWO, Kind.WITHIN


@record(frozen=False)
class Item:
    """One partition to be laid: bounds in bytes, its flash, and what it must lie beside.

    ``homes`` are the ranges in one of which it must lie, ``None`` for the whole flash; ``below``
    are the names of partitions of the same flash that lie at lower offsets.
    """

    name: str
    owner: str
    order: int
    need: int = 1
    exact: int | None = None
    blocks: int = 1
    most: int | None = None
    at: int | None = None
    keep: bool = False
    align: int = 1
    step: int = 1
    #: Each so many bytes from its start on there is a boundary of erase blocks (1: anywhere).
    stride: int = 1
    power_of_two: bool = False
    homes: list[Extent] | None = None
    below: set[str] = field(default_factory=set)
    follows: str | None = None
    high: bool = False
    impossible: bool = False


@record(frozen=False)
class Member:
    """A partition of a size group: its size is that of the group and ``delta`` bytes more.

    ``exact`` members have just that size, others at least that.
    """

    name: str
    delta: int = 0
    exact: bool = True


@record(frozen=False)
class Group:
    """Partitions whose sizes go together; the size is free between ``least`` and ``most``."""

    members: list[Member]
    goal: Goal
    weight: int
    least: int
    most: int | None
    order: int


@record(frozen=False)
class Problem:
    """Items by name in the order of the spec, groups of sizes, obstacles by flash."""

    grounds: Mapping[str, Ground]
    items: dict[str, Item]
    groups: list[Group]
    obstacles: dict[str, list[Extent]]
    together: list[tuple[str, str]]
    apart: list[tuple[str, str]]
    banks: Mapping[str, tuple[Extent, ...]]
    #: What remains of each flash without the obstacles, whole erase blocks only.
    open: dict[str, list[Extent]] = field(default_factory=dict)
    #: The partitions of each flash, in the order of the spec.
    in_flash: dict[str, list[Item]] = field(default_factory=dict)
    cycle: tuple[str, ...] = ()
    impossible: bool = False

    def arrange(self) -> None:
        """Work out what depends on items and obstacles; to be called after they change."""
        self.open = {n: g.gaps(self.obstacles[n]) for n, g in self.grounds.items()}
        self.in_flash = {n: [] for n in self.grounds}
        for item in self.items.values():
            self.in_flash[item.owner].append(item)


def build(
    demands: Iterable[Demand],
    wants: Mapping[str, Want],
    grounds: Mapping[str, Ground],
    banks: Mapping[str, tuple[Extent, ...]],
) -> Problem:
    """The problem that ``demands`` make; ``banks`` are the banks of each flash."""
    demands = list(demands)
    problem = Problem(grounds, {}, [], {name: [] for name in grounds}, [], [], banks)
    items = problem.items
    for demand in demands:
        if demand.kind is _EXISTS:
            item = Item(demand.partition, demand.owner, len(items))
            item.high = wants.get(demand.partition, NOTHING).high
            items[demand.partition] = item
    sizes: list[Demand] = []
    for demand in demands:
        if demand.kind is _EXISTS:
            continue
        if demand.kind is _RESERVED:
            problem.obstacles[demand.owner].extend(demand.extents)
        elif demand.partition in items:
            if demand.kind is _EQUAL or demand.kind is _HOLDS:
                if demand.other in problem.items:
                    sizes.append(demand)
            else:
                _apply(demand, items[demand.partition], problem)
    for item in items.values():
        if item.exact is not None and item.need > item.exact and not item.keep:
            item.impossible |= _never_reaches(item, grounds[item.owner])
    _group(problem, sizes, wants)
    problem.cycle = find_cycle(problem)
    problem.arrange()
    return problem


def _apply(demand: Demand, item: Item, problem: Problem) -> None:
    """One demand on one item; later ones can only narrow what earlier ones left."""
    kind, value = demand.kind, demand.value
    if kind is _SIZE:
        item.need = max(item.need, value)
        item.impossible |= item.exact is not None and item.exact != value
        item.exact = value
        item.keep |= demand.keep
    elif kind is _AT_LEAST:
        item.need = max(item.need, value)
    elif kind is _AT_MOST:
        item.most = _least(item.most, value)
    elif kind is _BLOCKS:
        item.blocks = max(item.blocks, value)
    elif kind is _AT:
        item.impossible |= item.at is not None and item.at != value
        item.at = value
        item.keep |= demand.keep
    elif kind is _ALIGN:
        item.align = lcm(item.align, value)
    elif kind is _ALIGN_SIZE:
        item.step = lcm(item.step, value)
    elif kind is _STRIDE:
        item.step = lcm(item.step, value)
        item.stride = lcm(item.stride, value)
    elif kind is _POWER_OF_TWO:
        item.power_of_two = True
    elif kind is _WITHIN:
        item.homes = _within(item.homes, demand.extents)
    else:
        _relate(demand, item, problem)


def _never_reaches(item: Item, ground: Ground) -> bool:
    """Whether its size, rounded up to erase blocks, is less than what else is asked of it."""
    assert item.exact is not None
    if ground.uniform:
        return -(-item.exact // ground.uniform) < -(-item.need // ground.uniform)
    return item.need >= item.exact + ground.largest


def _relate(demand: Demand, item: Item, problem: Problem) -> None:
    other = problem.items.get(demand.other)
    if other is None:
        return
    if demand.kind is Kind.TOGETHER:
        problem.together.append((item.name, other.name))
    elif demand.kind is Kind.APART:
        problem.apart.append((item.name, other.name))
    elif other.owner != item.owner:
        problem.impossible |= demand.kind is Kind.DIRECTLY_AFTER
    elif demand.kind is Kind.AFTER:
        item.below.add(other.name)
    elif demand.kind is Kind.DIRECTLY_AFTER:
        item.impossible |= item.follows is not None and item.follows != other.name
        item.follows = other.name
        item.below.add(other.name)


def _group(problem: Problem, sizes: list[Demand], wants: Mapping[str, Want]) -> None:
    """Groups of the sizes that go together, and of each partition that may take more room."""
    links: dict[str, list[tuple[str, int, bool]]] = {}
    for demand in sizes:
        exact = demand.kind is Kind.EQUAL
        links.setdefault(demand.partition, []).append((demand.other, -demand.value, exact))
        links.setdefault(demand.other, []).append((demand.partition, demand.value, exact))
    followers = {d.partition for d in sizes if d.kind is Kind.HOLDS}
    done: set[str] = set()
    order = sorted(problem.items, key=lambda n: (n in followers, problem.items[n].order))
    for name in order:
        want = wants.get(name, NOTHING)
        if name in done or (name not in links and want.goal is Goal.NONE):
            continue
        members = _members(name, links, problem)
        done.update(m.name for m in members)
        _add_group(problem, members, wants)
    problem.groups.sort(key=lambda g: (RANK[g.goal], g.order))


def _members(
    name: str, links: dict[str, list[tuple[str, int, bool]]], problem: Problem
) -> list[Member]:
    found = {name: Member(name)}
    waiting = [name]
    while waiting:
        at = found[waiting.pop()]
        for other, delta, exact in links.get(at.name, ()):
            if other not in found:
                found[other] = Member(other, at.delta + delta, exact and at.exact)
                waiting.append(other)
            elif exact and at.exact and found[other].exact:
                problem.impossible |= found[other].delta != at.delta + delta
    return list(found.values())


def _add_group(problem: Problem, members: list[Member], wants: Mapping[str, Want]) -> None:
    goals = [(wants.get(m.name, NOTHING), m) for m in members]
    first = any(w.goal is Goal.FIRST for w, _ in goals)
    slot = any(w.goal is Goal.SLOT for w, m in goals if m.exact)
    rest = [w.weight for w, m in goals if w.goal is Goal.REST and m.exact]
    least, most = 1, None
    for member in members:
        item = problem.items[member.name]
        if member.exact:
            least = max(least, item.need - member.delta)
        if item.most is not None:
            most = _least(most, item.most - member.delta)
        if item.exact is not None:
            largest = problem.grounds[item.owner].largest
            most = _least(most, item.exact + largest - 1 - member.delta)
    problem.groups.append(
        Group(
            members,
            Goal.FIRST if first else Goal.REST if rest else Goal.SLOT if slot else Goal.NONE,
            max(rest, default=1),
            least,
            most,
            min(problem.items[m.name].order for m in members),
        )
    )


def find_cycle(problem: Problem) -> tuple[str, ...]:
    """Partitions that lie above each other in a circle, ``()`` if the order is sound."""
    state: dict[str, int] = {}
    for root, item in problem.items.items():
        if root in state or not item.below:
            continue
        state[root] = 1
        stack = [(root, iter(sorted(problem.items[root].below)))]
        while stack:
            name, below = stack[-1]
            nxt = next(below, None)
            if nxt is None:
                state[name] = 2
                stack.pop()
            elif state.get(nxt) == 1:
                names = [n for n, _ in stack]
                return tuple(names[names.index(nxt) :])
            elif nxt not in state:
                state[nxt] = 1
                stack.append((nxt, iter(sorted(problem.items[nxt].below))))
    return ()


def _within(homes: list[Extent] | None, extents: tuple[Extent, ...]) -> list[Extent]:
    if homes is None:
        return sorted(extents)
    parts = (a.intersection(b) for a in homes for b in extents)
    return sorted({p for p in parts if p})


def _least(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)
