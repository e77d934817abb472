"""Tables in raw flash images."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.formats import dump, esp_idf_bin, esp_idf_csv
from flashwright.formats.format import ReadOptions, Source, WriteOptions

CSV = b"nvs, data, nvs, 0x9000, 0x4000\nota_0, app, ota_0, , 1M\n"


def table(offset: int) -> bytes:
    options = ReadOptions(table_offset=offset)
    csv = CSV.replace(b"0x9000", b"")
    tables = esp_idf_csv.decode(Source("p.csv", csv), options).tables
    data = esp_idf_bin.encode(tables, WriteOptions()).data
    assert data is not None
    return data


def image(size: int, *parts: tuple[int, bytes]) -> bytes:
    data = bytearray(b"\xff" * size)
    for at, part in parts:
        data[at : at + len(part)] = part
    return bytes(data)


def names(data: bytes) -> list[str]:
    return [t.name for t in dump.decode(Source("d.bin", data), ReadOptions()).tables]


def test_the_table_at_the_usual_place_comes_first() -> None:
    data = image(1 << 18, (0x8000, table(0x8000)), (0x3000, table(0x3000)))
    assert names(data) == ["esp-idf@0x8000", "esp-idf@0x3000"]


def test_a_damaged_table_or_noise_is_not_taken_for_one() -> None:
    cut = table(0x8000)[:40] + b"\x01" * 64
    assert names(image(1 << 16, (0x8000, cut))) == []
    found = dump.decode(Source("d.bin", bytes(1 << 16)), ReadOptions()).findings
    assert [f.code for f in found] == ["FMT310"]


def test_the_partitions_are_those_of_the_table() -> None:
    data = image(1 << 18, (0x8000, table(0x8000)))
    decoded = dump.decode(Source("d.bin", data), ReadOptions())
    assert [(p.name, p.extent.start) for p in decoded.tables[0].partitions] == [
        ("nvs", 0x9000),
        ("ota_0", 0x10000),
    ]
    assert [f.code for f in decoded.findings] == ["FMT311"]


@pytest.mark.parametrize("end", [1, 2, 3, 31, 32, 33])
def test_a_dump_that_is_cut_inside_a_table_has_none(end: int) -> None:
    decoded = dump.decode(Source("d.bin", image(0x8000) + table(0x8000)[:end]), ReadOptions())
    assert decoded.tables == ()
    assert [f.code for f in decoded.findings] == ["FMT310"]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes(data: bytes) -> None:
    decoded = dump.decode(Source("d.bin", image(1 << 13, (0x1000, b"\xaaP" + data))), ReadOptions())
    assert decoded.tables or decoded.findings
