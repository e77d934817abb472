"""One flash on a sheet of character cells: where the columns stand, and what is put into them."""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Severity
from flashwright.draw.canvas import Canvas
from flashwright.draw.scale import Form, Scale
from flashwright.draw.shapes import Hatch, Item, Kind, Strip
from flashwright.draw.tone import tone_of
from flashwright.draw.words import (
    LETTER,
    blocks_text,
    digits_for,
    hex_text,
    label_lines,
    pieces,
    plain_text,
    wrapped,
)

#: A box is no wider than this; more would only be empty.
_WIDEST_BOX = 72
_MOST_BARS, _MOST_PAIRS = 4, 3

#: What fills a range, in Unicode and in ASCII.
FILLS = {
    Kind.RESERVED: ("░", ":"),
    Kind.FIXED: ("░", ":"),
    Kind.UNUSED: ("·", "."),
    Kind.WASTE: ("×", "x"),
    Kind.BEYOND: ("╳", "X"),
}
_HATCHES = {
    Severity.ERROR: ("╱", "/"),
    Severity.WARNING: ("╲", "\\"),
    Severity.NOTE: ("╌", "-"),
}
_GAPS = (Kind.UNUSED, Kind.WASTE, Kind.BEYOND)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where what stands, in cells; 0 cells wide where there is no room or nothing to say."""

    mark: int
    offset: int
    box: int
    box_end: int
    pairs: int
    size: int
    size_width: int
    hex: int
    hex_width: int
    bars: int
    bar_count: int
    code: int
    blocks: int
    blocks_width: int


def boundary_lines(scale: Scale) -> dict[int, int]:
    """The line of each cut; two lines are a row, and every range has a line for its label."""
    lines = {step.extent.start: 0 for step in scale.steps[:1]}
    at = 0
    for step in scale.steps:
        at += max(2, round(2 * step.height))
        lines[step.extent.end] = at
    return lines


class Sheet:
    """One strip on a canvas."""

    def __init__(self, strip: Strip, scale: Scale, width: int, unicode: bool) -> None:
        self.strip = strip
        self.scale = scale
        self.unicode = unicode
        self.width = width
        self.digits = digits_for(strip.cuts)
        self.bars = _bar_lanes(strip.hatches)
        self.lines = boundary_lines(scale)
        self.at = self._columns()
        self.canvas = Canvas(width, max(self.lines.values()) + 1, unicode=unicode)

    def overview(self, codes: dict[str, str]) -> list[str]:
        """The whole flash in one line, strictly to scale, one letter an item."""
        room = min(self.width, 100) - 2
        canvas = Canvas(self.width, 1, unicode=self.unicode)
        whole = self.strip.whole
        canvas.write(0, 0, "[")
        canvas.write(0, room + 1, "]")
        for x in range(room):
            start = whole.start + whole.size * x // room
            end = max(start + 1, whole.start + whole.size * (x + 1) // room)
            best = max(
                self.strip.items,
                key=lambda i: min(i.extent.end, end) - max(i.extent.start, start),
                default=None,
            )
            if best is not None:
                canvas.write(0, x + 1, self._letter(best), tone_of(best))
        return canvas.rendered(codes)

    def drawn(self, codes: dict[str, str]) -> list[str]:
        """The boxes with everything beside them."""
        for item in self.strip.items:
            self._fill(item)
        for hatch, bar in zip(self.strip.hatches, self.bars, strict=True):
            self._hatch(hatch)
            self._bar(hatch, bar)
        self._tears()
        for item in self.strip.items:
            self._outline(item)
        for item in self.strip.items:
            self._label(item)
        self._grid()
        self._offsets()
        for column, pair in enumerate(self.strip.pairs[:_MOST_PAIRS]):
            if self.at.pairs:
                self._bracket(self.at.pairs + 2 * column, pair)
        return self.canvas.rendered(codes)

    def _glyph(self, glyphs: tuple[str, str]) -> str:
        return glyphs[0] if self.unicode else glyphs[1]

    def _letter(self, item: Item) -> str:
        if item.kind in FILLS:
            return self._glyph(FILLS[item.kind])
        if item.slot:
            return item.slot[0]
        return next((c for c in item.name.lower() if c.isascii() and c.isalnum()), "?")

    def _columns(self) -> _Columns:
        strip, width = self.strip, self.width
        boots = [m.text for m in strip.marks if m.kind == "boot"]
        mark_width = max((len(t) for t in boots), default=-2) + 2
        base = strip.flash is not None and strip.flash.base is not None
        offset_width = max(2 + self.digits, 3 + self._address_digits() if base else 0)
        box = mark_width + offset_width + 2
        single = [i for i in strip.items if i.lanes == 1]
        size_width = 1 + max((len(format_size(i.extent.size)) for i in single), default=0) + 1
        hex_width = 1 + max((len(format_hex(i.extent.size)) for i in single), default=0)
        pair_width = 2 * min(len(strip.pairs), _MOST_PAIRS)
        bar_count = min(_MOST_BARS, max((b for b in self.bars), default=-1) + 1)
        code_width = 8 if bar_count else 0
        blocks = [plain_text(self._blocks(i), self.unicode) for i in single]
        blocks_width = 2 + max((len(b) for b in blocks), default=0)
        blocks_width = min(blocks_width, 32)
        bars_width = bar_count + 1 if bar_count else 0
        room = width - box - 1 - size_width - bars_width
        wanted = 30
        pair_width = pair_width if room - pair_width >= 24 else 0
        room -= pair_width
        code_width = code_width if room - code_width >= 22 else 0
        room -= code_width
        uneven = strip.flash is not None and not strip.flash.is_uniform
        if not (uneven and room - blocks_width >= 24):
            hex_width = hex_width if room - hex_width >= wanted else 0
        elif room - blocks_width - hex_width < 24:
            hex_width = 0
        room -= hex_width
        least = 24 if uneven else wanted + 4
        blocks_width = blocks_width if room - blocks_width >= least else 0
        room -= blocks_width
        box_end = box + min(max(room, 8), _WIDEST_BOX)
        size = box_end + 1 + pair_width
        hex_at = size + size_width
        blocks_at = hex_at + hex_width
        bars_at = blocks_at + blocks_width + 1
        code = bars_at + bar_count + 1
        return _Columns(
            mark=0,
            offset=mark_width,
            box=box,
            box_end=box_end,
            pairs=box_end + 1 if pair_width else 0,
            size=size,
            size_width=size_width,
            hex=hex_at,
            hex_width=hex_width,
            bars=bars_at,
            bar_count=bar_count,
            code=code if code_width else 0,
            blocks=blocks_at,
            blocks_width=blocks_width,
        )

    def _address_digits(self) -> int:
        top = self.strip.address(self.strip.whole.end)
        return max(8, len(f"{top:X}")) if top is not None else 0

    def _blocks(self, item: Item) -> str:
        flash = self.strip.flash
        return blocks_text(flash, item.extent) if flash else ""

    def _sides(self, item: Item) -> tuple[int, int]:
        left, span = self.at.box, self.at.box_end - self.at.box
        return (
            left + span * item.lane // item.lanes,
            left + span * (item.lane + 1) // item.lanes,
        )

    def _rows(self, item: Item) -> tuple[int, int]:
        return self.lines[item.extent.start], self.lines[item.extent.end]

    def _fill(self, item: Item) -> None:
        if item.kind not in FILLS:
            return
        left, right = self._sides(item)
        top, bottom = self._rows(item)
        for y in range(top + 1, bottom):
            self.canvas.fill(y, left + 1, right, self._glyph(FILLS[item.kind]), tone_of(item))

    def _tears(self) -> None:
        glyph = self._glyph(("≈", "~"))
        for item in self.strip.items:
            left, right = self._sides(item)
            for y in self._torn(item):
                self.canvas.fill(y, left, right + 1, glyph, "quiet")

    def _hatch(self, hatch: Hatch) -> None:
        """The bytes of a finding, in every box that holds some of them."""
        severity = hatch.finding.severity
        glyph = self._glyph(_HATCHES[severity])
        top, bottom = self.lines[hatch.extent.start], self.lines[hatch.extent.end]
        for item in self.strip.items:
            if item.extent.overlaps(hatch.extent):
                left, right = self._sides(item)
                first, last = self._rows(item)
                for y in range(max(top, first) + 1, min(bottom, last)):
                    self.canvas.fill(y, left + 1, right, glyph, severity.word)

    def _bar(self, hatch: Hatch, bar: int) -> None:
        """The letter of the severity beside all lines of a finding, and its code."""
        severity = hatch.finding.severity
        top, bottom = self.lines[hatch.extent.start], self.lines[hatch.extent.end]
        if bar >= self.at.bar_count:
            return
        first, last = (top + 1, bottom) if bottom > top else (top, top + 1)
        for y in range(first, last):
            self.canvas.write(y, self.at.bars + bar, LETTER[severity], severity.word)
        if not self.at.code:
            return
        code = printable(hatch.finding.code, 7)[:7]
        for y in range(first, last):
            if self.canvas.is_blank(y, self.at.code, self.at.code + 7):
                self.canvas.write(y, self.at.code, plain_text(code, self.unicode), severity.word)
                return

    def _outline(self, item: Item) -> None:
        left, right = self._sides(item)
        top, bottom = self._rows(item)
        style = "quiet" if item.kind in _GAPS else tone_of(item)
        self.canvas.across(top, left, right, style)
        self.canvas.across(bottom, left, right, style)
        for x in (left, right):
            at = top
            for y in [*self._torn(item), bottom]:
                self.canvas.down(x, at, y if y == bottom else y - 1, style)
                at = y + 1

    def _torn(self, item: Item) -> list[int]:
        """The lines of an item that are drawn as torn."""
        return [
            (self.lines[s.extent.start] + self.lines[s.extent.end] + 1) // 2
            for s in self.scale.steps
            if s.form is Form.CUT and item.extent.covers(s.extent)
        ]

    def _label(self, item: Item) -> None:
        left, right = self._sides(item)
        top, bottom = self._rows(item)
        torn = self._torn(item)
        rows = [y for y in range(top + 1, bottom) if y not in torn]
        if not rows:
            return
        alone = item.lanes == 1
        said = [plain_text(p, self.unicode) for p in pieces(item, with_size=not alone)]
        room = right - left - 3
        name = plain_text(item.name, self.unicode)
        style = tone_of(item)
        for y, line in zip(rows, label_lines(name, said, room, len(rows)), strict=False):
            shown = plain_text(line, self.unicode)
            self.canvas.write(y, left + 1, f" {shown} "[: right - left - 1], style)
        if alone:
            self._sizes(item, rows)

    def _sizes(self, item: Item, rows: list[int]) -> None:
        at = self.at
        style = "quiet" if item.kind in _GAPS else ""
        size = format_size(item.extent.size) + ("*" if self._enlarged(item) else " ")
        self.canvas.write(rows[0], at.size + at.size_width - len(size), size, style)
        number = format_hex(item.extent.size)
        if at.hex_width:
            self.canvas.write(rows[0], at.hex + at.hex_width - len(number), number, style)
        elif len(rows) > 1 and len(number) < at.size_width:
            self.canvas.write(rows[1], at.size + at.size_width - len(number) - 1, number, "quiet")
        if at.blocks_width:
            text = plain_text(self._blocks(item), self.unicode)
            lines = wrapped(text, at.blocks_width - 2)
            for y, line in zip(rows, lines, strict=False):
                self.canvas.write(y, at.blocks + 2, plain_text(line, self.unicode), "quiet")

    def _enlarged(self, item: Item) -> bool:
        return any(
            s.form is Form.ENLARGED and item.extent.covers(s.extent) for s in self.scale.steps
        )

    def _grid(self) -> None:
        """A tick at the left side wherever an erase block begins, as far as lines are to scale."""
        flash = self.strip.flash
        if flash is None:
            return
        ticks = {self.lines[c] for c in self.strip.cuts if flash.is_boundary(c)}
        for step in self.scale.steps:
            inside = step.extent.intersection(flash.extent)
            if step.form is not Form.TRUE or not inside:
                continue
            top, bottom = self.lines[step.extent.start], self.lines[step.extent.end]
            if flash.block_count(inside) > bottom - top:
                continue
            for block in flash.blocks(inside):
                if block.start > inside.start:
                    part = (block.start - step.extent.start) * (bottom - top)
                    ticks.add(top + round(part / step.extent.size))
        for y in ticks:
            self.canvas.across(y, self.at.box - 1, self.at.box, "quiet")

    def _offsets(self) -> None:
        at = self.at
        starts = {i.extent.start for i in self.strip.items} | {self.strip.whole.end}
        for cut, y in self.lines.items():
            self.canvas.write(y, at.offset, hex_text(cut, self.digits), "quiet")
            address = self.strip.address(cut)
            if address is not None and cut in starts and y + 1 < self.canvas.height:
                text = "@0x" + f"{address:0{self._address_digits()}X}"
                self.canvas.write(y + 1, at.offset, text, "quiet")
        for mark in self.strip.marks:
            y = self.lines[mark.offset]
            if mark.kind == "boot":
                self.canvas.write(y, at.mark, mark.text + self._glyph(("▶", ">")), "strong")
            else:
                text = plain_text(f"{self._glyph(('◂', '<'))} {mark.text}", self.unicode)
                if self.canvas.is_blank(y, at.size, at.size + len(text)):
                    self.canvas.write(y, at.size, text, "quiet")

    def _bracket(self, x: int, pair: tuple[Item, ...]) -> None:
        middles = [self._rows(i)[0] + 1 for i in pair]
        self.canvas.down(x, min(middles), max(middles), "strong")
        for item, y in zip(pair, middles, strict=True):
            self.canvas.write(y, x, item.slot[:1], "strong")


def _bar_lanes(hatches: tuple[Hatch, ...]) -> list[int]:
    """The column of each bar, so that bars of overlapping findings stand beside each other."""
    ends: list[int] = []
    result = []
    for hatch in hatches:
        free = next((n for n, end in enumerate(ends) if end <= hatch.extent.start), len(ends))
        ends[free : free + 1] = [max(hatch.extent.end, hatch.extent.start + 1)]
        result.append(free)
    return result
