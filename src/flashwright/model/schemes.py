"""The upgrade schemes that the project knows, on one page.

Sources: AliOS Things `middleware/uagent/ota` (3.0), wiki `OTA-Flash-Partitions-Overview.md`
(79af8c1); ESP-IDF `docs/en/api-reference/system/ota.rst`; MCUboot `docs/design.md` and
`boot/bootutil/src/swap_*.c` (2d4bacc3).
"""

from __future__ import annotations

from flashwright.model.device import BankMode
from flashwright.model.update import RecordRule, Scheme, SlotRule

_ALIOS = "AliOS Things wiki OTA-Flash-Partitions-Overview.md 79af8c1; middleware/uagent/ota (3.0)"
_ESP = "espressif/esp-idf docs/en/api-reference/system/ota.rst"
_MCUBOOT = "mcu-tools/mcuboot docs/design.md, boot/bootutil/src (2d4bacc3)"

SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        "alios-single-bank",
        "AliOS Things single bank: the second boot copies OTA TMP over the application",
        "alios",
        BankMode.SINGLE,
        SlotRule.HOLDS_PAYLOAD,
        RecordRule.ONE_COPY,
        reverts=False,
        backup_slice=0x10000,
        source=_ALIOS,
    ),
    Scheme(
        "alios-dual-bank",
        "AliOS Things dual bank: application and OTA TMP take turns",
        "alios",
        BankMode.DUAL,
        SlotRule.EQUAL,
        RecordRule.NONE,
        reverts=True,
        source=_ALIOS,
    ),
    Scheme(
        "esp-idf-ota",
        "ESP-IDF otadata: N slots take turns, with or without a factory image",
        "esp-idf",
        BankMode.DUAL,
        SlotRule.EQUAL,
        RecordRule.TWO_COPIES,
        reverts=True,
        source=_ESP,
    ),
    Scheme(
        "updater-and-app",
        "A small updater image and one large application (safeboot)",
        "esp-idf",
        BankMode.DUAL,
        SlotRule.INDEPENDENT,
        RecordRule.TWO_COPIES,
        reverts=False,
        source=_ESP,
    ),
    Scheme(
        "mcuboot-overwrite",
        "MCUboot overwrite-only: the new image is copied over the old",
        "mcuboot",
        BankMode.SINGLE,
        SlotRule.EQUAL,
        RecordRule.TRAILER,
        reverts=False,
        source=_MCUBOOT,
    ),
    Scheme(
        "mcuboot-swap-scratch",
        "MCUboot swap through a scratch area",
        "mcuboot",
        BankMode.SINGLE,
        SlotRule.EQUAL,
        RecordRule.TRAILER,
        reverts=True,
        needs_scratch=True,
        source=_MCUBOOT,
    ),
    Scheme(
        "mcuboot-swap-move",
        "MCUboot swap by moving the primary image up one erase block",
        "mcuboot",
        BankMode.SINGLE,
        SlotRule.PRIMARY_PLUS_ONE,
        RecordRule.TRAILER,
        reverts=True,
        source=_MCUBOOT,
    ),
    Scheme(
        "mcuboot-swap-offset",
        "MCUboot swap with the update written one erase block up in the secondary slot",
        "mcuboot",
        BankMode.SINGLE,
        SlotRule.SECONDARY_PLUS_ONE,
        RecordRule.TRAILER,
        reverts=True,
        source=_MCUBOOT,
    ),
    Scheme(
        "mcuboot-direct-xip",
        "MCUboot direct-XIP: the newest image runs where it lies",
        "mcuboot",
        BankMode.DUAL,
        SlotRule.EQUAL,
        RecordRule.TRAILER,
        reverts=True,
        source=_MCUBOOT,
    ),
    Scheme(
        "mcuboot-ram-load",
        "MCUboot RAM-load: the newest image is copied to RAM and runs there",
        "mcuboot",
        BankMode.DUAL,
        SlotRule.EQUAL,
        RecordRule.TRAILER,
        reverts=True,
        source=_MCUBOOT,
    ),
)


def scheme(name: str) -> Scheme | None:
    """The scheme called ``name``, ``None`` if there is none."""
    return next((s for s in SCHEMES if s.name == name), None)
