"""Changing an mtdparts string where it stands, in a kernel command line or a U-Boot environment.

Only the string is replaced, everywhere it stands in the file; the rest of the file stays byte for
byte. Inside of it, partitions that did not change keep their order, their numbers with their units,
and the ``-`` of the last one; new ones follow the one that they follow in the table.

Laws: nothing changed gives the same bytes; the result is read again before it is handed out and
refused (FMT208) if it does not say the table. An environment as it lies in flash (with a checksum)
keeps its size and gets its checksum. A partition that takes the rest of a flash of unknown size
stays.

Limits: ``mtdids``, and the numbers of partitions elsewhere in the file (``root=/dev/mtdblock3``),
are not changed; that they would have to be is told (FMT209).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, note, warning
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.mtdparts_read import Definition, MtdString, Part, read
from flashwright.formats.mtdparts_write import (
    UNITS,
    made_up_name,
    mtd_id_of,
    plain_number,
    unsayable,
    written,
)
from flashwright.formats.uboot_env import is_environment, with_text
from flashwright.model.table import Partition, Table

#: Errors of the reader that keep a file from being edited; others may be what the edit mends.
_BROKEN = ("FMT200", "FMT201", "FMT226")
_NUMBER = re.compile(r"(?P<prefix>0[xX])?(?P<digits>[0-9a-fA-F]+?)(?P<unit>[kKmMgGtTpP]?)")
#: Words that name a partition by its number.
_BY_NUMBER = re.compile(r"mtdblock\d|/dev/mtd\d|ubi\.mtd=\d|mtd_\w+ *= *\d")
#: Bytes that are no UTF-8, as Python keeps them, and what the reader is shown instead.
_NO_TEXT = re.compile("[\udc80-\udcff]")


def edit(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``options.base`` with the partitions of the one table in its string."""
    base = options.base
    if base is None:
        raise ValueError("edit needs a base")
    if len(tables) != 1 or not tables[0].partitions:
        message = f"an mtdparts string holds one table with partitions, not {len(tables)} tables"
        return Encoded(None, (error("FMT207", message, "write each to a file of its own"),))
    text = base.data.decode("utf-8", "surrogateescape")
    wishes = ReadOptions(device=tables[0].device, flash_size=options.flash_size)
    decoded, strings = read(_readable(base, text), wishes)
    broken = [f for f in decoded.findings if f.code in _BROKEN]
    if "\0" in text and not is_environment(base.data):
        broken = [_refused("it is binary, and no U-Boot environment with a right checksum")]
    if broken:
        message = f"the file cannot be edited: `{printable(base.path, 200)}` has errors"
        return Encoded(None, (error("FMT208", message, "mend it first"), *broken))
    string = _string_of(tables[0], strings)
    if string is None:
        names = ", ".join(f"`{s.table}`" for s in strings)
        why = f"it has {len(strings)} different strings ({names})"
        return Encoded(None, (_refused(why, "call the table as one of them"),))
    ids = [definition.mtd_id for definition in string.definitions]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        why = f"the string has `{printable(twice, 60)}` twice"
        return Encoded(None, (_refused(why, "join its two lists first"),))
    editing = _Editing(tables[0], string, text)
    said = editing.string()
    if any(f.severity is Severity.ERROR for f in editing.findings):
        return Encoded(None, tuple(editing.findings))
    data = _replaced(base.data, text, string, said)
    if data is None:
        why = "the environment in it has no room for a longer string"
        return Encoded(None, (*editing.findings, _refused(why, "shorten another variable")))
    again, _ = read(_readable(base, data.decode("utf-8", "surrogateescape")), wishes)
    if not any(editing.says(table) for table in again.tables):
        why = "the string would not say what the table says"
        return Encoded(None, (*editing.findings, _refused(why)))
    return Encoded(data, tuple(editing.findings))


def _refused(why: str, help: str = "write the string to a new file instead") -> Finding:
    return error("FMT208", f"the file cannot be edited: {why}", help)


def _readable(base: Source, text: str) -> Source:
    return Source(base.path, _NO_TEXT.sub("?", text).encode("utf-8"), base.others)


def _string_of(table: Table, strings: Sequence[MtdString]) -> MtdString | None:
    if len(strings) == 1:
        return strings[0]
    return next((s for s in strings if s.table == table.name), None)


def _replaced(data: bytes, text: str, string: MtdString, said: str) -> bytes | None:
    """The file with ``said`` wherever the string stood."""
    for start, end in sorted(string.spans, reverse=True):
        text = text[:start] + said + text[end:]
    changed = text.encode("utf-8", "surrogateescape")
    if b"\0" not in data or changed == data:
        return changed
    return with_text(data, changed)


