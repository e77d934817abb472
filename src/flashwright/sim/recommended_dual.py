"""Our recommended dual-bank scheme: two slots that take turns, one try, and back if it fails.

Layout: two slots from which images run, and a boot record in two erase blocks
(``sim.record_pair``) with state ``CONFIRMED``, ``TRY`` (to be started for the first time) or
``TRIED`` (has been started, has not confirmed), the slot it is about, and the floor: the oldest
version that is accepted.

The rules:

1. A record is changed as ``sim.record_pair`` says, and settled before it is acted on.
2. The application erases the other slot only when its own is ``CONFIRMED``.
3. It writes ``TRY`` only after it has read the download back.
4. The bootloader turns ``TRY`` into ``TRIED`` before it starts the new image; if it does not verify
   or is below the floor, it writes ``CONFIRMED`` for the other slot.
5. ``TRIED`` at boot: the try failed; it writes ``CONFIRMED`` for the other slot and starts that.
6. A slot that does not verify is never started; then the other one is, if it verifies.
"""

from __future__ import annotations

from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import (
    Act,
    Go,
    Halt,
    Move,
    Promise,
    Reset,
    Run,
    World,
    offers,
    version_of,
)
from flashwright.sim.record_pair import RecordPair, RecordWriter

CONFIRMED = 0xC09F
TRY = 0x7271
TRIED = 0x7D1E


class RecommendedDualBank(RecordWriter):
    """The recommended dual-bank scheme on one layout; ``size`` is that of every image."""

    name = "recommended-dual-bank"
    promise = Promise(
        reverts=True, protects=True, events=("installed", "confirmed", "reverted", "next")
    )
    assumptions = (
        "an image that does not work is reset by a watchdog",
        "the CRC of a record does not match by accident",
    )

    def __init__(self, board: Board, slot_a: Area, slot_b: Area, record: Area, size: int) -> None:
        self.board = board
        self.slots = (slot_a, slot_b)
        self.record = record
        self.areas = (slot_a, slot_b, record)
        self.records = (record,)
        self.size = size
        self.pair = RecordPair(record)

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the first slot, confirmed."""
        flash = self.slots[0].with_image(self.board.blank(), "v1", self.size)
        return self.pair.with_both(flash, CONFIRMED, 0, 1), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A slot that is not whole is junk."""
        flash = self.record.tidied(flash, self.pair.tidied)
        for slot in self.slots:
            flash = slot.forgotten(flash, self.size)
        return flash

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Read the record, settle it, and act on it."""
        return self.settled(flash, ("decide",))

    def on_decide(self, flash: Contents, world: World) -> Move:
        """The record is settled: act on it."""
        record = self.pair.current(flash)
        if record is None:
            return Go(("start", 0))
        _, state, slot, floor = record
        if state == CONFIRMED:
            return Go(("start", slot))
        version = self._whole(flash, self.slots[slot])
        if state == TRY and version is not None and version >= floor:
            return self.changed(flash, TRIED, slot, floor, ("start", slot))
        if self._whole(flash, self.slots[1 - slot]) is None:
            return Go(("start", slot))
        return self.changed(flash, CONFIRMED, 1 - slot, floor, ("start", 1 - slot))

    def on_start(self, flash: Contents, world: World, slot: int) -> Move:
        """Start that slot if it verifies, else the other."""
        for each in (slot, 1 - slot):
            if self._whole(flash, self.slots[each]) is not None:
                return Run(self.slots[each].start, ("app", each))
        return Halt("neither slot verifies")

    def _whole(self, flash: Contents, area: Area) -> int | None:
        return version_of(area.image(flash, self.size))

    # The application.

    def on_app(self, flash: Contents, world: World, slot: int, version: int) -> Move:
        """A bad one hangs; a good one confirms itself; a confirmed one waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        record = self.pair.current(flash)
        if record is None or record[1:3] != (CONFIRMED, slot):
            floor = max(record.second if record else 0, version)
            return self.changed(flash, CONFIRMED, slot, floor, ("confirmed", slot, version))
        if world.confirmed < version:
            return Go(("confirmed", slot, version))
        return offers(self, world, "fetch")

    def on_confirmed(self, flash: Contents, world: World, slot: int, version: int) -> Move:
        """The record is written."""
        return Go(("app", slot, version), world._replace(confirmed=max(world.confirmed, version)))

    def on_fetch(self, flash: Contents, world: World, version: int) -> Move:
        """The other slot takes the download."""
        record = self.pair.current(flash)
        if record is None:
            return Reset("the record cannot be read")
        return Go(("clear", version, 1 - record.first, 0))

    def on_clear(self, flash: Contents, world: World, version: int, slot: int, block: int) -> Move:
        """Erase the other slot."""
        area = self.slots[slot]
        last = block + 1 == len(area.blocks)
        then = ("load", version, slot, 0) if last else ("clear", version, slot, block + 1)
        return Act(area.erase(block), then)

    def on_load(self, flash: Contents, world: World, version: int, slot: int, call: int) -> Move:
        """Write the download, call by call."""
        area = self.slots[slot]
        last = call + 1 == area.chunks(self.size)
        then = ("pend", version, slot) if last else ("load", version, slot, call + 1)
        return Act(area.program(call, f"v{version}", self.size), then)

    def on_pend(self, flash: Contents, world: World, version: int, slot: int) -> Move:
        """Read the download back, then write ``TRY``."""
        record = self.pair.current(flash)
        if record is None or self._whole(flash, self.slots[slot]) != version:
            return Reset("the download does not verify")
        return self.changed(flash, TRY, slot, record.second, ("restart",))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the bootloader do its work."""
        return Reset("an update is pending")
