"""One partition of a devicetree file changed in place: its `reg`, unit address, label, properties.

What another file says is said again in this one (``&label { reg = <...>; };``), except the start: a
node of another file keeps its unit address, so it is deleted and written anew by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashwright.base.text import printable
from flashwright.diag.finding import note
from flashwright.formats.c_source import c_string
from flashwright.formats.zephyr_dts_nodes import Cell, DtNode, joined, width_of
from flashwright.formats.zephyr_dts_sheet import Sheet
from flashwright.formats.zephyr_dts_write import Writer
from flashwright.model.table import Partition


@dataclass(frozen=True, slots=True)
class Pair:
    """A wished partition and what is in the file; ``start`` is the address that `reg` shall say.

    ``label`` is the node label that it shall have, ``exact`` whether the wish comes from a
    devicetree, so that its label and ``label`` string are meant as they stand.
    """

    wish: Partition
    present: Partition
    node: DtNode
    start: int
    label: str | None
    exact: bool

    @property
    def renamed(self) -> bool:
        """Whether the node gets another label."""
        return self.exact and bool(self.label and self.present.id) and self.label != self.present.id


def needs_new_node(pair: Pair, sheet: Sheet) -> bool:
    """Whether the node is named in another file, and its name would have to change."""
    named_here = any(site.unit is not None for site in sheet.own(pair.node))
    if pair.renamed and not any(site.labels for site in sheet.own(pair.node)):
        return True
    if pair.start == pair.present.start or named_here or "@" not in pair.node.name:
        return False
    return not sheet.here(pair.node.properties.get("reg"))


def change(pair: Pair, sheet: Sheet, writer: Writer) -> None:
    """Patch what differs."""
    _place(pair, sheet, writer)
    if pair.renamed:
        _rename(pair, sheet)
    if pair.wish.writable != pair.present.writable:
        _property(pair, "read-only", None if pair.wish.writable else "read-only;", sheet)
    if pair.exact and pair.wish.description != pair.present.description:
        _description(pair, sheet)


def _place(pair: Pair, sheet: Sheet, writer: Writer) -> None:
    node, shown = pair.node, pair.present.name
    if (pair.start, pair.wish.size) == (pair.present.start, pair.present.size):
        return
    reg = node.properties["reg"]
    width = width_of(node.parent, "#address-cells", len(reg.cells))
    size_width = width_of(node.parent, "#size-cells", len(reg.cells))
    writer.address_cells, writer.size_cells = width, size_width
    if sheet.here(reg):
        sheet.set_number(reg.cells[:width], pair.start, shown)
        sheet.set_number(reg.cells[width : width + size_width], pair.wish.size, shown)
    else:
        cells = f"{writer.cells(pair.start)} {writer.size(pair.wish.size)}"
        sheet.restate(node, f"reg = <{cells}>;")
    if pair.start != pair.present.start:
        for site in sheet.own(node):
            if site.unit is not None:
                sheet.patches[site.unit] = f"{pair.start:x}".encode()
    _ranges(pair, sheet, writer)


def _ranges(pair: Pair, sheet: Sheet, writer: Writer) -> None:
    """The row of ``ranges`` that puts the partitions inside at the start of this one."""
    node = pair.node
    ranges = node.properties.get("ranges")
    if ranges is None or not ranges.cells:
        return
    child, size = width_of(node, "#address-cells"), width_of(node, "#size-cells")
    up = width_of(node.parent, "#address-cells")
    cells = ranges.cells
    if len(cells) != child + up + size:
        return
    start, length = cells[child : child + up], cells[child + up :]
    if not sheet.here(ranges):
        low = _value(cells[:child]) or 0
        writer.address_cells, writer.size_cells = child, size
        inner, whole = writer.cells(low), writer.size(pair.wish.size)
        writer.address_cells = up
        sheet.restate(node, f"ranges = <{inner} {writer.cells(pair.start)} {whole}>;")
        return
    if _value(start) == pair.present.start:
        sheet.set_number(start, pair.start, pair.present.name)
    if _value(length) == pair.present.size:
        sheet.set_number(length, pair.wish.size, pair.present.name)


def _value(cells: Sequence[Cell]) -> int | None:
    return joined([cell.value for cell in cells])


def _rename(pair: Pair, sheet: Sheet) -> None:
    old, new = pair.present.id or "", pair.label or ""
    for site in sheet.own(pair.node):
        for label, span in site.labels:
            if label == old:
                sheet.patches[span] = new.encode()
    for span in sheet.references(old):
        sheet.patches[span] = new.encode()
    message = f"node label `{printable(old, 60)}` is `{printable(new, 60)}` now"
    help = f"other files and C code (FIXED_PARTITION_ID({printable(old, 60)})) have to follow"
    sheet.findings.append(note("FMT195", message, help))


def _description(pair: Pair, sheet: Sheet) -> None:
    wished = pair.wish.description
    found = pair.node.properties.get("label")
    if wished is not None and found is not None and sheet.here(found) and found.string_spans:
        sheet.patches[found.string_spans[0]] = _string(wished).encode("utf-8", "replace")
        return
    _property(pair, "label", None if wished is None else f"label = {_string(wished)};", sheet)


def _property(pair: Pair, name: str, line: str | None, sheet: Sheet) -> None:
    """Add a property as ``line``, or take it out."""
    found = pair.node.properties.get(name)
    if line is not None:
        sheet.restate(pair.node, line)
    elif found is not None and sheet.here(found):
        sheet.remove(found.span)
    else:
        sheet.restate(pair.node, f"/delete-property/ {name};")


def _string(text: str) -> str:
    """A string of a devicetree; one that was read keeps its escapes as they stand."""
    return f'"{text}"' if "\\" in text else c_string(text)
