"""``flashwright draw FILE``."""

from __future__ import annotations

import argparse
import shutil
import sys

from flashwright.app.check import Checked, check
from flashwright.cli.options import (
    UsageError,
    add_colour,
    add_reading,
    in_colour,
    read_options,
    source_of,
)
from flashwright.cli.report import complain, status_of
from flashwright.diag.as_text import findings_as_text
from flashwright.diag.finding import Finding, error
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, write_whole

_EXAMPLES = """\
examples:
  flashwright draw flash.toml
  flashwright draw board.c --device esp8266:2m-1024 -o map.svg
  flashwright draw partitions.csv --flash-size 4M -o map.html
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    add_reading(parser)
    group = parser.add_argument_group("drawing")
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write here; the ending says what: svg, png, html"
    )
    group.add_argument("--as", dest="kind", choices=("terminal", "svg", "png", "html"))
    group.add_argument("--theme", choices=("auto", "light", "dark"), default="auto")
    group.add_argument(
        "--width", type=int, metavar="COLUMNS", help="of the terminal map: 60 to 200"
    )
    group.add_argument("--ascii", action="store_true", help="a terminal map of plain ASCII")
    group.add_argument("--no-check", action="store_true", help="without findings on the map")
    add_colour(group)
    parser.set_defaults(fail_on="error")


def execute(args: argparse.Namespace) -> int:
    """Draw the layouts; findings are hatched on the map and told on standard error."""
    catalogue = Catalogue()
    try:
        options = read_options(args, catalogue)
        result = check(source_of(args, args.file), catalogue, options, args.form)
        kind = _kind(args)
        drawn = _drawn(result, kind, args)
        if result.layouts.layouts:
            _deliver(drawn, kind, args)
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding)
    print(findings_as_text(result.findings), end="", file=sys.stderr)
    # A map of a faulty table is a success; no map at all is not.
    return 0 if result.layouts.layouts else max(1, status_of(result.findings, args))


def _kind(args: argparse.Namespace) -> str:
    if args.kind:
        return str(args.kind)
    if not args.output:
        return "terminal"
    ending = args.output.rsplit(".", 1)[-1].lower()
    if ending in ("svg", "png", "html"):
        return str(ending)
    if ending == "txt":
        return "terminal"
    help = "name it .svg, .png, .html or .txt, or say --as"
    raise UsageError(error("DRW001", f"no picture format has the ending `.{ending}`", help))


def _drawn(result: Checked, kind: str, args: argparse.Namespace) -> bytes:
    tables = result.layouts.tables
    findings: tuple[Finding, ...] = () if args.no_check else result.findings
    if kind == "html":
        from flashwright.draw.html import html

        return html(tables, findings, theme=args.theme).encode()
    if kind == "terminal":
        from flashwright.draw.terminal import terminal

        width = args.width or min(shutil.get_terminal_size((80, 24)).columns, 120)
        colour = in_colour(args) and not args.output
        maps = [
            terminal(
                table,
                _of(table.name, findings, len(tables)),
                width=max(60, min(width, 200)),
                colour=colour,
                unicode=not args.ascii,
                listed=bool(args.output),  # on the screen they follow on standard error
            )
            for table in tables
        ]
        return "\n".join(maps).encode()
    return _picture(result, kind, findings, args)


def _picture(
    result: Checked, kind: str, findings: tuple[Finding, ...], args: argparse.Namespace
) -> bytes:
    from flashwright.draw.png import MissingExtraError, png
    from flashwright.draw.svg import svg

    tables = result.layouts.tables
    if len(tables) > 1:
        names = ", ".join(t.name for t in tables)
        help = f"draw them as html or terminal, or a file with one table; found: {names}"
        raise UsageError(
            error("DRW002", f"one {kind} holds one table, here are {len(tables)}", help)
        )
    if not tables:
        return b""
    picture = svg(
        tables[0], findings, theme="light" if kind == "png" and args.theme == "auto" else args.theme
    )
    if kind == "svg":
        return picture.encode()
    try:
        return png(picture)
    except MissingExtraError as fault:
        raise UsageError(
            error("HST004", "PNG pictures need the package resvg_py", f"install it: {fault}")
        ) from None


def _of(name: str, findings: tuple[Finding, ...], tables: int) -> tuple[Finding, ...]:
    return findings if tables == 1 else tuple(f for f in findings if f.table == name)


def _deliver(drawn: bytes, kind: str, args: argparse.Namespace) -> None:
    if args.output:
        write_whole(args.output, drawn, (args.file,))
        return
    if kind == "png" and sys.stdout.isatty():
        help = "say -o FILE.png, or redirect the output"
        raise UsageError(error("DRW003", "a PNG is not for a terminal", help))
    sys.stdout.buffer.write(drawn)
    sys.stdout.flush()
