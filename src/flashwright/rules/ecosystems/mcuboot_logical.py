"""MCUboot's logical erase blocks: do their boundaries meet those of the flash.

Source: MCUboot `boot_verify_logical_sectors` in `bootutil_misc.c` and `bootutil_priv.h` (2d4bacc3).
The modes that go through a slot block by block (swaps and overwrite) use them.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Severity
from flashwright.model.mcuboot import BLOCKWISE, Mode, mode_of, off_logical
from flashwright.model.table import Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, SIZE, fault, point, quoted, size
from flashwright.rules.view import View

_SLOTS = (Role.APPLICATION, Role.OTA_TEMP)


@rule("SLT248", "mcuboot-logical-blocks", Severity.ERROR)
def logical_blocks(view: View) -> Iterable[Finding]:
    """A logical erase block of MCUboot begins or ends inside an erase block of the flash.

    ## What it checks
    With `logical_block` (MCUBOOT_LOGICAL_SECTOR_SIZE): that it is a power of two, that each slot
    and the scratch area is a multiple of it, and that each boundary, counted from the start of the
    slot, is a boundary of erase blocks in the flash.

    ## Why it matters
    MCUboot erases and copies one logical block at a time. Where that is only a part of an erase
    block, the flash erases what has just been copied beside it, and the image is corrupted by the
    first swap. Built with MCUBOOT_VERIFY_LOGICAL_SECTORS it refuses every upgrade instead.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[4, 32768], [1, 131072], [7, 262144]]
    [update]
    scheme = "mcuboot-swap-offset"
    implied = false
    logical_block = "32K"
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x40000
    size = "768K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x100000
    size = "768K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[4, 32768], [1, 131072], [7, 262144]]
    [update]
    scheme = "mcuboot-swap-offset"
    implied = false
    logical_block = "256K"
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x40000
    size = "768K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x100000
    size = "768K"
    ```

    ## How to fix
    Take logical blocks as large as the largest erase block of the slots, and start the slots where
    such a block starts.
    """
    update = view.update
    unit = update.logical_block if update else 0
    mode = mode_of(update.scheme.name) if update else None
    if not unit or mode not in BLOCKWISE:
        return
    roles = (*_SLOTS, Role.SCRATCH) if mode is Mode.SWAP_SCRATCH else _SLOTS
    for placed in view.placed:
        p, flash = placed.partition, placed.flash
        if p.role not in roles or not p.extent or not flash.extent.covers(p.extent):
            continue
        if unit & unit - 1:
            yield fault(
                "SLT248",
                ERROR,
                f"MCUboot's logical erase blocks are {size(unit)} bytes, which is no power of two",
                f"use {size(1 << unit.bit_length())}",
                of=p,
                logical_block=unit,
            )
            return
        at = off_logical(flash, p.extent, unit)
        if at is None:
            continue
        largest = flash.largest_block_in(p.extent)
        if p.size % unit:
            less = p.size // unit * unit
            yield fault(
                "SLT248",
                ERROR,
                f"{quoted(p)} has {size(p.size)} bytes, no multiple of MCUboot's logical erase "
                f"blocks of {size(unit)}",
                f"make it {f'{size(less)} or ' if less else ''}{size(less + unit)} bytes",
                of=p,
                fields=SIZE,
                logical_block=unit,
            )
            continue
        better = "" if unit >= largest else f"use logical blocks of {size(largest)}, and "
        yield fault(
            "SLT248",
            ERROR,
            f"a logical erase block of {quoted(p)} begins at {point(p, at)}, inside an erase "
            "block of the flash",
            f"{better}start the slot where an erase block of {size(largest)} starts",
            of=p,
            extent=Extent(at, p.extent.end) if at < p.extent.end else None,
            logical_block=unit,
            erase_block=largest,
        )
