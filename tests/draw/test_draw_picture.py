"""What a map shows, before any ink."""

from __future__ import annotations

from dataclasses import replace

import draw_tables as tables

from flashwright.base.extent import Extent, merged
from flashwright.draw.picture import MOST_HATCHES, MOST_LANES, MOST_PARTITIONS, picture
from flashwright.draw.shapes import Item, Kind, Strip
from flashwright.model.device import Reserved
from flashwright.model.table import Role, Table


def _items(strip: Strip, kind: Kind) -> list[Item]:
    return [i for i in strip.items if i.kind is kind]


def test_every_byte_lies_in_an_item() -> None:
    for name, make in tables.ALL.items():
        table, findings = make()
        for strip in picture(table, findings).strips:
            covered = merged(i.extent for i in strip.items)
            assert covered == [strip.whole], name


def test_the_worked_example() -> None:
    (strip,) = picture(tables.esp8266()).strips
    assert [i.extent for i in _items(strip, Kind.UNUSED)] == [Extent(0xF6000, 0x101000)]
    assert [i.name for i in _items(strip, Kind.RESERVED)] == [
        "rf_cal",
        "rf_init_data",
        "system_parameters",
    ]
    assert [(m.offset, m.text) for m in strip.marks if m.kind == "boot"] == [
        (0x1000, "boot 1"),
        (0x101000, "boot 2"),
    ]
    assert [[i.slot for i in pair] for pair in strip.pairs] == [["A", "B"]]
    assert strip.totals.reserved == 0x5000
    assert strip.totals.used + 0x5000 + 0xB000 == 0x200000
    assert strip.items[0].tags == ("read-only",)


def test_waste_is_the_rest_of_an_erase_block_in_use() -> None:
    (strip,) = picture(tables.stm32f429()).strips
    assert [i.extent for i in _items(strip, Kind.WASTE)] == [Extent(0xE000, 0x10000)]
    assert Extent(0x10000, 0x20000) in [i.extent for i in _items(strip, Kind.UNUSED)]
    assert 0x110000 in strip.cuts, "an erase run begins there"


def test_overlapping_partitions_both_have_a_lane() -> None:
    (strip,) = picture(tables.haas100()).strips
    both = [i for i in strip.items if i.name.startswith("ENV")]
    assert [(i.lane, i.lanes) for i in both] == [(0, 2), (1, 2)]
    others = [i for i in strip.items if not i.name.startswith("ENV")]
    assert all(i.lanes == 1 for i in others)


def test_flashes_that_nothing_uses_are_named_not_drawn() -> None:
    drawn = picture(tables.mk3165())
    assert [s.owner for s in drawn.strips] == ["embedded", "spi"]
    assert drawn.notes == ("not used: qspi (8 MiB)",)


def test_a_slot_in_another_flash_is_named() -> None:
    drawn = picture(tables.mk3165())
    tags = {i.name: i.tags for s in drawn.strips for i in s.items}
    assert tags["application"] == ("slot A (B in spi)",)
    assert tags["ota_temp"] == ("slot B (A in embedded)",)


def test_findings_are_hatched_where_they_are() -> None:
    table, findings = tables.faulty()
    drawn = picture(table, findings)
    (strip,) = drawn.strips
    assert [(h.finding.code, h.extent.start) for h in strip.hatches] == [
        ("GEO101", 0xF8000),
        ("GEO301", 0x1FB000),
        ("GEO201", 0x1FD000),
        ("GEO101", 0x1FF000),
        ("GEO102", 0x200000),
    ]
    assert len(drawn.findings) == 6, "that without a place is told"
    assert strip.whole.end == 0x201000
    assert ("flash ends", 0x200000) in [(m.text, m.offset) for m in strip.marks]


def test_findings_of_another_table_are_left_out() -> None:
    table, findings = tables.faulty()
    others = [replace(f, table="other") for f in findings]
    assert picture(table, others).findings == ()
    assert len(picture(table, [replace(f, table=table.name) for f in findings]).findings) == 6


def test_what_the_device_has_but_the_table_does_not_say() -> None:
    table = tables.single_bank()
    assert table.device
    boot = replace(table.device.boot, bootloader=Extent(0, 0x8000))
    device = replace(table.device, boot=boot)
    without = replace(table, device=device, partitions=table.partitions[1:])
    (strip,) = picture(without).strips
    assert [i.name for i in _items(strip, Kind.FIXED)] == ["bootloader"]
    (strip,) = picture(replace(table, device=device)).strips
    assert not _items(strip, Kind.FIXED)


def test_empty_partitions_are_told() -> None:
    table = tables.single_bank()
    empty = tables.part("nothing", Role.CUSTOM, 0x1000, 0)
    drawn = picture(replace(table, partitions=(*table.partitions, empty)))
    assert "empty: `nothing` at 0x1000" in drawn.notes


def test_a_table_without_partitions_draws_nothing() -> None:
    assert picture(Table("nothing", ())).strips == ()


def test_hostile_tables_are_bounded_and_say_so() -> None:
    table = tables.hostile()
    drawn = picture(table)
    (strip,) = drawn.strips
    assert len(strip.items) < 2 * MOST_PARTITIONS
    assert max(i.lanes for i in strip.items) <= MOST_LANES
    assert any(i.kind is Kind.FOLDED for i in strip.items)
    assert all(i.name.isprintable() and i.name for i in strip.items)
    assert drawn.title.isprintable()


def test_overlaps_that_are_not_drawn_are_counted() -> None:
    many = tuple(tables.part(f"p{n}", Role.CUSTOM, 0, 0x1000) for n in range(20))
    drawn = picture(replace(tables.single_bank(), partitions=many))
    assert f"embedded: {20 - MOST_LANES} more use the same bytes and are not drawn" in drawn.notes


def test_hatches_are_bounded_and_the_worst_stay() -> None:
    table, findings = tables.faulty()
    warning = next(f for f in findings if f.code == "GEO201")
    many = [replace(warning, message=str(n)) for n in range(500)]
    (strip,) = picture(table, [*many, *findings]).strips
    assert len(strip.hatches) == MOST_HATCHES
    assert sum(h.finding.severity.word == "error" for h in strip.hatches) == 4


def test_reserved_ranges_that_are_not_drawn_are_not_called_unused() -> None:
    many = tuple(Reserved(f"r{n}", "embedded", Extent.of(n * 0x1000, 0x1000)) for n in range(80))
    device = tables.device("d", (tables.flash("embedded", 80 * 0x1000),), reserved=many)
    drawn = picture(Table("t", (), device))
    (strip,) = drawn.strips
    assert not _items(strip, Kind.UNUSED)
    assert "embedded: 20 more reserved ranges are not drawn" in drawn.notes
