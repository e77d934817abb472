"""A table: the complete layout of a device's flashes. Every partition has a place.

The waist of the hourglass: every reader makes one, every rule, drawing and writer takes one. What a
user writes with gaps is a ``Spec`` (``model.spec``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.base.record import field, record
from flashwright.diag.finding import Place
from flashwright.model.device import Device
from flashwright.model.update import Update


class Role(StrEnum):
    """What a partition is for."""

    BOOTLOADER = "bootloader"
    SECOND_BOOT = "second_boot"
    PARTITION_TABLE = "partition_table"
    APPLICATION = "application"
    FACTORY = "factory"
    OTA_TEMP = "ota_temp"
    SCRATCH = "scratch"
    BOOT_RECORD = "boot_record"
    KV = "kv"
    USER = "user"
    SECURITY = "security"
    CALIBRATION = "calibration"
    FIRMWARE = "firmware"
    FILESYSTEM = "filesystem"
    COREDUMP = "coredump"
    CUSTOM = "custom"


#: Roles whose partitions hold an image that the CPU runs.
IMAGE_ROLES = frozenset({Role.APPLICATION, Role.FACTORY, Role.OTA_TEMP, Role.SECOND_BOOT})

#: Roles whose bytes are rewritten while the application runs.
WRITTEN_ROLES = frozenset(
    {Role.OTA_TEMP, Role.SCRATCH, Role.BOOT_RECORD, Role.KV, Role.FILESYSTEM, Role.COREDUMP}
)


@record()
class Partition:
    """A named range of one flash with a role.

    ``extent`` counts from the first byte of flash ``owner``; ``start`` is the number that the
    source writes (an offset or a CPU address). ``index`` is its number in the ecosystem's table,
    ``id`` its symbol there (``HAL_PARTITION_PARAMETER_1``, ``slot0_partition``), ``description``
    the label that the system shows. ``pair`` names the slot group that it belongs to, if any.

    Overlaps that are meant are declared: ``parent`` is the partition that contains this one (a
    span, a sub-partition), ``shares`` are partitions that use the same bytes on purpose.

    ``attributes`` holds what only the source's format knows, so that nothing is lost on the way
    back; ``places`` tells where each field is written (keys: field names of this class).
    """

    name: str
    role: Role
    owner: str
    extent: Extent
    start: int
    index: int | None = None
    id: str | None = None
    description: str | None = None
    readable: bool = True
    writable: bool = True
    pair: str | None = None
    parent: str | None = None
    shares: tuple[str, ...] = ()
    image_size: int | None = None
    link_address: int | None = None
    slack: int = 0
    flags: tuple[str, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.extent.size

    def place_of(self, name: str) -> Place | None:
        """Where field ``name`` is written, or else where the partition is."""
        return self.places.get(name, self.place)


@record()
class Table:
    """A complete layout: partitions in the order of the source, for one device.

    ``device`` is ``None`` where the source does not tell it and the user has not; rules that need
    it say so. ``format`` is the name of the format it was read from (``formats.catalog``), and
    ``attributes`` what only that format knows (versions, table offsets, unpartitioned space).
    """

    name: str
    partitions: tuple[Partition, ...]
    device: Device | None = None
    update: Update | None = None
    format: str = ""
    place: Place | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)

    def get(self, name: str) -> Partition | None:
        """The first partition called ``name``."""
        return next((p for p in self.partitions if p.name == name), None)

    def of_role(self, *roles: Role) -> tuple[Partition, ...]:
        """The partitions with one of the roles, in the order of the table."""
        return tuple(p for p in self.partitions if p.role in roles)

    def in_flash(self, owner: str) -> tuple[Partition, ...]:
        """The partitions in flash ``owner``, by offset."""
        return tuple(
            sorted((p for p in self.partitions if p.owner == owner), key=lambda p: p.extent)
        )

    @property
    def owners(self) -> tuple[str, ...]:
        """The flashes that it uses: those of the device in its order, then unknown ones."""
        known = [f.name for f in self.device.flashes] if self.device else []
        used = {p.owner for p in self.partitions}
        return tuple([o for o in known if o in used] + sorted(used.difference(known)))
