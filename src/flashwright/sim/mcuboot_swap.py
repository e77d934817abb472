"""What MCUboot's swapping modes share: the application, the decision at boot, swaps as scripts.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/loader.c` (context_boot_go,
boot_prepare_image_for_update, boot_validate_slot), `bootutil_public.c` (decision table, pending,
confirm), `swap_misc.c`. The build has MCUBOOT_VALIDATE_PRIMARY_SLOT, no bootstrap, one image, no
encryption; images have one size.

A swap is a script: a tuple of operations and of chunks to copy, the same from the first operation
to the last; a resumed swap starts at the label of its status. Copies move whatever lies in the
source, so that a mixture stays a mixture.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from flashwright.base.align import align_down, align_up
from flashwright.flash.content import DEAD, ERASED, JUNK, DeadRead, Unstable, pieces, splice
from flashwright.flash.operations import Erase, Operation, Program
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
    Volatile,
    World,
    offers,
    version_of,
)
from flashwright.sim.mcuboot_trailer import (
    BAD,
    GOOD,
    NONE,
    PERMANENT,
    REVERT,
    SET,
    TEST,
    UNSET,
    Trailer,
)

#: Bytes that show whether a header lies somewhere, is erased, or neither.
HEADER = 4


class Copy(NamedTuple):
    """One chunk to copy: global offsets, ``size`` bytes, from area ``source``."""

    source: Area
    start: int
    target: int
    size: int


#: Sets image_ok of the primary slot unless it has been written.
SET_IMAGE_OK = "image_ok"

Instruction = Operation | Copy | str

#: ``op`` (``m`` move, ``s`` swap), ``idx`` and ``state`` of a boot_status, counted from 1.
Place = tuple[str, int, int]

#: What a script depends on: swap type, whether image_ok is taken over, fixup, trailer is there.
Key = tuple[int, bool, bool, bool]


class Script:
    """The operations of a swap, and where each status resumes it."""

    def __init__(self) -> None:
        self.code: list[Instruction] = []
        self.labels: dict[Place, int] = {}
        self._meeting: frozenset[int] | None = None
        #: Where what comes before depends on the key, and what follows on the swap type alone.
        self.body = -1

    def label(self, place: Place) -> None:
        """A swap with this status resumes here."""
        self.labels[place] = len(self.code)

    @property
    def meeting(self) -> frozenset[int]:
        """Where a restart resumes it: there a swap that was cut and one that was not meet."""
        if self._meeting is None:
            self._meeting = frozenset({0, *self.labels.values()})
        return self._meeting

    def erase(self, area: Area, start: int, size: int) -> None:
        """Erase every block that the bytes ``[start, start + size)`` of the area touch."""
        low, high = area.start + start, area.start + start + size
        first = bisect_right(area.blocks, low, key=lambda block: block.end)
        for i in range(first, len(area.blocks)):
            if area.blocks[i].start >= high:
                break
            self.code.append(area.erase(i))

    def scramble(self, trailer: Trailer) -> None:
        """Erase the blocks of a trailer, last one first."""
        self.code.extend(trailer.area.erase(i) for i in trailer.blocks())

    def copy(self, source: Area, start: int, target: Area, to: int, size: int) -> None:
        """Copy bytes, a chunk a call."""
        for at in range(0, size, source.chunk):
            self.code.append(
                Copy(
                    source,
                    source.start + start + at,
                    target.start + to + at,
                    min(source.chunk, size - at),
                )
            )


def junk(flash: Contents, area: Area, start: int, end: int) -> Contents:
    """The flash with junk in global offsets ``[start, end)`` of the area, if there are any."""
    if start >= end:
        return flash
    return area.with_part(flash, area.part(splice(flash[area.index].runs, start, end, JUNK)))


@dataclass(frozen=True)
class Variant:
    """How a build of MCUboot, or what is sent to it, differs from the usual.

    ``permanent`` marks updates so that they are never reverted; ``logical`` is the size of logical
    erase blocks, 0 for those of the flash. ``without`` names repairs of the source that are undone,
    for tests: ``any-magic`` (pull request 2100), ``scratch-backwards`` (2275), ``swap_size`` (of
    issue 829). ``mended`` (of ``MENDINGS``) names those that the source lacks.
    """

    permanent: bool = False
    logical: int = 0
    without: frozenset[str] = frozenset()
    mended: frozenset[str] = frozenset()


#: MCUboot as it is.
AS_IT_IS = Variant()


class McubootSlots(Phased):
    """A primary and a secondary slot, an application that is told of updates, and a decision.

    ``size`` is that of every image.
    """

    mode: Mode
    #: Where the update lies in the secondary slot, in bytes from its start.
    lead = 0

    def __init__(
        self,
        board: Board,
        primary: Area,
        secondary: Area,
        size: int,
        build: Build,
        variant: Variant = AS_IT_IS,
    ) -> None:
        self.variant = variant
        self.board, self.primary, self.secondary = board, primary, secondary
        self.areas: tuple[Area, ...] = (primary, secondary)
        self.size, self.build = size, build
        self.first_trailer, self.second_trailer = (
            Trailer(area, self.mode, build, mended=variant.mended, logical=variant.logical)
            for area in (primary, secondary)
        )
        self.trailers = [self.first_trailer, self.second_trailer]

    def first(self) -> tuple[Contents, World]:
        """``v1`` in the primary slot, written by a programmer: no trailer."""
        return self.primary.with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version: int) -> int:
        """All images have one size, the largest that fits: the worst case."""
        return self.size

    def swap_type(self, flash: Contents) -> int:
        """The decision for a new swap, from both trailers."""
        one, two = self.first_trailer.fields(flash), self.second_trailer.fields(flash)
        if two.magic == GOOD and two.image_ok == UNSET:
            return TEST
        if two.magic == GOOD and two.image_ok == SET:
            return PERMANENT
        unconfirmed = one.magic == GOOD and one.image_ok == UNSET and one.copy_done == SET
        if unconfirmed and (two.magic == UNSET or "any-magic" not in self.variant.without):
            return REVERT
        return NONE

    def whole(self, flash: Contents, area: Area, at: int = 0) -> bool:
        """Whether an image at ``at`` of the area verifies."""
        return version_of(area.image(flash, self.size, at)) is not None

    def header(self, flash: Contents, area: Area, at: int = 0) -> bool:
        """Whether an image header lies there."""
        return version_of(area.found(flash, at)) is not None

    def header_erased(self, flash: Contents, at: int) -> bool:
        """Whether the secondary slot has erased bytes where its header should be."""
        return self.secondary.read(flash, at, 4) == bytes([self.secondary.erased_value]) * 4

    def start(self, flash: Contents) -> Move:
        """Start the primary slot if it verifies."""
        if not self.whole(flash, self.primary):
            return Halt("the primary slot does not verify")
        return Run(self.primary.start, ("app",))

    def unread(self, flash: Contents) -> Contents:
        """The secondary slot when nothing is to be swapped: only header and trailer may be read."""
        if self.second_trailer.fields(flash).magic != GOOD:
            return self.secondary.filled(flash, JUNK)
        return self._headers_only(flash)

    def without_ruins(self, flash: Contents) -> Contents:
        """The flash with junk for an image in the secondary slot that is not whole.

        Whether a header lies there, or erased bytes, stays as it is.
        """
        leads = {0, self.lead}
        if any(self.whole(flash, self.secondary, lead) for lead in leads):
            return flash
        return self._headers_only(flash)

    def _headers_only(self, flash: Contents) -> Contents:
        area = self.secondary
        header = max(HEADER, area.unit)
        end = area.start + self.second_trailer.status_at
        if self.lead:
            flash = junk(flash, area, area.start + header, area.start + self.lead)
        return junk(flash, area, area.start + self.lead + header, end)

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Decide."""
        return self.decide(flash)

    @abstractmethod
    def decide(self, flash: Contents) -> Move:
        """What the bootloader does with this flash."""

    def on_scrub(
        self,
        flash: Contents,
        world: World,
        blocks: tuple[int, ...],
        number: int,
        failed: bool = False,
    ) -> Move:
        """Erase blocks of the secondary slot, then start the primary one (confirmed if a swap that
        had been begun has ``failed``)."""
        then: tuple[object, ...] = ("scrub", blocks, number + 1, failed)
        if number + 1 == len(blocks):
            then = ("fail",) if failed else ("start",)
        return Act(self.secondary.erase(blocks[number]), then)

    def on_fail(self, flash: Contents, world: World) -> Move:
        """Set image_ok unless it is written, so that nothing is reverted."""
        if self.first_trailer.fields(flash).image_ok != UNSET:
            return self.start(flash)
        return Act(self.first_trailer.write_image_ok(), ("start",))

    def on_start(self, flash: Contents, world: World) -> Move:
        """Start the primary slot."""
        return self.start(flash)

    def copied(self, flash: Contents, copy: Copy, number: int) -> Program | None:
        """Program call ``number`` of a chunk: one for each content; none for what is erased.

        Bytes are padded to program units of the target with erased ones.
        """
        shift = copy.target - copy.start
        found = 0
        runs = flash[copy.source.index].runs
        for a, b, content, origin in pieces(runs, copy.start, copy.start + copy.size):
            seen = content
            if isinstance(seen, Unstable):
                seen = (seen.old, seen.new, JUNK)[seen.now]
            if seen == DEAD:
                raise DeadRead(f"copied from 0x{a:X}")
            if seen == ERASED:
                continue
            if found == number:
                name = seen if isinstance(seen, (str, bytes)) else JUNK
                return self._padded(Program(a + shift, b + shift, name, origin + shift))
            found += 1
        return None

    def _padded(self, program: Program) -> Program:
        """The call in whole program units of the area that it goes to."""
        area = self.board.area_at(program.start)
        assert area is not None
        start = align_down(program.start, area.unit)
        end = align_up(program.end, area.unit)
        if (start, end) == (program.start, program.end):
            return program
        content = program.content
        if isinstance(content, bytes):
            erased = bytes([area.erased_value])
            content = erased * (program.start - start) + content + erased * (end - program.end)
        return Program(start, end, content, program.origin if isinstance(content, str) else start)

    # The application.

    def on_app(self, flash: Contents, world: World, version: int) -> Move:
        """A bad one hangs; a good one confirms itself; a confirmed one waits for an update."""
        if world.is_bad(version):
            return Reset("the watchdog bites")
        one = self.first_trailer.fields(flash)
        confirmed = world._replace(confirmed=max(world.confirmed, version))
        if one.magic == GOOD and one.image_ok == UNSET:
            return Act(self.first_trailer.write_image_ok(), ("app", version), confirmed)
        if world.confirmed < version:
            return Go(("app", version), confirmed)
        return offers(self, world, "clear")

    def on_clear(self, flash: Contents, world: World, version: int, block: int = 0) -> Move:
        """Erase the secondary slot."""
        last = block + 1 == len(self.secondary.blocks)
        then = ("load", version, 0) if last else ("clear", version, block + 1)
        return Act(self.secondary.erase(block), then)

    def on_load(self, flash: Contents, world: World, version: int, call: int) -> Move:
        """Write the download, call by call."""
        last = call + 1 == self.secondary.chunks(self.size)
        then = ("pend", 0) if last else ("load", version, call + 1)
        return Act(self.secondary.program(call, f"v{version}", self.size, self.lead), then)

    def on_pend(self, flash: Contents, world: World, number: int) -> Move:
        """Mark it pending: magic, image_ok if permanent, swap_info; three writes."""
        trailer = self.second_trailer
        writes = [trailer.write_magic()]
        if self.variant.permanent:
            writes.append(trailer.write_image_ok())
        writes.append(trailer.write_swap_info(PERMANENT if self.variant.permanent else TEST))
        if number == len(writes):
            return Reset("an update is pending")
        return Act(writes[number], ("pend", number + 1))


