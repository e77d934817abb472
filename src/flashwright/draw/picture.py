"""What a map shows: for each flash its ranges, marks, slot pairs and findings, without any ink.

Laws: what is called unused is used by nothing; each byte of a flash lies in an item, unless the
bounds (``MOST_*``) leave some items out, which is said in a note; text is one
bounded printable line. Flashes that nothing uses and that hold nothing reserved are named, not
drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, in_order
from flashwright.draw.lanes import lanes
from flashwright.draw.shapes import Hatch, Item, Kind, Mark, Picture, Strip, Totals
from flashwright.model.device import Device
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.view import View

#: The most partitions, vendor's ranges, hatches and erase runs that one flash is drawn with.
MOST_PARTITIONS = 120
MOST_FIXED = 60
MOST_HATCHES = 60
MOST_RUNS = 64
MOST_MARKS = 32
#: The most ranges that are drawn beside each other.
MOST_LANES = 6
#: The most flashes that are drawn, and notes that are told.
MOST_STRIPS = 16
MOST_NOTES = 12
#: Names are cut here, in characters.
NAME_LIMIT = 64


def picture(table: Table, findings: Iterable[Finding] = ()) -> Picture:
    """The map of ``table``; findings of other tables are left out."""
    view = View(table)
    mine = in_order(f for f in findings if f.table in (None, table.name))
    owners = _owners(view)
    drawn = (_strip(view, owner, mine) for owner in owners[:MOST_STRIPS])
    strips = tuple(strip for strip in drawn if strip.whole)
    device = table.device
    subtitle = ""
    if device:
        subtitle = printable(f"{device.id}: {device.title}" if device.title else device.id)
    return Picture(
        printable(table.name, NAME_LIMIT) or "flash layout",
        subtitle,
        strips,
        mine,
        _notes(view, owners, strips),
    )


def access(partition: Partition) -> str:
    """What may not be done with it: ``read-only``, ``write-only``, ``no access``, or nothing."""
    if partition.readable:
        return "" if partition.writable else "read-only"
    return "write-only" if partition.writable else "no access"


def percent(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent with one digit, rounded down: ``97.1 %``."""
    tenths = part * 1000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10} %"


def _owners(view: View) -> list[str]:
    device = view.device
    used = list(view.by_flash)
    if device is None:
        return used
    known = [f.name for f in device.flashes]
    astray = {p.owner for p in view.astray}
    first = [n for n in known if n in used or n in astray or device.reserved_in(n)]
    return first + [n for n in used if n not in known]


def _strip(view: View, owner: str, findings: Sequence[Finding]) -> Strip:
    flash = view.flashes.get(owner)
    partitions = view.by_flash.get(owner, ())
    ends = [p.extent.end for p in partitions]
    if flash:
        whole = Extent(0, max([flash.size, *ends]))
    else:
        whole = Extent(min(p.extent.start for p in partitions), max(ends))
    shown, folded = _bounded(partitions)
    slots = _slot_letters(view)
    numbers = {_key(p): n for n, p in reversed(list(enumerate(view.table.partitions)))}
    items = [_partition_item(p, slots, numbers[_key(p)]) for p in shown]
    items += folded
    fixed = _fixed_items(view.device, owner, partitions) if view.device else []
    items += [i for i in fixed[:MOST_FIXED] if i.extent.overlaps(whole)]
    gaps = _gaps(flash, whole, [i.extent for i in (*items, *fixed[MOST_FIXED:])])
    placed = _in_lanes(items + gaps)
    hatches = _hatches(owner, whole, findings)
    marks = _marks(view.device, owner, flash, whole)
    by_partition = {id(i.partition): i for i in placed if i.partition}
    groups = (tuple(by_partition.get(id(p)) for p in group) for group in view.slots)
    pairs = tuple(tuple(i for i in g if i) for g in groups if sum(i is not None for i in g) > 1)
    return Strip(
        printable(owner, NAME_LIMIT),
        flash,
        whole,
        placed,
        _cuts(whole, flash, placed, marks, hatches),
        marks,
        hatches,
        pairs,
        _totals(flash.extent if flash else whole, items, gaps),
    )


def _bounded(partitions: Sequence[Partition]) -> tuple[list[Partition], list[Item]]:
    if len(partitions) <= MOST_PARTITIONS:
        return list(partitions), []
    half = MOST_PARTITIONS // 2
    hidden = partitions[half:-half]
    hull = Extent(min(p.extent.start for p in hidden), max(p.extent.end for p in hidden))
    item = Item(Kind.FOLDED, f"{len(hidden)} partitions", hull, tags=("not drawn one by one",))
    return [*partitions[:half], *partitions[-half:]], [item]


