"""The areas that a scheme works on: partitions as the machines see them, in global offsets."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.flash.content import DEAD, Runs, holds, is_filled, name_at, part_of, read, splice
from flashwright.flash.operations import Erase, Program, program_bytes


@dataclass(frozen=True)
class Area:
    """A partition: ``name``, its bytes in global offsets, its erase blocks, ``unit`` to program.

    ``blocks`` are all erase blocks that it touches: where it is not aligned, the first or last
    reaches beyond ``extent``, and erasing it is a fault that the explorer reports.
    """

    name: str
    owner: str
    extent: Extent
    blocks: tuple[Extent, ...]
    unit: int
    erased_value: int
    chunk: int
    writable: bool = True

    @property
    def start(self) -> int:
        """Its first byte."""
        return self.extent.start

    @property
    def end(self) -> int:
        """Behind its last byte."""
        return self.extent.end

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.extent.size

    def erase(self, block: int) -> Erase:
        """Erase its erase block number ``block``, counted from 0; negative from the end."""
        extent = self.blocks[block]
        return Erase(extent.start, extent.end)

    def chunks(self, length: int) -> int:
        """How many program calls write ``length`` bytes from its start on."""
        return -(-length // self.chunk)

    def program(self, number: int, name: str, length: int, at: int = 0) -> Program:
        """Call ``number`` of those that write the content ``name``, ``length`` bytes, at ``at``."""
        first = number * self.chunk
        last = min(first + self.chunk, -(-length // self.unit) * self.unit)
        base = self.start + at
        return Program(base + first, base + last, name, base)

    def write(self, offset: int, data: bytes) -> Program:
        """Program bytes at ``offset`` of the area."""
        return program_bytes(self.start + offset, data)

    def read(self, runs: Runs, offset: int, size: int) -> bytes:
        """The bytes at ``offset`` of the area; see ``content.read``."""
        return read(runs, self.start + offset, self.start + offset + size, self.erased_value)

    def holds(self, runs: Runs, name: str, length: int, at: int = 0) -> bool:
        """Whether the content ``name`` lies whole, ``length`` bytes, at ``at`` of the area."""
        start = self.start + at
        return holds(runs, start, start + -(-length // self.unit) * self.unit, name)

    def part(self, runs: Runs) -> Runs:
        """What lies in the area, as a value: equal for two flashes that are equal there."""
        return part_of(runs, self.start, self.end)

    def alone(self, part: Runs) -> Runs:
        """A flash that holds ``part`` in the area and is dead elsewhere."""
        behind: Runs = ((self.end, DEAD, 0), (self.end + 1, "", 0))
        return ((0, DEAD, 0), *part, *behind) if self.start else (*part, *behind)

    def image(self, runs: Runs, length: int, at: int = 0) -> str | None:
        """The named content that lies at ``at``, whole, ``length`` bytes of it; else ``None``.

        Raises ``DeadRead`` if that depends on dead bytes.
        """
        start = self.start + at
        i = bisect_left(runs, (start,))
        if runs[i][0] == start:
            name, origin = runs[i][1], runs[i][2]
            if type(name) is str and origin == start and runs[i + 1][0] - start >= length:
                return name
        found = self.found(runs, at)
        return found if found is not None and self.holds(runs, found, length, at) else None

    def found(self, runs: Runs, at: int = 0) -> str | None:
        """The named content that begins at ``at`` of the area, whole or not."""
        return name_at(runs, self.start + at)

    def is_filled(self, runs: Runs, content: str) -> bool:
        """Whether all of it holds nothing but ``content``."""
        return is_filled(runs, self.start, self.end, content)

    def filled(self, runs: Runs, content: str) -> Runs:
        """The flash with all of the area holding ``content``: for ``forget`` and first states."""
        return splice(runs, self.start, self.end, content)

    def with_image(self, runs: Runs, name: str, length: int, at: int = 0) -> Runs:
        """The flash with a named content at ``at``: for first states."""
        start = self.start + at
        return splice(runs, start, start + -(-length // self.unit) * self.unit, name, start)


def area(
    chips: Chips,
    name: str,
    owner: str,
    extent: Extent,
    *,
    chunk: int = 1024,
    writable: bool = True,
) -> Area:
    """The area of the bytes ``extent`` (offsets in flash ``owner``); ``chunk`` bytes a call.

    ``chunk`` is rounded up to program units. The extent is not empty and lies in the flash.
    """
    base = chips.base(owner)
    flash, _ = chips.chip_at(base)
    whole = extent.shifted(base)
    unit = flash.program_unit
    rounded = -(-chunk // unit) * unit
    return Area(
        name,
        owner,
        whole,
        chips.blocks(whole),
        unit,
        flash.erased_value,
        rounded,
        writable,
    )
