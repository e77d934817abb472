"""What ``prove`` tells can be used as it stands: calls to repeat, schemes that were left out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from flashwright.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SMALL = str(ROOT / "examples/prove-small/flash.toml")

#: Few states: operations are whole, one update, large calls.
QUICK = ["--no-torn-program", "--no-torn-erase", "--updates", "1", "--chunk", "4096"]


@pytest.mark.parametrize(
    "options", [["--lost-writes", "1"], ["--lost-writes", "1", "--scheme", "alios-dual-bank"]]
)
def test_the_call_that_is_told_walks_the_trace(options, capsys):
    assert main(["prove", SMALL, *QUICK, *options]) == 1
    (first, *_) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("replay: ")
    ]
    words = shlex.split(first.removeprefix("replay: "))
    assert words[:2] == ["flashwright", "prove"] and options[0] in words
    assert main(words[1:]) == 0
    assert f"trace {words[-1]}" in capsys.readouterr().out


def test_a_call_without_the_faults_of_the_trace_is_refused(capsys):
    assert main(["prove", SMALL, *QUICK, "--lost-writes", "1"]) == 1
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("replay: "))
    id = line.split()[-1]
    assert ".l" in id
    assert main(["prove", SMALL, *QUICK, "--replay", id]) != 0
    assert "SIM006" in capsys.readouterr().err


def test_a_way_that_breaks_two_laws_is_told_once(capsys):
    main(["prove", SMALL, *QUICK, "--lost-writes", "1"])
    told = capsys.readouterr().out
    assert told.count("the shortest way to break") == 1
    assert "break `boots` and `whole`" in told
    assert "erase: erase" not in told


def test_schemes_that_cannot_work_here_are_named_with_the_reason(capsys):
    main(["prove", SMALL, *QUICK, "--all", "--states", "500"])
    told = capsys.readouterr().out
    assert "cannot work on this layout:" in told
    (line,) = [x for x in told.splitlines() if x.strip().startswith("alios-swap ")]
    assert "role `scratch`" in line


def test_schemes_that_cannot_work_here_are_in_the_json(capsys):
    main(["prove", SMALL, *QUICK, "--all", "--states", "500", "--output-format", "json"])
    told = json.loads(capsys.readouterr().out)
    unfit = {u["scheme"]: u["why"] for u in told["unfit"]}
    assert "alios-swap" in unfit and all(unfit.values())
    assert not set(unfit) & {p["scheme"] for p in told["proofs"]}
