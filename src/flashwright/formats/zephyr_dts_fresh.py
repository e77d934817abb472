"""Nodes added to a devicetree file, and nodes taken out of it.

A new node stands at the end of the node that holds the partitions of its flash, in the indentation
and the number style of the file. Where that node is in another file, it is extended at the end of
this one; a flash without partitions gets a whole node ``partitions``.
"""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.base.record import replace
from flashwright.base.text import printable
from flashwright.diag.finding import note, warning
from flashwright.formats.c_source import place_at
from flashwright.formats.zephyr_dts_change import Pair
from flashwright.formats.zephyr_dts_loose import MAPPED
from flashwright.formats.zephyr_dts_nodes import DtNode, width_of
from flashwright.formats.zephyr_dts_read import SUB
from flashwright.formats.zephyr_dts_sheet import Sheet
from flashwright.formats.zephyr_dts_write import Writer
from flashwright.model.table import Partition, Table

#: Properties that a new node has where it needs them.
_WRITTEN = ("compatible", "label", "reg", "read-only", "ranges", "#address-cells", "#size-cells")


def delete(gone: Sequence[tuple[Partition, DtNode]], kept_labels: set[str], sheet: Sheet) -> None:
    """Take nodes out; ``kept_labels`` are those that new nodes have again."""
    lost = []
    for partition, node in gone:
        own = sheet.own(node)
        for site in own:
            sheet.remove(site.span)
        if len(own) < len(node.sites) and not _inside(node, gone):
            _delete_elsewhere(node, sheet)
        lost += [label for label in node.labels if label not in kept_labels]
        if set(node.labels) & kept_labels:
            _not_again(partition, node, sheet)
        else:
            message = f"the node of `{printable(partition.name, 60)}` is taken out"
            sheet.findings.append(note("FMT192", message))
    if lost:
        _dangling(lost, sheet)


def _not_again(partition: Partition, node: DtNode, sheet: Sheet) -> None:
    """FMT196: properties of the old node that the new one does not have."""
    lost = [f"`{printable(name, 40)}`" for name in node.properties if name not in _WRITTEN]
    if lost:
        message = f"the new node of `{printable(partition.name, 60)}` is without {', '.join(lost)}"
        help = "add what it needs of the old one"
        sheet.findings.append(warning("FMT196", message, help, node.place))


def _inside(node: DtNode, gone: Sequence[tuple[Partition, DtNode]]) -> bool:
    """Whether a node around it goes as well."""
    others = {id(other) for _, other in gone}
    return any(id(up) in others for up in node.ancestors())


def _delete_elsewhere(node: DtNode, sheet: Sheet) -> None:
    holder = node.parent
    if node.labels:
        sheet.deletions.append(f"/delete-node/ &{node.labels[0]};")
    elif holder is not None and holder.labels:
        lines = (f"&{holder.labels[0]} {{", f"\t/delete-node/ {node.name};", "};")
        sheet.deletions += lines
    elif holder is not None and holder.parent is not None and holder.parent.labels:
        inner = (f"\t{holder.name} {{", f"\t\t/delete-node/ {node.name};", "\t};")
        sheet.deletions += [f"&{holder.parent.labels[0]} {{", *inner, "};"]
    else:
        sheet.refuse(f"`{printable(node.name, 60)}` of another file has no label around it")


def _dangling(labels: Sequence[str], sheet: Sheet) -> None:
    """FMT194: the file still names a node that is gone."""
    changed = (*sheet.outer, *sheet.patches)
    for label in labels:
        for span in sheet.references(label):
            if any(start <= span[0] < end for start, end in changed):
                continue
            message = f"`&{printable(label, 60)}` is still named here, and its node is gone"
            help = "name another node, or remove this; dtc refuses the file as it is"
            place = place_at(sheet.base.path, sheet.base.data, span[0])
            sheet.findings.append(warning("FMT194", message, help, place))


