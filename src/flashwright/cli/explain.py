"""``flashwright explain CODE``."""

from __future__ import annotations

import argparse

from flashwright.app.explain import explain, pages, reference
from flashwright.base.nearest import did_you_mean
from flashwright.cli.report import complain
from flashwright.diag.finding import error


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = "example: flashwright explain GEO101"
    parser.add_argument("code", metavar="CODE", nargs="?", help="a code or the name of a rule")
    parser.add_argument("--all", action="store_true", help="every page, as Markdown")


def execute(args: argparse.Namespace) -> int:
    """Print the page, all pages, or the list of codes."""
    if args.all:
        print(reference(), end="")
        return 0
    if not args.code:
        for page in pages():
            print(f"{page.code}  {page.severity.word:<8} {page.summary}")
        return 0
    found = explain(args.code)
    if found is None:
        known = [p.code for p in pages()] + [p.name for p in pages()]
        return complain(error("CLI001", f"no code `{args.code}`", did_you_mean(args.code, known)))
    print(f"{found.code} {found.name} ({found.severity.word})\n\n{found.text}", end="")
    return 0
