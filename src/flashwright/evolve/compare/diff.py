"""What changed from one table to the next, partition by partition, and what becomes of the bytes.

Laws: every partition of either table is in exactly one ``Change``; nothing is judged here
(``verdict`` does that); tables of different formats compare by flash and offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error
from flashwright.evolve.compare.match import Places, grounded, pairs, present
from flashwright.model.alios import PREFIX, index_of
from flashwright.model.device import Device
from flashwright.model.table import Partition, Table
from flashwright.rules.tell import fault, listed, quoted, span
from flashwright.rules.view import View

#: Formats whose programs find a partition by its number in the table.
_NUMBERED = frozenset({"alios-c", "picotool-json", "mynewt-bsp", "mtdparts"})


class How(StrEnum):
    """What happened to a partition; several may hold together (moved and grown)."""

    KEPT = "kept"
    MOVED = "moved"
    GROWN = "grown"
    SHRUNK = "shrunk"
    RENAMED = "renamed"
    DROPPED = "dropped"
    NEW = "new"


class Meaning(StrEnum):
    """What the change means for the bytes that devices hold, if nobody does anything about it."""

    #: The new software finds them where they were.
    KEPT = "kept"
    #: Kept but for the end, which is cut off.
    CUT = "cut off"
    #: The new software looks elsewhere.
    LOST = "lost"
    #: They stay in the flash, but nothing reads them any more.
    ORPHANED = "orphaned"
    #: Something else takes them for its own.
    READ_BY_OTHER = "read by something else"
    #: A new partition that lies over bytes of old ones.
    INHERITS = "inherits old bytes"
    #: A new partition over bytes that the old table did not use.
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Change:
    """One partition, before and after (one of them may be ``None``).

    ``distance`` and ``growth`` are in bytes, negative towards the start and for shrinking.
    ``heirs`` are other partitions of the new table that have bytes of the old place; ``inherits``
    other partitions of the old table whose bytes the new place has. The indices are ``None`` where
    the ecosystem does not number partitions.
    """

    old: Partition | None
    new: Partition | None
    hows: tuple[How, ...]
    meaning: Meaning
    distance: int = 0
    growth: int = 0
    heirs: tuple[Partition, ...] = ()
    inherits: tuple[Partition, ...] = ()
    old_index: int | None = None
    new_index: int | None = None

    @property
    def name(self) -> str:
        """Its name, the new one where it has two."""
        one = self.new or self.old
        assert one is not None
        return one.name

    @property
    def is_same(self) -> bool:
        """Whether nothing of it changed that a device could see."""
        return self.hows == (How.KEPT,) and self.old_index == self.new_index

    @property
    def moved(self) -> bool:
        """Whether it starts elsewhere, or lies in another flash."""
        return How.MOVED in self.hows


@dataclass(frozen=True, slots=True)
class IndexChange:
    """An index of the ecosystem's table that means another partition than before."""

    index: int
    old: Partition
    new: Partition


