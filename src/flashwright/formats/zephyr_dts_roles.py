"""What Zephyr's partitions are for, told from the node labels that MCUboot and Zephyr use."""

from __future__ import annotations

import re

from flashwright.model.roles import role_by_name
from flashwright.model.table import Role

#: doc/services/storage/flash_map and MCUboot's Zephyr port: labels, and older ``label`` strings.
_NAMES: tuple[tuple[Role, str], ...] = (
    (Role.BOOTLOADER, r"boot(loader)?|mcuboot"),
    (Role.SECOND_BOOT, r"(s[01]|b0|tfm_bl2|bl2)"),
    (Role.APPLICATION, r"slot[024](_(ns|s|secure|nonsecure))?|image_?[02]|(cpu\w+_)?slot0|code"),
    (Role.OTA_TEMP, r"slot[135](_(ns|s|secure|nonsecure))?|image_?[13]|(cpu\w+_)?slot1"),
    (Role.SCRATCH, r"scratch|image_scratch"),
    (Role.KV, r"storage|settings|nvs|settings_storage|zms|fcb"),
    (Role.FILESYSTEM, r"lfs\d?|littlefs\d?|fatfs|storage_?fs|filesystem"),
    (Role.COREDUMP, r"coredump"),
    (Role.SECURITY, r"tfm_(its|ps|nv_counters|otp\w*)|keys?|certs?"),
    (Role.FIRMWARE, r"(radio|net|wifi|bt|modem)\w*(_firmware|_fw)?"),
)
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _NAMES)
_SLOT = re.compile(r"slot(\d)(_\w+)?_partition")


def role_of_label(label: str, said: str | None) -> Role:
    """The role of a partition with that node label and that ``label`` string."""
    for text in (label, said or ""):
        plain = text.lower().replace("-", "_").removesuffix("_partition")
        known = next((role for role, p in _PATTERNS if p.fullmatch(plain)), None)
        if known is not None:
            return known
    return role_by_name(label)


def pair_of(label: str) -> str | None:
    """The image that a slot belongs to: slots 0 and 1 are ``image0``, 2 and 3 ``image1``."""
    match = _SLOT.fullmatch(label)
    return f"image{int(match[1]) // 2}{match[2] or ''}" if match else None
