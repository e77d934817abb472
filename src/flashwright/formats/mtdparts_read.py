"""Reading mtdparts, the partition string of Linux and U-Boot.

Its form is ``<mtd-id>:<size>[@<offset>][(<name>)],...``.

It is found in a kernel command line, a U-Boot environment or a text file, or stands there bare. The
table is what Linux makes of it (`drivers/mtd/parsers/cmdlinepart.c`): a partition without an offset
follows the one before it, ``-`` is the rest of the flash, what reaches past the end is cut, and of
two definitions of one mtd-id the last counts. What U-Boot makes of it is in ``mtdparts_uboot``.

Limits: 64 KiB a string, 1000 partitions; numbers from 2^64 on are refused (Linux wraps them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error, warning
from flashwright.formats.format import (
    LARGEST_TEXT,
    Decoded,
    ReadOptions,
    Source,
)
from flashwright.formats.mtdparts_find import LONGEST, places_of_strings
from flashwright.formats.mtdparts_uboot import (
    both_at_start,
    elsewhere,
    id_refused,
    part_refused,
    string_refused,
    unnamed,
)
from flashwright.formats.mtdparts_write import UNITS, made_up_name, role_of
from flashwright.model.device import Device
from flashwright.model.table import Partition, Table

_MOST = 1000
_MOST_DIFFERENT = 16
_LARGEST = 1 << 64

_UNIT = "[kKmMgGtTpPeE]?"
_NUMBER = rf"(?:0[xX][0-9a-fA-F]{{1,20}}|0[0-7]{{0,24}}(?![89])|[1-9][0-9]{{0,23}}){_UNIT}"
_PART = re.compile(
    rf"(?P<size>-|{_NUMBER})(?:@(?P<offset>{_NUMBER}|{_UNIT}))?(?:\((?P<name>[^)]*)\))?"
    r"(?P<flags>(?:ro)?(?:lk)?(?:slc)?)(?P<end>[,;]|$)"
)


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
    for start, end in places_of_strings(reading.text):
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


def _table(
    reading: _Reading, name: str, start: int, end: int
) -> tuple[Table | None, tuple[Definition, ...]]:
    if end - start > LONGEST:
        message = f"an mtdparts string of more than {LONGEST} bytes"
        reading.findings.append(error("FMT200", message, "", reading.place(start)))
        return None, ()
    partitions: list[Partition] = []
    ids: dict[str, str] = {}
    uboot: dict[str, int] = {}
    incomplete: list[str] = []
    said = _definitions(reading, start, end)
    _linux_refuses(reading, start, end)
    reading.findings += string_refused(end - start, reading.place(start))
    owners = _owners([mtd_id for mtd_id, _ in said], reading.options.device)
    definitions: list[Definition] = []
    for number, (mtd_id, parts) in enumerate(said):
        owner = owners[mtd_id]
        ids[owner] = mtd_id
        size = _flash_size(owner, reading.options, alone=len(said) == 1)
        if any(mtd_id == later for later, _ in said[number + 1 :]):
            _defined_again(reading, mtd_id, parts)
            definitions.append(Definition(mtd_id, owner, size, tuple((p, None) for p in parts)))
            continue
        if parts:
            reading.findings += id_refused(mtd_id, reading.place(parts[0].at))
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


def _linux_refuses(reading: _Reading, start: int, end: int) -> None:
    """FMT227: the string as it stands there is not what Linux gets, or Linux stops at its end."""
    said, place = reading.text[start:end], reading.place(start)
    if said.endswith(";"):
        message = "the string ends with `;`: Linux takes it as another definition, and refuses"
        reading.findings.append(warning("FMT227", message, "leave out the last `;`", place))
    rest = reading.text[end : end + 80].lstrip(" \t")
    if rest[:1] and rest[0] in ",(@;" and reading.text[end : end + 1] in (" ", "\t"):
        message = f"white space ends the string: `{printable(rest.split()[0], 40)}` is left out"
        help = "write it without white space"
        reading.findings.append(warning("FMT227", message, help, reading.place(end)))
    quoted = '"' in reading.text[max(0, start - len("mtdparts=") - 2) : start]
    if not quoted and any(char.isspace() for char in said):
        message = "a name has white space: the kernel's command line ends the string there"
        help = 'quote it ("mtdparts=..."), or write the name without'
        reading.findings.append(warning("FMT227", message, help, place))


def _defined_again(reading: _Reading, mtd_id: str, parts: list[Part]) -> None:
    names = ", ".join(f"`{printable(part.name or '-', 40)}`" for part in parts[:6])
    message = f"`{printable(mtd_id, 40)}` is defined again further on: only the last one counts"
    help = f"join them; Linux leaves out {names or 'this one'}, U-Boot refuses the string"
    at = parts[0].at if parts else 0
    reading.findings.append(error("FMT226", message, help, reading.place(at)))


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
    """A number as ``memparse`` reads it: base by prefix (0x, 0), one letter of unit; 0 without."""
    unit = ""
    if text and text[-1].lower() in UNITS and not (text[:2].lower() == "0x" and text[-1] in "eE"):
        text, unit = text[:-1], text[-1].lower()
    if text[:2].lower() == "0x":
        value = int(text, 16)
    elif text[:1] == "0":
        value = int(text, 8)
    else:
        value = int(text or "0")
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
        name = made_up_name(index) if part.name is None else part.name
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
        _tell(reading, part, name, place)
        if offset != other:
            reading.findings.append(elsewhere(owner, name, (offset, other, kept), place))
            uboot[name] = other
        linux = offset + size if flash_size is None else min(offset + kept, flash_size)
        uboot_next += size
        made.append(_partition(reading, owner, part, name, Extent.of(offset, kept), index))
    starts = [(printable(p.name, 60), p.start, p.place or reading.place(0)) for p in made]
    reading.findings += both_at_start(starts)
    return made


def _tell(reading: _Reading, part: Part, name: str, place: Place) -> None:
    """What is odd about the way a partition is written, and what U-Boot makes of it."""
    shown = printable(name, 60)
    if part.offset_said is not None and not part.offset_said[:1].isdigit():
        message = f"the offset of `{shown}` has no digits: Linux and U-Boot take it as 0"
        reading.findings.append(warning("FMT228", message, "write the offset, or no `@`", place))
    numbers = f"{part.size_said}@{part.offset_said or ''}"
    reading.findings += part_refused(shown, part.name, part.size, numbers, part.flags, place)
    if part.name is None:
        reading.findings.append(unnamed(name, part.size, part.offset, place))


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


def _owners(mtd_ids: list[str], device: Device | None) -> dict[str, str]:
    """The flash of the device that each mtd-id means; the id itself where that is not plain."""
    different = dict.fromkeys(mtd_ids)
    owners = {mtd_id: _owner(mtd_id, device, alone=len(different) == 1) for mtd_id in different}
    said = list(owners.values())
    return {i: owner if said.count(owner) == 1 else i for i, owner in owners.items()}


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
