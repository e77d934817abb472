"""pm_static.yml, bsp.yml and Beken's CSV: read, declared overlaps, edits, hostile text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats import beken_csv, mynewt_bsp, nrf_pm_static
from flashwright.formats.catalog import recognised
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.formats.yaml_source import YamlDocument, parse_yaml
from flashwright.rules.catalog import run

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples"

PM = """\
# a static layout
mcuboot:
  address: 0x0
  region: flash_primary
  size: 0xc000
mcuboot_pad:
  address: 0xc000
  size: 0x200
mcuboot_primary:
  address: 0xc000
  orig_span: &id001
  - mcuboot_pad
  - app
  region: flash_primary
  size: 0x72000   # as large as the other
  span: *id001
app:
  address: 0xc200
  size: 0x71e00
mcuboot_secondary:
  address: 0x7e000
  end_address: 0xf0000
  size: 0x72000
sram:
  address: 0x20000000
  region: sram_primary
  size: 0x40000
"""

BSP = """\
bsp.name: "board"
bsp.flash_map:
    areas:
        # System areas.
        FLASH_AREA_BOOTLOADER:
            device: 0
            offset: 0x00000000
            size: 16kB
        FLASH_AREA_IMAGE_0:
            device: 0
            offset: 0x00008000
            size: 232kB
        FLASH_AREA_NFFS:
            user_id: 1
            device: 0
            offset: 0x0007d000
            size: 12kB
bsp.flash_map.OTHER:
    areas:
        FLASH_AREA_BOOTLOADER:
            device: 0
            offset: 0
            size: 32768
