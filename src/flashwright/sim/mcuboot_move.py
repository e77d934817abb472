"""MCUboot swap-move: the primary image moves up one erase block, then both slots are swapped.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/swap_move.c`.
"""

from __future__ import annotations

from flashwright.model.mcuboot import Mode
from flashwright.sim.area import Contents
from flashwright.sim.mcuboot_swap import Key, McubootSwap, Place, Script
from flashwright.sim.mcuboot_trailer import GOOD, PERMANENT, UNSET, Trailer


class McubootSwapMove(McubootSwap):
    """The scheme on one layout."""

    name = "mcuboot-swap-move"
    mode = Mode.SWAP_MOVE

    @property
    def last(self) -> int:
        """How many erase blocks are swapped."""
        return -(-self.size // self.block)

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
        moves = self.build.max_sectors
        if found < 0:
            return None
        if found < moves:
            return "m", found + 1, 1
        return "s", (found - moves) // 2 + 1, (found - moves) % 2 + 1

    def headers(self, flash: Contents, place: Place, swap_type: int) -> bool:
        """Where the headers are looked for depends on the status."""
        op, index, state = place
        one, two = (self.primary, 0), (self.secondary, 0)
        moved = (self.primary, self.block)
        if op == "m":
            if index > self.last:
                one = moved
        elif 1 < index <= self.last:
            one, two = two, one
        elif index == 1:
            one = moved
            if state == 2:
                two = (self.primary, 0)
        return self.header(flash, *one) and self.header(flash, *two)

    def write_script(self, key: Key) -> Script:
        """Move, then swap."""
        script = Script()
        swap_type, _, fixup, begun = key
        one, two = self.first_trailer, self.second_trailer
        if fixup:
            script.scramble(two)
            if "bare-magic" in self.variant.mended:
                script.code.append(two.write_swap_info(PERMANENT))
            script.code += [
                two.write_image_ok(),
                two.write_swap_size(self.size),
                two.write_magic(),
            ]
        if not begun:
            script.scramble(one)
            self.init(script, one, key)
        script.scramble(two)
        block, first = self.block, self.primary
        script.body = len(script.code)
        for number in range(self.last):
            script.label(("m", number + 1, 1))
            index = self.last - number
            script.erase(first, index * block, block)
            script.copy(first, (index - 1) * block, first, index * block, block)
            script.code.append(one.write_status(number))
        script.label(("m", self.last + 1, 1))
        self._swap(script)
        self.finish(script, swap_type)
        return script

    def _swap(self, script: Script) -> None:
        block, first, second = self.block, self.primary, self.secondary
        entry = self.build.max_sectors
        for index in range(1, self.last + 1):
            at = (index - 1) * block
            script.label(("s", index, 1))
            script.erase(first, at, block)
            script.copy(second, at, first, at, block)
            script.code.append(self.first_trailer.write_status(entry))
            script.label(("s", index, 2))
            script.erase(second, at, block)
            script.copy(first, index * block, second, at, block)
            script.code.append(self.first_trailer.write_status(entry + 1))
            entry += 2
        script.label(("s", self.last + 1, 1))
