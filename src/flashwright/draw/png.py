"""The map as PNG, from its SVG; needs the extra ``png`` (resvg, a static renderer)."""

from __future__ import annotations

from typing import Literal

from flashwright.draw.ink import DARK_END, DARK_START

#: The most pixels of a picture; a larger one is made smaller, in proportion.
MOST_PIXELS = 64_000_000


class MissingExtraError(Exception):
    """A library is missing that an extra of the package brings; ``extra`` is its name."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"pip install 'flashwright[{extra}]'")
        self.extra = extra


def png(svg_text: str, scale: float = 2.0, theme: Literal["light", "dark"] = "light") -> bytes:
    """``svg_text`` (from this package) as PNG, ``scale`` pixels for each px (0.1 to 8).

    An automatic SVG is fixed to ``theme``. Text is drawn with the fonts of the machine, so the
    bytes may differ between machines. Raises ``MissingExtraError`` without the extra ``png``.
    """
    try:
        import resvg_py
    except ImportError as missing:
        raise MissingExtraError("png") from missing
    zoom = min(max(scale, 0.1), 8.0)
    width, height = _size(svg_text)
    zoom = min(zoom, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    fixed = fixed_theme(svg_text, theme)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=fixed,
            width=max(1, round(width * zoom)),
            font_family="monospace",
            monospace_family="DejaVu Sans Mono",
        )
    )


def fixed_theme(svg_text: str, theme: Literal["light", "dark"]) -> str:
    """An automatic SVG with one theme only, for renderers that know no media queries."""
    start = svg_text.find(DARK_START)
    end = svg_text.find(DARK_END, start)
    if start < 0 or end < 0:
        return svg_text
    dark = svg_text[start + len(DARK_START) : end] if theme == "dark" else ""
    return svg_text[:start] + dark + svg_text[end + len(DARK_END) :]


def _size(svg_text: str) -> tuple[float, float]:
    import re

    found = re.search(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)"', svg_text[:2000])
    return (float(found[1]), float(found[2])) if found else (800.0, 600.0)
