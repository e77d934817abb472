"""The optional faults, a lost write, a worn block, a failing read: who survives, who does not."""

from __future__ import annotations

import pytest
from layouts import board, flash

from flashwright.flash.chips import Chips
from flashwright.flash.content import ERASED, JUNK, WORN, filled, is_filled, pieces, splice
from flashwright.flash.faults import FaultModel, torn
from flashwright.flash.operations import Erase, Program, program_bytes
from flashwright.sim.alios_dual import AliosDualBank
from flashwright.sim.alios_kv import AliosKv
from flashwright.sim.alios_single import AliosSingleBank
from flashwright.sim.espidf_otadata import EspIdfOta
from flashwright.sim.prove import Verdict, prove_machine, replay
from flashwright.sim.recommended_dual import RecommendedDualBank
from flashwright.sim.recommended_single import RecommendedSingleBank

LOST = FaultModel(lost_writes=1)
WORN_OUT = FaultModel(worn_erases=1)
DARK = FaultModel(failing_reads=1)


def recommended_single():
    made, app, ota, record, _, size = board(blocks=2)
    return RecommendedSingleBank(made, app, ota, record, size)


def recommended_dual():
    made, app, ota, record, _, size = board(blocks=1)
    return RecommendedDualBank(made, app, ota, record, size)


def alios_single():
    made, app, ota, record, _, size = board(blocks=2)
    return AliosSingleBank(made, app, ota, record, size)


def alios_dual():
    made, app, ota, record, _, size = board(blocks=1)
    return AliosDualBank(made, app, ota, record, size)


def esp_idf(rollback=False):
    made, app, ota, record, _, size = board(blocks=2)
    return EspIdfOta(made, (app, ota), record, size, rollback=rollback)


def kv():
    made, app, *_ = board(blocks=2, unit=1)
    return AliosKv(made, app)


SURVIVES = {
    "a lost write: a copy that is verified": (recommended_single, LOST),
    "a lost write: a slot that is verified": (esp_idf, LOST),
    "a worn block: a copy that is verified": (recommended_single, WORN_OUT),
    "a worn block: a slot that is verified": (esp_idf, WORN_OUT),
    "a worn block, no cut: a store with the old item elsewhere": (
        kv,
        FaultModel(cuts=0, worn_erases=1),
    ),
    "a failing read: a record in two blocks": (recommended_single, DARK),
}


@pytest.mark.parametrize(("make", "faults"), SURVIVES.values(), ids=SURVIVES)
def test_who_survives(make, faults):
    proof = prove_machine(make(), faults)
    assert proof.verdict is Verdict.HOLDS, proof.findings
    assert any(text.startswith("up to 1 ") for text in proof.assumptions)


FALLS = {
    "a lost write: a copy that nobody verifies": (alios_single, LOST, "whole", "lost"),
    "a lost write: an item that was never there": (
        kv,
        FaultModel(cuts=0, lost_writes=1),
        "values",
        "lost",
    ),
    "a worn block: a copy that nobody verifies": (alios_single, WORN_OUT, "whole", "worn"),
    "a worn block: the only record of a trial": (
        lambda: esp_idf(rollback=True),
        WORN_OUT,
        "reverted",
        "worn",
    ),
    "a failing read: a record in one block": (alios_single, DARK, "boots", "unseen"),
    "a failing read: a floor against rollback that is not seen": (
        recommended_dual,
        DARK,
        "rollback",
        "unseen",
    ),
    "a failing read: a count that is not seen": (alios_dual, DARK, "whole", "unseen"),
}


@pytest.mark.parametrize(("make", "faults", "law", "kind"), FALLS.values(), ids=FALLS)
def test_who_does_not_and_how_the_trace_tells_it(make, faults, law, kind):
    proof = prove_machine(make(), faults)
    assert proof.verdict is Verdict.VIOLATED
    trace = next(j.trace for j in proof.judgements if j.law == law)
    assert trace is not None
    told = [s.kind for s in trace.steps] + ["unseen" for s in trace.steps if "not at all" in s.text]
    assert told.count(kind) == 1
    assert replay(make(), trace.id, faults).steps == trace.steps
    assert prove_machine(make(), FaultModel(cuts=faults.cuts)).verdict is not Verdict.INCOMPLETE


@pytest.mark.parametrize("name", ["lost_writes", "worn_erases", "failing_reads"])
def test_a_limit_of_none_adds_nothing(name):
    none = prove_machine(recommended_single(), FaultModel(**{name: 0}))
    plain = prove_machine(recommended_single())
    one = prove_machine(recommended_single(), FaultModel(**{name: 1}))
    assert (none.states, none.cuts) == (plain.states, plain.cuts)
    assert one.states > plain.states


# A worn block in the flash itself.

CHIPS = Chips([flash(4)])
WORN_RUNS = splice(filled(0x4000), 0x1000, 0x2000, WORN)


def test_a_worn_block_takes_every_program_and_stays_junk():
    done = CHIPS.apply(WORN_RUNS, Program(0x0C00, 0x1400, "v2", 0x0C00))
    assert [p[:3] for p in pieces(done, 0x0C00, 0x1800)] == [
        (0x0C00, 0x1000, "v2"),
        (0x1000, 0x1800, WORN),
    ]
    assert CHIPS.apply(WORN_RUNS, program_bytes(0x1000, b"mark")) == WORN_RUNS


def test_an_erase_that_works_makes_it_a_block_again():
    assert is_filled(CHIPS.apply(WORN_RUNS, Erase(0x1000, 0x2000)), 0, 0x4000, ERASED)


def test_a_copy_of_a_worn_block_is_junk_that_can_be_told_from_it():
    done = CHIPS.apply(WORN_RUNS, Program(0x2000, 0x3000, WORN, 0x2000))
    assert is_filled(done, 0x2000, 0x3000, JUNK)


def test_a_torn_program_leaves_no_part_of_itself_in_a_worn_block():
    inside, across = program_bytes(0x1000, b"12345678"), program_bytes(0xFFC, b"12345678")
    assert torn(CHIPS, WORN_RUNS, inside, WORN_OUT) == []
    outcomes = torn(CHIPS, WORN_RUNS, across, WORN_OUT)
    assert outcomes and all(is_filled(runs, 0x1000, 0x2000, WORN) for runs in outcomes)
    assert len(set(outcomes)) == len(outcomes)
