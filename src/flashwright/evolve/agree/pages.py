"""Manual pages of what `sync` reports."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "SYN101",
        "files-disagree-on-place",
        Severity.ERROR,
        """Two files of one board put the same partition at different places.

        ## Why it matters
        Each file feeds another part of the build: the bootloader, the application's linker script,
        the update tool. The device works on the desk and fails at its first update.
        """,
    ),
    page(
        "SYN102",
        "files-disagree-on-size",
        Severity.ERROR,
        """Two files of one board give the same partition different sizes.

        ## Why it matters
        The linker accepts an image that the bootloader refuses, or one part erases what another
        part still uses.
        """,
    ),
    page(
        "SYN103",
        "only-in-one-file",
        Severity.WARNING,
        """A partition is described in one of the files only.

        ## What it checks
        Parts of a partition that both files have, spans over such parts, and the unused rest of a
        region are no partitions of their own here: one file may divide what the other leaves whole.

        ## Why it matters
        Software built from the other file may use its bytes for something else.
        """,
    ),
    page(
        "SYN104",
        "different-base",
        Severity.NOTE,
        """One file writes CPU addresses and the other offsets; all pairs differ by one constant.

        ## How to fix
        Pass `--device`, so that both are compared as CPU addresses.
        """,
    ),
    page(
        "SYN105",
        "files-disagree-on-flash",
        Severity.ERROR,
        """Two files of one board put the same partition into different flashes.

        ## What it checks
        Files may call a flash by other names (`embedded`, `flash0`, `mx25r64`): what most of the
        partitions say is taken as its name in the other file.

        ## Why it matters
        The update is downloaded to one flash, and looked for in the other.
        """,
    ),
    page(
        "SYN106",
        "region-inside-partition",
        Severity.NOTE,
        """A region of a linker script lies inside a partition, and leaves some of it free.

        ## What it checks
        That is as it should be where a header stands before the image (MCUboot: 0x200 bytes) or a
        trailer behind it. The numbers are told, so that they can be compared with what the
        bootloader keeps.
        """,
    ),
    page(
        "SYN107",
        "region-beyond-partition",
        Severity.ERROR,
        """A region of a linker script goes on beyond the partition that it begins in.

        ## Why it matters
        The linker is the last to notice an image that is too large. With this region it makes one
        that overwrites the next partition when it is flashed, or that the bootloader refuses. An
        application whose region still begins where the bootloader lies does not start at all.

        ## How to fix
        Give the region the place of the partition that its image is made for; the help line has the
        numbers. `flashwright convert --to ld-memory` writes them.
        """,
    ),
    page(
        "SYN108",
        "files-disagree-on-kind",
        Severity.ERROR,
        """Two files of one format say different things of what a partition is, or who may write it.

        ## Why it matters
        A partition is found by its type as often as by its name.
        """,
    ),
    page(
        "SYN109",
        "nothing-compared",
        Severity.WARNING,
        """A linker script and a layout have no byte of flash in common.

        ## Why it matters
        No disagreement was found because nothing was compared.

        ## How to fix
        Pass `--device`: then the offsets of the layout have CPU addresses.
        """,
    ),
)
