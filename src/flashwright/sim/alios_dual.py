"""AliOS Things dual bank: application and OTA TMP take turns, a boot count takes back what fails.

Source: AliOS Things 3.0 and 3.3, the parameter record (`upg_flag`, `boot_count`, `boot_type`) and
its comments: more than three starts without the application's word, and the other bank is started.

The record is one copy at the start of PARAMETER_1, erased and then written, at each start while an
update is pending. Modelled are its bank, flag and count. An erased record means the first bank. The
images are not verified when they are started. Chips that keep the bank in an option byte of their
own are not this scheme.
"""

from __future__ import annotations

import struct

from flashwright.flash.content import JUNK
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.loops import erase_next, program_next
from flashwright.sim.machine import Act, Go, Move, Phased, Promise, Reset, Run, World, offers

FLAG_PENDING = 0x9669
FLAG_NONE = 0
MOST_STARTS = 3

#: upg_flag, boot_count, bank
_RECORD = struct.Struct("<HBB")

Fields = tuple[int, int, int]


class AliosDualBank(Phased):
    """The scheme on one layout; ``size`` is that of every image."""

    name = "alios-dual-bank"
    promise = Promise(reverts=True, events=("installed", "confirmed", "reverted", "next"))
    assumptions = ("an image that does not work is reset by a watchdog",)

    def __init__(self, board: Board, bank_a: Area, bank_b: Area, record: Area, size: int) -> None:
        self.board = board
        self.banks, self.record = (bank_a, bank_b), record
        self.areas = (bank_a, bank_b, record)
        self.records = (record,)
        self.size = size
        self.record_size = -(-_RECORD.size // record.unit) * record.unit

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the first bank, PARAMETER_1 erased."""
        return self.banks[0].with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A bank that is not whole is junk."""
        for bank in self.banks:
            flash = bank.forgotten(flash, self.size)
        return self.record.tidied(flash, self._tidied)

    def _tidied(self, flash: Contents) -> Contents:
        """A record that says neither bank nor update means what any junk means."""
        flag, _, bank = self._fields(flash)
        if flag != FLAG_PENDING and bank not in (0, 1):
            return self.record.filled(flash, JUNK, 0)
        return flash

    # The bootloader.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Count a start of an image on trial; at the fourth, go back."""
        flag, count, bank = self._fields(flash)
        bank = bank if bank in (0, 1) else 0
        if flag != FLAG_PENDING:
            return Go(("start", bank))
        if count >= MOST_STARTS:
            return Go(("store", (FLAG_NONE, 0, 1 - bank), ("start", 1 - bank)))
        return Go(("store", (FLAG_PENDING, count + 1, bank), ("start", bank)))

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
        return Act(self.record.write(0, _RECORD.pack(*fields).ljust(self.record_size, b"\0")), then)

    def on_start(self, flash: Contents, world: World, bank: int) -> Move:
        """Start that bank, unseen."""
        return Run(self.banks[bank].start, ("app", bank))

    # The application.

    def on_app(self, flash: Contents, world: World, bank: int, version: int) -> Move:
        """A bad one hangs; a good one clears flag and count; then it waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        if self._fields(flash)[0] == FLAG_PENDING:
            return Go(("store", (FLAG_NONE, 0, bank), ("app", bank, version)))
        if world.confirmed < version:
            return Go(("app", bank, version), world._replace(confirmed=version))
        move = offers(self, world, "clear")
        return move._replace(  # type: ignore[call-arg]
            options=tuple(
                (text, (*then, 1 - bank, 0) if then[0] == "clear" else then, w)
                for text, then, w in getattr(move, "options", ())
            )
        )

    def on_clear(self, flash: Contents, world: World, version: int, bank: int, block: int) -> Move:
        """Erase the other bank."""
        again, then = ("clear", version, bank), ("load", version, bank, 0)
        return erase_next(self.banks[bank], block, again, then)

    def on_load(self, flash: Contents, world: World, version: int, bank: int, call: int) -> Move:
        """Write the download, then store that it is pending."""
        then = ("store", (FLAG_PENDING, 0, bank), ("restart",))
        again = ("load", version, bank)
        return program_next(self.banks[bank], f"v{version}", self.size, call, again, then)

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Start the other bank."""
        return Reset("an update is pending")

    def _fields(self, flash: Contents) -> Fields:
        return _RECORD.unpack(self.record.read(flash, 0, _RECORD.size))
