"""The words of AliOS Things' and Beken's C tables: types, fields, constants, and what they mean.

Source: `include/aos/hal/flash.h` of AliOS Things 1.1 to 3.3, `aos/mtd.h` and
`aos/flashpart_core.h` of 3.3, Beken's `BkDriverFlash.h` (facts of the project, section 2).
"""

from __future__ import annotations

import re
from enum import StrEnum

from flashwright.model import alios
from flashwright.model.table import Role


class Kind(StrEnum):
    """Which struct a table is an array of."""

    LOGIC = "hal_logic_partition_t"
    MTD = "mtd_partition_t"
    BLOCKS = "aos_flashpart_t"


#: The unit of ``block_start`` and ``block_count``, in bytes.
BLOCK = 4096

#: Members in the order of the struct, under the names that this package uses for them.
FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.LOGIC: ("owner", "description", "start", "length", "options"),
    Kind.MTD: ("name", "standard", "start", "length", "options"),
    Kind.BLOCKS: ("id", "flash", "block_start", "block_count"),
}

#: Member of the struct -> the name that this package uses for it.
MEMBERS = {
    "partition_owner": "owner",
    "partition_description": "description",
    "partition_start_addr": "start",
    "partition_length": "length",
    "partition_options": "options",
    "partition_name": "name",
    "partition_name_std": "standard",
    "id": "id",
    "flash_id": "flash",
    "block_start": "block_start",
    "block_count": "block_count",
}

#: Constants of the SDK's headers. A definition in the file goes before them.
CONSTANTS = {
    "HAL_FLASH_EMBEDDED": 0,
    "HAL_FLASH_SPI": 1,
    "HAL_FLASH_QSPI": 2,
    "HAL_FLASH_MAX": 3,
    "HAL_FLASH_NONE": 4,
    "BK_FLASH_EMBEDDED": 0,
    "BK_FLASH_SPI": 1,
    "BK_FLASH_MAX": 2,
    "BK_FLASH_NONE": 3,
    "PAR_OPT_READ_POS": 0,
    "PAR_OPT_WRITE_POS": 1,
    "PAR_OPT_READ_MASK": 1,
    "PAR_OPT_WRITE_MASK": 2,
    "PAR_OPT_READ_DIS": 0,
    "PAR_OPT_READ_EN": 1,
    "PAR_OPT_WRITE_DIS": 0,
    "PAR_OPT_WRITE_EN": 2,
}
READ_EN, WRITE_EN = 1, 2

#: ``hal_flash_t`` -> the name of the flash.
OWNERS = {0: "embedded", 1: "spi", 2: "qspi", 4: "none"}
OWNER_SYMBOLS = {
    "embedded": "HAL_FLASH_EMBEDDED",
    "spi": "HAL_FLASH_SPI",
    "qspi": "HAL_FLASH_QSPI",
    "none": "HAL_FLASH_NONE",
}
OWNER_NAME = re.compile(r"(?:\w*_)?FLASH_(EMBEDDED|SPI|QSPI|NONE)")

#: Standard names of ``mtd_partition_t`` without ``MTD_PART_NAME_``, and what they stand for.
MTD_ROLES = {
    "BOOTLOADER": Role.BOOTLOADER,
    "BOOT": Role.BOOTLOADER,
    "BOOTLOADER_SEC": Role.BOOTLOADER,
    "BOOTSEC": Role.BOOTLOADER,
    "2ND_BOOTLOADER": Role.SECOND_BOOT,
    "BOOT2A": Role.SECOND_BOOT,
    "2ND_BOOTLOADER2": Role.SECOND_BOOT,
    "BOOT2B": Role.SECOND_BOOT,
    "KERNEL": Role.APPLICATION,
    "KERNEL2": Role.OTA_TEMP,
    "KV": Role.KV,
    "ENV": Role.BOOT_RECORD,
    "ENV1": Role.BOOT_RECORD,
    "ENV2": Role.BOOT_RECORD,
    "LITTLEFS": Role.FILESYSTEM,
    "LITTLEFS2": Role.FILESYSTEM,
    "LFS": Role.FILESYSTEM,
    "LFS2": Role.FILESYSTEM,
    "ROMFS": Role.FILESYSTEM,
    "ROMFS2": Role.FILESYSTEM,
    "FACTORY": Role.FACTORY,
    "FACTORY2": Role.FACTORY,
}
_BEKEN_ROLES = {
    "OTA": Role.OTA_TEMP,
    "RF_FIRMWARE": Role.CALIBRATION,
    "NET_PARAM": Role.CALIBRATION,
    "USR_CONFIG": Role.USER,
    "FACTORY_PARAM": Role.USER,
}

_TYPE = re.compile(r"(?:\w+_)?logic_partition_t|mtd_partition_t|aos_flashpart_t")
_SYMBOL = re.compile(r"(?:[A-Z]+_)?PARTITION_(\w+)")
_DESCRIPTIONS: tuple[tuple[str, Role], ...] = (
    (r"2nd ?boot\w*|second ?boot\w*", Role.SECOND_BOOT),
    (r"boot ?loader\w*", Role.BOOTLOADER),
    (r"app|app(lication|_xip)?|rtos|os|kernel", Role.APPLICATION),
    (r"ota\w*( ?storage| ?te?mp)?", Role.OTA_TEMP),
    (r"par\w* ?1", Role.BOOT_RECORD),
    (r"kv|par\w* ?2", Role.KV),
    (r"par\w* ?3", Role.USER),
    (r"par\w* ?4", Role.SECURITY),
    (r"spiffs|littlefs\d?", Role.FILESYSTEM),
)


def kind_of(type_name: str) -> Kind | None:
    """Which table a declaration of this type is; ``None`` if it is none."""
    words = type_name.split()
    if not words or not _TYPE.fullmatch(words[-1]):
        return None
    return {"mtd_partition_t": Kind.MTD, "aos_flashpart_t": Kind.BLOCKS}.get(words[-1], Kind.LOGIC)


def short_name(symbol: str) -> str:
    """``PARAMETER_1`` of ``HAL_PARTITION_PARAMETER_1`` or ``BK_PARTITION_PARAMETER_1``."""
    match = _SYMBOL.fullmatch(symbol)
    return match[1] if match else symbol


def role_of_symbol(symbol: str) -> Role:
    """What the partition with this index symbol is for."""
    short = short_name(symbol)
    if symbol.startswith("BK_") and short in _BEKEN_ROLES:
        return _BEKEN_ROLES[short]
    return alios.role_of(short)


def role_of_standard_name(name: str) -> Role | None:
    """What the partition with this ``partition_name_std`` is for; ``None`` if it does not say."""
    return MTD_ROLES.get(name.removeprefix("MTD_PART_NAME_"))


def role_of_description(text: str) -> Role | None:
    """What a description plainly names; ``None`` if it names nothing that is known."""
    plain = " ".join(text.lower().replace("_", " ").split())
    return next((r for pattern, r in _DESCRIPTIONS if re.fullmatch(pattern, plain)), None)


def plain_name(text: str) -> str:
    """``text`` as the name of a partition: lower case, words joined by ``_``."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")[:64]


def version_for(symbols: list[str]) -> str:
    """The version whose enumeration has the most of ``symbols``, the usual one if several do."""
    order = (alios.DEFAULT_VERSION, *(v for v in alios.ENUMERATIONS if v != alios.DEFAULT_VERSION))
    names = [short_name(s) for s in symbols]
    return max(order, key=lambda v: sum(n in alios.ENUMERATIONS[v] for n in names))
