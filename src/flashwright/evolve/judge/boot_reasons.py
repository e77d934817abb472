"""Reasons that lie in the bootloader and the images: what devices can still start after the change.

For tables that are compiled into the software. The bootloader in the field keeps its own idea of
where images, record and scratch area lie; an update of the application does not change it.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, error, warning
from flashwright.evolve.compare.diff import Change, How
from flashwright.evolve.compare.field import SLOT_ROLES
from flashwright.evolve.judge.reason import Case, Reason, Way
from flashwright.evolve.judge.trailers import room_for_image
from flashwright.model.table import Partition, Role
from flashwright.model.update import Payload, RecordRule
from flashwright.rules.tell import ERROR, NOTE, SIZE, fault, point, quoted, span

#: What every bootloader without a table of its own in flash has compiled in.
_ALWAYS_HELD = frozenset({Role.APPLICATION, Role.FACTORY, Role.SECOND_BOOT, Role.BOOT_RECORD})

_IF_UPDATABLE = (
    "if the bootloader itself can be updated over the air, say so (--bootloader-updatable)"
)


def device(case: Case) -> Iterator[Reason]:
    """EVO101: the flashes differ, so that there is no device in the field for this table."""
    for finding in case.difference.findings:
        if finding.code == "EVO101":
            yield Reason(Way.CABLE, finding)


def said(case: Case) -> Iterator[Reason]:
    """EVO105, EVO106: what the user says of the devices names no slot, or no partition at all."""
    running = case.facts.running
    slots = [s.name for s in case.ground.slots]
    if running and (case.old.get(running) is None or (slots and running not in slots)):
        known = slots or [p.name for p in case.old.partitions]
        finding = error(
            "EVO105",
            f"devices run from `{printable(running)}`, you say: that is no slot of the old table",
            did_you_mean(running, known),
            case.old.place,
        )
        yield Reason(Way.CABLE, finding)
    both = [p.name for t in (case.old, case.new) for p in t.partitions]
    for name in case.facts.discard:
        if name not in both:
            finding = warning(
                "EVO106",
                f"`{printable(name)}` is given up, but is in neither table",
                did_you_mean(name, both),
                case.new.place,
            )
            yield Reason(Way.OVER_THE_AIR, finding)


def no_second_slot(case: Case) -> Iterator[Reason]:
    """EVO104: the old layout has no place to receive an update in."""
    if case.difference.is_empty or case.old.update is not None:
        return
    slots = case.ground.slots
    if len(slots) != 1 or case.old.of_role(Role.OTA_TEMP):
        return
    yield Reason(
        Way.CABLE,
        fault(
            "EVO104",
            ERROR,
            f"devices have one slot, {quoted(slots[0])}, and no place to receive an update in",
            "there is no way over the air to this layout; if updates arrive in another memory, "
            "declare the scheme under [update]",
            of=slots[0],
        ),
    )


def held_places(case: Case) -> Iterator[Reason]:
    """EVO110, EVO111, EVO112: what the bootloader holds is elsewhere in the new table."""
    if case.ground.table_in_flash:
        return
    held = _held_roles(case)
    for change in case.difference.changes:
        old = change.old
        if old is None or old.role not in held or not (change.moved or change.new is None):
            continue
        if change.new is None and old.role in SLOT_ROLES and _still_there(case, old):
            continue
        yield Reason(case.beyond_bootloader, _held(case, change, old))
        new = change.new
        if new is not None and old.role in SLOT_ROLES and not case.ground.position_free:
            yield _linked(case, old, new)


def held_sizes(case: Case) -> Iterator[Reason]:
    """EVO130: MCUboot finds its trailers from the end of a slot, so that no size may change."""
    if case.ground.ecosystem != "mcuboot":
        return
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or new is None or not change.growth or change.moved:
            continue
        if old.role not in SLOT_ROLES | {Role.SCRATCH}:
            continue
        what = (
            "swaps through" if old.role is Role.SCRATCH else "looks for its trailer at the end of"
        )
        yield Reason(
            case.beyond_bootloader,
            fault(
                "EVO130",
                ERROR,
                f"{quoted(new)} changes from {format_hex(old.size)} to {format_hex(new.size)} "
                f"bytes, but the MCUboot in devices {what} {format_hex(old.size)}",
                f"keep it at {format_hex(old.size)} bytes; {_IF_UPDATABLE}",
                of=new,
                fields=SIZE,
                old_size=old.size,
                new_size=new.size,
            ),
        )


def bootloader_overlaid(case: Case) -> Iterator[Reason]:
    """EVO113: something that is written lies over the bootloader that devices have."""
    boot = [(p.name, p.owner, p.extent) for p in case.old.of_role(Role.BOOTLOADER) if p.extent]
    known = case.old.device.boot if case.old.device else None
    if known is not None and known.bootloader:
        boot.append(("bootloader", known.owner, known.bootloader))
    seen: set[str] = set()
    for name, owner, extent in boot:
        for change in case.difference.changes:
            new = change.new
            if new is None or new.owner != owner or not new.extent.overlaps(extent):
                continue
            if new.role is Role.BOOTLOADER or _was_there(change, extent) or new.name in seen:
                continue
            if case.new_view.declared(new, case.new.get(name) or new):
                continue
            seen.add(new.name)
            shared = new.extent.intersection(extent)
            yield Reason(
                case.beyond_bootloader,
                fault(
                    "EVO113",
                    ERROR,
                    f"{quoted(new)} lies over 0x{shared.size:X} bytes of the bootloader that "
                    f"devices have at {span(new, extent)}",
                    f"start it at {point(new, extent.end)} or above",
                    of=new,
                    extent=shared,
                ),
            )


def first_image(case: Case) -> Iterator[Reason]:
    """EVO115: the first image with the new table arrives through the old slots."""
    limits = _first_limits(case)
    if not limits:
        return
    limit, slot = min(limits, key=lambda f: f[0])
    app = next((p for p in case.new.partitions if p.role in SLOT_ROLES and p.image_size), None)
    size = case.facts.image_size or (app.image_size if app and app.image_size else 0)
    if size > limit:
        yield Reason(
            Way.INTERMEDIATE,
            fault(
                "EVO115",
                ERROR,
                f"the image has {format_hex(size)} bytes, the {quoted(slot)} of devices in the "
                f"field takes {format_hex(limit)}",
                f"bring an intermediate image of at most {format_hex(limit)} bytes first, or make "
                f"this one {format_hex(size - limit)} bytes smaller",
                of=slot,
                image_size=size,
                largest=limit,
            ),
        )
    elif not size and _grows(case):
        yield Reason(
            Way.OVER_THE_AIR,
            fault(
                "EVO115",
                NOTE,
                f"the first image with the new layout must fit {quoted(slot)} as it is in the "
                f"field: {format_hex(limit)} bytes",
                "say how large the image is (--image-size), and this is checked",
                of=slot,
                largest=limit,
            ),
        )


def scheme(case: Case) -> Iterator[Reason]:
    """EVO131: the bootloader in the field updates in another way, or counts trailers otherwise."""
    was, now = case.old.update, case.new.update
    if was is None or now is None:
        return
    told: list[tuple[str, object, object]] = [("scheme", was.scheme.name, now.scheme.name)]
    if was.scheme.record is RecordRule.TRAILER and was.scheme == now.scheme:
        told.append(("max_sectors", was.max_sectors, now.max_sectors))
        told.append(("logical_block", was.logical_block, now.logical_block))
        told.append(("max_align", was.max_align, now.max_align))
        told.append(("write_size", was.write_size, now.write_size))
    for key, before, after in told:
        if before == after:
            continue
        yield Reason(
            case.beyond_bootloader,
            Finding(
                "EVO131",
                ERROR,
                f"{key} changes from {before} to {after}, but the bootloader in devices was built "
                f"with {before}",
                f"keep {key} = {before}; {_IF_UPDATABLE}",
                case.new.place,
                facts={"key": key, "old": str(before), "new": str(after)},
            ),
        )


def _held_roles(case: Case) -> frozenset[Role]:
    held = set(_ALWAYS_HELD)
    if case.ground.ecosystem != "alios" or case.ground.dual is not False:
        held.add(Role.OTA_TEMP)
    if case.ground.ecosystem == "mcuboot":
        held.add(Role.SCRATCH)
    if case.old.update is not None and case.old.update.scheme.record is RecordRule.NONE:
        held.discard(Role.BOOT_RECORD)
    return frozenset(held)


def _held(case: Case, change: Change, old: Partition) -> Finding:
    code = "EVO112" if old.role is Role.BOOT_RECORD else "EVO110"
    verb = {
        Role.BOOT_RECORD: "reads which image to start at",
        Role.SCRATCH: "swaps through",
        Role.OTA_TEMP: "takes the new image from",
    }.get(old.role, "jumps to")
    if old.role is Role.OTA_TEMP and case.ground.dual and case.ground.ecosystem != "mcuboot":
        verb = "jumps to"
    place = point(old, old.extent.start)
    new = change.new
    if new is None:
        return fault(
            code,
            ERROR,
            f"{quoted(old)} is gone, but the bootloader in devices {verb} {place}",
            f"keep it at {place}; {_IF_UPDATABLE}",
            of=old,
        )
    return fault(
        code,
        ERROR,
        f"{quoted(new)} moves from {place} to {point(new, new.extent.start)}, but the bootloader "
        f"in devices {verb} {place}",
        f"put it back at {place}; {_IF_UPDATABLE}",
        of=new,
        others=(old,),
        old_start=old.extent.start,
        new_start=new.extent.start,
    )


def _linked(case: Case, old: Partition, new: Partition) -> Reason:
    linked = old.link_address
    place = format_hex(linked) if linked is not None else point(old, old.extent.start)
    return Reason(
        Way.INTERMEDIATE,
        fault(
            "EVO111",
            ERROR,
            f"images in the field are linked for {place} and do not run at "
            f"{point(new, new.extent.start)}, where {quoted(new)} now starts",
            f"keep the slot at {place}, or bring an image that is linked for the new place with "
            "the bootloader that starts it",
            of=new,
            others=(old,),
        ),
    )


def _still_there(case: Case, old: Partition) -> bool:
    """Whether the new table has a slot at the same place under another name."""
    return any(
        p.owner == old.owner and p.extent.start == old.extent.start and p.role in SLOT_ROLES
        for p in case.new.partitions
    )


def _was_there(change: Change, extent: Extent) -> bool:
    """Whether the partition lay over these bytes already."""
    old, new = change.old, change.new
    if old is None or new is None or old.owner != new.owner:
        return False
    return old.extent.covers(new.extent.intersection(extent))


def _first_limits(case: Case) -> list[tuple[int, Partition]]:
    """The old slots that the first image passes through: (largest image, slot)."""
    update = case.old.update
    limits = []
    for p in case.ground.slots:
        if p.role is Role.FACTORY and len(case.ground.slots) > 1:
            continue
        if p.role is Role.OTA_TEMP and update and update.payload is not Payload.WHOLE:
            continue
        limits.append((room_for_image(case.old, p), p))
    return limits


def _grows(case: Case) -> bool:
    return any(
        c.new is not None and c.new.role in SLOT_ROLES and How.GROWN in c.hows
        for c in case.difference.changes
    )
