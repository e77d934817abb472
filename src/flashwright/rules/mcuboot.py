"""What MCUboot needs of its slots; the arithmetic is in ``model.mcuboot``.

These rules speak only where the update's scheme is one of MCUboot's and the erase blocks of both
slots are known. MCUboot itself says of most of these faults one line in a log, and starts the old
image for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flashwright.diag.finding import Finding, Severity
from flashwright.model.mcuboot import (
    Blocks,
    Build,
    Mode,
    alike,
    blocks_of,
    build_of,
    common_boundaries,
    count_of,
    largest_group,
    largest_image,
    mode_of,
    overhang,
    torn_chunk,
    trailer_size,
)
from flashwright.model.table import Partition, Role
from flashwright.rules.images import write_unit
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, quoted, size, span
from flashwright.rules.view import View

_SCRATCHES = frozenset({Mode.SWAP_SCRATCH, Mode.OVERWRITE})

#: An overhang of a trailer below this share of an erase block is told as a cliff.
_CLIFF_SHARE = 8


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two slots of an image with their erase blocks, and how MCUboot is built."""

    mode: Mode
    build: Build
    primary: Partition
    secondary: Partition
    first: Blocks
    second: Blocks


@rule("SLT241", "mcuboot-slot-sizes", Severity.ERROR)
def slot_sizes(view: View) -> Iterable[Finding]:
    """MCUboot cannot swap these slots: their sizes do not fit the mode.

    ## What it checks
    swap-scratch: both slots have one size. swap-move: equal numbers of erase blocks, or one more in
    the primary. swap-offset: equal, or one more in the secondary. The other modes use the
    smaller of the two sizes; a difference is a warning there.

    ## Why it matters
    MCUboot logs "Cannot upgrade" and starts the old image, at every update, on every device.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [update]
    scheme = "mcuboot-swap-move"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "400K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x80000
    size = "404K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [update]
    scheme = "mcuboot-swap-move"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "404K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x80000
    size = "400K"
    ```

    ## How to fix
    Make the slots as the mode needs them; the help line has the numbers.
    """
    for pair in _pairs(view):
        n, m = count_of(pair.first), count_of(pair.second)
        if pair.mode == Mode.SWAP_MOVE:
            good, wanted = n in (m, m + 1), f"{m} or {m + 1} erase blocks"
        elif pair.mode == Mode.SWAP_OFFSET:
            good, wanted = m in (n, n + 1), f"{m - 1} or {m} erase blocks"
        else:
            good = pair.primary.size == pair.secondary.size
            wanted = f"{size(pair.secondary.size)} bytes"
        if good:
            continue
        refused = pair.mode in (Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH)
        verb = "cannot swap" if refused else "uses only the smaller of"
        yield fault(
            "SLT241",
            ERROR if refused else WARNING,
            f"MCUboot {pair.mode.value} {verb} {quoted(pair.primary)} of "
            f"{size(pair.primary.size)} and {quoted(pair.secondary)} of "
            f"{size(pair.secondary.size)} bytes",
            f"{quoted(pair.primary)} has {n} erase blocks and {quoted(pair.secondary)} {m}; "
            f"beside {quoted(pair.secondary)} it takes {wanted}",
            of=pair.secondary,
            fields=SIZE,
            others=(pair.primary,),
            primary_blocks=n,
            secondary_blocks=m,
        )


@rule("SLT242", "mcuboot-erase-blocks", Severity.ERROR)
def erase_blocks(view: View) -> Iterable[Finding]:
    """The erase blocks of the two slots do not match.

    ## What it checks
    swap-move and swap-offset: erase blocks of the two slots have the same size, one by one, and all
    are alike. swap-scratch and overwrite: blocks of one slot add up to whole blocks of the other.

    ## Why it matters
    Internal and external flash often have different erase blocks. MCUboot then refuses the
    upgrade; or, within a slot of uneven blocks, calculates with the size of the first.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 2048]]
    [[device.flash]]
    name = "qspi"
    erase_blocks = [[256, 4096]]
    [update]
    scheme = "mcuboot-swap-move"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "400K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    owner = "qspi"
    at = 0
    size = "400K"
    ```

    ## How to fix
    Put both slots into flash with equal erase blocks, use a scratch area, or let MCUboot calculate
    in logical sectors (MCUBOOT_LOGICAL_SECTOR_SIZE).
    """
    for pair in _pairs(view):
        if pair.mode in (Mode.SWAP_MOVE, Mode.SWAP_OFFSET):
            yield from _one_by_one(pair)
        elif pair.mode in _SCRATCHES and not _matched(pair):
            yield fault(
                "SLT242",
                ERROR,
                f"erase blocks of {quoted(pair.primary)} and {quoted(pair.secondary)} do not add "
                "up to one another: MCUboot cannot swap them",
                f"{quoted(pair.primary)} has {_blocks(pair.first)}, {quoted(pair.secondary)} "
                f"{_blocks(pair.second)}",
                of=pair.secondary,
                others=(pair.primary,),
            )


