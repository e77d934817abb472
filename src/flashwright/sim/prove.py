"""Prove a scheme on the user's own layout: a verdict for each property, or the shortest way to it.

Verdicts, of a proof and of each property: HOLDS (all was explored, nothing was broken, and every
event that the scheme promises was seen), VIOLATED (with a trace that has been walked again without
forgetting), VACUOUS (nothing broke, but what should happen never did), INCOMPLETE (a limit was hit,
the table could not be mapped, or a fault was found that could not be confirmed). Never HOLDS where
anything was left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flashwright.base.nearest import did_you_mean
from flashwright.diag.finding import Finding, Severity, error
from flashwright.flash.faults import FaultModel
from flashwright.model.table import Table
from flashwright.sim.catalog import BLUEPRINTS, blueprint
from flashwright.sim.explore import Breach, Exploration, Limits, Watch, explore
from flashwright.sim.laws import EVENTS, LAWS, Law
from flashwright.sim.machine import Machine
from flashwright.sim.measure import Cost, measure
from flashwright.sim.site import Site
from flashwright.sim.stepper import Expansion
from flashwright.sim.trace import Trace, TraceIdError, decoded, encoded, walk

#: What the explorer says when ``watch`` ended it.
STOPPED = "stopped"


class Verdict(StrEnum):
    """What is known; see the module."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    VACUOUS = "VACUOUS"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One property: its verdict and, if violated, the shortest trace."""

    law: str
    text: str
    verdict: Verdict
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer for one scheme on one table under one fault model.

    ``states``, ``operations`` and ``cuts`` count what was covered; ``cost`` is what an update takes
    when nothing goes wrong; ``events`` were seen, ``missing`` were promised and not seen;
    ``incomplete`` says why a proof is not complete. ``findings`` are for the user.
    """

    scheme: str
    verdict: Verdict
    judgements: tuple[Judgement, ...] = ()
    assumptions: tuple[str, ...] = ()
    states: int = 0
    operations: int = 0
    cuts: int = 0
    cost: Cost | None = None
    events: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    incomplete: str = ""
    findings: tuple[Finding, ...] = ()


def machine_for(
    table: Table, scheme: str | None = None, *, chunk: int = 1024, updates: int = 2
) -> tuple[Machine | None, tuple[Finding, ...]]:
    """The machine of ``scheme`` (or the table's own) on a table, or why there is none."""
    if table.device is None:
        text = "the table names no device, so its erase blocks are not known"
        return None, (error("SIM001", text, "name it: --device NAME", table.place),)
    name = scheme or (table.update.scheme.name if table.update else None)
    found = blueprint(name) if name else None
    if found is None:
        known = [b.name for b in BLUEPRINTS]
        text = f"no scheme `{name}` can be proven" if name else "the table names no update scheme"
        help = did_you_mean(name, known) if name else "choose with --scheme: " + ", ".join(known)
        return None, (error("SIM002", text, help, table.place),)
    site = Site(table, chunk)
    machine = found.build(site)
    if machine is None or site.findings:
        return None, tuple(site.findings)
    site.finish()
    machine.name, machine.updates = found.name, updates
    machine.assumptions = (*machine.assumptions, *site.assumptions)
    return machine, ()


def prove(
    table: Table,
    *,
    scheme: str | None = None,
    faults: FaultModel | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
    chunk: int = 1024,
    updates: int = 2,
) -> Proof:
    """Prove a scheme on a table. ``chunk`` bytes a program call; ``updates`` follow each other."""
    machine, findings = machine_for(table, scheme, chunk=chunk, updates=updates)
    if machine is None:
        name = scheme or (table.update.scheme.name if table.update else "")
        why = "the scheme cannot work on this layout"
        return Proof(name, Verdict.INCOMPLETE, incomplete=why, findings=findings)
    return prove_machine(machine, faults, limits, watch)


def prove_machine(
    machine: Machine,
    faults: FaultModel | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Proof:
    """Prove a machine, however it was made."""
    faults, limits = faults or FaultModel(), limits or Limits()
    found = explore(machine, faults, limits, watch)
    incomplete = found.incomplete
    traces: dict[str, Trace] = {}
    unconfirmed: dict[str, str] = {}
    for breach in found.breaches:
        if breach.law in traces:
            continue
        trace = _confirmed(machine, faults, limits, found, breach)
        if trace is None:
            unconfirmed[breach.law] = f"a breach of `{breach.law}` could not be confirmed"
        else:
            traces[breach.law] = trace
    doubts = [why for law, why in unconfirmed.items() if law not in traces]
    incomplete = incomplete or "; ".join(doubts)
    if "whole" in traces and "boots" not in traces:
        whole = traces["whole"]
        traces["boots"] = Trace(whole.id, "boots", whole.why, whole.steps)
    missing = tuple(e for e in _expected(machine) if e not in found.events)
    laws = tuple(_judged(law, traces, incomplete, missing) for law in _laws(machine))
    verdict = _overall(laws, incomplete, missing)
    proof = Proof(
        scheme=machine.name,
        verdict=verdict,
        judgements=laws,
        assumptions=_assumptions(machine, faults),
        states=found.states,
        operations=found.operations,
        cuts=found.cuts,
        cost=measure(machine),
        events=tuple(e for e in EVENTS if e in found.events),
        missing=missing,
        incomplete=incomplete,
    )
    return _with_findings(proof)


def replay(
    machine: Machine, id: str, faults: FaultModel | None = None, limits: Limits | None = None
) -> Trace:
    """Walk the trace of an id; ``TraceIdError`` if it is none of this machine."""
    faults, limits = faults or FaultModel(), limits or Limits()
    labels = decoded(id)
    steps, last = walk(machine, faults, labels, limits.boots)
    law, why = _seen_law(last)
    return Trace(encoded(labels), law, why, steps)


def _laws(machine: Machine) -> list[Law]:
    """The laws that this machine is held to."""
    left_out = set()
    if not machine.promise.reverts:
        left_out.add("reverted")
    if not machine.promise.protects:
        left_out.add("rollback")
    if not {"changed", "migrated"} & set(machine.promise.events):
        left_out.add("values")
    if "installed" not in machine.promise.events:
        left_out |= {"whole", "confirmed"}
    return [law for law in LAWS if law.name not in left_out]


def _expected(machine: Machine) -> tuple[str, ...]:
    """What should happen; that an update follows an update is not asked of a single one."""
    return tuple(e for e in machine.promise.events if e != "next" or machine.updates > 1)


def _confirmed(
    machine: Machine, faults: FaultModel, limits: Limits, found: Exploration, breach: Breach
) -> Trace | None:
    """The trace of a breach, walked without forgetting; ``None`` if nothing is wrong then."""
    labels = found.way(breach.state)
    try:
        steps, last = walk(machine, faults, labels, limits.boots)
    except TraceIdError:
        return None
    law, why = _seen_law(last)
    if not law or (law != breach.law and breach.law not in ("boots", "reverted")):
        return None
    return Trace(encoded(labels), breach.law, why, steps)


def _seen_law(last: Expansion | None) -> tuple[str, str]:
    if last is None or last.goal:
        return "", "a working image runs"
    if last.broken is not None:
        return last.broken.law, last.broken.why
    return "boots", "no working image runs, however often it restarts"


def _judged(
    law: Law, traces: dict[str, Trace], incomplete: str, missing: tuple[str, ...]
) -> Judgement:
    trace = traces.get(law.name)
    if trace is not None:
        return Judgement(law.name, law.text, Verdict.VIOLATED, trace)
    if incomplete:
        return Judgement(law.name, law.text, Verdict.INCOMPLETE)
    vacuous = "installed" in missing or (law.name == "reverted" and "reverted" in missing)
    return Judgement(law.name, law.text, Verdict.VACUOUS if vacuous else Verdict.HOLDS)


def _overall(laws: tuple[Judgement, ...], incomplete: str, missing: tuple[str, ...]) -> Verdict:
    if any(j.verdict is Verdict.VIOLATED for j in laws):
        return Verdict.VIOLATED
    if incomplete:
        return Verdict.INCOMPLETE
    return Verdict.VACUOUS if missing else Verdict.HOLDS


def _assumptions(machine: Machine, faults: FaultModel) -> tuple[str, ...]:
    updates = f"{machine.updates} updates follow each other, each offered again until it is decided"
    if machine.updates == 1:
        updates = "one update, offered again until it is decided"
    chunk = f"data is programmed in calls of {machine.board.chunk} bytes"
    of_images = (updates,) if "installed" in machine.promise.events else ()
    return (*faults.assumptions(), *of_images, chunk, *machine.assumptions)


def _with_findings(proof: Proof) -> Proof:
    from dataclasses import replace

    findings = []
    for j in proof.judgements:
        if j.trace is not None:
            text = f"scheme `{proof.scheme}` breaks `{j.law}`: {j.trace.why}"
            steps = f"{len(j.trace.steps)} step{'s' if len(j.trace.steps) != 1 else ''}"
            call = f"prove --scheme {proof.scheme} --replay {j.trace.id}"
            help = f"{call} with the same faults shows the {steps}"
            findings.append(
                Finding(
                    "SIM101",
                    Severity.ERROR,
                    text,
                    help,
                    facts={"law": j.law, "trace": j.trace.id, "states": proof.states},
                )
            )
    if proof.verdict is Verdict.VACUOUS:
        names = ", ".join(f"`{e}` ({EVENTS[e]})" for e in proof.missing)
        text = f"scheme `{proof.scheme}` never came to: {names}"
        findings.append(error("SIM102", text, "nothing is proven while the update cannot happen"))
    if proof.incomplete:
        text = f"the proof of `{proof.scheme}` is incomplete: {proof.incomplete}"
        more = "let it run on" if proof.incomplete == STOPPED else "raise the limit"
        help = f"{proof.states} states and {proof.cuts} cuts were covered; {more}"
        findings.append(error("SIM103", text, help))
    return replace(proof, findings=(*proof.findings, *findings))
