"""The glance at the rows of an ESP-IDF table never overlooks what the careful look finds."""

from __future__ import annotations

import copy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flashwright.formats.esp_idf_rows import Row, find_what_passes, is_sound, lay_out, verify
from flashwright.formats.format import ReadOptions

NVS, OTADATA = (1, 0x02), (1, 0x00)
NUMBERS = st.sampled_from([None, -0x1000, 0, 0x1000, 0x2000, 0x3000, 0x9000, 0x10000, 0x11000])
KINDS = st.tuples(st.sampled_from([0, 1, 2, 3, 0x40]), st.sampled_from([0, 1, 2, 3, 0x10, 0x90]))
OPTIONS = [ReadOptions(), ReadOptions(flash_size=0x40000), ReadOptions(secure_boot="v1")]


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Rows that mostly follow each other, so that many tables are sound."""
    rows, at = [], 0x9000
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([NVS, OTADATA, (0, 0x10), (1, 0x82)]) | KINDS)
        step = 0x10000 if kind[0] == 0 else 0x1000
        offset = draw(st.just(-(-at // step) * step) | NUMBERS)
        usual = 0x2000 if kind == OTADATA else 0x10000
        size = draw(st.just(usual) | NUMBERS | st.just(1 << 32))
        name = draw(st.just(f"row {number}") | st.sampled_from(["same", "a" * 16, "a" * 17, "ä"]))
        flags = draw(st.just(()) | st.sampled_from([("readonly",), ("encrypted",)]))
        rows.append(Row(name, *kind, offset, size, flags))
        at = max(at, (offset or at) + (size or 0))
    return rows


@pytest.mark.parametrize("options", OPTIONS)
@settings(max_examples=400, deadline=None)
@given(rows=tables())
@example(rows=[Row("a", 0, 0x10, 0x10000, 0x20000)])
@example(rows=[Row("a", 0, 0x110, 0x10000, 0x20000)])
@example(rows=[Row(f"p{n}", 1, 6, 0x9000 + n * 0x1000, 0x1000) for n in range(94)])
def test_of_sound_rows_nothing_is_told(options: ReadOptions, rows: list[Row]) -> None:
    if not is_sound(rows, options):
        return
    before, findings = copy.deepcopy(rows), []
    lay_out(rows, options, findings)
    verify(rows, options, findings)
    find_what_passes(rows, findings)
    assert (rows, findings) == (before, [])


def test_usual_rows_are_sound() -> None:
    usual = [
        Row("nvs", *NVS, 0x9000, 0x4000),
        Row("otadata", *OTADATA, 0xD000, 0x2000),
        Row("ota_0", 0, 0x10, 0x10000, 0x100000),
    ]
    assert is_sound(usual, ReadOptions())
    assert not is_sound(usual, ReadOptions(flash_size=0x100000))
    assert not is_sound(usual, ReadOptions(table_offset=0x9000))
    assert not is_sound([usual[1], usual[0]], ReadOptions())
