"""nRF Connect SDK's ``pm_static.yml`` and ``partitions.yml`` (Partition Manager).

Offsets count from the start of a region. ``flash_primary`` is the chip's own flash (``embedded``);
other regions keep their name as owner, RAM and OTP regions too (rules pass over those). A partition
with a ``span`` contains others on purpose: its members name it as their parent.

Source: nrfconnect/sdk-nrf scripts/partition_manager/partition_manager.rst, read for its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, warning, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.ld_memory import only_one_table
from flashwright.formats.yaml_source import YamlDocument, number, parse_yaml
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Role, Table

_PRIMARY = "flash_primary"
_ROLES = {
    "app": Role.APPLICATION,
    "mcuboot_primary": Role.APPLICATION,
    "mcuboot_secondary": Role.OTA_TEMP,
    "mcuboot_scratch": Role.SCRATCH,
    "b0": Role.BOOTLOADER,
    "provision": Role.SECURITY,
    "nonsecure_storage": Role.CUSTOM,
    "external_flash": Role.CUSTOM,
}
_KEPT = ("device", "placement", "share_size", "inside", "affiliation", "extra_params")


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of the file; spans are declared."""
    document = parse_yaml(source)
    if not isinstance(document, YamlDocument):
        return Decoded((), tuple(document))
    if not isinstance(document.data, Mapping) or not document.data:
        fault = error("FMT250", "no partition in it", "", Place(source.path))
        return Decoded((), (fault,))
    findings: list[Finding] = []
    partitions = [
        made
        for name, entry in document.data.items()
        if (made := _partition(document, name, entry, findings)) is not None
    ]
    if not partitions:
        return Decoded((), tuple(findings) or (error("FMT250", "no partition has a place", ""),))
    table = Table(
        name="partitions",
        partitions=_spanned(partitions),
        device=options.device,
        format="nrf-pm-static",
        place=Place(source.path),
    )
    return Decoded((table,), tuple(findings))


def _partition(
    document: YamlDocument, name: str, entry: Any, findings: list[Finding]
) -> Partition | None:
    place = document.place(name)
    shown = f"`{printable(name, 60)}`"
    if not isinstance(entry, Mapping):
        findings.append(error("FMT250", f"{shown} is no mapping", "", place))
        return None
    address, size = number(entry.get("address")), number(entry.get("size"))
    if address is None or size is None:
        what = "address" if address is None else "size"
        help = "a static layout gives both for every partition"
        findings.append(error("FMT250", f"{shown} has no {what}", help, document.place(name, what)))
        return None
    end = number(entry.get("end_address"))
    if end is not None and end != address + size:
        findings.append(
            warning(
                "FMT251",
                f"{shown} ends at {format_hex(address + size)} by its size, but end_address says "
                f"{format_hex(end)}",
                f"make end_address {format_hex(address + size)}; the size counts",
                document.place(name, "end_address"),
            )
        )
    region = entry.get("region") if isinstance(entry.get("region"), str) else None
    span = entry.get("span", entry.get("orig_span"))
    members = span if isinstance(span, list) else [span] if isinstance(span, str) else []
    pair = None
    for prefix in ("mcuboot_primary", "mcuboot_secondary"):
        rest = name.removeprefix(prefix)
        if rest != name and (not rest or rest[1:].isdigit()):
            pair = f"mcuboot{rest}"
    return Partition(
        name=name,
        role=_role(name, members),
        owner=_owner(region),
        extent=Extent.of(address, size),
        start=address,
        id=name,
        pair=pair,
        attributes={
            **{k: entry[k] for k in _KEPT if k in entry},
            **({"region": region} if region else {}),
            **({"span": tuple(str(m) for m in members)} if members else {}),
        },
        place=place,
        places={"start": document.place(name, "address"), "size": document.place(name, "size")},
    )


def _owner(region: str | None) -> str:
    return "embedded" if region in (None, _PRIMARY) else str(region)


