"""Findings as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flashwright.diag.finding import Finding, Place, Severity
from flashwright.diag.page import Page

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def findings_as_sarif(
    findings: Iterable[Finding], pages: Iterable[Page], version: str
) -> dict[str, Any]:
    """One SARIF run; ``pages`` give the rules their texts, those of unused codes are left out."""
    all_findings = list(findings)
    used = sorted({f.code for f in all_findings})
    by_code = {p.code: p for p in pages}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "flashwright",
                        "version": version,
                        "rules": [_rule(code, by_code.get(code)) for code in used],
                    }
                },
                "results": [_result(f, used.index(f.code)) for f in all_findings],
            }
        ],
    }


def _rule(code: str, page: Page | None) -> dict[str, Any]:
    if page is None:
        return {"id": code}
    return {
        "id": code,
        "name": page.name,
        "shortDescription": {"text": page.summary},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"level": _LEVEL[page.severity]},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    text = finding.message + (f". {finding.help}" if finding.help else "")
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": text},
    }
    if finding.place:
        result["locations"] = [_location(finding.place)]
    if finding.related:
        result["relatedLocations"] = [_location(p) for p in finding.related]
    properties: dict[str, Any] = dict(finding.facts)
    if finding.where:
        properties["flash"] = {
            "owner": finding.where.owner,
            "start": finding.where.extent.start,
            "end": finding.where.extent.end,
        }
    if properties:
        result["properties"] = properties
    return result


def _location(place: Place) -> dict[str, Any]:
    from urllib.parse import quote

    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.path)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if place.column:
            physical["region"]["startColumn"] = place.column
    return {"physicalLocation": physical}
