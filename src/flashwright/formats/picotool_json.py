"""Raspberry Pi's picotool partition table JSON (RP2350).

Start and size of a partition are of one kind: erase blocks of 4 KiB if both are below 4096, else
bytes, however they are written (``"2K"`` is 2048, so 2048 blocks); ``K`` is the only unit. A
partition without a start, or whose start is the number of the next block, follows the one before
it; the first free place is 0x2000, behind the two blocks that the boot ROM may hold. Without
``permissions`` nobody has any. What picotool stops at, and a start or size that it cannot read and
takes from the stack, is an error.

Source: raspberrypi/picotool main.cpp (partition create), cli.h (integers), and
json/schemas/partition-table-schema.json; the places of a block have 13 bits (RP2350 datasheet 5.9).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, warning, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import (
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
    only_one_table,
)
from flashwright.formats.json_source import JsonDocument, parse_json
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

BLOCK, FIRST, MOST = 4096, 2 * 4096, 16
LONGEST_NAME = 127
#: Where an RP2350's flash ends for the table: 2^13 erase blocks.
LARGEST = BLOCK << 13
#: Where picotool puts the block that works round erratum RP2350-E10.
LAST_BLOCK = (16 << 20) - BLOCK
_FLAGS = (
    "no_reboot_on_uf2_download",
    "ab_non_bootable_owner_affinity",
    "ignored_during_arm_boot",
    "ignored_during_riscv_boot",
)
_FAMILIES = ("data", "absolute", "rp2040", "rp2350-arm-s", "rp2350-arm-ns", "rp2350-riscv")
_NUMBER = re.compile(r"(?:0x([0-9A-Fa-f]{1,16})|0b([01]{1,64})|([0-9]{1,20}))([kK]?)")
_APPLICATIONS = ("rp2350-arm-s", "rp2350-arm-ns", "rp2350-riscv", "rp2040")
_KEPT = (
    "families",
    "permissions",
    "link",
    "no_reboot_on_uf2_download",
    "ab_non_bootable_owner_affinity",
    "ignored_during_arm_boot",
    "ignored_during_riscv_boot",
)


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file, laid out as picotool does."""
    document = parse_json(source)
    if not isinstance(document, JsonDocument):
        return Decoded((), tuple(document))
    findings: list[Finding] = []
    data = document.data
    entries = data.get("partitions") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(entries, list):
        return Decoded((), (_fault("no list `partitions` in it", document.place()),))
    if len(entries) > MOST:
        message = f"{len(entries)} partitions, the table holds {MOST}"
        findings.append(_fault(message, document.place("partitions", MOST)))
    _unpartitioned(document, data.get("unpartitioned"), findings)
    partitions: list[Partition] = []
    at = FIRST
    for number, entry in enumerate(entries[:256]):
        found = _partition(document, number, entry, at, findings)
        if found is not None:
            partitions.append(found)
            at = found.extent.end
    table = Table(
        name="partition table",
        partitions=_linked(partitions, document, findings),
        device=options.device,
        format="picotool-json",
        place=Place(source.path),
        attributes={"version": data.get("version"), "unpartitioned": data.get("unpartitioned")},
    )
    return Decoded((table,), tuple(findings))


def _unpartitioned(document: JsonDocument, said: Any, findings: list[Finding]) -> None:
    families = said.get("families") if isinstance(said, Mapping) else None
    if not isinstance(families, list) or "absolute" not in families:
        findings.append(
            warning(
                "FMT281",
                "unpartitioned space does not accept the family `absolute`",
                "add it: without it the boot ROM cannot take an UF2 file (erratum RP2350-E10)",
                document.place("unpartitioned"),
            )
        )


