"""Where the output goes: closed, full, without Unicode; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "flashwright")
EXAMPLE = str(ROOT / "examples" / "esp8266-2m" / "flash.toml")


def _run(words: str, redirection: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
    line = f'"{COMMAND}" {words} "{EXAMPLE}" {redirection}'
    environment = {**os.environ, **more}
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("words", ["check", "plan", "draw"])
def test_output_that_is_closed_is_no_fault(words: str):
    done = _run(words, ">&-")
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", ["check", "plan"])
def test_output_that_is_full_is_told(words: str):
    done = _run(words, "> /dev/full")
    assert done.returncode == 2
    assert done.stderr == b"flashwright: the output cannot be written: No space left on device\n"


def test_a_locale_without_unicode_gets_escapes():
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = _run("plan", **ascii_only)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr and done.stdout.isascii()
    unicode = _run("plan", PYTHONUTF8="1")
    assert done.stdout == unicode.stdout.decode().encode("ascii", "backslashreplace")
