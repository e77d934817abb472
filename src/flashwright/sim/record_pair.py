"""A boot record in two erase blocks, of which at any time one is firm. Part of what we recommend.

A record is 16 bytes, filled up to whole program units: a generation, a state, two values, and a
CRC-32 over all of that; it counts only if the CRC is right. The first erase block leads, the second
follows, and each change of the record is three writes, each of a whole erase block:

1. the follower is written anew as it is (the leader is firm meanwhile),
2. the leader is written with the next generation,
3. the follower is written like the leader.

At boot both are read. Equal: the leader is firm, go on. Only one is readable, or they differ: what
the leader says (or else the follower) is written as in 2 and 3 before anything is done about it.
So whatever the device does, it does on a record that was written to the end in this session or lies
there twice; a program unit that reads differently at each boot can do no harm. That costs six more
erases an update than a single record, and no erase at an ordinary boot.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from flashwright.flash.content import JUNK
from flashwright.sim.area import Area, Contents
from flashwright.sim.machine import Act, Go, Move, Phased, Volatile, World

LEADER, FOLLOWER = 0, 1

#: Generations go round: two that follow each other differ, more is not needed.
ROUND = 2

_LAYOUT = struct.Struct("<IHHII")
_CRC_SIZE = 4


class Record(NamedTuple):
    """One boot record: ``generation``, ``state``, and two values that the scheme gives sense."""

    generation: int
    state: int
    first: int
    second: int


class RecordPair:
    """The first two erase blocks of an area, as a place for records."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self.size = -(-_LAYOUT.size // area.unit) * area.unit

    def offset(self, block: int) -> int:
        """Where in the area block 0 or 1 begins, in bytes."""
        return self.area.blocks[block].start - self.area.start

    def one(self, flash: Contents, block: int) -> Record | None:
        """The record in that block, if its CRC is right."""
        data = self.area.read(flash, self.offset(block), _LAYOUT.size)
        *fields, crc = _LAYOUT.unpack(data)
        return Record(*fields) if zlib.crc32(data[:-_CRC_SIZE]) == crc else None

    def both(self, flash: Contents) -> tuple[Record | None, Record | None]:
        """The leader's and the follower's record."""
        return self.one(flash, LEADER), self.one(flash, FOLLOWER)

    def current(self, flash: Contents) -> Record | None:
        """The record that counts: the leader's, or else the follower's."""
        leader, follower = self.both(flash)
        return leader or follower

    def encoded(self, record: Record) -> bytes:
        """The bytes of a record, filled up to whole program units."""
        head = _LAYOUT.pack(*record, 0)[:-_CRC_SIZE]
        return (head + zlib.crc32(head).to_bytes(_CRC_SIZE, "little")).ljust(self.size, b"\0")

    def with_both(self, flash: Contents, state: int, first: int, second: int) -> Contents:
        """The flash as it leaves the factory, with that record twice."""
        data = self.encoded(Record(0, state, first, second))
        for block in (LEADER, FOLLOWER):
            flash = self.area.with_bytes(flash, self.offset(block), data)
        return flash

    def tidied(self, flash: Contents) -> Contents:
        """For ``forget``: junk where a block holds no record, generations from 0 on.

        No reader can tell the difference: of generations only "equal or not" counts.
        """
        leader, follower = self.both(flash)
        ahead = leader and follower and leader.generation != follower.generation
        for block, record in ((LEADER, leader), (FOLLOWER, follower)):
            if record is None:
                flash = self.area.filled(flash, JUNK, block)
                continue
            generation = 1 if ahead and block == LEADER else 0
            if record.generation != generation:
                data = self.encoded(record._replace(generation=generation))
                flash = self.area.with_bytes(flash, self.offset(block), data)
        return flash


class RecordWriter(Phased):
    """A machine that keeps its record in ``pair``: settling it at boot, and changing it."""

    pair: RecordPair

    def settled(self, flash: Contents, then: Volatile) -> Move:
        """Make both records equal, then go on in ``then``; with no record at all, go on."""
        leader, follower = self.pair.both(flash)
        if leader == follower:
            return Go(then)
        record = leader or follower
        assert record is not None
        if leader is None:
            record = record._replace(generation=(record.generation + 1) % ROUND)
        if follower is None:
            return Go(("write_record", ((FOLLOWER, record),), then))
        return Go(("write_record", ((LEADER, record), (FOLLOWER, record)), then))

    def changed(self, flash: Contents, state: int, first: int, second: int, then: Volatile) -> Move:
        """Change the record, which is settled, then go on in ``then``."""
        old = self.pair.current(flash)
        generation = (old.generation + 1) % ROUND if old else 0
        new = Record(generation, state, first, second)
        writes = ((LEADER, new), (FOLLOWER, new))
        if old is not None:
            writes = ((FOLLOWER, old), *writes)  # type: ignore[assignment]
        return Go(("write_record", writes, then))

    def on_write_record(
        self,
        flash: Contents,
        world: World,
        writes: tuple[tuple[int, Record], ...],
        then: Volatile,
        erased: bool = False,
    ) -> Move:
        """Erase a block and program the record, one write after the other."""
        block, record = writes[0]
        if not erased:
            return Act(self.pair.area.erase(block), ("write_record", writes, then, True))
        data = self.pair.encoded(record)
        after = ("write_record", writes[1:], then) if len(writes) > 1 else then
        return Act(self.pair.area.write(self.pair.offset(block), data), after)
