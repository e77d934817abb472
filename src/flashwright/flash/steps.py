"""The vocabulary of migrations: what is done to a flash, one step after the other.

A plan of migration (``evolve``) is a tuple of steps; ``sim`` runs it and cuts the power in it.
Offsets are bytes from the first byte of the flash called ``owner``; extents are half-open. Contents
are named: a step never carries the bytes of an image.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.base.extent import Extent


@dataclass(frozen=True, slots=True)
class EraseStep:
    """Erase every erase block that ``extent`` of flash ``owner`` touches, from the front."""

    owner: str
    extent: Extent
    why: str = ""


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Copy ``source`` to ``target``: both of one size; the target has been erased before.

    An overlapping copy is cut into steps that do not overlap.
    """

    owner: str
    source: Extent
    target_owner: str
    target: Extent
    why: str = ""


@dataclass(frozen=True, slots=True)
class ProgramStep:
    """Program ``content`` at ``offset``: bytes (a table, a record), or the name of a content.

    ``size`` is how long a named content is in bytes; for ``bytes`` it is their length.
    """

    owner: str
    offset: int
    content: bytes | str
    size: int = 0
    why: str = ""

    @property
    def extent(self) -> Extent:
        """The bytes that it programs."""
        length = len(self.content) if isinstance(self.content, bytes) else self.size
        return Extent.of(self.offset, length)


@dataclass(frozen=True, slots=True)
class CheckpointStep:
    """Everything before is done for good: after a power cut the work goes on behind this step.

    ``token`` names the mark that is found in flash after a cut: the last ``ProgramStep`` before it
    wrote it. Work between two checkpoints is repeated as a whole.
    """

    token: str


Step = EraseStep | CopyStep | ProgramStep | CheckpointStep
