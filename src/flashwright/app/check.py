"""``check``: what is wrong with the layouts of a file, and what the user has accepted."""

from __future__ import annotations

from flashwright.app.layout import Layout, Layouts, read_layouts
from flashwright.base.record import record, replace
from flashwright.diag.finding import Finding, Severity, in_order, warning
from flashwright.diag.page import Page, page
from flashwright.formats.format import ReadOptions, Source
from flashwright.rules.catalog import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flashwright.model.devices import Devices
    from flashwright.model.spec import Spec, Suppression


@record()
class Checked:
    """The layouts of a file and all findings; ``accepted`` counts those that the user accepts."""

    layouts: Layouts
    findings: tuple[Finding, ...]
    accepted: int = 0

    def _repr_html_(self) -> str:
        """The page with maps and findings, for notebooks."""
        from flashwright.draw.html import html

        return html(self.layouts.tables, self.findings)


def check(
    source: Source,
    devices: Devices,
    options: ReadOptions = ReadOptions(),  # noqa: B008  (a frozen value)
    form: str | None = None,
) -> Checked:
    """Read ``source`` (and plan it, if it is a spec with gaps) and run every rule on each table."""
    return checked(read_layouts(source, devices, options, form))


def checked(read: Layouts) -> Checked:
    """Every rule run on each table of ``read``."""
    several = len(read.layouts) > 1
    findings = list(read.findings)
    accepted = 0
    for layout in read.layouts:
        found, count = _findings(layout, named=several)
        findings.extend(found)
        accepted += count
    return Checked(read, in_order(findings), accepted)


def _findings(layout: Layout, *, named: bool) -> tuple[list[Finding], int]:
    found = list(run(layout.table))
    if named:
        found = [replace(f, table=layout.table.name) for f in found]
    if layout.spec is None:
        return found, 0
    return _without_accepted(found, layout.spec)


def _without_accepted(findings: list[Finding], spec: Spec) -> tuple[list[Finding], int]:
    used: set[Suppression] = set()
    kept = []
    for finding in findings:
        matching = [s for s in spec.accepted if _covers(s, finding)]
        used.update(matching)
        if not matching:
            kept.append(finding)
    unused = [s for s in spec.accepted if s not in used]
    return [*kept, *(_unused(s) for s in unused)], len(findings) - len(kept)


def _covers(suppression: Suppression, finding: Finding) -> bool:
    if suppression.code != finding.code:
        return False
    return suppression.partition is None or suppression.partition in _partitions(finding)


def _partitions(finding: Finding) -> tuple[str, ...]:
    """The names of the partitions that a finding is about, whatever its words are."""
    one, others = finding.facts.get("partition"), finding.facts.get("others")
    names = (one, *others) if isinstance(others, list) else (one,)
    return tuple(name for name in names if isinstance(name, str))


def _unused(suppression: Suppression) -> Finding:
    concerns = f" for `{suppression.partition}`" if suppression.partition else ""
    return warning(
        "SPC020",
        f"nothing of code {suppression.code}{concerns} is found any more, but it is accepted",
        "remove the [[accept]] entry, so that it cannot hide a new fault",
        suppression.place,
    )


PAGES: tuple[Page, ...] = (
    page(
        "SPC020",
        "accepts-nothing",
        Severity.WARNING,
        """An `[[accept]]` entry matches no finding.

        ## Why it matters
        It was written for a fault that is mended now; left behind, it would hide the next one.
        """,
    ),
)
