"""A refusal: the smallest set of demands that cannot hold together, and what would help.

Too many bytes and circles of "after" are seen without a search. Everything else is narrowed down by
dividing (Junker's QuickXplain): the set that is named is impossible, and without any one of its
members it is possible, as far as the budget let that be proven. The order of the method takes no
part, for it was given up already.
"""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.base.record import replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, Place, Severity, error
from flashwright.model.spec import Spec
from flashwright.planner.demand import Demand, Kind, Origin
from flashwright.planner.expand import Expanded, expand
from flashwright.planner.optimise import feasible
from flashwright.planner.problem import Problem, build
from flashwright.planner.relax import relaxations
from flashwright.planner.search import Budget

#: How many subsets are tried to find a small one.
MOST_CHECKS = 400
#: A lack of room that needs more partitions than this to show is told in numbers only.
MOST_NAMED = 8
#: The largest conflict of which each member is left out once more: what a larger subset left
#: open within its nodes may be proven of a smaller one.
MOST_THINNED = 16
#: Nodes that one subset may take.
SUBSET_NODES = 4_000


#: Whose demands are named first in a conflict.
_PREFERRED = (
    Origin.WISH,
    Origin.USUAL,
    Origin.SCHEME,
    Origin.RULE,
    Origin.DEVICE,
    Origin.METHOD,
)


class Conflicts:
    """Asks whether subsets of the demands can hold together, and counts how often."""

    def __init__(self, expanded: Expanded, checks: int = MOST_CHECKS) -> None:
        self.expanded = expanded
        self.checks = checks

    def problem(self, demands: Sequence[Demand]) -> Problem:
        """The problem of a subset."""
        e = self.expanded
        return build(demands, e.wants, e.grounds, e.banks)

    def impossible(self, demands: Sequence[Demand]) -> bool:
        """Whether a subset is proven impossible."""
        if self.checks <= 0:
            return False
        self.checks -= 1
        return feasible(self.problem(demands), Budget(SUBSET_NODES), SUBSET_NODES) is False


def refusal(
    spec: Spec, expanded: Expanded, budget: Budget, tries: int, *, spent: bool
) -> list[Finding]:
    """Why there is no plan: one error, with the places of the wishes that conflict."""
    demands = [d for d in expanded.demands if d.origin is not Origin.METHOD]
    conflicts = Conflicts(expanded)
    problem = conflicts.problem(demands)
    if problem.cycle:
        return [_cycle(demands, problem.cycle)]
    lack = _lack(problem, spec, expanded)
    crowd = lack[0] if lack else None
    if lack and crowd is not None and len(crowd) > MOST_NAMED:
        return [lack[1]]
    if crowd is not None:
        fewer = [d for d in demands if d.kind is Kind.RESERVED or d.partition in crowd]
        if conflicts.impossible(fewer):
            demands = fewer
    if crowd is None and not _proven(problem, budget, tries):
        return [_open_question(spec, budget)]
    core = smallest(demands, conflicts)
    return [_told(spec, expanded, core, conflicts)]


def smallest(demands: Sequence[Demand], conflicts: Conflicts) -> list[Demand]:
    """A subset of impossible ``demands`` that is impossible, and minimal within the checks.

    What the user said is kept in preference to what device and scheme add to it.
    """
    rank = {origin: number for number, origin in enumerate(_PREFERRED)}
    ordered = sorted(demands, key=lambda d: (d.kind is not Kind.EXISTS, rank[d.origin]))
    core = _quick([], False, ordered, conflicts)
    for demand in core[::-1] if len(core) <= MOST_THINNED else ():
        fewer = [d for d in core if d is not demand]
        if conflicts.impossible(fewer):
            core = fewer
    return [d for d in demands if any(d is c for c in core)]


def _quick(
    kept: list[Demand], grown: bool, rest: list[Demand], conflicts: Conflicts
) -> list[Demand]:
    if grown and conflicts.impossible(kept):
        return []
    if len(rest) <= 1 or conflicts.checks <= 0:
        return rest
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    of_second = _quick(kept + first, bool(first), second, conflicts)
    of_first = _quick(kept + of_second, bool(of_second), first, conflicts)
    return of_first + of_second


def _proven(problem: Problem, budget: Budget, tries: int) -> bool:
    return feasible(problem, budget, tries) is False


def _lack(problem: Problem, spec: Spec, expanded: Expanded) -> tuple[set[str], Finding] | None:
    """The fewest partitions that one flash has no room for, and that in numbers."""
    least = _least_bytes(problem)
    for owner, items in problem.in_flash.items():
        room = sum(g.size for g in problem.open[owner])
        names = sorted((i.name for i in items if not i.keep), key=lambda n: (-least[n], n))
        if sum(least[n] for n in names) <= room:
            continue
        taken, total = set[str](), 0
        for name in names:
            taken.add(name)
            total += least[name]
            if total > room:
                break
        needed = sum(least[n] for n in names)
        largest = ", ".join(f"`{printable(n)}` ({format_hex(least[n])})" for n in names[:4])
        place = expanded.get(names[0]).wish.place or spec.place
        return taken, replace(
            error(
                "PLN004",
                f"{len(names)} partitions need at least {format_hex(needed)} bytes, "
                f"`{printable(owner)}` has {format_hex(room)} that are free",
                f"{format_hex(needed - room)} bytes are too many; the largest are {largest}",
                place,
            ),
            facts={"owner": owner, "needed": needed, "free": room},
        )
    return None


