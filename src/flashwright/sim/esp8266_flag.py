"""ESP8266: user1 and user2 take turns, as the upgrade flag among the system parameters says.

Source: AliOS Things `platform/mcu/esp8266` (`system_upgrade_userbin_check`, SDK upgrade flags);
ESP8266_NONOS_SDK, three system parameter blocks saved "with protect".

Two blocks hold the parameters in turn, the third says which of them counts: it is erased and then
programmed with 0 for the first; what is not 0 means the second. So a lost or torn third block means
the second, and a save writes the block that does not count before it touches the third. There is
no trial, no count and no way back; images are not verified when they are started.

How the SDK breaks a tie is closed source; that "not 0 means the second" is our reading.
"""

from __future__ import annotations

from flashwright.flash.content import ERASED, JUNK
from flashwright.flash.operations import Program
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.loops import erase_next, program_next
from flashwright.sim.machine import Act, Go, Move, Phased, Promise, Reset, Run, World, offers

FIRST_COUNTS = 0


class Esp8266Flag(Phased):
    """The scheme on one layout: two user images, system parameters of three erase blocks."""

    name = "esp8266-flag"
    promise = Promise(events=("installed", "confirmed", "next"))
    assumptions = ("an update that runs works: nothing takes it back",)

    def __init__(self, board: Board, user1: Area, user2: Area, system: Area, size: int) -> None:
        self.board = board
        self.users, self.system = (user1, user2), system
        self.areas = (user1, user2, system)
        self.records = (system,)
        self.size = size

    def first(self) -> tuple[Contents, World]:
        """``v1`` is user1, and the parameters say so."""
        flash = self.users[0].with_image(self.board.blank(), "v1", self.size)
        for block in (0, 1):
            flash = self.system.with_bytes(flash, self._offset(block), self._unit(0))
        return self.system.with_bytes(flash, self._offset(2), self._unit(FIRST_COUNTS)), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def forget(self, flash: Contents, world: World) -> Contents:
        """A slot that is not whole is junk, and so are parameters that do not count."""
        for user in self.users:
            flash = user.forgotten(flash, self.size)
        return self.system.tidied(flash, self._tidied)

    def _tidied(self, flash: Contents) -> Contents:
        flash = self.system.filled(flash, JUNK, 1 - self._counting(flash))
        return flash if self._counting(flash) == 0 else self.system.filled(flash, JUNK, 2)

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Start the image that the parameters name, unseen."""
        user = self._read(flash, self._counting(flash)) & 1
        return Run(self.users[user].start, ("app", user))

    def on_app(self, flash: Contents, world: World, user: int, version: int) -> Move:
        """It works; it waits for an update."""
        if world.confirmed != version:
            return Go(("app", user, version), world._replace(confirmed=version))
        move = offers(self, world, "clear")
        return move._replace(  # type: ignore[call-arg]
            options=tuple(
                (text, (*then, 1 - user, 0) if then[0] == "clear" else then, w)
                for text, then, w in getattr(move, "options", ())
            )
        )

    def on_clear(self, flash: Contents, world: World, version: int, user: int, block: int) -> Move:
        """Erase the other slot."""
        again, then = ("clear", version, user), ("load", version, user, 0)
        return erase_next(self.users[user], block, again, then)

    def on_load(self, flash: Contents, world: World, version: int, user: int, call: int) -> Move:
        """Write the download."""
        again, then = ("load", version, user), ("save", user, 0)
        return program_next(self.users[user], f"v{version}", self.size, call, again, then)

    def on_save(self, flash: Contents, world: World, user: int, stage: int) -> Move:
        """Save the parameters: the block that does not count, then the one that says which does."""
        new = 1 - self._counting(flash)
        if stage == 0:
            return Act(self.system.erase(new), ("save", user, 1))
        if stage == 1:
            return Act(self._program(new, user), ("save", user, 2))
        return Go(("point", new))

    def on_point(self, flash: Contents, world: World, new: int) -> Move:
        """Erase the third block; program 0 into it if the first one counts."""
        if not self.system.is_filled(flash, ERASED, 2):
            return Act(self.system.erase(2), ("point", new))
        if new == 0:
            return Act(self._program(2, FIRST_COUNTS), ("restart",))
        return Go(("restart",))

    def on_restart(self, flash: Contents, world: World) -> Move:
        """Start the other image."""
        return Reset("an update is pending")

    def _offset(self, block: int) -> int:
        return self.system.blocks[block].start - self.system.start

    def _unit(self, value: int) -> bytes:
        return value.to_bytes(max(4, self.system.unit), "little")

    def _program(self, block: int, value: int) -> Program:
        return self.system.write(self._offset(block), self._unit(value))

    def _read(self, flash: Contents, block: int) -> int:
        return int.from_bytes(self.system.read(flash, self._offset(block), 4), "little")

    def _counting(self, flash: Contents) -> int:
        return 0 if self._read(flash, 2) == FIRST_COUNTS else 1
