"""bsp.yml: CPU addresses, ids, unknown fields, edits; Mynewt's own boards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats import mynewt_bsp
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.formats.yaml_source import LARGEST_YAML
from flashwright.host.catalogue import Catalogue
from flashwright.rules.catalog import run

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples/mynewt-bsp"
CATALOGUE = Catalogue()

TEXT = """\
bsp.flash_map:
    areas:
        FLASH_AREA_BOOTLOADER:
            device: 0
            offset: 0x08000000   # from reset
            size: 16kB
        FLASH_AREA_IMAGE_0:
            device: 0
            offset: 0x08020000
            size: 384kB
        FLASH_AREA_LOG:
            user_id: 0
            device: 0
            offset: 0x08004000
            size: 16kB
        FLASH_AREA_FCB:
            user_id: 2
            device: 0
            offset: 0x08008000
            size: 16384
"""


def read(text: str, chip: str | None = "stm32f407vg") -> Decoded:
    device = CATALOGUE.find(chip)[0] if chip else None
    return mynewt_bsp.decode(Source("bsp.yml", text.encode()), ReadOptions(device))


def codes(decoded: Decoded) -> list[str]:
    return [f.code for f in decoded.findings]


def test_addresses_are_offsets_where_the_device_is_known() -> None:
    decoded = read(TEXT)
    assert decoded.findings == ()
    partitions = decoded.tables[0].partitions
    assert [(p.extent.start, p.start, p.index) for p in partitions] == [
        (0, 0x08000000, 0),
        (0x20000, 0x08020000, 1),
        (0x4000, 0x08004000, 16),
        (0x8000, 0x08008000, 18),
    ]
    assert read(TEXT, None).tables[0].partitions[1].extent.start == 0x08020000


def test_an_area_beyond_the_flash_is_still_counted_from_its_start() -> None:
    far = TEXT.replace("0x08020000", "0x08200000")
    assert read(far).tables[0].partitions[1].extent.start == 0x200000
    assert "GEO102" in {f.code for f in run(read(far).tables[0])}


def test_flash_0_of_a_second_core_is_its_own() -> None:
    text = TEXT.replace("0x080", "0x010")
    decoded = read(text, "nrf5340")
    parts = decoded.tables[0].partitions
    assert {p.owner for p in parts} == {"network"}
    assert [p.extent.start for p in parts] == [0, 0x20000, 0x4000, 0x8000]
    found = {f.code for f in run(decoded.tables[0]) if f.severity is Severity.ERROR}
    assert found == {"GEO102"}  # the image of 384 KiB, in a flash of 256
    base = Source("bsp.yml", text.encode())
    assert mynewt_bsp.encode(decoded.tables, WriteOptions(base=base)).data == base.data
    first = read(TEXT.replace("0x080", "0x000"), "nrf5340").tables[0].partitions
    assert {p.owner for p in first} == {"embedded"}


@pytest.mark.parametrize("chip", ["stm32f407vg", None])
@pytest.mark.parametrize("text", [TEXT, TEXT.replace("0x080", "0x000")], ids=["cpu", "offset"])
def test_an_edit_keeps_addresses_or_offsets_as_they_were(text: str, chip: str | None) -> None:
    table = read(text, chip).tables[0]
    options = WriteOptions(base=Source("bsp.yml", text.encode()))
    assert mynewt_bsp.encode((table,), options).data == text.encode()
    parts = list(table.partitions)
    parts[1] = replace(parts[1], extent=parts[1].extent.shifted(0x20000))
    data = mynewt_bsp.encode((replace(table, partitions=tuple(parts)),), options).data
    assert data is not None
    changed = [
        new
        for old, new in zip(text.splitlines(), data.decode().splitlines(), strict=True)
        if old != new
    ]
    assert [line.strip() for line in changed] == [
        "offset: 0x08040000" if text is TEXT else "offset: 0x00040000"
    ]


def test_a_file_written_anew_has_addresses() -> None:
    table = read(TEXT).tables[0]
    data = mynewt_bsp.encode((table,), WriteOptions()).data
    assert data is not None and b"offset: 0x08020000" in data
    again = read(data.decode()).tables[0].partitions
    assert [(p.name, p.extent, p.index) for p in again] == [
        (p.name, p.extent, p.index) for p in table.partitions
    ]


def test_equal_ids_and_unknown_fields_are_told() -> None:
    same = read(TEXT.replace("user_id: 2", "user_id: 0"))
    assert codes(same) == ["FMT263"]
    assert same.findings[0].help == "user_id 1 is free"
    unknown = read(TEXT.replace("size: 16384", "sizes: 1\n            size: 16384"))
    assert codes(unknown) == ["FMT262"]
    assert "`size`" in unknown.findings[0].help


@pytest.mark.parametrize(
    ("said", "bytes_"),
    [
        ("040000", 40000),
        ("00x4000", 0x4000),
        ("0X4000", 0x4000),
        ("0x10kB", 0x4000),
        ("16KB", 16384),
        ("1_024", 1024),
        ("+16kb", 16384),
        ("016kB", 16384),
    ],
)
def test_sizes_are_read_as_newt_reads_them(said: str, bytes_: int) -> None:
    """Values by newt's util.AtoiNoOct and flashmap.parseSize: a leading 0 is not octal."""
    decoded = read(TEXT.replace("size: 16384", f"size: {said}"))
    assert decoded.findings == ()
    assert decoded.tables[0].partitions[3].size == bytes_


