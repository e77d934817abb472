"""What a partition is for, told from the names that the ecosystems usually give it."""

from __future__ import annotations

import re
from functools import lru_cache

from flashwright.model.table import Role

_NAMES: tuple[tuple[Role, str], ...] = (
    (Role.BOOTLOADER, r"boot(loader)?|bl|mcuboot|b0|boot_partition"),
    (Role.SECOND_BOOT, r"(2nd|second)_?boot(loader)?|s[01]|bl2"),
    (Role.PARTITION_TABLE, r"partition_table|pt_table"),
    (Role.FACTORY, r"factory"),
    (
        Role.APPLICATION,
        r"app(lication)?|app_?0|ota_?0|slot_?0(_partition)?|image_0|mcuboot_primary|primary",
    ),
    (
        Role.OTA_TEMP,
        r"ota(_te?mp)?|download|app_?1|ota_?[1-9][0-9]?|slot_?1(_partition)?|image_1"
        r"|mcuboot_secondary|secondary",
    ),
    (Role.SCRATCH, r"(image_)?scratch(_partition)?"),
    (Role.BOOT_RECORD, r"parameter_1|otadata|ota_data|boot_record|ota_record"),
    (Role.KV, r"parameter_2|kv|nvs|settings(_storage)?|kvdb|storage_partition"),
    (Role.USER, r"parameter_3|user(data)?"),
    (Role.SECURITY, r"parameter_4|security|nvs_keys?"),
    (Role.CALIBRATION, r"phy(_init)?|rf_?cal(ibration)?|calibration"),
    (Role.FILESYSTEM, r"spiffs|littlefs[0-9]?|lfs|fat(fs)?|ffat|vfs|storage|filesystem"),
    (Role.COREDUMP, r"core_?dump"),
)


@lru_cache(maxsize=1024)
def role_by_name(name: str) -> Role:
    """The role that ``name`` usually has; ``CUSTOM`` for a name that says nothing to us."""
    plain = name.lower().replace("-", "_")
    return next((role for role, p in _NAMES if re.fullmatch(p, plain)), Role.CUSTOM)
