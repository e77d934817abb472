"""The ground that partitions are laid on: the erase block boundaries of one flash, as arithmetic.

Laws: nothing here walks erase blocks one by one, so that a flash of 2^40 bytes costs no more than
one of 2^20; work grows with the number of *runs* of equal erase blocks. All numbers are offsets
from the first byte of the flash, or sizes, in bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import gcd

from flashwright.base.extent import Extent, merged
from flashwright.model.geometry import Flash


class Ground:
    """The boundaries of one flash."""

    def __init__(self, flash: Flash) -> None:
        self.name = flash.name
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.sizes: list[int] = []
        at = 0
        for run in flash.runs:
            if run.count < 1 or run.size < 1:
                continue
            end = at + run.count * run.size
            if self.sizes and self.sizes[-1] == run.size:
                self.ends[-1] = end
            else:
                self.starts.append(at)
                self.ends.append(end)
                self.sizes.append(run.size)
            at = end
        self.size = at
        #: The erase block size if all are equal, else 0.
        self.uniform = self.sizes[0] if len(self.sizes) == 1 else 0
        self.smallest = min(self.sizes, default=1)
        self.largest = max(self.sizes, default=1)
        #: What all erase blocks and so all distances of boundaries are multiples of.
        self.grain = gcd(*self.sizes) or 1

    def boundary(self, at_least: int, step: int = 1, phase: int = 0) -> int | None:
        """The first boundary ``>= at_least`` that is ``phase`` modulo ``step``, ``None`` if none.

        The end of the flash is a boundary.
        """
        for i in range(max(0, self._run(at_least) - 1), len(self.starts)):
            start, end, block = self.starts[i], self.ends[i], self.sizes[i]
            first = start if at_least <= start else start - (start - at_least) // block * block
            if first > end:
                continue
            found = first if step == 1 else solve(first, block, step, phase)
            if found is not None and found <= end:
                return found
        return None

    def down(self, at_most: int) -> int:
        """The last boundary ``<= at_most``."""
        if at_most >= self.size:
            return self.size
        i = self._run(at_most)
        return self.starts[i] + (at_most - self.starts[i]) // self.sizes[i] * self.sizes[i]

    def is_boundary(self, offset: int) -> bool:
        """Whether an erase block starts or the flash ends at ``offset``."""
        return 0 <= offset <= self.size and self.down(offset) == offset

    def in_strides(self, start: int, end: int, stride: int) -> bool:
        """Whether each ``stride`` bytes from ``start`` to ``end`` there is a boundary."""
        for run, stop, block in zip(self.starts, self.ends, self.sizes, strict=True):
            first = max(start, run + -(run - start) % stride)
            limit = min(stop, end)
            if first >= limit:
                continue
            if (first - run) % block or (stride % block and first + stride < limit):
                return False
        return self.is_boundary(end)

    def after_blocks(self, start: int, blocks: int) -> int | None:
        """The end of the ``blocks``-th erase block from boundary ``start`` on, ``None`` beyond."""
        if start >= self.size:
            return None
        for i in range(self._run(start), len(self.starts)):
            from_here = max(start, self.starts[i])
            here = (self.ends[i] - from_here) // self.sizes[i]
            if blocks <= here:
                return from_here + blocks * self.sizes[i]
            blocks -= here
        return None

    def outward(self, extent: Extent) -> Extent:
        """The erase blocks that ``extent`` touches, whole, as far as the flash goes."""
        start = self.down(min(extent.start, self.size))
        end = self.boundary(min(extent.end, self.size))
        return Extent(start, max(start, self.size if end is None else end))

    def gaps(self, taken: Iterable[Extent]) -> list[Extent]:
        """What remains of the flash without the erase blocks that ``taken`` touches, in order."""
        return Extent(0, self.size).minus(merged(self.outward(t) for t in taken))

    def runs_of(self, size: int) -> tuple[Extent, ...]:
        """Where the erase blocks are ``size`` bytes."""
        return tuple(
            Extent(s, e)
            for s, e, b in zip(self.starts, self.ends, self.sizes, strict=True)
            if b == size
        )

    def _run(self, offset: int) -> int:
        return max(0, bisect_right(self.starts, offset) - 1)


def solve(first: int, stride: int, modulus: int, phase: int) -> int | None:
    """The least ``x >= first`` with ``x = first (mod stride)`` and ``x = phase (mod modulus)``.

    ``stride`` and ``modulus`` are at least 1. ``None`` if the two never meet.
    """
    common = gcd(stride, modulus)
    distance = phase - first
    if distance % common:
        return None
    cycle = modulus // common
    steps = distance // common * pow(stride // common, -1, cycle) % cycle if cycle > 1 else 0
    return first + steps * stride
