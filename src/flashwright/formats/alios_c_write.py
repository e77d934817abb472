"""AliOS Things C tables, written for a release of the SDK, and a header that declares their types.

The C is `board.c` or `partition_conf.c` as releases 1.1 to 3.3 expect it: designated initialisers,
the member names of ``hal_logic_partition_t``, the symbols of that release's ``hal_partition_t``,
and ``<table>_amount`` from 2.1 on. ``alios_c_header`` is a header of our own that declares the
documented types, so that the C compiles (and can be tested) without the SDK.

Laws: reading what was written gives the same partitions; what the release cannot say is a finding;
nothing is written if a number or a flash cannot be said (FMT121, FMT122, FMT124).

``start`` is the CPU address where the flash is memory-mapped, else the offset; a table that was
read from C keeps the numbers that it had.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, error, note, warning
from flashwright.formats.alios_c_terms import OWNER_SYMBOLS, role_of_symbol, short_name
from flashwright.formats.c_source import c_string
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model import alios
from flashwright.model.table import Partition, Role, Table

_WORD = 1 << 32
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.A)

#: Releases whose headers are found under `aos/hal/`, and which export the number of entries.
_LATE = ("2.1", "3.0", "3.1", "3.3")

#: The symbols for a role, best first, where a partition has no symbol of its own.
_SYMBOLS: dict[Role, tuple[str, ...]] = {
    Role.BOOTLOADER: ("BOOTLOADER",),
    Role.SECOND_BOOT: ("2ND_BOOT", "RECOVERY"),
    Role.APPLICATION: ("APPLICATION",),
    Role.OTA_TEMP: ("OTA_TEMP",),
    Role.BOOT_RECORD: ("PARAMETER_1",),
    Role.KV: ("PARAMETER_2",),
    Role.USER: ("PARAMETER_3",),
    Role.SECURITY: ("PARAMETER_4",),
    Role.FILESYSTEM: ("SPIFFS", "LITTLEFS", "LITTLEFS2", "LITTLEFS3"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One element as it is written: ``index`` is what stands in the brackets."""

    index: str
    owner: str
    description: str
    start: int
    length: int
    options: str
    partition: Partition


def release_of(tables: tuple[Table, ...], options: WriteOptions) -> str:
    """The release to write for: as wished, or what the tables were read as, or the usual one."""
    if options.sdk:
        return options.sdk
    for table in tables:
        said = table.attributes.get("sdk") or (table.update.sdk if table.update else "")
        if isinstance(said, str) and said in alios.ENUMERATIONS:
            return said
    return alios.DEFAULT_VERSION


def unknown_release(version: str) -> Finding | None:
    """FMT124 where there is no such release."""
    if version in alios.ENUMERATIONS:
        return None
    known = ", ".join(alios.ENUMERATIONS)
    return error("FMT124", f"no AliOS Things {printable(version, 20)} is known", f"known: {known}")


