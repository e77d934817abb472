"""A table written into an existing CSV changes what changed, and nothing else."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.app.convert import convert
from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.formats import esp_idf_csv
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Partition, Table

FILE = """\
# the board's table
# Name,   Type, SubType, Offset,   Size,     Flags
nvs,      data, nvs,     0x009000, 0x004000,
otadata,  data, ota,     ,         0x2000,

# the two images
ota_0,    app,  ota_0,   ,         1m,
ota_1,    app,  ota_1,   ,         1m,   encrypted
storage,  data, spiffs,  ,         -0x400000,
"""


def read(data: bytes, **options: object) -> Decoded:
    return esp_idf_csv.decode(Source("p.csv", data), ReadOptions(**options))  # type: ignore[arg-type]


def into(data: bytes, table: Table, **options: object) -> bytes:
    base = Source("p.csv", data)
    done = convert((table,), "esp-idf-csv", WriteOptions(base=base, **options))  # type: ignore[arg-type]
    assert done.data is not None, done.findings
    return done.data


def table_of(data: bytes, **options: object) -> Table:
    return read(data, **options).tables[0]


def changed(table: Table, name: str, **changes: object) -> Table:
    partitions = tuple(replace(p, **changes) if p.name == name else p for p in table.partitions)
    return replace(table, partitions=partitions)


def without(table: Table, name: str) -> Table:
    return replace(table, partitions=tuple(p for p in table.partitions if p.name != name))


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        FILE.rstrip("\n"),
        FILE.replace("\n", "\r\n"),
        FILE.replace("\n", "\r\n", 3),
        "\ufeff" + FILE,
        FILE + "# the end",
        "a,data,nvs,,0x3000\n  b ,\tdata , 0x06, 0x20_000 ,4k,readonly, , # more\n",
    ],
)
def test_its_own_table_changes_nothing(text: str) -> None:
    data = text.encode()
    assert into(data, table_of(data)) == data


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_the_encoding_is_kept(mark: bytes, encoding: str) -> None:
    data = mark + FILE.encode(encoding)
    table = table_of(data)
    assert into(data, table) == data
    grown = changed(table, "nvs", extent=Extent.of(0x9000, 0x3000))
    expected = FILE.replace("0x004000", "0x003000").replace(
        "ota,     ,         0x2000", "ota,     0x00d000, 0x2000"
    )
    assert into(data, grown).decode(encoding) == "\ufeff" + expected


def test_variables_and_places_from_elsewhere_are_kept() -> None:
    data = b"boot, bootloader, primary, N/A, N/A\nnvs, data, nvs, $START, ${ROOM}\n"
    options = {"environment": {"START": "0x9000", "ROOM": "16K"}, "bootloader_offset": 0x1000}
    table = table_of(data, **options)
    assert into(data, table, **options) == data
    grown = changed(table, "nvs", extent=Extent.of(0x9000, 0x5000))
    assert into(data, grown, **options) == data.replace(b"${ROOM}", b"0x5000")


def test_blank_offsets_stay_blank_where_the_place_follows() -> None:
    data = FILE.encode()
    table = table_of(data)
    moved = changed(table, "ota_0", extent=Extent.of(0x10000, 0x180000))
    moved = changed(moved, "ota_1", extent=Extent.of(0x190000, 0x180000))
    moved = changed(moved, "storage", extent=Extent(0x310000, 0x400000))
    expected = FILE.replace("1m,   ", "1536k, ").replace("1m,", "1536k,")
    assert into(data, moved).decode() == expected


def test_a_blank_offset_is_filled_where_the_place_would_not_follow() -> None:
    data = FILE.encode()
    moved = changed(table_of(data), "ota_1", extent=Extent.of(0x120000, 0x100000))
    moved = changed(moved, "storage", extent=Extent(0x220000, 0x400000))
    expected = FILE.replace("ota_1,   ,        ", "ota_1,   0x120000,")
    assert into(data, moved).decode() == expected


def test_a_size_that_tells_the_end_keeps_doing_so() -> None:
    data = FILE.encode()
    moved = changed(table_of(data), "storage", extent=Extent(0x210000, 0x300000))
    assert into(data, moved).decode() == FILE.replace("-0x400000", "-0x300000")


def test_type_flags_and_names_change_alone() -> None:
    data = FILE.encode()
    table = table_of(data)
    plain = changed(table, "ota_1", flags=())
    assert into(data, plain).decode() == FILE.replace("1m,   encrypted", "1m,   ")
    fat = changed(table, "storage", attributes={"type": 1, "subtype": 0x81})
    assert into(data, fat).decode() == FILE.replace("spiffs,  ", "fat,     ")
    locked = changed(table, "nvs", flags=("readonly",), writable=False)
    assert into(data, locked).decode() == FILE.replace("0x004000,", "0x004000,readonly")


def test_rows_that_are_gone_or_new() -> None:
    data = FILE.encode()
    table = table_of(data)
    gone = into(data, without(table, "storage")).decode()
    assert gone == FILE.replace("storage,  data, spiffs,  ,         -0x400000,\n", "")
    new = replace(
        table.partitions[0],
        name="cal",
        extent=Extent.of(0xF000, 0x1000),
        attributes={"type": 1, "subtype": 1},
    )
    grown = replace(table, partitions=(*table.partitions, new))
    lines = into(data, grown).decode().splitlines(keepends=True)
    assert lines.pop(4) == "cal,data,phy,0xf000,4K,\n"
    assert "".join(lines) == FILE


def test_rows_change_places_with_their_comments() -> None:
    data = b"# head\na, data, nvs, 0x10000, 0x3000\n# of b\nb, data, fat, 0x20000, 0x3000\n"
    table = table_of(data)
    swapped = changed(table, "a", extent=Extent.of(0x30000, 0x3000))
    expected = b"# head\n# of b\nb, data, fat, 0x20000, 0x3000\na, data, nvs, 0x30000, 0x3000\n"
    assert into(data, swapped) == expected


def test_a_file_with_rows_that_cannot_be_read_is_not_written_into() -> None:
    table = table_of(FILE.encode())
    base = Source("q.csv", b"nvs, data, nvs, 0x9000, lots\n")
    done = esp_idf_csv.encode((table,), WriteOptions(base=base))
    assert done.data is None
    assert [(f.code, f.place and f.place.path) for f in done.findings] == [("FMT210", "q.csv")]


def test_a_table_from_flash_finds_the_rows_of_long_names() -> None:
    data = b"a_name_of_over_16_bytes, data, nvs, 0x9000, 0x3000\n"
    table = table_of(data)
    cut = replace(table, partitions=(replace(table.partitions[0], name="a_name_of_over_1"),))
    assert esp_idf_csv.encode((cut,), WriteOptions(base=Source("p.csv", data))).data == data


@st.composite
def _files(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A CSV that the reference tool accepts, and sizes that its rows may have instead."""
    lines, sizes = ["# Name, Type, SubType, Offset, Size"], []
    at = 0x9000
    for n in range(draw(st.integers(1, 6))):
        size = draw(st.integers(3, 40)) * 0x1000
        at += draw(st.integers(0, 3)) * 0x1000
        blank = draw(st.booleans())
        said = "" if blank and n else draw(st.sampled_from((f"{at:#x}", f"0x{at:08X}", str(at))))
        at = at if said else max(at, 0)
        spelt = draw(st.sampled_from((f"{size:#x}", f"{size >> 10}K", str(size))))
        gap = draw(st.sampled_from(("", " ", "\t", "   ")))
        lines.append(f"p{n},{gap}data,{gap}nvs,{gap}{said},{gap}{spelt}" + draw(_TAILS))
        if draw(st.integers(0, 4)) == 0:
            lines.append(draw(st.sampled_from(("", "  # said", "#"))))
        at += size + (0x40000 if not said else 0)
        sizes.append(draw(st.integers(3, 40)) * 0x1000)
    end = draw(st.sampled_from(("\n", "\r\n")))
    return end.join(lines) + draw(st.sampled_from(("", end))), sizes


