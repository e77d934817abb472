"""Every rule's manual page: its parts, and its examples, which are run."""

from __future__ import annotations

import re

import pytest
from rule_tables import codes, layout

from flashwright.diag.finding import Severity
from flashwright.rules.catalog import RULES, pages, rule_of
from flashwright.rules.rule import Rule

#: Rules whose fault a ``flash.toml`` cannot hold (its reader refuses it), or needs no example.
NO_EXAMPLE = {"GEO100"}


def names(rule: Rule) -> str:
    return rule.code


def test_codes_are_unique_and_in_order() -> None:
    listed = [r.code for r in RULES]
    assert len(set(listed)) == len(listed)
    families: dict[str, list[str]] = {}
    for code in listed:
        families.setdefault(code[:3], []).append(code)
    assert all(f == sorted(f) for f in families.values())


def test_names_are_unique() -> None:
    assert len({p.name for p in pages()}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=names)
def test_page_has_its_parts(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
    assert rule.page.summary.endswith(".")
    assert len(rule.page.summary) <= 100
    for part in ("What it checks", "Why it matters", "How to fix"):
        assert f"## {part}\n" in rule.page.text
    assert rule_of(rule.code) is rule


def test_unknown_code() -> None:
    assert rule_of("GEO999") is None


@pytest.mark.parametrize("rule", [r for r in RULES if r.page.examples], ids=names)
def test_example_triggers_and_sound_does_not(rule: Rule) -> None:
    examples = rule.page.examples
    assert rule.code in codes(layout(examples["Example"]), Severity.NOTE)
    if "Sound" in examples:
        assert rule.code not in codes(layout(examples["Sound"]), Severity.NOTE)
        assert codes(layout(examples["Sound"])) == []
