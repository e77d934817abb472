"""What a command imports: nothing heavy that it does not use, so that it starts fast.

Time is not asserted (``benchmarks/start.py`` measures it), but its cause is: modules.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CSV = "nvs, data, nvs, 0x9000, 0x4000\nfactory, app, factory, 0x10000, 1M\n"
LAYOUT = Path(__file__).parents[2] / "examples/esp8266-2m/flash.toml"

#: Modules of Python that take milliseconds, by what they were once imported for.
_SLOW = {
    *("dataclasses", "inspect", "ast", "dis", "tokenize"),  # records of another kind
    *("tempfile", "shutil", "random", "pathlib", "urllib.parse", "ipaddress"),  # writing a file
    *("importlib.metadata", "importlib.resources", "pkgutil", "email"),  # versions, device files
    *("difflib", "traceback", "subprocess", "logging", "locale"),
}
_READERS = {"tree_sitter", "tree_sitter_toml", "tree_sitter_c", "pcpp", "ruamel", "tomlkit"}
_OURS = {
    *("flashwright.draw", "flashwright.sim", "flashwright.evolve", "flashwright.app.plan"),
    *("flashwright.formats.ld_memory", "flashwright.formats.alios_c", "flashwright.api"),
}
_RULES = {"flashwright.rules.ecosystems.mcuboot_swap", "flashwright.rules.slots.limits"}
_TOML = {"tomllib", "typing", "json", "flashwright.planner", "flashwright.formats.flash_toml"}

PROGRAM = """
import sys
before = set(sys.modules)
from flashwright.cli.main import main
status = main(sys.argv[1:])
print("status", status)
print("modules", *sorted(set(sys.modules) - before))
"""


def _imported(*arguments: str) -> set[str]:
    """What carrying out the command imports beside what Python itself starts with."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert "status 0" in lines, done.stdout + done.stderr
    return set(lines[-1].split()[1:])


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "partitions.csv"
    path.write_text(CSV)
    return str(path)


def test_converting_a_csv(table: str, tmp_path: Path) -> None:
    loaded = _imported("convert", table, "--to", "esp-idf-bin", "-o", str(tmp_path / "p.bin"))
    assert "flashwright.formats.esp_idf_bin" in loaded
    assert ("hashlib" in loaded) == (find_spec("_md5") is None)
    assert not loaded & (_SLOW | _READERS | _OURS | _TOML | _RULES)


def test_checking_a_csv(table: str) -> None:
    loaded = _imported("check", table, "--flash-size", "4M")
    assert "flashwright.rules.catalog" in loaded
    assert not loaded & (_SLOW | _READERS | _OURS | _TOML | {"hashlib"})


def test_checking_a_flash_toml() -> None:
    loaded = _imported("check", str(LAYOUT), "--no-lock")
    assert "tomllib" in loaded and "flashwright.planner.plan" in loaded
    assert not loaded & (_SLOW | _READERS | _OURS | {"flashwright.planner.cpsat"})


def test_the_version_needs_no_verb() -> None:
    loaded = _imported("--version")
    assert not any(name.startswith("flashwright.formats") for name in loaded)
    assert not loaded & (_SLOW | _READERS | _OURS | _TOML)
