"""What the devices in the field do with a table: who holds it, which slots, where images may run.

The facts that a table does not tell are given by the user (``FieldFacts``); what can be told from
the table's ecosystem is worked out here once (``Ground``). Sources: AliOS Things
`include/aos/hal/flash.h` and `middleware/uagent/ota` (the table is compiled into the application
and into the second boot); espressif/esp-idf `components/bootloader_support/src/flash_partitions.c`
and `docs/en/api-reference/system/ota.rst` (the table lies in one erase block of the flash, images
run through the MMU from any slot); mcu-tools/mcuboot `docs/design.md` (slots are compiled into the
bootloader); Bouffalo Lab and RP2350 boot ROMs keep two copies of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.evolve.compare.match import ota_number
from flashwright.model.device import BankMode
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.view import View

#: Where an ESP-IDF device has its table if nothing else is said, and how large it is, in bytes.
ESP_TABLE_OFFSET = 0x8000
ESP_TABLE_SIZE = 0x1000

#: Formats whose table the device itself reads from flash, and how many copies of it there are.
_TABLE_COPIES = {"esp-idf-csv": 1, "esp-idf-bin": 1, "bouffalo-toml": 2, "picotool-json": 2}

#: Roles of partitions whose bytes someone wants to find again after an update.
DATA_ROLES = frozenset(
    {
        *(Role.KV, Role.USER, Role.SECURITY, Role.CALIBRATION),
        *(Role.FIRMWARE, Role.FILESYSTEM, Role.CUSTOM),
    }
)

#: Roles of the slots that a device can be running from.
SLOT_ROLES = frozenset({Role.APPLICATION, Role.OTA_TEMP, Role.FACTORY})


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What the user knows of the devices and of the update, beyond the tables.

    ``running`` is the name of the slot that every device runs from (empty: any of them).
    ``image_size`` is the size in bytes of the first application that has the new table (0: that
    of its partition, if known). ``bootloader_updatable``: the bootloader can be replaced over the
    air. ``accept_table_window``: the user takes the risk of the moment in which the only copy of a
    partition table is erased. ``table_copies`` overrides how many copies of the table the flash
    holds (``None``: by the format; 0: the table is compiled into the software).
    ``app_demands_md5``: the application refuses a table without MD5 (ESP-IDF's default);
    ``bootloader_reads_md5`` is false for ESP-IDF bootloaders before v3.1. ``position_free``:
    images run from any offset (``None``: by the ecosystem). ``discard`` names partitions whose
    data may be lost.
    """

    running: str = ""
    image_size: int = 0
    bootloader_updatable: bool = False
    accept_table_window: bool = False
    table_copies: int | None = None
    app_demands_md5: bool = True
    bootloader_reads_md5: bool = True
    position_free: bool | None = None
    discard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What holds for a device in the field with the old table.

    ``table_copies`` is 0 where the table is compiled into the software. ``dual`` tells whether the
    bootloader starts images from two places (``None``: not known). ``slots`` are the places that
    an image can run from or be downloaded to, in the order of their numbers.
    """

    ecosystem: str
    table_copies: int
    dual: bool | None
    position_free: bool
    slots: tuple[Partition, ...]

    @property
    def table_in_flash(self) -> bool:
        """Whether the device reads its table from flash, so that an update leaves it as it is."""
        return self.table_copies > 0


def ground(old: Table, facts: FieldFacts) -> Ground:
    """What holds for devices that shipped with ``old``."""
    view = View(old)
    ecosystem = view.ecosystem
    copies = facts.table_copies
    if copies is None:
        copies = _TABLE_COPIES.get(old.format, 1 if ecosystem == "esp-idf" else 0)
    free = facts.position_free
    if free is None:
        free = copies > 0
    return Ground(ecosystem, copies, _dual(old, ecosystem), free, slots_of(view))


def slots_of(view: View) -> tuple[Partition, ...]:
    """The slots of a table: those of ESP-IDF by number (factory last), else as they stand."""
    found = [p for p in view.present if p.role in SLOT_ROLES and p.extent]
    if view.ecosystem != "esp-idf":
        return tuple(found)
    numbers = {id(p): ota_number(view, p) for p in found}

    def order(p: Partition) -> tuple[bool, int]:
        number = numbers[id(p)]
        return number is None, number or 0

    return tuple(sorted(found, key=order))


def ota_slots(view: View) -> tuple[Partition, ...]:
    """ESP-IDF's numbered slots ``ota_0``, ``ota_1``, ... in order."""
    found = [(n, p) for p in view.present if (n := ota_number(view, p)) is not None and p.extent]
    return tuple(p for _, p in sorted(found, key=lambda f: f[0]))


def table_offset(table: Table) -> int | None:
    """Where in flash an ESP-IDF device has its table, in bytes."""
    said = table.attributes.get("table_offset")
    if isinstance(said, int) and not isinstance(said, bool):
        return said
    row = next(iter(table.of_role(Role.PARTITION_TABLE)), None)
    if row is not None:
        return row.extent.start
    if table.device is not None and table.device.boot.table_offset:
        return table.device.boot.table_offset
    return ESP_TABLE_OFFSET if View(table).ecosystem == "esp-idf" else None


def has_md5(table: Table) -> bool | None:
    """Whether an ESP-IDF table holds an MD5 row; ``None`` where the source does not tell it."""
    said = table.attributes.get("md5")
    return said if isinstance(said, bool) else None


def live_extent(slot: Partition, size: int, flash: Flash | None) -> Extent:
    """The bytes of ``slot`` that an image of ``size`` bytes uses, whole erase blocks; 0: all."""
    if not size or size >= slot.size:
        return slot.extent
    end = slot.extent.start + size
    return Extent(slot.extent.start, min(flash.align_up(end) if flash else end, slot.extent.end))


def _dual(old: Table, ecosystem: str) -> bool | None:
    if old.update is not None:
        return old.update.scheme.bank_mode is BankMode.DUAL
    if ecosystem == "esp-idf":
        return True
    if old.device is not None and old.device.boot.bank_mode is not None:
        return old.device.boot.bank_mode is BankMode.DUAL
    return None
