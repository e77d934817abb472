"""How tall each range is drawn: to scale where that can be read, honestly folded where it cannot.

A flash is cut into touching ranges. One unit, a power of two bytes, is one row; a range from one
row to ``most`` rows is drawn to scale. A longer one is *cut short* (and marked as torn), a shorter
one is *enlarged* to one row (and marked). Laws: the heights add up to the whole; an offset that is
further up the flash is never drawn higher; of two ranges the larger is never drawn smaller; the
same ranges give the same heights.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from math import log2

from flashwright.base.extent import Extent


class Form(StrEnum):
    """How a range is drawn."""

    TRUE = "true"
    CUT = "cut"
    ENLARGED = "enlarged"


@dataclass(frozen=True, slots=True)
class Step:
    """A range and its height in rows; ``top`` is where it begins, in rows from the first."""

    extent: Extent
    top: float
    height: float
    form: Form

    @property
    def bottom(self) -> float:
        """Where it ends, in rows from the first."""
        return self.top + self.height


@dataclass(frozen=True)
class Scale:
    """The ranges of one flash with their heights; ``unit`` bytes are one row."""

    steps: tuple[Step, ...]
    unit: int

    @property
    def height(self) -> float:
        """The height of all, in rows."""
        return self.steps[-1].bottom if self.steps else 0.0

    @cached_property
    def _starts(self) -> list[int]:
        return [step.extent.start for step in self.steps]

    def at(self, offset: int) -> float:
        """Where ``offset`` is drawn, in rows from the first; what lies outside, at the edge."""
        index = max(0, bisect_right(self._starts, offset) - 1)
        step = self.steps[index]
        if offset >= step.extent.end:
            return step.bottom
        if offset <= step.extent.start:
            return step.top
        return step.top + step.height * ((offset - step.extent.start) / step.extent.size)

    def has(self, form: Form) -> bool:
        """Whether a range is drawn in that form."""
        return any(step.form is form for step in self.steps)


def fold(cuts: Sequence[int], *, most: float, slope: float, least: float = 1.0) -> Scale:
    """The scale for the ranges between neighbours of ``cuts`` (rising offsets, at least two).

    ``most`` rows is the tallest that is drawn to scale; each doubling beyond it adds ``slope``
    rows. ``least`` is the height of what is enlarged, at most 1.
    """
    extents = [Extent(a, b) for a, b in pairwise(cuts) if b > a]
    unit = _unit([e.size for e in extents], most)
    steps: list[Step] = []
    top = 0.0
    for extent in extents:
        height, form = _height(extent.size / unit, most, slope, least)
        steps.append(Step(extent, top, height, form))
        top += height
    return Scale(tuple(steps), unit)


def _height(rows: float, most: float, slope: float, least: float) -> tuple[float, Form]:
    if rows < 1:
        return least, Form.ENLARGED
    if rows <= most:
        return rows, Form.TRUE
    return most + slope * (1 + log2(rows / most)), Form.CUT


def _unit(sizes: Sequence[int], most: float) -> int:
    """The power of two that lets most ranges be true; of equals the one that enlarges fewest."""
    best = (0, 0, 0)
    unit = 1
    for power in range(max(sizes, default=1).bit_length()):
        candidate = 1 << power
        true = sum(1 for s in sizes if candidate <= s <= candidate * most)
        enlarged = sum(1 for s in sizes if s < candidate)
        score = (true, -enlarged, power)
        if power == 0 or score > best:
            best, unit = score, candidate
    return unit
