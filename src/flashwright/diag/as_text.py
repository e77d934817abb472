"""Findings for a terminal: one terse line each, with help below it."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity

_COLOUR = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.NOTE: "36;1"}


def findings_as_text(findings: Iterable[Finding], *, colour: bool = False) -> str:
    """The findings as lines for people; ``more`` is said once for each code."""
    lines: list[str] = []
    explained: set[str] = set()
    for finding in findings:
        lines.extend(_lines(finding, colour, explain=finding.code not in explained))
        explained.add(finding.code)
    return "".join(line + "\n" for line in lines)


def count_line(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``; ``no findings`` if there are none."""
    counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for finding in findings:
        counts[finding.severity] += 1
    words = [f"{n} {s.word}{'s' if n > 1 else ''}" for s, n in counts.items() if n]
    return ", ".join(words) or "no findings"


def _lines(finding: Finding, colour: bool, *, explain: bool) -> list[str]:
    label = f"{finding.severity.word}[{finding.code}]"
    if colour:
        label = f"\x1b[{_COLOUR[finding.severity]}m{label}\x1b[0m"
    place = f"{printable(str(finding.place), 300)}: " if finding.place else ""
    table = f"{printable(finding.table)}: " if finding.table else ""
    lines = [f"{place}{label} {table}{printable(finding.message, 600)}"]
    if finding.help:
        lines.append(f"  help: {printable(finding.help, 600)}")
    lines.extend(f"  see:  {printable(str(p), 300)}" for p in finding.related[:8])
    if explain:
        lines.append(f"  more: flashwright explain {finding.code}")
    return lines
