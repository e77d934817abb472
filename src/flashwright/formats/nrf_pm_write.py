"""A table as ``pm_static.yml``: a new file, or new numbers in an existing one.

Laws: nothing changed gives the same bytes; an edited file is read again before it is handed out,
and refused (FMT259) if it does not say where the partitions that moved are.
"""

from __future__ import annotations

from collections.abc import Mapping

from flashwright.base.record import replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, warning, worst
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions, only_one_table
from flashwright.formats.nrf_pm_read import EXTERNAL, PRIMARY, ROLES, base_name, decode, members_of
from flashwright.formats.nrf_pm_yaml import integer, key_as_written, merged
from flashwright.formats.yaml_source import YamlDocument, parse_yaml
from flashwright.model.table import Partition, Role, Table

#: What the build of the SDK calls the partitions that it looks for.
_EXPECTED = {
    Role.BOOTLOADER: "mcuboot",
    Role.APPLICATION: "mcuboot_primary",
    Role.OTA_TEMP: "mcuboot_secondary",
    Role.SCRATCH: "mcuboot_scratch",
}
#: What is told of a file that is made from another format.
_TOLD = ("FMT253", "FMT254", "FMT256", "FMT257", "FMT258")


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as ``pm_static.yml``; into ``options.base`` only numbers that changed."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("nrf-pm-static", tables),))
    if options.base is not None:
        return _into(options.base, tables[0])
    findings = _unsayable(tables[0])
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    findings += _other_names(tables[0])
    outside = {p.owner for p in tables[0].partitions} - {"embedded"}
    lines = []
    for p in tables[0].partitions:
        region = p.attributes.get("region") or _region(p.owner, outside)
        lines += [f"{key_as_written(p.name)}:", f"  address: {format_hex(p.extent.start).lower()}"]
        device = p.attributes.get("device")
        if isinstance(device, str):
            lines.append(f"  device: {device}")
        lines += [f"  region: {region}", f"  size: {format_hex(p.size).lower()}"]
        if "span" in p.attributes and not members_of(p):
            lines.append("  span: []")
        elif members_of(p):
            lines += ["  span:", *(f"  - {key_as_written(m)}" for m in members_of(p))]
    data = ("\n".join(lines) + "\n").encode() if lines else b""
    if tables[0].format != "nrf-pm-static":
        again = decode(Source("pm_static.yml", data), ReadOptions(tables[0].device))
        findings += [replace(f, place=None) for f in again.findings if f.code in _TOLD]
    return Encoded(data, tuple(findings))


def _unsayable(table: Table) -> list[Finding]:
    """FMT252: names that cannot be keys, and those that are there twice."""
    found = []
    seen: set[str] = set()
    for p in table.partitions:
        shown = printable(p.name, 60)
        if any(key_as_written(name) is None for name in (p.name, *members_of(p))):
            found.append(error("FMT252", f"`{shown}` is no key of YAML", "rename it", p.place))
        if p.name in seen:
            message = f"two partitions are called `{shown}`"
            found.append(error("FMT252", message, "only the last one would count", p.place))
        seen.add(p.name)
    return found


def _region(owner: str, outside: set[str]) -> str:
    """The region of a flash: the build knows one external one, others have to be declared."""
    if owner == "embedded":
        return PRIMARY
    return EXTERNAL if len(outside) == 1 else owner


def _other_names(table: Table) -> list[Finding]:
    """What the build looks for under other names than the table has."""
    if table.format == "nrf-pm-static":
        return []
    wanted = [
        (p, _EXPECTED[p.role])
        for p in table.partitions
        if p.role in _EXPECTED and base_name(p.name) not in (*_EXPECTED.values(), *ROLES)
    ]
    if not wanted:
        return []
    said = ", ".join(f"`{name}` (here `{printable(p.name, 40)}`)" for p, name in wanted[:6])
    help = "rename them in the layout; the build takes other names for areas of the application"
    return [warning("FMT255", f"the build looks for {said}", help, wanted[0][0].place)]


def _into(base: Source, table: Table) -> Encoded:
    document = parse_yaml(base)
    if not isinstance(document, YamlDocument):
        return Encoded(None, document)
    before = decode(base, ReadOptions(table.device))
    old = {p.name: p.extent for t in before.tables for p in t.partitions}
    changes: dict[tuple[str | int, ...], str] = {}
    missing = []
    for p in table.partitions:
        said = document.data.get(p.name) if isinstance(document.data, Mapping) else None
        if not isinstance(said, Mapping):
            missing.append(p)
            continue
        if old.get(p.name) == p.extent:
            continue
        entry = merged(said)
        wanted = {"address": p.extent.start, "size": p.size}
        moved = {
            k: v
            for k, v in wanted.items()
            if k in said and integer(document, p.name, k, entry) != v
        }
        if moved and "end_address" in said:
            moved["end_address"] = p.extent.end
        changes.update({(p.name, k): format_hex(v).lower() for k, v in moved.items()})
    text = document.edited(changes)
    added = encode((replace(table, partitions=tuple(missing)),), WriteOptions())
    if added.data is None:
        return added
    if missing and not text.endswith("\n"):
        text += "\n"
    data = (text + (added.data.decode() if missing else "")).encode()
    moved_ones = [p for p in table.partitions if old.get(p.name) != p.extent]
    wrong = _not_said(table, moved_ones, Source(base.path, data, base.others))
    return Encoded(None, wrong) if wrong else Encoded(data, added.findings)


def _not_said(table: Table, moved: list[Partition], edited: Source) -> tuple[Finding, ...]:
    """FMT259 for partitions that the edited file puts elsewhere than the table."""
    again = decode(edited, ReadOptions(table.device))
    now = {p.name: p.extent for t in again.tables for p in t.partitions}
    wrong = [p.name for p in moved if now.get(p.name) != p.extent]
    if not wrong:
        return ()
    shown = ", ".join(f"`{printable(name, 40)}`" for name in wrong[:6])
    message = f"the file cannot be edited: it would not say where {shown} is"
    help = "its place may be in an alias, or be the gap of the others; write a new file instead"
    return (error("FMT259", message, help),)
