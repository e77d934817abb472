"""The borders of what rules say: exact ends, which of two words, who is erased by whom."""

from __future__ import annotations

import pytest
from rule_tables import K, codes, device, flash, only, part

from flashwright.diag.finding import Severity
from flashwright.model.device import BankMode, BootFacts
from flashwright.model.table import Partition, Table

NOR = device(flash(runs=((512, 4096),)))


def table(*partitions: Partition) -> Table:
    return Table("t", partitions, NOR)


def test_a_partition_that_ends_with_its_flash_is_judged_like_any_other() -> None:
    assert codes(table(part("last", "user", 0x1FE800, 0x1800))) == ["GEO103"]
    assert codes(table(part("last", "user", 0x1FE000, 0x2000))) == []
    beyond = table(part("last", "user", 0x1FE000, 0x2001))
    assert "GEO102" in codes(beyond)


@pytest.mark.parametrize(
    ("start", "words"), [(0x4000, "lies before"), (0x6000, "lies before"), (0x7000, "covers")]
)
def test_what_lies_before_the_partition_table_does_not_cover_it(start: int, words: str) -> None:
    data = part("nvs", "kv", start, 0x2000, attributes={"type": 1, "subtype": 2})
    made = Table("t", (data,), format="esp-idf-bin", attributes={"table_offset": 0x8000})
    (finding,) = only(made, "BOT304")
    assert f"{words} the partition table at 0x8000" in finding.message


def _pair(first: str, second: str, writable: bool) -> tuple[Partition, Partition]:
    low = part("low", first, 0x10000, 0x1800, writable=writable)
    return low, part("high", second, 0x11800, 0x800, writable=writable)


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize(
    ("first", "second"),
    [("bootloader", "partition_table"), ("bootloader", "factory"), ("factory", "partition_table")],
)
def test_what_nothing_erases_in_the_field_is_no_error(
    first: str, second: str, writable: bool
) -> None:
    (finding,) = only(table(*_pair(first, second, writable)), "GEO105")
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("writable", [True, False])
def test_an_application_is_erased_if_it_is_writable(writable: bool) -> None:
    (finding,) = only(table(*_pair("bootloader", "application", writable)), "GEO105")
    assert finding.severity is (Severity.ERROR if writable else Severity.WARNING)
    assert ("erases `low` as well" in finding.help) is writable


def test_an_image_that_is_too_large_does_not_hide_a_tight_one() -> None:
    over = part("app", "application", 0x10000, 64 * K, image_size=65 * K)
    unknown = part("next", "application", 0x20000, 64 * K)
    tight = part("other", "application", 0x30000, 64 * K, image_size=60 * K, slack=8 * K)
    (finding,) = only(table(over, unknown, tight), "IMG502")
    assert "`other` leaves 0x1000 bytes of what the slot has" in finding.message


@pytest.mark.parametrize(
    ("start", "words"),
    [(0x12000, "start it at 0x10000 (0x2000 bytes lower)"), (0x8000, "(0x8000 bytes higher)")],
)
def test_the_way_to_the_boot_address_has_a_direction(start: int, words: str) -> None:
    board = device(
        flash(runs=((512, 4096),)), boot=BootFacts("embedded", BankMode.SINGLE, (0x10000,))
    )
    slot = part("app", "application", start, 64 * K)
    (finding,) = only(Table("t", (slot,), board), "BOT301")
    assert words in finding.help
