"""The geometry of one flash: its erase blocks as they are, what can be programmed, and how.

Terms (the vendors use "page" and "sector" in opposite senses, so neither is used here): an *erase
block* is the smallest thing that can be erased, a *program unit* the smallest that can be
programmed. Offsets count from the first byte of the flash.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.base.record import record


class Overwrite(StrEnum):
    """What may be programmed over a unit that is not erased."""

    #: Bits that are still erased may be cleared (NOR flash without ECC).
    CLEAR_BITS = "clear-bits"
    #: A unit is programmed once after an erase (flash with ECC, or programmed by checked units).
    ONCE = "once"
    #: Any value replaces any other, no erase is needed (RRAM, MRAM, FRAM).
    FREE = "free"


@record()
class EraseRun:
    """``count`` erase blocks of ``size`` bytes each, one after the other; both at least 1."""

    count: int
    size: int


@record()
class Bank:
    """A part of a flash that the hardware treats as one (erases, maps or swaps as a whole)."""

    name: str
    extent: Extent


@record()
class Flash:
    """One flash of a device.

    ``name`` is the owner that partitions name (``embedded``, ``spi``, ``qspi``); ``base`` the CPU
    address of its first byte, ``None`` if it is not memory-mapped; ``runs`` its erase blocks from
    the first byte on; ``program_unit`` in bytes; times are typical figures of the datasheet in
    microseconds per erase block or program unit, 0 where not known; ``security_granule`` what a
    border between secure and non-secure code is a multiple of, in bytes (TrustZone; 0: none or not
    known); ``source`` says where the facts come from.
    """

    name: str
    base: int | None
    runs: tuple[EraseRun, ...]
    program_unit: int = 1
    erased_value: int = 0xFF
    overwrite: Overwrite = Overwrite.CLEAR_BITS
    endurance_cycles: int = 0
    erase_time_us: int = 0
    program_time_us: int = 0
    banks: tuple[Bank, ...] = ()
    source: str = ""
    security_granule: int = 0

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return sum(run.count * run.size for run in self.runs)

    @property
    def extent(self) -> Extent:
        """All of it."""
        return Extent(0, self.size)

    @property
    def smallest_erase_block(self) -> int:
        """The size of its smallest erase block in bytes."""
        return min(run.size for run in self.runs)

    @property
    def largest_erase_block(self) -> int:
        """The size of its largest erase block in bytes."""
        return max(run.size for run in self.runs)

    @property
    def is_uniform(self) -> bool:
        """Whether all its erase blocks have one size."""
        return len({run.size for run in self.runs}) == 1

    def address(self, offset: int) -> int | None:
        """The CPU address of ``offset``, ``None`` if the flash is not memory-mapped."""
        return None if self.base is None else self.base + offset

    def block_at(self, offset: int) -> Extent:
        """The erase block that holds the byte at ``offset``; ``IndexError`` outside the flash."""
        start = 0
        for run in self.runs:
            end = start + run.count * run.size
            if start <= offset < end:
                first = start + (offset - start) // run.size * run.size
                return Extent.of(first, run.size)
            start = end
        raise IndexError(f"offset 0x{offset:X} is outside flash {self.name!r}")

    def runs_at(self) -> Iterator[tuple[Extent, int]]:
        """Its runs as (extent, erase block size), from the first byte on."""
        start = 0
        for run in self.runs:
            yield Extent.of(start, run.count * run.size), run.size
            start += run.count * run.size

    def blocks(self, extent: Extent) -> Iterator[Extent]:
        """The erase blocks that ``extent`` touches, in order, as far as they lie in the flash."""
        for run, size in self.runs_at():
            part = run.intersection(extent)
            if not part:
                continue
            at = run.start + (part.start - run.start) // size * size
            while at < part.end:
                yield Extent.of(at, size)
                at += size

    def block_count(self, extent: Extent) -> int:
        """How many erase blocks ``extent`` touches, without walking them."""
        count = 0
        for run, size in self.runs_at():
            part = run.intersection(extent)
            if part:
                count += -((run.start - part.end) // size) - (part.start - run.start) // size
        return count

    def is_boundary(self, offset: int) -> bool:
        """Whether an erase block starts at ``offset``, or the flash ends there."""
        return offset == self.size or (
            0 <= offset < self.size and self.block_at(offset).start == offset
        )

    def align_down(self, offset: int) -> int:
        """The last boundary at or before ``offset``; the end of the flash for what lies beyond."""
        return self.size if offset >= self.size else self.block_at(offset).start

    def align_up(self, offset: int) -> int:
        """The first boundary at or after ``offset``, or ``offset`` itself beyond the flash."""
        if offset >= self.size:
            return offset
        block = self.block_at(offset)
        return block.start if block.start == offset else block.end

    def smallest_block_in(self, extent: Extent) -> int:
        """The size of the smallest erase block that ``extent`` touches; 0 if it touches none."""
        return min((s for run, s in self.runs_at() if run.overlaps(extent)), default=0)

    def largest_block_in(self, extent: Extent) -> int:
        """The size of the largest erase block that ``extent`` touches; 0 if it touches none."""
        return max((s for run, s in self.runs_at() if run.overlaps(extent)), default=0)
