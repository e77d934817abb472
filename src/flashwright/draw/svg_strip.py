"""One flash as SVG elements: the true-scale bar, the grid, the boxes, and what stands beside them.

Columns from left to right: the whole flash strictly to scale; boot arrows; CPU addresses; offsets;
erase blocks; boxes; slot brackets; sizes; erase blocks in words; bars and codes of findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.draw import ink
from flashwright.draw.boxes import GAPS, PATTERN, box_fill, box_words, tear
from flashwright.draw.picture import percent
from flashwright.draw.scale import Form, Scale, Step, fold
from flashwright.draw.shapes import Hatch, Item, Mark, Strip
from flashwright.draw.tone import tone_of
from flashwright.draw.words import (
    LETTER,
    blocks_text,
    digits_for,
    hex_text,
    pieces,
)
from flashwright.model.geometry import Flash

#: A row of the scale in px: the least that a label needs.
ROW = 20.0
MOST_ROWS, SLOPE = 5.0, 0.35
#: The width of the boxes and of the true-scale bar, in px.
BOX, BAR = 330.0, 14.0
_WEDGE, _GRID = 22.0, 12.0
_LINE = 15.0
#: Erase blocks are drawn one by one where each is at least this tall, in px.
_LEAST_BLOCK = 4.0
_MOST_BARS, _BAR_STEP = 6, 9.0
#: The most blocks that are drawn one by one in one flash.
_MOST_BLOCKS = 600


@dataclass(frozen=True, slots=True)
class Drawn:
    """SVG elements and the room that they take, in px from where they begin."""

    elements: tuple[str, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the columns begin, in px, and how an offset becomes a height."""

    strip: Strip
    scale: Scale
    top: float
    bar: float
    mark: float
    address: float
    offset: float
    grid: float
    box: float
    pairs: float
    size: float
    hex: float
    blocks: float
    tags: float
    bars: float
    codes: float
    end: float

    def y(self, offset: int) -> float:
        return self.top + self.scale.at(offset) * ROW


def strip_svg(strip: Strip, x: float, y: float) -> Drawn:
    """The flash ``strip`` with its top left corner at ``x``, ``y``."""
    scale = fold(strip.cuts, most=MOST_ROWS, slope=SLOPE)
    lanes = bar_lanes(strip.hatches)
    frame = _frame(strip, scale, x, y + 8, max(lanes, default=-1) + 1)
    elements = [*_true_scale(frame), *_grid(frame)]
    sides = {id(i): _side(frame, i) for i in strip.items}
    for item in strip.items:
        left, width = sides[id(item)]
        elements += box_fill(item, left, frame.y(item.extent.start), width, _tall(frame, item))
    for hatch in strip.hatches:
        elements += _hatched(frame, hatch)
    for step in scale.steps:
        if step.form is Form.CUT:
            elements += _torn(frame, step)
    for item in strip.items:
        elements += _labelled(frame, item, *sides[id(item)])
    elements += _offsets(frame)
    elements += _marked(frame)
    for number, pair in enumerate(strip.pairs):
        elements += _bracket(frame, frame.pairs + 16 * number, pair)
    codes, lowest = _codes(frame, lanes)
    elements += codes
    height = max(frame.y(strip.whole.end), lowest) + 12 - y
    return Drawn(tuple(elements), frame.end - x, height)


def bar_lanes(hatches: Sequence[Hatch]) -> list[int]:
    """The column of each finding's bar: bars of findings that overlap stand beside each other."""
    ends: list[int] = []
    result = []
    for hatch in hatches:
        free = next((n for n, end in enumerate(ends) if end <= hatch.extent.start), len(ends))
        ends[free : free + 1] = [max(hatch.extent.end, hatch.extent.start + 1)]
        result.append(free)
    return result


def tooltip(strip: Strip, item: Item) -> str:
    """All that is known of an item, line by line."""
    extent = item.extent
    lines = [item.name]
    if item.role:
        lines.append("role: " + item.role.value.replace("_", " "))
    lines += item.tags
    lines.append(f"offset: {extent}")
    address = strip.address(extent.start)
    if address is not None:
        lines.append(f"CPU address: {format_hex(address)}")
    lines.append(f"size: {format_size(extent.size)} ({format_hex(extent.size)})")
    if strip.flash and (blocks := blocks_text(strip.flash, extent)):
        lines.append(f"erase blocks: {blocks}")
    partition = item.partition
    if partition and partition.id:
        lines.append(printable(partition.id))
    return "\n".join(lines)


