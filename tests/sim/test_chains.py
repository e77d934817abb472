"""Chains are a shortcut: what is found with them and without is the same."""

from __future__ import annotations

import pytest
from layouts import board
from test_schemes import alios_single, recommended_dual, recommended_single

from flashwright.flash.content import DEAD, DeadRead
from flashwright.flash.faults import FaultModel
from flashwright.model.update import Payload
from flashwright.sim.alios_dual import AliosDualBank
from flashwright.sim.alios_swap import AliosSwap
from flashwright.sim.chains import Chains
from flashwright.sim.explore import explore
from flashwright.sim.machine import (
    UNSEEN,
    Act,
    Go,
    Halt,
    Looked,
    Phased,
    Promise,
    Rest,
    Run,
    World,
)
from flashwright.sim.stepper import NEXT, Stepper


def alios_swap():
    made, app, ota, record, extra, size = board()
    return AliosSwap(made, app, ota, record, extra, size)


def alios_dual():
    made, app, ota, record, _, size = board()
    return AliosDualBank(made, app, ota, record, size)


class Toy(Phased):
    """One slot; a restart walks through ``on_boot`` as each test has it."""

    name = "toy"
    promise = Promise(events=())

    def __init__(self):
        self.board, self.app, self.ota, self.record, _, self.size = board()
        self.areas = (self.app, self.ota, self.record)

    def first(self):
        return self.app.with_image(self.board.blank(), "v1", self.size), World()

    def length(self, version):
        return self.size

    def on_app(self, flash, world, version):
        return Rest()


class HalfCopied(Toy):
    """Writes over the application, block by block, before it starts it."""

    name = "half copied"

    def on_boot(self, flash, world, at=0):
        if self.app.image(flash, self.size) == "v2":
            return Run(self.app.start, ("app",))
        if at == 4:
            return Go(("write", 0))
        return Act(self.app.erase(at), ("boot", at + 1))

    def on_write(self, flash, world, call):
        if call == 3 and self.app.holds(flash, "v2", 2048):
            return Halt("gives up halfway")
        return Act(self.app.program(call, "v2", self.size), ("write", call + 1))


class Misused(Toy):
    """Programs the second of two calls where nothing has been erased."""

    name = "misused"

    def on_boot(self, flash, world, call=0):
        if call == 0:
            return Act(self.ota.erase(0), ("boot", 1))
        if call == 1:
            return Act(self.ota.program(0, "v2", self.size), ("boot", 2))
        return Act(self.app.program(1, "v2", self.size), ("boot", 3))


class Dead(Toy):
    """Reads in the second step what it has declared dead."""

    name = "dead"

    def forget(self, flash, world):
        return self.ota.filled(flash, DEAD)

    def on_boot(self, flash, world, call=0):
        if call == 0:
            return Act(self.record.erase(0), ("boot", 1))
        return Run(self.app.start, ("app",)) if self.ota.read(flash, 0, 4) else Halt("")


MACHINES = {
    "recommended single": recommended_single,
    "recommended dual": recommended_dual,
    "AliOS single, whole": alios_single,
    "AliOS single, delta": lambda: alios_single(Payload.DELTA),
    "AliOS single that counts first": lambda: alios_single(counts_first=True),
    "AliOS dual": alios_dual,
    "AliOS swap": alios_swap,
    "half copied": HalfCopied,
    "misused": Misused,
    "dead": Dead,
}

FAULTS = {
    "torn": FaultModel(),
    "untorn": FaultModel(torn_program=False, torn_erase=False),
}


def found_by(machine, faults, *, chained):
    """What an exploration says, and every flash that a restart may find."""
    restarts = set()
    forget = type(machine).forget

    def noting(flash, world):
        left = forget(machine, flash, world)
        restarts.add(left)
        return left

    machine.forget = noting
    found = explore(machine, faults, chained=chained)
    ways = {}
    for breach in found.breaches:
        way = found.way(breach.state)
        cuts = sum(label != NEXT and label[0] != "b" for label in way)
        ways.setdefault(breach.law, (cuts, len(way)))
    return found, (ways, found.events, found.incomplete, restarts)


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("make", MACHINES.values(), ids=MACHINES.keys())
def test_chains_find_what_single_steps_find(make, faults):
    machine = make()
    single, without = found_by(machine, faults, chained=False)
    chained, with_chains = found_by(machine, faults, chained=True)
    assert with_chains == without
    assert chained.states <= single.states
    assert chained.operations >= single.operations and chained.cuts >= single.cuts


def test_each_chain_is_what_the_stepper_does():
    machine = recommended_single()
    stepper = Stepper(machine, FaultModel())
    chains = Chains(stepper)
    state, walked = stepper.first(), 0
    for _ in range(400):
        chain = chains.of(state[0], state[1])
        if chain is None:
            after = stepper.expand(state).after
            if not after:
                break
            state = after[0][1]
            continue
        told = {}
        for run in range(chain.steps):
            found = stepper.expand(state)
            for label, (flash, *_) in found.faults:
                told.setdefault(flash, (run, label))
            ((_, state),) = found.after
        assert told == {flash: (run, label) for run, label, flash in chain.faults}
        assert (chain.flash, chain.volatile) == state[:2]
        walked += chain.steps
    assert walked > 40


def test_faults_that_are_counted_are_stepped_one_by_one():
    assert Chains.covers(FaultModel(bit_subsets=True))
    for counted in (
        FaultModel(cuts=2),
        FaultModel(unstable=True),
        FaultModel(lost_writes=1),
        FaultModel(worn_erases=1),
        FaultModel(failing_reads=1),
    ):
        assert not Chains.covers(counted)


def test_a_machine_that_looks_at_the_world_is_asked_with_the_world():
    class Peeking(Toy):
        def on_boot(self, flash, world):
            return Go(("look",))

        def on_look(self, flash, world):
            if world.confirmed == 1:
                return Act(self.record.erase(0), ("app", 1))
            return Halt("another world")

    machine = Peeking()
    chains = Chains(Stepper(machine, FaultModel()))
    flash, world = machine.first()
    assert chains.of(flash, ("look",)) is None
    assert machine.step(flash, ("look",), world).then == ("app", 1)


@pytest.mark.parametrize(
    "look",
    [
        lambda w: w.confirmed,
        lambda w: w[0],
        lambda w: w == World(),
        lambda w: w._replace(updates=1),
        hash,
        bool,
        list,
        lambda w: f"{w}",
    ],
)
def test_the_unseen_world_cannot_be_looked_at(look):
    with pytest.raises(Looked):
        look(UNSEEN)


def test_what_was_forgotten_and_read_ends_the_proof():
    found = explore(Dead(), FaultModel())
    assert found.incomplete
    machine = Dead()
    flash = machine.forget(machine.first()[0], World())
    with pytest.raises(DeadRead):
        machine.on_boot(flash, World(), 1)
