"""Every disagreement of two files, with both places.

Formats that describe only what they need (a linker script) are held to it, and to no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Place, Severity
from flashwright.evolve.agree.pairing import Pair, Pairing, apart, paired, position
from flashwright.evolve.agree.regions import LINKER, region_findings
from flashwright.model.table import Partition, Table

#: Formats with the same columns: what one says of a partition, the other can say.
_FAMILY = {"esp-idf-csv": "esp-idf", "esp-idf-bin": "esp-idf"}


def agreement(tables: tuple[Table, ...]) -> tuple[Finding, ...]:
    """Every disagreement of each file with the first, then with those after it.

    A partition that was compared with an earlier file is not compared with a later one again.
    """
    findings: list[Finding] = []
    for number, other in enumerate(tables):
        known: set[int] = set()
        for earlier in tables[:number]:
            told, seen = _compared(earlier, other, known, with_alone=earlier is tables[0])
            findings.extend(told)
            known |= seen
    return tuple(findings)


def disagreements(first: Table, second: Table) -> list[Finding]:
    """Where two files say different things about the same partitions."""
    return _compared(first, second, set(), with_alone=True)[0]


def _compared(
    first: Table, second: Table, known: set[int], *, with_alone: bool
) -> tuple[list[Finding], set[int]]:
    if (first.format == LINKER) != (second.format == LINKER):
        layout, script = (second, first) if first.format == LINKER else (first, second)
        return region_findings(layout, script) if with_alone else [], set()
    pairing = paired(first, second)
    findings: list[Finding] = []
    if with_alone:
        findings.extend(_based(first, second, pairing))
    for pair in pairing.pairs:
        if id(pair.second) not in known:
            findings.extend(_differences(first, second, pair, pairing))
    if with_alone:
        findings.extend(_alone(second, p) for p in pairing.only_first)
        findings.extend(_alone(first, p) for p in pairing.only_second)
    return findings, {id(pair.second) for pair in pairing.pairs}


def _differences(first: Table, second: Table, pair: Pair, pairing: Pairing) -> Iterator[Finding]:
    a, b = pair.first, pair.second
    if not pairing.agrees(pair):
        yield _disagreement(
            "SYN105",
            f"`{_n(a)}` lies in flash `{printable(a.owner, 40)}`, {_where(second, b)} has it in "
            f"`{printable(b.owner, 40)}`",
            f"for other partitions {_flash_words(pairing, pair)}; make both agree",
            pair,
            "owner",
        )
        if a.size == b.size:
            return
    moved = apart(first, second, pair) - pairing.base(pair)
    if moved and pairing.agrees(pair):
        here, there = position(first, a)[1], position(second, b)[1]
        yield _disagreement(
            "SYN101",
            f"`{_n(a)}` starts at {format_hex(here)}, {_where(second, b)} has it at "
            f"{format_hex(there)}",
            f"{format_hex(abs(moved))} {'higher' if moved > 0 else 'lower'}; make both agree",
            pair,
            "start",
        )
    if a.size != b.size:
        yield _disagreement(
            "SYN102",
            f"`{_n(a)}` is {format_hex(a.size)} bytes, {_where(second, b)} says "
            f"{format_hex(b.size)}",
            f"they differ by {format_hex(abs(a.size - b.size))}; make both say the same",
            pair,
            "size",
        )
    family = _FAMILY.get(first.format, first.format)
    if family and family == _FAMILY.get(second.format, second.format):
        yield from _kinds(second, pair)


def _flash_words(pairing: Pairing, pair: Pair) -> str:
    """What the flash of a pair is called in the other file, by what other pairs say."""
    for one, other in pairing.flashes.items():
        if one == pair.first.owner or other == pair.second.owner:
            return f"`{printable(one, 40)}` is `{printable(other, 40)}` there"
    return "it is another one"


def _kinds(second: Table, pair: Pair) -> Iterator[Finding]:
    """SYN108: of one format, what else is said of a partition."""
    here, there = _kind(pair.first), _kind(pair.second)
    if here != there:
        yield _disagreement(
            "SYN108",
            f"`{_n(pair.first)}` is {here}, {_where(second, pair.second)} says {there}",
            "make both say the same",
            pair,
            "role",
        )


def _kind(partition: Partition) -> str:
    access = "" if partition.writable else ", read-only"
    flags = "".join(f", {flag}" for flag in sorted(partition.flags) if flag != "readonly")
    subtype = partition.attributes.get("subtype")
    number = f" (subtype {format_hex(subtype)})" if isinstance(subtype, int) else ""
    return f"{partition.role.value.replace('_', ' ')}{number}{access}{flags}"


def _disagreement(code: str, message: str, help: str, pair: Pair, field: str) -> Finding:
    other = pair.second.place_of(field)
    return Finding(
        code,
        Severity.ERROR,
        message,
        help,
        pair.first.place_of(field),
        InFlash(pair.first.owner, pair.first.extent),
        (other,) if other else (),
        {"partition": pair.first.name, "other": pair.second.name},
    )


def _alone(there: Table, partition: Partition) -> Finding:
    return Finding(
        "SYN103",
        Severity.WARNING,
        f"`{_n(partition)}` at {partition.extent} is not in {file_of(there)}",
        "add it there, or remove it here; software built from the other file does not know it",
        partition.place,
        InFlash(partition.owner, partition.extent),
        facts={"partition": partition.name},
    )


def _based(first: Table, second: Table, pairing: Pairing) -> Iterator[Finding]:
    """SYN104: one file leaves out a base address."""
    for owner, base in sorted(pairing.bases.items()):
        flash = f" in `{printable(owner, 40)}`" if len(pairing.flashes) > 1 else ""
        yield Finding(
            "SYN104",
            Severity.NOTE,
            f"{file_of(second)} counts{flash} from {format_hex(abs(base))} bytes "
            f"{'above' if base > 0 else 'below'} {file_of(first)}; compared with that allowed for",
            "pass --device, so that both are compared as CPU addresses",
            second.place,
            facts={"distance": base},
        )


def file_of(table: Table) -> str:
    """How findings call the file of a table."""
    place: Place | None = table.place
    return printable(place.path if place else table.name, 200)


def _n(partition: Partition) -> str:
    return printable(partition.name)


def _where(table: Table, partition: Partition) -> str:
    return printable(str(partition.place), 200) if partition.place else file_of(table)
