"""Which partition of the new table is which of the old one, also across formats.

Laws: every partition that holds bytes is in exactly one pair; what the user says comes first, then
names and symbols, then what the ecosystem looks a partition up by, then place and role.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from flashwright.base.extent import Extent
from flashwright.model.alios import PREFIX, short_name
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.view import View

Pair = tuple[Partition | None, Partition | None]
_Key = Callable[[Partition], Hashable]

#: Of these a device has one, so that the only one of the old is the only one of the new table.
_SINGLE = frozenset(
    {
        *(Role.BOOTLOADER, Role.PARTITION_TABLE, Role.BOOT_RECORD, Role.SCRATCH),
        *(Role.APPLICATION, Role.OTA_TEMP, Role.FACTORY),
    }
)

#: How many overlapping partitions are named for one; a faulty table may have any number.
_MOST_NAMED = 64


class Places:
    """The partitions of a table by place, for "who has these bytes"."""

    def __init__(self, partitions: Iterable[Partition]) -> None:
        self._by_owner: dict[str, list[Partition]] = {}
        for p in partitions:
            self._by_owner.setdefault(p.owner, []).append(p)
        self._starts: dict[str, list[int]] = {}
        self._reach: dict[str, list[int]] = {}
        for owner, found in self._by_owner.items():
            found.sort(key=lambda p: p.extent)
            self._starts[owner] = [p.extent.start for p in found]
            reach = 0
            self._reach[owner] = [reach := max(reach, p.extent.end) for p in found]

    def over(self, owner: str, extent: Extent) -> tuple[Partition, ...]:
        """The partitions with at least one byte of ``extent``, by offset (at most 64)."""
        found = self._by_owner.get(owner, [])
        at = bisect_left(self._starts.get(owner, []), extent.end)
        hits: list[Partition] = []
        while at and self._reach[owner][at - 1] > extent.start and len(hits) < _MOST_NAMED:
            at -= 1
            if found[at].extent.overlaps(extent):
                hits.append(found[at])
        return tuple(reversed(hits))


def grounded(old: Table, new: Table) -> tuple[Table, Table]:
    """Both tables on one ground: the device that either knows, and offsets counted alike.

    A table without a device may write CPU addresses: with the device of the other they become
    offsets in its memory-mapped flash.
    """
    device = new.device or old.device
    if device is None:
        return old, new

    def on_device(table: Table) -> Table:
        if table.device is not None:
            return table
        moved = []
        for p in table.partitions:
            found = device.locate(p.start) if p.start == p.extent.start else None
            if found is not None and found[0].base:
                p = replace(p, owner=found[0].name, extent=Extent.of(found[1], p.size))
            moved.append(p)
        return replace(table, device=device, partitions=tuple(moved))

    return on_device(old), on_device(new)


def present(table: Table) -> tuple[Partition, ...]:
    """The partitions that hold at least one byte of a flash."""
    return tuple(p for p in View(table).present if p.extent)


def ota_number(view: View, partition: Partition) -> int | None:
    """N of an ESP-IDF slot ``ota_N`` (subtypes 0x10 to 0x1F of ``app``), ``None`` of all else."""
    kind = view.esp_kind(partition)
    if kind is None or kind[0] != 0 or not 0x10 <= kind[1] <= 0x1F:
        return None
    return kind[1] - 0x10


def pairs(old: Table, new: Table, renames: Sequence[tuple[str, str]] = ()) -> tuple[Pair, ...]:
    """All partitions of both tables in pairs; in flash order, by the old place where there is one.

    ``renames`` are pairs (old name, new name) that the user knows to be the same; names that do
    not exist are ignored here (``diff`` reports them).
    """
    before, after = list(present(old)), list(present(new))
    old_view, new_view = View(old), View(new)
    new_name = dict(renames)
    given = set(new_name.values())
    found: list[Pair] = []

    keys: tuple[tuple[_Key, _Key], ...] = (
        (lambda p: new_name.get(p.name), lambda p: p.name if p.name in given else None),
        (lambda p: p.name, lambda p: p.name),
        (_symbol, _symbol),
        (lambda p: ota_number(old_view, p), lambda p: ota_number(new_view, p)),
        (lambda p: p.name.casefold(), lambda p: p.name.casefold()),
        (_same_place, _same_place),
    )
    for old_key, new_key in keys:
        _take(before, after, found, old_key, new_key)
    _take(before, after, found, _only(before), _only(after))
    found += [(p, None) for p in before] + [(None, p) for p in after]
    return tuple(sorted(found, key=_flash_order))


def _take(
    before: list[Partition],
    after: list[Partition],
    found: list[Pair],
    old_key: _Key,
    new_key: _Key,
) -> None:
    """Move those that agree in their key (``None`` agrees with nothing) from the lists to pairs."""
    waiting: dict[Hashable, list[Partition]] = {}
    for p in reversed(after):
        key = new_key(p)
        if key is not None:
            waiting.setdefault(key, []).append(p)
    taken: set[int] = set()
    rest: list[Partition] = []
    for p in before:
        key = old_key(p)
        candidates = waiting.get(key) if key is not None else None
        if candidates:
            match = candidates.pop()
            taken.add(id(match))
            found.append((p, match))
        else:
            rest.append(p)
    before[:] = rest
    after[:] = [p for p in after if id(p) not in taken]


def _symbol(partition: Partition) -> Hashable:
    """AliOS: ``parameter_1`` of whatever way of writing it."""
    if partition.id and partition.id.startswith(PREFIX):
        return short_name(partition.id).casefold()
    return partition.id or None


def _same_place(partition: Partition) -> Hashable:
    return partition.owner, partition.extent.start, partition.role


def _only(partitions: list[Partition]) -> _Key:
    """A key for those that are the only ones of their role among what is left."""
    counts: dict[Role, int] = {}
    for p in partitions:
        counts[p.role] = counts.get(p.role, 0) + 1
    single = {role for role, count in counts.items() if count == 1 and role in _SINGLE}
    return lambda p: p.role if p.role in single else None


def _flash_order(pair: Pair) -> tuple[str, int, int, str]:
    one = pair[0] or pair[1]
    assert one is not None
    return one.owner, one.extent.start, one.extent.end, one.name
