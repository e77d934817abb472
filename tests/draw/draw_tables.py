"""Layouts that the drawings are tested with, made by hand."""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, InFlash, Severity
from flashwright.model.device import BankMode, BootFacts, Device, Reserved, Window
from flashwright.model.geometry import Bank, EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Update

K = 1024
R = Role


def part(
    name: str, role: Role, start: int, size: int, owner: str = "embedded", **more: object
) -> Partition:
    return Partition(name, role, owner, Extent.of(start, size), start, **more)  # type: ignore[arg-type]


def flash(name: str, size: int, block: int = 4 * K, base: int | None = None) -> Flash:
    return Flash(name, base, (EraseRun(size // block, block),))


def device(
    name: str,
    flashes: tuple[Flash, ...],
    boot_offsets: tuple[int, ...] = (),
    reserved: tuple[Reserved, ...] = (),
    windows: tuple[Window, ...] = (),
    mode: BankMode = BankMode.SINGLE,
) -> Device:
    boot = BootFacts("embedded", mode, boot_offsets)
    return Device(name, "", name.upper(), "vendor", flashes, boot, reserved, windows)


def alios(dual: bool) -> Update:
    found = scheme("alios-dual-bank" if dual else "alios-single-bank")
    assert found is not None
    return Update(found)


def esp8266() -> Table:
    """The worked example: 2 MB, 1024+1024, many small parameters beside two large slots."""
    reserved = tuple(
        Reserved(name, "embedded", Extent.of(at, size), purpose)
        for name, at, size, purpose in (
            ("rf_cal", 0x1FB000, 0x1000, "RF calibration"),
            ("rf_init_data", 0x1FC000, 0x1000, "RF init data"),
            ("system_parameters", 0x1FD000, 0x3000, "SDK system parameters"),
        )
    )
    windows = (
        Window("map", "embedded", Extent(0, 0x100000)),
        Window("map", "embedded", Extent(0x100000, 0x200000)),
    )
    dev = device(
        "esp8266",
        (flash("embedded", 2048 * K, base=0x40200000),),
        (0x1000, 0x101000),
        reserved,
        windows,
        BankMode.DUAL,
    )
    parts = (
        part("bootloader", R.BOOTLOADER, 0x0, 0x1000, writable=False),
        part("application", R.APPLICATION, 0x1000, 0xF5000, image_size=620 * K),
        part("ota_temp", R.OTA_TEMP, 0x101000, 0xF5000),
        part("parameter_1", R.BOOT_RECORD, 0x1F6000, 0x1000),
        part("parameter_2", R.KV, 0x1F7000, 0x2000),
        part("parameter_3", R.USER, 0x1F9000, 0x1000),
        part("parameter_4", R.SECURITY, 0x1FA000, 0x1000),
    )
    return Table("esp8266-2m", parts, dev, alios(dual=True))


def single_bank() -> Table:
    """The figure of the single-bank case: one jump address."""
    dev = device("board", (flash("embedded", 1024 * K, base=0x8000000),), (0x8000,))
    parts = (
        part("Bootloader", R.BOOTLOADER, 0, 0x8000, writable=False),
        part("Application", R.APPLICATION, 0x8000, 0x78000),
        part("OTA Tmp", R.OTA_TEMP, 0x80000, 0x78000),
        part("Parameters1", R.BOOT_RECORD, 0xF8000, 0x1000),
        part("Parameters2", R.KV, 0xF9000, 0x2000),
        part("Parameters3", R.USER, 0xFB000, 0x1000),
        part("Parameters4", R.SECURITY, 0xFC000, 0x1000),
    )
    return Table("single bank", parts, dev, alios(dual=False))


def stm32f429() -> Table:
    """Uneven erase blocks: twice 4 of 16 KiB, one of 64, seven of 128."""
    runs = (EraseRun(4, 16 * K), EraseRun(1, 64 * K), EraseRun(7, 128 * K)) * 2
    banks = (Bank("bank 1", Extent(0, 1024 * K)), Bank("bank 2", Extent(1024 * K, 2048 * K)))
    fl = Flash("embedded", 0x8000000, runs, banks=banks)
    parts = (
        part("bootloader", R.BOOTLOADER, 0x0, 0x8000, writable=False),
        part("parameter_1", R.BOOT_RECORD, 0x8000, 0x4000),
        part("parameter_3", R.USER, 0xC000, 0x2000),
        part("application", R.APPLICATION, 0x20000, 0xE0000),
        part("parameter_2", R.KV, 0x100000, 0x8000),
        part("parameter_4", R.SECURITY, 0x108000, 0x4000),
        part("spiffs", R.FILESYSTEM, 0x110000, 0x10000),
        part("ota_temp", R.OTA_TEMP, 0x120000, 0xE0000),
    )
    return Table("stm32f429", parts, device("stm32f429", (fl,), (0x20000,)), alios(dual=False))


def haas100() -> Table:
    """16 MB with twelve partitions, two of them at the same place."""
    parts = (
        part("BOOTLOADER", R.BOOTLOADER, 0x0, 64 * K, writable=False),
        part("PARAMETER_3", R.USER, 0x10000, 8 * K),
        part("BOOT1", R.SECOND_BOOT, 0x12000, 96 * K),
        part("APPLICATION", R.APPLICATION, 0x2A000, 5600 * K),
        part("BOOT1_REDUND", R.SECOND_BOOT, 0x5A2000, 96 * K),
        part("OTA_TEMP", R.OTA_TEMP, 0x5BA000, 5600 * K),
        part("LITTLEFS", R.FILESYSTEM, 0xB32000, 4792 * K),
        part("PARAMETER_4", R.SECURITY, 0xFE0000, 64 * K),
        part("PARAMETER_1", R.BOOT_RECORD, 0xFF0000, 4 * K),
        part("PARAMETER_2", R.KV, 0xFF1000, 52 * K),
        part("ENV", R.CUSTOM, 0xFFE000, 8 * K),
        part("ENV_REDUND", R.CUSTOM, 0xFFE000, 8 * K),
    )
    dev = device("haas100", (flash("embedded", 16 << 20, base=0x34000000),), (0x2A000,))
    return Table("haas100", parts, dev, alios(dual=True))


def mk3165() -> Table:
    """Two flashes and a third that nothing uses; the slot pair lies in two of them."""
    spi = "spi"
    parts = (
        part("bootloader", R.BOOTLOADER, 0x0, 32 * K, writable=False),
        part("application", R.APPLICATION, 0xC000, 608 * K),
        part("parameter_1", R.BOOT_RECORD, 0x0, 8 * K, spi),
        part("rf_firmware", R.FIRMWARE, 0x2000, 248 * K, spi),
        part("ota_temp", R.OTA_TEMP, 0x40000, 608 * K, spi),
        part("parameter_3", R.USER, 0xD8000, 4 * K, spi),
        part("parameter_4", R.SECURITY, 0xD9000, 4 * K, spi),
        part("parameter_2", R.KV, 0xDA000, 8 * K, spi),
    )
    runs = (EraseRun(4, 16 * K), EraseRun(1, 64 * K), EraseRun(7, 128 * K))
    f411 = Flash("embedded", 0x8000000, runs)
    flashes = (f411, flash(spi, 2048 * K), flash("qspi", 8 << 20))
    return Table("mk3165", parts, device("mk3165", flashes, (0xC000,)), alios(dual=False))


def faulty() -> tuple[Table, tuple[Finding, ...]]:
    """Overlaps, a reserved range that is touched, an end beyond the flash; with their findings."""
    reserved = (Reserved("rf_cal", "embedded", Extent.of(0x1FB000, 0x1000)),)
    dev = device("xr871", (flash("embedded", 2048 * K),), (0x8000,), reserved)
    parts = (
        part("BOOTLOADER", R.BOOTLOADER, 0x0, 32 * K, writable=False),
        part("APPLICATION", R.APPLICATION, 0x8000, 976 * K),
        part("OTA_TEMP", R.OTA_TEMP, 0xF8000, 976 * K),
        part("PARAMETER_3", R.USER, 0x1FB000, 4 * K),
        part("PARAMETER_1", R.BOOT_RECORD, 0x1FC000, 0x1800),
        part("PARAMETER_2", R.KV, 0x1FE000, 8 * K),
        part("PARAMETER_4", R.SECURITY, 0x1FF000, 8 * K),
    )
    found = (
        _finding("GEO101", Severity.ERROR, "`APPLICATION` overlaps `OTA_TEMP`", 0xF8000, 0xFC000),
        _finding("GEO301", Severity.ERROR, "`PARAMETER_3` touches `rf_cal`", 0x1FB000, 0x1FC000),
        _finding("GEO201", Severity.WARNING, "`PARAMETER_1` ends in a block", 0x1FD000, 0x1FE000),
        _finding("GEO101", Severity.ERROR, "`P4` overlaps `P2`", 0x1FF000, 0x200000),
        _finding("GEO102", Severity.ERROR, "`PARAMETER_4` ends past the end", 0x200000, 0x201000),
        Finding("BOT101", Severity.NOTE, "nothing reverts a bad image"),
    )
    return Table("xr871evb", parts, dev, alios(dual=True)), found


def nested() -> Table:
    """A span with children, one of which has children itself; no device."""
    parts = (
        part("mcuboot", R.BOOTLOADER, 0x0, 0xC000, "flash0"),
        part("mcuboot_primary", R.APPLICATION, 0xC000, 0x40000, "flash0", pair="image 0"),
        part("pad", R.CUSTOM, 0xC000, 0x200, "flash0", parent="mcuboot_primary"),
        part("app_image", R.CUSTOM, 0xC200, 0x3FE00, "flash0", parent="mcuboot_primary"),
        part("spm", R.CUSTOM, 0xC200, 0x8000, "flash0", parent="app_image"),
        part("mcuboot_secondary", R.OTA_TEMP, 0x4C000, 0x40000, "flash0", pair="image 0"),
        part("settings", R.KV, 0xFE000, 0x2000, "flash0"),
    )
    return Table("nrf5340", parts)


def hostile() -> Table:
    """Names with terminal escapes and markup, absurd sizes, far too many partitions."""
    name = "\x1b[31m</text><script>alert(1)</script>\n\u202e" + "漢字" * 40
    parts = [part(name, R.CUSTOM, 0, 1), part("", R.CUSTOM, 0, 2**63)]
    parts += [part(f"p{n}&<", R.CUSTOM, n * 3, 7) for n in range(3000)]
    return Table(name, tuple(parts), device("d", (flash("embedded", 64 * K),)))


def _finding(code: str, severity: Severity, message: str, start: int, end: int) -> Finding:
    return Finding(code, severity, message, where=InFlash("embedded", Extent(start, end)))


ALL = {
    "esp8266": lambda: (esp8266(), ()),
    "single_bank": lambda: (single_bank(), ()),
    "stm32f429": lambda: (stm32f429(), ()),
    "haas100": lambda: (haas100(), ()),
    "mk3165": lambda: (mk3165(), ()),
    "faulty": faulty,
    "nested": lambda: (nested(), ()),
}
