"""ESP-IDF's partition table as it lies in flash: 32 bytes an entry, an MD5 row, 0xFF to 0xC00.

Source: components/partition_table/gen_esp32part.py 1.5; components/bootloader_support/include/
esp_flash_partitions.h (esp-idf 102122904ade).
"""

from __future__ import annotations

import struct

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, warning, worst
from flashwright.formats import esp_idf_terms as terms
from flashwright.formats.esp_idf_rows import (
    Row,
    find_what_does_not_fit,
    find_what_passes,
    is_cut,
    is_sound,
    label_of,
    table_of,
    verify,
)
from flashwright.formats.format import (
    Decoded,
    Encoded,
    ReadOptions,
    Source,
    WriteOptions,
    only_one_table,
)
from flashwright.model.table import Partition, Role, Table

try:
    # The interpreter's own. ``hashlib`` loads OpenSSL, which takes longer than all the rest.
    from _md5 import md5 as md5_of  # type: ignore[import-not-found]
except ImportError:
    from hashlib import md5 as md5_of

__all__ = ["decode", "encode", "rows_of"]

_ENTRY = struct.Struct("<2sBBLL16sL")


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table in ``source``, which begins with it; what follows its end is not looked at."""
    findings: list[Finding] = []
    rows, md5, whole = read_entries(source.path, source.data, findings)
    if not rows:
        why = "no entry in it" if whole else "no table"
        findings.append(error("FMT230", f"{why}: an entry begins with AA 50", "", _at(source, 0)))
        return Decoded((), tuple(findings))
    if not is_sound(rows, options):
        verify(rows, options, findings)
        find_what_passes(rows, findings, md5)
    table = table_of(rows, options, "partition table", "esp-idf-bin", Place(source.path), md5)
    return Decoded((table,), tuple(findings))


def read_entries(path: str, data: bytes, findings: list[Finding]) -> tuple[list[Row], bool, bool]:
    """The rows at the start of ``data``, whether an MD5 row follows, whether the end was met."""
    rows: list[Row] = []
    digest = md5_of(usedforsecurity=False)
    md5 = False
    place = Place(path)
    for at in range(0, min(len(data), terms.TABLE_SIZE), terms.ENTRY):
        entry = data[at : at + terms.ENTRY]
        if entry == b"\xff" * terms.ENTRY:
            return rows, md5, True
        if len(entry) < terms.ENTRY:
            help = "the file is cut, or is no partition table"
            findings.append(error("FMT230", f"entry {len(rows) + 1} is not whole", help, place))
            return rows, md5, True
        if entry[:2] == terms.MD5_MAGIC[:2]:
            md5 = True
            if entry[16:] != digest.digest():
                said, made = entry[16:].hex(), digest.hexdigest()
                help = f"the row says {said}, the entries give {made}; the bootloader refuses it"
                findings.append(error("FMT231", "the MD5 of the table does not match", help, place))
            continue
        digest.update(entry)
        if entry[:2] != terms.MAGIC:
            help = "an entry begins with AA 50; the table ends with 32 bytes 0xFF"
            shown = entry[:2].hex(" ").upper()
            findings.append(
                error("FMT230", f"entry {len(rows) + 1} begins with {shown}", help, place)
            )
            return rows, md5, False
        rows.append(_row(entry, place, findings))
    findings.append(
        error("FMT230", "the table has no end", "32 bytes 0xFF must follow its entries", place)
    )
    return rows, md5, False


def _row(entry: bytes, place: Place, findings: list[Finding]) -> Row:
    _, kind, subtype, offset, size, label, bits = _ENTRY.unpack(entry)
    label = label.split(b"\0", 1)[0]
    try:
        name = label.decode()
    except UnicodeDecodeError:
        name = label.decode("utf-8", "replace")
        help = "a name was cut in the middle of a character; shorten it in the CSV"
        findings.append(
            warning("FMT232", f"the label `{printable(name)}` is not UTF-8", help, place)
        )
    flags = tuple(f for f, bit in terms.FLAGS.items() if bits >> bit & 1)
    unknown = bits & ~sum(1 << bit for bit in terms.FLAGS.values())
    if unknown:
        help = "they are lost when the table is written again"
        findings.append(
            warning("FMT233", f"`{printable(name)}` has unknown flags 0x{unknown:X}", help, place)
        )
    return Row(name, kind, subtype, offset, size, flags, place)


def _at(source: Source, offset: int) -> Place:
    return Place(source.path)


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as 0xC00 bytes, with an MD5 row unless ``options.md5`` is false."""
    findings: tuple[Finding, ...] = ()
    entries = _usual_entries(tables)
    if entries is None:
        rows, findings = rows_of(tables, "esp-idf-bin")
        if worst(findings) is Severity.ERROR:
            return Encoded(None, findings)
        findings = (*findings, *[_cut(row) for row in rows if is_cut(row.name)])
        entries = b"".join([_entry(row) for row in rows])
    rows_written = len(entries) // terms.ENTRY
    if options.md5:
        digest = md5_of(entries, usedforsecurity=False).digest()
        entries += terms.MD5_MAGIC + digest
    if len(entries) >= terms.MOST_TABLE:
        return Encoded(None, (*findings, _too_many(rows_written, options)))
    return Encoded(entries.ljust(terms.MOST_TABLE, b"\xff"), findings)


def _too_many(rows: int, options: WriteOptions) -> Finding:
    most = (terms.MOST_TABLE - 1) // terms.ENTRY - (1 if options.md5 else 0)
    kind = "with" if options.md5 else "without"
    message = f"{rows} partitions do not fit: the table holds {most} {kind} its MD5"
    return error("FMT234", message, "join partitions")


