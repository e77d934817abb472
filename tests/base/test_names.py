"""Near names, and text that is safe to print."""

from hypothesis import given
from hypothesis import strategies as st

from flashwright.base.nearest import did_you_mean, nearest
from flashwright.base.text import printable


def test_the_nearest_name_wins() -> None:
    assert nearest("algin", ["align", "after"]) == "align"
    assert nearest("qqqq", ["align", "after"]) is None
    assert did_you_mean("APLICATION", ["application"]) == "did you mean `application`?"
    assert did_you_mean("zzz", ["b", "a"]) == "known: `a`, `b`"
    assert did_you_mean("zzz", []) == "none is known here"


@given(st.text(max_size=200))
def test_printed_text_has_no_control_characters(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()


def test_escapes_are_shown_not_sent() -> None:
    assert printable("a\x1b[31mb") == "a\\x1b[31mb"
    assert printable("x" * 100, 10) == "x" * 10 + "…"
