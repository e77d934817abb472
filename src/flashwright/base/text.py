"""Text from files, shown to people: one bounded line without control characters."""

from __future__ import annotations


def printable(text: str, limit: int = 80) -> str:
    """``text`` with all that is not printable as escapes, cut (and marked ``…``) at ``limit``.

    A name in a hostile file may carry terminal escapes, line breaks or direction overrides; what
    is printed never does.
    """
    shown = text if len(text) <= limit else text[:limit] + "…"
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
