"""AliOS Things single bank: the second boot of 3.x copies OTA TMP over the application.

Source: AliOS Things 3.0 `middleware/uagent/ota/2ndboot/2ndboot.c`, `hal/ota_hal_plat.c`,
`include/ota/ota_service.h`; 3.3 `components/ota`.

The record is one copy at the start of PARAMETER_1, erased and then written. Its fields that steer
the second boot are modelled in their order and size (addresses, length, image CRC, upgrade flag,
boot count, and for deltas patch number and status); URL, signature and hash are not. Its own CRC is
not checked, as in the source. The image CRC stands for the version.

- ``whole``: the download is checked, then the application is erased and written.
- ``compressed``: the same, the download is expanded into the application.
- ``delta``: slice by slice: rebuilt into a backup slice at the end of OTA TMP, copied over the
  application; after each the record is erased and written with where it stands.

A failed check counts up to three tries, each of which stores the record, then the flag is cleared.
The application clears flag and count after a good start. There is no way back (a "todo" there).

``counts_first`` restores an order that is easily written instead: the count is stored before each
try, so that the record is absent for a moment while the application is half copied.
"""

from __future__ import annotations

import struct
from bisect import bisect_left

from flashwright.flash.content import JUNK, holds, pieces
from flashwright.flash.operations import Program
from flashwright.model.update import Payload
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.loops import erase_next, program_next
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

FLAG_NONE = 0
FLAG_WHOLE = 0x9669
FLAG_COMPRESSED = 0xA55A
FLAG_DELTA = 0xB44B
MOST_TRIES = 3

#: dst_adr, src_adr, len, crc, upg_flag, boot_count, patch_status, patch_num
_RECORD = struct.Struct("<IIIHHBBH")

_FLAGS = {
    Payload.WHOLE: (FLAG_WHOLE, "v"),
    Payload.COMPRESSED: (FLAG_COMPRESSED, "z"),
    Payload.DELTA: (FLAG_DELTA, "d"),
}

Fields = tuple[int, int, int, int, int, int, int, int]


