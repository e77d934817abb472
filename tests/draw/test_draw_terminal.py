"""The map in the terminal."""

from __future__ import annotations

import re

import draw_tables as tables
import pytest
from golden_files import is_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.draw.terminal import terminal
from flashwright.draw.words import fitted, width_of, wrapped
from flashwright.model.table import Role, Table

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", sorted(tables.ALL))
def test_maps_as_they_were_looked_at(name: str) -> None:
    table, findings = tables.ALL[name]()
    assert is_golden(f"{name}.txt", terminal(table, findings))


def test_ascii_and_narrow_as_looked_at() -> None:
    table, findings = tables.faulty()
    drawn = terminal(table, findings, width=60, unicode=False)
    assert drawn.isascii()
    assert is_golden("faulty-60-ascii.txt", drawn)


def test_wide_as_looked_at() -> None:
    assert is_golden("stm32f429-140.txt", terminal(tables.stm32f429(), width=140))


@pytest.mark.parametrize("width", [1, 60, 71, 80, 97, 120, 200, 900])
@pytest.mark.parametrize("name", [*sorted(tables.ALL), "hostile"])
def test_no_line_is_too_wide(name: str, width: int) -> None:
    table, findings = tables.ALL[name]() if name in tables.ALL else (tables.hostile(), ())
    for unicode in (True, False):
        drawn = terminal(table, findings, width=width, unicode=unicode)
        assert max(width_of(line) for line in drawn.splitlines()) <= min(max(width, 60), 200)
        assert all(c == "\n" or c.isprintable() for c in drawn)


@pytest.mark.parametrize("name", sorted(tables.ALL))
def test_colour_adds_nothing_but_colour(name: str) -> None:
    table, findings = tables.ALL[name]()
    coloured = terminal(table, findings, colour=True)
    assert ANSI.sub("", coloured) == terminal(table, findings)
    assert "\x1b[" in coloured
    for line in coloured.splitlines():
        assert line.count("\x1b[") == 0 or line.rstrip().endswith("\x1b[0m") or "\x1b[0m" in line


def test_the_worked_example_says_everything() -> None:
    drawn = terminal(tables.esp8266())
    for said in ("0x001000", "@0x40201000", "980 KiB", "0xF5000", "read-only", "slot A", "slot B"):
        assert said in drawn
    for said in ("boot 1▶", "boot 2▶", "rf_cal", "vendor", "unused", "image 620 KiB (63.2 %)"):
        assert said in drawn


def test_findings_are_hatched_with_letter_and_code() -> None:
    table, findings = tables.faulty()
    drawn = terminal(table, findings)
    assert re.search(r"╱.*E GEO101", drawn)
    assert re.search(r"╲.*W GEO201", drawn)
    assert "error[GEO101] embedded 0xF8000..0xFC000" in drawn
    assert "╱" not in terminal(table)


def test_ticks_stand_where_erase_blocks_begin() -> None:
    drawn = terminal(tables.faulty()[0])
    assert re.search(r"0x1FE000 ╶", drawn)
    assert re.search(r"0x1FD800  ", drawn), "that is inside an erase block"


def test_boxes_are_closed_and_aligned() -> None:
    table, _ = tables.ALL["single_bank"]()
    lines = terminal(table).splitlines()
    edges = [line for line in lines if "├" in line or "┼" in line]
    ends = {line.rstrip("│B").rindex("┤") for line in edges if "┤" in line.rstrip("│B")}
    assert len(ends) == 1


def test_hostile_tables_stay_small() -> None:
    drawn = terminal(tables.hostile(), width=100)
    assert len(drawn.splitlines()) < 2000
    assert "\x1b" not in drawn and "\u202e" not in drawn


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.integers(0, 2**36), st.integers(0, 2**34)), max_size=14
    ),
    st.integers(60, 200),
    st.booleans(),
)
def test_any_table_keeps_the_width(
    made: list[tuple[str, int, int]], width: int, unicode: bool
) -> None:
    parts = tuple(tables.part(n, Role.CUSTOM, at, size, "spi") for n, at, size in made)
    device = tables.device("d", (tables.flash("spi", 1 << 20, base=0x1000),))
    for table in (Table("t", parts, device), Table("t", parts)):
        drawn = terminal(table, width=width, unicode=unicode)
        assert all(width_of(line) <= width for line in drawn.splitlines())
        assert all(c == "\n" or c.isprintable() for c in drawn)
        assert unicode or drawn.isascii()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.integers(1, 40))
def test_words_fit(text: str, width: int) -> None:
    assert width_of(fitted(text, width)) <= width
    lines = wrapped(text, width)
    assert len(lines) <= 4 and all(width_of(line) <= width for line in lines)


def test_wide_characters_count_twice() -> None:
    assert width_of("漢字ab") == 6
    assert fitted("漢字漢字", 5) == "漢字…"


def test_a_point_finding_is_marked() -> None:
    table, findings = tables.faulty()
    from dataclasses import replace

    from flashwright.diag.finding import InFlash

    point = replace(findings[0], where=InFlash("embedded", Extent(0x8000, 0x8000)))
    assert re.search(r"0x008000.*E GEO101", terminal(table, [point]))
