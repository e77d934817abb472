"""What ESP-IDF's bootloader needs of the slots of a table, and its tool does not check.

Sources (espressif/esp-idf 102122904ade): `bootloader_support/src/{bootloader_utility,
esp_image_format}.c`, `app_update/esp_ota_ops.c`.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding, Severity
from flashwright.model.table import Partition
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, quoted, size
from flashwright.rules.view import OTADATA, View

#: ESP_IMAGE_MAX_FLASH_ADDR_SIZE: a larger application is refused at start.
LARGEST_APP = 16 << 20
#: Exactly two erase blocks.
OTADATA_SIZE = 0x2000


@rule("SLT221", "ota-numbers", Severity.ERROR)
def ota_numbers(view: View) -> Iterable[Finding]:
    """The OTA slots are not numbered from 0 on without gaps.

    ## What it checks
    Whether the subtypes `ota_0`, `ota_1`... of an ESP-IDF table occur once each, without a gap.

    ## Why it matters
    The bootloader counts the slots and takes the sequence number modulo this count; the
    application counts up to the first gap. With `ota_0` and `ota_2` one of them sees two slots and
    the other one: an update is written to one slot and another one is started.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "esp-idf-ota"
    implied = false
    [[partition]]
    name = "otadata"
    role = "boot_record"
    at = 0xD000
    size = "8K"
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "ota_2"
    role = "application"
    at = 0x110000
    size = "1M"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "esp-idf-ota"
    implied = false
    [[partition]]
    name = "otadata"
    role = "boot_record"
    at = 0xD000
    size = "8K"
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "ota_1"
    role = "application"
    at = 0x110000
    size = "1M"
    ```

    ## How to fix
    Renumber the slots. In devices that have shipped otadata has to be rewritten as well.
    """
    if view.ecosystem != "esp-idf":
        return
    slots = view.ota_slots
    seen: dict[int, Partition] = {}
    for number, p in slots:
        first = seen.setdefault(number, p)
        if first is not p:
            yield fault(
                "SLT221",
                ERROR,
                f"{quoted(first)} and {quoted(p)} are both slot ota_{number}",
                f"number the slots from 0 to {len(slots) - 1}, each once",
                of=p,
                fields=("subtype", "name"),
                others=(first,),
                number=number,
            )
    for expected, number in enumerate(sorted(seen)):
        if number != expected:
            p = seen[number]
            yield fault(
                "SLT221",
                ERROR,
                f"{quoted(p)} is slot ota_{number}, but there is no ota_{expected}",
                f"make it ota_{expected}: the bootloader counts {len(slots)} slots and starts "
                f"ota_0 to ota_{len(slots) - 1} only",
                of=p,
                fields=("subtype", "name"),
                number=number,
                expected=expected,
            )
            break


@rule("SLT222", "single-ota-slot", Severity.WARNING)
def single_slot(view: View) -> Iterable[Finding]:
    """There is one OTA slot and no other image that could run while it is written.

    ## What it checks
    An ESP-IDF table with otadata, exactly one OTA slot, and neither a factory nor a test image; and
    one with otadata and no OTA slot at all. It is a note unless an upgrade scheme is declared: the
    device may be meant not to be updated.

    ## Why it matters
    An update would have to overwrite the image that runs. `esp_ota_begin` refuses that: the device
    cannot be updated.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "esp-idf-ota"
    implied = false
    [[partition]]
    name = "otadata"
    role = "boot_record"
    at = 0xD000
    size = "8K"
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x10000
    size = "1M"
    ```

    ## How to fix
    Add a second slot, or a small factory image that installs updates.
    """
    if view.ecosystem != "esp-idf":
        return
    slots = view.ota_slots
    record = next((p for p in view.present if view.esp_kind(p) == OTADATA), None)
    if record is None:
        return
    if not slots:
        yield fault(
            "SLT222",
            NOTE,
            f"{quoted(record)} is never used: there is no OTA slot",
            f"remove it to gain {size(record.size)} bytes, or add slots ota_0 and ota_1",
            of=record,
        )
    elif len(slots) == 1 and not any(
        _is_app(view, p) for p in view.present if p is not slots[0][1]
    ):
        p = slots[0][1]
        yield fault(
            "SLT222",
            WARNING if view.update else NOTE,
            f"{quoted(p)} is the only image: an update would overwrite what runs",
            f"add a second slot of {size(p.size)} bytes, or a small factory image that updates it",
            of=p,
        )


@rule("SLT223", "app-too-large", Severity.ERROR)
def app_too_large(view: View) -> Iterable[Finding]:
    """An ESP-IDF application partition is larger than the bootloader starts.

    ## What it checks
    Whether each application partition has at most 16 MiB.

    ## Why it matters
    The bootloader refuses images in larger ones.

    ## How to fix
    Shrink it; data above may be a partition of its own.
    """
    if view.ecosystem != "esp-idf":
        return
    for p in view.present:
        if p.size > LARGEST_APP and _is_app(view, p):
            yield fault(
                "SLT223",
                ERROR,
                f"{quoted(p)} has {size(p.size)} bytes, but the bootloader starts images of "
                f"{size(LARGEST_APP)} at most",
                f"shrink it by {size(p.size - LARGEST_APP)}",
                of=p,
                fields=SIZE,
                most=LARGEST_APP,
            )


@rule("BOT321", "no-otadata", Severity.WARNING)
def no_otadata(view: View) -> Iterable[Finding]:
    """There are OTA slots and no otadata partition.

    ## What it checks
    Whether an ESP-IDF table with OTA slots has a partition of type data, subtype ota. It is an
    error where the scheme is declared.

    ## Why it matters
    Without otadata the bootloader always starts the factory image, or ota_0: an update is
    downloaded, checked, and never started.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "esp-idf-ota"
    implied = false
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "ota_1"
    role = "application"
    at = 0x110000
    size = "1M"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "esp-idf-ota"
    implied = false
    [[partition]]
    name = "otadata"
    role = "boot_record"
    at = 0xD000
    size = "8K"
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "ota_1"
    role = "application"
    at = 0x110000
    size = "1M"
    ```

    ## How to fix
    Add `otadata, data, ota, , 0x2000`.
    """
    if view.ecosystem != "esp-idf":
        return
    slots = view.ota_slots
    if slots and not any(view.esp_kind(p) == OTADATA for p in view.present):
        always = "the factory image" if _factory(view) else "ota_0"
        yield fault(
            "BOT321",
            ERROR if view.update else WARNING,
            f"there {'is' if len(slots) == 1 else 'are'} {len(slots)} OTA slot"
            f"{'' if len(slots) == 1 else 's'} and no otadata: the bootloader always starts "
            f"{always}",
            f"add a partition of type data, subtype ota, {size(OTADATA_SIZE)} bytes",
            of=slots[0][1],
            slots=len(slots),
        )


@rule("BOT322", "nothing-to-start", Severity.ERROR)
def nothing_to_start(view: View) -> Iterable[Finding]:
    """There is no image that the bootloader could start.

    ## What it checks
    Whether an ESP-IDF table has a factory image or an OTA slot. A test image is started only while
    a pin is held. A table of data alone, such as the second table of ESP-AT, is a note.

    ## Why it matters
    The bootloader finds no bootable application and restarts for ever.

    ## How to fix
    Add `factory, app, factory, , 1M`, or two OTA slots with otadata.
    """
    if view.ecosystem != "esp-idf" or not view.present:
        return
    if not view.ota_slots and not _factory(view):
        own = any(_is_app(view, p) or view.esp_kind(p) == OTADATA for p in view.present)
        yield Finding(
            "BOT322",
            ERROR if own or view.update else NOTE,
            "no partition holds an image that the bootloader starts",
            "add a factory image, or slots ota_0 and ota_1 with otadata"
            if own
            else "as a second table of data it is sound; as the device's own nothing would start",
            view.table.place,
            facts={"partitions": len(view.present)},
        )


def _is_app(view: View, partition: Partition) -> bool:
    kind = view.esp_kind(partition)
    return kind is not None and kind[0] == 0


def _factory(view: View) -> bool:
    return any(view.esp_kind(p) == (0, 0x00) for p in view.present)