def write(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The tables as one C file."""
    version = release_of(tables, options)
    wrong = unknown_release(version)
    if wrong:
        return Encoded(None, (wrong,))
    if not tables:
        return Encoded(None, (error("FMT102", "no table to write"),))
    findings: list[Finding] = []
    names = table_names(tables, findings)
    bodies = []
    beken = False
    for table, name in zip(tables, names, strict=True):
        entries, told = entries_of(table, version)
        findings.extend(told)
        beken = beken or _is_beken(table)
        bodies.append(_table(table, name, entries, version))
    if any(f.severity.word == "error" for f in findings):
        return Encoded(None, tuple(findings))
    header = "BkDriverFlash.h" if beken else header_path(version)
    text = f'#include <stddef.h>\n#include <stdint.h>\n#include "{header}"\n\n' + "\n".join(bodies)
    return Encoded(text.encode("utf-8", "replace"), tuple(findings))


def header_path(version: str) -> str:
    """The header that declares the types in that release."""
    return "aos/hal/flash.h" if version in _LATE else "hal/soc/soc.h"


def table_names(tables: tuple[Table, ...], findings: list[Finding]) -> list[str]:
    """The name of each array: that of the table if C allows it, else one made of it (FMT123)."""
    names: list[str] = []
    for table in tables:
        name = table.name
        if len(tables) == 1 and table.format != "alios-c":
            name = "hal_partitions"
        elif table.format != "alios-c" or not _IDENTIFIER.fullmatch(name):
            name = "hal_partitions_" + (re.sub(r"\W+", "_", name, flags=re.A).strip("_") or "table")
        base, number = name, 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        if name != table.name and (table.format == "alios-c" or len(tables) > 1):
            message = f"table `{printable(table.name, 60)}` is written as `{name}`"
            findings.append(
                note("FMT123", message, "names of C arrays are identifiers, and differ")
            )
        names.append(name)
    return names


def entries_of(table: Table, version: str) -> tuple[list[Entry], list[Finding]]:
    """The elements for a table, and what that release cannot say of it."""
    findings: list[Finding] = []
    entries: list[Entry] = []
    taken: dict[str, str] = {}
    for partition in table.partitions:
        index = _index(partition, table, version, taken)
        if index in taken:
            message = f"`{printable(partition.name, 60)}` and `{taken[index]}` are both {index}"
            findings.append(_at(error("FMT126", message, "give one of them another id"), partition))
        taken[index] = printable(partition.name, 60)
        findings.extend(_at(f, partition) for f in _unsayable(partition, index, table, version))
        entries.append(_entry(partition, index, table))
    return entries, findings


def start_of(partition: Partition, table: Table) -> int:
    """The number for ``partition_start_addr``."""
    if table.format == "alios-c":
        return partition.start
    flash = table.device.flash(partition.owner) if table.device else None
    if flash is None or flash.base is None:
        return partition.extent.start
    return flash.base + partition.extent.start


def _table(table: Table, name: str, entries: list[Entry], version: str) -> str:
    kind = "bk_logic_partition_t" if _is_beken(table) else "hal_logic_partition_t"
    lines = [f"const {kind} {name}[] = {{"]
    for entry in entries:
        size = format_size(entry.length)
        lines += [
            f"    [{entry.index}] = {{",
            f"        .partition_owner = {entry.owner},",
            f"        .partition_description = {entry.description},",
            f"        .partition_start_addr = {format_hex(entry.start)},",
            f"        .partition_length = {format_hex(entry.length)}, /* {size} */",
            f"        .partition_options = {entry.options},",
            "    },",
        ]
    lines.append("};")
    if version in _LATE and not _is_beken(table):
        lines += ["", f"const size_t {name}_amount = sizeof({name}) / sizeof({name}[0]);"]
    return "\n".join(lines) + "\n"


def _is_beken(table: Table) -> bool:
    return table.attributes.get("type") == "bk_logic_partition_t"


def _index(partition: Partition, table: Table, version: str, taken: dict[str, str]) -> str:
    """What stands in the brackets: the partition's own symbol, or one by its name or role."""
    own = partition.id or ""
    prefix = "BK_PARTITION_" if _is_beken(table) else alios.PREFIX
    if own.startswith(prefix) and _IDENTIFIER.fullmatch(own):
        return own
    if table.format == "alios-c" and partition.id is None and partition.index is not None:
        return str(partition.index)
    known = alios.ENUMERATIONS[version]
    name = re.sub(r"\W+", "_", partition.name.upper(), flags=re.A).strip("_") or "UNNAMED"
    candidates = (name, *_SYMBOLS.get(partition.role, ()))
    for candidate in candidates:
        fits = candidate in known and role_of_symbol(candidate) is partition.role
        if fits and prefix + candidate not in taken:
            return prefix + candidate
    custom = prefix + name
    number = 2
    while custom in taken:
        custom, number = f"{prefix}{name}_{number}", number + 1
    return custom


def _entry(partition: Partition, index: str, table: Table) -> Entry:
    owner = OWNER_SYMBOLS.get(partition.owner, "HAL_FLASH_NONE")
    read = "PAR_OPT_READ_EN" if partition.readable else "PAR_OPT_READ_DIS"
    write = "PAR_OPT_WRITE_EN" if partition.writable else "PAR_OPT_WRITE_DIS"
    description = partition.description
    if description is None and table.format != "alios-c":
        description = partition.name
    return Entry(
        index=index,
        owner=owner.replace("HAL_", "BK_") if _is_beken(table) else owner,
        description="NULL" if description is None else c_string(description),
        start=start_of(partition, table),
        length=partition.size,
        options=f"{read} | {write}",
        partition=partition,
    )


def _unsayable(partition: Partition, index: str, table: Table, version: str) -> list[Finding]:
    found: list[Finding] = []
    name = printable(partition.name, 60)
    if partition.owner not in OWNER_SYMBOLS:
        help = "AliOS Things knows embedded, spi and qspi"
        message = f"`{name}` lies in flash `{printable(partition.owner, 60)}`"
        found.append(error("FMT121", message, help))
    start = start_of(partition, table)
    for what, value in (("start", start), ("length", partition.size)):
        if value >= _WORD:
            message = f"`{name}`: {what} {format_hex(value)} does not fit a uint32_t"
            found.append(error("FMT122", message, "the largest is 0xFFFFFFFF"))
    symbolic = index.startswith(alios.PREFIX)
    if symbolic and alios.index_of(index, version) is None:
        having = [v for v, names in alios.ENUMERATIONS.items() if short_name(index) in names]
        found.append(
            (warning if having else note)(
                "FMT120",
                f"{index} is not in hal_partition_t of AliOS Things {version}",
                f"declare it at the end of the enumeration, before HAL_PARTITION_MAX: it gets the "
                f"value {len(alios.ENUMERATIONS[version])} or more"
                + (f"; releases that have it: {', '.join(having)}" if having else ""),
            )
        )
    return found


def _at(finding: Finding, partition: Partition) -> Finding:
    return finding.at(partition.place)
