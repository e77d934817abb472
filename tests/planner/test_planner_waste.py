"""The least waste on uneven erase blocks, held against every way of laying a few partitions."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import Bank, EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.spec import PartitionWish, SizeWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import Update
from flashwright.planner.plan import Limits, plan

KIB = 1024
F4_BANK = (EraseRun(4, 16 * KIB), EraseRun(1, 64 * KIB), EraseRun(7, 128 * KIB))
LIMITS = Limits(binding=0)


def _spec(runs, sizes, *, slots=False, banks=()):
    flash = Flash("embedded", 0x08000000, runs, banks=banks)
    device = Device("board", "", "", "", (flash,), BootFacts("embedded"))
    wishes = [
        PartitionWish(f"p{i}", Role.CUSTOM, size=SizeWish(exact=size))
        for i, size in enumerate(sizes)
    ]
    if not slots:
        return Spec("waste", device, None, tuple(wishes))
    wishes = [
        PartitionWish("boot", Role.BOOTLOADER, size=SizeWish(exact=0x8000)),
        PartitionWish("slot0", Role.APPLICATION),
        PartitionWish("slot1", Role.OTA_TEMP),
        *wishes,
    ]
    return Spec("waste", device, Update(scheme("mcuboot-direct-xip")), tuple(wishes))


def _least(runs, sizes):
    """The fewest bytes that all sizes take together, from every order and every place."""
    blocks = [run.size for run in runs for _ in range(run.count)]

    @cache
    def from_block(block, left):
        if not left:
            return 0
        if block == len(blocks):
            return None
        found = [from_block(block + 1, left)]
        for k, size in enumerate(left):
            taken, end = 0, block
            while end < len(blocks) and taken < size:
                taken, end = taken + blocks[end], end + 1
            if taken >= size:
                rest = from_block(end, left[:k] + left[k + 1 :])
                found.append(None if rest is None else taken + rest)
        return min((f for f in found if f is not None), default=None)

    return from_block(0, tuple(sorted(sizes)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40).map(lambda n: n * 4 * KIB), min_size=1, max_size=7))
def test_waste_is_as_little_as_every_way_allows(sizes):
    made = plan(_spec(F4_BANK, sizes), limits=LIMITS).plan
    least = _least(F4_BANK, sizes)
    assert (made is None) == (least is None)
    if made is not None:
        assert made.proven
        assert sum(p.size for p in made.table.partitions) == least


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from([4, 8, 16, 32])), min_size=2, max_size=4),
    st.lists(st.integers(1, 12).map(lambda n: n * 2 * KIB), min_size=1, max_size=5),
)
def test_waste_is_least_on_any_runs(shape, sizes):
    runs = tuple(EraseRun(count, size * KIB) for count, size in shape)
    made = plan(_spec(runs, sizes), limits=LIMITS).plan
    least = _least(runs, sizes)
    assert (made is None) == (least is None)
    if made is not None:
        assert made.proven
        assert sum(p.size for p in made.table.partitions) == least


@pytest.mark.parametrize(
    ("kib", "slot"),
    [
        ((8, 64, 8, 32, 2, 48, 16, 32, 24), 0xA0000),
        ((64, 24, 16, 48, 4, 8, 32, 2, 64), 0xA0000),
        ((2, 4, 8, 2, 4, 8, 2, 4), 0xC0000),
    ],
)
def test_many_small_partitions_beside_the_slots_of_two_banks_are_proven(kib, slot):
    banks = (Bank("1", Extent(0, 1024 * KIB)), Bank("2", Extent(1024 * KIB, 2048 * KIB)))
    spec = _spec(F4_BANK * 2, [k * KIB for k in kib], slots=True, banks=banks)
    made = plan(spec, limits=LIMITS).plan
    assert made.proven
    assert made.table.of_role(Role.APPLICATION)[0].size == slot


def test_least_waste_is_not_proven_where_no_erase_block_divides_the_others():
    runs = (EraseRun(4, 6 * KIB), EraseRun(4, 16 * KIB))
    found = plan(_spec(runs, (5 * KIB, 20 * KIB)), limits=LIMITS)
    assert found.plan is not None and not found.plan.proven
    assert "PLN006" in [f.code for f in found.findings]
