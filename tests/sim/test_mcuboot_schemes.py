"""MCUboot's schemes under the explorer: what holds, what does not, and repairs that are undone.

Each verdict that is not HOLDS was followed by hand through the source (mcu-tools/mcuboot 2d4bacc3):

- A torn copy_done is neither set nor unset (`bootutil_public.c`, boot_flag_decode): no row of
  boot_swap_tables reverts, and no swap is under way.
- A cut while a revert erases the secondary trailer leaves a magic that is bad: fixup_revert
  (`swap_move.c`, `swap_offset.c`) acts on an unset one only, and the next cut, while the primary
  trailer is erased, leaves no trace of the revert.
- An erase that began at the front leaves the magic at the end: a trailer without status
  (`swap_scratch.c`, boot_status_tables: scratch is asked first) or without swap_info and copy_done
  (`swap_offset.c`: a revert becomes a test).
"""

from __future__ import annotations

import pytest

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.flash.faults import FaultModel
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.mcuboot import Build, Mode, largest_image, uniform
from flashwright.sim.area import Board
from flashwright.sim.explore import Exploration, explore
from flashwright.sim.machine import Act, Machine
from flashwright.sim.mcuboot_move import McubootSwapMove
from flashwright.sim.mcuboot_offset import McubootSwapOffset
from flashwright.sim.mcuboot_overwrite import McubootOverwrite
from flashwright.sim.mcuboot_scratch import McubootSwapScratch
from flashwright.sim.mcuboot_swap import MENDINGS, NEEDED, Variant
from flashwright.sim.mcuboot_xip import McubootDirectXip
from flashwright.sim.stepper import Stepper

BLOCK = 4096
WHOLE = FaultModel(torn_program=False, torn_erase=False)
PROGRAM = FaultModel(torn_erase=False)
UNMIXED = FaultModel(mixed_erase=False)
TORN = FaultModel()
CLASSES = {
    Mode.SWAP_MOVE: McubootSwapMove,
    Mode.SWAP_OFFSET: McubootSwapOffset,
    Mode.SWAP_SCRATCH: McubootSwapScratch,
    Mode.OVERWRITE: McubootOverwrite,
    Mode.DIRECT_XIP: McubootDirectXip,
}
SWAPS = [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH]


