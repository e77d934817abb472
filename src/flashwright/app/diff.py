"""``diff``: what a new layout does to devices that shipped with the old one, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding
from flashwright.evolve.compare.diff import Change, Difference, diff
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.judge.verdict import Verdict, judge
from flashwright.model.table import Partition, Table


@dataclass(frozen=True, slots=True)
class Compared:
    """Two tables with their difference and the verdict on it."""

    difference: Difference
    verdict: Verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The reasons of the verdict, and what is wrong with the comparison itself."""
        return self.verdict.findings


def compare(
    old: Table,
    new: Table,
    renames: Sequence[tuple[str, str]] = (),
    facts: FieldFacts | None = None,
) -> Compared:
    """What becomes of devices with ``old`` that get software with ``new``."""
    difference = diff(old, new, renames)
    return Compared(difference, judge(difference, facts))


def changes_text(compared: Compared) -> str:
    """One aligned line a partition, and the verdict below."""
    rows = [_row(change) for change in compared.difference.changes]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    ]
    for moved in compared.difference.reindexed:
        old, new = printable(moved.old.name), printable(moved.new.name)
        lines.append(f"index {moved.index}: was `{old}`, is `{new}`")
    lines.append(f"verdict: {compared.verdict.words}")
    return "\n".join(lines) + "\n"


def compared_as_json(compared: Compared) -> dict[str, Any]:
    """The changes and the verdict as plain values; all numbers are bytes."""
    return {
        "verdict": {
            "way": compared.verdict.way.name.lower().replace("_", "-"),
            "words": compared.verdict.words,
            "direct": compared.verdict.is_direct,
        },
        "changes": [_change_json(c) for c in compared.difference.changes],
    }


def _row(change: Change) -> tuple[str, str, str, str, str]:
    hows = " ".join(h.value for h in change.hows)
    return (
        printable(change.name),
        hows,
        _place(change.old),
        _place(change.new),
        change.meaning.value,
    )


def _place(partition: Partition | None) -> str:
    if partition is None:
        return "-"
    return f"{format_hex(partition.extent.start)}+{format_hex(partition.size)}"


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "how": [h.value for h in change.hows],
        "meaning": change.meaning.value,
        "old": _json(change.old),
        "new": _json(change.new),
        "distance": change.distance,
        "growth": change.growth,
        "old_index": change.old_index,
        "new_index": change.new_index,
    }


def _json(partition: Partition | None) -> dict[str, Any] | None:
    if partition is None:
        return None
    return {
        "name": partition.name,
        "owner": partition.owner,
        "offset": partition.extent.start,
        "size": partition.size,
    }
