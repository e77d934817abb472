"""Migrations as text, JSON and C; and a manual page for every code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from evolve_tables import DUAL, MK3060_2, MK3060_3, THREE_SLOTS, TWO_SLOTS

from flashwright.evolve import catalog
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.migrate.migration import Migration
from flashwright.evolve.migrate.out import migration_as_json_text, migration_as_text, to_c
from flashwright.evolve.migrate.plan import migrate


def planned(old, new, **facts) -> Migration:
    found = migrate(old, new, FieldFacts(**facts)).migration
    assert found is not None
    return found


MK3060 = planned(MK3060_2, MK3060_3)
SLOTS = planned(TWO_SLOTS, THREE_SLOTS, accept_table_window=True)


def test_as_text():
    assert migration_as_text(MK3060) == (
        "     install the new release in application at 0x1C000, at most 0xE5000 bytes\n"
        "   1 copy 0x1000 bytes from 0xD000 of embedded to 0x1A000..0x1C000 of embedded "
        "(parameter_4)\n"
        "journal: 0x1F2000..0x1F3000 of embedded and 0x1F3000..0x1F4000 of embedded\n"
        "limit: 0x1F2000..0x1F3000 of embedded stays unused as long as an image with this "
        "migration may start\n"
        "limit: 0x1F3000..0x1F4000 of embedded stays unused as long as an image with this "
        "migration may start\n"
    )
    text = migration_as_text(SLOTS)
    assert "!  2 write the new partition table" in text and "needs a cable" in text
    assert "(sequence - 1) mod 6 = 0" in text
    assert migration_as_text(planned(DUAL, DUAL)).startswith("Nothing to do")


def test_as_json():
    data = json.loads(migration_as_json_text(SLOTS))
    assert [t["kind"] for t in data["tasks"]] == ["record", "table"]
    assert data["exposed"] == [2] and len(data["journal"]) == 2
    moved = json.loads(migration_as_json_text(MK3060))["tasks"][0]
    assert moved["copy"][0]["source"] == {"owner": "embedded", "start": 0xD000, "size": 0x1000}


def test_steps_in_the_vocabulary_of_the_prover():
    kinds = [type(s).__name__ for s in MK3060.steps()]
    begin = ["EraseStep", "EraseStep", "ProgramStep", "ProgramStep", "CheckpointStep"]
    mark = ["EraseStep", "ProgramStep", "ProgramStep", "CheckpointStep"]
    assert kinds == [*begin, "EraseStep", "CopyStep", *mark]


@pytest.mark.parametrize("plan", [MK3060, SLOTS, planned(DUAL, DUAL)])
def test_c_compiles_and_holds_the_numbers(plan: Migration, tmp_path: Path):
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc here")
    named = replace(plan, old=replace(plan.old, name='evil */ "??/\n'))
    (tmp_path / "m.c").write_text(to_c(named))
    (tmp_path / "main.c").write_text(
        to_c(named) + "#include <stdio.h>\nint main(void) { size_t i;\n"
        'for (i = 0; i < flashwright_migration_count; i++) printf("%u %x %x %x %u\\n",\n'
        "flashwright_migration[i].kind, (unsigned)flashwright_migration[i].source,\n"
        "(unsigned)flashwright_migration[i].target, (unsigned)flashwright_migration[i].size,\n"
        "(unsigned)flashwright_migration[i].extra); return 0; }\n"
    )
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([gcc, *flags, "-c", "m.c", "-o", "m.o"], cwd=tmp_path, check=True)
    subprocess.run([gcc, *flags, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    told = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout.decode()
    if plan is MK3060:
        assert told == "0 0 1a000 2000 0\n1 d000 1a000 1000 0\n4 0 0 0 1\n"


def test_c_names():
    with pytest.raises(ValueError, match="identifier"):
        to_c(MK3060, "a-b")


def test_every_code_has_a_page_and_every_page_a_code():
    root = Path(catalog.__file__).parent
    modules = [p for p in root.rglob("*.py") if not p.name.endswith(("pages.py", "catalog.py"))]
    used = {c for p in modules for c in re.findall(r'"(EVO\d{3})"', p.read_text())}
    pages = [p.code for p in catalog.PAGES]
    assert set(pages) == used and len(pages) == len(set(pages)) and pages == sorted(pages)
    assert all(len(p.summary) < 120 and p.summary.endswith(".") for p in catalog.PAGES)
