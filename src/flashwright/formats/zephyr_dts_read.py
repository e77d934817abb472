"""Partitions of a Zephyr devicetree: what the flash map of Zephyr sees.

Three forms are read: ``fixed-partitions`` (offsets in the flash that holds them),
``fixed-subpartitions`` inside of them, and ``zephyr,mapped-partition`` (a binding of each
partition; addresses go through the ``ranges`` of its ancestors). A node with ``status =
"disabled"`` is not in the flash map, so it is not in the table (attribute ``disabled``).

Laws: a partition whose ``reg`` is not known is left out and told (FMT173); without a device of the
user, one is made of the flash nodes (``soc-nv-flash`` with ``erase-block-size``,
``jedec,spi-nor`` and ``nordic,qspi-nor`` with ``size`` in bits), if all are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, Place, Severity, error, note, warning
from flashwright.formats.c_source import TooMuchError
from flashwright.formats.c_value import Unknown
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.formats.zephyr_dts_flash import FlashNode, device_of, flash_node
from flashwright.formats.zephyr_dts_loose import (
    MAPPED,
    Said,
    continues_holder,
    is_loose,
    is_partition,
    placed_elsewhere,
    told_of_other_files,
)
from flashwright.formats.zephyr_dts_nodes import DtNode, DtsReading, Tree, joined, width_of
from flashwright.formats.zephyr_dts_roles import pair_of, role_of_label
from flashwright.formats.zephyr_dts_tree import merged_tree
from flashwright.model.device import Device
from flashwright.model.table import Partition, Role, Table

FIXED, SUB = "fixed-partitions", "fixed-subpartitions"
#: Bindings of vendors that hold partitions in the same way as ``fixed-partitions``.
_HOLDERS = (FIXED, "nordic,owned-partitions", "atmosic,tz-fixed-partitions")
_LARGEST = 1 << 64
_MOST_FINDINGS = 500


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of a board's devicetree with its overlays applied."""
    return read(source, options)[0]


def read(source: Source, options: ReadOptions) -> tuple[Decoded, DtsReading | None]:
    """The table of a devicetree, and the nodes that it comes from."""
    findings: list[Finding] = []
    files = _in_order(source, findings)
    try:
        tree = merged_tree(files, options.defines)
    except TooMuchError as fault:
        finding = error("FMT170", f"devicetree not read: {fault}", "", Place(source.path))
        return Decoded((), (finding,)), None
    except RecursionError:
        finding = error("FMT170", "devicetree not read: nested too deeply", "", Place(source.path))
        return Decoded((), (finding,)), None
    findings.extend(_of_text(tree))
    reading = _Reading(tree, options.device, findings)
    table = reading.table([f.path for f in files])
    decoded = Decoded((table,) if table else (), tuple(findings[:_MOST_FINDINGS]))
    return decoded, DtsReading(tree, tuple(reading.nodes), reading.holders)


def _in_order(source: Source, findings: list[Finding]) -> list[Source]:
    """The board's file first, then overlays: those given beside the source, and the source."""
    if not source.path.lower().endswith(".overlay"):
        overlays = [p for p in source.others if p.lower().endswith(".overlay")]
        return [source, *(Source(p, source.others[p], source.others) for p in overlays)]
    boards = [p for p in source.others if p.lower().endswith(".dts")]
    if len(boards) > 1:
        named = ", ".join(f"`{printable(p, 60)}`" for p in boards[:4])
        message = f"{len(boards)} boards are given with the overlay: {named}; none is taken"
        findings.append(warning("FMT179", message, "give one .dts", Place(source.path)))
        boards = []
    return [*(Source(p, source.others[p], source.others) for p in boards), source]


def _of_text(tree: Tree) -> list[Finding]:
    found = [
        warning("FMT182", f"{message}: what stands there may be lost", "", place)
        for message, place in tree.errors
    ]
    for names, place in tree.conditions:
        shown = ", ".join(f"`{printable(n, 60)}`" for n in names[:4])
        help = f"pass -D {printable(names[0], 60)} to read the other branch"
        found.append(note("FMT180", f"{shown} not defined: read as without it", help, place))
    return found


