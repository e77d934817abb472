"""What `plan --compare` says of power cuts is what the prover finds."""

from __future__ import annotations

import pytest
from layouts import table
from test_mcuboot_site import K
from test_mcuboot_site import table as slots

from flashwright.base.record import replace as changed
from flashwright.model.schemes import scheme
from flashwright.model.table import Table
from flashwright.model.update import Payload, Update
from flashwright.planner.compare import BRICKS, STAYS, SURVIVES, power_cut
from flashwright.sim.prove import Verdict, prove


def declared(name: str, payload: Payload = Payload.WHOLE) -> Table:
    found = scheme(name)
    assert found is not None
    return changed(table(), update=Update(found, payload, backup_slice=0x2000))


@pytest.mark.parametrize(
    "layout",
    [
        declared("alios-single-bank"),
        declared("alios-single-bank", Payload.DELTA),
        declared("alios-dual-bank"),
        declared("esp-idf-ota"),
        slots("overwrite"),
        slots("swap-scratch", scratch=4 * K),
        slots("swap-move"),
        slots("swap-offset"),
        slots("direct-xip"),
    ],
)
def test_the_word_is_the_verdict(layout: Table) -> None:
    assert layout.update is not None
    proof = prove(layout)
    broken = {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}
    found = {frozenset(): SURVIVES, frozenset({"reverted"}): STAYS}.get(frozenset(broken), BRICKS)
    assert proof.verdict is (Verdict.VIOLATED if broken else Verdict.HOLDS)
    assert power_cut(layout.update) == found