#: Changes to MCUboot under which its swaps hold: what each says.
MENDINGS = {
    "torn-copy-done": "a copy_done that is neither erased nor 1 counts as set",
    "fixup": "a revert writes the secondary trailer anew unless its magic is good",
    "bare-magic": "a trailer counts only if swap_info is written, too",
    "later-status": "of two trailers the one whose status is further on counts",
}

#: The changes that each mode needs.
NEEDED = {
    Mode.SWAP_MOVE: ("torn-copy-done", "fixup", "bare-magic"),
    Mode.SWAP_OFFSET: ("torn-copy-done", "fixup", "bare-magic"),
    Mode.SWAP_SCRATCH: ("torn-copy-done", "later-status"),
}


class McubootSwap(McubootSlots):
    """A mode that swaps both slots."""

    renames = True

    assumptions = (
        "MCUboot validates the primary slot at each boot (MCUBOOT_VALIDATE_PRIMARY_SLOT)",
        "one image, not encrypted; the application erases the secondary slot before a download",
    )

    def __init__(
        self,
        board: Board,
        primary: Area,
        secondary: Area,
        size: int,
        build: Build,
        variant: Variant = AS_IT_IS,
    ) -> None:
        super().__init__(board, primary, secondary, size, build, variant)
        events = ("installed", "confirmed", "next")
        self.promise = Promise(reverts=True, events=(*events, "reverted"))
        if variant.permanent:
            self.promise = Promise(events=events)
        self.block = variant.logical or primary.blocks[0].size
        #: Where a header is looked for in the middle of a swap, in global offsets.
        self.header_places = [a.start + at for a in (primary, secondary) for at in (0, self.block)]
        self._scripts: dict[Key, Script] = {}
        self._erased_first: dict[tuple[int, Place], tuple[tuple[Trailer, int, int], ...]] = {}

    @abstractmethod
    def resumes(self, flash: Contents) -> Trailer | None:
        """The trailer that tells of a swap under way, ``None`` if none does."""

    @abstractmethod
    def place(self, flash: Contents, source: Trailer) -> Place | None:
        """Where the swap stands, ``None`` if no status has been written."""

    @abstractmethod
    def headers(self, flash: Contents, place: Place, swap_type: int) -> bool:
        """Whether both headers are where the bootloader looks for them in the middle of a swap."""

    @abstractmethod
    def write_script(self, key: Key) -> Script:
        """The swap from its first operation to copy_done."""

    def key(self, flash: Contents, swap_type: int, source: Trailer | None) -> Key:
        """What the script depends on."""
        two = self.second_trailer.fields(flash)
        lost = two.magic == UNSET or (two.magic == BAD and "fixup" in self.variant.mended)
        fixup = swap_type == REVERT and lost
        takes_ok = two.image_ok == SET
        return swap_type, takes_ok, fixup, source is self.first_trailer

    def script(self, key: Key) -> Script:
        """The script of that key, made once."""
        if key not in self._scripts:
            self._scripts[key] = self.write_script(key)
        return self._scripts[key]

    def swap_offset_of(self, flash: Contents, swap_type: int) -> int:
        """Where in the secondary slot its image is looked for."""
        return 0

    def decide(self, flash: Contents) -> Move:
        """Resume a swap, or begin one that the trailers ask for, or start."""
        source = self.resumes(flash)
        swap_type = 0
        if source is not None:
            swap_type = source.fields(flash).raw_type or NONE
            place = self.place(flash, source)
            if place is not None:
                return self._resume(flash, place, source, swap_type)
        if not self.header(flash, self.primary) and self.mode != Mode.SWAP_SCRATCH:
            return self.start(flash)
        begun = swap_type > NONE
        if not begun:
            swap_type = self.swap_type(flash)
        if swap_type == NONE:
            return self.start(flash)
        if swap_type > REVERT:
            return Halt(f"swap type {swap_type} is none: MCUboot panics")
        invalid = self._invalid(flash, swap_type, begun)
        if invalid is not None:
            return invalid
        return Go(("swap", self.key(flash, swap_type, source), 0, 0))

    def _resume(self, flash: Contents, place: Place, source: Trailer, swap_type: int) -> Move:
        if source.fields(flash).swap_size != self.size:
            return Halt("the trailer of a swap under way has no swap_size")
        if not self.headers(flash, place, swap_type):
            return self.start(flash)
        key = (swap_type, False, False, True)
        at = self.script(key).labels.get(place)
        if at is None:
            return Halt(f"no swap has the status {place}")
        if self.begins_again(place):
            return Go(("again", self.key(flash, swap_type, source), 0, at))
        return Go(("swap", key, at, 0))

    def begins_again(self, place: Place) -> bool:
        """Whether a swap that is resumed there prepares the trailers once more."""
        return False

    def on_again(self, flash: Contents, world: World, key: Key, at: int, resumed: int) -> Move:
        """What comes before the body of the script, then the swap from where it stands."""
        script = self.script(key)
        if at == script.body:
            return Go(("swap", (key[0], False, False, True), resumed, 0))
        now = script.code[at]
        assert not isinstance(now, str | Copy)
        return Act(now, ("again", key, at + 1, resumed))

    def _invalid(self, flash: Contents, swap_type: int, begun: bool) -> Move | None:
        at = self.swap_offset_of(flash, swap_type)
        if self.header_erased(flash, at):
            return Go(("scrub", tuple(self.second_trailer.blocks()), 0, begun))
        wrong = (
            not begun and self.lead and swap_type != REVERT and self.header(flash, self.secondary)
        )
        if wrong or not self.whole(flash, self.secondary, at):
            return Go(("scrub", tuple(range(len(self.secondary.blocks))), 0, begun))
        return None

    def on_swap(self, flash: Contents, world: World, key: Key, at: int, number: int) -> Move:
        """The next operation of the script."""
        code = self.script(key).code
        if at == len(code):
            return self.start(flash)
        plain = (key[0], False, False, True)
        if at == self.script(key).body and key != plain:
            return Go(("swap", plain, self.script(plain).body, 0))
        now = code[at]
        then = ("swap", key, at + 1, 0)
        if isinstance(now, Copy):
            operation = self.copied(flash, now, number)
            if operation is None:
                return Go(then)
            return Act(operation, ("swap", key, at, number + 1))
        if isinstance(now, str):
            if self.first_trailer.fields(flash).image_ok != UNSET:
                return Go(then)
            return Act(self.first_trailer.write_image_ok(), then)
        return Act(now, then)

    def passes(self, volatile: Volatile) -> bool:
        """All of a swap but where it is resumed; the later calls of a download."""
        if volatile[0] == "swap":
            _, key, at, number = volatile
            return bool(number) or at not in self.script(key).meeting  # type: ignore[arg-type]
        return volatile[0] == "load" and volatile[2] != 0

    def forget(self, flash: Contents, world: World) -> Contents:
        """Leave out what is not read of trailers, and what a resumed swap erases first.

        With nothing to swap the secondary slot is not read.
        """
        one = self.first_trailer.fields(flash)
        if one.magic == GOOD and one.copy_done != UNSET:
            flash = self.first_trailer.finished(flash)
        elif one.magic == GOOD:
            flash = self.first_trailer.tidied(flash)
        else:
            flash = self.first_trailer.junked(flash)
        flash = self.second_trailer.reduced(flash)
        flash = self.primary.tidied(flash, self._bared)
        source = self.resumes(flash)
        place = None if source is None else self.place(flash, source)
        if source is not None and place is not None:
            return self.without_targets(flash, place, source)
        flash = junk(flash, self.primary, self._rest, self._beside)
        idle = source is None or source.fields(flash).raw_type <= NONE
        if idle and self.swap_type(flash) == NONE:
            return self.unread(flash)
        return self.without_ruins(flash)

    def without_targets(self, flash: Contents, place: Place, source: Trailer) -> Contents:
        """The flash with junk, up to the trailers, where a swap at ``place`` erases first.

        What the headers say stays as it is.
        """
        swap_type = source.fields(flash).raw_type or NONE
        less = flash
        hides = False
        for trailer, start, end in self._targets(swap_type, place):
            end = min(end, trailer.area.start + self.read_from(flash, trailer, source))
            less = junk(less, trailer.area, start, end)
            hides = hides or any(start <= header < end for header in self.header_places)
        if not hides:
            return less
        before = self.headers(flash, place, swap_type)
        return less if self.headers(less, place, swap_type) == before else flash

    def _bared(self, flash: Contents) -> Contents:
        area = self.primary
        status = area.start + self.first_trailer.status_at
        if self._beside >= status:
            return flash
        runs = splice(flash[area.index].runs, self._beside, status, ERASED)
        return area.with_part(flash, area.part(runs))

    @property
    def _rest(self) -> int:
        """Where the primary slot goes on after its image, in whole erase blocks; global offset.

        While no status is written nothing is read from there up to the trailer, and a swap erases
        it before it writes there.
        """
        return self.primary.start + align_up(self.size, self.block)

    @property
    def _beside(self) -> int:
        """Where in the primary slot the erase blocks with trailer begin, but not before ``_rest``.

        From there up to the trailer nothing is ever read or programmed; global offset.
        """
        return max(self._rest, self.primary.start + self.first_trailer.erased_from)

    def read_from(self, flash: Contents, trailer: Trailer, source: Trailer) -> int:
        """From which byte of its area on a trailer may be read before it is erased."""
        return trailer.status_at

    def _targets(self, swap_type: int, place: Place) -> tuple[tuple[Trailer, int, int], ...]:
        """What a swap resumed there erases first: global offsets, with the trailer of the area."""
        known = self._erased_first.get((swap_type, place))
        if known is not None:
            return known
        script = self.script((swap_type, False, False, True))
        found: list[tuple[Trailer, int, int]] = []
        for now in islice(script.code, script.labels.get(place, len(script.code)), None):
            if not isinstance(now, Erase):
                break
            trailer = next(t for t in self.trailers if now.start in t.area.extent)
            if found and found[-1][0] is trailer and found[-1][2] == now.start:
                found[-1] = (trailer, found[-1][1], now.end)
            else:
                found.append((trailer, now.start, now.end))
        made = self._erased_first[swap_type, place] = tuple(found)
        return made

    # Pieces of scripts.

    def init(self, script: Script, trailer: Trailer, key: Key) -> None:
        """Write a trailer anew: swap_info, image_ok, swap_size, at last the magic."""
        swap_type, takes_ok, fixup, _ = key
        script.code.append(trailer.write_swap_info(swap_type))
        if takes_ok or fixup:
            script.code.append(trailer.write_image_ok())
        if "swap_size" not in self.variant.without:
            script.code.append(trailer.write_swap_size(self.size))
        if trailer.tlv_sizes_at is not None:
            script.code.append(trailer.write_tlv_sizes())
        script.code.append(trailer.write_magic())

    def finish(self, script: Script, swap_type: int) -> None:
        """image_ok unless it is a test, then copy_done."""
        if swap_type in (REVERT, PERMANENT):
            script.code.append(SET_IMAGE_OK)
        if swap_type in (REVERT, PERMANENT, TEST):
            script.code.append(self.first_trailer.write_copy_done())

    def aligned(self, size: int) -> int:
        """``size`` rounded down to program units of the primary slot."""
        return align_down(size, self.primary.unit)
