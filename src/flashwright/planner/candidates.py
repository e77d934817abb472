"""Which sizes a group of partitions may be tried with, ascending, in bytes.

All of them are multiples of what the erase blocks and wishes of its members have in common; where a
member is a power of two, the powers of two among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm

from flashwright.planner.problem import Group, Problem


def monotone(problem: Problem, group: Group) -> bool:
    """Whether a smaller size fits wherever a larger one does."""
    items = problem.items
    for member in group.members:
        item = items[member.name]
        if len(group.members) > 1 and not problem.grounds[item.owner].uniform:
            return False
        chained = [i for i in items.values() if i.follows == member.name]
        if any(i.at is not None or i.align > 1 or i.power_of_two or i.homes for i in chained):
            return False
    return True


def grain_of(problem: Problem, group: Group) -> int:
    """All sizes of the group are multiples of this."""
    step = 1
    for member in group.members:
        item = problem.items[member.name]
        ground = problem.grounds[item.owner]
        if member.exact and not member.delta % ground.grain:
            step = lcm(step, ground.grain, item.step)
    return step


def grid_of(problem: Problem, group: Group, low: int, upper: int) -> list[int] | range:
    """``low`` and the sizes above it that may be tried, ascending."""
    rest = list(candidates_of(problem, group, low + 1, upper)) if _powers(problem, group) else None
    if rest is not None:
        return [low, *rest]
    step = grain_of(problem, group)
    first = low - low % step
    if first == low:
        return range(low, max(low, upper) + 1, step)
    return [low, *range(first + step, upper + 1, step)]


def candidates_of(problem: Problem, group: Group, low: int, upper: int) -> Iterator[int]:
    """The sizes from ``low`` to ``upper`` that may be tried, ascending."""
    step = grain_of(problem, group)
    first = -(-low // step) * step
    if not _powers(problem, group):
        yield from range(first, upper + 1, step)
        return
    size = 1
    while size <= upper:
        if size >= low and size % step == 0:
            yield size
        size *= 2


def _powers(problem: Problem, group: Group) -> bool:
    return any(problem.items[m.name].power_of_two for m in group.members)
