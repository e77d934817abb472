"""A sheet of character cells: lines that join by themselves, fills, and text that keeps its width.

Laws: nothing is ever written outside the sheet; a rendered line has at most ``width`` cells and no
control characters but those of its colours.
"""

from __future__ import annotations

from unicodedata import category

from flashwright.draw.words import cells

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_JOINTS = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
_ASCII_JOINTS = " |||-+++-+++-+++"


class Canvas:
    """A sheet of ``width`` by ``height`` cells; ``unicode`` false means 7-bit ASCII only."""

    def __init__(self, width: int, height: int, *, unicode: bool = True) -> None:
        self.width = width
        self.height = height
        self._joints = _JOINTS if unicode else _ASCII_JOINTS
        self._unicode = unicode
        self._text: list[list[str]] = [[""] * width for _ in range(height)]
        self._lines: list[list[int]] = [[0] * width for _ in range(height)]
        self._style: list[list[str]] = [[""] * width for _ in range(height)]

    def across(self, y: int, left: int, right: int, style: str = "") -> None:
        """A horizontal line from cell ``left`` to cell ``right``, both included."""
        for x in range(left, right + 1):
            joint = (_LEFT if x > left else 0) | (_RIGHT if x < right else 0)
            self._join(y, x, joint, style)

    def down(self, x: int, top: int, bottom: int, style: str = "") -> None:
        """A vertical line from row ``top`` to row ``bottom``, both included."""
        for y in range(top, bottom + 1):
            joint = (_UP if y > top else 0) | (_DOWN if y < bottom else 0)
            self._join(y, x, joint, style)

    def fill(self, y: int, left: int, right: int, character: str, style: str = "") -> None:
        """``character`` in the cells from ``left`` up to, not with, ``right``."""
        for x in range(max(0, left), min(right, self.width)):
            if 0 <= y < self.height:
                self._text[y][x] = character
                self._style[y][x] = style

    def write(self, y: int, x: int, text: str, style: str = "") -> None:
        """``text`` from cell ``x`` on; what does not fit on the sheet is left out."""
        if not 0 <= y < self.height:
            return
        base = -1
        for character in text:
            size = cells(character)
            if size == 0:
                if base >= 0 and self._unicode and len(self._text[y][base]) < 3:
                    self._text[y][base] += character
                continue
            if x < 0 or x + size > self.width:
                return
            self._text[y][x] = character if category(character) != "Cc" else "?"
            self._style[y][x] = style
            if size == 2:
                self._text[y][x + 1] = "\0"
                self._style[y][x + 1] = style
            base = x
            x += size

    def is_blank(self, y: int, left: int, right: int) -> bool:
        """Whether no text and no line is in the cells from ``left`` up to ``right``."""
        return all(
            not self._text[y][x].strip() and not self._lines[y][x]
            for x in range(max(0, left), min(right, self.width))
        )

    def rendered(self, codes: dict[str, str] | None = None) -> list[str]:
        """The lines without trailing blanks; ``codes`` are the ANSI codes of the styles."""
        return [self._rendered(y, codes or {}) for y in range(self.height)]

    def _join(self, y: int, x: int, joint: int, style: str) -> None:
        if 0 <= y < self.height and 0 <= x < self.width:
            self._lines[y][x] |= joint
            self._text[y][x] = ""
            self._style[y][x] = self._style[y][x] or style

    def _rendered(self, y: int, codes: dict[str, str]) -> str:
        out: list[str] = []
        last = ""
        drawn = zip(self._text[y], self._lines[y], strict=True)
        row = [t or self._joints[line] for t, line in drawn]
        while row and row[-1] == " ":
            row.pop()
        for character, style in zip(row, self._style[y], strict=False):
            if character == "\0":
                continue
            code = codes.get(style, "") if character != " " else last
            if code != last:
                out.append(("\x1b[0m" if last else "") + (f"\x1b[{code}m" if code else ""))
                last = code
            out.append(character)
        return "".join(out) + ("\x1b[0m" if last else "")
