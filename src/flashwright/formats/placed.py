"""A parsed file that still knows where each of its values is written, whatever its syntax.

A value is named by its path: the keys and indices that lead to it from the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flashwright.base.record import record
from flashwright.diag.finding import Place

ValuePath = tuple[str | int, ...]


@record()
class Spot:
    """Where a value is: its place, and its characters in the text (``start`` to ``end``)."""

    place: Place
    start: int
    end: int


class PlacedDocument:
    """What documents of all syntaxes share; a record below it has these fields."""

    __slots__ = ()

    path: str
    text: str
    data: Any
    spots: Mapping[ValuePath, Spot]

    def place(self, *path: str | int) -> Place:
        """The place of the value at ``path``, or of its nearest ancestor that has one."""
        for length in range(len(path), -1, -1):
            found = self.spots.get(path[:length])
            if found is not None:
                return found.place
        return Place(self.path)

    def edited(self, changes: Mapping[ValuePath, str]) -> str:
        """The text with the values at these paths written anew; all else stays as it is."""
        text = self.text
        for path in sorted(changes, key=lambda p: -self.spots[p].start):
            spot = self.spots[path]
            text = text[: spot.start] + changes[path] + text[spot.end :]
        return text
