"""Contents as runs: equal flashes are equal tuples, and they agree with a plain array."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.flash.content import (
    DEAD,
    ERASED,
    JUNK,
    DeadRead,
    Unstable,
    filled,
    hidden,
    holds,
    name_at,
    part_of,
    pieces,
    read,
    resolved,
    splice,
    unhidden,
)

SIZE = 64

_CONTENTS = st.one_of(
    st.sampled_from([ERASED, JUNK, "v1", "v2"]), st.binary(min_size=SIZE, max_size=SIZE)
)
_WRITES = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE), _CONTENTS, st.integers(0, 8)),
    max_size=12,
)


def _model(writes):
    cells = [(ERASED, 0)] * SIZE
    runs = filled(SIZE)
    for start, length, content, shift in writes:
        end = min(SIZE, start + length)
        data = content[: end - start] if isinstance(content, bytes) else content
        runs = splice(runs, start, end, data, shift)
        for at in range(start, end):
            if isinstance(data, bytes):
                cells[at] = (data[at - start], 0)
            else:
                cells[at] = (data, 0 if data in (ERASED, JUNK) else shift)
    return runs, cells


@given(_WRITES)
@settings(max_examples=100, deadline=None)
def test_runs_agree_with_an_array_and_are_canonical(writes):
    runs, cells = _model(writes)
    seen = []
    for a, b, content, origin in pieces(runs, 0, SIZE):
        for at in range(a, b):
            seen.append((content[at - a], 0) if isinstance(content, bytes) else (content, origin))
    assert seen == cells
    for left, right in pairwise(runs):
        assert left[0] < right[0]
        assert not (isinstance(left[1], bytes) and isinstance(right[1], bytes))
        assert left[1:] != right[1:]


@given(_WRITES, st.integers(0, SIZE - 1), st.integers(1, SIZE))
@settings(max_examples=100, deadline=None)
def test_a_part_holds_what_its_pieces_hold(writes, start, length):
    runs, _ = _model(writes)
    end = min(SIZE, start + length)
    part = part_of(runs, start, end)
    alone = (*part, (end, "", 0))
    assert list(pieces(alone, start, end)) == list(pieces(runs, start, end))


def test_an_image_is_whole_only_if_every_byte_of_it_lies_in_its_place():
    runs = splice(filled(SIZE), 8, 40, "v1", 8)
    assert holds(runs, 8, 40, "v1") and name_at(runs, 8) == "v1"
    assert not holds(runs, 8, 41, "v1")
    assert not holds(splice(runs, 20, 24, JUNK), 8, 40, "v1")
    assert not holds(splice(runs, 20, 24, "v1", 12), 8, 40, "v1")
    assert name_at(runs, 9) is None


def test_dead_bytes_may_not_be_read_unless_the_answer_does_not_depend_on_them():
    runs = splice(splice(filled(SIZE), 0, 32, "v1", 0), 8, 16, DEAD)
    with pytest.raises(DeadRead):
        read(runs, 0, 9)
    with pytest.raises(DeadRead):
        holds(runs, 0, 32, "v1")
    assert not holds(runs, 0, 33, "v1")


def test_an_unstable_unit_reads_as_each_boot_sees_it():
    runs = splice(filled(SIZE), 4, 8, Unstable(ERASED, b"abcd"), 4)
    assert read(runs, 4, 8) == b"\xa5" * 4
    assert read(resolved(runs, ((4, 0),)), 4, 8) == b"\xff" * 4
    assert read(resolved(runs, ((4, 1),)), 4, 8) == b"abcd"


def test_a_part_of_an_unstable_unit_can_be_read():
    runs = splice(filled(16), 8, 16, Unstable(b"before..", b"meant...", 1), 8)
    assert read(runs, 4, 12) == b"\xff" * 4 + b"mean"
    assert read(runs, 10, 16) == b"ant..."


def test_a_hidden_block_comes_back():
    runs = splice(splice(filled(SIZE), 0, 8, b"12345678"), 8, 32, "v1", 8)
    dark = hidden(runs, 0, 16)
    assert read(dark, 0, 8) == b"\xa5" * 8
    assert not holds(dark, 8, 32, "v1")
    assert unhidden(dark) == runs
