"""Zephyr devicetrees: boards, overlays, the three bindings of partitions, the writer."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.zephyr_dts import PAGES, decode, encode
from flashwright.model.table import Partition, Role, Table

SOC = b"""\
/ { soc { flash-controller@4001e000 { #address-cells = <1>; #size-cells = <1>;
	flash0: flash@0 { compatible = "soc-nv-flash"; erase-block-size = <4096>;
		write-block-size = <4>; reg = <0x0 DT_SIZE_K(512)>; };
}; }; };
"""
BOARD = """\
/dts-v1/;
#include <nordic/chip.dtsi>
/ {
	compatible = "acme,board-one";
	chosen { zephyr,code-partition = &slot0_partition; };
};
&flash0 {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>;
		#size-cells = <1>;
		boot_partition: partition@0 {
			label = "mcuboot";
			reg = <0x0 DT_SIZE_K(48)>;
			read-only;
		};
		slot0_partition: partition@c000 {
			label = "image-0";
			reg = <0xc000 0x32000>;
		};
		slot1_partition: partition@3e000 { reg = <0x3E000 (DT_SIZE_M(1) - 0xCE000)>; };
		storage_partition: partition@7a000 { reg = <0x7a000 0x6000>; };
	};
};
"""
OTHERS = {"dts/nordic/chip.dtsi": SOC}


def read(
    text: str, others: dict[str, bytes] | None = None, path: str = "a.dts", **more: object
) -> Decoded:
    given_files = OTHERS if others is None else others
    return decode(Source(path, text.encode(), given_files), ReadOptions(**more))  # type: ignore[arg-type]


def rows(table: Table) -> list[tuple[str, str, str, int, int]]:
    return [(p.name, p.role.value, p.owner, p.extent.start, p.size) for p in table.partitions]


def codes(found: Decoded | Encoded) -> list[str]:
    return [f.code for f in found.findings]


def test_a_board() -> None:
    decoded = read(BOARD)
    assert decoded.findings == ()
    (table,) = decoded.tables
    assert rows(table) == [
        ("boot_partition", "bootloader", "embedded", 0, 0xC000),
        ("slot0_partition", "application", "embedded", 0xC000, 0x32000),
        ("slot1_partition", "ota_temp", "embedded", 0x3E000, 0x32000),
        ("storage_partition", "kv", "embedded", 0x7A000, 0x6000),
    ]
    boot, slot0, slot1, _ = table.partitions
    assert (boot.writable, slot0.writable, boot.description) == (False, True, "mcuboot")
    assert slot0.pair == slot1.pair == "image0"
    assert table.attributes["code_partition"] == "slot0_partition"


def test_places() -> None:
    boot, slot0, *_ = read(BOARD).tables[0].partitions
    assert boot.place is not None and (boot.place.line, boot.place.column) == (12, 3)
    assert (slot0.places["start"].line, slot0.places["start"].column) == (19, 11)
    assert (slot0.places["size"].line, slot0.places["size"].column) == (19, 18)
    assert boot.places["writable"].line == 15


def test_the_device_is_made_of_the_flash_node() -> None:
    device = read(BOARD).tables[0].device
    assert device is not None and device.name == "acme-board-one"
    flash = device.flash("embedded")
    assert flash is not None
    assert (flash.base, flash.size, flash.smallest_erase_block, flash.program_unit) == (
        0,
        0x80000,
        4096,
        4,
    )
    assert read(BOARD, {}).tables[0].device is None


def test_spi_nor_sizes_are_bits() -> None:
    text = """/ { spi { mx25: flash@0 { compatible = "jedec,spi-nor"; reg = <0>; size = <0x800000>;
      partitions { compatible = "fixed-partitions";
      #address-cells = <1>; #size-cells = <1>;
        slot1_partition: partition@0 { reg = <0 0x32000>; }; }; }; }; };"""
    (table,) = read(text).tables
    assert table.device is not None and table.partitions[0].owner == "spi"
    assert table.device.flashes[0].size == 1 << 20


def test_overlay_on_a_board() -> None:
    overlay = """
