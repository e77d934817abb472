"""MCUboot direct-XIP with revert: the newest image runs where it lies; unconfirmed, it is erased.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/loader.c` (boot_load_and_validate_images,
boot_select_or_erase), `bootutil_public.c` (boot_set_next for direct-XIP). A slot whose magic is not
good, or whose image was selected once and is not confirmed, is erased at boot.
"""

from __future__ import annotations

from flashwright.flash.content import JUNK
from flashwright.model.mcuboot import Build, Mode
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import (
    Act,
    Go,
    Halt,
    Move,
    Phased,
    Promise,
    Reset,
    Run,
    World,
    offers,
    version_of,
)
from flashwright.sim.mcuboot_swap import HEADER, junk
from flashwright.sim.mcuboot_trailer import GOOD, SET, UNSET, Trailer


class McubootDirectXip(Phased):
    """The scheme on one layout; ``size`` is that of every image."""

    name = "mcuboot-direct-xip"
    promise = Promise(reverts=True, events=("installed", "confirmed", "reverted", "next"))
    assumptions = (
        "built with MCUBOOT_DIRECT_XIP_REVERT; each update is linked for the slot that takes it",
        "the first image is padded and confirmed; the application marks updates after the download",
    )

    def __init__(self, board: Board, first: Area, second: Area, size: int, build: Build) -> None:
        self.board = board
        self.slots = self.areas = (first, second)
        self.size = size
        self.trailers = tuple(Trailer(slot, Mode.DIRECT_XIP, build) for slot in self.slots)

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the first slot, padded and confirmed."""
        flash = self.slots[0].with_image(self.board.blank(), "v1", self.size)
        trailer = self.trailers[0]
        for operation in (trailer.write_magic(), trailer.write_image_ok()):
            done = self.slots[0].apply(flash, operation)
            assert isinstance(done, tuple)
            flash = done
        return flash, World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A slot without a header is junk; one that will be erased is junk behind its header."""
        for slot, trailer in zip(self.slots, self.trailers, strict=True):
            if self._version(flash, slot) is None:
                flash = slot.filled(flash, JUNK)
            elif trailer.fields(flash).magic != GOOD:
                flash = junk(flash, slot, slot.start + max(HEADER, slot.unit), slot.end)
        return flash

    def on_boot(self, flash: Contents, world: World, tried: int = 0) -> Move:
        """Take the newest slot that has not been ``tried`` (bits)."""
        found = [(self._version(flash, s), -i) for i, s in enumerate(self.slots)]
        left = [(v, i) for v, i in found if v is not None and not tried >> -i & 1]
        if not left:
            return Halt("no slot holds an image that may run")
        number = -max(left)[1]
        fields = self.trailers[number].fields(flash)
        faulty = fields.copy_done == SET and fields.image_ok != SET
        if fields.magic != GOOD or faulty:
            return Go(("scrub", number, 0, tried))
        if fields.copy_done != SET:
            then = ("verify", number, tried)
            return Act(self.trailers[number].write_copy_done(), then)
        return Go(("verify", number, tried))

    def on_verify(self, flash: Contents, world: World, number: int, tried: int) -> Move:
        """Start what verifies, erase what does not."""
        if self.slots[number].image(flash, self.size) is None:
            return Go(("scrub", number, 0, tried))
        return Run(self.slots[number].start, ("app", number))

    def on_scrub(self, flash: Contents, world: World, number: int, block: int, tried: int) -> Move:
        """Erase a slot, then look at the other one."""
        slot = self.slots[number]
        last = block + 1 == len(slot.blocks)
        then = ("boot", tried | 1 << number) if last else ("scrub", number, block + 1, tried)
        return Act(slot.erase(block), then)

    def _version(self, flash: Contents, slot: Area) -> int | None:
        return version_of(slot.found(flash))

    # The application.

    def on_app(self, flash: Contents, world: World, number: int, version: int) -> Move:
        """A bad one hangs; a good one confirms itself; a confirmed one waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        confirmed = world._replace(confirmed=max(world.confirmed, version))
        trailer = self.trailers[number]
        if trailer.fields(flash).image_ok == UNSET:
            return Act(trailer.write_image_ok(), ("app", number, version), confirmed)
        if world.confirmed < version:
            return Go(("app", number, version), confirmed)
        # The download goes to the slot that does not run.
        return offers(self, world, f"clear{1 - number}")

    def on_clear0(self, flash: Contents, world: World, version: int) -> Move:
        """Take the first slot."""
        return Go(("clear", version, 0, 0))

    def on_clear1(self, flash: Contents, world: World, version: int) -> Move:
        """Take the second slot."""
        return Go(("clear", version, 1, 0))

    def on_clear(self, flash: Contents, world: World, version: int, slot: int, block: int) -> Move:
        """Erase the other slot."""
        last = block + 1 == len(self.slots[slot].blocks)
        then = ("load", version, slot, 0) if last else ("clear", version, slot, block + 1)
        return Act(self.slots[slot].erase(block), then)

    def on_load(self, flash: Contents, world: World, version: int, slot: int, call: int) -> Move:
        """Write the download, call by call."""
        last = call + 1 == self.slots[slot].chunks(self.size)
        then = ("pend", slot) if last else ("load", version, slot, call + 1)
        return Act(self.slots[slot].program(call, f"v{version}", self.size), then)

    def on_pend(self, flash: Contents, world: World, slot: int) -> Move:
        """Write the magic."""
        return Act(self.trailers[slot].write_magic(), ("restart",))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the bootloader do its work."""
        return Reset("an update is pending")
