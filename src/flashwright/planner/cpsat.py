"""The same problem for CP-SAT: a second opinion on our own search.

A plain interval model: a start and an end for each partition, intervals that do not overlap with
each other or with obstacles. Offsets count in the greatest common divisor of the erase blocks; on
uneven ones start and end are chosen from the list of boundaries. Not covered (``None``):
`together`, `apart`, powers of two, logical erase blocks, partitions kept on odd offsets, uneven
flashes of many erase blocks. Needs the extra `solver` (OR-Tools); ``available()`` tells whether it
is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from math import gcd
from typing import Any

from flashwright.model.spec import Spec
from flashwright.planner.demand import Goal, Origin
from flashwright.planner.expand import expand
from flashwright.planner.problem import Group, Item, Problem, build

#: Uneven flashes of more than so many erase blocks are not modelled.
MOST_BOUNDARIES = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """``sizes`` of the groups by the name of their first partition, in bytes, if ``feasible``."""

    feasible: bool
    sizes: dict[str, int]
    proven: bool


def available() -> bool:
    """Whether OR-Tools is installed."""
    return find_spec("ortools") is not None


def solve(spec: Spec, *, method: bool = True, seconds: float = 20.0) -> Answer | None:
    """The best sizes of the slot groups of ``spec``; ``None`` if the model does not cover it.

    ``method`` tells whether the order of the method is kept. Slots are maximised one after the
    other; partitions of the rest have their least size.
    """
    expanded = expand(spec)
    demands = [d for d in expanded.demands if method or d.origin is not Origin.METHOD]
    problem = build(demands, expanded.wants, expanded.grounds, expanded.banks)
    if problem.cycle or problem.impossible or any(i.impossible for i in problem.items.values()):
        return Answer(False, {}, True)
    if problem.together or problem.apart or not _covered(problem):
        return None
    return _Model(problem).solve(seconds)


def _covered(problem: Problem) -> bool:
    grounds = [problem.grounds[o] for o in {i.owner for i in problem.items.values()}]
    return all(g.uniform or g.size // g.smallest <= MOST_BOUNDARIES for g in grounds) and not any(
        i.keep or i.power_of_two or i.stride > 1 for i in problem.items.values()
    )


class _Model:
    """Variables in units of each flash; one model, solved once for each slot group."""

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.model: Any = cp_model.CpModel()
        self.problem = problem
        self.unit = {n: gcd(*g.sizes) if g.sizes else 1 for n, g in problem.grounds.items()}
        self.starts: dict[str, Any] = {}
        self.sizes: dict[str, Any] = {}
        self.groups: list[tuple[Group, Any]] = []
        for item in problem.items.values():
            self._item(item)
        for item in problem.items.values():
            self._relations(item)
        for group in problem.groups:
            self._group(group)
        for owner in problem.grounds:
            self._disjoint(owner)

    def solve(self, seconds: float) -> Answer:
        """Maximise slot group after slot group, each fixed before the next."""
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = seconds
        slots = [(g, v) for g, v in self.groups if g.goal is Goal.SLOT]
        proven, found = True, {}
        rounds: list[tuple[Group | None, Any]] = [*slots] or [(None, None)]
        for group, value in rounds:
            if group is not None:
                self.model.Maximize(value)
            status = solver.Solve(self.model)
            if status == self.cp.INFEASIBLE:
                return Answer(False, {}, True)
            proven &= status == self.cp.OPTIMAL
            if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
                return Answer(False, {}, False)
            if group is not None:
                best = solver.Value(value)
                self.model.Add(value == best)
                first = group.members[0]
                found[first.name] = best + first.delta
        return Answer(True, found, proven)

    def _item(self, item: Item) -> None:
        ground, block = self.problem.grounds[item.owner], self.unit[item.owner]
        total = ground.size // block
        start = self.model.NewIntVar(0, total, f"start {item.name}")
        size = self.model.NewIntVar(1, total, f"size {item.name}")
        self.starts[item.name], self.sizes[item.name] = start, size
        self.model.Add(size * block >= max(item.need, item.blocks * block))
        if not ground.uniform:
            self._on_boundaries(item, start, size)
        if item.most is not None:
            self.model.Add(size * block <= item.most)
        if item.at is not None:
            self.model.Add(start * block == item.at)
        if item.align > 1:
            factor = self.model.NewIntVar(0, total, "")
            self.model.Add(start * block == factor * item.align)
        if item.step > 1:
            factor = self.model.NewIntVar(0, max(1, total * block // item.step), "")
            self.model.Add(size * block == factor * item.step)
        if item.homes is not None:
            chosen = []
            for home in item.homes:
                here = self.model.NewBoolVar("")
                self.model.Add(start * block >= home.start).OnlyEnforceIf(here)
                self.model.Add((start + size) * block <= home.end).OnlyEnforceIf(here)
                chosen.append(here)
            self.model.AddBoolOr(chosen)

    def _on_boundaries(self, item: Item, start: Any, size: Any) -> None:
        """Start and end are boundaries, with enough erase blocks between them."""
        ground, unit = self.problem.grounds[item.owner], self.unit[item.owner]
        boundaries = [0]
        while (after := ground.boundary(boundaries[-1] + 1)) is not None:
            boundaries.append(after)
        offsets = [b // unit for b in boundaries]
        first = self.model.NewIntVar(0, len(offsets) - 1, "")
        last = self.model.NewIntVar(0, len(offsets) - 1, "")
        end = self.model.NewIntVar(0, offsets[-1], "")
        self.model.AddElement(first, offsets, start)
        self.model.AddElement(last, offsets, end)
        self.model.Add(end == start + size)
        self.model.Add(last >= first + item.blocks)

    def _relations(self, item: Item) -> None:
        for name in item.below:
            end = self.starts[name] + self.sizes[name]
            if item.follows == name:
                self.model.Add(self.starts[item.name] == end)
            else:
                self.model.Add(self.starts[item.name] >= end)

    def _group(self, group: Group) -> None:
        limit = 1 << 50
        value = self.model.NewIntVar(group.least, group.most or limit, "")
        for member in group.members:
            block = self.unit[self.problem.items[member.name].owner]
            bytes_ = self.sizes[member.name] * block
            if member.exact:
                self.model.Add(bytes_ == value + member.delta)
            else:
                self.model.Add(bytes_ >= value + member.delta)
        self.groups.append((group, value))

    def _disjoint(self, owner: str) -> None:
        ground = self.problem.grounds[owner]
        items = self.problem.in_flash[owner]
        if not items:
            return
        block = self.unit[owner]
        total = ground.size // block
        intervals = []
        for item in items:
            start, size = self.starts[item.name], self.sizes[item.name]
            end = self.model.NewIntVar(0, total, "")
            intervals.append(self.model.NewIntervalVar(start, size, end, item.name))
        for extent in self.problem.obstacles[owner]:
            taken = ground.outward(extent)
            if taken:
                intervals.append(
                    self.model.NewFixedSizeIntervalVar(
                        taken.start // block, taken.size // block, ""
                    )
                )
        self.model.AddNoOverlap(intervals)
