"""AliOS Things' partition indices and what they mean, release by release.

Source: the `hal_partition_t` enumerations of AliOS Things 1.1 to 3.3 (`include/hal/soc/flash.h`,
later `include/aos/hal/flash.h`); meanings from wiki `OTA-Flash-Partitions-Overview.md` 79af8c1 and
the comments of the 3.1 header. The releases broke their own rule "append only": only the indices
0 to 9 mean the same in all of them (10 is missing in 1.1).
"""

from __future__ import annotations

from flashwright.model.table import Role

PREFIX = "HAL_PARTITION_"

_COMMON = (
    "BOOTLOADER",
    "APPLICATION",
    "ATE",
    "OTA_TEMP",
    "RF_FIRMWARE",
    "PARAMETER_1",
    "PARAMETER_2",
    "PARAMETER_3",
    "PARAMETER_4",
    "BT_FIRMWARE",
)
_HAAS_33 = (
    "SPIFFS LITTLEFS LITTLEFS2 LITTLEFS3 CUSTOM_1 CUSTOM_2 2ND_BOOT MBINS_APP MBINS_KERNEL GPT ENV "
    "ENV_REDUND RTOSA RTOSB BOOT1 BOOT1_REDUND FTL"
)
_THREE_ZERO = "SPIFFS CUSTOM_1 CUSTOM_2 2ND_BOOT MBINS_APP MBINS_KERNEL"

#: Version of AliOS Things -> names of the enumeration in the order of their values, from 0 on,
#: without the prefix ``HAL_PARTITION_``.
ENUMERATIONS: dict[str, tuple[str, ...]] = {
    "1.1": _COMMON,
    "1.2": (*_COMMON, "SPIFFS"),
    "1.3.4": (*_COMMON, "SPIFFS", "SYS_DATA", "HFILOP"),
    "2.0": (*_COMMON, "SPIFFS", "CUSTOM_1", "CUSTOM_2", "RECOVERY"),
    "2.1": (
        *_COMMON,
        *("SPIFFS", "CUSTOM_1", "CUSTOM_2", "RECOVERY"),
        *("RECOVERY_BACK_PARA", "MBINS_APP", "MBINS_KERNEL"),
    ),
    "3.0": (*_COMMON, *_THREE_ZERO.split()),
    "3.1": (*_COMMON, *_THREE_ZERO.split(), "OTA_SUB"),
    "3.3": (*_COMMON, *_HAAS_33.split()),
}

#: The version that is written and assumed where none is stated: the last common tree.
DEFAULT_VERSION = "3.0"

_ROLES: dict[str, Role] = {
    "BOOTLOADER": Role.BOOTLOADER,
    "2ND_BOOT": Role.SECOND_BOOT,
    "RECOVERY": Role.SECOND_BOOT,
    "RECOVERY_BACK_PARA": Role.SCRATCH,
    "APPLICATION": Role.APPLICATION,
    "RTOSA": Role.APPLICATION,
    "OTA_TEMP": Role.OTA_TEMP,
    "RTOSB": Role.OTA_TEMP,
    "PARAMETER_1": Role.BOOT_RECORD,
    "PARAMETER_2": Role.KV,
    "PARAMETER_3": Role.USER,
    "PARAMETER_4": Role.SECURITY,
    "RF_FIRMWARE": Role.FIRMWARE,
    "BT_FIRMWARE": Role.FIRMWARE,
    "ATE": Role.FIRMWARE,
    "BOOT1": Role.SECOND_BOOT,
    "BOOT1_REDUND": Role.SECOND_BOOT,
    "SPIFFS": Role.FILESYSTEM,
    "LITTLEFS": Role.FILESYSTEM,
    "LITTLEFS2": Role.FILESYSTEM,
    "LITTLEFS3": Role.FILESYSTEM,
}


def short_name(symbol: str) -> str:
    """``PARAMETER_1`` of ``HAL_PARTITION_PARAMETER_1``; other text unchanged."""
    return symbol.removeprefix(PREFIX)


def role_of(symbol: str) -> Role:
    """What the partition with this symbol is for; ``CUSTOM`` for symbols of the user's own."""
    return _ROLES.get(short_name(symbol), Role.CUSTOM)


def index_of(symbol: str, version: str = DEFAULT_VERSION) -> int | None:
    """The value of a symbol in that version's enumeration, ``None`` if it has no such symbol."""
    names = ENUMERATIONS.get(version, ())
    name = short_name(symbol)
    return names.index(name) if name in names else None


def symbol_of(index: int, version: str = DEFAULT_VERSION) -> str | None:
    """The symbol with that value in that version, ``None`` beyond its end."""
    names = ENUMERATIONS.get(version, ())
    return PREFIX + names[index] if 0 <= index < len(names) else None
