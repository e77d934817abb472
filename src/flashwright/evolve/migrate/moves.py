"""Moving bytes inside flashes so that nothing is overwritten before it has been read.

The unit of work is the erase block of the target, since writing destroys all of it. A block is
written when everyone who reads old bytes from it has read them; where blocks wait for one another
(partitions that change places, copies that overlap by less than an erase block) one of them is read
into working room first.

Laws: a chunk never reads what it writes, so that it can be repeated from its start after a power
cut; the order is deterministic; work is linear in the number of target blocks and their readers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flashwright.base.extent import Extent
from flashwright.model.geometry import Flash


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A range of one flash."""

    owner: str
    extent: Extent

    def overlaps(self, other: At) -> bool:
        """Whether they have a byte in common."""
        return self.owner == other.owner and self.extent.overlaps(other.extent)

    def __str__(self) -> str:
        return f"{self.extent} of {self.owner}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that go from ``source`` to ``target``; both of one size. Equal: they stay."""

    source: At
    target: At


@dataclass(frozen=True, slots=True)
class Chunk:
    """Work that can be repeated as a whole: erase ``target`` (whole blocks), copy ``pieces``."""

    target: At
    pieces: tuple[Piece, ...]
    why: str = ""


class NoRoom(Exception):  # noqa: N818 - a fact about a layout, caught by the planner of migrations
    """There is no working room for a block; the bytes that are needed, and of which flash."""

    def __init__(self, need: int) -> None:
        super().__init__(f"0x{need:X} bytes")
        self.need = need


@dataclass(slots=True)
class Room:
    """Whole erase blocks that nothing needs, best first; taken from the front, given back."""

    flashes: dict[str, Flash]
    free: list[At] = field(default_factory=list)

    def take(self, size: int) -> At:
        """Neighbouring blocks of together at least ``size`` bytes; ``NoRoom`` if there are none."""
        for number, at in enumerate(self.free):
            flash = self.flashes[at.owner]
            end = flash.align_up(at.extent.start + size)
            if end <= at.extent.end:
                taken = At(at.owner, Extent(at.extent.start, end))
                rest = Extent(end, at.extent.end)
                self.free[number : number + 1] = [At(at.owner, rest)] if rest else []
                return taken
        raise NoRoom(size)

    def give_back(self, at: At) -> None:
        """Blocks that are free again; they are taken first next time."""
        self.free.insert(0, at)


@dataclass(slots=True)
class _Node:
    """A target block: what it gets, whom it reads, and how many others still read from it."""

    at: At
    pieces: tuple[Piece, ...]
    reads: tuple[int, ...] = ()
    readers: int = 0
    reads_itself: bool = False
    stash: At | None = None
    done: bool = False


def ordered(
    moves: Iterable[Piece],
    erased: Iterable[At],
    kept: Sequence[At],
    flashes: dict[str, Flash],
    room: Room,
) -> list[Chunk]:
    """The chunks, in order, that bring every move to its target and erase every ``erased``.

    ``kept`` are bytes that stay where they are; where they share a block with a target they are
    saved in working room meanwhile. Raises ``NoRoom``.
    """
    nodes = _nodes(list(moves), list(erased), kept, flashes)
    chunks = list(_in_order(nodes, room))
    return _coalesced(chunks)


def target_blocks(places: Iterable[At], flashes: dict[str, Flash]) -> list[At]:
    """The erase blocks that ``places`` touch, each once, in order."""
    found = {
        At(at.owner, block)
        for at in places
        if at.extent
        for block in flashes[at.owner].blocks(at.extent)
    }
    return sorted(found)


def _nodes(
    moves: list[Piece], erased: list[At], kept: Sequence[At], flashes: dict[str, Flash]
) -> list[_Node]:
    blocks = target_blocks([m.target for m in moves] + erased, flashes)
    nodes = []
    for block in blocks:
        pieces = [p for m in moves if (p := _clipped(m, block)) is not None]
        written = [p.target.extent for p in pieces]
        written += [e.extent.intersection(block.extent) for e in erased if e.overlaps(block)]
        for at in kept:
            if at.overlaps(block):
                for rest in at.extent.intersection(block.extent).minus(written):
                    stays = At(block.owner, rest)
                    pieces.append(Piece(stays, stays))
        pieces.sort(key=lambda p: p.target)
        nodes.append(_Node(block, tuple(pieces)))
    _connect(nodes)
    return nodes


