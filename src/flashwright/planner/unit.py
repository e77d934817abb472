"""Units: what is laid as one piece, a partition or a chain of partitions that touch.

Law: ``first(cursor)`` is monotone: a later cursor never gives an earlier end. That is why laying
each unit at its first place after the one before is enough to decide what fits (``search``).
On a flash of equal erase blocks a chain has one length and its places are an arithmetic sequence
(``Rigid``); elsewhere its length depends on its place (``Loose``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import lcm
from typing import Protocol

from flashwright.base.extent import Extent
from flashwright.planner.ground import Ground, solve
from flashwright.planner.problem import Item

#: How many places in a row are tried for a unit of a flash with uneven erase blocks.
MOST_TRIES = 4096


class Unit(Protocol):
    """One partition or a chain of them, to be laid in the gaps of one flash."""

    #: The fewest bytes that it takes anywhere.
    least: int
    #: Units with equal keys can stand for each other.
    key: object
    #: How many places of a budget one question costs.
    cost: int
    #: It starts only at multiples of the first, plus the second, as far as that is known.
    steps: tuple[int, int]
    #: Whether ``MOST_TRIES`` was hit: then "no place" is not proven.
    gave_up: bool

    def first(self, cursor: int) -> tuple[int, int] | None:
        """Start and end at the place from ``cursor`` on that ends first, ``None`` if none."""

    def last(self, limit: int) -> tuple[int, int] | None:
        """Start and end at a last place that ends at or before ``limit``, as far as known."""

    def extents(self, start: int) -> list[Extent]:
        """The extents of its partitions, in order, when it starts at ``start``."""


class Sized:
    """An item with the size that it is tried with: ``need`` bytes at least, or ``exact``."""

    __slots__ = ("exact", "item", "need")

    def __init__(self, item: Item, need: int, exact: bool) -> None:
        self.item = item
        self.need = need
        self.exact = exact

    def size_on(self, block: int) -> int | None:
        """Its size where all erase blocks are ``block`` bytes, ``None`` if it cannot be."""
        item = self.item
        if item.stride > 1 and item.stride % block:
            return None
        least = max(self.need, item.blocks * block)
        if item.power_of_two:
            size = 1 << (least - 1).bit_length()
            while size % block and size < 1 << 70:
                size *= 2
            size = -(-size // item.step) * item.step
            if size % block or size & (size - 1):
                return None
        else:
            grain = block if item.step == 1 else lcm(block, item.step)
            size = -(-least // grain) * grain
        if self.exact and size != self.need:
            return None
        return None if item.most is not None and size > item.most else size

    def end(self, ground: Ground, start: int) -> int | None:
        """Where it ends when it starts at boundary ``start``; ``None`` if it cannot be there."""
        item = self.item
        least = ground.after_blocks(start, item.blocks)
        if least is None:
            return None
        least = max(least, start + self.need)
        end: int | None
        if item.power_of_two:
            size = 1 << (least - start - 1).bit_length()
            while size % item.step or not ground.is_boundary(start + size):
                size *= 2
                if start % size or start + size > ground.size:
                    return None
            end = None if start % size else start + size
        else:
            end = ground.boundary(least, item.step, start)
        if end is None or (self.exact and end != start + self.need):
            return None
        if item.stride > 1 and not ground.in_strides(start, end, item.stride):
            return None
        return None if item.most is not None and end - start > item.most else end


class Rigid:
    """A chain on equal erase blocks: one length, and starts that are ``phase`` mod ``modulus``."""

    __slots__ = (
        "_highs", "_lengths", "_modulus", "_phase", "_ranges",
        "cost", "gave_up", "key", "least", "steps",
    )  # fmt: skip

    def __init__(
        self, chain: Sequence[Sized], homes: Sequence[Sequence[Extent]], block: int
    ) -> None:
        self.gave_up = False
        self.cost = 1
        self._lengths: list[int] = []
        self._modulus, self._phase = block, 0
        ranges: list[tuple[int, int]] | None = None
        distance = 0
        for sized, home in zip(chain, homes, strict=True):
            size = sized.size_on(block)
            if size is None:
                ranges = []
                size = block
            step = lcm(sized.item.align, size) if sized.item.power_of_two else sized.item.align
            if step > 1:
                self._congruent(step, distance)
            after = distance + size
            here = [
                (h.start - distance if h.start > distance else 0, h.end - after)
                for h in home
                if h.end - h.start >= size
            ]
            ranges = here if ranges is None else _common(ranges, here)
            self._lengths.append(size)
            distance = after
        self.least = distance
        self._ranges = ranges or []
        if self._modulus != block or self._phase:
            self._ranges = self._aligned(self._ranges)
        self._highs = [high for _, high in self._ranges]
        self.steps = (self._modulus or 1, self._phase)
        self.key: object = (distance, *self.steps, *self._ranges)

    def first(self, cursor: int) -> tuple[int, int] | None:
        """See ``Unit``."""
        i = bisect_right(self._highs, cursor - 1)
        if i == len(self._ranges):
            return None
        low = self._ranges[i][0]
        if cursor > low:
            low += -((low - cursor) // self._modulus) * self._modulus
        return low, low + self.least

    def last(self, limit: int) -> tuple[int, int] | None:
        """See ``Unit``."""
        for low, high in reversed(self._ranges):
            start = min(high, limit - self.least)
            start -= (start - self._phase) % self._modulus
            if start >= low:
                return start, start + self.least
        return None

    def extents(self, start: int) -> list[Extent]:
        """See ``Unit``."""
        result = []
        for length in self._lengths:
            result.append(Extent.of(start, length))
            start += length
        return result

    def _congruent(self, step: int, distance: int) -> None:
        if self._modulus == 0:
            return
        found = solve(self._phase, self._modulus, step, -distance % step)
        self._modulus = lcm(self._modulus, step) if found is not None else 0
        self._phase = 0 if found is None else found % self._modulus

    def _aligned(self, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """The ranges from their first to their last start, without those that have none."""
        modulus, phase = self._modulus, self._phase
        if modulus == 0:
            return []
        starts = [
            (low + (phase - low) % modulus, high - (high - phase) % modulus) for low, high in ranges
        ]
        return [(low, high) for low, high in starts if low <= high]


class Loose:
    """A chain on uneven erase blocks: its length depends on where it starts."""

    def __init__(
        self, chain: Sequence[Sized], homes: Sequence[Sequence[Extent]], ground: Ground
    ) -> None:
        self.gave_up = False
        self.cost = 8
        self._chain = chain
        self._homes = homes
        self._ground = ground
        self._granular = any(s.item.power_of_two or s.item.step > 1 for s in chain)
        self.least = sum(max(s.need, s.item.blocks * ground.smallest) for s in chain)
        self.steps = (chain[0].item.align, 0)
        self.key: object = tuple(map(_key, chain, homes))

    def first(self, cursor: int) -> tuple[int, int] | None:
        """See ``Unit``: the place with the earliest end, which a later start may have."""
        align = self._chain[0].item.align
        best: tuple[int, int] | None = None
        for home in self._homes[0]:
            if home.end <= cursor:
                continue
            start = self._ground.boundary(max(cursor, home.start), align)
            tries = 0
            while start is not None and start + self._chain[0].need <= home.end:
                if best is not None and (not self._granular or start + self.least >= best[1]):
                    return best
                end = self._end(start)
                if end is not None and (best is None or end < best[1]):
                    best = start, end
                tries += 1
                if tries > MOST_TRIES:
                    self.gave_up = True
                    break
                start = self._ground.boundary(start + 1, align)
        return best

    def last(self, limit: int) -> tuple[int, int] | None:
        """See ``Unit``; only a chain's first place is known on uneven erase blocks."""
        return None

    def extents(self, start: int) -> list[Extent]:
        """See ``Unit``."""
        result = []
        for sized in self._chain:
            end = sized.end(self._ground, start)
            assert end is not None, "a place that `first` did not give"
            result.append(Extent(start, end))
            start = end
        return result

    def _end(self, start: int) -> int | None:
        """Where the chain ends when it starts at ``start``, ``None`` if it cannot lie there."""
        for sized, homes in zip(self._chain, self._homes, strict=True):
            if start % sized.item.align:
                return None
            end = sized.end(self._ground, start)
            if end is None or not any(h.start <= start and end <= h.end for h in homes):
                return None
            start = end
        return start


def unit(chain: Sequence[Sized], homes: Sequence[Sequence[Extent]], ground: Ground) -> Unit:
    """The unit of a chain; ``homes`` are the ranges that each of its partitions may lie in."""
    if ground.uniform:
        return Rigid(chain, homes, ground.uniform)
    return Loose(chain, homes, ground)


def _common(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The numbers that lie in a range of both; the ranges hold their ends."""
    found = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return sorted((low, high) for low, high in found if low <= high)


def _key(sized: Sized, homes: Sequence[Extent]) -> tuple[object, ...]:
    item = sized.item
    bounds = (item.blocks, item.most, item.align, item.step, item.stride, item.power_of_two)
    return (sized.need, sized.exact, *bounds, *homes)
