"""Edits of an existing `fal_cfg.h`: only what differs is touched."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.formats.fal import PAGES, decode, encode
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

HEADER = """\
/* The board's flash. */
#define NOR_FLASH "norflash0"
#define APP_SIZE (384 * 1024)   /* grows */
#define SHARED 0x4000
#define RAM_BUFFER SHARED
const struct fal_flash_dev onchip = {
    .name = "onchip_flash", .addr = 0x08000000, .len = 512 * 1024, .blk_size = 2048,
    .ops = {init, read, write, erase}, .write_gran = 64,
};
#if 0
#define FAL_PART_TABLE { {FAL_PART_MAGIC_WORD, "bl", "onchip_flash", 0, 1, 0}, }
#endif
#define FAL_PART_TABLE                                                    \\
{                                                                         \\
    {FAL_PART_MAGIC_WORD, "bl",     "onchip_flash", 0,       64*1024, 0}, /* boot */ \\
    {FAL_PART_MAGIC_WORD, "app",    "onchip_flash", 64*1024, APP_SIZE, 0}, \\
    /* settings */                                                        \\
    {.magic_word = 0x45503130, .name = "kv", .flash_name = NOR_FLASH,     \\
     .offset = 0x1000, .len = SHARED},                                    \\
    {FAL_PART_MAGIC_WORD, "dl",     NOR_FLASH,      0x00100000, 0x80000, 7} /* last */ \\
}
"""
COMMENTS = ("/* The board's flash. */", "/* grows */", "/* boot */", "/* settings */")
BASE = Source("fal_cfg.h", HEADER.encode())


def table_of(base: Source, **options: object) -> Table:
    (table,) = decode(base, ReadOptions(**options)).tables  # type: ignore[arg-type]
    return table


def codes(encoded: Encoded) -> list[str]:
    return [f.code for f in encoded.findings]


def at(start: int, size: int) -> dict[str, object]:
    return {"start": start, "extent": Extent.of(start, size)}


def edited(
    change: dict[str, dict[str, object]],
    *more: Partition,
    without: tuple[str, ...] = (),
    text: str = HEADER,
) -> Encoded:
    base = Source("fal_cfg.h", text.encode())
    table = table_of(base)
    kept = [replace(p, **change.get(p.name, {})) for p in table.partitions if p.name not in without]  # type: ignore[arg-type]
    return encode((replace(table, partitions=(*kept, *more)),), WriteOptions(base=base))


def text_of(encoded: Encoded) -> str:
    assert encoded.data is not None, encoded.findings
    return encoded.data.decode()


def part(name: str, start: int, size: int, owner: str = "norflash0") -> Partition:
    return Partition(name, Role.CUSTOM, owner, Extent.of(start, size), start)


def rows(data: bytes) -> list[tuple[str, str, int, int]]:
    return [
        (p.name, p.owner, p.start, p.size) for p in table_of(Source("fal_cfg.h", data)).partitions
    ]


def test_nothing_changed_keeps_every_byte() -> None:
    for text in (HEADER, HEADER.replace("\n", "\r\n")):
        encoded = edited({}, text=text)
        assert encoded.data == text.encode() and encoded.findings == ()


def test_numbers_keep_their_style() -> None:
    encoded = edited({"bl": at(0, 128 * 1024), "dl": at(0xABC000, 0x90000)})
    assert encoded.findings == ()
    assert text_of(encoded) == HEADER.replace("0,       64*1024", "0,      128*1024").replace(
        "0x00100000, 0x80000", "0x00abc000, 0x90000"
    )


def test_a_size_that_is_no_multiple_is_hexadecimal() -> None:
    assert "0,       0x10200, 0}" in text_of(edited({"bl": at(0, 0x10200)}))


def test_renamed_row_keeps_its_line() -> None:
    encoded = edited({"dl": {"name": "download"}})
    assert text_of(encoded) == HEADER.replace('"dl"', '"download"') and encoded.findings == ()


def test_columns_keep_their_edges() -> None:
    text = (
        "#define FAL_PART_TABLE { \\\n"
        '    {FAL_PART_MAGIC_WORD,        "bl", "flash0",       0,   64*1024, 0}, \\\n'
        '    {FAL_PART_MAGIC_WORD, "easyflash", "flash0", 64*1024, 1024*1024, 0}, \\\n}\n'
    )
    moved = {"bl": at(4096, 128 << 10), "easyflash": at(132 << 10, 1 << 20)}
    encoded = edited(moved, part("fs", 2 << 20, 1 << 20), text=text)
    assert text_of(encoded) == (
        "#define FAL_PART_TABLE { \\\n"
        '    {FAL_PART_MAGIC_WORD,        "bl", "flash0",  4*1024,  128*1024, 0}, \\\n'
        '    {FAL_PART_MAGIC_WORD, "easyflash", "flash0", 132*1024, 1024*1024, 0}, \\\n'
        '    {FAL_PART_MAGIC_WORD,        "fs", "norflash0", 2048*1024, 1024*1024, 0}, \\\n}\n'
    )


def test_macro_of_one_value_is_changed_where_it_is_defined() -> None:
    encoded = edited({"app": at(64 * 1024, 320 * 1024)})
    assert text_of(encoded) == HEADER.replace("(384 * 1024)", "(320 * 1024)")
    assert codes(encoded) == ["FMT165"]


def test_macro_of_several_values_is_replaced_in_the_row() -> None:
    encoded = edited({"kv": at(0x1000, 0x2000)})
    assert text_of(encoded) == HEADER.replace(".len = SHARED", ".len = 8*1024")
    assert codes(encoded) == ["FMT164"] and "SHARED" in encoded.findings[0].message


def test_macro_that_another_file_names_is_replaced_in_the_row() -> None:
    base = Source("fal_cfg.h", HEADER.encode(), {"main.h": b"int x[APP_SIZE];"})
    table = table_of(base)
    bl, app, *rest = table.partitions
    wished = replace(
        table, partitions=(bl, replace(app, extent=Extent.of(64 * 1024, 0x10000)), *rest)
    )
    encoded = encode((wished,), WriteOptions(base=base))
    assert codes(encoded) == ["FMT164"] and "#define APP_SIZE (384 * 1024)" in text_of(encoded)


ITEMS = """\
#define FLASH_APP_OFFSET 0x011000
#define FLASH_APP_LENGTH 0x121000
#define FLASH_KVS_OFFSET 0x1d0000
#define FLASH_KVS_LENGTH 0x008000
#define ITEM(l, U) {FAL_PART_MAGIC_WORD, #l, "flash0", FLASH_##U##_OFFSET, FLASH_##U##_LENGTH, 0},
#define FAL_PART_TABLE { ITEM(app, APP) ITEM(kvs, KVS) }
"""


def test_pasted_names_are_changed_where_they_are_defined() -> None:
    encoded = edited({"kvs": at(0x1D8000, 0x4000)}, text=ITEMS)
    assert text_of(encoded) == ITEMS.replace("0x1d0000", "0x1d8000").replace("0x008000", "0x004000")
    assert codes(encoded) == ["FMT165", "FMT165"]


def test_rows_of_macros_are_not_removed_but_followed() -> None:
    refused = edited({}, without=("kvs",), text=ITEMS)
    assert refused.data is None and codes(refused) == ["FMT163"]
    followed = edited({}, part("fs", 0x1DC000, 0x1000, "flash0"), text=ITEMS)
    assert rows(followed.data or b"")[-1] == ("fs", "flash0", 0x1DC000, 0x1000)


def test_unit_macros_and_shifts() -> None:
    text = (
        "#define KB(x) ((x) * 1024)\n#define FAL_PART_TABLE { \\\n"
        '    {FAL_PART_MAGIC_WORD, "a", "f", KB(16), KB(64), 0}, \\\n'
        '    {FAL_PART_MAGIC_WORD, "b", "f", 1 << 20, (2*1024*1024), 0}, \\\n}\n'
    )
    encoded = edited({"a": at(0, 96 * 1024), "b": at(0x200000, 0xC0000)}, text=text)
    assert '"a", "f", 0x0, KB(96), 0}' in text_of(encoded)
    assert '"b", "f", KB(2048), (768*1024), 0}' in text_of(encoded)
    assert codes(encoded) == ["FMT164"]


def test_removed_row_goes_with_its_line() -> None:
    encoded = edited({}, without=("bl",))
    line = next(row for row in HEADER.splitlines(keepends=True) if "/* boot */" in row)
    assert text_of(encoded) == HEADER.replace(line, "") and codes(encoded) == ["FMT167"]
    last = text_of(edited({}, without=("dl",)))
    assert '"dl"' not in last and "/* settings */" in last


def test_appended_row_looks_like_the_last() -> None:
    encoded = edited({}, part("fs", 0x200000, 0x100000), part("x", 0x300000, 0x1000))
    lines = text_of(encoded).splitlines()
    assert '"dl",     NOR_FLASH,      0x00100000, 0x80000, 7}, /* last */ \\' in lines[-4]
    assert lines[-3].startswith(
        '    {FAL_PART_MAGIC_WORD, "fs",     NOR_FLASH,      0x00200000, 0x100000, 0},'
    )
    assert lines[-2].endswith(" \\") and lines[-1] == "}"
    assert codes(encoded) == ["FMT168"]


def test_one_line_table() -> None:
    text = (
        '#define FAL_PART_TABLE { {FAL_PART_MAGIC_WORD, "a", "f", 0, 4096, 0},'
        ' {FAL_PART_MAGIC_WORD, "b", "f", 4096, 4096, 0} }\n'
    )
    encoded = edited({}, part("c", 8192, 4096, "f"), without=("a",), text=text)
    assert text_of(encoded) == (
        '#define FAL_PART_TABLE { {FAL_PART_MAGIC_WORD, "b", "f", 4096, 4096, 0},'
        ' {FAL_PART_MAGIC_WORD, "c", "f", 8192, 4096, 0}, }\n'
    )


def test_a_plain_array() -> None:
    text = (
        "const struct fal_partition FAL_PART_TABLE[] = {\n"
        '    {FAL_PART_MAGIC_WORD, "a", "f", 0, 4096, 0}, // first\n};\n'
    )
    encoded = edited({}, part("b", 4096, 8192, "f"), text=text)
    assert text_of(encoded).splitlines()[2] == '    {FAL_PART_MAGIC_WORD, "b", "f", 4096, 8192, 0},'


def test_rows_that_need_a_define_stay() -> None:
    text = HEADER.replace("0x00100000", "DL_AT")
    encoded = edited({"bl": at(0, 32 * 1024)}, text=text)
    assert text_of(encoded) == text.replace("0,       64*1024", "0,       32*1024")
    assert codes(encoded) == ["FMT169"] and "`dl`" in encoded.findings[0].message
    refused = edited({}, part("dl", 0x200000, 0x80000), text=text)
    assert refused.data is None and "-D" in refused.findings[0].help
    base = Source("fal_cfg.h", text.encode())
    defines = {"DL_AT": "0x100000"}
    table = table_of(base, defines=defines)
    wished = replace(table, partitions=(*table.partitions[:3], part("dl", 0x200000, 0x80000)))
    again = encode((wished,), WriteOptions(base=base, defines=defines))
    assert "NOR_FLASH,  2048*1024, 0x80000, 0}" in text_of(again)


def test_flash_of_another_name_is_told() -> None:
    encoded = edited({}, part("x", 0, 4096, "qspi"))
    assert codes(encoded) == ["FMT168", "FMT166"] and '"qspi"' in text_of(encoded)


def test_the_only_flash_keeps_its_name() -> None:
    text = '#define FAL_PART_TABLE { {FAL_PART_MAGIC_WORD, "a", "flash0", 0, 4096, 0}, }\n'
    table = Table("t", (part("a", 0, 8192, "embedded"), part("b", 8192, 4096, "embedded")))
    encoded = encode((table,), WriteOptions(base=Source("x.h", text.encode())))
    assert rows(encoded.data or b"") == [("a", "flash0", 0, 8192), ("b", "flash0", 8192, 4096)]
    flash = Flash("embedded", 0, (EraseRun(128, 4096),))
    device = Device("chip", "", "", "", (flash,), BootFacts("embedded"))
    onchip = Source("x.h", text.replace("flash0", "onchip_flash").encode())
    again = encode((replace(table, device=device),), WriteOptions(base=onchip))
    assert '"b", "onchip_flash", 8192' in text_of(again)


@pytest.mark.parametrize(
    ("text", "code"),
    [("int x;", "FMT150"), ("#define FAL_PART_TABLE { {1 2} }", "FMT153")],
)
def test_file_with_errors_is_refused(text: str, code: str) -> None:
    table = Table("t", (part("a", 0, 4096),))
    encoded = encode((table,), WriteOptions(base=Source("x.h", text.encode())))
    assert encoded.data is None and codes(encoded)[0] == "FMT163" and code in codes(encoded)


def test_a_table_without_rows_is_refused() -> None:
    empty = edited({}, without=("bl", "app", "kv", "dl"))
    assert empty.data is None and "FMT163" in codes(empty)


def test_codes_have_pages() -> None:
    assert {f"FMT16{n}" for n in range(10)} <= {page.code for page in PAGES}


# Properties --------------------------------------------------------------------------------------

_FRESH = st.tuples(st.integers(0, (1 << 31) - 1), st.integers(1, 1 << 24))


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["bl", "app", "kv", "dl"]), _FRESH, max_size=4),
    st.sets(st.sampled_from(["bl", "app", "kv", "dl"]), max_size=3),
    st.dictionaries(st.sampled_from(["fs", "log", "a_long_name_of_22_chars"]), _FRESH, max_size=3),
)
def test_edits_say_the_table(
    change: dict[str, tuple[int, int]],
    without: set[str],
    fresh: dict[str, tuple[int, int]],
) -> None:
    moved = {name: at(*place) for name, place in change.items()}
    more = [part(name[:22], *place) for name, place in fresh.items()]
    encoded = edited(moved, *more, without=tuple(without))
    text = text_of(encoded)
    expected = []
    for name, owner, start, size in rows(HEADER.encode()):
        if name not in without:
            expected.append((name, owner, *change.get(name, (start, size))))
    expected += [(p.name, p.owner, p.start, p.size) for p in more]
    assert rows(text.encode()) == expected
    for comment in COMMENTS:
        owner = {"/* boot */": "bl"}.get(comment)
        assert (comment in text) is (owner not in without)
    (table,) = decode(Source("fal_cfg.h", text.encode()), ReadOptions()).tables
    again = encode((table,), WriteOptions(base=Source("fal_cfg.h", text.encode())))
    assert again.data == text.encode()
