"""ESP-IDF: the standard partitions of an OTA layout, and what its bootloader demands.

Sources: `components/partition_table/partitions_two_ota.csv` (names, usual sizes),
`gen_esp32part.py` 1.5 (alignment, exact sizes), `docs/en/api-reference/system/ota.rst`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashwright.base.size import format_hex
from flashwright.model.spec import PartitionWish, SizeWish, Spec
from flashwright.model.table import IMAGE_ROLES, Role
from flashwright.planner.demand import Demand, Kind, Origin
from flashwright.planner.wanted import Wanted

#: What partitions start at multiples of: the MMU maps 64 KiB, data is erased by 4 KiB.
APP_ALIGNMENT = 0x10000
DATA_ALIGNMENT = 0x1000
#: otadata is two erase blocks of 4 KiB, no more and no less.
OTADATA_SIZE = 0x2000
#: The smallest NVS that can be written (NVS_RW_MIN_PARTITION_SIZE).
NVS_LEAST = 0x3000
#: The partition table takes one erase block of 4 KiB.
TABLE_SIZE = 0x1000
#: The size of an updater image where none is given (Tasmota safeboot).
UPDATER_SIZE = 0xD0000


def standard(spec: Spec) -> tuple[PartitionWish, ...]:
    """nvs, otadata, phy_init and the slots, as `partitions_two_ota.csv` has them."""
    data = (
        _wish("nvs", Role.KV, "data", "nvs"),
        _wish("otadata", Role.BOOT_RECORD, "data", "ota", SizeWish(exact=OTADATA_SIZE)),
        _wish("phy_init", Role.CALIBRATION, "data", "phy"),
    )
    first = _wish("ota_0", Role.APPLICATION, "app", "ota_0")
    if spec.update is not None and spec.update.scheme.name == "updater-and-app":
        updater = _wish("updater", Role.FACTORY, "app", "factory")
        return (*data, updater, first)
    return (*data, first, _wish("ota_1", Role.OTA_TEMP, "app", "ota_1"))


def demands(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """What the partition table tool and the bootloader refuse otherwise."""
    for w in wanted:
        if w.wish.keep or w.wish.role in (Role.BOOTLOADER, Role.PARTITION_TABLE):
            continue
        app = w.wish.role in IMAGE_ROLES
        align = APP_ALIGNMENT if app else DATA_ALIGNMENT
        text = f"{w.quoted} starts at a multiple of {format_hex(align)} (ESP-IDF)"
        yield Demand(w.name, Kind.ALIGN, Origin.SCHEME, text, align, place=w.wish.place)
        if w.wish.role is Role.BOOT_RECORD:
            text = f"{w.quoted} is exactly {format_hex(OTADATA_SIZE)} bytes (ESP-IDF otadata)"
            yield Demand(w.name, Kind.SIZE, Origin.SCHEME, text, OTADATA_SIZE, place=w.wish.place)
        elif w.wish.role is Role.KV and w.wish.writable is not False:
            text = f"{w.quoted} has at least {format_hex(NVS_LEAST)} bytes (NVS that is written)"
            yield Demand(w.name, Kind.AT_LEAST, Origin.SCHEME, text, NVS_LEAST, place=w.wish.place)


def _wish(
    name: str,
    role: Role,
    kind: str,
    subtype: str,
    size: SizeWish = SizeWish(),  # noqa: B008
) -> PartitionWish:
    return PartitionWish(
        name=name, role=role, size=size, attributes={"type": kind, "subtype": subtype}
    )
