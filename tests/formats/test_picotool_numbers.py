"""picotool JSON: numbers, units and fields, with what `picotool partition create` makes of them.

Expected values by reading main.cpp (partition_create_command, get_json_int) and cli.h (integer) of
raspberrypi/picotool.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from flashwright.base.extent import Extent
from flashwright.formats import picotool_json
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions

BLOCK = 4096


def text(*partitions: dict[str, object]) -> bytes:
    permissions = {"secure": "rw", "nonsecure": "rw", "bootloader": "rw"}
    usual: dict[str, object] = {"families": ["data"], "permissions": permissions}
    return json.dumps(
        {
            "unpartitioned": {"families": ["absolute"], "permissions": permissions},
            "partitions": [{**usual, **p} for p in partitions],
        }
    ).encode()


def read(*partitions: dict[str, object]) -> Decoded:
    return picotool_json.decode(Source("pt.json", text(*partitions)), ReadOptions())


def codes(decoded: Decoded) -> list[str]:
    return [f.code for f in decoded.findings]


@pytest.mark.parametrize(
    ("start", "size", "blocks"),
    [
        (16, 4, (16, 4)),
        ("16", "4", (16, 4)),
        ("64K", "16K", (16, 4)),
        ("64k", 16384, (16, 4)),
        ("0x10000", "0x10K", (16, 4)),
        ("0b10000", 4, (16, 4)),
        (16, "2K", (16, 2048)),
        (2, "16K", (2, 4)),
        (0, "512K", (0, 128)),
        (None, 4095, (2, 4095)),
        (None, "4K", (2, 1)),
    ],
)
def test_start_and_size_are_of_one_kind(
    start: object, size: object, blocks: tuple[int, int]
) -> None:
    said = {"size": size} if start is None else {"start": start, "size": size}
    decoded = read(said)
    expected = Extent.of(blocks[0] * BLOCK, blocks[1] * BLOCK)
    assert [p.extent for p in decoded.tables[0].partitions] == [expected]
    assert set(codes(decoded)) <= {"FMT281"}


@pytest.mark.parametrize(
    "size",
    [
        "2M",
        "1 MiB",
        "1.5K",
        "16 K",
        "1_024K",
        "",
        "K",
        "0x",
        True,
        None,
        1.5,
        -1,
        [],
        0,
        "0K",
        "33M",
    ],
)
def test_sizes_that_picotool_cannot_read(size: object) -> None:
    decoded = read({"size": size})
    assert codes(decoded) == ["FMT280"]
    assert decoded.tables[0].partitions == ()


def test_blocks_and_bytes_together_are_not_aligned() -> None:
    assert codes(read({"start": 64, "size": "448K"})) == ["FMT282"]


def test_a_table_reaches_32_mebibytes() -> None:
    assert codes(read({"start": "16384K", "size": "16384K"})) == []
    assert codes(read({"start": "16384K", "size": "16388K"})) == ["FMT280"]


def test_the_block_of_erratum_e10_is_kept_free() -> None:
    assert codes(read({"start": "12288K", "size": "4092K"})) == []
    assert codes(read({"start": "12288K", "size": "4096K"})) == ["FMT281"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("families", None),
        ("families", ["rp2350"]),
        ("families", ["0x1_0"]),
        ("families", [7]),
        ("link", ["b", 0]),
        ("link", []),
        ("id", "one"),
        ("id", 1 << 64),
        ("no_reboot_on_uf2_download", 1),
        ("name", "é" * 64),
    ],
)
def test_fields_that_picotool_stops_at(field: str, value: object) -> None:
    assert codes(read({"size": 4, field: value})) == ["FMT280"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("families", []),
        ("families", ["RP2350_ARM_S", "0xe48bff5b", "cyw43-firmware"]),
        ("link", ["none", 0]),
        ("id", "0xFFFFFFFFFFFFFFFF"),
        ("ignored_during_arm_boot", True),
        ("name", "é" * 63),
    ],
)
def test_fields_that_picotool_takes(field: str, value: object) -> None:
    assert codes(read({"size": 4, field: value})) == []


def test_without_permissions_nobody_has_any() -> None:
    partition = read({"size": 4, "permissions": {}}).tables[0].partitions[0]
    assert (partition.readable, partition.writable) == (False, False)


def test_an_edit_keeps_to_the_kind_of_the_partition() -> None:
    base = Source("pt.json", text({"start": 0, "size": "512K"}, {"start": 240, "size": 16}))
    table = picotool_json.decode(base, ReadOptions()).tables[0]
    moved = [Extent.of(0x10000, 0x80000), Extent.of(256 * BLOCK, 16 * BLOCK)]
    partitions = tuple(
        replace(p, extent=e, start=e.start) for p, e in zip(table.partitions, moved, strict=True)
    )
    made = picotool_json.encode((replace(table, partitions=partitions),), WriteOptions(base=base))
    assert made.data is not None
    said = json.loads(made.data)["partitions"]
    assert [(p["start"], p["size"]) for p in said] == [("64K", "512K"), (256, 16)]
