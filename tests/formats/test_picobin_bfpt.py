"""The RP2350's and Bouffalo's binary tables in raw flash images, made here byte by byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.formats import bouffalo_toml, dump, picotool_json
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Role

EVERYBODY = 0x3F
ABSOLUTE, DATA, ARM_S = 0x8000, 0x10000, 0x20000


def read(data: bytes) -> Decoded:
    return dump.decode(Source("d.bin", data), ReadOptions())


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def partition(
    first: int,
    last: int,
    flags: int = ARM_S,
    *,
    name: str = "",
    number: int | None = None,
    families: Sequence[int] = (),
    access: int = EVERYBODY,
) -> bytes:
    """One partition of the item, as picotool's ``to_words`` writes it."""
    flags |= (0x1000 if name else 0) | (0 if number is None else 1) | len(families) << 7
    data = words(access << 26 | last << 13 | first, access << 26 | flags)
    if number is not None:
        data += struct.pack("<Q", number)
    data += words(*families)
    if name:
        text = bytes([len(name)]) + name.encode()
        data += text + b"\0" * (-len(text) % 4)
    return data


def block(*partitions: bytes, version: tuple[int, int] = (1, 0), link: int = 0) -> bytes:
    """A block with a version item and a table of these partitions."""
    body = b"".join(partitions)
    size = 2 + len(body) // 4
    table = words(len(partitions) << 24 | size << 8 | 0x0A, EVERYBODY << 26 | ABSOLUTE) + body
    items = words(2 << 8 | 0x48, version[0] << 16 | version[1]) + table
    end = words(len(items) // 4 << 8 | 0xFF, link & 0xFFFFFFFF, 0xAB123579)
    return words(0xFFFFDED3) + items + end


def image(size: int, *parts: tuple[int, bytes]) -> bytes:
    data = bytearray(b"\xff" * size)
    for at, part in parts:
        data[at : at + len(part)] = part
    return bytes(data)


TWO_SLOTS = (
    partition(2, 129, name="A", number=0),
    partition(130, 257, ARM_S | 1 << 1 | 0 << 3, name="B", number=1),
    partition(258, 513, DATA, name="storage!", families=[0x12345678], access=0x05),
)


def test_a_table_of_the_rp2350() -> None:
    decoded = read(image(0x4000, (0, block(*TWO_SLOTS, version=(1, 7)))))
    assert [f.code for f in decoded.findings] == ["FMT311"]
    table = decoded.tables[0]
    assert (table.name, table.format) == ("picotool@0x0", "dump")
    assert table.attributes["version"] == [1, 7]
    a, b, storage = table.partitions
    assert (a.name, a.extent.start, a.size, a.id) == ("A", 0x2000, 0x80000, "0")
    assert (a.role, b.role, a.pair, b.pair) == (Role.APPLICATION, Role.OTA_TEMP, "A/B", "A/B")
    assert storage.name == "storage!"
    assert (storage.extent.start, storage.size) == (0x102000, 0x100000)
    assert (storage.readable, storage.writable) == (True, False)
    assert storage.attributes["families"] == ["data", "0x12345678"]
    assert storage.place is not None and storage.place.path == "d.bin"


def test_it_is_written_as_the_json_that_it_was_made_of() -> None:
    table = read(image(0x4000, (0, block(*TWO_SLOTS)))).tables[0]
    encoded = picotool_json.encode((table,), WriteOptions())
    assert encoded.data is not None
    again = picotool_json.decode(Source("pt.json", encoded.data), ReadOptions())
    assert again.findings == ()

    def said(partitions: Sequence[object]) -> list[object]:
        return [(p.name, p.extent, p.role, p.id, p.pair, p.attributes) for p in partitions]  # type: ignore[attr-defined]

    assert said(again.tables[0].partitions) == said(table.partitions)


def test_the_table_of_the_higher_version_comes_first() -> None:
    one, two = block(TWO_SLOTS[0]), block(TWO_SLOTS[0], version=(1, 1))
    decoded = read(image(0x4000, (0, one), (0x1000, two)))
    assert [t.name for t in decoded.tables] == ["picotool@0x1000", "picotool@0x0"]


def test_links_of_blocks_are_followed_and_a_loop_ends() -> None:
    first = words(0xFFFFDED3, 1 << 8 | 0x42, 1 << 8 | 0xFF, 0x3000, 0xAB123579)
    second = block(TWO_SLOTS[0], link=-0x3000)
    decoded = read(image(0x4000, (0, first), (0x3000, second)))
    assert [t.name for t in decoded.tables] == ["picotool@0x3000"]


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(block(*TWO_SLOTS)[:-4], id="no end marker"),
        pytest.param(block(TWO_SLOTS[0][:-4]), id="a name is cut"),
        pytest.param(block(TWO_SLOTS[0] + words(0)), id="a word too many"),
        pytest.param(block(partition(9, 8)), id="it ends before it starts"),
        pytest.param(block(words(1 << 13 | 1, EVERYBODY << 26)), id="permissions differ"),
        pytest.param(block(partition(2, 3, 3 << 1)), id="unknown link"),
        pytest.param(words(0xFFFFDED3, 0x0A), id="an item of no words"),
    ],
)
def test_a_damaged_block_is_no_table(damaged: bytes) -> None:
    assert read(image(0x4000, (0, damaged))).tables == ()


