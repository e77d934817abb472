"""Manual pages of the prover's codes."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "SIM001",
        "no-device-to-prove",
        Severity.ERROR,
        """The table names no device, so its erase blocks are not known.

        ## How to fix
        Pass `--device`, or describe the device in `flash.toml`.
        """,
    ),
    page(
        "SIM002",
        "scheme-not-provable",
        Severity.ERROR,
        """No upgrade scheme is named, or none of that name is modelled.

        ## How to fix
        `flashwright prove FILE --list` lists the schemes that can be proven.
        """,
    ),
    page(
        "SIM003",
        "scheme-lacks-partition",
        Severity.ERROR,
        """The scheme needs a partition that the layout does not have.""",
    ),
    page(
        "SIM004",
        "scheme-lacks-room",
        Severity.ERROR,
        """A partition of the scheme has too few erase blocks, or too few bytes.

        ## Why it matters
        A record that is never absent needs two erase blocks: one can be erased while the other
        still tells the bootloader what to start.
        """,
    ),
    page(
        "SIM005",
        "scheme-cannot-place",
        Severity.ERROR,
        """A partition of the scheme lies outside the flash, or two of them share bytes.""",
    ),
    page(
        "SIM006",
        "trace-of-another-machine",
        Severity.ERROR,
        """A trace cannot be walked.

        ## Why it matters
        The id of a trace belongs to one layout, scheme, fault model, number of updates and size of
        program calls; with others it leads elsewhere or nowhere.
        """,
    ),
    page(
        "SIM008",
        "not-executable",
        Severity.ERROR,
        """The scheme runs images where they lie, and the CPU does not see the flash of a slot.

        ## How to fix
        Put both slots into memory-mapped flash, or use a scheme that copies or swaps.
        """,
    ),
    page(
        "SIM009",
        "trailer-too-fine",
        Severity.ERROR,
        """Two fields of an MCUboot trailer would lie in one program unit of the flash.

        ## How to fix
        Build MCUboot with a MCUBOOT_BOOT_MAX_ALIGN of at least the program unit, sign images with
        the same alignment, and say `max_align` in `[update]` (see SLT247).
        """,
    ),
    page(
        "SIM101",
        "property-violated",
        Severity.ERROR,
        """A power cut, or a chain of them, breaks a property of the scheme on this layout.

        ## What it checks
        Every state that any number of cuts at any point can lead to, under the assumptions that the
        proof prints.

        ## How to fix
        `--replay` with the id of the trace shows the way step by step. What usually mends it: a
        second erase block for the boot record, a scratch area, or another scheme.
        """,
    ),
    page(
        "SIM102",
        "proof-vacuous",
        Severity.ERROR,
        """Nothing was broken, but what the scheme is for never happened.

        ## Why it matters
        A bootloader that never installs an update breaks nothing. That is no proof.
        """,
    ),
    page(
        "SIM103",
        "proof-incomplete",
        Severity.ERROR,
        """A limit was hit before everything was explored.

        ## How to fix
        Raise `--states` or `--seconds`. `--allow-incomplete` makes the exit status 0 all the same.
        """,
    ),
)
