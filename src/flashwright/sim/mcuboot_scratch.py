"""MCUboot swap-scratch: both slots are swapped piece by piece through a scratch area.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/swap_scratch.c`. Pieces are whole erase
blocks of the primary slot, as many as fit the scratch area, from the end of the image down.
Without ``scratch-backwards`` (``Variant``) scratch is erased from its start, as before pull request
2275.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.flash.content import JUNK
from flashwright.model.mcuboot import Build, Mode
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import World
from flashwright.sim.mcuboot_swap import AS_IT_IS, Key, McubootSwap, Place, Script, Variant
from flashwright.sim.mcuboot_trailer import GOOD, NONE, SET, UNSET, Trailer

#: Offset and size in a slot.
Piece = tuple[int, int]


class McubootSwapScratch(McubootSwap):
    """The scheme on one layout."""

    name = "mcuboot-swap-scratch"
    mode = Mode.SWAP_SCRATCH

    def __init__(
        self,
        board: Board,
        primary: Area,
        secondary: Area,
        scratch: Area,
        size: int,
        build: Build,
        variant: Variant = AS_IT_IS,
    ) -> None:
        super().__init__(board, primary, secondary, size, build, variant)
        self.scratch = scratch
        self.areas = (primary, secondary, scratch)
        self.scratch_trailer = Trailer(
            scratch, self.mode, build, scratch=True, mended=variant.mended
        )
        self.trailers.append(self.scratch_trailer)
        self.pieces = self._pieces()

    def resumes(self, flash: Contents) -> Trailer | None:
        """The trailer of scratch where its magic is good, else the primary one by its flags."""
        one = self.first_trailer.fields(flash)
        under_way = one.copy_done == UNSET and one.magic in (GOOD, UNSET)
        if self.scratch_trailer.fields(flash).magic == GOOD:
            later = self.first_trailer.status(flash).last > self.scratch_trailer.status(flash).last
            if under_way and one.magic == GOOD and later and "later-status" in self.variant.mended:
                return self.first_trailer
            return self.scratch_trailer
        return self.first_trailer if under_way else None

    def place(self, flash: Contents, source: Trailer) -> Place | None:
        """By the first status that is not written."""
        found = source.status(flash)
        if found.first < 0:
            return None
        gap = found.gap if found.gap > 0 else source.entries
        return "s", gap // 3 + 1, gap % 3 + 1

    def headers(self, flash: Contents, place: Place, swap_type: int) -> bool:
        """This mode does not look at the magic of headers."""
        return True

    def key(self, flash: Contents, swap_type: int, source: Trailer | None) -> Key:
        """Nothing is fixed up in this mode, and the prologue is always done again."""
        return swap_type, self.second_trailer.fields(flash).image_ok == SET, False, False

    def forget(self, flash: Contents, world: World) -> Contents:
        """With nothing to swap neither the secondary slot nor scratch is read."""
        one = self.first_trailer.fields(flash)
        if one.magic == GOOD or (one.magic == UNSET and one.copy_done == UNSET):
            flash = self.first_trailer.tidied(flash)
        else:
            flash = self.first_trailer.junked(flash)
        flash = self.second_trailer.reduced(flash)
        source = self.resumes(flash)
        place = None if source is None else self.place(flash, source)
        if source is not None and place is not None:
            return self.without_targets(flash, place, source)
        idle = source is None or (
            source is self.first_trailer and source.fields(flash).raw_type <= NONE
        )
        if idle and self.swap_type(flash) == NONE:
            return self.scratch.filled(self.unread(flash), JUNK)
        return self.without_ruins(flash)

    def read_from(self, flash: Contents, trailer: Trailer, source: Trailer) -> int:
        """Of a trailer in scratch that is not good only that is seen, and no erase changes it."""
        mute = trailer is self.scratch_trailer and source is not trailer
        if mute and trailer.fields(flash).magic != GOOD:
            return trailer.area.size
        return super().read_from(flash, trailer, source)

    def write_script(self, key: Key) -> Script:
        """Piece by piece, from the end of the image."""
        script = Script()
        for number, piece in enumerate(self.pieces):
            self._piece(script, number, piece, key)
            if number == 0:
                script.body = len(script.code)
        script.label(("s", len(self.pieces) + 1, 1))
        self.finish(script, key[0])
        return script

    def _pieces(self) -> list[Piece]:
        area = self.primary
        blocks = area.blocks
        if self.variant.logical:
            starts = range(area.start, area.end, self.variant.logical)
            blocks = tuple(Extent.of(at, self.variant.logical) for at in starts)
        last = next(i for i, b in enumerate(blocks) if b.end - area.start >= self.size)
        found: list[Piece] = []
        while last >= 0:
            end = blocks[last].end
            while last >= 0 and end - blocks[last].start <= self.scratch.size:
                last -= 1
            start = blocks[last + 1].start
            if start == end:
                break
            found.append((start - area.start, end - start))
        return found

    def _copy_size(self, at: int, size: int) -> int:
        """What of a piece is copied: not the trailer of the slot, nor that of scratch."""
        if at + size <= self.first_trailer.erased_from:
            return size
        return min(self.first_trailer.status_at - at, self.scratch_trailer.status_at)

    def _piece(self, script: Script, number: int, piece: Piece, key: Key) -> None:
        at, size = piece
        copied = self._copy_size(at, size)
        through = number == 0 and copied != size
        status = self.scratch_trailer if through else self.first_trailer
        first, second, scratch = self.primary, self.secondary, self.scratch
        script.label(("s", number + 1, 1))
        script.erase(scratch, 0, scratch.size)
        if number == 0:
            self.init(script, self.scratch_trailer, key)
            if not through:
                script.scramble(self.first_trailer)
                self.init(script, self.first_trailer, key)
                script.erase(scratch, 0, scratch.size)
        script.copy(second, at, scratch, 0, copied)
        script.code.append(status.write_status(3 * number))
        script.label(("s", number + 1, 2))
        self._erase_piece(script, self.second_trailer, piece, number == 0, through)
        script.copy(first, at, second, at, copied)
        script.code.append(status.write_status(3 * number + 1))
        script.label(("s", number + 1, 3))
        self._erase_piece(script, self.first_trailer, piece, through, through)
        script.copy(scratch, 0, first, at, copied)
        if through:
            held = self.scratch_trailer.status_at
            script.copy(scratch, held, first, at + copied, 2 * self.build.write_size)
            self.init(script, self.first_trailer, key)
        script.code.append(self.first_trailer.write_status(3 * number + 2))
        if through:
            blocks = range(len(scratch.blocks))
            order = blocks if "scratch-backwards" in self.variant.without else reversed(blocks)
            script.code.extend(scratch.erase(i) for i in order)

    def _erase_piece(
        self, script: Script, trailer: Trailer, piece: Piece, scramble: bool, through: bool
    ) -> None:
        at, size = piece
        if scramble:
            script.scramble(trailer)
        if through:
            size = trailer.erased_from - at
        if size > 0:
            script.erase(trailer.area, at, size)
