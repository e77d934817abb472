"""The map in a terminal: boxes to scale, legible without colour and in plain ASCII.

A boundary is a line with its offset; what lies between two boundaries is one box. Two lines of the
terminal are one row of the scale. Laws: no line is wider than ``width`` cells; no control
characters
but those of the colours; columns are aligned; the same input gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding
from flashwright.draw.picture import picture
from flashwright.draw.scale import fold
from flashwright.draw.shapes import Picture
from flashwright.draw.sheet import FILLS, Sheet
from flashwright.draw.words import (
    MOST_FINDINGS,
    finding_text,
    heading,
    legend,
    plain_text,
    scale_text,
    totals_text,
    wrapped,
)
from flashwright.model.table import Table

#: Narrower or wider is not drawn.
NARROWEST, WIDEST = 60, 200
#: The tallest that is to scale, and what each doubling beyond adds, in rows of two lines.
MOST_ROWS, SLOPE = 3.0, 0.12

#: ANSI codes of 16-colour terminals, for light and dark backgrounds alike.
CODES = {
    "boot": "35",
    "slot-a": "34",
    "slot-b": "36",
    "image": "34",
    "data": "32",
    "custom": "",
    "fixed": "35",
    "reserved": "33",
    "free": "2",
    "quiet": "2",
    "strong": "1",
    "error": "31;1",
    "warning": "33;1",
    "note": "36;1",
}


def terminal(
    table: Table,
    findings: Iterable[Finding] = (),
    *,
    width: int = 80,
    colour: bool = False,
    unicode: bool = True,
    listed: bool = True,
) -> str:
    """The map of ``table`` in lines of at most ``width`` cells (60 to 200; others are moved there).

    ``colour`` adds ANSI codes, ``unicode`` false keeps to ASCII. ``findings`` are hatched over the
    bytes that they concern and, unless ``listed`` is false, told below the map.
    """
    width = min(max(width, NARROWEST), WIDEST)
    drawn = picture(table, findings)
    codes = CODES if colour else {}
    lines = plain_lines(drawn.title, width, codes, "strong", unicode)
    lines += plain_lines(drawn.subtitle, width, codes, "quiet", unicode) if drawn.subtitle else []
    for strip in drawn.strips:
        lines.append("")
        lines += plain_lines(heading(strip), width, codes, "strong", unicode)
        scale = fold(strip.cuts, most=MOST_ROWS, slope=SLOPE)
        sheet = Sheet(strip, scale, width, unicode)
        lines += sheet.overview(codes)
        lines += sheet.drawn(codes)
        lines += plain_lines(totals_text(strip), width, codes, "", unicode)
        lines += plain_lines(scale_text(scale, "2 lines"), width, codes, "quiet", unicode)
    lines += _legend(drawn, width, codes, unicode)
    if listed:
        lines += _findings(drawn, width, codes, unicode)
    return "".join(f"{line}\n" for line in lines)


def plain_lines(
    text: str, width: int, codes: dict[str, str], style: str, unicode: bool
) -> list[str]:
    """``text`` in lines of at most ``width`` cells, in a style."""
    code = codes.get(style, "")
    lines = wrapped(plain_text(text, unicode), width)
    lines = [plain_text(line, unicode) for line in lines]
    return [f"\x1b[{code}m{line}\x1b[0m" if code and line else line for line in lines]


def _legend(drawn: Picture, width: int, codes: dict[str, str], unicode: bool) -> list[str]:
    lines: list[str] = []
    words = []
    for kind, text in legend(drawn):
        glyph = FILLS[kind][0 if unicode else 1]
        words.append(f"{glyph * 2} {text}")
    if any(m.kind == "boot" for s in drawn.strips for m in s.marks):
        words.append(("▶" if unicode else ">") + " the bootloader jumps here")
    if words:
        lines += plain_lines("   ".join(words).replace("   ", "  "), width, codes, "quiet", unicode)
    for note in drawn.notes:
        lines += plain_lines(f"note: {note}", width, codes, "quiet", unicode)
    return lines


def _findings(drawn: Picture, width: int, codes: dict[str, str], unicode: bool) -> list[str]:
    lines = [""] if drawn.findings else []
    for finding in drawn.findings[:MOST_FINDINGS]:
        lines += plain_lines(finding_text(finding), width, codes, finding.severity.word, unicode)
    if len(drawn.findings) > MOST_FINDINGS:
        lines.append(f"and {len(drawn.findings) - MOST_FINDINGS} more findings")
    return lines
