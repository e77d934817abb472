"""Manual pages of the findings about Beken's partition CSV."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "FMT300",
        "beken-syntax",
        Severity.ERROR,
        """A row of a Beken CSV lacks something, or has a value that the build cannot read.

        ## What it checks
        Type is `app` or `data`, Execute `TRUE`, `FALSE`, `code` or `data`; an offset is
        hexadecimal; a size of the packager's dialects is a decimal number with `b`, `k`, `M` or
        `G`.
        """,
    ),
    page(
        "FMT301",
        "beken-place",
        Severity.ERROR,
        """A row overlaps the one before it, is not aligned to 4 KiB, or ends beyond the flash.

        ## What it checks
        The packager wants the first row at 0, rows that ascend, and an end within 16 MiB;
        automatic partitions end within `FLASH_CAPACITY` (8 MiB unless given).
        """,
    ),
    page(
        "FMT302",
        "beken-pair",
        Severity.ERROR,
        """A `secondary_` partition has no `primary_` of its name before it, or another size.""",
    ),
    page(
        "FMT303",
        "beken-cannot-say",
        Severity.ERROR,
        """The layout cannot be said in a Beken CSV.""",
    ),
    page(
        "FMT304",
        "beken-hexadecimal-offset",
        Severity.WARNING,
        """A value is read otherwise than it looks: an offset without `0x`, an Execute of `true`.

        ## Why it matters
        `4096` is 0x4096 to the build: the partition lies elsewhere than its author thinks. Only
        `TRUE` makes a partition code: with `true` it gets neither CRC nor checks of its place.
        """,
    ),
    page(
        "FMT305",
        "beken-name",
        Severity.ERROR,
        """A name that the packager refuses, or that damages its binary table.

        ## What it checks
        `all`, `primary_all` and `secondary_all` are made by the packager. Code is called
        `primary_...` or `secondary_...` (but for bl1_control, bl2, bl2_B, boot_flag, ota and the
        manifests), data is not. A name of more than 20 bytes is not cut: it shifts what follows.
        """,
    ),
    page(
        "FMT306",
        "beken-secure-border",
        Severity.ERROR,
        """Secure code (`primary_tfm_s`) does not end where the hardware can draw the border.

        ## Why it matters
        The border between secure and non-secure code lies at a multiple of 64 KiB, 68 KiB where
        every 32 bytes of code are followed by 2 bytes of CRC. The packager refuses others.
        """,
    ),
)
