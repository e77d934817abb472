"""The areas that a scheme works on: partitions as the machines see them, in global offsets.

The flash of a machine is a tuple with one ``Part`` for each area of its board; what lies outside
all areas cannot change (who touches it breaks the law ``frame``) and is no part of the state. Equal
parts are one object: comparing and hashing a flash costs the same however much it holds, and what
has been worked out about a part (what an operation makes of it, what a torn one leaves, whether an
image lies in it) is remembered and serves in every state that contains it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TypeVar

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.flash.content import (
    ERASED,
    JUNK,
    Runs,
    hidden,
    holds,
    is_filled,
    is_settled,
    name_at,
    read,
    resolved,
    splice,
    unhidden,
    unstable_in,
)
from flashwright.flash.faults import FaultModel, torn
from flashwright.flash.operations import Erase, Misuse, Operation, Program, program_bytes


class Part:
    """What one area holds: ``runs`` from its first byte on, in global offsets.

    Made by ``Area.part`` only, which makes equal ones the same object.
    """

    __slots__ = (
        "applied",
        "fills",
        "forgotten",
        "images",
        "left",
        "noted",
        "reads",
        "runs",
        "settled",
        "tidied",
        "torn",
        "unstable",
    )

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.settled = is_settled(runs)
        self.unstable = () if self.settled else tuple(unstable_in(runs))
        # Most parts are seen once or twice: room for what is remembered is made when it is.
        self.applied: dict[Operation, Part | Misuse] | None = None
        self.torn: dict[Operation, tuple[Part, ...]] | None = None
        self.left: dict[Operation, tuple[tuple[int, Part], ...]] | None = None
        self.images: dict[tuple[int, int], str | None] | None = None
        self.reads: dict[tuple[int, int], bytes] | None = None
        self.fills: dict[tuple[str, int | range], Part] | None = None
        self.noted: dict[object, object] | None = None
        self.tidied: Part | None = None
        self.forgotten: tuple[int, Part] | None = None


Contents = tuple[Part, ...]

T = TypeVar("T")


class Area:
    """A partition: ``name``, its bytes in global offsets, its erase blocks, ``unit`` to program.

    ``blocks`` are all erase blocks that it touches: where it is not aligned, the first or last
    reaches beyond ``extent``, and erasing it is a fault that the explorer reports. Made by
    ``Board.area``. All methods take the flash of the board and leave it as it is.
    """

    def __init__(
        self, index: int, name: str, owner: str, extent: Extent, chips: Chips, chunk: int
    ) -> None:
        flash, _ = chips.chip_at(extent.start)
        self.index, self.name, self.owner, self.extent = index, name, owner, extent
        self.start, self.end, self.size = extent.start, extent.end, extent.size
        self.blocks = chips.blocks(extent)
        self.unit = flash.program_unit
        self.erased_value = flash.erased_value
        self.chunk = -(-chunk // self.unit) * self.unit
        self.writable = True
        #: What ``forget`` always does to this area, if a machine says so; see ``tidied``. It has to
        #: be all the same to ``forget`` whether it has been done already.
        self.rule: Callable[[Contents], Contents] | None = None
        self._chips = chips
        self._parts: dict[Runs, Part] = {}
        self._filled: dict[str, Part] = {}

    def part(self, runs: Runs) -> Part:
        """The part with these runs (which end with the sentinel at the end of the area)."""
        made = self._parts.get(runs)
        if made is None:
            made = self._parts[runs] = Part(runs)
        return made

    def blank(self, content: str = ERASED) -> Part:
        """The area with one content all over."""
        try:
            return self._filled[content]
        except KeyError:
            made = self.part(((self.start, content, 0), (self.end, "", 0)))
            self._filled[content] = made
            return made

    # What a scheme does.

    def erase(self, block: int) -> Erase:
        """Erase its erase block number ``block``, counted from 0; negative from the end."""
        extent = self.blocks[block]
        return Erase(extent.start, extent.end)

    def chunks(self, length: int) -> int:
        """How many program calls write ``length`` bytes, ``chunk`` bytes a call."""
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

    # What it reads.

    def read(self, flash: Contents, offset: int, size: int) -> bytes:
        """The bytes at ``offset`` of the area; see ``content.read``."""
        part = flash[self.index]
        known = part.reads
        if known is None:
            known = part.reads = {}
        found = known.get((offset, size))
        if found is None:
            at = self.start + offset
            found = read(part.runs, at, at + size, self.erased_value)
            known[offset, size] = found
        return found

    def image(self, flash: Contents, length: int, at: int = 0) -> str | None:
        """The named content that lies at ``at``, whole, ``length`` bytes of it; else ``None``.

        Raises ``DeadRead`` if that depends on dead bytes.
        """
        part = flash[self.index]
        known = part.images
        if known is None:
            known = part.images = {}
        try:
            return known[length, at]
        except KeyError:
            name = name_at(part.runs, self.start + at)
            whole = name is not None and self.holds(flash, name, length, at)
            found = known[length, at] = name if whole else None
            return found

    def holds(self, flash: Contents, name: str, length: int, at: int = 0) -> bool:
        """Whether the content ``name`` lies whole, ``length`` bytes, at ``at`` of the area."""
        start = self.start + at
        end = start + -(-length // self.unit) * self.unit
        return end <= self.end and holds(flash[self.index].runs, start, end, name)

    def found(self, flash: Contents, at: int = 0) -> str | None:
        """The named content that begins at ``at`` of the area, whole or not."""
        return name_at(flash[self.index].runs, self.start + at)

    def programmed(self, flash: Contents, name: str, at: int = 0) -> int:
        """How many bytes of the named content lie at ``at`` without a gap, from its first on."""
        runs, start = flash[self.index].runs, self.start + at
        i = bisect_left(runs, (start,))
        if runs[i][0] != start or runs[i][1] != name or runs[i][2] != start:
            return 0
        return runs[i + 1][0] - start

    def is_filled(self, flash: Contents, content: str, block: int | None = None) -> bool:
        """Whether all of it (or of one erase block) holds nothing but ``content``."""
        where = self.extent if block is None else self.blocks[block]
        return is_filled(flash[self.index].runs, where.start, where.end, content)

    def noted(self, flash: Contents, rule: Callable[[Contents], T]) -> T:
        """What ``rule`` says, remembered: for rules that look at this area alone.

        ``rule`` should be the same object each time (a method of a machine that is kept).
        """
        part = flash[self.index]
        known = part.noted
        if known is None:
            known = part.noted = {}
        try:
            return known[rule]  # type: ignore[return-value]
        except KeyError:
            found = known[rule] = rule(flash)
            return found

    # What the explorer, ``first`` and ``forget`` make of it.

    def with_part(self, flash: Contents, part: Part) -> Contents:
        """The flash with that part in the area."""
        i = self.index
        return flash if flash[i] is part else (*flash[:i], part, *flash[i + 1 :])

    def filled(self, flash: Contents, content: str, block: int | None = None) -> Contents:
        """The flash with all of the area (or one erase block) holding ``content``."""
        if block is None:
            return self.with_part(flash, self.blank(content))
        part = flash[self.index]
        known = part.fills
        if known is None:
            known = part.fills = {}
        new = known.get((content, block))
        if new is None:
            where = self.blocks[block]
            new = self.part(splice(part.runs, where.start, where.end, content))
            known[content, block] = new
        return flash if new is part else self.with_part(flash, new)

    def filled_blocks(self, flash: Contents, content: str, blocks: range) -> Contents:
        """The flash with erase blocks that follow each other holding ``content``."""
        if not blocks:
            return flash
        part = flash[self.index]
        known = part.fills
        if known is None:
            known = part.fills = {}
        new = known.get((content, blocks))
        if new is None:
            start, end = self.blocks[blocks[0]].start, self.blocks[blocks[-1]].end
            new = self.part(splice(part.runs, start, end, content))
            known[content, blocks] = new
        return flash if new is part else self.with_part(flash, new)

    def forgotten(self, flash: Contents, length: int) -> Contents:
        """The flash with junk in the area if it is not erased and no whole image begins in it."""
        part = flash[self.index]
        known = part.forgotten
        if known is None or known[0] != length:
            kept = part is self.blank() or self.image(flash, length) is not None
            known = part.forgotten = (length, part if kept else self.blank(JUNK))
        new = known[1]
        return flash if new is part else self.with_part(flash, new)

    def with_image(self, flash: Contents, name: str, length: int, at: int = 0) -> Contents:
        """The flash with a named content at ``at``."""
        start = self.start + at
        return self._spliced(flash, start, start + -(-length // self.unit) * self.unit, name)

    def with_bytes(self, flash: Contents, offset: int, data: bytes) -> Contents:
        """The flash with these bytes at ``offset``, whatever was there."""
        start = self.start + offset
        return self._spliced(flash, start, start + len(data), data)

    def tidied(self, flash: Contents, rule: Callable[[Contents], Contents]) -> Contents:
        """``rule`` applied, remembered: for rules of ``forget`` that look at this area alone.

        One rule an area. Parts that are not settled are left alone.
        """
        part = flash[self.index]
        new = part.tidied
        if new is None:
            new = part.tidied = rule(flash)[self.index] if part.settled else part
        return flash if new is part else self.with_part(flash, new)

    def apply(self, flash: Contents, operation: Operation) -> Contents | Misuse:
        """The flash after an operation that lies in the area, or why it may not be done."""
        i = self.index
        part = flash[i]
        known = part.applied
        if known is None:
            known = part.applied = {}
        done = known.get(operation)
        if done is None:
            runs = self._chips.apply(part.runs, operation)
            done = runs if isinstance(runs, Misuse) else self.part(runs)
            known[operation] = done
        if type(done) is Misuse:
            return done
        return (*flash[:i], done, *flash[i + 1 :])  # type: ignore[arg-type]

    def torn(self, flash: Contents, operation: Operation, faults: FaultModel) -> tuple[Part, ...]:
        """What the area may hold after a torn operation; one fault model a board."""
        part = flash[self.index]
        known = part.torn
        if known is None:
            known = part.torn = {}
        outcomes = known.get(operation)
        if outcomes is None:
            made = torn(self._chips, part.runs, operation, faults)
            outcomes = known[operation] = tuple([self.part(runs) for runs in made])
        return outcomes

    def left(
        self, flash: Contents, operation: Operation, faults: FaultModel
    ) -> tuple[tuple[int, Part], ...]:
        """What ``torn`` leaves that differs after ``rule``: numbers of outcomes, and parts."""
        parts = self.torn(flash, operation, faults)
        rule = self.rule
        if rule is None or len(parts) < 2:
            return tuple(enumerate(parts))
        known = flash[self.index].left
        if known is None:
            known = flash[self.index].left = {}
        found = known.get(operation)
        if found is None:
            first: dict[Part, int] = {}
            for i, part in enumerate(parts):
                first.setdefault(self.tidied(self.with_part(flash, part), rule)[self.index], i)
            found = known[operation] = tuple((i, part) for part, i in first.items())
        return found

    def resolved(self, flash: Contents, sight: tuple[tuple[int, int], ...]) -> Contents:
        """The flash with the unstable units of the area as one boot sees them."""
        part = flash[self.index]
        if not part.unstable:
            return flash
        return self.with_part(flash, self.part(resolved(part.runs, sight)))

    def hidden(self, flash: Contents, block: Extent) -> Contents:
        """The flash with one erase block of the area unreadable."""
        runs = hidden(flash[self.index].runs, block.start, block.end)
        return self.with_part(flash, self.part(runs))

    def unhidden(self, flash: Contents) -> Contents:
        """The flash with all of the area readable."""
        return self.with_part(flash, self.part(unhidden(flash[self.index].runs)))

    def _spliced(self, flash: Contents, start: int, end: int, content: str | bytes) -> Contents:
        runs = splice(flash[self.index].runs, start, end, content, start)
        return self.with_part(flash, self.part(runs))


class Board:
    """The areas of one proof on the chips of one device. Areas do not overlap.

    ``chunk`` is how many bytes a program call of data takes, rounded up to program units.
    """

    def __init__(self, chips: Chips, chunk: int = 1024) -> None:
        self.chips = chips
        self.chunk = chunk
        self.areas: list[Area] = []
        #: Bytes that belong to somebody else, in global offsets, with their names.
        self.guarded: list[tuple[Extent, str]] = []

    def guard(self, name: str, owner: str, extent: Extent) -> None:
        """Bytes that no scheme may touch although they lie in one of its areas."""
        if extent:
            self.guarded.append((extent.shifted(self.chips.base(owner)), name))

    def area(self, name: str, owner: str, extent: Extent, *, writable: bool = True) -> Area:
        """A further area: ``extent`` in offsets of flash ``owner``, not empty, in that flash.

        ``ValueError`` if it overlaps another one.
        """
        whole = extent.shifted(self.chips.base(owner))
        for other in self.areas:
            if other.extent.overlaps(whole):
                raise ValueError(f"{name} overlaps {other.name}")
        made = Area(len(self.areas), name, owner, whole, self.chips, self.chunk)
        made.writable = writable
        self.areas.append(made)
        return made

    def blank(self) -> Contents:
        """All areas, erased."""
        return tuple(area.blank() for area in self.areas)

    def area_at(self, offset: int) -> Area | None:
        """The area that holds a global offset."""
        return next((a for a in self.areas if offset in a.extent), None)
