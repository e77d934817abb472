"""Formats that are only written (and `ld-memory`, read for comparison)."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.formats.catalog import format_named
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

FLASH = Flash("embedded", 0x0800_0000, (EraseRun(256, 4096),), program_unit=8)
SPI = Flash("spi", None, (EraseRun(512, 4096),))
DEVICE = Device("chip", "", "A chip", "", (FLASH, SPI), BootFacts("embedded"))


def part(name: str, role: Role, start: int, size: int, owner: str = "embedded") -> Partition:
    return Partition(name, role, owner, Extent.of(start, size), start)


TABLE = Table(
    "board",
    (
        part("boot", Role.BOOTLOADER, 0, 0x8000),
        part("slot0", Role.APPLICATION, 0x8000, 0x40000),
        part("slot1", Role.OTA_TEMP, 0x48000, 0x40000),
        part("kv-store", Role.KV, 0x88000, 0x2000),
    ),
    DEVICE,
)


def encode(form: str, *tables: Table) -> Encoded:
    found = format_named(form)
    assert found is not None
    return found.encode(tables, WriteOptions())


def codes(encoded: Encoded) -> list[str]:
    return [f.code for f in encoded.findings]


def text(encoded: Encoded) -> str:
    assert encoded.data is not None
    return encoded.data.decode()


def test_ld_memory_reads_back_what_it_wrote() -> None:
    encoded = encode("ld-memory", TABLE)
    assert codes(encoded) == ["FMT011"]
    found = format_named("ld-memory")
    assert found is not None
    decoded = found.decode(Source("x.ld", encoded.data or b""), ReadOptions(device=DEVICE))
    assert decoded.findings == ()
    assert [(p.id, p.extent) for p in decoded.tables[0].partitions] == [
        ("BOOT", Extent(0, 0x8000)),
        ("SLOT0", Extent(0x8000, 0x48000)),
        ("SLOT1", Extent(0x48000, 0x88000)),
        ("KV_STORE", Extent(0x88000, 0x8A000)),
    ]
    assert "__slot0_end = ORIGIN(SLOT0) + LENGTH(SLOT0);" in text(encoded)


def test_ld_memory_reads_what_people_write_and_says_what_it_cannot() -> None:
    script = b"""/* chip */
MEMORY
{
  FLASH (rx)  : ORIGIN = 0x08000000 + 32K, LENGTH = 1M - 0x8000  /* app */
  ram   : org = 0x20000000, len = 64K
  NV : ORIGIN = END, LENGTH = 4K
}
"""
    found = format_named("ld-memory")
    assert found is not None
    decoded = found.decode(Source("x.ld", script), ReadOptions())
    regions = [(p.id, p.start, p.size, p.place) for p in decoded.tables[0].partitions]
    assert [(i, s, n) for i, s, n, _ in regions] == [
        ("FLASH", 0x08008000, 0xF8000),
        ("ram", 0x20000000, 0x10000),
    ]
    assert regions[0][3] is not None and (regions[0][3].line, regions[0][3].column) == (4, 3)
    assert [(f.code, f.place.line if f.place else 0) for f in decoded.findings] == [("FMT016", 6)]


def regions_of(script: str, **options: object) -> dict[str, tuple[str, int, int]]:
    found = format_named("ld-memory")
    assert found is not None
    decoded = found.decode(Source("x.ld", script.encode()), ReadOptions(**options))  # type: ignore[arg-type]
    assert decoded.findings == ()
    return {p.id or "": (p.owner, p.start, p.size) for p in decoded.tables[0].partitions}


def test_ld_memory_evaluates_as_the_linker_does() -> None:
    script = """
_size = 1M; PROVIDE(_boot = 16K * 2);
MEMORY { BOOT (rx) : ORIGIN = 0x08000000, LENGTH = _boot
  APP (rx!w) : o = ORIGIN(BOOT) + LENGTH(BOOT), l = (_size - LENGTH(BOOT)) / 2, }
