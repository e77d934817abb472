"""pm_static.yml: the gap of the application, external flashes, RAM, edits; Nordic's own files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Severity
from flashwright.formats import nrf_pm_static
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.formats.nrf_pm_static import encode
from flashwright.host.catalogue import Catalogue
from flashwright.model.device import Device
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.catalog import run

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples/nordic-pm-static"
CATALOGUE = Catalogue()

TEXT = """\
mcuboot: {address: 0x0, size: 0xc000}
mcuboot_pad: {address: 0xc000, size: 0x200}
app:
  address: 0xc200
  size: 0x71e00  # the rest
mcuboot_primary:
  address: 0xc000
  orig_span: &id001 [mcuboot_pad, app]
  size: 0x72000
  span: *id001
mcuboot_secondary:
  address: 0x0
  device: MX25R64
  region: external_flash
  size: 0x72000
settings_storage: {address: 0x7e000, size: 0x82000}
rpmsg_sram: {address: 0x20070000, size: 0x10000}
"""


def device(name: str) -> Device:
    found = CATALOGUE.find(name)
    assert len(found) == 1
    return found[0]


def read(text: str, chip: str | None = "nrf52840") -> Decoded:
    options = ReadOptions(device(chip) if chip else None)
    return nrf_pm_static.decode(Source("pm_static.yml", text.encode()), options)


def test_a_sound_layout_is_sound_with_an_external_flash_and_ram() -> None:
    decoded = read(TEXT)
    assert decoded.findings == ()
    table = decoded.tables[0]
    assert [f for f in run(table) if f.severity is not Severity.NOTE] == []
    assert table.device is not None
    external = table.device.flash("external_flash")
    assert external is not None
    assert (external.size, external.largest_erase_block) == (8 << 20, 4096)
    owners = {p.name: p.owner for p in table.partitions}
    assert owners["rpmsg_sram"] == "sram_primary"
    assert owners["mcuboot_secondary"] == "external_flash"
    assert owners["settings_storage"] == "embedded"


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ("MX25R6435F", 8 << 20),
        ("MX25R1635F", 2 << 20),
        ("gd25wb256e", 32 << 20),
        ("W25Q80", 1 << 20),
        ("my_flash", 0x72000),
    ],
)
def test_the_size_of_an_external_flash_is_that_of_its_part_or_what_is_used(
    part: str, size: int
) -> None:
    made = read(TEXT.replace("MX25R64", part)).tables[0].device
    flash = made.flash("external_flash") if made else None
    assert flash is not None and flash.size == size


def test_without_a_device_none_is_made_up() -> None:
    assert read(TEXT, None).tables[0].device is None
    inside = TEXT.replace("MX25R64", "W25Q10")
    beyond = [f.code for f in run(read(inside).tables[0]) if f.severity is Severity.ERROR]
    assert beyond == ["GEO102"]


def test_an_app_that_contradicts_the_gap_is_read_as_the_gap() -> None:
    text = TEXT.replace("address: 0xc200", "address: 0x1000")
    for chip in ("nrf52840", None):
        decoded = read(text, chip)
        assert [f.code for f in decoded.findings] == ["FMT253"]
        app = decoded.tables[0].get("app")
        assert app is not None and app.extent == Extent(0xC200, 0x7E000)
        assert "0xC200" in decoded.findings[0].help


def test_an_app_smaller_than_the_gap_is_told_and_kept() -> None:
    decoded = read(TEXT.replace("0x71e00", "0x70e00"))
    assert [f.code for f in decoded.findings] == ["FMT253"]
    app = decoded.tables[0].get("app")
    assert app is not None and app.extent == Extent(0xC200, 0x7D000)


def test_the_number_of_gaps_is_told_where_the_flash_is_known() -> None:
    two = TEXT.replace("0x82000", "0x81000")
    assert [f.code for f in read(two).findings] == ["FMT254"]
    assert read(two, None).findings == ()
    none = TEXT.replace("0x7e000, size: 0x82000", "0xc200, size: 0xf3e00")
    assert [f.code for f in read(none).findings] == ["FMT254"]


def test_roles_and_pairs() -> None:
    table = read(TEXT).tables[0]
    found = {p.name: (p.role, p.pair, p.parent) for p in table.partitions}
    assert found["mcuboot"] == (Role.BOOTLOADER, None, None)
    assert found["mcuboot_primary"] == (Role.APPLICATION, "mcuboot", None)
    assert found["mcuboot_secondary"] == (Role.OTA_TEMP, "mcuboot", None)
    assert found["app"][2] == "mcuboot_primary"
    assert found["settings_storage"][0] is Role.KV


def test_an_edit_keeps_an_entry_that_reads_as_meant() -> None:
    text = TEXT.replace("address: 0xc200", "address: 0x1000")
    table = read(text).tables[0]
    base = Source("pm_static.yml", text.encode())
    assert nrf_pm_static.encode((table,), WriteOptions(base=base)).data == base.data
    moved = tuple(
        replace(p, extent=Extent(0x7F000, 0x100000)) if p.name == "settings_storage" else p
        for p in table.partitions
    )
    options = WriteOptions(base=base)
    data = nrf_pm_static.encode((replace(table, partitions=moved),), options).data
    assert data is not None
    old, new = text.splitlines(), data.decode().splitlines()
    assert [b for a, b in zip(old, new, strict=True) if a != b] == [
        "settings_storage: {address: 0x7f000, size: 0x81000}"
    ]


#: Nordic's files with faults of their own: what is found in them, and nothing else is.
FAULTS = {
    "samples_bluetooth_mesh_dfu_target": {"FMT251", "FMT253"},
    "samples_nrf5340_extxip_smp_svr": {"FMT253", "GEO101"},
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
def test_nordics_own_layouts_have_the_known_faults_only() -> None:
    wrong = {}
    for path in sorted(SAMPLES.iterdir()):
        chip = re.search(r"nrf(52833|52840|5340|9160|9161|9151|54l15)", path.name)
        if chip is None or chip[0] == "nrf54l15":
            continue  # RRAM has no erase blocks; the slots of its files share an emulated one
        decoded = read(path.read_text(), chip[0])
        found = [*decoded.findings, *(f for t in decoded.tables for f in run(t))]
        codes = {f.code for f in found if f.severity is not Severity.NOTE}
        known = next((c for name, c in FAULTS.items() if name in path.name), set())
        if codes != known:
            wrong[path.name] = codes
    assert wrong == {}


def test_names_that_the_build_does_not_know() -> None:
    def written(*names: str) -> list[Finding]:
        roles = (Role.BOOTLOADER, Role.APPLICATION, Role.OTA_TEMP)
        places = [Extent.of(i * 0x8000, 0x8000) for i in range(3)]
        table = Table(
            "t",
            tuple(
                Partition(name, role, "embedded", place, place.start)
                for name, role, place in zip(names, roles, places, strict=True)
            ),
        )
        return list(encode((table,), WriteOptions()).findings)

    assert written("mcuboot", "mcuboot_primary", "mcuboot_secondary") == []
    (found,) = written("boot", "mcuboot_primary", "slot1")
    assert found.code == "FMT255" and found.severity is Severity.WARNING
    assert "`mcuboot` (here `boot`), `mcuboot_secondary` (here `slot1`)" in found.message


def test_the_one_external_flash_is_called_as_the_build_calls_it() -> None:
    inside = Partition("mcuboot_primary", Role.APPLICATION, "embedded", Extent(0, 0x8000), 0)
    outside = Partition("mcuboot_secondary", Role.OTA_TEMP, "qspi", Extent(0, 0x8000), 0)
    other = Partition("log", Role.CUSTOM, "fram", Extent(0, 0x800), 0)
    one = encode((Table("t", (inside, outside)),), WriteOptions()).data
    assert one is not None and b"region: external_flash" in one and b"qspi" not in one
    two = encode((Table("t", (inside, outside, other)),), WriteOptions()).data
    assert two is not None and b"region: qspi" in two and b"region: fram" in two


# What Nordic's Partition Manager made of these (scripts/partition_manager.py of 2024 and 2026, run
# as a program of its own, flash of 1 MiB): `None` where it stops or stumbles.
MEASURED: list[tuple[str, dict[str, tuple[int, int]] | None, set[str]]] = [
    ("app: {}\nb: {address: 0, size: 020000}", {"app": (0x2000, 0xFE000), "b": (0, 0x2000)}, set()),
    ("app: {size: 1}\nb: {address: 0b0, size: 1_000}", {"app": (1000, 0xFFC18)}, set()),
    # An entry inside another one that begins with it is no gap's bound: the gap overlaps.
    (
        "a: {address: 0, size: 0x9000}\nb: {address: 0, size: 0x4000}\napp: {}",
        {"app": (0x4000, 0xFC000)},
        set(),
    ),
    # Two of the same extent count once.
    (
        "a: {address: 0, size: 0x9000}\nb: {address: 0, size: 0x9000}\napp: {}",
        {"app": (0x9000, 0xF7000)},
        set(),
    ),
    # Overlaps in the middle make gaps that run backwards.
    ("a: {address: 0, size: 0x9000}\nb: {address: 0x8000, size: 0x9000}", None, {"FMT254"}),
    # Only `span` makes a container, `orig_span` does not.
    (
        "a: {address: 0, size: 4096}\napp: {}\nc: {address: 0, size: 8192, orig_span: [a]}",
        {"app": (0x1000, 0xFF000), "c": (0, 0x2000)},
        set(),
    ),
    (
        "a: {address: 0, size: 4096}\napp: {}\nc: {address: 0, size: 8192, span: []}",
        {"app": (0x1000, 0xFF000), "c": (0, 0x2000)},
        set(),
    ),
    ("a: &m {address: 0, size: 4096}\nb: {<<: *m, address: 4096}\napp: {}",
     {"b": (0x1000, 0x1000), "app": (0x2000, 0xFE000)}, set()),
    ('a: {address: "0", size: 4096}\napp: {}', None, {"FMT250"}),
    ("a: {address: 0, size: 0o10000}\napp: {}", None, {"FMT250"}),
    ("a: {address: 0, size: 0X1000}\napp: {}", None, {"FMT250"}),
    ("on: {address: 0, size: 4096}\napp: {}", None, {"FMT250"}),
    ('"on": {address: 0, size: 4096}\napp: {}', {"on": (0, 4096)}, set()),
    ("a: {address: 0, size: 4096, region: }\napp: {}", None, {"FMT250"}),
    ("a: &x {address: 0, size: 4096}\nb: &x {address: 4096, size: 1}\napp: {}", None, {"FMT250"}),
    (
        "app: {}\na: {address: 0, size: 4096}\n"
        "e: {address: 4096, size: 4096, region: external_flash}",
        None,
        {"FMT256"},
    ),
    (
        "app: {}\na: {address: 0, size: 4096}\n"
        "e: {address: 0, size: 4096, region: external_flash}\n"
        "f: {address: 4096, size: 4096, region: external_flash}",
        {"f": (4096, 4096)},
        set(),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places", "codes"), MEASURED)
def test_what_the_partition_manager_made(
    text: str, places: dict[str, tuple[int, int]] | None, codes: set[str]
) -> None:
    decoded = read(text)
    assert {f.code for f in decoded.findings if f.severity is not Severity.NOTE} == codes
    if places is not None:
        now = {p.name: (p.start, p.size) for t in decoded.tables for p in t.partitions}
        assert places.items() <= now.items()


@pytest.mark.parametrize(
    "said",
    ["0", "010", "08", "0o10", "0x1F", "0X1F", "0b11", "1_0", "+8", "1e3", "1.0", "-1", "'8'", "~"],
)
def test_numbers_are_those_of_pyyaml(said: str) -> None:
    yaml = pytest.importorskip("yaml")
    theirs = yaml.safe_load(said)
    decoded = read(f"a: {{address: {said}, size: 1}}")
    sound = isinstance(theirs, int) and theirs >= 0
    assert [p.start for t in decoded.tables for p in t.partitions] == ([theirs] if sound else [])


def test_an_application_without_a_place_needs_the_device() -> None:
    text = "app: {}\nb: {address: 0, size: 0x2000}"
    assert [f.code for f in read(text, None).findings] == ["FMT250"]
    assert [f.code for f in read("b: {address: 0, size: 0x2000}").findings] == ["FMT264"]


def test_regions_and_names_that_the_build_loses() -> None:
    lost = "app: {}\na: {address: 0, size: 4096, region: flash_primry}"
    assert [f.code for f in read(lost).findings] == ["FMT257"]
    mine = "app: {}\na: {address: 0, size: 4096, region: my_own}"
    assert read(mine).findings == ()
    same = "app: {}\nnvs: {address: 0, size: 4096}\nNVS: {address: 4096, size: 4096}"
    assert [f.code for f in read(same).findings] == ["FMT258"]


def test_names_are_written_as_texts_and_once() -> None:
    def table(*names: str) -> Table:
        made = (
            Partition(n, Role.CUSTOM, "embedded", Extent.of(i * 4096, 4096), i * 4096)
            for i, n in enumerate(names)
        )
        return Table("t", tuple(made))

    data = encode((table("on", "0x10", "a-b"),), WriteOptions()).data
    assert data is not None
    keys = [line for line in data.decode().splitlines() if not line.startswith(" ")]
    assert keys == ['"on":', '"0x10":', "a-b:"]
    for names in (("a", "a"), ("a b",), ("",)):
        made = encode((table(*names),), WriteOptions())
        assert made.data is None and {f.code for f in made.findings} == {"FMT252"}


def test_what_the_build_would_refuse_is_told_of_a_new_file() -> None:
    places = (("mcuboot", 0), ("app", 0x10000), ("storage", 0x80000))
    made = tuple(
        Partition(n, Role.CUSTOM, "embedded", Extent.of(at, 0x8000), at) for n, at in places
    )
    table = Table("t", made, device("nrf52840"))
    assert [f.code for f in encode((table,), WriteOptions()).findings] == ["FMT254"]


def test_an_edit_that_the_file_cannot_say_is_refused() -> None:
    text = (
        "a: &m {address: 0, size: 4096}\nb: {<<: *m, address: 4096}\n"
        "app: {address: 0x2000, size: 0xfe000}\n"
    )
    table = read(text).tables[0]
    base = Source("pm_static.yml", text.encode())
    smaller = tuple(
        replace(p, extent=Extent.of(p.start, 2048)) if p.name == "b" else p
        for p in table.partitions
    )
    made = encode((replace(table, partitions=smaller),), WriteOptions(base=base))
    assert made.data is None and [f.code for f in made.findings] == ["FMT259"]
    assert encode((table,), WriteOptions(base=base)).data == base.data
