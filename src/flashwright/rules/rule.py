"""A rule: a pure function from a view of a table to findings; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flashwright.base.record import record
from flashwright.diag.finding import Finding, Severity
from flashwright.diag.page import Page, page
from flashwright.rules.view import View

Check = Callable[[View], Iterable[Finding]]


@record()
class Rule:
    """A check with its manual page."""

    page: Page
    check: Check

    @property
    def code(self) -> str:
        """The code of its findings."""
        return self.page.code


def rule(code: str, name: str, severity: Severity) -> Callable[[Check], Rule]:
    """Make a rule of a function; its docstring (see ``diag.page``) is the manual page."""

    def made(check: Check) -> Rule:
        return Rule(page(code, name, severity, check.__doc__ or ""), check)

    return made
