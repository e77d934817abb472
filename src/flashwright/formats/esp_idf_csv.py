"""ESP-IDF's partition CSV, as ``gen_esp32part.py`` reads and writes it.

The grammar is that tool's, which is no CSV dialect: variables are expanded, a line is split at its
commas, nothing is quoted. Written tables have an offset in each row; comments, order and number
style of an existing file are kept where it is given (``WriteOptions.base``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from flashwright.base.nearest import did_you_mean
from flashwright.base.record import maker
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, worst
from flashwright.formats import esp_idf_terms as terms
from flashwright.formats.esp_idf_rows import (
    Row,
    find_what_passes,
    is_sound,
    lay_out,
    table_of,
    unread_field,
    verify,
)
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.table import Table

__all__ = ["decode", "encode"]

#: More rows than two tables hold; a longer file is no partition table.
MOST_ROWS = 1000

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BOM_STARTS = frozenset(bom[:1] for bom, _ in _BOMS)
_VARIABLE = r"\$(?:([A-Za-z0-9_]+)|\{([^}]*)\})"
_UNKNOWN = r"\$([A-Za-z_][A-Za-z0-9_]*)"
#: A longer line is cut: no field of it could be used.
_LONGEST_LINE = 4096
_FIELDS = ("name", "type", "subtype", "start", "size", "flags")


class FieldPlaces(Mapping[str, Place]):
    """Where the fields of a line are, worked out when somebody asks: of a sound table nobody does.

    Columns are those of the text before variables are expanded.
    """

    __slots__ = ("_place", "_text")

    def __init__(self, place: Place, text: str) -> None:
        self._place = place
        self._text = text

    def __getitem__(self, name: str) -> Place:
        if name not in _FIELDS:
            raise KeyError(name)
        parts = self._text.split(",", len(_FIELDS))
        number = _FIELDS.index(name)
        before = sum(len(part) + 1 for part in parts[:number])
        part = parts[number] if number < len(parts) else ""
        lead = len(part) - len(part.lstrip())
        column = min(before + lead, len(self._text)) + 1
        return Place(self._place.path, self._place.line, column)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)

    def __repr__(self) -> str:
        return repr(dict(self))


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The table of a CSV, laid out; what the reference tool refuses is an error."""
    findings: list[Finding] = []
    text = _text(source, findings)
    if text is None:
        return Decoded((), tuple(findings))
    subtypes = _subtypes(options, findings)
    rows = _rows(source.path, text, options, subtypes, findings)
    if findings or not is_sound(rows, options):
        if worst(findings) is not Severity.ERROR:
            lay_out(rows, options, findings)
            verify(rows, options, findings)
        find_what_passes(rows, findings)
    if not rows:
        return Decoded((), tuple(findings) or (_empty(source),))
    if findings and not all(row.has_place for row in rows):
        return Decoded((), tuple(findings))
    table = table_of(rows, options, "partition table", "esp-idf-csv", Place(source.path), None)
    return Decoded((table,), tuple(findings))


def _empty(source: Source) -> Finding:
    help = "a row is name, type, subtype, offset, size"
    return error("FMT210", "no partition in it", help, Place(source.path))


def _text(source: Source, findings: list[Finding]) -> str | None:
    encoding = "utf-8"
    if source.data[:1] in _BOM_STARTS:
        encoding = next((e for bom, e in _BOMS if source.data.startswith(bom)), "utf-8")
    try:
        return source.data.decode(encoding)
    except UnicodeDecodeError as fault:
        line = source.data.count(b"\n", 0, fault.start) + 1
        help = "save the file as UTF-8"
        findings.append(error("FMT210", "not UTF-8 text", help, Place(source.path, line)))
        return None


def _subtypes(options: ReadOptions, findings: list[Finding]) -> Mapping[int, Mapping[str, int]]:
    if not options.extra_subtypes:
        return terms.SUBTYPES
    known = {kind: dict(words) for kind, words in terms.SUBTYPES.items()}
    for text in options.extra_subtypes:
        parts = [p.strip() for p in text.split(",")]
        try:
            if len(parts) != 3 or not parts[1]:
                raise terms.NumberError("is not TYPE,NAME,VALUE")
            kind = terms.number(parts[0], terms.TYPES)
            known.setdefault(kind, {})[parts[1].lower()] = terms.number(parts[2])
        except terms.NumberError as fault:
            findings.append(
                error(
                    "FMT210",
                    f"extra subtype `{printable(text)}` {fault}",
                    "write it as data,my_subtype,0x40",
                )
            )
    return known


def _rows(
    path: str,
    text: str,
    options: ReadOptions,
    subtypes: Mapping[int, Mapping[str, int]],
    findings: list[Finding],
) -> list[Row]:
    rows: list[Row] = []
    usual = subtypes is terms.SUBTYPES
    place_of, row_of = maker(Place), maker(Row)
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw if "$" not in raw else _expanded(raw, options.environment)
        line = line.strip() if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE].strip()
        if not line or line[0] == "#":
            continue
        if len(rows) >= MOST_ROWS:
            help = f"the table in flash holds {terms.MOST_TABLE // terms.ENTRY - 1}"
            findings.append(
                error("FMT210", f"more than {MOST_ROWS} rows", help, Place(path, number))
            )
            break
        place = place_of(path, number)
        places = FieldPlaces(place, raw)
        row = _usual_row(line, place, places, row_of) if usual else None
        if row is None:
            row = _row(line, place, places, subtypes, findings)
        if row is not None:
            rows.append(row)
    return rows


