"""Beken's CSV: the three dialects, what the packager refuses, what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.formats import beken_csv
from flashwright.formats.catalog import recognised
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Partition, Role, Table

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples/beken-csv"

V2 = """\
# the board's own
Name,             Type, SubType, Offset, Size, Flags
bl1_control,      app,  ,        ,       4k,
bl2,              app,  ,        ,       124k,
primary_tfm_s,    app,  ,        ,       128k, encrypted
primary_app,      app,  ,        ,       1M,
secondary_tfm_s,  app,  ,        ,       128k,
secondary_app,    app,  ,        0x160000, 1M,
easyflash,        data, ,        ,       24k
"""

AUTO = """\
#Name, Offset, Size, Execute, Read, Write
FLASH_CAPACITY=4M
bootloader,   0x0, 68k,   code, TRUE, FALSE
application,     , 0x1BA000, code, TRUE, FALSE
download,        , 1M,    data, TRUE, TRUE
"""


def read(text: str | bytes) -> Decoded:
    data = text.encode() if isinstance(text, str) else text
    return beken_csv.decode(Source("p.csv", data), ReadOptions())


def write(table: Table, base: str | None = None) -> Encoded:
    source = None if base is None else Source("p.csv", base.encode())
    return beken_csv.encode((table,), WriteOptions(base=source))


def said(decoded: Decoded) -> list[tuple[str, int, int]]:
    return [
        (f.code, f.place.line if f.place else 0, f.place.column if f.place else 0)
        for f in decoded.findings
    ]


def row(text: str) -> str:
    return V2 + text + "\n"


def test_a_table_of_the_packager() -> None:
    decoded = read(V2)
    assert decoded.findings == ()
    table = decoded.tables[0]
    assert [(p.name, p.extent.start, p.role, p.pair) for p in table.partitions] == [
        ("bl1_control", 0, Role.BOOTLOADER, None),
        ("bl2", 0x1000, Role.BOOTLOADER, None),
        ("primary_tfm_s", 0x20000, Role.APPLICATION, "tfm_s"),
        ("primary_app", 0x40000, Role.APPLICATION, "app"),
        ("secondary_tfm_s", 0x140000, Role.OTA_TEMP, "tfm_s"),
        ("secondary_app", 0x160000, Role.OTA_TEMP, "app"),
        ("easyflash", 0x260000, Role.KV, None),
    ]
    place = table.partitions[5].place_of("start")
    assert place is not None and (place.line, place.column) == (8, 34)
    assert table.partitions[2].attributes["flags"] == "encrypted"


def test_automatic_partitions() -> None:
    decoded = read(AUTO)
    assert decoded.findings == ()
    table = decoded.tables[0]
    assert [(p.name, p.extent, p.writable) for p in table.partitions] == [
        ("bootloader", Extent(0, 0x11000), False),
        ("application", Extent(0x11000, 0x1CB000), False),
        ("download", Extent(0x1CB000, 0x2CB000), True),
    ]
    assert table.attributes["dialect"] == "auto"
    assert table.attributes["capacity"] == 4 << 20
    assert said(read(AUTO.replace("=4M", "=2M"))) == [("FMT301", 5, 20)]
    assert said(read(AUTO.replace("=4M", "=lots"))) == [("FMT300", 2, 0)]
    headless = AUTO.split("\n", 2)[2]
    assert read(headless).tables[0].attributes["dialect"] == "auto"


def test_the_older_form_of_the_packager() -> None:
    text = "Name,Offset,Size,Execute,Read,Write\nbl2,0,64k,TRUE,TRUE,FALSE\n"
    table = read(text).tables[0]
    assert table.attributes["dialect"] == "v1"
    assert (table.partitions[0].readable, table.partitions[0].writable) == (True, False)
    assert said(read(text.replace("64k,TRUE", "64k,MAYBE"))) == [("FMT300", 2, 11)]


def test_an_offset_is_hexadecimal_without_0x_too() -> None:
    decoded = read("Name,Type,SubType,Offset,Size,Flags\na,data,,0,4k,\nb,data,,10000,4k,\n")
    assert decoded.tables[0].partitions[1].extent.start == 0x10000
    assert said(decoded) == [("FMT304", 3, 9)]
    assert "0x10000" in decoded.findings[0].help


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        (row("a, data, , , 4096,"), "FMT300", 14),
        (row("a, data, , , 0x10k,"), "FMT300", 14),
        (row("a, data, , , 4kB,"), "FMT300", 14),
        (row("a, data, , , ,"), "FMT300", 14),
        (row("a, data, , 0xG, 4k,"), "FMT300", 12),
        (row("a, date, , , 4k,"), "FMT300", 4),
        (row("a, data, , , 5b,"), "FMT301", 14),
        (row("a, data, , 0x1000, 4k,"), "FMT301", 12),
        (row("a, data, , 0xFFF000, 8k,"), "FMT301", 22),
        ("Name,Type,SubType,Offset,Size,Flags\nbl2, app, , 0x1000, 4k,", "FMT301", 13),
        (row("secondary_x, app, , , 4k,\nprimary_x, app, , , 4k,"), "FMT302", 1),
        (row("primary_x, app, , , 4k,\nsecondary_x, app, , , 8k,"), "FMT302", 23),
        (row("application, app, , , 4k,"), "FMT305", 1),
        (row("primary_x, data, , , 4k,"), "FMT305", 1),
        (row("all, data, , , 4k,"), "FMT305", 1),
        (row("a_name_of_21_letters_, data, , , 4k,"), "FMT305", 1),
        (V2.replace("128k", "132k").replace("0x160000", ""), "FMT306", 42),
        ("# nothing\n", "FMT300", 0),
    ],
)
def test_what_the_build_refuses_is_an_error(text: str, code: str, column: int) -> None:
    found = read(text).findings
    assert [f.code for f in found] == [code], found
    assert found[0].place is not None and found[0].place.column == column


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    assert said(read(V2.encode() + b"\xff")) == [("FMT300", 10, 0)]


def test_the_border_of_secure_code_may_be_that_of_code_with_crc() -> None:
    rows = "Name,Type,SubType,Offset,Size,Flags\nbl2,app,,,168k,\nprimary_tfm_s,app,,,172k,\n"
    assert read(rows).findings == ()
    found = read(rows.replace("172k", "176k")).findings
    assert [f.code for f in found] == ["FMT306"]
    assert "216 KiB" in found[0].help and "240 KiB" in found[0].help


@pytest.mark.parametrize("text", [V2, AUTO], ids=["v2", "auto"])
def test_what_is_written_reads_back_in_its_dialect(text: str) -> None:
    table = read(text).tables[0]
    encoded = write(table)
    assert encoded.data is not None and encoded.findings == ()
    again = read(encoded.data).tables[0]
    assert again.attributes == table.attributes
    assert [(p.name, p.extent, p.writable, p.role) for p in again.partitions] == [
        (p.name, p.extent, p.writable, p.role) for p in table.partitions
    ]


def with_size(table: Table, index: int, size: int) -> Table:
    parts = list(table.partitions)
    parts[index] = replace(parts[index], extent=Extent.of(parts[index].extent.start, size))
    return replace(table, partitions=tuple(parts))


@pytest.mark.parametrize("text", [V2, AUTO, V2.replace("\n", "\r\n")], ids=["v2", "auto", "crlf"])
def test_an_edit_changes_one_number_and_keeps_the_rest(text: str) -> None:
    table = read(text).tables[0]
    assert write(table, text).data == text.encode()
    data = write(with_size(table, -1, 0x8000), text).data
    assert data is not None
    old, new = text.splitlines(keepends=True), data.decode().splitlines(keepends=True)
    assert old[:-1] == new[:-1] and "32k" in new[-1]
    assert read(data).tables[0].partitions[-1].size == 0x8000


def test_nothing_is_written_that_the_build_refuses_or_that_reads_otherwise() -> None:
    table = read(V2).tables[0]
    assert write(with_size(table, -1, 5000)).data is None
    assert write(with_size(table, 3, 0x140000), V2).data is None
    far = replace(table.partitions[0], owner="spi")
    assert [f.code for f in write(replace(table, partitions=(far,))).findings] == ["FMT303"]
    comma = replace(table.partitions[0], name="a,b")
    assert [f.code for f in write(replace(table, partitions=(comma,))).findings] == ["FMT303"]
    fewer = write(replace(table, partitions=table.partitions[1:]), V2)
    assert [f.code for f in fewer.findings] == ["FMT303"]
    app = Partition("app", Role.APPLICATION, "embedded", Extent(0, 0x1000), 0)
    assert [f.code for f in write(Table("t", (app,))).findings] == ["FMT305"]


def test_rights_that_v2_cannot_say_are_told() -> None:
    flag = Partition("f", Role.CUSTOM, "embedded", Extent(0, 0x1000), 0, writable=False)
    encoded = write(Table("t", (flag,)))
    assert encoded.data is not None
    assert [f.code for f in encoded.findings] == ["FMT303"]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_text_is_a_table_or_findings(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([V2, AUTO]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        new = data.draw(st.text(alphabet="0123456789abxkM,-# \n=\0\u2028é", max_size=4))
        text = text[:at] + new + text[at + data.draw(st.integers(0, 5)) :]
    decoded = read(text)
    assert decoded.tables or decoded.findings
    for table in decoded.tables:
        encoded = write(table)
        assert encoded.data is not None or encoded.findings


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes(data: bytes) -> None:
    decoded = read(data)
    assert decoded.tables or decoded.findings


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
def test_samples() -> None:
    for path in sorted(SAMPLES.iterdir()):
        data = path.read_bytes()
        found = recognised(path.name, data)[0].name
        if "esp32" in path.name:
            assert found == "esp-idf-csv"
            continue
        assert found == "beken-csv"
        decoded = read(data)
        assert decoded.findings == ()
        assert write(decoded.tables[0], data.decode()).data == data


def test_only_true_in_capitals_is_code() -> None:
    """The packager compares with TRUE: partition.py, parse_raw_fields (Samsung/TizenRT, Armino)."""
    text = "Name,Offset,Size,Execute,Read,Write\nbl2,0,64k,True,TRUE,FALSE\n"
    decoded = read(text)
    assert said(decoded) == [("FMT304", 2, 11)]
    assert [p.attributes["code"] for p in decoded.tables[0].partitions] == [False]
