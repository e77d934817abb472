"""Changing the partitions of an existing board file or overlay in place.

Only what differs is touched: the cells of `reg` (and of the `ranges` of sub-partitions) in their
style, the unit address of the node, its label and every `&label` of the file, `label`, `read-only`.
New nodes are appended to the node that holds the partitions; nodes that are gone are taken out, or
deleted with `/delete-node/` where another file defines them. Comments and all else stay.

Laws: nothing changed gives the same bytes; the result is read again before it is handed out and
refused (FMT190) if it does not say the table. The files that the base includes, and the board of an
overlay, are read from ``base.others`` and never changed. Nodes that are disabled stay.

Limits: labels and `label` strings are changed only to those of a table that was read from a
devicetree; other formats do not know them.
"""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.base.text import printable
from flashwright.diag.finding import Severity, error
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.zephyr_dts_change import Pair, change, needs_new_node
from flashwright.formats.zephyr_dts_fresh import Adding, delete
from flashwright.formats.zephyr_dts_nodes import DtsReading
from flashwright.formats.zephyr_dts_read import SUB, read
from flashwright.formats.zephyr_dts_sheet import Sheet
from flashwright.formats.zephyr_dts_write import Writer, faults_of, style_of
from flashwright.model.table import Partition, Table

#: A file without partitions gets them; other errors keep it from being edited.
_NO_PARTITIONS = "FMT171"
#: A syntax error is told; without any partition the file may be no devicetree at all.
_SYNTAX = "FMT182"
_CODE = "zephyr,code-partition"


