"""Findings as plain values for JSON; the schema is ``schemas/output.schema.json``."""

from __future__ import annotations

from typing import Any

from flashwright.diag.finding import Finding, Place


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """One finding: code, severity, words, place in the file, place in the flash (bytes), facts."""
    place, where = finding.place, finding.where
    return {
        "code": finding.code,
        "severity": finding.severity.word,
        "message": finding.message,
        "help": finding.help,
        "table": finding.table,
        "path": place.path if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "owner": where.owner if where else None,
        "start": where.extent.start if where else None,
        "end": where.extent.end if where else None,
        "related": [_place(p) for p in finding.related],
        "facts": dict(finding.facts),
    }


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line or None, "column": place.column or None}
