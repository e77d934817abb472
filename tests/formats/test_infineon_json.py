"""Infineon flash maps written anew and edited; findings of JSON files and of picotool tables."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats import infineon_json, json_source, picotool_json
from flashwright.formats.format import LARGEST_TEXT, Decoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Partition, Role, Table


def part(name: str, role: Role, start: int, size: int, **more: object) -> Partition:
    owner = str(more.pop("owner", "embedded"))
    return Partition(name, role, owner, Extent.of(start, size), start, **more)  # type: ignore[arg-type]


BOOT = part("boot", Role.BOOTLOADER, 0, 0x18000)
APP = part("app", Role.APPLICATION, 0x20000, 0x40000, pair="a")
OTA = part("ota", Role.OTA_TEMP, 0x60000, 0x40000, pair="a")
SECOND = part("app2", Role.APPLICATION, 0xA0000, 0x20000, pair="b")
SECOND_OTA = part("ota2", Role.OTA_TEMP, 0xC0000, 0x20000, pair="b")
KV = part("settings", Role.KV, 0xE0000, 0x8000)


def written(*partitions: Partition) -> tuple[dict[str, object] | None, list[tuple[str, Severity]]]:
    encoded = infineon_json.encode((Table("t", partitions),), WriteOptions())
    findings = [(f.code, f.severity) for f in encoded.findings]
    return (json.loads(encoded.data) if encoded.data is not None else None), findings


def read(data: bytes) -> Decoded:
    return infineon_json.decode(Source("f.json", data), ReadOptions())


def test_two_images_are_two_applications() -> None:
    whole, findings = written(BOOT, APP, OTA, SECOND, SECOND_OTA)
    assert whole is not None and findings == []
    again = read(json.dumps(whole).encode()).tables[0]
    assert [(p.name, p.extent, p.pair) for p in again.partitions] == [
        ("bootloader", BOOT.extent, None),
        ("primary", APP.extent, "application_1"),
        ("secondary", OTA.extent, "application_1"),
        ("primary_2", SECOND.extent, "application_2"),
        ("secondary_2", SECOND_OTA.extent, "application_2"),
    ]


def test_every_value_has_the_description_that_the_script_wants() -> None:
    whole, _ = written(BOOT, APP, OTA)
    assert whole is not None
    for area in whole["boot_and_upgrade"].values():  # type: ignore[attr-defined]
        for value in area.values():
            assert set(value) == {"description", "value"} and value["description"]


def test_shared_secondary_slots_are_marked() -> None:
    shared = replace(SECOND_OTA, extent=Extent.of(0x60000, 0x20000))
    whole, findings = written(BOOT, APP, OTA, SECOND, shared)
    assert whole is not None and findings == []
    apps = whole["boot_and_upgrade"]
    assert apps["application_2"]["shared_slot"]["value"] is True  # type: ignore[index]
    plain, _ = written(BOOT, APP, OTA, SECOND, SECOND_OTA)
    assert plain is not None and "shared_slot" not in json.dumps(plain)


def test_slots_that_are_lost_are_errors() -> None:
    inside = part("primary_16", Role.APPLICATION, 0x21000, 0x1000, pair="c", parent="app")
    encoded = infineon_json.encode((Table("t", (BOOT, APP, OTA, inside)),), WriteOptions())
    assert encoded.data is None
    (finding,) = encoded.findings
    assert (finding.code, finding.severity) == ("FMT292", Severity.ERROR)
    assert "`primary_16`" in finding.message and "inside `app`" in finding.help
    bare = replace(SECOND, parent=None)
    for partitions in ((BOOT, APP, OTA, bare), (BOOT, APP, replace(OTA, pair="b"))):
        assert ("FMT292", Severity.ERROR) in written(*partitions)[1]


def test_slots_of_different_size_are_errors() -> None:
    smaller = replace(OTA, extent=Extent.of(0x60000, 0x30000))
    whole, findings = written(BOOT, APP, smaller)
    assert whole is None and findings == [("FMT292", Severity.ERROR)]


def test_more_than_four_images() -> None:
    images = [
        part(f"{role.value}{n}", role, (2 * n + at) << 16, 0x1000, pair=str(n))
        for n in range(1, 6)
        for at, role in enumerate((Role.APPLICATION, Role.OTA_TEMP))
    ]
    assert written(BOOT, *images)[1] == [("FMT292", Severity.ERROR)]
    whole, findings = written(BOOT, *images[:8])
    assert whole is not None and findings == []


def test_other_partitions_are_left_out_with_a_warning() -> None:
    whole, findings = written(BOOT, APP, OTA, KV)
    assert whole is not None and findings == [("FMT292", Severity.WARNING)]
    assert written(APP, OTA)[1] == [("FMT292", Severity.ERROR)]


POLICY = b"""\
{
    "policy": {"version": 1.0},
    "boot_upgrade": {"firmware": [
        {"id": 0, "launch": 1, "resources": [
            {"type": "FLASH_PC1_SPM", "address": 270336000, "size": 65536}]},
        {"id": 1, "launch": 16, "resources": [
            {"type": "BOOT", "address": 268435456, "size": 262144},
            {"type": "UPGRADE", "address": 402653184, "size": 262144}]},
        {"id": 16, "resources": [
            {"type": "BOOT", "address": 268500992, "size": 65536}]}
    ]}
}
"""


def test_a_policy_keeps_its_second_image_where_it_is_edited() -> None:
    base = Source("policy.json", POLICY)
    (table,) = read(POLICY).tables
    assert table.partitions[-1].name == "primary_16"
    anew = infineon_json.encode((table,), WriteOptions())
    assert anew.data is None and [f.code for f in anew.findings] == ["FMT292"]
    assert "`primary_16`" in anew.findings[0].message and "--into" in anew.findings[0].help
    assert infineon_json.encode((table,), WriteOptions(base=base)).data == POLICY
    *others, last = table.partitions
    smaller = replace(last, extent=Extent.of(last.extent.start, 0x8000))
    edited = infineon_json.encode(
        (replace(table, partitions=(*others, smaller)),), WriteOptions(base=base)
    )
    assert edited.data == POLICY.replace(b'268500992, "size": 65536', b'268500992, "size": 32768')
    fewer = infineon_json.encode(
        (replace(table, partitions=tuple(others)),), WriteOptions(base=base)
    )
    assert fewer.data == POLICY
    assert [(f.code, f.severity) for f in fewer.findings] == [("FMT292", Severity.WARNING)]
    more = replace(last, name="primary_9")
    refused = infineon_json.encode(
        (replace(table, partitions=(*table.partitions, more)),), WriteOptions(base=base)
    )
    assert refused.data is None and [f.code for f in refused.findings] == ["FMT292"]


_PLACES = st.tuples(st.integers(0, 0xFFFFF), st.integers(1, 0xFFFFF))


@settings(max_examples=60, deadline=None)
@given(st.lists(_PLACES, min_size=4, max_size=4))
def test_edits_say_the_table(places: list[tuple[int, int]]) -> None:
    (table,) = read(POLICY).tables
    moved = tuple(
        replace(p, extent=Extent.of(*place), start=0)
        for p, place in zip(table.partitions, places, strict=True)
    )
    encoded = infineon_json.encode(
        (replace(table, partitions=moved),), WriteOptions(base=Source("policy.json", POLICY))
    )
    assert encoded.data is not None, encoded.findings
    now = read(encoded.data).tables[0]
    assert [(p.name, p.owner, p.extent) for p in now.partitions] == [
        (p.name, p.owner, p.extent) for p in moved
    ]


# JSON in general ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "FMT024"),
        (b'{"a": 1,}', "FMT024"),
        (b'{"a": 1, "a": 2}', "FMT024"),
        (b"\xff{}", "FMT025"),
        (b"[" * 400 + b"]" * 400, "FMT025"),
        (b" " * (LARGEST_TEXT + 1), "FMT025"),
        (b"9" * 5000, "FMT025"),
    ],
)
def test_files_that_are_no_json(text: bytes, code: str) -> None:
    for module in (infineon_json, picotool_json):
        decoded = module.decode(Source("x.json", text), ReadOptions())
        assert decoded.tables == () and [f.code for f in decoded.findings] == [code]
        place = decoded.findings[0].place
        assert place is not None and place.path == "x.json"
    assert code in {page.code for page in json_source.PAGES}


def test_sound_json_has_neither() -> None:
    for text in (POLICY, b"// a comment\n" + POLICY, b"\xef\xbb\xbf" + POLICY):
        assert read(text).findings == () and len(read(text).tables) == 1


# picotool ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "partitions",
    [
        (part("a" * 128, Role.APPLICATION, 0x2000, 0x1000),),
        (APP, replace(OTA, owner="external")),
        tuple(part(f"p{n}", Role.USER, n << 12, 0x1000) for n in range(2, 19)),
    ],
    ids=["name", "flashes", "number"],
)
def test_what_a_picotool_table_cannot_say(partitions: tuple[Partition, ...]) -> None:
    encoded = picotool_json.encode((Table("t", partitions),), WriteOptions())
    assert encoded.data is None and [f.code for f in encoded.findings] == ["FMT283"]


def test_a_picotool_table_that_is_edited_keeps_its_partitions() -> None:
    table = Table("t", (APP, OTA))
    data = picotool_json.encode((table,), WriteOptions()).data
    assert data is not None
    base = Source("pt.json", data)
    (now,) = picotool_json.decode(base, ReadOptions()).tables
    same = picotool_json.encode((now,), WriteOptions(base=base))
    assert same.data == data and same.findings == ()
    turned = replace(now, partitions=now.partitions[::-1])
    refused = picotool_json.encode((turned,), WriteOptions(base=base))
    assert refused.data is None and [f.code for f in refused.findings] == ["FMT283"]
    sixteen = tuple(part(f"p{n}", Role.USER, n << 12, 0x1000) for n in range(2, 18))
    assert picotool_json.encode((Table("t", sixteen),), WriteOptions()).findings == ()


def test_slots_inside_flash_are_read() -> None:
    """As process_images of MCUboot's boot/cypress/scripts/memorymap.py takes them."""
    text = b"""{"boot_and_upgrade": {"application_1": {"flash": {
      "primary_slot": {"value": "0x60020000"}, "primary_slot_size": {"value": "0x40000"},
      "secondary_slot": {"value": "0x60060000"}, "secondary_slot_size": {"value": "0x40000"}}}}}"""
    decoded = infineon_json.decode(Source("map.json", text), ReadOptions())
    assert decoded.findings == ()
    assert [(p.name, p.start, p.size) for p in decoded.tables[0].partitions] == [
        ("primary", 0x60020000, 0x40000),
        ("secondary", 0x60060000, 0x40000),
    ]