/delete-node/ &storage_partition;
&slot1_partition { reg = <0x3E000 0x30000>; status = "okay"; };
&flash0 { partitions { lfs_partition: partition@70000 { reg = <0x70000 0x10000>; }; }; };
&boot_partition { /delete-property/ read-only; };
"""
    board = {**OTHERS, "boards/one.dts": BOARD.encode()}
    one = read(overlay, board, "app.overlay")
    two = read(BOARD, {**OTHERS, "app.overlay": overlay.encode()})
    for decoded in (one, two):
        assert decoded.findings == ()
        assert rows(decoded.tables[0])[2:] == [
            ("slot1_partition", "ota_temp", "embedded", 0x3E000, 0x30000),
            ("lfs_partition", "filesystem", "embedded", 0x70000, 0x10000),
        ]
        assert decoded.tables[0].partitions[0].writable
    place = one.tables[0].partitions[2].place_of("start")
    assert place is not None and (place.path, place.line) == ("app.overlay", 3)


def test_overlay_alone() -> None:
    text = """&flash0 { partitions { compatible = "fixed-partitions";
      #address-cells = <1>; #size-cells = <1>;
      slot0_partition: partition@0 { reg = <0 0x1000>; }; }; };"""
    (table,) = read(text, {}, "app.overlay").tables
    assert table.partitions[0].owner == "embedded" and table.device is None
    assert codes(read("&slot1_partition { reg = <0 1>; };", {}, "app.overlay")) == ["FMT172"]


def test_disabled_and_deleted() -> None:
    text = BOARD + '&slot1_partition { status = "disabled"; };\n/delete-node/ &boot_partition;\n'
    (table,) = read(text).tables
    assert [p.name for p in table.partitions] == ["slot0_partition", "storage_partition"]
    assert table.attributes["disabled"] == ("slot1_partition",)


SUB = """&flash0 { partitions { compatible = "fixed-partitions";
      #address-cells = <1>; #size-cells = <1>;
  slot0_partition: partition@20000 { compatible = "fixed-subpartitions"; reg = <0x20000 0x60000>;
    ranges = <0x0 0x20000 0x60000>; #address-cells = <1>; #size-cells = <1>;
    slot0_s_partition: partition@0 { reg = <0x0 0x40000>; };
    slot0_ns_partition: partition@40000 { reg = <0x40000 0x20000>; };
  }; }; };
"""


def test_subpartitions() -> None:
    (table,) = read(SUB).tables
    assert [(p.name, p.extent.start, p.start, p.parent) for p in table.partitions] == [
        ("slot0_partition", 0x20000, 0x20000, None),
        ("slot0_s_partition", 0x20000, 0, "slot0_partition"),
        ("slot0_ns_partition", 0x60000, 0x40000, "slot0_partition"),
    ]


MAPPED = """/ { soc { flash-controller@0 { #address-cells = <1>; #size-cells = <1>;
  flash0: flash@8000000 { compatible = "soc-nv-flash"; reg = <0x08000000 DT_SIZE_K(512)>;
    erase-block-size = <DT_SIZE_K(2)>; write-block-size = <8>;
    #address-cells = <1>; #size-cells = <1>; ranges = <0x0 0x08000000 DT_SIZE_K(512)>;
    partitions { #address-cells = <1>; #size-cells = <1>; ranges;
      boot_partition: partition@0 { compatible = "zephyr,mapped-partition";
        reg = <0x0 DT_SIZE_K(64)>; };
      slot0_partition: partition@10000 { compatible = "zephyr,mapped-partition";
        reg = <0x10000 DT_SIZE_K(128)>; ranges = <0x0 0x10000 DT_SIZE_K(128)>;
        #address-cells = <1>; #size-cells = <1>;
        slot0_ns_partition: partition@8000 { compatible = "zephyr,mapped-partition";
          reg = <0x8000 0x8000>; };
      };
    };
  }; }; }; };
