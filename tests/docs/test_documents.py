"""Every command in the README and the docs is run, and its output compared.

A ``console`` block holds commands behind ``$ `` and what they print (both streams); a line ``...``
stands for any lines; ``# exits with N`` behind a command names an exit status other than 0. All
blocks of one document run in one folder, a fresh copy of ``examples/``, in their order.
``FLASHWRIGHT_RENEW=1`` writes the real output into the documents (blocks with ``...`` are kept).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RENEW = bool(os.environ.get("FLASHWRIGHT_RENEW"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.M | re.S)
_EXIT = re.compile(r"\s+# exits with (\d+)$")


@dataclass
class Run:
    """A command of a document with what is printed below it."""

    command: str
    status: int
    expected: str


def runs_in(block: str) -> list[Run]:
    runs: list[Run] = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            command = line[2:].rstrip("\n")
            match = _EXIT.search(command)
            runs.append(Run(_EXIT.sub("", command), int(match[1]) if match else 0, ""))
        elif runs:
            runs[-1].expected += line
    return runs


def carried_out(command: str, folder: Path) -> tuple[int, str]:
    environment = {
        **{k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "TMPDIR")},
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def matches(expected: str, printed: str) -> bool:
    parts = re.split(r"^\.\.\.\n", expected, flags=re.M)
    return re.fullmatch(r"(?:.*\n)*?".join(re.escape(p) for p in parts), printed) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_print_what_the_document_says(document: Path, tmp_path: Path) -> None:
    text = document.read_text(encoding="utf-8")
    blocks = _BLOCK.findall(text)
    if not blocks:
        assert "```console" not in text, "a console block that is not closed"
        return
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    renewed = []
    for block in blocks:
        said = ""
        for run in runs_in(block):
            status, printed = carried_out(run.command, tmp_path)
            told = f"$ {run.command}\n{printed}"
            assert status == run.status, f"exit status {status}\n{told}"
            if RENEW and "...\n" not in run.expected:
                run.expected = printed
            assert matches(run.expected, printed), f"{document.name} says otherwise\n{told}"
            marker = f"  # exits with {run.status}" if run.status else ""
            said += f"$ {run.command}{marker}\n{run.expected}"
        renewed.append(said)
    if RENEW:
        replacement = iter(renewed)
        document.write_text(_BLOCK.sub(lambda _: next(replacement), text), encoding="utf-8")


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert "ota_temp     0x101000..0x1F6000" in done.stdout
    assert "GEO106 examples/esp8266-2m/broken.toml:49:6" in done.stdout


def test_links_lead_somewhere() -> None:
    dead = []
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if "://" not in link and not (document.parent / link).exists():
                dead.append(f"{document.relative_to(ROOT)}: {link}")
    assert dead == []


def test_elided_lines_match_any_lines() -> None:
    assert matches("a\n...\nd\n", "a\nb\nc\nd\n")
    assert not matches("a\n...\nd\n", "a\nb\n")
    assert not matches("a\n", "a\nb\n")
