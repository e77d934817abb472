"""What the Partition Manager makes of the places that a static layout leaves.

It looks at a region as at two sets: where entries begin and where they end. What is in one of them
only bounds a gap. So entries that overlap shift the gaps, or make one that overlaps an entry. The
chip's flash has to have one gap, which the application gets; regions that are packed from their
start (external flash, flash in RAM) have one at their end at most.

Source: nrfconnect/sdk-nrf scripts/partition_manager.py and cmake/sysbuild/partition_manager.cmake.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, error, note, warning
from flashwright.model.device import Device
from flashwright.model.table import Partition

#: Regions of the build; those that it packs from their start, at offset 0.
REGIONS = (
    *("flash_primary", "external_flash", "sram_primary", "otp", "ram_flash", "bootconf"),
    "sram_secondary",
)
_PACKED = ("external_flash", "ram_flash")
#: Behind the end of every region.
_NOWHERE = 1 << 65
_MOST = 8
#: How many regions are looked at for misspelling, and how much of their names.
_MOST_REGIONS, _LONGEST_REGION = 50, 40
UNPLACED = "unplaced"

Gap = tuple[int, int]


def gaps_of(start: int, end: int, partitions: Sequence[Partition]) -> list[Gap]:
    """The gaps of a region as the build sees them; of overlapping entries, some run backwards."""
    starts = {end} | {p.extent.start for p in partitions}
    ends = {start} | {p.extent.end for p in partitions}
    return list(zip(sorted(ends - starts), sorted(starts - ends), strict=False))


def with_application(
    partitions: list[Partition],
    containers: frozenset[str],
    device: Device | None,
    findings: list[Finding],
) -> list[Partition]:
    """With ``app`` where the build puts it: in the gap that the others leave."""
    others = [p for p in partitions if p.owner == "embedded" and p.name not in containers]
    others = [p for p in others if p.name != "app"]
    app = next((p for p in partitions if p.name == "app" and p.owner == "embedded"), None)
    flash = device.flash("embedded") if device else None
    placed = app is not None and UNPLACED not in app.attributes
    known = [*others, *([app] if app is not None and placed else [])]
    end = flash.size if flash else max((p.extent.end for p in known), default=0)
    gaps = gaps_of(0, end, others)
    if len(gaps) == 1 and gaps[0][0] < gaps[0][1] and (flash or placed):
        if app is None:
            message = f"there is no entry `app`: the application gets {Extent(*gaps[0])}"
            help = "together with what else the build adds; the layout is read without it"
            findings.append(note("FMT264", message, help))
        return _in_gap(partitions, app, Extent(*gaps[0]), (flash is None, end), findings)
    if flash is not None:
        shown = ", ".join(f"{format_hex(a)}..{format_hex(b)}" for a, b in gaps[:_MOST]) or "none"
        message = f"the build wants one gap for the application, here are {len(gaps)}: {shown}"
        help = "fill the others with entries such as EMPTY_0, or close them"
        if any(a > b for a, b in gaps):
            help = "a gap that runs backwards is where entries overlap or are empty"
        findings.append(warning("FMT254", message, help, app.place if app else None))
    if app is None or placed:
        return partitions
    message = "`app` has no address and size: the build gives it the one gap of the flash"
    help = "pass --device, and leave one gap" if flash is None else "leave one gap"
    findings.append(error("FMT250", message, f"{help}; it is left out", app.place))
    return [p for p in partitions if p is not app]


def _in_gap(
    partitions: list[Partition],
    app: Partition | None,
    gap: Extent,
    unknown_end: tuple[bool, int],
    findings: list[Finding],
) -> list[Partition]:
    if app is None or (app.extent == gap and UNPLACED not in app.attributes):
        return partitions
    if UNPLACED in app.attributes:
        rest = {k: v for k, v in app.attributes.items() if k != UNPLACED}
        moved = replace(app, extent=gap, start=gap.start, attributes=rest)
        return [moved if p is app else p for p in partitions]
    if unknown_end == (True, gap.end):
        return partitions
    message = f"the build ignores the entry `app` ({app.extent}): the application gets {gap}"
    start, size = format_hex(gap.start), format_hex(gap.size)
    help = f"write address {start}, size {size} and end_address {format_hex(gap.end)}"
    findings.append(warning("FMT253", message, help, app.place))
    if gap.covers(app.extent):
        return partitions
    moved = replace(app, extent=gap, start=gap.start)
    return [moved if p is app else p for p in partitions]


def region_faults(partitions: Sequence[Partition]) -> list[Finding]:
    """FMT256 for regions that are not packed, FMT257 for regions that the build does not have."""
    found = []
    for region in _PACKED:
        own = [p for p in partitions if p.owner == region]
        if not own or any(_packed(end, own) for end in (_NOWHERE, max(p.extent.end for p in own))):
            continue
        gaps = [gap for gap in gaps_of(0, _NOWHERE, own) if gap[0] < gap[1] < _NOWHERE]
        shown = ", ".join(f"{format_hex(a)}..{format_hex(b)}" for a, b in gaps[:_MOST])
        message = f"the entries of `{region}` are not packed from its start"
        message += f": {shown} is free" if shown else ": they overlap"
        help = "the build stops; fill the gaps with entries such as EMPTY_external_0"
        found.append(warning("FMT256", message, help, own[0].place))
    owners = dict.fromkeys(p.owner for p in partitions if p.owner != "embedded")
    for owner in list(owners)[:_MOST_REGIONS]:
        near = get_close_matches(owner[:_LONGEST_REGION], REGIONS, 1, 0.8)
        if owner in REGIONS or not near:
            continue
        first = next(p for p in partitions if p.owner == owner)
        message = f"the build has no region `{printable(owner, 40)}`: it leaves the entry out"
        found.append(warning("FMT257", message, f"`{near[0]}` is one", first.place))
    return found


def _packed(end: int, partitions: Sequence[Partition]) -> bool:
    """Whether the build takes them in a region that ends there."""
    gaps = gaps_of(0, end, partitions)
    return not gaps or (len(gaps) == 1 and gaps[0][1] == end)


def same_macro(partitions: Sequence[Partition]) -> list[Finding]:
    """FMT258 for names that are one in upper case."""
    seen: dict[str, Partition] = {}
    found = []
    for p in partitions:
        other = seen.setdefault(p.name.upper(), p)
        if other.name != p.name:
            both = f"`{printable(other.name, 40)}` and `{printable(p.name, 40)}`"
            message = f"{both} are both PM_{printable(p.name.upper(), 40)} to the build"
            found.append(warning("FMT258", message, "rename one", p.place))
    return found
