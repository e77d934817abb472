"""`sync`: the same layout told by several files, and every disagreement with both places."""

from dataclasses import replace

from flashwright.app.sync import disagreements
from flashwright.base.extent import Extent
from flashwright.diag.finding import Place
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

FLASH = Flash("embedded", 0x0800_0000, (EraseRun(256, 4096),))
DEVICE = Device("chip", "", "A chip", "", (FLASH,), BootFacts("embedded"))


def part(name: str, start: int, size: int, line: int) -> Partition:
    place = Place("x", line, 1)
    return Partition(name, Role.CUSTOM, "embedded", Extent.of(start, size), start, place=place)


def table(name: str, *parts: Partition, form: str = "") -> Table:
    return Table(name, parts, None, format=form, place=Place(name))


DTS = table(
    "a.dts",
    part("boot_partition", 0, 0x8000, 1),
    part("slot0_partition", 0x8000, 0x40000, 2),
    part("slot1_partition", 0x48000, 0x40000, 3),
    part("storage_partition", 0x88000, 0x2000, 4),
)
PM = table(
    "pm_static.yml",
    part("mcuboot", 0, 0x8000, 1),
    part("mcuboot_primary", 0x8000, 0x40000, 2),
    part("mcuboot_secondary", 0x48000, 0x40000, 3),
    part("settings_storage", 0x88000, 0x2000, 4),
)


def codes(a: Table, b: Table) -> list[str]:
    return [f.code for f in disagreements(a, b)]


def test_names_of_other_ecosystems_are_understood() -> None:
    assert codes(DTS, PM) == []


def test_a_place_and_a_size_that_differ_are_told_with_both_places() -> None:
    moved = replace(PM, partitions=(*PM.partitions[:3], part("settings_storage", 0x89000, 4096, 9)))
    place, size = disagreements(DTS, moved)
    assert (place.code, size.code) == ("SYN101", "SYN102")
    assert place.place == Place("x", 4, 1) and place.related == (Place("x", 9, 1),)
    assert "0x88000" in place.message and "0x89000" in place.message and "0x1000" in place.help
    assert "0x2000" in size.message and "0x1000" in size.message


def test_a_partition_in_one_file_only() -> None:
    assert codes(DTS, replace(PM, partitions=PM.partitions[:3])) == ["SYN103"]
    linker = replace(PM, partitions=PM.partitions[1:2], format="ld-memory")
    assert codes(DTS, linker) == []


def test_one_file_with_addresses_one_with_offsets() -> None:
    high = tuple(part(p.name, p.start + 0x0800_0000, p.size, 1) for p in PM.partitions)
    found = disagreements(DTS, replace(PM, partitions=high))
    assert [f.code for f in found] == ["SYN104"] and found[0].facts["distance"] == 0x0800_0000
    with_device = replace(PM, device=DEVICE)
    assert codes(replace(DTS, device=DEVICE), with_device) == []


def test_a_constant_distance_does_not_hide_a_real_one() -> None:
    high = [part(p.name, p.start + 0x0800_0000, p.size, 1) for p in PM.partitions]
    high[3] = part("settings_storage", 0x0808_9000, 0x2000, 7)
    assert codes(DTS, replace(PM, partitions=tuple(high))) == ["SYN104", "SYN101"]
