"""What was written is read back, and every difference that the writer did not tell is told.

So no writer can lose, round or rename anything in silence: neither by what its format cannot
express, nor by a fault of its own. A partition that comes back elsewhere, or not at all, is an
error, and the file is not handed out.

Limits: formats that are only written (headers, Markdown) cannot be read back. Facts about images
(sizes, slack, link addresses) belong to the build, not to the layout; no finding speaks of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flashwright.base.extent import Extent
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, InFlash, Severity
from flashwright.diag.page import Page, page
from flashwright.formats.format import Encoded, Format, Source, WriteOptions
from flashwright.model.table import Partition, Role, Table

#: Formats whose tables say the same: what was read from one is whole in the other.
_FAMILY = {"esp-idf-csv": "esp-idf", "esp-idf-bin": "esp-idf"}

#: Findings that name partitions because an existing file was changed, not because of a loss.
_OF_EDITS = frozenset(
    f"FMT{number}" for number in (131, 133, 164, 165, 167, 168, 191, 192, 193, 195, 209, 224)
)

#: The most partitions that one finding names.
_MOST_NAMES = 8

#: What a partition became: both, by partition of the table that was written.
_Pairs = list[tuple[Partition, Partition]]


def read_back(
    form: Format, tables: tuple[Table, ...], encoded: Encoded, options: WriteOptions
) -> Encoded:
    """``encoded`` with what its bytes say otherwise than ``tables``; without them on an error."""
    if encoded.data is None or not form.reads or _same_family(form, tables, options):
        return encoded
    device = tables[0].device if tables else None
    source = Source("what was written", encoded.data)
    if options.base is not None:  # the ending of a name and the files beside it count
        source = Source(options.base.path, encoded.data, options.base.others)
    decoded = form.decode(source, options.reading(device))
    told = " ".join(f"{f.message} {f.help}" for f in encoded.findings if f.code not in _OF_EDITS)
    findings: list[Finding] = []
    for table in tables:
        findings += _differences(form, table, decoded.tables, told)
    spoiled = any(f.severity is Severity.ERROR for f in findings)
    data = None if spoiled else encoded.data
    return Encoded(data, (*encoded.findings, *findings))


def _same_family(form: Format, tables: tuple[Table, ...], options: WriteOptions) -> bool:
    family = _FAMILY.get(form.name)
    return (
        family is not None
        and options.base is None
        and all(_FAMILY.get(table.format) == family for table in tables)
    )


def _differences(
    form: Format, table: Table, written: tuple[Table, ...], told: str
) -> Iterable[Finding]:
    """What of ``table`` is not in what was written, except what ``told`` names."""
    partitions = max(
        written,
        key=lambda t: (
            sum(old.extent == new.extent for old, new in _pairs(table.partitions, t.partitions)),
            t.name == table.name,
        ),
        default=Table("", ()),
    ).partitions
    pairs = _pairs(table.partitions, partitions)
    there = {id(partition) for partition, _ in pairs}
    for partition in table.partitions:
        if id(partition) not in there and f"`{partition.name}`" not in told:
            yield _spoiled(form, table, partition, "is not in it when it is read back")
    owners: dict[str, str] = {}  # what flashes are called there
    for old, new in pairs:
        if old.extent != new.extent and f"`{old.name}`" not in told:
            yield _spoiled(form, table, old, f"is read back at {new.extent}")
        elif old.owner != new.owner and new.owner in table.owners:
            yield _spoiled(form, table, old, f"is read back in flash `{new.owner}`")
        elif old.owner != new.owner:
            owners[old.owner] = new.owner
    for owner, called in sorted(owners.items()):
        message = f"{form.name} calls flash `{owner}` `{called}`"
        yield Finding("FMT006", Severity.NOTE, message, table=table.name)
    yield from _unsaid(form, table, pairs, told)


def _pairs(olds: tuple[Partition, ...], news: tuple[Partition, ...]) -> _Pairs:
    """Each partition with what it became: the one of its name, or else the one at its place."""
    by_name: dict[str, Partition] = {}
    by_place: dict[tuple[str, Extent], Partition] = {}
    for new in news:
        for name in (new.name, new.id, new.description):
            if name:
                by_name.setdefault(name, new)
        by_place.setdefault((new.owner, new.extent), new)
        by_place.setdefault(("", new.extent), new)
    pairs = []
    for old in olds:
        found = by_place.get((old.owner, old.extent)) or by_place.get(("", old.extent))
        named = by_name.get(old.name) or by_name.get(old.id or "")
        if named is not None and (found is None or named.extent == old.extent):
            found = named
        if found is not None:
            pairs.append((old, found))
    return pairs


def _unsaid(form: Format, table: Table, pairs: _Pairs, told: str) -> Iterable[Finding]:
    """A finding for each kind of thing that the format does not say of some partitions."""
    kinds: tuple[tuple[str, Callable[[Partition, Partition], str]], ...] = (
        ("name", _renamed),
        ("role", _role),
        ("access", _access),
        ("flags", _flags),
        ("sharing", _sharing),
    )
    words = {
        "name": "has other names for",
        "role": "does not say what these are for",
        "access": "does not say what may not be read or written",
        "flags": "has no such flags",
        "sharing": "does not say which overlaps are meant",
    }
    for kind, word in kinds:
        lost = [
            (old, said)
            for old, new in pairs
            if (said := word(old, new)) and (kind == "access" or f"`{old.name}`" not in told)
        ]
        if lost:
            yield _unexpressed(form, table, words[kind], lost)


def _renamed(old: Partition, new: Partition) -> str:
    """The other name, if neither name, symbol nor label is the old one."""
    if old.name in (new.name, new.id, new.description) or (old.id and old.id == new.id):
        return ""
    return f"`{printable(new.name, 40)}`"


def _role(old: Partition, new: Partition) -> str:
    slots = {Role.APPLICATION, Role.OTA_TEMP}
    if old.role is new.role or old.role is Role.CUSTOM or {old.role, new.role} == slots:
        return ""
    return old.role.value.replace("_", " ")


def _access(old: Partition, new: Partition) -> str:
    lost = [
        word
        for word, before, after in (
            ("not readable", old.readable, new.readable),
            ("read-only", old.writable, new.writable),
        )
        if after and not before
    ]
    return ", ".join(lost)


def _flags(old: Partition, new: Partition) -> str:
    return ", ".join(flag for flag in old.flags if flag not in new.flags and flag != "readonly")


def _sharing(old: Partition, new: Partition) -> str:
    if old.parent and not new.parent:
        return f"part of {printable(old.parent, 40)}"
    if old.shares and not new.shares:
        return "shared with " + ", ".join(printable(name, 40) for name in old.shares)
    return ""


def _unexpressed(
    form: Format, table: Table, what: str, lost: list[tuple[Partition, str]]
) -> Finding:
    names = [f"`{printable(old.name, 40)}` ({said})" for old, said in lost[:_MOST_NAMES]]
    more = f" and {len(lost) - _MOST_NAMES} more" if len(lost) > _MOST_NAMES else ""
    facts: dict[str, Fact] = {"format": form.name, "partitions": [old.name for old, _ in lost]}
    return Finding(
        "FMT006",
        Severity.NOTE,
        f"{form.name} {what}: {', '.join(names)}{more}",
        facts=facts,
        table=table.name,
    )


def _spoiled(form: Format, table: Table, partition: Partition, what: str) -> Finding:
    return Finding(
        "FMT007",
        Severity.ERROR,
        f"`{printable(partition.name, 40)}` cannot be written as {form.name}: it {what}",
        "leave it out, or write another format",
        partition.place,
        InFlash(partition.owner, partition.extent),
        facts={"format": form.name, "partition": partition.name},
        table=table.name,
    )


PAGES: tuple[Page, ...] = (
    page(
        "FMT006",
        "not-expressed",
        Severity.NOTE,
        """The format has no word for something that the layout says, or another word.

        ## Why it matters
        Whoever reads the written file alone does not know it: what a partition is for, that it may
        not be written, that an overlap is meant. What was written is read back to find out.

        ## How to fix
        Keep the layout in `flash.toml` and write the other formats from it.
        """,
    ),
    page(
        "FMT007",
        "written-otherwise",
        Severity.ERROR,
        """A partition would lie elsewhere, or be missing, for those who read the written file.

        ## Why it matters
        The format derives places by rules of its own (where a bootloader starts, which flash an
        address belongs to), and those rules give another layout than the one that was checked.
        Nothing is written then.

        ## How to fix
        Leave that partition out, or move it to where the format has it.
        """,
    ),
)
