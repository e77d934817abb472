"""The loops that every scheme has: erase an area block by block, write it call by call."""

from __future__ import annotations

from flashwright.sim.area import Area
from flashwright.sim.machine import Act, Move, Volatile


def erase_next(area: Area, block: int, again: Volatile, then: Volatile) -> Move:
    """Erase block number ``block``; then ``(*again, block + 1)``, at last ``then``."""
    last = block + 1 == len(area.blocks)
    return Act(area.erase(block), then if last else (*again, block + 1))


def program_next(
    area: Area, name: str, length: int, call: int, again: Volatile, then: Volatile
) -> Move:
    """Call number ``call`` of those that write ``name`` at the start of the area."""
    last = call + 1 == area.chunks(length)
    return Act(area.program(call, name, length), then if last else (*again, call + 1))