"""

CSV = """\
Name,               Type, SubType, Offset, Size, Flags
bl2,                app,  ,        ,       64k,
primary_cpu0_app,   app,  ,        ,       1728k,
secondary_cpu0_app, app,  ,        ,       1728k,
easyflash,          data, ,        ,       24k,
"""

CASES = {nrf_pm_static: PM, mynewt_bsp: BSP, beken_csv: CSV}


def read(module: object, text: str | bytes) -> Decoded:
    data = text.encode() if isinstance(text, str) else text
    return module.decode(Source("f", data), ReadOptions())  # type: ignore[attr-defined, no-any-return]


def codes(decoded: Decoded) -> list[str]:
    return [f.code for f in decoded.findings]


def test_spans_are_declared_and_regions_are_owners() -> None:
    decoded = read(nrf_pm_static, PM)
    assert decoded.findings == ()
    (table,) = decoded.tables
    parents = {p.name: p.parent for p in table.partitions if p.parent}
    assert parents == {"mcuboot_pad": "mcuboot_primary", "app": "mcuboot_primary"}
    assert [p.owner for p in table.partitions] == ["embedded"] * 5 + ["sram_primary"]
    assert table.partitions[2].place_of("size") is not None
    errors = [f for f in run(table) if f.severity is Severity.ERROR]
    assert errors == []


def test_an_end_that_is_not_the_end_is_found() -> None:
    wrong = read(nrf_pm_static, PM.replace("end_address: 0xf0000", "end_address: 0xf1000"))
    assert [(f.code, f.place.line if f.place else 0) for f in wrong.findings] == [("FMT251", 22)]
    assert codes(read(nrf_pm_static, "a:\n  size: 0x1000\n")) == ["FMT250"]
    assert codes(read(nrf_pm_static, "a: 3\n")) == ["FMT250"]


def test_every_flash_map_is_a_table() -> None:
    decoded = read(mynewt_bsp, BSP)
    assert decoded.findings == ()
    assert [t.name for t in decoded.tables] == ["flash_map", "OTHER"]
    assert [(p.index, p.start, p.size) for p in decoded.tables[0].partitions] == [
        (0, 0, 0x4000),
        (1, 0x8000, 232 << 10),
        (17, 0x7D000, 0x3000),
    ]
    broken = read(mynewt_bsp, BSP.replace("16kB", "16MB").replace("user_id: 1", "user: 1"))
    assert codes(broken) == ["FMT260", "FMT260", "FMT262"]


def test_blank_offsets_follow_and_pairs_are_equal() -> None:
    decoded = read(beken_csv, CSV)
    assert decoded.findings == ()
    assert [p.extent.start for p in decoded.tables[0].partitions] == [
        0,
        0x10000,
        0x1C0000,
        0x370000,
    ]
    assert codes(read(beken_csv, CSV.replace("1728k,\neasy", "1724k,\neasy"))) == ["FMT302"]
    assert codes(read(beken_csv, CSV.replace("24k", "25b"))) == ["FMT301"]
    assert codes(read(beken_csv, CSV.replace("24k", "20M"))) == ["FMT301"]
    assert codes(read(beken_csv, CSV.replace("24k", ""))) == ["FMT300"]
    first = "Name,Offset,Size,Execute,Read,Write\nbl2,0,64k,TRUE,TRUE,FALSE\n"
    assert not read(beken_csv, first).tables[0].partitions[0].writable


@pytest.mark.parametrize("module", CASES, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_nothing_changed_is_nothing_written(module: object) -> None:
    text = CASES[module]
    base = Source("f", text.encode())
    tables = read(module, text).tables
    assert module.encode(tables, WriteOptions(base=base)).data == base.data  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", CASES, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_an_edit_changes_its_numbers_alone(module: object) -> None:
    text = CASES[module]
    tables = read(module, text).tables
    last = tables[0].partitions[-1]
    grown = replace(last, extent=Extent.of(last.extent.start, last.size + 0x1000))
    changed = replace(tables[0], partitions=(*tables[0].partitions[:-1], grown))
    options = WriteOptions(base=Source("f", text.encode()))
    data = module.encode((changed, *tables[1:]), options).data  # type: ignore[attr-defined]
    old, new = text.splitlines(), data.decode().splitlines()
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    assert read(module, data).tables[0].partitions[-1].size == grown.size


@pytest.mark.parametrize("module", CASES, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_what_is_written_anew_reads_back(module: object) -> None:
    tables = read(module, CASES[module]).tables
    data = module.encode(tables, WriteOptions()).data  # type: ignore[attr-defined]
    again = read(module, data).tables
    places = [[(p.name, p.extent, p.owner) for p in t.partitions] for t in tables]
    assert [[(p.name, p.extent, p.owner) for p in t.partitions] for t in again] == places


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"a: " + b"[" * 1000,
        b"- " * 5000,
        b"a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\n"
        + b"".join(
            b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (n + 1, n + 1, n, n, n, n) for n in range(99, 112)
        ),
        b"a: 1\na: 2\n",
        b"a: b: c",
        b"a: {",
        b"!!python/object/apply:os.system [ls]",
        b"x" * (5 << 20),
    ],
    ids=range(9),
)
def test_hostile_yaml_is_findings(text: bytes) -> None:
    for module in (nrf_pm_static, mynewt_bsp):
        decoded = read(module, text)
        assert decoded.tables == () and decoded.findings


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_mutated_text_never_raises(data: st.DataObject) -> None:
    module = data.draw(st.sampled_from(list(CASES)))
    text = CASES[module]
    at = data.draw(st.integers(0, len(text)))
    new = data.draw(st.text(max_size=10))
    decoded = read(module, text[:at] + new + text[at + data.draw(st.integers(0, 20)) :])
    assert decoded.tables or decoded.findings


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample layouts are not on this machine")
@pytest.mark.parametrize(
    ("folder", "form", "module"),
    [
        ("nordic-pm-static", "nrf-pm-static", nrf_pm_static),
        ("mynewt-bsp", "mynewt-bsp", mynewt_bsp),
    ],
)
def test_samples_are_recognised_read_and_kept(folder: str, form: str, module: object) -> None:
    wrong = []
    for path in sorted((SAMPLES / folder).iterdir()):
        base = Source(path.name, path.read_bytes())
        found = recognised(path.name, base.data)
        decoded = read(module, base.data)
        encoded = module.encode(decoded.tables, WriteOptions(base=base))  # type: ignore[attr-defined]
        if not found or found[0].name != form or encoded.data != base.data:
            wrong.append(path.name)
    assert wrong == []


def test_an_anchor_that_is_given_again_is_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    document = parse_yaml(Source("x", b"a: &x {k: 1}\nb: &x {k: 2}\nc: *x\n"))
    assert isinstance(document, YamlDocument)
    assert document.data["c"] == document.data["b"] != document.data["a"]
    assert not recwarn.list
