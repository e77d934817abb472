"""The keys that describe a device: in a device file, and in ``[device]`` of ``flash.toml``.

One vocabulary serves both. A device has ``flash``, ``reserved`` and ``window`` entries and ``boot``
facts; offsets count from the first byte of the flash that ``owner`` names (the first flash if it is
left out). ``formats.device_data`` makes devices of them.
"""

from __future__ import annotations

from typing import Any

from flashwright.base.size import LARGEST, parse_size
from flashwright.formats.keys import (
    ANYTHING,
    COUNT,
    POSITIVE_SIZE,
    SIZE,
    SIZES,
    TEXT,
    TEXTS,
    Key,
    Kind,
    choice,
    schema_of,
)
from flashwright.model.device import BankMode
from flashwright.model.geometry import EraseRun, Overwrite

#: More runs of erase blocks, flashes or ranges than any device has; more is a finding.
MOST_ENTRIES = 1000


def _erase_blocks(value: object) -> tuple[EraseRun, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("not a list of [count, size]")
    if len(value) > MOST_ENTRIES:
        raise ValueError(f"more than {MOST_ENTRIES} entries")
    runs = []
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ValueError("an entry is not [count, size]")
        count = COUNT.read(entry[0])
        size = POSITIVE_SIZE.read(entry[1])
        if count == 0:
            raise ValueError("a count is zero")
        runs.append(EraseRun(count, size))
    if sum(run.count * run.size for run in runs) >= LARGEST:
        raise ValueError("2^64 bytes or more in total")
    return tuple(runs)


def _byte(value: object) -> int:
    number = parse_size(value) if isinstance(value, (int, str)) else -1
    if not 0 <= number <= 0xFF:
        raise ValueError("not between 0 and 0xFF")
    return number


ERASE_BLOCKS = Kind(
    "a list of [count, size], first erase block first, such as [[4, 16384], [1, 65536]]",
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "array",
            "prefixItems": [COUNT.schema, POSITIVE_SIZE.schema],
            "minItems": 2,
            "maxItems": 2,
        },
    },
    _erase_blocks,
)
BYTE = Kind("a byte such as 0xFF", {"type": "integer", "minimum": 0, "maximum": 255}, _byte)

FLASH_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "what partitions call it: embedded, spi, qspi, ...", required=True),
    Key("base", SIZE, "the CPU address of its first byte (leave it out if it is not mapped)"),
    Key("erase_blocks", ERASE_BLOCKS, "its erase blocks as they are, as [count, size]"),
    Key("size", POSITIVE_SIZE, "its size, where all erase blocks are alike"),
    Key("erase_block", POSITIVE_SIZE, "the size of its erase blocks, where all are alike"),
    Key("program_unit", POSITIVE_SIZE, "the smallest thing that can be programmed (1)"),
    Key("erased_value", BYTE, "what an erased byte reads as (0xFF)"),
    Key(
        "overwrite",
        choice(*(o.value for o in Overwrite)),
        "what may be programmed over a unit that is not erased (clear-bits)",
    ),
    Key("endurance_cycles", COUNT, "how many erase cycles the datasheet promises"),
    Key("erase_time_us", COUNT, "typical time to erase the largest erase block, microseconds"),
    Key("program_time_us", COUNT, "typical time to program one unit, microseconds"),
    Key("security_granule", POSITIVE_SIZE, "what a secure border is a multiple of (TrustZone)"),
    Key("banks", SIZES, "the sizes of its banks, from its first byte on"),
    Key("source", TEXT, "where the facts come from"),
)

RESERVED_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "its name", required=True),
    Key("owner", TEXT, "the flash it lies in (default: the first)"),
    Key("at", SIZE, "where it starts, as an offset in its flash", required=True),
    Key("size", POSITIVE_SIZE, "its size", required=True),
    Key("purpose", TEXT, "what the vendor keeps there"),
    Key("source", TEXT, "where the fact comes from"),
)

WINDOW_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "its name; windows of one name are alternatives", required=True),
    Key("owner", TEXT, "the flash it lies in (default: the first)"),
    Key("at", SIZE, "where it starts, as an offset in its flash", required=True),
    Key("size", POSITIVE_SIZE, "its size", required=True),
    Key("reason", TEXT, "why an image has to lie in it, whole"),
    Key("source", TEXT, "where the fact comes from"),
)

#: The boot facts of a device file; ``[boot]`` of ``flash.toml`` has the same names where it can.
BOOT_DATA_KEYS: tuple[Key, ...] = (
    Key("owner", TEXT, "the flash that it boots from (default: the first)"),
    Key("bank_mode", choice(*(m.value for m in BankMode)), "one or two places to start from"),
    Key("offsets", SIZES, "where the bootloader jumps to, as offsets in the flash"),
    Key("bootloader", SIZES, "[start, end) of the bootloader, as offsets"),
    Key("table_offset", SIZE, "where the device reads its own partition table"),
    Key("source", TEXT, "where the facts come from"),
)

#: One device in one configuration, in a device file.
DEVICE_DATA_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "its name in the catalogue", required=True),
    Key("configuration", TEXTS, "the name of the configuration"),
    Key("title", TEXT, "its name for people"),
    Key("vendor", TEXT, "who makes it"),
    Key("ecosystems", TEXTS, "the ecosystems that run on it"),
    Key("image_alignment", POSITIVE_SIZE, "what the start of an application is a multiple of"),
    Key("slot_limit", SIZE, "the largest slot that the boot code accepts"),
    Key("boot", ANYTHING, "how it boots"),
    Key("flash", ANYTHING, "its flashes, the one that it boots from first"),
    Key("reserved", ANYTHING, "ranges that belong to the vendor"),
    Key("window", ANYTHING, "ranges that limit a slot"),
    Key("source", TEXT, "where the facts come from"),
)


def device_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of ``flash``, ``reserved`` and ``window`` entries."""
    return {
        "flash": schema_of(FLASH_KEYS),
        "reserved": schema_of(RESERVED_KEYS),
        "window": schema_of(WINDOW_KEYS),
    }
