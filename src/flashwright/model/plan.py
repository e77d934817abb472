"""A plan: a table with reasons, in the order of the method, and what binds it."""

from __future__ import annotations

from enum import IntEnum

from flashwright.base.extent import Extent
from flashwright.base.record import record
from flashwright.diag.finding import Place
from flashwright.model.table import Table


class Step(IntEnum):
    """The steps of the AliOS Things method, in order."""

    FLASH_SIZE = 1
    BOOTLOADER = 2
    PARAMETERS = 3
    APPLICATION = 4
    CUSTOM = 5


@record()
class Reason:
    """Why something lies where it lies: one sentence with numbers, and where the wish was said.

    ``partition`` is ``None`` for a statement about the whole flash. ``origin`` names what decided:
    ``wish``, ``device``, ``scheme`` or ``rule``. ``decides`` is false for what holds anyway, since
    something else asks for more.
    """

    step: Step
    text: str
    origin: str
    partition: str | None = None
    owner: str | None = None
    extent: Extent | None = None
    place: Place | None = None
    decides: bool = True


@record()
class Limit:
    """What a slot really takes: ``largest_image`` bytes in ``partition``, and why no more."""

    partition: str
    largest_image: int
    reason: str


@record()
class Plan:
    """A table with the reasons for it, the largest image of each slot, and what binds.

    ``proven`` is true when the sizes are proven optimal for the wishes, ``binding`` says what one
    more erase block for one partition costs another.
    """

    table: Table
    reasons: tuple[Reason, ...]
    limits: tuple[Limit, ...] = ()
    binding: tuple[str, ...] = ()
    proven: bool = True
