"""Reading mtdparts, the partition string of Linux and U-Boot.

Its form is ``<mtd-id>:<size>[@<offset>][(<name>)],...``.

It is found in a kernel command line, a U-Boot environment or a text file, or stands there bare. The
table is what Linux makes of it (`drivers/mtd/parsers/cmdlinepart.c`): a partition without an offset
follows the one before it, ``-`` is the rest of the flash, what reaches past the end is cut.
U-Boot's ``mtd`` command (`drivers/mtd/mtdpart.c`) forgets explicit offsets when it places the next
one: where that gives another layout, both are told (FMT202).

Limits: 64 KiB a string, 1000 partitions; what U-Boot makes of a ``-`` is not compared, nor what it
refuses for the flash's write size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, InFlash, Place, Severity, error, warning
from flashwright.formats.format import (
    LARGEST_TEXT,
    Decoded,
    ReadOptions,
    Source,
)
from flashwright.formats.mtdparts_write import UNITS, role_of
from flashwright.model.device import Device
from flashwright.model.table import Partition, Table

_LONGEST = 1 << 16
_MOST = 1000
_MOST_STRINGS = 64
_MOST_DIFFERENT = 16
_LARGEST = 1 << 64
#: U-Boot refuses smaller partitions.
_UBOOT_SMALLEST = 4096

_NUMBER = r"(?:0[xX][0-9a-fA-F]{1,20}|[0-9]{1,24})[kKmMgGtTpPeE]?"
_PART = re.compile(
    rf"(?P<size>-|{_NUMBER})(?:@(?P<offset>{_NUMBER}))?(?:\((?P<name>[^)]*)\))?"
    r"(?P<flags>(?:ro)?(?:lk)?(?:slc)?)(?P<end>[,;]|$)"
)
_START = re.compile(r"mtdparts=(?:mtdparts=)?")


@dataclass(frozen=True, slots=True)
class Part:
    """One ``<partdef>``: bytes; ``size`` is ``None`` for the rest, ``offset`` where not said.

    ``size_said`` and ``offset_said`` are the numbers as they are written.
    """

    size: int | None
    offset: int | None
    name: str | None
    flags: str
    at: int
    size_said: str = ""
    offset_said: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One ``<mtddef>``: its parts, each with its partition if its place is known."""

    mtd_id: str
    owner: str
    flash_size: int | None
    parts: tuple[tuple[Part, Partition | None], ...]


@dataclass(frozen=True, slots=True)
class MtdString:
    """A string of the file, at all the places (of the text) where it stands; its table's name."""

    table: str
    said: str
    spans: tuple[tuple[int, int], ...]
    definitions: tuple[Definition, ...]


@dataclass(slots=True)
class _Reading:
    source: Source
    text: str
    options: ReadOptions
    findings: list[Finding] = field(default_factory=list)

    def place(self, at: int) -> Place:
        """Line and column of a position in the text."""
        before = self.text[:at]
        line_start = before.rfind("\n") + 1
        return Place(self.source.path, before.count("\n") + 1, at - line_start + 1)


def decode(source: Source, options: ReadOptions) -> Decoded:
    """One table for each different ``mtdparts`` string in the file."""
    return read(source, options)[0]


def read(source: Source, options: ReadOptions) -> tuple[Decoded, list[MtdString]]:
    """The tables, and the strings that they come from, for those who edit the file."""
    if len(source.data) > LARGEST_TEXT:
        message = f"{len(source.data)} bytes; at most {LARGEST_TEXT} are read"
        return Decoded((), (error("FMT200", message, "", Place(source.path)),)), []
    reading = _Reading(source, source.data.decode("utf-8", "replace"), options)
    tables: list[Table] = []
    spans: dict[str, list[tuple[int, int]]] = {}
    strings: list[MtdString] = []
    for start, end in _strings(reading.text):
        said = reading.text[start:end]
        if said in spans:
            spans[said].append((start, end))
        elif len(spans) < _MOST_DIFFERENT:
            spans[said] = [(start, end)]
            name = "mtdparts" if not tables else f"mtdparts_{len(tables) + 1}"
            table, definitions = _table(reading, name, start, end)
            strings.append(MtdString(name, said, (), definitions))
            if table is not None:
                tables.append(table)
    if not spans:
        help = "mtdparts=<mtd-id>:<size>[@<offset>][(<name>)][ro],... is expected"
        reading.findings.append(error("FMT201", "no mtdparts string in it", help, reading.place(0)))
    strings = [replace(string, spans=tuple(spans[string.said])) for string in strings]
    return Decoded(tuple(tables), tuple(reading.findings)), strings


# Reading -----------------------------------------------------------------------------------------


