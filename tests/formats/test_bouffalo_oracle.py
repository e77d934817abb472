"""Bouffalo's TOML, read by us and by Bouffalo Lab's own packer.

The packer is no part of the project: ``BFLB_PYTHON`` names a Python that has `bflb-iot-tool`
(1.10.0); without it the made-up tables are skipped. What it did with the cases below was noted
from that version.
"""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
from pathlib import Path

import pytest

from flashwright.diag.finding import Severity
from flashwright.formats import bouffalo_toml
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions

PYTHON = os.environ.get("BFLB_PYTHON", "")
HEAD = "[pt_table]\naddress0 = 0xE000\naddress1 = 0xF000\n"
PACK = """
import contextlib, io, os, sys
import bflb_iot_tool
sys.path.insert(0, os.path.dirname(bflb_iot_tool.__file__))
with contextlib.redirect_stdout(io.StringIO()):
    from libs.bflb_pt_creater import PtCreater
    for name in sys.argv[1:]:
        try:
            made = PtCreater(name)
            made.construct_table()
            done = made.create_pt_table(name + ".bin")
        except Exception:
            done = False
        if not done and os.path.exists(name + ".bin"):
            os.remove(name + ".bin")
"""


def entry(name: str = "FW", **fields: object) -> str:
    usual: dict[str, object] = {
        "type": 0, "name": name, "device": 0, "address0": 0x10000, "size0": 0x8000,
        "address1": 0, "size1": 0, "len": 0,
    }  # fmt: skip
    lines = [
        f"{k} = {json.dumps(v, ensure_ascii=False)}"
        for k, v in {**usual, **fields}.items()
        if v is not None
    ]
    return "\n[[pt_entry]]\n" + "\n".join(lines) + "\n"


def read(text: str) -> Decoded:
    return bouffalo_toml.decode(Source("x.toml", text.encode()), ReadOptions())


def told(text: str) -> list[tuple[str, str]]:
    return [(f.code, f.severity.name) for f in read(text).findings]


@pytest.mark.parametrize("field", ["type", "device", "address0", "size0", "size1", "len"])
def test_the_packer_stops_without_a_field(field: str) -> None:
    assert ("FMT270", "ERROR") in told(HEAD + entry(**{field: None}))
    assert told(HEAD + entry()) == []


def test_version_2_needs_header() -> None:
    two = HEAD + "version = 2\n"
    assert told(two + entry()) == [("FMT270", "ERROR")]
    assert told(two + entry(header=1)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("seven77", []), ("eight888", [("FMT271", "ERROR")]), ("é", [("FMT271", "ERROR")])],
)
def test_names_that_the_packer_takes(name: str, expected: list[tuple[str, str]]) -> None:
    assert told(HEAD + entry(name)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": 255}, []),
        ({"type": 300}, [("FMT273", "WARNING")]),
        ({"type": 65536}, [("FMT270", "ERROR")]),
        ({"activeindex": 256}, [("FMT273", "WARNING")]),
        ({"len": -1}, [("FMT270", "ERROR")]),
        ({"age": 1 << 32}, [("FMT270", "ERROR")]),
        ({"device": 1}, [("FMT273", "WARNING")]),
        ({"size0": 0}, [("FMT273", "WARNING")]),
    ],
)
def test_what_the_packer_changes(fields: dict[str, int], expected: list[tuple[str, str]]) -> None:
    assert told(HEAD + entry(**fields)) == expected


def test_the_device_is_the_own_flash_whatever_the_file_says() -> None:
    assert {p.owner for p in read(HEAD + entry(device=1)).tables[0].partitions} == {"embedded"}


def written(text: str) -> str:
    made = bouffalo_toml.encode(read(text).tables, WriteOptions())
    assert made.data is not None
    return made.data.decode()


def test_what_is_written_has_all_that_the_packer_needs() -> None:
    again = written(HEAD + "version = 2\n" + entry("x@1", header=1, address1=0x20000, len=5))
    assert told(again) == []
    assert 'name = "x@1"' in again
    assert "address1 = 0x20000" in again
    bare = bouffalo_toml.encode(read(HEAD + "version = 2\n" + entry()).tables, WriteOptions())
    assert bare.data is not None
    assert b"header = 1" in bare.data


def test_two_entries_of_one_name_are_not_made_one() -> None:
    twice = read(HEAD + entry() + entry(address0=0x20000))
    made = bouffalo_toml.encode(twice.tables, WriteOptions())
    assert made.data is None
    assert [f.code for f in made.findings] == ["FMT272"]


def packed(texts: list[str], folder: Path) -> list[list[tuple[object, ...]] | None]:
    """The rows that the packer makes of each text, ``None`` where it stops."""
    names = [folder / f"{n}.toml" for n in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        name.write_text(text, encoding="utf-8")
        name.with_suffix(".toml.bin").unlink(missing_ok=True)
    command = [PYTHON, "-c", PACK, *map(str, names)]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    bins = [name.with_suffix(".toml.bin") for name in names]
    return [rows(b.read_bytes()) if b.exists() else None for b in bins]


def rows(data: bytes) -> list[tuple[object, ...]]:
    count = struct.unpack_from("<H", data, 6)[0]
    entries = (data[16 + 36 * n : 52 + 36 * n] for n in range(count))
    return [
        (e[0], e[2], e[3:12].rstrip(b"\0").decode(), *struct.unpack_from("<6I", e, 12))
        for e in entries
    ]


NUMBERS = (0, 1, 255, 300, 0x8000, 0xFFFFFFFF, 1 << 32, -1, None, "1", 1.5)
NAMES = ("FW", "mfg", "seven77", "eight888", "é", "a b", "x@1", "PSM")
FIELDS = ("type", "device", "address1", "size0", "size1", "len", "age", "activeindex", "header")


def made_up(choose: random.Random) -> str:
    text = HEAD + choose.choice(["", "version = 1\n", "version = 2\n"])
    for _ in range(choose.randint(1, 3)):
        changed = {
            choose.choice(FIELDS): choose.choice(NUMBERS) for _ in range(choose.randint(0, 2))
        }
        text += entry(choose.choice(NAMES), **changed)
    return text


@pytest.mark.skipif(not PYTHON, reason="BFLB_PYTHON names no Python with bflb-iot-tool")
def test_made_up_tables(tmp_path: Path) -> None:
    choose = random.Random(1)
    texts = [made_up(choose) for _ in range(400)]
    again: list[tuple[str, list[tuple[object, ...]]]] = []
    for text, theirs in zip(texts, packed(texts, tmp_path), strict=True):
        ours = read(text)
        if any(f.severity is Severity.ERROR for f in ours.findings):
            strict = ("é", "= -1", f"= {1 << 32}")  # packed, and of no use
            assert theirs is None or any(s in text for s in strict), text
            continue
        assert theirs is not None, text
        expected = sorted(
            (str(name) + ("@1" if slot else ""), start, size)
            for _, _, name, start0, start1, size0, size1, _, _ in theirs
            for slot, start, size in ((0, start0, size0), (1, start1, size1))
            if size
        )
        found = [p for p in ours.tables[0].partitions if not p.name.startswith("pt_table")]
        assert sorted((p.name, p.extent.start, p.size) for p in found) == expected
        made = bouffalo_toml.encode(ours.tables, WriteOptions())
        if made.data is not None and not any(f.code == "FMT273" for f in ours.findings):
            again.append((made.data.decode(), theirs))
    assert packed([text for text, _ in again], tmp_path) == [theirs for _, theirs in again]
