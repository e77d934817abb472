"""One scheme broken on purpose for each law: what the law is there for is found, and confirmed."""

from __future__ import annotations

import pytest
from layouts import BLOCK, board

from flashwright.base.extent import Extent
from flashwright.flash.content import DEAD
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase
from flashwright.sim.explore import Limits
from flashwright.sim.machine import Act, Go, Promise, Reset, Run, World
from flashwright.sim.prove import Verdict, prove_machine, replay
from flashwright.sim.recommended_dual import CONFIRMED, TRIED, RecommendedDualBank
from flashwright.sim.recommended_single import RecommendedSingleBank


class CopiesUnseen(RecommendedSingleBank):
    """Starts the application without a look, whatever the record says."""

    def on_decide(self, flash, world):
        return Run(self.app.start, ("app",))

    def on_restart(self, flash, world):
        return Go(("verify",))


class NeverReverts(RecommendedDualBank):
    """Starts a tried image again and again."""

    def on_decide(self, flash, world):
        record = self.pair.current(flash)
        if record is not None and record.state == TRIED:
            return Go(("start", record.first))
        return super().on_decide(flash, world)


class ForgetsConfirmation(RecommendedDualBank):
    """Says that it is confirmed before it has written so."""

    def on_app(self, flash, world, slot, version):
        if not world.is_bad(version) and world.confirmed < version:
            return Go(("app", slot, version), world._replace(confirmed=version))
        return super().on_app(flash, world, slot, version)


class TakesAnything(RecommendedDualBank):
    """Does not look at the floor."""

    def on_decide(self, flash, world):
        record = self.pair.current(flash)
        if record is not None:
            flash = self.pair.with_both(flash, record.state, record.first, 0)
        return super().on_decide(flash, world)


class ErasesTooMuch(RecommendedSingleBank):
    """Erases one erase block more than the download area has."""

    def on_clear(self, flash, world, version, block=0):
        if block + 1 == len(self.ota.blocks):
            beyond = Extent.of(self.record.end, BLOCK)
            return Act(Erase(beyond.start, beyond.end), ("load", version, 0))
        return super().on_clear(flash, world, version, block)


class ForgetsToErase(RecommendedSingleBank):
    """Writes the download over what lies there."""

    def on_clear(self, flash, world, version, block=0):
        return Go(("load", version, 0))


class NeverBoots(RecommendedSingleBank):
    """Copies, restarts, and copies again."""

    def on_finish(self, flash, world):
        return Reset("once more")


class Loops(RecommendedSingleBank):
    """Never touches the flash and never starts anything."""

    def on_boot(self, flash, world):
        return Go(("boot",))


CANARIES = {
    "whole": (CopiesUnseen, "single"),
    "reverted": (NeverReverts, "dual"),
    "confirmed": (ForgetsConfirmation, "dual"),
    "rollback": (TakesAnything, "dual"),
    "frame": (ErasesTooMuch, "single"),
    "flash": (ForgetsToErase, "single"),
    "boots": (Loops, "single"),
}


def made(scheme):
    areas = board(blocks=2)
    return scheme(*areas[:4], areas[5])


@pytest.mark.parametrize("law", CANARIES)
def test_the_law_catches_its_canary(law):
    machine = made(CANARIES[law][0])
    proof = prove_machine(machine)
    assert proof.verdict is Verdict.VIOLATED, proof
    broken = {j.law: j.trace for j in proof.judgements if j.verdict is Verdict.VIOLATED}
    assert law in broken
    again = replay(machine, broken[law].id)
    assert again.steps == broken[law].steps


def test_a_restart_without_end_is_found_after_the_fact():
    proof = prove_machine(made(NeverBoots))
    trace = next(j.trace for j in proof.judgements if j.law == "boots")
    assert trace is not None and trace.why == "no working image runs, however often it restarts"


def test_a_scheme_that_never_updates_is_vacuous():
    class Idle(RecommendedSingleBank):
        def on_clear(self, flash, world, version, block=0):
            return Go(("rest",))

    proof = prove_machine(made(Idle))
    assert proof.verdict is Verdict.VACUOUS and "installed" in proof.missing
    assert [f.code for f in proof.findings] == ["SIM102"]


def test_a_limit_makes_a_proof_incomplete():
    proof = prove_machine(
        made(RecommendedDualBank), limits=Limits(states=10), watch=lambda _: False
    )
    full = prove_machine(made(RecommendedDualBank))
    assert full.verdict is Verdict.HOLDS
    from flashwright.sim import explore

    before = explore.BEAT
    explore.BEAT = 16
    try:
        proof = prove_machine(made(RecommendedDualBank), limits=Limits(states=50))
        stopped = prove_machine(made(RecommendedDualBank), watch=lambda _: False)
    finally:
        explore.BEAT = before
    assert proof.verdict is Verdict.INCOMPLETE and proof.incomplete == "more than 50 states"
    assert stopped.verdict is Verdict.INCOMPLETE and stopped.incomplete == "stopped"
    assert all(j.verdict is not Verdict.HOLDS for j in (*proof.judgements, *stopped.judgements))


def test_a_scheme_that_forgets_what_it_reads_is_incomplete():
    class Forgetful(RecommendedSingleBank):
        def forget(self, flash, world):
            return self.app.filled(flash, DEAD)

    proof = prove_machine(made(Forgetful))
    assert proof.verdict is Verdict.INCOMPLETE and "forgot" in proof.incomplete


def test_a_breach_that_only_forgetting_made_is_not_told_as_one():
    class Overeager(RecommendedSingleBank):
        def forget(self, flash, world):
            return self.app.filled(self.ota.filled(flash, "~junk"), "~junk")

    proof = prove_machine(made(Overeager))
    assert proof.verdict is Verdict.INCOMPLETE and "confirmed" in proof.incomplete


def test_the_first_states_are_sound():
    for scheme in (RecommendedSingleBank, RecommendedDualBank):
        proof = prove_machine(made(scheme), FaultModel(cuts=0))
        assert proof.verdict is Verdict.HOLDS and proof.cuts == 0
    assert World().newest == 1 and Promise().events == ("installed",)
    assert CONFIRMED != TRIED
