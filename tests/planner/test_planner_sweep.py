"""The sweep over counts agrees with the search through orders, and proves what that left open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import KIB, spec, stm32f429, wish

from flashwright.base.extent import Extent
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Role
from flashwright.planner import cpsat
from flashwright.planner.ground import Ground
from flashwright.planner.plan import Limits, plan
from flashwright.planner.problem import Item
from flashwright.planner.search import Budget, Room, fit
from flashwright.planner.sweep import MOST_STATES, sweep, sweepable
from flashwright.planner.unit import Sized, unit

UNEVEN = Flash("embedded", None, (EraseRun(4, 4), EraseRun(1, 16), EraseRun(3, 32)))
EVEN = Flash("embedded", None, (EraseRun(32, 4),))
PLENTY = 200_000


def laid(flash: Flash, needs: list[tuple[int, int]], taken: Extent):
    """Units of (size, alignment), the ground and the room that ``taken`` leaves."""
    ground = Ground(flash)
    gaps = ground.gaps([taken])
    units = [
        unit([Sized(Item(f"p{i}", "embedded", i, align=align), need, False)], [gaps], ground)
        for i, (need, align) in enumerate(needs)
    ]
    return units, Room(gaps), ground


def sound(order, units, below, ground: Ground) -> bool:
    """Whether an order lays each unit once, apart from the others, above what lies below it."""
    at, seen = 0, 0
    for i, start in order:
        extent = units[i].extents(start)[0]
        if start < at or below[i] & ~seen or not ground.is_boundary(start):
            return False
        at, seen = extent.end, seen | 1 << i
    return seen == (1 << len(units)) - 1


units_of = st.lists(
    st.tuples(st.sampled_from([3, 4, 8, 14, 16, 20, 33, 40]), st.sampled_from([1, 1, 8, 16])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([UNEVEN, EVEN]), units_of, st.integers(0, 15), st.data())
def test_both_ways_say_the_same(flash, needs, block, data):
    units, room, ground = laid(
        flash, needs, Extent(8 * block, 8 * block + data.draw(st.integers(0, 8)))
    )
    below = [0] * len(units)
    for i in range(1, len(units)):
        if data.draw(st.booleans()):
            below[i] = 1 << data.draw(st.integers(0, i - 1))
    one = fit(units, below, room, Budget(PLENTY))
    other = sweep(units, below, room, Budget(PLENTY))
    assert (one is None) == (other is None)
    if other is not None:
        assert sound(other, units, below, ground)


def test_a_sweep_is_only_begun_where_it_ends():
    units, _, _ = laid(EVEN, [(4, 1)] * 6, Extent(0, 0))
    free = [0] * 6
    assert sweepable(units, free, Budget(7))
    assert not sweepable(units, free, Budget(6))
    chain = [0, 1, 2, 4, 8, 16]
    assert not sweepable(units, chain, Budget(63))
    assert sweepable(units, chain, Budget(64))


def test_a_sweep_never_keeps_more_states_than_memory_allows():
    units, _, _ = laid(EVEN, [(4 * (i + 1), 1) for i in range(18)], Extent(0, 0))
    assert MOST_STATES < 2**18
    assert not sweepable(units, [0] * 18, Budget(1 << 40))
    assert sweepable(units[:17], [0] * 17, Budget(1 << 40))


def test_equal_units_keep_their_order_and_others_are_not_mixed_up():
    units, room, _ = laid(EVEN, [(4, 1), (8, 1), (4, 1), (8, 1)], Extent(0, 0))
    order = sweep(units, [0] * 4, room, Budget(100))
    assert order is not None
    assert [i for i, _ in order if i in (0, 2)] == [0, 2]
    assert [i for i, _ in order if i in (1, 3)] == [1, 3]


#: Sizes in KiB of which the search through orders left open whether larger slots fit.
HARD = {
    11: ((4, 48, 2, 12, 2, 24, 24, 24, 64, 20, 8), 0x80000),
    14: ((8, 48, 32, 4, 16, 48, 24, 64, 48, 2, 48, 1, 24, 12), 0x60000),
    16: ((1, 2, 2, 16, 4, 64, 12, 12, 48, 8, 48, 1, 48, 64, 4, 20), 0x40000),
}


def crowded(sizes: tuple[int, ...]):
    wishes = [wish("boot", Role.BOOTLOADER, 32 * KIB)]
    wishes += [wish("slot0", Role.APPLICATION), wish("slot1", Role.OTA_TEMP)]
    wishes += [wish(f"p{i}", size=size * KIB) for i, size in enumerate(sizes)]
    return spec(stm32f429(), "mcuboot-direct-xip", *wishes)


@pytest.mark.parametrize("count", HARD)
def test_many_small_partitions_beside_two_slots_are_proven(count):
    sizes, slot = HARD[count]
    made = plan(crowded(sizes), limits=Limits(binding=0))
    assert made.plan.proven
    assert made.plan.table.of_role(Role.APPLICATION)[0].size == slot


@pytest.mark.skipif(not cpsat.available(), reason="OR-Tools is not installed")
def test_what_is_proven_is_what_cp_sat_proves():
    asked = crowded((4, 48, 12, 24, 64, 20, 8))
    other = cpsat.solve(asked, seconds=20)
    assert other.proven
    assert next(iter(other.sizes.values())) == 0xC0000
    made = plan(asked, limits=Limits(binding=0))
    assert made.plan.proven
    assert made.plan.table.of_role(Role.APPLICATION)[0].size == 0xC0000
