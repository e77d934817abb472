"""A device: every flash of it, how it boots, what its vendor keeps for itself, what limits a slot.

A device of the catalogue with several configurations (ESP8266 flash maps, STM32 bank modes) is
several ``Device`` values of one ``name``; ``configuration`` tells them apart.
"""

from __future__ import annotations

from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.base.record import record
from flashwright.model.geometry import Flash


class BankMode(StrEnum):
    """How many places the bootloader can start an image from."""

    SINGLE = "single"
    DUAL = "dual"


@record()
class BootFacts:
    """What the bootloader does, as far as the chip or its vendor fixes it.

    ``bank_mode`` is ``None`` where the user's bootloader decides. ``boot_offsets`` are the places
    that the bootloader jumps to, as offsets in flash ``owner``, first bank first; empty where
    free. ``bootloader`` is where the bootloader itself has to lie (``None`` where free), and
    ``table_offset`` where the device reads its own partition table (ESP-IDF; 0: it reads none).
    """

    owner: str
    bank_mode: BankMode | None = None
    boot_offsets: tuple[int, ...] = ()
    bootloader: Extent | None = None
    table_offset: int = 0
    source: str = ""


@record()
class Reserved:
    """A fixed range that belongs to the chip or module vendor; no partition may touch it."""

    name: str
    owner: str
    extent: Extent
    purpose: str = ""
    source: str = ""


@record()
class Window:
    """A range that limits a slot: an image lies in one window, whole.

    Execute-in-place cache windows, banks, 24-bit addresses. Windows of one ``name`` are
    alternatives: an image must lie in one of them.
    """

    name: str
    owner: str
    extent: Extent
    reason: str = ""
    source: str = ""


@record()
class Device:
    """A chip or board in one configuration, with every flash that a partition can lie in.

    ``image_alignment`` is what an application's start must be a multiple of, in bytes (ESP32:
    0x10000 for the MMU); 1 where only erase blocks matter. ``slot_limit`` is the largest slot that
    the boot code accepts, 0 where it sets none.
    """

    name: str
    configuration: str
    title: str
    vendor: str
    flashes: tuple[Flash, ...]
    boot: BootFacts
    reserved: tuple[Reserved, ...] = ()
    windows: tuple[Window, ...] = ()
    image_alignment: int = 1
    slot_limit: int = 0
    ecosystems: tuple[str, ...] = ()
    source: str = ""

    @property
    def id(self) -> str:
        """``name`` or ``name:configuration``, as users write it."""
        return f"{self.name}:{self.configuration}" if self.configuration else self.name

    def flash(self, owner: str) -> Flash | None:
        """The flash called ``owner``, ``None`` if the device has none of that name."""
        return next((f for f in self.flashes if f.name == owner), None)

    def reserved_in(self, owner: str) -> tuple[Reserved, ...]:
        """The vendor's ranges in flash ``owner``."""
        return tuple(r for r in self.reserved if r.owner == owner)

    def windows_in(self, owner: str) -> tuple[Window, ...]:
        """The windows in flash ``owner``."""
        return tuple(w for w in self.windows if w.owner == owner)

    def locate(self, address: int) -> tuple[Flash, int] | None:
        """The flash and offset of a CPU address, ``None`` if no memory-mapped flash holds it."""
        for flash in self.flashes:
            if flash.base is not None and address - flash.base in flash.extent:
                return flash, address - flash.base
        return None
