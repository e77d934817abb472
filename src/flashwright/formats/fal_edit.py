"""Changing the rows of an existing `fal_cfg.h` in place.

Only what differs is touched: the number or text that says it, in the style in which it is written
(``512*1024`` stays a product where it can). Rows that are gone go with their line, new ones follow
the last. Comments, branches and all else stay.

Laws: nothing changed gives the same bytes; the result is read again before it is handed out and
refused (FMT163) if it does not say the table. A number that a macro gives is changed in its
definition where the macro serves nothing else in the files at hand (FMT165), else replaced in the
row (FMT164). A row whose place is not known to the reader stays.

Limits: a row that a macro with arguments makes can get other numbers only through macros of its
own; it is not removed, and not renamed.
"""

from __future__ import annotations

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, warning
from flashwright.formats.c_source import c_string
from flashwright.formats.fal_macros import Macros
from flashwright.formats.fal_patches import Said, Sheet, same_rows
from flashwright.formats.fal_read import FalReading, Row, read
from flashwright.formats.fal_rows import append, remove
from flashwright.formats.fal_write import faults_of, flash_name_of
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.number_style import restyled
from flashwright.model.table import Partition, Table


def edit(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """``options.base`` with the rows of the one table."""
    base = options.base
    if base is None:
        raise ValueError("edit needs a base")
    faults = faults_of(tables)
    if any(f.severity is Severity.ERROR for f in faults):
        return Encoded(None, tuple(faults))
    wished = tables[0]
    wishes = ReadOptions(device=wished.device, defines=options.defines)
    decoded, reading = read(base, wishes)
    broken = [f for f in decoded.findings if f.severity is Severity.ERROR and f.code != "FMT151"]
    if reading is None or broken:
        message = f"the file cannot be edited: `{printable(base.path, 200)}` has errors"
        help = "mend it first, or pass the -D and -I with which it is compiled"
        return Encoded(None, (error("FMT163", message, help), *broken))
    sheet = Sheet(base, wishes, reading)
    expected = _changed(wished, reading, sheet)
    if sheet.refused:
        return Encoded(None, tuple(sheet.findings))
    data = sheet.patched()
    _, again = read(Source(base.path, data, base.others), wishes)
    if again is None or not same_rows(again.rows, expected):
        sheet.refuse("it would not say what the table says; it takes its values from elsewhere")
        return Encoded(None, tuple(sheet.findings))
    return Encoded(data, tuple(sheet.findings))


def _changed(wished: Table, reading: FalReading, sheet: Sheet) -> list[Said | str]:
    """Patch every row; what the rows shall say then, in the order of the file."""
    pairs = _paired(wished, reading.rows)
    macros = Macros(sheet)
    flashes = _Flashes(wished, reading)
    paired = {id(row): wish for wish, row in pairs}
    kept: list[Said | str] = []
    gone: list[Row] = []
    for row in reading.rows:
        wish = paired.get(id(row))
        if wish is not None:
            said = flashes.said(wish, row.partition)
            _edit_row(row, said, sheet, macros)
            kept.append(said)
        elif row.partition is None:
            kept.append(row.name)
            _unknown(row, wished, sheet)
        else:
            gone.append(row)
    fresh = [p for p in wished.partitions if not any(p is wish for wish, _ in pairs)]
    for row in gone:
        remove(row, sheet)
    made = [flashes.said(partition) for partition in fresh]
    if made:
        append(made, reading.rows, gone, sheet)
    if not wished.partitions:
        sheet.refuse("a table without rows is none")
    sheet.findings.extend(flashes.findings())
    return [*kept, *made]


def _unknown(row: Row, wished: Table, sheet: Sheet) -> None:
    """FMT169: a row whose place the file does not give stays, unless the table has its name."""
    shown = printable(row.name, 60)
    help = "pass -D NAME=..., or -I with the header's directory"
    if wished.get(row.name) is not None:
        sheet.refuse(f"what the row of `{shown}` says now is not known", help)
        return
    place = sheet.reading.text.place(row.node)
    message = f"the row of `{shown}` stays: what it says is not known"
    sheet.findings.append(warning("FMT169", message, help, place))


def _paired(wished: Table, rows: tuple[Row, ...]) -> list[tuple[Partition, Row]]:
    """Each wished partition with its row: by name, by the name that it was read with, by place."""
    left = [row for row in rows if row.partition is not None]
    pairs: list[tuple[Partition, Row]] = []
    wishes = list(wished.partitions)
    for same in (_same_name, _same_id, _same_place):
        for wish in list(wishes):
            found = next((r for r in left if r.partition and same(wish, r.partition, wished)), None)
            if found is not None:
                pairs.append((wish, found))
                left.remove(found)
                wishes = [w for w in wishes if w is not wish]
    return pairs


def _same_name(wish: Partition, present: Partition, _wished: Table) -> bool:
    return wish.name == present.name


def _same_id(wish: Partition, present: Partition, wished: Table) -> bool:
    return wished.format == "fal" and wish.id == present.name


def _same_place(wish: Partition, present: Partition, _wished: Table) -> bool:
    return wish.extent == present.extent and wish.owner == present.owner


class _Flashes:
    """What the file calls the flashes of a table."""

    def __init__(self, wished: Table, reading: FalReading) -> None:
        present = [row.partition for row in reading.rows if row.partition is not None]
        self.by_owner = {p.owner: flash_name_of(p) for p in present}
        self.known = {*self.by_owner.values(), *reading.flash_names}
        owners = {p.owner for p in wished.partitions}
        if len(owners) == 1 and len(self.by_owner) == 1:
            self.by_owner.setdefault(owners.pop(), next(iter(self.by_owner.values())))
        self.strange: dict[str, list[str]] = {}
        self.exact = wished.format == "fal"

    def said(self, wish: Partition, present: Partition | None = None) -> Said:
        """The row that says ``wish``; other formats know nothing of ``reserved``: it stays."""
        name = flash_name_of(wish)
        if name not in self.known:
            name = self.by_owner.get(wish.owner, name)
        if name not in self.known:
            self.strange.setdefault(name, []).append(wish.name)
        source = wish if self.exact or present is None else present
        reserved = source.attributes.get("reserved")
        known = reserved if isinstance(reserved, int) else 0
        return Said(wish.name, name, wish.extent.start, wish.size, known)

    def findings(self) -> list[Finding]:
        """FMT166 for flashes that nothing in the file names."""
        known = ", ".join(f"`{printable(n, 40)}`" for n in sorted(self.known)) or "none"
        help = f"the file knows {known}; define the flash, or rename it in the table"
        return [
            warning(
                "FMT166",
                f"no row and no fal_flash_dev has a flash `{printable(name, 40)}` "
                f"(of {', '.join(f'`{printable(p, 40)}`' for p in names[:6])})",
                help,
            )
            for name, names in self.strange.items()
        ]


def _edit_row(row: Row, said: Said, sheet: Sheet, macros: Macros) -> None:
    if row.partition is None:
        return
    now = Said.of(row.partition)
    for member, new, old in (("name", said.name, now.name), ("flash_name", said.flash, now.flash)):
        if new != old:
            _set_text(row, member, new, sheet)
    numbers = (("offset", said.start, now.start), ("len", said.size, now.size))
    for number, value, before in numbers:
        if value != before:
            _set_number(row, number, value, before, macros)
    if said.reserved != now.reserved:
        _set_number(row, "reserved", said.reserved, now.reserved, macros)


def _set_text(row: Row, member: str, text: str, sheet: Sheet) -> None:
    span = sheet.span(row, member)
    if span is None:
        sheet.refuse(f"{member} of `{printable(row.name, 60)}` is not written in its row")
        return
    before = sheet.said(span)
    shown = sheet.flash_text(text) if member == "flash_name" else c_string(text)
    if not before.startswith('"'):
        _tell_replaced(row, member, before, shown, sheet)
    sheet.replace(member, span, shown)


def _set_number(row: Row, member: str, value: int, before: int, macros: Macros) -> None:
    sheet = macros.sheet
    span = sheet.span(row, member)
    if span is not None:
        said = sheet.said(span)
        styled = sheet.number(value) if said == "0" else restyled(value, said, before)
        if styled is not None:
            sheet.replace(member, span, styled)
            return
    if macros.change(row, member, value, before, span):
        return
    if span is None:
        help = "write the row out in the table, or change the macro by hand"
        how = "made by a macro with arguments" if member in row.members else "not written there"
        why = f"{member} of `{printable(row.name, 60)}` is {how}"
        sheet.refuse(why, help)
        return
    shown = sheet.number(value)
    _tell_replaced(row, member, sheet.said(span), shown, sheet)
    sheet.replace(member, span, shown)


def _tell_replaced(row: Row, member: str, before: str, new: str, sheet: Sheet) -> None:
    cell = row.members[member]
    message = (
        f"{member} of `{printable(row.name, 60)}`: `{printable(before, 60)}` is replaced by {new}"
    )
    help = "what else uses the names in it keeps their values"
    place = sheet.reading.text.place(cell.node)
    sheet.findings.append(warning("FMT164", message, help, place))