"""


def test_mapped_partitions() -> None:
    decoded = read(MAPPED)
    assert decoded.findings == ()
    (table,) = decoded.tables
    assert [(p.name, p.extent.start, p.start, p.parent) for p in table.partitions] == [
        ("boot_partition", 0, 0, None),
        ("slot0_partition", 0x10000, 0x10000, None),
        ("slot0_ns_partition", 0x18000, 0x8000, "slot0_partition"),
    ]
    assert table.device is not None and table.device.flashes[0].base == 0x0800_0000
    assert table.device.flashes[0].program_unit == 8


def test_mapped_without_ranges_is_told() -> None:
    assert codes(read(MAPPED.replace(" ranges;", ""))) == ["FMT174"]
    bare = MAPPED.replace("ranges = <0x0 0x08000000 DT_SIZE_K(512)>;", "ranges;")
    assert codes(read(bare)) == ["FMT178"]


def test_wide_cells() -> None:
    text = """&flash0 { partitions { compatible = "fixed-partitions";
      #address-cells = <2>; #size-cells = <2>;
      a: partition@100000000 { reg = <0x1 0x0 0x0 0x1000>; }; }; };"""
    (table,) = read(text).tables
    assert table.partitions[0].extent == Extent.of(1 << 32, 0x1000)


PART = """&flash0 { partitions { compatible = "fixed-partitions";
      #address-cells = <1>; #size-cells = <1>;
  %s }; };"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/ { };", "FMT171"),
        (PART % "a: partition@0 { reg = <APP_OFFSET 0x1000>; };", "FMT173"),
        (PART % "a: partition@0 { reg = <0x1000 0x1000>; };", "FMT175"),
        (PART % 'a: partition@0 { label = "x"; };', "FMT176"),
        (PART % "a: partition@0 { reg = <0x1000>; };", "FMT176"),
        (PART % "a: partition@0 { reg = <0 (0 - 1)>; };", "FMT176"),
        (PART % "a: partition@0 { reg = <0 16>; } };", "FMT182"),
        (
            PART % "\n#ifdef BIG\n b: b@1 { reg = <1 1>; };\n#endif\n a: a@0 { reg = <0 1>; };",
            "FMT180",
        ),
        ("a { " * 80 + "};" * 80, "FMT170"),
        ("x" * (1 << 20) + "y", "FMT170"),
    ],
)
def test_finding(text: str, code: str) -> None:
    assert code in codes(read(text))
    assert code in {page.code for page in PAGES}


def test_macros_and_branches() -> None:
    text = PART % (
        "\n#define AT 0x1000\n#if defined(BIG) && BIG > 2\n a: partition@0 { reg = <0 AT>; };\n"
        "#elif AT == 0x1000\n b: partition@1000 { reg = <AT (AT * 2)>; };\n#else\n"
        " c: c@0 { reg = <0 1>; };\n#endif\n"
    )
    assert [r[0] for r in rows(read(text).tables[0])] == ["b"]
    assert [r[0] for r in rows(read(text, defines={"BIG": "3"}).tables[0])] == ["a"]
    header = (
        PART.replace("&flash0", '#include "sizes.h"\n&flash0', 1)
        % "a: partition@0 { reg = <0 SIZE>; };"
    )
    decoded = read(header, {"inc/sizes.h": b"#define SIZE (4 * 1024)\n"})
    assert decoded.tables[0].partitions[0].size == 4096


def test_two_boards_with_an_overlay() -> None:
    others = {"a/one.dts": BOARD.encode(), "b/two.dts": BOARD.encode()}
    assert codes(read("&slot1_partition { reg = <0 1>; };", others, "x.overlay")) == [
        "FMT179",
        "FMT172",
    ]


def test_includes_are_bounded() -> None:
    assert codes(read('#include "a.dtsi"', {"a.dtsi": b'#include "a.dtsi"'})) == ["FMT170"]


