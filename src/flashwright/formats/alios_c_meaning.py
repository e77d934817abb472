"""What the members of one C table mean: its entries as partitions.

A partition stands in the table only if its place is known (see ``alios_c_read`` for the laws).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, Place, Severity, error, warning
from flashwright.formats.alios_c_raw import Cell, RawEntry, RawReading, RawTable, owner_of
from flashwright.formats.alios_c_terms import (
    BLOCK,
    OWNERS,
    READ_EN,
    WRITE_EN,
    Kind,
    plain_name,
    role_of_description,
    role_of_standard_name,
    role_of_symbol,
    short_name,
    version_for,
)
from flashwright.formats.c_source import CText, walk
from flashwright.formats.c_value import Unknown
from flashwright.formats.format import ReadOptions
from flashwright.model import alios
from flashwright.model.device import Device
from flashwright.model.table import Partition, Role, Table

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = 1 << 32
#: From here on numbers are taken for CPU addresses where no device tells (STM32, Kinetis, i.MX).
_CPU_ADDRESSES = 0x0800_0000


class Meaning:
    """One raw table read as partitions; ``findings`` tells what could not be."""

    def __init__(
        self, text: CText, raw: RawTable, reading: RawReading, options: ReadOptions
    ) -> None:
        self.text = text
        self.raw = raw
        self.reading = reading
        self.device = options.device
        self.defines = options.defines
        self.defines = options.defines
        self.findings: list[Finding] = []
        symbols = [k for k in map(self.symbol_of, raw.entries.values()) if k]
        known = options.sdk in alios.ENUMERATIONS
        self.version = options.sdk if known else version_for(symbols)

    def table(self) -> Table | None:
        """The table, ``None`` if no partition of it has a place."""
        raw = self.raw
        for node, why in raw.strange[:20]:
            said = printable(" ".join(self.text.said(node).split()), 60)
            self.tell(
                warning("FMT110", f"`{said}` is passed over: {why}", "", self.text.place(node))
            )
        if raw.initializer is not None and raw.initializer.has_error:
            place = self.text.place(_first_error(raw.initializer))
            self.tell(error("FMT107", "syntax error in the table: parts of it are lost", "", place))
        if raw.conditional:
            self.tell(self.conditional())
        partitions: list[Partition] = []
        absent: list[str] = []
        incomplete: list[str] = []
        for entry in raw.entries.values():
            made = self.partition(entry)
            if isinstance(made, Partition):
                partitions.append(made)
            else:
                (incomplete if made else absent).append(self.label(entry))
        if not partitions:
            return None
        attributes: dict[str, object] = {
            "type": raw.type_name.split()[-1],
            "dialect": "+".join(sorted(raw.styles)) or "designated",
            "sdk": self.version,
        }
        # What `-D` says of the KV store is for its rule; the table itself never uses it.
        attributes.update(
            {k: v for k, v in sorted(self.defines.items()) if k.startswith("KV_CONFIG_")}
        )
        if absent:
            attributes["absent"] = tuple(absent)
        if incomplete:
            attributes["incomplete"] = tuple(incomplete)
        present = [p.start for p in partitions if p.extent]
        if self.device is None and present and min(present) >= _CPU_ADDRESSES:
            attributes["addresses"] = "cpu"
        return Table(
            name=raw.name,
            partitions=tuple(partitions),
            device=self.device,
            format="alios-c",
            place=self.text.place(raw.node),
            attributes=attributes,
        )

    def partition(self, entry: RawEntry) -> Partition | bool:
        """A partition; ``False`` where the entry says "absent", ``True`` where it has no place."""
        cells = entry.cells
        self.set_twice(entry)
        owner = self.owner(entry)
        start, length, unit = self.number(entry, "start"), self.number(entry, "length"), 1
        if self.raw.kind is Kind.BLOCKS:
            start, length = self.number(entry, "block_start"), self.number(entry, "block_count")
            unit = BLOCK
        if owner == "none" and length == 0:
            return False
        if isinstance(start, Unknown) or isinstance(length, Unknown) or owner is None:
            self.needs(entry, start, length)
            return True
        start, length = start * unit, length * unit
        options = (
            self.number(entry, "options") if self.raw.kind is Kind.LOGIC else READ_EN | WRITE_EN
        )
        attributes: dict[str, object] = {}
        if isinstance(options, Unknown):
            self.needs(entry, options, 0)
            attributes["options_unknown"] = True
            options = READ_EN | WRITE_EN
        if self.raw.kind is Kind.MTD:
            mtd = self.number(entry, "options")
            attributes["options"] = mtd if isinstance(mtd, int) else 0
        elif options & ~(READ_EN | WRITE_EN):
            attributes["options"] = options
        name, role, index, symbol = self.identity(entry)
        return Partition(
            name=name,
            role=role,
            owner=owner,
            extent=Extent.of(offset_of(self.device, owner, start), length),
            start=start,
            index=index,
            id=symbol,
            description=self.string(cells.get("description") or cells.get("name")),
            readable=bool(options & READ_EN),
            writable=bool(options & WRITE_EN),
            attributes=attributes,
            place=self.text.place(entry.node),
            places=self.places(entry),
        )

    # Who it is -----------------------------------------------------------------------------------

    def symbol_of(self, entry: RawEntry) -> str | None:
        """The symbol of an entry: its index in the text, ``.dev.id``, or its standard name."""
        member = {Kind.BLOCKS: "id", Kind.MTD: "standard"}.get(self.raw.kind)
        if member:
            cell = entry.cells.get(member)
            if cell is None:
                return None
            return cell.symbol or (cell.value if isinstance(cell.value, str) else None)
        return entry.key if isinstance(entry.key, str) else None

    def identity(self, entry: RawEntry) -> tuple[str, Role, int | None, str | None]:
        """Name, role, index and symbol of an entry."""
        symbol = self.symbol_of(entry)
        if self.raw.kind is Kind.MTD:
            return self.mtd_identity(entry, symbol)
        if symbol is not None:
            index = self.reading.enumerators.get(symbol)
            if index is None and symbol.startswith(alios.PREFIX):
                index = alios.index_of(symbol, self.version)
            short = short_name(symbol)
            return plain_name(short) or symbol, role_of_symbol(symbol), index, symbol
        number = self.index_of(entry)
        known = alios.symbol_of(number, self.version) if number is not None else None
        said = self.string(entry.cells.get("description"))
        named = role_of_description(said) if said else None
        if known is None or (named is not None and named is not role_of_symbol(known)):
            if known is not None and said:
                self.disagrees(entry, number, known, said)
            name = plain_name(said or "") or f"partition_{number}"
            return name, named or Role.CUSTOM, number, None
        return plain_name(short_name(known)), role_of_symbol(known), number, known

    def mtd_identity(
        self, entry: RawEntry, standard: str | None
    ) -> tuple[str, Role, int | None, str | None]:
        """The same for ``mtd_partition_t``, which has names and no indices."""
        said = self.string(entry.cells.get("name")) or ""
        role = role_of_standard_name(standard or "") or role_of_description(_spaced(said))
        name = plain_name(said) or plain_name((standard or "").removeprefix("MTD_PART_NAME_"))
        index = entry.key if isinstance(entry.key, int) else None
        return name or f"partition_{entry.key}", role or Role.CUSTOM, index, standard

    def index_of(self, entry: RawEntry) -> int | None:
        """The number that an entry is reached by, where no symbol says it."""
        if self.raw.kind is not Kind.BLOCKS:
            return entry.key if isinstance(entry.key, int) else None
        cell = entry.cells.get("id")
        return cell.value if cell and isinstance(cell.value, int) else None

    def label(self, entry: RawEntry) -> str:
        """How findings call an entry."""
        symbol = self.symbol_of(entry)
        return printable(short_name(symbol) if symbol else f"entry {entry.key}", 60)

    # What its members say ------------------------------------------------------------------------

    def number(self, entry: RawEntry, member: str) -> int | Unknown:
        """The number in a member; what is not set is zero, as the compiler makes it."""
        cell = entry.cells.get(member)
        if cell is None:
            return 0
        if isinstance(cell.value, str) or cell.value is None:
            return Unknown(why="no number")
        if isinstance(cell.value, Unknown) or 0 <= cell.value < _WORD:
            return cell.value
        wrapped = cell.value % _WORD
        self.tell(
            error(
                "FMT104",
                f"`{self.label(entry)}`: {member} is {format_hex(cell.value)}, "
                f"which a uint32_t holds as {format_hex(wrapped)}",
                "the expression runs below zero or past 32 bits; mend its terms",
                self.text.place(cell.node),
            )
        )
        return wrapped

    def owner(self, entry: RawEntry) -> str | None:
        """The name of the flash; ``None``, with a finding, where the text does not tell it."""
        if self.raw.kind is Kind.MTD:
            return OWNERS[0]
        if self.raw.kind is Kind.BLOCKS:
            flash = self.number(entry, "flash")
            return OWNERS.get(flash, f"flash_{flash}") if isinstance(flash, int) else OWNERS[0]
        cell = entry.cells.get("owner")
        owner = owner_of(cell)
        if isinstance(owner, str):
            return owner
        if cell is not None and not (cell.symbol and owner.names == (cell.symbol,)):
            return None
        symbol = cell.symbol if cell else ""
        self.tell(
            warning(
                "FMT105",
                f"`{self.label(entry)}` lies in flash `{printable(symbol, 60)}`, which is not one "
                "of AliOS Things",
                "known: HAL_FLASH_EMBEDDED, HAL_FLASH_SPI, HAL_FLASH_QSPI",
                self.text.place(cell.node) if cell else None,
            )
        )
        return plain_name(symbol) or "unknown"

    def string(self, cell: Cell | None) -> str | None:
        """The text in a member, ``None`` for ``NULL`` and for what is no literal."""
        return cell.value if cell is not None and isinstance(cell.value, str) else None

    def places(self, entry: RawEntry) -> dict[str, Place]:
        """Where each field of the partition is written."""
        at = {member: self.text.place(cell.node) for member, cell in entry.cells.items()}
        pairs = {
            "owner": "owner",
            "description": "description",
            "start": "start",
            "offset": "start",
            "size": "length",
            "extent": "length",
            "readable": "options",
            "writable": "options",
            "id": "standard",
        }
        places = {name: at[member] for name, member in pairs.items() if member in at}
        for name, member in (("start", "block_start"), ("size", "block_count"), ("index", "id")):
            if member in at:
                places[name] = at[member]
        if "block_start" in at:
            places |= {"offset": places["start"], "extent": places.get("size", places["start"])}
        if "name" in at:
            places["description"] = at["name"]
        places.setdefault("index", self.text.place(entry.node))
        return places

    # Findings ------------------------------------------------------------------------------------

    def tell(self, finding: Finding) -> None:
        """Note a finding about this table."""
        self.findings.append(replace(finding, table=self.raw.name))

    def needs(self, entry: RawEntry, *values: int | Unknown) -> None:
        """FMT101: what would have to be known to read the entry."""
        unknown = [v for v in values if isinstance(v, Unknown)]
        owner = entry.cells.get("owner")
        if not unknown and owner is not None and isinstance(owner.value, Unknown):
            unknown = [owner.value]
        names = list(dict.fromkeys(n for u in unknown for n in u.names))
        whys = list(dict.fromkeys(u.why for u in unknown if u.why))
        cells = [c for c in entry.cells.values() if isinstance(c.value, Unknown)]
        label = self.label(entry)
        if names:
            message = f"`{label}` needs {', '.join(printable(n, 60) for n in names[:6])}"
            help = (
                f"pass -D {printable(names[0], 60)}=..., or -I with the directory of the header "
                "that defines it; the partition is left out"
            )
        else:
            message = f"`{label}` has no place: {printable('; '.join(whys) or 'no value', 120)}"
            help = "write its start and length as constants; the partition is left out"
            if any(why.startswith("table") for why in whys):
                help = "pass -I with the directory of that file; the partition is left out"
        if names and whys:
            message += f" ({printable(whys[0], 100)})"
        place = self.text.place(cells[0].node if cells else entry.node)
        facts: dict[str, Fact] = {"needs": names}
        self.tell(Finding("FMT101", Severity.ERROR, message, help, place, facts=facts))

    def set_twice(self, entry: RawEntry) -> None:
        """FMT103: the last assignment counts."""
        if not entry.earlier:
            return
        member, first = next(iter(entry.earlier.items()))
        last = entry.cells.get(member)
        shown = (
            f": {member} is {_shown(last.value)}, not {_shown(first.value)}"
            if last and last.value != first.value and not isinstance(last.value, Unknown)
            else ""
        )
        self.tell(
            Finding(
                "FMT103",
                Severity.NOTE,
                f"`{self.label(entry)}` is set twice; the last one counts{shown}",
                "remove the one that is not meant",
                self.text.place(last.node if last else entry.node),
                related=(self.text.place(first.node),),
            )
        )

    def disagrees(self, entry: RawEntry, index: int | None, symbol: str, said: str) -> None:
        """FMT109: a private numbering."""
        self.tell(
            warning(
                "FMT109",
                f"index {index} is {symbol} in AliOS Things {self.version}, but the entry is "
                f"described as `{printable(said, 40)}`",
                "the system asks by index: use the symbols of hal_partition_t",
                self.text.place(entry.node),
            )
        )

    def conditional(self) -> Finding:
        """FMT108: statements that may not run."""
        first = self.text.place(self.raw.conditional[0])
        return warning(
            "FMT108",
            f"`{printable(self.raw.name, 60)}` is filled under a condition or in a loop "
            f"({len(self.raw.conditional)} assignments): all are taken as if they ran, in order",
            "what holds at run time may differ; keep the table in one initialiser",
            first,
        )


def offset_of(device: Device | None, owner: str, start: int) -> int:
    """The offset in flash ``owner`` that a number of the text means."""
    flash = device.flash(owner) if device else None
    if flash is None or not flash.base or start < flash.base:
        return start
    return start - flash.base


def _first_error(node: Node) -> Node:
    return next((n for n in walk(node) if n.is_error or n.is_missing), node)


def _shown(value: object) -> str:
    if isinstance(value, int):
        return format_hex(value)
    return f"`{printable(value, 40)}`" if isinstance(value, str) else "unknown"


def _spaced(name: str) -> str:
    """``PARAMETER4`` and ``PARAMETER2(KV)`` as a description would say them."""
    return re.sub(r"\(.*\)$", "", name.strip()).strip()
