"""A layout as the verbs pass it on: a table with the spec and the plan that it came from, if any.

Reading is one function for everything a user may have: ``flash.toml``, a file of any known format,
a raw dump of a flash. What is recognised, and why it is not, is said.
"""

from __future__ import annotations

import re

from flashwright.base.nearest import did_you_mean
from flashwright.base.record import record, replace
from flashwright.diag.finding import Finding, Place, Severity, error, note
from flashwright.diag.page import Page, page
from flashwright.formats.catalog import FORMATS, format_named, recognised, resembles
from flashwright.formats.format import LARGEST_TEXT, Format, ReadOptions, Source
from flashwright.model.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flashwright.model.devices import Devices
    from flashwright.model.plan import Plan
    from flashwright.model.spec import Spec

#: The name of our own spec format beside those of ``formats.catalog``.
SPEC_FORMAT = "flash-toml"

#: What every spec has, and tells one on standard input from a file of no known format.
_SPEC = re.compile(rb"^[ \t]*(?:\[\[?[ \t]*device[ \t]*[].]|device[ \t]*[=.])", re.MULTILINE)

#: The largest flash image that is searched for tables, in bytes.
LARGEST_DUMP = 256 << 20


@record()
class Layout:
    """A table, and where it came from: a spec and its plan, or a file of some format."""

    table: Table
    spec: Spec | None = None
    plan: Plan | None = None

    def _repr_html_(self) -> str:
        """The map of the table, for notebooks."""
        from flashwright.draw.svg import svg

        return svg(self.table)


@record()
class Layouts:
    """What a file holds: its format, its layouts, and what was found while reading (and planning).

    ``specs`` are there as soon as the file is a readable spec, even where no plan could be made.
    """

    format: str
    layouts: tuple[Layout, ...] = ()
    findings: tuple[Finding, ...] = ()
    specs: tuple[Spec, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables of the layouts."""
        return tuple(layout.table for layout in self.layouts)


def read_layouts(
    source: Source,
    devices: Devices,
    options: ReadOptions = ReadOptions(),  # noqa: B008  (a frozen value)
    form: str | None = None,
) -> Layouts:
    """The layouts in ``source``; ``form`` names its format, otherwise it is recognised.

    A spec is planned. A table whose format does not tell the device gets that of ``options``.
    """
    if form == SPEC_FORMAT or (form is None and _is_spec(source)):
        return _read_spec(source, devices)
    found, findings = _format_of(source, form)
    if found is None:
        if form is None and _SPEC.search(source.data[:LARGEST_TEXT]):
            return _read_spec(source, devices)
        return Layouts("", findings=findings)
    if len(source.data) > (LARGEST_DUMP if found.binary else LARGEST_TEXT):
        return Layouts(found.name, findings=(_too_large(source, found),))
    decoded = found.decode(source, options)
    return _layouts(found.name, decoded.tables, (*findings, *decoded.findings), options, devices)


def _is_spec(source: Source) -> bool:
    """Whether this is a ``flash.toml``: TOML that is no other format's TOML."""
    if not source.path.lower().endswith(".toml"):
        return False
    return not resembles(".toml", source.data)


def _read_spec(source: Source, devices: Devices) -> Layouts:
    from flashwright.formats.flash_toml import read_specs

    read = read_specs(source, devices)
    return planned_layouts(read.specs, read.findings)


def planned_layouts(
    specs: tuple[Spec, ...],
    findings: tuple[Finding, ...] = (),
    maximise: str | None = None,
    effort: int = 1,
) -> Layouts:
    """The specs as layouts: those with gaps are planned, with ``maximise`` as large as it can be.

    ``findings`` are what reading them found; those of the planner are added.
    ``effort`` lets it search so many times as long, as far as ``MOST_EFFORT``.
    """
    from flashwright.formats.flash_table import fixed_table, is_fixed

    layouts: list[Layout] = []
    found = list(findings)
    for spec in specs:
        if is_fixed(spec) and maximise is None:
            layouts.append(Layout(fixed_table(spec), spec))
            continue
        from flashwright.planner.compare import what_if
        from flashwright.planner.plan import MOST_EFFORT, Limits

        limits = Limits().times(min(effort, MOST_EFFORT))
        planned = what_if(spec, maximise=maximise, limits=limits)
        found.extend(planned.findings)
        if planned.plan is not None:
            layouts.append(Layout(planned.plan.table, spec, planned.plan))
    return Layouts(SPEC_FORMAT, tuple(layouts), tuple(found), specs)


def _format_of(source: Source, named: str | None) -> tuple[Format | None, tuple[Finding, ...]]:
    """The format to read with, and what is to be said of the choice."""
    place = Place(source.path)
    if named is not None:
        form = format_named(named)
        if form is not None and form.reads:
            return form, ()
        known = [f.name for f in FORMATS if f.reads] + [SPEC_FORMAT]
        what = "is only written, never read" if form else "is not known"
        return None, (error("FMT001", f"format `{named}` {what}", did_you_mean(named, known)),)
    found = recognised(source.path, source.data)
    if found:
        return found[0], _other_guesses(found, place)
    if _is_binary(source.data):
        return format_named("dump"), ()
    if not source.data.strip():
        return None, (error("FMT003", "the file is empty", "", place),)
    names = ", ".join((SPEC_FORMAT, *(f.name for f in FORMATS if f.reads)))
    help = f"say which with --from: {names}"
    return None, (error("FMT003", "no known layout format is recognised", help, place),)


def _other_guesses(found: tuple[Format, ...], place: Place) -> tuple[Finding, ...]:
    same_suffix = [f for f in found[1:] if f.suffixes == found[0].suffixes]
    if not same_suffix:
        return ()
    others = ", ".join(f.name for f in same_suffix)
    return (
        note(
            "FMT004",
            f"read as {found[0].name}; it could also be {others}",
            "say which with --from if that is wrong",
            place,
        ),
    )


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:4096] or b"\xff\xff" in data[:4096]


