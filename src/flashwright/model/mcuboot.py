"""MCUboot's arithmetic: trailers, the largest image of a slot, which slots it can swap.

Sources (mcu-tools/mcuboot 2d4bacc3): `boot/bootutil/src/bootutil_area.c` (trailer),
`bootutil_misc.c`, `swap_scratch.c`, `swap_move.c`, `swap_offset.c` (largest image, which slots are
compatible, logical sectors), `image_validate.c` (where the limit is enforced). A slot is given by
its erase blocks, as runs from its first byte on. "Image" means header, payload and TLVs together.

Laws: every function is pure and total; sizes are bytes; only what MCUboot rounds is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby, pairwise

from flashwright.base.align import align_down, align_up
from flashwright.base.extent import Extent
from flashwright.base.record import record
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.update import Update

#: The erase blocks of a slot, from its first byte on.
Blocks = tuple[EraseRun, ...]

#: Bytes of the magic at the end of a trailer.
MAGIC_SIZE = 16

#: BOOT_MAX_IMG_SECTORS where it is not configured.
DEFAULT_MAX_SECTORS = 128

#: Slots of more erase blocks than this are not walked block by block (MCUboot holds them in RAM).
MOST_BLOCKS = 1 << 16


class Mode(StrEnum):
    """How MCUboot upgrades; the schemes are called ``mcuboot-`` and the mode."""

    SINGLE = "single"
    OVERWRITE = "overwrite"
    SWAP_SCRATCH = "swap-scratch"
    SWAP_MOVE = "swap-move"
    SWAP_OFFSET = "swap-offset"
    DIRECT_XIP = "direct-xip"
    RAM_LOAD = "ram-load"


@record()
class Build:
    """How MCUboot was built, as far as its arithmetic depends on it.

    ``write_size`` is the larger program unit of primary slot and scratch area, ``max_align``
    MCUBOOT_BOOT_MAX_ALIGN, ``max_sectors`` BOOT_MAX_IMG_SECTORS, ``key_size`` the bytes of an
    encryption key kept in the trailer (0: images are not encrypted).
    """

    write_size: int = 8
    max_align: int = 8
    max_sectors: int = DEFAULT_MAX_SECTORS
    key_size: int = 0


#: Status entries an erase block; overwrite and XIP never write them, but the trailer counts them.
_STATES = {Mode.SINGLE: 0, Mode.SWAP_OFFSET: 2}

_MODES = {mode.value: mode for mode in Mode}

#: The modes that exchange the two slots and can take a bad image back.
SWAPS = frozenset({Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET})

#: The modes that go through a slot block by block, so that logical erase blocks count in them.
BLOCKWISE = SWAPS | {Mode.OVERWRITE}


def mode_of(scheme: str) -> Mode | None:
    """The mode of a scheme's name such as ``mcuboot-swap-move``, ``None`` for other schemes."""
    name = scheme.removeprefix("mcuboot-")
    return _MODES.get(name) if name != scheme else None


