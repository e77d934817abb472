"""Numbers in the style of another number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashwright.formats.c_source import expression_root
from flashwright.formats.c_value import value_of
from flashwright.formats.number_style import restyled


@pytest.mark.parametrize(
    ("said", "before", "value", "expected"),
    [
        ("65536", None, 4096, "4096"),
        ("65536UL", None, 4096, "4096UL"),
        ("0x10000", None, 0xABC, "0xabc"),
        ("0x000F0000u", None, 0xABC, "0x00000ABCu"),
        ("0X1", None, 0xA, "0XA"),
        ("010", None, 10, "0xA"),
        ("64*1024", None, 131072, "128*1024"),
        ("(64 * 1024)", None, 131072, "(128 * 1024)"),
        ("1024*120", None, 4096, "1024*4"),
        ("8*1024*1024", None, 0x90000, "576*1024"),
        ("8*1024*1024", None, 1000, "0x3E8"),
        ("2 * 4096", None, 0x3000, "3 * 4096"),
        ("0x10 * 0x400", None, 0x8000, "0x20 * 0x400"),
        ("64*1024", None, 0, "0"),
        ("3 * 128 * 1024", None, 0x40000, "2 * 128 * 1024"),
        ("3 * 128 * 1024", None, 0x41000, "260 * 1024"),
        ("3 * 128 * 1024", None, 0x41001, "0x41001"),
        ("0 * 1024", None, 4096, "4 * 1024"),
        ("(1024 * 2 * 1024)", None, 3 << 20, "(1024 * 3 * 1024)"),
        ("DT_SIZE_K(48)", 48 << 10, 64 << 10, "DT_SIZE_K(64)"),
        ("DT_SIZE_M(1)", 1 << 20, 768 << 10, "DT_SIZE_K(768)"),
        ("DT_SIZE_K(48)", 48 << 10, 1000, "0x3e8"),
        ("KB( 64 )", 64 << 10, 1 << 20, "KB( 1024 )"),
        ("PAGES(4)", 4 * 3000, 6000, None),
        ("APP_SIZE", 4096, 8192, None),
        ("0x1000 + 0x200", 0x1200, 0x1400, None),
        ("3 * 5", 15, 30, None),
        ("(4096))", None, 1, None),
        ("", None, 1, None),
    ],
)
def test_style(said: str, before: int | None, value: int, expected: str | None) -> None:
    assert restyled(value, said, before) == expected


def test_upper_case_where_nothing_says_it() -> None:
    assert restyled(0xAB, "0x10", upper=True) == "0xAB"
    assert restyled(0xAB, "0x1f", upper=True) == "0xab"


_SAID = st.sampled_from(
    [
        "1",
        "0x1",
        "0x00F0",
        "07",
        "4*1024",
        "(2*1024*1024)",
        "1024 * 3",
        "5 * 4096",
        "1024*1024",
        "3 * 128 * 1024",
    ]
)


@given(_SAID, st.integers(0, 1 << 34) | st.integers(0, 1 << 20).map(lambda n: n << 10))
def test_the_value_is_exact(said: str, value: int) -> None:
    made = restyled(value, said)
    assert made is not None
    root = expression_root(made.encode())
    assert root is not None and value_of(root, lambda _: None) == value