MEMORY {
  NV (r) : org = (0x08000000 + (1 << 20)) - 0x4000, len = SIZE | 010
}
"""
    assert regions_of(script, defines={"SIZE": "0x4000"}) == {
        "BOOT": ("embedded", 0x08000000, 0x8000),
        "APP": ("embedded", 0x08008000, 0x7C000),
        "NV": ("embedded", 0x080FC000, 0x4008),
    }


def test_ld_memory_tells_ram_from_flash() -> None:
    script = """MEMORY {
  FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 64K
  SRAM2 : ORIGIN = 0x10000000, LENGTH = 64K
  HEAP (xrw) : ORIGIN = 0x20000000, LENGTH = 64K
  XIP (rx) : ORIGIN = 0x90000000, LENGTH = 64K
}"""
    owners = {name: owner for name, (owner, _, _) in regions_of(script, device=DEVICE).items()}
    assert owners == {"FLASH": "embedded", "SRAM2": "ram", "HEAP": "ram", "XIP": "xip"}


@pytest.mark.parametrize(
    "region",
    [
        "A : ORIGIN = __start, LENGTH = 4K",
        "A : ORIGIN = 0, LENGTH = 4K - 8K",
        "A : ORIGIN = 0, LENGTH = 1 / 0",
        "A : ORIGIN = 0, LENGTH = LENGTH(B)",
        "A : ORIGIN = x, LENGTH = 1",
        "A : ORIGIN = 0",
        "A (rx) :",
        "INCLUDE other.ld",
        "A : ORIGIN = 0, LENGTH = DEFINED(N) ? 1 : 2",
        "A : ORIGIN = " + "(" * 100 + "0" + ")" * 100 + ", LENGTH = 1",
        "A : ORIGIN = 0, LENGTH = 1 << 500",
        "A : ORIGIN = 0, LENGTH = 4 4",
        "A : ORIGIN = 08, LENGTH = 1",
    ],
)
def test_ld_memory_drops_nothing_in_silence(region: str) -> None:
    found = format_named("ld-memory")
    assert found is not None
    script = f"x = y; y = x;\nMEMORY {{\n  {region}\n}}\n"
    decoded = found.decode(Source("x.ld", script.encode()), ReadOptions())
    assert decoded.tables[0].partitions == ()
    assert [(f.code, f.place and f.place.line) for f in decoded.findings] == [("FMT016", 3)]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_ld_memory_survives_any_bytes(data: bytes) -> None:
    found = format_named("ld-memory")
    assert found is not None
    decoded = found.decode(Source("x.ld", b"MEMORY {" + data), ReadOptions())
    assert decoded.tables or decoded.findings


def test_what_has_no_address_is_said() -> None:
    with_spi = replace(
        TABLE, partitions=(*TABLE.partitions, part("log", Role.CUSTOM, 0, 0x1000, "spi"))
    )
    encoded = encode("ld-memory", with_spi)
    assert codes(encoded) == ["FMT011", "FMT013"] and "log" not in text(encoded)
    assert encode("ld-memory", replace(TABLE, device=None)).data is None
    assert "PARTITION_LOG_OFFSET 0x0u" in text(encode("c-header", with_spi))


def test_symbols_that_collide_are_refused() -> None:
    twin = replace(TABLE, partitions=(*TABLE.partitions, part("kv_store", Role.KV, 0x9000, 4)))
    encoded = encode("c-header", twin)
    assert encoded.data is None and "FMT012" in codes(encoded)


def test_memory_x_links_the_application() -> None:
    encoded = encode("rust-memory-x", TABLE)
    assert "  FLASH : ORIGIN = 0x8008000, LENGTH = 0x40000\n" in text(encoded)
    assert codes(encoded) == ["FMT011", "FMT018"]
    no_app = replace(TABLE, partitions=TABLE.partitions[:1])
    assert codes(encode("rust-memory-x", no_app)) == ["FMT017"]


def test_one_table_formats_say_so() -> None:
    for form in ("ld-memory", "rust-memory-x", "mcuboot-flash-map"):
        encoded = encode(form, TABLE, TABLE)
        assert encoded.data is None and codes(encoded) == ["FMT014"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler (gcc) on this machine")
def test_the_headers_compile_with_the_planned_values(tmp_path: Path) -> None:
    (tmp_path / "partitions.h").write_text(text(encode("c-header", TABLE)))
    (tmp_path / "map.h").write_text(text(encode("mcuboot-flash-map", TABLE)))
    (tmp_path / "main.c").write_text(
        """#include <stdint.h>
#include <stdio.h>
#include "partitions.h"
#include "map.h"
struct flash_area { uint8_t id, device; uint16_t pad; uint32_t off, size; };
static const struct flash_area areas[] = { FLASHWRIGHT_FLASH_AREAS };
int main(void) {
    printf("%x %x %u %x %d %u %x\\n", PARTITION_SLOT0_ADDRESS, PARTITION_KV_STORE_SIZE,
           PARTITION_COUNT, areas[FLASH_AREA_IMAGE_SECONDARY(0)].off,
           FLASH_AREA_IMAGE_PRIMARY(1), MCUBOOT_MAX_IMG_SECTORS, areas[3].size);
    return 0;
}
"""
    )
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *flags, "-o", "main", "main.c"], cwd=tmp_path, check=True)
    done = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "8008000 2000 4 48000 255 64 2000\n"


def test_markdown_escapes_what_would_be_markup() -> None:
    nasty = replace(TABLE, partitions=(part("a|b<script>\x1b[0m", Role.CUSTOM, 0, 4096),))
    row = text(encode("markdown", nasty)).splitlines()[-1]
    assert row.startswith("| a\\|b\\<script\\>\\\\x1b\\[0m | custom | embedded | 0x0 |")