@dataclass(slots=True)
class _Reading:
    tree: Tree
    device: Device | None
    findings: list[Finding]
    partitions: list[Partition] = field(default_factory=list)
    #: The node of each of ``partitions``, and the nodes around them, by flash.
    nodes: list[DtNode] = field(default_factory=list)
    holders: dict[str, DtNode] = field(default_factory=dict)
    flashes: dict[int, FlashNode] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    #: Parts of a partition of another file, where its place is.
    adrift: list[Said] = field(default_factory=list)
    styles: set[str] = field(default_factory=set)

    def table(self, paths: list[str]) -> Table | None:
        """The table of the whole tree."""
        for node in (*self.tree.root.walk(), *self.tree.loose.walk()):
            if any(node.is_a(holder) for holder in _HOLDERS):
                self.fixed(node, self.flash(node.parent), 0, None)
            elif node.is_a(MAPPED):
                self.mapped(node)
            elif is_loose(self.tree, node) and continues_holder(node):
                self.fixed(node, self.flash(node.parent), 0, None)
        elsewhere = (*placed_elsewhere(self.tree, self.names), *self.adrift)
        self.incomplete.extend(name for name, _ in elsewhere)
        self.findings.extend(told_of_other_files(self.tree, self.names, self.adrift))
        if not self.partitions:
            self.none_found(paths)
            return None
        device = self.device or device_of(self.tree, list(self.flashes.values()))
        attributes: dict[str, object] = {
            "style": "+".join(sorted(self.styles)),
            "flash_labels": {f.owner: f.label for f in self.flashes.values() if f.label},
        }
        chosen = self.tree.root.children.get("chosen")
        code = chosen.cells("zephyr,code-partition") if chosen else ()
        if code and code[0].label:
            target = self.tree.labels.get(code[0].label)
            name = self.names.get(id(target), code[0].label)
            attributes["code_partition"] = name
        if self.disabled:
            attributes["disabled"] = tuple(self.disabled)
        if self.incomplete:
            attributes["incomplete"] = tuple(self.incomplete)
        if len(paths) > 1:
            attributes["files"] = tuple(paths)
        place = self.partitions[0].place
        partitions = tuple(self.partitions)
        return Table("devicetree", partitions, device, None, "zephyr-dts", place, attributes)

    # Flashes -------------------------------------------------------------------------------------

    def flash(self, node: DtNode | None) -> FlashNode:
        """What is known of a flash node, asked once for each."""
        key = id(node)
        if key not in self.flashes:
            taken = {f.owner for f in self.flashes.values()}
            self.flashes[key] = flash_node(node, taken, self.device)
        return self.flashes[key]

    # Fixed partitions ----------------------------------------------------------------------------

    def fixed(self, holder: DtNode, flash: FlashNode, base: int, parent: str | None) -> None:
        """The children of ``fixed-partitions``, or of a partition with sub-partitions."""
        self.styles.add("fixed")
        for child in holder.children.values():
            if child.is_a(MAPPED):
                continue
            reg = self.reg(child, holder)
            if reg is None:
                continue
            offset, size = reg
            name = self.add(child, flash, base + offset, size, offset, parent)
            if child.is_a(SUB):
                moved = self.translated(0, child)
                inner = base + (offset if moved is None else moved)
                self.fixed(child, flash, inner, name)

    # Mapped partitions ---------------------------------------------------------------------------

    def mapped(self, node: DtNode) -> None:
        """One ``zephyr,mapped-partition``: its address goes up through the ``ranges``."""
        self.styles.add("mapped")
        parent = node.parent
        reg = self.reg(node, parent) if parent else None
        if parent is None or reg is None:
            return
        start, size = reg
        offset = start
        within: str | None = None
        up: DtNode | None = parent
        while up is not None and not _is_flash(up):
            if up.is_a(MAPPED) and within is None:
                within = self.names.get(id(up))
            ends = up.parent is None or up.parent is self.tree.loose
            if ends and not is_partition(up):
                break
            moved = self.translated(offset, up)
            if moved is None and ends:
                self.adrift.append((self.label(node), node.place))
                return
            if moved is None:
                self.no_ranges(node, up)
            else:
                offset = moved
            up = up.parent
        if up is not None and _is_flash(up):
            self.bounded(node, up)
        flash = self.flash(None if up is self.tree.loose else up)
        self.add(node, flash, offset, size, start, within)

    def no_ranges(self, node: DtNode, holder: DtNode) -> None:
        """FMT174: the address stays what it is, and nobody tells."""
        if is_loose(self.tree, holder) and "#address-cells" not in holder.properties:
            return  # more of a node of another file, which may have the `ranges`
        message = (
            f"`{self.label(node)}` is a mapped partition, but `{printable(holder.name, 60)}` "
            "around it has no `ranges` that cover it: its address is taken as it stands"
        )
        help = "add `ranges;` to the node that groups the partitions"
        if not any(f.code == "FMT174" and f.place == holder.place for f in self.findings):
            self.findings.append(warning("FMT174", message, help, holder.place))

    def bounded(self, node: DtNode, flash: DtNode) -> None:
        """FMT178: the flash itself says where the CPU sees it."""
        if flash.cells("ranges"):
            return
        what = "an empty `ranges`" if "ranges" in flash.properties else "no `ranges`"
        message = f"flash `{printable(flash.name, 60)}` has {what}"
        help = "write `ranges = <0x0 BASE SIZE>;`: mapped partitions are placed by it"
        finding = warning("FMT178", message, help, flash.place)
        if finding not in self.findings:
            self.findings.append(finding)

    def translated(self, address: int, node: DtNode) -> int | None:
        """An address of the children of ``node`` as an address beside ``node``."""
        ranges = node.properties.get("ranges")
        if ranges is None:
            return None
        if not ranges.cells:
            return address
        child, up = width_of(node, "#address-cells"), width_of(node.parent, "#address-cells")
        size = width_of(node, "#size-cells")
        row = child + up + size
        values = [c.value for c in ranges.cells]
        for at in range(0, len(values) - row + 1, row):
            low = joined(values[at : at + child])
            high = joined(values[at + child : at + child + up])
            length = joined(values[at + child + up : at + row])
            if low is None or high is None or length is None:
                continue
            if low <= address <= low + length:
                return high + address - low
        return None

    # One partition -------------------------------------------------------------------------------

    def reg(self, node: DtNode, holder: DtNode) -> tuple[int, int] | None:
        """Address and size of a partition; ``None``, with a finding, if they are not known."""
        label = self.label(node)
        cells = node.cells("reg")
        if not cells:
            if "reg" not in node.properties and not node.properties:
                return None
            if node.text("status") != "disabled" and ("@" in node.name or node.labels):
                self.incomplete.append(label)
                message = f"`{label}` has no `reg`"
                help = "give the file that sets it (-I DIR); the partition is left out"
                self.findings.append(error("FMT176", message, help, node.place))
            return None
        unknown = [c for c in cells if not isinstance(c.value, int)]
        if unknown:
            self.needs(node, [c.value for c in unknown if isinstance(c.value, Unknown)])
            return None
        address = width_of(holder, "#address-cells", len(cells))
        if len(cells) < 2 or len(cells) <= address:
            message = f"`{label}`: `reg` has {len(cells)} cells, address and size are expected"
            self.incomplete.append(label)
            self.findings.append(error("FMT176", message, "", node.properties["reg"].place))
            return None
        width = width_of(holder, "#size-cells", len(cells))
        start = joined([c.value for c in cells[:address]])
        size = joined([c.value for c in cells[address : address + width]])
        if start is None or size is None or not 0 <= start < _LARGEST or not 0 <= size < _LARGEST:
            message = f"`{label}`: `reg` holds a number that no address or size can be"
            self.incomplete.append(label)
            self.findings.append(error("FMT176", message, "", node.properties["reg"].place))
            return None
        self.unit_address(node, start)
        return start, size

    def needs(self, node: DtNode, values: list[Unknown]) -> None:
        """FMT173: macros that nothing defines."""
        label = self.label(node)
        self.incomplete.append(label)
        names = list(dict.fromkeys(n for v in values for n in v.names))
        shown = ", ".join(printable(n, 60) for n in names[:6]) or values[0].why
        help = "pass -D NAME=..., or -I with the directory of the included files"
        if self.tree.missing:
            help += f" (not given: {', '.join(printable(m, 60) for m in self.tree.missing[:4])})"
        facts: dict[str, Fact] = {"needs": names}
        place = node.properties["reg"].place
        message = f"`{label}` needs {shown}; it is left out"
        self.findings.append(Finding("FMT173", Severity.ERROR, message, help, place, facts=facts))

    def unit_address(self, node: DtNode, start: int) -> None:
        """FMT175: ``partition@c000`` with another address in ``reg``."""
        _, at, unit = node.name.partition("@")
        if not at or not re.fullmatch(r"[0-9a-fA-F]{1,16}", unit) or int(unit, 16) == start:
            return
        message = f"`{printable(node.name, 60)}` says {unit}, its `reg` says {start:x}"
        help = f"call it `{printable(node.name.partition('@')[0], 40)}@{start:x}`; `reg` counts"
        self.findings.append(warning("FMT175", message, help, node.properties["reg"].place))

    def label(self, node: DtNode) -> str:
        """How findings call a node."""
        return printable(node.labels[0] if node.labels else node.name, 60)

    def add(
        self, node: DtNode, flash: FlashNode, offset: int, size: int, start: int, parent: str | None
    ) -> str:
        """Add a partition; its name."""
        said = node.text("label")
        label = node.labels[0] if node.labels else None
        plain = re.sub(r"\W+", "_", (said or node.name).lower()).strip("_")
        name = label or plain or "partition"
        self.names[id(node)] = name
        if node.text("status") == "disabled":
            self.disabled.append(name)
            return name
        reg = node.properties["reg"]
        width = len(reg.cells) // 2
        at, of = reg.cells[0].place, reg.cells[min(width, len(reg.cells) - 1)].place
        places = {"start": at, "offset": at, "size": of, "extent": of}
        for key, prop in (("description", "label"), ("writable", "read-only")):
            if prop in node.properties:
                places[key] = node.properties[prop].place
        attributes: dict[str, object] = {"node": node.name}
        if len(node.labels) > 1:
            attributes["labels"] = tuple(node.labels)
        try:
            extent = Extent.of(offset, size)
        except ValueError:
            message = f"`{printable(name, 60)}`: no place in a flash ({format_hex(offset)})"
            self.findings.append(error("FMT176", message, "", at))
            return name
        role = role_of_label(name, said)
        self.nodes.append(node)
        if parent is None and node.parent is not None:
            self.holders.setdefault(flash.owner, node.parent)
        self.partitions.append(
            Partition(
                name=name,
                role=role if role is not Role.CUSTOM or not parent else _role_within(parent),
                owner=flash.owner,
                extent=extent,
                start=start,
                id=label,
                description=said,
                writable="read-only" not in node.properties,
                pair=pair_of(name),
                parent=parent,
                attributes=attributes,
                place=node.place,
                places=places,
            )
        )
        return name

    # What is missing -----------------------------------------------------------------------------

    def none_found(self, paths: list[str]) -> None:
        if any(f.severity is Severity.ERROR for f in self.findings):
            return
        message = "no flash partitions in this devicetree"
        help = f"a node with compatible `{FIXED}` or `{MAPPED}` is expected"
        if self.tree.missing:
            shown = ", ".join(printable(m, 60) for m in self.tree.missing[:4])
            help += f"; includes that were not given: {shown}"
        self.findings.append(error("FMT171", message, help, Place(paths[0])))


def _role_within(parent: str) -> Role:
    return role_of_label(parent, None)


def _is_flash(node: DtNode) -> bool:
    return any(
        name in node.properties
        for name in ("erase-block-size", "write-block-size", "jedec-id", "spi-max-frequency")
    ) or any(node.is_a(name) for name in ("soc-nv-flash", "jedec,spi-nor", "nordic,qspi-nor"))
