"""Two layouts as one SVG: old left, new right, bands between the places of each pair."""

from __future__ import annotations

from flashwright.base.size import format_size
from flashwright.draw import ink
from flashwright.draw.boxes import box_fill, box_words, tear
from flashwright.draw.comparison import (
    Box,
    Change,
    Mapping,
    Panel,
    comparison,
    legend,
)
from flashwright.draw.ink import Theme
from flashwright.draw.scale import Form, Scale, fold
from flashwright.draw.shapes import Item
from flashwright.draw.tone import tone_of
from flashwright.draw.words import digits_for, fitted, hex_text, wrapped
from flashwright.model.table import Table

_ROW, _MOST_ROWS, _SLOPE = 20.0, 5.0, 0.35
_BOX, _BETWEEN, _EDGE, _LINE = 320.0, 130.0, 16.0, 17.0

#: The look of a band and of its border lines: class, dashes.
_BAND = {
    Change.KEPT: ("fw-s-line", ""),
    Change.RESIZED: ("fw-s-note", 'stroke-dasharray="2 2"'),
    Change.MOVED: ("fw-s-warning", 'stroke-dasharray="6 3"'),
}
_HATCH = {Change.DROPPED: "error", Change.ELSEWHERE: "warning"}


def compare_svg(
    old: Table, new: Table, mapping: Mapping | None = None, *, theme: Theme = "auto"
) -> str:
    """Both layouts as one SVG, old left and new right, with bands from old to new places."""
    compared = comparison(old, new, mapping)
    digits = digits_for([c for p in compared.panels for c in p.cuts])
    numbers = ink.text_width(hex_text(0, digits)) + 12
    left = _EDGE + numbers
    right = left + _BOX + _BETWEEN
    width = right + _BOX + numbers + _EDGE
    titles = int(_BOX / ink.CHAR * 12 / 15)
    body = [
        ink.text(left, 28, fitted(f"old: {compared.old}", titles), "fw-h"),
        ink.text(right, 28, fitted(f"new: {compared.new}", titles), "fw-h"),
    ]
    y = 36.0
    for panel in compared.panels:
        scale = fold(panel.cuts, most=_MOST_ROWS, slope=_SLOPE)
        body.append(ink.text(_EDGE, y + 16, panel.owner, "fw-b"))
        body += _panel(panel, scale, left, right, y + 28, digits)
        y += 28 + scale.height * _ROW + 14
        said = f"the height of one line is {format_size(scale.unit)}"
        said += ", torn ranges are cut short" if scale.has(Form.CUT) else ""
        said += ", ranges of less are drawn larger" if scale.has(Form.ENLARGED) else ""
        body.append(ink.text(_EDGE, y + 8, said, "fw-q"))
        y += 18
    lines = [legend(compared), "solid bands kept their place, dashed ones moved, dotted resized"]
    columns = int((width - 2 * _EDGE) / ink.CHAR)
    for line in [*lines, *(f"note: {n}" for n in compared.notes)]:
        for part in wrapped(line, columns):
            body.append(ink.text(_EDGE, y + 14, part, "fw-q"))
            y += _LINE
    title = f"{compared.old} and {compared.new} compared"
    return ink.document(
        body, width, y + _EDGE, title=title, description=legend(compared), theme=theme
    )


def _panel(
    panel: Panel, scale: Scale, left: float, right: float, top: float, digits: int
) -> list[str]:
    result: list[str] = []
    for old, new in panel.links:
        result += _band(old.item, new.item, new.change, scale, left + _BOX, right, top)
    for x, boxes, rest in (
        (left, panel.old, panel.old_rest),
        (right, panel.new, panel.new_rest),
    ):
        items = [b.item for b in boxes]
        for item in [*rest, *items]:
            result += _ground(item, scale, x, top)
        for box in boxes:
            result += _hatched(box, scale, x, top)
        result += _tears([*rest, *items], scale, x, top)
        for item in rest:
            result += _words(item, (format_size(item.extent.size),), scale, x, top)
        for box in boxes:
            result += _words(box.item, box.words, scale, x, top)
        offsets = {i.extent.start for i in [*rest, *items]}
        offsets |= {i.extent.end for i in [*rest, *items]}
        at, anchor = (x - 6, "end") if x == left else (x + _BOX + 6, "start")
        for offset in sorted(offsets):
            y = top + scale.at(offset) * _ROW + 4
            result.append(ink.text(at, y, hex_text(offset, digits), "fw-q", anchor=anchor))
    return result


def _place(item: Item, scale: Scale, x: float, top: float) -> tuple[float, float, float, float]:
    width = _BOX / item.lanes
    y = top + scale.at(item.extent.start) * _ROW
    return x + width * item.lane, y, width, top + scale.at(item.extent.end) * _ROW - y


def _ground(item: Item, scale: Scale, x: float, top: float) -> list[str]:
    left, y, width, height = _place(item, scale, x, top)
    return box_fill(item, left, y, width, height)


def _hatched(box: Box, scale: Scale, x: float, top: float) -> list[str]:
    """What is dropped or goes elsewhere is hatched; what is new has a strong outline."""
    left, y, width, height = _place(box.item, scale, x, top)
    if box.change is Change.NEW:
        edge = 'fill="none" stroke-width="3"'
        return [ink.rect(left + 1.5, y + 1.5, width - 3, height - 3, "fw-s-note", edge)]
    if box.change in _HATCH:
        word = _HATCH[box.change]
        return [ink.filled(left, y, width, height, word, 'opacity=".55"')]
    return []


def _tears(items: list[Item], scale: Scale, x: float, top: float) -> list[str]:
    result = []
    for step in scale.steps:
        if step.form is Form.CUT:
            y = top + (step.top + step.height * 0.6) * _ROW
            for item in items:
                if item.extent.covers(step.extent):
                    width = _BOX / item.lanes
                    result += tear(x + width * item.lane, y, width)
    return result


def _words(item: Item, said: tuple[str, ...], scale: Scale, x: float, top: float) -> list[str]:
    left, y, width, height = _place(item, scale, x, top)
    room = height
    for step in scale.steps:
        if step.form is Form.CUT and item.extent.covers(step.extent):
            room = top + (step.top + step.height * 0.6) * _ROW - 6 - y
            break
    title = "\n".join([item.name, *said, str(item.extent)])
    words = box_words(item, said, left, y, width, room)
    return [f"<g><title>{ink.clean(title)}</title>", *words, "</g>"]


def _band(
    old: Item, new: Item, change: Change, scale: Scale, left: float, right: float, top: float
) -> list[str]:
    """The band from the old place to the new one, and its two border lines."""
    css, dashes = _BAND.get(change, ("fw-s-line", ""))
    edges = []
    middle = (left + right) / 2
    for a, b in ((old.extent.start, new.extent.start), (old.extent.end, new.extent.end)):
        y, z = top + scale.at(a) * _ROW, top + scale.at(b) * _ROW
        edges.append((ink.num(y), ink.num(z)))
    (y0, z0), (y1, z1) = edges
    x0, x1, xm = ink.num(left), ink.num(right), ink.num(middle)
    upper = f"M{x0} {y0}C{xm} {y0} {xm} {z0} {x1} {z0}"
    lower = f"M{x0} {y1}C{xm} {y1} {xm} {z1} {x1} {z1}"
    band = f"{upper}V{z1}C{xm} {z1} {xm} {y1} {x0} {y1}Z"
    ground = f'<path class="fw-band fw-fill-{tone_of(new)}" d="{band}" opacity=".5"/>'
    return [ground, ink.path(upper + lower, css, dashes)]
