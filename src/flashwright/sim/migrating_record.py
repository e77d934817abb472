"""ESP-IDF's boot record in a migration: which slot it selects, and the entry that selects another.

Two halves hold an entry with a sequence and a CRC each (`esp_ota_select_entry_t`); the larger
sequence selects slot ``(sequence - 1) mod number of slots``. See ``evolve.migration.WriteRecord``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from flashwright.base.extent import Extent
from flashwright.evolve.migrate.migration import WriteRecord, record_entry
from flashwright.flash.steps import EraseStep, ProgramStep, Step
from flashwright.model.table import Partition
from flashwright.sim.area import Area, Contents

_ENTRY = 32


def sequences(area: Area, flash: Contents, extent: Extent) -> tuple[int, int]:
    """The sequences of both halves of the record in ``extent``, 0 for one that is not whole."""
    found = []
    for at in (extent.start, extent.start + extent.size // 2):
        raw = area.read(flash, at, _ENTRY)
        (sequence,) = struct.unpack_from("<I", raw)
        whole = sequence not in (0, 0xFFFFFFFF) and raw == record_entry(sequence)
        found.append(sequence if whole else 0)
    return found[0], found[1]


def next_entry(
    task: WriteRecord, present: tuple[int, int], selects: Callable[[int], bool]
) -> tuple[int, int]:
    """Where the new entry goes and its sequence.

    ``selects`` tells whether a sequence selects the running slot under the old table.
    """
    start, size = task.place.extent.start, task.place.extent.size
    if not task.in_place:
        return start, task.remainder + 1
    largest, least = max(present), min(present)
    used, free = (
        (start, start + size // 2) if present[0] >= present[1] else (start + size // 2, start)
    )
    if least and selects(least) and (largest - 1) % task.modulus == task.remainder:
        return used, largest
    return free, largest + 1 + (task.remainder - largest) % task.modulus


def entry_steps(task: WriteRecord, start: int, sequence: int) -> tuple[Step, ...]:
    """Erase the half (at a new place: both halves) and write the entry."""
    owner, extent = task.place.owner, task.place.extent
    half = Extent.of(start, extent.size // 2)
    return (
        EraseStep(owner, half if task.in_place else extent, "boot record"),
        ProgramStep(owner, start, record_entry(sequence), why="boot record"),
    )


def hardest_sequence(running: Partition, old: Sequence[Partition], new: Sequence[Partition]) -> int:
    """A sequence that selects the running slot under the old table; 0 if that is none of them.

    If there is one that selects another slot under the new table, such a one.
    """
    if running not in old:
        return 0
    first = old.index(running) + 1
    place = running.owner, running.extent.start
    for sequence in range(first, first + len(old) * max(1, len(new)), len(old)):
        there = new[(sequence - 1) % len(new)] if new else None
        if there is None or (there.owner, there.extent.start) != place:
            return sequence
    return first
