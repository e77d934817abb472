"""Tables that AliOS Things shipped: the sound ones are silent, each known defect is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from rule_tables import K, M, alios, codes, device, esp8266, flash, only, part, stm32f4

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.model.device import BankMode, BootFacts, Device, Reserved
from flashwright.model.geometry import Bank, Overwrite
from flashwright.model.table import Table
from flashwright.rules.catalog import run


def nor(size: int, name: str = "board") -> Device:
    """A serial NOR flash with erase blocks of 4 KiB."""
    return device(flash(runs=((size // 4096, 4096),)), name=name)


def paged(size: int, block: int, base: int = 0, name: str = "board") -> Device:
    return device(flash(runs=((size // block, block),), base=base), name=name)


L496 = device(
    flash(
        runs=((512, 2 * K),),
        base=0x8000000,
        banks=(Bank("1", Extent.of(0, 512 * K)), Bank("2", Extent.of(512 * K, 512 * K))),
        program_unit=8,
        overwrite=Overwrite.ONCE,
    ),
    name="stm32l496",
    boot=BootFacts("embedded", BankMode.DUAL),
)
ESP32 = device(
    flash(runs=((1024, 4096),)),
    name="esp32",
    boot=BootFacts("embedded", None, (), Extent(0x1000, 0x8000), 0x8000),
    image_alignment=0x10000,
)

#: Shipped tables without a defect, as (name, device, table).
SOUND: list[tuple[str, Device, str]] = [
    (
        "developerkit with JSENGINE",
        L496,
        "BL 0x8000000+6K(ro); BOOT2 0x8001800+30K; APP 0x8009000+540K; P1 0x8090000+4K;"
        "P2 0x8091000+8K; P3 0x8093000+4K; P4 0x8094000+4K; SPIFFS 0x80c0000+256K",
    ),
    (
        "developerkit without JSENGINE",
        L496,
        "BL 0x8000000+6K(ro); BOOT2 0x8001800+30K; APP 0x8009000+464K; P1 0x807e000+4K;"
        "P3 0x807f000+4K; OTA 0x8089000+464K; P2 0x80fd000+8K; P4 0x80ff000+4K",
    ),
    (
        "esp32devkitc",
        ESP32,
        "BL 0x1000+28K(ro); APP 0x10000+1024K; OTA 0x110000+1024K; P1 0x310000+4K;"
        "P2 0x311000+8K; P3 0x313000+4K; P4 0x314000+4K; SPIFFS 0x315000+512K",
    ),
    (
        "esp8266 2M 1024x1024",
        esp8266(2 * M, 0x101000, 0xFA000, windows=True),
        "BL 0x0+4K(ro); APP 0x1000+976K; OTA 0x101000+976K; P1 0x1f6000+4K; P2 0x1f7000+8K;"
        "P3 0x1f9000+4K; P4 0x1fa000+4K",
    ),
    (
        "esp8266 1M 512x512",
        esp8266(1 * M, 0x81000, 0x7A000),
        "BL 0x0+4K(ro); APP 0x1000+468K; OTA 0x81000+468K; P1 0xf6000+4K; P2 0xf7000+8K;"
        "P3 0xf9000+4K; P4 0xfa000+4K",
    ),
    (
        "mk3060 3.0",
        nor(2 * M),
        "BL 0x0+64K(ro); P2 0x11000+8K; BOOT2 0x13000+24K; P3 0x19000+4K; P4 0x1a000+8K;"
        "APP 0x1c000+916K; OTA 0x101000+916K; P1 0x1f1000+4K",
    ),
    (
        "numaker-pfm-m487",
        nor(512 * K),
        "APP 0x0+248K; P1 0x3e000+8K; OTA 0x40000+248K; P2 0x7e000+8K",
    ),
    (
        "pca10040",
        nor(512 * K),
        "BL 0x0+64K; APP 0x10000+212K; OTA 0x45000+212K; P2 0x7b000+8K; P3 0x7d000+4K;"
        "P4 0x7e000+4K; P1 0x7f000+4K",
    ),
    ("saml21", paged(256 * K, 256), "APP 0x0+240K(ro); P2 0x3c000+8K; P3 0x3e000+8K"),
    (
        "stm32f429zi-nucleo",
        stm32f4(),
        "APP 0x8000000+1024K; P1 0x8100000+16K; P2 0x8104000+32K; P3 0x810c000+16K;"
        "P4 0x8110000+64K; SPIFFS 0x8120000+256K",
    ),
    (
        "haas200",
        nor(4 * M),
        "BL 0x4000+8K; BOOT2 0x6000+56K; APP 0x14000+1536K; OTA 0x194000+1536K;"
        "LITTLEFS 0x314000+924K; P4 0x3FB000+4K; P3 0x3FC000+4K; P2 0x3FD000+8K; P1 0x3FF000+4K",
    ),
    ("eml3047", paged(192 * K, 128, 0x8000000), "P2 0x0801A000+8K"),
    ("rda8955", nor(4 * M), "P2 0x3F4000+8K"),
]


@pytest.mark.parametrize(("of", "text"), [s[1:] for s in SOUND], ids=[s[0] for s in SOUND])
def test_sound_table_is_silent(of: Device, text: str) -> None:
    table = alios(text, of)
    assert [str(f.message) for f in run(table) if f.severity > Severity.NOTE] == []


F411 = stm32f4(512 * K)
EXTERNAL = device(
    flash(runs=((4, 16 * K), (1, 64 * K), (7, 128 * K)), base=0x8000000),
    flash("qspi", ((512, 4096),), base=0x90000000),
    name="emw3166",
)

#: Defects that shipped: (number in the list of defects, device, table, codes that must be found).
DEFECTS: list[tuple[str, Device, str, dict[str, int]]] = [
    (
        "1 xr871evb 2.1: KV over the security partition",
        nor(2 * M),
        "BL 0x0+32K(ro); APP 0x8000+976K; OTA 0x108000+976K; P1 0x1fc000+4K; P2 0x1fe000+8K;"
        "P3 0x1fd000+4K; P4 0x1ff000+4K",
        {"GEO101": 1},
    ),
    (
        "2 haas100: the backup is its original",
        nor(16 * M),
        "BL 0x0+64K; P3 0x10000+8K; BOOT1 0x12000+96K; RTOSA 0x2a000+5600K;"
        "BOOT1_REDUND 0x5a2000+96K; RTOSB 0x5ba000+5600K; LITTLEFS 0xb32000+4792K;"
        "P4 0xfe0000+64K; P1 0xff0000+4K; P2 0xff1000+52K; ENV 0xffe000+8K; ENV_REDUND 0xffe000+8K",
        {"GEO101": 1},
    ),
    (
        "3 msp432p4111: parameters 3 and 4 are one",
        nor(2 * M),
        "APP 0x0+1M; P1 0x180000+4K; P2 0x181000+8K; P3 0x183000+4K; P4 0x183000+4K",
        {"GEO101": 1},
    ),
    (
        "4 mk3060 1.x: parameter 4 inside the bootloader",
        nor(2 * M),
        "BL 0x0+64K(ro); P4 0xD000+4K; APP 0x13000+824K; OTA 0xe1000+824K; P1 0x1f1000+4K;"
        "P2 0x11000+8K",
        {"GEO101": 1},
    ),
    (
        "5 developerkit 2.0: parameters inside SPIFFS, application over the bootloader",
        L496,
        "BL 0x08000000+16K(ro); APP 0x08000000+496K; OTA 0x08080000+496K; P3 0x080FC000+4K;"
        "P4 0x080FD000+4K; SPIFFS 0x080E0000+128K",
        {"GEO101": 4},
    ),
    (
        "6 mk3060 bone: OTA TMP not on an erase block",
        nor(2 * M),
        "BL 0x0+64K(ro); APP 0x13000+0xCE000; OTA 0xB7200+824K; P2 0x11000+8K; P1 0x1f1000+4K",
        {"GEO101": 1, "GEO103": 1},
    ),
    (
        "7 bk7231devkitc: application over the bootloader",
        nor(2 * M),
        "BL 0x0+64K(ro); APP 0x0+0xAF000; OTA 0xC6000+0xAF000; P1 0x175000+4K; P2 0x176000+8K",
        {"GEO101": 1},
    ),
    (
        "8 stm32f401re: parameters and code in one erase block",
        F411,
        "APP 0x8000000+368K; P1 0x805c000+4K; P2 0x805d000+8K; P4 0x805f000+4K; SPIFFS "
        "0x8060000+128K",
        {"GEO105": 1, "DAT401": 1},
    ),
    (
        "9 gd32f450z: boot record and KV in one erase block",
        stm32f4(2 * M),
        "APP 0x8000000+512K; P1 0x08080000+8K; P2 0x08082000+8K",
        {"GEO105": 1, "DAT401": 1},
    ),
    (
        "10 stm32f769i: table of a small chip",
        device(
            flash(runs=((4, 32 * K), (1, 128 * K), (7, 256 * K)), base=0x8000000), name="stm32f769"
        ),
        "APP 0x8000000+108K; P1 0x801B000+4K; P2 0x801C000+8K; P3 0x801E000+4K; P4 0x801F000+4K",
        {"GEO105": 1, "DAT401": 1},
    ),
    (
        "11 stm32f429zi OTA: a zero is missing",
        stm32f4(),
        "APP 0x8100000+16K; OTA 0x8020000+704K; P1 0x0804000+16K; P2 0x8008000+32K",
        {"GEO108": 1, "GEO104": 1},
    ),
    (
        "12 lpc54018: an owner without a device",
        nor(16 * M),
        "APP:SPI 0x10000+1M; OTA:SPI 0x200000+1M; P1:SPI 0x380000+4K",
        {"GEO107": 3},
    ),
    (
        "12 lpc54018: past the end of the flash, empty bootloader",
        paged(16 * M, 4096, 0x10000000),
        "BL 0x10000000+0(ro); APP 0x10010000+1M; OTA 0x10200000+1M; SPIFFS 0x11000000+4608K;"
        "P1 0x10380000+4K",
        {"GEO102": 1, "GEO109": 1},
    ),
    (
        "13 stm32l073rz: table of a 1 MB part",
        paged(192 * K, 128, 0x8000000),
        "APP 0x8000000+500K; OTA 0x8080000+500K; P2 0x80fe000+4K; P1 0x807e000+4K",
        {"GEO102": 4},
    ),
    (
        "14 gd32f307c: table past the end",
        paged(256 * K, 2 * K, 0x8000000),
        "APP 0x8000000+200K; P2 0x8032000+8K; P1 0x807E000+8K",
        {"GEO102": 1},
    ),
    (
        "15 mk3166: offset of the external flash in the embedded one",
        EXTERNAL,
        "BL 0x8000000+32K(ro); APP 0x800c000+464K; OTA 0x40000+608K; P1:QSPI 0x0+4K;"
        "P2:QSPI 0xd8000+8K",
        {"GEO108": 1},
    ),
    (
        "16 esp8266 4M 1024x1024: past the cache window",
        esp8266(4 * M, 0x101000, 0xFA000, windows=True),
        "BL 0x0+4K(ro); APP 0x1000+1024K; OTA 0x101000+1024K; P1 0x310000+4K; P2 0x311000+8K;"
        "P3 0x313000+4K; P4 0x314000+4K",
        {"SLT205": 2},
    ),
    (
        "18 mk3080: OTA TMP smaller than the application",
        nor(4 * M),
        "BL 0x0+64K(ro); APP 0x19000+916K; OTA 0x100000+704K; P1 0x1f1000+4K; P2 0x1f2000+8K",
        {"SLT202": 1},
    ),
    (
        "19 bosch_xdk: starts inside erase blocks",
        paged(1 * M, 4 * K),
        "APP 0x10200+300K; OTA 0x80200+300K; P2 0xf0200+8K; P1 0xf8200+4K",
        {"GEO103": 4, "DAT401": 1},
    ),
    (
        "19 wm_w600: border inside an erase block",
        paged(1 * M, 4 * K, 0x8000000),
        "APP 0x8010100+0x75700; OTA 0x8085800+0x60000; P2 0x80f0000+8K; P1 0x80f2000+4K",
        {"GEO103": 1, "GEO105": 1},
    ),
    (
        "20 xr871evb 3.0: KV of one erase block",
        nor(2 * M),
        "BL 0x0+32K(ro); APP 0x8000+976K; OTA 0x108000+976K; P1 0x1fc000+4K; P2 0x1fd000+4K;"
        "P3 0x1fe000+4K; P4 0x1ff000+4K",
        {"DAT401": 1},
    ),
    (
        "24 swm320evb: KV neither readable nor writable",
        nor(512 * K),
        "APP 0x0+256K; P2 0x40000+8K(--)",
        {"DAT406": 1, "DAT407": 1},
    ),
    ("24 xm510: KV read-only", nor(8 * M), "P2 0x7E0000+128K(ro)", {"DAT406": 1}),
    (
        "24 b_l475e: no boot record",
        replace(L496, boot=BootFacts("embedded")),
        "APP 0x8000000+500K; OTA 0x8080000+500K; P3 0x80fd000+8K",
        {"SLT203": 1},
    ),
    ("late pca10040e: KV of one erase block", nor(192 * K), "P2 0x2E000+4K", {"DAT401": 1}),
    (
        "late efm32gg: table of a Kinetis",
        paged(128 * K, 2 * K),
        "APP 0x410+0xFBF0; P2 0x10000+8K",
        {"GEO103": 1},
    ),
]


@pytest.mark.parametrize(
    ("of", "text", "expected"), [d[1:] for d in DEFECTS], ids=[d[0] for d in DEFECTS]
)
def test_defect_is_found(of: Device, text: str, expected: dict[str, int]) -> None:
    table = alios(text, of)
    found = Counter(codes(table))
    assert {code: found[code] for code in expected} == expected
    extra = set(found) - set(expected) - {"SLT203", "SLT202"}
    assert not extra, [f.message for f in run(table) if f.code in extra]


def test_17_addresses_of_two_flashes_without_a_device() -> None:
    table = alios("RTOSA 0x7400000+4M; APP 0x40000000+4M; P2 0x40400000+8K", sdk="3.3")
    (finding,) = only(table, "GEO108")
    assert finding.severity is Severity.WARNING
    assert "0x7400000" in finding.message


def test_20_multiptn_is_a_store_of_two_blocks_if_declared() -> None:
    table = alios("P2 0x1fd000+4K; P3 0x1fe000+4K", nor(2 * M))
    (finding,) = only(table, "DAT401")
    assert "MULTIPTN" in finding.help
    kv = replace(table.partitions[0], flags=("multiptn",))
    assert not only(replace(table, partitions=(kv, table.partitions[1])), "DAT401")


@pytest.mark.parametrize(
    ("settings", "severity", "words"),
    [
        ({"KV_CONFIG_TOTAL_SIZE": "0x100000"}, Severity.ERROR, "past its end"),
        ({"KV_CONFIG_TOTAL_SIZE": 8192, "KV_CONFIG_PARTITION": 6}, Severity.NOTE, "uses 0x2000"),
        ({"KV_CONFIG_PARTITION": "5"}, Severity.ERROR, "boot record"),
        ({"KV_CONFIG_PARTITION": 40}, Severity.ERROR, "no partition has this index"),
        ({"KV_CONFIG_TOTAL_SIZE": 49600}, Severity.WARNING, "not a multiple"),
    ],
)
def test_21_22_settings_of_the_store(
    settings: dict[str, object], severity: Severity, words: str
) -> None:
    table = alios("P1 0x1f0000+4K; P2 0x100000+512K", nor(2 * M), attributes=settings)
    found = only(table, "DAT404")
    assert any(f.severity is severity and words in f.message for f in found)


def test_21_store_that_fits_is_silent() -> None:
    settings = {"KV_CONFIG_TOTAL_SIZE": "8192U", "KV_CONFIG_PARTITION": 6}
    assert not only(alios("P2 0x1000+8K", nor(2 * M), attributes=settings), "DAT404")


def test_kv_blocks_smaller_than_erase_blocks() -> None:
    text = "P2 0x8104000+32K"
    good = {"KV_CONFIG_TOTAL_SIZE": 32768, "KV_CONFIG_BLOCK_SIZE_BITS": 14}
    bad = {"KV_CONFIG_TOTAL_SIZE": 32768, "KV_CONFIG_BLOCK_SIZE_BITS": 12}
    assert not only(alios(text, stm32f4(), attributes=good), "DAT404")
    (finding,) = only(alios(text, stm32f4(), attributes=bad), "DAT404")
    assert finding.severity is Severity.ERROR
    assert "to 14" in finding.help


def test_25_private_numbering() -> None:
    table = Table(
        "hal_partitions",
        (
            part("partition_1", "application", 0, 64 * K, index=1, description="BOOTLOADER"),
            part("partition_6", "kv", 0x20000, 8 * K, index=6, description="KV"),
        ),
        nor(2 * M),
        format="alios-c",
    )
    (finding,) = only(table, "DAT414")
    assert "APPLICATION" in finding.message
    assert "BOOTLOADER" in finding.message


def test_a_vendors_own_symbols_are_described_by_the_same_names() -> None:
    """Beken's `BkDriverFlash.c`: BK_PARTITION_BOOTLOADER is a bootloader as well."""
    names = (("BOOTLOADER", "Bootloader"), ("APPLICATION", "Application"), ("ATE", "Bootloader"))
    parts = tuple(
        part(
            title.lower() + str(n),
            "custom",
            n * 64 * K,
            64 * K,
            id=f"BK_PARTITION_{symbol}",
            description=title,
        )
        for n, (symbol, title) in enumerate(names)
    )
    table = Table("bk7231_partitions", parts, nor(2 * M), format="alios-c")
    (finding,) = only(table, "DAT414")
    assert "(ATE) is described as `Bootloader`, which is BOOTLOADER" in finding.message


