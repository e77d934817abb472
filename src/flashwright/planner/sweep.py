"""Does it fit? Answered for all orders at once, where many units can stand for each other.

``search.fit`` goes through orders one by one. What it has laid matters only by how many units of
each kind that is, and where the last of them ends; and by the law of ``unit`` an earlier end is
never worse. So it is enough to know for each such count the earliest end, level by level from the
empty flash on. The number of counts is the product of (units of a kind + 1): a few hundred for a
dozen small partitions that all come to one to four erase blocks, whatever the number of orders.

Law: ``sweep`` is only begun where all counts together are fewer than the budget has places, so it
always ends with an answer, and "no" is a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from flashwright.base.record import record
from flashwright.planner.search import Budget, Room
from flashwright.planner.unit import Unit

#: How many states are kept at most, whatever the budget: some 50 MB of memory.
MOST_STATES = 200_000


@record()
class _Kind:
    """Units that can stand for each other, and what the count of them weighs in a state.

    ``after`` are the weights of the kinds of one unit that must lie below it.
    """

    units: tuple[int, ...]
    weight: int
    need: int
    after: tuple[int, ...]


def sweepable(units: Sequence[Unit], below: Sequence[int], budget: Budget) -> bool:
    """Whether a sweep is sure to end within ``budget``."""
    sizes = [len(of) for of in _sorted_out(units, below)]
    return prod(n + 1 for n in sizes) <= min(budget.nodes, MOST_STATES)


def sweep(
    units: Sequence[Unit], below: Sequence[int], room: Room, budget: Budget
) -> list[tuple[int, int]] | None:
    """(unit, start) from low offsets to high, ``None`` if nothing fits. See ``search.fit``."""
    kinds = _kinds(units, below)
    missing = sum(u.least for u in units)
    #: By state (how many of each kind are laid): the earliest end, and the bytes still to come.
    level: dict[int, tuple[int, int]] = {0: (0, missing)}
    came: dict[int, tuple[int, int]] = {}
    places: dict[tuple[int, int], tuple[int, int] | None] = {}
    for _ in units:
        following: dict[int, tuple[int, int]] = {}
        for state, (cursor, rest) in level.items():
            budget.nodes -= 1
            for k, kind in enumerate(kinds):
                if not _is_next(kind, state):
                    continue
                if (k, cursor) not in places:
                    places[k, cursor] = units[kind.units[0]].first(cursor)
                place = places[k, cursor]
                if place is None or rest - kind.need > room.free_from(place[1]):
                    continue
                after = state + kind.weight
                known = following.get(after)
                if known is None or place[1] < known[0]:
                    following[after] = place[1], rest - kind.need
                    came[after] = k, place[0]
        level = following
    return _path(kinds, came, next(iter(level))) if level else None


def _is_next(kind: _Kind, state: int) -> bool:
    """Whether one more of ``kind`` is there to be laid, with all that must lie below it laid."""
    if state // kind.weight % (len(kind.units) + 1) == len(kind.units):
        return False
    return all(state // weight % 2 for weight in kind.after)


def _path(
    kinds: Sequence[_Kind], came: dict[int, tuple[int, int]], state: int
) -> list[tuple[int, int]]:
    """The order that led to ``state``, the lower units of a kind first."""
    left = [list(kind.units) for kind in kinds]
    path = []
    while state:
        k, start = came[state]
        path.append((left[k].pop(), start))
        state -= kinds[k].weight
    return path[::-1]


def _kinds(units: Sequence[Unit], below: Sequence[int]) -> list[_Kind]:
    """The kinds of all units, in the order of their first ones."""
    groups = _sorted_out(units, below)
    weights = [prod(len(of) + 1 for of in groups[:k]) for k in range(len(groups))]
    of_unit = {i: weights[k] for k, of in enumerate(groups) for i in of}
    return [
        _Kind(
            tuple(of),
            weights[k],
            units[of[0]].least,
            tuple(of_unit[j] for j in range(len(units)) if below[of[0]] >> j & 1),
        )
        for k, of in enumerate(groups)
    ]


def _sorted_out(units: Sequence[Unit], below: Sequence[int]) -> list[list[int]]:
    """Units with equal keys together; each that lies below or above another one is alone."""
    ordered = 0
    for i, mask in enumerate(below):
        ordered |= mask | (1 << i if mask else 0)
    found: dict[object, list[int]] = {}
    for i, unit in enumerate(units):
        found.setdefault(i if ordered >> i & 1 else (unit.key,), []).append(i)
    return list(found.values())
