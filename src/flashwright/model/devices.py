"""A catalogue of devices, as the core sees it (``host.catalogue`` has the real one).

In a module of its own, for only type checkers ask for it: importing ``typing`` takes as long as
reading a table, and no command that reads one needs it.
"""

from __future__ import annotations

from typing import Protocol

from flashwright.model.device import Device


class Devices(Protocol):
    """What can be asked of a catalogue of devices."""

    def names(self) -> tuple[str, ...]:
        """The names of all devices, lower case, without configurations, in order."""
        ...

    def find(self, name: str, configuration: str | None = None) -> tuple[Device, ...]:
        """The configurations of device ``name``, or the one asked for; empty if unknown.

        ``name`` may be ``name:configuration``, in any case, with the vendor's ordering suffix.
        """
        ...
