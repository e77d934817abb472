"""ESP-IDF: two otadata records choose among N slots, with or without rollback.

Source: espressif/esp-idf `bootloader_support/src/bootloader_utility.c`,
`bootloader_common_loader.c`, `app_update/esp_ota_ops.c`.

A record is 32 bytes in an erase block of its own: sequence number, label, state, and a CRC of the
number alone. It counts if the number is not erased, the state is neither INVALID nor ABORTED and
the CRC is right; of two the one with the higher number counts, and the slot is
``(number - 1) % slots``. The bootloader verifies an image before it starts it and else tries the
others: downward to the factory image, then upward.

With rollback (``CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE``) a new record is NEW; the bootloader turns
PENDING into ABORTED and then NEW into PENDING, rewriting that erase block each time; the
application marks itself VALID. A download first erases the inactive record if it maps to another
slot than the running one.

``numbers`` stay small here (an update adds one); the label of the record is not modelled, its state
and CRC are.
"""

from __future__ import annotations

import struct
import zlib

from flashwright.flash.content import ERASED, JUNK
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
    Volatile,
    World,
    offers,
    version_of,
)

NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF
_ERASED_NUMBER = 0xFFFFFFFF

#: ota_seq, ota_state, crc; the label between the first two is left out.
_RECORD = struct.Struct("<III")

Record = tuple[int, int, int]


