"""Two layouts side by side, with a line from every partition's old place to its new one.

Both sides are drawn on one scale of bytes, so that a line that slopes is a partition that moved.
Where the partitions are far apart in size, the scale folds as in the map of one layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.draw import ink
from flashwright.draw.ink import Theme
from flashwright.draw.picture import Item, Kind
from flashwright.draw.scale import Scale, fold
from flashwright.draw.tone import tone_of
from flashwright.draw.words import fitted, plain_text, width_of
from flashwright.model.table import Partition, Table

Mapping = Sequence[tuple[str, str]]

#: More partitions than this on one side are not drawn one by one.
MOST_PARTITIONS = 200

_ROW, _MOST_ROWS, _SLOPE = 20.0, 4.0, 0.3
_BOX, _BETWEEN, _EDGE, _NUMBERS = 240.0, 150.0, 16.0, 76.0


@dataclass(frozen=True, slots=True)
class _Side:
    """The partitions of one layout in one flash, by offset, in columns where they overlap."""

    partitions: tuple[Partition, ...]
    columns: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class _Flash:
    """One flash of both layouts on one scale."""

    owner: str
    old: _Side
    new: _Side
    cuts: tuple[int, ...]


def compare_terminal(
    old: Table,
    new: Table,
    mapping: Mapping | None = None,
    *,
    width: int = 100,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    """Both layouts as lines of at most ``width`` cells (80 to 200), old left and new right.

    ``mapping`` pairs the names (default: the same names). Between the sides stands what became of
    the partition: ``═`` kept, ``↓`` or ``↑`` moved, ``±`` another size, ``✕`` dropped, ``+`` new.
    """
    width = min(max(width, 80), 200)
    pairs = _pairs(old, new, mapping)
    side = (width - 12) // 2
    lines = []
    for flash in _flashes(old, new):
        lines.append(plain_text(f"{flash.owner}: {_title(old)} -> {_title(new)}", unicode)[:width])
        for one, other, mark in _rows(flash, pairs):
            left, right = _cell(one, side), _cell(other, side)
            sign = mark if unicode else _ASCII[mark]
            shown = f"\x1b[{_CODES[mark]}m{sign}\x1b[0m" if colour and _CODES[mark] else sign
            line = f"{_filled(left, side)}     {shown}     {right}".rstrip()
            lines.append(plain_text(line, unicode) if not colour else line)
        lines.append("")
    lines.append(_legend(unicode))
    return "\n".join(lines) + "\n"


_ASCII = {"═": "=", "↓": "v", "↑": "^", "±": "~", "✕": "x", "+": "+", "→": ">"}
_CODES = {"═": "", "↓": "33", "↑": "33", "±": "36", "✕": "31", "+": "32", "→": "33"}


def compare_svg(
    old: Table, new: Table, mapping: Mapping | None = None, *, theme: Theme = "auto"
) -> str:
    """Both layouts as one SVG, old left and new right, lines between the places of each pair."""
    pairs = _pairs(old, new, mapping)
    body = [
        ink.text(_EDGE, 28, "what the new layout does to the old one", "fw-h"),
        ink.text(_EDGE + _NUMBERS, 50, f"old: {_title(old)}", "fw-b"),
        ink.text(_EDGE + _NUMBERS + _BOX + _BETWEEN, 50, f"new: {_title(new)}", "fw-b"),
    ]
    y = 62.0
    places: dict[tuple[str, str], tuple[float, float, float]] = {}
    for flash in _flashes(old, new):
        scale = fold(flash.cuts, most=_MOST_ROWS, slope=_SLOPE)
        body.append(ink.text(_EDGE, y + 12, flash.owner, "fw-q"))
        top = y + 20
        left, right = _EDGE + _NUMBERS, _EDGE + _NUMBERS + _BOX + _BETWEEN
        body += _side_svg(flash.old, "old", left, top, scale, places, numbers=-1)
        body += _side_svg(flash.new, "new", right, top, scale, places, numbers=1)
        y = top + scale.at(flash.cuts[-1]) * _ROW + 12 if flash.cuts else top
    body += _links(pairs, places)
    width = 2 * (_EDGE + _NUMBERS + _BOX) + _BETWEEN
    body.append(ink.text(_EDGE, y + 14, _SVG_LEGEND, "fw-q"))
    width = max(width, ink.text_width(_SVG_LEGEND) + 2 * _EDGE)
    described = f"{len(pairs)} partitions in both layouts"
    return ink.document(
        body, width, y + 14 + _EDGE, title="layouts compared", description=described, theme=theme
    )


_SVG_LEGEND = (
    "line: kept where it was; dashed: moved or another size; "
    "boxes without a line: dropped (left), new (right)"
)


def _title(table: Table) -> str:
    device = f" ({printable(table.device.id, 40)})" if table.device else ""
    return printable(table.name, 40) + device


def _pairs(old: Table, new: Table, mapping: Mapping | None) -> dict[str, str]:
    if mapping is not None:
        return dict(mapping)
    names = {p.name for p in new.partitions}
    return {p.name: p.name for p in old.partitions if p.name in names}


def _flashes(old: Table, new: Table) -> list[_Flash]:
    owners = [*old.owners, *(o for o in new.owners if o not in old.owners)]
    result = []
    for owner in owners:
        sides = [_side(table.in_flash(owner)) for table in (old, new)]
        extents = [p.extent for s in sides for p in s.partitions]
        cuts = tuple(sorted({e.start for e in extents} | {e.end for e in extents}))
        result.append(_Flash(printable(owner, 40), sides[0], sides[1], cuts))
    return result


def _side(partitions: Iterable[Partition]) -> _Side:
    from flashwright.draw.lanes import lanes

    drawn = tuple(p for p in partitions if p.extent)[:MOST_PARTITIONS]
    placed = lanes([p.extent for p in drawn])
    return _Side(drawn, tuple(x.index for x in placed), max((x.count for x in placed), default=1))


def _rows(
    flash: _Flash, pairs: dict[str, str]
) -> list[tuple[Partition | None, Partition | None, str]]:
    """The lines of the terminal: pairs by their new place, dropped ones where they were."""
    news = {p.name: p for p in flash.new.partitions}
    taken: set[str] = set()
    rows: list[tuple[int, int, Partition | None, Partition | None, str]] = []
    for one in flash.old.partitions:
        other = news.get(pairs.get(one.name, ""))
        if other is None:
            mark = "→" if one.name in pairs else "✕"
            rows.append((one.extent.start, 0, one, None, mark))
        else:
            taken.add(other.name)
            rows.append((other.extent.start, 1, one, other, _mark(one.extent, other.extent)))
    rows += [(p.extent.start, 2, None, p, "+") for p in flash.new.partitions if p.name not in taken]
    return [(a, b, mark) for _, _, a, b, mark in sorted(rows, key=lambda r: r[:2])]


def _mark(old: Extent, new: Extent) -> str:
    if old == new:
        return "═"
    if old.start == new.start:
        return "±"
    return "↓" if new.start > old.start else "↑"


def _cell(partition: Partition | None, width: int) -> str:
    if partition is None:
        return ""
    place = f"{format_hex(partition.extent.start):>10} {format_size(partition.size):>9}  "
    return place + fitted(printable(partition.name), max(4, width - len(place)))


def _filled(text: str, width: int) -> str:
    return text + " " * max(0, width - width_of(text))


def _legend(unicode: bool) -> str:
    words = (
        ("═", "kept"),
        ("↓", "to a higher offset"),
        ("↑", "to a lower offset"),
        ("±", "another size"),
        ("→", "to another flash"),
        ("✕", "dropped"),
        ("+", "new"),
    )
    return "  ".join(f"{mark if unicode else _ASCII[mark]} {text}" for mark, text in words)


def _side_svg(
    side: _Side,
    which: str,
    x: float,
    top: float,
    scale: Scale,
    places: dict[tuple[str, str], tuple[float, float, float]],
    *,
    numbers: int,
) -> list[str]:
    """The boxes of one side; ``numbers`` -1 puts the offsets at their left, 1 at their right."""
    result = []
    width = _BOX / side.count
    for partition, column in zip(side.partitions, side.columns, strict=True):
        y = top + scale.at(partition.extent.start) * _ROW
        bottom = top + scale.at(partition.extent.end) * _ROW
        left = x + width * column
        item = Item(Kind.PARTITION, printable(partition.name), partition.extent, partition.role)
        result.append(f"<g><title>{ink.clean(item.name)}: {partition.extent}</title>")
        result.append(ink.rect(left, y, width, bottom - y, f"fw-fill-{tone_of(item)} fw-s-line"))
        label = f"{item.name}  {format_size(partition.size)}"
        room = int((width - 12) / ink.CHAR)
        result.append(ink.text(left + 6, y + 14.5, fitted(label, room)))
        result.append("</g>")
        at, anchor = (x - 6, "end") if numbers < 0 else (x + _BOX + 6, "start")
        result.append(
            ink.text(at, y + 4.5, format_hex(partition.extent.start), "fw-q", anchor=anchor)
        )
        places[which, partition.name] = (y, bottom, float(partition.extent.start))
    return result


def _links(
    pairs: dict[str, str], places: dict[tuple[str, str], tuple[float, float, float]]
) -> list[str]:
    left = _EDGE + _NUMBERS + _BOX
    right = left + _BETWEEN
    result = []
    for old, new in pairs.items():
        one, other = places.get(("old", old)), places.get(("new", new))
        if one is None or other is None:
            continue
        kept = one == other
        middle = (left + right) / 2
        for a, b in ((one[0], other[0]), (one[1], other[1])):
            d = (
                f"M{ink.num(left)} {ink.num(a)}C{ink.num(middle)} {ink.num(a)} "
                f"{ink.num(middle)} {ink.num(b)} {ink.num(right)} {ink.num(b)}"
            )
            more = "" if kept else 'stroke-dasharray="5 3"'
            result.append(ink.path(d, "fw-s-line" if kept else "fw-s-warning", more))
    return result
