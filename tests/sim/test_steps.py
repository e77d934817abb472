"""Migrations in the vocabulary of steps: cut anywhere, they come to their end or are caught."""

from __future__ import annotations

from layouts import BLOCK, flash

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.flash.chips import Chips
from flashwright.flash.steps import CheckpointStep, CopyStep, EraseStep, ProgramStep
from flashwright.model.geometry import Overwrite
from flashwright.sim.area import Board
from flashwright.sim.prove import Verdict, prove_machine
from flashwright.sim.steps import Lying, Migration

APP = Lying("embedded", Extent.of(0, BLOCK), "app")
OLD = Lying("embedded", Extent.of(4 * BLOCK, BLOCK), "data")
NEW = Lying("embedded", Extent.of(6 * BLOCK, BLOCK), "data")
JOURNAL = 8 * BLOCK


def moved(*last):
    return (
        EraseStep("embedded", NEW.extent),
        CopyStep("embedded", OLD.extent, "embedded", NEW.extent),
        *last,
    )


MARKED = (
    ProgramStep("embedded", JOURNAL, b"done"),
    CheckpointStep("copied"),
    EraseStep("embedded", OLD.extent),
)


def prove_steps(steps, wanted=(NEW,), runner=APP, chip=None):
    board = Board(Chips([chip or flash(16)]))
    board.area("all", "embedded", Extent.of(0, 16 * BLOCK))
    return prove_machine(Migration(board, steps, (APP, OLD), wanted, runner))


def broken(proof):
    return {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}


def test_a_torn_mark_is_programmed_again_where_that_only_clears_bits():
    assert prove_steps(moved(*MARKED)).verdict is Verdict.HOLDS


def test_a_torn_mark_cannot_be_programmed_again_where_a_unit_is_programmed_once():
    proof = prove_steps(moved(*MARKED), chip=replace(flash(16), overwrite=Overwrite.ONCE))
    assert broken(proof) == {"flash"}


def test_a_mark_in_its_own_erase_block_that_is_erased_first_holds():
    erase = EraseStep("embedded", Extent.of(JOURNAL, BLOCK))
    proof = prove_steps(moved(erase, *MARKED))
    assert proof.verdict is Verdict.HOLDS, proof.findings
    assert {"served", "migrated"} <= set(proof.events)


def test_erasing_the_old_place_without_a_mark_loses_the_data():
    proof = prove_steps(moved(EraseStep("embedded", OLD.extent)))
    assert broken(proof) == {"values"}


def test_erasing_the_code_that_migrates_is_a_brick():
    proof = prove_steps(moved(EraseStep("embedded", APP.extent)))
    assert "boots" in broken(proof)


def test_a_copy_over_what_is_not_erased_breaks_the_rules_of_the_flash():
    steps = (CopyStep("embedded", APP.extent, "embedded", OLD.extent),)
    assert broken(prove_steps(steps, wanted=())) == {"flash"}
