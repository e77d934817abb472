"""Two layouts in a terminal: old left, new right, lines between the places of each pair.

A line leaves an old box beside its name and reaches the upper edge of the new one, so that lines
of different partitions cross but never run into each other. What stays at its offset has a straight
line.
"""

from __future__ import annotations

from flashwright.draw.canvas import Canvas
from flashwright.draw.comparison import (
    Box,
    Change,
    Mapping,
    Panel,
    comparison,
    legend,
)
from flashwright.draw.scale import Form, Scale, fold
from flashwright.draw.shapes import Item
from flashwright.draw.sheet import FILLS, boundary_lines
from flashwright.draw.terminal import CODES, MOST_ROWS, SLOPE, plain_lines
from flashwright.draw.tone import tone_of
from flashwright.draw.words import digits_for, hex_text, label_lines, plain_text, scale_text
from flashwright.model.table import Table

#: Narrower or wider is not drawn.
NARROWEST, WIDEST = 80, 200
_WIDEST_BOX = 64
_BETWEEN = 14

_STYLE = {
    Change.KEPT: "quiet",
    Change.RESIZED: "note",
    Change.MOVED: "warning",
    Change.ELSEWHERE: "warning",
    Change.DROPPED: "error",
    Change.NEW: "note",
}
_SIGNS = {
    Change.DROPPED: ("✕", "x"),
    Change.ELSEWHERE: ("→", ">"),
    Change.NEW: ("+", "+"),
}