@pytest.mark.parametrize(
    "said", ["1MB", "16 kB", "0b11", "0o17", "1__0", "_1", "kB", "", "1.5kB", "16k", "-4", "true"]
)
def test_sizes_that_newt_stops_at_are_refused(said: str) -> None:
    assert codes(read(TEXT.replace("size: 16384", f"size: {said}"))) == ["FMT260"]


@pytest.mark.parametrize("said", ["0X8000", "0b11", "32kB"])
def test_offsets_that_newt_stops_at_are_refused(said: str) -> None:
    assert codes(read(TEXT.replace("offset: 0x08008000", f"offset: {said}"))) == ["FMT260"]


def test_a_system_area_has_no_user_id() -> None:
    text = TEXT.replace("size: 384kB", "size: 384kB\n            user_id: 3")
    assert codes(read(text)) == ["FMT260"]
    assert "newt stops" in read(text).findings[0].message


def test_new_areas_get_ids_that_are_free() -> None:
    table = read(TEXT).tables[0]
    fresh = replace(table.partitions[2], name="FLASH_AREA_NEW", attributes={})
    made = mynewt_bsp.encode(
        (replace(table, partitions=(fresh, *table.partitions)),), WriteOptions()
    )
    assert made.data is not None
    again = read(made.data.decode())
    assert again.findings == ()
    assert [p.index for p in again.tables[0].partitions] == [17, 0, 1, 16, 18]


def test_a_file_that_would_take_minutes_is_refused() -> None:
    text = TEXT + "#" * LARGEST_YAML
    assert codes(read(text)) == ["FMT023"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
def test_the_shared_erase_block_of_a_shipped_board_is_found() -> None:
    text = (SAMPLES / "hw_bsp_stm32f7discovery_bsp.yml").read_text()
    found = run(read(text, "stm32f746ng").tables[0])
    shared = [f for f in found if f.code == "GEO105"]
    assert len(shared) == 1
    assert "IMAGE_0" in shared[0].message and "IMAGE_SCRATCH" in shared[0].message
    assert shared[0].where is not None
    assert shared[0].where.extent == Extent(0xC0000, 0x100000)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
@pytest.mark.parametrize(
    ("name", "chip"),
    [
        ("nucleo-f103rb", "stm32f103rb"),
        ("nucleo-f746zg", "stm32f746zg"),
        ("nucleo-l476rg", "stm32l476rg"),
        ("stm32f4discovery", "stm32f407vg"),
        ("nordic_pca10056", "nrf52840"),
        ("nordic_pca10095", "nrf5340"),
    ],
)
def test_sound_boards_are_sound(name: str, chip: str) -> None:
    decoded = read((SAMPLES / f"hw_bsp_{name}_bsp.yml").read_text(), chip)
    found = [*decoded.findings, *(f for t in decoded.tables for f in run(t))]
    assert [f for f in found if f.severity is not Severity.NOTE and "flash2" not in f.message] == []