def _clipped(move: Piece, block: At) -> Piece | None:
    if not move.target.overlaps(block):
        return None
    part = move.target.extent.intersection(block.extent)
    distance = move.source.extent.start - move.target.extent.start
    return Piece(At(move.source.owner, part.shifted(distance)), At(block.owner, part))


def _connect(nodes: list[_Node]) -> None:
    from bisect import bisect_right

    starts = [(n.at.owner, n.at.extent.start) for n in nodes]
    for number, node in enumerate(nodes):
        found: set[int] = set()
        for piece in node.pieces:
            source = piece.source
            at = max(0, bisect_right(starts, (source.owner, source.extent.start)) - 1)
            while at < len(nodes) and starts[at] < (source.owner, source.extent.end):
                if nodes[at].at.overlaps(source):
                    found.add(at)
                at += 1
        node.reads_itself = number in found
        node.reads = tuple(sorted(found - {number}))
        for other in node.reads:
            nodes[other].readers += 1


def _in_order(nodes: list[_Node], room: Room) -> Iterator[Chunk]:
    ready = [(_turn(node), n) for n, node in enumerate(nodes) if node.readers == 0]
    heapq.heapify(ready)
    first = 0
    left = len(nodes)

    def has_read(node: _Node) -> None:
        for other in node.reads:
            nodes[other].readers -= 1
            if nodes[other].readers == 0 and not nodes[other].done:
                heapq.heappush(ready, (_turn(nodes[other]), other))

    while left:
        if not ready:
            while nodes[first].done or nodes[first].stash is not None:
                first += 1
            node = nodes[first]
            yield _stashed(node, room)
            has_read(node)
            continue
        node = nodes[heapq.heappop(ready)[1]]
        if node.done:
            continue
        fresh = node.stash is None
        if fresh and node.reads_itself:
            yield _stashed(node, room)
        yield _written(node)
        node.done = True
        left -= 1
        if node.stash is not None:
            room.give_back(node.stash)
        if fresh:
            has_read(node)


def _turn(node: _Node) -> tuple[bool, str, int]:
    """Whose turn is first: what moves up goes from its end, what moves down from its start."""
    first = node.pieces[0] if node.pieces else None
    up = first is not None and first.source < first.target
    start = node.at.extent.start
    return not up, node.at.owner, -start if up else start


def _stashed(node: _Node, room: Room) -> Chunk:
    """Read what the block gets into working room, each byte at its place in the block."""
    node.stash = room.take(node.at.extent.size)
    distance = node.stash.extent.start - node.at.extent.start
    pieces = tuple(
        Piece(p.source, At(node.stash.owner, p.target.extent.shifted(distance)))
        for p in node.pieces
    )
    return Chunk(node.stash, pieces, f"save what goes to {node.at}")


def _written(node: _Node) -> Chunk:
    if node.stash is None:
        return Chunk(node.at, node.pieces)
    distance = node.stash.extent.start - node.at.extent.start
    pieces = tuple(
        Piece(At(node.stash.owner, p.target.extent.shifted(distance)), p.target)
        for p in node.pieces
    )
    return Chunk(node.at, pieces, "from the saved bytes")


def _coalesced(chunks: list[Chunk]) -> list[Chunk]:
    """Neighbouring chunks as one, as long as it never reads what it writes."""
    result: list[Chunk] = []
    for chunk in chunks:
        joined = _joined(result[-1], chunk) if result else None
        if joined is None:
            result.append(chunk)
        else:
            result[-1] = joined
    return result


def _joined(one: Chunk, other: Chunk) -> Chunk | None:
    a, b = one.target, other.target
    if one.why or other.why or a.owner != b.owner:
        return None
    if a.extent.end == b.extent.start:
        target, pieces = (
            At(a.owner, Extent(a.extent.start, b.extent.end)),
            one.pieces + other.pieces,
        )
    elif b.extent.end == a.extent.start:
        target, pieces = (
            At(a.owner, Extent(b.extent.start, a.extent.end)),
            other.pieces + one.pieces,
        )
    else:
        return None
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is not None and _follows(last, piece):
            merged[-1] = Piece(
                At(last.source.owner, Extent(last.source.extent.start, piece.source.extent.end)),
                At(last.target.owner, Extent(last.target.extent.start, piece.target.extent.end)),
            )
        else:
            merged.append(piece)
    if any(p.source.overlaps(target) for p in merged):
        return None
    return Chunk(target, tuple(merged))


def _follows(one: Piece, other: Piece) -> bool:
    return (
        one.source.owner == other.source.owner
        and one.source.extent.end == other.source.extent.start
        and one.target.extent.end == other.target.extent.start
    )
