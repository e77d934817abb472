"""`sync`: the same layout told by several files, and every disagreement with both places."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Place
from flashwright.evolve.agree.agreement import agreement, disagreements
from flashwright.evolve.agree.pages import PAGES
from flashwright.formats import esp_idf_bin, esp_idf_csv, ld_memory, nrf_pm_static, zephyr_dts
from flashwright.formats.format import ReadOptions, Source, WriteOptions
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

FLASH = Flash("embedded", 0x0800_0000, (EraseRun(256, 4096),))
DEVICE = Device("chip", "", "A chip", "", (FLASH,), BootFacts("embedded"))


def part(
    name: str, start: int, size: int, line: int = 1, owner: str = "embedded", **more: object
) -> Partition:
    place = Place("x", line, 1)
    role = more.pop("role", Role.CUSTOM)
    return Partition(name, role, owner, Extent.of(start, size), start, place=place, **more)  # type: ignore[arg-type]


def table(name: str, *parts: Partition, form: str = "") -> Table:
    return Table(name, parts, None, format=form, place=Place(name))


DTS = table(
    "a.dts",
    part("boot_partition", 0, 0x8000, 1, role=Role.BOOTLOADER),
    part("slot0_partition", 0x8000, 0x40000, 2, role=Role.APPLICATION),
    part("slot1_partition", 0x48000, 0x40000, 3),
    part("storage_partition", 0x88000, 0x2000, 4),
    form="zephyr-dts",
)
PM = table(
    "pm_static.yml",
    part("mcuboot", 0, 0x8000, 1),
    part("mcuboot_primary", 0x8000, 0x40000, 2),
    part("mcuboot_secondary", 0x48000, 0x40000, 3),
    part("settings_storage", 0x88000, 0x2000, 4),
    form="nrf-pm-static",
)


def codes(a: Table, b: Table) -> list[str]:
    return [f.code for f in disagreements(a, b)]


# Pairs -------------------------------------------------------------------------------------------


def test_names_of_other_ecosystems_are_understood() -> None:
    assert codes(DTS, PM) == []


def test_a_place_and_a_size_that_differ_are_told_with_both_places() -> None:
    moved = replace(PM, partitions=(*PM.partitions[:3], part("settings_storage", 0x89000, 4096, 9)))
    place, size = disagreements(DTS, moved)
    assert (place.code, size.code) == ("SYN101", "SYN102")
    assert place.place == Place("x", 4, 1) and place.related == (Place("x", 9, 1),)
    assert "0x88000" in place.message and "0x89000" in place.message and "0x1000" in place.help
    assert "0x2000" in size.message and "0x1000" in size.message


def test_a_partition_in_one_file_only() -> None:
    (alone,) = disagreements(DTS, replace(PM, partitions=PM.partitions[:3]))
    assert alone.code == "SYN103" and "`storage_partition`" in alone.message
    assert "pm_static.yml" in alone.message
    assert codes(replace(PM, partitions=PM.partitions[:3]), DTS) == ["SYN103"]


NRF_PM = b"""\
mcuboot: {address: 0x0, size: 0x7000, region: flash_primary}
mcuboot_pad: {address: 0x7000, size: 0x200}
app: {address: 0x7200, size: 0xefe00}
mcuboot_primary:
  {span: [mcuboot_pad, app], address: 0x7000, size: 0xf0000, region: flash_primary}
mcuboot_primary_app: {span: [app], address: 0x7200, size: 0xefe00}
settings_storage: {address: 0xf8000, size: 0x8000, region: flash_primary}
mcuboot_secondary: {address: 0x0, size: 0xf0000, device: MX25R64, region: external_flash}
external_flash: {address: 0xf0000, size: 0x710000, device: MX25R64, region: external_flash}
"""
NRF_DTS = """\
&flash0 { partitions {
	ranges; #address-cells = <1>; #size-cells = <1>;
	boot_partition: partition@0 {
		compatible = "zephyr,mapped-partition"; reg = <0x0 0x7000>;
	};
	slot0_partition: partition@7000 {
		compatible = "zephyr,mapped-partition"; reg = <0x7000 0xf0000>;
	};
	storage_partition: partition@f8000 {
		compatible = "zephyr,mapped-partition"; reg = <0xf8000 0x8000>;
	};
}; };
&mx25r64 { partitions {
	compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
	slot1_partition: partition@0 { reg = <0x0 0xf0000>; };
}; };
"""


def nordic(dts: str = NRF_DTS) -> tuple[Table, Table]:
    (pm,) = nrf_pm_static.decode(Source("pm_static.yml", NRF_PM), ReadOptions()).tables
    (tree,) = zephyr_dts.decode(Source("b.overlay", dts.encode()), ReadOptions()).tables
    return pm, tree


def test_both_files_of_a_board_with_nrf_connect_agree() -> None:
    """As in sdk-nrf's Matter samples: spans, header pad and rest stand in one of the files only."""
    pm, tree = nordic()
    assert codes(pm, tree) == codes(tree, pm) == []


