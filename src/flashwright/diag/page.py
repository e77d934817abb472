"""The manual page of a finding's code: what ``explain``, the reference, SARIF and HTML show.

A page is written once, as the docstring of the rule (or as a constant of the module that reports
the code), in Markdown with these sections, of which only the first is compulsory::

    One line that says what is wrong.

    ## What it checks
    ## Why it matters
    ## Example            a fenced ``toml`` block: a layout that triggers the code (run as a test)
    ## Sound              a fenced ``toml`` block: the same layout, mended (run as a test)
    ## How to fix
"""

from __future__ import annotations

import re

from flashwright.base.record import record
from flashwright.diag.finding import Severity

_BLOCK = r"(?ms)^## (?P<title>Example|Sound)\n.*?^```toml\n(?P<text>.*?)^```"


@record()
class Page:
    """The manual page of one code: its name, its usual severity, one line, and the rest."""

    code: str
    name: str
    severity: Severity
    docstring: str

    @property
    def text(self) -> str:
        """The whole page as Markdown, without the indentation of its docstring."""
        from inspect import cleandoc

        return cleandoc(self.docstring).strip() + "\n"

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.text.split("\n", 1)[0]

    @property
    def examples(self) -> dict[str, str]:
        """The ``Example`` and ``Sound`` layouts of the page, as far as it has them."""
        return {m["title"]: m["text"] for m in re.finditer(_BLOCK, self.text)}


def page(code: str, name: str, severity: Severity, docstring: str) -> Page:
    """A page from a text that may be indented like a docstring."""
    return Page(code, name, severity, docstring)