def _least_bytes(problem: Problem) -> dict[str, int]:
    """What each partition takes at least, in whole erase blocks of the smallest size."""
    least = {}
    for name, item in problem.items.items():
        block = problem.grounds[item.owner].smallest
        least[name] = max(block * item.blocks, -(-item.need // block) * block)
    for group in problem.groups:
        for member in group.members:
            least[member.name] = max(least[member.name], group.least + member.delta)
    return least


def _room(problem: Problem) -> tuple[str, dict[str, Fact]]:
    """A conflict told as bytes, where it is one: what its partitions need and what is free."""
    least = _least_bytes(problem)
    for owner, items in problem.in_flash.items():
        needed = sum(least[i.name] for i in items if not i.keep)
        free = sum(g.size for g in problem.open[owner])
        if needed > free:
            text = f"; that is {format_hex(needed)} bytes at least, and `{printable(owner)}` has "
            return f"{text}{format_hex(free)} free", {"needed": needed, "free": free}
    return "", {}


def _cycle(demands: Sequence[Demand], cycle: tuple[str, ...]) -> Finding:
    """The wishes that put partitions above each other in a circle."""
    edges = []
    for upper, lower in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
        edges.append(
            next(
                d
                for d in demands
                if d.kind in (Kind.AFTER, Kind.DIRECTLY_AFTER)
                and d.partition == upper
                and d.other == lower
            )
        )
    texts = [d.text for d in edges]
    said = "; ".join(texts[:6]) + (f"; and {len(texts) - 6} more" if len(texts) > 6 else "")
    return Finding(
        "PLN003",
        Severity.ERROR,
        f"{len(cycle)} partitions lie after each other in a circle: {said}",
        "remove one of these wishes",
        next((d.place for d in edges if d.place), None),
        related=_places(edges),
        facts={"partitions": list(cycle), "wishes": texts},
    )


def _open_question(spec: Spec, budget: Budget) -> Finding:
    return error(
        "PLN010",
        "no plan was found within the limit of the search, and that there is none is not proven",
        "fix the places of some partitions, drop wishes, or search longer with `--effort`",
        spec.place,
    )


def _told(spec: Spec, expanded: Expanded, core: list[Demand], conflicts: Conflicts) -> Finding:
    told = [d for d in core if d.kind is not Kind.EXISTS or not _said_more(d, core)]
    if len(told) == 1 and len(spec.device.flashes) > 1:
        told = core
    texts = [f"{d.text}" + (f" [{d.place}]" if d.place and d.place.line else "") for d in told]
    said = "; ".join(texts[:6]) + (f"; and {len(texts) - 6} more" if len(texts) > 6 else "")
    facts: dict[str, Fact] = {
        "partitions": sorted({d.partition for d in told if d.kind is not Kind.RESERVED}),
        "wishes": [d.text for d in told],
        "minimal": conflicts.checks > 0,
    }
    room, numbers = _room(conflicts.problem(core))
    said += room
    facts.update(numbers)
    helps = [*_other_logical(spec, told), *relaxations(expanded, told)][:3]
    if not helps:
        alone = relaxations(expanded, told, core)[:3]
        helps = [f"no one change is enough; this conflict alone needs: {h}" for h in alone[:1]]
        helps += alone[1:]
    return Finding(
        "PLN001",
        Severity.ERROR,
        f"{len(told)} wishes and facts cannot hold together: {said}"
        if len(told) != 1
        else f"impossible on this device: {said}",
        "; or ".join(helps),
        next((d.place for d in told if d.place), spec.place),
        related=_places(told)[1:],
        facts=facts,
    )


def _other_logical(spec: Spec, core: Sequence[Demand]) -> list[str]:
    """The smallest other logical erase blocks that make the spec possible, if they take part."""
    update = spec.update
    asked = (
        d.kind is Kind.STRIDE or (d.kind is Kind.WITHIN and d.origin is Origin.SCHEME)
        for d in core
    )  # fmt: skip
    if update is None or not any(asked):
        return []
    sizes = {r.size for f in spec.device.flashes for r in f.runs if not r.size & (r.size - 1)}
    for unit in sorted(sizes - {update.logical_block}):
        other = expand(replace(spec, update=replace(update, logical_block=unit)))
        demands = [d for d in other.demands if d.origin is not Origin.METHOD]
        problem = build(demands, other.wants, other.grounds, other.banks)
        if feasible(problem, Budget(SUBSET_NODES), SUBSET_NODES):
            return [f"take logical erase blocks of {format_hex(unit)}"]
    return []


def _said_more(exists: Demand, core: list[Demand]) -> bool:
    """Whether another demand of the core speaks of the same partition already."""
    return any(d is not exists and exists.partition in (d.partition, d.other) for d in core)


def _places(demands: Sequence[Demand]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(d.place for d in demands if d.place is not None))
