"""The page of proofs says of each scheme on each layout what is so; cheap rows are proven again."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flashwright.sim.catalog import BLUEPRINTS
from flashwright.sim.laws import LAWS

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("make_proofs", ROOT / "tools/make_proofs.py")
assert _SPEC is not None and _SPEC.loader is not None
tool = importlib.util.module_from_spec(_SPEC)
sys.modules["make_proofs"] = tool
_SPEC.loader.exec_module(tool)

PAGE = tool.PAGE.read_text(encoding="utf-8")
ROWS = tool.rows_in(PAGE)
CHAPTERS = {c.name: c for c in tool.CHAPTERS}

#: Rows with at most so many states are proven again.
CHEAP = 2500


@pytest.fixture(scope="module")
def tables():
    """The layouts, each planned once."""
    return {name: tool.table_of(chapter) for name, chapter in CHAPTERS.items()}


def test_cheap_rows_are_so(tables):
    broken = [r for r in ROWS if r.verdict == "VIOLATED"]
    cheap = [r for r in ROWS if r.states <= CHEAP] + [min(broken, key=lambda r: r.states)]
    assert {r.verdict for r in cheap} >= {"HOLDS", "VIOLATED"} and len(cheap) >= 4
    faults = {f.name: f for f in tool.FAULTS}
    again = []
    for row in cheap:
        proof, _ = tool.proven(tables[row.chapter], row.scheme, faults[row.faults])
        again.append(tool.row_of(row.chapter, row.faults, proof))
    assert tool.changed(cheap, again) == []


def test_every_scheme_that_suits_a_layout_has_its_rows(tables):
    told = {(r.chapter, r.scheme, r.faults) for r in ROWS}
    due = {
        (name, scheme, faults.name)
        for name, chapter in CHAPTERS.items()
        for scheme in tool.suiting(chapter, tables[name])[0]
        for faults in tool.FAULTS
    }
    assert told == due


def test_the_others_are_named_on_the_page(tables):
    chapters = tool.chapters_of(PAGE)
    for name, chapter in CHAPTERS.items():
        text = chapters[chapter.title]
        rows, others = tool.suiting(chapter, tables[name])
        if not chapter.is_variant:
            assert all(f"- `{scheme}`: " in text for scheme, _ in others)
            left_out = [b.name for b in BLUEPRINTS if b.name.startswith(chapter.foreign)]
            assert len(rows) + len(others) + len(left_out) == len(BLUEPRINTS)


def test_each_broken_property_has_a_way_to_walk():
    for row in ROWS:
        broken = [law.name for law, w in zip(LAWS, row.properties, strict=True) if w == "**no**"]
        assert bool(broken) == (row.verdict == "VIOLATED")
        for law in broken:
            start = f"- `{row.scheme}`, {row.faults}, "
            ways = [x for x in PAGE.splitlines() if x.startswith(start) and f"`{law}`" in x]
            assert ways, f"{row} breaks {law}"


def test_a_verdict_that_is_no_longer_so_is_told():
    first = ROWS[0]
    other = replace(first, verdict="VACUOUS")
    assert tool.changed([first], [first]) == []
    (text,) = tool.changed([first], [other])
    assert first.scheme in text and first.verdict in text and "VACUOUS" in text
    (text,) = tool.changed([first], [])
    assert "no row" in text
    assert tool.changed([first], [replace(first, states=first.states + 1)]) == []


def test_the_head_of_the_page_is_that_of_the_tool():
    assert PAGE.startswith(tool.head())