def machine(
    mode: Mode, blocks: int = 4, *, scratch: int = 1, second: int = BLOCK, **named: object
) -> Machine:
    """The mode on slots of so many blocks; ``second`` is the erase block of the secondary slot."""
    slot = blocks * BLOCK
    overwrite = named.pop("overwrite", Overwrite.CLEAR_BITS)
    assert isinstance(overwrite, Overwrite)
    chips = Chips(
        [
            Flash(name, 0, (EraseRun(slot // size, size),), program_unit=8, overwrite=overwrite)
            for name, size in (("a", BLOCK), ("b", second))
        ]
        + [Flash("s", 0, (EraseRun(scratch, BLOCK),), program_unit=8, overwrite=overwrite)]
    )
    board = Board(chips, 1024)
    areas = [board.area(name, name, Extent(0, slot)) for name in "ab"]
    if mode == Mode.SWAP_SCRATCH:
        areas.append(board.area("s", "s", Extent(0, scratch * BLOCK)))
    build = Build(8, 8, blocks)
    size = largest_image(mode, uniform(slot, BLOCK), uniform(slot, second), build) // 8 * 8
    return CLASSES[mode](board, *areas, size, build, *((Variant(**named),) if named else ()))  # type: ignore[arg-type]


def laws(found: Exploration) -> set[str]:
    assert not found.incomplete
    return {breach.law for breach in found.breaches}


@pytest.mark.parametrize("mode", list(CLASSES))
def test_holds_with_any_number_of_cuts_between_operations(mode: Mode) -> None:
    found = explore(machine(mode, 5), WHOLE)
    assert laws(found) == set()
    assert {"installed", "confirmed", "next"} <= found.events


@pytest.mark.parametrize("mode", [Mode.OVERWRITE, Mode.DIRECT_XIP])
def test_holds_with_torn_operations(mode: Mode) -> None:
    assert laws(explore(machine(mode, 5), TORN)) == set()


def test_direct_xip_cannot_set_a_torn_copy_done_where_a_unit_is_programmed_once() -> None:
    found = explore(machine(Mode.DIRECT_XIP, overwrite=Overwrite.ONCE), TORN)
    assert laws(found) == {"flash"}


@pytest.mark.parametrize(
    ("mode", "faults", "broken"),
    [
        (Mode.SWAP_MOVE, PROGRAM, {"reverted"}),
        (Mode.SWAP_MOVE, UNMIXED, {"reverted"}),
        (Mode.SWAP_MOVE, TORN, {"reverted"}),
        (Mode.SWAP_OFFSET, PROGRAM, {"reverted"}),
        (Mode.SWAP_OFFSET, UNMIXED, {"reverted"}),
        (Mode.SWAP_OFFSET, TORN, {"boots", "reverted"}),
        (Mode.SWAP_SCRATCH, PROGRAM, {"reverted"}),
        (Mode.SWAP_SCRATCH, UNMIXED, {"reverted"}),
        (Mode.SWAP_SCRATCH, TORN, {"boots", "reverted"}),
    ],
)
def test_what_torn_trailers_break(mode: Mode, faults: FaultModel, broken: set[str]) -> None:
    assert laws(explore(machine(mode), faults)) == broken


@pytest.mark.parametrize("mode", SWAPS)
@pytest.mark.parametrize("faults", [PROGRAM, UNMIXED, TORN])
def test_with_all_repairs_the_swaps_hold(mode: Mode, faults: FaultModel) -> None:
    found = explore(machine(mode, mended=frozenset(NEEDED[mode])), faults)
    assert laws(found) == set()
    assert {"installed", "confirmed", "reverted", "next"} <= found.events


@pytest.mark.parametrize(
    ("mode", "missing"), [(mode, name) for mode in SWAPS for name in NEEDED[mode]]
)
def test_each_repair_is_needed(mode: Mode, missing: str) -> None:
    assert missing in MENDINGS
    assert laws(explore(machine(mode, mended=frozenset(NEEDED[mode]) - {missing}), TORN))


# What is forgotten, passed through and worked out once.


@pytest.mark.parametrize(
    ("mode", "faults"),
    [
        *((mode, WHOLE) for mode in CLASSES),
        *((mode, UNMIXED) for mode in CLASSES if mode != Mode.SWAP_SCRATCH),
        # With any number of torn operations these are more than a million states.
        (Mode.SWAP_SCRATCH, FaultModel(cuts=2, mixed_erase=False)),
    ],
)
def test_forgetting_changes_no_verdict(
    mode: Mode, faults: FaultModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every state, with all that its flash holds, comes to the same as those that are kept."""
    usual, plain = machine(mode, 3), machine(mode, 3)
    monkeypatch.setattr(plain, "forget", lambda flash, _world: flash)
    monkeypatch.setattr(plain, "passes", lambda _volatile: False)
    usual.updates = plain.updates = 1
    found = explore(usual, faults)
    told = explore(plain, faults, chained=False)
    assert told.states > found.states
    assert (laws(told), told.events) == (laws(found), found.events)


# Known failures, restored.


def test_without_swap_size_a_cut_move_cannot_be_resumed() -> None:
    """Issue 829: an image that was padded and confirmed has no swap_size."""
    found = explore(machine(Mode.SWAP_MOVE, without=frozenset({"swap_size"})), WHOLE)
    assert "boots" in laws(found)


@pytest.mark.parametrize("mode", [Mode.SWAP_MOVE, Mode.SWAP_OFFSET])
def test_a_torn_magic_lost_the_revert(mode: Mode) -> None:
    """Issue 1966, mended by pull request 2100: a revert asked for an unset magic."""
    mended = frozenset({"torn-copy-done", "fixup"})
    before = machine(mode, mended=mended, without=frozenset({"any-magic"}))
    assert "reverted" in laws(explore(before, PROGRAM))
    assert laws(explore(machine(mode, mended=mended), PROGRAM)) == set()


def test_scratch_that_was_erased_from_its_front_was_taken_for_whole() -> None:
    """Mended by pull request 2275: scratch is erased from its end, where its trailer is."""
    without = frozenset({"scratch-backwards"})
    assert "boots" in laws(explore(machine(Mode.SWAP_SCRATCH, scratch=2, without=without), WHOLE))
    assert laws(explore(machine(Mode.SWAP_SCRATCH, scratch=2), WHOLE)) == set()


def test_chunks_that_end_inside_an_erase_block_corrupt_the_image_without_any_cut() -> None:
    """Issue 2524: scratch of three blocks, secondary slot with erase blocks of twice the size."""
    nothing = FaultModel(cuts=0)
    assert laws(explore(machine(Mode.SWAP_SCRATCH, 8, scratch=3, second=2 * BLOCK), nothing))
    assert not laws(explore(machine(Mode.SWAP_SCRATCH, 8, scratch=2, second=2 * BLOCK), nothing))


def test_an_offset_swap_resumed_in_its_first_block_prepares_the_trailers_again() -> None:
    """`swap_run` of swap_offset.c asks for the index alone; MCUboot itself was run beside this."""
    tried = machine(Mode.SWAP_OFFSET, 5)
    stepper = Stepper(tried, FaultModel(torn_program=False, torn_erase=False), exact=True)
    state, done = stepper.first(), []
    while len(done) < 400:
        found = stepper.expand(state)
        if isinstance(found.move, Act):
            done.append(found.move.operation)
            if len(done) > 2 and done[-1] == tried.first_trailer.write_status(0):  # type: ignore[attr-defined]
                break
        state = found.after[0][1]
    resumed = [s for (kind, _, _), s in stepper.expand(found.after[0][1]).faults if kind == "x"]
    again = stepper.expand(resumed[0]).move
    assert isinstance(again, Act)
    assert again.operation == tried.secondary.erase(len(tried.secondary.blocks) - 1)  # type: ignore[attr-defined]
