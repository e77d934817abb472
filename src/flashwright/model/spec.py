"""A spec: what a user wishes of a layout, with gaps. The planner makes a ``Plan`` of it.

Every wish remembers where it was said (``places``), so that a refusal can name file and line.
"""

from __future__ import annotations

from collections.abc import Mapping

from flashwright.base.record import field, record
from flashwright.diag.finding import Place
from flashwright.model.device import Device
from flashwright.model.table import Role
from flashwright.model.update import Update


@record()
class SizeWish:
    """How large a partition is to be, in bytes.

    ``exact``; or ``at_least`` and ``at_most``; or ``rest``: what remains, shared with the other
    partitions of the rest by ``weight``; or ``same_as``: the size of the partition of that name.
    Nothing given: the usual size of its role.
    """

    exact: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    rest: bool = False
    weight: int = 1
    same_as: str | None = None

    @property
    def given(self) -> bool:
        """Whether anything was wished."""
        return self != SizeWish()


@record()
class PartitionWish:
    """What is wished of one partition. Offsets and sizes in bytes; names refer to partitions.

    ``offset`` is a fixed place in the flash ``owner``. ``align`` is a multiple for its start,
    ``align_size`` for its size, ``align_blocks`` for both, counted in erase blocks of its flash (in
    the largest where they differ). ``security_granule`` puts both on multiples of what TrustZone
    borders are a multiple of in its flash. ``image`` is the size of the image that it must hold,
    ``slack`` the room beyond that in bytes, ``slack_percent`` in percent of the image. ``keep``
    marks a partition that devices in the field have where it is: nothing of it moves.
    """

    name: str
    role: Role
    owner: str | None = None
    size: SizeWish = field(default_factory=SizeWish)
    offset: int | None = None
    align: int | None = None
    align_size: int | None = None
    align_blocks: int | None = None
    security_granule: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    directly_after: str | None = None
    bank: str | None = None
    window: str | None = None
    together: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    pair: str | None = None
    index: int | None = None
    id: str | None = None
    description: str | None = None
    readable: bool = True
    writable: bool | None = None
    image: int | None = None
    slack: int = 0
    slack_percent: int = 0
    link_address: int | None = None
    keep: bool = False
    flags: tuple[str, ...] = ()
    #: Its size is a power of two and its start a multiple of its size (MPU regions of ARMv7-M).
    power_of_two: bool = False
    #: ``type`` and ``subtype`` of ESP-IDF and what other formats want beside our own terms.
    attributes: Mapping[str, object] = field(default_factory=dict)
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, name: str) -> Place | None:
        """Where wish ``name`` is said, or else where the partition is."""
        return self.places.get(name, self.place)


@record()
class Suppression:
    """Findings that the user accepts: a code, optionally one partition, and the reason."""

    code: str
    reason: str
    partition: str | None = None
    place: Place | None = None


@record()
class Spec:
    """A whole ``flash.toml`` for one device configuration.

    ``implied`` tells whether the standard partitions of the scheme (AliOS: bootloader, application,
    OTA TMP, parameters 1 to 4) are wished although the file does not name them.
    """

    name: str
    device: Device
    update: Update | None
    partitions: tuple[PartitionWish, ...]
    implied: bool = True
    accepted: tuple[Suppression, ...] = ()
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def get(self, name: str) -> PartitionWish | None:
        """The wish for the partition called ``name``."""
        return next((p for p in self.partitions if p.name == name), None)
