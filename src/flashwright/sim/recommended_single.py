"""Our recommended single-bank scheme: copy the update over the application, and never be without a
record.

Layout: an application, a download area that holds the whole update, and a boot record in two erase
blocks. A record is 16 bytes (whole program units): sequence number, state (``IDLE`` or ``COPY``),
version, floor (the oldest version that is accepted), and a CRC; it counts only if the CRC is right,
and the one with the higher number counts.

The rules, each of which the explorer shows to be needed (leave one out and it finds the brick):

1. A record is written into the erase block that does *not* hold the current one.
2. The application writes ``COPY`` only after it has read the whole download back.
3. The bootloader, before it acts on ``COPY``, writes the record anew with the next number: what
   was read once may have been an unstable unit; what was written without a cut is firm.
4. It copies only what verifies and is not below the floor; if the download does not verify and the
   application does, the copy had been finished before: it goes on to the end.
5. After the copy has been read back it writes ``IDLE`` and raises the floor.
6. With no record at all it does not guess: an application that verifies is started.

It does not revert: there is one bank. The update is assumed to work.
"""

from __future__ import annotations

import struct
import zlib

from flashwright.flash.content import JUNK
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import (
    Act,
    Go,
    Halt,
    Machine,
    Move,
    Phased,
    Promise,
    Reset,
    Run,
    World,
    offers,
    version_of,
)

IDLE = 0x1D1E
COPY = 0xC0B1

_RECORD = struct.Struct("<IHHII")


class Record(tuple[int, int, int, int]):
    """(number, state, version, floor) of one boot record."""

    __slots__ = ()


class RecordPair:
    """A boot record in two erase blocks, one of which is whole at any time."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self.size = -(-_RECORD.size // area.unit) * area.unit

    def offset(self, block: int) -> int:
        """Where in the area block 0 or 1 begins."""
        return self.area.blocks[block].start - self.area.start

    def one(self, flash: Contents, block: int) -> tuple[int, int, int, int] | None:
        """The record in that block, if its CRC is right."""
        data = self.area.read(flash, self.offset(block), self.size)
        number, state, version, floor, crc = _RECORD.unpack_from(data)
        if zlib.crc32(data[: _RECORD.size - 4]) != crc:
            return None
        return number, state, version, floor

    def current(self, flash: Contents) -> tuple[int, tuple[int, int, int, int]] | None:
        """(block, record) of the record that counts, ``None`` if there is none."""
        found = [(block, r) for block in (0, 1) if (r := self.one(flash, block)) is not None]
        return max(found, key=lambda each: each[1][0], default=None)

    def encoded(self, number: int, state: int, version: int, floor: int) -> bytes:
        """The bytes of a record, filled up to whole program units."""
        head = _RECORD.pack(number, state, version, floor, 0)[: _RECORD.size - 4]
        data = head + struct.pack("<I", zlib.crc32(head))
        return data.ljust(self.size, b"\0")

    def tidied(self, flash: Contents) -> Contents:
        """The flash with junk where a block holds no record, and records numbered from 1 on.

        No reader can tell the difference: of numbers only the order counts.
        """
        known: list[tuple[tuple[int, int, int, int], int]] = []
        for block in (0, 1):
            if self.area.is_filled(flash, JUNK, block):
                continue
            record = self.one(flash, block)
            if record is None:
                flash = self.area.filled(flash, JUNK, block)
            else:
                known.append((record, block))
        for number, (record, block) in enumerate(sorted(known), 1):
            if record[0] != number:
                data = self.encoded(number, *record[1:])
                flash = self.area.with_bytes(flash, self.offset(block), data)
        return flash


class RecommendedSingleBank(Phased, Machine):
    """The recommended single-bank scheme on one layout; ``size`` is that of every image."""

    name = "recommended-single-bank"
    promise = Promise(protects=True, events=("installed", "confirmed", "next"))
    assumptions = (
        "an update that flash works: a single bank keeps nothing to go back to",
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
        """``v1`` in the application, an ``IDLE`` record in block 0."""
        flash = self.app.with_image(self.board.blank(), "v1", self.size)
        data = self.pair.encoded(1, IDLE, 1, 1)
        return self.record.with_bytes(flash, 0, data), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A download that is not pending is dead; a target that is not whole is junk."""
        flash = self.record.tidied(flash, self.pair.tidied)
        if self._whole(flash, self.app) is None:
            flash = self.app.filled(flash, JUNK)
        if self._whole(flash, self.ota) is None:
            flash = self.ota.filled(flash, JUNK)
        return flash

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Read the record and decide."""
        found = self.pair.current(flash)
        if found is None or found[1][1] != COPY:
            return self._start(flash)
        block, (number, _, version, floor) = found
        return Go(("renew", 1 - block, "verify", number + 1, COPY, version, floor))

    def on_renew(self, flash: Contents, world: World, block: int, then: str, *record: int) -> Move:
        """Write a record: erase the other block, then program it."""
        return Act(self.record.erase(block), ("renew2", block, then, *record))

    def on_renew2(self, flash: Contents, world: World, block: int, then: str, *record: int) -> Move:
        """Write a record: the bytes."""
        data = self.pair.encoded(*record)
        return Act(self.record.write(self.pair.offset(block), data), (then,))

    def on_verify(self, flash: Contents, world: World) -> Move:
        """Copy what verifies and is permitted; else go on with the application."""
        found = self.pair.current(flash)
        if found is None:
            return Halt("the record that was written cannot be read")
        version, floor = found[1][2], found[1][3]
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
        found = self.pair.current(flash)
        version = self._whole(flash, self.app)
        if found is None or version is None:
            return Reset("the copy does not verify") if found else self._start(flash)
        block, (number, _, _, floor) = found
        floor = max(floor, version)
        return Go(("renew", 1 - block, "start", number + 1, IDLE, version, floor))

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
        found = self.pair.current(flash)
        block, (number, _, _, floor) = found or (1, (0, IDLE, 0, world.confirmed))
        return Go(("renew", 1 - block, "restart", number + 1, COPY, version, floor))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the bootloader do its work."""
        return Reset("an update is pending")