def compare_terminal(
    old: Table,
    new: Table,
    mapping: Mapping | None = None,
    *,
    width: int = 100,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    """Both layouts in lines of at most ``width`` cells (80 to 200), old left and new right.

    ``mapping`` pairs the names (default: the same names). Lines lead from old to new places; what
    became of a partition stands in its box.
    """
    compared = comparison(old, new, mapping)
    width = min(max(width, NARROWEST), WIDEST)
    codes = CODES if colour else {}
    lines: list[str] = []
    for side, title in (("old", compared.old), ("new", compared.new)):
        lines += plain_lines(f"{side}: {title}", width, codes, "strong", unicode)
    for panel in compared.panels:
        scale = fold(panel.cuts, most=MOST_ROWS, slope=SLOPE)
        lines.append("")
        lines += plain_lines(panel.owner, width, codes, "strong", unicode)
        lines += _Sheet(panel, scale, width, unicode).drawn(codes)
        lines += plain_lines(scale_text(scale, "2 lines"), width, codes, "quiet", unicode)
    lines += plain_lines(legend(compared), width, codes, "", unicode)
    for note in compared.notes:
        lines += plain_lines(f"note: {note}", width, codes, "quiet", unicode)
    return "".join(f"{line}\n" for line in lines)


class _Sheet:
    """One flash of both layouts on a canvas."""

    def __init__(self, panel: Panel, scale: Scale, width: int, unicode: bool) -> None:
        self.panel = panel
        self.scale = scale
        self.unicode = unicode
        self.digits = digits_for(panel.cuts)
        self.lines = boundary_lines(scale)
        numbers = self.digits + 3
        box = min(_WIDEST_BOX, (width - 2 * numbers - _BETWEEN - 2) // 2)
        self.left = (numbers, numbers + box)
        self.right = (numbers + box + _BETWEEN, numbers + 2 * box + _BETWEEN)
        self.canvas = Canvas(width, max(self.lines.values()) + 1, unicode=unicode)

    def drawn(self, codes: dict[str, str]) -> list[str]:
        """The lines of both sides and what leads from one to the other."""
        for sides, boxes, rest in (
            (self.left, self.panel.old, self.panel.old_rest),
            (self.right, self.panel.new, self.panel.new_rest),
        ):
            items = [b.item for b in boxes]
            for item in [*rest, *items]:
                self._fill(item, sides)
            self._tears([*rest, *items], sides)
            for item in [*rest, *items]:
                self._outline(item, sides)
            for item in rest:
                self._label(item, (), sides)
            for box in boxes:
                self._label(box.item, box.words, sides)
                self._sign(box, sides)
            self._offsets([*rest, *items], sides)
        self._links()
        return self.canvas.rendered(codes)

    def _glyph(self, glyphs: tuple[str, str]) -> str:
        return glyphs[0] if self.unicode else glyphs[1]

    def _place(self, item: Item, sides: tuple[int, int]) -> tuple[int, int, int, int]:
        left, span = sides[0], sides[1] - sides[0]
        return (
            left + span * item.lane // item.lanes,
            left + span * (item.lane + 1) // item.lanes,
            self.lines[item.extent.start],
            self.lines[item.extent.end],
        )

    def _torn(self, item: Item) -> list[int]:
        return [
            (self.lines[s.extent.start] + self.lines[s.extent.end] + 1) // 2
            for s in self.scale.steps
            if s.form is Form.CUT and item.extent.covers(s.extent)
        ]

    def _fill(self, item: Item, sides: tuple[int, int]) -> None:
        if item.kind in FILLS:
            left, right, top, bottom = self._place(item, sides)
            for y in range(top + 1, bottom):
                self.canvas.fill(y, left + 1, right, self._glyph(FILLS[item.kind]), tone_of(item))

    def _tears(self, items: list[Item], sides: tuple[int, int]) -> None:
        for item in items:
            left, right, _, _ = self._place(item, sides)
            for y in self._torn(item):
                self.canvas.fill(y, left, right + 1, self._glyph(("≈", "~")), "quiet")

    def _outline(self, item: Item, sides: tuple[int, int]) -> None:
        left, right, top, bottom = self._place(item, sides)
        style = tone_of(item)
        self.canvas.across(top, left, right, style)
        self.canvas.across(bottom, left, right, style)
        for x in (left, right):
            at = top
            for y in [*self._torn(item), bottom]:
                self.canvas.down(x, at, y if y == bottom else y - 1, style)
                at = y + 1

    def _label(self, item: Item, words: tuple[str, ...], sides: tuple[int, int]) -> None:
        left, right, top, bottom = self._place(item, sides)
        torn = self._torn(item)
        rows = [y for y in range(top + 1, bottom) if y not in torn]
        name = plain_text(item.name, self.unicode)
        said = [plain_text(w, self.unicode) for w in words]
        for y, line in zip(
            rows, label_lines(name, said, right - left - 3, len(rows)), strict=False
        ):
            self.canvas.write(y, left + 1, f" {plain_text(line, self.unicode)} ", tone_of(item))

    def _sign(self, box: Box, sides: tuple[int, int]) -> None:
        if box.change in _SIGNS:
            y = self.lines[box.item.extent.start] + 1
            x = sides[1] + 2 if sides == self.left else sides[0] - 2
            self.canvas.write(y, x, self._glyph(_SIGNS[box.change]), _STYLE[box.change])

    def _offsets(self, items: list[Item], sides: tuple[int, int]) -> None:
        offsets = {i.extent.start for i in items} | {i.extent.end for i in items}
        x = 0 if sides == self.left else sides[1] + 2
        for offset in offsets:
            self.canvas.write(self.lines[offset], x, hex_text(offset, self.digits), "quiet")

    def _links(self) -> None:
        start, end = self.left[1], self.right[0] - 1
        lanes: list[int] = []
        for old, new in sorted(self.panel.links, key=lambda pair: pair[0].item.extent):
            style = _STYLE[new.change]
            leaves = self.lines[old.item.extent.start] + 1
            if old.item.extent.start == new.item.extent.start:
                self.canvas.across(leaves, start, end + 1, style)
                continue
            reaches = self.lines[new.item.extent.start]
            first, last = sorted((leaves, reaches))
            lane = next((n for n, used in enumerate(lanes) if used < first), len(lanes))
            lanes[lane : lane + 1] = [last]
            x = start + 3 + lane % (end - start - 4)
            self.canvas.across(leaves, start, x, style)
            self.canvas.down(x, first, last, style)
            self.canvas.across(reaches, x, end, style)
            self.canvas.write(reaches, end, self._glyph(("▶", ">")), style)
