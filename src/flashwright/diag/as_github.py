"""Findings as GitHub Actions workflow commands, which annotate the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding, Severity

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def findings_as_github(findings: Iterable[Finding]) -> str:
    """One ``::error file=...`` line a finding."""
    return "".join(_command(finding) + "\n" for finding in findings)


def _command(finding: Finding) -> str:
    properties = {}
    if finding.place:
        properties["file"] = finding.place.path
        if finding.place.line:
            properties["line"] = str(finding.place.line)
            if finding.place.column:
                properties["col"] = str(finding.place.column)
    properties["title"] = finding.code
    said = ",".join(f"{k}={_escaped(v, ':,')}" for k, v in properties.items())
    text = finding.message + (f"\nhelp: {finding.help}" if finding.help else "")
    return f"::{_COMMAND[finding.severity]} {said}::{_escaped(text, '')}"


def _escaped(text: str, also: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + also else c for c in text)
