"""The largest slots, against trying every pair of them: even and uneven erase blocks, all rules."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import board, spec, wish

from flashwright.base.extent import Extent
from flashwright.model.device import Reserved
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.spec import SizeWish, Spec
from flashwright.model.table import Role
from flashwright.planner.plan import plan

BLOCK = 0x1000
BOUNDED = settings(max_examples=60, deadline=None)

GROUNDS = st.one_of(
    st.builds(lambda n: (EraseRun(n, BLOCK),), st.integers(6, 12)),
    st.builds(
        lambda a, b, c: (EraseRun(a, BLOCK), EraseRun(1, 2 * BLOCK), EraseRun(b, 4 * BLOCK),
                         EraseRun(c, BLOCK)),
        st.integers(1, 4), st.integers(1, 4), st.integers(1, 3),
    ),
)  # fmt: skip
CUSTOMS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([1, 1, 2, 4])), min_size=0, max_size=2
)


def bounds_of(runs: tuple[EraseRun, ...]) -> list[int]:
    bounds = [0]
    for run in runs:
        for _ in range(run.count):
            bounds.append(bounds[-1] + run.size)
    return bounds


def intervals(bounds: list[int]) -> list[tuple[int, int]]:
    return [(a, b) for k, a in enumerate(bounds) for b in bounds[k + 1 :]]


def free(taken: list[tuple[int, int]], place: tuple[int, int]) -> bool:
    return all(place[1] <= a or b <= place[0] for a, b in taken)


def others_fit(wishes, bounds, taken) -> bool:
    if not wishes:
        return True
    need, align = wishes[0].size.exact, wishes[0].align or 1
    return any(
        free(taken, (a, b)) and others_fit(wishes[1:], bounds, [*taken, (a, b)])
        for a, b in intervals(bounds)
        if b - a >= need and a % align == 0
    )


def largest_by_trying(asked: Spec, fits, delta: int) -> int:
    """The largest first slot; ``fits`` says whether a slot may lie somewhere."""
    [ground] = asked.device.flashes
    bounds = bounds_of(ground.runs)
    kept = [(r.extent.start, r.extent.end) for r in asked.device.reserved]
    kept = [(max(x for x in bounds if x <= a), min(x for x in bounds if x >= b)) for a, b in kept]
    customs = [w for w in asked.partitions if w.size.exact]
    places = [p for p in intervals(bounds) if fits(bounds, *p) and free(kept, p)]
    best = 0
    for one in sorted(places, key=lambda p: p[0] - p[1]):
        if one[1] - one[0] <= best:
            break
        for two in places:
            right = one[1] - one[0] - (two[1] - two[0]) == delta and free([one], two)
            if right and others_fit(customs, bounds, [*kept, one, two]):
                best = one[1] - one[0]
                break
    return best


def asked_of(runs, customs, hole: int | None, way: str | None, *slots, **more) -> Spec:
    kept = (Reserved("vendor", "embedded", Extent.of(hole * BLOCK, BLOCK)),) if hole else ()
    total = sum(r.count * r.size for r in runs)
    if hole and (hole + 1) * BLOCK > total:
        kept = ()
    wishes = [wish(f"c{i}", size=n * BLOCK, align=a * BLOCK) for i, (n, a) in enumerate(customs)]
    device = board(Flash("embedded", None, runs), reserved=kept)
    return spec(device, way, *slots, *wishes, implied=False, **more)


@given(GROUNDS, CUSTOMS, st.one_of(st.none(), st.integers(1, 10)))
@BOUNDED
def test_equal_slots_are_as_large_as_any_that_can_be(runs, customs, hole):
    pair = (
        wish("one", Role.APPLICATION),
        wish("two", Role.OTA_TEMP, size=SizeWish(same_as="one")),
    )
    asked = asked_of(runs, customs, hole, None, *pair)
    made = plan(asked).plan
    best = largest_by_trying(asked, lambda bounds, a, b: True, 0)
    assert (made.table.get("one").size if made else 0) == best
    assert made is None or made.proven


@given(GROUNDS, CUSTOMS, st.sampled_from([1, 2, 4]))
@BOUNDED
def test_slots_in_logical_blocks_are_as_large_as_any_that_can_be(runs, customs, unit):
    step = unit * BLOCK
    pair = (wish("slot0", Role.APPLICATION), wish("slot1", Role.OTA_TEMP))
    more = {"write_size": 1, "max_sectors": 64, "logical_block": step}
    asked = asked_of(runs, customs, None, "mcuboot-swap-move", *pair, **more)

    def fits(bounds, a, b) -> bool:
        # A trailer of one logical block, one to move in, and one of image.
        return (b - a) % step == 0 and all(x in bounds for x in range(a, b + 1, step))

    made = plan(asked).plan
    best = largest_by_trying(asked, fits, step)
    best = best if best >= 3 * step else 0
    assert (made.table.get("slot0").size if made else 0) == best
    assert made is None or made.proven


@given(GROUNDS, CUSTOMS, st.integers(1, 6))
@BOUNDED
def test_more_room_never_makes_the_slots_smaller(runs, customs, more):
    pair = (
        wish("one", Role.APPLICATION),
        wish("two", Role.OTA_TEMP, size=SizeWish(same_as="one")),
    )
    before = plan(asked_of(runs, customs, None, None, *pair)).plan
    after = plan(asked_of((*runs, EraseRun(more, BLOCK)), customs, None, None, *pair)).plan
    if before is not None:
        assert after is not None
        assert after.table.get("one").size >= before.table.get("one").size


@given(GROUNDS, CUSTOMS, st.randoms(use_true_random=False))
@BOUNDED
def test_the_order_of_the_lines_does_not_change_the_size_of_the_slots(runs, customs, random):
    pair = (
        wish("one", Role.APPLICATION),
        wish("two", Role.OTA_TEMP, size=SizeWish(same_as="one")),
    )
    asked = asked_of(runs, customs, None, None, *pair)
    shuffled = list(asked.partitions)
    random.shuffle(shuffled)
    first = plan(asked).plan
    second = plan(replace(asked, partitions=tuple(shuffled))).plan
    assert (first is None) == (second is None)
    if first is not None:
        assert first.table.get("one").size == second.table.get("one").size
