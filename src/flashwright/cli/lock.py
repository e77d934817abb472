"""``flashwright lock``: what has shipped, and what is no longer supported."""

from __future__ import annotations

import argparse

from flashwright.app.release import dropped, listed
from flashwright.cli.options import add_reporting
from flashwright.cli.report import complain, report
from flashwright.host.files import FileFaultError, read_source, write_whole

_EXAMPLES = """\
examples:
  flashwright lock --list
  flashwright lock --drop 1.0.0 --reason "recalled, none left in the field"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--lock", metavar="FILE", default="flash.lock")
    parser.add_argument("--list", action="store_true", help="the releases (the default)")
    parser.add_argument("--drop", metavar="RELEASE", help="no longer support this release")
    parser.add_argument("--reason", default="", help="why it is dropped; kept in the lock")
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """List the releases, or drop one."""
    try:
        source = read_source(args.lock)
        if not args.drop:
            text, findings = listed(source)
            return report(findings, args, text=text)
        done = dropped(source, args.drop, args.reason)
        if done.data is not None:
            write_whole(args.lock, done.data)
    except FileFaultError as fault:
        return complain(fault.finding, args)
    text = f"dropped {args.drop} in {args.lock}\n" if done.data is not None else ""
    return report(done.findings, args, text=text)