def _usual_entries(tables: tuple[Table, ...]) -> bytes | None:
    """The entries of a table about which there is nothing to say; ``None`` where there may be."""
    if len(tables) != 1:
        return None
    entries = []
    for partition in tables[0].partitions:
        entry = _usual_entry(partition)
        if entry is None:
            return None
        entries.append(entry)
    return b"".join(entries)


def _usual_entry(partition: Partition) -> bytes | None:
    """The entry of a partition about which there is nothing to say, as of most."""
    name, extent = partition.name, partition.extent
    start, end = extent.start, extent.end
    attributes = partition.attributes
    kind, subtype = attributes.get("type"), attributes.get("subtype")
    if (
        type(kind) is not int
        or type(subtype) is not int
        or (kind | subtype | end >> 24) >> 8
        or partition.flags
        or not partition.writable
        or partition.owner != "embedded"
        or not name.isascii()
        or len(name) > terms.LABEL
        or "," in name
        or name.strip() != name
    ):
        return None
    return _ENTRY.pack(terms.MAGIC, kind, subtype, start, end - start, name.encode(), 0)


def _cut(row: Row) -> Finding:
    kept = printable(label_of(row.name).decode("utf-8", "replace"))
    message = f"{row.shown} is written as `{kept}`: a label has {terms.LABEL} bytes"
    return warning("FMT220", message, "shorten the name", row.place)


def _entry(row: Row) -> bytes:
    bits = 0
    for flag in row.flags:
        bits |= 1 << terms.FLAGS[flag] if flag in terms.FLAGS else 0
    label = label_of(row.name)
    return _ENTRY.pack(
        terms.MAGIC, row.type, row.subtype, row.offset or 0, row.size or 0, label, bits
    )


def rows_of(tables: tuple[Table, ...], form: str) -> tuple[list[Row], tuple[Finding, ...]]:
    """The rows of one table, and what ESP-IDF cannot say about it."""
    if len(tables) != 1:
        return [], (only_one_table(form, tables),)
    findings: list[Finding] = []
    counted = 0
    rows = []
    for partition in tables[0].partitions:
        kind, subtype = _type(partition, counted)
        if "type" not in partition.attributes and partition.role in _SLOTS:
            counted += 1
        flags = partition.flags and tuple(f for f in partition.flags if f in terms.FLAGS)
        if not partition.writable and "readonly" not in flags and kind == terms.DATA:
            flags = (*flags, "readonly")
        _lost(partition, flags, findings)
        extent = partition.extent
        row = Row(partition.name, kind, subtype, extent.start, extent.size, flags, partition.place)
        find_what_does_not_fit(row, findings)
        rows.append(row)
    return rows, tuple(findings)


_SLOTS = (Role.APPLICATION, Role.OTA_TEMP)
_TYPE_OF: dict[Role, tuple[int, int]] = {
    Role.BOOTLOADER: (terms.BOOTLOADER, 0x00),
    Role.PARTITION_TABLE: (terms.PARTITION_TABLE, 0x00),
    Role.FACTORY: (terms.APP, 0x00),
    Role.BOOT_RECORD: (terms.DATA, 0x00),
    Role.CALIBRATION: (terms.DATA, 0x01),
    Role.KV: (terms.DATA, 0x02),
    Role.COREDUMP: (terms.DATA, 0x03),
    Role.FILESYSTEM: (terms.DATA, 0x82),
}


def _type(partition: Partition, slots: int) -> tuple[int, int]:
    """The type and subtype: as the partition says them, or as its role has them."""
    said_type = partition.attributes.get("type")
    said_subtype = partition.attributes.get("subtype")
    if isinstance(said_type, int) and isinstance(said_subtype, int):
        return said_type, said_subtype
    if said_type is not None:
        kind = _number(said_type, terms.TYPES, terms.DATA)
        words = terms.SUBTYPES.get(kind, {})
        return kind, _number(said_subtype, words, terms.UNDEFINED)
    if partition.role in _SLOTS:
        return terms.APP, terms.OTA_FIRST + min(slots, terms.OTA_COUNT - 1)
    return _TYPE_OF.get(partition.role, (terms.DATA, terms.UNDEFINED))


def _number(said: object, words: object, otherwise: int) -> int:
    if isinstance(said, int):
        return said
    try:
        return terms.number(str(said), words if isinstance(words, dict) else {})
    except terms.NumberError:
        return otherwise


def _lost(partition: Partition, flags: tuple[str, ...], findings: list[Finding]) -> None:
    """What an ESP-IDF table cannot say of the partition."""
    if partition.owner != "embedded":
        findings.append(
            error(
                "FMT235",
                f"{_shown(partition)} lies in flash `{printable(partition.owner)}`; the table "
                "knows one flash",
                "leave it out, or register it at run time (esp_partition_register_external)",
                partition.place,
            )
        )
    if "," in partition.name or partition.name != partition.name.strip():
        findings.append(
            error(
                "FMT236",
                f"{_shown(partition)} cannot be a field of a CSV",
                "rename it",
                partition.place,
            )
        )
    lost = partition.flags and [f for f in partition.flags if f not in terms.FLAGS]
    if lost:
        names = ", ".join(printable(f) for f in lost)
        findings.append(
            warning(
                "FMT235",
                f"the flags {names} of {_shown(partition)} are not written: ESP-IDF has none of "
                "that name",
                "known: " + ", ".join(terms.FLAGS),
                partition.place,
            )
        )


def _shown(partition: Partition) -> str:
    return f"`{printable(partition.name, 40)}`"
