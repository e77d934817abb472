"""Two layouts side by side: what became of each partition.

Both sides are drawn on one scale of bytes, flash by flash, so that a line that slopes is a
partition that moved. Partitions belong together by name, or as the caller says. What a change
*means* for devices is judged elsewhere (``evolve``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.draw.picture import picture
from flashwright.draw.shapes import Item, Kind, Picture, Strip
from flashwright.draw.words import short_access
from flashwright.model.table import Table

#: Pairs of (old name, new name).
Mapping = Sequence[tuple[str, str]]


class Change(StrEnum):
    """What became of a partition, as far as its place tells."""

    KEPT = "kept"
    RESIZED = "resized"
    MOVED = "moved"
    #: It lies in another flash now.
    ELSEWHERE = "elsewhere"
    DROPPED = "dropped"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Box:
    """A partition of one side: its item, what became of it, and the words for that."""

    item: Item
    change: Change
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One flash of both layouts. ``links`` are pairs that lie in it on both sides: old, new.

    ``rest`` of a side are its reserved ranges and gaps. ``cuts`` are the offsets of both sides.
    """

    owner: str
    old: tuple[Box, ...]
    new: tuple[Box, ...]
    old_rest: tuple[Item, ...]
    new_rest: tuple[Item, ...]
    links: tuple[tuple[Box, Box], ...]
    cuts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both layouts, flash by flash, and what cannot be drawn."""

    old: str
    new: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]

    def count(self, change: Change) -> int:
        """How many partitions had that fate; of pairs the new one counts."""
        old = sum(b.change is change for p in self.panels for b in p.old)
        new = sum(b.change is change for p in self.panels for b in p.new)
        return old if change is Change.DROPPED else new


def comparison(old: Table, new: Table, mapping: Mapping | None = None) -> Comparison:
    """What became of each partition of ``old`` in ``new``."""
    one, other = picture(old), picture(new)
    pairs = _pairs(old, new, mapping)
    olds = _by_name(one)
    news = _by_name(other)
    partner = {name: pairs[name] for name in olds if pairs.get(name) in news}
    back = {after: before for before, after in partner.items()}
    owners = [s.owner for s in one.strips]
    owners += [s.owner for s in other.strips if s.owner not in owners]
    panels = []
    for owner in owners:
        left, right = _strip(one, owner), _strip(other, owner)
        boxes = {n: _box(*place, news.get(partner.get(n, ""))) for n, place in olds.items()}
        after = {n: _after(*place, olds.get(back.get(n, ""))) for n, place in news.items()}
        panels.append(_panel(owner, left, right, boxes, after, partner))
    notes = [f"old: {n}" for n in one.notes] + [f"new: {n}" for n in other.notes]
    titles = _title(old), _title(new)
    if titles[0] == titles[1]:
        titles = _filed(old), _filed(new)
    return Comparison(*titles, tuple(panels), tuple(dict.fromkeys(notes)))


def legend(compared: Comparison) -> str:
    """How many partitions had which fate, in one line."""
    words = {Change.ELSEWHERE: "moved to another flash"}
    counts = [(words.get(c, c.value), compared.count(c)) for c in Change]
    return ", ".join(f"{n} {word}" for word, n in counts if n) or "no partitions"


def _pairs(old: Table, new: Table, mapping: Mapping | None) -> dict[str, str]:
    if mapping is not None:
        return dict(mapping)
    names = {p.name for p in new.partitions}
    return {p.name: p.name for p in old.partitions if p.name in names}


def _by_name(drawn: Picture) -> dict[str, tuple[Item, str]]:
    """The item and the flash of each partition; of equal names the first."""
    result: dict[str, tuple[Item, str]] = {}
    for strip in drawn.strips:
        for item in strip.items:
            if item.partition:
                result.setdefault(item.partition.name, (item, strip.owner))
    return result


def _strip(drawn: Picture, owner: str) -> Strip | None:
    return next((s for s in drawn.strips if s.owner == owner), None)


def _box(item: Item, owner: str, after: tuple[Item, str] | None) -> Box:
    """The box of an old partition."""
    if after is None:
        return _with(item, Change.DROPPED, ["dropped"])
    change = _change(item, owner, *after)
    return _with(item, change, [f"now in {after[1]}"] if change is Change.ELSEWHERE else [])


def _after(item: Item, owner: str, before: tuple[Item, str] | None) -> Box:
    """The box of a new partition."""
    if before is None:
        return _with(item, Change.NEW, ["new"])
    old, old_owner = before
    change = _change(old, old_owner, item, owner)
    words = []
    if change is Change.ELSEWHERE:
        words.append(f"was in {old_owner}")
    elif change is Change.MOVED:
        distance = item.extent.start - old.extent.start
        words.append(f"moved {'+' if distance > 0 else ''}{format_hex(distance)}")
    if grown := item.extent.size - old.extent.size:
        words.append(f"{'grown' if grown > 0 else 'shrunk'} by {format_size(abs(grown))}")
    if old.name != item.name:
        words.append(f"was {old.name}")
    return _with(item, change, words)


def _change(old: Item, old_owner: str, new: Item, new_owner: str) -> Change:
    if old_owner != new_owner:
        return Change.ELSEWHERE
    if old.extent == new.extent:
        return Change.KEPT
    return Change.RESIZED if old.extent.start == new.extent.start else Change.MOVED


def _with(item: Item, change: Change, words: list[str]) -> Box:
    said = [*words, format_size(item.extent.size), *short_access(item)]
    return Box(item, change, tuple(said))


def _panel(
    owner: str,
    old: Strip | None,
    new: Strip | None,
    olds: dict[str, Box],
    news: dict[str, Box],
    partner: dict[str, str],
) -> Panel:
    left, right = tuple(_boxes(old, olds)), tuple(_boxes(new, news))
    by_item = {id(b.item): b for b in right}
    links = []
    for box in left:
        name = box.item.partition.name if box.item.partition else ""
        other = news.get(partner.get(name, ""))
        here = by_item.get(id(other.item)) if other else None
        if here and olds[name].item is box.item:
            links.append((box, here))
    cuts = {c for s in (old, new) if s for c in s.cuts}
    return Panel(owner, left, right, _rest(old), _rest(new), tuple(links), tuple(sorted(cuts)))


def _boxes(strip: Strip | None, known: dict[str, Box]) -> Iterator[Box]:
    for item in strip.items if strip else ():
        if item.partition is None:
            continue
        box = known[item.partition.name]
        # A second partition of the same name has no partner: which one is meant is not known.
        yield box if box.item is item else replace(box, item=item, change=Change.KEPT, words=())


def _rest(strip: Strip | None) -> tuple[Item, ...]:
    return tuple(i for i in strip.items if i.kind is not Kind.PARTITION) if strip else ()


def _title(table: Table) -> str:
    device = f" ({printable(table.device.id, 40)})" if table.device else ""
    return printable(table.name, 40) + device


def _filed(table: Table) -> str:
    """The title with the name of the file (not its directory), to tell two from each other."""
    file = re.split(r"[/\\]", table.place.path)[-1] if table.place else ""
    return f"{_title(table)}, {printable(file, 40)}" if file else _title(table)
