"""What FAL partitions are for, told from the names that RT-Thread's packages look for."""

from __future__ import annotations

import re

from flashwright.model.roles import role_by_name
from flashwright.model.table import Role

#: qboot, rt_ota: bl, app, download, factory; FlashDB: fdb_kvdb1, fdb_tsdb1; EasyFlash: easyflash.
_NAMES: tuple[tuple[Role, str], ...] = (
    (Role.BOOTLOADER, r"bl|boot|bootloader|wifi_bootloader|boot_loader"),
    (Role.APPLICATION, r"app|rtt|rtthread|rt-thread"),
    (Role.OTA_TEMP, r"download|ota"),
    (Role.FACTORY, r"factory"),
    (Role.KV, r"(fdb_)?kvdb\d?|easyflash|ef_env|env|param|params|cfg"),
    (Role.USER, r"(fdb_)?tsdb\d?"),
    (Role.FILESYSTEM, r"filesystem|fs|root|littlefs|elm|fatfs|userdata_fs"),
    (Role.CALIBRATION, r"calibration|rf_?cal|wifi_image"),
)
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _NAMES)


def role_of(name: str) -> Role:
    """The role that a FAL partition of this name usually has."""
    plain = name.lower()
    known = next((role for role, p in _PATTERNS if p.fullmatch(plain)), None)
    return known or role_by_name(name)
