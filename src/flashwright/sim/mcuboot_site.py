"""From the user's table to MCUboot's machines: slots, scratch area, erase blocks, largest image."""

from __future__ import annotations

from flashwright.model.mcuboot import (
    Blocks,
    Build,
    Mode,
    build_of,
    common_boundaries,
    largest_image,
    logical_block,
    off_logical,
    slot_blocks,
)
from flashwright.model.schemes import scheme
from flashwright.model.table import Role
from flashwright.model.update import Update
from flashwright.sim.area import Area
from flashwright.sim.machine import Machine
from flashwright.sim.mcuboot_move import McubootSwapMove
from flashwright.sim.mcuboot_offset import McubootSwapOffset
from flashwright.sim.mcuboot_overwrite import McubootOverwrite
from flashwright.sim.mcuboot_scratch import McubootSwapScratch
from flashwright.sim.mcuboot_swap import NEEDED, Variant
from flashwright.sim.mcuboot_xip import McubootDirectXip
from flashwright.sim.site import Site, usable

_ONE_SIZE = frozenset({Mode.SWAP_MOVE, Mode.SWAP_OFFSET})


def mcuboot(site: Site, mode: Mode, *, hardened: bool = False) -> Machine | None:
    """The machine of a mode on a table; ``hardened`` with the repairs that the source lacks.

    ``None`` if findings were reported: slots of unlike erase blocks, no scratch area, no room for
    an image, direct-XIP from a flash that is not memory-mapped, program units larger than the
    fields of a trailer.
    """
    pair = site.pair()
    update = _update(site, mode)
    scratch = site.need("a scratch area", Role.SCRATCH) if mode == Mode.SWAP_SCRATCH else None
    if pair is None or (mode == Mode.SWAP_SCRATCH and scratch is None):
        return None
    size, build = _largest(site, mode, update, pair)
    for area in pair:
        if area.unit > build.max_align:
            site.too_coarse(area, build.max_align)
    if not size or not _suits(site, mode, update, pair, scratch):
        return None
    mended = frozenset(NEEDED[mode]) if hardened else frozenset()
    variant = Variant(logical=logical_block(update), mended=mended)
    board = site.board
    if mode == Mode.OVERWRITE:
        return McubootOverwrite(board, *pair, size, build, variant)
    if mode == Mode.DIRECT_XIP:
        return McubootDirectXip(board, *pair, size, build)
    if scratch is not None:
        return McubootSwapScratch(board, *pair, scratch, size, build, variant)
    swap = McubootSwapMove if mode == Mode.SWAP_MOVE else McubootSwapOffset
    return swap(board, *pair, size, build, variant)


def _update(site: Site, mode: Mode) -> Update:
    """What the table declares, or the mode alone where it declares another scheme."""
    chosen = scheme(f"mcuboot-{mode}")
    assert chosen is not None
    declared = site.update
    if declared is not None and declared.scheme.ecosystem == "mcuboot":
        return Update(
            chosen,
            write_size=declared.write_size,
            max_align=declared.max_align,
            max_sectors=declared.max_sectors,
            encrypted=declared.encrypted,
            logical_block=declared.logical_block,
        )
    return Update(chosen)


def _largest(site: Site, mode: Mode, update: Update, pair: tuple[Area, Area]) -> tuple[int, Build]:
    """The images' size, in whole program units of both slots (the largest that fits, if the table
    says nothing), and the build."""
    first, second = (_blocks(site, update, area) for area in pair)
    build = build_of(update, pair[0].unit, first, second)
    size = usable(largest_image(mode, first, second, build), max(area.unit for area in pair))
    if not size:
        site.too_small(pair[0], pair[0].size + pair[0].blocks[0].size)
        return 0, build
    return site.image_size(*pair, most=size), build


def _blocks(site: Site, update: Update, area: Area) -> Blocks:
    """The erase blocks of a slot, as MCUboot counts them."""
    device, partition = site.table.device, site.table.get(area.name)
    flash = device.flash(area.owner) if device else None
    assert flash is not None and partition is not None
    return slot_blocks(update, flash, partition.extent)


def _suits(
    site: Site, mode: Mode, update: Update, pair: tuple[Area, Area], scratch: Area | None
) -> bool:
    device = site.table.device
    assert device is not None
    unit = logical_block(update)
    for area in pair if scratch is None else (*pair, scratch):
        site.starts_clean(area)
    for area in pair:
        flash, partition = device.flash(area.owner), site.table.get(area.name)
        assert flash is not None and partition is not None
        if mode == Mode.DIRECT_XIP and flash.base is None:
            site.not_mapped(area)
        elif unit and off_logical(flash, partition.extent, unit) is not None:
            site.uneven(area, unit)
    if mode == Mode.OVERWRITE and pair[1].size < pair[0].size:
        site.too_small(pair[1], pair[0].size)
    blocks = [_blocks(site, update, area) for area in pair]
    sizes = {run.size for runs in blocks for run in runs}
    unlike = mode == Mode.SWAP_SCRATCH and common_boundaries(*blocks) is None
    if unlike or (mode in _ONE_SIZE and len(sizes) > 1):
        site.uneven(pair[0], max(sizes))
    if scratch is not None and scratch.size < max(sizes):
        site.too_small(scratch, max(sizes))
    return not site.findings
