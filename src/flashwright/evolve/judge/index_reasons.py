"""Reasons that lie in the numbers by which software finds partitions.

Source: the `hal_partition_t` enumerations of AliOS Things 1.1 to 3.3 (`model.alios`): its rule is
that custom partitions come last, and its own releases broke it.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.evolve.judge.reason import Case, Reason, Way
from flashwright.model.alios import ENUMERATIONS, PREFIX, short_name
from flashwright.model.table import Table
from flashwright.rules.tell import ERROR, WARNING, fault, quoted

_ELSE = (
    "or build everything anew that knows the number: closed libraries, the second boot, "
    "KV_CONFIG_PARTITION"
)


def changed(case: Case) -> Iterator[Reason]:
    """EVO140: a number that means another partition than in the field."""
    taken = {item.index: item for item in case.difference.reindexed}
    for change in case.difference.changes:
        old, new, was, now = change.old, change.new, change.old_index, change.new_index
        if new is None or now is None:
            continue
        item = taken.get(now)
        if old is not None and was is not None and was != now:
            before = f", which was {quoted(item.old)}" if item else ""
            message = f"{quoted(new)} had index {was} and has index {now} now{before}"
            help = f"keep index {was} for it; {_ELSE}"
        elif item is not None and item.new is new:
            message = f"index {now} was {quoted(item.old)} and is {quoted(new)} now"
            help = f"give {quoted(new)} an index that was never used; {_ELSE}"
        else:
            continue
        others = (item.old,) if item else ()
        yield Reason(
            Way.OVER_THE_AIR,
            fault(
                "EVO140",
                WARNING,
                message,
                help,
                of=new,
                fields=("index", "id", "name"),
                others=others,
                old_index=was,
                new_index=now,
            ),
        )


def not_at_end(case: Case) -> Iterator[Reason]:
    """EVO141: a custom partition that is not the last by its number."""
    used = [c.old_index for c in case.difference.changes if c.old_index is not None]
    if not used:
        return
    names = _enumeration(case.old) | _enumeration(case.new)
    for change in case.difference.changes:
        new, index = change.new, change.new_index
        if new is None or change.old is not None or index is None:
            continue
        if new.id and new.id.startswith(PREFIX) and short_name(new.id) in names:
            continue
        last = max(used)
        if index > last:
            continue
        yield Reason(
            Way.OVER_THE_AIR,
            fault(
                "EVO141",
                ERROR,
                f"{quoted(new)} is new and has index {index}, which is not after the last index "
                f"{last} of the layout in the field",
                f"give it index {last + 1} or above: custom partitions come last",
                of=new,
                fields=("index", "id", "name"),
                index=index,
                last=last,
            ),
        )


def _enumeration(table: Table) -> frozenset[str]:
    said = table.update.sdk if table.update else ""
    version = said or table.attributes.get("sdk")
    if isinstance(version, str) and version in ENUMERATIONS:
        return frozenset(ENUMERATIONS[version])
    return frozenset().union(*ENUMERATIONS.values())
