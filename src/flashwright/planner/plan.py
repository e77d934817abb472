"""``plan``: a spec to a plan with reasons, or to a refusal that says what conflicts.

Laws: never raises for any spec; the same spec gives the same plan; what is planned passes the rules
of ``rules.catalog`` without errors (but for partitions that are kept as they shipped). Work is
bounded by ``Limits``; a limit that is hit is a finding, and ``Plan.proven`` is then false.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.base.record import record, replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Severity, in_order, warning, worst
from flashwright.model.plan import Plan
from flashwright.model.spec import Spec
from flashwright.planner.demand import Demand, Goal, Kind, Origin
from flashwright.planner.expand import Expanded, expand
from flashwright.planner.explain import bindings, reasons
from flashwright.planner.limits import image_limits
from flashwright.planner.optimise import Solution, optimise
from flashwright.planner.pages import PAGES
from flashwright.planner.problem import Problem, build
from flashwright.planner.refuse import refusal
from flashwright.planner.search import Budget
from flashwright.planner.table import table_of
from flashwright.planner.wanted import SLOT_ROLES

#: How many times the usual work a user may ask for; the memory that is taken grows with it.
MOST_EFFORT = 20
#: The largest MCUBOOT_BOOT_MAX_ALIGN that MCUboot knows.
MOST_ALIGN = 32

#: Demands for which a partition may take more whole erase blocks than its size needs.
_LARGER = frozenset(
    {Kind.BLOCKS, Kind.ALIGN_SIZE, Kind.STRIDE, Kind.POWER_OF_TWO, Kind.EQUAL, Kind.AT_LEAST}
)

__all__ = ["PAGES", "Limits", "Planned", "plan"]


@record()
class Limits:
    """How much work a plan may take.

    ``nodes`` bounds the whole search, in places that are looked at (100,000 to 500,000 a second),
    ``tries`` one question of it ("does this size fit?"); ``closing`` more places are looked at
    where a question was left open, to prove the best size or to find a better one; ``binding`` the
    partitions for which it is worked out what one more erase block costs.
    """

    nodes: int = 300_000
    closing: int = 700_000
    tries: int = 20_000
    binding: int = 12

    def times(self, effort: int) -> Limits:
        """``effort`` times as much work, 1 to ``MOST_EFFORT``."""
        return Limits(self.nodes * effort, self.closing * effort, self.tries * effort, self.binding)


@record()
class Planned:
    """A plan, or ``None`` with error findings that say why there is none."""

    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()


def plan(
    spec: Spec,
    *,
    limits: Limits = Limits(),  # noqa: B008  (a frozen value)
    favour: str | None = None,
) -> Planned:
    """The best plan for ``spec``, with the reasons for it and notes on what it could not keep.

    The partition called ``favour`` is made as large as possible before all others.
    """
    spec, raised = _written(spec)
    expanded = expand(spec)
    expanded.findings.extend(raised)
    if favour in expanded.wants:
        expanded.wants[favour] = replace(expanded.wants[favour], goal=Goal.FIRST)
    if worst(expanded.findings) is Severity.ERROR:
        return Planned(None, in_order(expanded.findings))
    budget = Budget(limits.nodes)
    demands, solution, problem = _solve(expanded, budget, limits)
    if solution is None:
        found = refusal(spec, expanded, Budget(limits.nodes), limits.tries, spent=budget.spent)
        return Planned(None, in_order([*expanded.findings, *found]))
    findings = list(expanded.findings)
    findings.extend(_given_up(expanded, demands))
    findings.extend(_rounded(expanded, demands, solution.extents))
    if not solution.proven:
        findings.append(_unproven(spec, limits))
    table = table_of(spec, expanded, solution.extents)
    made = Plan(
        table=table,
        reasons=tuple(reasons(spec, expanded, demands, problem, solution)),
        limits=image_limits(spec, table),
        binding=bindings(expanded, problem, solution, limits.binding, limits.tries),
        proven=solution.proven,
    )
    return Planned(made, in_order(findings))


def _written(spec: Spec) -> tuple[Spec, list[Finding]]:
    """The spec with MCUboot's largest alignment as large as the program units of its slots."""
    update = spec.update
    if update is None or update.scheme.ecosystem != "mcuboot":
        return spec, []
    owners = {p.owner for p in spec.partitions if p.role in SLOT_ROLES} | {spec.device.boot.owner}
    unit = max((f.program_unit for f in spec.device.flashes if f.name in owners), default=1)
    if unit <= update.max_align or unit > MOST_ALIGN:
        return spec, []
    found = Finding(
        "PLN014",
        Severity.NOTE,
        f"planned with a `max_align` of {unit}: that is the program unit of the slots, "
        f"{update.max_align} is less",
        f"build MCUboot with MCUBOOT_BOOT_MAX_ALIGN={unit}, and write `max_align = {unit}`",
        spec.places.get("update.max_align") or spec.places.get("update.scheme") or spec.place,
        facts={"program_unit": unit, "max_align": update.max_align},
    )
    return replace(spec, update=replace(update, max_align=unit)), [found]