def test_a_slot_in_another_flash_is_told() -> None:
    moved = NRF_DTS.replace("storage_partition: partition@f8000", "p: partition@100000")
    moved = moved.replace("reg = <0xf8000", "reg = <0x100000")
    (_, tree) = nordic(moved)
    assert "SYN103" in codes(nordic()[0], tree)
    inside = (*DTS.partitions[:2], part("slot1_partition", 0x48000, 0x40000, 3, "qspi"))
    (other,) = disagreements(
        replace(DTS, partitions=DTS.partitions[:3]), replace(PM, partitions=inside)
    )
    assert other.code == "SYN105" and "`embedded`" in other.message and "`qspi`" in other.message
    assert other.related == (Place("x", 3, 1),)


def test_flashes_may_have_other_names() -> None:
    def called(of: Table, names: dict[str, str]) -> Table:
        moved = tuple(replace(p, owner=names[p.name]) for p in of.partitions)
        return replace(of, partitions=moved)

    inner, outer = ("a", "b"), ("flash0", "mx25")
    here = called(DTS, {p.name: inner[n == 2] for n, p in enumerate(DTS.partitions)})
    there = called(PM, {p.name: outer[n == 2] for n, p in enumerate(PM.partitions)})
    assert codes(here, there) == []
    wrong = called(PM, {p.name: outer[n >= 2] for n, p in enumerate(PM.partitions)})
    assert codes(here, wrong) == ["SYN105"]


def test_the_app_of_another_ecosystem_is_the_slot_and_not_what_it_holds() -> None:
    pm, _ = nordic()
    fal = table("fal_cfg.h", part("bl", 0, 0x7000), part("app", 0x7000, 0xF0000))
    assert [c for c in codes(fal, pm) if c != "SYN103"] == []
    assert "SYN101" in codes(replace(fal, partitions=(part("app", 0x7200, 0xEFE00),)), pm)


def test_another_name_of_the_same_bytes_is_no_disagreement() -> None:
    """With nRF Connect's immutable bootloader `s0`, `s0_image` and `app` are one range."""
    pm = table(
        "pm_static.yml",
        part("s0", 0x6000, 0x7C000, 1, shares=("s0_image",)),
        part("s0_image", 0x6000, 0x7C000, 2, shares=("s0",)),
        part("app", 0x6000, 0x7C000, 3, parent="s0", shares=("s0_image",)),
        part("s1", 0x82000, 0x7C000, 4),
        part("s1_image", 0x82000, 0x7C000, 5, parent="s1"),
    )
    tree = table(
        "b0.dtsi",
        part("slot0_partition", 0x6000, 0x7C000),
        part("slot1_partition", 0x82000, 0x7C000),
    )
    assert codes(pm, tree) == codes(tree, pm) == []
    smaller = replace(tree, partitions=(tree.partitions[0], part("slot1_partition", 0x82000, 4096)))
    assert codes(pm, smaller) == ["SYN103", "SYN103", "SYN103"]


def test_what_has_no_common_name_is_matched_by_its_bytes() -> None:
    other = replace(PM, partitions=(*PM.partitions[:3], part("my_keys", 0x88000, 0x2000)))
    assert codes(DTS, other) == []
    twice = replace(other, partitions=(*other.partitions, part("again", 0x88000, 0x2000)))
    assert codes(DTS, twice) == ["SYN103"] * 3  # nobody knows which of them is meant


# Bases -------------------------------------------------------------------------------------------


def test_one_file_with_addresses_one_with_offsets() -> None:
    high = tuple(part(p.name, p.start + 0x0800_0000, p.size, 1) for p in PM.partitions)
    found = disagreements(DTS, replace(PM, partitions=high))
    assert [f.code for f in found] == ["SYN104"] and found[0].facts["distance"] == 0x0800_0000
    with_device = replace(PM, device=DEVICE)
    assert codes(replace(DTS, device=DEVICE), with_device) == []


