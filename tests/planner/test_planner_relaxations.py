"""What a refusal offers works when it is done, and what it names is a smallest conflict."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from planner_made import KIB, board, flash, spec, stm32f429, wish

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.model.geometry import Bank
from flashwright.model.spec import PartitionWish, SizeWish, Spec
from flashwright.model.table import Role
from flashwright.planner.demand import Origin
from flashwright.planner.expand import expand
from flashwright.planner.optimise import feasible
from flashwright.planner.plan import Limits, plan
from flashwright.planner.refuse import Conflicts, smallest
from flashwright.planner.search import Budget

QUICK = Limits(binding=0)
SEVERAL = "no one change is enough; this conflict alone needs: "
BANKS = (Bank("1", Extent(0, 64 * KIB)), Bank("2", Extent(64 * KIB, 128 * KIB)))
NAMES = ("a", "b", "c", "d")


def refused(asked: Spec):
    made = plan(asked, limits=QUICK)
    assert made.plan is None
    found = [f for f in made.findings if f.code == "PLN001"]
    assert len(found) == 1
    return found[0]


def without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(n for n in names if n != name)


def sized(size: int) -> Callable[[PartitionWish, re.Match[str]], PartitionWish]:
    return lambda p, m: replace(
        p,
        size=replace(p.size, exact=int(m[size], 16))
        if p.size.exact is not None
        else replace(p.size, at_least=int(m[size], 16)),
    )


#: What each sentence means, done to the wish that it names first.
MEANS: dict[str, Callable[[PartitionWish, re.Match[str]], PartitionWish]] = {
    r"shrink `(\w+)` by \w+ to (\w+)": sized(2),
    r"raise `size` of `(\w+)` to (\w+)": sized(2),
    r"raise `at_most` of `(\w+)` to (\w+)": lambda p, m: replace(
        p, size=replace(p.size, at_most=int(m[2], 16))
    ),
    r"drop `(?:align|align_size)` of `(\w+)`": lambda p, m: replace(
        p, **{m.string.split("`")[1]: None}
    ),
    r"drop `align_blocks` of `(\w+)`": lambda p, _: replace(p, align_blocks=None),
    r"drop `security_granule` of `(\w+)`": lambda p, _: replace(p, security_granule=False),
    r"do not ask for a power of two of `(\w+)`": lambda p, _: replace(p, power_of_two=False),
    r"let `(\w+)` leave its bank or window": lambda p, _: replace(p, bank=None),
    r"drop the order of `(\w+)` and `(\w+)`": lambda p, m: replace(p, after=without(p.after, m[2])),
    r"let `(\w+)` lie elsewhere than directly after `\w+`": lambda p, _: replace(
        p, directly_after=None
    ),
    r"do not ask for `(\w+)` and `(\w+)` in one bank": lambda p, m: replace(
        p, together=without(p.together, m[2])
    ),
    r"do not ask for `(\w+)` and `(\w+)` in different banks": lambda p, m: replace(
        p, apart=without(p.apart, m[2])
    ),
    r"let `(\w+)` have another size than `\w+`": lambda p, _: replace(p, size=SizeWish(at_least=1)),
    r"let `(\w+)` lie elsewhere, such as at (\w+)": lambda p, m: replace(p, offset=int(m[2], 16)),
    r"lay `(\w+)` in flash `(\w+)`": lambda p, m: replace(p, owner=m[2]),
}


def done(asked: Spec, text: str) -> Spec | None:
    """The spec with the change that ``text`` offers; ``None`` for doing without a partition."""
    if text.startswith("do without"):
        return None
    for pattern, change in MEANS.items():
        match = re.fullmatch(pattern, text)
        if match:
            wishes = (change(p, match) if p.name == match[1] else p for p in asked.partitions)
            return replace(asked, partitions=tuple(wishes))
    raise AssertionError(f"nobody knows what this means: {text}")


def offers(finding) -> tuple[bool, list[str]]:
    """Whether each change is enough by itself, and the changes."""
    text = finding.help or ""
    several = text.startswith(SEVERAL)
    return not several, [t for t in text.removeprefix(SEVERAL).split("; or ") if t]


@st.composite
def wishes_of(draw, name: str) -> PartitionWish:
    others = without(NAMES, name)
    other = st.sampled_from(others)

    def rarely(what):
        return draw(what) if draw(st.integers(0, 5)) == 0 else None

    size = draw(
        st.one_of(
            st.builds(lambda k: SizeWish(exact=k * KIB), st.integers(1, 70)),
            st.builds(lambda k: SizeWish(at_least=k * KIB), st.integers(1, 70)),
            st.builds(
                lambda k, m: SizeWish(at_least=k * KIB, at_most=m * KIB),
                st.integers(1, 30),
                st.integers(1, 40),
            ),
            st.builds(lambda n: SizeWish(same_as=n), other),
        )
    )
    one = rarely(other)
    return PartitionWish(
        name,
        Role.CUSTOM,
        size=size,
        offset=rarely(st.integers(0, 31).map(lambda k: k * 4 * KIB)),
        align=rarely(st.sampled_from([0x2000, 0x3000, 0x10000])),
        align_size=rarely(st.sampled_from([0x2000, 0x3000, 0x10000])),
        align_blocks=rarely(st.sampled_from([2, 3])),
        security_granule=bool(rarely(st.just(True))),
        power_of_two=bool(rarely(st.just(True))),
        bank=rarely(st.sampled_from(["1", "2"])),
        after=(one,) if one else (),
        directly_after=rarely(other),
        apart=tuple(filter(None, [rarely(other)])),
        together=tuple(filter(None, [rarely(other)])),
    )


boards = st.sampled_from(
    [
        board(flash(128 * KIB, banks=BANKS, security_granule=0x2000)),
        board(
            flash(128 * KIB, banks=BANKS, security_granule=0x2000),
            flash(256 * KIB, 16 * KIB, name="extern"),
        ),
    ]
)


@settings(max_examples=80, deadline=None)
@given(boards, st.tuples(*map(wishes_of, NAMES)))
def test_each_change_that_is_offered_helps_when_it_is_done(device, wishes):
    asked = spec(device, None, *(
        replace(w, bank=None, security_granule=False) if w.owner else w for w in wishes
    ))  # fmt: skip
    for finding in plan(asked, limits=QUICK).findings:
        if finding.code != "PLN001":
            continue
        enough, changes = offers(finding)
        for text in changes:
            changed = done(asked, text)
            if changed is None or "in flash" in text:
                continue
            after = plan(changed, limits=QUICK)
            if enough:
                assert after.plan is not None, text
            else:
                left = [f.facts["wishes"] for f in after.findings if f.code == "PLN001"]
                assert finding.facts["wishes"] not in left, text


@settings(max_examples=60, deadline=None)
@given(boards, st.tuples(*map(wishes_of, NAMES)))
def test_a_conflict_is_impossible_and_each_part_of_it_is_needed(device, wishes):
    expanded = expand(spec(device, None, *wishes))
    demands = [d for d in expanded.demands if d.origin is not Origin.METHOD]
    conflicts = Conflicts(expanded)
    problem = conflicts.problem(demands)
    if problem.cycle or feasible(problem, Budget(20_000), 20_000) is not False:
        return
    core = smallest(demands, conflicts)
    assert conflicts.impossible(core)
    for left_out in core:
        assert not conflicts.impossible([d for d in core if d is not left_out]), left_out.text


def test_a_size_below_what_the_scheme_needs_is_a_conflict_and_can_be_raised():
    asked = spec(
        board(flash(128 * KIB)),
        "mcuboot-swap-move",
        wish("boot", Role.BOOTLOADER, 16 * KIB),
        wish("slot0", Role.APPLICATION, 4 * KIB),
    )
    found = refused(asked)
    assert len(found.facts["wishes"]) == 2
    assert "raise `size` of `slot0` to 0x3000" in found.help
    changed = done(asked, "raise `size` of `slot0` to 0x3000")
    assert changed is not None
    assert plan(changed, limits=QUICK).plan is not None


def test_a_size_below_its_own_lower_bound_is_no_matter_of_erase_blocks():
    found = refused(
        spec(board(flash(64 * KIB)), None, wish("a", size=SizeWish(exact=4096, at_least=8192)))
    )
    assert found.facts["wishes"] == ["`a` has 0x1000 bytes", "`a` has at least 0x2000 bytes"]
    fits = spec(board(flash(64 * KIB)), None, wish("a", size=SizeWish(exact=4000, at_least=4096)))
    assert plan(fits, limits=QUICK).plan is not None


def test_an_alignment_is_called_by_the_key_that_was_written():
    device = board(flash(128 * KIB, security_granule=0x2000))
    for key, more in (
        ("align", {"align": 0x2000}),
        ("align_blocks", {"align_blocks": 2}),
        ("security_granule", {"security_granule": True}),
    ):
        asked = spec(device, None, wish("a", size=8 * KIB, offset=0x7000, **more))
        text = f"drop `{key}` of `a`"
        assert text in refused(asked).help
        changed = done(asked, text)
        assert changed is not None
        assert plan(changed, limits=QUICK).plan is not None


def test_one_of_two_conflicts_is_said_to_be_one_of_several():
    asked = spec(
        board(flash(64 * KIB)),
        None,
        wish("a", size=4 * KIB, offset=0x1000, align=0x2000),
        wish("b", size=4 * KIB, offset=0x3000, align=0x4000),
    )
    first = refused(asked)
    enough, changes = offers(first)
    assert not enough
    changed = done(asked, changes[0])
    assert changed is not None
    second = refused(changed)
    enough, changes = offers(second)
    assert enough
    assert second.facts["wishes"] != first.facts["wishes"]
    last = done(changed, changes[0])
    assert last is not None
    assert plan(last, limits=QUICK).plan is not None


def test_a_partition_that_fits_nowhere_is_named_alone():
    """Beside many others, a bound below the smallest erase block is found at once."""
    crowd = [wish(f"p{i}", size=k * KIB) for i, k in enumerate((13, 15, 126, 48))]
    found = refused(
        spec(stm32f429(), None, *crowd,
             wish("small", size=SizeWish(at_least=6 * KIB, at_most=10 * KIB), directly_after="p0"))
    )  # fmt: skip
    assert found.facts["wishes"] == ["`small` has at most 0x2800 bytes"]


def test_a_lack_of_room_is_told_in_bytes():
    found = refused(spec(board(flash(4 * KIB)), None, wish("a", size=1), wish("b", size=1)))
    assert "that is 0x2000 bytes at least, and `embedded` has 0x1000 free" in found.message
    assert (found.facts["needed"], found.facts["free"]) == (0x2000, 0x1000)
    order = refused(spec(board(flash(64 * KIB)), None, wish("a", size=1, offset=8, align=16)))
    assert "free" not in order.message
    assert "free" not in order.facts


def rounded(*wishes) -> list[str]:
    made = plan(spec(board(flash(64 * KIB)), None, *wishes), limits=QUICK)
    return [f.message for f in made.findings if f.code == "PLN007"]


def test_a_larger_size_is_put_down_to_what_asked_for_it():
    (store,) = rounded(wish("kv", Role.KV, 4 * KIB))
    assert store.endswith("instead of 0x1000: `kv` has at least 2 erase blocks (kv)")
    (granule,) = rounded(wish("a", size=5 * KIB, align_size=16 * KIB))
    assert granule.endswith("instead of 0x1400: the size of `a` is a multiple of 0x4000")
    (block,) = rounded(wish("a", size=5 * KIB, power_of_two=True))
    assert block.endswith("instead of 0x1400: erase blocks have 0x1000 bytes there")
    assert rounded(wish("a", size=8 * KIB, align_size=8 * KIB)) == []


def test_what_the_scheme_would_demand_again_is_not_offered():
    asked = spec(
        board(flash(128 * KIB)),
        "mcuboot-direct-xip",
        wish("boot", Role.BOOTLOADER, 16 * KIB),
        wish("slot0", Role.APPLICATION, size=SizeWish(same_as="slot1"), align_blocks=3),
        wish("slot1", Role.OTA_TEMP, 4 * KIB),
    )
    _, changes = offers(refused(asked))
    assert changes
    assert not [text for text in changes if "another size" in text]
    for text in changes:
        changed = done(asked, text)
        assert changed is not None
        assert plan(changed, limits=QUICK).plan is not None, text
