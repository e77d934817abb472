"""The chips of a device as one strict flash: geometry, and what erase and program do to contents.

Several flashes lie one after the other in one space of offsets ("global" offsets here): the first
byte of flash ``owner`` is at ``Chips.base(owner)``. Erase blocks may be uneven.

Laws, stricter than hardware: an erase takes exactly one erase block; a program call is aligned to
program units at both ends, lies in one chip, and programs what is erased; over what is not erased
it may only clear bits (``Overwrite.CLEAR_BITS``, and only bytes over bytes, or the bytes of a torn
unit once more), may do nothing (``ONCE``), or may do anything (``FREE``). All else is a ``Misuse``,
never done in part. Programming a block whose erasing failed unnoticed is no misuse: it stays junk.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.flash.content import (
    ERASED,
    JUNK,
    WORN,
    Runs,
    Torn,
    Unstable,
    filled,
    pieces,
    run_at,
    splice,
    still_worn,
)
from flashwright.flash.operations import Erase, Misuse, Operation, Program
from flashwright.model.geometry import Flash, Overwrite


class Chips:
    """The flashes of one device, side by side. Immutable after it is made."""

    def __init__(self, flashes: Iterable[Flash]) -> None:
        self.flashes = tuple(flashes)
        self._bases: list[int] = []
        at = 0
        for flash in self.flashes:
            self._bases.append(at)
            at += flash.size
        self.size = at

    def base(self, owner: str) -> int:
        """The global offset of the first byte of flash ``owner``; ``KeyError`` if unknown."""
        for flash, base in zip(self.flashes, self._bases, strict=True):
            if flash.name == owner:
                return base
        raise KeyError(owner)

    def chip_at(self, offset: int) -> tuple[Flash, int]:
        """The flash that holds global ``offset``, and its base; ``IndexError`` outside."""
        if not 0 <= offset < self.size:
            raise IndexError(f"offset 0x{offset:X} is outside the flash")
        i = bisect_right(self._bases, offset) - 1
        return self.flashes[i], self._bases[i]

    def block_at(self, offset: int) -> Extent:
        """The erase block at a global offset, in global offsets."""
        flash, base = self.chip_at(offset)
        return flash.block_at(offset - base).shifted(base)

    def blocks(self, extent: Extent) -> tuple[Extent, ...]:
        """The erase blocks that a global extent touches, in order; it lies in one chip."""
        flash, base = self.chip_at(extent.start)
        return tuple(b.shifted(base) for b in flash.blocks(extent.shifted(-base)))

    def blank(self) -> Runs:
        """All of it, erased."""
        return filled(self.size)

    def apply(self, runs: Runs, operation: Operation) -> Runs | Misuse:
        """The flash after ``operation``, or why it may not be done."""
        if type(operation) is Erase:
            return self._erase(runs, operation)
        return self._program(runs, operation)  # type: ignore[arg-type]

    def _erase(self, runs: Runs, op: Erase) -> Runs | Misuse:
        if not 0 <= op.start < op.end <= self.size:
            return Misuse("out-of-range", f"erase of 0x{op.start:X}..0x{op.end:X}")
        block = self.block_at(op.start)
        if (block.start, block.end) != (op.start, op.end):
            text = f"erase of 0x{op.start:X}..0x{op.end:X}, the erase block is {block}"
            return Misuse("unaligned", text)
        return splice(runs, op.start, op.end, ERASED)

    def _program(self, runs: Runs, op: Program) -> Runs | Misuse:
        start, end = op.start, op.end
        if not 0 <= start < end <= self.size:
            return Misuse("out-of-range", f"program of 0x{start:X}..0x{end:X}")
        flash, base = self.chip_at(start)
        if end > base + flash.size:
            return Misuse("out-of-range", f"0x{start:X}..0x{end:X} is more than one flash")
        unit = flash.program_unit
        if (start - base) % unit or (end - base) % unit:
            text = f"program of 0x{start:X}..0x{end:X}, the program unit is {unit} bytes"
            return Misuse("unaligned", text)
        if flash.overwrite is Overwrite.FREE:
            return splice(runs, start, end, op.content, op.origin)
        run, until = run_at(runs, start)
        if run[1] == ERASED and until >= end and op.content != WORN:
            return splice(runs, start, end, op.content, op.origin)
        worn = False
        for a, b, there, _ in pieces(runs, start, end):
            if there == WORN:
                worn = True
            elif there is not ERASED and there != ERASED:
                fault = _not_erased(flash, op, a, b, there)
                if fault is not None:
                    return fault
        content = JUNK if op.content == WORN else op.content
        done = splice(runs, start, end, content, op.origin)
        return still_worn(runs, done, start, end) if worn else done


def _not_erased(flash: Flash, op: Program, a: int, b: int, there: object) -> Misuse | None:
    new = op.content
    clears = flash.overwrite is Overwrite.CLEAR_BITS
    if isinstance(there, Torn) or (isinstance(there, Unstable) and clears):
        # Every bit that is cleared there is cleared in what was meant, so that may be done again.
        again = new[a - op.start : b - op.start] if type(new) is bytes else new
        if again == there.new:
            return None
    if flash.overwrite is Overwrite.CLEAR_BITS and type(there) is bytes and type(new) is bytes:
        part = new[a - op.start : b - op.start]
        if flash.erased_value == 0xFF:
            clears = all(o & n == n for o, n in zip(there, part, strict=True))
        else:
            clears = all(o | n == n for o, n in zip(there, part, strict=True))
        if clears:
            return None
        return Misuse("not-erased", f"program at 0x{a:X}..0x{b:X} would have to set bits back")
    return Misuse("not-erased", f"program over 0x{a:X}..0x{b:X}, which is not erased")
