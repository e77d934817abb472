"""MCUboot: do the sizes and the erase blocks of two slots fit the mode.

These rules speak only where the scheme is one of MCUboot's and the erase blocks of both slots are
known. MCUboot itself says of most of these faults one line in a log, and starts the old image for
ever. The arithmetic is in ``model.mcuboot``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flashwright.diag.finding import Finding, Severity
from flashwright.model.mcuboot import (
    Blocks,
    Mode,
    alike,
    common_boundaries,
    count_of,
)
from flashwright.rules.ecosystems.mcuboot_pairs import Pair, pairs
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, SIZE, WARNING, fault, quoted, size
from flashwright.rules.view import View

_SCRATCHES = frozenset({Mode.SWAP_SCRATCH, Mode.OVERWRITE})


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
    for pair in pairs(view):
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
    for pair in pairs(view):
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
    for pair in pairs(view):
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


def _matched(pair: Pair) -> bool:
    """Whether the erase blocks of both slots add up, as far as the shorter one reaches."""
    if pair.primary.size != pair.secondary.size:
        return True
    return common_boundaries(pair.first, pair.second) is not None


def _one_by_one(pair: Pair) -> Iterator[Finding]:
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
