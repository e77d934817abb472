"""How a Beken CSV is read: dialects, numbers, names, what the packager refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import SizeError, format_hex, format_size, parse_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error, warning
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

#: Bytes that the packager lets a layout have; ``auto`` takes FLASH_CAPACITY, 8 MiB unless given.
LARGEST, USUAL_CAPACITY = 16 << 20, 8 << 20
MOST_ROWS = 256
_BLOCK = 4096
#: Bytes of a name in the packager's binary table; a longer one shifts all that follows.
LONGEST_NAME = 20
#: Where secure code may end: the border's granule, plain and with a CRC in each 34 bytes.
BORDERS = (64 << 10, 68 << 10)

#: The columns, and the header of each dialect.
V2 = ("name", "type", "subtype", "offset", "size", "flags")
V1 = ("name", "offset", "size", "execute", "read", "write")
HEADS = {
    "v2": "Name, Type, SubType, Offset, Size, Flags",
    "v1": "Name, Offset, Size, Execute, Read, Write",
    "auto": "#Name, Offset, Size, Execute, Read, Write",
}
_RESERVED = ("primary_all", "secondary_all", "all")
_MANIFESTS = ("primary_manifest", "secondary_manifest")
_UNPAIRED = ("bl1_control", "boot_flag", "bl2", "bl2_B", "ota", *_MANIFESTS)
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


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    path: str
    dialect: str = "v2"
    capacity: int = USUAL_CAPACITY
    end: int = 0
    partitions: list[Partition] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file, laid out; what the build refuses is an error."""
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = source.data.count(b"\n", 0, fault.start) + 1
        found = error("FMT300", "not UTF-8 text", "save it as UTF-8", Place(source.path, line))
        return Decoded((), (found,))
    reading = _Reading(source.path)
    for number, raw in enumerate(text.splitlines(), 1):
        if len(reading.partitions) >= MOST_ROWS or len(reading.findings) >= MOST_ROWS:
            place = Place(source.path, number)
            reading.findings.append(error("FMT300", f"more than {MOST_ROWS} rows", "", place))
            break
        _line(reading, raw, number)
    if not reading.partitions:
        if not reading.findings:
            help = f"a row is {HEADS['v2']}"
            reading.findings.append(error("FMT300", "no partition in it", help, Place(source.path)))
        return Decoded((), tuple(reading.findings))
    _check_capacity(reading)
    if reading.dialect != "auto":
        _check_packager(reading)
    table = Table(
        name="partitions",
        partitions=_paired(reading),
        device=options.device,
        format="beken-csv",
        place=Place(source.path),
        attributes={"dialect": reading.dialect, "capacity": reading.capacity},
    )
    return Decoded((table,), tuple(reading.findings))


def _line(reading: _Reading, raw: str, number: int) -> None:
    """A header, which may be a comment; a capacity; a row; or nothing."""
    fields = [f.strip() for f in raw.split(",")]
    bare = [fields[0].lstrip("#").strip().lower(), *(f.lower() for f in fields[1:])]
    if bare[0] == "name" and len(bare) > 3:
        reading.dialect = "v1" if bare[3] == "execute" else "v2"
    elif not raw.strip() or raw.lstrip().startswith("#"):
        return
    elif "FLASH_CAPACITY" in raw:
        _capacity(reading, raw, Place(reading.path, number))
    else:
        if reading.dialect != "v2" or (len(bare) > 3 and bare[3] in ("code", "data")):
            reading.dialect = "auto" if bare[3:4] in (["code"], ["data"]) else "v1"
        columns = V2 if reading.dialect == "v2" else V1
        row = dict(zip(columns, [*fields, *[""] * 6], strict=False))
        made = _row(reading, row, _places(reading.path, raw, number, columns))
        if made is not None:
            reading.partitions.append(made)
            reading.end = made.extent.end


def _capacity(reading: _Reading, raw: str, place: Place) -> None:
    try:
        reading.capacity = parse_size(raw.partition("=")[2].strip())
    except SizeError as fault:
        message = f"FLASH_CAPACITY is {fault}"
        reading.findings.append(error("FMT300", message, "write FLASH_CAPACITY=8M", place))


def _places(path: str, raw: str, line: int, columns: tuple[str, ...]) -> dict[str, Place]:
    result = {name: Place(path, line) for name in columns}
    at = 0
    for name, part in zip(columns, raw.split(","), strict=False):
        result[name] = Place(path, line, at + len(part) - len(part.lstrip()) + 1)
        at += len(part) + 1
    return result