def _frame(strip: Strip, scale: Scale, x: float, top: float, bars: int) -> _Frame:
    def column(values: list[str]) -> float:
        return max((ink.text_width(v) for v in values), default=0.0)

    single = [i for i in strip.items if i.lanes == 1]
    boots = [m.text for m in strip.marks if m.kind == "boot"]
    digits = digits_for(strip.cuts)
    last = strip.address(strip.whole.end)
    mark = x + BAR + _WEDGE
    address = mark + (column(boots) + 18 if boots else 0)
    offset = address + (ink.text_width(hex_text(last, 8)) + 10 if last is not None else 0)
    grid = offset + ink.text_width(hex_text(0, digits)) + 8
    box = grid + _GRID
    pairs = box + BOX + 6
    size = pairs + 16 * len(strip.pairs) + (4 if strip.pairs else 0)
    sizes = column([f"{format_size(i.extent.size)}*" for i in single])
    hexes = column([format_hex(i.extent.size) for i in single])
    hex_at = size + sizes + 10
    blocks = hex_at + hexes + 14
    flash = strip.flash
    words = column([blocks_text(flash, i.extent) for i in single]) if flash else 0.0
    tags = column(["◂ " + ", ".join(t[:2]) for t in _other_marks(strip).values()])
    tags_at = blocks + words + (14 if tags else 0)
    beside = tags_at + tags + 10
    count = min(bars, _MOST_BARS)
    codes = beside + count * _BAR_STEP + (14 if count else 0)
    end = codes + (column([_code(h) for h in strip.hatches]) if count else 0)
    return _Frame(
        strip, scale, top, x, mark, address, offset, grid, box,
        pairs, size, hex_at, blocks, tags_at, beside, codes, end,
    )  # fmt: skip


def _tall(frame: _Frame, item: Item) -> float:
    return frame.y(item.extent.end) - frame.y(item.extent.start)


def _side(frame: _Frame, item: Item) -> tuple[float, float]:
    width = BOX / item.lanes
    return frame.box + width * item.lane, width


def _true_scale(frame: _Frame) -> list[str]:
    """The bar that is strictly to scale, and the lines from it to the boxes."""
    strip = frame.strip
    top, bottom = frame.top, frame.y(strip.whole.end)

    def at(offset: int) -> float:
        return top + (bottom - top) * ((offset - strip.whole.start) / strip.whole.size)

    result = [ink.rect(frame.bar, top, BAR, bottom - top, "fw-fill-free")]
    boots = {m.offset for m in strip.marks if m.kind == "boot"}
    for item in strip.items:
        y, height = at(item.extent.start), at(item.extent.end) - at(item.extent.start)
        width = BAR / item.lanes
        left = frame.bar + width * item.lane
        result.append(ink.rect(left, y, width, height, f"fw-fill-{tone_of(item)}"))
        if item.kind in PATTERN:
            result.append(ink.filled(left, y, width, height, PATTERN[item.kind]))
        across = ink.num(frame.y(item.extent.start))
        line = f"M{ink.num(left)} {ink.num(y)}H{ink.num(frame.bar + BAR)}"
        line += f"L{ink.num(frame.mark - 4)} {across}"
        if item.extent.start not in boots:
            line += f"H{ink.num(frame.address - 4)}"
        result.append(ink.path(line, "fw-s-line fw-thin"))
    result.append(ink.rect(frame.bar, top, BAR, bottom - top, "fw-s-line", 'fill="none"'))
    return result


def _grid(frame: _Frame) -> list[str]:
    """The erase blocks: one cell each where they can be seen, else a plain ground."""
    flash = frame.strip.flash
    if flash is None:
        return []
    x = frame.grid
    result = []
    left = _MOST_BLOCKS
    for step in frame.scale.steps:
        inside = step.extent.intersection(flash.extent)
        if not inside:
            continue
        top, bottom = frame.y(inside.start), frame.y(inside.end)
        count = flash.block_count(inside)
        result.append(ink.rect(x, top, _GRID, bottom - top, "fw-fill-custom"))
        if count > left or (bottom - top) / count < _LEAST_BLOCK:
            continue
        left -= count
        result += _cells(frame, flash, inside)
    edge = ink.rect(x, frame.top, _GRID, frame.y(flash.size) - frame.top, "fw-s-line fw-thin")
    return [*result, edge.replace("/>", ' fill="none"/>')]


