"""The journal of a migration as its image reads it, and what of it nobody will read again.

The rules are those of ``evolve.migration``. Every block of the journal is erased before it is
programmed, so of a block only three things count: the number of its mark, whether what follows the
mark is blank, and, where that hangs on unstable units, those.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from flashwright.evolve.migrate.migration import Migration, number_of
from flashwright.flash.content import ERASED, JUNK, part_of, read, unstable_in
from flashwright.sim.area import Area, Contents, Part

#: What to do, and the number of its task: ``wipe`` the block of mark n, ``mark`` n, ``task`` n.
Item = tuple[str, int]

#: A block as one boot reads it: number of its mark (-1: none), and whether its seal is blank.
Reading = tuple[int, bool]

NO_MARK: Reading = (-1, False)

_MOST_UNSTABLE = 2


class Journal:
    """The two blocks of a plan's journal (or none), each in the area of its flash."""

    def __init__(self, plan: Migration, areas: Mapping[str, Area]) -> None:
        self.plan = plan
        self.blocks = [(areas[at.owner], at.extent) for at in plan.journal]
        self.length = len(plan.mark(0)) if plan.journal else 0
        self._tidied: dict[tuple[Part, int], Part] = {}

    def next(self, flash: Contents) -> Item:
        """What comes first after a start."""
        readings = [self._reading(flash, i) for i in range(len(self.blocks))]
        marks = [number for number, _ in readings]
        done = max(marks, default=-1)
        if done <= 0:
            return "mark", 0
        if min(marks) == done - 1 and readings[done % 2][1]:
            return "mark", done
        return "wipe", done + 1

    def is_settled(self, flash: Contents) -> bool:
        """Whether each boot reads the same in it."""
        return not any(self._unstable(flash, i) for i in range(len(self.blocks)))

    def tidied(self, flash: Contents) -> Contents:
        """The flash with each block as plain as what is read in it allows."""
        for i, (area, _) in enumerate(self.blocks):
            part = flash[area.index]
            new = self._tidied.get((part, i))
            if new is None:
                new = self._tidied[part, i] = self._plain(flash, i)
            flash = area.with_part(flash, new)
        return flash

    def wiped(self, flash: Contents, number: int) -> Contents:
        """The flash when the block of mark ``number`` is wiped next, or both for number 0.

        That block may as well be junk. Then only the mark of the other one counts, since that other
        block can no longer follow the mark before it.
        """
        for i in range(len(self.blocks)):
            mark = -1 if number == 0 or i == number % 2 else number - 1
            flash = self._with(flash, i, (mark, False))
        return flash

    def _plain(self, flash: Contents, i: int) -> Part:
        area = self.blocks[i][0]
        part = flash[area.index]
        unstable = self._unstable(flash, i)
        if len(unstable) > _MOST_UNSTABLE:
            return part
        sights = (
            tuple(zip(unstable, now, strict=True))
            for now in product((0, 1, 2), repeat=len(unstable))
        )
        found = {self._reading(area.resolved(flash, sight), i) for sight in sights}
        if len(found) > 1:
            return part
        return self._with(flash, i, found.pop())[area.index]

    def _with(self, flash: Contents, i: int, reading: Reading) -> Contents:
        """The flash with a block that reads so."""
        area, extent = self.blocks[i]
        number, blank = reading
        filler = ERASED if blank else JUNK
        flash = area.with_image(flash, filler, extent.size, extent.start)
        return (
            area.with_bytes(flash, extent.start, self.plan.mark(number)) if number >= 0 else flash
        )

    def _reading(self, flash: Contents, i: int) -> Reading:
        area, extent = self.blocks[i]
        runs, start = flash[area.index].runs, area.start + extent.start
        found = read(runs, start, start + 2 * self.length, area.erased_value)
        number = number_of(self.plan, found[: self.length])
        if number < 0:
            return NO_MARK
        return number, found[self.length :] == bytes([area.erased_value]) * self.length

    def _unstable(self, flash: Contents, i: int) -> list[int]:
        area, extent = self.blocks[i]
        part = flash[area.index]
        if part.settled:
            return []
        whole = extent.shifted(area.start)
        return unstable_in(part_of(part.runs, whole.start, whole.end))
