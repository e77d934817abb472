"""The largest sizes that fit: slots first, then the rest by weight, then the least sizes.

Goals in this order, each settled before the next is looked at:

1. each slot group, in the order of the spec, as large as possible;
2. what remains to the partitions of the rest: the largest share for all (bytes times weight), then
   what is left over, one after the other in the order of the spec;
3. the fewest bytes beyond what was wished (only uneven erase blocks differ in that);
4. the order of the spec from low offsets to high.

Law: where all erase blocks are equal a smaller size fits wherever a larger one does, so the largest
is found by halving; elsewhere every candidate is tried from the largest down. "Proven" is given up
as soon as one question was left open by the budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flashwright.base.extent import Extent
from flashwright.base.record import record, replace
from flashwright.planner.banks import Bankings
from flashwright.planner.candidates import candidates_of, grain_of, grid_of, monotone
from flashwright.planner.demand import Goal
from flashwright.planner.lay import QUICK, Sizes, lay
from flashwright.planner.problem import RANK, Group, Problem
from flashwright.planner.search import Budget
from flashwright.planner.settle import settle


class Solution:
    """The best extents that were found, and whether they are proven best."""

    def __init__(self, extents: dict[str, Extent], sizes: dict[str, int], proven: bool) -> None:
        self.extents = extents
        self.sizes = sizes
        self.proven = proven


@record()
class Cost:
    """``size`` bytes (0: nothing; ``None``: impossible), or not known where not ``sure``."""

    size: int | None
    sure: bool


def optimise(problem: Problem, budget: Budget, tries: int, closing: int = 0) -> Solution | None:
    """The best solution; ``None`` if there is none, or if the budget ran out before one was found.

    ``tries`` is the number of nodes that one question ("does this size fit?") may take; where one
    was left open, ``closing`` more nodes go to the sizes just above the best that was found.
    """
    if problem.cycle or problem.impossible:
        return None
    best: tuple[tuple[int, ...], Solution] | None = None
    proven = True
    last = Budget(closing)
    ways = Bankings(problem)
    for banked in ways:
        solution = _Optimiser(banked, budget, tries, last).run()
        if solution is None:
            continue
        score = tuple(solution.sizes[g.members[0].name] for g in _by_goal(banked))
        if best is None or score > best[0]:
            best = score, solution
        proven &= solution.proven
    if best is None:
        return None
    best[1].proven = proven and ways.complete and not budget.spent
    return best[1]


def feasible(problem: Problem, budget: Budget, tries: int) -> bool | None:
    """Whether anything fits at least sizes; ``None`` if the budget ran out before that is known."""
    if problem.cycle or problem.impossible:
        return False
    open_question = False
    ways = Bankings(problem)
    for banked in ways:
        optimiser = _Optimiser(banked, budget, tries)
        if optimiser.start():
            return True
        open_question |= optimiser.unsure
    return None if open_question or budget.spent or not ways.complete else False


def sketch(problem: Problem, budget: Budget, tries: int) -> dict[str, Extent] | None:
    """Extents at least sizes, ``None`` if there are none or none were found within the budget."""
    if problem.cycle or problem.impossible:
        return None
    for banked in Bankings(problem):
        optimiser = _Optimiser(banked, budget, tries)
        if optimiser.start():
            return optimiser.extents()
    return None


def probe(
    problem: Problem, solution: Solution, name: str, need: int, group: Group, tries: int
) -> Cost:
    """What ``need`` bytes for partition ``name`` cost each member of ``group``.

    Partitions of the rest may shrink for it as far as they go.
    """
    item = replace(problem.items[name], need=need, exact=None)
    if item.most is not None and item.most < need:
        return Cost(None, True)
    there = [item if i.name == name else i for i in problem.in_flash[item.owner]]
    changed = replace(
        problem,
        items={**problem.items, name: item},
        in_flash={**problem.in_flash, item.owner: there},
    )
    optimiser = _Optimiser(changed, Budget(tries), tries // 4)
    before = solution.sizes[group.members[0].name] - group.members[0].delta
    found = optimiser.largest_up_to(changed.groups.index(group), before)
    return Cost(None if found is None else before - found, not optimiser.unsure)


def _by_goal(problem: Problem) -> list[Group]:
    return sorted(problem.groups, key=lambda g: (RANK[g.goal], g.order))


class _Optimiser:
    """One problem without open questions of banks; sizes are settled group after group."""

    def __init__(
        self, problem: Problem, budget: Budget, tries: int, closing: Budget | None = None
    ) -> None:
        self.problem = problem
        self.budget = budget
        self.tries = tries
        self.closing = closing or Budget(0)
        self.unsure = False
        self.value: dict[int, int] = {}
        self._laid: dict[tuple[object, ...], dict[str, Extent] | None] = {}
        self._owners = sorted({i.owner for i in problem.items.values()})

    def run(self) -> Solution | None:
        """All goals in order."""
        wished = [*self._of(Goal.FIRST), *self._of(Goal.SLOT)]
        if self._ambitious(wished):
            del wished[0]
        elif not self.start():
            return None
        for k, group in wished:
            self._largest(k, self._upper(group))
        self._share_rest()
        extents = {}
        sizes = self._sizes()
        for owner in self._owners:
            laid = self._lay(owner, sizes)
            assert laid is not None
            settled, sure = settle(self.problem, owner, self._in(owner, sizes), laid, self.budget)
            extents.update(settled)
            self.unsure |= not sure
        values = {
            m.name: self.value[k] + m.delta
            for k, group in enumerate(self.problem.groups)
            for m in group.members
        }
        return Solution(extents, values, not self.unsure)

    def extents(self) -> dict[str, Extent]:
        """Where everything lies with the sizes of now, which fit."""
        sizes = self._sizes()
        laid: dict[str, Extent] = {}
        for owner in self._owners:
            laid.update(self._lay(owner, sizes) or {})
        return laid

    def largest_up_to(self, k: int, before: int) -> int | None:
        """The largest size up to ``before`` of group ``k``, others as small as they go, or no."""
        group = self.problem.groups[k]
        if not all(monotone(self.problem, g) for g in self.problem.groups):
            if not self.start():
                return None
            self._largest(k, before)
            return self.value[k]
        if not self._sound() or not self._smallest(range(len(self.problem.groups))):
            return None
        candidates = grid_of(self.problem, group, self.value[k], before)
        below, above, stride, wider = -1, len(candidates), 1, 1
        while above - below > 1:
            probe = max((below + above) // 2, above - stride)
            self.value[k] = candidates[probe]
            if self._fits():
                below = probe
            else:
                above, stride, wider = probe, wider, 2 * wider
        return candidates[below] if below >= 0 else None

    def start(self) -> bool:
        """Find the first sizes of all groups that fit, from the least on."""
        return self._sound() and self._first(0)

    def _ambitious(self, wished: list[tuple[int, Group]]) -> bool:
        """Whether the first group has its largest conceivable size at a glance.

        Then the least sizes need no question of their own. A "no" within so little work tells
        nothing, and is forgotten.
        """
        groups = self.problem.groups
        if not wished or not self._sound() or not all(monotone(self.problem, g) for g in groups):
            return False
        if not self._smallest(range(len(groups))):
            return False
        k, group = wished[0]
        self.value[k] = grid_of(self.problem, group, self.value[k], self._upper(group))[-1]
        ordinary = self.budget, self.tries
        glance = QUICK * len(self.problem.items) + 64
        self.budget, self.tries = Budget(glance * len(self._owners)), glance
        fits = self._fits()
        self.budget, self.tries = ordinary
        if not fits:
            self.unsure = False
            self._laid.clear()
            self.value.clear()
        return fits

    def _sound(self) -> bool:
        return all(g.most is None or g.most >= g.least for g in self.problem.groups)

    def _first(self, k: int) -> bool:
        """Give the groups from ``k`` on the smallest sizes that fit together."""
        groups = self.problem.groups
        numbers = range(k, len(groups))
        hard = [j for j in numbers if not monotone(self.problem, groups[j])]
        return self._smallest(j for j in numbers if j not in hard) and self._first_of(hard)

    def _smallest(self, numbers: Iterable[int]) -> bool:
        """Give groups their smallest size; false if one has none within its bounds."""
        for j in numbers:
            group = self.problem.groups[j]
            least, most = group.least, group.most
            smallest = next(candidates_of(self.problem, group, least, 4 * least + (1 << 40)), None)
            if smallest is None or (most is not None and smallest > most):
                return False
            self.value[j] = smallest
        return True

    def _first_of(self, hard: list[int]) -> bool:
        """The same for groups of which a smaller size does not always fit: each size is tried."""
        if not hard:
            return self._fits()
        group = self.problem.groups[hard[0]]
        for value in candidates_of(self.problem, group, group.least, self._upper(group)):
            self.value[hard[0]] = value
            if self._first_of(hard[1:]):
                return True
            if self.budget.spent:
                break
        return False

    def _largest(self, k: int, upper: int) -> None:
        """Give group ``k`` its largest size, the others as they are (they fit)."""
        group = self.problem.groups[k]
        low = self.value[k]
        later = {j: v for j, v in self.value.items() if j > k}
        candidates = grid_of(self.problem, group, low, upper)
        if monotone(self.problem, group):
            before, self.unsure = self.unsure, False
            below, above, stride = 0, len(candidates), 1
            while above - below > 1:
                probe = max((below + above) // 2, above - stride)
                self.value[k] = candidates[probe]
                if self._fits():
                    below = probe
                else:
                    above, stride = probe, 2 * stride
            if self.unsure:
                below = self._climb(k, candidates, below)
            self.unsure |= before
            self.value[k] = candidates[below]
            return
        for value in reversed(candidates):
            self.value[k] = value
            if value == low or self._fits() or self._refit(k + 1):
                break
            self.value.update(later)
        if self.value[k] == low:
            self.value.update(later)

    def _climb(self, k: int, candidates: Sequence[int], best: int) -> int:
        """The largest that fits from ``best`` up, one after the other, with what is kept for it.

        A size that is proven not to fit closes the question, for larger ones do not fit either.
        """
        ordinary = self.budget, self.tries
        self.budget, self.tries = self.closing, self.closing.nodes
        self.unsure = False
        while best + 1 < len(candidates) and not self.unsure:
            self.value[k] = candidates[best + 1]
            self._laid = {key: laid for key, laid in self._laid.items() if laid is not None}
            if not self._fits():
                break
            best += 1
            self.tries = self.closing.nodes
        self.budget, self.tries = ordinary
        return best

    def _refit(self, k: int) -> bool:
        """Whether later groups whose sizes are not settled fit with other sizes than now."""
        return (
            k < len(self.problem.groups)
            and not all(monotone(self.problem, g) for g in self.problem.groups[k:])
            and self._first(k)
        )

    def _share_rest(self) -> None:
        """The largest common share, then what is left over in the order of the spec."""
        rest = self._of(Goal.REST)
        if not rest:
            return
        grain = min(self.problem.grounds[o].smallest for o in self._owners)
        start = {k: self.value[k] for k, _ in rest}
        uppers = {k: self._upper(g) for k, g in rest}
        upper = max(uppers[k] // g.weight for k, g in rest)
        if all(monotone(self.problem, g) for _, g in rest):
            below, above = 0, upper // grain + 2
            while above - below > 1:
                probe = (below + above) // 2
                if self._try_share(rest, start, uppers, probe * grain):
                    below = probe
                else:
                    above = probe
            self._try_share(rest, start, uppers, below * grain)
        for k, group in rest:
            self._largest(k, min(self._upper(group), self.value[k] + self._spare(group)))

    def _try_share(
        self,
        rest: list[tuple[int, Group]],
        start: dict[int, int],
        uppers: dict[int, int],
        share: int,
    ) -> bool:
        for k, group in rest:
            wished = max(start[k], share * group.weight)
            step = grain_of(self.problem, group)
            self.value[k] = max(start[k], min(wished, uppers[k]) // step * step)
        return self._fits()

    def _fits(self) -> bool:
        sizes = self._sizes()
        return all(self._lay(owner, sizes) is not None for owner in self._owners)

    def _sizes(self) -> dict[str, tuple[int, bool]]:
        sizes: dict[str, tuple[int, bool]] = {}
        for k, group in enumerate(self.problem.groups):
            for member in group.members:
                need = self.value[k] + member.delta
                if not member.exact:
                    need = max(need, self.problem.items[member.name].need)
                exact = member.exact and not self._free(group)
                sizes[member.name] = (need, exact)
        return sizes

    def _free(self, group: Group) -> bool:
        """Whether only one partition is concerned, so that its size may be rounded up freely."""
        return len(group.members) == 1

    def _in(self, owner: str, sizes: Sizes) -> dict[str, tuple[int, bool]]:
        return {n: s for n, s in sizes.items() if self.problem.items[n].owner == owner}

    def _lay(self, owner: str, sizes: Sizes) -> dict[str, Extent] | None:
        mine = self._in(owner, sizes)
        key = (owner, *mine.values())
        if key in self._laid:
            return self._laid[key]
        allowed = Budget(min(self.tries, self.budget.nodes))
        before = allowed.nodes
        laid = lay(self.problem, owner, mine, allowed)
        self.budget.nodes -= before - allowed.nodes + len(self.problem.in_flash[owner])
        if allowed.spent:
            self.unsure = True
            self.budget.spent |= self.budget.nodes <= 0
        self._laid[key] = laid
        return laid

    def _of(self, goal: Goal) -> list[tuple[int, Group]]:
        return [(k, g) for k, g in enumerate(self.problem.groups) if g.goal is goal]

    def _upper(self, group: Group) -> int:
        """More than this no member can have: its homes, its flash, what the others need."""
        upper = group.most if group.most is not None else 1 << 70
        taken: dict[str, int] = {}
        for member in group.members:
            item = self.problem.items[member.name]
            gaps = [g for g in self.problem.open[item.owner] if item.at is None or item.at in g]
            size = max((g.end - max(g.start, item.at or 0) for g in gaps), default=0)
            homes = max((h.size for h in item.homes), default=0) if item.homes else size
            if not item.keep:
                upper = min(upper, min(size, homes) - member.delta)
            taken[item.owner] = taken.get(item.owner, 0) + 1
        for owner, count in taken.items():
            mine = [m for m in group.members if self.problem.items[m.name].owner == owner]
            deltas = sum(m.delta for m in mine)
            upper = min(upper, (self._free_bytes(owner, group) - deltas) // count)
        return max(upper, group.least)

    def _free_bytes(self, owner: str, group: Group) -> int:
        """The bytes of a flash that neither obstacles nor the least sizes of others take."""
        ground = self.problem.grounds[owner]
        free = sum(g.size for g in self.problem.open[owner])
        names = {m.name for m in group.members}
        values = {
            m.name: self.value[k] + m.delta
            for k, g in enumerate(self.problem.groups)
            if k in self.value and g is not group
            for m in g.members
        }
        for item in self.problem.items.values():
            if item.owner == owner and item.name not in names:
                free -= max(values.get(item.name, 0), item.need, item.blocks * ground.smallest)
        return free

    def _spare(self, group: Group) -> int:
        """The most that the group can still grow by: the bytes that nothing uses."""
        spare = 1 << 70
        for member in group.members:
            owner = self.problem.items[member.name].owner
            names = [i.name for i in self.problem.items.values() if i.owner == owner]
            laid = self._lay(owner, self._sizes()) or {}
            free = sum(g.size for g in self.problem.open[owner])
            spare = min(spare, free - sum(laid[n].size for n in names if n in laid))
        return max(0, spare)
