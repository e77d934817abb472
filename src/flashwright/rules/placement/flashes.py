"""Which flash a partition lies in, and the bytes that no partition uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from flashwright.base.extent import Extent
from flashwright.base.nearest import nearest
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Severity
from flashwright.model.geometry import Flash
from flashwright.model.table import IMAGE_ROLES, Partition
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, quoted, size
from flashwright.rules.view import View

#: Two partitions of one flash further apart than this are in two flashes: no serial NOR flash that
#: is mapped into a microcontroller is larger (64 MiB).
FAR_APART = 64 << 20


@rule("GEO107", "no-such-flash", Severity.ERROR)
def no_such_flash(view: View) -> Iterable[Finding]:
    """A partition lies in a flash that the device does not have.

    ## What it checks
    Whether the owner of each partition is one of the flashes of the device. Entries of length 0
    whose owner is "none" say that there is no such partition; they are sound.

    ## Why it matters
    The driver finds no device behind the owner and every access ends in an error, or it falls
    back to the first one and writes over the application.

    ## How to fix
    Name a flash that is there. Describe one that the board adds to its chip with
    `--flash qspi=8M`, or in `flash.toml` with `[[device.flash]]`.
    """
    if view.device is None:
        return
    known = list(view.flashes)
    for p in view.present:
        if p.owner in view.flashes:
            continue
        if not p.extent and not p.start:
            continue
        near = nearest(p.owner, known)
        located = view.device.locate(p.start)
        help = "its flashes: " + ", ".join(
            f"`{f.name}` ({format_size(f.size)})" for f in view.flashes.values()
        )
        if located is not None and located[0].base:
            help = f"0x{p.start:X} is an address of `{located[0].name}`; {help}"
        elif near is not None:
            help = f"did you mean `{near}`? {help}"
        else:
            help = f"{help}; give one more with --flash {printable(p.owner)}=SIZE"
        yield fault(
            "GEO107",
            ERROR,
            f"{quoted(p)} lies in flash `{printable(p.owner)}`, which "
            f"{printable(view.device.id)} does not have",
            help,
            of=p,
            fields=("owner",),
            owner=p.owner,
            flashes=known,
        )


@rule("GEO108", "wrong-address", Severity.ERROR)
def wrong_address(view: View) -> Iterable[Finding]:
    """The start of a partition is no place in its flash: another flash's, or mistyped.

    ## What it checks
    Whether a start is an address of another flash of the device; whether a table that writes CPU
    addresses has a start that is none (an offset, a missing digit); and, where the device is not
    known, whether starts in one flash lie more than 64 MiB apart.

    ## Why it matters
    An update that is stored at 0x40000 of the embedded flash, where the offset in the external one
    was meant, erases what is there, or nothing at all, and says it has succeeded.

    ## How to fix
    Name the flash that is meant, or correct the number; the help line says which flashes it fits.
    """
    if view.device is None:
        yield from _far_apart(view)
        return
    for p in view.astray:
        flash = view.flashes[p.owner]
        located = view.device.locate(p.start)
        start = format_hex(p.start)
        if located is not None and located[0].name != flash.name:
            other, offset = located
            yield fault(
                "GEO108",
                ERROR,
                f"{quoted(p)} starts at {start}, which is an address of `{other.name}`, not of "
                f"`{flash.name}`",
                f"name `{other.name}` as its flash (offset {format_hex(offset)} there), or start "
                f"it in {_addresses(flash)}",
                of=p,
                belongs_to=other.name,
            )
            continue
        yield fault(
            "GEO108",
            ERROR,
            f"{quoted(p)} starts at {start}, which is no address of `{flash.name}` although the "
            "table writes addresses there",
            _meant(view, p, flash),
            of=p,
        )


@rule("GEO109", "empty-partition", Severity.WARNING)
def empty_partition(view: View) -> Iterable[Finding]:
    """A partition has no byte.

    ## What it checks
    Whether each partition of a flash holds at least one byte. Entries of length 0 whose owner is
    "none", and entries that were never filled in, say that there is no such partition.

    ## Why it matters
    Every access to it fails at run time, or, where a driver takes 0 as "no limit", succeeds on
    somebody else's bytes.

    ## How to fix
    Give it its size, or take it out of the table (AliOS: owner `HAL_FLASH_NONE`).
    """
    for p in view.present:
        if p.extent or (p.start == 0 and not p.writable and not p.readable):
            continue
        yield fault(
            "GEO109",
            WARNING,
            f"{quoted(p)} at {format_hex(p.start)} is 0 bytes long",
            "give it a size, or take it out of the table",
            of=p,
            fields=SIZE,
        )


@rule("GEO110", "hole", Severity.NOTE)
def hole(view: View) -> Iterable[Finding]:
    """A part of a flash belongs to no partition.

    ## What it checks
    The free bytes between, before and behind the partitions of each flash, told once a flash.
    Room that is lost to alignment is GEO111.

    ## Why it matters
    It is often meant: room for later. But who appends a partition after the last one should know
    where there is room, and a table copied from a smaller chip leaves half of the larger unused.

    ## How to fix
    Nothing needs to be done. `flashwright draw` shows the holes.
    """
    for owner, (holes, _) in _unused(view).items():
        if not holes:
            continue
        total = sum(h.size for h in holes)
        largest = max(holes, key=lambda h: (h.size, -h.start))
        p = view.by_flash[owner][0]
        shift = max(p.start - p.extent.start, 0)
        shown = ", ".join(str(h.shifted(shift)) for h in holes[:4])
        shown += f" and {len(holes) - 4} more" if len(holes) > 4 else ""
        yield Finding(
            "GEO110",
            NOTE,
            f"no partition uses {size(total)} bytes of `{printable(owner)}`: {shown}",
            f"the largest hole has {size(largest.size)} bytes ({format_size(largest.size)})",
            view.table.place,
            InFlash(owner, largest),
            facts={"free": total, "holes": [n for h in holes for n in (h.start, h.end)]},
        )


@rule("GEO111", "waste", Severity.NOTE)
def waste(view: View) -> Iterable[Finding]:
    """Bytes are lost to alignment.

    ## What it checks
    Free bytes that are smaller than an erase block, and gaps before an image that are smaller than
    what images have to be aligned to (ESP32: 64 KiB), told once a flash.

    ## Why it matters
    Small partitions (settings, calibration, a boot record) fit into such gaps. In the middle of the
    flash they cost nothing; elsewhere they cost a slot up to 64 KiB.

    ## How to fix
    Move small partitions into the gaps; `flashwright plan` does.
    """
    for owner, (_, lost) in _unused(view).items():
        if not lost:
            continue
        total = sum(h.size for h in lost)
        largest = max(lost, key=lambda h: (h.size, -h.start))
        p = view.by_flash[owner][0]
        shift = max(p.start - p.extent.start, 0)
        shown = ", ".join(str(h.shifted(shift)) for h in lost[:4])
        shown += f" and {len(lost) - 4} more" if len(lost) > 4 else ""
        yield Finding(
            "GEO111",
            NOTE,
            f"{size(total)} bytes of `{printable(owner)}` are lost to alignment: {shown}",
            f"a partition of {size(largest.size)} bytes fits at {largest.shifted(shift)} at no cost"
            if largest.size >= view.flashes[owner].smallest_block_in(largest)
            else "end partitions where erase blocks end",
            view.table.place,
            InFlash(owner, largest),
            facts={"lost": total, "holes": [n for h in lost for n in (h.start, h.end)]},
        )


def _far_apart(view: View) -> Iterable[Finding]:
    for owner, partitions in view.by_flash.items():
        for low, high in itertools.pairwise(partitions):
            gap = high.extent.start - low.extent.end
            if gap <= FAR_APART:
                continue
            yield fault(
                "GEO108",
                WARNING,
                f"{quoted(low)} at {format_hex(low.start)} and {quoted(high)} at "
                f"{format_hex(high.start)} cannot both lie in `{printable(owner)}`",
                f"{format_size(gap >> 20 << 20)} lie between them: addresses of two flashes, or "
                "addresses mixed with offsets; pass `--device NAME`",
                of=high,
                others=(low,),
                gap=gap,
            )


def _addresses(flash: Flash) -> str:
    return str(flash.extent.shifted(flash.base or 0))


def _meant(view: View, partition: Partition, flash: Flash) -> str:
    """What a start that is no address may have meant."""
    meant: list[str] = []
    base = flash.base or 0
    typo = _mistyped(partition.start, flash, partition.size)
    if typo is not None:
        meant.append(f"{format_hex(typo)} if a digit is missing")
    if partition.start + partition.size <= flash.size:
        meant.append(f"{format_hex(base + partition.start)} if it is an offset in `{flash.name}`")
    for other in view.flashes.values():
        if other.name != flash.name and partition.start + partition.size <= other.size:
            meant.append(f"flash `{other.name}` if it is an offset there")
    shown = f": write {', or '.join(meant)}" if meant else ""
    return f"`{flash.name}` is {_addresses(flash)}{shown}"


def _mistyped(start: int, flash: Flash, length: int) -> int | None:
    """The address with one more hexadecimal zero that lies on an erase block of the flash."""
    digits = f"{start:X}"
    base = flash.base or 0
    for place in range(1, len(digits) + 1):
        address = int(digits[:place] + "0" + digits[place:], 16)
        offset = address - base
        if offset >= 0 and offset + length <= flash.size and flash.is_boundary(offset):
            return address
    return None


def _unused(view: View) -> dict[str, tuple[list[Extent], list[Extent]]]:
    """Of each known flash that has partitions: what is free, and what is lost to alignment."""
    result: dict[str, tuple[list[Extent], list[Extent]]] = {}
    if view.incomplete:
        return result
    for owner, free in view.free.items():
        flash = view.flashes.get(owner)
        if flash is None:
            continue
        alignment = view.device.image_alignment if view.device else 1
        images = {p.extent.start for p in view.by_flash[owner] if p.role in IMAGE_ROLES}
        result[owner] = ([], [])
        for gap in free:
            is_lost = gap.size < flash.smallest_block_in(gap) or (
                gap.size < alignment and gap.end in images and gap.end % alignment == 0
            )
            result[owner][is_lost].append(gap)
    return result
