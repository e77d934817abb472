"""MCUboot's trailer at the end of a slot or of the scratch area: real bytes, in its real places.

Source (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/bootutil_area.c`, `bootutil_public.c`.
Magic, flags and sizes are bytes. A status entry is a piece of the content ``status``: readers ask
only whether its first byte is erased, so a torn entry counts as written, as in the source.
"""

from __future__ import annotations

from typing import NamedTuple

from flashwright.base.align import align_down, align_up
from flashwright.flash.content import (
    ERASED,
    JUNK,
    Runs,
    Unstable,
    part_of,
    pieces,
    splice,
    with_part,
)
from flashwright.flash.operations import Operation, Program
from flashwright.model.mcuboot import MAGIC_SIZE, Build, Mode, status_size, trailer_size
from flashwright.model.mcuboot import scratch_trailer_size as scratch_size
from flashwright.sim.area import Area, Contents, Part

STATUS = "status"

GOOD, UNSET, BAD, SET = "good", "unset", "bad", "set"

TEST, PERMANENT, REVERT, NONE = 2, 3, 4, 1

_MAGIC_8 = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
_MAGIC_TAIL = bytes.fromhex("2de15d29410b8d77679c110f1f8a")


class Fields(NamedTuple):
    """A trailer as it is read: magic and flags in words; ``swap_type`` is what swap_info says,
    ``raw_type`` its low four bits unchecked (0 where it is erased); ``swap_size`` in bytes."""

    magic: str
    image_ok: str
    copy_done: str
    swap_type: int
    raw_type: int
    swap_size: int


class Status(NamedTuple):
    """The status area: first written entry, first erased one after it, last written plus one.

    -1 where there is none.
    """

    first: int
    gap: int
    last: int


