"""Manual pages of the codes that the shell around the core reports: files, words, pictures."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "CLI001",
        "unknown-code",
        Severity.ERROR,
        """`explain` was asked for a code that no finding has.

        ## How to fix
        `flashwright explain` without a code lists all of them.
        """,
    ),
    page("CLI002", "too-few-files", Severity.ERROR, "The verb compares files and needs two."),
    page(
        "CLI003",
        "several-tables",
        Severity.ERROR,
        """A file holds several tables where one is compared.

        ## How to fix
        Choose one with `--table NAME`, or a branch of the source with `-D`.
        """,
    ),
    page("CLI004", "no-renaming", Severity.ERROR, "`--rename` takes OLD=NEW, two names."),
    page("CLI005", "no-c-name", Severity.ERROR, "A name for C is no identifier."),
    page(
        "DEV012",
        "flash-twice",
        Severity.ERROR,
        """`--flash` names a flash that the device has already.

        ## How to fix
        Give the further flash another name: the one that the layout uses for it.
        """,
    ),
    page(
        "DRW001",
        "unknown-picture",
        Severity.ERROR,
        """The ending of the output's name says no picture format.

        ## How to fix
        Name it `.svg`, `.png`, `.html` or `.txt`, or say `--as`.
        """,
    ),
    page(
        "DRW002",
        "one-table-a-picture",
        Severity.ERROR,
        """An SVG or PNG shows one table, and the file has several.

        ## How to fix
        Draw them as HTML or in the terminal, which show all, or choose one `configuration`.
        """,
    ),
    page(
        "DRW003",
        "picture-for-a-terminal",
        Severity.ERROR,
        """A PNG would be written to a terminal.

        ## How to fix
        Say `-o FILE.png`, or redirect the output.
        """,
    ),
    page(
        "FMT005",
        "not-written",
        Severity.ERROR,
        """Nothing was written, because the layout has errors.

        ## Why it matters
        A table that is written gets shipped. Mend what the other findings say.

        ## How to fix
        `--force` writes it as it is, for instance to hand a faulty table to somebody else.
        """,
    ),
    page(
        "FMT008",
        "written-whole",
        Severity.ERROR,
        """A file is to be kept that this format cannot be written into.

        ## Why it matters
        Headers, linker scripts, Markdown and binary tables are written whole; what else is in the
        existing file would be lost.

        ## How to fix
        Leave out `--into`, and write to a file of its own.
        """,
    ),
    page(
        "HST001",
        "cannot-read",
        Severity.ERROR,
        """A file or directory cannot be read; the message says why.""",
    ),
    page(
        "HST002",
        "input-too-large",
        Severity.ERROR,
        """The input is larger than any flash image that is read (256 MiB).""",
    ),
    page(
        "HST003",
        "cannot-write",
        Severity.ERROR,
        """The output cannot be written; nothing of it was left behind.

        ## What it checks
        Outputs are written to a temporary file beside the target, which then takes its place, so
        the directory has to be writable.
        """,
    ),
    page(
        "HST004",
        "missing-extra",
        Severity.ERROR,
        """The verb needs an optional package that is not installed; the help line says which.""",
    ),
    page(
        "HST005",
        "would-replace-input",
        Severity.ERROR,
        """The output is named like the file that was read; nothing was written.

        ## Why it matters
        What a layout file says beside its partitions (comments, order, other settings) is not in
        the output, and would be lost.

        ## How to fix
        Write to another file. `convert FILE --to FORMAT --into FILE -o FILE` writes the partitions
        back into a file and keeps the rest of its text.
        """,
    ),
    page(
        "SPC001",
        "nothing-to-plan",
        Severity.ERROR,
        """`plan` was given a table, in which every partition has its place already.

        ## How to fix
        Use `check`, `draw` or `convert` for it. A spec with gaps is a `flash.toml`.
        """,
    ),
)
