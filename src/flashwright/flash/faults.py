"""Faults as one explicit value: what may go wrong, and every outcome that it can have.

Each field is an assumption that is printed with the verdict. What is *not* here is not assumed:
bits that change by themselves, erased cells that read erased and are not, a cut that also disturbs
a neighbouring erase block.

Limits: a torn program of named content (an image) leaves junk where the call was; its prefixes are
all "not whole", so they are one outcome. A torn program of bytes has every prefix of units as an
outcome, with the next unit untouched or junk (or unstable, or, where few bits change, any subset of
them). A torn erase leaves junk, or a mixture from the front or from the back with its border at
every run of content and at every unit of bytes (at most ``MOST_BORDERS`` of them).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flashwright.flash.chips import Chips
from flashwright.flash.content import (
    ERASED,
    JUNK,
    Content,
    Runs,
    Torn,
    Unstable,
    pieces,
    splice,
    still_worn,
)
from flashwright.flash.operations import Erase, Operation, Program
from flashwright.model.geometry import Overwrite

MOST_BORDERS = 64

#: A unit in which at most this many bits change is torn in every subset of them.
MOST_BITS = 6


@dataclass(frozen=True, slots=True)
class FaultModel:
    """What may go wrong.

    ``cuts`` is how many power cuts at most (``None``: any number), between any two operations and,
    as ``torn_program`` and ``torn_erase`` say, inside one. ``mixed_erase``: a cut erase may leave
    the front or the back of its block erased and the rest as it was. ``unstable``: the last unit of
    a torn program may read differently at each boot. ``bit_subsets``: any subset of the bits of
    that unit. ``lost_writes``: so many program calls do nothing, unnoticed. ``worn_erases``: so
    many erases leave junk, unnoticed, that stays junk until the block is erased again.
    ``failing_reads``: at so many boots one record area reads as junk.
    """

    cuts: int | None = None
    torn_program: bool = True
    torn_erase: bool = True
    mixed_erase: bool = True
    unstable: bool = False
    bit_subsets: bool = False
    lost_writes: int = 0
    worn_erases: int = 0
    failing_reads: int = 0

    def assumptions(self) -> tuple[str, ...]:
        """The model in words, one line a fault."""
        lines = []
        if self.cuts is None:
            lines.append("any number of power cuts, at any point")
        else:
            lines.append(f"at most {self.cuts} power cut{'s' if self.cuts != 1 else ''}")
        if self.torn_program:
            last = "untouched, junk" + (", unstable" if self.unstable else "")
            last += ", any subset of bits" if self.bit_subsets else ""
            lines.append(f"a cut program call leaves any prefix of units; the next unit is {last}")
        else:
            lines.append("a program call happens as a whole or not at all")
        if self.torn_erase and self.mixed_erase:
            lines.append("a cut erase leaves the block old, erased, mixed from either end, or junk")
        elif self.torn_erase:
            lines.append("a cut erase leaves the block old, erased, or junk")
        else:
            lines.append("an erase happens as a whole or not at all")
        for count, text in (
            (self.lost_writes, "program calls that do nothing, unnoticed"),
            (self.worn_erases, "erases that leave junk until the next one, unnoticed"),
            (self.failing_reads, "boots at which a record area cannot be read"),
        ):
            if count:
                lines.append(f"up to {count} {text}")
        return tuple(lines)


def torn(chips: Chips, runs: Runs, operation: Operation, faults: FaultModel) -> list[Runs]:
    """Every outcome of an operation cut in the middle, without "not begun" and "complete".

    The order is fixed: a number in a trace names the same outcome for ever.
    """
    if type(operation) is Erase:
        return _torn_erase(chips, runs, operation, faults) if faults.torn_erase else []
    if not faults.torn_program:
        return []
    outcomes = _torn_program(chips, runs, operation, faults)  # type: ignore[arg-type]
    if not faults.worn_erases:
        return outcomes
    start, end = operation.start, operation.end
    worn = dict.fromkeys(still_worn(runs, each, start, end) for each in outcomes)
    return [each for each in worn if each != runs]


def _torn_program(chips: Chips, runs: Runs, op: Program, faults: FaultModel) -> list[Runs]:
    flash, _ = chips.chip_at(op.start)
    unit = flash.program_unit
    if type(op.content) is not bytes:
        outcomes = [splice(runs, op.start, op.end, JUNK)]
        if faults.unstable:
            last = op.end - unit
            unsure = Unstable(ERASED, op.content)
            outcomes.append(splice(_begun(runs, op, last), last, op.end, unsure, op.origin))
        return outcomes
    outcomes = []
    for at in range(op.start, op.end, unit):
        begun = _begun(runs, op, at)
        if at > op.start:
            outcomes.append(begun)
        new = op.content[at - op.start : at - op.start + unit]
        junk = Torn(new) if flash.overwrite is Overwrite.CLEAR_BITS else JUNK
        outcomes.append(splice(begun, at, at + unit, junk, at))
        if faults.unstable:
            outcomes.append(splice(begun, at, at + unit, Unstable(_piece(runs, at, unit), new), at))
        if faults.bit_subsets:
            old = _bytes_at(runs, at, unit, flash.erased_value)
            outcomes.extend(splice(begun, at, at + unit, mixed) for mixed in _subsets(old, new))
    return outcomes


def _begun(runs: Runs, op: Program, at: int) -> Runs:
    if at == op.start:
        return runs
    content = op.content[: at - op.start] if type(op.content) is bytes else op.content
    return splice(runs, op.start, at, content, op.origin)


def _piece(runs: Runs, at: int, unit: int) -> Content:
    found = [content for _, _, content, _ in pieces(runs, at, at + unit)]
    return found[0] if len(found) == 1 and type(found[0]) is not Unstable else JUNK


def _bytes_at(runs: Runs, at: int, unit: int, erased_value: int) -> bytes | None:
    there = _piece(runs, at, unit)
    if there == ERASED:
        return bytes([erased_value]) * unit
    return there if isinstance(there, bytes) else None


def _subsets(old: bytes | None, new: bytes) -> Iterator[bytes]:
    """The values between ``old`` and ``new``, both left out, where few enough bits change."""
    if old is None:
        return
    before, after = int.from_bytes(old, "little"), int.from_bytes(new, "little")
    bits = [1 << i for i in range(8 * len(new)) if (before ^ after) >> i & 1]
    if len(bits) <= MOST_BITS:
        choices = range(1, (1 << len(bits)) - 1)
        masks = [sum(b for i, b in enumerate(bits) if choice >> i & 1) for choice in choices]
    else:
        half = len(bits) // 2
        masks = [sum(bits[:half]), sum(bits[half:]), sum(bits[::2]), sum(bits[1::2])]
    for mask in masks:
        yield (before ^ mask).to_bytes(len(new), "little")


def _torn_erase(chips: Chips, runs: Runs, op: Erase, faults: FaultModel) -> list[Runs]:
    outcomes = [splice(runs, op.start, op.end, JUNK)]
    there = list(pieces(runs, op.start, op.end))
    if not faults.mixed_erase or (len(there) == 1 and type(there[0][2]) is not bytes):
        return outcomes
    unit = chips.chip_at(op.start)[0].program_unit
    borders: list[int] = []
    for a, b, content, _ in there:
        borders.extend(range(a, b, unit) if type(content) is bytes else (a, b))
    borders = sorted({b for b in borders if op.start < b < op.end})
    if len(borders) > MOST_BORDERS:
        borders = borders[:: -(-len(borders) // MOST_BORDERS)]
    for border in borders:
        outcomes.append(splice(runs, op.start, border, ERASED))
        outcomes.append(splice(runs, border, op.end, ERASED))
    seen = {runs, splice(runs, op.start, op.end, ERASED)}
    return [o for o in outcomes if not (o in seen or seen.add(o))]  # type: ignore[func-returns-value]
