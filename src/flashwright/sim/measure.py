"""What one update costs when nothing goes wrong: erases a block, program units, time, wear.

Times are the device file's typical figures; where it has none, no time is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase
from flashwright.sim.machine import Act, Machine
from flashwright.sim.stepper import Stepper

#: More operations than any update takes.
MOST_STEPS = 5_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """One update from the offer to the confirmed image.

    ``erases`` counts all, ``most_erased`` is the erase block that is erased most often
    (``owner``, offsets in that flash) and ``most_erases`` how often. ``updates_until_worn`` is the
    endurance of that flash divided by it, 0 where the endurance is not known. ``time_us`` is the
    time that erase and program take, 0 where the device file has no times.
    """

    erases: int
    program_calls: int
    programmed: int
    most_erases: int
    most_erased: Extent | None
    owner: str
    updates_until_worn: int
    time_us: int


def measure(machine: Machine) -> Cost | None:
    """The cost of the first update; ``None`` if it does not get through by itself."""
    stepper = Stepper(machine, FaultModel(cuts=0), exact=True)
    state = stepper.first()
    erased: dict[Extent, int] = {}
    calls = programmed = 0
    time_us = 0
    restarts = set()
    for _ in range(MOST_STEPS):
        found = stepper.expand(state)
        if found.boot:
            if state in restarts:
                return None
            restarts.add(state)
        world = state[2]
        if not found.after and found.goal and world.confirmed > 1:
            break
        if found.broken is not None or not found.after:
            return None
        _, then = found.after[0]
        if len(found.after) > 1 and then[2].updates > 1 and then[2].confirmed > 1:
            break
        if type(found.move) is Act:
            operation = found.move.operation
            extent = Extent(operation.start, operation.end)
            flash, _ = machine.board.chips.chip_at(operation.start)
            if type(operation) is Erase:
                erased[extent] = erased.get(extent, 0) + 1
                time_us += flash.erase_time_us
            else:
                calls += 1
                programmed += extent.size
                time_us += extent.size // flash.program_unit * flash.program_time_us
        state = then
    else:
        return None
    return _cost(machine, erased, calls, programmed, time_us)


def _cost(
    machine: Machine, erased: dict[Extent, int], calls: int, programmed: int, time_us: int
) -> Cost:
    chips = machine.board.chips
    timed = all(
        chips.chip_at(a.start)[0].erase_time_us and chips.chip_at(a.start)[0].program_time_us
        for a in machine.areas
    )
    worst = max(erased, key=lambda block: (erased[block], -block.start), default=None)
    owner, where, until = "", None, 0
    if worst is not None:
        flash, base = chips.chip_at(worst.start)
        owner, where = flash.name, worst.shifted(-base)
        until = flash.endurance_cycles // erased[worst]
    return Cost(
        erases=sum(erased.values()),
        program_calls=calls,
        programmed=programmed,
        most_erases=erased[worst] if worst else 0,
        most_erased=where,
        owner=owner,
        updates_until_worn=until,
        time_us=time_us if timed else 0,
    )
