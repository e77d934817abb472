"""RT-Thread FAL: header and records."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.formats.fal import PAGES, decode, decode_fal_records, encode
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.model.geometry import Overwrite
from flashwright.model.table import Partition, Role, Table

HEADER = """\
#define NOR_FLASH "norflash0"
#define APP_SIZE (384 * 1024)
const struct fal_flash_dev onchip = {
    .name = "onchip_flash", .addr = 0x08000000, .len = 512 * 1024, .blk_size = 2048,
    .ops = {init, read, write, erase}, .write_gran = 64,
};
const struct fal_flash_dev nor = {NOR_FLASH, 0, 8*1024*1024, 4096, {0, 0, 0, 0}, 1};
#define FAL_FLASH_DEV_TABLE { &onchip, &nor, }
#ifdef FAL_PART_HAS_TABLE_CFG
#define FAL_PART_TABLE                                          \\
{                                                               \\
    {FAL_PART_MAGIC_WORD, "bl",  "onchip_flash", 0, 64*1024, 0},  /* boot */ \\
    {FAL_PART_MAGIC_WROD, "app", "onchip_flash", 64*1024, APP_SIZE, 0}, \\
    {.magic_word = 0x45503130, .name = "fdb_kvdb1", .flash_name = NOR_FLASH, \\
     .offset = 0x1000, .len = 0x4000}, \\
    {FAL_PART_MAGIC_WORD, "download", NOR_FLASH, 0x100000, 0x80000, 7}, \\
}
#endif
"""


def read(text: str, others: dict[str, bytes] | None = None, **options: object) -> Decoded:
    return decode(Source("fal_cfg.h", text.encode(), others or {}), ReadOptions(**options))  # type: ignore[arg-type]


def codes(findings: object) -> list[str]:
    return [f.code for f in findings.findings]  # type: ignore[attr-defined]


def test_both_spellings_and_both_forms() -> None:
    decoded = read(HEADER)
    assert decoded.findings == ()
    (table,) = decoded.tables
    assert [(p.name, p.role, p.owner, p.start, p.size) for p in table.partitions] == [
        ("bl", Role.BOOTLOADER, "onchip_flash", 0, 0x10000),
        ("app", Role.APPLICATION, "onchip_flash", 0x10000, 0x60000),
        ("fdb_kvdb1", Role.KV, "norflash0", 0x1000, 0x4000),
        ("download", Role.OTA_TEMP, "norflash0", 0x100000, 0x80000),
    ]
    assert table.partitions[3].attributes == {"reserved": 7}


def test_places() -> None:
    bl, app, kv, _ = read(HEADER).tables[0].partitions
    assert bl.place is not None and (bl.place.line, bl.place.column) == (12, 5)
    assert (app.places["size"].line, app.places["size"].column) == (13, 59)
    assert (kv.place_of("start").line, kv.place_of("name").line) == (15, 14)  # type: ignore[union-attr]


def test_geometry_of_the_file() -> None:
    device = read(HEADER).tables[0].device
    assert device is not None
    onchip, nor = device.flashes
    assert (onchip.base, onchip.size, onchip.smallest_erase_block) == (0x08000000, 0x80000, 2048)
    assert (onchip.program_unit, onchip.overwrite) == (8, Overwrite.ONCE)
    assert (nor.base, nor.program_unit, nor.overwrite) == (None, 1, Overwrite.CLEAR_BITS)


def test_flashes_of_the_file_keep_their_names() -> None:
    text = HEADER.replace("const struct fal_flash_dev nor =", "const struct other nor =")
    table = read(text).tables[0]
    assert table.device is not None and [f.name for f in table.device.flashes] == ["onchip_flash"]
    assert table.partitions[3].owner == "norflash0"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ('{FAL_PART_MAGIC_WORD, "a", "f", BOARD_OFFSET, 16, 0}', "FMT151"),
        ('{FAL_PART_MAGIC_WORD, "a", "f", -16, 16, 0}', "FMT151"),
        ('{FAL_PART_MAGIC_WORD, "a", FLASH_DEV, 0, 16, 0}', "FMT152"),
        ('{FAL_PART_MAGIC_WORD, "a", "f", 0 0, 16, 0}', "FMT153"),
        ('{FAL_PART_MAGIC_WORD, "abcdefghijklmnopqrstuvwx", "f", 0, 16, 0}', "FMT156"),
        ('{1234, "a", "f", 0, 16, 0}', "FMT157"),
        ("", "FMT150"),
    ],
)
def test_finding(entry: str, code: str) -> None:
    assert code in codes(read(f"#define FAL_PART_TABLE {{ {entry} }}\n"))
    assert code in {page.code for page in PAGES}


def test_a_macro_that_stands_for_a_name_is_no_long_name() -> None:
    entry = '{FAL_PART_MAGIC_WORD, "a", NAME_OF_THE_FLASH_ON_THE_BOARD, 0, 16, 0}'
    assert codes(read(f"#define FAL_PART_TABLE {{ {entry} }}\n")) == ["FMT152"]


def test_other_findings() -> None:
    assert codes(read("int x;")) == ["FMT150"]
    one = '{FAL_PART_MAGIC_WORD, "a", "f", 0, 16, 0}'
    twice = f"#define FAL_PART_TABLE {{ {one} }}\n" * 2
    assert codes(read(twice)) == ["FMT155"]
    hidden = f"#ifdef BSP_USING_FAL\n#define FAL_PART_TABLE {{ {one} }}\n#endif\n"
    decoded = read(hidden)
    assert codes(decoded) == ["FMT154", "FMT150"] and "BSP_USING_FAL" in decoded.findings[1].help
    assert codes(read(hidden, defines={"BSP_USING_FAL": ""})) == []
    odd = 'struct fal_flash_dev d = {"f", 0, 1000, 4096};\n#define FAL_PART_TABLE { ' + one + " }\n"
    assert codes(read(odd)) == ["FMT158"]


def test_value_from_a_header() -> None:
    text = (
        '#include "board.h"\n#define FAL_PART_TABLE {{FAL_PART_MAGIC_WORD, "a", DEV, AT, 16, 0}}\n'
    )
    others = {"inc/board.h": b'#define DEV "nor"\n#define AT 0x40\n'}
    (table,) = read(text, others).tables
    assert (table.partitions[0].owner, table.partitions[0].start) == ("nor", 0x40)


def test_item_macros_expand() -> None:
    text = (
        "#define FLASH_APP_OFFSET 0x11000\n#define FLASH_APP_LENGTH 0x121000\n"
        '#define ITEM(l, U) {FAL_PART_MAGIC_WORD, #l, "flash0", FLASH_##U##_OFFSET, '
        "FLASH_##U##_LENGTH, 0},\n#define FAL_PART_TABLE { ITEM(app, APP) }\n"
    )
    (table,) = read(text).tables
    assert [(p.name, p.start, p.size) for p in table.partitions] == [("app", 0x11000, 0x121000)]


# Writing -----------------------------------------------------------------------------------------


def table_of(*rows: tuple[str, str, int, int]) -> Table:
    return Table(
        "t",
        tuple(Partition(n, Role.CUSTOM, o, Extent.of(s, z), s) for n, o, s, z in rows),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=23
            ),
            st.sampled_from(["onchip_flash", "norflash0"]),
            st.integers(0, (1 << 31) - 1),
            st.integers(0, (1 << 32) - 1),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
def test_round_trip(rows: list[tuple[str, str, int, int]]) -> None:
    encoded = encode((table_of(*rows),), WriteOptions())
    assert encoded.data is not None
    decoded = decode(Source("fal_cfg.h", encoded.data), ReadOptions())
    assert decoded.findings == ()
    assert [(p.name, p.owner, p.start, p.size) for p in decoded.tables[0].partitions] == rows
    again = encode(decoded.tables, WriteOptions())
    assert again.data == encoded.data


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (table_of(("a" * 24, "f", 0, 1)), "FMT162"),
        (table_of(("", "f", 0, 1)), "FMT162"),
        (table_of(("a", "f", 1 << 31, 1)), "FMT162"),
        (table_of(("a", "f", 0, 1 << 32)), "FMT162"),
        (table_of(("a", "f", 0, 1), ("a", "f", 1, 1)), "FMT161"),
    ],
)
def test_refused(table: Table, code: str) -> None:
    encoded = encode((table,), WriteOptions())
    assert encoded.data is None and code in codes(encoded)
    assert code in {page.code for page in PAGES}


def test_too_many_rows() -> None:
    row = '{FAL_PART_MAGIC_WORD, "a", "f", 0, 16, 0},'
    decoded = read(f"#define FAL_PART_TABLE {{ {row * 257} }}\n")
    assert codes(decoded) == ["FMT150"] and len(decoded.tables[0].partitions) == 256


def test_several_tables() -> None:
    table = Table("t", (Partition("x", Role.SECURITY, "f", Extent(0, 1), 0, writable=False),))
    assert codes(encode((table, table), WriteOptions())) == ["FMT160"]


# Records -----------------------------------------------------------------------------------------


def record(name: str, offset: int, size: int, width: int = 24) -> bytes:
    names = name.encode().ljust(width, b"\0") + b"onchip_flash".ljust(width, b"\0")
    return struct.pack("<I", 0x45503130) + names + struct.pack("<iII", offset, size, 0)


@pytest.mark.parametrize("width", [24, 16])
def test_records_in_a_dump(width: int) -> None:
    magic_in_code = struct.pack("<I", 0x45503130) + b"\x4b\x1b" * 40
    rows = record("bl", 0, 0x10000, width) + record("app", 0x10000, 0x60000, width)
    dump = magic_in_code + b"\xff" * 60 + rows + b"\xff" * 100 + record("late", 1, 2, width)
    one, two = decode_fal_records(dump).tables
    assert [(p.name, p.owner, p.start, p.size) for p in one.partitions] == [
        ("bl", "onchip_flash", 0, 0x10000),
        ("app", "onchip_flash", 0x10000, 0x60000),
    ]
    assert one.attributes == {"record_offset": 144, "record_size": 2 * width + 16}
    assert two.partitions[0].name == "late"


def test_names_with_blanks_and_letters_of_any_script_do_not_split_a_table() -> None:
    rows = record("bl", 0, 16) + record("wifi image", 16, 16) + record("größe", 32, 16)
    (table,) = decode_fal_records(b"\xff" * 7 + rows + record("  ", 48, 16)).tables
    assert [p.name for p in table.partitions] == ["bl", "wifi image", "größe"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"01PE", b"\0" * 20, b"app\0", b"\xff" * 13, b"a" * 24]), max_size=30)
)
def test_records_of_any_bytes(parts: list[bytes]) -> None:
    assert isinstance(decode_fal_records(b"".join(parts)), Decoded)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 12),
            st.sampled_from(
                ["", "(", "}", "{", "#", '"', "/*", "\\\n", "\n", ",", "FAL_PART_TABLE"]
            ),
        ),
        max_size=6,
    ),
    st.binary(max_size=30),
)
def test_hostile_bytes(cuts: list[tuple[int, int, str]], tail: bytes) -> None:
    data = HEADER.encode()
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new.encode() + data[at + length :]
    assert isinstance(decode(Source("x.h", data + tail), ReadOptions()), Decoded)
