"""How a lock changes: a release is recorded, or dropped with a reason. Nothing else changes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flashwright.base.nearest import did_you_mean
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, note, worst
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.compare.layout import layout_digest
from flashwright.evolve.lock.compat import number
from flashwright.evolve.lock.releases import LONGEST_NAME, LONGEST_REASON, Lock, Release
from flashwright.evolve.lock.text import lock_as_text
from flashwright.model.table import Table


@dataclass(frozen=True, slots=True)
class Changed:
    """A lock after a change: the bytes of the file, ``None`` if nothing may be written."""

    data: bytes | None
    lock: Lock
    findings: tuple[Finding, ...] = ()


def record(
    lock: Lock,
    release: str,
    tables: Sequence[Table],
    *,
    date: str = "",
    facts: FieldFacts | None = None,
) -> Changed:
    """The lock with ``release``, whose devices have ``tables``; ``date`` as ``2026-03-01``.

    Findings: EVO155 (recorded already, with another layout: error; with the same: note), EVO159
    (a name or date that cannot be recorded).
    """
    faults = _name_faults(lock, release, date)
    if not tables:
        faults.append(error("EVO159", "no table to record", "name the layout file that ships"))
    names = [t.name for t in tables]
    for twice in sorted({n for n in names if names.count(n) > 1}):
        faults.append(
            error("EVO159", f"two tables are called `{printable(twice)}`", "rename one of them")
        )
    if faults:
        return Changed(None, lock, tuple(faults))
    added: list[Release] = []
    for table in tables:
        known = next((r for r in lock.named(release) if r.table.name == table.name), None)
        if known is None:
            added.append(Release(release, table, number(lock, table, facts), date))
        else:
            faults.append(_recorded(known, table))
    if worst(faults) is Severity.ERROR or not added:
        return Changed(None, lock, tuple(faults))
    return _written(replace(lock, releases=(*lock.releases, *added)), faults)


def drop(lock: Lock, release: str, reason: str) -> Changed:
    """The lock in which ``release`` is no longer supported, because of ``reason``.

    Findings: EVO156 (no such release, or dropped already), EVO157 (no reason).
    """
    found = lock.named(release)
    reason = " ".join(reason.split())
    if not found:
        message = f"no release `{printable(release)}` is recorded"
        help = did_you_mean(release, [r.name for r in lock.releases])
        return Changed(None, lock, (error("EVO156", message, help, Place(lock.path)),))
    if all(r.dropped for r in found):
        message = (
            f"release `{printable(release)}` is dropped already: {printable(found[0].dropped)}"
        )
        return Changed(None, lock, (note("EVO156", message, "nothing to do", found[0].place),))
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        message = f"release `{printable(release)}` is dropped without a reason in one line"
        help = f'say why in at most {LONGEST_REASON} characters: "no device has it any more"'
        return Changed(None, lock, (error("EVO157", message, help, found[0].place),))
    releases = tuple(
        replace(r, dropped=reason) if r.name == release and not r.dropped else r
        for r in lock.releases
    )
    return _written(replace(lock, releases=releases), [])


def _name_faults(lock: Lock, release: str, date: str) -> list[Finding]:
    faults = []
    if not release or len(release) > LONGEST_NAME or not release.isprintable():
        faults.append(
            error(
                "EVO159",
                f"`{printable(release)}` is no name of a release",
                f"use 1 to {LONGEST_NAME} printable characters, such as 1.4.0",
                Place(lock.path),
            )
        )
    if date and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date):
        faults.append(error("EVO159", f"`{printable(date)}` is no date", "write it as 2026-03-01"))
    return faults


def _recorded(known: Release, table: Table) -> Finding:
    which = f"release `{printable(known.name)}` of `{printable(table.name)}`"
    if layout_digest(known.table) == layout_digest(table):
        return note("EVO155", f"{which} is recorded already, with this layout", "", known.place)
    return error(
        "EVO155",
        f"{which} is recorded already, with another layout",
        "what shipped does not change: record this layout under the name of the next release",
        known.place,
    )


def _written(lock: Lock, findings: list[Finding]) -> Changed:
    return Changed(lock_as_text(lock), lock, tuple(findings))
