"""Versions that only their order tells apart are one: what is found is the same as without."""

from __future__ import annotations

import pytest
from layouts import board
from test_chains import alios_swap
from test_mcuboot_schemes import PROGRAM, SWAPS, TORN, WHOLE, machine

from flashwright.flash.content import Unstable, splice
from flashwright.sim.explore import explore
from flashwright.sim.machine import Machine, Promise, World
from flashwright.sim.mcuboot_swap import NEEDED
from flashwright.sim.renaming import Renaming
from flashwright.sim.stepper import NEXT

MACHINES = {
    "AliOS swap": alios_swap,
    **{mode.value: lambda mode=mode: machine(mode) for mode in SWAPS},
    **{
        f"{mode.value}, mended": lambda mode=mode: machine(mode, mended=frozenset(NEEDED[mode]))
        for mode in SWAPS
    },
}


def told(make, faults, *, renamed):
    """The states, and the laws broken with the cuts and steps to it, and the events."""
    found = explore(make(), faults, renamed=renamed)
    assert not found.incomplete
    ways = {}
    for breach in found.breaches:
        way = found.way(breach.state)
        cuts = sum(label != NEXT and label[0] != "b" for label in way)
        ways.setdefault(breach.law, (cuts, len(way)))
    return found.states, (ways, found.events)


CASES = [(name, faults) for name in MACHINES for faults in (WHOLE, PROGRAM)]
CASES += [(name, TORN) for name in ("AliOS swap", "swap-offset", "swap-move, mended")]


@pytest.mark.parametrize(("name", "faults"), CASES)
def test_renaming_changes_nothing_but_the_number_of_states(name, faults):
    make = MACHINES[name]
    fewer, renamed = told(make, faults, renamed=True)
    states, plain = told(make, faults, renamed=False)
    assert renamed == plain
    assert fewer < states


def test_a_machine_that_protects_against_older_images_is_not_renamed():
    def protecting() -> Machine:
        made = alios_swap()
        made.promise = Promise(reverts=True, protects=True)
        return made

    assert told(protecting, WHOLE, renamed=True) == told(protecting, WHOLE, renamed=False)


@pytest.mark.parametrize(
    ("lies", "world", "named", "after"),
    [
        # Confirmed for good: what it replaced is gone.
        (["v2"], World(1, 2, 0b110), ["v1"], World(1, 1, 0b10, 0, 1)),
        # The older image is still there, and may come back.
        (["v2", "v1"], World(1, 2, 0b110), ["v2", "v1"], World(1, 2, 0b110)),
        # The second update after a good one, and after a bad one.
        (["v2", "v3"], World(2, 2, 0b110), ["v1", "v2"], World(2, 1, 0b10, 0, 1)),
        (["v1", "v3"], World(2, 1, 0b10, 0b100), ["v1", "v2"], World(2, 1, 0b10, 0, 1)),
        # The newest is kept while it may be offered again, or lies somewhere.
        (["v1"], World(2, 1, 0b10, 0b100), ["v1"], World(2, 1, 0b10, 0, 1)),
        (["v1", "v3"], World(2, 1, 0b10, 0b1100), ["v1", "v2"], World(2, 1, 0b10, 0b100, 1)),
        # Two bad ones, both gone.
        (["v1"], World(2, 1, 0b10, 0b1100), ["v1"], World(2, 1, 0b10, 0, 2)),
        # The newest is bad and gone, but an older one that is not confirmed would be offered.
        (["v1", "v2"], World(2, 1, 0b110, 0b1000), ["v1", "v2"], World(2, 1, 0b110, 0b1000)),
        # v0 is no update.
        (["v0", "v3"], World(2, 3, 0b1110), ["v0", "v3"], World(2, 3, 0b1110)),
    ],
)
def test_versions_that_count_are_numbered_anew(lies, world, named, after):
    made, app, ota, *_, size = board()

    def flash(names):
        held = made.blank()
        for area, name in zip((app, ota), names, strict=False):
            held = area.with_image(held, name, size)
        return held

    renaming = Renaming(made)
    assert renaming.of(flash(lies), world) == (flash(named), after)
    assert renaming.of(flash(named), after) == (flash(named), after)
    assert after.newest - world.newest == world.retired - after.retired


def test_a_flash_that_is_not_settled_keeps_its_names():
    made, app, ota, *_, size = board()
    flash = ota.with_image(made.blank(), "v2", size)
    unsure = splice(flash[app.index].runs, app.start, app.start + app.unit, Unstable("v1", "v2"))
    flash = app.with_part(flash, app.part(unsure))
    world = World(1, 2, 0b110)
    assert Renaming(made).of(flash, world) == (flash, world)