def _too_large(source: Source, form: Format) -> Finding:
    return error(
        "FMT002",
        f"{len(source.data)} bytes are more than a {form.name} file has",
        "give the layout file itself",
        Place(source.path),
    )


def _layouts(
    form: str,
    tables: tuple[Table, ...],
    findings: tuple[Finding, ...],
    options: ReadOptions,
    devices: Devices,
) -> Layouts:
    layouts = []
    for table in tables:
        device = table.device or options.device
        if device is None and isinstance(named := table.attributes.get("device"), str):
            name, _, configuration = named.partition(":")
            matching = devices.find(name, configuration or None)
            device = matching[0] if len(matching) == 1 else None
        layouts.append(Layout(replace(table, device=device)))
    return Layouts(form, tuple(layouts), findings)


PAGES: tuple[Page, ...] = (
    page(
        "FMT001",
        "unknown-format",
        Severity.ERROR,
        """The format that `--from` or `--to` names is not known, or not for this direction.

        ## How to fix
        `flashwright convert --help` lists the formats.
        """,
    ),
    page(
        "FMT002",
        "file-too-large",
        Severity.ERROR,
        """The file is larger than any layout file.

        ## Why it matters
        A layout is a few kilobytes of text. A larger file is another file, and reading it would
        only take time. A raw flash image of up to 256 MiB is searched for tables.
        """,
    ),
    page(
        "FMT003",
        "format-not-recognised",
        Severity.ERROR,
        """The content of the file matches no layout format that is known.

        ## How to fix
        Name the format with `--from`. The formats are recognised by their content first: a
        `board.c` without a partition table in it is not recognised.
        """,
    ),
    page(
        "FMT004",
        "guessed-format",
        Severity.NOTE,
        """The file matches several formats; the best match was taken.

        ## How to fix
        Name the format with `--from` if the guess is wrong.
        """,
    ),
)
