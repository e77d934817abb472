"""A scratch area where a scheme swaps through one: offered where there is room, and proven."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from layouts import BLOCK, device, flash, partition

from flashwright.app.prove import mending_as_json, mendings_text
from flashwright.base.extent import Extent
from flashwright.flash.faults import FaultModel
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Role, Table
from flashwright.sim.mend import mend
from flashwright.sim.mend_scratch import with_scratch
from flashwright.sim.prove import Verdict, prove

ROWS = (
    partition("app", Role.APPLICATION, 0, 4),
    partition("ota", Role.OTA_TEMP, 4, 4),
    partition("record", Role.BOOT_RECORD, 8, 1),
)


def layout(*more, blocks=16):
    return Table("test", (*ROWS, *more), device(blocks))


def test_a_swap_without_its_backup_blocks_is_offered_them_first():
    bare = layout()
    proof = prove(bare, scheme="alios-swap")
    assert proof.verdict is Verdict.INCOMPLETE and [f.code for f in proof.findings] == ["SIM003"]
    first = mend(bare, "alios-swap")[0]
    assert first.text == "add a scratch area of 2 erase blocks at 0x9000 of embedded"
    assert first.scheme == "alios-swap" and first.proof.verdict is Verdict.HOLDS
    (scratch,) = first.table.of_role(Role.SCRATCH)
    assert scratch.extent == Extent.of(9 * BLOCK, 2 * BLOCK)


def test_one_that_is_too_small_is_moved_and_keeps_its_name():
    small = partition("back", Role.SCRATCH, 9, 1)
    text, mended = with_scratch(layout(small, partition("kv", Role.KV, 10, 1)), "alios-swap")
    assert text == "move `back` to 2 erase blocks at 0xB000 of embedded"
    assert [p.name for p in mended.partitions] == ["app", "ota", "record", "kv", "back"]
    assert prove(mended, scheme="alios-swap").verdict is Verdict.HOLDS


def test_mcuboot_gets_one_too():
    whole = FaultModel(torn_program=False, torn_erase=False, cuts=1)
    (first,) = mend(layout(), "mcuboot-swap-scratch", faults=whole, most=1)
    assert first.text == "add a scratch area of an erase block at 0x9000 of embedded"
    assert first.scheme == "mcuboot-swap-scratch" and "installed" in first.proof.events


@pytest.mark.parametrize("scheme", ["alios-swap", "mcuboot-swap-scratch"])
def test_nothing_is_offered_where_there_is_no_room_or_no_need(scheme):
    full = layout(blocks=9)
    assert with_scratch(full, scheme) is None
    assert with_scratch(layout(partition("back", Role.SCRATCH, 9, 2)), scheme) is None
    assert with_scratch(layout(), "recommended-dual-bank") is None
    assert with_scratch(replace(layout(), device=None), scheme) is None


def test_a_name_that_is_taken_is_not_given_again():
    _, mended = with_scratch(layout(partition("scratch", Role.KV, 9, 1)), "alios-swap")
    assert [p.name for p in mended.of_role(Role.SCRATCH)] == ["scratch_0"]


def test_blocks_that_are_smaller_than_those_of_the_slots_do_not_serve():
    runs = (EraseRun(4, BLOCK), EraseRun(8, 4 * BLOCK))
    uneven = Flash("embedded", 0, runs, 4)
    other = replace(flash(8), name="spi")
    at = {"app": (4, 8), "ota": (12, 8), "record": (20, 4)}
    rows = tuple(
        replace(p, extent=Extent.of(at[p.name][0] * BLOCK, at[p.name][1] * BLOCK)) for p in ROWS
    )
    made = Device("uneven", "", "uneven", "test", (uneven, other), BootFacts("embedded"))
    text, _ = with_scratch(Table("test", rows, made), "alios-swap")
    assert text == "add a scratch area of 2 erase blocks at 0x18000 of embedded"
    taken = replace(rows[0], name="more", extent=Extent(0x18000, 0x24000), role=Role.CUSTOM)
    assert with_scratch(Table("test", (*rows, taken), made), "alios-swap") is None


def test_mendings_as_text_and_as_plain_values():
    found = mend(layout(), "alios-swap", most=1)
    assert mendings_text(found).splitlines()[0].startswith("what would mend it")
    assert "add a scratch area of 2 erase blocks" in mendings_text(found)
    told = json.loads(json.dumps(mending_as_json(found[0])))
    last = told["partitions"][-1]
    assert (last["name"], last["role"], last["start"]) == ("scratch", "scratch", 9 * BLOCK)
    assert told["proof"]["verdict"] == "HOLDS"
    assert mendings_text((), looked_for=False) == ""
    assert mendings_text(()).startswith("nothing was found that mends it")