class EspIdfOta(Phased):
    """The scheme on one layout: ``slots`` ota_0, ota_1, ..., perhaps a ``factory`` image."""

    name = "esp-idf-ota"
    assumptions = (
        "the bootloader verifies the hash of an image before it starts it",
        "an image that does not work is reset by a watchdog",
    )

    def __init__(
        self,
        board: Board,
        slots: tuple[Area, ...],
        otadata: Area,
        size: int,
        *,
        factory: Area | None = None,
        rollback: bool = True,
    ) -> None:
        self.board = board
        self.slots, self.factory, self.otadata = slots, factory, otadata
        self.areas = (*slots, otadata)
        self.records = (otadata,)
        self.size = size
        self.rollback = rollback
        events = ("installed", "confirmed", "next", *(("reverted",) if rollback else ()))
        self.promise = Promise(reverts=rollback, events=events)
        self.record_size = -(-_RECORD.size // otadata.unit) * otadata.unit

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the factory partition (or ota_0), otadata erased."""
        area = self.factory or self.slots[0]
        return area.with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A slot that is not whole is junk; a record that does not count is junk."""
        flash = self.otadata.tidied(flash, self._tidied)
        for slot in self.slots:
            flash = slot.forgotten(flash, self.size)
        return flash

    def _tidied(self, flash: Contents) -> Contents:
        """One content for each meaning that a block can have: whoever writes it erases it first."""
        for block in (0, 1):
            number, state, crc = self._record(flash, block)
            blank = number == _ERASED_NUMBER
            meant: Record
            if state == PENDING and not self._counts((number, state, crc)):
                meant = (number if blank else 1, PENDING, 0)
            elif blank:
                flash = self.otadata.filled(flash, ERASED, block)
                continue
            elif state in (INVALID, ABORTED):
                meant = (1, ABORTED, 0)
            elif self._counts((number, state, crc)):
                meant = (number, state, crc)
            else:
                flash = self.otadata.filled(flash, JUNK, block)
                continue
            flash = self.otadata.filled(flash, ERASED, block)
            flash = self.otadata.with_bytes(flash, self._offset(block), self._encoded(meant))
        return flash

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Choose a record; with rollback, turn its state first."""
        records = [self._record(flash, 0), self._record(flash, 1)]
        if self.rollback:
            for block, (number, state, crc) in enumerate(records):
                if state == PENDING:
                    return Go(("rewrite", block, (number, ABORTED, crc), ("boot",)))
        if all(self._invalid(r) for r in records):
            if self.factory is not None:
                return Go(("try", -1))
            if all(r[0] == _ERASED_NUMBER for r in records):
                return Go(("rewrite", 0, self._new(1, VALID), ("try", 0)))
            return Go(("try", 0))
        active = self._active(records)
        if active is None:
            return Go(("try", -1 if self.factory is not None else 0))
        number, state, crc = records[active]
        index = (number - 1) % len(self.slots)
        if self.rollback and state == NEW:
            return Go(("rewrite", active, (number, PENDING, crc), ("try", index)))
        return Go(("try", index))

    def on_try(self, flash: Contents, world: World, index: int) -> Move:
        """Start that slot if it verifies; else downward to the factory image, then upward."""
        order = [*range(index, -2, -1), *range(index + 1, len(self.slots))]
        for each in order:
            area = self.factory if each < 0 else self.slots[each]
            if area is not None and self._whole(flash, area) is not None:
                return Run(area.start, ("app", each))
        return Halt("no slot verifies")

    def on_rewrite(
        self,
        flash: Contents,
        world: World,
        block: int,
        record: Record,
        then: Volatile,
        erased: bool = False,
    ) -> Move:
        """Erase an otadata block and write its record."""
        if not erased:
            return Act(self.otadata.erase(block), ("rewrite", block, record, then, True))
        return Act(self.otadata.write(self._offset(block), self._encoded(record)), then)

    # The application.

    def on_app(self, flash: Contents, world: World, slot: int, version: int) -> Move:
        """A bad one hangs; a good one marks itself valid; then it waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        if self.rollback and slot >= 0:
            records = [self._record(flash, 0), self._record(flash, 1)]
            active = self._active(records)
            if active is not None and records[active][1] in (NEW, PENDING):
                number, _, crc = records[active]
                then = ("sure", slot, version)
                return Go(("rewrite", active, (number, VALID, crc), then))
        return Go(("sure", slot, version))

    def on_sure(self, flash: Contents, world: World, slot: int, version: int) -> Move:
        """The image is confirmed."""
        if world.confirmed < version:
            return Go(("sure", slot, version), world._replace(confirmed=version))
        return Go(("idle", slot))

    def on_idle(self, flash: Contents, world: World, slot: int) -> Move:
        """Wait for an update into the next slot."""
        target = (slot + 1) % len(self.slots)
        offer = offers(self, world, "begin")
        options = getattr(offer, "options", ())
        return offer._replace(  # type: ignore[call-arg]
            options=tuple(
                (text, (*then, slot, target) if then[0] == "begin" else then, w)
                for text, then, w in options
            )
        )

    def on_begin(self, flash: Contents, world: World, version: int, slot: int, target: int) -> Move:
        """With rollback, erase the inactive record if it is about another slot."""
        then = ("clear", version, slot, target, 0)
        records = [self._record(flash, 0), self._record(flash, 1)]
        active = self._active(records)
        if self.rollback and active is not None:
            other = records[1 - active]
            if self._counts(other) and (other[0] - 1) % len(self.slots) != slot:
                return Act(self.otadata.erase(1 - active), then)
        return Go(then)

    def on_clear(
        self, flash: Contents, world: World, version: int, slot: int, target: int, block: int
    ) -> Move:
        """Erase the slot."""
        again = ("clear", version, slot, target)
        return erase_next(self.slots[target], block, again, ("load", version, target, 0))

    def on_load(self, flash: Contents, world: World, version: int, target: int, call: int) -> Move:
        """Write the download."""
        again, then = ("load", version, target), ("switch", version, target)
        name = f"v{version}"
        return program_next(self.slots[target], name, self.size, call, again, then)

    def on_switch(self, flash: Contents, world: World, version: int, target: int) -> Move:
        """Write a record for the new slot into the block that is not active."""
        if self._whole(flash, self.slots[target]) != version:
            return Reset("the download does not verify")
        records = [self._record(flash, 0), self._record(flash, 1)]
        active = self._active(records)
        state = NEW if self.rollback else UNDEFINED
        if active is None:
            return Go(("rewrite", 0, self._new(target + 1, state), ("restart",)))
        number = records[active][0] + 1
        while (number - 1) % len(self.slots) != target:
            number += 1
        return Go(("rewrite", 1 - active, self._new(number, state), ("restart",)))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Let the bootloader do its work."""
        return Reset("an update is pending")

    def _offset(self, block: int) -> int:
        return self.otadata.blocks[block].start - self.otadata.start

    def _encoded(self, record: Record) -> bytes:
        return _RECORD.pack(*record).ljust(self.record_size, b"\xff")

    def _record(self, flash: Contents, block: int) -> Record:
        return _RECORD.unpack(self.otadata.read(flash, self._offset(block), _RECORD.size))

    def _new(self, number: int, state: int) -> Record:
        return number, state, zlib.crc32(struct.pack("<I", number), 0xFFFFFFFF)

    def _invalid(self, record: Record) -> bool:
        return record[0] == _ERASED_NUMBER or record[1] in (INVALID, ABORTED)

    def _counts(self, record: Record) -> bool:
        return not self._invalid(record) and record[2] == self._new(record[0], 0)[2]

    def _active(self, records: list[Record]) -> int | None:
        good = [block for block in (0, 1) if self._counts(records[block])]
        return max(good, key=lambda block: (records[block][0], -block), default=None)

    def _whole(self, flash: Contents, area: Area) -> int | None:
        return version_of(area.image(flash, self.size))