def _partition(
    document: JsonDocument, number: int, entry: Any, at: int, findings: list[Finding]
) -> Partition | None:
    where = ("partitions", number)
    if not isinstance(entry, Mapping):
        findings.append(_fault(f"partition {number + 1} is no object", document.place(*where)))
        return None
    name = entry.get("name", f"partition {number}")
    if not isinstance(name, str) or len(name.encode()) > LONGEST_NAME:
        message = f"the name of partition {number + 1} is no text of up to {LONGEST_NAME} bytes"
        findings.append(_fault(message, document.place(*where, "name")))
        return None
    extent = _extent(document, where, entry, at, findings)
    if extent is None:
        return None
    _check_fields(document, number, entry, findings)
    secure = _access(entry, "secure")
    families = entry.get("families")
    is_application = isinstance(families, list) and any(f in _APPLICATIONS for f in families)
    role = role_by_name(name)
    if is_application and role is Role.CUSTOM:
        role = Role.APPLICATION
    return Partition(
        name=name,
        role=role,
        owner="embedded",
        extent=extent,
        start=extent.start,
        index=number,
        id=str(entry["id"]) if "id" in entry else None,
        readable="r" in secure,
        writable="w" in secure or "w" in _access(entry, "bootloader"),
        attributes={k: entry[k] for k in _KEPT if k in entry},
        place=document.place(*where, "name"),
        places={
            "start": document.place(*where, "start"),
            "size": document.place(*where, "size"),
        },
    )


def _access(entry: Mapping[str, Any], who: str) -> str:
    permissions = entry.get("permissions")
    said = permissions.get(who) if isinstance(permissions, Mapping) else None
    return said if isinstance(said, str) else ""


def _check_fields(
    document: JsonDocument, number: int, entry: Mapping[str, Any], findings: list[Finding]
) -> None:
    """What picotool stops at besides starts and sizes."""
    where, shown = ("partitions", number), f"partition {number}"
    families = entry.get("families")
    if not isinstance(families, list):
        message = f"{shown} has no list `families`"
        findings.append(_fault(message, document.place(*where, "families")))
    else:
        findings += [
            _fault(f"{shown} has no family `{printable(str(f), 40)}`", document.place(*where))
            for f in families
            if not _is_family(f)
        ]
    for key in _FLAGS:
        if key in entry and not isinstance(entry[key], bool):
            message = f"`{key}` of {shown} is neither true nor false"
            findings.append(_fault(message, document.place(*where, key)))
    link = entry.get("link", ["none", 0])
    if not isinstance(link, list) or not link or link[0] not in ("a", "owner", "none"):
        message = f"the link of {shown} is none of a, owner and none"
        findings.append(_fault(message, document.place(*where, "link")))
    if "id" in entry and _number(entry["id"]) is None:
        message = f"the id of {shown} is no number of 64 bits"
        findings.append(_fault(message, document.place(*where, "id")))


def _is_family(said: object) -> bool:
    plain = said.lower().replace("_", "-") if isinstance(said, str) else ""
    known = plain in _FAMILIES or plain == "cyw43-firmware"
    return known or re.fullmatch("0x0*[0-9a-f]{1,8}", plain) is not None


def _number(said: object) -> int | None:
    """A number as picotool reads it, or ``None``."""
    if isinstance(said, bool):
        return None
    if isinstance(said, int):
        return said if 0 <= said < 1 << 64 else None
    match = _NUMBER.fullmatch(said) if isinstance(said, str) else None
    if match is None:
        return None
    base, digits = next((b, d) for b, d in zip((16, 2, 10), match.groups(), strict=False) if d)
    value = int(digits, base) * (1024 if match[4] else 1)
    return value if value < 1 << 64 else None


