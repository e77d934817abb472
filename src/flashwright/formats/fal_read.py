"""RT-Thread FAL: reading the partition table of `fal_cfg.h`.

The table is a macro, ``FAL_PART_TABLE``, whose elements are ``{magic, name, flash_name, offset,
len, reserved}`` by position or by name. Offsets count from the first byte of the named flash. Where
``struct fal_flash_dev`` of every flash stands in the same file (or in a header below ``-I``), the
device is made of it.

Source: RT-Thread-packages/fal `inc/fal_def.h`, `src/fal_partition.c` (facts of the project, 1c).

Limits: those of ``c_source``; 256 entries. ``FAL_PART_HAS_TABLE_CFG`` counts as defined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error, note, warning
from flashwright.formats.c_preprocess import preprocessed
from flashwright.formats.c_source import CText, TooMuchError, place_at, walk
from flashwright.formats.c_value import Unknown
from flashwright.formats.fal_members import (
    MAGIC,
    Member,
    Names,
    members_of,
    number_of,
    text_of,
)
from flashwright.formats.fal_records import NAME_SIZE
from flashwright.formats.fal_roles import role_of
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.table import Partition, Table

if TYPE_CHECKING:
    from tree_sitter import Node

TABLE = "FAL_PART_TABLE"
FIELDS = ("magic_word", "name", "flash_name", "offset", "len", "reserved")
_DEVICE_FIELDS = ("name", "addr", "len", "blk_size", "ops", "write_gran")
_MOST = 256
_NAME_MAX = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+FAL_DEV_NAME_MAX[ \t]+(\d{1,4})\b", re.M)
_ENTRY = "an entry is {FAL_PART_MAGIC_WORD, name, flash_name, offset, len, 0}; for macros pass -I"


@dataclass(frozen=True, slots=True)
class Row:
    """An element of the table; ``partition`` is ``None`` where its place is not known."""

    name: str
    partition: Partition | None
    node: Node
    members: dict[str, Member]


@dataclass(frozen=True, slots=True)
class FalReading:
    """The text of a table, its initialiser and its rows, for those who edit the file."""

    text: CText
    node: Node
    rows: tuple[Row, ...]
    flash_names: tuple[str, ...]


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of a `fal_cfg.h`."""
    return read(source, options)[0]


def read(source: Source, options: ReadOptions) -> tuple[Decoded, FalReading | None]:
    """The table of a `fal_cfg.h`, and where each part of it is written."""
    defines = {"FAL_PART_HAS_TABLE_CFG": "", **options.defines}
    try:
        text = preprocessed(source, defines, frozenset({TABLE}))
        found = _declarations(text)
    except (TooMuchError, RecursionError) as error_:
        fault = error_ if isinstance(error_, TooMuchError) else "nested too deeply"
        finding = error("FMT150", f"C text not read: {fault}", "", Place(source.path))
        return Decoded((), (finding,)), None
    findings = list(_of_text(text))
    tables, devices = found
    if not tables:
        help = "a header that defines FAL_PART_TABLE is expected"
        asked = sorted({n for c in text.conditions for n in c.names if n})
        if asked:
            help += f"; not defined here: {', '.join(printable(n, 60) for n in asked[:6])}: pass -D"
        findings.append(error("FMT150", "no FAL_PART_TABLE in it", help, Place(source.path)))
        return Decoded((), tuple(findings)), None
    if len(tables) > 1:
        place = text.place(tables[-1])
        message = "FAL_PART_TABLE is defined twice; the last one counts"
        findings.append(warning("FMT155", message, "", place))
    names = Names(text)
    device = options.device or _device(text, devices, names, findings)
    rows = _rows(text, tables[-1], options.device, names, findings)
    table = _table(text, tables[-1], rows, device)
    said = (
        text_of(members_of(text, node, _DEVICE_FIELDS, names)[0].get("name")) for node in devices
    )
    reading = FalReading(text, tables[-1], rows, tuple(name for name in said if name))
    return Decoded((table,) if table else (), tuple(findings)), reading


def _of_text(text: CText) -> list[Finding]:
    found = []
    for fault in text.faults:
        place = place_at(fault.path, text.files.get(fault.path, b""), fault.offset)
        found.append(warning("FMT153", f"preprocessor: {printable(fault.message, 120)}", "", place))
    for condition in text.conditions:
        names = [n for n in condition.names if n and n not in text.macros]
        part = text.data[condition.start : condition.end]
        if names and (b"FAL_PART_TABLE" in part or b"FAL_PART_MAGIC" in part):
            message = f"`{printable(names[0], 60)}` is not defined: read as without it"
            help = f"pass -D {printable(names[0], 60)} to read the other branch"
            place = place_at(text.path, text.data, condition.start)
            found.append(note("FMT154", message, help, place))
    return found


