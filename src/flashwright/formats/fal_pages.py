"""Manual pages of what the FAL reader and writer report."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE


def _page(code: str, name: str, severity: Severity, line: str, fix: str) -> Page:
    return page(code, name, severity, f"{line}\n\n## How to fix\n{fix}\n")


PAGES: tuple[Page, ...] = (
    _page(
        "FMT150",
        "no-fal-table",
        _E,
        "A file has no FAL_PART_TABLE, or an empty one, or is too large to be read.",
        "Give the header that defines FAL_PART_TABLE (often `fal_cfg.h`), with `-D` for the\n"
        "macros that its conditionals ask for.",
    ),
    _page(
        "FMT151",
        "fal-value-not-in-file",
        _E,
        "The place of a FAL partition depends on something that the file does not give.",
        "Pass `-D NAME=VALUE`, or `-I` with the directory of the header that defines it. The\n"
        "partition is left out of the table, never guessed.",
    ),
    _page(
        "FMT152",
        "fal-name-not-text",
        _W,
        "A name in a FAL table is no string, or empty; the symbol itself is taken as the name,\n"
        "or else the number of the entry.",
        "Pass `-D`, or `-I` with the directory of the header that defines it.",
    ),
    _page(
        "FMT153",
        "malformed-fal",
        _E,
        "The text of a FAL table is not C, or a directive is malformed (a warning).",
        "Mend the text; a compiler names the same line.",
    ),
    _page(
        "FMT154",
        "fal-branch-left-out",
        _N,
        "A part of a FAL table was left out or taken because a macro is not defined.",
        "Pass `-D NAME` as the build does.",
    ),
    _page(
        "FMT155",
        "fal-table-twice",
        _W,
        "FAL_PART_TABLE is defined twice; the last definition counts.",
        "Remove one, or choose with `-D`.",
    ),
    _page(
        "FMT156",
        "fal-name-too-long",
        _W,
        "A name is longer than FAL_DEV_NAME_MAX allows; FAL cannot find such a partition.",
        "Use at most 23 bytes (15 where FAL_DEV_NAME_MAX is 16).",
    ),
    _page(
        "FMT157",
        "fal-magic",
        _W,
        "An entry of a FAL table does not begin with the magic word.",
        "Begin it with FAL_PART_MAGIC_WORD (older files: FAL_PART_MAGIC_WROD).",
    ),
    _page(
        "FMT158",
        "fal-geometry",
        _W,
        "The length of a `fal_flash_dev` is not a multiple of its block size.",
        "Correct `len` or `blk_size`; FAL erases by `blk_size`.",
    ),
    _page(
        "FMT159",
        "fal-entry-not-read",
        _E,
        "An entry of a FAL table is not written as one: no braces, an index out of order, a macro\n"
        "that is not known, a member that `struct fal_partition` does not have, too many values.",
        "Write `{FAL_PART_MAGIC_WORD, name, flash_name, offset, len, 0}`, or the members by their\n"
        "names. For a macro pass `-I` with the directory of the header that defines it.",
    ),
    _page(
        "FMT160",
        "fal-one-table",
        _E,
        "A `fal_cfg.h` holds exactly one table.",
        "Write each table to a file of its own.",
    ),
    _page(
        "FMT161",
        "fal-same-name",
        _E,
        "Two partitions would be written under one name, and FAL finds partitions by name.",
        "Rename one of them.",
    ),
    _page(
        "FMT162",
        "fal-does-not-fit",
        _E,
        "A name or a number does not fit FAL's record.",
        "Names have 1 to 23 bytes; offsets stay below 2 GiB, lengths below 4 GiB.",
    ),
    _page(
        "FMT163",
        "fal-not-edited",
        _E,
        "An existing `fal_cfg.h` cannot be given that table without saying something else.",
        "Write a new file, or change by hand what the message names: rows that a macro with\n"
        "arguments makes, or a table whose end is not in the file.",
    ),
    _page(
        "FMT164",
        "fal-expression-replaced",
        _W,
        "A macro or an expression in a row was replaced by a number or a text.",
        "Look at what else uses the names in it: they keep their values.",
    ),
    _page(
        "FMT165",
        "fal-macro-changed",
        _N,
        "The definition of a macro was changed, because it gives that one value and nothing else.",
        "Nothing, unless a file that was not given (`-I`) uses the macro too.",
    ),
    _page(
        "FMT166",
        "fal-unknown-flash",
        _W,
        "A row names a flash that neither the other rows nor a `fal_flash_dev` of the file name.",
        "Define the flash, or use the name that the board has for it; FAL cannot use a partition\n"
        "whose flash it does not find.",
    ),
    _page(
        "FMT167",
        "fal-row-removed",
        _N,
        "A row was taken out of an existing table, because the layout has no such partition.",
        "Nothing. Its data stays in flash until something is written there.",
    ),
    _page(
        "FMT168",
        "fal-row-appended",
        _N,
        "A row was added at the end of an existing table.",
        "Nothing.",
    ),
    _page(
        "FMT169",
        "fal-row-unknown",
        _W,
        "A row of an existing table stays as it is, because its place is not known.",
        "Pass `-D NAME=VALUE`, or `-I` with the directory of the header that defines it.",
    ),
)