def test_a_constant_distance_does_not_hide_a_real_one() -> None:
    high = [part(p.name, p.start + 0x0800_0000, p.size, 1) for p in PM.partitions]
    high[3] = part("settings_storage", 0x0808_9000, 0x2000, 7)
    assert codes(DTS, replace(PM, partitions=tuple(high))) == ["SYN104", "SYN101"]


@pytest.mark.parametrize(("distance", "told"), [(0x9000_0000, "SYN104"), (0x9001_0000, "SYN101")])
def test_a_single_pair_shows_a_base_only_if_it_is_round(distance: int, told: str) -> None:
    here = replace(DTS, partitions=DTS.partitions[2:3])
    there = replace(PM, partitions=(part("mcuboot_secondary", 0x48000 + distance, 0x40000),))
    assert codes(here, there) == [told]


def test_each_flash_has_a_base_of_its_own() -> None:
    parts = [part(p.name, p.start + 0x0800_0000, p.size) for p in PM.partitions]
    parts[2] = part("mcuboot_secondary", 0x9000_0000, 0x40000, 3, "qspi")
    outside = part("slot1_partition", 0, 0x40000, 3, "mx25")
    here = replace(DTS, partitions=(*DTS.partitions[:2], outside, *DTS.partitions[3:]))
    found = disagreements(here, replace(PM, partitions=tuple(parts)))
    assert [(f.code, f.facts["distance"]) for f in found] == [
        ("SYN104", 0x0800_0000),
        ("SYN104", 0x9000_0000),
    ]


# Several files -----------------------------------------------------------------------------------


def test_later_files_are_held_to_each_other_where_the_first_is_silent() -> None:
    first = replace(DTS, partitions=DTS.partitions[:2])
    logs = (part("log", 0x90000, 0x1000, 5), part("log", 0x91000, 0x1000, 6))
    second, third = (replace(PM, partitions=(*PM.partitions[:2], log)) for log in logs)
    found = agreement((first, second, third))
    assert [f.code for f in found] == ["SYN103", "SYN103", "SYN101"]
    assert found[2].place == Place("x", 5, 1) and found[2].related == (Place("x", 6, 1),)


def test_a_fault_that_the_first_file_shows_is_told_once() -> None:
    wrong = replace(PM, partitions=(*PM.partitions[:3], part("settings_storage", 0x89000, 0x2000)))
    assert [f.code for f in agreement((DTS, PM, wrong))] == ["SYN101"]


# One format --------------------------------------------------------------------------------------

CSV = b"nvs,data,nvs,0x9000,0x6000\nphy,data,phy,0xf000,0x1000\napp,app,factory,0x10000,1M\n"


def test_a_table_and_its_binary_say_the_same_of_each_partition() -> None:
    (csv,) = esp_idf_csv.decode(Source("p.csv", CSV), ReadOptions()).tables
    data = esp_idf_bin.encode((csv,), WriteOptions()).data
    assert data is not None
    (binary,) = esp_idf_bin.decode(Source("p.bin", data), ReadOptions()).tables
    assert codes(csv, binary) == []
    (other,) = esp_idf_csv.decode(
        Source("q.csv", CSV.replace(b"data,nvs", b"data,fat")), ReadOptions()
    ).tables
    (kind,) = disagreements(other, binary)
    assert kind.code == "SYN108" and "filesystem" in kind.message and "kv" in kind.message
    (flagged,) = esp_idf_csv.decode(
        Source("r.csv", CSV.replace(b"0x6000", b"0x6000,readonly")), ReadOptions()
    ).tables
    assert codes(flagged, binary) == ["SYN108"]


# Linker scripts ----------------------------------------------------------------------------------


def script(*regions: str, device: Device | None = None) -> Table:
    text = "MEMORY\n{\n" + "".join(f"  {r}\n" for r in regions) + "}\n"
    return ld_memory.decode(Source("app.ld", text.encode()), ReadOptions(device=device)).tables[0]


RAM = "RAM (xrw) : ORIGIN = 0x20000000, LENGTH = 64K"


