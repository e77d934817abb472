"""The rows of an ESP-IDF table: laid out and verified as ``gen_esp32part.py`` does it.

What that tool refuses is an error here (FMT212 to FMT219), all faults at once. What it lets pass
although it goes wrong on the device is found as well: labels that are cut and labels that are equal
after the cut, sizes of nothing, numbers that do not fit. What a layout *means* for updates
(gaps between slots, a missing otadata) is judged by the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flashwright.base.align import align_up
from flashwright.base.extent import Extent
from flashwright.base.record import field, maker, record
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, note, warning
from flashwright.formats import esp_idf_terms as terms
from flashwright.formats.format import ReadOptions
from flashwright.model.table import Partition, Table

_LARGEST = 1 << 32
_APP_ALIGNMENT, _ALIGNMENT = 0x10000, 0x1000

#: Rows of a table with an MD5 row.
_MOST_ROWS = (terms.MOST_TABLE - 1) // terms.ENTRY - 1

#: Data subtypes that ``_verify_data`` knows something about: otadata, NVS, core dumps.
_CHECKED_DATA = (0x00, 0x02, 0x03)

#: Types whose rows have their place and size from elsewhere.
_OF_THE_SYSTEM = (terms.BOOTLOADER, terms.PARTITION_TABLE)


@record(frozen=False)
class Row:
    """A row as far as it could be read; ``offset`` and ``size`` ``None`` where left blank."""

    name: str
    type: int
    subtype: int
    offset: int | None
    size: int | None
    flags: tuple[str, ...] = ()
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def at(self, name: str) -> Place | None:
        """Where field ``name`` is written."""
        return self.places.get(name, self.place)

    @property
    def has_place(self) -> bool:
        """Whether all its numbers are there and fit their fields in the binary table."""
        offset, size = self.offset, self.size
        if offset is None or size is None or not 0 <= offset < _LARGEST or not 0 <= size < _LARGEST:
            return False
        return 0 <= self.type < 0x100 and 0 <= self.subtype < 0x100

    @property
    def shown(self) -> str:
        """Its name, for messages."""
        return f"`{printable(self.name, 40)}`"


def lay_out(rows: list[Row], options: ReadOptions, findings: list[Finding]) -> None:
    """Give every row its place, in the order of the file, as the reference tool does."""
    table_offset = _table_offset(options)
    last_end = table_offset + terms.TABLE_SIZE
    for position, row in enumerate(rows):
        if row.type in _OF_THE_SYSTEM:
            _fixed_row(row, options, findings)
            if row.subtype == 0:
                continue
        if row.offset is not None and row.offset < last_end:
            before = "the partition table" if position == 0 else "the row before"
            findings.append(
                error(
                    "FMT213",
                    f"{row.shown} starts at {format_hex(row.offset)}, but {before} ends at "
                    f"{format_hex(last_end)}",
                    f"start it at {format_hex(_aligned(last_end, row))} or leave the offset blank; "
                    "rows with offsets must rise",
                    row.at("start"),
                )
            )
        if row.offset is None:
            row.offset = _aligned(last_end, row)
        if row.size is not None and row.size < 0:
            row.size = _until(row, -row.size, findings)
        last_end = max(last_end, row.offset + (row.size or 0))


def is_sound(rows: list[Row], options: ReadOptions) -> bool:
    """Whether a glance at each row shows that nothing is to be laid out, refused or told.

    Most files are such; of the others ``lay_out``, ``verify`` and ``find_what_passes`` say what is
    wrong, if anything is.
    """
    free = _table_offset(options) + terms.TABLE_SIZE
    records = 0
    for row in rows:
        start, size, subtype = row.offset, row.size, row.subtype
        if start is None or not size or start < free or (start | size) >> 32 or subtype >> 8:
            return False
        if row.type == terms.APP:
            if (start | size) % _APP_ALIGNMENT:
                return False
        elif row.type != terms.DATA or start % _ALIGNMENT or row.flags:
            return False
        elif subtype == 0x00:
            records += 1
            if size != terms.OTADATA_SIZE or records > 1:
                return False
        elif subtype == 0x90 or (subtype == 0x02 and size < terms.SMALLEST_NVS):
            return False
        free = start + size
    names = [row.name for row in rows]
    return (
        len(set(names)) == len(names) < _MOST_ROWS
        and max(map(len, names), default=0) <= terms.LABEL
        and "".join(names).isascii()
        and (options.flash_size is None or free <= options.flash_size)
    )


def verify(rows: list[Row], options: ReadOptions, findings: list[Finding]) -> None:
    """Everything that the reference tool refuses about rows that have their place."""
    for row in rows:
        _verify_row(row, options, findings)
    _verify_names(rows, findings)
    _verify_places(rows, options, findings)
    records = [r for r in rows if r.type == terms.DATA and r.subtype in (0x00, 0x90)]
    _verify_single([r for r in records if r.subtype == 0x00], "otadata", findings)
    _verify_single([r for r in records if r.subtype == 0x90], "tee_ota", findings)
    _verify_end(rows, options, findings)


def find_what_passes(rows: list[Row], findings: list[Finding], md5: bool = True) -> None:
    """What the reference tool accepts, although the device sees something else."""
    cut = [row for row in rows if is_cut(row.name)]
    for row in cut:
        kept = printable(label_of(row.name).decode("utf-8", "replace"))
        length = len(row.name.encode("utf-8", "surrogatepass"))
        findings.append(
            warning(
                "FMT220",
                f"{row.shown} has {length} bytes; the table keeps {terms.LABEL}: `{kept}`",
                "shorten it: software that looks for the whole name does not find it",
                row.place,
            )
        )
    for row in rows:
        if row.size == 0:
            findings.append(
                warning("FMT222", f"{row.shown} has no bytes", "give it a size", row.at("size"))
            )
    if cut:
        _find_same_labels(rows, findings)
    most = _MOST_ROWS if md5 else _MOST_ROWS + 1
    if len(rows) == most:
        findings.append(
            note("FMT223", f"the table is full: {most} rows", "no row can be added any more")
        )


def _find_same_labels(rows: list[Row], findings: list[Finding]) -> None:
    first: dict[bytes, Row] = {}
    for row in rows:
        label = label_of(row.name)
        if label in first and first[label].name != row.name:
            other = first[label]
            findings.append(
                Finding(
                    "FMT221",
                    Severity.ERROR,
                    f"{other.shown} and {row.shown} have the same label in flash",
                    f"they must differ within their first {terms.LABEL} bytes",
                    row.place,
                    related=(other.place,) if other.place else (),
                )
            )
        first.setdefault(label, row)


def table_of(
    rows: list[Row], options: ReadOptions, name: str, form: str, place: Place, md5: bool | None
) -> Table:
    """The table of rows that have their place; every row must have an offset and a size."""
    attributes: dict[str, object] = {"table_offset": _table_offset(options), "entries": len(rows)}
    if md5 is not None:
        attributes["md5"] = md5
    return maker(Table)(
        name=name,
        partitions=tuple(_partitions(rows)),
        device=options.device,
        format=form,
        place=place,
        attributes=attributes,
    )


def is_cut(name: str) -> bool:
    """Whether the label in flash is not the whole name."""
    return len(name.encode("utf-8", "surrogatepass")) > terms.LABEL


def label_of(name: str) -> bytes:
    """The label in flash: the first 16 bytes of the name."""
    return name.encode("utf-8", "surrogatepass")[: terms.LABEL]


def _partitions(rows: list[Row]) -> Iterator[Partition]:
    extent, partition = maker(Extent), maker(Partition)
    for row in rows:
        kind = terms.kind_of(row.type, row.subtype)
        name, start, flags = row.name, row.offset or 0, row.flags
        yield partition(
            name,
            kind.role,
            "embedded",
            extent(start, start + (row.size or 0)),
            start,
            id=kind.word,
            description=name,
            writable=row.type != terms.BOOTLOADER and "readonly" not in flags,
            pair=kind.pair,
            flags=flags,
            attributes=kind.attributes,
            place=row.place,
            places=row.places,
        )


def _table_offset(options: ReadOptions) -> int:
    if options.table_offset is not None:
        return options.table_offset
    if options.device is not None and options.device.boot.table_offset:
        return options.device.boot.table_offset
    return terms.DEFAULT_TABLE_OFFSET


def _fixed_row(row: Row, options: ReadOptions, findings: list[Finding]) -> None:
    """Rows of the bootloader and of the table itself have their place and size from elsewhere."""
    table_offset = _table_offset(options)
    if row.type == terms.PARTITION_TABLE:
        start, size = table_offset if row.subtype == terms.PRIMARY else None, terms.TABLE_SIZE
    else:
        first = _bootloader_offset(options)
        start = {terms.PRIMARY: first, terms.RECOVERY: options.recovery_offset}.get(row.subtype)
        size = max(0, table_offset - (first or 0))
        if first is None:
            how = "pass --device, or --bootloader-offset (0x1000 on ESP32, 0x0 on ESP32-C3)"
            findings.append(_offset_needed(row, "bootloader", how))
        if start is None and row.subtype == terms.RECOVERY:
            how = "pass --recovery-bootloader-offset"
            findings.append(_offset_needed(row, "recovery bootloader", how))
    if row.offset is not None and start is not None and row.offset != start:
        findings.append(
            unread_field("start", format_hex(row.offset), row.name, row.at("start"), start)
        )
    if row.size and row.size != size:
        findings.append(unread_field("size", format_hex(row.size), row.name, row.at("size"), size))
    row.offset, row.size = row.offset if start is None else start, size


def _offset_needed(row: Row, what: str, help: str) -> Finding:
    message = f"{row.shown} needs the offset of the {what}, which the file does not give"
    return error("FMT214", message, help, row.place)


def unread_field(
    what: str, text: str, name: str, place: Place | None, real: int | None = None
) -> Finding:
    """The finding for a field of such a row that says something of its own."""
    shown = "" if real is None else f": it is {format_hex(real)}"
    return warning(
        "FMT225",
        f"the {what} `{printable(text, 40)}` of `{printable(name, 40)}` is not read{shown}",
        "leave it blank: it follows from the offsets of the bootloader and of the table",
        place,
    )


def _bootloader_offset(options: ReadOptions) -> int | None:
    if options.bootloader_offset is not None:
        return options.bootloader_offset
    boot = options.device.boot.bootloader if options.device else None
    return boot.start if boot is not None else None


def alignment(type_: int) -> int:
    """What the offset of a row of this type is a multiple of, in bytes."""
    return _APP_ALIGNMENT if type_ == terms.APP else _ALIGNMENT


def _aligned(offset: int, row: Row) -> int:
    return align_up(offset, alignment(row.type))


def _until(row: Row, end: int, findings: list[Finding]) -> int:
    """The size of a row whose negative size says where it ends."""
    start = row.offset or 0
    if end >= start:
        return end - start
    findings.append(
        error(
            "FMT215",
            f"{row.shown} is to end at {format_hex(end)}, but starts at {format_hex(start)}",
            "a negative size is the end of the partition; give a larger one",
            row.at("size"),
        )
    )
    return 0


def _verify_row(row: Row, options: ReadOptions, findings: list[Finding]) -> None:
    start, size = row.offset or 0, row.size or 0
    align = _APP_ALIGNMENT if row.type == terms.APP else _ALIGNMENT
    if start % align:
        findings.append(
            error(
                "FMT212",
                f"{row.shown} starts at {format_hex(start)}, which is no multiple of "
                f"{format_hex(align)}",
                f"start it at {format_hex(start // align * align)} or "
                f"{format_hex(align_up(start, align))}",
                row.at("start"),
            )
        )
    if row.type == terms.APP:
        unit = 0x10000 if options.secure_boot == "v1" else 0x1000
        if size % unit:
            findings.append(
                error(
                    "FMT212",
                    f"{row.shown} has {format_hex(size)} bytes, which is no multiple of "
                    f"{format_hex(unit)}",
                    f"make it {format_hex(align_up(size, unit))}",
                    row.at("size"),
                )
            )
    elif row.type == terms.DATA and row.subtype in _CHECKED_DATA:
        _verify_data(row, findings)
    find_what_does_not_fit(row, findings)


def find_what_does_not_fit(row: Row, findings: list[Finding]) -> None:
    """Numbers that are too large, or below zero, for their field in the binary table."""
    for what, value, limit in (
        ("type", row.type, 0x100),
        ("subtype", row.subtype, 0x100),
        ("start", row.offset or 0, _LARGEST),
        ("size", row.size or 0, _LARGEST),
    ):
        if not 0 <= value < limit:
            findings.append(
                error(
                    "FMT216",
                    f"the {what} of {row.shown} does not fit its field: {_short(value)}",
                    f"it must be below {format_hex(limit)}",
                    row.at(what),
                )
            )


def _short(value: int) -> str:
    return format_hex(value) if abs(value) < 1 << 80 else "a number of over 24 digits"


def _verify_data(row: Row, findings: list[Finding]) -> None:
    readonly = "readonly" in row.flags
    if row.subtype == 0x02 and (row.size or 0) < terms.SMALLEST_NVS and not readonly:
        findings.append(
            error(
                "FMT218",
                f"{row.shown} has {format_hex(row.size or 0)} bytes; a writable NVS needs "
                f"{format_hex(terms.SMALLEST_NVS)}",
                f"make it {format_hex(terms.SMALLEST_NVS)}, or give it the flag readonly",
                row.at("size"),
            )
        )
    if readonly and row.subtype in (0x00, 0x03):
        findings.append(
            error(
                "FMT218",
                f"{row.shown} is rewritten at run time and cannot be readonly",
                "remove the flag",
                row.at("flags"),
            )
        )


def _verify_names(rows: list[Row], findings: list[Finding]) -> None:
    names = [row.name for row in rows]
    seen: dict[str, Row] = {}
    for row in rows:
        if row.name in seen:
            first = seen[row.name].place
            findings.append(
                Finding(
                    "FMT211",
                    Severity.ERROR,
                    f"{row.shown} names {names.count(row.name)} partitions",
                    "names must be unique: esp_partition_find() returns the first",
                    row.place,
                    related=(first,) if first else (),
                )
            )
        seen.setdefault(row.name, row)


def _verify_places(rows: list[Row], options: ReadOptions, findings: list[Finding]) -> None:
    table_offset = _table_offset(options)
    free = table_offset + terms.TABLE_SIZE
    told = {f.place for f in findings if f.code == "FMT213"}
    last: Row | None = None
    for row in sorted(rows, key=lambda r: r.offset or 0):
        start = row.offset or 0
        own = row.subtype == 0 and row.type in _OF_THE_SYSTEM
        if start < free and not own and row.at("start") not in told:
            findings.append(
                error(
                    "FMT213",
                    f"{row.shown} starts at {format_hex(start)}, below the end of the partition "
                    f"table at {format_hex(free)}",
                    f"start it at {format_hex(free)} or above, or give the right --table-offset",
                    row.at("start"),
                )
            )
        elif last is not None and start < (last.offset or 0) + (last.size or 0):
            end = (last.offset or 0) + (last.size or 0)
            if row.at("start") not in told:
                findings.append(
                    error(
                        "FMT213",
                        f"{row.shown} at {format_hex(start)} overlaps {last.shown}, which ends at "
                        f"{format_hex(end)}",
                        f"move it up by {format_hex(end - start)} bytes or more",
                        row.at("start"),
                    )
                )
        last = row


def _verify_end(rows: list[Row], options: ReadOptions, findings: list[Finding]) -> None:
    if options.flash_size is None or not rows:
        return
    last = max(rows, key=lambda r: r.offset or 0)
    end = (last.offset or 0) + (last.size or 0)
    if end > options.flash_size:
        findings.append(
            error(
                "FMT217",
                f"{last.shown} ends at {format_hex(end)}, the flash at "
                f"{format_hex(options.flash_size)}",
                f"shrink the layout by {format_hex(end - options.flash_size)} bytes",
                last.at("size"),
            )
        )


def _verify_single(found: list[Row], what: str, findings: list[Finding]) -> None:
    for row in found[1:]:
        findings.append(
            error("FMT219", f"{row.shown} is a second {what} partition", "keep one", row.place)
        )
    if len(found) == 1 and found[0].size != terms.OTADATA_SIZE:
        row = found[0]
        findings.append(
            error(
                "FMT219",
                f"{row.shown} has {format_hex(row.size or 0)} bytes; {what} has exactly "
                f"{format_hex(terms.OTADATA_SIZE)}",
                "two erase blocks, one record in each",
                row.at("size"),
            )
        )
