"""What changed, partition by partition, and what becomes of the bytes."""

from __future__ import annotations

from dataclasses import replace

from evolve_tables import (
    DUAL,
    ESP,
    MIN_SPIFFS,
    TWO_SLOTS,
    alios,
    codes,
    device,
    esp,
    flash,
    one,
    plus,
    with_partition,
    without,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.evolve.compare.diff import How, Meaning, diff
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table


def _change(old: Table, new: Table, name: str, renames=()):
    found = diff(old, new, renames).change_of(name)
    assert found is not None
    return found


def test_equal_tables_differ_in_nothing():
    difference = diff(DUAL, DUAL)
    assert difference.is_empty
    assert {c.hows for c in difference.changes} == {(How.KEPT,)}
    assert difference.findings == ()


def test_moved_grown_and_shrunk():
    moved = _change(DUAL, with_partition(DUAL, "parameter_4", at=(0x1FB000, 0x2000)), "parameter_4")
    assert moved.hows == (How.MOVED, How.GROWN)
    assert (moved.distance, moved.growth) == (0x1000, 0x1000)
    assert moved.meaning is Meaning.LOST
    cut = _change(DUAL, with_partition(DUAL, "parameter_2", at=(0x1F7000, 0x1000)), "parameter_2")
    assert (cut.hows, cut.meaning, cut.growth) == ((How.SHRUNK,), Meaning.CUT, -0x1000)


def test_dropped_is_orphaned_or_read_by_what_lies_there_now():
    gone = without(DUAL, "parameter_3")
    assert _change(DUAL, gone, "parameter_3").meaning is Meaning.ORPHANED
    over = plus(gone, "log", Role.CUSTOM, 0x1F9000, 0x1000)
    change = _change(DUAL, over, "parameter_3", ())
    assert change.meaning is Meaning.READ_BY_OTHER
    assert [p.name for p in change.heirs] == ["log"]


def test_new_inherits_or_finds_blank_flash():
    new = plus(DUAL, "log", Role.CUSTOM, 0x1FB000, 0x1000)
    assert _change(DUAL, new, "log").meaning is Meaning.BLANK
    under = plus(without(DUAL, "parameter_3"), "log", Role.CUSTOM, 0x1F9000, 0x1000)
    change = _change(DUAL, under, "log")
    assert change.meaning is Meaning.INHERITS
    assert [p.name for p in change.inherits] == ["parameter_3"]


def test_renamed_by_place_and_role_or_by_the_users_word():
    same_place = with_partition(MIN_SPIFFS, "spiffs", name="storage")
    change = _change(MIN_SPIFFS, same_place, "storage")
    assert change.hows == (How.RENAMED,) and change.meaning is Meaning.KEPT
    elsewhere = with_partition(MIN_SPIFFS, "spiffs", name="storage", at=(0x500000, 0x30000))
    assert _change(MIN_SPIFFS, elsewhere, "storage").hows == (How.NEW,)
    told = _change(MIN_SPIFFS, elsewhere, "storage", [("spiffs", "storage")])
    assert told.hows == (How.MOVED, How.RENAMED)
    assert told.old is not None and told.old.name == "spiffs"


def test_a_rename_of_nothing_is_told():
    findings = diff(DUAL, DUAL, [("parametr_4", "parameter_4")]).findings
    finding = one(findings, "EVO103")
    assert "`parametr_4` is not in the old table" in finding.message
    assert "parameter_4" in finding.help


def test_another_kind_at_the_same_place_is_read_by_something_else():
    new = esp(
        *[
            (p.name, str(p.attributes["subtype"]), p.extent.start, p.size)
            for p in MIN_SPIFFS.partitions[:-1]
        ],
        ("spiffs", "littlefs", 0x3D0000, 0x30000),
    )
    assert _change(MIN_SPIFFS, new, "spiffs").meaning is Meaning.READ_BY_OTHER


def test_esp_idf_slots_are_one_by_their_number_whatever_their_label():
    new = esp(
        *[
            (
                "app" + p.name[-1] if p.name.startswith("ota_") else p.name,
                str(p.attributes["subtype"]),
                p.extent.start + 0x200000 * p.name.startswith("ota_"),
                p.size,
            )
            for p in TWO_SLOTS.partitions
        ]
    )
    assert dict(diff(TWO_SLOTS, new).mapping)["ota_1"] == "app1"


def test_indices_by_enumeration_across_alios_versions():
    rows = [("MBINS_APP", 0x1000, 0x1000), ("MBINS_KERNEL", 0x2000, 0x1000)]
    difference = diff(alios(*rows, sdk="2.1"), alios(*rows, sdk="3.0"))
    assert [(c.old_index, c.new_index) for c in difference.changes] == [(15, 14), (16, 15)]
    assert [(r.index, r.old.name, r.new.name) for r in difference.reindexed] == [
        (15, "mbins_app", "mbins_kernel")
    ]
    assert not difference.is_empty


def test_addresses_and_offsets_compare_on_one_ground():
    stm = device(Flash("embedded", 0x08000000, (EraseRun(256, 4096),)), name="stm")
    offset = Partition("kv", Role.KV, "embedded", Extent.of(0x10000, 0x2000), 0x08010000)
    address = replace(offset, extent=Extent.of(0x08010000, 0x2000))
    with_device = Table("b", (offset,), stm)
    without_device = Table("b", (address,))
    assert diff(without_device, with_device).is_empty
    assert diff(with_device, without_device).is_empty


def test_other_flash_is_another_device_but_another_name_is_not():
    other = device(flash(4 << 20), name="esp")
    assert codes(diff(MIN_SPIFFS, replace(MIN_SPIFFS, device=other)).findings) == ["EVO101"]
    alias = replace(ESP, name="alias")
    assert diff(MIN_SPIFFS, replace(MIN_SPIFFS, device=alias)).findings == ()


def test_a_faulty_table_is_told_and_still_compared():
    bad = with_partition(DUAL, "parameter_4", at=(0x1F8000, 0x1000))
    difference = diff(bad, DUAL)
    finding = one(difference.findings, "EVO102")
    assert finding.where is not None and finding.where.extent == Extent(0x1F8000, 0x1F9000)
    assert difference.change_of("parameter_4") is not None


@st.composite
def tables(draw) -> Table:
    count = draw(st.integers(0, 8))
    found = []
    for n in range(count):
        role = draw(st.sampled_from(list(Role)))
        start, size = draw(st.integers(0, 40)), draw(st.integers(0, 12))
        extent = Extent.of(start * 0x800, size * 0x800)
        found.append(Partition(f"p{draw(st.integers(0, 9))}", role, "embedded", extent, 0, index=n))
    return Table("t", tuple(found), format="alios-c")


@settings(max_examples=80, deadline=None)
@given(tables(), tables())
def test_every_partition_is_in_exactly_one_change(old: Table, new: Table):
    changes = diff(old, new).changes
    for side, table in (("old", old), ("new", new)):
        told = [id(getattr(c, side)) for c in changes if getattr(c, side) is not None]
        assert sorted(told) == sorted(id(p) for p in table.partitions if p.extent)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_does_not_differ_from_itself(table: Table):
    # Names may repeat: then equal ones are told apart by their order only.
    names = [p.name for p in table.partitions]
    if len(set(names)) == len(names):
        assert diff(table, table).is_empty
