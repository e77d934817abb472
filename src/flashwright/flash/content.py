"""What a flash holds, as one immutable value: a sorted tuple of runs.

A run is ``(start, content, origin)``: from byte ``start`` up to the start of the next run the flash
holds ``content``, whose own first byte lies (or would lie) at ``origin``. Content is

- ``ERASED``, ``JUNK`` (some bytes, that are no image and no record), ``WORN`` (junk that stays junk
  until it is erased) or ``DEAD`` (nobody will read it; who does, gets ``DeadRead``, which makes a
  proof incomplete, never wrong),
- the name of an image or another text that is known by name: its bytes are never looked at, so a
  slot that holds a whole image is one run, however many erase blocks it has,
- ``bytes``: records, flags and trailers, bit by bit,
- ``Torn``, ``Unstable``: a program unit whose programming was cut short.

Laws: runs are in order, none is empty, neighbours that could be one are one (so equal flashes are
equal tuples), the last run is a sentinel ``(size, "", 0)``. Offsets are bytes from the first byte
of the first chip (``flash.chips``). All functions return new tuples, sharing the old runs; the work
depends on the number of runs, not on the size of the flash.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

ERASED = "~erased"
JUNK = "~junk"
DEAD = "~dead"

#: What an erase block holds whose erasing failed: reads as junk, whatever is programmed into it.
WORN = "~worn"

#: Contents that are the same wherever they lie; their origin is always 0.
_PLACELESS = frozenset({ERASED, JUNK, DEAD, WORN})

#: What reading control bytes finds where an image or junk lies: neither erased nor a value in use.
FILLER = 0xA5


class Unstable(NamedTuple):
    """A program unit that may read as before, as meant, or as neither, and each boot anew.

    ``now`` is how it reads during this boot: 0 as before (``old``), 1 as meant (``new``), 2 junk.
    """

    old: Content
    new: Content
    now: int = 2


class Torn(NamedTuple):
    """A program unit of a flash that clears bits, cut while it became ``new``.

    It reads as neither; every bit that is cleared is cleared in ``new`` too, so the same bytes may
    be programmed again.
    """

    new: bytes


class Hidden(NamedTuple):
    """An erase block that cannot be read during this boot; ``behind`` is what it holds."""

    behind: tuple[tuple[int, int, Content, int], ...]


#: What may read differently at the next boot.
_UNSETTLED = frozenset({Unstable, Hidden})

Content = str | bytes | Unstable | Torn | Hidden
Run = tuple[int, Content, int]
Runs = tuple[Run, ...]


class DeadRead(Exception):  # noqa: N818 - not an error of anybody: a proof that has to be given up
    """A machine read what its ``forget`` had declared dead; the proof is incomplete."""


def filled(size: int, content: str = ERASED) -> Runs:
    """A flash of ``size`` bytes that holds nothing but ``content``."""
    return ((0, content, 0), (size, "", 0))


def size_of(runs: Runs) -> int:
    """The size of the flash in bytes."""
    return runs[-1][0]


def splice(runs: Runs, start: int, end: int, content: Content, origin: int = 0) -> Runs:
    """The same flash with ``content`` in ``[start, end)``, which is not empty.

    ``origin`` is where the first byte of a named content lies; for ``bytes`` it is ``start`` and
    need not be given, for ``ERASED``, ``JUNK`` and ``DEAD`` it is ignored.
    """
    i = bisect_left(runs, (start,))
    j = bisect_left(runs, (end,), i)
    right = runs[j:] if runs[j][0] == end else (_right_part(runs[j - 1], end), *runs[j:])
    cut = runs[i][0] != start
    left = (*runs[: i - 1], _left_part(runs[i - 1], start)) if cut else runs[:i]
    if type(content) is bytes:
        return _with_bytes(left, start, content, right)
    if content in _PLACELESS:
        origin = 0
    if left and left[-1][1] == content and left[-1][2] == origin:
        middle: Runs = ()
    else:
        middle = ((start, content, origin),)
    if right[0][1] == content and right[0][2] == origin:
        right = right[1:]
    return left + middle + right


def part_of(runs: Runs, start: int, end: int) -> Runs:
    """The runs that lie in ``[start, end)``, clipped, without sentinel: a key for what is there."""
    i = bisect_left(runs, (start,))
    j = bisect_left(runs, (end,), i)
    last = runs[j - 1]
    if runs[j][0] != end and type(last[1]) is bytes:
        return tuple((a, c, o) for a, _, c, o in pieces(runs, start, end))
    if runs[i][0] == start:
        return runs[i:j]
    return (_right_part(runs[i - 1], start), *runs[i:j])


def with_part(runs: Runs, part: Runs, end: int) -> Runs:
    """The same flash with ``part`` (of ``part_of``) where it belongs, up to ``end``."""
    for (start, content, origin), stop in zip(part, [p[0] for p in part[1:]] + [end], strict=True):
        runs = splice(runs, start, stop, content, origin)
    return runs


def is_settled(runs: Runs) -> bool:
    """Whether all of it reads the same at each boot: nothing unstable, nothing hidden."""
    return _UNSETTLED.isdisjoint([type(run[1]) for run in runs])


def run_at(runs: Runs, offset: int) -> tuple[Run, int]:
    """The run that holds the byte at ``offset``, and where it ends."""
    i = bisect_left(runs, (offset + 1,))
    return runs[i - 1], runs[i][0]


def pieces(runs: Runs, start: int, end: int) -> Iterator[tuple[int, int, Content, int]]:
    """What lies in ``[start, end)``, in order: ``(start, end, content, origin)``, clipped."""
    i = bisect_left(runs, (start,))
    if i == len(runs) or runs[i][0] > start:
        i -= 1
    while runs[i][0] < end:
        run_start, content, origin = runs[i]
        i += 1
        a, b = max(run_start, start), min(runs[i][0], end)
        if type(content) is bytes:
            yield a, b, content[a - run_start : b - run_start], a
        else:
            yield a, b, content, origin


def read(runs: Runs, start: int, end: int, erased_value: int = 0xFF) -> bytes:
    """The bytes in ``[start, end)``; what is no ``bytes`` and not erased reads as ``FILLER``.

    Raises ``DeadRead`` if any of it is dead.
    """
    found = []
    for a, b, content, origin in pieces(runs, start, end):
        seen: Content = content
        if isinstance(seen, Unstable):
            seen = (seen.old, seen.new, JUNK)[seen.now]
            if isinstance(seen, bytes):
                seen = seen[a - origin : b - origin]
        if isinstance(seen, bytes):
            found.append(seen)
        elif seen == ERASED:
            found.append(bytes([erased_value]) * (b - a))
        elif seen == DEAD:
            raise DeadRead(f"bytes 0x{a:X}..0x{b:X}")
        else:
            found.append(bytes([FILLER]) * (b - a))
    return b"".join(found)


def holds(runs: Runs, start: int, end: int, name: str, origin: int | None = None) -> bool:
    """Whether ``[start, end)`` reads as the named content from ``origin`` (``start``) on, whole.

    Raises ``DeadRead`` if that depends on dead bytes.
    """
    wanted = start if origin is None else origin
    run, until = run_at(runs, start)
    if run[1] == name and run[2] == wanted and until >= end:
        return True
    dead = False
    for _, _, content, at in pieces(runs, start, end):
        seen: Content = content
        if isinstance(seen, Unstable):
            seen = (seen.old, seen.new, JUNK)[seen.now]
        if seen == DEAD:
            dead = True
        elif seen != name or at != wanted:
            return False
    if dead:
        raise DeadRead(f"{name} at 0x{start:X}..0x{end:X}")
    return True


def is_filled(runs: Runs, start: int, end: int, content: str = ERASED) -> bool:
    """Whether ``[start, end)`` holds nothing but ``content``."""
    return all(c == content for _, _, c, _ in pieces(runs, start, end))


def name_at(runs: Runs, start: int) -> str | None:
    """The name of the image (or other named text) whose first byte lies at ``start``, if any.

    Raises ``DeadRead`` if what lies there is dead.
    """
    (_, content, origin), _ = run_at(runs, start)
    if type(content) is Unstable:
        content = (content.old, content.new, JUNK)[content.now]
    if type(content) is not str:
        return None
    if content == DEAD:
        raise DeadRead(f"byte 0x{start:X}")
    return content if origin == start and content not in _PLACELESS else None


def still_worn(before: Runs, after: Runs, start: int, end: int) -> Runs:
    """``after`` an operation in ``[start, end)``, worn wherever it was worn ``before``."""
    for a, b, content, _ in pieces(before, start, end):
        if content == WORN:
            after = splice(after, a, b, WORN)
    return after


def unstable_in(runs: Runs) -> list[int]:
    """Where the unstable units start, in order."""
    return [start for start, content, _ in runs if type(content) is Unstable]


def resolved(runs: Runs, choice: tuple[tuple[int, int], ...]) -> Runs:
    """The same flash as one boot sees it: ``(start, now)`` for unstable units, others junk."""
    now = dict(choice)
    return tuple(
        (start, content._replace(now=now.get(start, 2)), origin)
        if type(content) is Unstable
        else (start, content, origin)
        for start, content, origin in runs
    )


def hidden(runs: Runs, start: int, end: int) -> Runs:
    """The same flash with ``[start, end)`` not readable until ``unhidden``."""
    return splice(runs, start, end, Hidden(tuple(pieces(runs, start, end))))


def unhidden(runs: Runs) -> Runs:
    """The same flash with all of it readable again."""
    for _, content, _ in runs:
        if isinstance(content, Hidden):
            for a, b, behind, origin in content.behind:
                runs = splice(runs, a, b, behind, origin)
    return runs


def _left_part(run: Run, end: int) -> Run:
    start, content, origin = run
    return (start, content[: end - start], origin) if type(content) is bytes else run


def _right_part(run: Run, start: int) -> Run:
    run_start, content, origin = run
    if type(content) is bytes:
        return start, content[start - run_start :], start
    return start, content, origin


def _with_bytes(left: Runs, start: int, content: bytes, right: Runs) -> Runs:
    if left:
        before = left[-1][1]
        if isinstance(before, bytes):
            start, content, left = left[-1][0], before + content, left[:-1]
    after = right[0][1]
    if isinstance(after, bytes):
        content, right = content + after, right[1:]
    return (*left, (start, content, start), *right)
