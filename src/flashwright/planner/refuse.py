"""A refusal."""

from __future__ import annotations

from flashwright.diag.finding import Finding, error
from flashwright.model.spec import Spec
from flashwright.planner.expand import Expanded
from flashwright.planner.search import Budget


def refusal(
    spec: Spec, expanded: Expanded, budget: Budget, tries: int, *, spent: bool
) -> list[Finding]:
    """Why there is no plan."""
    return [error("PLN001", "the wishes cannot hold together", "", spec.place)]
