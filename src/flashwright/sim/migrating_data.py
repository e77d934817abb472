"""What a migration must bring about, told from the two tables and not from the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.evolve.compare.diff import Change, diff
from flashwright.evolve.compare.field import DATA_ROLES, SLOT_ROLES, FieldFacts
from flashwright.evolve.migrate.migration import Migration
from flashwright.evolve.migrate.moves import At
from flashwright.model.table import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bytes that lie in ``old`` before and in ``new`` after; no ``old``: ``new`` is erased."""

    name: str
    new: At
    old: At | None = None


def wanted_of(
    plan: Migration, facts: FieldFacts, renames: Sequence[tuple[str, str]]
) -> Iterator[Wanted]:
    """What the two tables and the user want; ``facts`` and ``renames`` as the plan was made."""
    changes = diff(plan.old, plan.new, renames).changes
    containers = {p.parent for t in (plan.old, plan.new) for p in t.partitions}
    for change in changes:
        old, new = change.old, change.new
        if new is None or new.name in containers or (old or new).role not in DATA_ROLES:
            continue
        place = At(new.owner, new.extent)
        if old is None:
            if change.inherits:
                yield Wanted(new.name, place)
            continue
        if {old.name, new.name} & set(facts.discard):
            if not change.is_same:
                yield Wanted(new.name, place)
            continue
        held = Extent.of(new.extent.start, old.size)
        yield Wanted(new.name, At(new.owner, held), At(old.owner, old.extent))
        added = Extent(held.end, max(held.end, new.extent.end))
        if added and _takes(change, added):
            yield Wanted(f"the new end of {new.name}", At(new.owner, added))


def _takes(change: Change, added: Extent) -> bool:
    """Whether bytes that are added to a partition hold something old."""
    return change.moved or any(p.extent.overlaps(added) for p in change.inherits)


def live_image(plan: Migration) -> At:
    """The image that migrates: as large as it can be in every slot that it has to lie in."""
    slot = plan.running
    sizes = [slot.size, *(i.largest for i in plan.before)]
    for p in plan.new.partitions:
        same = p.owner == slot.owner and p.extent.start == slot.extent.start
        if p.role in SLOT_ROLES - {Role.FACTORY} and same:
            sizes.append(p.size)
    return At(slot.owner, Extent.of(slot.extent.start, min(sizes)))
