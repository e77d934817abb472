"""Two layouts side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import draw_tables as tables
import pytest
from golden_files import is_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Place
from flashwright.draw.compare_svg import compare_svg
from flashwright.draw.compare_terminal import compare_terminal
from flashwright.draw.comparison import Change, comparison
from flashwright.draw.words import width_of
from flashwright.model.table import Partition, Role, Table

SVG = "{http://www.w3.org/2000/svg}"


def _moved(partition: Partition, start: int, size: int) -> Partition:
    return replace(partition, extent=Extent.of(start, size), start=start)


def _two() -> tuple[Table, Table, list[tuple[str, str]]]:
    old = tables.esp8266()
    boot, app, ota, p1, p2, _, p4 = old.partitions
    new = replace(
        old,
        name="esp8266-2m-v2",
        partitions=(
            boot,
            _moved(app, 0x1000, 0xF3000),
            tables.part("log", Role.FILESYSTEM, 0xF6000, 0xB000),
            _moved(ota, 0x101000, 0xF3000),
            _moved(p1, 0x1F4000, 0x1000),
            _moved(p2, 0x1F5000, 0x4000),
            replace(p4, name="security"),
        ),
    )
    pairs = [(p.name, p.name) for p in old.partitions[:5]] + [("parameter_4", "security")]
    return old, new, pairs


def test_what_became_of_each() -> None:
    old, new, pairs = _two()
    (panel,) = comparison(old, new, pairs).panels
    fates = {b.item.name: b.change for b in panel.new}
    assert fates == {
        "bootloader": Change.KEPT,
        "application": Change.RESIZED,
        "log": Change.NEW,
        "ota_temp": Change.RESIZED,
        "parameter_1": Change.MOVED,
        "parameter_2": Change.MOVED,
        "security": Change.KEPT,
    }
    assert [b.item.name for b in panel.old if b.change is Change.DROPPED] == ["parameter_3"]
    words = {b.item.name: b.words for b in panel.new}
    assert words["parameter_2"][:2] == ("moved -0x2000", "grown by 8 KiB")
    assert words["security"][0] == "was parameter_4"
    assert words["application"][0] == "shrunk by 8 KiB"
    assert len(panel.links) == 6


def test_names_are_the_mapping_where_none_is_given() -> None:
    old, new, _ = _two()
    compared = comparison(old, new)
    assert compared.count(Change.DROPPED) == 2
    assert compared.count(Change.NEW) == 2


def test_equal_layouts_are_kept() -> None:
    compared = comparison(tables.haas100(), tables.haas100())
    assert compared.count(Change.KEPT) == 12
    assert sum(compared.count(c) for c in Change) == 12


def test_another_flash() -> None:
    old = tables.mk3165()
    new = replace(
        old,
        partitions=tuple(
            replace(p, owner="qspi") if p.owner == "spi" else p for p in old.partitions
        ),
    )
    compared = comparison(old, new)
    assert [p.owner for p in compared.panels] == ["embedded", "spi", "qspi"]
    assert compared.count(Change.ELSEWHERE) == 6
    said = {w for p in compared.panels for b in (*p.old, *p.new) for w in b.words}
    assert {"now in qspi", "was in spi"} <= said
    assert "→" in compare_terminal(old, new)


def test_layouts_of_one_name_are_told_from_each_other_by_their_files() -> None:
    old = replace(tables.esp8266(), place=Place("releases/1.0/table.csv"))
    new = replace(old, place=Place("C:\\work\\new.csv"))
    compared = comparison(old, new)
    assert compared.old.endswith(", table.csv") and compared.new.endswith(", new.csv")
    renamed = comparison(old, replace(new, name="other"))
    assert "csv" not in renamed.old + renamed.new


def test_side_by_side_as_looked_at() -> None:
    old, new, pairs = _two()
    assert is_golden("compare.txt", compare_terminal(old, new, pairs))
    assert is_golden(
        "compare-ascii.txt", compare_terminal(old, new, pairs, width=80, unicode=False)
    )
    assert is_golden("compare.svg", compare_svg(old, new, pairs))


def test_a_line_leads_from_the_old_to_the_new_place() -> None:
    old, new, pairs = _two()
    lines = compare_terminal(old, new, pairs).splitlines()
    leaves = next(n for n, x in enumerate(lines) if "│ parameter_1" in x and "├──" in x)
    reaches = next(n for n, x in enumerate(lines) if "0x1F4000" in x)
    column = re.search(r"├─+┘", lines[leaves]).end() - 1  # type: ignore[union-attr]
    assert reaches < leaves
    assert lines[reaches][column] == "┌" and "▶" in lines[reaches][column:]
    assert all(lines[n][column] in "│┼" for n in range(reaches + 1, leaves))


def test_ascii_is_ascii_and_colour_is_only_colour() -> None:
    old, new, pairs = _two()
    assert compare_terminal(old, new, pairs, unicode=False).isascii()
    coloured = compare_terminal(old, new, pairs, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == compare_terminal(old, new, pairs)


@pytest.mark.parametrize("width", [1, 80, 133, 200, 999])
def test_no_line_is_too_wide(width: int) -> None:
    for old, new in ((tables.hostile(), tables.esp8266()), (tables.faulty()[0], tables.mk3165())):
        drawn = compare_terminal(old, new, width=width)
        assert all(width_of(x) <= min(max(width, 80), 200) for x in drawn.splitlines())
        assert all(c == "\n" or c.isprintable() for c in drawn)


def test_bands_of_the_svg() -> None:
    old, new, pairs = _two()
    drawn = compare_svg(old, new, pairs)
    root = ElementTree.fromstring(drawn)
    bands = [e for e in root.iter(f"{SVG}path") if "fw-band" in e.get("class", "")]
    assert len(bands) == 6
    assert "url(#fw-p-error)" in drawn, "the dropped one is hatched"
    said = " ".join(e.text or "" for e in root.iter(f"{SVG}text"))
    assert "dropped" in said and "moved -0x2000" in said


@settings(max_examples=40, deadline=None)
@given(
    *[
        st.lists(
            st.tuples(st.sampled_from("abcdef"), st.integers(0, 99), st.integers(0, 40)), max_size=8
        )
    ]
    * 2
)
def test_any_two_tables_can_be_compared(
    one: list[tuple[str, int, int]], other: list[tuple[str, int, int]]
) -> None:
    old, new = (
        Table(n, tuple(tables.part(x, Role.KV, at, size, "spi") for x, at, size in made))
        for n, made in (("old", one), ("new", other))
    )
    assert all(width_of(x) <= 100 for x in compare_terminal(old, new).splitlines())
    ElementTree.fromstring(compare_svg(old, new))
    compared = comparison(old, new)
    for panel in compared.panels:
        for before, after in panel.links:
            assert before.item.name == after.item.name
