"""Extents: half-open arithmetic, against sets of bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashwright.base.extent import Extent, merged

extents = st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda p: Extent.of(*p))


def bytes_of(*many: Extent) -> set[int]:
    return {b for e in many for b in range(e.start, e.end)}


@given(extents, extents)
def test_overlap_and_intersection_are_those_of_the_bytes(a: Extent, b: Extent) -> None:
    common = bytes_of(a) & bytes_of(b)
    assert a.overlaps(b) == bool(common)
    assert bytes_of(a.intersection(b)) == common
    if b:
        assert a.covers(b) == (bytes_of(b) <= bytes_of(a))


@given(extents, st.lists(extents, max_size=6))
def test_minus_leaves_exactly_the_other_bytes(whole: Extent, taken: list[Extent]) -> None:
    rest = whole.minus(taken)
    assert bytes_of(*rest) == bytes_of(whole) - bytes_of(*taken)
    assert all(rest) and rest == sorted(rest)


@given(st.lists(extents, max_size=8))
def test_merged_extents_are_disjoint_and_hold_the_same_bytes(many: list[Extent]) -> None:
    result = merged(many)
    assert bytes_of(*result) == bytes_of(*many)
    assert all(a.end < b.start for a, b in itertools.pairwise(result))


@pytest.mark.parametrize(("start", "size"), [(-1, 4), (0, -1)])
def test_what_is_no_range_is_refused(start: int, size: int) -> None:
    with pytest.raises(ValueError, match="not a byte range"):
        Extent.of(start, size)


def test_it_reads_as_people_write_it() -> None:
    assert str(Extent.of(0x1F6000, 0x1000)) == "0x1F6000..0x1F7000"
