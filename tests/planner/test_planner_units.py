"""Units: the place that ends first, by trying every place; the law that the search rests on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import board, spec, wish

from flashwright.base.extent import Extent
from flashwright.model.geometry import EraseRun, Flash
from flashwright.planner.ground import Ground
from flashwright.planner.plan import plan
from flashwright.planner.problem import Item
from flashwright.planner.unit import Sized, unit

BOUNDED = settings(max_examples=150, deadline=None)

RUNS = st.lists(
    st.builds(EraseRun, st.integers(1, 4), st.sampled_from([1, 2, 3, 4, 8])),
    min_size=1, max_size=4,
)  # fmt: skip
ITEMS = st.builds(
    lambda need, blocks, align, step, stride, power: Item(
        "a", "embedded", 0, need, blocks=blocks, align=align, step=max(step, stride),
        stride=stride, power_of_two=power,
    ),
    st.integers(1, 9), st.integers(1, 3), st.sampled_from([1, 1, 2, 4]),
    st.sampled_from([1, 1, 2, 3, 4]), st.sampled_from([1, 1, 1, 2, 4]), st.booleans(),
)  # fmt: skip


def bounds_of(runs: list[EraseRun]) -> list[int]:
    bounds = [0]
    for run in runs:
        for _ in range(run.count):
            bounds.append(bounds[-1] + run.size)
    return bounds


def places(item: Item, runs: list[EraseRun]) -> list[tuple[int, int]]:
    """All places of an item, by its definition."""
    bounds = bounds_of(runs)
    return [
        (a, b)
        for k, a in enumerate(bounds)
        for n, b in enumerate(bounds[k + 1 :], 1)
        if b - a >= item.need
        and n >= item.blocks
        and a % item.align == 0
        and (b - a) % item.step == 0
        and (item.stride == 1 or all(x in bounds for x in range(a, b + 1, item.stride)))
        and (not item.power_of_two or ((b - a) & (b - a - 1) == 0 and a % (b - a) == 0))
    ]


@given(RUNS, ITEMS)
@BOUNDED
def test_the_place_that_ends_first_is_found_from_everywhere(runs, item):
    ground = Ground(Flash("embedded", None, tuple(runs)))
    made = unit([Sized(item, item.need, False)], [[Extent(0, ground.size)]], ground)
    before = 0
    for cursor in range(ground.size + 1):
        possible = [p for p in places(item, runs) if p[0] >= cursor]
        found = made.first(cursor)
        assert (found is None) == (not possible)
        if found is not None:
            assert found[1] == min(end for _, end in possible)
            assert found in possible
            assert found[1] >= before
            before = found[1]


def test_a_later_start_may_end_earlier():
    """Blocks of 1, 2, 2, 1, 1: a size of 4 or 8 from 0 is none, from 1 it ends at 5, not at 7."""
    runs = [EraseRun(1, 3), EraseRun(1, 2), EraseRun(1, 1), EraseRun(1, 1), EraseRun(1, 8)]
    ground = Ground(Flash("embedded", None, tuple(runs)))
    item = Item("a", "embedded", 0, 2, step=2)
    made = unit([Sized(item, 2, False)], [[Extent(0, ground.size)]], ground)
    assert bounds_of(runs) == [0, 3, 5, 6, 7, 15]
    assert ground.boundary(2, 2, 0) == 6  # from 0 on, the first end at a multiple of 2
    assert made.first(0) == (3, 5)


def test_what_ends_first_leaves_the_room_that_another_needs():
    """Laid at its first start, `a` would end at 6 and leave too little for `b`."""
    runs = (EraseRun(1, 3), EraseRun(1, 2), EraseRun(2, 1), EraseRun(1, 8))
    device = board(Flash("embedded", None, runs))
    wishes = (wish("a", size=2, align_size=2), wish("b", size=10))
    made = plan(spec(device, None, *wishes)).plan
    assert made is not None
    assert made.table.get("a").extent == Extent(3, 5)
    assert made.table.get("b").extent == Extent(5, 15)
