"""The usual size of a partition, by what it is for, where a spec says nothing of it.

Sources: AliOS Things wiki `OTA-Flash-Partitions-Overview.md` 79af8c1 (parameters 4, 8, 4 and 4 KiB)
and `kv_conf.h` (a KV store of 8192 bytes, two logical blocks at least); ESP-IDF
`partitions_two_ota.csv` (nvs 0x4000, otadata 0x2000, phy_init 0x1000) and its core dump guide
(64 KiB); Zephyr board files (boot partition 48 KiB); Tasmota (safeboot 832 KiB).
"""

from __future__ import annotations

from flashwright.base.record import record
from flashwright.model.table import Role


@record()
class Usual:
    """``size`` bytes and ``blocks`` erase blocks at least."""

    size: int
    blocks: int = 1


_ALL: dict[Role, Usual] = {
    Role.PARTITION_TABLE: Usual(0x1000),
    Role.BOOT_RECORD: Usual(0x1000),
    Role.KV: Usual(0x2000, 2),
    Role.USER: Usual(0x1000),
    Role.SECURITY: Usual(0x1000),
    Role.CALIBRATION: Usual(0x1000),
    Role.COREDUMP: Usual(0x10000),
}
_BY_ECOSYSTEM: dict[str, dict[Role, Usual]] = {
    "esp-idf": {Role.KV: Usual(0x4000, 3), Role.BOOT_RECORD: Usual(0x2000, 2)},
    "mcuboot": {Role.BOOTLOADER: Usual(0xC000), Role.KV: Usual(0x2000, 2)},
}

#: What a role demands whatever size is wished: so many erase blocks.
LEAST_BLOCKS: dict[Role, int] = {Role.KV: 2}


def usual(role: Role, ecosystem: str) -> Usual | None:
    """The usual size of a role in an ecosystem, ``None`` if there is none."""
    return _BY_ECOSYSTEM.get(ecosystem, {}).get(role) or _ALL.get(role)
