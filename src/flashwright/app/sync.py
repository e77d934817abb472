"""``sync``: do a board's several files describe the same layout?"""

from __future__ import annotations

from flashwright.diag.finding import Finding
from flashwright.evolve.agree.agreement import agreement
from flashwright.model.table import Table


def sync(tables: tuple[Table, ...]) -> tuple[Finding, ...]:
    """Every disagreement of the files' tables, in the order of the files."""
    return agreement(tables)
