"""Every rule's manual page: its parts, and its examples, which are run."""

from __future__ import annotations

import re

import pytest
from rule_tables import codes, layout

from flashwright.base.record import replace
from flashwright.diag.finding import Severity
from flashwright.model.table import Table
from flashwright.rules.catalog import every_rule, pages, rule_of, run
from flashwright.rules.rule import Rule
from flashwright.rules.view import View

RULES = every_rule()

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


def variants(table: Table) -> list[Table]:
    """The table, and the same without what some rules need to speak."""
    plain = tuple(replace(p, image_size=None, link_address=None) for p in table.partitions)
    return [
        table,
        replace(table, device=None),
        replace(table, update=None),
        replace(table, partitions=plain),
        replace(table, device=None, update=None, partitions=plain),
    ]


@pytest.mark.parametrize("rule", [r for r in RULES if r.page.examples], ids=names)
def test_no_rule_is_left_out_that_would_speak(rule: Rule) -> None:
    for text in rule.page.examples.values():
        for table in variants(layout(text)):
            spoken = {r.code for r in RULES if next(iter(r.check(View(table))), None)}
            assert spoken == {f.code for f in run(table)}