def _expanded(line: str, environment: Mapping[str, str]) -> str:
    """``line`` with the variables that are known; others stay as they are."""

    def value(match: re.Match[str]) -> str:
        return environment.get(match[1] or match[2], match[0])

    return re.sub(_VARIABLE, value, line, flags=re.ASCII)


def _usual_row(
    line: str, place: Place, places: Mapping[str, Place], row_of: Callable[..., Row]
) -> Row | None:
    """A row of keywords and plain numbers, as most rows are; ``None`` where it needs ``_row``."""
    fields = line.split(",")
    if len(fields) != 5 and (len(fields) != 6 or fields[5].strip()):
        return None
    kind = terms.TYPES.get(fields[1].strip())
    if kind != terms.APP and kind != terms.DATA:
        return None
    subtype = terms.SUBTYPES[kind].get(fields[2].strip())
    start = fields[3].strip()
    offset = terms.plain_number(start) if start else None
    size = terms.plain_number(fields[4].strip())
    if subtype is None or size is None or (start and offset is None) or line[0] == "$":
        return None
    return row_of(fields[0].rstrip(), kind, subtype, offset, size, (), place, places)


def _row(
    line: str,
    place: Place,
    places: Mapping[str, Place],
    subtypes: Mapping[int, Mapping[str, int]],
    findings: list[Finding],
) -> Row | None:
    if line[0] == "$" and (unknown := re.match(_UNKNOWN, line)):
        help = f"set it in the environment: {unknown[1]}=..."
        findings.append(error("FMT210", f"unknown variable `{unknown[1]}`", help, place))
        return None
    fields = [f.strip() for f in (line + ",,,,,").split(",")]
    before = len(findings)
    kind = _field(fields[1], "type", terms.TYPES, places, findings)
    # What the words of a type that is not known mean, nobody can say.
    subtype = None
    if kind is not None:
        subtype = _subtype(fields[2], kind, subtypes.get(kind, {}), places, findings)
    no_size = kind in (terms.BOOTLOADER, terms.PARTITION_TABLE)
    no_start = no_size and (
        subtype == terms.PRIMARY or (kind == terms.BOOTLOADER and subtype == terms.RECOVERY)
    )
    offset = _number_or_blank(fields, 3, places, findings, unread=no_start)
    size = _number_or_blank(fields, 4, places, findings, unread=no_size)
    if size is None and not no_size and len(findings) == before:
        findings.append(
            error("FMT210", "the size is missing", "write it, such as 0x6000 or 1M", places["size"])
        )
    flags = _flags(fields[5], places, findings)
    if worst(findings[before:]) is Severity.ERROR:
        return None
    return Row(fields[0], kind or 0, subtype or 0, offset, size or 0, flags, place, places)


def _field(
    text: str,
    what: str,
    words: Mapping[str, int],
    places: Mapping[str, Place],
    findings: list[Finding],
) -> int | None:
    if not text:
        findings.append(
            error("FMT210", f"the {what} is missing", f"one of {', '.join(words)}", places[what])
        )
        return None
    try:
        return terms.number(text, words)
    except terms.NumberError as fault:
        findings.append(
            error(
                "FMT210",
                f"the {what} `{printable(text, 40)}` {fault}",
                did_you_mean(text, words) if words else "write a number such as 0x1000 or 4K",
                places[what],
            )
        )
        return None


def _subtype(
    text: str,
    kind: int,
    words: Mapping[str, int],
    places: Mapping[str, Place],
    findings: list[Finding],
) -> int | None:
    if not text and kind != terms.APP:
        return terms.UNDEFINED
    return _field(text, "subtype", words, places, findings)


def _number_or_blank(
    fields: list[str],
    column: int,
    places: Mapping[str, Place],
    findings: list[Finding],
    *,
    unread: bool,
) -> int | None:
    """The number in a column; of one that is ``unread`` only what it is, if it is a number."""
    text, what = fields[column], _FIELDS[column]
    if not text or (unread and text == "N/A"):
        return None
    if not unread:
        return _field(text, what, {}, places, findings)
    try:
        return terms.number(text)
    except terms.NumberError:
        findings.append(unread_field(what, text, fields[0], places[what]))
        return None


def _flags(text: str, places: Mapping[str, Place], findings: list[Finding]) -> tuple[str, ...]:
    if not text:
        return ()
    flags = []
    for flag in text.split(":"):
        if flag in terms.FLAGS:
            flags.append(flag)
        elif flag:
            findings.append(
                error(
                    "FMT210",
                    f"the flag `{printable(flag, 40)}` is not known",
                    did_you_mean(flag, terms.FLAGS),
                    places["flags"],
                )
            )
    return tuple(dict.fromkeys(flags))


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The table as CSV; into ``options.base``, if that is given, keeping its text."""
    from flashwright.formats.esp_idf_bin import rows_of

    rows, findings = rows_of(tables, "esp-idf-csv")
    if worst(findings) is Severity.ERROR:
        return Encoded(None, findings)
    if options.base is not None:
        from flashwright.formats.esp_idf_edit import written_into

        there = decode(options.base, options.reading(tables[0].device))
        encoded = written_into(options.base, there, rows)
        return Encoded(encoded.data, (*findings, *encoded.findings))
    from flashwright.formats.esp_idf_line import line_of

    head = "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n"
    return Encoded((head + "".join(line_of(row) + "\n" for row in rows)).encode(), findings)
