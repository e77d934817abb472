"""The AliOS Things KV store: update in place of flags, garbage collection into the free block.

Source: AliOS Things 3.0 `kernel/fs/kv/kv.c`, `kv_types.h`; repaired gaps as in #1213, #1215.

A block begins with 'K' and a state (clean 0xEE, used 0xCC, dirty 0x44; each clears bits of the one
before). An item is 'I', a state (valid 0xEE, deleted 0x00), a CRC-8, lengths, the offset of the
item that it replaces, key and value. A new value is appended, then the old item's state is cleared
in place: a single byte over what is programmed, which flash with ECC does not allow. One block is
kept free; when the others are full, the live items of a dirty block are copied into it, the source
is erased and formatted, and the target marked used.

At start: a block without a valid state is formatted; an item with a wrong CRC is deleted; an item
whose origin is still valid deletes it. What a clean block holds that is not blank is no sentence of
the source: here it is formatted while a dirty block holds the same items, else it is taken as used
(our reading). ``formats_clean`` restores the gap: such a block is always formatted. Of two valid
items with one key the first is found, in the order of blocks and offsets. ``stale`` restores #1215:
an update that collects garbage still deletes the old item where it lay before, so that the old
value stays valid, is found first, and a zero lies in the block that was just formatted.

Modelled: two keys, one that never changes and one that is set ``SETS`` times, in two blocks;
the first block is nearly full, so that the fourth set collects garbage.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from flashwright.flash.content import ERASED, JUNK
from flashwright.sim.area import Area, Board, Contents
from flashwright.sim.machine import (
    Act,
    Choose,
    Fail,
    Go,
    Move,
    Phased,
    Promise,
    Serve,
    Volatile,
    World,
)

CLEAN, USED, DIRTY = 0xEE, 0xCC, 0x44
VALID, DELETED = 0xEE, 0x00
_MAGIC, _ITEM = 0x4B, 0x49
_HEADER = 4

#: 'I', state, crc8, key length, value length, origin; then one byte of key, three of value.
_ITEM_LAYOUT = struct.Struct("<BBBBHHB3s")
ITEM = _ITEM_LAYOUT.size

#: How many more items fit into the first block when all begins.
ROOM = 3

#: How often the key is set.
SETS = 6

STATIC, CHANGING = 0, 1


class Item(NamedTuple):
    """One item: where it lies (block, offset in it), state, key, value number, origin."""

    block: int
    offset: int
    state: int
    key: int
    value: int
    origin: int


class AliosKv(Phased):
    """The store in the first two erase blocks of an area."""

    name = "alios-kv"
    promise = Promise(events=("served", "changed", "collected"))
    assumptions = ("two blocks, two keys; the store is nearly full when it begins",)

    def __init__(
        self, board: Board, kv: Area, *, formats_clean: bool = False, stale: bool = False
    ) -> None:
        self.board, self.kv = board, kv
        self.areas = self.records = (kv,)
        self.formats_clean, self.stale = formats_clean, stale
        #: Offset behind the last item that fits into a block of the model.
        self.full = _HEADER + (ROOM + 2) * ITEM

    def first(self) -> tuple[Contents, World]:
        """Block 0 in use with both keys, block 1 clean."""
        flash = self.board.blank()
        data = bytes([_MAGIC, USED, 0, 0]) + _item(STATIC, 0, 0) + _item(CHANGING, 1, 0)
        flash = self.kv.with_bytes(flash, 0, data)
        return self.kv.with_bytes(flash, self._at(1, 0), bytes([_MAGIC, CLEAN, 0, 0])), World()

    def length(self, version: int) -> int:
        """No image is started."""
        return 0

    def forget(self, flash: Contents, world: World) -> Contents:
        """Blocks that will be formatted are junk; of items only what they mean stays."""
        return self.kv.tidied(flash, self._tidied)

    def _tidied(self, flash: Contents) -> Contents:
        items = self._items(flash, (CLEAN, USED, DIRTY))
        valid = {self._at(i.block, i.offset) for i in items if i.state == VALID and i.key >= 0}
        for block in (0, 1):
            state = self._state(flash, block)
            if state not in (CLEAN, USED, DIRTY):
                flash = self.kv.filled(flash, JUNK, block)
                continue
            data = bytes([_MAGIC, state, 0, 0])
            data += b"".join(_canonical(i, i.origin in valid) for i in items if i.block == block)
            flash = self.kv.filled(flash, ERASED, block)
            flash = self.kv.with_bytes(flash, self._at(block, 0), data)
        return flash

    # Start.

    def on_boot(self, flash: Contents, world: World) -> Move:
        """Repair blocks, then items, then serve."""
        states = [self._state(flash, b) for b in (0, 1)]
        for block in (0, 1):
            if states[block] == CLEAN and not self._is_blank(flash, block):
                if DIRTY in states or self.formats_clean:
                    return Go(("format", block, ("boot",), 0))
                return self._mark(block, USED, ("boot",))
        for block in (0, 1):
            if states[block] not in (CLEAN, USED, DIRTY):
                return Go(("format", block, ("boot",), 0))
        return Go(("repair",))

    def on_format(
        self, flash: Contents, world: World, block: int, then: Volatile, stage: int
    ) -> Move:
        """Erase a block and write that it is clean."""
        if stage == 0:
            return Act(self.kv.erase(block), ("format", block, then, 1))
        header = bytes([_MAGIC, CLEAN, 0, 0])
        return Act(self.kv.write(self._at(block, 0), header), then)

    def on_repair(self, flash: Contents, world: World) -> Move:
        """Delete items with a wrong CRC, and those that a valid item replaces."""
        items = self._items(flash)
        for item in items:
            if item.state == VALID and item.key < 0:
                return self._delete(item, ("repair",))
        for item in items:
            old = self._replaced(items, item)
            if old is not None:
                return self._delete(old, ("repair",))
        return Go(("serve",))

    def on_serve(self, flash: Contents, world: World) -> Move:
        """Both keys can be read, each with its old or its new value."""
        for key, allowed in ((STATIC, {0}), (CHANGING, {world.confirmed, world.newest})):
            found = self._get(flash, key)
            if found is None or found.value not in allowed:
                said = "is gone" if found is None else f"has value {found.value}"
                wanted = " or ".join(str(v) for v in sorted(allowed))
                return Fail("values", f"key {key} {said}, {wanted} was written")
        return Go(("ready",), event="changed" if world.confirmed > 1 else "")

    def on_ready(self, flash: Contents, world: World) -> Move:
        """The device does its work."""
        return Serve(("idle",))

    # The application sets the key.

    def on_idle(self, flash: Contents, world: World) -> Move:
        """Set the key once more, or rest."""
        found = self._get(flash, CHANGING)
        if found is not None and world.confirmed < world.newest == found.value:
            return Go(("idle",), world._replace(confirmed=found.value))
        settled = world._replace(updates=world.confirmed - 1)
        begun = settled._replace(updates=settled.updates + 1)
        rest = ("nothing happens", ("rest",), settled)
        if begun.updates > SETS:
            return Choose((rest,))
        return Choose(((f"value {begun.newest} is set", ("set", begun.newest), begun), rest))

    def on_set(self, flash: Contents, world: World, value: int, known: Item | None = None) -> Move:
        """Append the new item; collect garbage first if there is no room."""
        old = known or self._get(flash, CHANGING)
        block = next((b for b in (0, 1) if self._state(flash, b) == USED), None)
        if block is None:
            return self._without_used(flash, value, known)
        end = self._end(flash, block)
        if end + ITEM > self.full:
            return self._mark(block, DIRTY, ("collect", value, old if self.stale else None))
        origin = self._at(old.block, old.offset) if old else 0
        then = ("replace", value, old)
        return Act(self.kv.write(self._at(block, end), _item(CHANGING, value, origin)), then)

    def _without_used(self, flash: Contents, value: int, known: Item | None) -> Move:
        if DIRTY in (self._state(flash, 0), self._state(flash, 1)):
            return Go(("collect", value, known))
        return Fail("values", "no block can take an item")

    def on_replace(self, flash: Contents, world: World, value: int, old: Item | None) -> Move:
        """Clear the state of the old item: the new value counts."""
        done = world._replace(confirmed=value)
        if old is None:
            return Go(("serve",), done)
        return self._delete(old, ("serve",), done)

    def on_collect(self, flash: Contents, world: World, value: int, known: Item | None) -> Move:
        """Copy the live items of the dirty block into the clean one."""
        source = 0 if self._state(flash, 0) == DIRTY else 1
        target = 1 - source
        if self._state(flash, target) != CLEAN:
            return Fail("values", "no clean block is left for garbage collection")
        live = [i for i in self._items(flash) if i.block == source and i.state == VALID]
        return Go(("move", tuple(live), target, ("set", value, known)))

    def on_move(
        self, flash: Contents, world: World, live: tuple[Item, ...], target: int, then: Volatile
    ) -> Move:
        """Copy one item after the other, erase and format the source, mark the target used."""
        if live:
            end = self._end(flash, target)
            data = _item(live[0].key, live[0].value, 0)
            return Act(self.kv.write(self._at(target, end), data), ("move", live[1:], target, then))
        return Go(("format", 1 - target, ("use", target, then), 0))

    def on_use(self, flash: Contents, world: World, target: int, then: Volatile) -> Move:
        """Mark the target used."""
        return self._mark(target, USED, ("collected", then))

    def on_collected(self, flash: Contents, world: World, then: Volatile) -> Move:
        """Garbage has been collected."""
        return Go(then, event="collected")

    def _mark(self, block: int, state: int, then: Volatile) -> Move:
        """Clear bits of the state of a block, in place."""
        return self._overwrite(self._at(block, 0), bytes([_MAGIC, state, 0, 0]), then)

    def _delete(self, item: Item, then: Volatile, world: World | None = None) -> Move:
        at = self._at(item.block, item.offset)
        if self.kv.unit == 1:
            return Act(self.kv.write(at + 1, bytes([DELETED])), then, world)
        data = _item(item.key, item.value, item.origin, state=DELETED) if item.key >= 0 else b""
        data = data or bytes(self.kv.unit)
        return Act(self.kv.write(at, data[: self.kv.unit]), then, world)

    def _overwrite(self, at: int, data: bytes, then: Volatile) -> Move:
        if self.kv.unit == 1:
            return Act(self.kv.write(at + 1, data[1:2]), then)
        return Act(self.kv.write(at, data[: self.kv.unit]), then)

    # Reading.

    def _at(self, block: int, offset: int) -> int:
        return self.kv.blocks[block].start - self.kv.start + offset

    def _state(self, flash: Contents, block: int) -> int:
        magic, state, *_ = self.kv.read(flash, self._at(block, 0), _HEADER)
        return state if magic == _MAGIC else 0

    def _is_blank(self, flash: Contents, block: int) -> bool:
        size = self.full - _HEADER
        data = self.kv.read(flash, self._at(block, _HEADER), size)
        return data == bytes([self.kv.erased_value]) * size

    def _end(self, flash: Contents, block: int) -> int:
        """Behind the last item of a block: items follow each other without gaps."""
        data = self.kv.read(flash, self._at(block, 0), self.full)
        erased = bytes([self.kv.erased_value])
        used = len(data.rstrip(erased)) - _HEADER
        return _HEADER + max(0, -(-used // ITEM)) * ITEM

    def _items(self, flash: Contents, states: tuple[int, ...] = (USED, DIRTY)) -> list[Item]:
        found = []
        for block in (0, 1):
            if self._state(flash, block) not in states:
                continue
            for offset in range(_HEADER, self._end(flash, block), ITEM):
                data = self.kv.read(flash, self._at(block, offset), ITEM)
                magic, state, crc, _, _, origin, key, value = _ITEM_LAYOUT.unpack(data)
                whole = magic == _ITEM and crc == _crc8(data[8:])
                number = int.from_bytes(value, "little")
                found.append(Item(block, offset, state, key if whole else -1, number, origin))
        return found

    def _get(self, flash: Contents, key: int) -> Item | None:
        return next((i for i in self._items(flash) if i.state == VALID and i.key == key), None)

    def _replaced(self, items: list[Item], new: Item) -> Item | None:
        """The item that a valid one replaces and that is still valid."""
        if new.state != VALID or new.key < 0:
            return None
        for old in items:
            replaced = self._at(old.block, old.offset) == new.origin
            if replaced and old.state == VALID and old.key == new.key:
                return old
        return None


def _item(key: int, value: int, origin: int, state: int = VALID) -> bytes:
    tail = bytes([key]) + value.to_bytes(3, "little")
    return _ITEM_LAYOUT.pack(_ITEM, state, _crc8(tail), 1, 3, origin, tail[0], tail[1:])


def _canonical(item: Item, keep_origin: bool) -> bytes:
    """One content for all items that mean the same: deleted, torn, or valid."""
    if item.state != VALID:
        return _item(0, 0, 0, state=DELETED)
    if item.key < 0:
        return _ITEM_LAYOUT.pack(_ITEM, VALID, _crc8(bytes(4)) ^ 1, 1, 3, 0, 0, bytes(3))
    return _item(item.key, item.value, item.origin if keep_origin else 0)


def _crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x31, initial value 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc
