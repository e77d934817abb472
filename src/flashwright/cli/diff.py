"""``flashwright diff OLD NEW``."""

from __future__ import annotations

import argparse
import shutil

from flashwright.app.diff import changes_text, compare, compared_as_json
from flashwright.cli.field import field_facts, one_table, renames
from flashwright.cli.options import (
    UsageError,
    add_field_facts,
    add_reading,
    add_reporting,
    in_colour,
)
from flashwright.cli.report import complain, report
from flashwright.diag.finding import Finding, in_order
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, write_whole

_EXAMPLES = """\
examples:
  flashwright diff old/partitions.csv new/partitions.csv --flash-size 4M
  flashwright diff board-1.0.c board-2.0.c --device mk3060 -o diff.svg
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("old", metavar="OLD", help="the layout that shipped")
    add_reading(parser)
    parser.add_argument("--table", metavar="NAME", help="which table of files with several")
    parser.add_argument("-o", "--output", metavar="FILE.svg", help="draw both side by side")
    add_field_facts(parser)
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Compare, draw, and give the verdict."""
    catalogue = Catalogue()
    findings: list[Finding] = []
    try:
        pairs = renames(args)
        old = one_table(args.old, args, catalogue, findings)
        new = one_table(args.file, args, catalogue, findings)
        compared = compare(old, new, pairs, field_facts(args))
        if args.output:
            from flashwright.draw.compare_svg import compare_svg

            picture = compare_svg(old, new, compared.difference.mapping)
            write_whole(args.output, picture.encode(), (args.old, args.file))
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding, args)
    text = ""
    if args.output_format == "text":
        from flashwright.draw.compare_terminal import compare_terminal

        width = max(80, min(shutil.get_terminal_size((100, 24)).columns, 160))
        text = compare_terminal(
            old, new, compared.difference.mapping, width=width, colour=in_colour(args)
        )
        text += "\n" + changes_text(compared)
    return report(
        in_order([*findings, *compared.findings]),
        args,
        tables=(old, new),
        more=compared_as_json(compared),
        text=text,
    )
