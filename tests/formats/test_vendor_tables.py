"""Bouffalo TOML, picotool JSON and Infineon flash maps: read, edited, written, hostile text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats import bouffalo_toml, infineon_json, picotool_json
from flashwright.formats.catalog import recognised
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Role
from flashwright.rules.catalog import run

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples"

BOUFFALO = """\
[pt_table]
#two copies
address0 = 0xE000
address1 = 0xF000

[[pt_entry]]
type = 0
name = "FW"
device = 0
address0 = 0x10000
size0 = 0xD8000
address1 = 0xE8000   # over mfg
size1 = 0x88000
len = 0

[[pt_entry]]
type = 2
name = "mfg"
device = 0
address0 = 0xE8000
size0 = 0x32000
address1 = 0
size1 = 0
len = 0
"""

PICOTOOL = """\
{
  "version": [1, 0],
  "unpartitioned": {"families": ["absolute"], "permissions": {"secure": "rw"}},
  "partitions": [
    {"name": "A", "id": 0, "start": "64K", "size": "448K", "families": ["rp2350-arm-s"]},
    {"name": "B", "id": 1, "size": "448K", "families": ["rp2350-arm-s"], "link": ["a", 0]},
    {"name": "Data", "start": 240, "size": 16, "families": ["data"],
     "permissions": {"secure": "r", "bootloader": "r"}}
  ]
}
"""

INFINEON = """\
{
    "boot_and_upgrade": {
        "bootloader": {
            "address": {"description": "where", "value": "0x10000000"},
            "size": {"value": "0x18000"},
            "scratch_address": {"value": "0x18440000"}, "scratch_size": {"value": "0x80000"}
        },
        "application_1": {
            "address": {"value": "0x10018000"}, "size": {"value": "0x10000"},
            "upgrade_address": {"value": "0x18000000"}, "upgrade_size": {"value": "0x10000"}
        }
    }
}
"""

CASES = {bouffalo_toml: BOUFFALO, picotool_json: PICOTOOL, infineon_json: INFINEON}
MODULES = pytest.mark.parametrize("module", CASES, ids=lambda m: m.__name__.rsplit(".", 1)[-1])


def read(module: object, text: str | bytes, **more: object) -> Decoded:
    data = text.encode() if isinstance(text, str) else text
    source = Source("f", data, **more)  # type: ignore[arg-type]
    return module.decode(source, ReadOptions())  # type: ignore[attr-defined, no-any-return]


def codes(decoded: Decoded) -> list[str]:
    return [f.code for f in decoded.findings]


def test_two_places_of_an_entry_are_two_partitions() -> None:
    decoded = read(bouffalo_toml, BOUFFALO)
    assert decoded.findings == ()
    found = {p.name: p for p in decoded.tables[0].partitions}
    assert list(found) == ["pt_table", "pt_table@1", "FW", "FW@1", "mfg"]
    assert (found["FW@1"].extent, found["FW@1"].role) == (
        Extent.of(0xE8000, 0x88000),
        Role.OTA_TEMP,
    )
    assert found["FW@1"].shares == ("mfg",) and found["FW@1"].flags == ("compressed",)
    place = found["FW@1"].place_of("start")
    assert place is not None and (place.line, place.column) == (12, 12)
    assert [f for f in run(decoded.tables[0]) if f.severity > Severity.NOTE] == []


def test_faults_of_a_bouffalo_file() -> None:
    assert codes(read(bouffalo_toml, BOUFFALO.replace("0xE000", '"x"'))) == ["FMT270"]
    assert codes(read(bouffalo_toml, BOUFFALO.replace("0xD8000", "-1"))) == ["FMT270"]
    assert codes(read(bouffalo_toml, BOUFFALO.replace('"mfg"', '"manufacture"'))) == ["FMT271"]
    table = read(bouffalo_toml, BOUFFALO).tables[0]
    without = replace(table, partitions=table.partitions[2:])
    found = bouffalo_toml.encode((without,), WriteOptions())
    assert found.data is None and found.findings[0].code == "FMT272"


def test_units_starts_and_links_of_picotool() -> None:
    decoded = read(picotool_json, PICOTOOL)
    assert decoded.findings == ()
    first, second, data = decoded.tables[0].partitions
    assert (first.extent, second.extent) == (Extent(0x10000, 0x80000), Extent(0x80000, 0xF0000))
    assert (first.role, second.role, first.pair) == (Role.APPLICATION, Role.OTA_TEMP, "A/B")
    assert data.extent == Extent.of(240 * 4096, 16 * 4096) and not data.writable


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"absolute"', '"data"', "FMT281"),
        ('"64K"', '"65K"', "FMT282"),
        ('"448K", "families": ["rp2350-arm-s"], "link"', '"x", "families": [], "link"', "FMT280"),
        ('["a", 0]', '["a", 9]', "FMT280"),
        ('"partitions"', '"parts"', "FMT280"),
    ],
)
def test_faults_of_a_picotool_file(old: str, new: str, code: str) -> None:
    assert code in codes(read(picotool_json, PICOTOOL.replace(old, new)))


def test_areas_of_an_infineon_map() -> None:
    decoded = read(infineon_json, INFINEON)
    assert decoded.findings == ()
    places = {p.name: (p.owner, p.extent.start, p.size) for p in decoded.tables[0].partitions}
    assert places == {
        "bootloader": ("embedded", 0, 0x18000),
        "scratch": ("external", 0x440000, 0x80000),
        "primary": ("embedded", 0x18000, 0x10000),
        "secondary": ("external", 0, 0x10000),
    }
    assert codes(read(infineon_json, INFINEON.replace("0x18000000", "later"))) == ["FMT290"]


def test_a_platform_file_gives_the_erase_blocks() -> None:
    platform = (
        b'{"memory_regions": [{"address": "0x10000000", "size": "0x100000", "erase_size": "0x8000",'
        b' "erase_value": "0xFF"}]}'
    )
    device = read(infineon_json, INFINEON, others={"x_platform.json": platform}).tables[0].device
    assert device is not None and device.flashes[0].runs[0].size == 0x8000
    assert codes(read(infineon_json, platform)) == ["FMT291"]


@MODULES
def test_nothing_changed_is_nothing_written(module: object) -> None:
    base = Source("f", CASES[module].encode())
    tables = read(module, base.data).tables
    assert module.encode(tables, WriteOptions(base=base)).data == base.data  # type: ignore[attr-defined]


@MODULES
def test_an_edit_changes_its_numbers_alone(module: object) -> None:
    text = CASES[module]
    (table,) = read(module, text).tables
    last = table.partitions[-1]
    smaller = replace(last, extent=Extent.of(last.extent.start, last.size - 0x1000))
    changed = replace(table, partitions=(*table.partitions[:-1], smaller))
    options = WriteOptions(base=Source("f", text.encode()))
    data = module.encode((changed,), options).data  # type: ignore[attr-defined]
    old, new = text.splitlines(), data.decode().splitlines()
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    assert read(module, data).tables[0].partitions[-1].extent == smaller.extent


@MODULES
def test_what_is_written_anew_reads_back(module: object) -> None:
    tables = read(module, CASES[module]).tables
    data = module.encode(tables, WriteOptions()).data  # type: ignore[attr-defined]
    places = sorted((p.name, p.extent, p.owner) for p in tables[0].partitions)
    again = read(module, data).tables[0]
    assert sorted((p.name, p.extent, p.owner) for p in again.partitions) == places


@pytest.mark.parametrize(
    "text",
    [b"\xff", b"[" * 5000, b'{"a": 1, "a": 2}', b"{", b"9" * 5000, b"x" * (5 << 20), b"// c\n[]"],
    ids=range(7),
)
def test_hostile_json_is_findings(text: bytes) -> None:
    for module in (picotool_json, infineon_json):
        decoded = read(module, text)
        assert decoded.tables == () and decoded.findings


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_text_never_raises(data: st.DataObject) -> None:
    module = data.draw(st.sampled_from(list(CASES)))
    text = CASES[module]
    at = data.draw(st.integers(0, len(text)))
    new = data.draw(st.text(max_size=10))
    decoded = read(module, text[:at] + new + text[at + data.draw(st.integers(0, 20)) :])
    assert decoded.tables or decoded.findings


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
@pytest.mark.parametrize(
    ("folder", "form", "module", "refused"),
    [
        ("bouffalo-toml", "bouffalo-toml", bouffalo_toml, 1),
        ("picotool-json", "picotool-json", picotool_json, 1),
        ("infineon-flashmap", "infineon-json", infineon_json, 4),
    ],
)
def test_samples(folder: str, form: str, module: object, refused: int) -> None:
    without = []
    for path in sorted((SAMPLES / folder).iterdir()):
        base = Source(path.name, path.read_bytes())
        tables = read(module, base.data).tables
        if not tables:
            without.append(path.name)
            continue
        assert recognised(path.name, base.data)[0].name == form
        assert module.encode(tables, WriteOptions(base=base)).data == base.data  # type: ignore[attr-defined]
        assert [f for f in run(tables[0]) if f.severity is Severity.ERROR] == [], path.name
    assert len(without) == refused, without


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
def test_the_known_fault_of_a_shipped_file_is_found() -> None:
    (path,) = (SAMPLES / "bouffalo-toml").glob("*bl602*4M.toml")
    (device,) = Catalogue().find("bl602:4mb")
    decoded = bouffalo_toml.decode(Source("f", path.read_bytes()), ReadOptions(device=device))
    assert "GEO102" in [f.code for f in run(decoded.tables[0])]
