"""``flashwright sync FILE FILE...``."""

from __future__ import annotations

import argparse

from flashwright.app.layout import read_layouts
from flashwright.app.sync import sync
from flashwright.base.text import printable
from flashwright.cli.options import UsageError, add_reading, add_reporting, read_options, source_of
from flashwright.cli.report import complain, report
from flashwright.diag.finding import Finding, Severity, error
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError
from flashwright.model.table import Table

_EXAMPLES = """\
examples:
  flashwright sync app.overlay pm_static.yml
  flashwright sync flash.toml board.c linker.ld --device stm32l496vg
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--table", metavar="NAME", help="which table of files with several")
    add_reading(parser, several=True)
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Compare every file with the first."""
    catalogue = Catalogue()
    findings: list[Finding] = []
    tables: list[Table] = []
    try:
        options = read_options(args, catalogue)
        if len(args.files) < 2:
            raise UsageError(
                error("CLI002", "one file alone always agrees with itself", "name two")
            )
        for path in args.files:
            read = read_layouts(source_of(args, path), catalogue, options, args.form)
            findings.extend(f for f in read.findings if f.severity is Severity.ERROR)
            chosen = [t for t in read.tables if t.name == args.table] or read.tables[:1]
            if len(read.tables) > 1 and chosen[0].name != args.table:
                findings.append(_first_only(path, read.tables))
            tables.extend(chosen[:1])
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding, args)
    if args.table and args.table not in {t.name for t in tables}:
        names = ", ".join(t.name for t in tables)
        help = f"compared were: {names}"
        findings.append(error("CLI003", f"no file has a table `{printable(args.table)}`", help))
    findings.extend(sync(tuple(tables)))
    return report(tuple(findings), args, tables=tuple(tables), summary=f"{len(tables)} files")


def _first_only(path: str, tables: tuple[Table, ...]) -> Finding:
    names = ", ".join(t.name for t in tables[1:6])
    return error(
        "CLI003",
        f"`{path}` holds {len(tables)} tables; only `{tables[0].name}` was compared",
        f"not compared: {names}; choose with --table, or a branch with -D",
    )