def _row(reading: _Reading, row: dict[str, str], places: dict[str, Place]) -> Partition | None:
    name = row["name"]
    start, size = _offset(reading, row, places), _size(reading, row, places)
    kind = _kind(reading, row, places)
    if start is None or size is None or kind is None:
        return None
    kept = {k: v for k, v in row.items() if k not in ("name", "offset", "size") and v}
    return Partition(
        name=name,
        role=_role(name),
        owner="embedded",
        extent=Extent.of(start, size),
        start=start,
        readable=row.get("read", "").lower() != "false",
        writable=row.get("write", "").lower() != "false",
        attributes={**kept, "code": kind == "app", "blank_offset": not row["offset"]},
        place=places["name"],
        places={"start": places["offset"], "size": places["size"]},
    )


def _offset(reading: _Reading, row: dict[str, str], places: dict[str, Place]) -> int | None:
    said, place = row["offset"], places["offset"]
    if not said:
        return reading.end
    if not re.fullmatch(r"(?:0x)?[0-9a-f]{1,8}", said, re.I):
        message = f"the offset `{printable(said, 30)}` is no hexadecimal number"
        reading.findings.append(error("FMT300", message, "write it as 0x1000, or nothing", place))
        return None
    value = int(said, 16)
    if not said.lower().startswith("0x") and value > 9:
        message = f"the offset `{said}` is read as {format_hex(value)}: offsets are hexadecimal"
        reading.findings.append(warning("FMT304", message, f"write {format_hex(value)}", place))
    return value


def _size(reading: _Reading, row: dict[str, str], places: dict[str, Place]) -> int | None:
    said, place = row["size"], places["size"]
    shown = f"`{printable(row['name'], 40)}`"
    if not said:
        reading.findings.append(error("FMT300", f"{shown} has no size", "write 4k", place))
        return None
    if reading.dialect == "auto":
        try:
            return parse_size(said)
        except SizeError as fault:
            message = f"the size `{printable(said, 30)}` is {fault}"
            reading.findings.append(error("FMT300", message, "write 4k or 0x1000", place))
            return None
    match = re.fullmatch(r"([0-9]{1,10})\s*([bkmg])", said, re.I)
    if match is None:
        message = f"the size `{printable(said, 30)}` is no decimal number with b, k, M or G"
        help = "write 4k or 4096b: the packager stops at a size without a unit, reads 0x10k as 0"
        reading.findings.append(error("FMT300", message, help, place))
        return None
    return int(match[1]) << {"b": 0, "k": 10, "m": 20, "g": 30}[match[2].lower()]


def _kind(reading: _Reading, row: dict[str, str], places: dict[str, Place]) -> str | None:
    """``app`` or ``data``, ``None`` for what no dialect has."""
    if reading.dialect == "v2":
        if row["type"] in ("app", "data"):
            return row["type"]
        message = f"the type `{printable(row['type'], 30)}` is neither app nor data"
        reading.findings.append(error("FMT300", message, "write app or data", places["type"]))
        return None
    said = row["execute"].lower()
    if said == "true" and row["execute"] != "TRUE":
        message = f"Execute is `{row['execute']}`: the packager takes only TRUE for code"
        help = "write TRUE for code, FALSE for data"
        reading.findings.append(warning("FMT304", message, help, places["execute"]))
        return "data"
    if said in ("true", "code"):
        return "app"
    if said in ("false", "data"):
        return "data"
    message = f"Execute is `{printable(row['execute'], 30)}`"
    help = "write code or data, or TRUE or FALSE"
    reading.findings.append(error("FMT300", message, help, places["execute"]))
    return None


def _role(name: str) -> Role:
    plain = name.lower()
    if plain.endswith("_manifest"):
        return Role.SECURITY
    if plain.startswith("primary_"):
        return Role.APPLICATION
    if plain.startswith("secondary_"):
        return Role.OTA_TEMP
    return _ROLES.get(plain, role_by_name(name))