def _role(name: str, members: list[Any]) -> Role:
    if name.startswith("EMPTY_") or name.endswith(("_pad", "_sram")):
        return Role.CUSTOM
    base = name.rsplit("_", 1)[0] if name[-1:].isdigit() and "mcuboot_" in name else name
    if base == "app" and members:
        return Role.CUSTOM
    return _ROLES.get(base, role_by_name(name))


def _spanned(partitions: list[Partition]) -> tuple[Partition, ...]:
    """With the parent of each member: the smallest span that lists or wholly contains it."""
    spans = [p for p in partitions if p.attributes.get("span")]
    result = []
    for p in partitions:
        around = [
            s
            for s in spans
            if s is not p
            and s.owner == p.owner
            and s.extent.covers(p.extent)
            and (s.extent != p.extent or p.name in _members(s) or s.name not in _members(p))
            and not (s.extent == p.extent and p.name not in _members(s))
        ]
        if around:
            nearest = min(around, key=lambda s: s.size)
            shares = tuple(s.name for s in around if s is not nearest)
            p = replace(p, parent=nearest.name, shares=shares)
        result.append(p)
    twins = [
        replace(p, shares=(*p.shares, *(o.name for o in result if _twins(p, o)))) for p in result
    ]
    return tuple(twins)


def _members(partition: Partition) -> tuple[str, ...]:
    said = partition.attributes.get("span")
    return said if isinstance(said, tuple) else ()


def _twins(one: Partition, other: Partition) -> bool:
    """Spans over the same bytes that list the same members are two names of one place."""
    same = one is not other and one.owner == other.owner and one.extent == other.extent
    return same and bool(_members(one)) and bool(_members(other))


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as ``pm_static.yml``; into ``options.base`` only numbers that changed."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("nrf-pm-static", tables),))
    if options.base is not None:
        return _into(options.base, tables[0])
    findings = [
        error("FMT252", f"`{printable(p.name)}` is no key of YAML", "rename it", p.place)
        for p in tables[0].partitions
        if not p.name.replace("_", "").replace("-", "").isalnum()
    ]
    if worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    lines = []
    for p in tables[0].partitions:
        region = p.attributes.get("region") or (_PRIMARY if p.owner == "embedded" else p.owner)
        lines += [f"{p.name}:", f"  address: {format_hex(p.extent.start).lower()}"]
        device = p.attributes.get("device")
        if isinstance(device, str):
            lines.append(f"  device: {device}")
        lines += [f"  region: {region}", f"  size: {format_hex(p.size).lower()}"]
        if _members(p):
            lines += ["  span:", *(f"  - {m}" for m in _members(p))]
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _into(base: Source, table: Table) -> Encoded:
    document = parse_yaml(base)
    if not isinstance(document, YamlDocument):
        return Encoded(None, document)
    changes: dict[tuple[str | int, ...], str] = {}
    missing = []
    for p in table.partitions:
        entry = document.data.get(p.name) if isinstance(document.data, Mapping) else None
        if not isinstance(entry, Mapping):
            missing.append(p)
            continue
        wanted = {"address": p.extent.start, "size": p.size}
        moved = {k: v for k, v in wanted.items() if k in entry and number(entry[k]) != v}
        if moved and "end_address" in entry:
            moved["end_address"] = p.extent.end
        changes.update({(p.name, k): format_hex(v).lower() for k, v in moved.items()})
    text = document.edited(changes)
    added = encode((replace(table, partitions=tuple(missing)),), WriteOptions())
    if added.data is None:
        return added
    if missing and not text.endswith("\n"):
        text += "\n"
    return Encoded((text + (added.data.decode() if missing else "")).encode(), added.findings)


PAGES: tuple[Page, ...] = (
    page(
        "FMT250",
        "pm-static-syntax",
        Severity.ERROR,
        """An entry of a Partition Manager file has no address or no size, or is no mapping.""",
    ),
    page(
        "FMT251",
        "pm-static-end",
        Severity.WARNING,
        """`end_address` is not where address and size say that the partition ends.

        ## Why it matters
        The Partition Manager goes by the size; people go by what they read.
        """,
    ),
    page(
        "FMT252",
        "pm-static-name",
        Severity.ERROR,
        """A name cannot be a key of a Partition Manager file.""",
    ),
)