@rule("SLT243", "mcuboot-max-sectors", Severity.ERROR)
def max_sectors(view: View) -> Iterable[Finding]:
    """A slot has more erase blocks than MCUboot is built for.

    ## What it checks
    The number of erase blocks of each slot against `max_sectors` (BOOT_MAX_IMG_SECTORS).

    ## Why it matters
    MCUboot refuses the upgrade, or in old versions reads memory behind its array. The trailer's
    size follows from the same number: bootloader, imgtool and application have to agree on it.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "mcuboot-swap-move"
    implied = false
    max_sectors = 128
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "640K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x100000
    size = "640K"
    ```

    ## How to fix
    Raise BOOT_MAX_IMG_SECTORS in bootloader and application, and `max_sectors` here.
    """
    for pair in _pairs(view):
        for p, blocks in ((pair.primary, pair.first), (pair.secondary, pair.second)):
            if count_of(blocks) > pair.build.max_sectors:
                yield fault(
                    "SLT243",
                    ERROR,
                    f"{quoted(p)} has {count_of(blocks)} erase blocks, but MCUboot is built for "
                    f"{pair.build.max_sectors}",
                    f"set BOOT_MAX_IMG_SECTORS to {count_of(blocks)} (and `max_sectors` here)",
                    of=p,
                    fields=SIZE,
                    blocks=count_of(blocks),
                    max_sectors=pair.build.max_sectors,
                )


@rule("SLT244", "mcuboot-scratch", Severity.ERROR)
def scratch(view: View) -> Iterable[Finding]:
    """The scratch area is missing, or too small for the erase blocks that are swapped.

    ## What it checks
    With swap-scratch: whether there is a scratch area, and whether it holds the largest group of
    erase blocks that the two slots have in common.

    ## Why it matters
    MCUboot refuses every upgrade ("not all sectors fit inside scratch").

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[64, 4096], [7, 131072]]
    [update]
    scheme = "mcuboot-swap-scratch"
    implied = false
    [[partition]]
    name = "scratch"
    role = "scratch"
    at = 0x10000
    size = "64K"
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x40000
    size = "256K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x80000
    size = "256K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[64, 4096], [7, 131072]]
    [update]
    scheme = "mcuboot-swap-scratch"
    implied = false
    [[partition]]
    name = "scratch"
    role = "scratch"
    at = 0x10000
    size = "128K"
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x40000
    size = "256K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x80000
    size = "256K"
    ```

    ## How to fix
    Add or enlarge the scratch area, or use swap-offset, which needs none.
    """
    for pair in _pairs(view):
        if pair.mode != Mode.SWAP_SCRATCH:
            continue
        area = _scratch(view)
        boundaries = common_boundaries(pair.first, pair.second)
        group = largest_group(boundaries) if boundaries else 0
        if area is None:
            wants = f"a scratch area of at least {size(group)} bytes" if group else "a scratch area"
            yield fault(
                "SLT244",
                ERROR,
                f"MCUboot swap-scratch has no scratch area to swap {quoted(pair.primary)} and "
                f"{quoted(pair.secondary)} through",
                f"add {wants}, or use swap-offset, which needs none",
                of=pair.primary,
                others=(pair.secondary,),
                least=group,
            )
        elif area.size < group:
            yield fault(
                "SLT244",
                ERROR,
                f"{quoted(area)} has {size(area.size)} bytes, but MCUboot swaps up to "
                f"{size(group)} of {quoted(pair.primary)} at once",
                f"make it {size(group)} bytes",
                of=area,
                fields=SIZE,
                others=(pair.primary,),
                least=group,
            )


