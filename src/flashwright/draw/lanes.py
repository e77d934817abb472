"""Which ranges stand beside each other because they use the same bytes.

Ranges that overlap, directly or through others, form a cluster; a cluster is split into as many
columns as needed, and a range keeps its column. Ranges that overlap nothing have the full width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashwright.base.extent import Extent


@dataclass(frozen=True, slots=True)
class Lane:
    """Column ``index`` (from 0) of ``count`` columns."""

    index: int
    count: int


def lanes(extents: Sequence[Extent]) -> list[Lane]:
    """The lane of each range, in the order given; a range that begins first stands leftmost.

    Of ranges that begin together the longer stands left, so that what contains stands left of what
    it contains; of equal ones the first given. Empty ranges are points and count as one byte.
    """
    order = sorted(range(len(extents)), key=lambda i: (extents[i].start, -extents[i].end, i))
    result = [Lane(0, 1)] * len(extents)
    cluster: list[int] = []
    columns: list[int] = []
    index: dict[int, int] = {}
    reach = -1
    for i in order:
        start, end = extents[i].start, max(extents[i].end, extents[i].start + 1)
        if start >= reach and cluster:
            _close(cluster, index, len(columns), result)
            cluster, columns = [], []
        free = next((c for c, used in enumerate(columns) if used <= start), len(columns))
        columns[free : free + 1] = [end]
        index[i] = free
        cluster.append(i)
        reach = max(columns)
    _close(cluster, index, len(columns), result)
    return result


def _close(cluster: list[int], index: dict[int, int], count: int, result: list[Lane]) -> None:
    for i in cluster:
        result[i] = Lane(index[i], count)
