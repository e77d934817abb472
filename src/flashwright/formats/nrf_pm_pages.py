"""Manual pages of what the reader and writer of ``pm_static.yml`` report."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "FMT250",
        "pm-static-syntax",
        Severity.ERROR,
        """An entry of a Partition Manager file has no address or no size, or is no mapping, or says
        them as the build cannot read them.

        ## What it checks
        The Partition Manager reads YAML 1.1: `0x1000`, `4096`, `010000` (octal) and `0b1` are
        numbers; `"0x1000"` in quotes, `0X1000` and `0o10000` are texts, over which it stumbles.
        Names such as `on` and `1` are no texts unless they stand in quotes. Only `app` may come
        without address and size: it gets the gap.
        """,
    ),
    page(
        "FMT251",
        "pm-static-end",
        Severity.WARNING,
        """`end_address` is not where address and size say that the partition ends.

        ## Why it matters
        The Partition Manager goes by the size; people go by what they read.
        """,
    ),
    page(
        "FMT252",
        "pm-static-name",
        Severity.ERROR,
        """A name cannot be a key of a Partition Manager file, or is there twice.""",
    ),
    page(
        "FMT253",
        "pm-static-app",
        Severity.WARNING,
        """The entry `app` is not where the build puts the application.

        ## What it checks
        The Partition Manager ignores `app` in a static layout: the application gets the gap that
        the other entries leave. An entry that lies inside the gap is read as it is written, one
        that contradicts it is read as the gap.

        ## Why it matters
        A gap that is larger than `app` links an application that the slot of MCUboot cannot hold.
        """,
    ),
    page(
        "FMT255",
        "pm-static-other-names",
        Severity.WARNING,
        """The bootloader or a slot has a name that the build of the nRF Connect SDK does not know.

        ## Why it matters
        The build finds MCUboot and its slots by their names in `pm_static.yml`. Under other names
        they are areas that the application may use as it likes.

        ## How to fix
        Call them `mcuboot`, `mcuboot_primary`, `mcuboot_secondary` and `mcuboot_scratch` in the
        layout that the file is written from.
        """,
    ),
    page(
        "FMT254",
        "pm-static-gaps",
        Severity.WARNING,
        """The entries of the chip's own flash do not leave exactly one gap.

        ## Why it matters
        The Partition Manager stops ("incorrect amount of gaps") unless there is exactly one place
        for the application.
        """,
    ),
    page(
        "FMT256",
        "pm-static-not-packed",
        Severity.WARNING,
        """The entries of an external flash (or OTP) leave a gap, or do not begin at its start.

        ## Why it matters
        The Partition Manager packs such a region from its start, and stops where a static layout
        does not.

        ## How to fix
        Fill the gap with an entry such as `EMPTY_external_0`, or close it.
        """,
    ),
    page(
        "FMT257",
        "pm-static-region",
        Severity.WARNING,
        """An entry names a region that the build does not have.

        ## Why it matters
        The Partition Manager leaves out such entries without a word, and gives their place to the
        application.

        ## How to fix
        Write the region as the build names it: `flash_primary`, `external_flash`, `sram_primary`,
        `otp`, `ram_flash` or `bootconf`.
        """,
    ),
    page(
        "FMT258",
        "pm-static-same-macro",
        Severity.WARNING,
        """Two names differ in upper and lower case only.

        ## Why it matters
        The build makes macros of the names in upper case (`PM_MCUBOOT_ADDRESS`): one of the two
        cannot be reached.
        """,
    ),
    page(
        "FMT259",
        "pm-static-not-edited",
        Severity.ERROR,
        """An existing Partition Manager file cannot be given that layout.

        ## Why it matters
        The number would have to be written in an alias or a merged mapping that serves others too,
        or `app` would have to lie elsewhere than in the gap.

        ## How to fix
        Write the numbers out in the file, or write a new one.
        """,
    ),
    page(
        "FMT264",
        "pm-static-no-app",
        Severity.NOTE,
        """There is no entry `app`, and so none is read.

        ## Why it matters
        The build gives the application the one gap that the entries leave, together with the images
        and areas that it adds and that have no entry. What is read has no application.

        ## How to fix
        To have it checked and drawn, add an entry `app`; the build ignores its address and size.
        """,
    ),
)