def test_a_block_behind_the_first_two_erase_blocks_is_not_looked_for() -> None:
    assert read(image(0x4000, (0x2000, block(*TWO_SLOTS)))).tables == ()


def test_unpartitioned_space_that_takes_no_uf2_is_told_as_in_the_json() -> None:
    data = bytearray(block(TWO_SLOTS[0]))
    at = data.index(words(EVERYBODY << 26 | ABSOLUTE))
    data[at : at + 4] = words(EVERYBODY << 26)
    codes = [f.code for f in read(image(0x4000, (0, bytes(data)))).findings]
    assert codes == ["FMT281", "FMT311"]


def entry(name: str, places: Sequence[tuple[int, int]], kind: int = 0, active: int = 0) -> bytes:
    (start0, size0), (start1, size1) = [*places, (0, 0)][:2]
    numbers = (start0, start1, size0, size1, 0, 3)
    return struct.pack("<BBB9s6I", kind, 0, active, name.encode(), *numbers)


def bfpt(*entries: bytes, age: int = 0, version: int = 0) -> bytes:
    head = struct.pack("<4sHHI", b"BFPT", version, len(entries), age)
    body = b"".join(entries)
    return head + words(zlib.crc32(head)) + body + words(zlib.crc32(body))


FW = entry("FW", [(0x10000, 0xD8000), (0xE8000, 0x88000)], active=1)
MFG = entry("mfg", [(0xE8000, 0x32000)], kind=2)


def test_a_table_of_bouffalo() -> None:
    decoded = read(image(0x10000, (0xE000, bfpt(FW, MFG)), (0xF000, bfpt(FW, MFG, age=1))))
    assert [f.code for f in decoded.findings] == ["FMT311"]
    table = decoded.tables[0]
    assert table.name == "bouffalo@0xF000"
    assert [(p.name, p.extent.start, p.size) for p in table.partitions] == [
        ("pt_table", 0xE000, 0x1000),
        ("pt_table@1", 0xF000, 0x1000),
        ("FW", 0x10000, 0xD8000),
        ("FW@1", 0xE8000, 0x88000),
        ("mfg", 0xE8000, 0x32000),
    ]
    second = table.partitions[3]
    assert (second.role, second.pair, second.shares) == (Role.OTA_TEMP, "FW", ("mfg",))
    assert second.attributes["activeindex"] == 1


def test_one_whole_copy_is_enough_and_no_second_is_made_up() -> None:
    torn = bfpt(FW, age=9)[:-1] + b"?"
    decoded = read(image(0x10000, (0xE000, bfpt(FW)), (0xF000, torn)))
    table = decoded.tables[0]
    assert table.name == "bouffalo@0xE000"
    assert [p.name for p in table.partitions] == ["pt_table", "FW", "FW@1"]


def test_it_is_written_as_the_toml_that_it_was_made_of() -> None:
    table = read(image(0x10000, (0xE000, bfpt(FW, MFG)), (0xF000, bfpt(FW, MFG)))).tables[0]
    encoded = bouffalo_toml.encode((table,), WriteOptions())
    assert encoded.data is not None
    again = bouffalo_toml.decode(Source("p.toml", encoded.data), ReadOptions()).tables[0]
    assert [(p.name, p.extent, p.attributes) for p in again.partitions] == [
        (p.name, p.extent, p.attributes) for p in table.partitions
    ]


@pytest.mark.parametrize("at", [4, 6, 8, 12, 16, 55])
def test_a_copy_with_a_wrong_byte_is_not_taken(at: int) -> None:
    data = bytearray(bfpt(FW))
    data[at] ^= 1
    assert read(image(0x10000, (0xE000, bytes(data)))).tables == ()


def test_names_of_any_bytes_are_shown_safely() -> None:
    raw = bytearray(FW)
    raw[3:12] = b'a"\\\x1b\x7f\xff\0\0\0'
    table = read(image(0x10000, (0xE000, bfpt(bytes(raw))))).tables[0]
    assert table.partitions[1].name == 'a"\\??\ufffd'


@given(st.binary(max_size=400), st.sampled_from([0, 0x1000, 0xE000]), st.binary(max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_bytes_behind_a_magic(data: bytes, at: int, tail: bytes) -> None:
    for magic in (words(0xFFFFDED3), b"BFPT"):
        whole = image(0xF000, (at, magic + data)) + magic + tail
        assert read(whole).findings


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_mutated_tables(changes: list[tuple[int, int]]) -> None:
    good = image(0xF000, (0, block(*TWO_SLOTS)), (0xE000, bfpt(FW, MFG)))
    data = bytearray(good)
    for at, value in changes:
        data[at % 200] = value
        data[0xE000 + at % 100] = value
    for table in read(bytes(data)).tables:
        assert all(p.extent.end <= 1 << 33 for p in table.partitions)
