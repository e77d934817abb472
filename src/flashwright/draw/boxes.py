"""One box of a map in SVG: its ground, its words, and the tear of what is cut short."""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.draw import ink
from flashwright.draw.shapes import Item, Kind
from flashwright.draw.tone import tone_of
from flashwright.draw.words import label_lines

_LINE = 15.0

#: The pattern of each kind that has one (``ink``), and the kinds that nobody uses.
PATTERN = {
    Kind.RESERVED: "reserved",
    Kind.FIXED: "reserved",
    Kind.UNUSED: "free",
    Kind.WASTE: "waste",
    Kind.BEYOND: "waste",
}
GAPS = (Kind.UNUSED, Kind.WASTE, Kind.BEYOND)


def box_fill(item: Item, x: float, y: float, width: float, height: float) -> list[str]:
    """The ground of a box, with the pattern of its kind and its outline."""
    tone = tone_of(item)
    filling = [ink.rect(x, y, width, height, f"fw-fill-{tone}")]
    if item.kind in PATTERN:
        filling.append(ink.filled(x, y, width, height, PATTERN[item.kind]))
    outline = 'fill="none"' + (' stroke-dasharray="3 2"' if item.kind in GAPS else "")
    filling.append(ink.rect(x, y, width, height, "fw-s-line", outline))
    return filling


def box_words(
    item: Item, words: Sequence[str], x: float, y: float, width: float, height: float
) -> list[str]:
    """The words in a box: the name in bold, and what else there is room for."""
    lines = 1 + int((height - 20) // _LINE) if height >= 20 else 1
    columns = int((width - 12) / ink.CHAR)
    said = label_lines(item.name, words, columns, min(lines, 4))
    halo = f"fw-o fw-o-{tone_of(item)}"
    result = []
    for number, line in enumerate(said):
        baseline = y + 14.5 + _LINE * number
        if number == 0:
            name = item.name if line.startswith(item.name) else line
            result.append(ink.text(x + 6, baseline, name, f"fw-b {halo}"))
            if rest := line[len(name) :].strip():
                after = x + 6 + ink.text_width(name + "  ")
                result.append(ink.text(after, baseline, rest, halo))
        else:
            result.append(ink.text(x + 6, baseline, line, halo))
    return result


def tear(x: float, y: float, width: float) -> list[str]:
    """The mark of a range that is cut short: a torn strip of paper, 11 px high."""
    teeth = max(1, round(width / 11))
    step = width / teeth
    xs = [x + step * n for n in range(teeth + 1)]
    upper = [f"{ink.num(a)},{ink.num(y + (3 if n % 2 else -3))}" for n, a in enumerate(xs)]
    lower = [f"{ink.num(a)},{ink.num(y + (8 if n % 2 else 2))}" for n, a in enumerate(xs)]
    ground = f'<polygon class="fw-f-paper" points="{" ".join(upper + lower[::-1])}"/>'
    return [ground, ink.path(f"M{' '.join(upper)}M{' '.join(lower)}", "fw-s-line")]
