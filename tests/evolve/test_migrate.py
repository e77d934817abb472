"""Migrations, each run on the flash emulator with cuts after every step and inside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evolve_tables import (
    DEFAULT_8MB,
    DUAL,
    ESP,
    MIN_SPIFFS,
    MK3060,
    MK3060_2,
    MK3060_3,
    THREE_SLOTS,
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
from field_device import Brick, Device, Found, explore
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.migrate.migration import Migration, Move, WriteRecord, WriteTable
from flashwright.evolve.migrate.plan import Outcome, migrate
from flashwright.flash.content import DeadRead
from flashwright.flash.faults import FaultModel
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.table import Partition, Role, Table


def planned(old: Table, new: Table, renames=(), **facts) -> Migration:
    outcome = migrate(old, new, FieldFacts(**facts), renames)
    assert outcome.migration is not None, [f.message for f in outcome.findings]
    return outcome.migration


def refused(old: Table, new: Table, **facts) -> Outcome:
    outcome = migrate(old, new, FieldFacts(**facts))
    assert outcome.migration is None
    assert outcome.findings and all(f.help for f in outcome.findings)
    return outcome


def survives(
    plan: Migration, *names: str, erased=(), in_flash=False, faults=None, mapping=None
) -> Found:
    mapping = mapping or {n: n for n in names}
    return explore(Device(plan, in_flash), mapping, tuple(erased), faults)


def board(*rows: tuple[str, int, int], on=MK3060) -> Table:
    """A board whose first 64 KiB and application stay as they are."""
    fixed = (("BOOTLOADER", 0, 0x10000), ("APPLICATION", 0x10000, 0x40000))
    return alios(
        *fixed, ("OTA_TEMP", 0x50000, 0x40000), ("PARAMETER_1", 0x90000, 0x1000), *rows, on=on
    )


# The real history -------------------------------------------------------------------------------


def test_mk3060_parameter_4_is_copied_out_of_the_bootloader():
    plan = planned(MK3060_2, MK3060_3)
    (task,) = plan.tasks
    assert isinstance(task, Move)
    assert [str(p.source.extent) for p in task.chunk.pieces] == ["0xD000..0xE000"]
    assert str(task.chunk.target.extent) == "0x1A000..0x1C000"
    assert plan.exposed == () and plan.before[0].final
    found = survives(plan, "parameter_4", "parameter_2", "parameter_3")
    assert found.boots > 5 and not found.bricks_in


def test_a_third_ota_slot_with_the_record_written_before_the_table():
    assert codes(refused(TWO_SLOTS, THREE_SLOTS).findings) == ["EVO173"]
    for running, remainder in (("ota_0", 0), ("ota_1", 1)):
        plan = planned(TWO_SLOTS, THREE_SLOTS, accept_table_window=True, running=running)
        record, table = plan.tasks
        assert isinstance(record, WriteRecord) and isinstance(table, WriteTable)
        assert (record.modulus, record.remainder, record.in_place) == (6, remainder, True)
        assert plan.exposed == (2,) and table.window_us == 45_000 + 0x1000 // 16 * 48
        found = survives(plan, "nvs", in_flash=True)
        assert found.bricks_in == {2}


def test_two_copies_of_the_table_are_never_exposed():
    plan = planned(TWO_SLOTS, THREE_SLOTS, table_copies=2)
    assert plan.exposed == ()


def test_min_spiffs_to_8_mb():
    whole = refused(MIN_SPIFFS, DEFAULT_8MB, accept_table_window=True)
    assert codes(whole.findings) == ["EVO172"]
    facts = {"accept_table_window": True, "discard": ("spiffs",)}
    plan = planned(MIN_SPIFFS, DEFAULT_8MB, **facts)
    assert plan.running.name == "app0" and not plan.before[0].final and plan.after
    found = survives(plan, "nvs", erased=["spiffs"], in_flash=True)
    assert found.bricks_in == set(plan.exposed)
    only_app1 = migrate(MIN_SPIFFS, DEFAULT_8MB, FieldFacts(running="app1", **facts))
    assert only_app1.migration is None or only_app1.migration.running.name == "app1"


def test_a_littlefs_moves_with_a_word_about_its_size():
    def littlefs(table: Table) -> Table:
        kind = {"type": "data", "subtype": "littlefs"}
        return with_partition(table, "spiffs", name="files", attributes=kind)

    plan = planned(littlefs(MIN_SPIFFS), littlefs(DEFAULT_8MB), accept_table_window=True)
    assert codes(plan.findings) == ["EVO176"]
    found = survives(plan, "nvs", "files", in_flash=True)
    assert found.bricks_in == set(plan.exposed)


def test_the_image_is_copied_where_no_slot_survives():
    new = esp(
        ("nvs", "nvs", 0x9000, 0x5000),
        ("otadata", "ota", 0xE000, 0x2000),
        ("ota_0", "ota_0", 0x80000, 0x180000),
        ("ota_1", "ota_1", 0x210000, 0x180000),
    )
    plan = planned(TWO_SLOTS, new, accept_table_window=True, running="ota_1")
    assert any("the running image" in t.why for t in plan.tasks if isinstance(t, Move))
    found = survives(plan, "nvs", in_flash=True)
    assert found.bricks_in == set(plan.exposed)


def test_the_record_moves():
    new = with_partition(TWO_SLOTS, "otadata", at=(0x210000, 0x2000))
    plan = planned(TWO_SLOTS, new, accept_table_window=True, running="ota_1")
    record = next(t for t in plan.tasks if isinstance(t, WriteRecord))
    assert not record.in_place
    assert survives(plan, "nvs", in_flash=True).bricks_in == set(plan.exposed)


def test_esp_idf_data_moves_before_the_table_changes():
    new = plus(
        with_partition(TWO_SLOTS, "nvs", at=(0x210000, 0x10000)),
        "phy",
        Role.CALIBRATION,
        0x9000,
        0x1000,
        attributes={"type": "data", "subtype": "phy"},
    )
    plan = planned(TWO_SLOTS, new, accept_table_window=True)
    kinds = [type(t).__name__ for t in plan.tasks]
    assert kinds[-1] == "WriteTable" and kinds.count("Move") == 2
    found = survives(plan, "nvs", erased=["phy"], in_flash=True)
    assert found.bricks_in == set(plan.exposed)


# Kinds of moves ---------------------------------------------------------------------------------


def test_a_copy_that_overlaps_itself_is_chunked():
    old = board(("PARAMETER_2", 0x91000, 0x8000))
    plan = planned(old, board(("PARAMETER_2", 0x93000, 0x8000)))
    chunks = [t.chunk for t in plan.tasks if isinstance(t, Move)]
    assert [str(c.target.extent) for c in chunks] == [
        "0x99000..0x9B000",
        "0x97000..0x99000",
        "0x95000..0x97000",
        "0x93000..0x95000",
    ]
    assert all(not p.source.overlaps(c.target) for c in chunks for p in c.pieces)
    survives(plan, "parameter_2")
    down = planned(board(("PARAMETER_2", 0x93000, 0x8000)), old)
    assert [t.chunk.target.extent.start for t in down.tasks if isinstance(t, Move)] == [
        0x91000,
        0x93000,
        0x95000,
        0x97000,
    ]
    survives(down, "parameter_2")


def test_partitions_that_change_places_need_working_room():
    old = board(("PARAMETER_2", 0x91000, 0x2000), ("PARAMETER_3", 0x93000, 0x2000))
    new = board(("PARAMETER_3", 0x91000, 0x2000), ("PARAMETER_2", 0x93000, 0x2000))
    plan = planned(old, new)
    assert len(plan.room) == 1 and plan.copied == 0x4000 + 2 * 0x1000
    survives(plan, "parameter_2", "parameter_3")


def test_a_partition_inserted_in_the_middle_moves_all_that_follow():
    new = board(
        ("PARAMETER_2", 0x92000, 0x2000),
        ("PARAMETER_3", 0x94000, 0x1000),
        ("PARAMETER_4", 0x95000, 0x1000),
        ("SPIFFS", 0x91000, 0x1000),
    )
    old = board(
        ("PARAMETER_2", 0x91000, 0x2000),
        ("PARAMETER_3", 0x93000, 0x1000),
        ("PARAMETER_4", 0x94000, 0x1000),
    )
    plan = planned(old, new)
    survives(plan, "parameter_2", "parameter_3", "parameter_4", erased=["spiffs"])


def test_moves_by_less_than_an_erase_block_go_through_working_room():
    old = board(("PARAMETER_3", 0x91000, 0x800), ("PARAMETER_4", 0x91800, 0x800))
    new = board(("PARAMETER_3", 0x91000, 0x800), ("PARAMETER_4", 0x91C00, 0x800))
    plan = planned(old, new)
    assert plan.room
    survives(plan, "parameter_3", "parameter_4")


def test_uneven_erase_blocks():
    uneven = device(
        Flash(
            "embedded",
            0x08000000,
            (EraseRun(4, 0x4000), EraseRun(1, 0x10000), EraseRun(7, 0x20000)),
            4,
            overwrite=Overwrite.ONCE,
        ),
        name="f4",
    )
    rows = (
        ("BOOTLOADER", 0, 0x4000),
        ("APPLICATION", 0x40000, 0x40000),
        ("OTA_TEMP", 0x80000, 0x40000),
        ("PARAMETER_1", 0x4000, 0x4000),
    )
    old = alios(*rows, ("PARAMETER_2", 0x8000, 0x8000), on=uneven)
    new = alios(*rows, ("PARAMETER_2", 0xC0000, 0x8000), on=uneven)
    survives(planned(old, new), "parameter_2")
    back = planned(new, old)
    survives(back, "parameter_2")


def test_to_another_flash():
    two = device(flash(0x100000, program_unit=16), flash(0x100000, 0x2000, "spi", program_unit=16))
    old = board(("PARAMETER_2", 0x91000, 0x2000), on=two)
    new = with_partition(old, "parameter_2", owner="spi", at=(0x4000, 0x2000))
    survives(planned(old, new), "parameter_2")


def test_marks_that_read_differently_at_each_boot():
    old = board(("PARAMETER_2", 0x91000, 0x3000))
    plan = planned(old, board(("PARAMETER_2", 0x92000, 0x3000)))
    found = survives(plan, "parameter_2", faults=FaultModel(unstable=True))
    assert found.boots > 100


@pytest.mark.parametrize("unit", [4, 8])
def test_marks_that_are_torn_between_small_program_units(unit: int):
    fine = device(flash(0xA0000, program_unit=unit), name="fine")
    old = board(("PARAMETER_2", 0x91000, 0x2000), on=fine)
    plan = planned(old, board(("PARAMETER_2", 0x92000, 0x2000), on=fine))
    assert len(plan.tasks) == 2
    survives(plan, "parameter_2", faults=FaultModel(cuts=None))


def test_nothing_to_do():
    plan = planned(DUAL, DUAL)
    assert plan.tasks == () and plan.before == () and plan.journal == ()


def test_the_running_slot_of_a_dual_bank_is_never_overwritten():
    old = alios(
        ("BOOTLOADER", 0, 0x1000),
        ("APPLICATION", 0x1000, 0x40000),
        ("OTA_TEMP", 0x41000, 0x40000),
        ("PARAMETER_2", 0x81000, 0x2000),
        on=MK3060,
        mode="alios-dual-bank",
    )
    new = with_partition(
        with_partition(old, "ota_temp", at=(0x41000, 0x3E000)), "parameter_2", at=(0x7F000, 0x2000)
    )
    plan = planned(old, new)
    assert plan.running.name == "application"
    survives(plan, "parameter_2")


# Refusals ---------------------------------------------------------------------------------------


def test_each_refusal_is_short_and_has_numbers():
    moved = with_partition(DUAL, "ota_temp", at=(0x102000, 0xF4000))
    assert codes(refused(DUAL, moved).findings)[0] in ("EVO110", "EVO171")
    nowhere = replace(DUAL, device=None)
    assert codes(refused(nowhere, nowhere).findings) == ["EVO170"]
    cut = with_partition(DUAL, "parameter_2", at=(0x1F7000, 0x1000))
    assert "0x2000 to 0x1000" in one(refused(DUAL, cut).findings, "EVO172").message
    assert planned(DUAL, cut, discard=("parameter_2",))
    outside = with_partition(DUAL, "parameter_4", at=(0x1FF000, 0x2000))
    assert codes(refused(DUAL, outside).findings) == ["EVO170"]


def test_no_working_room():
    tiny = device(flash(0x9A000, program_unit=16), name="tiny")
    old = board(("PARAMETER_2", 0x91000, 0x2000), ("PARAMETER_3", 0x93000, 0x7000), on=tiny)
    new = board(("PARAMETER_3", 0x91000, 0x7000), ("PARAMETER_2", 0x98000, 0x2000), on=tiny)
    plan = planned(old, new)  # the download area is room
    assert "at most" in " ".join(plan.limits)
    survives(plan, "parameter_2", "parameter_3")
    full = without(old, "ota_temp"), without(new, "ota_temp")
    filled = [plus(t, "more", Role.CUSTOM, 0x50000, 0x40000) for t in full]
    outcome = refused(filled[0], filled[1])
    finding = one(outcome.findings, "EVO177")
    assert finding.facts["free"] == 0


def test_a_block_that_the_device_needs_to_start_is_not_erased():
    shared = device(flash(0x100000, 0x10000), name="coarse")
    old = board(("PARAMETER_2", 0xA0000, 0x2000), on=shared)
    new = board(("PARAMETER_2", 0x92000, 0x2000), on=shared)
    finding = one(refused(old, new).findings, "EVO175")
    assert "0xA0000 or above" in finding.help


def test_program_units():
    odd = device(flash(0x100000, program_unit=32), name="odd")
    old = board(("PARAMETER_2", 0x91000, 0x2000), on=odd)
    new = board(("PARAMETER_2", 0x94010, 0x2000), on=odd)
    assert "32 bytes" in one(refused(old, new).findings, "EVO178").message


# The emulator catches bad plans -----------------------------------------------------------------


def test_canary_tasks_in_the_wrong_order_lose_data():
    old = board(("PARAMETER_2", 0x91000, 0x8000))
    plan = planned(old, board(("PARAMETER_2", 0x93000, 0x8000)))
    with pytest.raises(Brick, match="the data of parameter_2"):
        survives(replace(plan, tasks=plan.tasks[::-1]), "parameter_2")


def test_canary_the_table_before_the_record_boots_another_slot():
    plan = planned(TWO_SLOTS, THREE_SLOTS, accept_table_window=True, running="ota_0")
    start = Device(plan, True)
    # Sequence 3 is slot 0 of two, and slot 2 of three.
    start.start = start._with_record(start.start, 2)
    early = replace(plan, tasks=plan.tasks[::-1])
    bad = Device(early, True)
    bad.start = start.start
    with pytest.raises(Brick, match="no image"):
        explore(bad, {"nvs": "nvs"})
    good = Device(plan, True)
    good.start = start.start
    assert explore(good, {"nvs": "nvs"}).bricks_in == {2}


def test_canary_an_image_that_is_overwritten():
    old = board(("PARAMETER_2", 0x91000, 0x2000))
    plan = planned(old, board(("PARAMETER_2", 0x93000, 0x2000)))
    task = plan.tasks[0]
    assert isinstance(task, Move)
    target = replace(task.chunk.target, extent=Extent(0x20000, 0x22000))
    bad = replace(plan, tasks=(replace(task, chunk=replace(task.chunk, target=target)),))
    with pytest.raises((Brick, DeadRead)):
        survives(bad, "parameter_2")


# Any layout -------------------------------------------------------------------------------------


@st.composite
def shuffles(draw) -> tuple[Table, Table]:
    """Two boards whose data partitions lie in different order and at different places."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    block = draw(st.sampled_from([0x1000, 0x2000]))
    grain = draw(st.sampled_from([0x1000, 0x2000, 0x800]))
    unit = draw(st.sampled_from([16, 32]))
    small = device(flash(0xB0000, block, program_unit=unit), name="any")

    def laid(order: list[int]) -> Table:
        at = 0x92000
        rows = []
        for n in order:
            at += grain * draw(st.integers(0, 2))
            rows.append(
                Partition(f"d{n}", Role.KV, "embedded", Extent.of(at, sizes[n] * grain), at)
            )
            at += sizes[n] * grain
        base = board(on=small)
        return replace(base, partitions=(*base.partitions, *rows))

    order = list(range(len(sizes)))
    return laid(order), laid(draw(st.permutations(order)))


@settings(max_examples=60, deadline=None)
@given(shuffles())
def test_any_shuffle_survives_every_cut(tables: tuple[Table, Table]):
    old, new = tables
    outcome = migrate(old, new)
    if outcome.migration is None:
        assert set(codes(outcome.findings)) <= {"EVO170", "EVO175", "EVO177"}
        return
    names = [p.name for p in old.partitions if p.role is Role.KV]
    if outcome.migration.tasks:
        survives(outcome.migration, *names)


def test_deterministic():
    one_way, again = (planned(MK3060_2, MK3060_3) for _ in range(2))
    assert one_way == again and one_way.plan_id == again.plan_id
    assert ESP.flashes[0].size == 8 << 20