_TAILS = st.sampled_from(("", ",", ", ", ",readonly"))


@given(_files())
@settings(max_examples=80, deadline=None)
def test_any_table_comes_back_and_changes_nothing_in_its_own_file(
    drawn: tuple[str, list[int]],
) -> None:
    data, sizes = drawn[0].encode(), drawn[1]
    before = table_of(data)
    assert into(data, before) == data
    partitions: list[Partition] = []
    at = 0x9000
    for old, size in zip(before.partitions, sizes, strict=True):
        at = max(at, old.extent.start)
        partitions.append(replace(old, extent=Extent.of(at, size)))
        at += size
    wanted = replace(before, partitions=tuple(partitions))
    written = into(data, wanted)
    after = table_of(written)
    assert [(p.name, p.extent, p.flags) for p in after.partitions] == [
        (p.name, p.extent, p.flags) for p in wanted.partitions
    ]
    old_lines, new_lines = data.splitlines(), written.splitlines()
    moved = {p.place.line for p, q in zip(before.partitions, partitions, strict=True)
             if p.extent != q.extent and p.place}  # fmt: skip
    for number, (old_line, new_line) in enumerate(zip(old_lines, new_lines, strict=True), 1):
        if number not in moved:
            new_cells, old_cells = (x.replace(b" ", b"").split(b",") for x in (new_line, old_line))
            assert new_cells[:3] + new_cells[4:] == old_cells[:3] + old_cells[4:]
