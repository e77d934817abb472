"""The catalogue as shipped: values that are known, and laws that every device keeps."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from flashwright.base.extent import Extent
from flashwright.host.catalogue import Catalogue
from flashwright.model.device import BankMode, Device
from flashwright.model.geometry import EraseRun, Overwrite

K, M = 1 << 10, 1 << 20


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="module")
def everything(catalogue: Catalogue) -> list[Device]:
    return [device for name in catalogue.names() for device in catalogue.find(name)]


def only(catalogue: Catalogue, name: str) -> Device:
    found = catalogue.find(name)
    assert len(found) == 1, [d.id for d in found]
    return found[0]


def blocks(device: Device, owner: str = "embedded") -> list[int]:
    flash = device.flash(owner)
    assert flash is not None
    return [block.size for block in flash.blocks(flash.extent)]


def test_stm32f429_has_24_erase_blocks_in_two_banks(catalogue: Catalogue) -> None:
    device = only(catalogue, "stm32f429zi")
    bank = [16 * K] * 4 + [64 * K] + [128 * K] * 7
    assert blocks(device) == bank * 2
    flash = device.flashes[0]
    assert flash.base == 0x08000000
    assert [b.extent for b in flash.banks] == [Extent(0, M), Extent(M, 2 * M)]
    assert flash.overwrite is Overwrite.CLEAR_BITS


def test_stm32f767_differs_by_bank_mode(catalogue: Catalogue) -> None:
    single, dual = catalogue.find("stm32f767zi")
    assert (single.configuration, dual.configuration) == ("single", "dual")
    assert blocks(single) == [32 * K] * 4 + [128 * K] + [256 * K] * 7
    assert single.flashes[0].banks == ()
    assert blocks(dual) == ([16 * K] * 4 + [64 * K] + [128 * K] * 7) * 2
    assert [b.extent.size for b in dual.flashes[0].banks] == [M, M]


@pytest.mark.parametrize(
    ("name", "erased", "overwrite", "unit"),
    [
        ("stm32l476rg", 0xFF, Overwrite.ONCE, 8),
        ("stm32h743zi", 0xFF, Overwrite.ONCE, 32),
        ("stm32l073rz", 0x00, Overwrite.ONCE, 4),
        ("stm32l152re", 0x00, Overwrite.ONCE, 4),
        ("stm32f405rg", 0xFF, Overwrite.CLEAR_BITS, 1),
        ("nrf52840", 0xFF, Overwrite.CLEAR_BITS, 4),
        ("nrf54l15", 0xFF, Overwrite.FREE, 16),
        ("pico", 0xFF, Overwrite.CLEAR_BITS, 1),
    ],
)
def test_how_a_flash_is_programmed(
    catalogue: Catalogue, name: str, erased: int, overwrite: Overwrite, unit: int
) -> None:
    flash = only(catalogue, name).flashes[0]
    assert (flash.erased_value, flash.overwrite, flash.program_unit) == (erased, overwrite, unit)


def test_a_hole_between_banks_makes_two_flashes(catalogue: Catalogue) -> None:
    device = only(catalogue, "stm32h742vg")
    assert [(f.name, f.base, f.size) for f in device.flashes] == [
        ("embedded", 0x08000000, 512 * K),
        ("embedded2", 0x08100000, 512 * K),
    ]
    assert device.locate(0x08100010) == (device.flashes[1], 0x10)
    assert device.locate(0x08080000) is None


@pytest.mark.parametrize(
    ("configuration", "size", "user2", "limit"),
    [
        ("512k-256", 512 * K, 0x41000, 0x3A000),
        ("1m-512", 1 * M, 0x81000, 0x7A000),
        ("2m-512", 2 * M, 0x81000, 0x7A000),
        ("2m-1024", 2 * M, 0x101000, 0xFA000),
        ("4m-512", 4 * M, 0x81000, 0x7A000),
        ("4m-1024", 4 * M, 0x101000, 0xFA000),
    ],
)
def test_esp8266_flash_maps(
    catalogue: Catalogue, configuration: str, size: int, user2: int, limit: int
) -> None:
    (device,) = catalogue.find("esp8266", configuration)
    assert device.id == f"esp8266:{configuration}"
    assert device.flashes[0].size == size
    assert device.flashes[0].base is None
    assert device.boot.bank_mode is BankMode.DUAL
    assert device.boot.boot_offsets == (0x1000, user2)
    assert device.boot.bootloader == Extent(0, 0x1000)
    assert device.slot_limit == limit
    assert [(r.name, r.extent) for r in device.reserved] == [
        ("rf-calibration", Extent(size - 0x5000, size - 0x4000)),
        ("init-data", Extent(size - 0x4000, size - 0x3000)),
        ("system-parameters", Extent(size - 0x3000, size)),
    ]
    for start in device.boot.boot_offsets:
        window = next(w for w in device.windows if start in w.extent)
        assert window.name == "cache"
    if user2 > M:
        assert [w.extent for w in device.windows] == [Extent(0, M), Extent(M, 2 * M)]


def test_the_worked_example_fits(catalogue: Catalogue) -> None:
    """Slots of 0xF5000, parameters of 0x5000 below the RF calibration."""
    device = only(catalogue, "esp8266:2m-1024")
    a, b = device.boot.boot_offsets
    slot = 0xF5000
    assert slot <= device.slot_limit
    assert any(w.extent.covers(Extent.of(a, slot)) for w in device.windows)
    assert any(w.extent.covers(Extent.of(b, slot)) for w in device.windows)
    assert b + slot + 0x5000 == device.reserved[0].extent.start == 0x1FB000


@pytest.mark.parametrize(
    ("chip", "bootloader"),
    [("esp32", 0x1000), ("esp32s2", 0x1000), ("esp32c3", 0), ("esp32-S3", 0), ("esp32p4", 0x2000)],
)
def test_esp32_bootloader_offsets(catalogue: Catalogue, chip: str, bootloader: int) -> None:
    device = only(catalogue, f"{chip}:4mb")
    assert device.boot.bootloader == Extent(bootloader, 0x8000)
    assert device.boot.table_offset == 0x8000
    assert device.image_alignment == 0x10000
    assert device.flashes[0].runs == (EraseRun(1024, 0x1000),)


def test_all_esp32_chips_in_all_sizes(catalogue: Catalogue) -> None:
    chips = [n for n in catalogue.names() if n.startswith("esp32") and n != "esp32devkitc"]
    assert len(chips) == 14
    for chip in chips:
        sizes = [d.flashes[0].size for d in catalogue.find(chip)]
        assert sizes == [n * M for n in (1, 2, 4, 8, 16, 32, 64, 128)]


@pytest.mark.parametrize(
    ("board", "flashes"),
    [
        ("mk3165", [("embedded", 512 * K), ("spi", 2 * M)]),
        ("mk3166", [("embedded", 1 * M), ("qspi", 2 * M)]),
        ("mk3239", [("embedded", 1 * M), ("qspi", 2 * M)]),
        ("mk3060", [("embedded", 2 * M)]),
        ("developerkit", [("embedded", 1 * M)]),
        ("haas100", [("embedded", 16 * M)]),
        ("haas200", [("embedded", 4 * M)]),
        ("xr871evb", [("embedded", 2 * M)]),
        ("esp32devkitc", [("embedded", 4 * M)]),
        ("pca10040", [("embedded", 512 * K)]),
        ("pca10095", [("embedded", 1 * M), ("network", 256 * K)]),
        ("saml21_iot_sk", [("embedded", 256 * K)]),
        ("numaker-pfm-m487", [("embedded", 512 * K)]),
        ("evkbimxrt1050", [("embedded", 64 * M)]),
        ("bk7231n", [("embedded", 2 * M)]),
        ("pico2", [("embedded", 4 * M)]),
    ],
)
def test_boards(catalogue: Catalogue, board: str, flashes: list[tuple[str, int]]) -> None:
    device = only(catalogue, board) if len(catalogue.find(board)) == 1 else None
    assert device is not None
    assert device.name == board
    assert [(f.name, f.size) for f in device.flashes] == flashes


def test_the_physical_application_of_beken(catalogue: Catalogue) -> None:
    device = only(catalogue, "BK7231T")
    assert device.boot.bootloader == Extent(0, 0x11000)
    assert device.boot.boot_offsets == (0x11000,)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("STM32F429ZIT6", "stm32f429zi"),
        ("STM32F429ZIT6TR", "stm32f429zi"),
        ("stm32f429zi-nucleo", "stm32f429zi"),
        ("nRF52832_xxAA", "nrf52832"),
        ("nRF52832_xxAB", "nrf52832_xxab"),
        ("nrf52832-xxab", "nrf52832_xxab"),
        ("ESP32-C3:4MB", "esp32c3"),
        ("PICO-W", "pico_w"),
    ],
)
def test_names_are_read_as_people_write_them(
    catalogue: Catalogue, written: str, meant: str
) -> None:
    assert only(catalogue, written).name == meant


@pytest.mark.parametrize(
    "name",
    [
        "",
        ":",
        "stm32",
        "stm32f429",
        "esp32s9",
        "esp32-x9",
        "esp8266x2",
        "stm32f429zi stm32f405rg",
        "../index",
        "index",
        "\0\x1b[31m",
        "x" * 100_000,
    ],
)
def test_other_names_are_unknown(catalogue: Catalogue, name: str) -> None:
    assert catalogue.find(name) == ()


def test_an_unknown_configuration_finds_nothing(catalogue: Catalogue) -> None:
    assert catalogue.find("esp8266", "3m-512") == ()
    assert len(catalogue.find("esp8266")) == 6


def test_search(catalogue: Catalogue) -> None:
    hits = catalogue.search("STMicro f429zi")
    assert [h.id for h in hits] == ["stm32f429zi"]
    assert hits[0].size == 2 * M
    assert [h.id for h in catalogue.search("esp8266:2m")] == ["esp8266:2m-1024", "esp8266:2m-512"]
    assert {"mk3165"} == {h.id for h in catalogue.search("emw3165")}
    assert catalogue.search("no such device") == ()


def test_search_agrees_with_find(catalogue: Catalogue, everything: list[Device]) -> None:
    listed = {(s.id, s.vendor, s.size) for s in catalogue.search()}
    assert listed == {(d.id, d.vendor, d.flashes[0].size) for d in everything}


def test_size_of_the_catalogue(catalogue: Catalogue, everything: list[Device]) -> None:
    names = catalogue.names()
    assert len([n for n in names if n.startswith("stm32")]) == 1580
    assert len(names) > 4000
    assert len({d.id for d in everything}) == len(everything)
    assert catalogue.findings == ()


def test_every_flash_is_sound(everything: list[Device]) -> None:
    for device in everything:
        assert len({f.name for f in device.flashes}) == len(device.flashes), device.id
        for flash in device.flashes:
            assert flash.size > 0, device.id
            assert all(run.size % flash.program_unit == 0 for run in flash.runs), device.id
            ends = [b.extent.end for b in flash.banks]
            assert all(flash.is_boundary(end) for end in ends), device.id
            assert not ends or ends[-1] == flash.size, device.id
        mapped = sorted(f.extent.shifted(f.base) for f in device.flashes if f.base is not None)
        assert all(not a.overlaps(b) for a, b in itertools.pairwise(mapped)), device.id


def test_every_range_lies_on_erase_blocks(everything: list[Device]) -> None:
    for device in everything:
        for item in (*device.reserved, *device.windows):
            flash = device.flash(item.owner)
            assert flash is not None, device.id
            assert item.extent, device.id
            assert flash.is_boundary(item.extent.start), device.id
            assert flash.is_boundary(item.extent.end), device.id
        boot = device.flash(device.boot.owner)
        assert boot is not None, device.id
        assert all(boot.is_boundary(o) for o in device.boot.boot_offsets), device.id
        assert all(o < boot.size for o in device.boot.boot_offsets), device.id
        kept = [r.extent for r in device.reserved_in(device.boot.owner)]
        if device.boot.bootloader is not None:
            assert boot.is_boundary(device.boot.bootloader.end), device.id
            assert not any(device.boot.bootloader.overlaps(k) for k in kept), device.id
        for offset in device.boot.boot_offsets:
            assert not any(offset in k for k in kept), device.id
        if device.boot.bank_mode is BankMode.DUAL:
            assert len(device.boot.boot_offsets) == 2, device.id


def test_every_fact_has_a_source(everything: list[Device]) -> None:
    for device in everything:
        assert device.source, device.id
        assert device.title, device.id
        assert all(f.source for f in device.flashes), device.id
        assert all(r.source and r.purpose for r in device.reserved), device.id
        assert all(w.source and w.reason for w in device.windows), device.id
        if device.boot.bank_mode or device.boot.boot_offsets or device.boot.bootloader:
            assert device.boot.source, device.id


def test_the_index_says_what_the_files_say() -> None:
    import flashwright

    folder = Path(flashwright.__file__).parent / "devices"
    index = json.loads((folder / "index.json").read_text())
    files = {p.stem for p in folder.glob("*.json")} - {"index"}
    assert set(index) == files
    for stem, names in index.items():
        data = json.loads((folder / f"{stem}.json").read_text())
        assert names.split() == sorted(n.casefold() for e in data["devices"] for n in e["names"])


def test_own_device_files(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(
        json.dumps(
            {
                "title": "Mine",
                "devices": [
                    {"names": ["MyBoard"], "chip": "stm32f405rg", "source": "schematic"},
                    {
                        "names": ["stm32f429zi"],
                        "flash": [{"name": "embedded", "erase_blocks": [[2, "4K"]]}],
                    },
                ],
            }
        )
    )
    (tmp_path / "damaged.json").write_bytes(b'{"devices": [')
    catalogue = Catalogue([tmp_path])
    board = only(catalogue, "myboard")
    assert blocks(board) == [16 * K] * 4 + [64 * K] + [128 * K] * 7
    assert board.title == "MyBoard"
    assert only(catalogue, "stm32f429zi").flashes[0].size == 8 * K
    assert [f.code for f in catalogue.findings] == ["DEV004"]
    place = catalogue.findings[0].place
    assert place is not None
    assert place.path.endswith("damaged.json")


def test_boards_that_stand_on_each_other_end(tmp_path: Path) -> None:
    devices = [{"names": ["one"], "chip": "two"}, {"names": ["two"], "chip": "one"}]
    (tmp_path / "loop.json").write_text(json.dumps({"devices": devices}))
    catalogue = Catalogue([tmp_path])
    assert catalogue.find("one") == ()
    assert "DEV004" in [f.code for f in catalogue.findings]