def _check_capacity(reading: _Reading) -> None:
    """Every start and size is a multiple of 4 KiB, and all lies in the flash."""
    auto = reading.dialect == "auto"
    limit = reading.capacity if auto else LARGEST
    for p in reading.partitions:
        shown = f"`{printable(p.name, 40)}`"
        for what, value in (("start", p.extent.start), ("size", p.size)):
            if value % _BLOCK:
                down = value // _BLOCK * _BLOCK
                message = f"the {what} {format_hex(value)} of {shown} is no multiple of 4 KiB"
                help = f"make it {format_hex(down)} or {format_hex(down + _BLOCK)}"
                reading.findings.append(error("FMT301", message, help, p.place_of(what)))
        if p.extent.end > limit:
            message = f"{shown} ends at {format_hex(p.extent.end)}, beyond {format_size(limit)}"
            help = "raise FLASH_CAPACITY, or shrink the layout" if auto else "shrink the layout"
            reading.findings.append(error("FMT301", message, help, p.place_of("size")))
        elif auto and p.size == 0:
            reading.findings.append(error("FMT301", f"{shown} is empty", "", p.place_of("size")))


def _check_packager(reading: _Reading) -> None:
    """The rows ascend from 0, and have names that the packager takes."""
    end, before = 0, ""
    for p in reading.partitions:
        start = p.extent.start
        if not before and start:
            message = f"the first partition starts at {format_hex(start)}, not at 0"
            help = "begin with what lies at 0, such as bl1_control"
            reading.findings.append(error("FMT301", message, help, p.place_of("start")))
        elif start < end:
            message = (
                f"`{printable(p.name, 40)}` starts at {format_hex(start)}, "
                f"`{printable(before, 40)}` before it ends at {format_hex(end)}"
            )
            help = f"start it at {format_hex(end)}, or leave the offset blank"
            reading.findings.append(error("FMT301", message, help, p.place_of("start")))
        if p.name == "primary_tfm_s":
            _check_border(reading, p)
        _check_name(reading, p)
        end, before = p.extent.end, p.name or "the row"


def _check_border(reading: _Reading, secure: Partition) -> None:
    if any(secure.extent.end % granule == 0 for granule in BORDERS):
        return
    sizes = [-(-secure.extent.end // g) * g - secure.extent.start for g in BORDERS]
    message = (
        f"secure code ends at {format_hex(secure.extent.end)}, which is no multiple of 64 KiB "
        "(68 KiB with CRC)"
    )
    help = f"make primary_tfm_s {format_size(sizes[0])} ({format_size(sizes[1])} with CRC) long"
    reading.findings.append(error("FMT306", message, help, secure.place_of("size")))


def _check_name(reading: _Reading, p: Partition) -> None:
    shown = f"`{printable(p.name, 40)}`"
    paired = "primary_" in p.name or "secondary_" in p.name
    message = help = ""
    if p.name in _RESERVED or not p.name:
        message, help = f"the name {shown} is reserved", "take another one"
    elif paired and not p.attributes["code"] and p.name not in _MANIFESTS:
        message = f"{shown} is data: primary_ and secondary_ are for code"
        help = "rename it, or make it app"
    elif p.attributes["code"] and not paired and p.name not in _UNPAIRED:
        message = f"{shown} is code, and its name has neither primary_ nor secondary_"
        help = f"call it primary_{printable(p.name, 40)}, or make it data"
    elif len(p.name.encode()) > LONGEST_NAME:
        message = f"{shown} has more than {LONGEST_NAME} bytes and shifts the binary table"
        help = "shorten it"
    if message:
        reading.findings.append(error("FMT305", message, help, p.place))


def _paired(reading: _Reading) -> tuple[Partition, ...]:
    """With the pairs; a second slot needs its first one before it, of the same size."""
    seen: dict[str, Partition] = {}
    result = []
    for p in reading.partitions:
        prefix, _, rest = p.name.partition("_")
        if prefix in ("primary", "secondary") and rest and p.role is not Role.SECURITY:
            p = replace(p, pair=rest)
        if p.name.startswith("secondary_") and reading.dialect != "auto":
            first = seen.get(f"primary_{rest}")
            shown = f"`{printable(p.name, 40)}`"
            if first is None:
                message = f"{shown} has no primary_ of its name before it"
                reading.findings.append(error("FMT302", message, "add it before it", p.place))
            elif first.size != p.size:
                message = (
                    f"{shown} has {format_hex(p.size)} bytes, its primary {format_hex(first.size)}"
                )
                place = p.place_of("size")
                reading.findings.append(error("FMT302", message, "make them equal", place))
        seen.setdefault(p.name, p)
        result.append(p)
    return tuple(result)