def _extent(
    document: JsonDocument,
    where: tuple[str | int, ...],
    entry: Mapping[str, Any],
    at: int,
    findings: list[Finding],
) -> Extent | None:
    values: dict[str, int] = {}
    for key in ("start", "size"):
        if key not in entry and key == "start":
            continue
        value = _number(entry.get(key))
        if value is None:
            said = printable(str(entry.get(key, "missing")), 40)
            message = f"`{key}` of partition {where[1]} is no number that picotool reads: {said}"
            findings.append(_fault(message, document.place(*where, key)))
            return None
        values[key] = value
    next_block = at // BLOCK
    in_blocks = max(*values.values(), next_block if "start" not in values else 0) < BLOCK
    unit = BLOCK if in_blocks else 1
    follows = values.get("start", next_block) == next_block
    start = at if follows else values["start"] * unit
    size = values["size"] * unit
    if size == 0 or start + size > LARGEST:
        message = f"partition {where[1]} is empty, or ends beyond {format_hex(LARGEST)}"
        findings.append(_fault(message, document.place(*where, "size")))
        return None
    for key, value in (("start", start), ("size", size)):
        if value % BLOCK:
            findings.append(
                error(
                    "FMT282",
                    f"the {key} {format_hex(value)} is no multiple of 4 KiB",
                    f"make it {format_hex(value // BLOCK * BLOCK)} or "
                    f"{format_hex(-(-value // BLOCK) * BLOCK)}",
                    document.place(*where, key),
                )
            )
    if start <= LAST_BLOCK < start + size:
        message = f"partition {where[1]} covers the block {format_hex(LAST_BLOCK)} of erratum E10"
        help = f"end it at {format_hex(LAST_BLOCK)}: picotool stops, unless built without E10's fix"
        findings.append(warning("FMT281", message, help, document.place(*where, "size")))
    return Extent.of(start, size)


def _linked(
    partitions: list[Partition], document: JsonDocument, findings: list[Finding]
) -> tuple[Partition, ...]:
    """With the pairs that ``link: ["a", N]`` makes."""
    from dataclasses import replace

    result = list(partitions)
    place_of = {p.index: n for n, p in enumerate(result)}
    for partition in partitions:
        link = partition.attributes.get("link")
        if not isinstance(link, list) or not link or link[0] == "none":
            continue
        target = place_of.get(link[1]) if len(link) == 2 and isinstance(link[1], int) else None
        where = document.place("partitions", partition.index or 0, "link")
        if target is None:
            message = f"`{printable(partition.name)}` is linked to a partition that is not there"
            findings.append(_fault(message, where))
        elif link[0] == "a":
            first, second = result[target], place_of[partition.index]
            pair = f"{first.name}/{partition.name}"
            result[target] = replace(first, pair=pair)
            role = Role.OTA_TEMP if first.role is Role.APPLICATION else partition.role
            result[second] = replace(result[second], pair=pair, role=role)
    return tuple(result)


