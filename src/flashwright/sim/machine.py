"""What an update scheme is to the explorer: a pure step machine over (flash, volatile, world).

- The **flash** is a value (``sim.area.Contents``).
- The **volatile** state is a small tuple; its first item names the phase. A power cut drops it:
  after a cut every machine is in ``BOOT``.
- The **world** is what no power cut changes and no machine may read to decide: which updates have
  been offered, which image is confirmed, which images turned out bad. Properties are about it.

``Machine.step`` maps the three to one ``Move``; it has no other input, so that equal states may be
merged. Machines decide by what they read from flash, never by the world, except that an
*application* knows whether it works (``World.bad``) and the cloud knows what it offers next.

Images are named ``v0``, ``v1``, ...: the number is the version. ``v1`` runs and is confirmed when
it all begins; update ``k`` brings ``v(k+1)``; ``v0`` is an image older than all, offered to schemes
that claim rollback protection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, cast

from flashwright.flash.operations import Operation
from flashwright.sim.area import Area, Board, Contents

Volatile = tuple[object, ...]

BOOT: Volatile = ("boot",)


class World(NamedTuple):
    """``updates`` begun, version ``confirmed``, and bit masks of versions known good or bad.

    ``retired`` versions are gone for good, and those that are not have moved up (``sim.renaming``).
    """

    updates: int = 0
    confirmed: int = 1
    good: int = 0b10
    bad: int = 0
    retired: int = 0

    @property
    def newest(self) -> int:
        """The newest version that has been offered."""
        return 1 + self.updates - self.retired

    def is_bad(self, version: int) -> bool:
        """Whether that image has turned out not to work."""
        return bool(self.bad >> version & 1)


class Looked(Exception):  # noqa: N818 - not an error: the answer depends on the world
    """A machine looked at ``UNSEEN``."""


class _Unseen:
    """Stands for any world: it may be handed on, but not looked at, compared or changed."""

    __slots__ = ()

    def _looked(self, *_: object) -> NoReturn:
        raise Looked

    __getattr__ = __getitem__ = __iter__ = __len__ = __bool__ = __hash__ = _looked
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _looked
    __str__ = __repr__ = __format__ = __add__ = __reversed__ = _looked


#: In place of a world: what a machine answers then, it answers in every world.
UNSEEN = cast(World, _Unseen())


class Act(NamedTuple):
    """One flash operation; then ``then`` (and, once it is done, ``world``)."""

    operation: Operation
    then: Volatile
    world: World | None = None


class Go(NamedTuple):
    """Nothing that flash could notice: go on in ``then``; ``event`` (of ``laws``) is seen."""

    then: Volatile
    world: World | None = None
    event: str = ""


class Choose(NamedTuple):
    """The world decides: each option is ``(what happens, then, world)``; all are explored.

    Only a device that runs is asked, so what is reached here counts as "an image runs".
    """

    options: tuple[tuple[str, Volatile, World], ...]


class Run(NamedTuple):
    """Start the image at global offset ``start``; goes on in ``(*then, version)``."""

    start: int
    then: Volatile


class Serve(NamedTuple):
    """The device does its work (schemes that start no image); goes on in ``then``."""

    then: Volatile


class Reset(NamedTuple):
    """The device restarts with power on: the volatile state is lost."""

    why: str


class Rest(NamedTuple):
    """The application runs and has nothing to do any more."""


class Halt(NamedTuple):
    """The bootloader gives up: a brick."""

    why: str


class Fail(NamedTuple):
    """The machine itself sees that property ``law`` is broken (a KV value that nobody wrote)."""

    law: str
    why: str


Move = Act | Go | Choose | Run | Serve | Reset | Rest | Halt | Fail


@dataclass(frozen=True)
class Promise:
    """What a scheme claims, which decides the properties it is held to.

    ``reverts``: an image that does not work is taken back (otherwise images are assumed to work).
    ``protects``: no older image is accepted. ``events`` are what should be seen to happen at least
    once, else the verdict is VACUOUS.
    """

    reverts: bool = False
    protects: bool = False
    events: tuple[str, ...] = ("installed",)


class Machine(ABC):
    """A scheme on one layout. ``areas`` are all that it may write; ``records`` those it decides by.

    ``updates`` is how many updates follow each other. ``length`` gives the bytes of an image.
    """

    name: str
    board: Board
    areas: tuple[Area, ...]
    records: tuple[Area, ...] = ()
    promise: Promise = Promise()
    updates: int = 2
    #: Whether versions are to this machine no more than names of images (``sim.renaming``). Worth
    #: it where each pair of images goes through many states.
    renames: bool = False
    #: What the model takes for granted, printed with the verdict.
    assumptions: tuple[str, ...] = ()

    @abstractmethod
    def first(self) -> tuple[Contents, World]:
        """The flash as it left the factory, and the world."""

    @abstractmethod
    def step(self, flash: Contents, volatile: Volatile, world: World) -> Move:
        """What happens next."""

    @abstractmethod
    def length(self, version: int) -> int:
        """The size of image ``v<version>`` in bytes."""

    def passes(self, volatile: Volatile) -> bool:
        """Whether ``volatile`` is only passed through: the explorer does not keep such states.

        Worth it for machines that resume in the middle of long work and know where ways meet
        again; without it the explorer decides by the operations (``sim.chains``).
        """
        return False

    def forget(self, flash: Contents, world: World) -> Contents:
        """The flash after a restart, with what nobody will read again ``DEAD`` (or ``JUNK``).

        Also asked when an application starts. It may look at flash only. ``JUNK`` in place of a
        part of an image is exact for whoever only asks whether the image is whole; ``DEAD`` is
        checked: reading it spoils the proof, and so shows that the scheme forgot too much.
        """
        return flash


class Phased(Machine):
    """A machine whose phases are its methods: ``copy`` is ``on_copy(flash, world, *rest)``."""

    _phases: dict[object, Callable[..., Move]]

    def step(self, flash: Contents, volatile: Volatile, world: World) -> Move:
        """Call the method of the phase."""
        try:
            phase = self._phases[volatile[0]]
        except (AttributeError, KeyError):
            phase = self._bind(volatile[0])
        return phase(flash, world, *volatile[1:])

    def on_rest(self, flash: Contents, world: World) -> Move:
        """The application runs and has nothing to do."""
        return Rest()

    def _bind(self, phase: object) -> Callable[..., Move]:
        if not hasattr(self, "_phases"):
            self._phases = {}
        method: Callable[..., Move] = getattr(self, f"on_{phase}")
        self._phases[phase] = method
        return method


def version_of(name: str | None) -> int | None:
    """``3`` of ``v3``; ``None`` for what is no image."""
    if name is None or not name.startswith("v") or not name[1:].isdecimal():
        return None
    return int(name[1:])


def offers(machine: Machine, world: World, phase: str) -> Move:
    """What a confirmed, idle application may meet: nothing any more, or the next update.

    The download goes on in ``(phase, version)``.
    """
    options: list[tuple[str, Volatile, World]] = []
    if world.confirmed < world.newest and not world.is_bad(world.newest):
        again = world.newest
        options.append((f"update v{again} is offered again", (phase, again), world))
    elif world.updates < machine.updates:
        begun = world._replace(updates=world.updates + 1)
        options.append((f"update v{begun.newest} is offered", (phase, begun.newest), begun))
    if machine.promise.protects:
        options.append(("the older v0 is offered", (phase, 0), world))
    options.append(("nothing happens", ("rest",), world))
    return Choose(tuple(options))
