"""From the user's table to a verdict, a trace, a mending; and what stands in the way, told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import BLOCK, board, device, partition, table

from flashwright.base.extent import Extent
from flashwright.flash.faults import FaultModel
from flashwright.model.device import Reserved
from flashwright.model.schemes import scheme
from flashwright.model.table import Role
from flashwright.model.update import Payload, Update
from flashwright.sim.catalog import BLUEPRINTS
from flashwright.sim.mend import mend
from flashwright.sim.prove import Verdict, machine_for, prove, replay
from flashwright.sim.recommended_dual import RecommendedDualBank
from flashwright.sim.stepper import Stepper
from flashwright.sim.trace import TraceIdError, decoded, encoded


def codes(proof):
    return [f.code for f in proof.findings]


def broken(proof):
    return {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}


@pytest.mark.parametrize(
    "name", ["recommended-single-bank", "recommended-dual-bank", "alios-single-bank", "esp-idf-ota"]
)
def test_a_sound_table_holds(name):
    proof = prove(table(), scheme=name)
    assert proof.verdict is Verdict.HOLDS and proof.findings == ()
    assert proof.cost is not None and proof.cost.time_us > 0
    assert proof.cost.updates_until_worn == 100_000 // proof.cost.most_erases


@pytest.mark.parametrize("name", sorted(b.name for b in BLUEPRINTS if b.name != "alios-kv"))
def test_one_update_is_not_asked_for_a_second(name):
    proof = prove(table(), scheme=name, updates=1)
    assert "next" not in proof.missing
    assert proof.verdict is not Verdict.VACUOUS or proof.missing


def test_a_single_update_is_told_as_one():
    proof = prove(table(), scheme="alios-single-bank", updates=1)
    assert proof.verdict is Verdict.HOLDS
    assert "one update, offered again until it is decided" in proof.assumptions


def test_the_scheme_of_the_table_is_used():
    found = scheme("alios-single-bank")
    assert found is not None
    proof = prove(table(update=Update(found, Payload.DELTA, backup_slice=0x2000)))
    assert proof.scheme == "alios-single-bank" and proof.verdict is Verdict.VIOLATED
    assert codes(proof)[0] == "SIM101"


def test_what_stands_in_the_way_is_told():
    assert codes(prove(replace(table(), device=None), scheme="esp-idf-ota")) == ["SIM001"]
    assert codes(prove(table())) == ["SIM002"]
    typo = prove(table(), scheme="esp-idf-oat")
    assert codes(typo) == ["SIM002"] and "esp-idf-ota" in typo.findings[0].help
    one = prove(table(record_blocks=1), scheme="recommended-dual-bank")
    assert codes(one) == ["SIM004"] and one.verdict is Verdict.INCOMPLETE
    inside = replace(table().partitions[3], extent=Extent.of(20 * BLOCK + 0x800, 3 * BLOCK))
    (told,) = prove(replace(table(), partitions=(inside,)), scheme="alios-kv").findings
    assert (
        told.code == "SIM004" and told.help == f"start it at 0x{20 * BLOCK:X} or 0x{21 * BLOCK:X}"
    )
    bare = replace(table(), partitions=table().partitions[:1])
    assert codes(prove(bare, scheme="alios-single-bank")) == ["SIM003", "SIM003"]
    far = partition("far", Role.OTA_TEMP, 60, 8)
    outside = replace(table(), partitions=(table().partitions[0], far, *table().partitions[2:]))
    assert codes(prove(outside, scheme="alios-single-bank")) == ["SIM005"]


def test_a_neighbour_that_shares_an_erase_block_is_not_touched_unnoticed():
    shared = partition("kv", Role.KV, 15, 2)
    parts = (*table().partitions[:3], shared)
    proof = prove(replace(table(), partitions=parts), scheme="alios-single-bank")
    assert "frame" in broken(proof)
    assert any("`kv`" in f.message for f in proof.findings)


def test_a_range_of_the_vendor_is_not_touched_unnoticed():
    calibration = Reserved("calibration", "embedded", Extent.of(9 * BLOCK, BLOCK))
    found = replace(table(), device=replace(device(), reserved=(calibration,)))
    assert "frame" in broken(prove(found, scheme="alios-single-bank"))


def test_a_partition_that_may_not_be_written_is_not_written():
    parts = tuple(replace(p, writable=False) if p.name == "ota" else p for p in table().partitions)
    assert "frame" in broken(prove(replace(table(), partitions=parts), scheme="alios-single-bank"))


def test_a_slot_that_does_not_begin_with_an_erase_block_is_found():
    crooked = replace(table().partitions[1], extent=Extent(8 * BLOCK + 0x800, 16 * BLOCK))
    parts = (table().partitions[0], crooked, *table().partitions[2:])
    assert "frame" in broken(prove(replace(table(), partitions=parts), scheme="alios-single-bank"))


def test_a_mending_is_proven_before_it_is_offered():
    found = scheme("alios-single-bank")
    assert found is not None
    weak = table(record_blocks=1, update=Update(found, Payload.DELTA, backup_slice=0x2000))
    assert prove(weak).verdict is Verdict.VIOLATED
    offered = mend(weak)
    assert offered and all(m.proof.verdict is Verdict.HOLDS for m in offered)
    record = offered[0].table.get("record")
    assert record is not None and record.size == 2 * BLOCK
    assert offered[0].scheme == "recommended-single-bank"
    assert "grow `record` to two erase blocks" in offered[0].text


def _full(*around, record=16):
    """No erase block is free: the slots, the record of one erase block, and what is around it."""
    slots = (*table().partitions[:2], partition("record", Role.BOOT_RECORD, record, 1))
    found = scheme("alios-single-bank")
    assert found is not None
    update = Update(found, Payload.DELTA, backup_slice=0x2000)
    return replace(table(update=update), partitions=(*slots, *around), device=device(24))


@pytest.mark.parametrize(
    ("kv", "record", "left"),
    [
        (partition("kv", Role.KV, 17, 7), 16, Extent.of(18 * BLOCK, 6 * BLOCK)),
        (partition("kv", Role.KV, 16, 7), 23, Extent.of(16 * BLOCK, 6 * BLOCK)),
    ],
)
def test_where_nothing_is_free_the_data_beside_the_record_yields_a_block(kv, record, left):
    (offered, *_) = mend(_full(kv, record=record))
    assert offered.proof.verdict is Verdict.HOLDS
    assert "before the table ships" in offered.text and "`kv`, which keeps 0x6000" in offered.text
    assert offered.table.get("kv").extent == left
    assert offered.table.get("record").extent.size == 2 * BLOCK
    assert not offered.table.get("record").extent.overlaps(left)


@pytest.mark.parametrize(
    "around",
    [
        (partition("kv", Role.KV, 17, 2), partition("b", Role.FACTORY, 19, 5)),
        (partition("keys", Role.SECURITY, 17, 7),),
        (partition("a", Role.USER, 17, 7), partition("b", Role.USER, 18, 1, parent="a")),
    ],
)
def test_what_cannot_do_with_less_yields_nothing(around):
    assert mend(_full(*around)) == ()


def test_nothing_is_offered_where_nothing_holds():
    bare = replace(table(), partitions=table().partitions[2:])
    assert mend(bare, "alios-single-bank") == ()


def test_a_trace_is_replayed_from_its_id_and_an_alien_id_is_refused():
    found = scheme("alios-single-bank")
    assert found is not None
    weak = table(update=Update(found, Payload.DELTA, backup_slice=0x2000))
    proof = prove(weak)
    trace = next(j.trace for j in proof.judgements if j.trace)
    machine, _ = machine_for(weak)
    assert machine is not None
    assert replay(machine, trace.id).steps == trace.steps
    for alien in ("", "q", "5.t99999", "1.b7", "99999999", "x" * 30000, "1.x@zz"):
        with pytest.raises(TraceIdError):
            replay(machine, alien)


_LABELS = st.lists(
    st.one_of(
        st.just(("n", 0, ())),
        st.tuples(st.sampled_from("bt"), st.integers(0, 999), st.just(())),
        st.tuples(
            st.sampled_from("xt"),
            st.just(0),
            st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 3)), max_size=3).map(tuple),
        ),
        st.sampled_from([("l", 0, ()), ("w", 0, ())]),
    ),
    max_size=30,
)


@given(_LABELS)
@settings(max_examples=100, deadline=None)
def test_ids_are_read_back_as_they_were_written(labels):
    assert decoded(encoded(labels)) == labels


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_an_id_or_refused(text):
    with suppress(TraceIdError):
        assert decoded(text) is not None


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_forgetting_changes_nothing_that_a_walk_can_see(data):
    """A random walk, once with forgetting and once without, makes the same moves."""
    faults = FaultModel()
    areas = board(blocks=1)
    machine = RecommendedDualBank(*areas[:4], areas[5])
    short, exact = Stepper(machine, faults), Stepper(machine, faults, exact=True)
    left, right = short.first(), exact.first()
    for _ in range(data.draw(st.integers(1, 40))):
        one, other = short.expand(left), exact.expand(right)
        assert type(one.move) is type(other.move) and one.broken == other.broken
        ways = one.after * 4 + one.faults[:6]
        if not ways:
            break
        label, left = data.draw(st.sampled_from(ways))
        if label[0] == "t" and label[1] >= len(other.faults):
            break
        right = exact.follow(right, label)
        assert left[1][0] == right[1][0] and left[2] == right[2]


def test_limited_faults_are_counted():
    areas = board(blocks=1)
    machine = RecommendedDualBank(*areas[:4], areas[5])
    from flashwright.sim.prove import prove_machine

    few = prove_machine(machine, FaultModel(cuts=1))
    assert few.verdict is Verdict.HOLDS and few.assumptions[0] == "at most 1 power cut"
    areas = board(blocks=1)
    machine = RecommendedDualBank(*areas[:4], areas[5])
    dark = prove_machine(machine, FaultModel(failing_reads=1))
    assert dark.verdict in (Verdict.HOLDS, Verdict.VIOLATED) and dark.cuts > few.cuts


def test_names_are_unique_and_known_to_the_model_where_they_are_the_same():
    names = [b.name for b in BLUEPRINTS]
    assert len(names) == len(set(names))
    assert scheme("alios-single-bank") and scheme("esp-idf-ota")
