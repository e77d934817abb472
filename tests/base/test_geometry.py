"""Flash geometry: erase blocks as they are, against a list of all of them."""

from hypothesis import given
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.model.geometry import EraseRun, Flash

runs = st.lists(
    st.builds(EraseRun, st.integers(1, 4), st.sampled_from([1, 2, 4, 8])), min_size=1, max_size=4
)


def flash_of(some: list[EraseRun]) -> Flash:
    return Flash("embedded", None, tuple(some))


def all_blocks(flash: Flash) -> list[Extent]:
    blocks, at = [], 0
    for run in flash.runs:
        for _ in range(run.count):
            blocks.append(Extent.of(at, run.size))
            at += run.size
    return blocks


@given(runs, st.integers(0, 140), st.integers(0, 60))
def test_blocks_of_a_range(some: list[EraseRun], start: int, size: int) -> None:
    flash, extent = flash_of(some), Extent.of(start, size)
    touched = [b for b in all_blocks(flash) if b.overlaps(extent)]
    assert list(flash.blocks(extent)) == touched
    assert flash.block_count(extent) == len(touched)
    assert flash.smallest_block_in(extent) == min((b.size for b in touched), default=0)
    assert flash.largest_block_in(extent) == max((b.size for b in touched), default=0)


@given(runs, st.integers(0, 140))
def test_rounding_to_boundaries(some: list[EraseRun], offset: int) -> None:
    flash = flash_of(some)
    boundaries = {b.start for b in all_blocks(flash)} | {flash.size}
    assert flash.is_boundary(offset) == (offset in boundaries)
    if offset <= flash.size:
        assert flash.align_up(offset) == min(b for b in boundaries if b >= offset)
        assert flash.align_down(offset) == max(b for b in boundaries if b <= offset)


def test_an_stm32f429_bank() -> None:
    flash = flash_of([EraseRun(4, 16384), EraseRun(1, 65536), EraseRun(7, 131072)])
    assert flash.size == 1 << 20
    assert flash.block_at(0x1FFFF) == Extent(0x10000, 0x20000)
    assert not flash.is_uniform
