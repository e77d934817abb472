"""That "proven" means it: hard mixes are closed, open questions stay open, bounds are kept."""

from __future__ import annotations

import pytest
from planner_made import KIB, board, flash, spec, stm32f429, wish

from flashwright.model.spec import SizeWish
from flashwright.model.table import Role
from flashwright.planner import cpsat
from flashwright.planner.plan import Limits, plan

#: Sizes in erase blocks of partitions that have to fill what two slots leave; some are aligned.
MIX = (1, 8, 2, 9, 3, 10, 4, 11, 5, 12, 6, 13)


def hard(count: int = 12):
    wishes = [wish("boot", Role.BOOTLOADER, 48 * KIB)]
    wishes += [wish(n, r, align=0x10000) for n, r in
               (("slot0", Role.APPLICATION), ("slot1", Role.OTA_TEMP))]  # fmt: skip
    for i, blocks in enumerate(MIX[:count]):
        align = 0x8000 if i % 3 == 0 else None
        wishes.append(wish(f"p{i}", size=SizeWish(exact=blocks * 4 * KIB), align=align))
    return spec(board(flash(0x400000)), "mcuboot-direct-xip", *wishes, implied=False)


def first_slot(made) -> int:
    return made.plan.table.of_role(Role.APPLICATION)[0].size


def test_what_one_question_leaves_open_is_closed_with_the_rest_of_the_work():
    few = Limits(nodes=300_000, tries=60, closing=0, binding=0)
    opened = plan(hard(), limits=few)
    closed = plan(hard(), limits=Limits(nodes=300_000, tries=60, closing=700_000, binding=0))
    assert closed.plan.proven
    assert not opened.plan.proven
    assert [f.code for f in opened.findings if f.code == "PLN006"] == ["PLN006"]
    assert first_slot(closed) >= first_slot(opened)
    assert first_slot(closed) == first_slot(plan(hard(), limits=Limits(tries=300_000)))


@pytest.mark.skipif(not cpsat.available(), reason="OR-Tools is not installed")
@pytest.mark.parametrize("count", [4, 7])
def test_what_is_closed_is_what_cp_sat_proves(count):
    asked = hard(count)
    closed = plan(asked, limits=Limits(nodes=300_000, tries=40, closing=700_000))
    other = cpsat.solve(asked, seconds=20)
    assert closed.plan.proven
    assert other.proven
    assert first_slot(closed) == next(iter(other.sizes.values()))


def test_a_plan_is_the_same_with_any_work_that_proves_it():
    ones = [plan(hard(9), limits=Limits(tries=t)) for t in (30, 2_000, 200_000)]
    assert all(one.plan.proven for one in ones)
    assert len({first_slot(one) for one in ones}) == 1


@pytest.mark.parametrize("way", ["mcuboot-swap-move", "mcuboot-direct-xip"])
def test_small_partitions_in_uneven_erase_blocks_stand_for_each_other(way):
    """Eight sizes that all come to one or two erase blocks of 16 KiB: proven, not cut short."""
    wishes = [wish("boot", Role.BOOTLOADER, 32 * KIB)]
    wishes += [wish(f"p{i}", size=k * KIB) for i, k in enumerate((3, 5, 7, 11, 13, 17, 19, 23))]
    made = plan(spec(stm32f429(), way, *wishes))
    assert made.plan.proven
    assert first_slot(made) >= 512 * KIB


def test_more_effort_is_more_work_of_every_kind_and_proves_more():
    few = Limits(nodes=20_000, tries=60, closing=0, binding=0)
    more = few.times(20)
    assert (more.nodes, more.tries, more.closing, more.binding) == (400_000, 1_200, 0, 0)
    assert not plan(hard(), limits=few).plan.proven
    assert first_slot(plan(hard(), limits=more)) >= first_slot(plan(hard(), limits=few))
    (told,) = [f for f in plan(hard(), limits=few).findings if f.code == "PLN006"]
    assert "--effort" in told.help
