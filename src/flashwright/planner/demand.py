"""Demands: what a plan must hold to, one by one, each with where it comes from.

A spec, the facts of the device, the rules of the upgrade scheme and the method all become demands;
``problem`` makes the search problem of any subset of them, which is how a refusal finds the
smallest set that cannot hold together.
"""

from __future__ import annotations

from enum import StrEnum

from flashwright.base.extent import Extent
from flashwright.base.record import maker, record
from flashwright.diag.finding import Place


class Kind(StrEnum):
    """What a demand is about; ``value`` in bytes, ``other`` the name of another partition."""

    #: There is such a partition at all, in flash ``owner``.
    EXISTS = "exists"
    #: Its size is ``value``, rounded up to the erase blocks at its place.
    SIZE = "size"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    #: It has at least ``value`` erase blocks.
    BLOCKS = "blocks"
    #: Its size is that of ``other`` and ``value`` bytes more.
    EQUAL = "equal"
    #: Its size is at least that of ``other``.
    HOLDS = "holds"
    AT = "at"
    ALIGN = "align"
    ALIGN_SIZE = "align_size"
    #: From its start on, each step of ``value`` bytes ends on a boundary of erase blocks, and so
    #: does it (MCUboot's logical erase blocks).
    STRIDE = "stride"
    #: Its size is a power of two, and its start a multiple of its size.
    POWER_OF_TWO = "power_of_two"
    #: It lies in one of ``extents``.
    WITHIN = "within"
    #: It lies at higher offsets than ``other``.
    AFTER = "after"
    #: It starts where ``other`` ends.
    DIRECTLY_AFTER = "directly_after"
    TOGETHER = "together"
    APART = "apart"
    #: Nothing else may use ``extents`` (a vendor's range); ``partition`` is its name.
    RESERVED = "reserved"


class Origin(StrEnum):
    """Who demands it."""

    WISH = "wish"
    DEVICE = "device"
    SCHEME = "scheme"
    RULE = "rule"
    #: The usual size of a role, where nothing is wished.
    USUAL = "usual"
    #: The order of the method; given up where it cannot be kept.
    METHOD = "method"


@record()
class Demand:
    """One demand on one partition, told in ``text`` and said at ``place``."""

    partition: str
    kind: Kind
    origin: Origin
    text: str
    value: int = 0
    other: str = ""
    owner: str = ""
    extents: tuple[Extent, ...] = ()
    place: Place | None = None
    #: Whether the extent of ``AT`` and ``SIZE`` is taken as it is, on a boundary or not.
    keep: bool = False


#: Makes a demand, for the many that each partition has.
demanded = maker(Demand)


class Goal(StrEnum):
    """What is done with the room that a partition may take beyond its least size."""

    NONE = "none"
    #: As large as possible, before the slots ("what if").
    FIRST = "first"
    #: As large as possible, before all others.
    SLOT = "slot"
    #: A share of what remains.
    REST = "rest"


@record()
class Want:
    """How a partition's room is used and where it tends: not a demand, but a preference.

    ``high`` partitions are laid against the top of the room that they have.
    """

    goal: Goal = Goal.NONE
    weight: int = 1
    high: bool = False


#: What is wanted of a partition of which nothing is said.
NOTHING = Want()
