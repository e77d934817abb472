"""``sync``: do a board's several files describe the same layout?

Partitions of two files are the same if they have the same name, a name that another ecosystem gives
the same thing (`slot0_partition`, `mcuboot_primary`, `HAL_PARTITION_APPLICATION`), or else the same
bytes. Places are compared as CPU addresses where both sides know them, otherwise as offsets; one
constant distance between all pairs of two files (a base address that one of them leaves out) is
said and then allowed for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash, Place, Severity
from flashwright.diag.page import Page, page
from flashwright.model.table import Partition, Table

#: Names of one thing in different ecosystems, in their plain form (`_plain`).
_ALIASES: tuple[frozenset[str], ...] = (
    frozenset({"boot", "bootloader", "mcuboot", "bl"}),
    frozenset(
        {"slot0", "image_0", "mcuboot_primary", "primary", "application", "app", "ota_0", "app0"}
    ),
    frozenset(
        {"slot1", "image_1", "mcuboot_secondary", "secondary", "ota_temp", "ota", "download"}
        | {"ota_1", "app1"}
    ),
    frozenset({"scratch", "image_scratch", "mcuboot_scratch"}),
    frozenset({"parameter_1", "otadata", "ota_data", "boot_record"}),
    frozenset({"parameter_2", "kv", "nvs", "storage", "settings_storage", "settings", "kvdb"}),
)

#: Formats that describe only the part of the layout that they need.
_PARTIAL = frozenset({"ld-memory"})


@dataclass(frozen=True, slots=True)
class Pair:
    """The same partition in two files."""

    first: Partition
    second: Partition


def sync(tables: tuple[Table, ...]) -> tuple[Finding, ...]:
    """Every disagreement of each table with the first one, with both places."""
    findings: list[Finding] = []
    for other in tables[1:]:
        findings.extend(disagreements(tables[0], other))
    return tuple(findings)


def disagreements(first: Table, second: Table) -> list[Finding]:
    """Where two tables say different things about the same partitions."""
    pairs, only_first, only_second = paired(first, second)
    shift = _distance(first, second, pairs)
    findings = []
    if shift:
        findings.append(_shifted(first, second, shift))
    for pair in pairs:
        findings.extend(_differences(first, second, pair, shift))
    if not {first.format, second.format} & _PARTIAL:
        findings.extend(_alone(second, p) for p in only_first)
        findings.extend(_alone(first, p) for p in only_second)
    return findings


def paired(first: Table, second: Table) -> tuple[list[Pair], list[Partition], list[Partition]]:
    """The pairs of two tables, and what each has alone."""
    left = [p for p in first.partitions if p.extent]
    right = [p for p in second.partitions if p.extent]
    pairs: list[Pair] = []
    for key in (_same_name, _same_meaning, _same_bytes):
        for partition in list(left):
            matches = [p for p in right if key(partition, p)]
            if len(matches) == 1:
                pairs.append(Pair(partition, matches[0]))
                left.remove(partition)
                right.remove(matches[0])
    order = {id(p): n for n, p in enumerate(first.partitions)}
    pairs.sort(key=lambda pair: order[id(pair.first)])
    return pairs, left, right


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    plain = name.lower().replace("-", "_").replace(" ", "_")
    plain = re.sub(r"^(hal_partition|bk_partition|flash_area|partition)_", "", plain)
    return re.sub(r"_(partition|ns)$", "", plain)


def _same_name(a: Partition, b: Partition) -> bool:
    return _plain(a.name) == _plain(b.name)


def _same_meaning(a: Partition, b: Partition) -> bool:
    return any(_plain(a.name) in group and _plain(b.name) in group for group in _ALIASES)


def _same_bytes(a: Partition, b: Partition) -> bool:
    return a.extent == b.extent and a.owner == b.owner


def _position(table: Table, partition: Partition) -> tuple[bool, int]:
    """Whether the CPU address is known, and the address or else the offset."""
    flash = table.device.flash(partition.owner) if table.device else None
    address = flash.address(partition.extent.start) if flash else None
    return (False, partition.extent.start) if address is None else (True, address)


def _apart(first: Table, second: Table, pair: Pair) -> int:
    a, b = _position(first, pair.first), _position(second, pair.second)
    if a[0] and b[0]:
        return b[1] - a[1]
    return pair.second.extent.start - pair.first.extent.start


def _distance(first: Table, second: Table, pairs: list[Pair]) -> int:
    """The base address that one file leaves out: the distance of at least two thirds of pairs."""
    if first.device and second.device:
        return 0
    counts = Counter(_apart(first, second, pair) for pair in pairs)
    if not counts:
        return 0
    distance, times = counts.most_common(1)[0]
    return (
        distance if times >= 2 and times * 3 >= len(pairs) * 2 and abs(distance) >= 1 << 16 else 0
    )


def _differences(first: Table, second: Table, pair: Pair, shift: int) -> Iterator[Finding]:
    a, b = pair.first, pair.second
    moved = _apart(first, second, pair) - shift
    if moved:
        here, there = _position(first, a)[1], _position(second, b)[1]
        yield _disagreement(
            "SYN101",
            f"`{_n(a)}` starts at {format_hex(here)}, {_where(second, b)} has it at "
            f"{format_hex(there)}",
            f"{format_hex(abs(moved))} {'higher' if moved > 0 else 'lower'}; make both agree",
            pair,
            "extent",
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


def _disagreement(code: str, message: str, help: str, pair: Pair, what: str) -> Finding:
    field = "start" if what == "extent" else what
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
        f"`{_n(partition)}` at {partition.extent} is not in {_file(there)}",
        "add it there, or remove it here; software built from the other file does not know it",
        partition.place,
        InFlash(partition.owner, partition.extent),
        facts={"partition": partition.name},
    )


def _shifted(first: Table, second: Table, shift: int) -> Finding:
    return Finding(
        "SYN104",
        Severity.NOTE,
        f"{_file(second)} counts from {format_hex(shift)} bytes "
        f"{'above' if shift > 0 else 'below'} {_file(first)}; compared with that allowed for",
        "pass --device, so that both are compared as CPU addresses",
        second.place,
        facts={"distance": shift},
    )


def _n(partition: Partition) -> str:
    return printable(partition.name)


def _file(table: Table) -> str:
    place: Place | None = table.place
    return printable(place.path if place else table.name, 200)


def _where(table: Table, partition: Partition) -> str:
    return printable(str(partition.place), 200) if partition.place else _file(table)


PAGES: tuple[Page, ...] = (
    page(
        "SYN101",
        "files-disagree-on-place",
        Severity.ERROR,
        """Two files of one board put the same partition at different places.

        ## Why it matters
        Each file feeds another part of the build: the bootloader, the application's linker script,
        the update tool. The device works on the desk and fails at its first update.
        """,
    ),
    page(
        "SYN102",
        "files-disagree-on-size",
        Severity.ERROR,
        """Two files of one board give the same partition different sizes.

        ## Why it matters
        The linker accepts an image that the bootloader refuses, or one part erases what another
        part still uses.
        """,
    ),
    page(
        "SYN103",
        "only-in-one-file",
        Severity.WARNING,
        """A partition is described in one of the files only.

        ## Why it matters
        Software built from the other file may use its bytes for something else.
        """,
    ),
    page(
        "SYN104",
        "different-base",
        Severity.NOTE,
        """One file writes CPU addresses and the other offsets; all pairs differ by one constant.

        ## How to fix
        Pass `--device`, so that both are compared as CPU addresses.
        """,
    ),
)
