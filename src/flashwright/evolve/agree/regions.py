"""A linker script beside a layout: what its regions let an image grow over.

A region is held to the partition of its name; where there is none (`FLASH`), to the partition that
it begins in. One that lies inside leaves room for a header or a trailer, which is noted; one that
goes on beyond its end lets the linker make an image that overwrites what follows. Regions in RAM,
and in memory that the layout says nothing of, are passed over. CPU addresses count; a layout that
gives offsets only is taken to begin at the round address below the region.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Severity
from flashwright.evolve.agree.names import group_of, plain
from flashwright.model.table import Partition, Role, Table

#: The format that has regions.
LINKER = "ld-memory"

#: Flashes begin at addresses with these low bits clear (0x08000000, 0x60000000, 0x90000000).
_ROUND = 1 << 24

#: A partition and the CPU addresses that it has.
_Placed = tuple[Partition, Extent]


def region_findings(layout: Table, script: Table) -> list[Finding]:
    """What the regions of a linker script say otherwise than the layout."""
    findings: list[Finding] = []
    compared = False
    for region in script.partitions:
        if region.owner == "ram" or not region.extent:
            continue
        origin = Extent.of(region.start, region.size)
        placed = _placed(layout, region.start)
        named = [p for p in placed if plain(p[0].name) == plain(region.name)]
        meant = [p for p in placed if _same_thing(p[0], region)]
        compared |= bool(named or meant) or any(there.overlaps(origin) for _, there in placed)
        if len(named) == 1:
            findings.extend(_named(named[0], region, origin))
        elif len(meant) == 1 and not _begins_in(meant[0], origin):
            findings.extend(_named(meant[0], region, origin))
        else:
            findings.extend(_by_place(placed, region, origin))
    if not compared:
        findings.append(_nothing_compared(layout, script))
    return findings


def _placed(layout: Table, address: int) -> list[_Placed]:
    """The partitions with their CPU addresses, by address; the larger first of those that nest."""
    found: list[_Placed] = []
    base = address - address % _ROUND
    main = _main_flash(layout)
    for p in layout.partitions:
        flash = layout.device.flash(p.owner) if layout.device else None
        if flash is not None and flash.base is not None:
            found.append((p, p.extent.shifted(flash.base)))
        elif layout.device is None and p.extent and p.owner == main:
            start = p.start if p.start >= _ROUND else base + p.extent.start
            found.append((p, Extent.of(start, p.size)))
    return sorted(found, key=lambda item: (item[1].start, -item[1].size))


def _main_flash(layout: Table) -> str:
    """The flash that the CPU is taken to see where the device is not known; empty for none."""
    if layout.format.startswith("esp-idf"):
        return ""  # code is mapped page by page, to addresses that say nothing of the offset
    images = layout.of_role(Role.APPLICATION, Role.BOOTLOADER) or layout.partitions
    return images[0].owner if images else ""


def _same_thing(partition: Partition, region: Partition) -> bool:
    group = group_of(region.name)
    return group is not None and group == group_of(partition.name) and not partition.parent


def _begins_in(placed: _Placed, origin: Extent) -> bool:
    return placed[1].start <= origin.start < placed[1].end


def _named(placed: _Placed, region: Partition, origin: Extent) -> Iterator[Finding]:
    partition, there = placed
    if origin.start != there.start:
        yield _told(
            "SYN101",
            f"region `{_r(region)}` starts at {format_hex(origin.start)}, `{_n(partition)}` at "
            f"{format_hex(there.start)}",
            f"ORIGIN = {format_hex(there.start)}",
            partition,
            region,
        )
    if origin.size != there.size:
        yield _told(
            "SYN102",
            f"region `{_r(region)}` is {format_hex(origin.size)} bytes, `{_n(partition)}` "
            f"{format_hex(there.size)}",
            f"LENGTH = {format_hex(there.size)}",
            partition,
            region,
        )


def _by_place(placed: list[_Placed], region: Partition, origin: Extent) -> Iterator[Finding]:
    around = [item for item in placed if _begins_in(item, origin)]
    if any(there == origin for _, there in around):
        return
    over = [item for item in placed if item[1].overlaps(origin)]
    if not around:
        if over:
            yield _beyond(None, over, region, origin)
        return
    holding = [item for item in around if origin.end <= item[1].end]
    if holding:
        yield _inside(holding[-1], region, origin)
        return
    widest = around[0]
    behind = [item for item in over if item[1].start >= widest[1].end]
    yield _beyond(widest, behind, region, origin)


def _inside(placed: _Placed, region: Partition, origin: Extent) -> Finding:
    partition, there = placed
    before, behind = origin.start - there.start, there.end - origin.end
    rooms = [
        f"{format_hex(room)} bytes at the {end}"
        for room, end in ((before, "start"), (behind, "end"))
        if room
    ]
    return _told(
        "SYN106",
        f"region `{_r(region)}` leaves {' and '.join(rooms)} of `{_n(partition)}` free",
        "right for a header and a trailer; otherwise make the region as large as the partition",
        partition,
        region,
        Severity.NOTE,
    )


def _beyond(
    placed: _Placed | None, over: list[_Placed], region: Partition, origin: Extent
) -> Finding:
    """SYN107; ``placed`` is what the region begins in, ``over`` what it reaches besides."""
    names = ", ".join(f"`{_n(p)}`" for p, _ in over[:4])
    more = f" and {len(over) - 4} more" if len(over) > 4 else ""
    if placed is None:
        message = f"region `{_r(region)}` begins in no partition and covers {names}{more}"
        first = over[0][0]
        return _told("SYN107", message, _advice(over, None), first, region)
    partition, there = placed
    excess = origin.end - there.end
    message = (
        f"region `{_r(region)}` begins in `{_n(partition)}` and goes on {format_hex(excess)} bytes "
        f"beyond its end at {format_hex(there.end)}" + (f", over {names}{more}" if names else "")
    )
    return _told("SYN107", message, _advice(over, placed, origin), partition, region)


def _advice(over: list[_Placed], placed: _Placed | None, origin: Extent | None = None) -> str:
    said = []
    if placed is not None and origin is not None:
        said.append(f"LENGTH = {format_hex(placed[1].end - origin.start)}")
    images = [item for item in over if item[0].role in (Role.APPLICATION, Role.FACTORY)]
    if images and (placed is None or placed[0].role is Role.BOOTLOADER):
        partition, there = images[0]
        said.append(
            f"for `{_n(partition)}` ORIGIN = {format_hex(there.start)}, "
            f"LENGTH = {format_hex(there.size)}"
        )
    return "; ".join(said) or "give it the place of the partition that it is linked for"


def _told(
    code: str,
    message: str,
    help: str,
    partition: Partition,
    region: Partition,
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(
        code,
        severity,
        message,
        help,
        region.place,
        InFlash(partition.owner, partition.extent),
        (partition.place,) if partition.place else (),
        {"partition": partition.name, "other": region.name},
    )


def _nothing_compared(layout: Table, script: Table) -> Finding:
    return Finding(
        "SYN109",
        Severity.WARNING,
        f"no region of {_file(script)} lies in the flash of {_file(layout)}: nothing was compared",
        "pass --device, so that the addresses of the layout are known",
        script.place,
    )


def _file(table: Table) -> str:
    return printable(table.place.path if table.place else table.name, 200)


def _n(partition: Partition) -> str:
    return printable(partition.name, 60)


def _r(region: Partition) -> str:
    return printable(region.id or region.name, 60)