class Trailer:
    """The trailer of ``area``. ``scratch``: that of the scratch area, with three entries only.

    ``mended`` names repairs (``MENDINGS`` of ``mcuboot_swap``) that change what is read;
    ``logical`` is the size of MCUboot's logical erase blocks, 0 if it works in those of the flash.
    """

    def __init__(
        self,
        area: Area,
        mode: Mode,
        build: Build,
        *,
        scratch: bool = False,
        mended: frozenset[str] = frozenset(),
        logical: int = 0,
    ) -> None:
        self.area = area
        self.mended = mended
        self._logical = logical
        align = build.max_align
        self.write_size = build.write_size
        self.magic_at = area.size - MAGIC_SIZE
        self.image_ok_at = align_down(area.size - MAGIC_SIZE - align, align)
        self.copy_done_at = self.image_ok_at - align
        self.swap_info_at = self.copy_done_at - align
        self.tlv_sizes_at = self.swap_info_at - align if mode == Mode.SWAP_OFFSET else None
        self.swap_size_at = (self.tlv_sizes_at or self.swap_info_at) - align
        self.size = scratch_size(build) if scratch else trailer_size(mode, build)
        self.status_at = area.size - self.size
        bytes_of_status = 3 * build.write_size if scratch else status_size(mode, build)
        self.entries = bytes_of_status // build.write_size
        self._align = align
        self._magic = _MAGIC_8 if align == 8 else align.to_bytes(2, "little") + _MAGIC_TAIL
        self._fields: dict[Part, Fields] = {}
        self._known: dict[Runs, Fields] = {}
        self._status: dict[Part, Status] = {}
        self._tidied: dict[Part, Part] = {}
        self._reduced: dict[Part, Part] = {}
        self._finished: dict[Part, Part] = {}

    # What is written.

    def write_magic(self) -> Operation:
        """The magic, padded in front with erased bytes to the alignment of the trailer."""
        at = align_down(self.magic_at, self._align)
        erased = bytes([self.area.erased_value])
        return self.area.write(at, erased * (self.magic_at - at) + self._magic)

    def write_image_ok(self) -> Operation:
        """image_ok: set."""
        return self._field(self.image_ok_at, b"\x01")

    def write_copy_done(self) -> Operation:
        """copy_done: set."""
        return self._field(self.copy_done_at, b"\x01")

    def write_swap_info(self, swap_type: int) -> Operation:
        """swap_info: the type of the swap of image 0."""
        return self._field(self.swap_info_at, bytes([swap_type]))

    def write_swap_size(self, size: int) -> Operation:
        """swap_size in bytes."""
        return self._field(self.swap_size_at, size.to_bytes(4, "little"))

    def write_tlv_sizes(self) -> Operation:
        """The sizes of the unprotected TLVs of both images (swap-offset)."""
        assert self.tlv_sizes_at is not None
        return self._field(self.tlv_sizes_at, b"\x28\x00\x28\x00")

    def write_status(self, entry: int) -> Operation:
        """Status entry number ``entry``."""
        base = self.area.start + self.status_at
        at = base + entry * self.write_size
        return Program(at, at + self.area.unit, STATUS, base)

    @property
    def erased_from(self) -> int:
        """Where in the area the first erase block (or logical one) with trailer starts."""
        if self._logical:
            return align_down(self.status_at, self._logical)
        at = self.area.start + self.status_at
        return next(b.start for b in self.area.blocks if b.end > at) - self.area.start

    def blocks(self) -> list[int]:
        """The numbers of the erase blocks that hold the trailer, last one first."""
        start = self.area.start + self.erased_from
        found = [i for i, block in enumerate(self.area.blocks) if block.end > start]
        return found[::-1]

    # What is read.

    def fields(self, flash: Contents) -> Fields:
        """Magic, flags and sizes."""
        part = flash[self.area.index]
        found = self._fields.get(part)
        if found is None:
            # Most parts differ elsewhere: what lies in the fields is read once.
            key = part_of(part.runs, self.area.start + self.swap_size_at, self.area.end)
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._read(flash)
            self._fields[part] = found
        return found

    def status(self, flash: Contents) -> Status:
        """The status area."""
        part = flash[self.area.index]
        found = self._status.get(part)
        if found is None:
            found = self._status[part] = self._scan(part)
        return found

    def tidied(self, flash: Contents) -> Contents:
        """The flash with torn status entries as written: nobody can tell them apart."""
        part = flash[self.area.index]
        found = self._tidied.get(part)
        if found is None:
            found = self._tidied[part] = self._tidy(flash)
        return self.area.with_part(flash, found)

    def junked(self, flash: Contents) -> Contents:
        """The flash with junk for a trailer: its magic is not good, so nothing else is read."""
        runs = flash[self.area.index].runs
        runs = splice(runs, self.area.start + self.status_at, self.area.end, JUNK)
        return self.area.with_part(flash, self.area.part(runs))

    def reduced(self, flash: Contents) -> Contents:
        """The flash with no more in this trailer than is read of that of a secondary slot.

        That is magic and flags: its status and sizes are never read, what swap_info says only by
        a repair.
        """
        part = flash[self.area.index]
        found = self._reduced.get(part)
        if found is None:
            found = self._reduced[part] = self._reduce(flash)
        return self.area.with_part(flash, found)

    def finished(self, flash: Contents) -> Contents:
        """The flash with no more in this trailer than is read of a primary one with copy_done.

        That is what is read of a secondary one. The sizes, swap_info and the status count again
        only where copy_done reads as erased and the magic as good. An erase that was cut leaves
        that if it began at the front, and then what lies before copy_done in the same erase block
        is erased, too. Parts of the status that lie in other erase blocks stay as they are.
        """
        part = flash[self.area.index]
        found = self._finished.get(part)
        if found is None:
            found = self._finished[part] = self._finish(flash)
        return self.area.with_part(flash, found)

    def _finish(self, flash: Contents) -> Part:
        area = self.area
        end = area.start + self.swap_size_at
        last = max(area.start + self.status_at, area.blocks[-1].start)
        less = self._reduce(flash).runs
        start = area.start + self.status_at
        if last > end:
            # The fields themselves lie in several erase blocks.
            return self._tidy(flash)
        if start < last:
            status = part_of(self._tidy(flash).runs, start, last)
            less = with_part(less, status, last)
        return area.part(less)

    def _tidy(self, flash: Contents) -> Part:
        base = self.area.start + self.status_at
        end = base + self.entries * self.write_size
        runs = flash[self.area.index].runs
        for a, b, content, _ in list(pieces(runs, base, end)):
            if isinstance(content, str) and content not in (ERASED, STATUS):
                runs = splice(runs, a, b, STATUS, base)
        return self.area.part(runs)

    def _reduce(self, flash: Contents) -> Part:
        area = self.area
        fields = self.fields(flash)
        runs = splice(flash[area.index].runs, area.start + self.status_at, area.end, ERASED)
        kept = [(self.image_ok_at, fields.image_ok)]
        if fields.magic == GOOD:
            kept += [(self.copy_done_at, fields.copy_done)]
            if self.mended and fields.raw_type:
                kept += [(self.swap_info_at, SET)]
        for at, word in kept:
            if word != UNSET:
                field = self._field(at, b"\x01")
                seen = field.content if word == SET else JUNK
                runs = splice(runs, field.start, field.end, seen, field.start)
        if fields.magic != UNSET:
            start = area.start + self.magic_at
            seen = self._magic if fields.magic == GOOD else JUNK
            runs = splice(runs, start, area.end, seen, start)
        return area.part(runs)

    def _field(self, at: int, data: bytes) -> Program:
        erased = bytes([self.area.erased_value])
        return self.area.write(
            at, data + erased * (align_up(len(data), self.area.unit) - len(data))
        )

    def _read(self, flash: Contents) -> Fields:
        area = self.area
        erased = area.erased_value
        magic = area.read(flash, self.magic_at, MAGIC_SIZE)
        word = BAD
        if magic == self._magic:
            word = GOOD
        elif magic == bytes([erased]) * MAGIC_SIZE:
            word = UNSET
        info = area.read(flash, self.swap_info_at, 1)[0]
        raw = 0 if info == erased else info & 0x0F
        if word == GOOD and not raw and "bare-magic" in self.mended:
            word = BAD
        copy_done = self._flag(flash, self.copy_done_at)
        if copy_done == BAD and "torn-copy-done" in self.mended:
            copy_done = SET
        return Fields(
            word,
            self._flag(flash, self.image_ok_at),
            copy_done,
            raw if raw and raw <= REVERT else NONE,
            raw,
            int.from_bytes(area.read(flash, self.swap_size_at, 4), "little"),
        )

    def _flag(self, flash: Contents, at: int) -> str:
        value = self.area.read(flash, at, 1)[0]
        if value == self.area.erased_value:
            return UNSET
        return SET if value == 1 else BAD

    def _scan(self, part: Part) -> Status:
        base = self.area.start + self.status_at
        size = self.write_size
        first = gap = last = -1
        for a, b, content, _ in pieces(part.runs, base, base + self.entries * size):
            low, high = -(-(a - base) // size), -(-(b - base) // size)
            if low >= high:
                continue
            seen = content
            if isinstance(seen, Unstable):
                seen = (seen.old, seen.new, STATUS)[seen.now]
            if seen == ERASED:
                if first >= 0 and gap < 0:
                    gap = low
            else:
                first = low if first < 0 else first
                last = high
        return Status(first, gap, last)
