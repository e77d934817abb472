"""The compatibility number of a release, and what to tell users about it, in plain words.

The number changes exactly when devices that have the last number cannot take the update directly
(an idea of OpenWrt's `compat_version`). An update is direct if the image can simply be sent,
perhaps moving data itself; it is not if an intermediate image or a cable is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.base.text import printable
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.judge.reason import Way
from flashwright.evolve.lock.releases import Held, Lock, held
from flashwright.model.table import Table


def number(lock: Lock, table: Table, facts: FieldFacts | None = None) -> int:
    """The compatibility number that ``table`` gets as the next release; the first one is 1.

    That of the last release, if every supported release with that number can take the update
    directly; else one more.
    """
    releases = lock.of(table)
    if not releases:
        return 1
    last = max(r.compat for r in releases)
    same = [h for h in held(lock, table, facts) if h.release.compat == last]
    return last if all(h.verdict.is_direct for h in same) else last + 1


def release_note(release: str, held_by: Sequence[Held], compat: int) -> str:
    """A paragraph for the release notes of ``release``: who can update how, and what is lost.

    ``held_by`` are the verdicts on every supported release (``lock.held``).
    """
    name = printable(release, 64)
    if not held_by:
        return f"Release {name} is the first one with this flash layout (compatibility {compat}).\n"
    sentences = [
        f"Release {name} has the compatibility number {compat}." + _numbers_differ(held_by, compat)
    ]
    for way in Way:
        group = [h for h in held_by if h.verdict.way is way]
        if group:
            sentences.append(_SAID[way].format(_devices(group)))
            sentences += _losses(group, way)
    return " ".join(sentences) + "\n"


_SAID = {
    Way.OVER_THE_AIR: "{} update over the air as usual.",
    Way.WITH_MIGRATION: "{} update over the air; the new release must move or erase stored data "
    "at its first start.",
    Way.INTERMEDIATE: "{} cannot take it directly: they need an intermediate release first.",
    Way.CABLE: "{} cannot be updated over the air and must be flashed by cable.",
}


def _numbers_differ(held_by: Sequence[Held], compat: int) -> str:
    older = {h.release.compat for h in held_by if h.release.compat != compat}
    return " Devices with a lower number cannot take it directly." if older else ""


def _devices(group: Sequence[Held]) -> str:
    names = list(dict.fromkeys(printable(h.release.name, 64) for h in group))
    if len(names) == 1:
        return f"Devices with release {names[0]}"
    return "Devices with releases " + ", ".join(names[:-1]) + " and " + names[-1]


def _losses(group: Sequence[Held], way: Way) -> list[str]:
    """What is stored and not found again, once for each partition."""
    if way is Way.CABLE:
        return []
    lost = dict.fromkeys(
        str(f.facts.get("partition"))
        for h in group
        for f in h.verdict.findings
        if f.code in ("EVO120", "EVO121", "EVO123", "EVO125")
    )
    if not lost:
        return ["Stored data is kept."]
    names = ", ".join(f"`{printable(n)}`" for n in lost)
    return (
        [f"Without that, the contents of {names} are lost."]
        if way > Way.OVER_THE_AIR
        else [f"The contents of {names} are given up."]
    )
