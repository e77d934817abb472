"""MCUboot swap-offset: the update lies one erase block into the secondary slot; one pass.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/swap_offset.c`. Going up, block ``i`` of the
primary slot moves to block ``i`` of the secondary one, whose block ``i + 1`` takes its place; a
revert walks back from the end and then erases the first block and the trailer.
"""

from __future__ import annotations

from flashwright.model.mcuboot import Build, Mode
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.mcuboot_swap import AS_IT_IS, Key, McubootSwap, Place, Script, Variant
from flashwright.sim.mcuboot_trailer import GOOD, REVERT, SET, UNSET, Trailer


class McubootSwapOffset(McubootSwap):
    """The scheme on one layout."""

    name = "mcuboot-swap-offset"
    mode = Mode.SWAP_OFFSET

    def __init__(
        self,
        board: Board,
        primary: Area,
        secondary: Area,
        size: int,
        build: Build,
        variant: Variant = AS_IT_IS,
    ) -> None:
        super().__init__(board, primary, secondary, size, build, variant)
        self.lead = self.block

    @property
    def last(self) -> int:
        """The number of the last erase block that is swapped, from 0."""
        return -(-self.size // self.block) - 1

    def swap_type(self, flash: Contents) -> int:
        """copy_done in the secondary slot tells that a revert is under way."""
        two = self.second_trailer.fields(flash)
        if two.magic == GOOD and two.image_ok == UNSET and two.copy_done == SET:
            return REVERT
        return super().swap_type(flash)

    def swap_offset_of(self, flash: Contents, swap_type: int) -> int:
        """A revert finds its image at the start; else one block in, or the other way round."""
        at, other = (0, self.block) if swap_type == REVERT else (self.block, 0)
        return at if self.header(flash, self.secondary, at) else other

    def resumes(self, flash: Contents) -> Trailer | None:
        """The primary trailer, unless the swap is done or not begun."""
        one = self.first_trailer.fields(flash)
        under_way = one.magic == GOOD and one.copy_done == UNSET
        if under_way and self.second_trailer.fields(flash).magic != GOOD:
            return self.first_trailer
        return None

    def place(self, flash: Contents, source: Trailer) -> Place | None:
        """By the last status that is written."""
        found = source.status(flash).last
        return None if found < 0 else ("s", found // 2 + 1, found % 2 + 1)

    def begins_again(self, place: Place) -> bool:
        """At the first erase block, half done: its index is still ``BOOT_STATUS_IDX_0``."""
        return place == ("s", 1, 2)

    def headers(self, flash: Contents, place: Place, swap_type: int) -> bool:
        """Where the headers are looked for depends on type and status."""
        _, index, state = place
        done = index - 1
        one, two = (self.primary, 0), (self.secondary, self.block)
        if swap_type == REVERT or self.swap_type(flash) == REVERT:
            two = (self.secondary, 0)
            if done > self.last or (done == self.last and state == 2):
                one = (self.secondary, self.block)
            if done > self.last or (done == self.last and state == 3):
                two = (self.primary, 0)
        else:
            if (index > 1 or state == 2) and index <= self.last:
                one = (self.secondary, 0)
            if index > 1:
                two = (self.primary, 0)
        return self.header(flash, *one) and self.header(flash, *two)

    def write_script(self, key: Key) -> Script:
        """The prologue, then one pass up or down."""
        script = Script()
        swap_type, _, fixup, begun = key
        one, two = self.first_trailer, self.second_trailer
        if fixup:
            script.scramble(two)
            script.code.append(two.write_copy_done())
            self.init(script, two, (swap_type, False, False, False))
        if not begun:
            script.scramble(one)
            self.init(script, one, (swap_type, key[1], False, False))
        script.scramble(two)
        script.body = len(script.code)
        self._swap(script, swap_type == REVERT)
        self.finish(script, swap_type)
        return script

    def _swap(self, script: Script, back: bool) -> None:
        block, first, second = self.block, self.primary, self.secondary
        for number in range(self.last + 1):
            index = self.last - number if back else number
            at = index * block
            to, source = (at + block, at) if back else (at, at + block)
            script.label(("s", number + 1, 1))
            script.erase(second, to, block)
            script.copy(first, at, second, to, block)
            script.code.append(self.first_trailer.write_status(2 * number))
            script.label(("s", number + 1, 2))
            script.erase(first, at, block)
            script.copy(second, source, first, at, block)
            script.code.append(self.first_trailer.write_status(2 * number + 1))
        script.label(("s", self.last + 2, 1))
        if back:
            script.erase(second, 0, block)
            script.scramble(self.second_trailer)
