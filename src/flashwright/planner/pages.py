"""The manual pages of the planner's codes."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "PLN001",
        "wishes-conflict",
        Severity.ERROR,
        """Some wishes of the spec cannot hold together.

        ## What it checks
        Whether any layout keeps all wishes, the facts of the device and the rules of the upgrade
        scheme. The message names a smallest set of them that conflicts: without any one of them
        the others could be kept. Facts of the device (reserved ranges, boot addresses) and rules
        of the scheme are named where they take part.

        ## Why it matters
        A layout that ignores one of them overwrites data, or cannot be booted or updated.

        ## How to fix
        Take one of the changes of the help line. They are ordered by the bytes that they cost.
        """,
    ),
    page(
        "PLN002",
        "unknown-name",
        Severity.ERROR,
        """A wish names a partition, flash, bank or window that does not exist.

        ## How to fix
        Correct the name; the help line shows the nearest one. `flashwright devices NAME` lists the
        flashes, banks and windows of a device.
        """,
    ),
    page(
        "PLN003",
        "order-in-a-circle",
        Severity.ERROR,
        """Wishes put partitions after each other in a circle.

        ## What it checks
        `after`, `before` and `directly_after`, followed from partition to partition.

        ## How to fix
        Remove one of the wishes that the message names.
        """,
    ),
    page(
        "PLN004",
        "not-enough-room",
        Severity.ERROR,
        """The partitions need more bytes than their flash has.

        ## What it checks
        The sum of the least sizes, rounded up to erase blocks, against what the vendor's reserved
        ranges leave of the flash. Where few partitions are enough to show the lack, they are named
        under PLN001.

        ## How to fix
        Make partitions smaller, lay some in another flash, or take a device with more.
        """,
    ),
    page(
        "PLN005",
        "senseless-value",
        Severity.ERROR,
        """A value of the spec makes no sense by itself.

        ## What it checks
        Sizes of 0 and less, alignments of 0, numbers of 2^64 and more, a partition that names
        itself, a device without flash, more partitions than are planned.

        ## How to fix
        Correct the value; the help line says what it may be.
        """,
    ),
    page(
        "PLN006",
        "not-proven-best",
        Severity.WARNING,
        """The search stopped at its limit, so that the plan may not be the best one.

        ## Why it matters
        The plan keeps every wish and every rule. A slot might still be larger in another order of
        the partitions.

        ## How to fix
        Fix the places of some partitions with `at`, give fewer alignments, or let the search look
        further: `flashwright plan --effort 5`.
        """,
    ),
    page(
        "PLN007",
        "size-rounded-up",
        Severity.NOTE,
        """A size was rounded up to whole erase blocks.

        ## What it checks
        Wished sizes against the erase blocks at the place where the partition came to lie.

        ## Why it matters
        Two partitions in one erase block are erased together, so the rest of the block cannot be
        used by another one.

        ## How to fix
        Write the larger size: it costs nothing more.
        """,
    ),
    page(
        "PLN008",
        "size-not-known",
        Severity.ERROR,
        """Something that a plan needs is neither said nor known.

        ## What it checks
        The size of a bootloader whose device does not tell it, the largest compressed or delta
        update, the size of a partition whose role has no usual one, the place of a kept partition.

        ## How to fix
        Say it under the key that the help line names.
        """,
    ),
    page(
        "PLN009",
        "order-given-up",
        Severity.NOTE,
        """The usual order of the areas could not be kept.

        ## Why it matters
        AliOS Things lays bootloader, application, OTA TMP and parameters one after the other. The
        order is a habit; what the bootloader needs is kept. People who know the habit may be
        surprised.
        """,
    ),
    page(
        "PLN010",
        "search-limit",
        Severity.ERROR,
        """No plan was found before the search reached its limit.

        ## What it checks
        The work of the search, counted in steps, so that the answer is the same on every machine.

        ## How to fix
        Fix the places of some partitions with `at`, or drop wishes; many partitions that must fill
        many gaps exactly are hard for any search. `flashwright plan --effort 5` searches longer.
        """,
    ),
    page(
        "PLN011",
        "scheme-not-for-bootloader",
        Severity.ERROR,
        """The upgrade scheme needs another kind of bootloader than the device has.

        ## How to fix
        Choose a scheme for the bank mode of the device, or state the bank mode of your own
        bootloader under `[boot]`.
        """,
    ),
    page(
        "PLN013",
        "wished-twice",
        Severity.ERROR,
        """Two wishes are for a partition of the same name.

        ## How to fix
        Give each partition a name of its own.
        """,
    ),
    page(
        "PLN014",
        "max-align-raised",
        Severity.NOTE,
        """The slots are programmed in larger units than the spec declares for MCUboot.

        ## Why it matters
        MCUboot pads each field of its trailer to MCUBOOT_BOOT_MAX_ALIGN. With less than the
        program unit of the flash it could not write the fields one by one.

        ## How to fix
        Build MCUboot, the application and imgtool with the value of the help line, and write it
        as `max_align` under `[update]`.
        """,
    ),
)
