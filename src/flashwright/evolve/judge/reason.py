"""A reason of a verdict: what it says of the way to the new layout, and the finding that tells it.

``Case`` is what every reason sees: the difference, what holds in the field, and the user's facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from flashwright.diag.finding import Finding
from flashwright.evolve.compare.diff import Difference
from flashwright.evolve.compare.field import FieldFacts, Ground
from flashwright.model.table import Table
from flashwright.rules.view import View


class Way(IntEnum):
    """How devices in the field come to the new layout; a larger number is worse."""

    OVER_THE_AIR = 1
    WITH_MIGRATION = 2
    INTERMEDIATE = 3
    CABLE = 4

    @property
    def words(self) -> str:
        """The verdict in words."""
        return _WORDS[self]


_WORDS = {
    Way.OVER_THE_AIR: "safe over the air",
    Way.WITH_MIGRATION: "safe over the air if data is migrated",
    Way.INTERMEDIATE: "needs an intermediate image",
    Way.CABLE: "only by cable",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding, and the best way that it leaves open."""

    way: Way
    finding: Finding


@dataclass(frozen=True)
class Case:
    """What is to be judged."""

    difference: Difference
    ground: Ground
    facts: FieldFacts

    @property
    def old(self) -> Table:
        """The table of the devices in the field."""
        return self.difference.old

    @property
    def new(self) -> Table:
        """The table of the update."""
        return self.difference.new

    @cached_property
    def old_view(self) -> View:
        """Lookups over the old table."""
        return View(self.old)

    @cached_property
    def new_view(self) -> View:
        """Lookups over the new table."""
        return View(self.new)

    @property
    def beyond_bootloader(self) -> Way:
        """The way where only another bootloader helps."""
        return Way.INTERMEDIATE if self.facts.bootloader_updatable else Way.CABLE


Judge = Callable[[Case], Iterable[Reason]]
