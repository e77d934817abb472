"""Every key of ``flash.toml``, on one page; the reader and the JSON Schema are made from it."""

from __future__ import annotations

from typing import Any

from flashwright.formats.keys import (
    ANYTHING,
    BOOLEAN,
    COUNT,
    POSITIVE_SIZE,
    SIZE,
    SIZES,
    SLACK,
    TEXT,
    TEXTS,
    Key,
    choice,
    either,
    schema_of,
)
from flashwright.model.schemes import SCHEMES
from flashwright.model.table import Role
from flashwright.model.update import Payload

FILE_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "the name of the layout, for outputs"),
    Key("device", ANYTHING, "the chip or board that is laid out", required=True),
    Key("boot", ANYTHING, "how it boots, as far as the device leaves that open"),
    Key("update", ANYTHING, "how it is updated"),
    Key("partition", ANYTHING, "the partitions that are wanted, in order"),
    Key("accept", ANYTHING, "findings that are accepted, with the reason"),
)

#: Keys of ``[device]`` beside those that describe a device inline (``formats.device_data``).
DEVICE_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "its name in the catalogue (`flashwright devices`), or a name of your own"),
    Key("configuration", TEXTS, "its flash map or bank mode; several give a table each"),
    Key("title", TEXT, "its name for people, where described inline"),
    Key("vendor", TEXT, "who makes it, where described inline"),
    Key("image_alignment", POSITIVE_SIZE, "what the start of an application is a multiple of"),
    Key("slot_limit", SIZE, "the largest slot that the boot code accepts"),
    Key("boot", ANYTHING, "the boot facts of a device described inline"),
    Key("flash", ANYTHING, "a flash of the device, beside those of the catalogue"),
    Key("reserved", ANYTHING, "a range that belongs to the vendor, beside those of the catalogue"),
    Key("window", ANYTHING, "a range that limits a slot, beside those of the catalogue"),
    Key("source", TEXT, "where the facts come from"),
)

BOOT_KEYS: tuple[Key, ...] = (
    Key("bank_mode", choice("single", "dual"), "one or two places that images start from"),
    Key("offsets", SIZES, "where the bootloader jumps to, as offsets in the flash"),
    Key("addresses", SIZES, "where the bootloader jumps to, as CPU addresses"),
    Key("owner", TEXT, "the flash that the bootloader and the images lie in"),
    Key("bootloader", SIZES, "[start, end) of the bootloader, as offsets in the flash"),
    Key("table_offset", SIZE, "where the device reads its own partition table"),
    Key("source", TEXT, "where the facts come from"),
)

UPDATE_KEYS: tuple[Key, ...] = (
    Key("scheme", choice(*(s.name for s in SCHEMES)), "the upgrade scheme", required=True),
    Key("implied", BOOLEAN, "whether the scheme's standard partitions are wanted (true)"),
    Key("payload", choice(*(p.value for p in Payload)), "what an update brings: whole (default)"),
    Key("payload_size", POSITIVE_SIZE, "the largest compressed or delta update"),
    Key("backup_slice", POSITIVE_SIZE, "the room that the patcher needs beside a delta"),
    Key("write_size", POSITIVE_SIZE, "the program unit of MCUboot's trailer"),
    Key("max_align", POSITIVE_SIZE, "MCUBOOT_BOOT_MAX_ALIGN (8)"),
    Key("max_sectors", COUNT, "BOOT_MAX_IMG_SECTORS (0: as many erase blocks as the slot has)"),
    Key(
        "logical_block",
        POSITIVE_SIZE,
        "MCUBOOT_LOGICAL_SECTOR_SIZE: MCUboot swaps in units of this size, a power of two",
    ),
    Key("encrypted", BOOLEAN, "whether images are encrypted"),
    Key("sdk", TEXT, "the version of the ecosystem's SDK, such as 3.0"),
)

