"""From a table to MCUboot's machines: sizes, and layouts that a mode cannot work on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flashwright.base.extent import Extent
from flashwright.flash.faults import FaultModel
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Update
from flashwright.sim.mend import mend
from flashwright.sim.prove import Verdict, machine_for, prove

K = 1024
EVEN = ((64, 4 * K),)


def table(
    mode: str,
    *,
    runs: tuple[tuple[int, int], ...] = EVEN,
    second: str = "a",
    shorter: int = 0,
    scratch: int = 0,
    unit: int = 4,
    slot: int = 24 * K,
    logical: int = 0,
) -> Table:
    """A slot pair on flash ``a`` (mapped), the second on ``second`` (``b``: bytes, not mapped)."""
    chips = tuple(
        Flash(name, base, tuple(EraseRun(*run) for run in runs), program_unit=one)
        for name, base, one in (("a", 0, unit), ("b", None, 1))
    )
    device = Device("board", "", "", "", chips, BootFacts("a"))
    at = 0 if second == "b" else slot
    parts = [
        Partition("slot0", Role.APPLICATION, "a", Extent(0, slot), 0),
        Partition("slot1", Role.OTA_TEMP, second, Extent.of(at, slot - shorter), at),
    ]
    if scratch:
        parts.append(Partition("s", Role.SCRATCH, "a", Extent.of(2 * slot, scratch), 2 * slot))
    chosen = scheme(f"mcuboot-{mode}")
    assert chosen is not None
    return Table("t", tuple(parts), device, Update(chosen, logical_block=logical))


def codes(layout: Table) -> list[str]:
    machine, findings = machine_for(layout)
    assert (machine is None) == bool(findings)
    return [f.code for f in findings]


@pytest.mark.parametrize(
    "layout",
    [
        table("overwrite"),
        table("swap-move"),
        table("swap-offset", second="b"),
        table("swap-scratch", scratch=4 * K),
        table("direct-xip"),
        table("swap-move", runs=((12, 4 * K), (6, 8 * K)), slot=48 * K, logical=8 * K),
    ],
)
def test_layouts_that_suit(layout: Table) -> None:
    assert codes(layout) == []


@pytest.mark.parametrize(
    ("layout", "code"),
    [
        (table("swap-scratch"), "SIM003"),
        (
            table("swap-scratch", runs=((3, 16 * K), (9, 8 * K)), slot=48 * K, scratch=8 * K),
            "SIM004",
        ),
        (table("swap-move", runs=((12, 4 * K), (6, 8 * K)), slot=48 * K), "SIM004"),
        (table("swap-move", slot=8 * K), "SIM004"),
        (table("direct-xip", second="b"), "SIM008"),
        (table("overwrite", shorter=4 * K), "SIM004"),
        (table("swap-move", unit=32), "SIM009"),
    ],
)
def test_layouts_that_do_not(layout: Table, code: str) -> None:
    assert code in codes(layout)


def test_what_lies_inside_a_slot_is_none() -> None:
    """nRF Connect lists the code behind an image's header as an application of its own."""
    layout = table("overwrite")
    first, second = (replace(p, pair="mcuboot") for p in layout.partitions)
    code = Partition("app", Role.APPLICATION, "a", Extent(0x200, 24 * K), 0x200, parent="code")
    span = replace(code, name="code", role=Role.CUSTOM, parent="slot0")
    layout = replace(layout, partitions=(code, span, first, second))
    machine, findings = machine_for(layout)
    assert machine is not None and not findings
    assert [a.name for a in machine.areas] == ["slot0", "slot1"]


@pytest.mark.parametrize("mode", ["overwrite", "swap-move", "swap-offset", "direct-xip"])
def test_a_slot_that_starts_inside_an_erase_block_is_told(mode: str) -> None:
    layout = table(mode)
    first, second = layout.partitions
    inside = replace(first, extent=Extent(0x200, 24 * K))
    _, findings = machine_for(replace(layout, partitions=(inside, second)))
    assert "`slot0` starts at 0x200, inside an erase block of 0x1000 bytes" in [
        f.message for f in findings
    ]


def test_a_swap_is_violated_and_the_repairs_are_offered_in_words() -> None:
    layout = table("swap-move")
    faults = FaultModel(mixed_erase=False)
    proof = prove(layout, faults=faults)
    broken = [j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED]
    assert (proof.verdict, broken) == (Verdict.VIOLATED, ["reverted"])
    first, second = mend(layout, faults=faults)
    assert "a copy_done that is neither erased nor 1 counts as set" in first.text
    assert second.scheme == "mcuboot-direct-xip"


def test_repairs_are_enough_where_a_trailer_needs_two_erase_blocks() -> None:
    """There the plain scheme does not boot: magic and status lie in different erase blocks."""
    layout = table("swap-move", runs=((512, 256),), unit=8, slot=4 * K)
    assert prove(layout).verdict is Verdict.VIOLATED
    assert prove(layout, scheme="mcuboot-swap-move-hardened").verdict is Verdict.HOLDS


@pytest.mark.parametrize("mode", ["overwrite", "swap-move-hardened", "swap-offset-hardened"])
def test_a_trailer_is_copied_in_whole_program_units_of_the_other_flash(mode: str) -> None:
    layout = table(mode.removesuffix("-hardened"), second="b")
    assert prove(layout, scheme=f"mcuboot-{mode}").verdict is Verdict.HOLDS