def _solve(
    expanded: Expanded, budget: Budget, limits: Limits
) -> tuple[list[Demand], Solution | None, Problem]:
    """The best solution that keeps the order of the method, or else the best without it."""
    demands = expanded.demands
    problem = build(demands, expanded.wants, expanded.grounds, expanded.banks)
    solution = optimise(problem, budget, limits.tries, limits.closing)
    habits = [d for d in demands if d.origin is Origin.METHOD]
    if solution is not None or not habits:
        return demands, solution, problem
    free = [d for d in demands if d.origin is not Origin.METHOD]
    problem = build(free, expanded.wants, expanded.grounds, expanded.banks)
    return free, optimise(problem, budget, limits.tries, limits.closing), problem


def _given_up(expanded: Expanded, demands: list[Demand]) -> list[Finding]:
    """A note if the order of the method could not be kept."""
    if len(demands) == len(expanded.demands):
        return []
    kept = set(map(id, demands))
    lost = next(d for d in expanded.demands if id(d) not in kept)
    return [
        Finding(
            "PLN009",
            Severity.NOTE,
            "the usual order of the areas leaves no room for all wishes: it is given up",
            "each partition still lies where its bootloader and its wishes allow",
            lost.place,
        )
    ]


def _rounded(
    expanded: Expanded, demands: list[Demand], extents: dict[str, Extent]
) -> list[Finding]:
    """A note for each size that the user gave and that erase blocks or demands made larger."""
    found = []
    asked = [d for d in demands if d.kind in _LARGER]
    for w in expanded.wanted:
        exact = w.wish.size.exact
        extent = extents[w.name]
        if exact is None or exact == extent.size or w.implied:
            continue
        block = w.flash.largest_block_in(extent)
        why = f"erase blocks have {format_hex(block)} bytes there"
        if exact <= extent.size - block:
            more = [d.text for d in asked if w.name in (d.partition, d.other)]
            why = "; ".join(more[:3]) or why
        found.append(
            Finding(
                "PLN007",
                Severity.NOTE,
                f"{w.quoted} takes {format_hex(extent.size)} bytes instead of {format_hex(exact)}: "
                f"{why}",
                f"write {format_hex(extent.size)}, which costs nothing more",
                w.wish.place_of("size"),
                InFlash(w.flash.name, extent),
                facts={"wished": exact, "size": extent.size, "erase_block": block},
            )
        )
    return found


def _unproven(spec: Spec, limits: Limits) -> Finding:
    return replace(
        warning(
            "PLN006",
            f"the search for `{printable(spec.name)}` stopped at its limit of "
            f"{limits.nodes + limits.closing} "
            "steps: the plan is sound, but a better one may exist",
            "fix the places of some partitions, or let `plan` search longer with `--effort`",
            spec.place,
        ),
        facts={"nodes": limits.nodes + limits.closing},
    )
