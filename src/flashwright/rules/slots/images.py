"""The images that are to go into the slots: do they fit, with room to grow, at the right address.

The size of an image and its link address come from ``flash.toml`` (`image`, `link_address`) or from
the image itself; without them these rules are silent.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding, Severity
from flashwright.model.device import BankMode
from flashwright.model.mcuboot import build_of, largest_image, mode_of, slot_blocks
from flashwright.model.table import Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, WARNING, fault, quoted, size
from flashwright.rules.view import View

#: An image that leaves less than this share of its slot free is told, where no slack is declared
#: (ESP-IDF's check_sizes.py warns below the same share).
FREE_PERCENT = 5

#: MCUboot's image header lies before the code: at least 32 bytes, at most one erase block of 4 KiB.
_LARGEST_HEADER = 0x1000

_IMAGE = ("image", "image_size", "size")


@rule("IMG501", "image-too-large", Severity.ERROR)
def image_too_large(view: View) -> Iterable[Finding]:
    """An image is larger than its slot really takes.

    ## What it checks
    The size of the image against the slot, against the device's slot limit, and with MCUboot
    against the largest image that the bootloader accepts beside its trailer and spare erase block.

    ## Why it matters
    The bootloader refuses the image, or runs it with its end missing. imgtool signs images for
    MCUboot that swap-move and swap-offset refuse: it does not know the erase blocks.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "512K"
    image = "520K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "640K"
    image = "520K"
    ```

    ## How to fix
    Enlarge the slots, or shrink the image.
    """
    for p in view.present:
        image = p.image_size
        if image is None:
            continue
        limit, why = accepted(view, p)
        if image > limit:
            yield fault(
                "IMG501",
                ERROR,
                f"the image of {quoted(p)} has {size(image)} bytes, {size(image - limit)} more "
                f"than {why}",
                f"make it {size(limit)} bytes at most, or enlarge the slot by "
                f"{size(_blocks_for(view, p, image - limit))}",
                of=p,
                fields=_IMAGE,
                image=image,
                limit=limit,
            )


@rule("IMG502", "image-near-limit", Severity.WARNING)
def image_near_limit(view: View) -> Iterable[Finding]:
    """An image leaves less room to grow than was asked for.

    ## What it checks
    Whether image and declared slack together fit the slot. Where no slack is declared, less than
    5 % of free room is a note.

    ## Why it matters
    The slots cannot grow once devices have shipped. The update that does not fit any more comes
    years later, and is often the one with the security fix.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "512K"
    image = "480K"
    slack = "64K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "544K"
    image = "480K"
    slack = "64K"
    ```

    ## How to fix
    Enlarge the slots now, or lower the slack.
    """
    for p in view.present:
        image = p.image_size
        if image is None:
            continue
        limit, why = accepted(view, p)
        free = limit - image
        if free < 0:
            continue
        if p.slack > free:
            yield fault(
                "IMG502",
                WARNING,
                f"the image of {quoted(p)} leaves {size(free)} bytes of what {why}, "
                f"{size(p.slack - free)} less than the slack of {size(p.slack)}",
                f"enlarge the slot by {size(_blocks_for(view, p, p.slack - free))}",
                of=p,
                fields=("slack", *_IMAGE),
                image=image,
                limit=limit,
                slack=p.slack,
            )
        elif not p.slack and free * 100 < limit * FREE_PERCENT:
            yield fault(
                "IMG502",
                NOTE,
                f"the image of {quoted(p)} leaves {size(free)} bytes of what {why}: less than "
                f"{FREE_PERCENT} %",
                "the slots cannot grow once devices have shipped; declare `slack` for the room "
                "that is wanted",
                of=p,
                fields=_IMAGE,
                image=image,
                limit=limit,
            )


@rule("IMG503", "wrong-link-address", Severity.ERROR)
def wrong_link_address(view: View) -> Iterable[Finding]:
    """An image is linked for another address than it will run at.

    ## What it checks
    Whether the link address of an image is the address of its slot; for a download area of a
    copying bootloader, the address of the application. With MCUboot the image header may lie
    before it. Flashes that are not memory-mapped are not judged.

    ## Why it matters
    Code for another address jumps into nothing. With two banks each image has to be linked for
    its own, unless the hardware maps both to one address.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    base = 0x8000000
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "512K"
    link_address = 0x8000000
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    base = 0x8000000
    erase_blocks = [[256, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "512K"
    link_address = 0x8010000
    ```

    ## How to fix
    Change the origin in the linker script (`flashwright convert --to ld-memory`), or the slot.
    """
    for p in view.present:
        flash = view.flash_of(p)
        if p.link_address is None or flash is None or flash.base is None:
            continue
        runs_at = _runs_in(view, p)
        home = view.flash_of(runs_at)
        if home is None or home.base is None:
            continue
        if home.banks and _changes_banks(view):
            continue
        start = home.base + runs_at.extent.start
        last = start + (_LARGEST_HEADER if view.ecosystem == "mcuboot" else 0)
        if start <= p.link_address <= last:
            continue
        located = view.device.locate(p.link_address) if view.device else None
        where = next(
            (
                o
                for o in view.present
                if located and o.owner == located[0].name and located[1] in o.extent
            ),
            None,
        )
        inside = f", which lies in {quoted(where)}" if where is not None and where is not p else ""
        yield fault(
            "IMG503",
            ERROR,
            f"the image of {quoted(p)} is linked for {format_hex(p.link_address)}{inside}, but "
            f"runs at {format_hex(start)}",
            f"link it for {format_hex(start)}, or start {quoted(runs_at)} at the address that it "
            "is linked for",
            of=p,
            fields=("link_address",),
            link_address=p.link_address,
            expected=start,
        )


def accepted(view: View, partition: Partition) -> tuple[int, str]:
    """The largest image that the slot takes, in bytes, and what decides it."""
    limit, why = partition.size, "the slot has"
    device = view.device
    boots = partition.role in (Role.APPLICATION, Role.OTA_TEMP)
    if device and boots and 0 < device.slot_limit < limit and partition.owner == device.boot.owner:
        limit, why = device.slot_limit, f"the boot code of {device.id} takes"
    mode = mode_of(view.update.scheme.name) if view.update else None
    if view.update is None or mode is None:
        return limit, why
    for slots in view.slots:
        if not any(s is partition for s in slots):
            continue
        flashes = [view.flash_of(s) for s in slots[:2]]
        primary, secondary = flashes[0], flashes[1]
        if primary is None or secondary is None:
            continue
        pair = (
            slot_blocks(view.update, primary, slots[0].extent),
            slot_blocks(view.update, secondary, slots[1].extent),
        )
        build = build_of(view.update, write_unit(view, slots[0]), *pair)
        largest = largest_image(mode, *pair, build)
        if largest < limit:
            limit, why = largest, f"MCUboot takes in this slot ({mode.value})"
    return limit, why


def write_unit(view: View, primary: Partition) -> int:
    """The write size of MCUboot's trailers: the larger unit of primary slot and scratch area."""
    members = [primary, *(p for p in view.present if p.role == Role.SCRATCH)]
    units = [f.program_unit for f in map(view.flash_of, members) if f is not None]
    return max(units, default=1)


def _blocks_for(view: View, partition: Partition, more: int) -> int:
    flash = view.flash_of(partition)
    block = flash.largest_block_in(partition.extent) if flash else 0
    return -(-more // block) * block if block else more


def _runs_in(view: View, partition: Partition) -> Partition:
    """The partition that the image of ``partition`` runs from."""
    if partition.role != Role.OTA_TEMP:
        return partition
    mode = view.update.scheme.bank_mode if view.update else None
    if mode is None and view.device is not None:
        mode = view.device.boot.bank_mode
    if mode == BankMode.DUAL:
        return partition
    for slots in view.slots:
        if any(s is partition for s in slots):
            return slots[0]
    return partition


def _changes_banks(view: View) -> bool:
    """Whether the hardware maps both banks to one address."""
    return view.device is not None and view.device.boot.bank_mode == BankMode.DUAL