def _declarations(text: CText) -> tuple[list[Node], list[Node]]:
    """The initialisers of the table, and those of ``struct fal_flash_dev``."""
    tables, devices = [], []
    for node in walk(text.root):
        if node.type != "init_declarator" or node.parent is None:
            continue
        declarator = node.child_by_field_name("declarator")
        value = node.child_by_field_name("value")
        if declarator is None or value is None or value.type != "initializer_list":
            continue
        kind = node.parent.child_by_field_name("type")
        if text.said(declarator).replace(" ", "").startswith(f"{TABLE}["):
            tables.append(value)
        elif kind is not None and text.said(kind).split()[-1:] == ["fal_flash_dev"]:
            devices.append(value)
    return tables, devices


def _rows(
    text: CText, node: Node, device: Device | None, names: Names, findings: list[Finding]
) -> tuple[Row, ...]:
    if node.has_error:
        help = "mend the text; a compiler names the same line"
        findings.append(error("FMT153", "syntax error in FAL_PART_TABLE", help, text.place(node)))
    rows = []
    items = _entries(text, node, findings)
    if len(items) > _MOST:
        message = f"FAL_PART_TABLE has {len(items)} entries; {_MOST} are read"
        findings.append(error("FMT150", message, "split the table", text.place(items[_MOST])))
    for index, item in enumerate(items[:_MOST]):
        members, faults = members_of(text, item, FIELDS, names)
        findings += [
            error("FMT159", f"entry {index}: {printable(fault, 80)}", _ENTRY, text.place(item))
            for fault in faults[:4]
        ]
        made = _partition(text, item, index, members, device, findings)
        if isinstance(made, Partition):
            rows.append(Row(made.name, made, item, members))
        else:
            rows.append(Row(made, None, item, members))
    if not rows:
        findings.append(error("FMT150", "FAL_PART_TABLE has no entries", "", text.place(node)))
    return tuple(rows)


def _entries(text: CText, node: Node, findings: list[Finding]) -> list[Node]:
    """The entries that are written as such; FMT159 for others, with the entry's number."""
    items: list[Node] = []
    strange: list[Node] = []
    children = [n for n in node.named_children if n.type not in ("comment", "ERROR")]
    for child in children:
        inner = child
        if child.type == "initializer_pair":
            designator = child.child_by_field_name("designator")
            at = text.said(designator).replace(" ", "") if designator is not None else ""
            value = child.child_by_field_name("value")
            inner = value if value is not None and at == f"[{len(items)}]" else child
        if inner.type == "initializer_list":
            items.append(inner)
            continue
        strange.append(child)
    if strange:
        said = printable(text.said(strange[0]), 60)
        more = f", and {len(strange) - 1} more," if len(strange) > 1 else ""
        message = f"`{said}`{more} is no entry in braces: left out"
        findings.append(error("FMT159", message, _ENTRY, text.place(strange[0])))
    return items


def _table(text: CText, node: Node, rows: tuple[Row, ...], device: Device | None) -> Table | None:
    partitions = tuple(row.partition for row in rows if row.partition is not None)
    if not partitions:
        return None
    incomplete = tuple(row.name for row in rows if row.partition is None)
    attributes: dict[str, object] = {"incomplete": incomplete} if incomplete else {}
    return Table("fal", partitions, device, None, "fal", text.place(node), attributes)


def _partition(
    text: CText,
    node: Node,
    index: int,
    members: dict[str, Member],
    device: Device | None,
    findings: list[Finding],
) -> Partition | str:
    """A partition, or the name of one whose place is not known."""
    place = text.place(node)
    name = text_of(members.get("name")) or f"entry_{index}"
    flash_name = text_of(members.get("flash_name")) or ""
    _tell_names(name, members, place, findings)
    numbers = {
        "offset": number_of(members.get("offset"), 31),
        "len": number_of(members.get("len")),
    }
    needs = [v for v in numbers.values() if isinstance(v, Unknown)]
    if needs:
        names = list(dict.fromkeys(n for v in needs for n in v.names))
        shown = ", ".join(printable(n, 60) for n in names) or needs[0].why
        help = "pass -D NAME=..., or -I with the header's directory; the partition is left out"
        message = f"`{printable(name, 60)}` needs {shown}"
        fault = error("FMT151", message, help, place)
        findings.append(replace(fault, facts={"needs": names}))
        return name
    _check(members, name, _name_size(text), place, findings)
    offset, size = (int(v) for v in numbers.values() if isinstance(v, int))
    owner = _owner(flash_name, device)
    attributes: dict[str, object] = {} if owner == flash_name else {"flash_name": flash_name}
    reserved = number_of(members.get("reserved"))
    if isinstance(reserved, int) and reserved:
        attributes["reserved"] = reserved
    elif isinstance(reserved, Unknown):
        message = f"entry {index}: reserved needs {', '.join(reserved.names) or reserved.why}"
        findings.append(error("FMT159", message, "it is left out; pass -D or -I", place))
    where = {key: text.place(member.node) for key, member in members.items()}
    pairs = {"name": "name", "owner": "flash_name", "start": "offset", "offset": "offset"}
    pairs |= {"size": "len", "extent": "len", "id": "name"}
    return Partition(
        name=name,
        role=role_of(name),
        owner=owner,
        extent=Extent.of(offset, size),
        start=offset,
        index=index,
        id=name,
        attributes=attributes,
        place=place,
        places={key: where[member] for key, member in pairs.items() if member in where},
    )


