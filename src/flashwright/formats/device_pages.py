"""The manual pages of what can be wrong with a device: its name, its file, its description."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

PAGES: tuple[Page, ...] = (
    page(
        "DEV001",
        "unknown-device",
        Severity.ERROR,
        """The device is not in the catalogue, and no flash of it is described.

        ## What it checks
        Names are looked up in any case, and with the vendor's ordering suffix: `STM32F429ZIT6` is
        `stm32f429zi`. A name that several devices begin with (`stm32f429`) names none of them.

        ## How to fix
        `flashwright devices TEXT` searches. For a chip of your own give its flash:
        `[[device.flash]]` with `name`, `base` and `erase_blocks = [[count, size], ...]`.
        """,
    ),
    page(
        "DEV002",
        "unknown-configuration",
        Severity.ERROR,
        """The device has no configuration of that name.

        ## How to fix
        The help line names the nearest one; `flashwright devices NAME` shows all of them.
        """,
    ),
    page(
        "DEV003",
        "several-configurations",
        Severity.ERROR,
        """The device can be set up in several ways, and the layout depends on which.

        ## Why it matters
        Single or dual bank is an option byte of an STM32; the flash map of an ESP8266 is in its
        image header. Neither can be told from the chip's name, and both change the erase blocks or
        the boot addresses.

        ## How to fix
        Say `configuration = "dual"`, or write the device as `stm32f767zi:dual`. A list of
        configurations, or `"all"`, gives a table each.
        """,
    ),
    page(
        "DEV004",
        "damaged-device-file",
        Severity.ERROR,
        """A device file cannot be read, or an entry of it is wrong.

        ## What it checks
        The file is JSON with `devices`, each with `names` and `flash`; its keys are those of
        `[device]` in `flash.toml`.

        ## How to fix
        A file of the package is mended by installing the package anew. In a file of your own, go
        to the entry that the message names.
        """,
    ),
    page(
        "DEV005",
        "device-without-flash",
        Severity.ERROR,
        """The description of the device has no flash.

        ## How to fix
        Add `[[device.flash]]` with a name and erase blocks.
        """,
    ),
    page(
        "DEV006",
        "flash-geometry",
        Severity.ERROR,
        """The geometry of a flash is incomplete or contradicts itself.

        ## What it checks
        Either `erase_blocks = [[count, size], ...]`, or `size` and `erase_block` where all erase
        blocks are alike. A `size` beside `erase_blocks` must be their sum. The program unit divides
        every erase block.

        ## Why it matters
        Every placement stands on erase blocks. A guess of 4 KiB on a flash with 128 KiB erase
        blocks lets one partition erase another.
        """,
    ),
    page(
        "DEV007",
        "flash-name-twice",
        Severity.ERROR,
        """Two flashes of one device have the same name.

        ## Why it matters
        A partition names the flash it lies in; with two of a name it could be either.
        """,
    ),
    page(
        "DEV008",
        "unknown-flash",
        Severity.ERROR,
        """A reserved range, a window or the boot facts name a flash that the device lacks.

        ## How to fix
        Use the `name` of one of its flashes; without `owner` the first flash is meant.
        """,
    ),
    page(
        "DEV009",
        "outside-flash",
        Severity.ERROR,
        """A range or offset of the device's description lies outside its flash.

        ## What it checks
        Reserved ranges, windows, the bootloader and the boot offsets lie within the flash, and the
        banks together are the whole of it. All are offsets from the first byte of the flash.

        ## How to fix
        Subtract the flash's base address from a CPU address.
        """,
    ),
    page(
        "DEV010",
        "not-an-erase-block",
        Severity.ERROR,
        """A bank or boot offset of the device does not start with an erase block.

        ## Why it matters
        An image that starts inside an erase block cannot be replaced without erasing what lies
        before it.
        """,
    ),
)