def _partition_item(partition: Partition, slots: dict[int, _Slot], index: int) -> Item:
    slot = slots.get(id(partition), _Slot("", ()))
    tags = []
    if slot.letter:
        far = [f"{o.letter} in {printable(o.owner, 24)}" for o in slot.others]
        tags.append(f"slot {slot.letter}" + (f" ({', '.join(far)})" if far else ""))
    if word := access(partition):
        tags.append(word)
    tags += [printable(f, 16) for f in partition.flags[:4]]
    if partition.image_size is not None:
        filled = percent(partition.image_size, partition.size)
        tags.append(f"image {format_size(partition.image_size)} ({filled})")
    return Item(
        Kind.PARTITION,
        printable(partition.name, NAME_LIMIT) or "(no name)",
        partition.extent,
        partition.role,
        tuple(tags),
        slot.letter,
        partition,
        index=index,
    )


@dataclass(frozen=True, slots=True)
class _Far:
    letter: str
    owner: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """The letter of a slot, and the slots of its pair that lie in other flashes."""

    letter: str
    others: tuple[_Far, ...]


def _slot_letters(view: View) -> dict[int, _Slot]:
    groups = view.slots
    result: dict[int, _Slot] = {}
    for number, group in enumerate(groups, 1):
        suffix = str(number) if len(groups) > 1 else ""
        letters = [(chr(ord("A") + n) if n < 26 else f"#{n}") + suffix for n in range(len(group))]
        for partition, letter in zip(group, letters, strict=True):
            far = (
                _Far(other_letter, other.owner)
                for other, other_letter in zip(group, letters, strict=True)
                if other.owner != partition.owner
            )
            result.setdefault(id(partition), _Slot(letter, tuple(far)[:2]))
    return result


def _fixed_items(device: Device, owner: str, partitions: Sequence[Partition]) -> list[Item]:
    items = [
        Item(Kind.RESERVED, printable(r.name, NAME_LIMIT), r.extent, tags=_vendor(r.purpose))
        for r in device.reserved_in(owner)
        if r.extent
    ]
    boot = device.boot
    if boot.owner == owner:
        said = {p.role for p in partitions}
        if boot.bootloader and Role.BOOTLOADER not in said:
            items.append(_fixed("bootloader", boot.bootloader, Role.BOOTLOADER))
        if boot.table_offset and Role.PARTITION_TABLE not in said:
            at = Extent.of(boot.table_offset, 0x1000)
            items.append(_fixed("partition table", at, Role.PARTITION_TABLE))
    return sorted(items, key=lambda i: i.extent)


def _vendor(purpose: str) -> tuple[str, ...]:
    return ("vendor", printable(purpose, NAME_LIMIT)) if purpose else ("vendor",)


def _fixed(name: str, extent: Extent, role: Role) -> Item:
    return Item(Kind.FIXED, name, extent, role, ("not in the table",))


def _gaps(flash: Flash | None, whole: Extent, taken: Sequence[Extent]) -> list[Item]:
    if flash is None:
        return [Item(Kind.UNUSED, "unused", e) for e in whole.minus(taken)]
    result: list[Item] = []
    for gap in flash.extent.minus(taken):
        result += _split_gap(flash, gap)
    beyond = Extent(min(flash.size, whole.end), whole.end)
    result += [Item(Kind.BEYOND, "outside the flash", e) for e in beyond.minus(taken)]
    return result


def _split_gap(flash: Flash, gap: Extent) -> list[Item]:
    start, end = flash.align_up(gap.start), flash.align_down(gap.end)
    if start >= end:
        return [Item(Kind.WASTE, "waste", gap)]
    pieces = [
        Item(Kind.WASTE, "waste", Extent(gap.start, start)),
        Item(Kind.UNUSED, "unused", Extent(start, end)),
        Item(Kind.WASTE, "waste", Extent(end, gap.end)),
    ]
    return [p for p in pieces if p.extent]


def _in_lanes(items: Sequence[Item]) -> tuple[Item, ...]:
    placed = [
        replace(item, lane=lane.index, lanes=min(lane.count, MOST_LANES))
        for item, lane in zip(items, lanes([i.extent for i in items]), strict=True)
        if lane.index < MOST_LANES
    ]
    return tuple(sorted(placed, key=lambda i: (i.extent.start, i.lane)))


def _hatches(owner: str, whole: Extent, findings: Sequence[Finding]) -> tuple[Hatch, ...]:
    mine = []
    for finding in findings:
        where = finding.where
        if where is None or where.owner != owner:
            continue
        extent = where.extent
        if extent.overlaps(whole):
            mine.append(Hatch(finding, extent.intersection(whole)))
        elif not extent and whole.start <= extent.start <= whole.end:
            mine.append(Hatch(finding, extent))
    worst = sorted(mine, key=lambda h: -h.finding.severity)[:MOST_HATCHES]
    return tuple(sorted(worst, key=lambda h: (h.extent, -h.finding.severity, h.finding.code)))