@dataclass(frozen=True, slots=True)
class Difference:
    """Two tables on one ground, every partition's change in flash order, and findings on the way.

    ``same_device`` is false where both tables name a device and the flashes differ.
    """

    old: Table
    new: Table
    changes: tuple[Change, ...]
    reindexed: tuple[IndexChange, ...] = ()
    same_device: bool = True
    findings: tuple[Finding, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether no partition changed."""
        return all(c.is_same for c in self.changes) and self.same_device

    @property
    def mapping(self) -> tuple[tuple[str, str], ...]:
        """(old name, new name) of the partitions that are in both tables, for drawings."""
        return tuple((c.old.name, c.new.name) for c in self.changes if c.old and c.new)

    def change_of(self, name: str) -> Change | None:
        """The change of the partition that is called so in either table, the new one first."""
        by_new = next((c for c in self.changes if c.new and c.new.name == name), None)
        return by_new or next((c for c in self.changes if c.old and c.old.name == name), None)


def diff(old: Table, new: Table, renames: Sequence[tuple[str, str]] = ()) -> Difference:
    """What changed from ``old`` to ``new``; ``renames`` are (old name, new name) that are one.

    Findings: EVO101 (different devices), EVO102 (a table that is faulty itself), EVO103 (a rename
    that names no partition).
    """
    old, new = grounded(old, new)
    findings = [*_rename_faults(old, new, renames), *_overlaps(old), *_overlaps(new)]
    same = _same_flashes(old.device, new.device)
    if not same:
        findings.append(_different(old, new))
    before, after = Places(present(old)), Places(present(new))
    containers: set[str | None] = {p.parent for t in (old, new) for p in t.partitions if p.parent}
    views = View(old), View(new)
    changes = tuple(
        _change(o, n, views, before, after, containers) for o, n in pairs(old, new, renames)
    )
    return Difference(old, new, changes, _reindexed(changes), same, tuple(findings))


def kind_of(view: View, partition: Partition) -> object:
    """What the ecosystem takes a partition's bytes for beyond its role: ESP-IDF's subtype."""
    return view.esp_kind(partition) if "subtype" in partition.attributes else None


def index_in(table: Table, partition: Partition) -> int | None:
    """The number by which programs find the partition; ``None`` where they use names."""
    symbol = partition.id or ""
    if symbol.startswith(PREFIX):
        if partition.index is not None:
            return partition.index
        said = table.update.sdk if table.update else ""
        version = said or table.attributes.get("sdk")
        return index_of(symbol, version) if isinstance(version, str) else None
    return partition.index if table.format in _NUMBERED else None


def _change(
    old: Partition | None,
    new: Partition | None,
    views: tuple[View, View],
    before: Places,
    after: Places,
    containers: set[str | None],
) -> Change:
    heirs = after.over(old.owner, old.extent) if old else ()
    inherits = before.over(new.owner, new.extent) if new else ()
    one = new or old
    assert one is not None
    nested = one.name in containers or one.parent is not None
    heirs = tuple(p for p in heirs if p is not new and not (nested and _kin(p, one, containers)))
    inherits = tuple(
        p for p in inherits if p is not old and not (nested and _kin(p, one, containers))
    )
    old_index = index_in(views[0].table, old) if old else None
    new_index = index_in(views[1].table, new) if new else None
    if old is None:
        meaning = Meaning.INHERITS if inherits else Meaning.BLANK
        hows: tuple[How, ...] = (How.NEW,)
        return Change(None, new, hows, meaning, inherits=inherits, new_index=new_index)
    if new is None:
        meaning = Meaning.READ_BY_OTHER if heirs else Meaning.ORPHANED
        hows = (How.DROPPED,)
        return Change(old, None, hows, meaning, heirs=heirs, old_index=old_index)
    return Change(
        old,
        new,
        _hows(old, new),
        _meaning(old, new, _other_kind(old, new, views)),
        new.extent.start - old.extent.start,
        new.size - old.size,
        heirs,
        inherits,
        old_index,
        new_index,
    )


def _kin(one: Partition, other: Partition, containers: set[str | None]) -> bool:
    """Whether they may lie in one another: a span and its parts."""
    return one.name in containers or other.name in containers or one.parent == other.parent


def _hows(old: Partition, new: Partition) -> tuple[How, ...]:
    hows = []
    if old.owner != new.owner or old.extent.start != new.extent.start:
        hows.append(How.MOVED)
    if new.size != old.size:
        hows.append(How.GROWN if new.size > old.size else How.SHRUNK)
    if old.name.casefold() != new.name.casefold():
        hows.append(How.RENAMED)
    return tuple(hows) or (How.KEPT,)


def _meaning(old: Partition, new: Partition, other_kind: bool) -> Meaning:
    if old.owner != new.owner or old.extent.start != new.extent.start:
        return Meaning.LOST
    if old.role != new.role or other_kind:
        return Meaning.READ_BY_OTHER
    return Meaning.CUT if new.size < old.size else Meaning.KEPT


def _other_kind(old: Partition, new: Partition, views: tuple[View, View]) -> bool:
    kinds = kind_of(views[0], old), kind_of(views[1], new)
    return None not in kinds and kinds[0] != kinds[1]


def _reindexed(changes: tuple[Change, ...]) -> tuple[IndexChange, ...]:
    before = {c.old_index: c.old for c in changes if c.old and c.old_index is not None}
    found = []
    for c in changes:
        was = before.get(c.new_index) if c.new_index is not None else None
        if c.new and c.new_index is not None and was is not None and was is not c.old:
            found.append(IndexChange(c.new_index, was, c.new))
    return tuple(sorted(found, key=lambda c: c.index))


def _same_flashes(old: Device | None, new: Device | None) -> bool:
    """Whether the flashes are the same; a name alone may change (a catalogue's alias)."""
    if old is None or new is None or old is new:
        return True
    by_name = {f.name: f for f in new.flashes}
    for flash in old.flashes:
        other = by_name.get(flash.name)
        if other is None or (flash.base, flash.runs) != (other.base, other.runs):
            return False
    return True


def _different(old: Table, new: Table) -> Finding:
    assert old.device is not None and new.device is not None
    return error(
        "EVO101",
        f"the tables are for different flashes: {_told(old.device)} and {_told(new.device)}",
        "compare tables of one chip; for another chip there are no devices in the field",
        new.place,
    )


def _told(device: Device) -> str:
    flashes = ", ".join(
        f"{f.name} 0x{f.size:X} in blocks of 0x{f.smallest_erase_block:X}" for f in device.flashes
    )
    return f"{printable(device.id)} ({printable(flashes, 200)})"


def _rename_faults(old: Table, new: Table, renames: Sequence[tuple[str, str]]) -> list[Finding]:
    found = []
    for was, now in renames:
        for name, table, which in ((was, old, "old"), (now, new, "new")):
            if table.get(name) is None:
                found.append(
                    error(
                        "EVO103",
                        f"`{printable(name)}` is not in the {which} table",
                        did_you_mean(name, [p.name for p in table.partitions]),
                        table.place,
                    )
                )
    return found


def _overlaps(table: Table) -> list[Finding]:
    """Overlaps that are not meant: a table that is faulty itself cannot be judged for certain."""
    view = View(table)
    found: list[Finding] = []
    for owner, partitions in view.by_flash.items():
        reach: Partition | None = None
        for p in partitions:
            if reach and reach.extent.overlaps(p.extent) and not view.declared(reach, p):
                shared = Extent(p.extent.start, min(reach.extent.end, p.extent.end))
                found.append(
                    fault(
                        "EVO102",
                        Severity.WARNING,
                        f"{listed([reach, p])} of table `{printable(table.name)}` overlap at "
                        f"{span(p, shared)}: what devices hold there cannot be told",
                        f"run `flashwright check`, and say which of {quoted(reach)} and "
                        f"{quoted(p)} has these 0x{shared.size:X} bytes",
                        of=p,
                        extent=shared,
                        others=(reach,),
                        owner=owner,
                    )
                )
            if reach is None or p.extent.end > reach.extent.end:
                reach = p
        if len(found) > _MOST:
            return found[:_MOST]
    return found


#: Overlaps that are reported of one table; a table with more is no layout.
_MOST = 20
