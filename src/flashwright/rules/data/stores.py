"""Partitions that are written at run time: KV stores and the boot record."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding, Severity
from flashwright.model.geometry import Overwrite
from flashwright.model.table import Partition, Role
from flashwright.model.update import RecordRule
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, quoted, size, span
from flashwright.rules.view import READ_ONLY_FLAGS, Placed, View

#: The logical block of the AliOS Things KV store where it is not configured otherwise
#: (KV_CONFIG_BLOCK_SIZE_BITS 12; kernel/fs/kv/include/kv_conf.h 3.0).
ALIOS_KV_BLOCK = 0x1000

#: The smallest NVS partition that can be written (gen_esp32part.py, NVS_RW_MIN_PARTITION_SIZE).
NVS_LEAST = 0x3000


@rule("DAT401", "small-kv", Severity.ERROR)
def small_kv(view: View) -> Iterable[Finding]:
    """A key-value store has fewer than two erase blocks.

    ## What it checks
    Whether each KV partition holds at least two whole erase blocks (NVS of ESP-IDF: 0x3000 bytes,
    unless it is read-only). Where the device is not known, AliOS Things' logical block of 4 KiB
    counts.

    ## Why it matters
    A log-structured store copies what is alive into a free block before it erases the old one. With
    one block there is no free one: mounting fails, or a power cut in the middle of cleaning up
    loses every setting. AliOS boards with one block in parameter 2 work only with
    CONFIG_AOS_KV_MULTIPTN_MODE, which takes parameter 3 as the second block; then parameter 3 is
    no longer free for the user. Such a store is declared with the flag `multiptn`.

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
    at = 0x1FD000
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
    ```

    ## How to fix
    Give it two erase blocks of the place where it lies; where those are large, look for a place
    with small ones.
    """
    placed = {id(p.partition): p for p in view.placed}
    for p in view.present:
        if p.role != Role.KV or not p.extent:
            continue
        if view.ecosystem == "esp-idf" and view.esp_kind(p) == (1, 0x02):
            if p.size < NVS_LEAST and p.writable and not READ_ONLY_FLAGS.intersection(p.flags):
                yield _small(p, NVS_LEAST, "NVS needs three erase blocks of 0x1000 to be written")
            continue
        where = placed.get(id(p))
        spill = _spill(view, p)
        if where is not None:
            yield from _too_few_blocks(where, spill, view)
        elif view.flash_of(p) is not None or view.ecosystem != "alios":
            continue
        elif p.size + spill < 2 * ALIOS_KV_BLOCK:
            yield _small(p, 2 * ALIOS_KV_BLOCK, "two blocks of 0x1000" + _multiptn(view, p))


@rule("DAT402", "boot-record-copies", Severity.ERROR)
def boot_record_copies(view: View) -> Iterable[Finding]:
    """The boot record has room for one copy where the bootloader needs two.

    ## What it checks
    With a scheme whose record has two copies (ESP-IDF otadata): whether the record's partition has
    two whole erase blocks.

    ## Why it matters
    The copies are written in turns so that one of them is whole at any time. In one erase block
    both are erased together, and a power cut at that moment loses the choice of the slot.

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
    name = "otadata"
    role = "boot_record"
    at = 0xF000
    size = "4K"
    ```

    ## How to fix
    Give it two erase blocks: 0x2000 bytes on a flash with blocks of 4 KiB.
    """
    update = view.update
    if update is None or update.scheme.record != RecordRule.TWO_COPIES:
        return
    for placed in view.placed:
        p = placed.partition
        if p.role == Role.BOOT_RECORD and placed.flash.block_count(p.extent) < 2:
            block = placed.first.size
            yield fault(
                "DAT402",
                ERROR,
                f"{quoted(p)} has {size(p.size)} bytes: both copies of the boot record lie in one "
                f"erase block {span(p, placed.first)}",
                f"make it {size(2 * block)} bytes",
                of=p,
                fields=SIZE,
                least=2 * block,
            )


@rule("DAT403", "boot-record-gap", Severity.WARNING)
def boot_record_gap(view: View) -> Iterable[Finding]:
    """The boot record cannot be rewritten without a moment in which it does not exist.

    ## What it checks
    With a scheme whose bootloader depends on a single copy of its record (AliOS Things single
    bank: parameter 1), whether a second copy has a place.

    ## Why it matters
    The record is erased and then written again. If the supply fails in between, the bootloader
    finds nothing: the update that was pending is forgotten, or, while the second boot copies OTA
    TMP over the application, it is not resumed, and the application stays half overwritten. AliOS
    Things' second boot is built so: the table cannot mend it, but who builds the device should
    know. Release 2.1 kept a copy in RECOVERY_BACK_PARA.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [update]
    scheme = "alios-single-bank"
    implied = false
    [[partition]]
    name = "application"
    role = "application"
    at = 0x10000
    size = "900K"
    [[partition]]
    name = "ota_temp"
    role = "ota_temp"
    at = 0x101000
    size = "900K"
    [[partition]]
    name = "parameter_1"
    role = "boot_record"
    at = 0x1F6000
    size = "4K"
    ```

    ## How to fix
    Use a bootloader that keeps two copies, or whose record is not needed to finish a copy (dual
    bank). `flashwright prove` shows what a power cut does. To accept the risk, say so with a
    reason: `[[accept]] code = "DAT403"`.
    """
    update = view.update
    if update is None or update.scheme.record != RecordRule.ONE_COPY:
        return
    if any((p.id or p.name).upper().endswith("RECOVERY_BACK_PARA") for p in view.present):
        return
    for p in view.present:
        if p.role == Role.BOOT_RECORD and p.extent:
            yield fault(
                "DAT403",
                WARNING,
                f"{quoted(p)} holds the only copy of the boot record: a power cut while it is "
                "rewritten loses it",
                f"`{update.scheme.name}` erases {size(p.size)} bytes and then writes them again; "
                "keep a second copy, or use a dual-bank scheme",
                of=p,
            )


@rule("DAT404", "kv-configuration", Severity.ERROR)
def kv_configuration(view: View) -> Iterable[Finding]:
    """The build's KV settings do not fit the table.

    ## What it checks
    Where the settings are known (`-D KV_CONFIG_TOTAL_SIZE=...`, `KV_CONFIG_PARTITION`,
    `KV_CONFIG_BLOCK_SIZE_BITS`): whether the store fits its partition, whether it has a partition
    of its own, whether its blocks are whole erase blocks, and how many it has.

    ## Why it matters
    AliOS Things' KV store does not read the length of its partition. A total size that is larger
    than the partition runs into the next one (a store of 1 MiB in a partition of 512 KiB wrote over
    OTA TMP); a partition number of 5 puts it where the update writes its boot record.

    ## How to fix
    Make KV_CONFIG_TOTAL_SIZE the size of the partition, KV_CONFIG_PARTITION its index, and the
    block size one erase block.
    """
    attributes = view.table.attributes
    total = _whole(attributes.get("KV_CONFIG_TOTAL_SIZE"))
    index = _whole(attributes.get("KV_CONFIG_PARTITION"))
    bits = _whole(attributes.get("KV_CONFIG_BLOCK_SIZE_BITS"))
    if total is None and index is None and bits is None:
        return
    if index is None:
        store = next((p for p in view.present if p.role == Role.KV), None)
    else:
        store = next((p for p in view.present if p.index == index), None)
        if store is None:
            yield Finding(
                "DAT404",
                ERROR,
                f"KV_CONFIG_PARTITION is {index}, but no partition has this index",
                "make it the index of the KV partition (6 is PARAMETER_2)",
                view.table.place,
                facts={"index": index},
            )
    if store is None:
        return
    if store.role == Role.BOOT_RECORD:
        yield fault(
            "DAT404",
            ERROR,
            f"the KV store lies in {quoted(store)} (KV_CONFIG_PARTITION {index}), where the update "
            "writes its boot record",
            "use index 6 (PARAMETER_2) for the KV store",
            of=store,
        )
    yield from _kv_sizes(view, store, total, bits)


@rule("DAT405", "kv-overwrite", Severity.NOTE)
def kv_overwrite(view: View) -> Iterable[Finding]:
    """AliOS Things' KV store lies in a flash that refuses its in-place writes.

    ## What it checks
    Whether an AliOS KV partition lies in a flash whose units can be programmed once only (ECC), or
    are larger than a byte.

    ## Why it matters
    The store marks an old value as deleted by clearing one byte of it in place. A flash with ECC
    (STM32L4, H7...) reports an error there, and a driver that rewrites the whole block instead is
    not safe against power cuts.

    ## How to fix
    Use a port whose driver is known to handle it, another store, or a flash where bits can be
    cleared again.
    """
    if view.ecosystem != "alios":
        return
    for placed in view.placed:
        p, flash = placed.partition, placed.flash
        if p.role != Role.KV or (flash.overwrite != Overwrite.ONCE and flash.program_unit <= 4):
            continue
        why = (
            f"each unit of {flash.program_unit} bytes can be programmed once after an erase"
            if flash.overwrite == Overwrite.ONCE
            else f"the program unit is {flash.program_unit} bytes"
        )
        yield fault(
            "DAT405",
            NOTE,
            f"{quoted(p)} lies in `{flash.name}`, where the KV store of AliOS Things cannot clear "
            "one byte in place",
            f"{why}; the store invalidates old values so",
            of=p,
        )


def _too_few_blocks(placed: Placed, spill: int, view: View) -> Iterable[Finding]:
    p, flash = placed.partition, placed.flash
    block = flash.largest_block_in(p.extent)
    blocks = flash.block_count(p.extent) - (not placed.starts_clean) - (not placed.ends_clean)
    if blocks >= 2 or (spill and p.size + spill >= 2 * block):
        return
    where = f"erase blocks of {size(block)}" + _multiptn(view, p)
    if block > flash.smallest_erase_block:
        small = flash.smallest_erase_block
        where += f", or move it where erase blocks have {size(small)}"
    yield _small(p, 2 * block, where)


def _small(partition: Partition, least: int, why: str) -> Finding:
    return fault(
        "DAT401",
        ERROR,
        f"{quoted(partition)} has {size(partition.size)} bytes, but a KV store needs at least "
        f"{size(least)}",
        f"make it {size(least)} bytes: {why}",
        of=partition,
        fields=SIZE,
        least=least,
    )


def _spill(view: View, partition: Partition) -> int:
    """What parameter 3 adds to a KV store that is declared to go on there (MULTIPTN)."""
    if "multiptn" not in partition.flags:
        return 0
    third = next(
        (p for p in view.present if (p.id or p.name).upper().endswith("PARAMETER_3")), None
    )
    return third.size if third else 0


def _multiptn(view: View, partition: Partition) -> str:
    if view.ecosystem != "alios" or "multiptn" in partition.flags:
        return ""
    return " (one block works only with CONFIG_AOS_KV_MULTIPTN_MODE, which takes PARAMETER_3 too)"


def _kv_sizes(
    view: View, store: Partition, total: int | None, bits: int | None
) -> Iterable[Finding]:
    flash = view.flash_of(store)
    block = flash.largest_block_in(store.extent) if flash else 0
    logical = 1 << bits if bits is not None and bits < 32 else ALIOS_KV_BLOCK
    if total is not None and total > store.size:
        yield fault(
            "DAT404",
            ERROR,
            f"the KV store has {size(total)} bytes (KV_CONFIG_TOTAL_SIZE), but {quoted(store)} has "
            f"{size(store.size)}: it runs {size(total - store.size)} bytes past its end",
            f"set KV_CONFIG_TOTAL_SIZE to {size(store.size)}, or enlarge {quoted(store)}",
            of=store,
            fields=SIZE,
            total=total,
        )
    elif total is not None and total < store.size:
        yield fault(
            "DAT404",
            NOTE,
            f"the KV store uses {size(total)} (KV_CONFIG_TOTAL_SIZE) of the {size(store.size)} "
            f"bytes of {quoted(store)}",
            f"set KV_CONFIG_TOTAL_SIZE to {size(store.size)}, or shrink {quoted(store)}",
            of=store,
            fields=SIZE,
            total=total,
        )
    if total is not None and total % logical:
        yield fault(
            "DAT404",
            WARNING,
            f"KV_CONFIG_TOTAL_SIZE {total} is not a multiple of the KV block of {size(logical)}",
            f"set it to {total // logical * logical}",
            of=store,
            total=total,
        )
    if (bits is not None or total is not None) and block and logical % block:
        yield fault(
            "DAT404",
            ERROR,
            f"the KV blocks of {size(logical)} in {quoted(store)} are smaller than its erase "
            f"blocks of {size(block)}: erasing one erases its neighbours",
            f"set KV_CONFIG_BLOCK_SIZE_BITS to {block.bit_length() - 1}",
            of=store,
            kv_block=logical,
            erase_block=block,
        )


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = int(value.strip().rstrip("uUlL"), 0) if len(value) < 32 else None
        except ValueError:
            return None
    return value if isinstance(value, int) and value >= 0 else None
