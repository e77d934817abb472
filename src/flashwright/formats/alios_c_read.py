"""AliOS Things' and Beken's C tables, read as the firmware sees them.

What the compiler does with the text is in ``alios_c_raw``; here the members get their meaning.

Laws: a table holds only partitions whose place is known. One whose start or length depends on a
name that nothing defines is left out, told by an error (FMT101), and its name is kept in
``attributes["incomplete"]`` of the table; no number is ever guessed. An entry that says "not
present" (owner NONE, length 0) is left out and kept in ``attributes["absent"]``.

``start`` is the number of the text. It becomes an offset by the flash's CPU address where the
device is given; without a device the number itself is taken (``attributes["addresses"]`` is
``"cpu"`` where all of them look like CPU addresses of an STM32 or Kinetis flash).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, note, warning
from flashwright.formats.alios_c_meaning import Meaning
from flashwright.formats.alios_c_raw import RawReading
from flashwright.formats.c_preprocess import preprocessed
from flashwright.formats.c_source import CText, TooMuchError, place_at
from flashwright.formats.format import Decoded, ReadOptions, Source

_OF_TABLES = (b"PARTITION_", b"partition_start", b"partition_length", b"block_start")
_MOST_FINDINGS = 500

#: A table that is filled where it is declared, as plain text.
_TABLE = re.compile(
    rb"(?:logic_partition_t|mtd_partition_t|aos_flashpart_t)\s{1,80}(\w{1,80})\s{0,80}"
    rb"\[[^\]]{0,80}\]\s{0,80}="
)


def read(source: Source, options: ReadOptions) -> tuple[Decoded, RawReading | None]:
    """The tables of a C file, and what the compiler's side saw, for those who edit the file."""
    try:
        text = preprocessed(source, options.defines)
        raw = RawReading(text)
        elsewhere = _elsewhere(raw, source, options)
        if elsewhere is not None:
            raw = RawReading(text, elsewhere)
    except (TooMuchError, RecursionError) as error_:
        fault = error_ if isinstance(error_, TooMuchError) else "nested too deeply"
        help = "pass only the file with the table, and headers of no more than 1 MiB"
        finding = error("FMT100", f"C text not read: {fault}", help, Place(source.path))
        return Decoded((), (finding,)), None
    findings = [*_of_text(text, raw)]
    tables = []
    for table in raw.tables.values():
        if table.entries and not (table.external and "statements" not in table.styles):
            meaning = Meaning(text, table, raw, options)
            made = meaning.table()
            findings.extend(meaning.findings)
            if made is not None:
                tables.append(made)
    if not tables and not any(f.severity is Severity.ERROR for f in findings):
        findings.append(_none_found(source, raw, text))
    return Decoded(tuple(tables), tuple(findings[:_MOST_FINDINGS])), raw


def _elsewhere(raw: RawReading, source: Source, options: ReadOptions) -> RawReading | None:
    """The file among the given ones that fills a table which this one copies from."""
    for name in dict.fromkeys(raw.wanted):
        for path in sorted(source.others):
            data = source.others[path]
            if path != source.path and re.search(rb"\b%s\s*\[[^=;]*=" % name.encode(), data):
                other = Source(path, data, source.others)
                return RawReading(preprocessed(other, options.defines))
    return None


def _of_text(text: CText, raw: RawReading) -> Iterator[Finding]:
    """Findings about the text itself: malformed directives, branches that were left out."""
    for fault in text.faults:
        place = place_at(fault.path, text.files.get(fault.path, b""), fault.offset)
        yield warning("FMT107", f"preprocessor: {printable(fault.message, 120)}", "", place)
    for condition in text.conditions:
        names = [n for n in condition.names if n and n not in text.macros]
        part = text.data[condition.start : condition.end]
        if not names or not any(word in part for word in _OF_TABLES):
            continue
        shown = ", ".join(f"`{printable(n, 60)}`" for n in names[:4])
        yield note(
            "FMT106",
            f"{shown} not defined: the table is read as the compiler would without it",
            f"pass -D {printable(names[0], 60)} to read the other branch",
            place_at(text.path, text.data, condition.start),
        )
    if raw.full:
        yield error("FMT100", "more than 2000 entries: the rest is not read", "", Place(text.path))


def _none_found(source: Source, raw: RawReading, text: CText) -> Finding:
    for table in _TABLE.finditer(source.data):
        name = table[1].decode("ascii", "replace")
        seen = raw.tables.get(name)
        if seen is None or seen.external:
            return _left_out(name, place_at(source.path, source.data, table.start(1)))
    declared = next(iter(raw.tables.values()), None)
    if declared is not None:
        message = f"`{printable(declared.name, 60)}` is declared, but nothing in the file fills it"
        place: Place | None = text.place(declared.node)
    else:
        message, place = "no partition table in this file", Place(source.path)
    help = (
        "an array of hal_logic_partition_t, bk_logic_partition_t, mtd_partition_t or "
        "aos_flashpart_t is expected, or assignments to its members"
    )
    return error("FMT102", message, help, place)


def _left_out(name: str, place: Place) -> Finding:
    message = (
        f"`{printable(name, 60)}` stands in a comment or in a branch that the compiler does not see"
    )
    help = "if the firmware is built with that branch, pass the -D that its #if asks for"
    return error("FMT102", message, help, place)
