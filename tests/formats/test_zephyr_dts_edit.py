"""Edits of existing devicetree files: boards, overlays, and boards whose layout is included."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.zephyr_dts import PAGES, decode, encode
from flashwright.model.table import Partition, Role, Table

SOC = b"""\
/ { soc { flash-controller@4001e000 { #address-cells = <1>; #size-cells = <1>;
	flash0: flash@0 { compatible = "soc-nv-flash"; erase-block-size = <4096>;
		write-block-size = <4>; reg = <0x0 DT_SIZE_K(1024)>; };
}; }; };
"""
PARTITIONS = """\
&flash0 {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>;
		#size-cells = <1>;

		/* never touched in the field */
		boot_partition: partition@0 {
			label = "mcuboot";
			reg = <0x0 DT_SIZE_K(48)>; /* of 64 */
			read-only;
		};

		slot0_partition: partition@c000 {
			label = "image-0";
			reg = <0xc000 0x32000>;
		};

		slot1_partition: partition@3e000 {
			label = "image-1";
			reg = <0x0003E000 0x32000>;
		};

		// settings
		storage_partition: partition@7a000 { reg = <0x7a000 (6 * 4096)>; };
	};
};
"""
HEAD = """\
/dts-v1/;
#include <nordic/chip.dtsi>
/ {
	chosen { zephyr,code-partition = &slot0_partition; }; /* boot from here */
};
"""
BOARD = HEAD + PARTITIONS + '&uart0 { status = "okay"; };\n'
#: A board whose layout is in an included file, as Zephyr's vendors give it.
INCLUDING = HEAD.replace("/ {", "#include <nordic/partitions.dtsi>\n/ {", 1)
OVERLAY = """\
// the application's own
&uart0 { status = "okay"; };
&slot1_partition { reg = <0x3e000 0x30000>; };
"""
OTHERS = {"dts/nordic/chip.dtsi": SOC, "dts/nordic/partitions.dtsi": PARTITIONS.encode()}
BASES = {
    "board.dts": Source("board.dts", BOARD.encode(), OTHERS),
    "crlf.dts": Source("crlf.dts", BOARD.replace("\n", "\r\n").encode(), OTHERS),
    "including.dts": Source("including.dts", INCLUDING.encode(), OTHERS),
    "app.overlay": Source(
        "app.overlay", OVERLAY.encode(), {**OTHERS, "boards/board.dts": BOARD.encode()}
    ),
}


def table_of(base: Source) -> Table:
    (table,) = decode(base, ReadOptions()).tables
    return table


def codes(encoded: Encoded) -> list[str]:
    return [f.code for f in encoded.findings]


def at(start: int, size: int) -> dict[str, object]:
    return {"extent": Extent.of(start, size)}


def part(name: str, start: int, size: int, owner: str = "embedded", **more: object) -> Partition:
    extent = Extent.of(start, size)
    return Partition(name, Role.CUSTOM, owner, extent, start, id=name, **more)  # type: ignore[arg-type]


def edited(
    base: Source,
    change: Mapping[str, Mapping[str, object]],
    *more: Partition,
    without: tuple[str, ...] = (),
) -> Encoded:
    table = table_of(base)
    kept = [replace(p, **change.get(p.name, {})) for p in table.partitions if p.name not in without]  # type: ignore[arg-type]
    return encode((replace(table, partitions=(*kept, *more)),), WriteOptions(base=base))


def text_of(encoded: Encoded) -> str:
    assert encoded.data is not None, encoded.findings
    return encoded.data.decode()


Row = tuple[str, int, int, str | None, bool, str | None]


def rows(table: Table) -> list[Row]:
    return sorted(
        (p.name, p.extent.start, p.size, p.description, p.writable, p.parent)
        for p in table.partitions
    )


def reread(base: Source, encoded: Encoded) -> Table:
    return table_of(Source(base.path, text_of(encoded).encode(), base.others))


@pytest.mark.parametrize("name", BASES)
def test_nothing_changed_keeps_every_byte(name: str) -> None:
    encoded = edited(BASES[name], {})
    assert encoded.data == BASES[name].data and encoded.findings == ()


def test_reg_and_unit_address_keep_their_style() -> None:
    change = {
        "boot_partition": at(0, 0x10000),
        "slot0_partition": at(0x10000, 0x2E000),
        "slot1_partition": at(0x3F000, 0x31000),
        "storage_partition": at(0x7A000, 0x4000),
    }
    encoded = edited(BASES["board.dts"], change)
    assert encoded.findings == ()
    assert text_of(encoded) == (
        BOARD.replace("DT_SIZE_K(48)", "DT_SIZE_K(64)")
        .replace("partition@c000", "partition@10000")
        .replace("<0xc000 0x32000>", "<0x10000 0x2e000>")
        .replace("partition@3e000", "partition@3f000")
        .replace("<0x0003E000 0x32000>", "<0x0003F000 0x31000>")
        .replace("(6 * 4096)", "(4 * 4096)")
    )


def test_sizes_that_are_no_multiples() -> None:
    encoded = edited(BASES["board.dts"], {"boot_partition": at(0, 0xBF00)})
    assert "reg = <0x0 0xbf00>; /* of 64 */" in text_of(encoded) and encoded.findings == ()
    mega = Source("m.dts", BOARD.replace("DT_SIZE_K(48)", "DT_SIZE_M(1)").encode(), OTHERS)
    assert "DT_SIZE_K(768)" in text_of(edited(mega, {"boot_partition": at(0, 0xC0000)}))


def test_expression_is_replaced_and_told() -> None:
    text = BOARD.replace("(6 * 4096)", "(DT_SIZE_K(32) - 0x2000)")
    base = Source("board.dts", text.encode(), OTHERS)
    encoded = edited(base, {"storage_partition": at(0x7A000, 0x4000)})
    assert codes(encoded) == ["FMT191"] and "reg = <0x7a000 (0x4000)>" in text_of(encoded)


def test_label_is_renamed_with_its_references() -> None:
    base = BASES["board.dts"]
    change = {"slot0_partition": {"name": "app_partition", "id": "app_partition"}}
    table = table_of(base)
    named = replace(table, attributes={**table.attributes, "code_partition": "app_partition"})
    kept = tuple(replace(p, **change.get(p.name, {})) for p in table.partitions)  # type: ignore[arg-type]
    encoded = encode((replace(named, partitions=kept),), WriteOptions(base=base))
    assert text_of(encoded) == BOARD.replace("slot0_partition", "app_partition")
    assert codes(encoded) == ["FMT195"]


def test_label_string_and_read_only() -> None:
    change = {
        "boot_partition": {"writable": True, "description": None},
        "slot0_partition": {"writable": False, "description": "primary"},
        "storage_partition": {"description": "kv"},
    }
    encoded = edited(BASES["board.dts"], change)
    expected = (
        BOARD.replace("\t\t\tread-only;\n", "")
        .replace('\t\t\tlabel = "mcuboot";\n', "")
        .replace('"image-0"', '"primary"')
        .replace("<0xc000 0x32000>;\n", "<0xc000 0x32000>;\n\t\t\tread-only;\n")
        .replace("(6 * 4096)>;", '(6 * 4096)>; label = "kv";')
    )
    assert text_of(encoded) == expected and encoded.findings == ()


def test_removed_node_goes_and_comments_stay() -> None:
    encoded = edited(BASES["board.dts"], {}, without=("boot_partition", "storage_partition"))
    text = text_of(encoded)
    assert "boot_partition" not in text and "/* never touched in the field */" in text
    assert "// settings\n\t};\n};\n" in text
    assert codes(encoded) == ["FMT192", "FMT192"]


def test_removed_node_that_is_still_named() -> None:
    encoded = edited(BASES["board.dts"], {}, without=("slot0_partition",))
    assert codes(encoded) == ["FMT192", "FMT194"]
    place = encoded.findings[1].place
    assert place is not None and (place.line, place.column) == (4, 36)


def test_appended_node_looks_like_the_others() -> None:
    encoded = edited(BASES["board.dts"], {}, part("lfs_partition", 0x80000, 0x80000))
    new = (
        "\n\t\tlfs_partition: partition@80000 {\n\t\t\treg = <0x80000 DT_SIZE_K(512)>;\n\t\t};\n"
        "\t};\n};\n&uart0"
    )
    assert new in text_of(encoded) and codes(encoded) == ["FMT193"]
    spaces = BOARD.replace("\t", "    ").replace("\n\n", "\n").replace("DT_SIZE_K(48)", "0xc000")
    base = Source("board.dts", spaces.encode(), OTHERS)
    text = text_of(edited(base, {}, part("lfs_partition", 0x80000, 0x80000)))
    assert (
        "        lfs_partition: partition@80000 {\n            reg = <0x80000 0x80000>;\n" in text
    )


def test_node_of_an_included_file_is_deleted_and_made_anew() -> None:
    base = BASES["including.dts"]
    change = {"slot1_partition": at(0x40000, 0x30000), "boot_partition": at(0, 0x8000)}
    encoded = edited(base, change, without=("storage_partition",))
    assert text_of(encoded) == INCLUDING + (
        "\n/delete-node/ &slot1_partition;\n/delete-node/ &storage_partition;\n"
        "\n&boot_partition {\n\treg = <0x0 0x8000>;\n};\n"
        "\n&flash0 {\n\tpartitions {\n\t\tslot1_partition: partition@40000 {\n"
        '\t\t\tlabel = "image-1";\n\t\t\treg = <0x40000 0x30000>;\n\t\t};\n\t};\n};\n'
    )
    assert codes(encoded) == ["FMT193", "FMT192"]


def test_overlay_edits_what_it_says_itself() -> None:
    encoded = edited(BASES["app.overlay"], {"slot1_partition": at(0x3E000, 0x20000)})
    assert text_of(encoded) == OVERLAY.replace("0x30000", "0x20000")


def test_overlay_with_nodes_of_its_own_gets_deletions_ahead() -> None:
    text = (
        OVERLAY
        + "&flash0 {\n\tpartitions {\n\t\tx: partition@f0000 { reg = <0xf0000 16>; };\n\t};\n};\n"
    )
    base = replace(BASES["app.overlay"], data=text.encode())
    encoded = edited(base, {"slot0_partition": at(0xD000, 0x31000)})
    assert "/delete-node/ &slot0_partition;\n\n&flash0 {" in text_of(encoded)
    assert "&flash0" not in text_of(encoded).split("&flash0", 1)[1]


def test_lost_properties_are_told() -> None:
    parts = PARTITIONS.replace('label = "image-1";', 'label = "image-1"; vendor,key = <1>;')
    base = replace(
        BASES["including.dts"], others={**OTHERS, "dts/nordic/partitions.dtsi": parts.encode()}
    )
    encoded = edited(base, {"slot1_partition": at(0x40000, 0x30000)})
    assert codes(encoded) == ["FMT193", "FMT196"] and "vendor,key" in encoded.findings[1].message


def test_overlay_without_partitions_gets_them() -> None:
    base = Source("app.overlay", b'&uart0 { status = "okay"; };\n')
    table = Table("t", (replace(part("app", 0, 0x1000), role=Role.APPLICATION),))
    encoded = encode((table,), WriteOptions(base=base))
    text = text_of(encoded)
    assert text.startswith(base.data.decode()) and "slot0_partition: partition@0" in text
    assert codes(encoded) == ["FMT185", "FMT193"]


def test_labels_of_other_formats_stay() -> None:
    base = BASES["board.dts"]
    made = [
        Partition(name, role, "embedded", Extent.of(start, size), start, writable=name != "boot")
        for name, role, start, size in (
            ("boot", Role.BOOTLOADER, 0, 0xC000),
            ("app", Role.APPLICATION, 0xC000, 0x30000),
            ("ota", Role.OTA_TEMP, 0x3C000, 0x30000),
            ("kv", Role.KV, 0x6C000, 0x6000),
            ("logs", Role.USER, 0x72000, 0x8000),
        )
    ]
    encoded = encode((Table("t", tuple(made), format="flash.toml"),), WriteOptions(base=base))
    now = table_of(Source("board.dts", text_of(encoded).encode(), OTHERS))
    assert [(p.name, p.description, p.extent) for p in now.partitions] == [
        ("boot_partition", "mcuboot", made[0].extent),
        ("slot0_partition", "image-0", made[1].extent),
        ("slot1_partition", "image-1", made[2].extent),
        ("storage_partition", None, made[3].extent),
        ("logs_partition", None, made[4].extent),
    ]


SUB = """\
&flash0 {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>; #size-cells = <1>;
		slot0_partition: partition@20000 {
			compatible = "fixed-subpartitions"; /* secure and not */
			reg = <0x20000 0x60000>;
			ranges = <0x0 0x20000 0x60000>;
			#address-cells = <1>;
			#size-cells = <1>;
			slot0_s_partition: partition@0 { reg = <0x0 0x40000>; };
			slot0_ns_partition: partition@40000 { reg = <0x40000 0x20000>; };
		};
		slot1_partition: partition@80000 { reg = <0x80000 0x60000>; };
	};
};
"""
MAPPED = """\
/ { soc { flash-controller@0 { #address-cells = <1>; #size-cells = <1>;
	flash0: flash@8000000 {
		compatible = "soc-nv-flash"; reg = <0x08000000 DT_SIZE_M(1)>;
		erase-block-size = <DT_SIZE_K(2)>; write-block-size = <8>;
		#address-cells = <1>; #size-cells = <1>; ranges = <0x0 0x08000000 DT_SIZE_M(1)>;
		partitions {
			#address-cells = <1>; #size-cells = <1>; ranges;
			slot0_partition: partition@20000 {
				compatible = "zephyr,mapped-partition";
				reg = <0x20000 0x60000>; /* secure and not */
				ranges = <0x0 0x20000 0x60000>;
				#address-cells = <1>; #size-cells = <1>;
				slot0_s_partition: partition@0 {
					compatible = "zephyr,mapped-partition"; reg = <0x0 0x40000>;
				};
				slot0_ns_partition: partition@40000 {
					compatible = "zephyr,mapped-partition"; reg = <0x40000 0x20000>;
				};
			};
			slot1_partition: partition@80000 {
				compatible = "zephyr,mapped-partition"; reg = <0x80000 0x60000>;
			};
		};
	};
}; }; };
"""
NESTED = {
    "sub.overlay": Source("sub.overlay", SUB.encode()),
    "mapped.dts": Source("mapped.dts", MAPPED.encode()),
}


@pytest.mark.parametrize("name", NESTED)
def test_sub_partitions_move_with_their_parent(name: str) -> None:
    base = NESTED[name]
    assert edited(base, {}).data == base.data
    change = {
        "slot0_partition": at(0x10000, 0x60000),
        "slot0_s_partition": at(0x10000, 0x40000),
        "slot0_ns_partition": at(0x50000, 0x20000),
    }
    encoded = edited(base, change)
    text = base.data.decode()
    assert text_of(encoded) == (
        text.replace("partition@20000", "partition@10000").replace("0x20000 0x60", "0x10000 0x60")
    )
    new = part("x_partition", 0x70000, 0x4000, parent="slot0_partition")
    grown = {**change, "slot0_partition": at(0x10000, 0x68000)}
    now = reread(base, edited(base, grown, new))
    found = now.get("x_partition")
    assert found is not None and (found.parent, found.extent.start) == ("slot0_partition", 0x70000)
    assert found.start == 0x60000 and "ranges = <0x0 0x10000 0x68000>" in text_of(
        edited(base, grown, new)
    )


@pytest.mark.parametrize("name", NESTED)
def test_removed_parent_takes_its_node_and_leaves_the_rest(name: str) -> None:
    base = NESTED[name]
    table = table_of(base)
    inner = replace(table.partitions[1], parent=None)
    encoded = encode(
        (replace(table, partitions=(inner, table.partitions[3])),), WriteOptions(base=base)
    )
    now = reread(base, encoded)
    assert [(p.name, p.extent, p.parent) for p in now.partitions] == [
        ("slot1_partition", Extent.of(0x80000, 0x60000), None),
        ("slot0_s_partition", Extent.of(0x20000, 0x40000), None),
    ]


def test_refusals() -> None:
    base = BASES["board.dts"]
    inside = part("in_partition", 0xC000, 0x1000, parent="slot0_partition")
    assert "FMT190" in codes(edited(base, {}, inside))
    same = edited(base, {"slot1_partition": at(0xC000, 0x1000)})
    assert same.data is None and "both be `partition@c000`" in same.findings[0].message
    empty = encode((replace(table_of(base), partitions=()),), WriteOptions(base=base))
    assert empty.data is None and codes(empty) == ["FMT190"]
    alone = Source("app.overlay", OVERLAY.encode())
    lost = encode((table_of(base),), WriteOptions(base=alone))
    assert lost.data is None and codes(lost) == ["FMT190", "FMT172"]
    fixed = BOARD + "&slot1_partition { reg = <0x3e000 0x1000>; };\n#define X\n"
    missing = Source("board.dts", (fixed + '&boot_partition { status = "disabled"; };').encode())
    hidden = encode((table_of(base),), WriteOptions(base=missing))
    assert hidden.data is None and "FMT190" in codes(hidden)


def test_syntax_errors_are_told() -> None:
    text = BOARD + "&uart1 { a = <1> b }\n};\n"
    base = Source("board.dts", text.encode(), OTHERS)
    encoded = edited(base, {"slot0_partition": at(0xC000, 0x30000)})
    assert text_of(encoded) == text.replace("<0xc000 0x32000>", "<0xc000 0x30000>")
    assert set(codes(encoded)) == {"FMT182"}
    none = encode((table_of(BASES["board.dts"]),), WriteOptions(base=Source("a.dts", b"int x[;")))
    assert none.data is None and codes(none)[0] == "FMT190"


def test_wide_cells() -> None:
    text = PARTITIONS.replace("-cells = <1>", "-cells = <2>")
    for old in ("<0x0 DT", "<0xc000 0x32000>", "<0x0003E000 0x32000>", "<0x7a000 (6"):
        text = text.replace(old, old.replace("<", "<0x0 ").replace(" 0x32", " 0x0 0x32"))
    text = text.replace("0x0 0x0 DT", "0x0 0x0 0x0 DT").replace("0x7a000 (6", "0x7a000 0 (6")
    base = Source("a.overlay", text.encode())
    assert edited(base, {}).data == base.data
    far = edited(base, {"slot1_partition": at(0x1_2000_0000, 0x2_0000_0000)})
    assert "partition@120000000 {" in text_of(far)
    assert "reg = <0x1 0x20000000 0x2 0x0>;" in text_of(far)
    added = text_of(edited(base, {}, part("lfs_partition", 0x1_0000_0000, 0x1000)))
    assert "partition@100000000 {" in added and "reg = <0x1 0x0 0x0 0x1000>;" in added


def test_defines_reach_the_file() -> None:
    text = BOARD.replace("0x32000>", "SLOT>")
    base = Source("board.dts", text.encode(), OTHERS)
    defines = {"SLOT": "0x32000"}
    (table,) = decode(base, ReadOptions(defines=defines)).tables
    refused = encode((table,), WriteOptions(base=base))
    assert refused.data is None and codes(refused)[:2] == ["FMT190", "FMT173"]
    assert encode((table,), WriteOptions(base=base, defines=defines)).data == base.data


def test_codes_have_pages() -> None:
    assert {f"FMT19{n}" for n in range(7)} <= {page.code for page in PAGES}


# Properties --------------------------------------------------------------------------------------

_NAMES = ["boot_partition", "slot0_partition", "slot1_partition", "storage_partition"]
_PLACE = st.tuples(st.integers(0, 0xFFFFF), st.integers(1, 0x100000))
_FRESH = {"lfs_partition": "x", "log": "y", "z_partition": "z"}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(BASES)),
    st.dictionaries(st.sampled_from(_NAMES), _PLACE, max_size=4),
    st.sets(st.sampled_from(_NAMES), max_size=3),
    st.dictionaries(st.sampled_from(list(_FRESH)), _PLACE, max_size=3),
    st.dictionaries(st.sampled_from(_NAMES), st.booleans(), max_size=2),
    st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(["a", "b c", None]), max_size=2),
)
def test_edits_say_the_table(
    name: str,
    places: dict[str, tuple[int, int]],
    without: set[str],
    fresh: dict[str, tuple[int, int]],
    writable: dict[str, bool],
    described: dict[str, str | None],
) -> None:
    base = BASES[name]
    table = table_of(base)
    partitions = []
    for p in table.partitions:
        if p.name in without:
            continue
        change: dict[str, object] = at(*places[p.name]) if p.name in places else {}
        if p.name in writable:
            change["writable"] = writable[p.name]
        if p.name in described:
            change["description"] = described[p.name]
        partitions.append(replace(p, **change))  # type: ignore[arg-type]
    partitions += [part(n, *where, description=_FRESH[n]) for n, where in fresh.items()]
    taken = [p.extent.start for p in partitions]
    wished = replace(table, partitions=tuple(partitions))
    encoded = encode((wished,), WriteOptions(base=base))
    if encoded.data is None:
        # Two nodes at one address have one name; a file that is not whole here cannot tell them.
        assert len(set(taken)) < len(taken)
        return
    assert rows(reread(base, encoded)) == rows(wished)
    for comment in ("boot from here", "never touched in the field", "// settings"):
        assert (comment in text_of(encoded)) is (comment in base.data.decode())
    edited_again = encode(
        (reread(base, encoded),), WriteOptions(base=replace(base, data=encoded.data))
    )
    assert edited_again.data == encoded.data


_PAGE = 0x1000


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(NESTED)),
    st.integers(0, 0x40),
    st.lists(st.integers(1, 0x20), min_size=2, max_size=4),
    st.integers(0, 0x80),
    st.sets(st.sampled_from(["slot0_s_partition", "slot0_ns_partition"])),
)
def test_edits_of_sub_partitions_say_the_table(
    name: str, start: int, sizes: list[int], other: int, without: set[str]
) -> None:
    base = NESTED[name]
    table = table_of(base)
    outer, first, second, slot1 = table.partitions
    inner = [p for p in (first, second) if p.name not in without]
    inner += [
        part(f"x{n}_partition", 0, 1, parent="slot0_partition") for n in range(len(sizes) - 2)
    ]
    placed = []
    begin = start * _PAGE
    for p, size in zip(inner, sizes, strict=False):
        placed.append(replace(p, **at(begin, size * _PAGE)))  # type: ignore[arg-type]
        begin += size * _PAGE
    whole = replace(outer, **at(start * _PAGE, sum(sizes) * _PAGE))  # type: ignore[arg-type]
    moved = replace(slot1, **at((other + 0x200) * _PAGE, _PAGE))  # type: ignore[arg-type]
    wished = replace(table, partitions=(whole, *placed, moved))
    encoded = encode((wished,), WriteOptions(base=base))
    assert encoded.data is not None, encoded.findings
    assert rows(reread(base, encoded)) == rows(wished)
    assert b"/* secure and not */" in encoded.data


def test_another_label_of_the_code_partition_is_left_as_it_is() -> None:
    text = """\
&mram1x {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>;
		#size-cells = <1>;
		cpuapp_boot_partition: partition@0 { reg = <0x0 0x10000>; };
		cpuapp_slot0_partition: partition@10000 { reg = <0x10000 0x10000>; };
	};
};
/ { chosen { zephyr,code-partition = &boot_partition; }; };
boot_partition: &cpuapp_boot_partition { label = "mcuboot"; };
"""
    base = Source("app.overlay", text.encode())
    (table,) = decode(base, ReadOptions()).tables
    assert table.attributes["code_partition"] == "cpuapp_boot_partition"
    assert encode((table,), WriteOptions(base=base)).data == text.encode()
    other = replace(
        table, attributes={**table.attributes, "code_partition": "cpuapp_slot0_partition"}
    )
    changed = encode((other,), WriteOptions(base=base)).data or b""
    assert b"zephyr,code-partition = &cpuapp_slot0_partition;" in changed
