"""Our recommended single-bank scheme: copy the update, and never be without a record.

Layout: an application, a download area that holds the whole update, and a boot record in two erase
blocks (``sim.record_pair``) with state ``IDLE`` or ``COPY``, the version it is about, and the
floor: the oldest version that is accepted.

The rules, each of which is needed (the tests leave one out and the explorer finds the brick):

1. A record is changed as ``sim.record_pair`` says, and settled before it is acted on.
2. The application writes ``COPY`` only after it has read the whole download back.
3. The bootloader verifies the download before it erases the application.
4. It copies only what verifies and is not below the floor. If the download does not verify and the
   application does, the copy had been finished before.
5. After the copy has been read back it writes ``IDLE`` and raises the floor.
6. With no record at all it does not guess: an application that verifies is started.

It does not revert: there is one bank. The update is assumed to work.
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

IDLE = 0x1D1E
COPY = 0xC0B1


class RecommendedSingleBank(RecordWriter):
    """The recommended single-bank scheme on one layout; ``size`` is that of every image."""

    name = "recommended-single-bank"
    promise = Promise(protects=True, events=("installed", "confirmed", "next"))
    assumptions = (
        "an update that runs works: a single bank keeps nothing to go back to",
        "the CRC of a record does not match by accident",
    )

    def __init__(self, board: Board, app: Area, ota: Area, record: Area, size: int) -> None:
        self.board = board
        self.app, self.ota, self.record = app, ota, record
        self.areas = (app, ota, record)
        self.records = (record,)
        self.size = size
        self.pair = RecordPair(record)

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the application, an ``IDLE`` record."""
        flash = self.app.with_image(self.board.blank(), "v1", self.size)
        return self.pair.with_both(flash, IDLE, 1, 1), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A download that is not pending is dead; a target that is not whole is junk."""
        flash = self.record.tidied(flash, self.pair.tidied)
        return self.ota.forgotten(self.app.forgotten(flash, self.size), self.size)

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Read the record, settle it, and act on it."""
        return self.settled(flash, ("decide",))

    def on_decide(self, flash: Contents, world: World) -> Move:
        """The record is settled: act on it."""
        record = self.pair.current(flash)
        if record is None or record.state != COPY:
            return self._start(flash)
        return Go(("verify",))

    def on_verify(self, flash: Contents, world: World) -> Move:
        """Copy what verifies and is permitted; else go on with the application."""
        record = self.pair.current(flash)
        if record is None:
            return self._start(flash)
        version, floor = record.first, record.second
        if version >= floor and self.ota.holds(flash, f"v{version}", self.size):
            return Go(("erase", 0, version))
        return Go(("finish",))

    def on_erase(self, flash: Contents, world: World, block: int, version: int) -> Move:
        """Erase the application."""
        last = block + 1 == len(self.app.blocks)
        return Act(
            self.app.erase(block), ("copy", 0, version) if last else ("erase", block + 1, version)
        )

    def on_copy(self, flash: Contents, world: World, call: int, version: int) -> Move:
        """Copy the download, call by call."""
        operation = self.app.program(call, f"v{version}", self.size)
        last = call + 1 == self.app.chunks(self.size)
        return Act(operation, ("finish",) if last else ("copy", call + 1, version))

    def on_finish(self, flash: Contents, world: World) -> Move:
        """The application verifies: write ``IDLE`` and raise the floor; else copy again."""
        record = self.pair.current(flash)
        version = self._whole(flash, self.app)
        if record is None or version is None:
            return Reset("the copy does not verify") if record else self._start(flash)
        floor = max(record.second, version)
        return self.changed(flash, IDLE, version, floor, ("start",))

    def on_start(self, flash: Contents, world: World) -> Move:
        """Start the application."""
        return self._start(flash)

    def _start(self, flash: Contents) -> Move:
        if self._whole(flash, self.app) is None:
            return Halt("no application that verifies, and no record of a copy")
        return Run(self.app.start, ("app",))

    def _whole(self, flash: Contents, area: Area) -> int | None:
        return version_of(area.image(flash, self.size))

    # The application.

    def on_app(self, flash: Contents, world: World, version: int) -> Move:
        """It works, which confirms it; then it waits for an update."""
        if world.confirmed != version:
            return Go(("app", version), world._replace(confirmed=version))
        return offers(self, world, "clear")

    def on_clear(self, flash: Contents, world: World, version: int, block: int = 0) -> Move:
        """Erase the download area."""
        last = block + 1 == len(self.ota.blocks)
        then = ("load", version, 0) if last else ("clear", version, block + 1)
        return Act(self.ota.erase(block), then)

    def on_load(self, flash: Contents, world: World, version: int, call: int) -> Move:
        """Write the download, call by call."""
        operation = self.ota.program(call, f"v{version}", self.size)
        last = call + 1 == self.ota.chunks(self.size)
        return Act(operation, ("pend", version) if last else ("load", version, call + 1))

    def on_pend(self, flash: Contents, world: World, version: int) -> Move:
        """Read the download back, then write ``COPY``."""
        if not self.ota.holds(flash, f"v{version}", self.size):
            return Reset("the download does not verify")
        record = self.pair.current(flash)
        floor = record.second if record else self._whole(flash, self.app) or 0
        return self.changed(flash, COPY, version, floor, ("restart",))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the bootloader do its work."""
        return Reset("an update is pending")
