"""How large an image is in a proof: what the layout says, else what fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layouts import BLOCK, table

from flashwright.model.schemes import scheme
from flashwright.model.table import Role
from flashwright.model.update import Payload, Update
from flashwright.sim.prove import Verdict, machine_for, prove


def given(size, role=Role.APPLICATION, **more):
    whole = table(**more)
    partitions = tuple(
        replace(p, image_size=size) if p.role is role else p for p in whole.partitions
    )
    return replace(whole, partitions=partitions)


SCHEMES = ["recommended-single-bank", "recommended-dual-bank", "alios-single-bank", "esp-idf-ota"]


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("role", [Role.APPLICATION, Role.OTA_TEMP])
def test_the_size_that_the_layout_gives_is_taken_and_said(name, role):
    small, _ = machine_for(given(5 * BLOCK + 3, role), name)
    large, _ = machine_for(table(), name)
    assert small is not None and large is not None
    assert small.length(2) == 5 * BLOCK + 4 and large.length(2) == 8 * BLOCK
    said = [text for text in small.assumptions if text.startswith("images have")]
    slot = "app" if role is Role.APPLICATION else "ota"
    assert said == [f"images have 0x5004 bytes, as the layout says of `{slot}` (0x8000 fit)"]
    assert not any(text.startswith("images have") for text in large.assumptions)


def test_a_smaller_image_is_less_work_and_holds_as_well():
    small, large = (prove(t, scheme="alios-single-bank") for t in (given(2 * BLOCK), table()))
    assert small.verdict is large.verdict is Verdict.HOLDS
    assert small.states < large.states and small.cost.programmed < large.cost.programmed


def test_an_image_that_does_not_fit_is_told_and_nothing_is_proven():
    proof = prove(given(9 * BLOCK), scheme="recommended-dual-bank")
    assert proof.verdict is Verdict.INCOMPLETE and not proof.judgements
    (finding,) = proof.findings
    assert finding.code == "SIM004" and "0x9000 bytes" in finding.message
    assert finding.help == "make it at most 0x8000 bytes"


def test_a_compressed_image_may_be_larger_than_the_download():
    chosen = scheme("alios-single-bank")
    update = Update(chosen, payload=Payload.COMPRESSED, payload_size=3 * BLOCK)
    machine, _ = machine_for(given(7 * BLOCK, update=update))
    assert machine is not None and machine.length(2) == 7 * BLOCK
    assert machine.payload_size == 3 * BLOCK
