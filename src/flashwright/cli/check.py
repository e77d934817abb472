"""``flashwright check FILE...``."""

from __future__ import annotations

import argparse

from flashwright.app.check import check
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
from flashwright.cli.report import complain, report
from flashwright.diag.finding import Finding
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, read_source
from flashwright.model.table import Table

_EXAMPLES = """\
examples:
  flashwright check flash.toml
  flashwright check partitions.csv --flash-size 4M
  flashwright check board.c --device esp8266:2m-1024 --fail-on warning
  flashwright check dump.bin --output-format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    add_reading(parser, several=True)
    parser.add_argument("--lock", metavar="FILE", help="flash.lock beside FILE, if it exists")
    parser.add_argument("--no-lock", action="store_true", help="whatever has shipped")
    add_field_facts(parser)
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Check every file and report all findings together."""
    catalogue = Catalogue()
    findings: list[Finding] = []
    tables: list[Table] = []
    partitions = accepted = 0
    try:
        options = read_options(args, catalogue)
    except UsageError as fault:
        return complain(fault.finding, args)
    for path in args.files:
        try:
            result = check(source_of(args, path), catalogue, options, args.form)
            findings.extend(result.findings)
            findings.extend(_broken_releases(result.layouts.tables, path, args))
        except UsageError as fault:
            return complain(fault.finding, args)
        except FileFaultError as fault:
            findings.append(fault.finding)
            continue
        tables.extend(result.layouts.tables)
        accepted += result.accepted
    partitions = sum(len(t.partitions) for t in tables)
    summary = f"{_count(len(tables), 'table')}, {_count(partitions, 'partition')}"
    if accepted:
        summary += f", {accepted} accepted"
    return report(tuple(findings), args, tables=tuple(tables), summary=summary)


def _broken_releases(
    tables: tuple[Table, ...], path: str, args: argparse.Namespace
) -> tuple[Finding, ...]:
    """What the tables break of the releases in ``flash.lock``."""
    if args.no_lock:
        return ()
    # A lock that is named has to be there: a misspelt name would let every table pass.
    lock = read_source(args.lock) if args.lock else lock_source(lock_path(None, path))
    if lock is None:
        return ()
    from flashwright.app.release import guarded
    from flashwright.cli.field import field_facts, renames

    return guarded(tables, lock, field_facts(args), renames(args))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
