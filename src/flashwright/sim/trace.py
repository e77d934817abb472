"""Traces: the way to a fault, walked again without forgetting, told step by step, named by an id.

An id holds the choices of the way and nothing else: how many steps go by themselves, then what the
world or the fault does, and so on: ``5.x.12.t3`` is five steps, a cut, twelve steps, a cut inside
the next operation with its outcome number 3. ``b1`` is branch 1 of a choice, ``l`` a lost write,
``w`` a worn erase block; ``@500C-1`` says how the boot after a cut sees the unstable unit at 0x500C
(0 as before, 1 as meant, 2 junk, 3 the block cannot be read). The same machine under the same fault
model walks it the same way for ever; an id of another machine is refused or leads elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.flash.content import (
    DEAD,
    ERASED,
    JUNK,
    WORN,
    Content,
    Hidden,
    Torn,
    Unstable,
    pieces,
)
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase, Operation
from flashwright.sim.area import Contents
from flashwright.sim.machine import Act, Choose, Machine, Move, Reset, Run
from flashwright.sim.stepper import NEXT, Expansion, Label, Sight, State, Stepper

#: Longer ids are not ours.
MOST_CHARACTERS = 20_000
#: More steps than any trace that is told.
MOST_STEPS = 5_000_000

_TOKEN = re.compile(r"(?P<kind>[bxtlw])(?P<number>[0-9]{0,6})(?:@(?P<sight>[0-9A-F,\-]+))?")


@dataclass(frozen=True, slots=True)
class Held:
    """What a piece of a flash holds, in offsets of flash ``owner``; ``text`` is for people."""

    owner: str
    extent: Extent
    area: str
    text: str


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step, or ``count`` alike ones told as one: what happens, where, and the flash after it.

    ``kind`` is ``erase``, ``program``, ``run``, ``choice``, ``restart``, ``cut``, ``torn``,
    ``lost``, ``worn`` or ``end``.
    """

    kind: str
    text: str
    count: int
    owner: str | None
    extent: Extent | None
    flash: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The shortest way that was found to break ``law``; ``id`` walks it again."""

    id: str
    law: str
    why: str
    steps: tuple[TraceStep, ...]


class TraceIdError(ValueError):
    """The text is not the id of a trace, or not one of this machine; the message says why."""


def encoded(labels: Iterable[Label]) -> str:
    """The id of a way."""
    tokens: list[str] = []
    silent = 0
    for kind, number, sight in labels:
        if kind == "n":
            silent += 1
            continue
        if silent:
            tokens.append(str(silent))
            silent = 0
        seen = ",".join(f"{start:X}-{now}" for start, now in sight)
        numbered = str(number) if kind in "bt" else ""
        tokens.append(f"{kind}{numbered}" + (f"@{seen}" if seen else ""))
    if silent:
        tokens.append(str(silent))
    return ".".join(tokens) or "0"


def decoded(text: str) -> list[Label]:
    """The way of an id; ``TraceIdError`` if it is none."""
    if len(text) > MOST_CHARACTERS:
        raise TraceIdError("longer than any id of a trace")
    labels: list[Label] = []
    for token in text.strip().split("."):
        if re.fullmatch(r"[0-9]{1,7}", token):
            if len(labels) + int(token) > MOST_STEPS:
                raise TraceIdError("more steps than any trace has")
            labels.extend([NEXT] * int(token))
            continue
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise TraceIdError(f"{token[:20]!r} is no step of a trace")
        labels.append((match["kind"], int(match["number"] or 0), _sight(match["sight"])))
    return labels


def walk(
    machine: Machine, faults: FaultModel, labels: list[Label], boots: int = 8
) -> tuple[tuple[TraceStep, ...], Expansion | None]:
    """Walk a way and go on with power on until something is decided; the steps, and the last state.

    ``TraceIdError`` if the machine cannot take that way.
    """
    stepper = Stepper(machine, faults, exact=True)
    steps = list(_walked(stepper, labels, boots))
    return tuple(_grouped(machine, steps)), steps[-1].found if steps else None


def state_of(machine: Machine, flash: Contents) -> tuple[Held, ...]:
    """What all areas hold, in the order of the board."""
    found = []
    for area in machine.board.areas:
        base = machine.board.chips.base(area.owner)
        for a, b, content, origin in pieces(flash[area.index].runs, area.start, area.end):
            where = Extent(a, b).shifted(-base)
            found.append(Held(area.owner, where, area.name, _said(content, a - origin)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Step:
    found: Expansion
    label: Label
    before: State
    after: State | None


def _walked(stepper: Stepper, labels: list[Label], boots: int) -> Iterator[_Step]:
    state = stepper.first()
    for label in labels:
        found = stepper.expand(state)
        try:
            then = stepper.follow(state, label)
        except KeyError:
            raise TraceIdError("this scheme on this layout cannot take that way") from None
        yield _Step(found, label, state, then)
        state = then
    seen: set[State] = set()
    while True:
        found = stepper.expand(state)
        boots -= found.boot
        over = found.broken or found.goal or not found.after or boots < 0 or state in seen
        seen.add(state)
        if over:
            yield _Step(found, NEXT, state, None)
            return
        label, then = found.after[-1]
        yield _Step(found, label, state, then)
        state = then


def _sight(text: str | None) -> Sight:
    if not text:
        return ()
    pairs = []
    for each in text.split(","):
        match = re.fullmatch(r"([0-9A-F]{1,12})-([0-3])", each)
        if match is None:
            raise TraceIdError(f"{each[:20]!r} does not say how a unit is seen")
        pairs.append((int(match[1], 16), int(match[2])))
    return tuple(pairs)


def _grouped(machine: Machine, steps: list[_Step]) -> Iterator[TraceStep]:
    at = 0
    while at < len(steps):
        last = at
        key = _key(machine, steps[at])
        while last + 1 < len(steps) and key and _key(machine, steps[last + 1]) == key:
            last += 1
        yield _told(machine, steps[at : last + 1])
        at = last + 1


def _key(machine: Machine, step: _Step) -> tuple[object, ...] | None:
    """Steps with the same key are told as one; ``None``: told by itself."""
    move = step.found.move
    if type(move) is not Act or step.label != NEXT or step.after is None:
        return None
    operation = move.operation
    content = None if type(operation) is Erase else operation.content  # type: ignore[union-attr]
    if isinstance(content, bytes):
        return None
    return type(operation), machine.board.area_at(operation.start), content, step.before[1][0]


def _told(machine: Machine, steps: list[_Step]) -> TraceStep:
    first, last = steps[0], steps[-1]
    held = state_of(machine, (last.after or last.before)[0])
    move, (kind, _, sight) = first.found.move, first.label
    owner = extent = None
    if type(move) is Act:
        ends = [s.found.move.operation for s in steps if type(s.found.move) is Act]
        whole = Extent(min(o.start for o in ends), max(o.end for o in ends))
        area = machine.board.area_at(whole.start)
        if area is not None:
            owner, extent = area.owner, whole.shifted(-machine.board.chips.base(area.owner))
    text = _move(machine, move, first.label, extent)
    if last.after is None:
        return TraceStep("end", _ending(last.found, text), 1, owner, extent, held)
    if kind == "x":
        return TraceStep("cut", "power cut" + _seen(sight), 1, None, None, held)
    named = {"t": "torn", "l": "lost", "w": "worn"}.get(kind)
    if named:
        told = {"t": "power cut inside: ", "l": "lost: ", "w": "worn out: "}[kind] + text
        return TraceStep(named, told + _seen(sight), 1, owner, extent, held)
    return TraceStep(_kind(move), text, len(steps), owner, extent, held)


def _kind(move: Move) -> str:
    if type(move) is Act:
        return "erase" if type(move.operation) is Erase else "program"
    if type(move) is Choose:
        return "choice"
    return "restart" if type(move) is Reset else "run"


def _move(machine: Machine, move: Move, label: Label, extent: Extent | None) -> str:
    if type(move) is Act:
        return _operation(machine, move.operation, extent)
    if type(move) is Choose and label[0] == "b":
        return move.options[label[1]][0]
    if type(move) is Run:
        area = machine.board.area_at(move.start)
        nature = {("b", 0): ": it works", ("b", 1): ": it does not work"}.get(label[:2], "")
        return f"the image in {area.name if area else '?'} is started{nature}"
    why = getattr(move, "why", "")
    return f"restart: {why}" if type(move) is Reset else why or "the device works"


def _operation(machine: Machine, operation: Operation, extent: Extent | None) -> str:
    area = machine.board.area_at(operation.start)
    where = f"{area.name if area else '?'} {extent or ''}".strip()
    if type(operation) is Erase:
        return f"erase {where}"
    content = operation.content  # type: ignore[union-attr]
    shown = f"{len(content)} bytes" if isinstance(content, bytes) else str(content)
    return f"program {where} with {shown}"


def _ending(found: Expansion, text: str) -> str:
    if found.broken is not None:
        return found.broken.why
    if found.goal:
        return "a working image runs"
    return f"and so on, without end ({text})"


def _seen(sight: Sight) -> str:
    words = ("as before", "as meant", "as junk", "not at all")
    return "".join(f"; 0x{start:X} then reads {words[now]}" for start, now in sight)


def _said(content: Content, inside: int) -> str:
    if isinstance(content, bytes):
        return content[:32].hex() + ("..." if len(content) > 32 else "")
    if isinstance(content, Unstable):
        return "unstable"
    if isinstance(content, Torn):
        return "torn"
    if isinstance(content, Hidden):
        return "unreadable"
    if content in (ERASED, JUNK, DEAD, WORN):
        return content.lstrip("~")
    return content if inside == 0 else f"{content}+0x{inside:X}"