def edit(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``options.base`` with the partitions of the one table."""
    base = options.base
    if base is None:
        raise ValueError("edit needs a base")
    faults = faults_of(tables, options)
    if faults:
        return Encoded(None, faults)
    wished = tables[0]
    style = style_of(wished, options.sdk) or "fixed"
    wishes = ReadOptions(device=wished.device, defines=options.defines)
    decoded, reading = read(base, wishes)
    unclear = [f for f in decoded.findings if f.code == _SYNTAX]
    broken = [
        f
        for f in decoded.findings
        if (f.severity is Severity.ERROR and f.code != _NO_PARTITIONS)
        or (f.code == _SYNTAX and not decoded.tables)
    ]
    if reading is None or broken:
        message = f"the file cannot be edited: `{printable(base.path, 200)}` has errors"
        help = "mend it first, or give what it includes (the board of an overlay) with -I DIR"
        return Encoded(None, (error("FMT190", message, help), *broken))
    present = decoded.tables[0] if decoded.tables else Table("devicetree", ())
    editing = _Editing(wished, present, reading, style, Sheet(base, reading))
    editing.run()
    sheet = editing.sheet
    sheet.findings += unclear
    if sheet.refused:
        return Encoded(None, tuple(sheet.findings))
    data = sheet.patched()
    again, _ = read(Source(base.path, data, base.others), wishes)
    if not editing.says(again.tables):
        sheet.refuse("it would not say what the table says; other nodes or files have their say")
        return Encoded(None, tuple(sheet.findings))
    return Encoded(data, tuple(sheet.findings))


class _Editing:
    def __init__(
        self, wished: Table, present: Table, reading: DtsReading, style: str, sheet: Sheet
    ) -> None:
        self.wished, self.present = wished, present
        self.reading, self.style, self.sheet = reading, style, sheet
        self.writer = Writer(wished, style)
        self.writer.units = b"DT_SIZE_" in sheet.base.data
        self.exact = wished.format == "zephyr-dts"
        self.owners = _owners(wished, present)
        self.nodes = dict(zip((id(p) for p in present.partitions), reading.nodes, strict=False))
        self.pairs: list[Pair] = []
        self.fresh: list[Partition] = []

    def run(self) -> None:
        """Patch everything that differs."""
        self.sheet.findings += [f for f in self.writer.findings if f.severity is Severity.ERROR]
        if not self.wished.partitions:
            self.sheet.refuse("a layout without partitions has no flash map")
            return
        matched = self._matched()
        moved = {found.name: (wish, found) for wish, found in matched}
        self.pairs = [self._pair(wish, found, moved) for wish, found in matched]
        self._renewed(matched)
        kept = {id(pair.present) for pair in self.pairs}
        gone = [(p, self.nodes[id(p)]) for p in self.present.partitions if id(p) not in kept]
        self.fresh = [
            p for p in self.wished.partitions if not any(p is pair.wish for pair in self.pairs)
        ]
        labels = {self.writer.labels[p.name] for p in self.fresh}
        for pair in self.pairs:
            if pair.start < 0:
                self.sheet.refuse(f"`{printable(pair.wish.name, 60)}` begins before its parent")
                return
            change(pair, self.sheet, self.writer)
        self._names_apart()
        Adding(self.wished, self.writer, self.style, self.sheet).add(
            self.fresh, self.pairs, self.owners
        )
        self._code_partition()
        delete(gone, labels, self.sheet)

    def _names_apart(self) -> None:
        """Nodes that move to one address must not get one name."""
        taken: dict[tuple[int, str], Pair] = {}
        for pair in self.pairs:
            word = pair.node.name.partition("@")[0]
            name = f"{word}@{pair.start:x}" if "@" in pair.node.name else pair.node.name
            other = taken.setdefault((id(pair.node.parent), name), pair)
            if other is not pair:
                names = (printable(p.present.name, 60) for p in (other, pair))
                both = " and ".join(f"`{name}`" for name in names)
                help = "give them different addresses, or change a node's name by hand"
                self.sheet.refuse(f"{both} would both be `{printable(name, 60)}`", help)

    # Which is which ------------------------------------------------------------------------------

    def _matched(self) -> list[tuple[Partition, Partition]]:
        """Each wished partition with the one of the file: by name, by label, by place."""
        left = list(self.present.partitions)
        wishes = list(self.wished.partitions)
        matched: dict[int, tuple[Partition, Partition]] = {}
        for same in (self._same_name, self._same_label, self._same_place):
            for wish in list(wishes):
                found = next((p for p in left if same(wish, p)), None)
                if found is not None:
                    matched[id(wish)] = (wish, found)
                    left = [p for p in left if p is not found]
                    wishes = [w for w in wishes if w is not wish]
        return [matched[id(p)] for p in self.wished.partitions if id(p) in matched]

    def _same_name(self, wish: Partition, present: Partition) -> bool:
        return wish.name == present.name and self._same_flash(wish, present)

    def _same_label(self, wish: Partition, present: Partition) -> bool:
        label = self.writer.labels[wish.name]
        return label == present.id and self._same_flash(wish, present)

    def _same_place(self, wish: Partition, present: Partition) -> bool:
        inside = wish.parent is not None and self.exact
        same = wish.extent == present.extent and self._same_flash(wish, present)
        return same and (not inside or present.parent is not None)

    def _same_flash(self, wish: Partition, present: Partition) -> bool:
        return self.owners.get(wish.owner) == present.owner

    def _pair(
        self, wish: Partition, found: Partition, moved: dict[str, tuple[Partition, Partition]]
    ) -> Pair:
        base = found.extent.start - found.start + self._shift(found.parent, moved)
        label = self.writer.labels[wish.name] if wish.id else None
        node = self.nodes[id(found)]
        return Pair(wish, found, node, wish.extent.start - base, label, self.exact)

    def _shift(
        self, parent: str | None, moved: dict[str, tuple[Partition, Partition]], depth: int = 0
    ) -> int:
        """How far the addresses inside of a partition move with it."""
        if parent not in moved or parent is None or depth > 60:
            return 0
        new, old = moved[parent]
        node = self.nodes[id(old)]
        ranges = node.properties.get("ranges")
        if ranges.cells if ranges is not None else node.is_a(SUB):
            return new.extent.start - old.extent.start
        return self._shift(old.parent, moved, depth + 1)

    def _renewed(self, matched: Sequence[tuple[Partition, Partition]]) -> None:
        """Leave out the pairs whose node has to be made anew: it, and what lies inside of it."""
        names = {found.name: wish.name for wish, found in matched}
        renewed = {id(p.node) for p in self.pairs if needs_new_node(p, self.sheet)}
        for pair in self.pairs:
            parent = pair.wish.parent
            if parent is None and not self.exact and pair.present.parent in names:
                continue
            if parent != names.get(pair.present.parent or "", pair.present.parent):
                renewed.add(id(pair.node))
        self.pairs = [
            pair
            for pair in self.pairs
            if id(pair.node) not in renewed
            and not any(id(up) in renewed for up in pair.node.ancestors())
            and not self._parent_gone(pair, names)
        ]

    def _parent_gone(self, pair: Pair, names: dict[str, str]) -> bool:
        """Whether a node around it is no partition of the table any more."""
        around = {id(up) for up in pair.node.ancestors()}
        return any(
            id(node) in around and p.name not in names
            for p, node in zip(self.present.partitions, self.reading.nodes, strict=False)
        )

    # What is beside the partitions ---------------------------------------------------------------

    def _code_partition(self) -> None:
        """``chosen { zephyr,code-partition }``, if the table says another one."""
        name = self.wished.attributes.get("code_partition")
        label = self.writer.labels.get(name) if isinstance(name, str) else None
        if not self.exact or label is None:
            return
        chosen = self.reading.tree.root.children.get("chosen")
        cells = chosen.cells(_CODE) if chosen else ()
        now = cells[0].label if cells else None
        node = self.reading.tree.labels.get(now or "")
        first = node.labels[0] if node else now  # another label may be said of the same node
        renames = {p.present.id: p.label for p in self.pairs if p.renamed}
        if renames.get(first, first) == label:
            return
        line = f"{_CODE} = &{label};"
        if cells and self.sheet.here(cells[0]):
            start, end = cells[0].span
            self.sheet.patches.pop((start + 1, end), None)
            self.sheet.patches[start, end] = f"&{label}".encode()
        elif chosen is not None and self.sheet.own(chosen):
            self.sheet.insert(self.sheet.own(chosen)[-1], [line])
        else:
            self.sheet.blocks += ["/ {", "\tchosen {", f"\t\t{line}", "\t};", "};", ""]

    # The result ----------------------------------------------------------------------------------

    def says(self, tables: tuple[Table, ...]) -> bool:
        """Whether the edited file has exactly the wished partitions."""
        if len(tables) != 1 or len(tables[0].partitions) != len(self.wished.partitions):
            return False
        now: dict[str, Partition] = {p.name: p for p in tables[0].partitions}
        called = {id(p.wish): p.label if p.renamed else p.present.name for p in self.pairs}
        for wish in self.wished.partitions:
            name = called.get(id(wish), self.writer.labels[wish.name])
            found = now.get(name or "")
            if found is None or found.extent != wish.extent or found.writable != wish.writable:
                return False
            if self.exact and (found.description, bool(found.parent)) != (
                wish.description,
                bool(wish.parent),
            ):
                return False
        return True


def _owners(wished: Table, present: Table) -> dict[str, str]:
    """What the file calls the flashes of the table: by node label, by name, or the only one."""
    here = _labels(present)
    there = _labels(wished)
    by_label = {label: owner for owner, label in here.items()}
    owners = {}
    for owner in wished.owners:
        label = there.get(owner)
        if label in by_label:
            owners[owner] = by_label[label]
        elif owner in present.owners:
            owners[owner] = owner
        elif len(wished.owners) == 1 and len(present.owners) == 1:
            owners[owner] = present.owners[0]
    return owners


def _labels(table: Table) -> dict[str, str]:
    said = table.attributes.get("flash_labels")
    return dict(said) if isinstance(said, dict) else {}
