"""MCUboot: the scratch area and the trailer, which a swap goes through."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding, Severity
from flashwright.model.mcuboot import (
    Mode,
    common_boundaries,
    largest_group,
    largest_image,
    overhang,
    torn_chunk,
    trailer_size,
)
from flashwright.rules.ecosystems.mcuboot_pairs import pairs, scratch_of
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, fault, quoted, size, span
from flashwright.rules.view import View

#: An overhang of a trailer below this share of an erase block is told as a cliff.
_CLIFF_SHARE = 8


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
    for pair in pairs(view):
        if pair.mode != Mode.SWAP_SCRATCH:
            continue
        area = scratch_of(view)
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
    for pair in pairs(view):
        area = scratch_of(view)
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
    for pair in pairs(view):
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
    for pair in pairs(view):
        for p in (pair.primary, pair.secondary, scratch_of(view)):
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
