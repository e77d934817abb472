"""What ESP-IDF's libraries need of a partition table, and its tool does not check.

Sources (espressif/esp-idf 102122904ade): `components/partition_table/gen_esp32part.py`,
`bootloader_support/src/flash_partitions.c`, `docs/en/api-reference/storage/fatfs.rst`. Types and
subtypes come from the attributes of a partition, or else from its role and name
(``View.esp_kind``).
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.align import align_up, is_aligned
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity
from flashwright.model.table import IMAGE_ROLES, Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, point, quoted, size
from flashwright.rules.view import OTADATA, READ_ONLY_FLAGS, View

#: The MMU page of the ESP32 family, which application images are mapped by.
APP_ALIGNMENT = 0x10000
#: Exactly two erase blocks.
OTADATA_SIZE = 0x2000
#: Bytes of a label on flash.
LABEL_SIZE = 16
#: Entries of 32 bytes below 0xC00, with and without the checksum's row.
MOST_ENTRIES_MD5 = 94
MOST_ENTRIES = 95
#: FAT with wear levelling on erase blocks of 4 KiB.
FAT_LEAST = 0x8000

_NVS_KEYS = (1, 0x04)
_FAT = (1, 0x81)


@rule("GEO121", "image-alignment", Severity.ERROR)
def image_alignment(view: View) -> Iterable[Finding]:
    """An application does not start where the memory unit can map it.

    ## What it checks
    Whether each image starts at a multiple of what the device needs: 64 KiB on the ESP32 family.

    ## Why it matters
    The flash is mapped by pages of 64 KiB. An image in between cannot be started; the bootloader
    skips it, or the build refuses the table late.

    ## Example
    ```toml
    [device]
    name = "board"
    image_alignment = "64K"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x12000
    size = "1M"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    image_alignment = "64K"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [[partition]]
    name = "ota_0"
    role = "application"
    at = 0x20000
    size = "1M"
    ```

    ## How to fix
    Start the image at the next multiple; small partitions fill the gap.
    """
    wanted = view.device.image_alignment if view.device else 1
    if view.ecosystem == "esp-idf":
        wanted = max(wanted, APP_ALIGNMENT)
    if wanted <= 1:
        return
    for partitions in view.by_flash.values():
        for p in partitions:
            kind = view.esp_kind(p) if view.ecosystem == "esp-idf" else None
            image = kind[0] == 0 if kind else p.role in IMAGE_ROLES - {Role.SECOND_BOOT}
            if not image or p.parent or is_aligned(p.extent.start, wanted):
                continue
            up = align_up(p.extent.start, wanted)
            choices = f"start it at {point(p, up)}"
            if up >= wanted:
                choices = f"start it at {point(p, up - wanted)} or {point(p, up)}"
            yield fault(
                "GEO121",
                ERROR,
                f"{quoted(p)} starts at {point(p, p.extent.start)}, which is no multiple of "
                f"{size(wanted)}",
                f"{choices}: images are mapped in pages of {size(wanted)}",
                of=p,
                alignment=wanted,
            )


@rule("GEO122", "too-many-entries", Severity.ERROR)
def too_many_entries(view: View) -> Iterable[Finding]:
    """The ESP-IDF table has more entries than fit.

    ## What it checks
    At most 94 partitions with the checksum, 95 without.

    ## Why it matters
    The table is 0xC00 bytes; the tool refuses one more, and so does the bootloader.

    ## How to fix
    Join partitions: files in a file system instead of a partition each.
    """
    if view.ecosystem != "esp-idf":
        return
    md5 = view.table.attributes.get("md5", True)
    most = MOST_ENTRIES_MD5 if md5 else MOST_ENTRIES
    if len(view.present) > most:
        yield fault(
            "GEO122",
            ERROR,
            f"the table has {len(view.present)} partitions, {len(view.present) - most} more than "
            "fit",
            f"an ESP-IDF table holds {most}",
            of=view.present[most],
            most=most,
        )


@rule("DAT421", "otadata-size", Severity.ERROR)
def otadata_size(view: View) -> Iterable[Finding]:
    """The otadata partition has not exactly two erase blocks, or there are several.

    ## What it checks
    Whether otadata of an ESP-IDF table is there once, with 0x2000 bytes.

    ## Why it matters
    The two erase blocks hold a copy each. The tool refuses another size; a binary table made
    otherwise makes the bootloader ignore the slots.

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
    size = "12K"
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
    Make it 0x2000 bytes.
    """
    if view.ecosystem != "esp-idf":
        return
    records = [p for p in view.present if view.esp_kind(p) == OTADATA]
    for p in records:
        if p.size != OTADATA_SIZE:
            yield fault(
                "DAT421",
                ERROR,
                f"{quoted(p)} has {size(p.size)} bytes, but otadata is {size(OTADATA_SIZE)}",
                f"make it {size(OTADATA_SIZE)} bytes: one erase block a copy",
                of=p,
                fields=SIZE,
                expected=OTADATA_SIZE,
            )
    for p in records[1:]:
        yield fault(
            "DAT421",
            ERROR,
            f"{quoted(p)} is a second otadata beside {quoted(records[0])}",
            "keep one of them: the bootloader uses the last, the application the first",
            of=p,
            others=(records[0],),
        )


@rule("DAT422", "same-label", Severity.ERROR)
def same_label(view: View) -> Iterable[Finding]:
    """Two labels are equal in the 16 bytes that are stored.

    ## What it checks
    Whether the labels of an ESP-IDF table differ in their first 16 bytes.

    ## Why it matters
    The tool compares whole names and then cuts them to 16 bytes. On the device the second one
    cannot be found by its label; a file system is mounted over another.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "updater-and-app"
    implied = false
    [[partition]]
    name = "factory"
    role = "factory"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "storage_of_user_data"
    role = "filesystem"
    at = 0x110000
    size = "64K"
    [[partition]]
    name = "storage_of_user_settings"
    role = "filesystem"
    at = 0x120000
    size = "64K"
    ```

    ## How to fix
    Make the labels differ in their first 16 bytes.
    """
    if view.ecosystem != "esp-idf":
        return
    seen: dict[bytes, Partition] = {}
    for p in view.present:
        label = _label(p)
        first = seen.setdefault(label, p)
        if first is not p and first.name != p.name:
            shown = printable(label.decode("utf-8", "replace"))
            yield fault(
                "DAT422",
                ERROR,
                f"{quoted(first)} and {quoted(p)} have the same label `{shown}` on flash",
                f"labels have {LABEL_SIZE} bytes: make the names differ in them",
                of=p,
                fields=("name",),
                others=(first,),
                label=shown,
            )


@rule("DAT423", "small-data", Severity.WARNING)
def small_data(view: View) -> Iterable[Finding]:
    """A data partition is smaller than what it is for needs.

    ## What it checks
    In ESP-IDF tables: FAT with wear levelling at least 0x8000 bytes (a note: Zigbee stores raw data
    under the same subtype), NVS keys exactly 0x1000.

    ## Why it matters
    Mounting fails on the device; nothing before says so.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[1024, 4096]]
    [update]
    scheme = "updater-and-app"
    implied = false
    [[partition]]
    name = "factory"
    role = "factory"
    at = 0x10000
    size = "1M"
    [[partition]]
    name = "ffat"
    role = "filesystem"
    at = 0x110000
    size = "16K"
    type = "data"
    subtype = "fat"
    ```

    ## How to fix
    Enlarge it; the help line has the number.
    """
    if view.ecosystem != "esp-idf":
        return
    for p in view.present:
        kind = view.esp_kind(p)
        read_only = READ_ONLY_FLAGS.intersection(p.flags)
        if kind == _FAT and p.size < FAT_LEAST and not read_only:
            least, what = FAT_LEAST, "FAT with wear levelling needs at least"
        elif kind == _NVS_KEYS and p.size != 0x1000:
            least, what = 0x1000, "NVS keys take exactly"
        else:
            continue
        yield fault(
            "DAT423",
            NOTE if kind == _FAT else WARNING,
            f"{quoted(p)} has {size(p.size)} bytes, but {what} {size(least)}",
            f"make it {size(least)} bytes",
            of=p,
            fields=SIZE,
            least=least,
        )


def _label(partition: Partition) -> bytes:
    label = partition.attributes.get("label")
    raw = label if isinstance(label, bytes) else partition.name.encode("utf-8", "replace")
    return raw[:LABEL_SIZE].rstrip(b"\0")
