"""Manual pages of what the mtdparts reader and writer report."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page


def _page(code: str, name: str, severity: Severity, line: str, fix: str) -> Page:
    return page(code, name, severity, f"{line}\n\n## How to fix\n{fix}\n")


PAGES: tuple[Page, ...] = (
    _page(
        "FMT200",
        "malformed-mtdparts",
        Severity.ERROR,
        "An mtdparts string (or a part of it) is not one.",
        "Write `<mtd-id>:<size>[@<offset>][(<name>)][ro][lk][slc],...`, sizes with k, m or g.",
    ),
    _page(
        "FMT201",
        "no-mtdparts",
        Severity.ERROR,
        "There is no mtdparts string in the file.",
        "Give a kernel command line, a U-Boot environment, or the string itself.",
    ),
    page(
        "FMT202",
        "linux-and-uboot-differ",
        Severity.WARNING,
        """
        Linux and U-Boot put a partition in different places, from the same string.

        ## What it checks
        After a partition with an explicit `@offset`, Linux goes on behind it, and so does U-Boot's
        older `mtdparts` command. U-Boot's `mtd` command adds up the sizes only, and so places the
        next one as if the offset had not been there.

        ## Why it matters
        U-Boot erases and writes at one place, and Linux reads at another.

        ## How to fix
        Write the offset of each partition behind one that has an offset.
        """,
    ),
    _page(
        "FMT203",
        "rest-of-unknown-flash",
        Severity.ERROR,
        "A partition takes the rest of a flash whose size is not known; it is left out.",
        "Pass `--flash-size` or `--device`.",
    ),
    _page(
        "FMT204",
        "mtdparts-past-the-end",
        Severity.ERROR,
        "A partition reaches past the end of the flash: Linux cuts it, U-Boot refuses.",
        "Make it smaller, or use `-` for the rest.",
    ),
    _page(
        "FMT205",
        "uboot-refuses",
        Severity.WARNING,
        "U-Boot refuses a partition that Linux takes.",
        "Partitions for U-Boot have 4 KiB or more, a name that is neither empty nor has a `;`,\n"
        "units k, m and g, and no `lk` or `slc`; one of them is at offset 0. The mtd-id has no\n"
        "colon and at most 19 bytes, the whole string at most 511.",
    ),
    _page(
        "FMT206",
        "mtdparts-size",
        Severity.ERROR,
        "A partition has no bytes, or takes the rest of the flash and is not the last.",
        "Give it a size.",
    ),
    _page(
        "FMT207",
        "mtdparts-not-writable",
        Severity.ERROR,
        "A table cannot be written as an mtdparts string.",
        "Names and mtd-ids have no white space, brackets, quotes, `;` or `$`; sizes are above 0;\n"
        "each string holds one table.",
    ),
    _page(
        "FMT208",
        "mtdparts-not-edited",
        Severity.ERROR,
        "The mtdparts string of an existing file cannot be given that layout.",
        "Mend what the message names, or write the string to a new file. A binary file is changed\n"
        "only if it is a U-Boot environment with a right checksum and room for the new string.",
    ),
    _page(
        "FMT209",
        "mtd-numbers",
        Severity.WARNING,
        "Partitions that stay get other numbers, because others before them came or went.",
        "Change `root=/dev/mtdblockN`, `ubi.mtd=N`, `/dev/mtdN` and scripts, or use names\n"
        "(`ubi.mtd=rootfs`). It is a note where the file itself says no such number.",
    ),
    _page(
        "FMT226",
        "mtd-id-twice",
        Severity.ERROR,
        "A string defines the partitions of one mtd-id twice: only the last definition counts.",
        "Join the two definitions. Linux drops the first one without a word, U-Boot refuses.",
    ),
    page(
        "FMT227",
        "linux-refuses",
        Severity.WARNING,
        """
        Linux does not take the string as it stands.

        ## What it checks
        A `;` at the end promises another definition: Linux refuses the whole string for the flash
        that it probes first. White space in a name ends a kernel parameter, unless it is quoted.

        ## Why it matters
        The kernel comes up without these partitions, and with another root file system or none.

        ## How to fix
        Leave out the last `;`. Write names without white space, or quote the whole parameter. Where
        the `;` belongs to a script of U-Boot, write a space before it.
        """,
    ),
    _page(
        "FMT228",
        "mtdparts-number",
        Severity.WARNING,
        "An offset has no digits. Linux and U-Boot take it as 0, over whatever begins there.",
        "Write the offset, or leave out the `@`.",
    ),
    _page(
        "FMT229",
        "mtdparts-unnamed",
        Severity.NOTE,
        "A partition has no name. Linux and U-Boot each make up one, and not the same.",
        "Give it a name, in brackets behind its size and offset.",
    ),
    _page(
        "FMT224",
        "mtdparts-removed",
        Severity.NOTE,
        "Partitions were taken out of an existing string, because the layout does not have them.",
        "Nothing. The partitions behind them keep their places.",
    ),
)
