"""Manual pages of the codes that reading and writing ESP-IDF tables reports.

Source: espressif/esp-idf components/partition_table/gen_esp32part.py 1.5 (102122904ade).
"""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "FMT210",
        "esp-idf-syntax",
        Severity.ERROR,
        """A line of the CSV is not a row as ESP-IDF reads it.

        ## Why it matters
        A row is name, type, subtype, offset, size, flags, split at commas; nothing is
        quoted, and a comment stands on a line of its own.
        """,
    ),
    page(
        "FMT211",
        "esp-idf-name-twice",
        Severity.ERROR,
        """Two rows have the same name.

        ## Why it matters
        `esp_partition_find_first()` by name returns the first of them; the other is never
        found.
        """,
    ),
    page(
        "FMT212",
        "esp-idf-unaligned",
        Severity.ERROR,
        """A row starts or ends where ESP-IDF does not allow it.

        ## Why it matters
        Applications start at multiples of 0x10000 (the MMU maps 64 KiB at a time), all else
        at multiples of 0x1000; the size of an application is a multiple of 0x1000, or of
        0x10000 under Secure Boot v1.
        """,
    ),
    page(
        "FMT213",
        "esp-idf-order",
        Severity.ERROR,
        """A row overlaps another one or the partition table, or rows with offsets do not rise.

        ## Why it matters
        The build tool walks through the CSV from top to bottom and refuses an offset below
        the end of the row before it, even if nothing overlaps.
        """,
    ),
    page(
        "FMT214",
        "esp-idf-bootloader-offset",
        Severity.ERROR,
        """A bootloader row needs an offset that the file does not hold.

        ## Why it matters
        The chip decides where its ROM looks for the bootloader; where the recovery bootloader is,
        the project's configuration says (`--recovery-bootloader-offset`).
        """,
    ),
    page(
        "FMT215",
        "esp-idf-negative-size",
        Severity.ERROR,
        """A negative size says an end that is not above the start.

        ## Why it matters
        `-2M` means: up to offset 2M.
        """,
    ),
    page(
        "FMT216",
        "esp-idf-field-range",
        Severity.ERROR,
        """A number does not fit its field in the binary table.

        ## Why it matters
        Types and subtypes have 8 bits, offsets and sizes 32.
        """,
    ),
    page(
        "FMT217",
        "esp-idf-past-flash",
        Severity.ERROR,
        """The table ends behind the flash.

        ## Why it matters
        The bootloader refuses the whole table and resets for ever.
        """,
    ),
    page(
        "FMT218",
        "esp-idf-data-rule",
        Severity.ERROR,
        """A data partition breaks a rule of its subtype.

        ## Why it matters
        A writable NVS has at least 0x3000 bytes; otadata and coredump cannot be readonly.
        """,
    ),
    page(
        "FMT219",
        "esp-idf-otadata",
        Severity.ERROR,
        """otadata (or tee_ota) is there twice, or has another size than 0x2000.

        ## Why it matters
        It is two erase blocks with one record in each, so that one is whole at any time.
        """,
    ),
    page(
        "FMT220",
        "esp-idf-label-cut",
        Severity.WARNING,
        """A name is longer than the 16 bytes of its label.

        ## Why it matters
        The build tool cuts it in silence; the application looks for the whole name and
        finds nothing.
        """,
    ),
    page(
        "FMT221",
        "esp-idf-label-twice",
        Severity.ERROR,
        """Two names are equal in their first 16 bytes.

        ## Why it matters
        Their labels in flash are the same, although the CSV tells them apart. The build
        tool accepts it.
        """,
    ),
    page(
        "FMT222",
        "esp-idf-no-bytes",
        Severity.WARNING,
        """A partition has a size of zero.

        ## Why it matters
        The build tool accepts it; every access to the partition fails.
        """,
    ),
    page(
        "FMT223",
        "esp-idf-full",
        Severity.NOTE,
        """The table holds as many rows as fit.

        ## Why it matters
        94 with the MD5 row, 95 without it.
        """,
    ),
    page(
        "FMT225",
        "esp-idf-unread-field",
        Severity.WARNING,
        """A row of the bootloader or of the partition table says a place or a size of its own.

        ## Why it matters
        `gen_esp32part.py` does not read it: the bootloader begins where the chip's ROM looks for it
        and ends at the table, and the table takes one erase block at its offset. What the file says
        is something else than what is in flash.

        ## How to fix
        Leave the field blank (or write N/A); give `--bootloader-offset`,
        `--recovery-bootloader-offset` and `--table-offset`.
        """,
    ),
    page(
        "FMT230",
        "esp-idf-binary",
        Severity.ERROR,
        """The binary table is damaged, cut, or none.

        ## Why it matters
        The bootloader reads entries of 32 bytes that begin with AA 50 until it meets 32
        bytes 0xFF.
        """,
    ),
    page(
        "FMT231",
        "esp-idf-md5",
        Severity.ERROR,
        """The MD5 row does not match the entries.

        ## Why it matters
        The bootloader and the application refuse such a table.
        """,
    ),
    page(
        "FMT232",
        "esp-idf-label-encoding",
        Severity.WARNING,
        """A label is not UTF-8.

        ## Why it matters
        The build tool cuts names after 16 bytes, even in the middle of a character.
        """,
    ),
    page(
        "FMT233",
        "esp-idf-unknown-flags",
        Severity.WARNING,
        """An entry has flag bits that are not known.

        ## Why it matters
        They are lost when the table is written again.
        """,
    ),
    page(
        "FMT234",
        "esp-idf-too-many",
        Severity.ERROR,
        """More partitions than a table holds.

        ## Why it matters
        94 with the MD5 row, 95 without it; the documentation says 95.
        """,
    ),
    page(
        "FMT235",
        "esp-idf-cannot-say",
        Severity.ERROR,
        """An ESP-IDF table cannot say this of a partition.

        ## Why it matters
        It knows one flash, and the flags encrypted and readonly.
        """,
    ),
    page(
        "FMT236",
        "esp-idf-name-field",
        Severity.ERROR,
        """A name cannot be a field of the CSV.

        ## Why it matters
        Fields end at a comma, and blanks around them are lost.
        """,
    ),
)
