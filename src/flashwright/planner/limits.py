"""What a slot really takes: the largest image that its bootloader accepts, and why no more."""

from __future__ import annotations

from flashwright.base.size import format_hex
from flashwright.model import mcuboot
from flashwright.model.plan import Limit
from flashwright.model.spec import Spec
from flashwright.model.table import Partition, Role, Table
from flashwright.planner.alios import IMAGE_TRAILER
from flashwright.planner.wanted import holds_payload


def image_limits(spec: Spec, table: Table) -> tuple[Limit, ...]:
    """The largest image of each partition that holds one, in the order of the table."""
    update = spec.update
    if update is None:
        return ()
    images = table.of_role(Role.APPLICATION, Role.FACTORY, Role.OTA_TEMP)
    if update.scheme.ecosystem == "mcuboot":
        return tuple(_mcuboot(spec, table, p) for p in images)
    if update.scheme.ecosystem == "alios":
        return tuple(_alios(spec, table, p) for p in images)
    return tuple(
        Limit(p.name, p.size, "an image with its hash and signature may fill the partition")
        for p in images
    )


def _partner(table: Table, slot: Partition) -> Partition | None:
    """The other slot of the image that ``slot`` holds."""
    other = Role.APPLICATION if slot.role is Role.OTA_TEMP else Role.OTA_TEMP
    found = [p for p in table.of_role(other) if p.pair == slot.pair]
    return found[0] if found else None


def _alios(spec: Spec, table: Table, slot: Partition) -> Limit:
    partner = _partner(table, slot)
    room, why = slot.size, ""
    assert spec.update is not None
    if partner is not None and not holds_payload(spec) and partner.size < room:
        room, why = partner.size, f"`{partner.name}` has only {format_hex(partner.size)}; "
    if holds_payload(spec) and slot.role is Role.OTA_TEMP:
        beside = spec.update.slice
        text = f"a {spec.update.payload.value} update"
        if beside:
            text += f"; {format_hex(beside)} are kept for the backup slice of the patcher"
        return Limit(slot.name, max(0, slot.size - beside), text)
    text = f"{why}{IMAGE_TRAILER} bytes go to the trailer that the build appends"
    return Limit(slot.name, max(0, room - IMAGE_TRAILER), text)


def _mcuboot(spec: Spec, table: Table, slot: Partition) -> Limit:
    update, device = spec.update, spec.device
    assert update is not None
    mode = mcuboot.mode_of(update.scheme.name)
    flash = device.flash(slot.owner)
    if mode is None or flash is None or slot.role is Role.FACTORY:
        return Limit(slot.name, slot.size, "no slot of a pair")
    partner = _partner(table, slot)
    other_flash = device.flash(partner.owner) if partner else None
    blocks = mcuboot.slot_blocks(update, flash, slot.extent)
    write = flash.program_unit
    if partner is None or other_flash is None:
        build = mcuboot.build_of(update, write, blocks)
        size = mcuboot.largest_image(mcuboot.Mode.SINGLE, blocks, (), build)
        left = slot.size - size
        return Limit(slot.name, size, f"no second slot: the trailer takes {left} bytes")
    others = mcuboot.slot_blocks(update, other_flash, partner.extent)
    first, second = (blocks, others) if slot.role is Role.APPLICATION else (others, blocks)
    if slot.role is not Role.APPLICATION:
        write = other_flash.program_unit
    scratch = table.of_role(Role.SCRATCH)
    scratch_flash = device.flash(scratch[0].owner) if scratch else None
    if scratch_flash is not None:
        write = max(write, scratch_flash.program_unit)
    build = mcuboot.build_of(update, write, first, second)
    size = mcuboot.largest_image(mode, first, second, build)
    why = _mcuboot_why(mode, first, build)
    signed = mcuboot.imgtool_limit(mode, slot.size, build)
    if mode in mcuboot.BLOCKWISE and signed > size:
        why += f"; imgtool signs up to {signed} for a slot of this size, which MCUboot refuses"
    return Limit(slot.name, size, why)


def _mcuboot_why(mode: mcuboot.Mode, primary: mcuboot.Blocks, build: mcuboot.Build) -> str:
    """The trailer and what it costs; the cliff where it just runs into one more erase block."""
    if mode not in mcuboot.SWAPS:
        return f"the flags of the trailer take {mcuboot.flags_size(build)} bytes"
    trailer = mcuboot.trailer_size(mode, build)
    text = (
        f"trailer {trailer} bytes ({build.max_sectors} erase blocks, {build.write_size} B writes)"
    )
    if mode not in (mcuboot.Mode.SWAP_MOVE, mcuboot.Mode.SWAP_OFFSET):
        return text
    block = primary[0].size if primary else 1
    kept = -(-trailer // block) * block
    text += f", {format_hex(kept)} as whole erase blocks, and one erase block to move in"
    over = mcuboot.overhang(mode, build, block)
    if 0 < over <= block // 8 and kept > block:
        per_sector = (mcuboot.status_size(mode, build)) // max(1, build.max_sectors)
        fewer = -(-over // max(1, per_sector))
        text += (
            f"; cliff: {over} bytes over an erase block boundary cost {format_hex(block)}, which "
            f"slots of at most {build.max_sectors - fewer} erase blocks do not pay"
        )
    return text
