"""The GitHub Action and the pre-commit hook do what the docs say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flashwright.cli.main import COMMANDS, parser

ROOT = Path(__file__).resolve().parents[2]
SOUND = """\
name = "board"
[device]
name = "esp8266"
configuration = "2m-1024"
[update]
scheme = "alios-dual-bank"
implied = false
[[partition]]
name = "bootloader"
at = 0x0
size = "4K"
[[partition]]
name = "application"
at = 0x1000
size = "980K"
[[partition]]
name = "ota_temp"
at = 0x101000
size = "980K"
[[partition]]
name = "parameter_2"
at = 0x1F7000
size = "8K"
"""


def _yaml(name: str):
    return YAML(typ="safe").load((ROOT / name).read_text())


def _path() -> str:
    return f"{Path(sys.executable).parent}:/usr/bin:/bin"


def _action(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The last step of the action, with its inputs as GitHub passes them."""
    action = _yaml("action.yml")
    step = action["runs"]["steps"][-1]
    values = {k: str(v.get("default", "")) for k, v in action["inputs"].items()} | {
        k.replace("_", "-"): v for k, v in inputs.items()
    }
    names = {k: re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", v)[1] for k, v in step["env"].items()}
    environment = {k: values[v] for k, v in names.items()} | {"PATH": _path(), "HOME": "/"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "flash.toml").write_text(SOUND)
    release = [str(Path(sys.executable).parent / "flashwright"), "release", "1.0.0", "flash.toml"]
    done = subprocess.run(release, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


def test_action_annotates_what_breaks_a_release(repository: Path):
    assert _action(repository, files="flash.toml").returncode == 0
    (repository / "flash.toml").write_text(SOUND.replace("0x1F7000", "0x1F9000"))
    done = _action(repository, files="flash.toml")
    assert done.returncode == 1
    assert re.search(r"^::error file=flash\.toml,.*title=EVO120::", done.stdout, re.M)
    assert "title=EVO158" in done.stdout
    assert _action(repository, files="flash.toml", arguments="--no-lock").returncode == 0


def test_action_writes_sarif(repository: Path):
    (repository / "flash.toml").write_text(SOUND.replace("0x1F7000", "0x1F9000"))
    done = _action(repository, files="*.toml", format="sarif", output="flash.sarif")
    assert done.returncode == 1
    sarif = json.loads((repository / "flash.sarif").read_text())
    found = {r["ruleId"] for r in sarif["runs"][0]["results"]}
    assert {"EVO120", "EVO158"} <= found


def test_action_takes_inputs_as_words_never_as_commands(repository: Path):
    _action(repository, files="flash.toml; touch evil", device="$(touch evil)")
    assert not (repository / "evil").exists()
    for step in _yaml("action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_hook_runs_on_the_files_that_it_matches(repository: Path):
    (hook,) = _yaml(".pre-commit-hooks.yaml")
    pattern = re.compile(hook["files"])
    for name in ("flash.toml", "a/partitions.csv", "b/partitions-8MB.csv", "pm_static.yml"):
        assert pattern.search(name), name
    for name in ("flash.toml.bak", "main.c", "notpartitions.csv"):
        assert not pattern.search(name), name
    command = [*hook["entry"].split(), "flash.toml"]
    environment = {**os.environ, "PATH": _path()}
    for text, status in ((SOUND, 0), (SOUND.replace("0x1F7000", "0x1F9000"), 1)):
        (repository / "flash.toml").write_text(text)
        done = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, check=False
        )
        assert done.returncode == status


def test_action_and_hook_name_verbs_and_options_that_exist():
    action = _yaml("action.yml")["runs"]["steps"][-1]["run"]
    (hook,) = _yaml(".pre-commit-hooks.yaml")
    lines = [hook["entry"], *action.splitlines()]
    verbs = {v for line in lines for v in re.findall(r"flashwright (\w+)", line)}
    assert verbs == {"check"} <= {command.name for command in COMMANDS}
    known = parser(["check"]).parse_args
    options = set(re.findall(r"(--[a-z-]+)", action))
    assert options == {"--output-format", "--fail-on", "--device", "--lock"}
    words = ["--output-format", "github", "--fail-on", "note", "--device", "d", "--lock", "l"]
    assert known(["check", *words, "--", "f"]).lock
    guide = (ROOT / "docs/guide/lock.md").read_text()
    assert f"- id: {hook['id']}" in guide
