"""What a map is made of: ranges with names, marks, hatches, and the flash that they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role


class Kind(StrEnum):
    """What a range is."""

    PARTITION = "partition"
    RESERVED = "reserved"
    #: The device has it there although the table does not say so (bootloader, partition table).
    FIXED = "fixed"
    UNUSED = "unused"
    #: Unused, and not usable: the rest of an erase block that something else lies in.
    WASTE = "waste"
    BEYOND = "beyond"
    #: Many partitions that are not drawn one by one.
    FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class Item:
    """A range with a name. ``tags`` are short words (``read-only``), most telling first.

    ``lane`` of ``lanes`` is its column where ranges overlap. ``slot`` is its letter in a slot
    pair (``A``), with the number of the pair where there are several (``A2``). ``index`` counts the
    partitions in the order of the table, -1 for everything else.
    """

    kind: Kind
    name: str
    extent: Extent
    role: Role | None = None
    tags: tuple[str, ...] = ()
    slot: str = ""
    partition: Partition | None = None
    lane: int = 0
    lanes: int = 1
    index: int = -1


@dataclass(frozen=True, slots=True)
class Mark:
    """A place worth a name: ``kind`` is ``boot``, ``bank``, ``window`` or ``end``."""

    offset: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Hatch:
    """The bytes of a finding, as far as they are drawn; an empty extent is a point."""

    finding: Finding
    extent: Extent


@dataclass(frozen=True, slots=True)
class Totals:
    """Bytes of one flash by what they are for; bytes used twice count once."""

    used: int
    reserved: int
    unused: int
    waste: int


@dataclass(frozen=True, slots=True)
class Strip:
    """One flash. ``cuts`` are all offsets where something begins or ends, rising.

    ``pairs`` are the slot groups with two or more members here: their items, first slot first.
    """

    owner: str
    flash: Flash | None
    whole: Extent
    items: tuple[Item, ...]
    cuts: tuple[int, ...]
    marks: tuple[Mark, ...]
    hatches: tuple[Hatch, ...]
    pairs: tuple[tuple[Item, ...], ...]
    totals: Totals

    def address(self, offset: int) -> int | None:
        """The CPU address of ``offset``, ``None`` where the flash is not memory-mapped."""
        return self.flash.address(offset) if self.flash else None


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole map: ``findings`` are all that belong to the table, in order, drawn or not."""

    title: str
    subtitle: str
    strips: tuple[Strip, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
