"""What each scheme of the field comes to, and the field failures, found again."""

from __future__ import annotations

import pytest
from layouts import board

from flashwright.flash.faults import FaultModel
from flashwright.model.geometry import Overwrite
from flashwright.model.update import Payload
from flashwright.sim.alios_single import AliosSingleBank
from flashwright.sim.espidf_otadata import EspIdfOta
from flashwright.sim.prove import Verdict, prove_machine
from flashwright.sim.recommended_dual import RecommendedDualBank
from flashwright.sim.recommended_single import RecommendedSingleBank


def recommended_single(**how):
    made, app, ota, record, _, size = board(**how)
    return RecommendedSingleBank(made, app, ota, record, size)


def recommended_dual(**how):
    made, app, ota, record, _, size = board(**how)
    return RecommendedDualBank(made, app, ota, record, size)


def alios_single(payload=Payload.WHOLE, **more):
    made, app, ota, record, _, size = board()
    return AliosSingleBank(
        made,
        app,
        ota,
        record,
        size,
        payload=payload,
        payload_size=size // 2,
        slice_size=0x1000,
        **more,
    )


def esp_idf(factory=False, **more):
    made, app, ota, record, extra, size = board()
    return EspIdfOta(made, (app, ota), record, size, factory=extra if factory else None, **more)


HOLD = {
    "recommended single": recommended_single,
    "recommended dual": recommended_dual,
    "AliOS single, whole": alios_single,
    "AliOS single, compressed": lambda: alios_single(Payload.COMPRESSED),
    "ESP-IDF": esp_idf,
    "ESP-IDF with factory": lambda: esp_idf(factory=True),
    "ESP-IDF without rollback": lambda: esp_idf(rollback=False),
}


@pytest.mark.parametrize("make", HOLD.values(), ids=HOLD.keys())
def test_holds_under_any_number_of_cuts_and_torn_operations(make):
    proof = prove_machine(make())
    assert proof.verdict is Verdict.HOLDS, proof.findings
    assert proof.cuts > proof.operations > 100


@pytest.mark.parametrize("make", [recommended_single, recommended_dual])
@pytest.mark.parametrize(
    ("unit", "overwrite"), [(1, Overwrite.CLEAR_BITS), (8, Overwrite.ONCE), (32, Overwrite.ONCE)]
)
def test_recommended_schemes_hold_on_every_kind_of_flash(make, unit, overwrite):
    assert prove_machine(make(unit=unit, overwrite=overwrite)).verdict is Verdict.HOLDS


@pytest.mark.parametrize("make", [recommended_single, recommended_dual])
def test_recommended_schemes_hold_with_units_that_read_differently_at_each_boot(make):
    faults = FaultModel(unstable=True)
    assert prove_machine(make(blocks=1), faults).verdict is Verdict.HOLDS


def test_alios_acts_on_a_record_that_may_be_gone_at_the_next_boot():
    proof = prove_machine(alios_single(), FaultModel(unstable=True, cuts=2))
    assert proof.verdict is Verdict.VIOLATED


def test_alios_delta_loses_its_only_record_between_erase_and_write():
    proof = prove_machine(alios_single(Payload.DELTA))
    brick = next(j.trace for j in proof.judgements if j.law == "boots")
    assert proof.verdict is Verdict.VIOLATED and brick is not None
    assert [s.kind for s in brick.steps if s.kind in ("cut", "torn")] == ["torn"]
    assert brick.steps[-2].text.startswith("power cut inside: erase record")
    assert brick.steps[-1].text == "app is started, and holds only a part of v2"


def test_a_second_boot_that_counts_before_it_copies_bricks_on_the_second_try():
    proof = prove_machine(alios_single(counts_first=True))
    brick = next(j.trace for j in proof.judgements if j.law == "boots")
    assert proof.verdict is Verdict.VIOLATED and brick is not None
    assert [s.kind for s in brick.steps].count("torn") + [s.kind for s in brick.steps].count(
        "cut"
    ) == 2
    assert "app is started" in brick.why