@pytest.mark.parametrize(
    ("region", "expected", "words"),
    [
        ("FLASH (rx) : ORIGIN = 0x8008000, LENGTH = 256K", [], ""),
        ("FLASH (rwx) : ORIGIN = 0x8000000, LENGTH = 32K", [], ""),
        (
            "FLASH (rx) : ORIGIN = 0x8008200, LENGTH = 0x3EE00",
            ["SYN106"],
            "`FLASH` leaves 0x200 bytes at the start and 0x1000 bytes at the end of `slot0_",
        ),
        (
            "FLASH (rx) : ORIGIN = 0x8008000, LENGTH = 512K",
            ["SYN107"],
            "goes on 0x40000 bytes beyond its end at 0x8048000, over `slot1_partition`",
        ),
        (
            "FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 1M",
            ["SYN107"],
            "begins in `boot_partition` and goes on 0xF8000 bytes",
        ),
        ("FLASH (rx) : ORIGIN = 0x80A0000, LENGTH = 64K", ["SYN109"], "nothing was compared"),
        ("IMAGE_0 (rx) : ORIGIN = 0x8008200, LENGTH = 0x3FE00", ["SYN106"], "0x200 bytes"),
        ("SLOT0 (rx) : ORIGIN = 0x8008200, LENGTH = 0x3FE00", ["SYN101", "SYN102"], "0x8008200"),
        ("BOOT (rx) : ORIGIN = 0x8008000, LENGTH = 32K", ["SYN101"], "`boot_partition`"),
    ],
)
def test_a_linker_script_is_held_to_the_partition_it_links_for(
    region: str, expected: list[str], words: str
) -> None:
    linker = script(region, RAM)
    layout = replace(DTS, device=DEVICE)
    found = disagreements(layout, linker)
    assert [f.code for f in found] == expected
    assert words in "".join(f.message for f in found)
    assert codes(DTS, linker) == codes(linker, layout) == expected
    assert codes(layout, script(region, RAM, device=DEVICE)) == expected


def test_a_region_that_reaches_a_slot_from_outside_is_told() -> None:
    upper = replace(DTS, device=DEVICE, partitions=DTS.partitions[1:])
    (found,) = disagreements(upper, script("FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 1M"))
    assert found.code == "SYN107" and "begins in no partition" in found.message
    assert "for `slot0_partition` ORIGIN = 0x8008000, LENGTH = 0x40000" in found.help


def test_an_application_linked_over_the_bootloader_is_told_where_to_go() -> None:
    linker = script("FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 1M")
    (found,) = disagreements(replace(DTS, device=DEVICE), linker)
    assert (
        found.help == "LENGTH = 0x8000; for `slot0_partition` ORIGIN = 0x8008000, LENGTH = 0x40000"
    )
    assert found.place is not None and found.place.path == "app.ld" and found.place.line == 3


def test_mapped_pages_are_not_compared_with_offsets() -> None:
    (csv,) = esp_idf_csv.decode(Source("p.csv", CSV), ReadOptions()).tables
    assert codes(csv, script("irom0_0_seg (RX) : org = 0x400D0020, len = 0x330000")) == ["SYN109"]


def test_every_code_has_a_page() -> None:
    assert [p.code for p in PAGES] == [f"SYN{n}" for n in range(101, 110)]


# For any tables ----------------------------------------------------------------------------------

NAMES = [
    "app",
    "mcuboot_primary",
    "slot0",
    "boot",
    "b",
    "nvs",
    "storage",
    "B",
    "slot0_ns_partition",
]
TABLES = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 9),
        st.integers(0, 3),
        st.sampled_from(["embedded", "qspi"]),
        st.sampled_from([None, "app", "b"]),
    ),
    max_size=7,
).map(
    lambda rows: table(
        "t",
        *(
            part(name, at << 12, size << 12, n, owner, parent=parent)
            for n, (name, at, size, owner, parent) in enumerate(rows)
        ),
    )
)


@given(TABLES, TABLES)
@settings(max_examples=200, deadline=None)
def test_both_directions_tell_the_same(one: Table, other: Table) -> None:
    assert sorted(codes(one, other)) == sorted(codes(other, one))


@given(TABLES)
@settings(max_examples=100, deadline=None)
def test_a_file_with_distinct_names_agrees_with_itself(one: Table) -> None:
    names = [p.name for p in one.partitions]
    if len(names) == len({n.lower() for n in names}):
        assert codes(one, replace(one, place=Place("copy"))) == []
