"""The manual pages of every finding of ``evolve``, in the order of their codes."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page
from flashwright.evolve.lock.pages import LOCK_PAGES
from flashwright.evolve.migrate.pages import MIGRATE_PAGES

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

VERDICT_PAGES: tuple[Page, ...] = (
    page(
        "EVO101",
        "other-device",
        _E,
        """The two tables are for devices with different flashes.

        ## What it checks
        That every flash of the old table's device has the same base address and erase blocks in
        the new one. The name of the device may differ.

        ## How to fix
        Compare tables of one chip. A board with another chip has no devices in the field yet: it
        starts a lock of its own, under another table name.
        """,
    ),
    page(
        "EVO102",
        "faulty-table",
        _W,
        """A table that is compared has partitions that overlap.

        ## Why it matters
        Which of the two owns the bytes in devices cannot be told from the table, so the verdict
        holds only as far as the rest goes. AliOS Things' mk3060 shipped PARAMETER_4 inside its
        bootloader for years.

        ## How to fix
        Run `flashwright check` on that table. An overlap that is meant is declared with `parent`
        or `shares`.
        """,
    ),
    page(
        "EVO103",
        "unknown-rename",
        _E,
        """A rename names a partition that is not in the table.

        ## How to fix
        Write it as OLD=NEW: the name in the old table, then the name in the new one.
        """,
    ),
    page(
        "EVO104",
        "no-second-slot",
        _E,
        """Devices with the old layout have no place to receive an update in.

        ## How to fix
        There is no way over the air. If updates arrive in a memory that the table does not show,
        declare the scheme under `[update]`.
        """,
    ),
    page(
        "EVO105",
        "unknown-running-slot",
        _E,
        """The slot that all devices are said to run from is no slot of the old table.

        ## Why it matters
        What devices run from decides what still starts after the change. Of a slot that is not
        there nothing can be said, so nothing is promised.

        ## How to fix
        Name the slot as the old table does, or leave `--running` out: then any slot may run.
        """,
    ),
    page(
        "EVO106",
        "unknown-discard",
        Severity.WARNING,
        """A partition whose data may be lost is in neither table.

        ## Why it matters
        Nothing is given up by it; a name that is spelled wrongly leaves the data as it was.

        ## How to fix
        Name the partition as the old or the new table does.
        """,
    ),
    page(
        "EVO110",
        "boot-address-moves",
        _E,
        """A slot, scratch area or second boot moves away from where the bootloader expects it.

        ## Why it matters
        The bootloader in the field was built with the old layout and is not replaced by an
        update of the application. It goes on jumping to, or copying from, the old place.

        ## How to fix
        Keep the partition where it is. If the bootloader itself can be updated over the air, say
        so (`bootloader_updatable`): then an intermediate update is enough.
        """,
    ),
    page(
        "EVO111",
        "linked-elsewhere",
        _E,
        """Images in the field are linked for the old address of a slot that moves.

        ## Why it matters
        An image that runs in place from flash works only at the address that it was linked for.
        ESP-IDF images run through an MMU and are not concerned; those for ESP8266, STM32 and
        most others are.

        ## How to fix
        Keep the slot where it is. If images are position independent, say so (`position_free`).
        """,
    ),
    page(
        "EVO112",
        "boot-record-moves",
        _E,
        """The boot record moves or goes away.

        ## Why it matters
        The bootloader reads there which image to start. Finding nothing, it starts the factory
        image or the first slot, which may hold an old image or none.

        ## How to fix
        Keep it where it is. On ESP-IDF the record can be written at its new place before the
        table is rewritten; `flashwright migrate` plans that.
        """,
    ),
    page(
        "EVO113",
        "over-the-bootloader",
        _E,
        """A partition of the new layout lies over the bootloader that devices have.

        ## How to fix
        Start it behind the bootloader. What the new table calls the bootloader may be smaller;
        what devices hold there is not.
        """,
    ),
    page(
        "EVO114",
        "running-slot-goes",
        _E,
        """A slot that devices may be running from is no slot of the new table.

        ## Why it matters
        Once the table in the flash is rewritten, the bootloader looks for images only at the
        places that it names.

        ## How to fix
        Keep one slot where it is and as large as its image, and bring the intermediate image
        there first; or let it copy itself to a slot of the new table before the table changes.
        """,
    ),
    page(
        "EVO115",
        "first-image-too-large",
        _E,
        """The first image with the new layout must pass through the slots of the old one.

        ## How to fix
        Bring a smaller intermediate image first, which carries the new table. A note instead of
        an error means that the size of the image is not known (`image_size`).
        """,
    ),
    page(
        "EVO116",
        "slot-count-changes",
        _E,
        """Another number of OTA slots makes the record in devices select another slot.

        ## Why it matters
        ESP-IDF starts slot (sequence - 1) modulo the number of slots. Sequence 3 is slot 0 of
        two, and slot 2 of three: after the table changed, devices start what lies there.

        ## How to fix
        Before the table, write a sequence that names the running slot by both counts: slot + 1 +
        a multiple of their least common multiple. `flashwright migrate` plans that.
        """,
    ),
    page(
        "EVO117",
        "table-must-be-rewritten",
        _E,
        """The device reads its partition table from flash, and an update does not change it.

        ## Why it matters
        ESP-IDF calls this update "unsafe": there is one copy of the table, and from its erase to
        the end of its write a power cut leaves the device without one. It must then be flashed
        by cable.

        ## How to fix
        Keep the table. Or accept the risk (`accept_table_window`): then an intermediate image can
        rewrite it, with everything else arranged so that only these milliseconds are exposed.
        """,
    ),
    page(
        "EVO118",
        "table-md5",
        _E,
        """The application or the bootloader does not accept the table because of its MD5 row.

        ## Why it matters
        An application built with CONFIG_PARTITION_TABLE_MD5 (the default) refuses a table without
        the row and starts again for ever (esp-idf#9987). Bootloaders before v3.1 refuse a table
        with it.

        ## How to fix
        Build with CONFIG_PARTITION_TABLE_MD5=n, or rewrite the table before that application
        arrives.
        """,
    ),
    page(
        "EVO119",
        "table-moves",
        _E,
        """The partition table itself moves, but the bootloader in devices reads the old place.

        ## How to fix
        Keep CONFIG_PARTITION_TABLE_OFFSET.
        """,
    ),
    page(
        "EVO120",
        "data-moves",
        _E,
        """A partition with data moves: the new software looks for it elsewhere.

        ## Why it matters
        "Once the partitions are defined they cannot be changed, or data is lost": credentials,
        keys and calibration seem to be gone after the update, and the new place holds old bytes
        of something else.

        ## How to fix
        Put it back, or copy the data (`flashwright migrate`), or give it up (`discard`).
        """,
    ),
    page(
        "EVO121",
        "data-is-cut",
        _E,
        """A partition with data shrinks: what lies in its end is lost.

        ## How to fix
        Keep its size. A store that must shrink is read and written anew by its own software;
        bytes cannot simply be moved.
        """,
    ),
    page(
        "EVO122",
        "grows-over-old-bytes",
        _W,
        """A store grows over bytes that belonged to something else.

        ## How to fix
        Erase the added part before the larger partition is used; `flashwright migrate` does.
        """,
    ),
    page(
        "EVO123",
        "data-dropped",
        _W,
        """A partition with data is not in the new layout.

        ## How to fix
        If it has another name now, say so (`rename`). Else save what is needed, erase what may
        hold keys, and say that the rest is given up (`discard`).
        """,
    ),
    page(
        "EVO124",
        "inherits-old-bytes",
        _W,
        """A new partition lies over old bytes and its software takes them for its own.

        ## Why it matters
        A key-value store or file system that finds old bytes instead of erased flash may refuse
        them, repair them, or believe them.

        ## How to fix
        Erase it before its first use; `flashwright migrate` does.
        """,
    ),
    page(
        "EVO125",
        "read-by-another-kind",
        _E,
        """The same place is used by software of another kind, such as LittleFS after SPIFFS.

        ## How to fix
        Give the new kind another place and name, or convert the data in the image, or give it up.
        """,
    ),
    page(
        "EVO126",
        "file-system-keeps-its-size",
        _W,
        """A file system's partition grows, but the file system in it was made for the old size.

        ## Why it matters
        LittleFS and FAT hold their size in their first block and keep it; SPIFFS makes its magic
        from it (SPIFFS_USE_MAGIC_LENGTH) and is not mounted any more, or is formatted.

        ## How to fix
        Keep the size, grow it (LittleFS: `lfs_fs_grow`), or save the files and format.
        """,
    ),
    page(
        "EVO127",
        "renamed",
        _N,
        """A data partition has another name, and software finds partitions by name.

        ## How to fix
        Look for the old name in the sources.
        """,
    ),
    page(
        "EVO130",
        "mcuboot-slot-size",
        _E,
        """A slot or scratch area of MCUboot changes its size.

        ## Why it matters
        MCUboot has the slots compiled in, and finds trailers from the end of a slot. An
        application with another idea of that end writes requests where MCUboot never looks.

        ## How to fix
        Keep the size, or update the bootloader too (`bootloader_updatable`).
        """,
    ),
    page(
        "EVO131",
        "bootloader-built-otherwise",
        _E,
        """The scheme or its build constants change, but the bootloader in devices keeps its own.

        ## What it checks
        The scheme; for MCUboot also max_sectors (BOOT_MAX_IMG_SECTORS), max_align and write_size,
        which decide where the trailer lies.

        ## How to fix
        Keep what the bootloader in the field was built with.
        """,
    ),
    page(
        "EVO132",
        "too-many-blocks",
        _E,
        """A slot has more erase blocks than the MCUboot in the field can swap.

        ## How to fix
        Stay within its BOOT_MAX_IMG_SECTORS.
        """,
    ),
    page(
        "EVO140",
        "index-changes",
        _W,
        """A partition has another number, or a number means another partition.

        ## Why it matters
        AliOS Things finds partitions by their number. Its releases moved numbers: 13 is RECOVERY
        in 2.x and 2ND_BOOT in 3.0, CUSTOM_1 is 11 in 3.0 and 14 in 3.3. Makefiles
        (KV_CONFIG_PARTITION), closed libraries and the second boot keep the old ones. Only 0 to 9
        mean the same in all releases.

        ## How to fix
        Keep the numbers, or build everything anew that knows them.
        """,
    ),
    page(
        "EVO141",
        "custom-not-last",
        _E,
        """A new custom partition does not come last by its number.

        ## Why it matters
        A symbol in the middle of the enumeration moves all that follow.

        ## How to fix
        Append it at the end.
        """,
    ),
)

PAGES: tuple[Page, ...] = (*VERDICT_PAGES, *LOCK_PAGES, *MIGRATE_PAGES)
