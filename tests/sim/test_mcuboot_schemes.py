"""MCUboot's schemes under the explorer: what holds, what does not, and repairs that are undone."""

from __future__ import annotations

import pytest

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.flash.faults import FaultModel
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.mcuboot import Build, Mode, largest_image, uniform
from flashwright.sim.area import Board
from flashwright.sim.explore import Exploration, explore
from flashwright.sim.mcuboot_move import McubootSwapMove
from flashwright.sim.mcuboot_offset import McubootSwapOffset
from flashwright.sim.mcuboot_overwrite import McubootOverwrite
from flashwright.sim.mcuboot_xip import McubootDirectXip

BLOCK = 4096
WHOLE = FaultModel(torn_program=False, torn_erase=False)
CLASSES = {
    Mode.SWAP_MOVE: McubootSwapMove,
    Mode.SWAP_OFFSET: McubootSwapOffset,
    Mode.OVERWRITE: McubootOverwrite,
    Mode.DIRECT_XIP: McubootDirectXip,
}


def explored(mode: Mode, faults: FaultModel, blocks: int = 4, **named: object) -> Exploration:
    slot = blocks * BLOCK
    chips = Chips([Flash("f", 0, (EraseRun(2 * blocks, BLOCK),), program_unit=4)])
    board = Board(chips, 1024)
    areas = [board.area(n, "f", Extent(i * slot, (i + 1) * slot)) for i, n in enumerate("ab")]
    build = Build(8, 8, blocks)
    size = largest_image(mode, uniform(slot, BLOCK), uniform(slot, BLOCK), build) // 8 * 8
    return explore(CLASSES[mode](board, *areas, size, build, **named), faults)  # type: ignore[arg-type]


def laws(found: Exploration) -> set[str]:
    assert not found.incomplete
    return {breach.law for breach in found.breaches}


@pytest.mark.parametrize(
    "mode", [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE, Mode.DIRECT_XIP]
)
def test_holds_with_any_number_of_cuts_between_operations(mode: Mode) -> None:
    found = explored(mode, WHOLE, 5)
    assert laws(found) == set()
    assert {"installed", "confirmed", "next"} <= found.events


def test_overwrite_holds_with_torn_operations() -> None:
    assert laws(explored(Mode.OVERWRITE, FaultModel())) == set()


def test_direct_xip_holds_with_torn_operations() -> None:
    assert laws(explored(Mode.DIRECT_XIP, FaultModel())) == set()


def test_without_swap_size_a_cut_move_cannot_be_resumed() -> None:
    found = explored(Mode.SWAP_MOVE, WHOLE, without=frozenset({"swap_size"}))
    assert "boots" in laws(found)