def test_erasing_both_otadata_blocks_starts_the_factory_image_of_long_ago():
    class Otatool(EspIdfOta):
        """`otatool.py` and a switch back to factory erase both blocks, then write none."""

        def on_sure(self, flash, world, slot, version):
            if slot >= 0 and world.confirmed == version:
                from flashwright.sim.machine import Act

                if not self.otadata.is_filled(flash, "~erased", 0):
                    return Act(self.otadata.erase(0), ("sure", slot, version))
                if not self.otadata.is_filled(flash, "~erased", 1):
                    return Act(self.otadata.erase(1), ("sure", slot, version))
            return super().on_sure(flash, world, slot, version)

    made, app, ota, record, extra, size = board()
    proof = prove_machine(Otatool(made, (app, ota), record, size, factory=extra))
    broken = {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}
    assert "confirmed" in broken


def test_work_grows_with_the_slot_and_not_with_its_square():
    small, large = (prove_machine(recommended_single(blocks=n)).states for n in (8, 16))
    assert large < 2.2 * small


def kv(faults=None, unit=1, overwrite=Overwrite.CLEAR_BITS, **more):
    from flashwright.sim.alios_kv import AliosKv

    made, app, *_ = board(blocks=2, unit=unit, overwrite=overwrite)
    return prove_machine(AliosKv(made, app, **more), faults)


def broken(proof):
    return {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}


def test_the_kv_store_holds_where_operations_happen_whole_or_not_at_all():
    proof = kv(FaultModel(torn_program=False, torn_erase=False))
    assert proof.verdict is Verdict.HOLDS, proof.findings
    assert {"changed", "collected"} <= set(proof.events)


def test_the_kv_store_loses_all_when_the_state_byte_of_a_block_is_torn():
    proof = kv(FaultModel(cuts=1))
    assert broken(proof) == {"values"}
    assert "key 0 is gone" in proof.findings[0].message


def test_the_kv_store_loses_its_only_copy_if_clean_blocks_are_always_formatted():
    whole = FaultModel(torn_program=False, torn_erase=False)
    assert broken(kv(whole, formats_clean=True)) == {"values"}


def test_the_kv_store_finds_an_old_value_that_was_deleted_where_it_lay_before_collection():
    """AliOS Things #1215: two valid items of one key, and a zero in the formatted block."""
    proof = kv(FaultModel(cuts=0), stale=True)
    assert broken(proof) == {"values"}
    (trace,) = (j.trace for j in proof.judgements if j.trace)
    assert trace.why == "key 1 has value 4, 5 was written" and {"collected"} <= set(proof.events)
    texts = [s.text for s in trace.steps]
    assert texts[-2].startswith("program app") and texts[-2].endswith("with 1 bytes")
    assert kv(FaultModel(cuts=0)).verdict is Verdict.HOLDS


def test_the_kv_store_cannot_work_where_units_program_once():
    assert broken(kv(overwrite=Overwrite.ONCE)) == {"flash"}


def test_alios_dual_bank_takes_nothing_back_once_its_record_is_lost():
    from flashwright.sim.alios_dual import AliosDualBank

    made, app, ota, record, _, size = board()
    proof = prove_machine(AliosDualBank(made, app, ota, record, size))
    assert broken(proof) == {"reverted"}


def test_the_esp8266_flag_and_the_swap_of_2_1_hold():
    from flashwright.sim.alios_swap import AliosSwap
    from flashwright.sim.esp8266_flag import Esp8266Flag

    made, app, ota, record, extra, size = board()
    assert prove_machine(Esp8266Flag(made, app, ota, extra, size)).verdict is Verdict.HOLDS
    made, app, ota, record, extra, size = board()
    swap = prove_machine(AliosSwap(made, app, ota, record, extra, size))
    assert swap.verdict is Verdict.HOLDS
    assert swap.cost is not None
    assert (
        swap.cost.most_erases == 4 * 3 + 4
    )  # three steps a block; asked, done, started, confirmed
