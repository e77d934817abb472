"""What a rule sees: a table with its device, and what several rules would work out anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flashwright.model.device import Device
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Table
from flashwright.model.update import Update


@dataclass(frozen=True)
class View:
    """A table, and lookups over it. ``device`` and ``update`` may be unknown (``None``)."""

    table: Table

    @property
    def device(self) -> Device | None:
        """The device of the table, as far as known."""
        return self.table.device

    @property
    def update(self) -> Update | None:
        """How the device is updated, as far as declared."""
        return self.table.update

    def flash_of(self, partition: Partition) -> Flash | None:
        """The flash that a partition lies in, ``None`` if there is no such flash or no device."""
        return self.device.flash(partition.owner) if self.device else None

    @cached_property
    def by_flash(self) -> dict[str, tuple[Partition, ...]]:
        """The partitions that hold at least one byte, of each flash by offset."""
        return {
            owner: tuple(p for p in self.table.in_flash(owner) if p.extent)
            for owner in self.table.owners
        }
