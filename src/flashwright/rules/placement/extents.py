"""Where partitions lie: overlaps, the end of the flash, ranges of the vendor.

A fault is told once: where two partitions overlap, the erase block that they share is not told as
well; where two share an erase block, their border inside it is not told as well. Overlaps that are
declared (``Partition.parent``, ``Partition.shares``) are no faults.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Severity
from flashwright.model.device import Device, Reserved
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import (
    ERROR,
    NOTE,
    SIZE,
    START,
    either,
    fault,
    point,
    quoted,
    size,
    span,
)
from flashwright.rules.view import View, granule, granule_word


@rule("GEO100", "device-not-given", Severity.NOTE)
def unknown_device(view: View) -> Iterable[Finding]:
    """The device is not known, so a part of the table cannot be checked.

    ## What it checks
    Whether the table comes with its device. Most layout files do not say which chip they are for.

    ## Why it matters
    Without the device there are no erase blocks, no flash size, no reserved ranges and no boot
    addresses: half of the faults that destroy data cannot be seen. Nothing is guessed instead.

    ## How to fix
    Pass `--device NAME`; `flashwright devices` lists and searches the names.
    """
    if view.device is None and view.present:
        yield Finding(
            "GEO100",
            NOTE,
            "no device is known: the size and the erase blocks of the flash, reserved ranges and "
            "boot addresses are not checked",
            "pass `--device NAME` (`flashwright devices` lists them)",
            view.table.place,
            facts={"partitions": len(view.present)},
        )


@rule("GEO101", "overlap", Severity.ERROR)
def overlap(view: View) -> Iterable[Finding]:
    """Two partitions use the same bytes.

    ## What it checks
    Whether the byte ranges of two partitions of one flash have a byte in common. Overlaps that are
    declared (`parent`, `shares`) are meant.

    ## Why it matters
    Whatever is written last wins: a KV store that grows into the security parameters, a backup
    that is the same bytes as its original, an update that erases the file system. It shows in the
    field, at the first update or when the store first fills up.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1FE000
    size = "8K"
    [[partition]]
    name = "parameter_4"
    role = "security"
    at = 0x1FF000
    size = "4K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1FD000
    size = "8K"
    [[partition]]
    name = "parameter_4"
    role = "security"
    at = 0x1FF000
    size = "4K"
    ```

    ## How to fix
    Move one of them to free bytes, or shrink it; the help line says where there is room. If the
    overlap is meant, declare it: `parent = "slot"` or `shares = ["other"]`.
    """
    for partitions in view.by_flash.values():
        open_: list[Partition] = []
        for p in partitions:
            open_ = [o for o in open_ if o.extent.end > p.extent.start]
            for o in open_:
                if not view.declared(o, p):
                    yield _overlap(view, o, p)
            open_.append(p)


@rule("GEO102", "past-the-end", Severity.ERROR)
def past_the_end(view: View) -> Iterable[Finding]:
    """A partition reaches past the end of its flash.

    ## What it checks
    Whether each partition ends at or before the last byte of the flash that it lies in.

    ## Why it matters
    Many drivers do not check: a write past the end wraps around to the first bytes of a SPI flash,
    which is the bootloader. Others fail at run time only, when the partition has filled up. A
    table for a larger chip is often copied to a smaller one.

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
    at = 0xF0000
    size = "128K"
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
    at = 0xF0000
    size = "64K"
    ```

    ## How to fix
    Shrink or move the partition, or name the device that is really fitted.
    """
    for owner, partitions in view.by_flash.items():
        flash = view.flashes.get(owner)
        if flash is None:
            continue
        end = flash.size
        for p in partitions:
            if p.extent.end <= end:
                continue
            beyond = Extent(max(end, p.extent.start), p.extent.end)
            wide = f"`{flash.name}` has {size(end)} bytes"
            if p.extent.start >= end:
                help = f"{wide}; move {quoted(p)} below {point(p, end)}"
            else:
                fits = flash.align_down(end) - p.extent.start
                help = f"{wide}; shrink {quoted(p)} to {size(fits)}, or move it down"
            yield fault(
                "GEO102",
                ERROR,
                f"{quoted(p)} reaches {size(beyond.size)} bytes past the end of `{flash.name}` "
                f"at {point(p, end)}",
                help,
                of=p,
                extent=beyond,
                fields=SIZE if p.extent.start < end else START,
                flash_size=end,
                past=beyond.size,
            )


@rule("GEO106", "reserved-range", Severity.ERROR)
def reserved_range(view: View) -> Iterable[Finding]:
    """A partition touches a range that belongs to the chip or module vendor.

    ## What it checks
    Whether a partition shares a byte, or an erase block, with a reserved range of the device: RF
    calibration, init data, system parameters, option bytes.

    ## Why it matters
    The vendor's code reads and writes there without looking at the table. Overwritten calibration
    cannot be made again outside the factory, and the radio fails or leaves its permitted limits.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[device.reserved]]
    name = "RF calibration"
    at = 0x1FB000
    size = "4K"
    [[partition]]
    name = "custom_1"
    role = "custom"
    at = 0x1FB000
    size = "4K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[device.reserved]]
    name = "RF calibration"
    at = 0x1FB000
    size = "4K"
    [[partition]]
    name = "custom_1"
    role = "custom"
    at = 0x1FA000
    size = "4K"
    ```

    ## How to fix
    Move the partition, or end it before the range.
    """
    if view.device is None:
        return
    for reserved in view.device.reserved:
        flash = view.flashes.get(reserved.owner)
        if flash is None or not reserved.extent:
            continue
        taken = _whole_blocks(flash, reserved.extent)
        for p in view.by_flash.get(reserved.owner, ()):
            if p.extent.start >= taken.end:
                break
            if p.extent.end <= taken.start:
                continue
            if p.role == Role.CALIBRATION and p.extent.covers(reserved.extent):
                continue
            open_ = _not_reserved(flash, view.device)
            yield _touches(flash, p, reserved, open_)


def _overlap(view: View, low: Partition, high: Partition) -> Finding:
    common = low.extent.intersection(high.extent)
    words = f"{quoted(high)} overlaps {quoted(low)} by {size(common.size)} bytes at "
    words += span(high, common)
    if low.extent == high.extent:
        words += ": they are the same bytes"
    return fault(
        "GEO101",
        ERROR,
        words,
        _apart(view, low, high),
        of=high,
        extent=common,
        others=(low,),
        overlap=common.size,
    )


def _apart(view: View, low: Partition, high: Partition) -> str:
    """What would separate two partitions, as far as there is room."""
    owner = low.owner
    free = view.free.get(owner, ())
    flash = view.flashes.get(owner)
    choices: list[str] = []
    down = _aligned(flash, high.extent.start - low.size)
    movable = not _is_held(view, low)
    if movable and down is not None and _is_free(free, Extent(down, low.extent.start)):
        choices.append(f"move {quoted(low)} down to {point(low, down)}")
    up = low.extent.end if flash is None else flash.align_up(low.extent.end)
    movable = not _is_held(view, high)
    if (
        not choices
        and movable
        and _is_free(free, Extent(max(up, high.extent.end), up + high.size), empty=True)
    ):
        choices.append(f"move {quoted(high)} up to {point(high, up)}")
    if not choices and movable and flash is not None:
        gap = _gap(flash, free, high.size)
        if gap is not None:
            choices.append(f"move {quoted(high)} to {point(high, gap)}, where nothing lies")
    left = _aligned(flash, high.extent.start)
    if left is not None and left > low.extent.start and low.extent.end <= high.extent.end:
        choices.append(f"shrink {quoted(low)} to {size(left - low.extent.start)}")
    if low.extent.end < high.extent.end and not choices:
        choices.append(f"start {quoted(high)} at {point(high, low.extent.end)}")
    if not choices:
        where = f" of `{owner}`" if flash is not None else ""
        choices.append(
            f"give {quoted(high)} {size(high.size)} bytes of its own{where}, or declare the "
            "overlap with `parent` or `shares`"
        )
    return either(choices)


def _is_held(view: View, partition: Partition) -> bool:
    """Whether the bootloader holds the partition where it is: it jumps there, or starts there."""
    if view.device is None or view.device.boot.owner != partition.owner:
        return False
    boot = view.device.boot
    start = partition.extent.start
    at_start = boot.bootloader is not None and start == boot.bootloader.start
    return at_start or start in boot.boot_offsets


def _aligned(flash: Flash | None, offset: int) -> int | None:
    if offset < 0:
        return None
    return offset if flash is None else flash.align_down(offset)


def _is_free(free: Iterable[Extent], wanted: Extent | None, empty: bool = False) -> bool:
    if wanted is None:
        return False
    if not wanted:
        return empty
    return any(f.covers(wanted) for f in free)


def _gap(flash: Flash, free: Iterable[Extent], wanted: int) -> int | None:
    """The first place on an erase-block boundary with ``wanted`` free bytes."""
    for hole in free:
        start = flash.align_up(hole.start)
        if start + wanted <= hole.end:
            return start
    return None


def _not_reserved(flash: Flash, device: Device) -> list[Extent]:
    """The ranges of ``flash`` that share no erase block with a reserved range, in order."""
    ranges = []
    start = 0
    taken = (_whole_blocks(flash, r.extent) for r in device.reserved if r.owner == flash.name)
    for closed in sorted((t for t in taken if t), key=lambda t: t.start):
        if closed.start > start:
            ranges.append(Extent(start, closed.start))
        start = max(start, closed.end)
    if start < flash.size:
        ranges.append(Extent(start, flash.size))
    return ranges


def _clear_of(flash: Flash, partition: Partition, limit: int, open_: list[Extent]) -> str:
    """How a partition keeps clear of the reserved range whose erase blocks begin at ``limit``."""
    begun = next((o for o in open_ if o.start <= partition.extent.start < o.end), None)
    if begun is not None and partition.extent.start < limit:
        room = begun.end - partition.extent.start
        return f"end it at {point(partition, begun.end)}: {size(room)} bytes"
    wide = [o for o in open_ if o.size >= partition.size]
    below = next((o for o in reversed(wide) if o.end <= limit), None)
    above = next((o for o in wide if o.start > limit), None)
    if below is None and above is None:
        widest = max((o.size for o in open_), default=0)
        return f"at most {size(widest)} bytes in one piece are not reserved in `{flash.name}`"
    choices = [f"below {point(partition, below.end)}"] if below is not None else []
    if above is not None:
        choices.append(f"to {point(partition, above.start)} and above")
    return "move it " + " or ".join(choices)


def _touches(flash: Flash, partition: Partition, range_: Reserved, open_: list[Extent]) -> Finding:
    name, reserved, purpose = range_.name, range_.extent, range_.purpose
    taken = _whole_blocks(flash, reserved)
    common = partition.extent.intersection(reserved)
    if common:
        words = f"{quoted(partition)} covers {size(common.size)} bytes of the reserved range"
    else:
        common = partition.extent.intersection(taken)
        words = f"{quoted(partition)} lies in one {granule_word(flash)} with the reserved range"
    help = _clear_of(flash, partition, taken.start, open_)
    return fault(
        "GEO106",
        ERROR,
        f"{words} `{name}` at {span(partition, reserved)}",
        help + (f"; {purpose}" if purpose else ""),
        of=partition,
        extent=common,
        reserved=name,
        reserved_start=reserved.start,
        reserved_end=reserved.end,
    )


def _whole_blocks(flash: Flash, extent: Extent) -> Extent:
    """What is rewritten with the bytes of an extent, as one extent; itself beyond the flash."""
    if extent.end > flash.size:
        return extent
    return Extent(granule(flash, extent.start).start, granule(flash, extent.end - 1).end)