# Writing -----------------------------------------------------------------------------------------


def write(table: Table, sdk: str = "") -> str:
    encoded = encode((table,), WriteOptions(sdk=sdk))
    assert encoded.data is not None, encoded.findings
    return encoded.data.decode()


def values(table: Table) -> list[tuple[object, ...]]:
    return [
        (p.name, p.role, p.owner, p.extent, p.id, p.description, p.writable, p.parent, p.pair)
        for p in table.partitions
    ]


@pytest.mark.parametrize("text", [BOARD, SUB, MAPPED])
@pytest.mark.parametrize("style", ["fixed", "mapped", ""])
def test_written_overlay_applies_to_its_board(text: str, style: str) -> None:
    (table,) = read(text).tables
    overlay = write(table, style)
    others = {**OTHERS, "app.overlay": overlay.encode()}
    base = (
        text
        if style != "mapped" or text is MAPPED
        else text.replace("&flash0 {", "&flash0 { ranges = <0 0 DT_SIZE_K(512)>;", 1)
    )
    again = read(base, others)
    assert again.findings == ()
    assert values(again.tables[0]) == values(table)
    assert write(again.tables[0], style) == overlay


def test_style_by_release() -> None:
    (table,) = read(BOARD).tables
    assert 'compatible = "fixed-partitions";' in write(table, "4.3")
    assert 'compatible = "zephyr,mapped-partition";' in write(table, "4.4.0")
    assert codes(encode((table,), WriteOptions(sdk="new"))) == ["FMT186"]


def partition(name: str, role: Role, start: int, size: int, **more: object) -> Partition:
    return Partition(name, role, "embedded", Extent.of(start, size), start, **more)  # type: ignore[arg-type]


def test_labels_of_other_formats() -> None:
    table = Table(
        "t",
        (
            partition("bootloader", Role.BOOTLOADER, 0, 0xC000, writable=False),
            partition("app", Role.APPLICATION, 0xC000, 0x1000),
            partition("ota", Role.OTA_TEMP, 0xD000, 0x1000),
            partition("nvs", Role.KV, 0xE000, 0x2000),
            partition("my-data", Role.CUSTOM, 0x10000, 0x1234),
        ),
    )
    text = write(table)
    assert "slot0_partition: partition@c000 {" in text and "read-only;" in text
    assert "reg = <0x10000 0x1234>;" in text and "reg = <0x0 DT_SIZE_K(48)>;" in text
    (again,) = read(text, {}, "app.overlay").tables
    assert [p.name for p in again.partitions] == [
        "boot_partition",
        "slot0_partition",
        "slot1_partition",
        "storage_partition",
        "my_data_partition",
    ]
    assert [p.extent for p in again.partitions] == [p.extent for p in table.partitions]


def test_findings_of_the_writer() -> None:
    table = Table("t", (partition("a", Role.COREDUMP, 0, 16, flags=("x",)),))
    found = encode((table,), WriteOptions()).findings
    assert [(f.code, f.severity) for f in found] == [("FMT185", Severity.NOTE)]
    spi = replace(table.partitions[0], owner="spi")
    assert encode((Table("t", (spi,)),), WriteOptions()).findings[0].severity is Severity.WARNING
    twice = Table("t", (table.partitions[0],) * 2)
    assert "FMT187" in codes(encode((twice,), WriteOptions()))
    assert codes(encode((table, table), WriteOptions())) == ["FMT189"]


_NAMES = st.text("abcdefgh_-. é", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            _NAMES, st.sampled_from(list(Role)), st.integers(0, 1 << 34), st.integers(0, 1 << 33)
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(["fixed", "mapped"]),
)
def test_round_trip(made: list[tuple[str, Role, int, int]], style: str) -> None:
    table = Table("t", tuple(partition(n, r, s, z) for n, r, s, z in made))
    decoded = read(write(table, style), {}, "a.overlay")
    assert [f for f in decoded.findings if f.severity is Severity.ERROR] == []
    assert [p.extent for p in decoded.tables[0].partitions] == [p.extent for p in table.partitions]


