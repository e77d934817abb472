"""``flashwright plan flash.toml``."""

from __future__ import annotations

import argparse
from typing import Any

from flashwright.app.check import Checked
from flashwright.app.layout import Layout
from flashwright.app.plan import (
    derivation,
    largest_text,
    plan,
    schemes_text,
    specs_of,
    unknown_partition,
)
from flashwright.cli.options import UsageError, add_reporting, device_named, in_colour
from flashwright.cli.report import complain, report
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, read_source
from flashwright.model.device import Device

_EXAMPLES = """\
examples:
  flashwright plan flash.toml
  flashwright plan flash.toml --why application
  flashwright plan flash.toml --max application
  flashwright plan flash.toml --device esp8266:4m-1024
  flashwright plan flash.toml --compare
  flashwright plan flash.toml --output-format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("file", metavar="FILE", help="the spec: flash.toml, or - for stdin")
    parser.add_argument("--why", metavar="NAME", help="only the reasons of this partition")
    parser.add_argument(
        "--effort",
        type=int,
        choices=range(1, 21),
        default=1,
        metavar="N",
        help="search up to N times as long, 1 to 20",
    )
    group = parser.add_argument_group("what if")
    group.add_argument("--max", metavar="NAME", help="make this partition as large as it can be")
    group.add_argument("--device", metavar="NAME[:CONFIGURATION]", help="on another device")
    group.add_argument("--compare", action="store_true", help="the upgrade schemes side by side")
    group.add_argument("--every", action="store_true", help="those of all ecosystems")
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Plan the spec, print the reasons and the map; or compare the schemes."""
    catalogue = Catalogue()
    try:
        source = read_source(args.file)
        device = device_named(args.device, catalogue) if args.device else None
    except (FileFaultError, UsageError) as fault:
        return complain(fault.finding, args)
    if args.compare or args.every:
        return _compare(source, catalogue, device, args)
    planned = plan(source, catalogue, maximise=args.max, device=device, effort=args.effort)
    unknown = unknown_partition(planned, args.why) if args.why else None
    if unknown is not None:
        return report((unknown,), args)
    return report(
        planned.findings,
        args,
        tables=planned.layouts.tables,
        more={"plans": [_as_json(layout) for layout in planned.layouts.layouts]},
        text=_text(planned, args),
    )


def _compare(
    source: Source, catalogue: Catalogue, device: Device | None, args: argparse.Namespace
) -> int:
    from flashwright.planner.compare import compare_schemes

    read, fault = specs_of(source, catalogue, device)
    if fault is not None:
        return report((fault,), args)
    text, rows = "", []
    for spec in read.specs:
        compared = compare_schemes(spec, every=args.every)
        text += f"{spec.name} on {spec.device.id}\n{schemes_text(compared)}\n"
        rows += [
            {
                "spec": spec.name,
                "scheme": row.scheme,
                "largest_image": row.largest_image if row.plan else None,
                "erases": row.erases if row.plan else None,
                "reverts": row.reverts,
                "power_cut": row.power_cut,
                "why_not": row.why_not,
            }
            for row in compared
        ]
    return report(read.findings, args, more={"schemes": rows}, text=text)


def _text(planned: Checked, args: argparse.Namespace) -> str:
    from flashwright.draw.terminal import terminal

    parts = []
    for layout in planned.layouts.layouts:
        parts.append(f"{layout.table.name}\n")
        if layout.plan is not None:
            if args.max:
                parts.append(largest_text(layout.plan, args.max))
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
                "decides": r.decides,
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
