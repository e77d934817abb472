"""AliOS Things 2.1 "ABBACK": application and OTA TMP are swapped, block by block, and swapped back.

Source: AliOS Things 2.1 `middleware/uagent/ota/2nd_boot` (`rec_define.h`, recovery type ABBACK).

The state is kept in PARAMETER_1 and, as a second copy with a CRC each, in RECOVERY_BACK_PARA; the
block that is swapped goes through the erase block behind that copy. Each block takes three steps
(``swapped_state``), each of which is stored in both copies before the next begins:

0. application block -> backup block
1. OTA TMP block -> application block
2. backup block -> OTA TMP block

After the swap the image is on trial; each start is counted and stored; the fourth swaps back. The
application clears the trial. The copy in RECOVERY_BACK_PARA is stored first, and at boot copies
that differ are made equal, by that one if it is readable (both our reading). Names of flags as in
the source: UPGE (swap), REVV (trial), ROBK (swap back).
"""

from __future__ import annotations

import struct
import zlib
from functools import partial

from flashwright.flash.content import JUNK
from flashwright.flash.operations import Program
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.loops import copied, erase_next, program_next
from flashwright.sim.machine import Act, Go, Move, Phased, Promise, Reset, Run, World, offers

UPGE, REVV, ROBK, NONE = 0x55504745, 0x52455656, 0x524F424B, 0
MOST_STARTS = 3

#: flag, block number, swapped state, start count, CRC
_RECORD = struct.Struct("<IHBBI")
_CRC_SIZE = 4

Fields = tuple[int, int, int, int]


class AliosSwap(Phased):
    """The scheme on one layout; slots of equal erase blocks, ``back`` of two erase blocks."""

    name = "alios-swap"
    renames = True
    promise = Promise(reverts=True, events=("installed", "confirmed", "reverted", "next"))
    assumptions = ("an image that does not work is reset by a watchdog",)

    def __init__(
        self, board: Board, app: Area, ota: Area, record: Area, back: Area, size: int
    ) -> None:
        self.board = board
        self.app, self.ota, self.record, self.back = app, ota, record, back
        self.areas = (app, ota, record, back)
        self.records = (record, back)
        self.size = size
        self.record_size = -(-_RECORD.size // record.unit) * record.unit
        block = app.blocks[0].size
        self.count = -(-size // block)
        self._in_record = partial(self._one, area=record)
        self._in_back = partial(self._one, area=back)
        self._record_kept = partial(self._tidied, area=record)
        self._back_kept = partial(self._tidied, area=back)
        record.rule, back.rule = self._record_kept, self._back_kept

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the application, no record."""
        return self.app.with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """What the step that is due will erase is junk; without a record, so is a torn download."""
        flag, number, state, _ = self._fields(flash)
        flash = self.record.tidied(flash, self._record_kept)
        flash = self.back.tidied(flash, self._back_kept)
        if flag not in (UPGE, ROBK):
            flash = self.back.filled(flash, JUNK, 1)
            return self.ota.forgotten(flash, self.size)
        if number >= self.count:
            return flash
        area, block = ((self.back, 1), (self.app, number), (self.ota, number))[min(state, 2)]
        return area.filled(flash, JUNK, block)

    def _tidied(self, flash: Contents, area: Area) -> Contents:
        return flash if self._one(flash, area) else area.filled(flash, JUNK, 0)

    # The second boot.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Restore a lost copy; go on with a swap, count a trial, or start the application."""
        record = self.record.noted(flash, self._in_record)
        back = self.back.noted(flash, self._in_back)
        if record != back:
            return Go(("store", back or record, ("boot",), 2 if back else 0))
        flag, number, state, count = self._fields(flash)
        if flag in (UPGE, ROBK):
            if number < self.count:
                return Go(("swap", flag, number, state))
            done = (REVV, 0, 0, 0) if flag == UPGE else (NONE, 0, 0, 0)
            return Go(("store", done, ("boot",), 0))
        if flag == REVV:
            if count >= MOST_STARTS:
                return Go(("store", (ROBK, 0, 0, 0), ("boot",), 0))
            return Go(("store", (REVV, 0, 0, count + 1), ("start",), 0))
        return Go(("start",))

    def on_store(
        self, flash: Contents, world: World, fields: Fields, then: tuple[object, ...], stage: int
    ) -> Move:
        """Store the state: the copy first, then PARAMETER_1; each is erased, then written."""
        area = self.back if stage < 2 else self.record
        if stage % 2 == 0:
            return Act(area.erase(0), ("store", fields, then, stage + 1))
        operation = area.write(0, self._encoded(fields))
        if stage == 1 and self.record.noted(flash, self._in_record) == fields:
            return Act(operation, then)
        return Act(operation, then if stage == 3 else ("store", fields, then, stage + 1))

    def on_swap(self, flash: Contents, world: World, flag: int, number: int, state: int) -> Move:
        """One of the three steps of a block: erase its target, then copy."""
        block = self.app.blocks[0].size
        source, at, target, to = (
            (self.app, number * block, self.back, block),
            (self.ota, number * block, self.app, number * block),
            (self.back, block, self.ota, number * block),
        )[min(state, 2)]
        calls = copied(flash, source, at, target, to, block)
        after = (flag, number, state + 1, 0) if state < 2 else (flag, number + 1, 0, 0)
        target_block = 1 if target is self.back else number
        return Act(target.erase(target_block), ("copy", calls, after))

    def on_copy(
        self, flash: Contents, world: World, calls: tuple[Program, ...], after: Fields
    ) -> Move:
        """Copy call by call, then store."""
        if not calls:
            return Go(("store", after, ("boot",), 0))
        return Act(calls[0], ("copy", calls[1:], after))

    def on_start(self, flash: Contents, world: World) -> Move:
        """Start the application, unseen."""
        return Run(self.app.start, ("app",))

    # The application.

    def on_app(self, flash: Contents, world: World, version: int) -> Move:
        """A bad one hangs; a good one ends the trial; then it waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        if self._fields(flash)[0] == REVV:
            return Go(("store", (NONE, 0, 0, 0), ("app", version), 0))
        if world.confirmed < version:
            return Go(("app", version), world._replace(confirmed=version))
        return offers(self, world, "clear")

    def on_clear(self, flash: Contents, world: World, version: int, block: int = 0) -> Move:
        """Erase OTA TMP."""
        return erase_next(self.ota, block, ("clear", version), ("load", version, 0))

    def on_load(self, flash: Contents, world: World, version: int, call: int) -> Move:
        """Write the download, then store that it is to be swapped in."""
        then = ("store", (UPGE, 0, 0, 0), ("restart",), 0)
        again = ("load", version)
        return program_next(self.ota, f"v{version}", self.size, call, again, then)

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the second boot do its work."""
        return Reset("an update is pending")

    def _encoded(self, fields: Fields) -> bytes:
        head = _RECORD.pack(*fields, 0)[:-_CRC_SIZE]
        return (head + struct.pack("<I", zlib.crc32(head))).ljust(self.record_size, b"\0")

    def _one(self, flash: Contents, area: Area) -> Fields | None:
        data = area.read(flash, 0, _RECORD.size)
        flag, number, state, count, crc = _RECORD.unpack(data)
        return (flag, number, state, count) if zlib.crc32(data[:-_CRC_SIZE]) == crc else None

    def _fields(self, flash: Contents) -> Fields:
        back = self.back.noted(flash, self._in_back)
        return back or self.record.noted(flash, self._in_record) or (NONE, 0, 0, 0)
