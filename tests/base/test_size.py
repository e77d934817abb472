"""Sizes: exact, or refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashwright.base.size import SizeError, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4096", 4096),
        (4096, 4096),
        ("4K", 4096),
        ("4 KiB", 4096),
        ("4kB", 4096),
        ("0x1000", 4096),
        ("0x1_0000", 65536),
        ("1 MiB", 1 << 20),
        ("1.5M", 3 << 19),
        ("2G", 2 << 30),
        ("1_024", 1024),
        ("0", 0),
        ("100 B", 100),
    ],
)
def test_exact_sizes(text: str | int, value: int) -> None:
    assert parse_size(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-4K", "negative"),
        (-1, "negative"),
        (2**64, "2\\^64"),
        ("0.3K", "whole number"),
        ("4X", "'X' is not one of"),
        ("four", "write a number"),
        ("", "write a number"),
        ("9" * 100, "64 characters"),
        (True, "true or false"),
        ("1__0", "write a number"),
    ],
)
def test_what_is_no_size_is_told(text: str | int, why: str) -> None:
    with pytest.raises(SizeError, match=why):
        parse_size(text)


@given(st.integers(0, 2**64 - 1))
def test_what_is_written_reads_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.text(max_size=80))
def test_any_text_is_a_size_or_a_size_error(text: str) -> None:
    try:
        assert 0 <= parse_size(text) < 2**64
    except SizeError as fault:
        assert str(fault)