# Hostile input -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert isinstance(decode(Source("x.overlay", data), ReadOptions()), Decoded)


_PIECES = [
    "",
    "{",
    "}",
    "<",
    ">",
    ";",
    "(",
    "#if ",
    "#endif",
    '"',
    "/*",
    "&",
    "reg = <",
    "0xfffffffffffffffff",
    "/delete-node/ ",
]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([BOARD, SUB, MAPPED]),
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 12), st.sampled_from(_PIECES)), max_size=6
    ),
)
def test_mutated_text(text: str, cuts: list[tuple[int, int, str]]) -> None:
    for at, length, new in cuts:
        at %= len(text) + 1
        text = text[:at] + new + text[at + length :]
    assert isinstance(read(text), Decoded)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("0X3E000", 0x3E000),
        ("0x3E000UL", 0x3E000),
        ("4096U", 4096),
        ("(0X1000 + 0x1000ULL)", 0x2000),
        ("(10 / 3 * 4096L)", 0x3000),
        ("010000", 0x1000),
    ],
)
def test_numbers_as_dtc_reads_them(said: str, value: int) -> None:
    text = BOARD.replace("<0xc000 0x32000>", f"<{said} 0x32000>").replace("image-0", "0X10 8UL")
    (table,) = read(text).tables
    slot = table.get("slot0_partition")
    assert slot is not None and (slot.start, slot.description) == (value, "0X10 8UL")


def test_labels_that_nobody_defines_are_told() -> None:
    decoded = read(
        BOARD + "/delete-node/ &slot7_partition;\n/delete-node/ &slot1_partition;\n"
        '&slot8_partition { label = "new"; };\n&slot0_partition { label = "new"; };\n'
    )
    told = [f for f in decoded.findings if f.code == "FMT172"]
    assert [(f.severity, f.place.line if f.place else 0) for f in told] == [
        (Severity.WARNING, 25),
        (Severity.WARNING, 27),
    ]
    assert "slot1_partition" not in [p.name for p in decoded.tables[0].partitions]


def test_an_overlay_goes_on_with_the_partitions_of_a_board_that_is_not_given() -> None:
    """As the external-flash overlays of sdk-nrf do: the binding stands in the board's file."""
    text = """\
/delete-node/ &boot_partition;
/delete-node/ &slot0_partition;
&cpuapp_rram {
	reg = <0x0 DT_SIZE_K(1524)>;
	partitions {
		boot_partition: partition@0 { reg = <0x0 0x14000>; };
		slot0_partition: partition@14000 { reg = <0x14000 0x15A000>; };
	};
};
&mx25r64 {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>;
		#size-cells = <1>;
		slot1_partition: partition@0 { reg = <0x0 0x15A000>; };
	};
};
"""
    decoded = read(text, {}, "app.overlay")
    assert [f.code for f in decoded.findings] == ["FMT172"]
    assert "`&boot_partition`, `&slot0_partition`: deleted" in decoded.findings[0].message
    assert [(p.name, p.extent) for p in decoded.tables[0].partitions] == [
        ("boot_partition", Extent.of(0, 0x14000)),
        ("slot0_partition", Extent.of(0x14000, 0x15A000)),
        ("slot1_partition", Extent.of(0, 0x15A000)),
    ]
    assert decoded.tables[0].partitions[0].owner != decoded.tables[0].partitions[2].owner
    known = BOARD.replace('\t\tcompatible = "fixed-partitions";\n', "")
    assert codes(read(known)) == ["FMT171"]


