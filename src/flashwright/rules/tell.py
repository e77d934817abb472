"""How rules speak: names, places and numbers as the source writes them.

Numbers in messages count as the source does (CPU addresses where it writes addresses), those in
``Finding.where`` always from the first byte of the flash.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, InFlash, Place, Severity
from flashwright.model.table import Partition

ERROR = Severity.ERROR
WARNING = Severity.WARNING
NOTE = Severity.NOTE

#: Where a start or a size may be written: field names of ``Partition`` and keys of ``flash.toml``.
START = ("start", "extent", "at", "address")
SIZE = ("size", "extent", "start", "at")


def fault(
    code: str,
    severity: Severity,
    message: str,
    help: str = "",
    *,
    of: Partition | None = None,
    extent: Extent | None = None,
    fields: tuple[str, ...] = START,
    others: tuple[Partition, ...] = (),
    **facts: Fact,
) -> Finding:
    """A finding about partition ``of``: at its first known field of ``fields``, over ``extent``.

    Without ``extent`` it concerns the whole partition. ``others`` take part in the fault.
    """
    if of is None:
        return Finding(code, severity, message, help, facts=facts)
    related = tuple(p for p in (place_of(o, *START) for o in others) if p is not None)
    told: dict[str, Fact] = {"partition": of.name}
    if others:
        told["others"] = [o.name for o in others]
    return Finding(
        code,
        severity,
        message,
        help,
        place_of(of, *fields),
        InFlash(of.owner, of.extent if extent is None else extent),
        related,
        told | facts,
    )


def place_of(partition: Partition, *fields: str) -> Place | None:
    """Where the first of ``fields`` is written, or else where the partition is."""
    for name in fields:
        if name in partition.places:
            return partition.places[name]
    return partition.place


def quoted(partition: Partition) -> str:
    """The name of a partition, in backticks and printable."""
    return f"`{printable(partition.name)}`"


def listed(partitions: tuple[Partition, ...] | list[Partition]) -> str:
    """The names of some partitions: ``a``, ``b`` and ``c``; of many only the first six."""
    names = [quoted(p) for p in partitions[:6]]
    if len(partitions) > 6:
        names.append(f"{len(partitions) - 6} more")
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def point(partition: Partition, offset: int) -> str:
    """An offset in the flash of ``partition``, counted as its source counts."""
    return format_hex(max(offset, offset + partition.start - partition.extent.start, 0))


def span(partition: Partition, extent: Extent) -> str:
    """An extent in the flash of ``partition``, counted as its source counts."""
    distance = partition.start - partition.extent.start
    return str(extent.shifted(distance) if distance > 0 else extent)


def size(value: int) -> str:
    """A number of bytes."""
    return format_hex(value)


def either(choices: list[str]) -> str:
    """The choices of a help line: ``a, or b``."""
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + ", or " + choices[-1]
