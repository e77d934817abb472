"""Tables and devices of the evolution tests, each written down by hand."""

from __future__ import annotations

from dataclasses import replace

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding
from flashwright.evolve.compare.diff import diff
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.judge.verdict import Verdict, judge
from flashwright.model.alios import PREFIX, index_of, role_of
from flashwright.model.device import BankMode, BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Update

K = 1024


def flash(size: int, block: int = 0x1000, name: str = "embedded", **more) -> Flash:
    return Flash(name, None, (EraseRun(size // block, block),), **more)


def device(*flashes: Flash, name: str = "chip", **boot) -> Device:
    return Device(name, "", name, "test", flashes, BootFacts(flashes[0].name, **boot))


#: The first 64 KiB by the 4 KiB erase command, the rest by that of 64 KiB.
ESP_FLASH = Flash(
    *("embedded", None, (EraseRun(16, 0x1000), EraseRun(127, 0x10000)), 16),
    erase_time_us=45_000,
    program_time_us=48,
)
ESP = device(ESP_FLASH, name="esp", table_offset=0x8000)
ESP_KINDS = {
    "nvs": (Role.KV, "data"),
    "ota": (Role.BOOT_RECORD, "data"),
    "phy": (Role.CALIBRATION, "data"),
    "spiffs": (Role.FILESYSTEM, "data"),
    "littlefs": (Role.FILESYSTEM, "data"),
    "coredump": (Role.COREDUMP, "data"),
    "factory": (Role.FACTORY, "app"),
}


def esp(*rows: tuple[str, str, int, int], md5: bool = True, on: Device | None = ESP) -> Table:
    """An ESP-IDF table of (label, subtype, offset, size)."""
    found = []
    for label, subtype, offset, size in rows:
        if subtype.startswith("ota_"):
            role, kind = (Role.APPLICATION if subtype == "ota_0" else Role.OTA_TEMP), "app"
        else:
            role, kind = ESP_KINDS.get(subtype, (Role.CUSTOM, "data"))
        attributes = {"type": kind, "subtype": subtype}
        at = Extent.of(offset, size)
        found.append(Partition(label, role, "embedded", at, offset, attributes=attributes))
    return Table("esp", tuple(found), on, None, "esp-idf-csv", attributes={"md5": md5})


MIN_SPIFFS = esp(
    ("nvs", "nvs", 0x9000, 0x5000),
    ("otadata", "ota", 0xE000, 0x2000),
    ("app0", "ota_0", 0x10000, 0x1E0000),
    ("app1", "ota_1", 0x1F0000, 0x1E0000),
    ("spiffs", "spiffs", 0x3D0000, 0x30000),
)
#: Arduino's `default_8MB.csv`.
DEFAULT_8MB = esp(
    ("nvs", "nvs", 0x9000, 0x5000),
    ("otadata", "ota", 0xE000, 0x2000),
    ("app0", "ota_0", 0x10000, 0x330000),
    ("app1", "ota_1", 0x340000, 0x330000),
    ("spiffs", "spiffs", 0x670000, 0x180000),
    ("coredump", "coredump", 0x7F0000, 0x10000),
)
TWO_SLOTS = esp(
    ("nvs", "nvs", 0x9000, 0x5000),
    ("otadata", "ota", 0xE000, 0x2000),
    ("ota_0", "ota_0", 0x10000, 0x100000),
    ("ota_1", "ota_1", 0x110000, 0x100000),
)
THREE_SLOTS = esp(
    ("nvs", "nvs", 0x9000, 0x5000),
    ("otadata", "ota", 0xE000, 0x2000),
    ("ota_0", "ota_0", 0x10000, 0x100000),
    ("ota_1", "ota_1", 0x110000, 0x100000),
    ("ota_2", "ota_2", 0x210000, 0x100000),
)


def alios(
    *rows: tuple[str, int, int],
    on: Device | None = None,
    sdk: str = "3.0",
    mode: str = "alios-single-bank",
) -> Table:
    """An AliOS Things table of (symbol without prefix, offset, size)."""
    chosen = scheme(mode)
    assert chosen is not None
    found = []
    for symbol, offset, size in rows:
        found.append(
            Partition(
                symbol.lower(),
                role_of(symbol),
                "embedded",
                Extent.of(offset, size),
                offset,
                index=index_of(symbol, sdk),
                id=PREFIX + symbol,
            )
        )
    return Table("board", tuple(found), on, Update(chosen, sdk=sdk), "alios-c")


MK3060 = device(flash(2 << 20, program_unit=16), name="mk3060", bank_mode=BankMode.SINGLE)
_MK3060_ROWS = (
    ("BOOTLOADER", 0x0, 0x10000),
    ("PARAMETER_2", 0x11000, 8 * K),
    ("2ND_BOOT", 0x13000, 24 * K),
    ("PARAMETER_3", 0x19000, 4 * K),
    ("APPLICATION", 0x1C000, 916 * K),
    ("OTA_TEMP", 0x101000, 916 * K),
    ("PARAMETER_1", 0x1F1000, 4 * K),
)
#: mk3060 with PARAMETER_4 where AliOS Things 2.x had it, inside the bootloader, and as in 3.0.
MK3060_2 = alios(*_MK3060_ROWS, ("PARAMETER_4", 0xD000, 4 * K), on=MK3060)
MK3060_3 = alios(*_MK3060_ROWS, ("PARAMETER_4", 0x1A000, 8 * K), on=MK3060)

ESP8266 = device(
    flash(2 << 20), name="esp8266", bank_mode=BankMode.DUAL, boot_offsets=(0x1000, 0x101000)
)
DUAL = alios(
    ("BOOTLOADER", 0x0, 4 * K),
    ("APPLICATION", 0x1000, 976 * K),
    ("OTA_TEMP", 0x101000, 976 * K),
    ("PARAMETER_1", 0x1F6000, 4 * K),
    ("PARAMETER_2", 0x1F7000, 8 * K),
    ("PARAMETER_3", 0x1F9000, 4 * K),
    ("PARAMETER_4", 0x1FA000, 4 * K),
    on=ESP8266,
    mode="alios-dual-bank",
)

STM = device(flash(1 << 20, 0x1000, program_unit=8, overwrite=Overwrite.ONCE), name="nrf")


def mcuboot(
    *rows: tuple[str, Role, int, int], mode: str = "mcuboot-swap-scratch", **update
) -> Table:
    chosen = scheme(mode)
    assert chosen is not None
    found = [
        Partition(name, role, "embedded", Extent.of(offset, size), offset)
        for name, role, offset, size in rows
    ]
    return Table("zephyr", tuple(found), STM, Update(chosen, **update), "zephyr-dts")


MCUBOOT_ROWS = (
    ("boot", Role.BOOTLOADER, 0x0, 0xC000),
    ("slot0", Role.APPLICATION, 0xC000, 0x60000),
    ("slot1", Role.OTA_TEMP, 0x6C000, 0x60000),
    ("scratch", Role.SCRATCH, 0xCC000, 0x8000),
    ("storage", Role.KV, 0xD4000, 0x8000),
)
MCUBOOT = mcuboot(*MCUBOOT_ROWS)


def with_partition(table: Table, which: str, /, **fields) -> Table:
    """The table with fields of one partition changed; ``at`` = (offset, size) moves it."""
    at = fields.pop("at", None)
    if at is not None:
        fields |= {"extent": Extent.of(*at), "start": at[0]}
    assert table.get(which) is not None, which
    return replace(
        table,
        partitions=tuple(replace(p, **fields) if p.name == which else p for p in table.partitions),
    )


def without(table: Table, *names: str) -> Table:
    return replace(table, partitions=tuple(p for p in table.partitions if p.name not in names))


def plus(table: Table, name: str, role: Role, offset: int, size: int, **more) -> Table:
    p = Partition(name, role, "embedded", Extent.of(offset, size), offset, **more)
    return replace(table, partitions=(*table.partitions, p))


def verdict(old: Table, new: Table, renames=(), **facts) -> Verdict:
    return judge(diff(old, new, renames), FieldFacts(**facts))


def codes(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    return [f.code for f in findings]


def one(findings: tuple[Finding, ...], code: str) -> Finding:
    found = [f for f in findings if f.code == code]
    assert len(found) == 1, codes(findings)
    return found[0]