class AliosSingleBank(Phased):
    """The scheme on one layout. ``size``: the image; ``payload_size``: what OTA TMP receives.

    ``slice_size`` is the backup slice of deltas: whole erase blocks at the end of OTA TMP.
    """

    name = "alios-single-bank"
    promise = Promise(events=("installed", "confirmed", "next"))
    assumptions = (
        "an update that runs works: a single bank keeps nothing to go back to",
        "a delta needs of the old image only the slice that it rebuilds",
    )

    def __init__(
        self,
        board: Board,
        app: Area,
        ota: Area,
        record: Area,
        size: int,
        *,
        payload: Payload = Payload.WHOLE,
        payload_size: int = 0,
        slice_size: int = 0x10000,
        counts_first: bool = False,
    ) -> None:
        self.board = board
        self.app, self.ota, self.record = app, ota, record
        self.areas = (app, ota, record)
        self.records = (record,)
        self.size = size
        self.flag, self.letter = _FLAGS[payload]
        self.payload_size = payload_size if payload is not Payload.WHOLE else size
        self.slice_size = slice_size
        self.counts_first = counts_first
        self.record_size = -(-_RECORD.size // record.unit) * record.unit
        self.backup = ota.size - slice_size
        self.slices = -(-size // slice_size)

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the application, PARAMETER_1 erased."""
        return self.app.with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A download that is not whole is junk, and so is an application that is not."""
        fields = self._fields(flash)
        if fields[4] != self.flag:
            flash = self.record.tidied(flash, self._tidied)
        if self.flag == FLAG_DELTA:
            if fields[4] != self.flag:
                return self.ota.filled(flash, JUNK)
            return self._slices_forgotten(flash, fields[7], fields[6])
        return self.app.forgotten(self.ota.forgotten(flash, self.payload_size), self.size)

    def _slices_forgotten(self, flash: Contents, number: int, status: int) -> Contents:
        """The slice that will be written again from its start is junk."""
        if number >= self.slices:
            return flash
        area, at = (self.app, number * self.slice_size) if status else (self.ota, self.backup)
        return area.filled_blocks(flash, JUNK, self._slice_blocks(area, at))

    def _slice_blocks(self, area: Area, base: int) -> range:
        """The erase blocks of ``area`` that begin in the slice at ``base``."""
        first = bisect_left(area.blocks, area.start + base, key=lambda b: b.start)
        end = area.start + base + self.slice_size
        return range(first, bisect_left(area.blocks, end, key=lambda b: b.start))

    def _tidied(self, flash: Contents) -> Contents:
        """Without the flag nobody reads the record, and who writes it erases it first."""
        return self.record.filled(flash, JUNK, 0)

    # The second boot.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Read the record and count."""
        fields = self._fields(flash)
        if fields[4] != self.flag:
            return self._start()
        counted = self._with(fields, count=min(fields[5] + 1, 255))
        if self.counts_first and fields[5] < MOST_TRIES:
            return Go(("store", counted, ("check",)))
        return Go(("check", counted))

    def on_check(self, flash: Contents, world: World, counted: Fields | None = None) -> Move:
        """Check the download; three failures clear the flag."""
        fields = counted or self._fields(flash)
        target, source, length, crc = fields[:4]
        if (target, source, length) == self._places() and self._download(flash, crc):
            if self.flag == FLAG_DELTA:
                return Go(("patch", crc))
            return Go(("erase", crc, 0))
        if fields[5] <= MOST_TRIES:
            return Go(("store", fields, ("again",)))
        return Go(("store", self._with(fields, flag=FLAG_NONE, count=0), ("start",)))

    def on_again(self, flash: Contents, world: World) -> Move:
        """Try again after a restart."""
        return Reset("the download does not verify")

    def on_store(
        self,
        flash: Contents,
        world: World,
        fields: Fields,
        then: tuple[object, ...],
        erased: bool = False,
    ) -> Move:
        """Store the record: erase its only copy, then write it."""
        if not erased:
            return Act(self.record.erase(0), ("store", fields, then, True))
        data = _RECORD.pack(*fields).ljust(self.record_size, b"\0")
        return Act(self.record.write(0, data), then)

    def on_erase(self, flash: Contents, world: World, version: int, block: int) -> Move:
        """Erase the application."""
        return erase_next(self.app, block, ("erase", version), ("copy", version, 0))

    def on_copy(self, flash: Contents, world: World, version: int, call: int) -> Move:
        """Copy (or expand) the download into the application."""
        again = ("copy", version)
        return program_next(self.app, f"v{version}", self.size, call, again, ("start",))

    def on_start(self, flash: Contents, world: World) -> Move:
        """Start the application, unseen."""
        return self._start()

    def _start(self) -> Move:
        return Run(self.app.start, ("app",))

    # Deltas, slice by slice.

    def on_patch(self, flash: Contents, world: World, version: int) -> Move:
        """The next slice, as the record says; behind the last the application is started."""
        fields = self._fields(flash)
        number, status = fields[7], fields[6]
        if number >= self.slices:
            return Go(("store", self._with(fields, flag=FLAG_NONE, count=0), ("start",)))
        if status:
            return Go(("put", version, number, 0, False))
        return Go(("keep", version, number, 0, False))

    def on_keep(
        self, flash: Contents, world: World, version: int, number: int, at: int, erased: bool
    ) -> Move:
        """Rebuild a slice from the old application into the backup slice; then store status 1."""
        if not erased:
            return self._erase_slice(self.ota, self.backup, ("keep", version, number), at)
        if not self._old_slice(flash, version, number):
            return Halt("the patch is applied to something that is not the old image")
        origin = self.ota.start + self.backup - number * self.slice_size
        operation = self._slice_call(self.ota, self.backup, number, at, f"v{version}", origin)
        if at + self.ota.chunk < self._slice_length(number):
            return Act(operation, ("keep", version, number, at + self.ota.chunk, True))
        fields = self._with(self._fields(flash), status=1)
        return Act(operation, ("store", fields, ("patch", version)))

    def on_put(
        self, flash: Contents, world: World, version: int, number: int, at: int, erased: bool
    ) -> Move:
        """Copy the backup slice over the application; then store the next number."""
        base = number * self.slice_size
        if not erased:
            return self._erase_slice(self.app, base, ("put", version, number), at)
        if not self._kept(flash, version, number):
            return Halt("the backup slice is not whole, and is copied over the application")
        operation = self._slice_call(self.app, base, number, at, f"v{version}", self.app.start)
        if at + self.app.chunk < self._slice_length(number):
            return Act(operation, ("put", version, number, at + self.app.chunk, True))
        fields = self._with(self._fields(flash), status=0, number=number + 1)
        return Act(operation, ("store", fields, ("patch", version)))

    def _erase_slice(self, area: Area, base: int, again: tuple[object, ...], at: int) -> Move:
        blocks = self._slice_blocks(area, base)
        last = at + 1 >= len(blocks)
        return Act(area.erase(blocks[at]), (*again, 0, True) if last else (*again, at + 1, False))

    def _slice_call(
        self, area: Area, base: int, number: int, at: int, name: str, origin: int
    ) -> Program:
        start = area.start + base + at
        length = min(area.chunk, self._slice_length(number) - at)
        return Program(start, start + -(-length // area.unit) * area.unit, name, origin)

    def _slice_length(self, number: int) -> int:
        return min(self.slice_size, self.size - number * self.slice_size)

    def _old_slice(self, flash: Contents, version: int, number: int) -> bool:
        """Whether the slice of the application still holds the old image, by whatever name."""
        start = self.app.start + number * self.slice_size
        end = start + self._slice_length(number)
        found = list(pieces(flash[self.app.index].runs, start, end))
        old = version_of(str(found[0][2])) if len(found) == 1 else None
        return old is not None and old != version and found[0][3] == self.app.start

    def _kept(self, flash: Contents, version: int, number: int) -> bool:
        """Whether the backup slice holds slice ``number`` of the new image."""
        start = self.ota.start + self.backup
        end = start + -(-self._slice_length(number) // self.ota.unit) * self.ota.unit
        origin = start - number * self.slice_size
        return holds(flash[self.ota.index].runs, start, end, f"v{version}", origin)

    # The application.

    def on_app(self, flash: Contents, world: World, version: int) -> Move:
        """A good start clears flag and count; then it waits for an update."""
        if world.confirmed != version:
            return Go(("app", version), world._replace(confirmed=version))
        fields = self._fields(flash)
        if fields[4] == self.flag:
            return Go(("store", self._with(fields, flag=FLAG_NONE, count=0), ("app", version)))
        return offers(self, world, "clear")

    def on_clear(self, flash: Contents, world: World, version: int, block: int = 0) -> Move:
        """Erase OTA TMP."""
        return erase_next(self.ota, block, ("clear", version), ("load", version, 0))

    def on_load(self, flash: Contents, world: World, version: int, call: int) -> Move:
        """Write the download."""
        name, again = f"{self.letter}{version}", ("load", version)
        return program_next(self.ota, name, self.payload_size, call, again, ("pend", version))

    def on_pend(self, flash: Contents, world: World, version: int) -> Move:
        """Write the record and restart."""
        target, source, length = self._places()
        fields = (target, source, length, version, self.flag, 0, 0, 0)
        return Go(("store", fields, ("restart",)))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the second boot do its work."""
        return Reset("an update is pending")

    def _places(self) -> tuple[int, int, int]:
        return self.app.start, self.ota.start, self.payload_size

    def _download(self, flash: Contents, crc: int) -> bool:
        return self.ota.holds(flash, f"{self.letter}{crc}", self.payload_size)

    def _fields(self, flash: Contents) -> Fields:
        return _RECORD.unpack(self.record.read(flash, 0, _RECORD.size))

    def _with(
        self,
        fields: Fields,
        *,
        flag: int | None = None,
        count: int | None = None,
        status: int | None = None,
        number: int | None = None,
    ) -> Fields:
        new = list(fields)
        for at, value in ((4, flag), (5, count), (6, status), (7, number)):
            if value is not None:
                new[at] = value
        return tuple(new)  # type: ignore[return-value]
