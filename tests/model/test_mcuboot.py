"""MCUboot's arithmetic against worked numbers, and against slow but plain definitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.mcuboot import (
    Blocks,
    Build,
    Mode,
    alike,
    blocks_of,
    build_of,
    common_boundaries,
    count_of,
    largest_group,
    largest_image,
    mode_of,
    overhang,
    scratch_trailer_size,
    size_of,
    torn_chunk,
    trailer_size,
    uniform,
)
from flashwright.model.schemes import SCHEMES, scheme
from flashwright.model.update import Update

K = 1024
SLOT = uniform(1024 * K, 4 * K)
BUILD = Build(write_size=8, max_align=8, max_sectors=256)


@pytest.mark.parametrize(
    ("mode", "image"),
    [
        (Mode.SWAP_SCRATCH, 1_042_384),
        (Mode.SWAP_MOVE, 1_036_288),
        (Mode.SWAP_OFFSET, 1_036_288),
        (Mode.OVERWRITE, 1_048_536),
        (Mode.DIRECT_XIP, 1_048_536),
        (Mode.RAM_LOAD, 1_048_536),
        (Mode.SINGLE, 1_048_528),
    ],
)
def test_largest_image_of_one_mebibyte(mode: Mode, image: int) -> None:
    assert largest_image(mode, SLOT, SLOT, BUILD) == image


@pytest.mark.parametrize(("write", "size"), [(1, 432), (2, 816), (4, 1584), (8, 3120)])
def test_trailer_sizes_of_the_simulator(write: int, size: int) -> None:
    assert trailer_size(Mode.SWAP_SCRATCH, Build(write_size=write)) == size


def test_overhang_of_swap_offset_costs_an_erase_block() -> None:
    assert trailer_size(Mode.SWAP_OFFSET, BUILD) == 4096 + 56
    assert overhang(Mode.SWAP_OFFSET, BUILD, 4 * K) == 56
    fewer = Build(max_sectors=252)
    assert overhang(Mode.SWAP_OFFSET, fewer, 4 * K) == trailer_size(Mode.SWAP_OFFSET, fewer)
    gained = largest_image(Mode.SWAP_OFFSET, SLOT, SLOT, fewer)
    assert gained == 1_036_288 + 4 * K
    assert overhang(Mode.OVERWRITE, BUILD, 4 * K) == 0


def test_spare_erase_block_is_best_in_the_primary_for_move_in_the_secondary_for_offset() -> None:
    plus = uniform(1028 * K, 4 * K)
    equal = largest_image(Mode.SWAP_MOVE, SLOT, SLOT, BUILD)
    assert largest_image(Mode.SWAP_MOVE, plus, SLOT, BUILD) == equal + 4 * K
    assert largest_image(Mode.SWAP_MOVE, SLOT, plus, BUILD) == equal
    equal = largest_image(Mode.SWAP_OFFSET, SLOT, SLOT, BUILD)
    assert largest_image(Mode.SWAP_OFFSET, SLOT, plus, BUILD) == equal + 4 * K
    assert largest_image(Mode.SWAP_OFFSET, plus, SLOT, BUILD) == equal


def test_encrypted_images_keep_two_keys() -> None:
    plain, keyed = Build(), Build(key_size=16)
    assert trailer_size(Mode.SWAP_MOVE, keyed) == trailer_size(Mode.SWAP_MOVE, plain) + 32
    assert scratch_trailer_size(plain) == 24 + 32 + 16
    assert scratch_trailer_size(keyed) == 24 + 32 + 32 + 16


def test_scratch_trailer_must_fit_beside_the_first_trailer_block() -> None:
    build = Build(write_size=8, max_align=8, max_sectors=4)
    blocks = uniform(16 * K, 4 * K)
    trailer = trailer_size(Mode.SWAP_SCRATCH, build)
    assert 16 * K - largest_image(Mode.SWAP_SCRATCH, blocks, blocks, build) == trailer
    build = Build(write_size=8, max_align=8, max_sectors=169)
    trailer = trailer_size(Mode.SWAP_SCRATCH, build)
    assert trailer == 4096 + 8
    slot = uniform(16 * K, 4 * K)
    lost = 16 * K - largest_image(Mode.SWAP_SCRATCH, slot, slot, build)
    assert lost == trailer + scratch_trailer_size(build) - 8


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_fits_a_slot_smaller_than_its_trailer(mode: Mode) -> None:
    assert largest_image(mode, uniform(16, 16), uniform(16, 16), BUILD) == 0


def test_modes_of_the_schemes() -> None:
    modes = {s.name: mode_of(s.name) for s in SCHEMES}
    assert modes["mcuboot-swap-move"] is Mode.SWAP_MOVE
    assert modes["alios-dual-bank"] is None
    assert mode_of("swap-move") is None
    assert all(modes[s.name] for s in SCHEMES if s.ecosystem == "mcuboot")


def test_build_derives_sectors_as_zephyr_does() -> None:
    found = scheme("mcuboot-swap-move")
    assert found is not None
    assert build_of(Update(found), 4, SLOT, uniform(1028 * K, 4 * K)).max_sectors == 257
    declared = Update(found, max_sectors=128, write_size=16, max_align=16, encrypted=True)
    assert build_of(declared, 4, SLOT) == Build(16, 16, 128, 16)


def test_blocks_of_an_uneven_flash() -> None:
    runs = (EraseRun(4, 16 * K), EraseRun(1, 64 * K), EraseRun(3, 128 * K))
    flash = Flash("embedded", 0x8000000, runs)
    found = blocks_of(flash, Extent(0x8000, 0x60000))
    assert found == (EraseRun(2, 16 * K), EraseRun(1, 64 * K), EraseRun(2, 128 * K))
    assert size_of(found) == 0x58000
    assert count_of(found) == 5


def test_layout_that_mcuboot_accepts_and_corrupts() -> None:
    primary, secondary = uniform(64 * K, 4 * K), uniform(64 * K, 8 * K)
    boundaries = common_boundaries(primary, secondary)
    assert boundaries is not None
    assert largest_group(boundaries) == 8 * K
    assert torn_chunk(primary, boundaries, 3 * 4 * K) is not None
    assert torn_chunk(primary, boundaries, 2 * 4 * K) is None
    assert torn_chunk(primary, boundaries, 4 * 4 * K) is None
    assert torn_chunk(secondary, boundaries, 3 * 4 * K) is None


def test_blocks_that_cross_cannot_be_swapped() -> None:
    one = (EraseRun(1, 4), EraseRun(1, 8))
    other = (EraseRun(1, 8), EraseRun(1, 4))
    assert common_boundaries(one, other) is None
    assert common_boundaries((EraseRun(3, 4),), (EraseRun(2, 4),)) is None
    assert common_boundaries((EraseRun(2, 4),), (EraseRun(1, 8),)) == (0, 8)
    assert common_boundaries((EraseRun(1 << 20, 4),), (EraseRun(1 << 20, 4),)) is None


def test_alike_compares_as_far_as_both_reach() -> None:
    assert alike(uniform(64, 4), uniform(68, 4)) is None
    assert alike((EraseRun(2, 4), EraseRun(1, 8)), (EraseRun(3, 4),)) == 2
    assert alike((), ()) is None


blocks = st.lists(
    st.builds(EraseRun, st.integers(1, 4), st.sampled_from([1, 2, 4, 8])), min_size=1, max_size=4
).map(tuple)


@settings(max_examples=100, deadline=None)
@given(blocks, blocks)
def test_alike_agrees_with_comparing_one_by_one(one: Blocks, other: Blocks) -> None:
    a, b = _sizes(one), _sizes(other)
    differing = [i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    assert alike(one, other) == (differing[0] if differing else None)


@settings(max_examples=100, deadline=None)
@given(blocks, blocks, st.integers(1, 40))
def test_chunks_agree_with_packing_from_every_boundary(
    one: Blocks, other: Blocks, scratch: int
) -> None:
    boundaries = common_boundaries(one, other)
    if boundaries is None:
        return
    assert set(boundaries) == {0, *_offsets(one)} & {0, *_offsets(other)}
    torn = False
    for end in boundaries[1:]:
        at = end
        for block in reversed(_sizes(one)[: _offsets(one).index(end) + 1]):
            if end - (at - block) > scratch:
                break
            at -= block
        torn |= at < end and at not in boundaries
    assert (torn_chunk(one, boundaries, scratch) is not None) == torn


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(list(Mode)),
    st.integers(1, 300),
    st.sampled_from([256, 2048, 4096]),
    st.sampled_from([1, 4, 8, 16, 32]),
)
def test_larger_slots_never_take_smaller_images(
    mode: Mode, count: int, block: int, write: int
) -> None:
    build = Build(write, max(8, write), 300)
    slot, larger = uniform(count * block, block), uniform((count + 1) * block, block)
    small, large = (largest_image(mode, s, s, build) for s in (slot, larger))
    assert 0 <= small <= large <= size_of(larger)


def _sizes(runs: Blocks) -> list[int]:
    return [r.size for r in runs for _ in range(r.count)]


def _offsets(runs: Blocks) -> list[int]:
    sizes = _sizes(runs)
    return [sum(sizes[: i + 1]) for i in range(len(sizes))]
