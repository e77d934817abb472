"""The manual pages of the findings of ``migrate``."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

_E, _W = Severity.ERROR, Severity.WARNING

MIGRATE_PAGES: tuple[Page, ...] = (
    page(
        "EVO170",
        "no-ground-to-plan-on",
        _E,
        """The device is not known, or a partition does not lie in its flash.

        ## How to fix
        Give the device (`--device`): erase blocks decide what can be moved.
        """,
    ),
    page(
        "EVO171",
        "no-way",
        _E,
        """There is no way over the air to the new layout.

        ## How to fix
        The findings with it say what stands in the way.
        """,
    ),
    page(
        "EVO172",
        "not-movable",
        _E,
        """Data cannot be moved byte by byte: it shrinks, or is of another kind.

        ## How to fix
        Keep size and kind; or give the data up (`discard`); or write the conversion yourself, as
        part of the image.
        """,
    ),
    page(
        "EVO173",
        "table-has-one-copy",
        _E,
        """The partition table has one copy, so that no way survives every power cut.

        ## How to fix
        Keep the table, or accept the milliseconds that the finding names (`accept_table_window`).
        """,
    ),
    page(
        "EVO174",
        "no-slot-to-run-from",
        _E,
        """The image that migrates has no slot that starts under both tables.

        ## How to fix
        Keep one slot of the old layout in the new one, with the same number modulo the number of
        slots.
        """,
    ),
    page(
        "EVO175",
        "shares-a-block",
        _E,
        """A block that would be erased holds what the device needs to start.

        ## How to fix
        Start partitions on erase blocks of their own.
        """,
    ),
    page(
        "EVO176",
        "copied-with-its-old-size",
        _W,
        """A file system is copied into a larger partition and keeps its old size.

        ## How to fix
        Grow it in the image, or mount it with its old size.
        """,
    ),
    page(
        "EVO177",
        "no-working-room",
        _E,
        """There is no room for the journal, or for a block that must be saved meanwhile.

        ## Why it matters
        Two erase blocks hold the journal; partitions that change places, or move by less than an
        erase block, pass through one more.

        ## How to fix
        Leave blocks unused in the new layout, or give a partition's data up (`discard`).
        """,
    ),
    page(
        "EVO178",
        "program-unit",
        _E,
        """A partition starts or ends inside a program unit, so that it cannot be written.

        ## How to fix
        Use multiples of the program unit, better of the erase block.
        """,
    ),
)