def _tell_names(
    name: str, members: dict[str, Member], place: Place, findings: list[Finding]
) -> None:
    """FMT152 for names that are not known or empty, FMT159 for what is none."""
    for what in ("name", "flash_name"):
        member = members.get(what)
        if member is not None and isinstance(member.value, str) and member.value:
            continue
        shown = f"`{printable(name, 60)}`: {what}"
        symbol = printable(member.symbol, 60) if member else ""
        if member is None or member.value == "":
            findings.append(warning("FMT152", f"{shown} is not said", "", place))
        elif symbol:
            help = f"pass -D {symbol}='\"...\"', or -I with its header"
            findings.append(warning("FMT152", f"{shown} is no text (`{symbol}`)", help, place))
        else:
            findings.append(error("FMT159", f"{shown} is no text", _ENTRY, place))


def _check(
    members: dict[str, Member], name: str, longest: int, place: Place, findings: list[Finding]
) -> None:
    """FMT156 for names that are too long, FMT157 for another magic word."""
    for what in ("name", "flash_name"):
        member = members.get(what)
        said = member.value if member is not None and isinstance(member.value, str) else ""
        size = len(said.encode("utf-8", "replace"))
        if size >= longest:
            message = f"{what} `{printable(said, 40)}` has {size} bytes"
            help = f"FAL_DEV_NAME_MAX is {longest} with the final zero: at most {longest - 1}"
            findings.append(warning("FMT156", message, help, place))
    magic = members.get("magic_word")
    if magic is None or magic.value != MAGIC:
        message = f"`{printable(name, 60)}`: magic_word is not FAL_PART_MAGIC_WORD"
        help = f"FAL looks for {format_hex(MAGIC)}"
        findings.append(warning("FMT157", message, help, place))


def _name_size(text: CText) -> int:
    """FAL_DEV_NAME_MAX, where the text defines it in one way only."""
    if "FAL_DEV_NAME_MAX" not in text.macros:
        return NAME_SIZE
    said = {m[1] for data in text.files.values() for m in _NAME_MAX.finditer(data)}
    return int(said.pop()) if len(said) == 1 else NAME_SIZE


def _owner(flash_name: str, device: Device | None) -> str:
    """The name of the flash in the user's device; FAL's where that has no such flash."""
    if device is None or device.flash(flash_name) is not None:
        return flash_name
    plain = flash_name.lower()
    inside = [f.name for f in device.flashes if f.name == "embedded"]
    outside = [f.name for f in device.flashes if f.name != "embedded"]
    if inside and ("onchip" in plain or "on_chip" in plain):
        return inside[0]
    if len(outside) == 1 and any(w in plain for w in ("nor", "spi", "w25", "sfud")):
        return outside[0]
    return flash_name


def _device(text: CText, nodes: list[Node], names: Names, findings: list[Finding]) -> Device | None:
    """The device that the flashes in the file make up, if there are any."""
    flashes: dict[str, Flash] = {}
    for node in nodes:
        members, _ = members_of(text, node, _DEVICE_FIELDS, names)
        name = text_of(members.get("name"))
        values = [number_of(members.get(m)) for m in ("len", "blk_size", "addr", "write_gran")]
        known = [v for v in values if isinstance(v, int)]
        if not name or len(known) < len(values):
            continue
        size, block, addr, gran = known
        if block <= 0 or size < block or size % block:
            message = (
                f"flash `{printable(name, 40)}`: len {format_hex(size)} is no multiple of blk_size"
            )
            findings.append(
                warning("FMT158", message, "its geometry is not used", text.place(node))
            )
            continue
        run = EraseRun(size // block, block)
        once = Overwrite.CLEAR_BITS if gran <= 1 else Overwrite.ONCE
        flashes[name] = Flash(name, addr or None, (run,), max(1, gran // 8), overwrite=once)
    if not flashes:
        return None
    boot = BootFacts(next(iter(flashes)))
    title = "device described by fal_flash_dev"
    return Device("fal", "", title, "", tuple(flashes.values()), boot, source="the file itself")