def _marks(
    device: Device | None, owner: str, flash: Flash | None, whole: Extent
) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    if flash and whole.end > flash.size:
        marks.append(Mark(flash.size, "end", "flash ends"))
    if device and device.boot.owner == owner:
        places = device.boot.boot_offsets
        for number, offset in enumerate(places, 1):
            marks.append(Mark(offset, "boot", f"boot {number}" if len(places) > 1 else "boot"))
    if flash and len(flash.banks) > 1:
        marks += [Mark(b.extent.start, "bank", printable(b.name, 20)) for b in flash.banks]
    if device and len(device.windows_in(owner)) > 1:
        for window in device.windows_in(owner):
            name = f"{printable(window.name, 20)} window"
            marks.append(Mark(window.extent.start, "window", name))
    inside = [m for m in marks if whole.start <= m.offset <= whole.end]
    return tuple(sorted(inside[:MOST_MARKS], key=lambda m: (m.offset, m.kind, m.text)))


def _cuts(
    whole: Extent,
    flash: Flash | None,
    items: Sequence[Item],
    marks: Sequence[Mark],
    hatches: Sequence[Hatch],
) -> tuple[int, ...]:
    cuts = {whole.start, whole.end}
    for extent in [i.extent for i in items] + [h.extent for h in hatches]:
        cuts |= {extent.start, extent.end}
    cuts |= {m.offset for m in marks}
    if flash and not flash.is_uniform and len(flash.runs) <= MOST_RUNS:
        cuts |= {run.start for run, _ in flash.runs_at()}
    return tuple(sorted(c for c in cuts if whole.start <= c <= whole.end))


def _totals(whole: Extent, items: Sequence[Item], gaps: Sequence[Item]) -> Totals:
    def size(kind: Kind) -> int:
        return sum(i.extent.size for i in gaps if i.kind is kind)

    reserved = [i.extent for i in items if i.kind is Kind.RESERVED]
    others = [i.extent for i in items if i.kind is not Kind.RESERVED]
    free = whole.minus(reserved + others)
    only_reserved = whole.size - sum(e.size for e in free)
    used = whole.size - sum(e.size for e in whole.minus(others))
    return Totals(used, only_reserved - used, size(Kind.UNUSED), size(Kind.WASTE))


def _notes(view: View, owners: Sequence[str], strips: Sequence[Strip]) -> tuple[str, ...]:
    notes = []
    if view.device:
        idle = [
            f"{printable(f.name, NAME_LIMIT)} ({format_size(f.size)})"
            for f in view.device.flashes
            if f.name not in owners
        ]
        if idle:
            notes.append("not used: " + _some(idle))
    elif owners:
        notes.append("the device is not known: no erase blocks, no size of the flash, no addresses")
    if astray := [f"{_name(p)} at {format_hex(p.start)}" for p in view.astray]:
        notes.append("not in the flash that they name: " + _some(astray))
    if empty := [f"{_name(p)} at {format_hex(p.start)}" for p in view.present if not p.extent]:
        notes.append("empty: " + _some(empty))
    present = {_key(p) for p in view.present}
    if other := [_name(p) for p in view.table.partitions if _key(p) not in present]:
        notes.append("not in a flash: " + _some(other))
    for strip in strips:
        if hidden := _hidden(view, strip):
            notes.append(f"{strip.owner}: {hidden} more use the same bytes and are not drawn")
    for owner in owners:
        reserved = view.device.reserved_in(owner) if view.device else ()
        if (more := len(reserved) - MOST_FIXED) > 0:
            notes.append(f"{printable(owner, 24)}: {more} more reserved ranges are not drawn")
    if len(owners) > MOST_STRIPS:
        notes.append(f"{len(owners) - MOST_STRIPS} more flashes are not drawn")
    return tuple(notes[:MOST_NOTES])


def _hidden(view: View, strip: Strip) -> int:
    same = (v for k, v in view.by_flash.items() if printable(k, NAME_LIMIT) == strip.owner)
    found = next(same, ())
    shown = min(len(found), MOST_PARTITIONS)
    return shown - sum(1 for i in strip.items if i.kind is Kind.PARTITION)


def _key(partition: Partition) -> tuple[str, str, int]:
    """What tells a partition of the table from others, wherever the view has put it."""
    return partition.owner, partition.name, partition.start


def _name(partition: Partition) -> str:
    return f"`{printable(partition.name, NAME_LIMIT)}`"


def _some(words: Sequence[str], most: int = 6) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
