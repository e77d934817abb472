"""Expressions that are compiled late match what others match."""

from __future__ import annotations

import re

import pytest

from flashwright.base.pattern import late


def test_it_is_a_pattern_from_its_first_use_on() -> None:
    size = late(r"(?P<number>[0-9]+)\s*(?P<unit>[kM])?", re.I)
    found = size.fullmatch("12 K")
    assert found is not None and found["number"] == "12" and found["unit"] == "K"
    assert size.fullmatch("x") is None
    assert size.search("at 7") is not None and size.search("at") is None
    assert size.sub("n", "1,2M") == "n,n"
    assert size.groups == 2 and size.flags & re.I
    assert "fullmatch" in vars(size)


def test_faults_show_at_the_first_use() -> None:
    broken = late("(")
    with pytest.raises(re.error):
        broken.match("a")
    with pytest.raises(AttributeError):
        _ = late("a").no_such_method  # type: ignore[attr-defined]
