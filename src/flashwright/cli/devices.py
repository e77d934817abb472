"""``flashwright devices [TEXT]``."""

from __future__ import annotations

import argparse
import json
import sys

from flashwright.app.devices import device_as_json, device_text, list_text
from flashwright.base.nearest import did_you_mean
from flashwright.cli.options import add_colour, in_colour
from flashwright.cli.report import complain
from flashwright.diag.as_text import findings_as_text
from flashwright.diag.finding import error
from flashwright.host.catalogue import Catalogue

_EXAMPLES = """\
examples:
  flashwright devices
  flashwright devices stm32f429
  flashwright devices esp8266:2m-1024
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("text", metavar="TEXT", nargs="?", help="a device, or part of its name")
    parser.add_argument("--output-format", choices=("text", "json"), default="text")
    add_colour(parser)


def execute(args: argparse.Namespace) -> int:
    """Show the device that is named, or list those that match; tell of damaged device files."""
    catalogue = Catalogue()
    status = _shown(catalogue, args)
    print(findings_as_text(catalogue.findings), end="", file=sys.stderr)
    return status


def _shown(catalogue: Catalogue, args: argparse.Namespace) -> int:
    text = args.text or ""
    name, _, configuration = text.partition(":")
    found = catalogue.find(name, configuration or None) if text else ()
    if len(found) == 1:
        if args.output_format == "json":
            print(json.dumps(device_as_json(found[0]), indent=2))
        else:
            print(device_text(found[0], colour=in_colour(args)), end="")
        return 0
    matching = catalogue.search(text)
    if not matching:
        help = did_you_mean(name, catalogue.names())
        return complain(error("DEV001", f"no device matches `{text}`", help))
    if args.output_format == "json":
        print(
            json.dumps([{"id": m.id, "title": m.title, "size": m.size} for m in matching], indent=2)
        )
    else:
        print(list_text(matching), end="")
    return 0
