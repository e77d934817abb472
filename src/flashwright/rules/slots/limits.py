"""What limits a slot in hardware: banks, windows, the boot code."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from flashwright.diag.finding import Finding, Severity
from flashwright.model.device import BankMode, Window
from flashwright.model.table import Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, SIZE, WARNING, fault, point, quoted, size, span
from flashwright.rules.view import View


@rule("SLT204", "bank-crossed", Severity.ERROR)
def bank_crossed(view: View) -> Iterable[Finding]:
    """With two hardware banks a slot lies across their border, or both slots lie in one.

    ## What it checks
    On a flash that has two banks, with a dual-bank scheme or bootloader: whether each slot lies
    whole in one bank, and the two slots in different ones.

    ## Why it matters
    Changing banks maps the other half of the flash to the same address. A slot across the border
    is cut in two; two slots in one bank are never exchanged. Writing while running from the same
    bank stops the CPU besides.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    banks = ["512K", "512K"]
    [boot]
    bank_mode = "dual"
    [[partition]]
    name = "application"
    role = "application"
    at = 0x8000
    size = "400K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x6C000
    size = "400K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    banks = ["512K", "512K"]
    [boot]
    bank_mode = "dual"
    [[partition]]
    name = "application"
    role = "application"
    at = 0x8000
    size = "400K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x88000
    size = "400K"
    ```

    ## How to fix
    Put one slot in each bank, at the same distance from its start.
    """
    if view.device is None or view.device.boot.bank_mode != BankMode.DUAL:
        return
    if view.update is not None and view.update.scheme.name != "alios-dual-bank":
        return
    for slots in view.slots:
        in_banks = []
        for p in slots:
            flash = view.flash_of(p)
            if flash is None or len(flash.banks) < 2:
                continue
            banks = [b for b in flash.banks if b.extent.overlaps(p.extent)]
            in_banks.append((p, banks))
            if len(banks) > 1:
                border = banks[0].extent.end
                yield fault(
                    "SLT204",
                    ERROR,
                    f"{quoted(p)} lies across the border of the banks at {point(p, border)}",
                    f"end it there ({size(border - p.extent.start)} bytes) or start it there",
                    of=p,
                    border=border,
                )
        whole = [(p, banks[0]) for p, banks in in_banks if len(banks) == 1]
        for (one, bank), (other, second) in pairwise(whole):
            if bank == second and one.owner == other.owner:
                yield fault(
                    "SLT204",
                    ERROR,
                    f"{quoted(one)} and {quoted(other)} lie in the same bank `{bank.name}` at "
                    f"{span(one, bank.extent)}",
                    f"put {quoted(other)} in the other bank",
                    of=other,
                    others=(one,),
                )


@rule("SLT205", "outside-window", Severity.ERROR)
def outside_window(view: View) -> Iterable[Finding]:
    """An image lies across the border of a window that has to hold it whole.

    ## What it checks
    Where the device has windows (ESP8266: the cache maps 1 MiB of flash at a time): whether each
    slot lies in one of them.

    ## Why it matters
    The CPU sees one window. Code behind its border is not there: the image runs until it has
    grown over it, and then crashes on every device after the same update.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[device.window]]
    name = "cache"
    at = 0
    size = "1M"
    [[device.window]]
    name = "cache"
    at = 0x100000
    size = "1M"
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "1M"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[device.window]]
    name = "cache"
    at = 0
    size = "1M"
    [[device.window]]
    name = "cache"
    at = 0x100000
    size = "1M"
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "1020K"
    ```

    ## How to fix
    End the slot where the window ends.
    """
    if view.device is None or not view.device.windows:
        return
    named: dict[tuple[str, str], list[Window]] = {}
    for window in view.device.windows:
        named.setdefault((window.owner, window.name), []).append(window)
    for (owner, name), windows in named.items():
        for p in view.by_flash.get(owner, ()):
            if not _runs(view, p) or any(w.extent.covers(p.extent) for w in windows):
                continue
            yield _outside(p, name, windows, view.device.slot_limit)


@rule("SLT206", "over-slot-limit", Severity.WARNING)
def over_slot_limit(view: View) -> Iterable[Finding]:
    """A slot is larger than the boot code of the device uses.

    ## What it checks
    Whether a slot has more bytes than the device's slot limit. On an ESP8266 the SDK keeps
    parameters at the end of each half of the flash (the "symmetric" rule): a slot may have 0x3A000,
    0x7A000 or 0xFA000 bytes.

    ## Why it matters
    The table promises room that no image may use: an image that fits the slot does not start, or
    its last bytes are where the SDK writes.

    ## Example
    ```toml
    [device]
    name = "board"
    slot_limit = "1000K"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "1020K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    slot_limit = "1000K"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "1000K"
    ```

    ## How to fix
    Shrink the slot to the limit, or set the limit of images in the build.
    """
    if view.device is None or not view.device.slot_limit:
        return
    limit = view.device.slot_limit
    windows = view.device.windows
    for p in view.by_flash.get(view.device.boot.owner, ()):
        if p.size <= limit or not _runs(view, p):
            continue
        if not windows or any(w.extent.covers(p.extent) for w in windows):
            yield fault(
                "SLT206",
                WARNING,
                f"{quoted(p)} has {size(p.size)} bytes, but the boot code of {view.device.id} "
                f"takes images of {size(limit)} at most",
                f"shrink it to {size(limit)}: {size(p.size - limit)} bytes are of no use",
                of=p,
                fields=SIZE,
                limit=limit,
            )


def _runs(view: View, partition: Partition) -> bool:
    """Whether the CPU runs an image where it lies in this partition."""
    if partition.role in (Role.APPLICATION, Role.FACTORY, Role.SECOND_BOOT):
        return True
    if partition.role != Role.OTA_TEMP:
        return False
    if view.update is not None:
        return view.update.scheme.bank_mode == BankMode.DUAL
    return view.device is not None and view.device.boot.bank_mode == BankMode.DUAL


def _outside(partition: Partition, name: str, windows: list[Window], slot_limit: int) -> Finding:
    extent = partition.extent
    window = next((w for w in windows if extent.start in w.extent), None)
    if window is None:
        nearest = min(windows, key=lambda w: abs(w.extent.start - extent.start))
        words = f"{quoted(partition)} lies outside every window `{name}`"
        help = f"the nearest is {span(partition, nearest.extent)}"
        beyond = extent
    else:
        past = extent.end - window.extent.end
        words = f"{quoted(partition)} reaches {size(past)} bytes past the window `{name}` "
        words += f"{span(partition, window.extent)}"
        room = window.extent.end - extent.start
        help = f"shrink it to {size(min(room, slot_limit or room))}"
        beyond = extent.intersection(window.extent)
        beyond = extent.minus([beyond])[-1]
    reason = next((w.reason for w in windows if w.reason), "")
    return fault(
        "SLT205",
        ERROR,
        words,
        help + (f": {reason}" if reason else ""),
        of=partition,
        extent=beyond,
        fields=SIZE,
        window=name,
    )
