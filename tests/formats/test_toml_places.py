"""Places in TOML: the quick scan and the syntax tree must say the same, wherever both speak."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.diag.finding import Place
from flashwright.formats.format import Source
from flashwright.formats.toml_scan import scan
from flashwright.formats.toml_source import TomlDocument, _places, _tree, parse_toml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.toml"))

USUAL = """\
# a layout
name = "demo"   # its name
[ device ]
name = "esp8266"
sizes = [1, [2, 3]]
\t[[device.flash]]
\tname = "a"
[[device.flash]]
name = "b=c # d"
empty = ""
when = 1979-05-27T07:32:00Z
"""

#: Texts that only a syntax tree understands: dotted and quoted keys, values of several lines.
HARD = (
    "a.b = 1\n",
    '"a b" = 1\n',
    "a = [\n  1,\n]\n",
    'a = """\nb = 1\n"""\n',
    "a = '''x\nb = 2'''\n",
    'a = ["]", "["]\n',
    'a = ["b", # ]\n  "c"]\n',
    '["a"]\nb = 1\n',
)


def _document(text: str) -> TomlDocument:
    document = parse_toml(Source("f.toml", text.encode()))
    assert isinstance(document, TomlDocument)
    return document


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path that is written, and one below each that is not."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(*path, "no-such-key")]
    for name, item in inner:
        found.append((*path, name))
        if isinstance(item, dict | list):
            found += _paths(item, (*path, name))
    return found


def _as_the_tree_says(text: str) -> TomlDocument:
    document = _document(text)
    document._read_tree()
    return document


def _agree(text: str) -> None:
    whole = _as_the_tree_says(text)
    for path in _paths(tomllib.loads(text)):
        quick = _document(text)  # anew: asking for one place may read the tree
        assert quick.place(*path) == whole.place(*path), path
        assert quick.key_place(*path) == whole.key_place(*path), path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_they_agree_on_the_examples(path: Path) -> None:
    try:
        tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError:
        pytest.skip("an example of broken TOML")
    _agree(path.read_text())


def test_they_agree_on_what_is_usual_and_the_scan_suffices() -> None:
    spots = scan(USUAL)
    assert spots is not None
    assert spots == tuple(
        {path: at for path, at in known.items() if path[1:2] != ("sizes",) or len(path) == 2}
        for known in _places(_tree(USUAL), USUAL)
    )
    _agree(USUAL)
    document = _document(USUAL)
    assert document.place("device", "flash", 1, "name") == Place("f.toml", 9, 8)
    assert document.place("device", "sizes", 1, 0) == Place("f.toml", 5, 14)


@pytest.mark.parametrize("text", HARD)
def test_the_scan_gives_up_where_it_would_guess(text: str) -> None:
    assert scan(text) is None
    _agree(text)


_NAMES = st.sampled_from(["a", "b-1", "c_2", '"q r"', "d.e"])
_SHORT = ["1", "0x1F", '"x # y"', "'[z]'", "[1, 2]", '["u", "v"]', "[[1, 2], [3]]", "{}", "1.5"]
_LONG = ["{ f = 1, g = [2] }", "[\n 1,\n 2 ]", '"""m\nn"""', '"="', "[] # none", "true"]
_VALUES = st.sampled_from([*_SHORT, *_LONG])
_HEADS = st.sampled_from(["[t]", "[[s]]", "[s.u]", "[[s.v]] # w", " [ t . x ]", '["q"]'])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(_NAMES, st.sampled_from([" = ", "=", "\t=  "]), _VALUES).map("".join),
            _HEADS,
            st.sampled_from(["", "# [n] = 1", "  "]),
        ),
        max_size=12,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_they_agree_on_any_file(lines: list[str], end: str) -> None:
    text = end.join(lines) + end
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    _agree(text)


def test_a_sound_flash_toml_is_read_without_the_tree() -> None:
    program = (
        "import sys; from flashwright.api import check\n"
        "check(sys.argv[1]); print(sorted(m for m in sys.modules if m.startswith('tree_sitter')))"
    )
    layout = next(p for p in EXAMPLES if p.parent.name == "esp8266-2m" and p.stem == "flash")
    done = subprocess.run(
        [sys.executable, "-c", program, str(layout)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
