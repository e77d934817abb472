"""MCUboot overwrite-only: the secondary slot is copied over the primary one; no way back.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/loader.c` (boot_copy_image), without
MCUBOOT_OVERWRITE_ONLY_FAST: the whole slot is erased and copied, its trailer too.
"""

from __future__ import annotations

from flashwright.flash.content import JUNK
from flashwright.model.mcuboot import Mode
from flashwright.sim.area import Contents
from flashwright.sim.machine import Act, Go, Move, Promise, World
from flashwright.sim.mcuboot_swap import Copy, McubootSlots
from flashwright.sim.mcuboot_trailer import NONE


class McubootOverwrite(McubootSlots):
    """The scheme on one layout."""

    name = "mcuboot-overwrite"
    mode = Mode.OVERWRITE
    promise = Promise(events=("installed", "confirmed", "next"))
    assumptions = (
        "an update that runs works: overwrite-only keeps nothing to go back to",
        "MCUboot validates the primary slot at each boot (MCUBOOT_VALIDATE_PRIMARY_SLOT)",
        "the application erases the secondary slot before a download",
    )

    def decide(self, flash: Contents) -> Move:
        """Copy what is pending and verifies; else start."""
        if self.swap_type(flash) == NONE or self.header_erased(flash, 0):
            return self.start(flash)
        if not self.whole(flash, self.secondary):
            return Go(("scrub", tuple(range(len(self.secondary.blocks))), 0))
        return Go(("wipe", 0))

    def on_wipe(self, flash: Contents, world: World, block: int) -> Move:
        """Erase the primary slot."""
        last = block + 1 == len(self.primary.blocks)
        return Act(self.primary.erase(block), ("copy", 0, 0) if last else ("wipe", block + 1))

    def on_copy(self, flash: Contents, world: World, call: int, number: int) -> Move:
        """Copy the whole slot, chunk by chunk."""
        at = call * self.secondary.chunk
        if at >= self.primary.size:
            return Go(("retire", 0))
        size = min(self.secondary.chunk, self.primary.size - at)
        copy = Copy(self.secondary, self.secondary.start + at, self.primary.start + at, size)
        operation = self.copied(flash, copy, number)
        if operation is None:
            return Go(("copy", call + 1, 0))
        return Act(operation, ("copy", call, number + 1))

    def on_retire(self, flash: Contents, world: World, number: int) -> Move:
        """Erase the first and the last block of the secondary slot."""
        then = ("retire", 1) if number == 0 else ("start",)
        return Act(self.secondary.erase(-number), then)

    def forget(self, flash: Contents, world: World) -> Contents:
        """What will be copied again from its start is junk until then."""
        if self.swap_type(flash) == NONE or not self.whole(flash, self.secondary):
            # The image reaches into what other modes keep for status; of the trailer only magic
            # and flags are read.
            return self.unread(self.second_trailer.reduced(flash))
        return self.primary.filled(flash, JUNK)
