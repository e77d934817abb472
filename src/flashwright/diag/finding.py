"""A finding: one thing that is wrong, or worth knowing, about a file, a table or a wish.

Laws: a user's mistake is a finding, never an exception; the message is one line and ends without a
full stop; ``help`` says what to do, with numbers; all are reported at once, in flash order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from flashwright.base.extent import Extent
from flashwright.base.record import field, record, replace

#: A typed fact of a finding, for JSON and SARIF: bytes as integers, names as text.
Fact = int | str | bool | None | list[int] | list[str]


class Severity(IntEnum):
    """How bad a finding is; a larger number is worse."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """``note``, ``warning`` or ``error``, as it is printed."""
        return self.name.lower()


@record(order=True)
class Place:
    """A place in a text file: ``line`` and ``column`` count from 1, 0 where not known."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}" + (f":{self.column}" if self.column else "")


@record()
class InFlash:
    """A place in a flash: offsets from the first byte of the flash that is called ``owner``."""

    owner: str
    extent: Extent


@record()
class Finding:
    """One fault: ``code`` (never reused), severity, a terse ``message``, ``help`` with numbers.

    ``place`` is where in the file, ``where`` where in the flash (either may be ``None``),
    ``related`` are other places that take part, ``facts`` the numbers of the message, typed,
    ``table`` the name of the table concerned where a file holds several.
    """

    code: str
    severity: Severity
    message: str
    help: str = ""
    place: Place | None = None
    where: InFlash | None = None
    related: tuple[Place, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    table: str | None = None

    def at(self, place: Place | None) -> Finding:
        """The same finding at ``place``."""
        return replace(self, place=place)


def error(code: str, message: str, help: str = "", place: Place | None = None) -> Finding:
    """A finding of severity error that has no place in the flash."""
    return Finding(code, Severity.ERROR, message, help, place)


def warning(code: str, message: str, help: str = "", place: Place | None = None) -> Finding:
    """A finding of severity warning that has no place in the flash."""
    return Finding(code, Severity.WARNING, message, help, place)


def note(code: str, message: str, help: str = "", place: Place | None = None) -> Finding:
    """A finding of severity note that has no place in the flash."""
    return Finding(code, Severity.NOTE, message, help, place)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings without duplicates: those of the file first, then those of each table by flash.

    Within one flash they go by offset, then by severity, then by code.
    """

    def key(finding: Finding) -> tuple[object, ...]:
        where = finding.where
        place = finding.place
        return (
            finding.table or "",
            where is not None,
            (where.owner, where.extent.start, where.extent.end) if where else ("", 0, 0),
            -finding.severity,
            (place.path, place.line, place.column) if place else ("", 0, 0),
            finding.code,
            finding.message,
        )

    unique: list[Finding] = []
    for finding in sorted(findings, key=key):
        if not unique or unique[-1] != finding:
            unique.append(finding)
    return tuple(unique)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The worst severity among the findings, or ``None`` if there are none."""
    return max((f.severity for f in findings), default=None)
