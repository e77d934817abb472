"""What the bootloader needs: images where it jumps to, its own bytes, its partition table."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding, Severity
from flashwright.model.device import BankMode, BootFacts
from flashwright.model.table import Partition, Role
from flashwright.model.update import RecordRule
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, SIZE, WARNING, fault, point, quoted, size, span
from flashwright.rules.view import View

#: What ESP-IDF's partition table takes: one erase block of a SPI NOR flash.
TABLE_SIZE = 0x1000

_BOOT_ROLES = frozenset({Role.BOOTLOADER, Role.SECOND_BOOT, Role.PARTITION_TABLE})


@rule("BOT301", "wrong-boot-address", Severity.ERROR)
def wrong_boot_address(view: View) -> Iterable[Finding]:
    """An image does not start where the bootloader jumps to.

    ## What it checks
    Where the device fixes the boot addresses: whether the application starts at the first (or a
    second boot stage does, which then starts the application), and, with two of them, whether OTA
    TMP starts at the second. It knows the flash that the bootloader jumps into as well.

    ## Why it matters
    The bootloader does not read the table. It jumps to the address that it was built with, finds
    erased flash or the middle of an image, and the device is a brick: at the factory, or, if only
    the second bank is wrong, after the first update.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [boot]
    bank_mode = "dual"
    offsets = [0x1000, 0x101000]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "492K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x81000
    size = "492K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [boot]
    bank_mode = "dual"
    offsets = [0x1000, 0x101000]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "492K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "492K"
    ```

    ## How to fix
    Move the image to the boot address, or check the table with the configuration that is really
    flashed (`--device esp8266:2m-512`); on an ESP8266 the flash map decides.
    """
    if view.device is None or not view.device.boot.boot_offsets:
        return
    boot = view.device.boot
    first, *rest = boot.boot_offsets
    starters = [
        p for p in view.present if p.role == Role.SECOND_BOOT and _starts_at(p, boot, first)
    ]
    application = _first(view, Role.APPLICATION)
    if application is not None and not starters and not _starts_at(application, boot, first):
        yield _elsewhere(view, application, boot, first, "")
    second = _first(view, Role.OTA_TEMP)
    if rest and second is not None and not _starts_at(second, boot, rest[0]):
        yield _elsewhere(view, second, boot, rest[0], " for the second bank")


@rule("BOT302", "bootloader-range", Severity.ERROR)
def bootloader_range(view: View) -> Iterable[Finding]:
    """The bootloader's own bytes are given to something else, or the bootloader is elsewhere.

    ## What it checks
    Where the device fixes the place of its bootloader: whether the bootloader partition starts
    there, and whether any other partition lies in that range.

    ## Why it matters
    A partition over the bootloader erases it at the first write. The ROM reads the bootloader at a
    fixed offset; elsewhere it is not found.

    ## Example
    ```toml
    [device]
    name = "board"
    [device.boot]
    bootloader = [0, 0x1000]
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "settings"
    role = "kv"
    at = 0
    size = "8K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [device.boot]
    bootloader = [0, 0x1000]
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "settings"
    role = "kv"
    at = 0x1000
    size = "8K"
    ```

    ## How to fix
    Keep the range for the bootloader: start other partitions behind it.
    """
    boot = view.device.boot if view.device else None
    if boot is None or boot.bootloader is None:
        return
    partitions = view.by_flash.get(boot.owner, ())
    own = [p for p in partitions if p.role == Role.BOOTLOADER]
    for p in own:
        if p.extent.start != boot.bootloader.start and p.extent.overlaps(boot.bootloader):
            yield fault(
                "BOT302",
                ERROR,
                f"{quoted(p)} starts at {point(p, p.extent.start)}, but the device looks for its "
                f"bootloader at {point(p, boot.bootloader.start)}",
                f"start it at {point(p, boot.bootloader.start)}",
                of=p,
                expected=boot.bootloader.start,
            )
    for p in partitions:
        if p.extent.start >= boot.bootloader.end:
            break
        common = p.extent.intersection(boot.bootloader)
        if p.role in _BOOT_ROLES or not common:
            continue
        if any(o.extent.overlaps(common) for o in own):
            continue
        yield fault(
            "BOT302",
            ERROR,
            f"{quoted(p)} covers {size(common.size)} bytes of the bootloader at "
            f"{span(p, boot.bootloader)}",
            f"start it at {point(p, boot.bootloader.end)} or above",
            of=p,
            extent=common,
        )


@rule("BOT303", "bank-mode", Severity.ERROR)
def bank_mode(view: View) -> Iterable[Finding]:
    """The upgrade scheme needs another kind of bootloader than the device has.

    ## What it checks
    Whether a scheme that starts images in two places is used with a bootloader that jumps to one
    only (an error), or a scheme that copies with one that changes banks (a warning).

    ## Why it matters
    A single-bank bootloader never starts the second image: every update is a success that changes
    nothing. A dual-bank bootloader may start OTA TMP while it is only a download area.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [boot]
    bank_mode = "single"
    [update]
    scheme = "alios-dual-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "492K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x81000
    size = "492K"
    ```

    ## How to fix
    Choose a scheme of the device's kind (`flashwright plan --compare`), or another bootloader.
    """
    if view.device is None or view.update is None:
        return
    has, needs = view.device.boot.bank_mode, view.update.scheme.bank_mode
    if has is None or has == needs or view.update.scheme.record == RecordRule.TRAILER:
        return
    name = view.update.scheme.name
    yield Finding(
        "BOT303",
        ERROR if needs == BankMode.DUAL else WARNING,
        f"scheme `{name}` is {needs.value} bank, but the bootloader of {view.device.id} is "
        f"{has.value} bank",
        f"use a {has.value}-bank scheme such as `alios-{has.value}-bank`",
        view.table.place,
        facts={"scheme": name, "needs": needs.value, "has": has.value},
    )


@rule("BOT304", "partition-table-range", Severity.ERROR)
def partition_table_range(view: View) -> Iterable[Finding]:
    """A partition covers the device's partition table, or lies before it.

    ## What it checks
    Where the device reads a partition table from flash (ESP-IDF: at 0x8000 unless configured
    otherwise): whether another partition lies in its erase block, and, without a known device,
    whether one lies before it, where the bootloader is.

    ## Why it matters
    The table is read at every start. Erased, there is no partition any more and the device
    restarts for ever; there is no second copy.

    ## Example
    ```toml
    [device]
    name = "board"
    [device.boot]
    table_offset = 0x8000
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "nvs"
    role = "kv"
    at = 0x8000
    size = "24K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [device.boot]
    table_offset = 0x8000
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "nvs"
    role = "kv"
    at = 0x9000
    size = "24K"
    ```

    ## How to fix
    Start the first partition behind the table.
    """
    at = table_offset(view)
    if not at:
        return
    owner = view.device.boot.owner if view.device else next(iter(view.by_flash), "")
    table = Extent.of(at, TABLE_SIZE)
    before = Extent(0, table.end) if view.device is None else table
    for p in view.by_flash.get(owner, ()):
        if p.extent.start >= before.end:
            break
        common = p.extent.intersection(before)
        if not common or p.role in _BOOT_ROLES:
            continue
        covers = p.extent.overlaps(table)
        where = "covers the partition table at" if covers else "lies before the partition table at"
        yield fault(
            "BOT304",
            ERROR,
            f"{quoted(p)} {where} {table}",
            f"start it at {format_hex(table.end)} or above",
            of=p,
            extent=common,
            table_offset=at,
        )


@rule("BOT305", "slot-not-executable", Severity.ERROR)
def slot_not_executable(view: View) -> Iterable[Finding]:
    """MCUboot is to run an image where it lies, in a flash that the CPU does not see.

    ## What it checks
    With direct-XIP, where one slot lies in memory-mapped flash and the other does not.

    ## Why it matters
    An update that is stored there is never started, or starting it is a fault at the first
    instruction.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    base = 0x0
    erase_blocks = [[256, 4096]]
    [[device.flash]]
    name = "spi"
    erase_blocks = [[256, 4096]]
    [update]
    scheme = "mcuboot-direct-xip"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "512K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    owner = "spi"
    at = 0x0
    size = "512K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    base = 0x0
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "mcuboot-direct-xip"
    implied = false
    [[partition]]
    name = "slot0"
    role = "application"
    at = 0x10000
    size = "512K"
    [[partition]]
    name = "slot1"
    role = "ota_temp"
    at = 0x90000
    size = "512K"
    ```

    ## How to fix
    Put both slots into memory-mapped flash, or take a scheme that swaps or copies.
    """
    if view.device is None or view.update is None:
        return
    if view.update.scheme.name != "mcuboot-direct-xip":
        return
    slots = [p for pair in view.slots for p in pair if p.owner in view.flashes]
    if all(view.flashes[p.owner].base is None for p in slots):
        return  # nothing is known of how the CPU sees its flashes
    for p in slots:
        if view.flashes[p.owner].base is None:
            yield fault(
                "BOT305",
                ERROR,
                f"{quoted(p)} lies in `{p.owner}`, which is not memory-mapped: direct-XIP cannot "
                "run an image there",
                "put it into memory-mapped flash, or swap or copy: `flashwright plan --compare`",
                of=p,
                fields=("owner",),
            )


def table_offset(view: View) -> int:
    """Where the device reads its partition table, 0 if it reads none, as far as known."""
    said = view.table.attributes.get("table_offset")
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    return view.device.boot.table_offset if view.device else 0


def _first(view: View, role: Role) -> Partition | None:
    return next((p for p in view.present if p.role == role and p.extent and not p.parent), None)


def _starts_at(partition: Partition, boot: BootFacts, offset: int) -> bool:
    return partition.owner == boot.owner and partition.extent.start == offset


def _elsewhere(
    view: View, partition: Partition, boot: BootFacts, offset: int, which: str
) -> Finding:
    flash = view.flashes.get(boot.owner)
    shown = format_hex(offset)
    if flash is not None and partition.owner == boot.owner:
        shown = point(partition, offset)
    if partition.owner == boot.owner:
        where = f"starts at {point(partition, partition.extent.start)}"
        help = f"start it at {shown}"
        if offset < partition.extent.start:
            help += f" ({size(partition.extent.start - offset)} bytes lower)"
        else:
            help += f" ({size(offset - partition.extent.start)} bytes higher)"
    else:
        where = f"lies in `{partition.owner}`"
        help = f"put it in `{boot.owner}` at {shown}"
    device = view.device.id if view.device else ""
    return fault(
        "BOT301",
        ERROR,
        f"{quoted(partition)} {where}, but the bootloader of {device} jumps to {shown}{which}",
        help + ", or name the configuration that is really flashed",
        of=partition,
        fields=("start", "extent", "at", "address") if partition.owner == boot.owner else SIZE,
        expected=offset,
    )
