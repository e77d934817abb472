"""The pairs of slots that MCUboot works on, with what it was built with."""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.record import record
from flashwright.model.mcuboot import (
    Blocks,
    Build,
    Mode,
    build_of,
    mode_of,
    slot_blocks,
)
from flashwright.model.table import Partition, Role
from flashwright.rules.slots.images import write_unit
from flashwright.rules.view import View


@record()
class Pair:
    """Two slots of an image with their erase blocks, and how MCUboot is built."""

    mode: Mode
    build: Build
    primary: Partition
    secondary: Partition
    first: Blocks
    second: Blocks


def pairs(view: View) -> tuple[Pair, ...]:
    """The pairs of slots that lie whole on erase blocks of known flashes."""
    found = view.derived.get("mcuboot_pairs")
    if found is None:
        found = view.derived["mcuboot_pairs"] = tuple(_pairs(view))
    made: tuple[Pair, ...] = found
    return made


def scratch_of(view: View) -> Partition | None:
    """The scratch area, ``None`` if there is none."""
    return next((p for p in view.present if p.role == Role.SCRATCH and p.extent), None)


def _pairs(view: View) -> Iterator[Pair]:
    mode = mode_of(view.update.scheme.name) if view.update else None
    if mode is None or view.update is None:
        return
    placed = {id(p.partition): p for p in view.placed}
    for slots in view.slots:
        one, other = (placed.get(id(p)) for p in slots[:2])
        if one is None or other is None:
            continue
        if not all(p.starts_clean and p.ends_clean for p in (one, other)):
            continue
        first = slot_blocks(view.update, one.flash, one.partition.extent)
        second = slot_blocks(view.update, other.flash, other.partition.extent)
        build = build_of(view.update, write_unit(view, slots[0]), first, second)
        yield Pair(mode, build, slots[0], slots[1], first, second)
