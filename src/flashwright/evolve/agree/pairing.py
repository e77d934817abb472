"""Which partition of one file is which of another, in which flash, and how far apart they count.

Partitions are the same if they have the same name; or names that two ecosystems give one thing
(``names``), where each stands for it in its file; or else the same bytes. What divides a partition
that both have (a part, a span over its parts, another name of it, the unused rest of a region) is
no partition of its own here: only one of the files tells of it.

Places are compared as CPU addresses where both devices are known, otherwise as offsets. Files may
call a flash by other names, and count from a base address: for each flash the constant distance of
its pairs is found, and allowed for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from flashwright.evolve.agree.names import group_of, plain, standing
from flashwright.model.table import Partition, Table

#: The least distance that is taken for a base address, in bytes; less is a disagreement.
_LEAST_BASE = 1 << 16
#: What a base address is a multiple of, where a single pair has to show it.
_SURE_BASE = 1 << 24


@dataclass(frozen=True, slots=True)
class Pair:
    """The same partition in two files."""

    first: Partition
    second: Partition

    @property
    def owners(self) -> tuple[str, str]:
        """The flash that it lies in, as each file calls it."""
        return self.first.owner, self.second.owner


@dataclass(frozen=True)
class Pairing:
    """What two files have in common.

    ``flashes`` are the names of each flash in both files, ``bases`` by how many bytes the second
    file counts higher in it. ``only_first`` and ``only_second`` are what one file has alone.
    """

    pairs: tuple[Pair, ...]
    flashes: dict[str, str] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    only_first: tuple[Partition, ...] = ()
    only_second: tuple[Partition, ...] = ()

    def base(self, pair: Pair) -> int:
        """What is allowed for between the places of a pair."""
        return self.bases.get(pair.first.owner, 0) if self.agrees(pair) else 0

    def agrees(self, pair: Pair) -> bool:
        """Whether both files have it in the same flash, as far as that can be told."""
        return self.flashes.get(pair.first.owner, pair.first.owner) == pair.second.owner


def paired(first: Table, second: Table) -> Pairing:
    """All pairs of two files, in the order of the first."""
    left = [p for p in first.partitions if p.extent]
    right = [p for p in second.partitions if p.extent]
    pairs = _by_name(left, right)
    flashes = _flashes(pairs)
    bases = {owner: _base(first, second, pairs, owner, flashes[owner]) for owner in flashes}

    def here(p: Partition) -> Hashable:
        if p.owner not in flashes and p.owner in flashes.values():
            return None  # another flash is called so there
        moved = position(first, p)[1] + bases.get(p.owner, 0)
        return flashes.get(p.owner, p.owner), moved, p.size

    def there(p: Partition) -> Hashable:
        return p.owner, position(second, p)[1], p.size

    outer = [p for p in left if not p.parent], [p for p in right if not p.parent]
    found = _taken(*outer, here, there)
    gone = {id(p) for pair in found for p in (pair.first, pair.second)}
    left, right = ([p for p in side if id(p) not in gone] for side in (left, right))
    pairs += [*found, *_taken(left, right, here, there)]
    order = {id(p): n for n, p in enumerate(first.partitions)}
    pairs.sort(key=lambda pair: order[id(pair.first)])
    return Pairing(
        tuple(pairs),
        flashes,
        {owner: base for owner, base in bases.items() if base},
        tuple(_whole(first, left, [pair.first for pair in pairs])),
        tuple(_whole(second, right, [pair.second for pair in pairs])),
    )


def position(table: Table, partition: Partition) -> tuple[bool, int]:
    """Whether its CPU address is known, and the address or else the offset."""
    flash = table.device.flash(partition.owner) if table.device else None
    address = flash.address(partition.extent.start) if flash else None
    return (False, partition.extent.start) if address is None else (True, address)


def apart(first: Table, second: Table, pair: Pair) -> int:
    """How many bytes higher the second file has the start of a pair."""
    a, b = position(first, pair.first), position(second, pair.second)
    if a[0] and b[0]:
        return b[1] - a[1]
    return pair.second.extent.start - pair.first.extent.start


def _by_name(left: list[Partition], right: list[Partition]) -> list[Pair]:
    """Pairs by name and by what names mean; what is paired leaves the lists."""
    stand = {id(p) for side in (left, right) for p in standing(side).values()}

    def exact(p: Partition) -> Hashable:
        # `app` of a file that has `mcuboot_primary` is not the `app` of one that has not.
        return p.name, group_of(p.name) is None or id(p) in stand

    def near(p: Partition) -> Hashable:
        return plain(p.name), group_of(p.name) is None or id(p) in stand

    def meant(p: Partition) -> Hashable:
        return group_of(p.name) if id(p) in stand else None

    pairs: list[Pair] = []
    for key in (exact, near, meant):
        pairs += _taken(left, right, key, key)
    return pairs


def _taken(
    left: list[Partition],
    right: list[Partition],
    here: Callable[[Partition], Hashable],
    there: Callable[[Partition], Hashable],
) -> list[Pair]:
    """Move those that alone agree in a key (``None`` agrees with nothing) from the lists."""
    known: dict[Hashable, list[Partition]] = {}
    for p in right:
        known.setdefault(there(p), []).append(p)
    asked = Counter(here(p) for p in left)
    pairs = []
    for p in left:
        key = here(p)
        found = known.get(key, ()) if key is not None else ()
        if len(found) == 1 and asked[key] == 1:
            pairs.append(Pair(p, found[0]))
    gone = {id(p) for pair in pairs for p in (pair.first, pair.second)}
    left[:] = [p for p in left if id(p) not in gone]
    right[:] = [p for p in right if id(p) not in gone]
    return pairs


def _flashes(pairs: Iterable[Pair]) -> dict[str, str]:
    """What each flash of the first file is called in the second: what most pairs say.

    Equal names go first, and no two flashes become one.
    """
    counts = Counter(pair.owners for pair in pairs)
    order = sorted(counts, key=lambda o: (o[0] != o[1], -counts[o], sorted(o), o))
    found: dict[str, str] = {}
    for one, other in order:
        if one not in found and other not in found.values():
            found[one] = other
    return found


def _base(first: Table, second: Table, pairs: list[Pair], owner: str, other: str) -> int:
    """The base address of one flash that one of the files leaves out.

    It is the distance of at least two thirds of the pairs, and of two of them at least; one alone
    shows it if it is round.
    """
    if first.device and second.device:
        return 0
    counts = Counter(apart(first, second, p) for p in pairs if p.owners == (owner, other))
    if not counts:
        return 0
    distance, times = counts.most_common(1)[0]
    if abs(distance) < _LEAST_BASE or times * 3 < counts.total() * 2:
        return 0
    return distance if times >= 2 or distance % _SURE_BASE == 0 else 0


def _whole(table: Table, alone: list[Partition], paired: list[Partition]) -> list[Partition]:
    """Those of ``alone`` that are no division of something that both files have."""
    known = {p.name for p in paired}
    told = {(p.owner, p.extent) for p in paired}
    inside = {p.name: p for p in table.partitions}
    parts: dict[str, list[str]] = {}
    for p in table.partitions:
        if p.parent:
            parts.setdefault(p.parent, []).append(p.name)

    def divides(p: Partition) -> bool:
        around, seen = p.parent, {p.name}
        while around and around not in seen:
            if around in known:
                return True
            seen.add(around)
            around = inside[around].parent if around in inside else None
        return False

    def gathers(p: Partition) -> bool:
        below = parts.get(p.name, [])
        return bool(below) and all(name in known for name in below)

    def is_another_name(p: Partition) -> bool:
        return (p.owner, p.extent) in told

    def is_rest(p: Partition) -> bool:
        return p.attributes.get("region") == p.name  # nRF Connect: what a region has left

    kinds = (divides, gathers, is_another_name, is_rest)
    return [p for p in alone if not any(kind(p) for kind in kinds)]
