"""A devicetree overlay with the partitions of a table, for Zephyr.

Two styles: ``fixed`` (``fixed-partitions``: every release of Zephyr) and ``mapped``
(``zephyr,mapped-partition``: 4.4 and later). ``WriteOptions.sdk`` names the style or a release;
without it a table that was read keeps its style, and others are written as ``fixed``.

The overlay deletes the node ``partitions`` of each flash and makes it anew, so that nothing of the
board's own layout is left. Node labels are those that MCUboot and Zephyr use.
"""

from __future__ import annotations

import re

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, note, warning
from flashwright.formats.c_source import c_string
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model.table import Partition, Role, Table

_LABEL = re.compile(r"[A-Za-z_]\w{0,61}", re.A)
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")
_WORD = 1 << 32

#: Role -> node label and ``label`` string, where a partition has none of its own.
_USUAL = {
    Role.BOOTLOADER: ("boot_partition", "mcuboot"),
    Role.APPLICATION: ("slot0_partition", "image-0"),
    Role.OTA_TEMP: ("slot1_partition", "image-1"),
    Role.SCRATCH: ("scratch_partition", "image-scratch"),
    Role.KV: ("storage_partition", "storage"),
}


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The overlay for one table."""
    faults = faults_of(tables, options)
    if faults:
        return Encoded(None, faults)
    writer = Writer(tables[0], style_of(tables[0], options.sdk) or "fixed")
    text = writer.text()
    if any(f.severity is Severity.ERROR for f in writer.findings):
        return Encoded(None, tuple(writer.findings))
    return Encoded(text.encode("utf-8", "replace"), tuple(writer.findings))


def faults_of(tables: tuple[Table, ...], options: WriteOptions) -> tuple[Finding, ...]:
    """What keeps the tables from being a devicetree: FMT186, FMT189."""
    if len(tables) != 1:
        message = f"an overlay holds one layout, not {len(tables)}"
        return (error("FMT189", message, "write each table to its own file"),)
    if style_of(tables[0], options.sdk) is None:
        message = f"`{printable(options.sdk, 20)}` is no style and no release of Zephyr"
        return (error("FMT186", message, "use fixed, mapped, or such as 4.4"),)
    return ()


def style_of(table: Table, sdk: str) -> str | None:
    """``fixed`` or ``mapped``; ``None`` if ``sdk`` is no style and no release."""
    if sdk in ("fixed", "mapped"):
        return sdk
    release = _RELEASE.fullmatch(sdk)
    if release:
        return "mapped" if (int(release[1]), int(release[2])) >= (4, 4) else "fixed"
    if sdk:
        return None
    return "mapped" if table.attributes.get("style") == "mapped" else "fixed"


class Writer:
    """Lines of nodes for the partitions of one table."""

    def __init__(self, table: Table, style: str) -> None:
        self.table = table
        self.mapped = style == "mapped"
        self.findings: list[Finding] = []
        self.labels = self.all_labels()
        #: Where nodes called ``partition`` are; a second one at a place is called by its label.
        self.places: set[tuple[str, str, int]] = set()
        biggest = max((p.extent.end for p in table.partitions), default=0)
        #: Cells of an address and of a size; whether sizes are written with DT_SIZE_K.
        self.address_cells = self.size_cells = 2 if biggest > _WORD else 1
        self.units = True

    def text(self) -> str:
        """The whole overlay."""
        lines: list[str] = []
        code = self.table.attributes.get("code_partition")
        if isinstance(code, str) and code in self.labels:
            chosen = f"zephyr,code-partition = &{self.labels[code]};"
            lines += ["/ {", "\tchosen {", f"\t\t{chosen}", "\t};", "};", ""]
        for owner in dict.fromkeys(p.owner for p in self.table.partitions):
            lines += [*self.flash(owner), ""]
        return "\n".join(lines)

    def flash(self, owner: str) -> list[str]:
        """The node of one flash, with its partitions."""
        lines = [f"&{self.flash_label(owner)} {{"]
        flash = self.table.device.flash(owner) if self.table.device else None
        if self.mapped and flash is not None and flash.base is not None:
            lines.append(f"\tranges = <0x0 {self.cells(flash.base)} {self.size(flash.size)}>;")
        lines += ["\t/delete-node/ partitions;", "", "\tpartitions {"]
        if not self.mapped:
            lines.append('\t\tcompatible = "fixed-partitions";')
        lines += [f"\t\t{line}" for line in self.widths()]
        if self.mapped:
            lines.append("\t\tranges;")
        for partition in self.table.partitions:
            if partition.owner == owner and self.holder(partition) is None:
                lines += ["", *self.partition(partition, 0, 2)]
        return [*lines, "\t};", "};"]

    def holder(self, partition: Partition) -> Partition | None:
        """The partition that this one is written into."""
        found = self.table.get(partition.parent) if partition.parent else None
        if found is None or found.owner != partition.owner or found is partition:
            return None
        return found if found.extent.covers(partition.extent) else None

    def partition(self, partition: Partition, base: int, depth: int) -> list[str]:
        """One partition node and those inside of it; its address counts from ``base``."""
        if depth > 20:
            return []
        tab = "\t" * depth
        start = partition.extent.start - base
        inner = [
            p for p in self.table.partitions if self.holder(p) is partition and p is not partition
        ]
        label = self.labels[partition.name]
        holder = self.holder(partition)
        place = (partition.owner, holder.name if holder else "", start)
        node = label if place in self.places else "partition"
        self.places.add(place)
        lines = [f"{tab}{label}: {node}@{start:x} {{"]
        bindings = [
            *(["zephyr,mapped-partition"] if self.mapped else []),
            *(["fixed-subpartitions"] if inner and not self.mapped else []),
        ]
        if bindings:
            lines.append(f"{tab}\tcompatible = {', '.join(c_string(b) for b in bindings)};")
        description = partition.description or _USUAL.get(partition.role, ("", ""))[1]
        if partition.description is None and self.table.format == "zephyr-dts":
            description = ""
        if description:
            lines.append(f"{tab}\tlabel = {c_string(description)};")
        lines.append(f"{tab}\treg = <{self.cells(start)} {self.size(partition.size)}>;")
        if not partition.writable:
            lines.append(f"{tab}\tread-only;")
        if inner:
            ranges = f"{self.cells(0)} {self.cells(start)} {self.size(partition.size)}"
            lines.append(f"{tab}\tranges = <{ranges}>;")
            lines += [f"{tab}\t{line}" for line in self.widths()]
            for child in inner:
                lines += ["", *self.partition(child, partition.extent.start, depth + 1)]
        return [*lines, f"{tab}}};"]

    def widths(self) -> tuple[str, str]:
        """How many cells the nodes inside have."""
        addresses = f"#address-cells = <{self.address_cells}>;"
        return addresses, f"#size-cells = <{self.size_cells}>;"

    def cells(self, value: int) -> str:
        """An address."""
        return _in_cells(value, self.address_cells)

    def size(self, value: int) -> str:
        """A size."""
        if self.size_cells > 1 or not self.units or not value or value % 1024:
            return _in_cells(value, self.size_cells)
        if value % (1 << 20) == 0:
            return f"DT_SIZE_M({value >> 20})"
        return f"DT_SIZE_K({value >> 10})"

    def flash_label(self, owner: str) -> str:
        """The node label of a flash: as it was read, or the usual one, which is told."""
        known = self.table.attributes.get("flash_labels")
        label = known.get(owner) if isinstance(known, dict) else None
        if isinstance(label, str) and _LABEL.fullmatch(label):
            return label
        guess = "flash0" if owner == "embedded" else re.sub(r"\W", "_", owner, flags=re.A)
        guess = guess if _LABEL.fullmatch(guess) else "flash0"
        message = f"flash `{printable(owner, 40)}` is written as `&{guess}`"
        help = "change it if the board calls that node otherwise"
        severity = note if owner == "embedded" else warning
        self.findings.append(severity("FMT185", message, help))
        return guess

    def all_labels(self) -> dict[str, str]:
        """The node label of each partition, by its name (FMT187 where one is made up)."""
        labels: dict[str, str] = {}
        for partition in self.table.partitions:
            label = partition.id if self.table.format == "zephyr-dts" else None
            usual = _USUAL.get(partition.role, ("", ""))[0]
            made = re.sub(r"\W+", "_", partition.name, flags=re.A).strip("_") or "unnamed"
            own = made if made.endswith("_partition") else f"{made}_partition"
            candidates = [label or "", "" if partition.parent else usual, own]
            if own in labels.values():
                candidates.append(f"{own}_{len(labels)}")
            chosen = next(
                c
                for c in (*candidates, f"p{len(labels)}_partition")
                if _LABEL.fullmatch(c) and c not in labels.values()
            )
            if partition.name in labels:
                message = f"two partitions are called `{printable(partition.name, 60)}`"
                self.findings.append(error("FMT187", message, "rename one", partition.place))
            labels[partition.name] = chosen
        return labels


def _in_cells(value: int, cells: int) -> str:
    words = [format_hex(value >> 32 * n & (_WORD - 1)).lower() for n in reversed(range(cells))]
    return " ".join(words)