@pytest.mark.parametrize(
    ("text", "severities"),
    [
        ("&sram0_s { reg = <0x20000000 0x8000>; };", ["note"]),
        ("&sram0_s { reg = <0 1>; }; &sram0_ns { reg = <1 2>; };", ["note"]),
        ("&slot7_partition { reg = <0 1>; };", ["error"]),
        ("&storage { reg = <0 1>; };", ["error"]),
        ("&slot7_partition { read-only; };", ["warning"]),
        ('&uart0 { status = "okay"; };', []),
        ("&flash0 { reg = <0 0x1000>; partitions { p: partition@0 { reg = <0 1>; }; }; };", []),
    ],
)
def test_what_a_label_of_another_file_may_be_decides(text: str, severities: list[str]) -> None:
    decoded = read(BOARD + text, {})
    told = [f for f in decoded.findings if f.code == "FMT172"]
    assert [f.severity.word for f in told] == severities


def test_ranges_may_stand_in_the_file_that_is_not_given() -> None:
    more = """\
&flash1 { partitions {
	b0: partition@0 { compatible = "zephyr,mapped-partition"; reg = <0x0 0x8000>; };
}; };
"""
    assert codes(read(more, {}, "app.overlay")) == []
    whole = more.replace("partitions {", "partitions { #address-cells = <1>; #size-cells = <1>;")
    assert codes(read(whole, {}, "app.overlay")) == ["FMT174"]


def test_parts_of_a_partition_whose_flash_is_not_given() -> None:
    """As the overlays of nRF91 samples divide `storage_partition` and `slot0_partition`."""
    text = """\
&storage_partition {
	compatible = "zephyr,mapped-partition"; reg = <0xf8000 0x8000>;
	ranges = <0x0 0xf8000 0x8000>; #address-cells = <1>; #size-cells = <1>;
	carrier: partition@0 { compatible = "zephyr,mapped-partition"; reg = <0x0 0x3000>; };
	settings: partition@3000 { compatible = "zephyr,mapped-partition"; reg = <0x3000 0x5000>; };
};
"""
    decoded = read(text, {}, "app.overlay")
    assert codes(decoded) == []
    assert [(p.name, p.owner, p.extent, p.parent) for p in decoded.tables[0].partitions] == [
        ("storage_partition", "embedded", Extent.of(0xF8000, 0x8000), None),
        ("carrier", "embedded", Extent.of(0xF8000, 0x3000), "storage_partition"),
        ("settings", "embedded", Extent.of(0xFB000, 0x5000), "storage_partition"),
    ]
    nowhere = text.replace("ranges = <0x0 0xf8000 0x8000>;", "").replace(
        'compatible = "zephyr,mapped-partition"; reg = <0xf8000 0x8000>;', ""
    )
    (lost,) = [f for f in read(nowhere, {}, "app.overlay").findings if f.severity is Severity.ERROR]
    assert lost.code == "FMT172"
    assert "`carrier`, `settings`: part of a partition of another file" in lost.message


def test_the_memory_of_the_code_is_the_flash_of_the_device() -> None:
    from flashwright.model.device import BootFacts, Device
    from flashwright.model.geometry import EraseRun, Flash

    rram = Flash("embedded", 0, (EraseRun(381, 4096),))
    device = Device("nrf54l15", "", "", "", (rram,), BootFacts("embedded"))
    text = """\
&cpuapp_rram { partitions {
	boot_partition: partition@0 { compatible = "zephyr,mapped-partition"; reg = <0x0 0x8000>; };
}; };
&mx25r64 { partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
	slot1_partition: partition@0 { reg = <0x0 0x8000>; };
}; };
/ { soc { sim: flash-controller@2 { compatible = "zephyr,sim-flash";
	flash_sim0: flash_sim@0 { compatible = "soc-nv-flash"; erase-block-size = <4096>;
		reg = <0x0 0xa000>;
		partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
			log_partition: partition@0 { reg = <0x0 0xa000>; }; };
	}; }; }; };
"""
    for known in (device, None):
        (table,) = read(text, {}, "app.overlay", device=known).tables
        assert {p.name: p.owner for p in table.partitions} == {
            "boot_partition": "embedded",
            "slot1_partition": "mx25r64",
            "log_partition": "flash_sim0",
        }
