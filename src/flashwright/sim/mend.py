"""What would mend a layout or a choice of scheme; each mending is proven before it is offered.

Tried, in this order: a scratch area, where the scheme needs one and the layout has none that
serves; another scheme on the same layout; a boot record of two erase blocks (grown
where it lies, moved to free erase blocks, or with an erase block of the data beside it, for a table
that has not shipped), with the recommended scheme of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.flash.faults import FaultModel
from flashwright.model.geometry import Flash
from flashwright.model.mcuboot import mode_of
from flashwright.model.table import Partition, Role, Table
from flashwright.sim.explore import Limits, Watch
from flashwright.sim.mend_scratch import with_scratch
from flashwright.sim.prove import Proof, Verdict, prove
from flashwright.sim.site import free_blocks

#: What else may be chosen where a scheme fails: name of the scheme -> names, the nearest first.
_OTHERS: dict[str, tuple[str, ...]] = {
    "alios-single-bank": ("recommended-single-bank",),
    "alios-swap": ("recommended-dual-bank", "recommended-single-bank"),
    "alios-dual-bank": ("recommended-dual-bank",),
    "esp8266-flag": ("recommended-dual-bank",),
    "esp-idf-ota": ("recommended-dual-bank",),
    "esp-idf-ota-no-rollback": ("esp-idf-ota", "recommended-dual-bank"),
    "mcuboot-swap-scratch": ("mcuboot-swap-scratch-hardened", "mcuboot-direct-xip"),
    "mcuboot-swap-move": ("mcuboot-swap-move-hardened", "mcuboot-direct-xip"),
    "mcuboot-swap-offset": ("mcuboot-swap-offset-hardened", "mcuboot-direct-xip"),
}


#: Roles whose partitions can do with less, as long as no device holds data in them.
_YIELDING = frozenset({Role.KV, Role.USER, Role.FILESYSTEM, Role.COREDUMP})


@dataclass(frozen=True, slots=True)
class Mending:
    """A change that was proven to hold: in words, the table with it, the scheme, the proof."""

    text: str
    table: Table
    scheme: str
    proof: Proof


def mend(
    table: Table,
    scheme: str | None = None,
    *,
    faults: FaultModel | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
    chunk: int = 1024,
    updates: int = 2,
    most: int = 2,
) -> tuple[Mending, ...]:
    """At most ``most`` mendings of a scheme that fails on a table; each proof HOLDS."""
    name = scheme or (table.update.scheme.name if table.update else "")
    found: list[Mending] = []
    for text, mended, other in _candidates(table, name):
        proof = prove(
            mended,
            scheme=other,
            faults=faults,
            limits=limits,
            watch=watch,
            chunk=chunk,
            updates=updates,
        )
        if proof.verdict is Verdict.HOLDS:
            found.append(Mending(text, mended, other, proof))
            if len(found) == most:
                break
    return tuple(found)


def _candidates(table: Table, name: str) -> Iterator[tuple[str, Table, str]]:
    swapped = with_scratch(table, name)
    if swapped is not None:
        text, mended = swapped
        yield text, mended, name
        for other in _OTHERS.get(name, ()):
            yield f"{text}, and {_choice(other)}", mended, other
    for other in _OTHERS.get(name, ()):
        yield _choice(other), table, other
    grown = _with_larger_record(table)
    if grown is None:
        return
    text, mended = grown
    for other in (name, *_OTHERS.get(name, ())):
        if other:
            yield f"{text}, with scheme `{other}`", mended, other


def _choice(other: str) -> str:
    """Another scheme on the same layout, in words; of a hardened one what has to be changed."""
    mode = mode_of(other.removesuffix("-hardened"))
    if other.endswith("-hardened") and mode is not None:
        from flashwright.sim.mcuboot_swap import MENDINGS, NEEDED

        changes = "; ".join(MENDINGS[name] for name in NEEDED[mode])
        return f"change MCUboot (`{other}`): {changes}"
    return f"use scheme `{other}` on the same layout"


def _with_larger_record(table: Table) -> tuple[str, Table] | None:
    """The table with a boot record of two erase blocks, and what was done in words."""
    device = table.device
    record = next(iter(table.of_role(Role.BOOT_RECORD)), None)
    if device is None:
        return None
    owner = record.owner if record else device.boot.owner
    flash = device.flash(owner)
    if flash is None:
        return None
    if record is not None and flash.block_count(record.extent) >= 2:
        return None
    if record is not None:
        without = replace(table, partitions=tuple(p for p in table.partitions if p is not record))
        first = flash.align_down(record.extent.start)
        beside = free_blocks(without, owner, 2, first)
        if beside is not None and beside.start == first:
            text = f"grow `{record.name}` to two erase blocks, {beside}"
            return text, _replaced(table, record, beside)
    room = free_blocks(table, owner, 2)
    if room is None:
        return _with_block_of_neighbour(table, record, flash) if record is not None else None
    if record is not None:
        text = f"move `{record.name}` to the two free erase blocks at {format_hex(room.start)}"
        return text, _replaced(table, record, room)
    new = Partition("boot_record", Role.BOOT_RECORD, owner, room, room.start)
    text = f"add a boot record of two erase blocks at {format_hex(room.start)}"
    return text, replace(table, partitions=(*table.partitions, new))


def _with_block_of_neighbour(
    table: Table, record: Partition, flash: Flash
) -> tuple[str, Table] | None:
    """The record grown by an erase block of the data behind or before it, which keeps two."""
    for p in table.in_flash(record.owner):
        behind = p.extent.start == record.extent.end
        if not (behind or p.extent.end == record.extent.start):
            continue
        alone = not (p.parent or p.shares or any(q.parent == p.name for q in table.partitions))
        blocks = list(flash.blocks(p.extent))
        if p.role not in _YIELDING or not alone or len(blocks) < 3:
            continue
        given = blocks[0] if behind else blocks[-1]
        left = Extent(given.end, p.extent.end) if behind else Extent(p.extent.start, given.start)
        if left.size + given.size != p.size:
            continue
        whole = Extent(min(given.start, record.extent.start), max(given.end, record.extent.end))
        text = (
            f"before the table ships, take the erase block at {format_hex(given.start)} from "
            f"`{p.name}`, which keeps {format_hex(left.size)}, for `{record.name}`"
        )
        return text, _replaced(_replaced(table, p, left), record, whole)
    return None


def _replaced(table: Table, old: Partition, extent: Extent) -> Table:
    start = old.start - old.extent.start + extent.start
    new = replace(old, extent=extent, start=start)
    return replace(table, partitions=tuple(new if p is old else p for p in table.partitions))
