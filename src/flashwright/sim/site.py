"""From the user's table to the areas of a proof: roles become areas, what does not fit is told.

Findings: SIM001 the table names no device; SIM003 the scheme needs a partition that is not there;
SIM004 a partition has too few erase blocks, or is too small for its image; SIM005 a partition lies
outside its flash, is empty, or overlaps another one of the scheme; SIM008 images cannot run where a
slot lies.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, InFlash, Severity
from flashwright.flash.chips import Chips
from flashwright.model.table import IMAGE_ROLES, Partition, Role, Table
from flashwright.model.update import Update
from flashwright.sim.area import Area, Board


class Site:
    """A table while it is being mapped; ``findings`` gathers what stands in the way."""

    def __init__(self, table: Table, chunk: int) -> None:
        assert table.device is not None
        self.table = table
        self.update: Update | None = table.update
        self.board = Board(Chips(table.device.flashes), chunk)
        self.findings: list[Finding] = []
        #: What the machine has to take for granted because of the table, in sentences.
        self.assumptions: list[str] = []
        self._used: list[Partition] = []

    def partitions(self, *roles: Role) -> tuple[Partition, ...]:
        """The partitions with one of these roles, as the table has them."""
        return self.table.of_role(*roles)

    def area(self, partition: Partition, blocks: int = 1) -> Area | None:
        """The area of a partition that has at least ``blocks`` erase blocks of its own."""
        owner, extent = partition.owner, partition.extent
        device = self.table.device
        flash = device.flash(owner) if device else None
        if flash is None or not extent or extent.end > flash.size:
            text = f"`{partition.name}` at {extent} lies outside flash `{owner}`"
            self._report("SIM005", text, "give it a place inside the flash", partition)
            return None
        whole = [b for b in flash.blocks(extent) if extent.covers(b)]
        if len(whole) < blocks:
            text = f"`{partition.name}` has {_blocks(len(whole))}, the scheme needs {blocks}"
            size = sum(b.size for b in whole) or flash.largest_block_in(extent)
            need = blocks * flash.largest_block_in(extent)
            hint = f"make it 0x{need:X} bytes, aligned to erase blocks (now 0x{size:X})"
            self._report("SIM004", text, hint, partition)
            return None
        try:
            made = self.board.area(partition.name, owner, extent, writable=partition.writable)
        except ValueError as overlap:
            text = f"`{partition.name}` cannot be used: {overlap}"
            self._report("SIM005", text, "let the partitions of the scheme be disjoint", partition)
            return None
        self._used.append(partition)
        return made

    def need(self, what: str, *roles: Role, blocks: int = 1) -> Area | None:
        """The area of the first partition with one of the roles, or a finding."""
        found = self.partitions(*roles)
        if not found:
            names = " or ".join(f"`{r.value}`" for r in roles)
            text = f"the scheme needs {what}: no partition has role {names}"
            self._report("SIM003", text, f"add a partition with role {names}", None)
            return None
        return self.area(found[0], blocks)

    def pair(self) -> tuple[Area, Area] | None:
        """The two slots: application and OTA TMP, or two applications; or a finding."""
        apps, others = self._slots()
        if not apps or not others:
            self.need("an application", Role.APPLICATION)
            if apps:
                self.need("a second slot", Role.OTA_TEMP)
            return None
        first, second = self.area(apps[0]), self.area(others[0])
        return None if first is None or second is None else (first, second)

    def _slots(self) -> tuple[list[Partition], list[Partition]]:
        """What may be the first and the second slot: of those that the table pairs, if it does.

        What lies inside a slot (the code behind an image's header, in nRF Connect) is none.
        """
        found = self.partitions(Role.APPLICATION, Role.OTA_TEMP)
        within = {p.name for p in self.table.partitions if p.role in IMAGE_ROLES}
        found = tuple(p for p in found if not within.intersection(self._parents(p)))
        group = next((p.pair for p in found if p.pair), None)
        paired = [p for p in found if p.pair == group]
        slots = paired if len(paired) > 1 else list(found)
        apps = [p for p in slots if p.role is Role.APPLICATION]
        return apps, [*(p for p in slots if p.role is Role.OTA_TEMP), *apps[1:]]

    def _parents(self, partition: Partition) -> list[str]:
        """The names of the partitions that contain it, from the inside out."""
        names: list[str] = []
        at: Partition | None = partition
        while at is not None and at.parent and at.parent not in names:
            names.append(at.parent)
            at = self.table.get(at.parent)
        return names

    def image_size(self, *slots: Area, most: int | None = None) -> int:
        """The bytes of an image: the largest that the table gives its slots, else what fits.

        What fits is ``most`` (the smallest slot), in whole program units of all slots. A finding
        if the table gives more than that.
        """
        unit = max(area.unit for area in slots)
        fits = usable(min(area.size for area in slots) if most is None else most, unit)
        given = [p for a in slots if (p := self.table.get(a.name)) and p.image_size]
        largest = max(given, key=lambda p: p.image_size or 0, default=None)
        if largest is None:
            return fits
        size = -(-(largest.image_size or 0) // unit) * unit
        if size > fits:
            text = (
                f"the image of `{largest.name}` has 0x{size:X} bytes, the scheme has room for "
                f"0x{fits:X}"
            )
            self._report("SIM004", text, f"make it at most 0x{fits:X} bytes", largest)
            return fits
        self.assumptions.append(
            f"images have 0x{size:X} bytes, as the layout says of `{largest.name}` (0x{fits:X} fit)"
        )
        return size

    def reserved(self, name: str, blocks: int) -> Area | None:
        """The area of a range that the chip's vendor keeps for itself; or a finding."""
        device = self.table.device
        found = [r for r in device.reserved if r.name == name] if device else []
        if not found:
            text = f"the scheme needs the vendor's range `{name}`, which this device does not have"
            self._report("SIM003", text, "choose another scheme", None)
            return None
        one = found[0]
        made = Partition(one.name, Role.CUSTOM, one.owner, one.extent, one.extent.start)
        return self.area(made, blocks)

    def uneven(self, area: Area, largest: int) -> None:
        """Report that a scheme which swaps erase blocks needs them all of one size."""
        partition = self.table.get(area.name)
        text = f"`{area.name}` and its partner have erase blocks of different sizes"
        help = f"the scheme swaps blocks one to one; the largest has 0x{largest:X} bytes"
        self._report("SIM004", text, help, partition)

    def starts_clean(self, area: Area) -> bool:
        """Whether the area starts where an erase block starts; or a finding."""
        block = area.blocks[0]
        if block.start == area.start:
            return True
        partition = self.table.get(area.name)
        start = partition.extent.start if partition else area.start
        low = start - (area.start - block.start)
        text = (
            f"`{area.name}` starts at 0x{start:X}, inside an erase block of 0x{block.size:X} bytes"
        )
        self._report("SIM004", text, f"start it at 0x{low:X} or 0x{low + block.size:X}", partition)
        return False

    def not_mapped(self, area: Area) -> None:
        """Report that a scheme which runs images where they lie cannot run them here."""
        partition = self.table.get(area.name)
        text = f"`{area.name}` lies in flash `{area.owner}`, which the CPU does not see"
        self._report("SIM008", text, "use a scheme that copies or swaps", partition)

    def too_coarse(self, area: Area, align: int) -> None:
        """Report that the fields of a trailer, ``align`` bytes apart, share program units."""
        partition = self.table.get(area.name)
        text = (
            f"flash `{area.owner}` is programmed {area.unit} bytes at a time, max_align is {align}"
        )
        self._report("SIM009", text, f"say `max_align = {area.unit}`", partition)

    def too_small(self, area: Area, need: int) -> None:
        """Report that an area is smaller than ``need`` bytes."""
        partition = self.table.get(area.name)
        text = f"`{area.name}` has 0x{area.size:X} bytes, the scheme needs 0x{need:X}"
        self._report("SIM004", text, f"make it at least 0x{need:X} bytes", partition)

    def finish(self) -> None:
        """Guard what lies in the scheme's areas and belongs to others."""
        device = self.table.device
        used = {p.name for p in self._used}
        for mine in self._used:
            for other in self.table.in_flash(mine.owner):
                meant = other.name in mine.shares or mine.name in other.shares
                nested = other.parent == mine.name or mine.parent == other.name
                if other.name in used or meant or nested:
                    continue
                shared = mine.extent.intersection(other.extent)
                self.board.guard(f"`{other.name}`", mine.owner, shared)
            for reserved in device.reserved_in(mine.owner) if device else ():
                if reserved.name in used:
                    continue
                shared = mine.extent.intersection(reserved.extent)
                self.board.guard(f"{reserved.name} (reserved)", mine.owner, shared)

    def _report(self, code: str, text: str, help: str, partition: Partition | None) -> None:
        where = InFlash(partition.owner, partition.extent) if partition else None
        place = partition.place if partition else self.table.place
        self.findings.append(Finding(code, Severity.ERROR, text, help, place, where))


def _blocks(count: int) -> str:
    return "1 whole erase block" if count == 1 else f"{count} whole erase blocks"


def usable(size: int, unit: int) -> int:
    """``size`` rounded down to whole program units."""
    return size // unit * unit


def free_blocks(table: Table, owner: str, count: int, start: int = 0) -> Extent | None:
    """The first ``count`` erase blocks in a row, from ``start`` on, that nobody uses."""
    device = table.device
    flash = device.flash(owner) if device else None
    if device is None or flash is None:
        return None
    taken = [p.extent for p in table.in_flash(owner)]
    taken += [r.extent for r in device.reserved_in(owner)]
    if device.boot.owner == owner and device.boot.bootloader:
        taken.append(device.boot.bootloader)
    row: list[Extent] = []
    for block in flash.blocks(Extent(min(start, flash.size), flash.size)):
        row = [] if any(t.overlaps(block) for t in taken) else [*row, block]
        if len(row) == count:
            return Extent(row[0].start, row[-1].end)
    return None
