"""``prove``: what power cuts can do to an update on this layout, as text and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Severity
from flashwright.model.table import Table
from flashwright.sim.mend import Mending
from flashwright.sim.prove import Proof, Verdict
from flashwright.sim.trace import Trace, TraceStep


def proof_text(
    proof: Proof, *, replays: bool = True, command: str = "flashwright prove FILE"
) -> str:
    """The verdicts, the assumptions, what was covered, what an update costs.

    ``replays``: say how a trace is walked again (no trace of a migration can be); ``command`` is
    the call that proved it, with the options that a trace depends on.
    """
    lines = [f"{proof.scheme or 'no scheme'}: {proof.verdict}"]
    wide = max((len(j.law) for j in proof.judgements), default=0)
    lines += [f"  {j.law:<{wide}}  {j.verdict:<10}  {j.text}" for j in proof.judgements]
    if proof.assumptions:
        lines.append("assuming")
        lines += [f"  {text}" for text in proof.assumptions]
    if proof.states:
        covered = f"{proof.states} states, {proof.operations} operations, {proof.cuts} cuts"
        lines.append(f"covered: {covered}")
    if proof.events:
        lines.append("seen: " + ", ".join(proof.events))
    if proof.incomplete:
        lines.append(f"incomplete: {proof.incomplete}")
    if proof.cost is not None:
        lines += _cost(proof)
    for trace, laws in _traces(proof):
        lines += ["", *_trace(trace, laws)]
        if replays:
            lines.append(f"replay: {command} --replay {trace.id}")
    return "\n".join(lines) + "\n"


def trace_text(trace: Trace, table: Table, *, width: int = 80, most: int = 60) -> str:
    """A trace step by step, each step drawn on the map of the table."""
    from flashwright.draw.terminal import terminal

    parts = [f"trace {trace.id}\n{trace.law}: {printable(trace.why, 300)}\n"]
    for number, step in enumerate(trace.steps[:most], 1):
        parts.append(f"\n{number}. {_said(step)}\n")
        parts += [f"     {held.area}: {held.text} {held.extent}\n" for held in step.flash]
        if step.extent is not None and step.owner is not None:
            parts.append(_bar(table, step.owner, step.extent, width))
    if len(trace.steps) > most:
        parts.append(f"\n... and {len(trace.steps) - most} more steps; see --output-format json\n")
    last = next((s for s in reversed(trace.steps) if s.extent is not None and s.owner), None)
    if last is not None and last.extent is not None and last.owner is not None:
        mark = Finding(
            "SIM101",
            Severity.ERROR,
            printable(trace.why, 300),
            where=InFlash(last.owner, last.extent),
        )
        parts.append("\n" + terminal(table, [mark], width=width))
    return "".join(parts)


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """The whole proof as plain values; sizes in bytes, times in microseconds."""
    cost = proof.cost
    return {
        "scheme": proof.scheme,
        "verdict": proof.verdict.value,
        "properties": [
            {
                "name": j.law,
                "text": j.text,
                "verdict": j.verdict.value,
                "trace": trace_as_json(j.trace) if j.trace else None,
            }
            for j in proof.judgements
        ],
        "assumptions": list(proof.assumptions),
        "states": proof.states,
        "operations": proof.operations,
        "cuts": proof.cuts,
        "events": list(proof.events),
        "missing": list(proof.missing),
        "incomplete": proof.incomplete,
        "cost": None
        if cost is None
        else {
            "erases": cost.erases,
            "program_calls": cost.program_calls,
            "programmed": cost.programmed,
            "most_erases": cost.most_erases,
            "updates_until_worn": cost.updates_until_worn or None,
            "time_us": cost.time_us or None,
        },
    }


def mendings_text(mendings: Sequence[Mending], *, looked_for: bool = True) -> str:
    """What would mend a scheme or a layout, one line each; nothing where none was looked for."""
    lines = [
        f"  {printable(m.text, 300)}: HOLDS ({m.proof.states} states, {m.proof.cuts} cuts)"
        for m in mendings
    ]
    if not looked_for:
        return ""
    if not lines:
        return "nothing was found that mends it: neither another scheme nor a larger boot record\n"
    return "\n".join(["what would mend it, proven under the same faults:", *lines, ""])


def mending_as_json(mending: Mending) -> dict[str, Any]:
    """A mending as plain values: in words, the scheme, the partitions that it has, the proof."""
    return {
        "text": mending.text,
        "scheme": mending.scheme,
        "partitions": [
            {
                "name": p.name,
                "role": p.role.value,
                "owner": p.owner,
                "start": p.extent.start,
                "size": p.extent.size,
            }
            for p in mending.table.partitions
        ],
        "proof": proof_as_json(mending.proof),
    }


def trace_as_json(trace: Trace) -> dict[str, Any]:
    """A trace with every step and the flash after it."""
    return {
        "id": trace.id,
        "property": trace.law,
        "why": trace.why,
        "steps": [
            {
                "kind": s.kind,
                "text": s.text,
                "count": s.count,
                "owner": s.owner,
                "start": s.extent.start if s.extent else None,
                "end": s.extent.end if s.extent else None,
                "flash": [
                    {
                        "owner": h.owner,
                        "start": h.extent.start,
                        "end": h.extent.end,
                        "area": h.area,
                        "holds": h.text,
                    }
                    for h in s.flash
                ],
            }
            for s in trace.steps
        ],
    }


def proofs_table(rows: Iterable[Proof]) -> str:
    """Several proofs side by side: verdict, states, cuts, erases, wear, time."""
    cells = [("scheme", "verdict", "states", "cuts", "erases", "updates until worn", "time")]
    for proof in rows:
        cost = proof.cost
        cells.append(
            (
                proof.scheme,
                proof.verdict.value,
                str(proof.states),
                str(proof.cuts),
                str(cost.erases) if cost else "-",
                str(cost.updates_until_worn) if cost and cost.updates_until_worn else "-",
                _seconds(cost.time_us) if cost and cost.time_us else "-",
            )
        )
    widths = [max(len(row[i]) for row in cells) for i in range(7)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells]
    return "\n".join(lines) + "\n"


def unfit_text(proofs: Iterable[Proof]) -> str:
    """The schemes that cannot work on the layout, each with what stands in its way."""
    told = [(p.scheme, "; ".join(f.message for f in p.findings)) for p in proofs]
    wide = max((len(name) for name, _ in told), default=0)
    lines = [f"  {name:<{wide}}  {why}" for name, why in told]
    return "\n".join(["cannot work on this layout:", *lines, ""]) if lines else ""


def is_proven(proof: Proof) -> bool:
    """Whether the proof is complete and nothing is broken."""
    return proof.verdict is Verdict.HOLDS


def _cost(proof: Proof) -> list[str]:
    cost = proof.cost
    assert cost is not None
    what = "the migration" if "migrated" in proof.events else "an update"
    lines = [
        f"{what}: {cost.erases} erases, {cost.program_calls} program calls, "
        f"{format_size(cost.programmed)} programmed"
    ]
    if cost.most_erased is not None:
        often = f"{cost.most_erases} time{'s' if cost.most_erases != 1 else ''}"
        lines[0] += f"; most often the block at {format_hex(cost.most_erased.start)}: {often}"
    if cost.updates_until_worn and "migrated" not in proof.events:
        lines.append(
            f"worn out after {cost.updates_until_worn} updates (endurance of the datasheet)"
        )
    if cost.time_us:
        lines.append(f"erase and program take {_seconds(cost.time_us)} (typical, datasheet)")
    return lines


def _seconds(time_us: int) -> str:
    return f"{time_us / 1_000_000:.1f} s"


def _traces(proof: Proof) -> list[tuple[Trace, str]]:
    """Each way once, with the laws that it breaks in words."""
    found: dict[tuple[str, str], tuple[Trace, list[str]]] = {}
    for j in proof.judgements:
        if j.trace is not None:
            found.setdefault((j.trace.id, j.trace.why), (j.trace, []))[1].append(f"`{j.law}`")
    return [(trace, " and ".join(laws)) for trace, laws in found.values()]


def _trace(trace: Trace, laws: str) -> list[str]:
    lines = [f"the shortest way to break {laws}: {printable(trace.why, 300)}"]
    shown = trace.steps if len(trace.steps) <= 24 else (*trace.steps[:10], *trace.steps[-12:])
    for step in shown:
        if len(shown) < len(trace.steps) and step is trace.steps[-12]:
            lines.append(f"  ... {len(trace.steps) - 22} steps ...")
        lines.append(f"  {_said(step)}")
    return lines


def _said(step: TraceStep) -> str:
    times = f" ({step.count} alike)" if step.count > 1 else ""
    text = printable(step.text, 200)
    kind = "" if text.split(" ")[0].rstrip(":") == step.kind else f"{step.kind}: "
    return f"{kind}{text}{times}"


def _bar(table: Table, owner: str, extent: Extent, width: int) -> str:
    """The flash as one line, with the bytes of a step marked."""
    flash = table.device.flash(owner) if table.device else None
    if flash is None:
        return ""
    cells = max(20, min(width, 120) - 4)
    first = extent.start * cells // flash.size
    last = max(first + 1, -(-extent.end * cells // flash.size))
    bar = ["·"] * cells
    for p in table.in_flash(owner):
        begin, end = p.extent.start * cells // flash.size, p.extent.end * cells // flash.size
        bar[begin : max(end, begin + 1)] = [p.name[:1] or "?"] * (max(end, begin + 1) - begin)
    bar = [printable(c, 1) for c in bar[:cells]]
    bar[first:last] = ["█"] * (min(last, cells) - first)
    return f"     [{''.join(bar)}]\n"
