"""Manual pages of what the reader and the writer of AliOS Things C tables report."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

PAGES: tuple[Page, ...] = (
    page(
        "FMT100",
        "c-too-complex",
        _E,
        """
        A C file is larger, or expands to more, than is read.

        ## What it checks
        A C file may have 1 MiB, 300 000 tokens with all includes and macro expansions, expansions
        100 deep, includes 20 deep, and 2000 entries in all tables. Real tables are far below.

        ## How to fix
        Give only the file with the table, and of its headers those that it needs.
        """,
    ),
    page(
        "FMT101",
        "value-not-in-file",
        _E,
        """
        The place of a partition depends on something that the file does not give.

        ## What it checks
        Start, length, owner and options of every entry must be numbers that follow from the file,
        from `-D NAME=VALUE` and from the headers below `-I DIR`. A name that nothing defines, or a
        value that only exists at run time (`REG32(...)`), is never guessed: the partition is left
        out of the table and its name is kept in the table's attribute `incomplete`.

        ## Why it matters
        A table that was guessed half is worse than none: it looks sound.

        ## How to fix
        Pass `-D SPI_FLASH_CAPACITY=0x200000` with the value that the build uses, or `-I` with the
        directory of the header that defines it.
        """,
    ),
    page(
        "FMT102",
        "no-c-table",
        _E,
        """
        There is no partition table in a C file, or nothing fills it.

        ## What it checks
        An array of `hal_logic_partition_t` (or another `..._logic_partition_t`),
        `mtd_partition_t` or `aos_flashpart_t` with an initialiser, or assignments to the members of
        such an array, is expected.

        ## How to fix
        Give the file that defines the table: often `board.c`, `flash_partitions.c`,
        `board_partition.c` or `partition_conf.c`.
        """,
    ),
    page(
        "FMT103",
        "set-twice",
        _N,
        """
        An entry of a C table is set twice; the last one counts.

        ## What it checks
        In C a later designator or assignment replaces an earlier one, without a warning by default.

        ## Why it matters
        A shipped STM32F429 table sets its application twice, and so ends up as a 16 KiB bootloader
        in the second bank.

        ## How to fix
        Remove the one that is not meant.
        """,
    ),
    page(
        "FMT104",
        "wraps-32-bits",
        _E,
        """
        A number of a C table runs below zero or past 32 bits.

        ## What it checks
        The members are `uint32_t`: the compiler keeps the value modulo 2^32. The table is read with
        that value, as the firmware sees it.

        ## Why it matters
        A length such as `total - 2 * main` is nearly 4 GiB as soon as `main` is too large.

        ## How to fix
        Mend the terms of the expression.
        """,
    ),
    page(
        "FMT105",
        "unknown-c-owner",
        _W,
        """
        A partition lies in a flash whose symbol AliOS Things does not define.

        ## What it checks
        `hal_flash_t` has HAL_FLASH_EMBEDDED, HAL_FLASH_SPI and HAL_FLASH_QSPI.

        ## How to fix
        Use one of these, or give the header that defines the symbol with `-I`.
        """,
    ),
    page(
        "FMT106",
        "branch-left-out",
        _N,
        """
        A part of a C table was left out or taken because a macro is not defined.

        ## What it checks
        `#if` and `#ifdef` around entries of a table, where nothing in the file, in `-D` or below
        `-I` defines the macro. The file is read as the compiler would read it without the macro.

        ## How to fix
        Pass `-D NAME` (or `-D NAME=VALUE`) as the build of your product does; check each of the
        layouts that you ship.
        """,
    ),
    page(
        "FMT107",
        "malformed-c",
        _E,
        """
        C text that a compiler would refuse, in or near a table.

        ## What it checks
        Syntax inside the initialiser of a table (an error), and malformed preprocessor directives
        (a warning). What could be read is read.

        ## How to fix
        Mend the text; a compiler names the same line.
        """,
    ),
    page(
        "FMT108",
        "filled-under-condition",
        _W,
        """
        A C table is filled under a condition that is known at run time only.

        ## What it checks
        Assignments to a table inside `if`, `switch` or a loop. All of them are taken as if they
        ran, in the order of the text.

        ## How to fix
        Give each layout its own table with an initialiser, and choose between the tables.
        """,
    ),
    page(
        "FMT109",
        "private-numbering",
        _W,
        """
        A table uses a number as index, and its description names another partition.

        ## What it checks
        With numbers (or positions) as indices, the entry at index N is what symbol N of
        `hal_partition_t` says. Where the description plainly says something else, its name and
        role are taken from the description.

        ## Why it matters
        The system asks by index: it would use this entry for another purpose.

        ## How to fix
        Use the symbols `HAL_PARTITION_...` as indices.
        """,
    ),
    page(
        "FMT110",
        "not-understood-in-table",
        _W,
        """
        Something in a C table is passed over.

        ## What it checks
        Elements whose index is not known, elements without braces, assignments such as `+=` to a
        member.

        ## How to fix
        Write each element as `[HAL_PARTITION_...] = { .partition_owner = ..., ... },`.
        """,
    ),
    page(
        "FMT120",
        "symbol-not-in-release",
        _N,
        """
        A symbol that is written is not in that release's enumeration.

        ## What it checks
        `hal_partition_t` differs from release to release; symbols of your own are in none. It is a
        warning if another release has the symbol, else a note.

        ## How to fix
        Declare the symbol at the end of the enumeration, before HAL_PARTITION_MAX, and never
        insert one in the middle: all later indices would change their meaning.
        """,
    ),
    page(
        "FMT121",
        "owner-not-writable",
        _E,
        """
        A partition lies in a flash that an AliOS Things table cannot name.

        ## How to fix
        Call the flash `embedded`, `spi` or `qspi`.
        """,
    ),
    page(
        "FMT122",
        "beyond-32-bits",
        _E,
        """
        A start or a length does not fit the 32 bits of the C table.

        ## How to fix
        Make it at most 0xFFFFFFFF.
        """,
    ),
    page(
        "FMT123",
        "table-renamed",
        _N,
        """
        A table is written under another name, because C needs an identifier.

        ## How to fix
        Nothing, if the name suits; else rename the table.
        """,
    ),
    page(
        "FMT124",
        "unknown-alios-release",
        _E,
        """
        There is no such release of AliOS Things.

        ## How to fix
        Use one of 1.1, 1.2, 1.3.4, 2.0, 2.1, 3.0, 3.1, 3.3.
        """,
    ),
    page(
        "FMT126",
        "same-symbol",
        _E,
        """
        Two partitions would be written under one symbol; the second would replace the first.

        ## How to fix
        Give one of them another `id`.
        """,
    ),
    page(
        "FMT130",
        "cannot-edit-c",
        _E,
        """
        The existing C file cannot be changed so that it says what the table says.

        ## What it checks
        The changed file is read again before it is written; nothing is written if it does not say
        what was wished. Values that come from a macro with arguments, from another file or from
        run time cannot be changed in place, and tables by position take no new entries.

        ## How to fix
        Write to a new file, or change the file by hand and `sync` the two.
        """,
    ),
    page(
        "FMT131",
        "expression-replaced",
        _W,
        """
        A macro or an expression in a C table is replaced by a number.

        ## Why it matters
        The macro itself keeps its old value; other code that uses it does not follow the table.

        ## How to fix
        Change the macro instead, if other code depends on it.
        """,
    ),
    page(
        "FMT132",
        "left-in-c",
        _W,
        """
        The existing C file has a partition that the table does not have; it stays in the file.

        ## How to fix
        Remove it by hand if it has to go: devices in the field may have data in it.
        """,
    ),
    page(
        "FMT133",
        "appended-to-c",
        _N,
        """
        New partitions were appended at the end of the table in an existing C file.

        ## How to fix
        Nothing; declare their symbols at the end of `hal_partition_t`.
        """,
    ),
)
