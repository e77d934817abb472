"""How a verb ends: findings told in the chosen form, and the exit status that follows."""

from __future__ import annotations

import argparse
import sys

from flashwright.cli.main import CLEAN, FOUND, USAGE, VERSION
from flashwright.cli.options import in_colour, threshold
from flashwright.diag.as_text import count_line, findings_as_text
from flashwright.diag.finding import Finding
from flashwright.model.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

#: Findings which mean that the input could not be read at all.
_UNREADABLE = frozenset({"HST001", "HST002", "HST003", "FMT001", "FMT002", "FMT003"})


def status_of(findings: Iterable[Finding], args: argparse.Namespace) -> int:
    """0 if nothing is at or above the threshold, 2 if the input was unreadable, otherwise 1."""
    found = list(findings)
    if any(f.code in _UNREADABLE for f in found):
        return USAGE
    return FOUND if any(f.severity >= threshold(args) for f in found) else CLEAN


def report(
    findings: tuple[Finding, ...],
    args: argparse.Namespace,
    *,
    tables: tuple[Table, ...] = (),
    more: Mapping[str, Any] | None = None,
    text: str = "",
    summary: str = "",
) -> int:
    """Print ``text`` and the findings (or all as JSON, SARIF, annotations); the exit status.

    ``more`` are further keys of the JSON output.
    """
    if args.output_format == "json":
        _print_json(findings, tables, more or {})
    elif args.output_format == "sarif":
        import json

        from flashwright.app.explain import pages
        from flashwright.diag.as_sarif import findings_as_sarif

        print(json.dumps(findings_as_sarif(findings, pages(), VERSION), indent=2))
    elif args.output_format == "github":
        from flashwright.diag.as_github import findings_as_github

        print(findings_as_github(findings), end="")
    else:
        print(text, end="")
        print(findings_as_text(findings, colour=in_colour(args)), end="")
        if summary or findings:
            print(f"{summary}{': ' if summary else ''}{count_line(findings)}")
    return status_of(findings, args)


def complain(finding: Finding, args: argparse.Namespace | None = None) -> int:
    """Tell why the command cannot be carried out; exit status 2."""
    if args is not None and getattr(args, "output_format", "text") == "json":
        _print_json((finding,), (), {})
    else:
        print(findings_as_text((finding,)), end="", file=sys.stderr)
    return USAGE


def _print_json(
    findings: tuple[Finding, ...], tables: tuple[Table, ...], more: Mapping[str, Any]
) -> None:
    import json

    from flashwright.diag.as_json import finding_as_json
    from flashwright.formats.own_json import VERSION as JSON_VERSION
    from flashwright.formats.own_json import tables_as_json

    whole = {
        "flashwright": JSON_VERSION,
        "tables": tables_as_json(tables),
        "findings": [finding_as_json(f) for f in findings],
        **more,
    }
    print(json.dumps(whole, indent=2, ensure_ascii=False))
