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


@pytest.mark.parametrize(
    "words",
    [
        ["--cuts", "-1"],
        ["--cuts", "many"],
        ["--chunk", "0"],
        ["--updates", "0"],
        ["--updates", "99999999999999999999"],
        ["--states", "0"],
        ["--lost-writes", "-1"],
        ["--worn-erases", "-1"],
        ["--failing-reads", "-1"],
        ["--seconds", "-1"],
        ["--seconds", "nan"],
        ["--seconds", "inf"],
    ],
)
def test_a_number_that_proves_nothing_is_refused(words, capsys):
    assert main(["prove", SMALL, *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"argument {words[0]}: '{words[1]}': " in told.err


@pytest.mark.parametrize(
    "words", [["--cuts", "0"], ["--cuts", "1"], ["--chunk", "4K", "--seconds", "60.5"]]
)
def test_a_number_that_proves_something_is_taken(words, capsys):
    whole = ["--no-torn-program", "--no-torn-erase"]
    assert main(["prove", SMALL, *whole, *words]) == 0
    assert "HOLDS" in capsys.readouterr().out


def test_an_incomplete_proof_that_was_begun_can_be_allowed(capsys):
    assert main(["prove", SMALL, "--states", "10"]) == 1
    assert main(["prove", SMALL, "--states", "10", "--allow-incomplete"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("scheme", ["no-such-scheme", "alios-swap"])
def test_a_proof_that_cannot_be_begun_is_never_allowed(scheme, capsys):
    assert main(["prove", SMALL, "--scheme", scheme, "--allow-incomplete"]) == 1
    capsys.readouterr()


def test_a_further_flash_and_offsets_are_in_the_call_that_is_told(capsys):
    reading = ["--flash", "qspi=8M/64K@0x60000000", "--table-offset", "0x9000"]
    assert main(["prove", SMALL, *QUICK, *reading, "--lost-writes", "1"]) == 1
    out = capsys.readouterr().out
    assert "nothing was found that mends it" in out
    words = shlex.split(next(x for x in out.splitlines() if x.startswith("replay: ")))
    assert words[words.index("--flash") + 1] == "qspi=0x800000/0x10000@0x60000000"
    assert words[words.index("--table-offset") + 1] == "36864"
    assert main(words[2:]) == 0
    capsys.readouterr()


def test_a_table_without_device_or_scheme_is_told_what_to_add(tmp_path, capsys):
    path = tmp_path / "partitions.csv"
    path.write_text("otadata,data,ota,0xe000,8K\na,app,ota_0,0x10000,1M\nb,app,ota_1,,1M\n")
    assert main(["prove", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("no scheme: INCOMPLETE\n")
    assert "[SIM001]" in told and "--device NAME" in told
    assert main(["prove", str(path), "--device", "esp32:4mb"]) == 1
    told = capsys.readouterr().out
    assert "[SIM002]" in told and "choose with --scheme: recommended-" in told