class _Editing:
    """One string: which of its parts are which wished partitions, and what it shall say."""

    def __init__(self, wished: Table, string: MtdString, text: str) -> None:
        self.wished, self.origin, self.text = wished, string, text
        self.findings: list[Finding] = []
        self.owners = _owners(wished, string.definitions)
        parts = [part for definition in string.definitions for part, _ in definition.parts]
        units = [part.size_said[-1] for part in parts if part.size_said[-1:].isalpha()]
        self.upper = sum(unit.isupper() for unit in units) * 2 > len(units)
        self.offset_like = next((p.offset_said for p in reversed(parts) if p.offset_said), "")
        #: Where each part is in the string, before and after, for those that stay.
        self.before: dict[int, int] = {}
        self.after: dict[int, int] = {}

    def string(self) -> str:
        """What the string shall say."""
        made = []
        number = later = 0
        used: list[Partition] = []
        for definition in self.origin.definitions:
            wishes = [
                p
                for p in self.wished.partitions
                if self.owners.get(p.owner) == definition.mtd_id and not _is_in(p, used)
            ]
            used += wishes
            rows = _rows(definition, wishes, self.findings)
            for part, _ in definition.parts:
                self.before[id(part)] = number
                number += 1
            if rows:
                made.append(f"{definition.mtd_id}:{self._definition(definition, rows)}")
            for _, found in rows:
                if found is not None:
                    self.after[id(found[0])] = later
                later += 1
        for owner in self.wished.owners:
            rest = [p for p in self.wished.partitions if p.owner == owner and not _is_in(p, used)]
            if rest:
                self.findings += [f for p in rest for f in unsayable(p, self.wished)]
                made.append(f"{mtd_id_of(self.wished, owner)}:{','.join(written(rest))}")
        self._numbers_changed()
        end = ";" if self.origin.said.endswith(";") else ""
        return ";".join(made) + end

    def _definition(self, definition: Definition, rows: Sequence[_Row]) -> str:
        linux = uboot = 0
        differing = _differing(definition)
        said = []
        for index, (wish, found) in enumerate(rows):
            last = index + 1 == len(rows)
            if wish is None:
                said.append(self._kept(found[0]) if found else "")
                continue
            start, size = wish.extent.start, wish.size
            part, present = found if found is not None else (None, None)
            same_size = present is not None and present.size == size
            rest = last and definition.flash_size is not None
            if part is not None and part.size is None and rest:
                shown = "-" if wish.extent.end == definition.flash_size else self._number(size)
            elif part is not None and part.size is not None and same_size:
                shown = part.size_said
            else:
                shown = self._number(size, part.size_said if part is not None else "")
            differed = part is not None and id(part) in differing and present is not None
            implicit = start == linux and (start == uboot or differed)
            at = self._offset(part, start, implicit=implicit)
            said.append(f"{shown}{at}{_name(wish, part, index)}{_flags(wish, part)}")
            if found is None or not _unchanged(wish, part, present):
                self.findings += unsayable(wish, self.wished)
            linux = start + size
            uboot += part.size if part is not None and part.size and same_size else size
        return ",".join(said)

    def _kept(self, part: Part) -> str:
        """A part whose place is not known, as it stands."""
        shown = printable(part.name or "-", 60)
        message = f"`{shown}` takes the rest of a flash whose size is not known: it stays"
        self.findings.append(warning("FMT203", message, "pass --flash-size or --device"))
        return _verbatim(part)

    def _offset(self, part: Part | None, start: int, *, implicit: bool) -> str:
        if part is not None and part.offset is not None:
            same = part.offset == start and part.offset_said
            return f"@{same or self._number(start, part.offset_said or '')}"
        return "" if implicit else f"@{self._number(start, self.offset_like or '')}"

    def _number(self, value: int, like: str = "") -> str:
        """A number like the one that it replaces, or like the others of the string."""
        said = _NUMBER.fullmatch(like)
        unit = said["unit"] if said else ""
        if said is None or unit:
            shift = UNITS[unit.lower()]
            if said is not None and value and value % (1 << shift) == 0:
                count = value >> shift
                return f"{said['prefix']}{count:x}{unit}" if said["prefix"] else f"{count}{unit}"
            shown = plain_number(value)
            return shown[:-1] + shown[-1].upper() if self.upper and shown[-1] in "km" else shown
        if said["prefix"]:
            upper = any(c in "ABCDEF" for c in said["digits"])
            width = len(said["digits"]) if said["digits"].startswith("0") else 1
            return f"{said['prefix']}{value:0{width}{'X' if upper else 'x'}}"
        return str(value)

    def _numbers_changed(self) -> None:
        """FMT209: partitions that stay, and get another number (/dev/mtd3)."""
        names = {
            id(part): present.name
            for definition in self.origin.definitions
            for part, present in definition.parts
            if present is not None
        }
        moved = [
            f"`{printable(names[key], 40)}` was {self.before[key]} and is {new}"
            for key, new in self.after.items()
            if key in names and self.before[key] != new
        ]
        if not moved:
            return
        outside = self.text
        for start, end in sorted(self.origin.spans, reverse=True):
            outside = outside[:start] + outside[end:]
        more = f" and {len(moved) - 6} more" if len(moved) > 6 else ""
        message = f"partitions get other numbers: {', '.join(moved[:6])}{more}"
        help = "root=/dev/mtdblockN, ubi.mtd=N and /dev/mtdN have to follow; names are safer"
        found = _BY_NUMBER.search(outside)
        if found:
            help = f"the file says `{printable(found[0], 40)}`: {help}"
        self.findings.append((warning if found else note)("FMT209", message, help))

    def says(self, table: Table) -> bool:
        """Whether a table that was read from the result is the wished one."""
        now = sorted(_said(p, p.owner) for p in table.partitions)
        ids = {d.mtd_id: d.owner for d in self.origin.definitions}
        owners = {o: ids.get(i, o) for o, i in self.owners.items()}
        return now == sorted(_said(p, owners.get(p.owner, p.owner)) for p in self.wished.partitions)