class Adding:
    """New nodes for partitions of ``table`` that are not in the file."""

    def __init__(self, table: Table, writer: Writer, style: str, sheet: Sheet) -> None:
        self.table = table
        self.writer = writer
        self.mapped = style == "mapped"
        self.sheet = sheet
        self.units = b"DT_SIZE_" in sheet.base.data
        self.pairs: Sequence[Pair] = ()
        #: New nodes of holders of other files, and where nodes called ``partition`` are.
        self.elsewhere: dict[int, tuple[DtNode, list[str]]] = {}
        self.places: dict[int, set[tuple[str, str, int]]] = {}
        self.spaced: dict[int, bool] = {}

    def add(
        self, fresh: Sequence[Partition], pairs: Sequence[Pair], owners: dict[str, str]
    ) -> None:
        """Put every new partition where it belongs."""
        own = Writer(replace(self.table, partitions=tuple(fresh)), "fixed")
        own.labels, own.units = self.writer.labels, self.units
        self.pairs = pairs
        held = {p.wish.name: p for p in pairs}
        whole: dict[str, list[Partition]] = {}
        for partition in fresh:
            if own.holder(partition) is not None:
                continue
            around = held.get(partition.parent or "")
            holder = self.sheet.reading.flashes.get(owners.get(partition.owner, ""))
            if around is not None and around.wish.extent.covers(partition.extent):
                self._inside(partition, around, own)
            elif holder is not None:
                top = next((p for p in pairs if p.node.parent is holder), None)
                base = top.wish.extent.start - top.start if top else 0
                self._put(partition, holder, base, own)
            else:
                whole.setdefault(partition.owner, []).append(partition)
        for owner in whole:
            self._flash(owner, own)
        for node, lines in self.elsewhere.values():
            self._extend(node, lines)
        if fresh:
            names = ", ".join(f"`{printable(self.writer.labels[p.name], 60)}`" for p in fresh)
            self.sheet.findings.append(note("FMT193", f"new nodes: {names}"))

    def _inside(self, partition: Partition, around: Pair, own: Writer) -> None:
        node = around.node
        if not node.is_a(SUB) and not (node.is_a(MAPPED) and "ranges" in node.properties):
            shown = printable(partition.name, 60)
            why = f"`{shown}` lies inside `{printable(around.wish.name, 60)}`"
            help = "make that node `fixed-subpartitions` first, or write an overlay to a new file"
            self.sheet.refuse(f"{why}, whose node holds no partitions", help)
            return
        inner = next((p for p in self.pairs if p.node.parent is node), None)
        base = inner.wish.extent.start - inner.start if inner else around.wish.extent.start
        self._put(partition, node, base, own)

    def _put(self, partition: Partition, holder: DtNode, base: int, own: Writer) -> None:
        """A node at the end of ``holder``, whose addresses count from ``base``."""
        sheet = self.sheet
        own.mapped = any(child.is_a(MAPPED) for child in holder.children.values()) or (
            self.mapped if not holder.children else holder.is_a(MAPPED)
        )
        own.address_cells = width_of(holder, "#address-cells")
        own.size_cells = width_of(holder, "#size-cells")
        if partition.extent.start < base:
            sheet.refuse(f"`{printable(partition.name, 60)}` begins before the node around it")
            return
        taken = {(p.wish.owner, "", p.start) for p in self.pairs if p.node.parent is holder}
        own.places = self.places.setdefault(id(holder), taken)
        lines = own.partition(partition, base, 0)
        sites = sheet.own(holder)
        if sites:
            site = sites[-1]
            sheet.insert(site, ["", *lines] if self._spaced(holder) else lines)
            sheet.ahead = site.top if sheet.ahead is None else min(sheet.ahead, site.top)
            return
        self.elsewhere.setdefault(id(holder), (holder, []))[1].extend(lines)

    def _extend(self, holder: DtNode, lines: Sequence[str]) -> None:
        """Nodes of a holder that is in another file."""
        sheet, flash = self.sheet, holder.parent
        if holder.labels:
            sheet.blocks += [f"&{holder.labels[0]} {{", *(f"\t{line}" for line in lines), "};", ""]
        elif flash is not None and flash.labels:
            inner = [f"\t{holder.name} {{", *(f"\t\t{line}" for line in lines), "\t};"]
            sheet.blocks += [f"&{flash.labels[0]} {{", *inner, "};", ""]
        else:
            sheet.refuse(f"`{printable(holder.name, 60)}` of another file has no label around it")

    def _spaced(self, holder: DtNode) -> bool:
        """Whether blank lines stand between the nodes of a holder."""
        if id(holder) in self.spaced:
            return self.spaced[id(holder)]
        data = self.sheet.base.data
        starts = [s.span[0] for c in holder.children.values() for s in self.sheet.own(c)]
        lines = [self.sheet.line_start(start) for start in starts]
        blank = [not data[self.sheet.line_start(at - 1) : at].strip() for at in lines if at]
        self.spaced[id(holder)] = sum(blank) * 2 > len(blank)
        return self.spaced[id(holder)]

    def _flash(self, owner: str, own: Writer) -> None:
        """A whole node for a flash that has no partitions in the file."""
        own.mapped = self.mapped
        biggest = max(p.extent.end for p in own.table.partitions if p.owner == owner)
        own.address_cells = own.size_cells = 2 if biggest > 1 << 32 else 1
        own.units = True
        self.sheet.blocks += [*own.flash(owner), ""]
        own.units = self.units
        self.sheet.findings.extend(own.findings)
        own.findings.clear()
