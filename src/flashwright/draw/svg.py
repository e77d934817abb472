"""The map as one SVG: to scale with honest folding, light or dark, readable without colour.

Laws: well-formed XML for any names; no script, no link, no font inside; no two labels overlap;
the same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.base.size import format_size
from flashwright.diag.finding import Finding
from flashwright.draw import ink
from flashwright.draw.boxes import PATTERN
from flashwright.draw.ink import Theme
from flashwright.draw.picture import picture
from flashwright.draw.scale import Form, fold
from flashwright.draw.shapes import Kind, Picture
from flashwright.draw.svg_strip import MOST_ROWS, SLOPE, strip_svg
from flashwright.draw.words import (
    MOST_FINDINGS,
    finding_text,
    heading,
    legend,
    totals_text,
    wrapped,
)
from flashwright.model.table import Table

_EDGE, _LINE = 16.0, 17.0
_LEAST_WIDTH = 760.0


def svg(table: Table, findings: Iterable[Finding] = (), *, theme: Theme = "auto") -> str:
    """The map of ``table`` as a whole SVG document.

    ``findings`` are hatched over the bytes that they concern, named beside them and told below.
    ``theme`` ``auto`` follows the reader's setting where the viewer knows it.
    """
    return picture_svg(picture(table, findings), theme=theme)


def picture_svg(drawn: Picture, *, theme: Theme = "auto", told: bool = True) -> str:
    """A picture as SVG; ``told`` false leaves out the list of findings below the map."""
    body: list[str] = [ink.text(_EDGE, 28, drawn.title, "fw-h")]
    y = 34.0
    if drawn.subtitle:
        body.append(ink.text(_EDGE, 46, drawn.subtitle, "fw-q"))
        y = 52.0
    widest = [ink.text_width(drawn.title, 15), ink.text_width(drawn.subtitle)]
    for strip in drawn.strips:
        body.append(ink.text(_EDGE, y + 18, heading(strip), "fw-b"))
        scale = fold(strip.cuts, most=MOST_ROWS, slope=SLOPE)
        body.append(ink.text(_EDGE, y + 35, totals_text(strip), "fw-q"))
        part = strip_svg(strip, _EDGE, y + 46)
        body += part.elements
        forms = [s.form for s in scale.steps]
        y += 46 + part.height
        said = _scale_words(scale.unit, Form.CUT in forms, Form.ENLARGED in forms)
        body.append(ink.text(_EDGE, y + 12, said, "fw-q"))
        y += 26
        widest += [part.width, *(ink.text_width(t) for t in (heading(strip), said))]
    width = max(_LEAST_WIDTH, max(widest) + 2 * _EDGE)
    more, y = _below(drawn, y + 4, width, told=told)
    body += more
    total = ", ".join(totals_text(s) for s in drawn.strips)
    description = f"{drawn.subtitle}. {total}" if drawn.subtitle else total
    title = f"flash layout {drawn.title}"
    return ink.document(body, width, y + _EDGE, title=title, description=description, theme=theme)


def _scale_words(unit: int, cut: bool, enlarged: bool) -> str:
    words = [f"boxes: the height of one line is {format_size(unit)}"]
    if cut:
        words.append("torn ones are cut short")
    if enlarged:
        words.append("* drawn larger")
    return ", ".join(words) + "; the bar at the left is to scale"


def _below(drawn: Picture, y: float, width: float, *, told: bool) -> tuple[list[str], float]:
    """Legend, notes and findings; answers the elements and where they end."""
    result: list[str] = []
    x = _EDGE
    for kind, words in legend(drawn):
        needed = 22 + ink.text_width(words) + 18
        if x + needed > width and x > _EDGE:
            x, y = _EDGE, y + _LINE + 2
        tone = "reserved" if kind is Kind.RESERVED else "fixed" if kind is Kind.FIXED else "free"
        result.append(ink.rect(x, y, 16, 12, f"fw-fill-{tone}"))
        result.append(ink.filled(x, y, 16, 12, PATTERN[kind]))
        result.append(ink.rect(x, y, 16, 12, "fw-s-line", 'fill="none"'))
        result.append(ink.text(x + 22, y + 10.5, words, "fw-q"))
        x += needed
    y += _LINE + 4 if legend(drawn) else 0
    columns = int((width - 2 * _EDGE) / ink.CHAR)
    lines = [(line, "fw-q") for n in drawn.notes for line in wrapped(f"note: {n}", columns)]
    if told:
        for finding in drawn.findings[:MOST_FINDINGS]:
            css = f"fw-f-{finding.severity.word}"
            lines += [(line, css) for line in wrapped(finding_text(finding), columns)]
        if len(drawn.findings) > MOST_FINDINGS:
            more = len(drawn.findings) - MOST_FINDINGS
            lines.append((f"and {more} more findings", "fw-q"))
    for line, css in lines:
        result.append(ink.text(_EDGE, y + 10, line, css))
        y += _LINE
    return result, y
