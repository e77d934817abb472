"""ESP-IDF tables: what the build tool accepts byte for byte, what it refuses, what it lets pass."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.diag.finding import Severity
from flashwright.formats import esp_idf_bin, esp_idf_csv
from flashwright.formats.esp_idf_terms import NumberError, number
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples/esp-idf-csv"

TWO_OTA = """\
# Name,   Type, SubType, Offset,  Size, Flags
nvs,      data, nvs,     0x9000,  0x4000,
otadata,  data, ota,     ,        0x2000,
phy_init, data, phy,     ,        0x1000,
ota_0,    app,  ota_0,   ,        1M,
ota_1,    app,  ota_1,   ,        1M, encrypted
"""


def read(text: str | bytes, **options: object) -> Decoded:
    data = text.encode() if isinstance(text, str) else text
    return esp_idf_csv.decode(Source("p.csv", data), ReadOptions(**options))  # type: ignore[arg-type]


def errors(decoded: Decoded) -> list[tuple[str, int, int]]:
    return [
        (f.code, f.place.line if f.place else 0, f.place.column if f.place else 0)
        for f in decoded.findings
        if f.severity is Severity.ERROR
    ]


def binary(decoded: Decoded, **options: object) -> bytes:
    encoded = esp_idf_bin.encode(decoded.tables, WriteOptions(**options))  # type: ignore[arg-type]
    assert encoded.data is not None, encoded.findings
    return encoded.data


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample tables are not on this machine")
def test_every_verdict_and_hash_of_the_reference_tool() -> None:
    wrong = []
    lines = (SAMPLES / "EXPECTED.tsv").read_text().splitlines()
    for line in (x for x in lines if not x.startswith("#")):
        name, offset, digest, verdict, *_ = (line + "\t\t\t\t").split("\t")
        data = (SAMPLES / name).read_bytes()
        options = ReadOptions(
            table_offset=int(offset, 16) if offset else None, bootloader_offset=0x1000
        )
        decoded = esp_idf_csv.decode(Source(name, data), options)
        made = "" if errors(decoded) else hashlib.sha256(binary(decoded)).hexdigest()
        if made != (digest if verdict == "valid" else ""):
            wrong.append(name)
    assert wrong == []


def test_blank_offsets_are_laid_out_in_the_order_of_the_file() -> None:
    decoded = read(TWO_OTA)
    assert decoded.findings == ()
    assert [(p.name, p.extent.start, p.size) for p in decoded.tables[0].partitions] == [
        ("nvs", 0x9000, 0x4000),
        ("otadata", 0xD000, 0x2000),
        ("phy_init", 0xF000, 0x1000),
        ("ota_0", 0x10000, 0x100000),
        ("ota_1", 0x110000, 0x100000),
    ]
    place = decoded.tables[0].partitions[3].place_of("size")
    assert place is not None and (place.line, place.column) == (5, 35)


def test_the_binary_is_rows_md5_and_erased_bytes() -> None:
    data = binary(read(TWO_OTA))
    assert len(data) == 0xC00
    assert data[:8] == b"\xaa\x50\x01\x02\x00\x90\x00\x00"
    assert data[160:162] == b"\xeb\xeb"
    assert data[176:192] == hashlib.md5(data[:160], usedforsecurity=False).digest()
    assert set(data[192:]) == {0xFF}
    assert binary(read(TWO_OTA), md5=False)[160:] == b"\xff" * (0xC00 - 160)


def test_the_binary_reads_back() -> None:
    data = binary(read(TWO_OTA))
    decoded = esp_idf_bin.decode(Source("t.bin", data), ReadOptions())
    assert decoded.findings == ()
    ours = [(p.name, p.extent, p.flags, p.role) for p in decoded.tables[0].partitions]
    assert ours == [(p.name, p.extent, p.flags, p.role) for p in read(TWO_OTA).tables[0].partitions]
    assert decoded.tables[0].attributes["md5"] is True
    assert binary(decoded) == data


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("a, app, ota_0, 0x18000, 64K", "FMT212", 16),
        ("a, app, ota_0, , 0x800", "FMT212", 18),
        ("a, data, fat, 0x9001, 4K", "FMT212", 15),
        ("a, data, fat, 0x8000, 4K", "FMT213", 15),
        ("a, data, fat, , ", "FMT210", 17),
        ("a, , fat, , 4K", "FMT210", 4),
        ("a, app, , , 4K", "FMT210", 9),
        ("a, data, fatt, , 4K", "FMT210", 10),
        ("a, data, fat, , 4Q", "FMT210", 17),
        ("a, data, fat, , 4K, false", "FMT210", 21),
        ("a, data, fat, 0x20000, -64K", "FMT215", 24),
        ("a, 0x100, 0, , 4K", "FMT216", 4),
        ("a, data, 0x200, , 4K", "FMT216", 10),
        ("a, data, fat, , 4096M", "FMT216", 17),
        ("a, data, nvs, , 0x2000", "FMT218", 17),
        ("a, data, coredump, , 64K, readonly", "FMT218", 27),
        ("a, data, ota, , 0x1000", "FMT219", 17),
        ("a, bootloader, primary, N/A, N/A", "FMT214", 0),
        ("$NOWHERE", "FMT210", 0),
    ],
)
def test_what_the_reference_tool_refuses(line: str, code: str, column: int) -> None:
    assert (code, 1, column) in errors(read(line + "\n"))


def test_all_faults_at_once() -> None:
    text = "a, app, ota_0, 0x18000, 1\na, data, nvs, 0x30000, 4K\nb, data, ota, 0x2f000, 4K\n"
    found = {code for code, _, _ in errors(read(text))}
    assert found == {"FMT211", "FMT212", "FMT213", "FMT218", "FMT219"}


def test_what_it_lets_pass_is_found() -> None:
    same = "abcdefghijklmnop"
    text = "".join(f"{n}, data, fat, , {s}\n" for n, s in ((f"{same}q", "4K"), (f"{same}z", 0)))
    assert [f.code for f in read(text).findings] == ["FMT220", "FMT220", "FMT222", "FMT221"]


def test_options_of_the_command() -> None:
    table = read(TWO_OTA.replace("0x9000", ""), table_offset=0xF000).tables[0]
    assert table.partitions[0].extent.start == 0x10000
    assert errors(read(TWO_OTA, flash_size=2 << 20)) == [("FMT217", 6, 35)]
    assert errors(read(TWO_OTA.replace("1M", "0x101000"), secure_boot="v1"))[0][0] == "FMT212"
    with_variable = TWO_OTA.replace("1M", "$SLOT")
    assert errors(read(with_variable)) and not errors(
        read(with_variable, environment={"SLOT": "1M"})
    )
    extra = "a, data, mine, , 4K"
    assert errors(read(extra))
    assert not errors(read(extra, extra_subtypes=("data,mine,0x41",)))


def test_rows_of_the_bootloader_and_the_table() -> None:
    text = (
        "boot, bootloader, primary, N/A, N/A\ntable, partition_table, primary, N/A, N/A\n" + TWO_OTA
    )
    decoded = read(text, bootloader_offset=0x1000)
    assert not errors(decoded)
    assert [(p.extent.start, p.size) for p in decoded.tables[0].partitions[:3]] == [
        (0x1000, 0x7000),
        (0x8000, 0x1000),
        (0x9000, 0x4000),
    ]


def test_what_rows_of_the_system_say_themselves_is_not_read() -> None:
    decoded = read(
        "boot, bootloader, primary, 0x2000, 0x7000\ntable, partition_table, primary, , 08\n"
        + TWO_OTA,
        bootloader_offset=0x1000,
    )
    assert [(f.code, f.message) for f in decoded.findings] == [
        ("FMT225", "the size `08` of `table` is not read"),
        ("FMT225", "the start `0x2000` of `boot` is not read: it is 0x1000"),
    ]
    assert [p.extent.start for p in decoded.tables[0].partitions[:2]] == [0x1000, 0x8000]


def test_the_recovery_bootloader_has_an_offset_of_its_own() -> None:
    text = "recovery, bootloader, recovery, N/A, N/A\n"
    assert errors(read(text, bootloader_offset=0x1000)) == [("FMT214", 1, 0)]
    (table,) = read(text, bootloader_offset=0x1000, recovery_offset=0x3F0000).tables
    assert table.partitions[0].extent == Extent(0x3F0000, 0x3F7000)


def test_a_size_that_ends_where_the_partition_starts_is_none() -> None:
    decoded = read("a, data, fat, 1M, -1M")
    assert [f.code for f in decoded.findings] == ["FMT222"]
    assert decoded.tables[0].partitions[0].size == 0


def test_a_negative_offset_beside_another_fault() -> None:
    decoded = read("a, data, fat, -1M, 4K\nb, what, fat, , 4K")
    assert errors(decoded) == [("FMT210", 2, 4)]
    assert not decoded.tables


def test_94_rows_with_md5_and_95_without() -> None:
    rows = "".join(f"p{n}, data, fat, , 4K\n" for n in range(95))
    decoded = read(rows)
    full = esp_idf_bin.encode(decoded.tables, WriteOptions())
    assert full.data is None and full.findings[-1].code == "FMT234"
    assert len(binary(decoded, md5=False)) == 0xC00
    assert read("".join(rows.splitlines(keepends=True)[:94])).findings[-1].code == "FMT223"


def test_numbers_as_the_tool_reads_them() -> None:
    assert [number(t) for t in ("1kk", "0x100k", "0b11", "1_024", "-2M")] == [
        1 << 20,
        256 << 10,
        3,
        1024,
        -2 << 20,
    ]
    for text in ("010", "1G", "", "k" * 20, "9" * 5000):
        with pytest.raises(NumberError):
            number(text)
    with pytest.raises(NumberError):
        number("zoom", {"zoom": 1})


def test_an_edited_file_keeps_its_text() -> None:
    base = Source("p.csv", TWO_OTA.replace("1M, encrypted", "0x100000,encrypted  ").encode())
    same = esp_idf_csv.encode(read(base.data).tables, WriteOptions(base=base))
    assert same.data == base.data
    grown = read(base.data.replace(b"0x100000,enc", b"0x180000,enc"))
    edited = esp_idf_csv.encode(grown.tables, WriteOptions(base=base))
    assert edited.data == base.data.replace(b"0x100000,enc", b"0x180000,enc")


@pytest.mark.parametrize(
    "change",
    [
        {"attributes": {"type": 0x100, "subtype": 0}},
        {"attributes": {"type": 1, "subtype": -1}},
        {"extent": Extent(0x10000, 0x10000 + (1 << 32))},
        {"extent": Extent(1 << 40, (1 << 40) + 0x1000)},
    ],
)
def test_a_number_that_does_not_fit_is_not_written(change: dict[str, object]) -> None:
    (table,) = read("a, data, fat, 0x9000, 4K").tables
    wrong = replace(table, partitions=(replace(table.partitions[0], **change),))
    encoded = esp_idf_bin.encode((wrong,), WriteOptions())
    assert (encoded.data, {f.code for f in encoded.findings}) == (None, {"FMT216"})


def test_csv_written_anew_reads_back() -> None:
    tables = read(TWO_OTA).tables
    encoded = esp_idf_csv.encode(tables, WriteOptions())
    assert encoded.data is not None
    assert binary(read(encoded.data)) == binary(read(TWO_OTA))
    assert b"ota_1,app,ota_1,0x110000,1M,encrypted\n" in encoded.data


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: b"\xaa\x50" + d[2:40], "FMT230"),
        (lambda d: d[:176] + bytes(16) + d[192:], "FMT231"),
        (lambda d: d[:32] + b"\x12\x34" + d[34:], "FMT230"),
        (lambda d: d[:28] + b"\xf0" + d[29:], "FMT233"),
        (lambda d: d[:12] + b"\xff\xfe" + d[14:], "FMT232"),
        (lambda d: b"", "FMT230"),
    ],
)
def test_damaged_binaries(change: object, code: str) -> None:
    data = change(binary(read(TWO_OTA)))  # type: ignore[operator]
    found = esp_idf_bin.decode(Source("t.bin", data), ReadOptions()).findings
    assert code in [f.code for f in found]


@given(st.binary(max_size=400))
@settings(max_examples=80, deadline=None)
def test_any_bytes(data: bytes) -> None:
    for module in (esp_idf_csv, esp_idf_bin):
        decoded = module.decode(Source("x", data), ReadOptions())
        assert decoded.tables or decoded.findings


@given(st.integers(0, len(TWO_OTA)), st.integers(0, 30), st.text(max_size=10))
@settings(max_examples=100, deadline=None)
def test_mutated_text(at: int, cut: int, new: str) -> None:
    decoded = read(TWO_OTA[:at] + new + TWO_OTA[at + cut :])
    if decoded.tables and not errors(decoded):
        again = esp_idf_bin.decode(Source("t", binary(decoded)), ReadOptions())
        assert [p.extent for p in again.tables[0].partitions] == [
            p.extent for p in decoded.tables[0].partitions
        ]
