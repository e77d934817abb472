"""The map as SVG, PNG and HTML."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import draw_tables as tables
import pytest
from golden_files import is_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.draw import ink
from flashwright.draw.html import html
from flashwright.draw.png import MissingExtraError, fixed_theme, png
from flashwright.draw.svg import svg
from flashwright.draw.tone import TONES
from flashwright.draw.words import width_of
from flashwright.model.table import Role, Table

NAMES = [*sorted(tables.ALL), "hostile"]
SVG = "{http://www.w3.org/2000/svg}"


def _made(name: str) -> str:
    table, findings = tables.ALL[name]() if name in tables.ALL else (tables.hostile(), ())
    return svg(table, findings)


def _texts(drawn: str) -> list[tuple[float, float, float, float, str]]:
    """Each text as left, top, right, bottom, words."""
    result = []
    for element in ElementTree.fromstring(drawn).iter(f"{SVG}text"):
        size = 15 if element.get("class") == "fw-h" else 12
        said = element.text or ""
        width = width_of(said) * 0.602 * size
        x, y = float(element.get("x", "")), float(element.get("y", ""))
        x -= {"end": width, "middle": width / 2}.get(element.get("text-anchor", ""), 0)
        result.append((x, y - size * 0.75, x + width, y + size * 0.15, said))
    return result


@pytest.mark.parametrize("name", ["esp8266", "faulty", "stm32f429"])
def test_maps_as_they_were_looked_at(name: str) -> None:
    assert is_golden(f"{name}.svg", _made(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_two_texts_overlap(name: str) -> None:
    for one, other in combinations(_texts(_made(name)), 2):
        beside = one[2] <= other[0] + 0.5 or other[2] <= one[0] + 0.5
        above = one[3] <= other[1] + 0.5 or other[3] <= one[1] + 0.5
        assert beside or above, (one, other)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_on_the_paper(name: str) -> None:
    drawn = _made(name)
    root = ElementTree.fromstring(drawn)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for left, top, right, bottom, said in _texts(drawn):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, said


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_and_nothing_is_loaded(name: str) -> None:
    drawn = _made(name)
    root = ElementTree.fromstring(drawn)
    assert not [e for e in root.iter() if e.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}a")]
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on")]


def test_size_is_bounded_for_hostile_tables() -> None:
    assert len(_made("hostile")) < 300_000


def test_what_the_worked_example_says() -> None:
    said = [t[4] for t in _texts(_made("esp8266"))]
    for words in (
        "0x001000",
        "0x40201000",
        "980 KiB",
        "0xF5000",
        "245 × 4 KiB",
        "boot 2",
        "A",
        "B",
    ):
        assert words in said
    assert "rf_cal" in said
    tips = [e.text or "" for e in ElementTree.fromstring(_made("esp8266")).iter(f"{SVG}title")]
    assert any("CPU address: 0x40201000" in t and "0x1000..0xF6000" in t for t in tips)


def test_findings_are_hatched_over_their_bytes() -> None:
    drawn = _made("faulty")
    hatches = re.findall(r'<rect [^>]*fill="url\(#fw-p-error\)" opacity', drawn)
    assert len(hatches) == 2 + 2 + 2 + 1, "each box that holds some of the bytes"
    said = [t[4] for t in _texts(drawn)]
    assert said.count("E GEO101 error") == 2
    assert "W GEO201 warning" in said
    table, _ = tables.faulty()
    assert "url(#fw-p-error)" not in svg(table)


def test_torn_ranges_have_a_tear_and_true_ones_none() -> None:
    assert _made("esp8266").count("<polygon") == 3 * 2 + 2, "three tears with their grid, two boots"
    small = Table("t", (tables.part("a", Role.KV, 0, 4096), tables.part("b", Role.KV, 4096, 8192)))
    assert "<polygon" not in svg(small)


def _luminance(colour: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(int(colour[n : n + 2], 16) / 255) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_of_every_text_is_enough(theme: str) -> None:
    palette = ink.PALETTES[theme]
    for tone in TONES:
        assert _contrast(palette["ink"], palette[f"fill-{tone}"]) >= 4.5, tone
    for name in ("ink", "quiet", "error", "warning", "note"):
        assert _contrast(palette[name], palette["paper"]) >= 4.5, name
    for name in ("line", "error", "warning"):
        assert _contrast(palette[name], palette["paper"]) >= 3, name


def test_themes() -> None:
    table = tables.esp8266()
    automatic = svg(table)
    assert "prefers-color-scheme:dark" in automatic
    assert fixed_theme(automatic, "light") == svg(table, theme="light")
    dark = svg(table, theme="dark")
    assert ink.PALETTES["dark"]["paper"] in dark and ink.PALETTES["light"]["paper"] not in dark
    assert ink.PALETTES["dark"]["paper"] in fixed_theme(automatic, "dark")
    assert "prefers" not in fixed_theme(automatic, "dark")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.integers(0, 2**40), st.integers(1, 2**30)), max_size=8
    )
)
def test_well_formed_for_any_names_and_places(made: list[tuple[str, int, int]]) -> None:
    parts = tuple(tables.part(n, Role.CUSTOM, at, size, n[:3] or "x") for n, at, size in made)
    for table in (
        Table("".join(n for n, _, _ in made), parts),
        Table("t", parts, tables.device("d", (tables.flash("x", 1 << 20),))),
    ):
        root = ElementTree.fromstring(svg(table))
        assert root.tag == f"{SVG}svg"


def test_png_is_a_png_in_both_themes() -> None:
    pytest.importorskip("resvg_py")
    drawn = svg(tables.single_bank())
    light, dark = png(drawn, 1.0), png(drawn, 1.0, "dark")
    assert light.startswith(b"\x89PNG\r\n\x1a\n") and dark.startswith(b"\x89PNG\r\n\x1a\n")
    assert light != dark
    width = round(float(re.search(r'width="([0-9.]+)"', drawn)[1]))  # type: ignore[index]
    assert int.from_bytes(light[16:20], "big") == width
    assert int.from_bytes(png(drawn, 2.0)[16:20], "big") == 2 * width


def test_png_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'flashwright\[png\]'") as missing:
        png(svg(tables.single_bank()))
    assert missing.value.extra == "png"


class _Page(HTMLParser):
    """Checks that elements nest, and collects what is in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_whole_and_self_contained(name: str) -> None:
    table, findings = tables.ALL[name]() if name in tables.ALL else (tables.hostile(), ())
    page = _Page(html((table,), findings))
    assert page.open == []
    tags = {tag for tag, _ in page.found}
    assert "script" not in tags and "link" not in tags and "img" not in tags
    assert not [a for _, attrs in page.found for a in attrs if a in ("src", "href")]


def test_the_page_has_map_partitions_and_findings() -> None:
    table, findings = tables.faulty()
    text = html((table,), findings)
    page = _Page(text)
    assert sum(tag == "svg" for tag, _ in page.found) == 1
    rows = [a.get("class") for tag, a in page.found if tag == "tr"]
    assert rows[1:] == [f"fw-i{n}" for n in range(7)]
    boxes = [a.get("class") or "" for tag, a in page.found if tag == "g"]
    assert {f"fw-item fw-i{n}" for n in range(7)} <= set(boxes)
    assert "4 errors, 1 warning, 1 note" in text
    assert sum(tag == "dt" for tag, _ in page.found) == 6


def test_a_page_of_two_tables_shows_each_finding_with_its_own() -> None:
    from dataclasses import replace

    table, findings = tables.faulty()
    named = [replace(f, table=table.name) for f in findings]
    text = html((tables.esp8266(), table), named)
    dark = html((tables.esp8266(),), theme="dark")
    assert "color-scheme:dark" in dark and "prefers-color-scheme" not in dark
    assert "prefers-color-scheme" in text
    first, second = text.split("<section>")[1:]
    assert "E GEO101 error" not in first and "E GEO101 error" in second
