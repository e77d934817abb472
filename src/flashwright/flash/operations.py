"""The two things that can be done to a flash, and what is said when one may not be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flashwright.flash.content import Content


class Erase(NamedTuple):
    """Erase the one erase block ``[start, end)``."""

    start: int
    end: int


class Program(NamedTuple):
    """Program ``[start, end)`` with ``content``: bytes, or a content by name, from ``origin`` on.

    ``origin`` is in the same offsets as ``start``: the piece of an image that begins 4096 bytes
    into it is programmed at ``start`` with ``origin = start - 4096``.
    """

    start: int
    end: int
    content: Content
    origin: int


Operation = Erase | Program


def program_bytes(start: int, data: bytes) -> Program:
    """Program ``data`` at ``start``."""
    return Program(start, start + len(data), data, start)


@dataclass(frozen=True, slots=True)
class Misuse:
    """An operation that the flash does not allow: an error of the scheme or of the layout.

    ``kind`` is ``unaligned``, ``not-erased``, ``out-of-range``, ``outside`` (not one of the
    scheme's areas, or across two of them) or ``read-only``; ``reason`` says it with numbers.
    """

    kind: str
    reason: str