def _cells(frame: _Frame, flash: Flash, inside: Extent) -> list[str]:
    result = []
    for block in flash.blocks(inside):
        if block.start >= inside.start:
            y = frame.y(block.start)
            line = f"M{ink.num(frame.grid)} {ink.num(y)}h{ink.num(_GRID)}"
            result.append(ink.path(line, "fw-s-line"))
    return result


def _hatched(frame: _Frame, hatch: Hatch) -> list[str]:
    """The pattern of a finding over every box that holds some of its bytes."""
    word = hatch.finding.severity.word
    result = []
    for item in frame.strip.items:
        part = item.extent.intersection(hatch.extent)
        if part:
            left, width = _side(frame, item)
            top, bottom = frame.y(part.start), frame.y(part.end)
            result.append(ink.filled(left, top, width, bottom - top, word, 'opacity=".55"'))
            edge = 'fill="none" stroke-width="1.5"'
            result.append(ink.rect(left, top, width, bottom - top, f"fw-s-{word}", edge))
    return result


def _torn(frame: _Frame, step: Step) -> list[str]:
    y = frame.y(step.extent.start) + step.height * ROW * 0.6
    flash = frame.strip.flash
    result = tear(frame.grid, y, _GRID) if flash and step.extent.start < flash.size else []
    for item in frame.strip.items:
        if item.extent.covers(step.extent):
            left, width = _side(frame, item)
            result += tear(left, y, width)
    return result


def _labelled(frame: _Frame, item: Item, left: float, width: float) -> list[str]:
    top = frame.y(item.extent.start)
    alone = item.lanes == 1
    room = _room(frame, item)
    words = box_words(item, pieces(item, with_size=not alone), left, top, width, room)
    css = "fw-item" if item.index < 0 else f"fw-item fw-i{item.index}"
    result = [f'<g class="{css}"><title>{ink.clean(tooltip(frame.strip, item))}</title>']
    result.append(ink.rect(left, top, width, _tall(frame, item), "fw-hit", 'fill-opacity="0"'))
    result += [*_image(item, left, top, width, _tall(frame, item)), *words, "</g>"]
    if alone:
        result += _sizes(frame, item, top + 14.5)
    return result


def _room(frame: _Frame, item: Item) -> float:
    """The height down to the first tear in the box, where words may stand."""
    top = frame.y(item.extent.start)
    for step in frame.scale.steps:
        if step.form is Form.CUT and item.extent.covers(step.extent):
            return frame.y(step.extent.start) + step.height * ROW * 0.6 - 6 - top
    return _tall(frame, item)


def _image(item: Item, left: float, top: float, width: float, height: float) -> list[str]:
    """How full a slot is: a thin bar at its left side."""
    partition = item.partition
    if partition is None or not partition.image_size or not partition.size:
        return []
    part = min(1.0, partition.image_size / partition.size)
    return [
        f"<g><title>image: {percent(partition.image_size, partition.size)} of the slot</title>",
        ink.rect(left + width - 6, top, 6, height, "fw-f-paper fw-s-line"),
        ink.rect(left + width - 6, top, 6, height * part, "fw-f-quiet"),
        "</g>",
    ]


def _sizes(frame: _Frame, item: Item, baseline: float) -> list[str]:
    enlarged = any(
        s.form is Form.ENLARGED and item.extent.covers(s.extent) for s in frame.scale.steps
    )
    css = "fw-q" if item.kind in GAPS else ""
    end = frame.hex - 10 - ink.CHAR
    result = [ink.text(end, baseline, format_size(item.extent.size), css, anchor="end")]
    if enlarged:
        result.append(ink.text(end, baseline, "*", css))
    number = format_hex(item.extent.size)
    result.append(ink.text(frame.blocks - 14, baseline, number, css, anchor="end"))
    flash = frame.strip.flash
    if flash and (words := blocks_text(flash, item.extent)):
        result.append(ink.text(frame.blocks, baseline, words, "fw-q"))
    return result


