"""``flash.lock``: the layouts that have shipped, and what a new table does to each of them.

Laws: a release is recorded once and never changes but for being dropped, with a reason; the lock
is written whole or not at all; no clock: a date is what the user says. What judging a layout later
needs (device geometry, bootloader, scheme) is recorded with it, so that a newer device catalogue
does not change what shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flashwright.base.nearest import did_you_mean
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, in_order, worst
from flashwright.evolve.compare.diff import diff
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.compare.layout import layout_digest
from flashwright.evolve.judge.reason import Way
from flashwright.evolve.judge.verdict import Verdict, judge
from flashwright.model.table import Table

#: The longest name of a release and the longest reason, in characters.
LONGEST_NAME, LONGEST_REASON = 64, 400


@dataclass(frozen=True, slots=True)
class Release:
    """One table of one release: what devices of it have.

    ``compat`` is its compatibility number (``evolve.compat``), ``dropped`` the reason why it is
    no longer supported, empty while it is.
    """

    name: str
    table: Table
    compat: int = 1
    date: str = ""
    dropped: str = ""
    place: Place | None = None

    @property
    def is_supported(self) -> bool:
        """Whether a new table may not break it."""
        return not self.dropped


@dataclass(frozen=True, slots=True)
class Lock:
    """All releases, oldest first; a release with several tables is in it several times."""

    releases: tuple[Release, ...] = ()
    path: str = "flash.lock"

    def named(self, name: str) -> tuple[Release, ...]:
        """The tables of the release called ``name``."""
        return tuple(r for r in self.releases if r.name == name)

    def of(self, table: Table) -> tuple[Release, ...]:
        """The releases of this table: those with its name, or all if the lock knows one table."""
        same = tuple(r for r in self.releases if r.table.name == table.name)
        if same or len({r.table.name for r in self.releases}) > 1:
            return same
        return self.releases


@dataclass(frozen=True, slots=True)
class Held:
    """A supported release, and the verdict of the new table on devices that have it."""

    release: Release
    verdict: Verdict = field(compare=False)


def held(
    lock: Lock,
    table: Table,
    facts: FieldFacts | None = None,
    renames: Sequence[tuple[str, str]] = (),
) -> tuple[Held, ...]:
    """The verdict on ``table`` for each release that is still supported, oldest first."""
    judged: dict[str, Verdict] = {}
    found = []
    for release in lock.of(table):
        if not release.is_supported:
            continue
        key = layout_digest(release.table, whole=True)
        if key not in judged:
            judged[key] = judge(diff(release.table, table, renames), facts)
        found.append(Held(release, judged[key]))
    return tuple(found)


def guard(
    lock: Lock,
    table: Table,
    facts: FieldFacts | None = None,
    renames: Sequence[tuple[str, str]] = (),
) -> tuple[Finding, ...]:
    """What ``table`` breaks of the releases that are still supported.

    EVO158 names the releases and the verdict, followed by its reasons; EVO160 says that the lock
    knows no table of this name. Each layout is told once, however many releases have it.
    """
    if lock.releases and not lock.of(table):
        known = sorted({r.table.name for r in lock.releases})
        finding = Finding(
            "EVO160",
            Severity.WARNING,
            f"`{lock.path}` knows no table `{printable(table.name)}`: nothing guards it",
            f"if it was renamed, name it as before: {did_you_mean(table.name, known)}; if it is "
            "new, record it with its first release",
            table.place,
        )
        return (finding,)
    groups: dict[int, list[Held]] = {}
    for item in held(lock, table, facts, renames):
        groups.setdefault(id(item.verdict), []).append(item)
    found: list[Finding] = []
    for group in groups.values():
        found += _broken(group, table)
    return in_order(found)


def _broken(group: list[Held], table: Table) -> list[Finding]:
    verdict = group[0].verdict
    said = [f for f in verdict.findings if f.severity > Severity.NOTE]
    severity = worst(said)
    if severity is None and verdict.way is Way.OVER_THE_AIR:
        return []
    names = [h.release.name for h in group]
    which = "release " + _names(names) if len(names) == 1 else "releases " + _names(names)
    places = tuple(h.release.place for h in group if h.release.place)
    summary = Finding(
        "EVO158",
        severity or Severity.WARNING,
        f"devices with {which}: {verdict.words}",
        "mend what the findings below say; or, when no device has it any more, "
        f"`flashwright lock --drop {printable(names[0])} --reason ...`",
        table.place,
        related=places[:8],
        facts={"releases": names, "verdict": verdict.words},
    )
    return [summary] + [
        replace(
            f,
            message=f"{f.message} ({which})",
            facts={**f.facts, "releases": names},
            table=None,
        )
        for f in verdict.findings
    ]


def _names(names: list[str]) -> str:
    shown = [printable(n) for n in names[:4]]
    if len(names) > 4:
        shown.append(f"{len(names) - 4} more")
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
