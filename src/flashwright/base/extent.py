"""Half-open byte ranges, the one arithmetic of the house.

Laws: an extent holds the bytes ``start <= b < end``; ``0 <= start <= end``; its size is
``end - start``. No function of the project takes start, end *and* size, and none adds or
subtracts one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flashwright.base.record import record


@record(order=True)
class Extent:
    """The bytes ``[start, end)`` of one flash; both are counts of bytes, ``0 <= start <= end``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a byte range: [{self.start}, {self.end})")

    @classmethod
    def of(cls, start: int, size: int) -> Extent:
        """The ``size`` bytes from ``start`` on; a negative start or size is a ``ValueError``."""
        return cls(start, start + size)

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return self.end - self.start

    def __bool__(self) -> bool:
        return self.end > self.start

    def __contains__(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def __str__(self) -> str:
        return f"0x{self.start:X}..0x{self.end:X}"

    def covers(self, other: Extent) -> bool:
        """Whether every byte of ``other`` lies in this extent."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Extent) -> bool:
        """Whether at least one byte lies in both; empty extents overlap nothing."""
        return max(self.start, other.start) < min(self.end, other.end)

    def intersection(self, other: Extent) -> Extent:
        """The bytes that lie in both; empty (at the larger start) where there are none."""
        start = max(self.start, other.start)
        return Extent(start, max(start, min(self.end, other.end)))

    def shifted(self, distance: int) -> Extent:
        """The same number of bytes, ``distance`` further up (or down, if negative)."""
        return Extent(self.start + distance, self.end + distance)

    def minus(self, others: Iterable[Extent]) -> list[Extent]:
        """What remains of it without ``others``, in order; empty pieces are left out."""
        return list(_remaining(self, merged(others)))


def merged(extents: Iterable[Extent]) -> list[Extent]:
    """The same bytes as disjoint extents in order; touching ones become one, empty ones vanish."""
    result: list[Extent] = []
    for extent in sorted(e for e in extents if e):
        if result and extent.start <= result[-1].end:
            result[-1] = Extent(result[-1].start, max(result[-1].end, extent.end))
        else:
            result.append(extent)
    return result


def _remaining(whole: Extent, taken: list[Extent]) -> Iterator[Extent]:
    at = whole.start
    for extent in taken:
        if extent.end <= at:
            continue
        if extent.start >= whole.end:
            break
        if extent.start > at:
            yield Extent(at, extent.start)
        at = extent.end
    if at < whole.end:
        yield Extent(at, whole.end)