def _offsets(frame: _Frame) -> list[str]:
    strip = frame.strip
    digits = digits_for(strip.cuts)
    result = []
    for cut in strip.cuts:
        y = frame.y(cut)
        end = frame.grid - 6
        result.append(ink.text(end, y + 4, hex_text(cut, digits), anchor="end"))
        line = f"M{ink.num(frame.grid - 4)} {ink.num(y)}H{ink.num(frame.grid)}"
        result.append(ink.path(line, "fw-s-line"))
        address = strip.address(cut)
        if address is not None:
            place = frame.offset - 10
            result.append(ink.text(place, y + 4, hex_text(address, 8), "fw-q", anchor="end"))
    return result


def _marked(frame: _Frame) -> list[str]:
    result = []
    for offset in sorted({m.offset for m in frame.strip.marks}):
        here = [m for m in frame.strip.marks if m.offset == offset]
        result += _marks_at(frame, frame.y(offset), here)
    return result


def _other_marks(strip: Strip) -> dict[int, list[str]]:
    """The marks that are no boot addresses, by offset."""
    found: dict[int, list[str]] = {}
    for mark in strip.marks:
        if mark.kind != "boot":
            found.setdefault(mark.offset, []).append(mark.text)
    return found


def _marks_at(frame: _Frame, y: float, marks: Sequence[Mark]) -> list[str]:
    result = []
    boots = [m.text for m in marks if m.kind == "boot"]
    if boots:
        x = frame.address - 6
        arrow = f"{ink.num(x - 9)},{ink.num(y - 5)} {ink.num(x)},{ink.num(y)} "
        arrow += f"{ink.num(x - 9)},{ink.num(y + 5)}"
        result.append(f'<polygon class="fw-f-ink" points="{arrow}"/>')
        result.append(ink.text(x - 12, y + 4, boots[0], "fw-b", anchor="end"))
    others = _other_marks(frame.strip).get(marks[0].offset)
    if others:
        result.append(ink.text(frame.tags, y + 4, "◂ " + ", ".join(others[:2]), "fw-q"))
    return result


def _bracket(frame: _Frame, x: float, pair: Sequence[Item]) -> list[str]:
    """The line that joins the slots of a pair, with their letters."""
    ys = [frame.y(i.extent.start) + 10 for i in pair]
    result = []
    line = f"M{ink.num(x)} {ink.num(min(ys))}V{ink.num(max(ys))}"
    result.append(ink.path(line, "fw-s-ink", 'stroke-width="1.5"'))
    for item, y in zip(pair, ys, strict=True):
        result.append(ink.rect(x - 6, y - 9, 17, 17, "fw-f-paper fw-s-ink", 'rx="3"'))
        letter = item.slot[:2]
        result.append(ink.text(x + 2.5, y + 4, letter, "fw-b", anchor="middle"))
    return result


def _code(hatch: Hatch) -> str:
    code = printable(hatch.finding.code, 12)
    return f"{LETTER[hatch.finding.severity]} {code} {hatch.finding.severity.word}"


def _codes(frame: _Frame, lanes: Sequence[int]) -> tuple[list[str], float]:
    """The bars of the findings and their codes; codes that would overlap move down."""
    result: list[str] = []
    lowest = frame.top
    for hatch, lane in zip(frame.strip.hatches, lanes, strict=True):
        word = hatch.finding.severity.word
        top, bottom = frame.y(hatch.extent.start), frame.y(hatch.extent.end)
        bar = frame.bars + _BAR_STEP * min(lane, _MOST_BARS - 1)
        height = max(2.0, bottom - top)
        said = [hatch.finding.message, hatch.finding.help, str(hatch.extent)]
        lines = "\n".join(printable(line, 300) for line in said if line)
        result.append(f'<g class="fw-finding"><title>{ink.clean(lines)}</title>')
        result.append(ink.rect(bar, top, 6, height, f"fw-s-{word} fw-f-paper"))
        result.append(ink.filled(bar, top, 6, height, word))
        y = max(top + 10, lowest + _LINE)
        lowest = y
        line = f"M{ink.num(bar + 6)} {ink.num(top + 1)}H{ink.num(frame.codes - 10)}"
        line += f"L{ink.num(frame.codes - 3)} {ink.num(y - 4)}"
        result.append(ink.path(line, f"fw-s-{word} fw-thin"))
        result.append(ink.text(frame.codes, y, _code(hatch), f"fw-b fw-f-{word}"))
        result.append("</g>")
    return result, lowest
