"""Renaming: versions that only their order tells apart become the same numbers.

An update of ``v2`` to ``v3`` goes as that of ``v1`` to ``v2`` did, if a machine sees a version only
as the name of what lies in flash (``Machine.renames``). So at each restart the versions that still
count are numbered anew from 1 up, in their order, and ``World.retired`` says how many are gone.

What counts: each version of which a piece lies in flash, the confirmed one, and the newest, unless
that one is bad, nothing of it is left and what remains is not newer than the confirmed image (then
it is never offered again). Any other version can never run again, since only the newest is offered.

Why that is exact: laws and the application compare versions with one another, ask whether one is
bad and how many updates were begun; all of these stay the same when numbers keep their order, and
``World.newest`` stays the highest. A machine takes the same steps over the renamed flash, with the
same outcomes of every fault, so a way that was found is walked under the old names just as well.
Flashes with something unstable or hidden in them are left as they are, which is exact, too.

Not for machines that write a version into a record or refuse older images (``Promise.protects``).
"""

from __future__ import annotations

from flashwright.flash.content import Content, Runs
from flashwright.sim.area import Board, Contents, Part
from flashwright.sim.machine import World, version_of

#: Old number of each version that counts, in order: the first becomes 1.
Kept = tuple[int, ...]


class Renaming:
    """The restarts of one machine whose ``renames`` is true."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lying: dict[Part, int] = {}
        self._worlds: dict[tuple[int, World], tuple[Kept, World]] = {}
        self._parts: dict[tuple[Part, Kept], Part] = {}

    def of(self, flash: Contents, world: World) -> tuple[Contents, World]:
        """The same flash and world with versions that count numbered from 1 up."""
        lying = 0
        for part in flash:
            known = self._lying.get(part)
            if known is None:
                if not part.settled:
                    return flash, world
                known = self._lying[part] = _versions_in(part.runs)
            lying |= known
        key = lying, world
        found = self._worlds.get(key)
        if found is None:
            found = self._worlds[key] = _numbered(lying, world)
        kept, renamed = found
        if not kept:
            return flash, renamed
        parts = [
            self._part(i, part, kept) if self._lying[part] else part for i, part in enumerate(flash)
        ]
        return tuple(parts), renamed

    def _part(self, index: int, part: Part, kept: Kept) -> Part:
        key = part, kept
        found = self._parts.get(key)
        if found is None:
            runs = tuple((start, _renamed(content, kept), at) for start, content, at in part.runs)
            found = self._parts[key] = self._board.areas[index].part(runs)
        return found


def _numbered(lying: int, world: World) -> tuple[Kept, World]:
    """The versions that count (none if all keep their numbers), and the world in new numbers."""
    counts = lying | 1 << world.confirmed
    highest = counts.bit_length() - 1
    if not (world.is_bad(world.newest) and highest == world.confirmed):
        counts |= 1 << world.newest
    kept = tuple(v for v in range(1, counts.bit_length()) if counts >> v & 1)
    if counts & 1 or not kept:
        # v0 is nobody's update: whoever is offered it is not renamed.
        return (), world
    numbers = {old: new for new, old in enumerate(kept, 1)}
    renamed = world._replace(
        confirmed=numbers[world.confirmed],
        good=sum(1 << new for old, new in numbers.items() if world.good >> old & 1),
        bad=sum(1 << new for old, new in numbers.items() if world.bad >> old & 1),
        retired=1 + world.updates - len(kept),
    )
    return (() if kept[-1] == len(kept) else kept), renamed


def _versions_in(runs: Runs) -> int:
    """A bit for each version of which a piece lies there."""
    found = 0
    for _, content, _ in runs:
        version = version_of(content) if isinstance(content, str) else None
        if version is not None:
            found |= 1 << version
    return found


def _renamed(content: Content, kept: Kept) -> Content:
    version = version_of(content) if isinstance(content, str) else None
    return content if version is None else f"v{kept.index(version) + 1}"
