"""The tone of an item: the few kinds of look that every paper gives in its own colours."""

from __future__ import annotations

from flashwright.draw.shapes import Item, Kind
from flashwright.model.table import Role

#: Every tone that ``tone_of`` answers.
TONES = ("boot", "slot-a", "slot-b", "image", "data", "custom", "fixed", "reserved", "free")

_IMAGES = (Role.APPLICATION, Role.FACTORY, Role.OTA_TEMP, Role.SCRATCH, Role.FIRMWARE)
_BOOTS = (Role.BOOTLOADER, Role.SECOND_BOOT, Role.PARTITION_TABLE)


def tone_of(item: Item) -> str:
    """The tone of ``item``: what it is for, and which slot of a pair."""
    if item.kind is Kind.RESERVED:
        return "reserved"
    if item.kind is Kind.FIXED:
        return "fixed"
    if item.kind is not Kind.PARTITION:
        return "free"
    if item.slot:
        return "slot-a" if item.slot[0] == "A" else "slot-b"
    if item.role in _BOOTS:
        return "boot"
    if item.role in _IMAGES:
        return "image"
    return "custom" if item.role in (Role.CUSTOM, None) else "data"
