"""Beken Armino's partition CSV (BK7236, BK7239), as TizenRT's build reads it.

Version 2 is ``Name, Type, SubType, Offset, Size, Flags``; version 1 ``Name, Offset, Size, Execute,
Read, Write``. A blank offset follows the row before it; the first row starts at 0. ``primary_X``
and ``secondary_X`` are a pair and must have one size.

Source: Samsung/TizenRT build/tools/armino/tfm_prehandle/scripts/partition.py, read for its meaning.
"""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import SizeError, format_hex, parse_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error
from flashwright.diag.page import Page, page
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.ld_memory import only_one_table
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

#: The flash that the chips can address, in bytes, and the most rows that are read.
LARGEST, MOST_ROWS = 16 << 20, 256
_BLOCK = 4096
_V2 = ("name", "type", "subtype", "offset", "size", "flags")
_V1 = ("name", "offset", "size", "execute", "read", "write")
_ROLES = {
    "bl1_control": Role.BOOTLOADER,
    "bl2": Role.BOOTLOADER,
    "bl2_b": Role.SECOND_BOOT,
    "partition": Role.PARTITION_TABLE,
    "partition_b": Role.PARTITION_TABLE,
    "boot_flag": Role.BOOT_RECORD,
    "bootparam": Role.BOOT_RECORD,
    "easyflash": Role.KV,
    "sys_rf": Role.CALIBRATION,
    "sys_its": Role.SECURITY,
    "sys_ps": Role.SECURITY,
}


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file, laid out; what the build refuses is an error."""
    findings: list[Finding] = []
    text = source.data[: 1 << 20].decode("utf-8", "replace")
    columns = _V2
    partitions: list[Partition] = []
    end = 0
    for line_number, raw in enumerate(text.splitlines(), 1):
        fields = [f.strip() for f in raw.split(",")]
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        if fields[0].lower() == "name":
            columns = _V1 if len(fields) > 3 and fields[3].lower() == "execute" else _V2
            continue
        if len(partitions) >= MOST_ROWS:
            place = Place(source.path, line_number)
            findings.append(error("FMT300", f"more than {MOST_ROWS} rows", "", place))
            break
        row = dict(zip(columns, [*fields, *[""] * 6], strict=False))
        made = _row(source.path, raw, line_number, row, columns, end, findings)
        if made is not None:
            partitions.append(made)
            end = made.extent.end
    if not partitions:
        if not findings:
            findings.append(error("FMT300", "no partition in it", "", Place(source.path)))
        return Decoded((), tuple(findings))
    table = Table(
        name="partitions",
        partitions=_paired(partitions, findings),
        device=options.device,
        format="beken-csv",
        place=Place(source.path),
        attributes={"columns": 1 if columns is _V1 else 2},
    )
    return Decoded((table,), tuple(findings))


def _row(
    path: str,
    raw: str,
    line: int,
    row: dict[str, str],
    columns: tuple[str, ...],
    end: int,
    findings: list[Finding],
) -> Partition | None:
    places = _places(path, raw, line, columns)
    shown = f"`{printable(row['name'], 40)}`"
    try:
        size = parse_size(row["size"]) if row["size"] else -1
        start = parse_size(row["offset"]) if row["offset"] else end
    except SizeError as fault:
        help = "write 4k, 0x1000 or 4096"
        message = f"offset or size of {shown} cannot be read: {fault}"
        findings.append(error("FMT300", message, help, places["size"]))
        return None
    if size < 0:
        findings.append(error("FMT300", f"{shown} has no size", "add it", places["size"]))
        return None
    if start < end:
        findings.append(
            error(
                "FMT301",
                f"{shown} starts at {format_hex(start)}, the row before it ends at "
                f"{format_hex(end)}",
                f"start it at {format_hex(end)}, or leave the offset blank",
                places["offset"],
            )
        )
    for what, value in (("start", start), ("size", size)):
        if value % _BLOCK:
            down = value // _BLOCK * _BLOCK
            message = f"the {what} {format_hex(value)} of {shown} is no multiple of 4 KiB"
            help = f"make it {format_hex(down)} or {format_hex(down + _BLOCK)}"
            place = places["offset" if what == "start" else "size"]
            findings.append(error("FMT301", message, help, place))
    if start + size > LARGEST:
        message = f"{shown} ends at {format_hex(start + size)}, beyond the 16 MiB of these chips"
        findings.append(error("FMT301", message, "shrink the layout", places["size"]))
    name = row["name"]
    writable = row.get("write", "").upper() not in ("FALSE", "0")
    kept = {f"armino_{k}": v for k, v in row.items() if k not in ("name", "offset", "size") and v}
    return Partition(
        name=name,
        role=_role(name),
        owner="embedded",
        extent=Extent.of(start, size),
        start=start,
        writable=writable or "write" not in row,
        pair=name.split("_", 1)[1] if name.startswith(("primary_", "secondary_")) else None,
        attributes={**kept, "blank_offset": not row["offset"]},
        place=places["name"],
        places={"start": places["offset"], "size": places["size"]},
    )


def _places(path: str, raw: str, line: int, columns: tuple[str, ...]) -> dict[str, Place]:
    result = {name: Place(path, line) for name in columns}
    at = 0
    for name, part in zip(columns, raw.split(","), strict=False):
        result[name] = Place(path, line, at + len(part) - len(part.lstrip()) + 1)
        at += len(part) + 1
    return result


def _role(name: str) -> Role:
    plain = name.lower()
    if plain.endswith("_manifest"):
        return Role.SECURITY
    if plain.startswith("primary_"):
        return Role.APPLICATION
    if plain.startswith("secondary_"):
        return Role.OTA_TEMP
    return _ROLES.get(plain, role_by_name(name))


def _paired(partitions: list[Partition], findings: list[Finding]) -> tuple[Partition, ...]:
    by_name = {p.name: p for p in partitions}
    result = []
    for p in partitions:
        if p.name.startswith("secondary_"):
            first = by_name.get("primary_" + p.name.removeprefix("secondary_"))
            shown = f"`{printable(p.name, 40)}`"
            if first is None:
                message = f"{shown} has no primary_ of its name"
                findings.append(error("FMT302", message, "add it, or rename this one", p.place))
            elif first.size != p.size:
                message = (
                    f"{shown} has {format_hex(p.size)} bytes, its primary {format_hex(first.size)}"
                )
                findings.append(error("FMT302", message, "make them equal", p.place_of("size")))
        if p.pair is not None and p.role is Role.SECURITY:
            p = replace(p, pair=None)
        result.append(p)
    return tuple(result)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as a CSV of version 2; into ``options.base`` only the fields that changed."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("beken-csv", tables),))
    table = tables[0]
    findings = [
        error("FMT303", f"`{printable(p.name)}` cannot be a field", "rename it", p.place)
        for p in table.partitions
        if "," in p.name or p.name != p.name.strip() or p.name.startswith("#")
    ]
    findings += [
        error("FMT303", f"`{printable(p.name)}` lies in another flash", "leave it out", p.place)
        for p in table.partitions
        if p.owner != "embedded"
    ]
    if findings:
        return Encoded(None, tuple(findings))
    if options.base is not None:
        return _into(options.base, table)
    lines = ["Name, Type, SubType, Offset, Size, Flags"]
    for p in table.partitions:
        kind = p.attributes.get("armino_type") or ("app" if p.role in _APPS else "data")
        subtype, flags = (
            p.attributes.get("armino_subtype", ""),
            p.attributes.get("armino_flags", ""),
        )
        place = f"{format_hex(p.extent.start)}, {p.size // 1024}k"
        lines.append(f"{p.name}, {kind}, {subtype}, {place}, {flags}".rstrip())
    return Encoded(("\n".join(lines) + "\n").encode(), ())


_APPS = (Role.BOOTLOADER, Role.SECOND_BOOT, Role.APPLICATION, Role.OTA_TEMP)


def _into(base: Source, table: Table) -> Encoded:
    before = decode(base, ReadOptions())
    old = {p.name: p for t in before.tables for p in t.partitions}
    if [p.name for p in table.partitions] != list(old):
        help = "write it anew, without --into"
        message = "the file to write into has other partitions, or another order"
        return Encoded(None, (error("FMT303", message, help, Place(base.path)),))
    lines = base.data.decode("utf-8", "replace").splitlines(keepends=True)
    end = 0
    for p in table.partitions:
        was = old[p.name]
        line = (was.place.line if was.place else 1) - 1
        columns = (
            _V1 if "armino_execute" in was.attributes or "armino_read" in was.attributes else _V2
        )
        parts = lines[line].split(",")
        parts += [""] * (max(columns.index("size"), columns.index("offset")) + 1 - len(parts))
        if p.extent.start != (end if was.attributes.get("blank_offset") else was.extent.start):
            parts[columns.index("offset")] = f" {format_hex(p.extent.start)}"
        if p.size != was.size:
            parts[columns.index("size")] = f" {p.size // 1024}k"
        lines[line] = ",".join(parts)
        end = p.extent.end
    return Encoded("".join(lines).encode(), ())


PAGES: tuple[Page, ...] = (
    page(
        "FMT300",
        "beken-syntax",
        Severity.ERROR,
        """A row of a Beken CSV has no size, or a number that cannot be read.""",
    ),
    page(
        "FMT301",
        "beken-place",
        Severity.ERROR,
        """A row overlaps the one before it, is not aligned to 4 KiB, or ends beyond 16 MiB.""",
    ),
    page(
        "FMT302",
        "beken-pair",
        Severity.ERROR,
        """A `secondary_` partition has no `primary_` of its name, or another size.""",
    ),
    page(
        "FMT303",
        "beken-cannot-say",
        Severity.ERROR,
        """The layout cannot be said in a Beken CSV.""",
    ),
)
