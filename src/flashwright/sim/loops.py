"""The loops that every scheme has: erase an area block by block, write it call by call."""

from __future__ import annotations

from flashwright.flash.content import DEAD, ERASED, JUNK, DeadRead, pieces
from flashwright.flash.operations import Program
from flashwright.sim.area import Area, Contents
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


def copied(
    flash: Contents, source: Area, at: int, target: Area, to: int, length: int
) -> tuple[Program, ...]:
    """The program calls that copy ``length`` bytes of ``source`` at ``at`` to ``target``.

    Erased calls are left out; a call that finds more than one content copies junk.
    """
    calls = []
    for first in range(0, length, target.chunk):
        last = min(first + target.chunk, length)
        start = target.start + to + first
        end = start + -(-(last - first) // target.unit) * target.unit
        low = source.start + at + first
        found = list(pieces(flash[source.index].runs, low, low + end - start))
        content, origin = (found[0][2], found[0][3]) if len(found) == 1 else (JUNK, 0)
        if content == DEAD:
            raise DeadRead(f"bytes 0x{low:X}..0x{low + end - start:X}")
        if content == ERASED:
            continue
        if not isinstance(content, (str, bytes)):
            content = JUNK
        calls.append(Program(start, end, content, origin + start - low))
    return tuple(calls)
