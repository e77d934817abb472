"""``release`` and ``lock``: remember the layout that ships, and hold later ones to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, in_order, worst
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.lock.changes import drop, record
from flashwright.evolve.lock.compat import number, release_note
from flashwright.evolve.lock.releases import Held, Lock, guard, held
from flashwright.evolve.lock.text import read_lock
from flashwright.formats.format import Source
from flashwright.model.table import Table


@dataclass(frozen=True, slots=True)
class Released:
    """A lock after a release: its bytes (``None``: nothing may be written), and what to tell."""

    data: bytes | None
    findings: tuple[Finding, ...]
    note: str = ""


def release(
    name: str,
    tables: tuple[Table, ...],
    lock_source: Source | None,
    *,
    path: str = "flash.lock",
    date: str = "",
    facts: FieldFacts | None = None,
) -> Released:
    """Record ``tables`` as release ``name`` in the lock (a new one, if there is none)."""
    lock, faults = _opened(lock_source, path)
    if lock is None:
        return Released(None, faults)
    paragraphs = []
    for table in tables:
        verdicts: tuple[Held, ...] = held(lock, table, facts)
        paragraphs.append(release_note(name, verdicts, number(lock, table, facts)))
    changed = record(lock, name, tables, date=date, facts=facts)
    findings = in_order([*faults, *changed.findings])
    if worst(findings) is Severity.ERROR:
        return Released(None, findings)
    return Released(changed.data, findings, "\n".join(paragraphs))


def guarded(
    tables: tuple[Table, ...],
    lock_source: Source,
    facts: FieldFacts | None = None,
    renames: Sequence[tuple[str, str]] = (),
) -> tuple[Finding, ...]:
    """What the tables break of the supported releases in the lock, or why it cannot be read."""
    lock, faults = _opened(lock_source, lock_source.path)
    if lock is None:
        return faults
    found = [f for table in tables for f in guard(lock, table, facts, renames)]
    return (*faults, *found)


def dropped(lock_source: Source, name: str, reason: str) -> Released:
    """The lock with release ``name`` no longer supported."""
    lock, faults = _opened(lock_source, lock_source.path)
    if lock is None:
        return Released(None, faults)
    changed = drop(lock, name, reason)
    return Released(changed.data, (*faults, *changed.findings))


def listed(lock_source: Source) -> tuple[str, tuple[Finding, ...]]:
    """The releases of a lock, a line each, and what is wrong with it."""
    lock, faults = _opened(lock_source, lock_source.path)
    if lock is None:
        return "", faults
    rows = [
        (
            printable(r.name),
            printable(r.table.name),
            f"compatibility {r.compat}",
            f"{len(r.table.partitions)} partitions",
            printable(r.date),
            f"dropped: {printable(r.dropped, 200)}" if r.dropped else "supported",
        )
        for r in lock.releases
    ]
    widths = [max(len(row[i]) for row in rows) if rows else 0 for i in range(6)]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True) if w).rstrip()
        for row in rows
    ]
    return "".join(line + "\n" for line in lines), faults


def _opened(source: Source | None, path: str) -> tuple[Lock | None, tuple[Finding, ...]]:
    if source is None:
        return Lock(path=path), ()
    read = read_lock(source)
    return read.lock, tuple(read.findings)
