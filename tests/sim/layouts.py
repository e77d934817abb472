"""Small layouts for the tests of the prover."""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.table import Partition, Role, Table
from flashwright.sim.area import Board

BLOCK = 0x1000
CHUNK = 1024


def flash(blocks=32, unit=4, overwrite=Overwrite.CLEAR_BITS, erased=0xFF):
    runs = (EraseRun(blocks, BLOCK),)
    return Flash("embedded", 0, runs, unit, erased, overwrite, 100_000, 45_000, 10)


def board(blocks=4, **how):
    """A board with app, ota (``blocks`` erase blocks each), record (2) and extra (``blocks``)."""
    made = Board(Chips([flash(3 * blocks + 4, **how)]), CHUNK)
    size = blocks * BLOCK
    app = made.area("app", "embedded", Extent.of(0, size))
    ota = made.area("ota", "embedded", Extent.of(size, size))
    record = made.area("record", "embedded", Extent.of(2 * size, 2 * BLOCK))
    extra = made.area("extra", "embedded", Extent.of(2 * size + 2 * BLOCK, size))
    return made, app, ota, record, extra, size


def device(blocks=64, **how):
    return Device("test", "", "Test", "Nobody", (flash(blocks, **how),), BootFacts("embedded"))


def partition(name, role, start, blocks, **more):
    extent = Extent.of(start * BLOCK, blocks * BLOCK)
    return Partition(name, role, "embedded", extent, extent.start, **more)


def table(record_blocks=2, **more):
    """app at block 0, ota at 8, record at 16, kv at 20; 64 erase blocks."""
    partitions = (
        partition("app", Role.APPLICATION, 0, 8),
        partition("ota", Role.OTA_TEMP, 8, 8),
        partition("record", Role.BOOT_RECORD, 16, record_blocks),
        partition("kv", Role.KV, 20, 2),
    )
    return Table("test", partitions, device(), **more)
