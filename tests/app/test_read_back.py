"""What a written file does not say is told: by the writer, or by reading it back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.app.convert import convert
from flashwright.app.read_back import read_back
from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.diag.finding import Severity
from flashwright.formats.catalog import FORMATS, format_named
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Partition, Role, Table

BOTH_WAYS = [f.name for f in FORMATS if f.reads and f.writes]


def part(name: str, role: Role, start: int, size: int = 0x1000, **more: object) -> Partition:
    values: dict[str, object] = {"owner": "embedded", **more}
    return Partition(name, role, extent=Extent(start, start + size), start=start, **values)  # type: ignore[arg-type]


def table(*partitions: Partition) -> Table:
    return Table("t", partitions)


def told(*partitions: Partition, to: str) -> list[str]:
    return [f.message for f in convert((table(*partitions),), to).findings if f.code == "FMT006"]


SLOTS = (
    part("mcuboot", Role.BOOTLOADER, 0, 0x8000),
    part("mcuboot_primary", Role.APPLICATION, 0x8000, 0x10000),
    part("mcuboot_secondary", Role.OTA_TEMP, 0x18000, 0x10000),
)


def test_nothing_is_told_where_nothing_is_lost() -> None:
    encoded = convert((table(*SLOTS),), "nrf-pm-static")
    assert encoded.data and encoded.findings == ()


@pytest.mark.parametrize(
    ("lost", "to", "words"),
    [
        (part("x", Role.SECURITY, 0x28000), "nrf-pm-static", "what these are for: `x` (security)"),
        (part("x", Role.CUSTOM, 0x28000, writable=False), "fal", "`x` (read-only)"),
        (part("x", Role.CUSTOM, 0x28000, readable=False), "mtdparts", "`x` (not readable)"),
        (part("x", Role.CUSTOM, 0x28000, flags=("encrypted",)), "fal", "flags: `x` (encrypted)"),
        (part("x", Role.CUSTOM, 0x28000), "mynewt-bsp", "`x` (`FLASH_AREA_X`)"),
        (part("x", Role.CUSTOM, 0, parent="mcuboot"), "alios-c", "`x` (part of mcuboot)"),
        (part("x", Role.CUSTOM, 0, shares=("mcuboot",)), "alios-c", "`x` (shared with mcuboot)"),
        (part("x", Role.CUSTOM, 0x28000, owner="spi"), "mynewt-bsp", "flash `spi` `flash1`"),
    ],
)
def test_each_kind_of_loss_is_told(lost: Partition, to: str, words: str) -> None:
    messages = told(*SLOTS, lost, to=to)
    assert any(words in message for message in messages), messages
    assert not any("`x`" in message for message in told(*SLOTS, to=to))


def test_many_losses_are_counted() -> None:
    many = [part(f"k{i}", Role.SECURITY, i * 0x1000) for i in range(20)]
    (message,) = told(*many, to="nrf-pm-static")
    assert "`k7` (security) and 12 more" in message


def test_a_flash_that_becomes_another_one_is_refused() -> None:
    outside = replace(SLOTS[2], owner="qspi")
    encoded = convert((table(*SLOTS[:2], outside),), "infineon-json")
    assert encoded.data is None
    spoiled = [f for f in encoded.findings if f.code == "FMT007"]
    assert [f.facts["partition"] for f in spoiled] == ["mcuboot_secondary"]


def test_a_table_that_the_format_understands_otherwise_is_refused() -> None:
    """ESP-IDF's bootloader ends where the partition table begins, whatever the row says."""
    rows = (part("bootloader", Role.BOOTLOADER, 0), part("app", Role.APPLICATION, 0x10000, 0x10000))
    encoded = convert((table(*rows),), "esp-idf-csv")
    assert encoded.data is None and "FMT007" in {f.code for f in encoded.findings}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("0x18000", "0x19000"),
        lambda text: text.replace("mcuboot_secondary:\n", "").partition("mcuboot_primary")[0],
    ],
)
def test_a_writer_at_fault_is_found(spoil: object) -> None:
    form = format_named("nrf-pm-static")
    assert form is not None and callable(spoil)
    good = form.encode((table(*SLOTS),), WriteOptions())
    assert good.data is not None
    assert read_back(form, (table(*SLOTS),), good, WriteOptions()).data == good.data
    bad = Encoded(spoil(good.data.decode()).encode())
    found = read_back(form, (table(*SLOTS),), bad, WriteOptions())
    assert found.data is None and {f.code for f in found.findings} == {"FMT007"}
    assert all(f.severity is Severity.ERROR and f.where for f in found.findings)


ROLES = st.sampled_from([r for r in Role if r is not Role.CUSTOM])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Up to six partitions, one after the other, of any role, right and flag."""
    count = draw(st.integers(1, 6))
    partitions = []
    for i in range(count):
        partitions.append(
            part(
                draw(st.sampled_from(["a", "boot", "slot", "nvs", "log_x"])) + str(i),
                draw(ROLES),
                0x10000 * (i + 1),
                draw(st.sampled_from([0x1000, 0x8000, 0x10000])),
                owner=draw(st.sampled_from(["embedded", "embedded", "spi"])),
                readable=draw(st.booleans()),
                writable=draw(st.booleans()),
                flags=draw(st.sampled_from([(), ("encrypted",)])),
            )
        )
    return table(*partitions)


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from(BOTH_WAYS))
def test_no_format_loses_a_partition_or_its_place_in_silence(layout: Table, to: str) -> None:
    encoded = convert((layout,), to)
    if encoded.data is None:
        assert any(f.severity is Severity.ERROR for f in encoded.findings)
        return
    form = format_named(to)
    assert form is not None
    again = form.decode(Source("x", encoded.data), ReadOptions())
    places = {p.extent for t in again.tables for p in t.partitions}
    words = " ".join(f.message for f in encoded.findings)
    for partition in layout.partitions:
        assert partition.extent in places or f"`{partition.name}`" in words
        if not partition.writable and all(
            p.writable for t in again.tables for p in t.partitions if p.extent == partition.extent
        ):
            assert "read-only" in words


def test_each_of_several_tables_is_compared_with_its_own() -> None:
    small = replace(table(part("boot", Role.BOOTLOADER, 0, 0x8000)), name="flash_map")
    large = replace(table(part("boot", Role.BOOTLOADER, 0, 0xC000)), name="LARGE")
    encoded = convert((small, large), "mynewt-bsp")
    assert encoded.data is not None, encoded.findings
    assert convert((large, small), "mynewt-bsp").data is not None