def test_26_descriptions_swapped() -> None:
    table = alios("P3 0x10000+4K; P4 0x11000+4K", nor(2 * M))
    third, fourth = table.partitions
    right = replace(
        table,
        partitions=(
            replace(third, description="PARAMETER3"),
            replace(fourth, description="PARAMETER4"),
        ),
    )
    swapped = replace(
        table,
        partitions=(
            replace(third, description="PARAMETER4"),
            replace(fourth, description="PARAMETER3"),
        ),
    )
    assert not only(right, "DAT414")
    assert len(only(swapped, "DAT414")) == 2


def test_worked_example_forgets_the_calibration() -> None:
    """A custom partition behind parameter 4 lies on RF calibration."""
    of = esp8266(2 * M, 0x101000, 0xFA000, windows=True)
    text = SOUND[3][2]
    (finding,) = only(alios(text + "; CUSTOM_1 0x1fb000+4K", of), "GEO106")
    assert "RF calibration" in finding.message
    assert finding.facts["reserved_start"] == 0x1FB000


def test_table_of_another_flash_map() -> None:
    """A table for 1024+1024 on a device that is flashed with 512+512 (issue: error -17)."""
    found = only(alios(SOUND[3][2], esp8266(2 * M, 0x81000)), "BOT301")
    assert [f.facts["expected"] for f in found] == [0x81000]


def test_no_device_is_told_once_and_overlaps_are_still_found() -> None:
    text = "P2 0x1fe000+8K; P4 0x1ff000+4K; P1 0x1fd000+4K"
    assert codes(alios(text), Severity.NOTE) == ["GEO100", "GEO101"]


def test_reserved_of_an_unknown_flash_is_ignored() -> None:
    of = replace(nor(M), reserved=(Reserved("x", "spi", Extent.of(0, 4096)),))
    assert codes(alios("P2 0x0+8K", of)) == []