_Found = tuple[Part, Partition | None]
_Row = tuple[Partition | None, _Found | None]


def _owners(wished: Table, definitions: Sequence[Definition]) -> dict[str, str]:
    """The mtd-id of each flash of the table, where the string has one."""
    ids = {d.mtd_id for d in definitions}
    by_owner = {d.owner: d.mtd_id for d in definitions}
    owners = {}
    for owner in wished.owners:
        said = mtd_id_of(wished, owner)
        if said in ids:
            owners[owner] = said
        elif owner in by_owner:
            owners[owner] = by_owner[owner]
        elif len(wished.owners) == 1 and len(definitions) == 1:
            owners[owner] = definitions[0].mtd_id
    return owners


def _rows(
    definition: Definition, wishes: Sequence[Partition], findings: list[Finding]
) -> list[_Row]:
    """The parts that stay, in the order of the string, and new ones where the table has them."""
    pairs = _paired(definition, wishes)
    rows: list[_Row] = []
    gone = []
    for found in definition.parts:
        wish = pairs.get(id(found[0]))
        if wish is not None or found[1] is None:
            rows.append((wish, found))
        else:
            gone.append(found[1].name)
    before: Partition | None = None
    for wish in wishes:
        if not any(wish is row[0] for row in rows):
            at = next((n + 1 for n, row in enumerate(rows) if row[0] is before and before), 0)
            rows.insert(at, (wish, None))
        before = wish
    if gone:
        names = ", ".join(f"`{printable(name, 40)}`" for name in gone)
        findings.append(
            note("FMT224", f"taken out of `{printable(definition.mtd_id, 40)}`: {names}")
        )
    return rows


def _paired(definition: Definition, wishes: Sequence[Partition]) -> dict[int, Partition]:
    """By part (its ``id``): the wished partition of its name, or else the one at its place."""
    left = list(wishes)
    pairs: dict[int, Partition] = {}
    for by_name in (True, False):
        for part, present in definition.parts:
            if id(part) in pairs:
                continue
            name = present.name if present is not None else part.name
            found = next(
                (
                    w
                    for w in left
                    if (w.name == name or (w.id == name and w.id is not None))
                    or (not by_name and present is not None and w.extent == present.extent)
                ),
                None,
            )
            if found is not None:
                pairs[id(part)] = found
                left = [w for w in left if w is not found]
    return pairs


def _differing(definition: Definition) -> set[int]:
    """The parts (their ``id``) without an offset that U-Boot puts elsewhere than Linux already."""
    found = set()
    uboot = 0
    for part, present in definition.parts:
        if part.offset is None and present is not None and present.start != uboot:
            found.add(id(part))
        start = uboot if part.offset is None else part.offset
        size = part.size if part.size is not None else (definition.flash_size or start) - start
        uboot += size
    return found


def _verbatim(part: Part) -> str:
    at = "" if part.offset_said is None else f"@{part.offset_said}"
    name = "" if part.name is None else f"({part.name})"
    return f"{part.size_said}{at}{name}{part.flags}"


def _name(wish: Partition, part: Part | None, index: int) -> str:
    unnamed = part.name is None if part is not None else bool(wish.attributes.get("unnamed"))
    return "" if unnamed and wish.name == made_up_name(index) else f"({wish.name})"


def _flags(wish: Partition, part: Part | None) -> str:
    made = ("" if wish.writable else "ro") + "".join(f for f in ("lk", "slc") if f in wish.flags)
    if part is not None and sorted(made) == sorted(part.flags):
        return part.flags
    return made


def _unchanged(wish: Partition, part: Part | None, present: Partition | None) -> bool:
    return (
        present is not None
        and part is not None
        and wish.extent == present.extent
        and (wish.name == present.name)
    )


def _said(partition: Partition, owner: str) -> tuple[object, ...]:
    flags = tuple(f for f in ("lk", "slc") if f in partition.flags)
    return (owner, partition.name, str(partition.extent), partition.writable, flags)


def _is_in(partition: Partition, others: Sequence[Partition]) -> bool:
    return any(partition is other for other in others)
