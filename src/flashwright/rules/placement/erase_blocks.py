"""Erase blocks: where partitions start and end in them, and who shares one.

A flash that needs no erase (RRAM, MRAM) has none but in its driver's emulation, which clears any
range: there the program unit counts, which is written as a whole.

Where two partitions share an erase block, their border inside it is not told as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Severity
from flashwright.model.geometry import Flash
from flashwright.model.table import IMAGE_ROLES, WRITTEN_ROLES, Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import (
    ERROR,
    NOTE,
    SIZE,
    WARNING,
    either,
    fault,
    listed,
    point,
    quoted,
    size,
    span,
)
from flashwright.rules.view import DATA_ROLES, Placed, View, granule_word


@rule("GEO103", "start-inside-erase-block", Severity.ERROR)
def start_inside_erase_block(view: View) -> Iterable[Finding]:
    """A partition starts in the middle of an erase block.

    ## What it checks
    Whether each partition starts where an erase block of its flash starts; on a flash that needs no
    erase (RRAM, MRAM), where a program unit does. Where the rest of the block belongs to another
    partition, GEO105 says so instead.

    ## Why it matters
    Drivers refuse the erase, or erase from the start of the block on. A KV store or file system
    that counts its blocks from its own start straddles the real ones: erasing one wipes half of
    its neighbour.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "kv"
    role = "kv"
    at = 0x10200
    size = "8K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "kv"
    role = "kv"
    at = 0x10000
    size = "8K"
    ```

    ## How to fix
    Move the start to a boundary; the help line names the two nearest.
    """
    for placed in view.granular:
        p = placed.partition
        if placed.starts_clean or _told(view, placed.flash, placed.first) or _inner(p):
            continue
        block, word = placed.first, granule_word(placed.flash)
        choices = [point(p, block.start)]
        if block.end <= placed.flash.size:
            choices.append(point(p, block.end))
        yield fault(
            "GEO103",
            ERROR if _is_erased(view, p) else WARNING,
            f"{quoted(p)} starts at {point(p, p.extent.start)}, inside the {word} {span(p, block)}",
            f"start it at {' or '.join(choices)}: {word}s there have {size(block.size)} bytes",
            of=p,
            extent=Extent(p.extent.start, min(block.end, p.extent.end)),
            erase_block=block.size,
        )


@rule("GEO104", "end-inside-erase-block", Severity.WARNING)
def end_inside_erase_block(view: View) -> Iterable[Finding]:
    """A partition ends in the middle of an erase block.

    ## What it checks
    Whether each partition ends where an erase block of its flash ends; on a flash that needs no
    erase (RRAM, MRAM), where a program unit does. Where the rest of the block belongs to another
    partition, GEO105 says so instead; where a partition of whole blocks starts in the middle of
    one, GEO103 does.

    ## Why it matters
    The rest of the block is lost: nobody else may use it. Drivers refuse to erase the last part
    (ESP-IDF), or the file system quietly uses less than the table says.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "storage"
    role = "filesystem"
    at = 0x10000
    size = 0xEFFFC
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "storage"
    role = "filesystem"
    at = 0x10000
    size = 0xF0000
    ```

    ## How to fix
    Give the partition the whole of its last erase block, or end it before.
    """
    for placed in view.granular:
        p = placed.partition
        if placed.ends_clean or _told(view, placed.flash, placed.last) or _inner(p):
            continue
        if not placed.starts_clean and (
            placed.first == placed.last or p.size % placed.last.size == 0
        ):
            continue
        block, end = placed.last, p.extent.end
        word = granule_word(placed.flash)
        grown = block.end - p.extent.start
        choices = [f"make it {size(grown)} bytes"]
        if block.start > p.extent.start:
            choices.append(f"or {size(block.start - p.extent.start)}")
        yield fault(
            "GEO104",
            WARNING if _is_erased(view, p) else NOTE,
            f"{quoted(p)} ends at {point(p, end)}, inside the {word} {span(p, block)}",
            f"{' '.join(choices)}: {size(block.end - p.extent.end)} bytes of the {word} "
            "are of no use to others",
            of=p,
            extent=Extent(max(block.start, p.extent.start), p.extent.end),
            fields=SIZE,
            erase_block=block.size,
            lost=block.end - p.extent.end,
        )


@rule("GEO105", "shared-erase-block", Severity.ERROR)
def shared_erase_block(view: View) -> Iterable[Finding]:
    """Partitions that do not overlap lie in one erase block.

    ## What it checks
    Whether an erase block holds bytes of more than one partition; on a flash that needs no erase
    (RRAM, MRAM), whether a program unit does. It is an error where one of them is erased while the
    device is in use, else a warning.

    ## Why it matters
    Flash is erased by whole blocks: who erases one of the partitions erases them all. On an
    STM32F4 four parameters of 4 KiB fit in one block of 128 KiB, beside the end of the
    application; the first change of a setting erases code.

    ## Example
    ```toml
    [device]
    name = "stm32f4"
    [[device.flash]]
    name = "embedded"
    base = 0x8000000
    erase_blocks = [[4, 16384], [1, 65536], [3, 131072]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0
    size = "368K"
    [[partition]]
    name = "storage"
    role = "user"
    at = 0x5C000
    size = "4K"
    ```

    ## Sound
    ```toml
    [device]
    name = "stm32f4"
    [[device.flash]]
    name = "embedded"
    base = 0x8000000
    erase_blocks = [[4, 16384], [1, 65536], [3, 131072]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "448K"
    [[partition]]
    name = "storage"
    role = "user"
    at = 0xC000
    size = "16K"
    ```

    ## How to fix
    Give each its own erase blocks. On a flash with uneven blocks put the small partitions in the
    small ones.
    """
    for (owner, block), members in view.shared_blocks.items():
        flash = view.flashes[owner]
        yield _shared(view, flash, block, members)


def _shared(view: View, flash: Flash, block: Extent, members: tuple[Placed, ...]) -> Finding:
    partitions = [m.partition for m in members]
    erased = [p for p in partitions if _is_erased(view, p)]
    told, word = partitions[1], granule_word(flash)
    if erased and word == "program unit":
        loss = [p for p in partitions if p is not erased[0]]
        why = f"a power cut while {quoted(erased[0])} is written can spoil {listed(loss)}"
    elif erased:
        loss = [p for p in partitions if p is not erased[0]]
        why = f"erasing {quoted(erased[0])} erases {listed(loss)} as well"
    else:
        why = f"they can only be {'written' if word == 'program unit' else 'erased'} together"
    return fault(
        "GEO105",
        ERROR if erased else WARNING,
        f"{listed(partitions)} lie in one {word} {span(told, block)}",
        f"{why}; {_own_blocks(flash, block, partitions)}",
        of=told,
        extent=block,
        others=tuple(p for p in partitions if p is not told),
        erase_block=block.size,
    )


def _own_blocks(flash: Flash, block: Extent, partitions: list[Partition]) -> str:
    if len(partitions) == 2:
        low, high = partitions
        choices = []
        if low.extent.start < block.start:
            shrunk = size(block.start - low.extent.start)
            choices.append(f"shrink {quoted(low)} to {shrunk} and start {quoted(high)}")
            choices[-1] += f" at {point(high, block.start)}"
        if block.end < flash.size or high.extent.end > block.end:
            choices.append(f"start {quoted(high)} at {point(high, block.end)}")
        if choices:
            return either(choices)
    word = granule_word(flash)
    if word == "erase block" and flash.smallest_erase_block < block.size:
        return (
            f"this block has {size(block.size)} bytes, the smallest of `{flash.name}` have "
            f"{size(flash.smallest_erase_block)}: put small partitions there"
        )
    return f"give each its own {word}s of {size(block.size)} bytes"


def _is_erased(view: View, partition: Partition) -> bool:
    """Whether something erases the partition after the factory: the application or an update."""
    if partition.role in WRITTEN_ROLES:
        return True
    if partition.role in IMAGE_ROLES and partition.role != Role.FACTORY:
        return partition.writable or view.update is not None
    return partition.writable and partition.role not in (
        Role.BOOTLOADER,
        Role.SECOND_BOOT,
        Role.PARTITION_TABLE,
        Role.FACTORY,
    )


def _inner(partition: Partition) -> bool:
    """Whether it is a part of a larger one, erased with it."""
    return partition.parent is not None and partition.role not in DATA_ROLES


def _told(view: View, flash: Flash, block: Extent) -> bool:
    """Whether GEO105 speaks of this erase block."""
    return (flash.name, block) in view.shared_blocks
