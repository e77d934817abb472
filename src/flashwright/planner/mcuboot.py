"""MCUboot: the standard partitions and what each mode demands of slots and scratch area.

Sources: MCUboot `boot/bootutil/src/swap_scratch.c`, `swap_move.c`, `swap_offset.c` (2d4bacc3);
names as in Zephyr's board files. Slots are kept in erase blocks of one size: that is what the
swapping code computes with, whatever its check of compatible slots lets through. With logical erase
blocks (`logical_block`) these are the blocks, and each must be made of whole erase blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import lcm

from flashwright.base.size import format_hex
from flashwright.model import mcuboot
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import SlotRule
from flashwright.planner.demand import Demand, Kind, Origin
from flashwright.planner.ground import Ground
from flashwright.planner.wanted import SLOT_ROLES, Wanted, pairs

_UNRESTRICTED = frozenset({"mcuboot-direct-xip", "mcuboot-ram-load"})


def standard(spec: Spec) -> tuple[PartitionWish, ...]:
    """boot, slot0, slot1, scratch where the mode needs one, and storage."""
    assert spec.update is not None
    names = [("boot", Role.BOOTLOADER), ("slot0", Role.APPLICATION), ("slot1", Role.OTA_TEMP)]
    if spec.update.scheme.needs_scratch:
        names.append(("scratch", Role.SCRATCH))
    names.append(("storage", Role.KV))
    return tuple(PartitionWish(name=n, role=r, id=f"{n}_partition") for n, r in names)


def demands(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """Slots in erase blocks of one size, and a scratch area that whole groups of them fit in."""
    assert spec.update is not None
    scheme = spec.update.scheme
    blocks: list[int] = []
    moving = mcuboot.mode_of(scheme.name) in (mcuboot.Mode.SWAP_MOVE, mcuboot.Mode.SWAP_OFFSET)
    if moving and not mcuboot.logical_block(spec.update):
        yield from _same_blocks(spec, wanted)
    for w in wanted:
        if w.wish.role not in SLOT_ROLES:
            continue
        block = slot_block(spec, w)
        blocks.append(block)
        if not w.wish.keep and scheme.name not in _UNRESTRICTED:
            least = block + overhead(spec, w, block)
            text = (
                f"{w.quoted} has at least {format_hex(least)}: an erase block of image and what "
                "MCUboot keeps"
            )
            yield Demand(w.name, Kind.AT_LEAST, Origin.SCHEME, text, least, place=w.wish.place)
        if spec.update.max_sectors and not w.wish.keep:
            most = spec.update.max_sectors * block
            text = (
                f"{w.quoted} has at most {spec.update.max_sectors} erase blocks "
                "(BOOT_MAX_IMG_SECTORS)"
            )
            place = spec.places.get("update.max_sectors")
            yield Demand(w.name, Kind.AT_MOST, Origin.SCHEME, text, most, place=place)
        if w.wish.keep:
            continue
        if mcuboot.logical_block(spec.update):
            yield _in_logical(spec, w)
            continue
        if w.flash.is_uniform or scheme.name in _UNRESTRICTED:
            continue
        where = Ground(w.flash).runs_of(block)
        text = (
            f"{w.quoted} lies in erase blocks of {format_hex(block)} bytes only "
            f"({scheme.name} computes with one size)"
        )
        yield Demand(w.name, Kind.WITHIN, Origin.SCHEME, text, extents=where, place=w.wish.place)
    if scheme.needs_scratch and blocks:
        least = lcm(*blocks)
        for w in wanted:
            if w.wish.role is Role.SCRATCH and not w.wish.keep:
                if mcuboot.logical_block(spec.update):
                    yield _in_logical(spec, w)
                text = (
                    f"{w.quoted} has a multiple of {format_hex(least)} bytes: chunks of it end "
                    "where erase blocks of both slots end"
                )
                yield Demand(w.name, Kind.AT_LEAST, Origin.SCHEME, text, least, place=w.wish.place)
                yield Demand(
                    w.name, Kind.ALIGN_SIZE, Origin.SCHEME, text, least, place=w.wish.place
                )


def _same_blocks(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """Erase blocks of the other slot that can stand for those of the first, one for one."""
    assert spec.update is not None
    for first, *others in pairs(spec, wanted):
        block = slot_block(spec, first)
        for other in others:
            if other.wish.keep or slot_block(spec, other) == block:
                continue
            text = (
                f"{other.quoted} lies in erase blocks of {format_hex(block)} bytes as "
                f"{first.quoted} does ({spec.update.scheme.name} moves them one by one)"
            )
            where, place = Ground(other.flash).runs_of(block), other.wish.place_of("owner")
            yield Demand(other.name, Kind.WITHIN, Origin.SCHEME, text, extents=where, place=place)


def _in_logical(spec: Spec, w: Wanted) -> Demand:
    assert spec.update is not None
    unit = spec.update.logical_block
    text = (
        f"{w.quoted} is cut in logical erase blocks of {format_hex(unit)}, each of them whole "
        "erase blocks"
    )
    place = spec.places.get("update.logical_block")
    return Demand(w.name, Kind.STRIDE, Origin.WISH, text, unit, place=place)


def slot_block(spec: Spec, slot: Wanted) -> int:
    """The bytes of the erase blocks that a slot is cut in: logical ones, or the commonest there."""
    logical = mcuboot.logical_block(spec.update) if spec.update else 0
    if logical:
        return logical
    ground = Ground(slot.flash)
    room: dict[int, int] = {}
    for start, end, block in zip(ground.starts, ground.ends, ground.sizes, strict=True):
        room[block] = room.get(block, 0) + end - start
    return max(room, key=lambda b: (room[b], -b), default=1)


def overhead(spec: Spec, slot: Wanted, image: int) -> int:
    """The bytes of a slot that an image of ``image`` bytes cannot use, in this mode."""
    assert spec.update is not None
    mode = mcuboot.mode_of(spec.update.scheme.name)
    if mode is None:
        return 0
    block = slot_block(spec, slot)
    size = -(-image // block) * block
    more = 0 if _has_spare(spec, slot) else block
    largest = 0
    for _ in range(64):
        blocks, other = mcuboot.uniform(size, block), mcuboot.uniform(size + more, block)
        build = mcuboot.build_of(spec.update, slot.flash.program_unit, blocks, other)
        pair = (blocks, other) if slot.wish.role is Role.APPLICATION else (other, blocks)
        largest = mcuboot.largest_image(mode, *pair, build)
        if largest >= image:
            break
        size += -(-(image - largest) // block) * block
    return size - largest


def _has_spare(spec: Spec, slot: Wanted) -> bool:
    """Whether this slot has the spare erase block of its mode, or the two are wished equal."""
    assert spec.update is not None
    spare = {
        SlotRule.PRIMARY_PLUS_ONE: Role.APPLICATION,
        SlotRule.SECONDARY_PLUS_ONE: Role.OTA_TEMP,
    }.get(spec.update.scheme.slots)
    wish = slot.wish
    if spare in (None, wish.role):
        return True
    others = (p for p in spec.partitions if p.role is spare and p.pair == wish.pair)
    other = next(others, None)
    if other is None:
        return False
    exact = wish.size.exact is not None and wish.size.exact == other.size.exact
    return exact or wish.size.same_as == other.name or other.size.same_as == wish.name