def _fault(message: str, place: Place) -> Finding:
    return error("FMT280", message, "see picotool's partition-table-schema.json", place)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as JSON; in ``options.base``, if given, only what changed is written."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("picotool-json", tables),))
    table = tables[0]
    findings = _cannot_say(table)
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    if options.base is not None:
        return _into(options.base, table, findings)
    permissions = {"secure": "rw", "nonsecure": "rw", "bootloader": "rw"}
    whole = {
        "version": table.attributes.get("version") or [1, 0],
        "unpartitioned": table.attributes.get("unpartitioned")
        or {"families": ["absolute"], "permissions": permissions},
        "partitions": [_entry(table, p) for p in table.partitions],
    }
    return Encoded(
        (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode(), tuple(findings)
    )


def _cannot_say(table: Table) -> list[Finding]:
    findings = []
    for p in table.partitions:
        shown = f"`{printable(p.name)}`"
        if p.extent.start % BLOCK or p.size % BLOCK:
            message = f"{shown} does not begin and end at a multiple of 4 KiB"
            findings.append(error("FMT282", message, "align it", p.place))
        if len(p.name) > LONGEST_NAME:
            findings.append(error("FMT283", f"{shown} has a name that is too long", "", p.place))
    owners = {p.owner for p in table.partitions}
    if len(owners) > 1:
        names = ", ".join(sorted(owners))
        message = f"the table knows one flash, the layout uses {names}"
        findings.append(error("FMT283", message, "leave the others out"))
    if len(table.partitions) > MOST:
        message = f"{len(table.partitions)} partitions, the table holds {MOST}"
        findings.append(error("FMT283", message, "join partitions"))
    return findings


def _entry(table: Table, partition: Partition) -> dict[str, Any]:
    kept = {k: partition.attributes[k] for k in _KEPT if k in partition.attributes}
    access = ("r" if partition.readable else "") + ("w" if partition.writable else "")
    said = {"secure": access, "nonsecure": access, "bootloader": "rw"}
    is_image = partition.role in (Role.APPLICATION, Role.OTA_TEMP, Role.FACTORY)
    entry: dict[str, Any] = {"name": partition.name}
    if partition.id is not None and partition.id.isdigit():
        entry["id"] = int(partition.id)
    entry["start"] = _size(partition.extent.start)
    entry["size"] = _size(partition.size)
    entry["families"] = ["rp2350-arm-s"] if is_image else ["data"]
    entry["permissions"] = said
    if partition.role is Role.OTA_TEMP:
        first = next(
            (n for n, p in enumerate(table.partitions) if p.role is Role.APPLICATION), None
        )
        if first is not None:
            entry["link"] = ["a", first]
    return {**entry, **kept}


def _size(size: int) -> str:
    return f"{size >> 10}K"


def _into(base: Source, table: Table, findings: list[Finding]) -> Encoded:
    document = parse_json(base)
    if not isinstance(document, JsonDocument):
        return Encoded(None, (*findings, *document))
    before = decode(base, ReadOptions())
    old = {p.name: p for t in before.tables for p in t.partitions}
    if [p.name for p in table.partitions] != list(old):
        help = "write it anew, without --into"
        message = "the file to write into has other partitions, or another order"
        return Encoded(None, (*findings, error("FMT283", message, help, Place(base.path))))
    changes: dict[tuple[str | int, ...], str] = {}
    for number, p in enumerate(table.partitions):
        was = old[p.name].extent
        for key, changed, value in (
            ("start", was.start != p.extent.start, p.extent.start),
            ("size", was.size != p.size, p.size),
        ):
            path = ("partitions", number, key)
            if changed and path in document.spots:
                said = document.data["partitions"][number]
                numbers = [_number(said[k]) or 0 for k in ("start", "size") if k in said]
                in_blocks = max(numbers) < BLOCK
                changes[path] = str(value // BLOCK) if in_blocks else f'"{_size(value)}"'
    text = document.edited(changes)
    after = decode(Source(base.path, text.encode()), ReadOptions())
    if [p.extent for t in after.tables for p in t.partitions] != [
        p.extent for p in table.partitions
    ]:
        help = "give every partition a start in it, or write it anew without --into"
        message = "a partition of the file follows the one before it and cannot be moved alone"
        return Encoded(None, (*findings, error("FMT283", message, help, Place(base.path))))
    return Encoded(text.encode(), tuple(findings))


PAGES: tuple[Page, ...] = (
    page(
        "FMT280",
        "picotool-syntax",
        Severity.ERROR,
        """A picotool partition file lacks something, or has a value of the wrong kind.""",
    ),
    page(
        "FMT281",
        "picotool-absolute",
        Severity.WARNING,
        """Unpartitioned space does not accept the UF2 family `absolute`, or has no room for E10.

        ## Why it matters
        The boot ROM of the RP2350 needs it to accept a download at all (erratum E10).
        """,
    ),
    page(
        "FMT282",
        "picotool-unaligned",
        Severity.ERROR,
        """A partition of an RP2350 does not begin or end at a multiple of 4 KiB.""",
    ),
    page(
        "FMT283",
        "picotool-cannot-say",
        Severity.ERROR,
        """The layout cannot be said in a picotool partition table.

        ## Why it matters
        It holds up to 16 partitions of one flash, with names of up to 127 characters.
        """,
    ),
)