@rule("SLT245", "mcuboot-torn-chunk", Severity.ERROR)
def torn(view: View) -> Iterable[Finding]:
    """MCUboot accepts these slots and corrupts the image while it swaps them.

    ## What it checks
    With swap-scratch and slots of different erase blocks: whether every chunk that MCUboot packs
    into the scratch area ends where an erase block of both slots ends.

    ## Why it matters
    Chunks are packed from the erase blocks of the primary. Where a chunk ends inside one of the
    secondary, the next erase wipes the half that has just been written. No power cut is needed,
    and MCUboot reports success: slot 0 of 4 KiB blocks, slot 1 of 8 KiB, a scratch of 12 KiB.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[device.flash]]
    name = "qspi"
    erase_blocks = [[128, 8192]]
    [update]
    scheme = "mcuboot-swap-scratch"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "256K"
    [[partition]]
    name = "scratch"
    role = "scratch"
    at = 0x50000
    size = "12K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    owner = "qspi"
    at = 0
    size = "256K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[device.flash]]
    name = "qspi"
    erase_blocks = [[128, 8192]]
    [update]
    scheme = "mcuboot-swap-scratch"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "256K"
    [[partition]]
    name = "scratch"
    role = "scratch"
    at = 0x50000
    size = "16K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    owner = "qspi"
    at = 0
    size = "256K"
    ```

    ## How to fix
    Make the scratch area a multiple of the larger erase block.
    """
    for pair in _pairs(view):
        area = _scratch(view)
        if pair.mode != Mode.SWAP_SCRATCH or area is None:
            continue
        boundaries = common_boundaries(pair.first, pair.second)
        if not boundaries or largest_group(boundaries) > area.size:
            continue
        chunk = torn_chunk(pair.first, boundaries, area.size)
        if chunk is None:
            continue
        group = largest_group(boundaries)
        fits = area.size // group * group
        yield fault(
            "SLT245",
            ERROR,
            f"MCUboot swaps {span(pair.primary, chunk.shifted(pair.primary.extent.start))} as one "
            f"chunk, which ends inside an erase block of {quoted(pair.secondary)}: the image is "
            "corrupted",
            f"make {quoted(area)} {size(fits)} or {size(fits + group)} bytes, a multiple of "
            f"{size(group)}",
            of=area,
            fields=SIZE,
            others=(pair.primary, pair.secondary),
            group=group,
        )


