"""The ink of the SVG: palette, style sheet, patterns, elements that are escaped by construction.

The palettes are chosen so that every text has a contrast of at least 4.5 to 1 on whatever it may
stand (WCAG 2 AA), in light and in dark; a test works it out. Nothing is told by colour alone.
"""

from __future__ import annotations

from html import escape
from typing import Literal

from flashwright.draw.words import width_of

Theme = Literal["auto", "light", "dark"]

#: The advance of a character of the fixed-width font at 12 px, in px; DejaVu Sans Mono has 7.22.
CHAR = 7.25
#: The family: what a browser or renderer has, ending in the generic one.
FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace"

#: Colours by role. ``fill-*`` are the tones of ``draw.tone``.
PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1b1f24",
        "quiet": "#57606a",
        "line": "#6e7781",
        "faint": "#c4cad1",
        "error": "#b3161b",
        "warning": "#8a4b00",
        "note": "#0a5299",
        "fill-boot": "#ddd7f3",
        "fill-slot-a": "#cfe3fb",
        "fill-slot-b": "#cbeedb",
        "fill-image": "#dde7f3",
        "fill-data": "#eef3d2",
        "fill-custom": "#eceff2",
        "fill-fixed": "#eae4f2",
        "fill-reserved": "#fbe6c6",
        "fill-free": "#ffffff",
    },
    "dark": {
        "paper": "#0d1117",
        "ink": "#f0f4f8",
        "quiet": "#a9b3be",
        "line": "#7d8792",
        "faint": "#39414b",
        "error": "#ff938b",
        "warning": "#f2b24a",
        "note": "#85c4ff",
        "fill-boot": "#3c3468",
        "fill-slot-a": "#173b64",
        "fill-slot-b": "#134a31",
        "fill-image": "#24354c",
        "fill-data": "#3b4219",
        "fill-custom": "#2c333c",
        "fill-fixed": "#3a3146",
        "fill-reserved": "#553a10",
        "fill-free": "#0d1117",
    },
}

#: How the dark part of an automatic style sheet begins and ends; ``png`` looks for it.
DARK_START = "@media (prefers-color-scheme:dark){"
DARK_END = "}/*dark*/"

_PATTERNS = (
    '<pattern id="fw-p-reserved" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<path class="fw-s-line" d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6" opacity=".4"/></pattern>'
    '<pattern id="fw-p-free" width="10" height="10" patternUnits="userSpaceOnUse">'
    '<circle class="fw-f-line" cx="5" cy="5" r=".9" opacity=".8"/></pattern>'
    '<pattern id="fw-p-waste" width="9" height="9" patternUnits="userSpaceOnUse">'
    '<path class="fw-s-line" d="M2 2L7 7M7 2L2 7" opacity=".6"/></pattern>'
    '<pattern id="fw-p-error" width="9" height="9" patternUnits="userSpaceOnUse">'
    '<path class="fw-s-error" d="M-2 11L11 -2M-2 2L2 -2M7 11L11 7" stroke-width="1.6"/></pattern>'
    '<pattern id="fw-p-warning" width="9" height="9" patternUnits="userSpaceOnUse">'
    '<path class="fw-s-warning" d="M-2 -2L11 11M7 -2L11 2M-2 7L2 11" stroke-width="1.6"/></pattern>'
    '<pattern id="fw-p-note" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<circle class="fw-f-note" cx="3.5" cy="3.5" r="1.4"/></pattern>'
)


def style(theme: Theme) -> str:
    """The style sheet: of one theme, or of both, the reader's setting deciding."""
    if theme != "auto":
        return _base() + _colours(theme)
    return _base() + _colours("light") + DARK_START + _colours("dark") + DARK_END


def document(
    body: list[str], width: float, height: float, *, title: str, description: str, theme: Theme
) -> str:
    """A whole SVG: ``body`` on paper of ``width`` by ``height`` px."""
    size = f'width="{num(width)}" height="{num(height)}" viewBox="0 0 {num(width)} {num(height)}"'
    kept = 'xml:space="preserve"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fw" {size} {kept} role="img">'
        f"<title>{clean(title)}</title><desc>{clean(description)}</desc>"
        f"<style>{style(theme)}</style><defs>{_PATTERNS}</defs>"
    )
    paper = rect(0, 0, width, height, "fw-f-paper")
    return "\n".join([head, paper, *body, "</svg>"]) + "\n"


def clean(text: str) -> str:
    """``text`` for XML: escaped, and without what XML cannot hold."""
    allowed = "".join(c if c in "\n" or c.isprintable() else "�" for c in text)
    return escape(allowed, quote=True)


def num(value: float) -> str:
    """A length with at most one digit after the point, the same on every machine."""
    shown = f"{value:.1f}"
    return shown[:-2] if shown.endswith(".0") else shown


def rect(x: float, y: float, width: float, height: float, css: str, more: str = "") -> str:
    """A rectangle; ``more`` are attributes, already escaped."""
    place = f'x="{num(x)}" y="{num(y)}" width="{num(max(0, width))}" height="{num(max(0, height))}"'
    return f'<rect class="{css}" {place}{" " + more if more else ""}/>'


def filled(x: float, y: float, width: float, height: float, pattern: str, more: str = "") -> str:
    """A rectangle filled with a pattern."""
    place = f'x="{num(x)}" y="{num(y)}" width="{num(max(0, width))}" height="{num(max(0, height))}"'
    return f'<rect {place} fill="url(#fw-p-{pattern})"{" " + more if more else ""}/>'


def path(d: str, css: str, more: str = "") -> str:
    """A path; ``more`` are attributes, already escaped."""
    return f'<path class="{css}" d="{d}"{" " + more if more else ""}/>'


def text(x: float, y: float, said: str, css: str = "", *, anchor: str = "start") -> str:
    """One line of text with its baseline at ``y``."""
    place = f'x="{num(x)}" y="{num(y)}"'
    end = f' text-anchor="{anchor}"' if anchor != "start" else ""
    named = f' class="{css}"' if css else ""
    return f"<text{named} {place}{end}>{clean(said)}</text>"


def text_width(said: str, size: float = 12) -> float:
    """How wide ``said`` is at most, in px, at a font size of ``size`` px."""
    return width_of(said) * CHAR * size / 12


def _base() -> str:
    return (
        f".fw text{{font-family:{FONT};font-size:12px;white-space:pre}}"
        ".fw .fw-b{font-weight:bold}.fw .fw-h{font-size:15px;font-weight:bold}"
        ".fw .fw-o{stroke-width:3.5;stroke-linejoin:round;paint-order:stroke}"
        ".fw path{fill:none}.fw .fw-thin{stroke-width:.6}"
    )


def _colours(theme: str) -> str:
    palette = PALETTES[theme]
    rules = [f".fw text{{fill:{palette['ink']}}}", f".fw .fw-q{{fill:{palette['quiet']}}}"]
    for name in ("paper", "ink", "quiet", "line", "faint", "error", "warning", "note"):
        rules.append(f".fw .fw-f-{name}{{fill:{palette[name]}}}")
        rules.append(f".fw .fw-s-{name}{{stroke:{palette[name]}}}")
    for name, value in palette.items():
        if name.startswith("fill-"):
            rules.append(f".fw .fw-{name}{{fill:{value}}}.fw .fw-o-{name[5:]}{{stroke:{value}}}")
    return "".join(rules)
