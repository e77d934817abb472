"""The slots of an image: do they relate as the upgrade scheme needs, and does all of them count.

What MCUboot needs beyond that is in ``rules.mcuboot``, what ESP-IDF needs in ``rules.esp_idf``.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.size import format_size
from flashwright.diag.finding import Finding, Severity
from flashwright.model.device import BankMode
from flashwright.model.table import IMAGE_ROLES, Partition, Role
from flashwright.model.update import Payload, RecordRule, SlotRule, Update
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, quoted, size
from flashwright.rules.view import View

#: Roles that a scheme of each ecosystem cannot do without, with what they are for.
_NEEDED: dict[str, tuple[tuple[Role, str], ...]] = {
    "alios-single-bank": (
        (Role.APPLICATION, "the application runs there"),
        (Role.OTA_TEMP, "the update is stored there until it is copied"),
        (Role.BOOT_RECORD, "the second boot reads there what to copy"),
    ),
    "alios-dual-bank": (
        (Role.APPLICATION, "the first bank"),
        (Role.OTA_TEMP, "the second bank"),
    ),
}


@rule("SLT201", "unequal-slots", Severity.ERROR)
def unequal_slots(view: View) -> Iterable[Finding]:
    """The slots of one image differ in size although they take turns.

    ## What it checks
    Whether all slots of an image have one size, where the declared scheme runs the image from each
    of them in turn, or the device's bootloader does. Without a declared scheme it is a warning for
    ESP-IDF tables: unequal slots are meant in "updater and one large application" layouts.

    ## Why it matters
    The image must fit the smaller slot. One that fits only the larger runs for a while and cannot
    be updated any more once the turn comes to the other slot.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "alios-dual-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "980K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "900K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "alios-dual-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "980K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "980K"
    ```

    ## How to fix
    Give all slots the size of the smallest, or declare a scheme in which they differ.
    """
    severity = _turns(view)
    if severity is None:
        return
    for slots in view.slots:
        smallest = min(slots, key=lambda p: p.size)
        for p in slots:
            if p.size == smallest.size:
                continue
            yield fault(
                "SLT201",
                severity,
                f"{quoted(p)} has {size(p.size)} bytes and {quoted(smallest)} {size(smallest.size)}"
                ", but they take turns",
                f"images may have {size(smallest.size)} bytes at most; make both that size, or "
                f"enlarge {quoted(smallest)} by {size(p.size - smallest.size)}",
                of=p,
                fields=SIZE,
                others=(smallest,),
                smallest=smallest.size,
            )


@rule("SLT202", "small-ota-temp", Severity.ERROR)
def small_ota_temp(view: View) -> Iterable[Finding]:
    """The download area is too small for what it must hold.

    ## What it checks
    Where the bootloader copies: whether OTA TMP holds a whole image as large as the application
    may be; or the compressed update; or the delta together with the slice that the patcher backs up
    (AliOS: 64 KiB, ESP8266 16 KiB). Where nothing is declared, a smaller OTA TMP is a warning.

    ## Why it matters
    The download fails when it is nearly done, on every device, or, without a check in the driver,
    runs into the next partition. Many shipped tables have a small OTA TMP and do not say that it
    is for compressed or delta updates; the first whole image is then the last.

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
    size = "916K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "704K"
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
    size = "916K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "916K"
    ```

    ## How to fix
    Enlarge OTA TMP, put it on another flash, or declare what updates bring: `[update]` with
    `payload = "compressed"` or `"delta"` and `payload_size`.
    """
    update = view.update
    if _turns(view) is not None or (update and update.scheme.slots != SlotRule.HOLDS_PAYLOAD):
        return
    for slots in view.slots:
        first, *rest = slots
        for second in rest:
            yield from _holds(first, second, update)


@rule("SLT203", "missing-slot", Severity.ERROR)
def missing_slot(view: View) -> Iterable[Finding]:
    """A partition that the upgrade scheme cannot do without is missing.

    ## What it checks
    Whether the table has what the declared scheme works with: AliOS Things single bank an
    application, OTA TMP and parameter 1; dual bank an application and OTA TMP; MCUboot two slots
    of an image. An AliOS table that declares no scheme, has OTA TMP and no parameter 1 gets a
    warning, unless its bootloader is dual bank.

    ## Why it matters
    The update code asks the table for the partition at run time and fails, or reads past the end
    of the array and writes somewhere.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "alios-dual-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "980K"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "alios-dual-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x1000
    size = "980K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "980K"
    ```

    ## How to fix
    Add the partition, or declare the scheme that the device really uses.
    """
    if view.incomplete:
        return
    roles = {p.role for p in view.present if p.extent}
    update = view.update
    if update is None:
        dual = view.device is not None and view.device.boot.bank_mode == BankMode.DUAL
        if view.ecosystem != "alios" or dual or Role.OTA_TEMP not in roles:
            return
        if Role.BOOT_RECORD not in roles:
            yield Finding(
                "SLT203",
                WARNING,
                "there is an OTA TMP but no boot record (PARAMETER_1)",
                "single-bank updates tell the bootloader there what to copy: add 0x1000 bytes, or "
                "declare a dual-bank scheme",
                view.table.place,
                facts={"role": "boot_record"},
            )
        return
    for role, why in _NEEDED.get(update.scheme.name, ()):
        if role not in roles:
            yield _missing(view, role.value, f"scheme `{update.scheme.name}` needs it: {why}")
    trailer = update.scheme.record == RecordRule.TRAILER
    if trailer and not view.slots and not roles.isdisjoint(IMAGE_ROLES):
        yield _missing(
            view, "second slot", f"scheme `{update.scheme.name}` needs two slots of an image"
        )


@rule("SLT207", "no-update", Severity.NOTE)
def no_update(view: View) -> Iterable[Finding]:
    """The table has an application and no place for an update.

    ## What it checks
    An AliOS Things table with an application, no OTA TMP and no declared scheme.

    ## Why it matters
    The device cannot be updated over the air. Where that is meant, nothing is wrong.

    ## How to fix
    Add OTA TMP (`flashwright plan` finds the room), on this flash or on an external one.
    """
    if view.update is not None or view.ecosystem != "alios" or view.incomplete:
        return
    roles = {p.role for p in view.present if p.extent}
    if Role.APPLICATION not in roles or Role.OTA_TEMP in roles:
        return
    application = next(p for p in view.present if p.role == Role.APPLICATION and p.extent)
    yield fault(
        "SLT207",
        NOTE,
        f"nothing receives an update of {quoted(application)}: there is no OTA TMP",
        f"add one of {size(application.size)} bytes ({format_size(application.size)}), or smaller "
        "for compressed or delta updates",
        of=application,
    )


def _turns(view: View) -> Severity | None:
    """How bad unequal slots are, ``None`` where slots may differ."""
    update = view.update
    if update is not None:
        equal = update.scheme.slots == SlotRule.EQUAL
        return ERROR if equal and update.scheme.record != RecordRule.TRAILER else None
    if view.ecosystem == "esp-idf":
        return WARNING
    if view.device is not None and view.device.boot.bank_mode == BankMode.DUAL:
        return ERROR if view.device.boot.boot_offsets else WARNING
    return None


def _holds(first: Partition, second: Partition, update: Update | None) -> Iterable[Finding]:
    if "compressed" in second.flags:
        return
    if update is None or update.payload == Payload.WHOLE:
        if second.size >= first.size:
            return
        image = (first.image_size or 0) + first.slack
        severity = ERROR if update is not None and not 0 < image <= second.size else WARNING
        yield fault(
            "SLT202",
            severity,
            f"{quoted(second)} has {size(second.size)} bytes and {quoted(first)} "
            f"{size(first.size)}: a whole image may not fit",
            f"enlarge it by {size(first.size - second.size)}, or declare what updates bring: "
            '`payload = "compressed"` or `"delta"`',
            of=second,
            fields=SIZE,
            others=(first,),
            least=first.size,
        )
        return
    least = update.payload_size + update.slice
    if second.size > least or (update.payload_size and second.size == least):
        return
    if not update.payload_size and not update.slice:
        return
    parts = f"{size(update.payload_size)} of {update.payload.value} update"
    if not update.payload_size:
        parts = f"some {update.payload.value} update"
    if update.slice:
        parts += f" and a backup slice of {size(update.slice)}"
    enlarge = f"make it {size(least)} bytes" if update.payload_size else "enlarge it"
    yield fault(
        "SLT202",
        ERROR,
        f"{quoted(second)} has {size(second.size)} bytes, but must hold {parts}",
        f"{enlarge}, or shrink the update",
        of=second,
        fields=SIZE,
        least=least,
        payload_size=update.payload_size,
        backup_slice=update.slice,
    )


def _missing(view: View, what: str, why: str) -> Finding:
    return Finding(
        "SLT203", ERROR, f"there is no {what}", why, view.table.place, facts={"role": what}
    )
