"""Manual pages: every code that is reported has one, and its examples do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flashwright.app.check import check
from flashwright.app.explain import explain, pages
from flashwright.diag.page import Page
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGES = pages()
WITH_EXAMPLES = [p for p in PAGES if "Example" in p.examples]


def codes_of(text: str) -> set[str]:
    result = check(Source("flash.toml", text.encode()), Catalogue())
    return {f.code for f in result.findings}


def test_codes_are_unique() -> None:
    codes = [p.code for p in PAGES]
    assert sorted(set(codes)) == codes
    names = [p.name for p in PAGES]
    assert len(set(names)) == len(names)


def test_every_code_in_the_source_has_a_page() -> None:
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        used.update(re.findall(r'"([A-Z]{3}[0-9]{3})"', path.read_text(encoding="utf-8")))
    assert sorted(used - {p.code for p in PAGES}) == []
    assert sorted({p.code for p in PAGES} - used) == []


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda p: p.code)
def test_the_example_triggers_its_code_and_the_sound_one_does_not(page: Page) -> None:
    assert page.code in codes_of(page.examples["Example"])
    if "Sound" in page.examples:
        assert page.code not in codes_of(page.examples["Sound"])


def test_pages_are_found_by_code_and_by_name() -> None:
    assert explain("geo101") == explain("overlap") is not None
    assert explain("GEO999") is None


def test_generated_documents_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools/make_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + "run `make docs`"
