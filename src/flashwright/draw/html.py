"""One self-contained HTML page: the maps, the partitions, the findings with their help.

Laws: well-formed for any names; nothing is loaded from elsewhere, no script; light or dark as the
reader has it, or as the theme says. All that is known of a partition or a finding is under the
pointer in the map, and in the tables below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.as_text import count_line
from flashwright.diag.finding import Finding
from flashwright.draw.ink import PALETTES, Theme, clean
from flashwright.draw.svg import svg
from flashwright.model.table import Partition, Table

#: The most rows of the table of partitions.
MOST_ROWS = 500
#: The partitions whose row and box light up together when the pointer is over one of them.
_LIT = range(40)

_HEADINGS = ("partition", "role", "flash", "offset", "end", "size", "", "address", "access")
_NUMBERS = frozenset({"offset", "end", "size", "address"})
_NUMBER = ' class="n"'


def html(
    tables: Sequence[Table], findings: Iterable[Finding] = (), *, theme: Theme = "auto"
) -> str:
    """The page for ``tables``; a finding that names a table is shown with that one only."""
    told = tuple(findings)
    title = ", ".join(printable(t.name) for t in tables[:4]) or "no table"
    sections = [_section(table, told, len(tables), theme) for table in tables]
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>flash layout {clean(title)}</title><style>{_style(theme)}</style></head><body>\n"
        f"<h1>Flash layout {clean(title)}</h1>\n<p>{clean(count_line(told))}</p>\n"
        + "\n".join(sections)
        + f"\n<h2>Findings</h2>\n{_findings(told)}\n"
        + "</body></html>\n"
    )


def _section(table: Table, findings: tuple[Finding, ...], tables: int, theme: Theme) -> str:
    here = findings if tables == 1 else tuple(f for f in findings if f.table == table.name)
    numbers = {id(p): n for n, p in enumerate(table.partitions)}
    inside = [p for owner in table.owners for p in table.in_flash(owner)]
    rows = "\n".join(_row(table, p, numbers[id(p)]) for p in inside[:MOST_ROWS])
    if len(inside) > MOST_ROWS:
        rows += f'<tr><td colspan="9">and {len(inside) - MOST_ROWS} more</td></tr>'
    heads = "".join(
        f'<th scope="col"{_NUMBER if h in _NUMBERS else ""}>{h}</th>' for h in _HEADINGS
    )
    title = clean(printable(table.name))
    return (
        f"<section><h2>{title}</h2>\n<figure>{svg(table, here, theme=theme)}</figure>\n"
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _row(table: Table, partition: Partition, index: int) -> str:
    flash = table.device.flash(partition.owner) if table.device else None
    address = flash.address(partition.extent.start) if flash else None
    access = ("r" if partition.readable else "-") + ("w" if partition.writable else "-")
    name = clean(printable(partition.name))
    numbers = (
        format_hex(partition.extent.start),
        format_hex(partition.extent.end),
        format_hex(partition.size),
        format_size(partition.size),
        "" if address is None else format_hex(address),
    )
    cells = "".join(f'<td class="n">{n}</td>' for n in numbers)
    return (
        f'<tr class="fw-i{index}"><th scope="row">{name}</th>'
        f"<td>{partition.role.value.replace('_', ' ')}</td>"
        f"<td>{clean(printable(partition.owner))}</td>{cells}<td>{access}</td></tr>"
    )


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "<p>None.</p>"
    return "<dl>" + "\n".join(_told(f) for f in findings[:500]) + "</dl>"


def _told(finding: Finding) -> str:
    place = f"{clean(printable(str(finding.place), 300))}: " if finding.place else ""
    word = finding.severity.word
    where = f" <code>{finding.where.extent}</code>" if finding.where else ""
    help = f"<dd>{clean(printable(finding.help, 600))}</dd>" if finding.help else "<dd></dd>"
    return (
        f'<dt class="{word}">{place}<b>{word} {clean(finding.code)}</b>{where} '
        f"{clean(printable(finding.message, 600))}</dt>{help}"
    )


def _style(theme: Theme) -> str:
    return (
        "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:72rem;"
        "padding:0 1rem;background:var(--paper);color:var(--ink)}"
        "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}"
        "figure{margin:0;overflow-x:auto}svg{max-width:100%;height:auto}.wide{overflow-x:auto}"
        "table{border-collapse:collapse;margin-top:1rem}"
        "th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid var(--faint)}"
        "thead th,thead th.n{color:var(--quiet);font:inherit}"
        ".n,code{font-family:ui-monospace,'DejaVu Sans Mono',monospace}.n{text-align:right}"
        "tbody tr:hover{background:var(--fill-slot-a)}dt{margin-top:.8rem}dd{margin:0 0 0 1.5rem}"
        "dt.error b{color:var(--error)}dt.warning b{color:var(--warning)}"
        "dt.note b{color:var(--note)}"
        ".fw-item:hover .fw-hit{stroke:var(--ink);stroke-width:2.5}" + _together() + _colours(theme)
    )


def _colours(theme: Theme) -> str:
    if theme != "auto":
        return f":root{{color-scheme:{theme};{_variables(theme)}}}"
    return (
        f":root{{color-scheme:light dark;{_variables('light')}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_variables('dark')}}}}}"
    )


def _together() -> str:
    """Row and box of one partition light up together, by style alone."""
    boxes = ",".join(f"section:has(tr.fw-i{n}:hover) g.fw-i{n} .fw-hit" for n in _LIT)
    rows = ",".join(f"section:has(g.fw-i{n}:hover) tr.fw-i{n}" for n in _LIT)
    lit = f"{boxes}{{stroke:var(--ink);stroke-width:2.5}}"
    return f"{lit}{rows}{{background:var(--fill-slot-a)}}"


def _variables(theme: str) -> str:
    return "".join(f"--{name}:{value};" for name, value in PALETTES[theme].items())
