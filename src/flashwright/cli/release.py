"""``flashwright release NAME FILE``."""

from __future__ import annotations

import argparse

from flashwright.app.check import check
from flashwright.app.release import release
from flashwright.cli.field import field_facts
from flashwright.cli.options import (
    UsageError,
    add_field_facts,
    add_reading,
    add_reporting,
    lock_path,
    lock_source,
    read_options,
    source_of,
)
from flashwright.cli.report import complain, report, status_of
from flashwright.diag.finding import Finding, Severity, in_order
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, write_whole

_EXAMPLES = """\
examples:
  flashwright release 1.4.0 flash.toml
  flashwright release 1.5.0 board.c --device mk3060 --date 2026-11-22 --lock locks/mk3060.lock
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("name", metavar="RELEASE", help="the release that ships with this layout")
    add_reading(parser)
    parser.add_argument("--lock", metavar="FILE", help="flash.lock beside FILE by default")
    parser.add_argument("--date", default="", help="the date of the release, kept as it is")
    add_field_facts(parser)
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Check the layout, record it, and print the note for the release."""
    catalogue = Catalogue()
    try:
        options = read_options(args, catalogue)
        result = check(source_of(args, args.file), catalogue, options, args.form)
        path = lock_path(args.lock, args.file)
        source = lock_source(path)
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding, args)
    findings: list[Finding] = list(result.findings)
    if any(f.severity is Severity.ERROR for f in findings) or not result.layouts.tables:
        return report(in_order(findings), args, summary="nothing was recorded")
    done = release(
        args.name,
        result.layouts.tables,
        source,
        path=path,
        date=args.date,
        facts=field_facts(args),
    )
    findings.extend(done.findings)
    if done.data is not None:
        try:
            write_whole(path, done.data)
        except FileFaultError as fault:
            return complain(fault.finding, args)
    text = f"recorded in {path}\n\n{done.note}" if done.data is not None else ""
    shown = [f for f in findings if f.severity > Severity.NOTE or f.code.startswith("EVO")]
    status = report(
        in_order(shown), args, tables=result.layouts.tables, more={"note": done.note}, text=text
    )
    return status if done.data is not None else max(1, status, status_of(findings, args))
