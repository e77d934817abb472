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


@pytest.mark.parametrize(
    ("words", "status"), [("check", 1), ("check --fail-on note", 1), ("draw", 0)]
)
@pytest.mark.parametrize("reader", ["| true", "2>&1 | head -1"])
def test_a_reader_that_goes_away_does_not_hide_the_verdict(words: str, status: int, reader: str):
    broken = str(Path(EXAMPLE).with_name("broken.toml"))
    line = f'"{COMMAND}" {words} "{broken}" {reader}; echo "${{PIPESTATUS[0]}}" >&2'
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert done.stderr.split()[-1] == str(status).encode()
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


@pytest.mark.parametrize("verb", ["check", "draw", "convert --to json", "plan"])
def test_a_spec_on_standard_input_is_a_spec(verb: str):
    line = f'"{COMMAND}" {verb} - < "{EXAMPLE}"'
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_spec_on_standard_input_is_told_its_faults():
    line = f'sed "s/scheme/shceme/" "{EXAMPLE}" | "{COMMAND}" check -'
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert b"error[SPC010] unknown key `shceme`" in done.stdout + done.stderr
    assert done.returncode == 1


def test_text_of_no_format_on_standard_input_is_told_every_format():
    line = f'echo "a device = none" | "{COMMAND}" check -'
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert b"FMT003" in done.stdout and b"flash-toml" in done.stdout
    assert done.returncode == 2


def test_a_lock_that_is_named_has_to_be_there(tmp_path: Path):
    missing = str(tmp_path / "flash.lok")
    done = _run(f'check --lock "{missing}"')
    assert done.returncode == 2 and b"HST001" in done.stdout
    assert _run(f'check --no-lock --lock "{missing}"').returncode == 0
