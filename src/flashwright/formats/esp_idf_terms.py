"""ESP-IDF's partition types, subtypes and flags, and how its CSV writes numbers.

Source: espressif/esp-idf components/partition_table/gen_esp32part.py 1.5 (102122904ade) and
components/esp_partition/include/esp_partition.h.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from flashwright.base.record import record
from flashwright.model.table import Role

APP, DATA, BOOTLOADER, PARTITION_TABLE = 0x00, 0x01, 0x02, 0x03
OTA_FIRST, OTA_COUNT = 0x10, 16

#: Bytes: the erase block that the table takes, what of it entries may fill, and one entry.
TABLE_SIZE, MOST_TABLE, ENTRY = 0x1000, 0xC00, 32
DEFAULT_TABLE_OFFSET = 0x8000
OTADATA_SIZE = 0x2000
#: A writable NVS needs three erase blocks.
SMALLEST_NVS = 0x3000
LABEL = 16
MAGIC, MD5_MAGIC = b"\xaa\x50", b"\xeb\xeb" + b"\xff" * 14

TYPES: Mapping[str, int] = {
    "app": APP,
    "data": DATA,
    "bootloader": BOOTLOADER,
    "partition_table": PARTITION_TABLE,
}
SUBTYPES: Mapping[int, Mapping[str, int]] = {
    APP: {
        "factory": 0x00,
        "test": 0x20,
        **{f"ota_{n}": OTA_FIRST + n for n in range(OTA_COUNT)},
        "tee_0": 0x30,
        "tee_1": 0x31,
    },
    DATA: {
        "ota": 0x00,
        "phy": 0x01,
        "nvs": 0x02,
        "coredump": 0x03,
        "nvs_keys": 0x04,
        "efuse": 0x05,
        "undefined": 0x06,
        "esphttpd": 0x80,
        "fat": 0x81,
        "spiffs": 0x82,
        "littlefs": 0x83,
        "tee_ota": 0x90,
    },
    BOOTLOADER: {"primary": 0x00, "ota": 0x01, "recovery": 0x02},
    PARTITION_TABLE: {"primary": 0x00, "ota": 0x01},
}
UNDEFINED = 0x06
#: Subtypes of the bootloader and of the partition table.
PRIMARY, RECOVERY = 0x00, 0x02
FLAGS: Mapping[str, int] = {"encrypted": 0, "readonly": 1}

#: A longer number is none that fits a field, whatever its digits.
_LONGEST_NUMBER = 40
_UNITS: Mapping[str, int] = {"k": 1 << 10, "K": 1 << 10, "m": 1 << 20, "M": 1 << 20}
_WORD_OF_TYPE: Mapping[int, str] = {n: w for w, n in TYPES.items()}
_WORD_OF: Mapping[int, Mapping[int, str]] = {
    kind: {n: w for w, n in words.items()} for kind, words in SUBTYPES.items()
}

_DATA_ROLES: Mapping[int, Role] = {
    0x00: Role.BOOT_RECORD,
    0x01: Role.CALIBRATION,
    0x02: Role.KV,
    0x03: Role.COREDUMP,
    0x04: Role.SECURITY,
    0x05: Role.SECURITY,
    0x80: Role.FILESYSTEM,
    0x81: Role.FILESYSTEM,
    0x82: Role.FILESYSTEM,
    0x83: Role.FILESYSTEM,
    0x90: Role.BOOT_RECORD,
}


class NumberError(ValueError):
    """A field of the CSV is no number and no keyword; the message says what is wrong."""


@record()
class Kind:
    """What the type and the subtype of a partition say about it.

    ``word`` is the keyword of the subtype or its number, ``None`` where the type has no keywords;
    ``pair`` is the slot group of an OTA slot; ``attributes`` are both numbers, by name.
    """

    role: Role
    word: str | None
    pair: str | None
    attributes: Mapping[str, object]


@lru_cache(maxsize=512)
def kind_of(type_: int, subtype: int) -> Kind:
    """The kind of partitions of this type and subtype; any numbers will do."""
    is_slot = type_ == APP and 0 <= subtype - OTA_FIRST < OTA_COUNT
    word = subtype_word(type_, subtype) if type_ in SUBTYPES else None
    attributes = MappingProxyType({"type": type_, "subtype": subtype})
    return Kind(role_of(type_, subtype), word, "ota" if is_slot else None, attributes)


def role_of(type_: int, subtype: int) -> Role:
    """What a partition of this type and subtype is for."""
    if type_ == APP:
        return Role.FACTORY if subtype == 0x00 else Role.APPLICATION
    if type_ == DATA:
        return _DATA_ROLES.get(subtype, Role.CUSTOM)
    if type_ == BOOTLOADER:
        return Role.BOOTLOADER
    return Role.PARTITION_TABLE if type_ == PARTITION_TABLE else Role.CUSTOM


def type_word(type_: int) -> str:
    """The keyword of a type, or its number."""
    return _WORD_OF_TYPE.get(type_) or str(type_)


def subtype_word(type_: int, subtype: int) -> str:
    """The keyword of a subtype, or its number."""
    return _WORD_OF.get(type_, {}).get(subtype) or str(subtype)


def plain_number(text: str) -> int | None:
    """The number of a text as most files have it: ``0x9000``, ``4096``, ``64K``, ``1M``.

    ``None`` where it needs a closer look: ``number`` says then what it is.
    """
    if not 0 < len(text) <= _LONGEST_NUMBER:
        return None
    try:
        if text[-1] in _UNITS:
            return int(text[:-1], 0) * _UNITS[text[-1]]
        return int(text, 0)
    except ValueError:
        return None


def number(text: str, keywords: Mapping[str, int] | None = None) -> int:
    """A number as the reference tool reads it: any Python base, ``K`` and ``M`` repeatedly.

    Its order is kept, with its consequence: a keyword that ends in k or m is never found.
    Raises ``NumberError``.
    """
    words = keywords or {}
    if text[:1].isalpha():
        if text in words and text[-1] not in _UNITS:
            return words[text]
    elif (plain := plain_number(text)) is not None:
        return plain
    factor, rest = 1, text
    for _ in range(8):
        last = rest[-1:].lower()
        if last not in ("k", "m"):
            break
        factor *= 1024 if last == "k" else 1024 * 1024
        rest = rest[:-1]
    else:
        raise NumberError("has more than eight units")
    if re.fullmatch(r"[-+]?[0-9a-zA-Z_]{1,40}", rest):
        try:
            return int(rest, 0) * factor
        except ValueError:
            pass
    if rest.lower() in words:
        return words[rest.lower()] * factor
    known = ", ".join(words)
    raise NumberError(f"is no number and none of {known}" if known else "is no number")
