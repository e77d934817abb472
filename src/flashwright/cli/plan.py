"""``flashwright plan flash.toml``."""

from __future__ import annotations

import argparse
from typing import Any

from flashwright.app.check import Checked
from flashwright.app.layout import Layout
from flashwright.app.plan import derivation, plan
from flashwright.cli.options import add_reporting, in_colour
from flashwright.cli.report import complain, report
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, read_source

_EXAMPLES = """\
examples:
  flashwright plan flash.toml
  flashwright plan flash.toml --why application
  flashwright plan flash.toml --output-format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("file", metavar="FILE", help="the spec: flash.toml, or - for stdin")
    parser.add_argument("--why", metavar="NAME", help="only the reasons of this partition")
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Plan the spec, print the reasons and the map."""
    try:
        source = read_source(args.file)
    except FileFaultError as fault:
        return complain(fault.finding, args)
    planned = plan(source, Catalogue())
    return report(
        planned.findings,
        args,
        tables=planned.layouts.tables,
        more={"plans": [_as_json(layout) for layout in planned.layouts.layouts]},
        text=_text(planned, args),
    )


def _text(planned: Checked, args: argparse.Namespace) -> str:
    from flashwright.draw.terminal import terminal

    parts = []
    for layout in planned.layouts.layouts:
        parts.append(f"{layout.table.name}\n")
        if layout.plan is not None:
            parts.append(derivation(layout.plan, args.why))
        if not args.why:
            parts.append("\n" + terminal(layout.table, colour=in_colour(args)))
        parts.append("\n")
    return "".join(parts)


def _as_json(layout: Layout) -> dict[str, Any]:
    if layout.plan is None:
        return {"table": layout.table.name, "reasons": [], "limits": [], "proven": True}
    return {
        "table": layout.table.name,
        "reasons": [
            {
                "step": int(r.step),
                "text": r.text,
                "origin": r.origin,
                "partition": r.partition,
                "owner": r.owner,
                "start": r.extent.start if r.extent else None,
                "end": r.extent.end if r.extent else None,
                "path": r.place.path if r.place else None,
                "line": (r.place.line or None) if r.place else None,
            }
            for r in layout.plan.reasons
        ],
        "limits": [
            {"partition": m.partition, "largest_image": m.largest_image, "reason": m.reason}
            for m in layout.plan.limits
        ],
        "binding": list(layout.plan.binding),
        "proven": layout.plan.proven,
    }