@rule("SLT246", "mcuboot-no-room", Severity.ERROR)
def no_room(view: View) -> Iterable[Finding]:
    """The trailer leaves no room for an image, or costs an erase block for a few bytes.

    ## What it checks
    Whether any image fits beside the trailer and the spare erase block; and, as a note with
    swap-move and swap-offset, whether the trailer reaches a little over a boundary of erase blocks:
    it takes whole ones.

    ## Why it matters
    The trailer grows with erase blocks times program unit: a flash with units of 128 bytes may
    have one larger than the slot. And 56 bytes over a boundary cost 4 KiB of both slots.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    program_unit = 32
    erase_blocks = [[16, 131072]]
    [update]
    scheme = "mcuboot-swap-move"
    implied = false
    max_align = 32
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x20000
    size = "256K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x60000
    size = "256K"
    ```

    ## How to fix
    Enlarge the slots, lower BOOT_MAX_IMG_SECTORS, or use another mode; the help line says how many
    erase blocks fewer would be enough.
    """
    for pair in _pairs(view):
        largest = largest_image(pair.mode, pair.first, pair.second, pair.build)
        trailer = trailer_size(pair.mode, pair.build)
        block = pair.first[0].size
        if largest == 0:
            yield fault(
                "SLT246",
                ERROR,
                f"no image fits {quoted(pair.primary)}: MCUboot's trailer has {size(trailer)} "
                f"bytes of {size(pair.primary.size)}",
                f"the trailer counts {pair.build.max_sectors} erase blocks times "
                f"{pair.build.write_size} bytes; in whole erase blocks of {size(block)}, with the "
                "spare one, nothing is left",
                of=pair.primary,
                fields=SIZE,
                trailer=trailer,
            )
            continue
        over = overhang(pair.mode, pair.build, block)
        if not 0 < over <= block // _CLIFF_SHARE or trailer < block:
            continue
        states = 2 if pair.mode == Mode.SWAP_OFFSET else 3
        fewer = -(-over // (states * pair.build.write_size))
        yield fault(
            "SLT246",
            NOTE,
            f"MCUboot's trailer reaches {over} bytes over a boundary of erase blocks, which costs "
            f"{size(block)} of each slot",
            f"images may have {size(largest)} bytes; with max_sectors "
            f"{pair.build.max_sectors - fewer} or less they may have {size(block)} more",
            of=pair.primary,
            fields=SIZE,
            others=(pair.secondary,),
            overhang=over,
            largest_image=largest,
        )


@rule("SLT247", "mcuboot-write-size", Severity.ERROR)
def write_size(view: View) -> Iterable[Finding]:
    """The program unit of a slot is larger than MCUboot's trailer fields.

    ## What it checks
    Whether the program unit of each slot and of the scratch area is at most `max_align`
    (MCUBOOT_BOOT_MAX_ALIGN: 8, 16 or 32).

    ## Why it matters
    The flags of the trailer lie `max_align` bytes apart and are written one at a time. In a larger
    unit the second write meets a unit that is no longer erased: on flash with ECC it fails, and the
    swap cannot be resumed.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    program_unit = 32
    overwrite = "once"
    erase_blocks = [[256, 8192]]
    [update]
    scheme = "mcuboot-swap-offset"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x20000
    size = "512K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x100000
    size = "512K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    program_unit = 32
    overwrite = "once"
    erase_blocks = [[256, 8192]]
    [update]
    scheme = "mcuboot-swap-offset"
    implied = false
    max_align = 32
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x20000
    size = "512K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x100000
    size = "512K"
    ```

    ## How to fix
    Build MCUboot and sign images with a larger maximum alignment, and say `max_align` here.
    """
    for pair in _pairs(view):
        for p in (pair.primary, pair.secondary, _scratch(view)):
            flash = view.flash_of(p) if p else None
            if p is None or flash is None or flash.program_unit <= pair.build.max_align:
                continue
            yield fault(
                "SLT247",
                ERROR,
                f"{quoted(p)} is programmed in units of {flash.program_unit} bytes, more than "
                f"MCUboot's max_align of {pair.build.max_align}",
                f"build MCUboot with MCUBOOT_BOOT_MAX_ALIGN {flash.program_unit} (at most 32) and "
                "set `max_align`",
                of=p,
                program_unit=flash.program_unit,
                max_align=pair.build.max_align,
            )


def _pairs(view: View) -> Iterator[_Pair]:
    """The pairs of slots that lie whole on erase blocks of known flashes."""
    mode = mode_of(view.update.scheme.name) if view.update else None
    if mode is None or view.update is None:
        return
    placed = {id(p.partition): p for p in view.placed}
    for slots in view.slots:
        one, other = (placed.get(id(p)) for p in slots[:2])
        if one is None or other is None:
            continue
        if not all(p.starts_clean and p.ends_clean for p in (one, other)):
            continue
        first = blocks_of(one.flash, one.partition.extent)
        second = blocks_of(other.flash, other.partition.extent)
        build = build_of(view.update, write_unit(view, slots[0]), first, second)
        yield _Pair(mode, build, slots[0], slots[1], first, second)


def _scratch(view: View) -> Partition | None:
    return next((p for p in view.present if p.role == Role.SCRATCH and p.extent), None)


def _matched(pair: _Pair) -> bool:
    """Whether the erase blocks of both slots add up, as far as the shorter one reaches."""
    if pair.primary.size != pair.secondary.size:
        return True
    return common_boundaries(pair.first, pair.second) is not None


def _one_by_one(pair: _Pair) -> Iterator[Finding]:
    at = alike(pair.first, pair.second)
    if at is not None:
        yield fault(
            "SLT242",
            ERROR,
            f"erase block {at} of {quoted(pair.primary)} and {quoted(pair.secondary)} differ in "
            f"size: MCUboot {pair.mode.value} cannot swap them",
            f"{quoted(pair.primary)} has {_blocks(pair.first)}, {quoted(pair.secondary)} "
            f"{_blocks(pair.second)}; use swap-scratch or logical sectors",
            of=pair.secondary,
            others=(pair.primary,),
            block=at,
        )
        return
    for p, blocks in ((pair.primary, pair.first), (pair.secondary, pair.second)):
        if len(blocks) > 1:
            yield fault(
                "SLT242",
                ERROR,
                f"erase blocks of {quoted(p)} differ in size, but MCUboot {pair.mode.value} "
                f"calculates with the first: {_blocks(blocks)}",
                "lay the slot where erase blocks are alike, or use logical sectors of "
                f"{size(max(b.size for b in blocks))}",
                of=p,
            )


def _blocks(blocks: Blocks) -> str:
    shown = ", ".join(f"{run.count} x {size(run.size)}" for run in blocks[:6])
    return shown + (", ..." if len(blocks) > 6 else "")
