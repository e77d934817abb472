"""Laws of the planner, over many small specs, against exhaustive search and CP-SAT."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import board, esp8266, flash, spec, stm32f429, wish

from flashwright.base.extent import Extent
from flashwright.model.device import Reserved
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.schemes import SCHEMES
from flashwright.model.spec import SizeWish, Spec
from flashwright.model.table import Role
from flashwright.planner import cpsat
from flashwright.planner.plan import plan
from flashwright.rules.catalog import run

BOUNDED = settings(max_examples=60, deadline=None)
BLOCK = 0x1000


@st.composite
def small_specs(draw, most: int = 5, uneven: bool = False) -> Spec:
    """A few partitions in a flash of 8 to 16 erase blocks with a reserved hole."""
    count = draw(st.integers(8, 16))
    runs = (EraseRun(count, BLOCK),)
    if uneven:
        runs = (
            EraseRun(4, BLOCK),
            EraseRun(1, 4 * BLOCK),
            EraseRun(draw(st.integers(1, 3)), 8 * BLOCK),
        )
    ground = Flash("embedded", None, runs)
    hole = draw(st.integers(0, ground.size // BLOCK - 1))
    kept = Reserved("vendor", "embedded", Extent.of(hole * BLOCK, BLOCK))
    device = board(ground, reserved=(kept,) if draw(st.booleans()) else ())
    wishes = []
    number = draw(st.integers(1, most))
    for i in range(number):
        size = draw(st.integers(1, 4)) * BLOCK
        more: dict[str, object] = {}
        kind = draw(st.integers(0, 6))
        if kind == 0:
            more["align"] = draw(st.sampled_from([2, 4])) * BLOCK
        elif kind == 1:
            more["offset"] = draw(st.integers(0, 12)) * BLOCK
        elif kind == 2 and i:
            more["after"] = (f"p{draw(st.integers(0, i - 1))}",)
        elif kind == 3 and i:
            more["directly_after"] = f"p{draw(st.integers(0, i - 1))}"
        elif kind == 4 and i:
            more["before"] = (f"p{draw(st.integers(0, i - 1))}",)
        wishes.append(wish(f"p{i}", size=size, **more))
    return spec(device, None, *wishes)


def fits_by_trying(wished: Spec) -> bool:
    """Every order, every place: no cleverness at all. Equal erase blocks only."""
    device = wished.device
    total = device.flashes[0].size // BLOCK
    blocked = {
        b for r in device.reserved for b in range(r.extent.start // BLOCK, r.extent.end // BLOCK)
    }
    wishes = wished.partitions

    def place(i: int, at: dict[str, tuple[int, int]]) -> bool:
        if i == len(wishes):
            return all(_related(w, at) for w in wishes)
        w = wishes[i]
        size = w.size.exact // BLOCK
        for start in range(total - size + 1):
            if w.offset is not None and start * BLOCK != w.offset:
                continue
            if w.align and start * BLOCK % w.align:
                continue
            if any(b in blocked for b in range(start, start + size)):
                continue
            if any(start < e and s < start + size for s, e in at.values()):
                continue
            if place(i + 1, at | {w.name: (start, start + size)}):
                return True
        return False

    return place(0, {})


def _related(w, at) -> bool:
    start, end = at[w.name]
    return (
        all(at[o][1] <= start for o in w.after)
        and all(end <= at[o][0] for o in w.before)
        and (w.directly_after is None or at[w.directly_after][1] == start)
    )


@given(small_specs(most=4))
@BOUNDED
def test_agrees_with_exhaustive_search(wished):
    assert (plan(wished).plan is not None) == fits_by_trying(wished)


@given(small_specs(), st.randoms(use_true_random=False))
@BOUNDED
def test_the_order_of_the_lines_changes_nothing_of_what_is_possible(wished, random):
    shuffled = list(wished.partitions)
    random.shuffle(shuffled)
    other = replace(wished, partitions=tuple(shuffled))
    assert (plan(wished).plan is None) == (plan(other).plan is None)


@given(small_specs(), st.integers(1, 8))
@BOUNDED
def test_more_room_never_makes_a_spec_impossible(wished, more):
    if plan(wished).plan is None:
        return
    [ground] = wished.device.flashes
    larger = replace(ground, runs=(*ground.runs, EraseRun(more, BLOCK)))
    device = replace(wished.device, flashes=(larger,))
    assert plan(replace(wished, device=device)).plan is not None


@given(small_specs(uneven=True))
@BOUNDED
def test_what_is_planned_passes_the_rules_and_keeps_the_wishes(wished):
    result = plan(wished)
    assert result == plan(wished)
    if result.plan is None:
        assert result.findings
        return
    table = result.plan.table
    assert [f.code for f in run(table) if f.severity.word == "error"] == []
    for w in wished.partitions:
        p = table.get(w.name)
        assert p is not None
        assert p.size >= w.size.exact
        assert w.offset is None or p.extent.start == w.offset
        assert not w.align or p.extent.start % w.align == 0
        assert all(table.get(o).extent.end <= p.extent.start for o in w.after)
        assert all(p.extent.end <= table.get(o).extent.start for o in w.before)


@given(
    st.sampled_from([s.name for s in SCHEMES]),
    st.sampled_from([0x80000, 0x100000, 0x400000]),
    st.sampled_from([0x800, 0x1000, 0x4000]),
    st.lists(st.integers(1, 0x20000), max_size=3),
)
@BOUNDED
def test_every_scheme_passes_its_own_rules(way, size, block, customs):
    if way in ("esp-idf-ota", "updater-and-app"):
        block = 0x1000
    wishes = [wish(f"c{i}", size=n) for i, n in enumerate(customs)]
    wishes.append(wish("bootloader", Role.BOOTLOADER, 0x8000))
    result = plan(spec(board(flash(size, block)), way, *wishes))
    if result.plan is not None:
        assert [f for f in run(result.plan.table) if f.severity.word == "error"] == []
        assert result.plan.proven


@given(st.booleans().flatmap(lambda uneven: small_specs(6, uneven)), st.booleans())
@settings(max_examples=40, deadline=None)
def test_agrees_with_cp_sat(wished, slots):
    if not cpsat.available():
        pytest.skip("OR-Tools is not installed (extra `solver`)")
    if slots:
        pair = (
            wish("one", Role.APPLICATION),
            wish("two", Role.OTA_TEMP, size=SizeWish(same_as="one")),
        )
        wished = replace(wished, partitions=(*wished.partitions, *pair))
    answer = cpsat.solve(wished)
    result = plan(wished)
    assert answer is not None
    assert answer.feasible == (result.plan is not None)
    if result.plan is not None and slots:
        assert answer.sizes["one"] == result.plan.table.get("one").size


@pytest.mark.parametrize("device", [esp8266(), stm32f429(0x20000, 0x120000)])
def test_the_same_spec_gives_the_same_plan(device):
    small = wish("bootloader", Role.BOOTLOADER, 0x1000)
    customs = [wish(f"c{i}", size=0x1000) for i in range(2)]
    plans = [plan(spec(device, "alios-dual-bank", small, *o)) for o in permutations(customs)]
    sizes = [{p.name: p.size for p in p.plan.table.partitions} for p in plans if p.plan]
    assert len(sizes) == 2
    assert sizes[0] == sizes[1]
    assert plan(spec(device, "alios-dual-bank", small)) == plan(
        spec(device, "alios-dual-bank", small)
    )


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.booleans(), st.sampled_from([1, 1, 2, 3])), max_size=4
    ),
    st.permutations([1, 1, 2, 4]),
)
@BOUNDED
def test_granules_on_uneven_erase_blocks_agree_with_trying_every_place(parts, blocks):
    ground = Flash("embedded", None, tuple(EraseRun(2, b * BLOCK) for b in blocks))
    bounds = [0]
    for r in ground.runs:
        bounds += [bounds[-1] + r.size, bounds[-1] + 2 * r.size]
    wishes = [
        wish(f"p{i}", size=n * BLOCK, power_of_two=p, align_size=None if p else g * BLOCK)
        for i, (n, p, g) in enumerate(parts)
    ]

    def allowed(w, start: int, end: int) -> bool:
        size = end - start
        if w.power_of_two:
            return size >= w.size.exact and size & (size - 1) == 0 and start % size == 0
        return size >= w.size.exact and size % w.align_size == 0

    def place(i: int, taken: list[tuple[int, int]]) -> bool:
        if i == len(wishes):
            return True
        return any(
            allowed(wishes[i], a, b)
            and all(b <= s or e <= a for s, e in taken)
            and place(i + 1, [*taken, (a, b)])
            for k, a in enumerate(bounds)
            for b in bounds[k + 1 :]
        )

    assert (plan(spec(board(ground), None, *wishes)).plan is not None) == place(0, [])
