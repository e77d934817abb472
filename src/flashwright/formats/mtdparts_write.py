"""A table as an ``mtdparts`` string, and what the names in such strings usually mean."""

from __future__ import annotations

import re

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.formats.mtdparts_uboot import (
    both_at_start,
    id_refused,
    part_refused,
    string_refused,
)
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

_LARGEST = 1 << 64
#: Letter behind a number -> how many bits it is shifted, as Linux's ``memparse`` does.
UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60}
_WRITABLE_NAME = re.compile(r"[^\s();\"'$]+")
_WRITABLE_ID = re.compile(r"[^\s();,\"'$]+")

#: Names that Linux and OpenWrt boards use in another sense than microcontrollers.
_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.BOOTLOADER, r"u-?boot|barebox|spl|uboot_?spl|redboot|bl[12]|fip|preloader"),
    (Role.APPLICATION, r"kernel|linux|firmware|fw|firmware1|ubi|os"),
    (Role.OTA_TEMP, r"kernel2|firmware2|fw2|alt_firmware|recovery"),
    (Role.FILESYSTEM, r"rootfs|rootfs_data|root|jffs2|filesystem|data|user|overlay"),
    (Role.KV, r"(u-?boot-?)?env|environment|config|nvram"),
    (Role.CALIBRATION, r"factory|art|eeprom|caldata|radio|board_?data|mfginfo"),
)
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """One line ``mtdparts=...``; offsets are written where Linux and U-Boot would differ."""
    if len(tables) != 1:
        message = f"an mtdparts string holds one table, not {len(tables)}"
        return Encoded(None, (error("FMT207", message, "write each to a file of its own"),))
    table = tables[0]
    findings = [f for p in table.partitions for f in unsayable(p, table)]
    if not table.partitions:
        findings.append(error("FMT207", "a table without partitions has no mtdparts string"))
    if any(f.severity is Severity.ERROR for f in findings):
        return Encoded(None, tuple(findings))
    definitions = []
    for owner in dict.fromkeys(p.owner for p in table.partitions):
        parts = written([p for p in table.partitions if p.owner == owner])
        definitions.append(f"{mtd_id_of(table, owner)}:{','.join(parts)}")
    said = ";".join(definitions)
    findings += _refused_by_uboot(table, said)
    return Encoded(f"mtdparts={said}\n".encode(), tuple(findings))


def _refused_by_uboot(table: Table, said: str) -> list[Finding]:
    """FMT205: what Linux takes of the string, and U-Boot does not."""
    findings = string_refused(len(said.encode()), table.place)
    for owner in dict.fromkeys(p.owner for p in table.partitions):
        own = [p for p in table.partitions if p.owner == owner]
        findings += id_refused(mtd_id_of(table, owner), own[0].place)
        for p in own:
            shown, flags = printable(p.name, 60), "".join(p.flags)
            findings += part_refused(shown, p.name, p.size, "", flags, p.place)
        findings += both_at_start([(printable(p.name, 60), p.start, p.place) for p in own])
    return findings


def role_of(name: str) -> Role:
    """What a partition of that name is for."""
    plain = name.lower()
    known = next((role for role, p in _PATTERNS if p.fullmatch(plain)), None)
    return known or role_by_name(name)


def written(partitions: list[Partition]) -> list[str]:
    """The partdefs of one flash; offsets where Linux and U-Boot would differ without."""
    parts = []
    linux = uboot = 0
    for index, partition in enumerate(partitions):
        start, size = partition.extent.start, partition.size
        offset = "" if start == linux == uboot else f"@{plain_number(start)}"
        unnamed = partition.attributes.get("unnamed") and partition.name == made_up_name(index)
        name = "" if unnamed else f"({partition.name})"
        read_only = "" if partition.writable else "ro"
        flags = "".join(f for f in ("lk", "slc") if f in partition.flags)
        parts.append(f"{plain_number(size)}{offset}{name}{read_only}{flags}")
        linux = start + size
        uboot += size
    return parts


def made_up_name(index: int) -> str:
    """What Linux calls the partition of that number if it has no name."""
    return f"Partition_{index:03d}"


def plain_number(value: int) -> str:
    """A size or an offset, with the largest unit that says it."""
    for unit in "mk":
        if value and value % (1 << UNITS[unit]) == 0:
            return f"{value >> UNITS[unit]}{unit}"
    return format_hex(value).lower() if value else "0"


def mtd_id_of(table: Table, owner: str) -> str:
    """What the string calls a flash."""
    ids = table.attributes.get("mtd_ids")
    said = ids.get(owner) if isinstance(ids, dict) else None
    return said if isinstance(said, str) else owner


def unsayable(partition: Partition, table: Table) -> list[Finding]:
    """What keeps a partition from being written in such a string (FMT207)."""
    shown = printable(partition.name, 60)
    place = partition.place
    found = []
    if not partition.size:
        message = f"`{shown}` has no bytes"
        found.append(error("FMT207", message, "Linux refuses a partition of size 0", place))
    if not _WRITABLE_NAME.fullmatch(partition.name):
        help = "leave out white space, brackets, quotes, `;` and `$`"
        found.append(error("FMT207", f"`{shown}` is no name for mtdparts", help, place))
    if not _WRITABLE_ID.fullmatch(mtd_id_of(table, partition.owner)):
        message = f"`{printable(partition.owner, 60)}` is no mtd-id"
        found.append(error("FMT207", message, "such as spi0.0, nor0 or nand0", place))
    if partition.extent.end >= _LARGEST:
        found.append(error("FMT207", f"`{shown}` ends past 2^64 bytes", "", place))
    return found
