"""Each kind of wish, kept and refused; refusals that explain themselves; hostile specs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import KIB, MIB, board, esp8266, flash, line, spec, stm32f429, wish

from flashwright.base.extent import Extent
from flashwright.model.device import BootFacts, Window
from flashwright.model.geometry import Bank, EraseRun, Flash
from flashwright.model.spec import PartitionWish, SizeWish
from flashwright.model.table import Role
from flashwright.planner.expand import expand
from flashwright.planner.optimise import feasible
from flashwright.planner.plan import Limits, plan
from flashwright.planner.problem import build
from flashwright.planner.search import Budget

PLAIN = board(flash(64 * KIB))


def at(*wishes: PartitionWish, device=PLAIN) -> dict[str, tuple[int, int]]:
    result = plan(spec(device, None, *wishes))
    assert result.plan is not None, result.findings
    return {p.name: (p.extent.start, p.size) for p in result.plan.table.partitions}


def refused(*wishes: PartitionWish, device=PLAIN):
    result = plan(spec(device, None, *wishes))
    assert result.plan is None
    assert result.findings
    return result.findings


def test_partitions_follow_each_other_in_the_order_of_the_spec():
    assert at(wish("b", size=0x2000), wish("a", size=0x1000)) == {
        "b": (0, 0x2000),
        "a": (0x2000, 0x1000),
    }


def test_the_rest_is_shared_by_weight():
    one = wish("one", size=SizeWish(rest=True, weight=1))
    three = wish("three", size=SizeWish(rest=True, weight=3))
    assert at(one, three) == {"one": (0, 16 * KIB), "three": (16 * KIB, 48 * KIB)}


def test_the_rest_respects_its_bounds():
    one = wish("one", size=SizeWish(rest=True, at_most=0x3000))
    two = wish("two", size=SizeWish(rest=True, at_least=0x2000))
    assert at(one, two) == {"one": (0, 0x3000), "two": (0x3000, 0xD000)}


def test_the_same_size_as_another():
    placed = at(wish("one", size=0x3000), wish("two", size=SizeWish(same_as="one")))
    assert placed["two"] == (0x3000, 0x3000)


def test_alignment_granules_and_powers_of_two():
    placed = at(
        wish("a", size=0x1000),
        wish("b", size=0x1000, align=0x4000),
        wish("c", size=0x1000, align_size=0x8000),
        wish("d", size=0x1800, power_of_two=True),
    )
    assert placed["b"][0] % 0x4000 == 0
    assert placed["c"][1] == 0x8000
    assert placed["d"][1] == 0x2000
    assert placed["d"][0] % 0x2000 == 0


def test_before_after_and_directly_after():
    placed = at(
        wish("a", size=0x1000, after=("b",)),
        wish("b", size=0x1000),
        wish("c", size=0x1000, before=("b",)),
        wish("d", size=0x1000, directly_after="b"),
    )
    assert placed["c"] < placed["b"] < placed["d"] < placed["a"]
    assert placed["d"][0] == placed["b"][0] + 0x1000


def test_banks_windows_together_and_apart():
    banks = (Bank("low", Extent(0, 32 * KIB)), Bank("high", Extent(32 * KIB, 64 * KIB)))
    device = board(
        flash(64 * KIB, banks=banks),
        windows=(Window("xip", "embedded", Extent(0x4000, 0x6000)),),
    )
    placed = at(
        wish("a", size=0x1000, bank="high"),
        wish("b", size=0x1000, window="xip"),
        wish("c", size=0x1000, together=("a",)),
        wish("d", size=0x1000, apart=("a",)),
        device=device,
    )
    assert placed["a"][0] >= 0x8000
    assert 0x4000 <= placed["b"][0] < 0x6000
    assert placed["c"][0] >= 0x8000
    assert placed["d"][0] < 0x8000


def test_together_and_apart_contradict():
    banks = (Bank("low", Extent(0, 32 * KIB)), Bank("high", Extent(32 * KIB, 64 * KIB)))
    both = wish("b", size=0x1000, together=("a",), apart=("a",))
    [found] = refused(wish("a", size=0x1000), both, device=board(flash(64 * KIB, banks=banks)))
    assert found.code == "PLN001"
    assert found.facts["partitions"] == ["b"]


def test_many_partitions_apart_get_an_answer():
    banks = (Bank("low", Extent(0, 32 * KIB)), Bank("high", Extent(32 * KIB, 64 * KIB)))
    names = [f"p{i}" for i in range(40)]
    many = [wish(n, size=0x400, apart=tuple(names[:i])) for i, n in enumerate(names)]
    [found] = refused(*many, device=board(flash(64 * KIB, 0x400, banks=banks)))
    assert found.code == "PLN001"
    assert len(found.facts["partitions"]) <= 3


def test_what_is_kept_does_not_move_whatever_its_place():
    old = wish("old", size=0x1800, offset=0x4800, keep=True)
    placed = at(wish("new", size=0x4000), wish("big", size=0x5000), old)
    assert placed["old"] == (0x4800, 0x1800)
    assert placed["new"] == (0, 0x4000)
    assert placed["big"] == (0x6000, 0x5000)  # not in the erase blocks of `old`


def test_a_size_is_rounded_up_with_a_note():
    result = plan(spec(PLAIN, None, wish("a", size=100)))
    assert [f.code for f in result.findings] == ["PLN007"]
    assert result.findings[0].facts["size"] == 0x1000


def test_a_conflict_names_the_smallest_set_with_places_and_changes():
    found = refused(
        wish("free", size=0x1000, place=line(1)),
        wish("big", size=0xA000, place=line(3), places={"size": line(4)}),
        wish("huge", size=0x8000, place=line(6), places={"size": line(7)}),
    )
    [conflict] = found
    assert conflict.code == "PLN001"
    assert conflict.facts["partitions"] == ["big", "huge"]
    assert conflict.facts["minimal"]
    assert {str(p) for p in (conflict.place, *conflict.related)} == {
        "flash.toml:4:1",
        "flash.toml:7:1",
    }
    assert "shrink `big` by 0x3000 to 0x7000" in conflict.help
    shrunk = (wish("free", size=0x1000), wish("big", size=0x7000), wish("huge", size=0x8000))
    assert at(*shrunk)


def test_another_flash_is_offered():
    device = board(flash(64 * KIB), flash(MIB, name="spi"))
    [found] = refused(wish("a", size=0x9000), wish("b", size=0x9000), device=device)
    assert "lay `a` in flash `spi`" in found.help


def test_a_fixed_place_inside_an_erase_block_is_refused():
    [found] = refused(wish("a", size=0x1000, offset=0x800))
    assert found.code == "PLN001"
    assert "let `a` lie elsewhere" in found.help


def test_an_order_in_a_circle_is_named():
    [found] = refused(
        wish("a", size=0x1000, after=("b",), places={"after": line(1)}),
        wish("b", size=0x1000, after=("c",), places={"after": line(2)}),
        wish("c", size=0x1000, after=("a",), places={"after": line(3)}),
        wish("d", size=0x1000, after=("a",)),
    )
    assert found.code == "PLN003"
    assert sorted(found.facts["partitions"]) == ["a", "b", "c"]
    assert len(found.related) == 3


def test_all_senseless_values_are_told_at_once():
    found = refused(
        wish("a", size=0),
        wish("b", size=SizeWish(at_least=-1)),
        wish("c", size=2**70),
        wish("d", size=0x1000, align=0),
        wish("e", size=0x1000, offset=-4),
        wish("e", size=0x1000),
    )
    assert [f.code for f in found].count("PLN005") == 5
    assert [f.code for f in found].count("PLN013") == 1


def test_unknown_names_are_told_with_the_nearest():
    found = refused(wish("data", size=0x1000), wish("b", size=0x1000, after=("dta",)))
    assert [f.code for f in found] == ["PLN002"]
    assert "did you mean `data`?" in found[0].help
    assert [f.code for f in refused(wish("a", size=0x1000, owner="spi"))] == ["PLN002"]
    assert [f.code for f in refused(wish("a", size=0x1000, bank="x", window="y"))] == ["PLN002"] * 2


def test_a_partition_of_unknown_size_is_asked_for():
    assert [f.code for f in refused(wish("a"))] == ["PLN008"]


def test_no_flash_and_no_free_byte():
    empty = board(Flash("embedded", None, ()))
    assert [f.code for f in refused(wish("a", size=1), device=empty)] == ["PLN005"]
    [found] = refused(
        wish("kept", size=64 * KIB, offset=0, keep=True), wish("b", size=1), device=PLAIN
    )
    assert found.code == "PLN001"


@pytest.mark.parametrize("number", [1000, 1001])
def test_a_thousand_partitions_get_an_answer(number):
    many = [wish(f"p{i}", size=0x1000) for i in range(number)]
    [found] = refused(*many)
    assert found.code == {1000: "PLN004", 1001: "PLN005"}[number]
    fits = plan(spec(board(flash(8 * MIB)), None, *many[:1000]))
    assert fits.plan is not None


def test_a_thousand_partitions_share_the_rest():
    e = expand(
        spec(board(flash(8 * MIB)), None, *[wish(f"p{i}", size="rest") for i in range(1000)])
    )
    problem = build(e.demands, e.wants, e.grounds, e.banks)
    assert len(problem.groups) == 1000
    assert feasible(problem, Budget(100_000), 50_000)


def test_a_hundred_partitions_share_the_rest():
    many = [wish(f"p{i}", size="rest") for i in range(100)]
    result = plan(spec(board(flash(300 * 0x1000)), None, *many))
    assert result.plan is not None
    assert {p.size for p in result.plan.table.partitions} == {0x3000}


def test_enormous_flashes_and_sizes_cost_nothing():
    enormous = board(flash(2**40))
    placed = at(wish("a", size=2**39), wish("b", size=SizeWish(rest=True)), device=enormous)
    assert placed["b"] == (2**39, 2**39)
    [found] = refused(wish("a", size=2**40 + 1), device=enormous)
    assert found.facts["partitions"] == ["a"]


def test_a_limit_that_is_hit_is_told():
    many = [wish(f"p{i}", size=(i % 5 + 1) * 0x1000, align=0x4000) for i in range(8)]
    device = board(flash(0x1C000))
    result = plan(spec(device, None, *many), limits=Limits(nodes=20, tries=10))
    assert result.plan is None or not result.plan.proven
    assert {f.code for f in result.findings} & {"PLN001", "PLN004", "PLN006", "PLN010"}


def test_hard_packings_end():
    sizes = [7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 11, 13, 9, 8, 10, 12, 5, 6]
    ground = flash((sum(sizes) + 8) * KIB * 4)
    kept = [
        wish(f"k{i}", size=0x1000, offset=i * ((sum(sizes) + 8) // 8) * 0x1000, keep=True)
        for i in range(8)
    ]
    parts = [wish(f"p{i}", size=n * 0x1000) for i, n in enumerate(sizes)]
    result = plan(spec(board(ground), None, *kept, *parts))
    assert result.plan is not None or result.findings


NAMES = st.sampled_from(["a", "b", "c", "application", "kv", "\x1b[31m"])
NUMBERS = st.one_of(st.none(), st.sampled_from([-1, 0, 1, 0x1000, 0x3001, 2**40, 2**70]))


@st.composite
def hostile(draw) -> PartitionWish:
    size = SizeWish(
        exact=draw(NUMBERS),
        at_least=draw(NUMBERS),
        at_most=draw(NUMBERS),
        rest=draw(st.booleans()),
        weight=draw(st.sampled_from([0, 1, 5])),
        same_as=draw(st.one_of(st.none(), NAMES)),
    )
    return PartitionWish(
        draw(NAMES),
        draw(st.sampled_from(list(Role))),
        owner=draw(st.sampled_from([None, "embedded", "nowhere"])),
        size=size,
        offset=draw(NUMBERS),
        align=draw(NUMBERS),
        align_size=draw(NUMBERS),
        before=draw(st.one_of(st.just(()), st.tuples(NAMES))),
        after=draw(st.one_of(st.just(()), st.tuples(NAMES))),
        directly_after=draw(st.one_of(st.none(), NAMES)),
        together=draw(st.one_of(st.just(()), st.tuples(NAMES))),
        apart=draw(st.one_of(st.just(()), st.tuples(NAMES))),
        image=draw(NUMBERS),
        keep=draw(st.booleans()),
        power_of_two=draw(st.booleans()),
    )


WAYS = [None, "alios-single-bank", "esp-idf-ota", "mcuboot-swap-move", "mcuboot-swap-scratch"]
DEVICES = [PLAIN, esp8266(), stm32f429(), board(Flash("embedded", None, (EraseRun(0, 0),)))]


@given(st.sampled_from(DEVICES), st.sampled_from(WAYS), st.lists(hostile(), max_size=3))
@settings(max_examples=150, deadline=None)
def test_no_spec_raises(device, way, wishes):
    result = plan(spec(device, way, *wishes))
    assert result.plan is not None or any(f.severity.word == "error" for f in result.findings)


@st.composite
def tame(draw) -> PartitionWish:
    """A wish whose values make sense by themselves, so that the search is reached."""
    numbers = st.sampled_from([1, 0x1000, 0x2800, 0x4000])
    some = st.one_of(st.none(), numbers)
    return PartitionWish(
        draw(st.sampled_from(["a", "b", "c", "d"])),
        draw(st.sampled_from([Role.CUSTOM, Role.KV, Role.APPLICATION, Role.OTA_TEMP])),
        size=SizeWish(exact=draw(numbers), at_most=draw(some), rest=False),
        offset=draw(st.one_of(st.none(), st.sampled_from([0, 0x4000, 0x8000]))),
        align=draw(some),
        align_size=draw(some),
        keep=False,
        power_of_two=draw(st.booleans()),
    )


@given(
    st.sampled_from(DEVICES[:3]),
    st.sampled_from(WAYS),
    st.lists(tame(), max_size=4, unique_by=lambda w: w.name),
)
@settings(max_examples=80, deadline=None)
def test_no_sensible_spec_raises(device, way, wishes):
    result = plan(spec(device, way, *wishes))
    assert result.plan is not None or any(f.severity.word == "error" for f in result.findings)


def test_a_boot_address_within_the_bootloader_is_refused_with_both():
    device = board(flash(MIB), boot=BootFacts("embedded", None, (0x8000,)))
    boot = wish("bootloader", Role.BOOTLOADER, 0xC000, place=line(2))
    result = plan(spec(device, "alios-single-bank", boot))
    assert result.plan is None
    [found] = result.findings
    assert "boot address" in found.message
    assert "`bootloader` has 0xC000 bytes" in found.message
    assert "shrink `bootloader` by 0x4000 to 0x8000" in found.help
