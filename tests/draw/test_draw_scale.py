"""Folding and lanes: the laws that a map relies on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.draw.lanes import lanes
from flashwright.draw.scale import Form, fold

CUTS = st.lists(st.integers(0, 2**40), min_size=2, max_size=30, unique=True).map(sorted)
EXTENTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda t: Extent.of(*t)), max_size=25
)
MOST = 4.0


@settings(max_examples=100, deadline=None)
@given(CUTS)
def test_heights_add_up_and_follow_each_other(cuts: list[int]) -> None:
    scale = fold(cuts, most=MOST, slope=0.3)
    assert [s.extent.start for s in scale.steps] == cuts[:-1]
    assert scale.steps[0].top == 0
    for one, other in zip(scale.steps, scale.steps[1:], strict=False):
        assert other.top == one.bottom
    assert abs(scale.height - sum(s.height for s in scale.steps)) < 1e-6
    assert scale.at(cuts[0]) == 0 and scale.at(cuts[-1]) == scale.height


@settings(max_examples=100, deadline=None)
@given(CUTS, st.lists(st.integers(0, 2**41), min_size=2, max_size=20))
def test_what_is_further_up_is_never_drawn_higher(cuts: list[int], offsets: list[int]) -> None:
    scale = fold(cuts, most=MOST, slope=0.3)
    places = [scale.at(o) for o in sorted(offsets)]
    assert places == sorted(places)


@settings(max_examples=100, deadline=None)
@given(CUTS)
def test_larger_is_never_smaller_and_true_means_true(cuts: list[int]) -> None:
    scale = fold(cuts, most=MOST, slope=0.3)
    by_size = sorted(scale.steps, key=lambda s: s.extent.size)
    heights = [s.height for s in by_size]
    assert heights == sorted(heights)
    for step in scale.steps:
        rows = step.extent.size / scale.unit
        if step.form is Form.TRUE:
            assert step.height == rows and 1 <= rows <= MOST
        elif step.form is Form.CUT:
            assert MOST < step.height < rows + 1
        else:
            assert rows < 1 == step.height


def test_the_unit_lets_most_ranges_be_true() -> None:
    cuts = [0, 0x1000, 0xF6000, 0x101000, 0x1F6000, 0x1F7000, 0x1F9000, 0x1FA000, 0x1FB000]
    scale = fold(cuts, most=5, slope=0.3)
    assert scale.unit == 0x1000
    assert [s.form for s in scale.steps].count(Form.CUT) == 3
    assert not scale.has(Form.ENLARGED)


def test_a_tiny_range_beside_equal_large_ones_is_enlarged_not_lost() -> None:
    scale = fold([0, 1, 0x10000, 0x20000, 0x30000], most=4, slope=0.3)
    assert scale.steps[0].form is Form.ENLARGED
    assert scale.steps[0].height == 1


def test_no_range_at_all() -> None:
    assert fold([7], most=4, slope=0.3).height == 0


@settings(max_examples=100, deadline=None)
@given(EXTENTS)
def test_what_overlaps_stands_beside_each_other(extents: list[Extent]) -> None:
    placed = lanes(extents)
    for i, one in enumerate(extents):
        assert 0 <= placed[i].index < placed[i].count
        for j, other in enumerate(extents):
            if i < j and one.overlaps(other):
                assert placed[i].count == placed[j].count
                assert placed[i].index != placed[j].index


@settings(max_examples=100, deadline=None)
@given(EXTENTS)
def test_what_overlaps_nothing_has_the_full_width(extents: list[Extent]) -> None:
    wide = [e for e in extents if e]
    for extent, lane in zip(wide, lanes(wide), strict=True):
        if not any(extent.overlaps(o) for o in wide if o is not extent):
            assert lane.count == 1


def test_what_contains_stands_left() -> None:
    child, parent, grandchild = Extent(0, 10), Extent(0, 100), Extent(2, 4)
    assert [x.index for x in lanes([child, parent, grandchild])] == [1, 0, 2]