def blocks_of(flash: Flash, extent: Extent) -> Blocks:
    """The erase blocks of a slot that lies on boundaries of ``flash``."""
    runs = []
    for run, size in flash.runs_at():
        part = run.intersection(extent)
        if part:
            runs.append(EraseRun(-(-part.size // size), size))
    return _joined(runs)


def slot_blocks(update: Update, flash: Flash, extent: Extent) -> Blocks:
    """The erase blocks of a slot as MCUboot counts them: logical ones where it is built so.

    What lies beyond the last whole logical block is left out; ``off_logical`` tells whether the
    slot is sound.
    """
    if logical_block(update):
        return uniform(extent.size, update.logical_block)
    return blocks_of(flash, extent)


def logical_block(update: Update) -> int:
    """The bytes of a logical erase block in the mode of ``update``, 0 where there are none."""
    return update.logical_block if mode_of(update.scheme.name) in BLOCKWISE else 0


def off_logical(flash: Flash, extent: Extent, unit: int) -> int | None:
    """The first boundary of logical blocks of ``unit`` bytes that is none of the flash.

    Offset in the flash; ``None`` if all are (``boot_verify_logical_sectors``). The first logical
    block starts where the slot does, the last ends where it ends; the slot itself need not lie at
    a multiple of ``unit``.
    """
    if extent.size % unit:
        return extent.start + extent.size // unit * unit + unit
    for run, size in flash.runs_at():
        first = run.start + -(run.start - extent.start) % unit
        first = max(first, extent.start)
        if first >= min(run.end, extent.end):
            continue
        if (first - run.start) % size:
            return first
        if unit % size and first + unit < min(run.end, extent.end):
            return first + unit
    return None if flash.is_boundary(extent.end) else extent.end


def uniform(slot: int, erase_block: int) -> Blocks:
    """The erase blocks of a slot of ``slot`` bytes whose blocks are all alike."""
    return (EraseRun(slot // erase_block, erase_block),)


def size_of(blocks: Blocks) -> int:
    """How many bytes the erase blocks have together."""
    return sum(run.count * run.size for run in blocks)


def count_of(blocks: Blocks) -> int:
    """How many erase blocks there are."""
    return sum(run.count for run in blocks)


def build_of(update: Update, write_size: int, *slots: Blocks) -> Build:
    """The build that ``update`` declares; ``write_size`` counts where it does not say one.

    Where BOOT_MAX_IMG_SECTORS is not said, it is what Zephyr derives: the erase blocks of the slot
    with the most.
    """
    sectors = update.max_sectors or max((count_of(s) for s in slots), default=DEFAULT_MAX_SECTORS)
    return Build(
        write_size=update.write_size or max(1, write_size),
        max_align=max(8, update.max_align),
        max_sectors=sectors,
        key_size=16 if update.encrypted else 0,
    )


def status_size(mode: Mode, build: Build) -> int:
    """The bytes of the swap status area of a trailer."""
    return build.max_sectors * _STATES.get(mode, 3) * build.write_size


def trailer_size(mode: Mode, build: Build) -> int:
    """The bytes of a slot's trailer: status, keys, four or five fields, magic."""
    fields = 5 if mode == Mode.SWAP_OFFSET else 4
    return status_size(mode, build) + _keys(build) + fields * build.max_align + _magic(build)


def flags_size(build: Build) -> int:
    """The bytes of a trailer without swap status: magic and three flags (overwrite, XIP, RAM)."""
    return _magic(build) + 3 * build.max_align


def scratch_trailer_size(build: Build) -> int:
    """The bytes of the trailer in the scratch area, which holds one status entry only."""
    return 3 * build.write_size + _keys(build) + 4 * build.max_align + _magic(build)


def largest_image(mode: Mode, primary: Blocks, secondary: Blocks, build: Build) -> int:
    """The largest image that MCUboot accepts in this pair of slots, 0 if none fits.

    ``secondary`` is ignored in mode ``SINGLE``. What imgtool signs may be larger; it knows neither
    the erase blocks nor the mode.
    """
    size = size_of(primary)
    trailer = trailer_size(mode, build)
    if mode == Mode.SINGLE:
        return max(0, size - trailer)
    smaller = min(size, size_of(secondary))
    if mode not in SWAPS:
        return max(0, smaller - flags_size(build))
    if mode == Mode.SWAP_SCRATCH:
        start = smaller - trailer
        if start < 0:
            return 0
        end = max(_block_end(primary, start), _block_end(secondary, start))
        return max(0, start - max(0, scratch_trailer_size(build) - (end - start)))
    block = primary[0].size if primary else 1
    kept = align_up(trailer, block)
    spare = block if mode == Mode.SWAP_MOVE else 0
    offset = block if mode == Mode.SWAP_OFFSET else 0
    return max(0, min(size - kept - spare, size_of(secondary) - kept - offset))


def imgtool_limit(mode: Mode, slot: int, build: Build) -> int:
    """The largest image that imgtool signs for a slot of ``slot`` bytes; MCUboot may take less.

    imgtool (2.5.0, `scripts/imgtool/image.py`) counts three states in every mode, knows no erase
    blocks and, for overwrite, one field of the trailer less.
    """
    if mode == Mode.OVERWRITE:
        return max(0, slot - 2 * build.max_align - _magic(build))
    return max(0, slot - trailer_size(Mode.SWAP_SCRATCH, build))


def overhang(mode: Mode, build: Build, erase_block: int) -> int:
    """How far the trailer reaches over a boundary of erase blocks into one more, in bytes.

    With swap-move and swap-offset the trailer takes whole erase blocks: a small overhang costs a
    whole one. 0: it ends on a boundary, or the mode does not round.
    """
    if mode not in (Mode.SWAP_MOVE, Mode.SWAP_OFFSET):
        return 0
    trailer = trailer_size(mode, build)
    return trailer - align_down(trailer, erase_block)


def alike(primary: Blocks, secondary: Blocks) -> int | None:
    """Where the first erase blocks of a pair differ in size (their number), ``None`` if nowhere.

    As far as both slots reach; swap-move and swap-offset compare only so.
    """
    at = 0
    one, other = list(primary), list(secondary)
    while one and other:
        if one[0].size != other[0].size:
            return at
        common = min(one[0].count, other[0].count)
        at += common
        for runs in (one, other):
            left = runs[0].count - common
            runs[0:1] = [EraseRun(left, runs[0].size)] if left else []
    return None


def common_boundaries(primary: Blocks, secondary: Blocks) -> tuple[int, ...] | None:
    """Where erase blocks of both slots end together, from 0 on; ``None`` if they cannot be swapped.

    A block of one slot must be made up of whole blocks of the other, without changing sides inside
    a group, and both slots end together. Also ``None`` beyond ``MOST_BLOCKS``.
    """
    if max(count_of(primary), count_of(secondary)) > MOST_BLOCKS:
        return None
    ends, others = _ends(primary), _ends(secondary)
    found = [0]
    one, other = next(ends, None), next(others, None)
    larger = 0
    while one is not None and other is not None:
        if one == other:
            found.append(one)
            one, other, larger = next(ends, None), next(others, None), 0
        elif one < other:
            if larger == 1:
                return None
            larger, one = 2, next(ends, None)
        else:
            if larger == 2:
                return None
            larger, other = 1, next(others, None)
    return tuple(found) if one is None and other is None else None


def largest_group(boundaries: tuple[int, ...]) -> int:
    """The largest group of erase blocks that has to be swapped at once, in bytes."""
    return max((b - a for a, b in pairwise(boundaries)), default=0)


def torn_chunk(primary: Blocks, boundaries: tuple[int, ...], scratch: int) -> Extent | None:
    """The first chunk that a swap through ``scratch`` bytes copies and that ends inside an erase
    block of the other slot; ``None`` if all end on common boundaries.

    MCUboot packs chunks of whole primary blocks, as many as fit the scratch area, from the end of
    the image down. It accepts such slots, and corrupts the image without any power cut.
    """
    common = set(boundaries)
    starts = [0, *_ends(primary)]
    low = len(starts) - 1
    for index in range(len(starts) - 1, 0, -1):
        end = starts[index]
        if end not in common:
            continue
        low = min(low, index)
        while low > 0 and end - starts[low - 1] <= scratch:
            low -= 1
        if low < index and starts[low] not in common:
            return Extent(starts[low], end)
    return None


def _magic(build: Build) -> int:
    return align_up(MAGIC_SIZE, build.max_align)


def _keys(build: Build) -> int:
    return 2 * align_up(build.key_size, build.max_align) if build.key_size else 0


def _joined(runs: list[EraseRun]) -> Blocks:
    return tuple(EraseRun(sum(r.count for r in g), size) for size, g in groupby(runs, _size))


def _size(run: EraseRun) -> int:
    return run.size


def _ends(blocks: Blocks) -> Iterator[int]:
    at = 0
    for run in blocks:
        for _ in range(run.count):
            at += run.size
            yield at


def _block_end(blocks: Blocks, offset: int) -> int:
    """Where the erase block that holds ``offset`` ends; ``offset`` itself beyond the last."""
    start = 0
    for run in blocks:
        end = start + run.count * run.size
        if offset < end:
            return start + align_down(offset - start, run.size) + run.size
        start = end
    return offset
