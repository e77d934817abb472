"""The properties that a scheme is held to, each with a name, a sentence and its limits.

Safety laws are broken at one moment and are seen there; ``boots`` and ``reverted`` say that
something must come to pass from every state with power left on; events are what should happen at
least once, so that a scheme which does nothing cannot hold.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A property: its name in outputs, and what it says."""

    name: str
    text: str


BOOTS = Law("boots", "from every state, with power on, a whole and permitted image runs")
WHOLE = Law("whole", "no image is started that is not whole; never a mixture of two")
CONFIRMED = Law("confirmed", "no image older than the confirmed one runs again")
REVERTED = Law("reverted", "after an image that does not work, a working one runs again")
FRAME = Law("frame", "no byte outside the scheme's partitions is erased or programmed")
FLASH = Law("flash", "erase and program obey the rules of the flash")
ROLLBACK = Law("rollback", "an image older than the confirmed one is never accepted")
VALUES = Law("values", "each key holds its old or its new value")

#: All properties, in the order in which they are told.
LAWS: tuple[Law, ...] = (BOOTS, WHOLE, CONFIRMED, REVERTED, FRAME, FLASH, ROLLBACK, VALUES)

#: Events and what they mean; a machine's promise lists those that are expected of it.
EVENTS: dict[str, str] = {
    "installed": "an update gets through and runs",
    "confirmed": "an update is confirmed",
    "reverted": "a bad update is taken back",
    "next": "an update follows an update",
    "served": "the device does its work",
    "collected": "garbage is collected",
    "changed": "a new value is read back",
    "migrated": "the migration reaches its end",
}


def law(name: str) -> Law:
    """The law of that name; ``KeyError`` if there is none (a machine's mistake)."""
    for each in LAWS:
        if each.name == name:
            return each
    raise KeyError(name)