def _strings(text: str) -> Iterator[tuple[int, int]]:
    """Where the strings are, without ``mtdparts=``; a file may also be one bare string."""
    match = _START.search(text)
    found = match is not None
    for _ in range(_MOST_STRINGS):
        if match is None:
            break
        end = _end(text, match.end())
        yield match.end(), end
        match = _START.search(text, end)
    if not found:
        for line in re.finditer(r"^[ \t]*([^\s#][^\n]*)$", text, re.M):
            if ":" in line[1]:
                yield line.start(1), _end(text, line.start(1))
            return


def _end(text: str, start: int) -> int:
    """A string ends at white space, quotes, a backslash (``\\0`` in C) or the end of the text.

    Names in brackets may hold spaces.
    """
    inside = False
    for at in range(start, min(len(text), start + _LONGEST + 1)):
        char = text[at]
        if char in "\"'\\\n\r\0" or (char.isspace() and not inside):
            return at
        inside = (inside or char == "(") and char != ")"
    return min(len(text), start + _LONGEST + 1)


def _table(
    reading: _Reading, name: str, start: int, end: int
) -> tuple[Table | None, tuple[Definition, ...]]:
    if end - start > _LONGEST:
        message = f"an mtdparts string of more than {_LONGEST} bytes"
        reading.findings.append(error("FMT200", message, "", reading.place(start)))
        return None, ()
    partitions: list[Partition] = []
    ids: dict[str, str] = {}
    uboot: dict[str, int] = {}
    incomplete: list[str] = []
    said = _definitions(reading, start, end)
    definitions: list[Definition] = []
    for mtd_id, parts in said:
        owner = _owner(mtd_id, reading.options.device, alone=len(said) == 1)
        ids[owner] = mtd_id
        size = _flash_size(owner, reading.options, alone=len(said) == 1)
        made = _placed(reading, owner, parts, size, incomplete, uboot)
        partitions.extend(made)
        by_index = {p.index: p for p in made}
        known = tuple((part, by_index.get(index)) for index, part in enumerate(parts))
        definitions.append(Definition(mtd_id, owner, size, known))
    if not partitions:
        return None, tuple(definitions)
    attributes: dict[str, object] = {"mtd_ids": ids}
    if uboot:
        attributes["uboot_offsets"] = uboot
    if incomplete:
        attributes["incomplete"] = tuple(incomplete)
    device, place = reading.options.device, reading.place(start)
    table = Table(name, tuple(partitions), device, None, "mtdparts", place, attributes)
    return table, tuple(definitions)


def _definitions(reading: _Reading, start: int, end: int) -> list[tuple[str, list[Part]]]:
    """The ``<mtddef>``s: the id, and the partitions; a malformed one ends the string."""
    found: list[tuple[str, list[Part]]] = []
    text, at, count = reading.text, start, 0
    while at < end:
        bracket = text.find("(", at, end)
        stop = text.find(";", at, end)
        head_end = min(p for p in (bracket, stop, end) if p >= 0)
        colon = text.rfind(":", at, head_end)
        if colon < 0 or colon == at:
            help = "an mtddef is <mtd-id>:<partdef>[,<partdef>]"
            said = printable(text[at:end], 40)
            reading.findings.append(
                error("FMT200", f"no mtd-id before `{said}`", help, reading.place(at))
            )
            return found
        parts: list[Part] = []
        found.append((text[at:colon], parts))
        at = colon + 1
        closed = False
        while not closed:
            match = _PART.match(text, at, end)
            count += 1
            if match is None or count > _MOST:
                help = "a partdef is <size>[@<offset>][(<name>)][ro][lk][slc], sizes with k, m or g"
                said = printable(text[at:end], 40)
                reading.findings.append(
                    error("FMT200", f"no partition at `{said}`", help, reading.place(at))
                )
                return found
            parts.append(_part(match, at))
            at = match.end()
            closed = match["end"] != ","
    return found


def _part(match: re.Match[str], at: int) -> Part:
    size = None if match["size"] == "-" else _bytes(match["size"])
    offset = None if match["offset"] is None else _bytes(match["offset"])
    name, flags = match["name"], match["flags"]
    return Part(size, offset, name, flags, at, match["size"], match["offset"])


def _bytes(text: str) -> int:
    """A number as ``memparse`` reads it: base by prefix (0x, 0), one letter of unit."""
    unit = ""
    if text[-1].lower() in UNITS and not (text[:2].lower() == "0x" and text[-1] in "eE"):
        text, unit = text[:-1], text[-1].lower()
    if text[:2].lower() == "0x":
        value = int(text, 16)
    elif text[0] == "0" and set(text) <= set("01234567"):
        value = int(text, 8)
    else:
        value = int(text)
    return value << UNITS[unit]


