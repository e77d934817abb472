"""MCUboot's logical erase blocks: what is planned, what is refused, what is found in a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from planner_made import KIB, MIB, board, flash, line, spec, wish

from flashwright.app.plan import plan as plan_file
from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity, worst
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.mcuboot import Mode, off_logical, slot_blocks
from flashwright.model.schemes import scheme
from flashwright.model.table import Role
from flashwright.model.update import Update
from flashwright.planner.plan import plan
from flashwright.rules.catalog import run

EXAMPLES = Path(__file__).parents[2] / "examples/stm32f769-mcuboot"

#: STM32F769 of 2 MiB: one bank, and two banks.
SINGLE = (EraseRun(4, 32 * KIB), EraseRun(1, 128 * KIB), EraseRun(7, 256 * KIB))
BANK = (EraseRun(4, 16 * KIB), EraseRun(1, 64 * KIB), EraseRun(7, 128 * KIB))


def f769(runs: tuple[EraseRun, ...]) -> Flash:
    return Flash("embedded", 0x08000000, runs)


def planned(runs, unit: int, way: str = "mcuboot-swap-offset", **more):
    wishes = (wish("boot", Role.BOOTLOADER, 32 * KIB),)
    return plan(spec(board(f769(runs)), way, *wishes, logical_block=unit, **more))


def slots(made) -> tuple[Extent, Extent]:
    return tuple(made.plan.table.get(n).extent for n in ("slot0", "slot1"))


@pytest.mark.parametrize(
    ("name", "first", "second", "image"),
    [
        # Swap-offset: the second slot has one logical block more; one goes to the trailer.
        ("single", Extent(0x40000, 0x100000), Extent(0x100000, 0x200000), 2 * 256 * KIB),
        ("dual", Extent(0x20000, 0x100000), Extent(0x100000, 0x200000), 6 * 128 * KIB),
    ],
)
def test_the_examples_of_the_stm32f769(name, first, second, image):
    path = EXAMPLES / f"{name}.toml"
    (layout,) = plan_file(Source(str(path), path.read_bytes()), Catalogue()).layouts.layouts
    table = layout.table
    assert (table.get("slot0").extent, table.get("slot1").extent) == (first, second)
    assert [m.largest_image for m in layout.plan.limits] == [image, image]
    assert layout.plan.proven
    assert worst(run(table)) in (None, Severity.NOTE)


@pytest.mark.parametrize("way", ["move", "offset", "scratch"])
@pytest.mark.parametrize(("runs", "unit"), [(SINGLE, 256 * KIB), (BANK * 2, 128 * KIB)])
def test_every_boundary_of_a_logical_block_is_one_of_the_flash(way, runs, unit):
    made = planned(runs, unit, f"mcuboot-swap-{way}")
    table = made.plan.table
    for p in table.of_role(Role.APPLICATION, Role.OTA_TEMP, Role.SCRATCH):
        assert p.size % unit == 0
        for offset in range(p.extent.start, p.extent.end + 1, unit):
            assert f769(runs).is_boundary(offset)
    assert not [f for f in run(table) if f.code.startswith("SLT")]


def test_a_slot_need_not_start_at_a_multiple_of_its_logical_blocks():
    made = plan(
        spec(
            board(flash(MIB)), "mcuboot-swap-move",
            wish("boot", Role.BOOTLOADER, 12 * KIB), logical_block=16 * KIB,
        )
    )  # fmt: skip
    first, second = slots(made)
    assert first.start % (16 * KIB) == 12 * KIB
    assert first.size == second.size + 16 * KIB
    assert first.size % (16 * KIB) == 0


def test_logical_blocks_of_the_small_run_only_where_they_are_so_small():
    """In 32 KiB steps only the first four erase blocks are whole: no room for two slots."""
    refused = planned(SINGLE, 32 * KIB)
    (finding,) = refused.findings
    assert (refused.plan, finding.code) == (None, "PLN001")
    assert "logical erase blocks of 0x8000" in finding.message
    assert "take logical erase blocks of 0x40000" in finding.help


def test_what_is_no_power_of_two_is_refused_with_the_next():
    refused = planned(SINGLE, 192 * KIB)
    (finding,) = refused.findings
    assert (finding.code, "0x40000" in finding.help) == ("PLN005", True)


def test_modes_that_never_swap_ignore_logical_blocks():
    made = planned(BANK * 2, 256 * KIB, "mcuboot-direct-xip")
    without = planned(BANK * 2, 0, "mcuboot-direct-xip")
    assert slots(made) == slots(without)


def test_a_refusal_points_to_the_line_of_the_logical_block():
    asked = spec(
        board(f769(SINGLE)), "mcuboot-swap-move", wish("boot", Role.BOOTLOADER, 32 * KIB),
        logical_block=32 * KIB,
    )  # fmt: skip
    refused = plan(replace(asked, places={"update.logical_block": line(7)}))
    (finding,) = refused.findings
    assert line(7) in (finding.place, *finding.related)


@pytest.mark.parametrize(
    ("runs", "extent", "unit", "wrong"),
    [
        (SINGLE, Extent(0x40000, 0xC0000), 256 * KIB, None),
        (SINGLE, Extent(0x18000, 0x40000), 32 * KIB, 0x28000),
        (SINGLE, Extent(0x0, 0x40000), 256 * KIB, None),
        (BANK * 2, Extent(0xE0000, 0x140000), 128 * KIB, None),
        (BANK * 2, Extent(0x10000, 0x50000), 128 * KIB, 0x30000),
        (BANK * 2, Extent(0x20000, 0x30000), 128 * KIB, 0x40000),
    ],
)
def test_where_logical_blocks_leave_the_erase_blocks(runs, extent, unit, wrong):
    walked = next(
        (
            offset
            for offset in range(extent.start, extent.start - -extent.size // unit * unit + 1, unit)
            if not f769(runs).is_boundary(offset) or offset > extent.end
        ),
        None,
    )
    assert off_logical(f769(runs), extent, unit) == wrong == walked


def test_slots_are_counted_in_logical_blocks_by_the_modes_that_go_block_by_block():
    extent = Extent(0x40000, 0x100000)

    def counted(mode: Mode):
        update = Update(scheme(f"mcuboot-{mode.value}"), logical_block=256 * KIB)
        return slot_blocks(update, f769(BANK * 2), extent)

    assert counted(Mode.SWAP_MOVE) == (EraseRun(3, 256 * KIB),)
    assert counted(Mode.DIRECT_XIP) == (EraseRun(6, 128 * KIB),)