PARTITION_KEYS: tuple[Key, ...] = (
    Key("name", TEXT, "its name", required=True),
    Key("role", choice(*(r.value for r in Role)), "what it is for (default: as its name says)"),
    Key("owner", TEXT, "the flash it lies in: embedded, spi, qspi, ..."),
    Key("size", either("rest", SIZE), 'its size, exactly; "rest" for what remains'),
    Key("at_least", POSITIVE_SIZE, "its smallest size"),
    Key("at_most", POSITIVE_SIZE, "its largest size"),
    Key("weight", COUNT, "its share among the partitions that take the rest (1)"),
    Key("same_size_as", TEXT, "the partition whose size it has"),
    Key("at", SIZE, "where it starts, as an offset in its flash"),
    Key("address", SIZE, "where it starts, as a CPU address"),
    Key("align", POSITIVE_SIZE, "what its start is a multiple of"),
    Key("align_size", POSITIVE_SIZE, "what its size is a multiple of"),
    Key("align_blocks", COUNT, "how many (largest) erase blocks start and size are a multiple of"),
    Key("power_of_two", BOOLEAN, "its size is a power of two, its start a multiple of its size"),
    Key("security_granule", BOOLEAN, "start and size are multiples of the TrustZone granule"),
    Key("before", TEXTS, "partitions that lie above it"),
    Key("after", TEXTS, "partitions that lie below it"),
    Key("directly_after", TEXT, "the partition that ends where it starts"),
    Key("bank", TEXT, "the bank of its flash that it lies in"),
    Key("window", TEXT, "the window of the device that it lies in, whole"),
    Key("together", TEXTS, "partitions that lie in the same bank"),
    Key("apart", TEXTS, "partitions that lie in another bank or flash"),
    Key("pair", TEXT, "the slot group that it belongs to"),
    Key("index", COUNT, "its number in the ecosystem's table"),
    Key("id", TEXT, "its symbol in the ecosystem's table, such as HAL_PARTITION_CUSTOM_1"),
    Key("description", TEXT, "the label that the system shows"),
    Key("readable", BOOLEAN, "whether the system may read it (true)"),
    Key("writable", BOOLEAN, "whether the system may write it (as its role needs)"),
    Key("image", POSITIVE_SIZE, "the size of the image that it must hold"),
    Key("slack", SLACK, "room beyond the image, in bytes or percent"),
    Key("link_address", SIZE, "the address that its image is linked for"),
    Key("keep", BOOLEAN, "devices in the field have it where it is: nothing of it moves"),
    Key("parent", TEXT, "the partition that contains it on purpose"),
    Key("shares", TEXTS, "partitions that use the same bytes on purpose"),
    Key("flags", TEXTS, "flags of the format, such as encrypted"),
    Key("type", TEXT, "its type in an ESP-IDF table"),
    Key("subtype", TEXT, "its subtype in an ESP-IDF table"),
)

ACCEPT_KEYS: tuple[Key, ...] = (
    Key("code", TEXT, "the code of the findings that are accepted", required=True),
    Key("reason", TEXT, "why they are accepted", required=True),
    Key("partition", TEXT, "the partition that they concern (default: any)"),
)


def flash_toml_schema(device_parts: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of ``flash.toml``.

    ``device_parts`` are the schemas of ``flash``, ``reserved`` and ``window`` entries.
    """
    schema = schema_of(FILE_KEYS)
    device = schema_of(DEVICE_KEYS)
    for name, part in device_parts.items():
        device["properties"][name] = {
            **device["properties"][name],
            "type": "array",
            "items": part,
        }
    tables = {
        "device": device,
        "boot": schema_of(BOOT_KEYS),
        "update": schema_of(UPDATE_KEYS),
        "partition": {"type": "array", "items": schema_of(PARTITION_KEYS)},
        "accept": {"type": "array", "items": schema_of(ACCEPT_KEYS)},
    }
    for name, table in tables.items():
        schema["properties"][name] = {**schema["properties"][name], **table}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "flashwright layout specification (flash.toml)",
        **schema,
    }