def _placed(
    reading: _Reading,
    owner: str,
    parts: list[Part],
    flash_size: int | None,
    incomplete: list[str],
    uboot: dict[str, int],
) -> list[Partition]:
    """The partitions of one flash, where Linux puts them; and where U-Boot would."""
    made: list[Partition] = []
    linux = uboot_next = 0
    for index, part in enumerate(parts):
        name = f"Partition_{index:03d}" if part.name is None else part.name
        offset = linux if part.offset is None else part.offset
        other = uboot_next if part.offset is None else part.offset
        place = reading.place(part.at)
        shown = printable(name, 60)
        if part.size is None and index + 1 < len(parts):
            message = f"`{shown}` takes the rest of the flash, and is not the last"
            help = "Linux and U-Boot refuse the whole string: give it a size"
            reading.findings.append(error("FMT206", message, help, place))
        size = part.size
        if size is None:
            if flash_size is None:
                message = f"`{shown}` takes the rest of a flash whose size is not known"
                help = "pass --flash-size or --device; the partition is left out"
                reading.findings.append(error("FMT203", message, help, place))
                incomplete.append(name)
                continue
            size = max(0, flash_size - offset)
        if offset + size >= _LARGEST:
            message = f"`{shown}` ends past 2^64 bytes"
            reading.findings.append(error("FMT200", message, "it is left out", place))
            incomplete.append(name)
            continue
        kept = _cut(reading, shown, offset, size, flash_size, place)
        _uboot_refuses(reading, part, shown, size, place)
        if offset != other and part.size is not None:
            _disagree(reading, owner, name, (offset, other, kept), place)
            uboot[name] = other
        linux = offset + kept
        uboot_next += size
        made.append(_partition(reading, owner, part, name, Extent.of(offset, kept), index))
    return made


def _cut(
    reading: _Reading, shown: str, offset: int, size: int, flash_size: int | None, place: Place
) -> int:
    """The size that Linux keeps of a partition; FMT204 and FMT206 where that is not all of it."""
    kept = size if flash_size is None else max(0, min(size, flash_size - offset))
    if kept < size and flash_size is not None:
        message = (
            f"`{shown}` ends at {format_hex(offset + size)}, past the flash of "
            f"{format_size(flash_size)}"
        )
        help = f"Linux cuts it to {format_hex(kept)} bytes with a warning; U-Boot refuses"
        reading.findings.append(error("FMT204", message, help, place))
    elif not kept:
        message = f"`{shown}` has no bytes"
        help = "Linux refuses it or passes over it: give it a size"
        reading.findings.append(error("FMT206", message, help, place))
    return kept


def _uboot_refuses(reading: _Reading, part: Part, shown: str, size: int, place: Place) -> None:
    whys = []
    if part.size is not None and 0 < size < _UBOOT_SMALLEST:
        whys.append(f"it has {size} bytes, U-Boot wants 4096 at least")
    if part.name == "":
        whys.append("its name is empty")
    flags = [f for f in ("lk", "slc") if f in part.flags]
    if flags:
        whys.append(f"it is marked `{'` and `'.join(flags)}`, which only Linux knows")
    if whys:
        message = f"U-Boot refuses `{shown}`: {'; '.join(whys)}"
        help = "give U-Boot a string of its own, or change this one"
        reading.findings.append(warning("FMT205", message, help, place))


def _disagree(
    reading: _Reading, owner: str, name: str, numbers: tuple[int, int, int], place: Place
) -> None:
    linux, uboot, size = numbers
    facts: dict[str, Fact] = {"linux": linux, "uboot": uboot, "size": size}
    reading.findings.append(
        Finding(
            "FMT202",
            Severity.WARNING,
            f"`{printable(name, 60)}` is at {format_hex(linux)} for Linux and at "
            f"{format_hex(uboot)} for U-Boot's mtd command",
            f"write its offset: `@{format_hex(linux).lower()}`",
            place,
            InFlash(owner, Extent.of(linux, size)),
            facts=facts,
        )
    )


def _partition(
    reading: _Reading, owner: str, part: Part, name: str, extent: Extent, index: int
) -> Partition:
    flags = tuple(f for f in ("lk", "slc") if f in part.flags)
    place = reading.place(part.at)
    attributes: dict[str, object] = {} if part.name is not None else {"unnamed": True}
    return Partition(
        name=name,
        role=role_of(name),
        owner=owner,
        extent=extent,
        start=extent.start,
        index=index,
        id=name,
        writable="ro" not in part.flags,
        flags=flags,
        attributes=attributes,
        place=place,
        places={"size": place, "extent": place, "start": place, "offset": place},
    )


def _owner(mtd_id: str, device: Device | None, *, alone: bool) -> str:
    """The flash of the device that an mtd-id means; the id itself where that is not plain."""
    if device is None or device.flash(mtd_id) is not None:
        return mtd_id
    flashes = [f.name for f in device.flashes]
    if alone and len(flashes) == 1:
        return flashes[0]
    kinds = [f for f in flashes if re.match(rf"{re.escape(f)}\d", mtd_id)]
    return kinds[0] if len(kinds) == 1 else mtd_id


def _flash_size(owner: str, options: ReadOptions, *, alone: bool) -> int | None:
    flash = options.device.flash(owner) if options.device else None
    if flash is not None:
        return flash.size
    return options.flash_size if alone else None
