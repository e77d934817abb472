"""`migrate --prove`: the plan with its proof, as text and as JSON."""

from __future__ import annotations

import json

import pytest

from flashwright.cli.main import FOUND, main

HEAD = """\
name = "sensor"
[device]
name = "esp8266"
configuration = "2m-1024"
[update]
scheme = "alios-dual-bank"
implied = false
"""
ROWS = (("bootloader", 0, 4), ("application", 0x1000, 960), ("ota_temp", 0x101000, 960))


def layout(*data):
    rows = (*ROWS, ("parameter_1", 0x1F6000, 4), *data)
    return HEAD + "".join(
        f'[[partition]]\nname = "{name}"\nat = 0x{at:X}\nsize = "{size}K"\n'
        for name, at, size in rows
    )


@pytest.fixture
def files(tmp_path):
    old = (("parameter_2", 0x1F7000, 8), ("parameter_3", 0x1F9000, 4), ("parameter_4", 0x1FA000, 4))
    new = (
        *(("parameter_2", 0x1F7000, 16), ("parameter_3", 0x1F4000, 4)),
        ("parameter_4", 0x1F5000, 4),
    )
    for name, rows in (("old", old), ("new", new)):
        (tmp_path / f"{name}.toml").write_text(layout(*rows))
    return str(tmp_path / "old.toml"), str(tmp_path / "new.toml")


def test_a_plan_is_shown_with_its_proof(files, capsys):
    assert main(["migrate", *files, "--prove"]) == 0
    told = capsys.readouterr().out
    assert "migration: HOLDS" in told and "seen: served, migrated" in told
    assert "updates follow each other" not in told and "the migration: 8 erases" in told


def test_the_proof_is_in_the_json(files, capsys):
    assert main(["migrate", *files, "--prove", "--output-format", "json"]) == 0
    proof = json.loads(capsys.readouterr().out)["proof"]
    assert proof["verdict"] == "HOLDS" and proof["cuts"] > proof["operations"] > 20


def test_a_plan_that_fails_is_our_fault_and_is_said_to_be(files, capsys, monkeypatch):
    from dataclasses import replace

    from flashwright.evolve.migrate import plan as planner

    true_plan = planner.migrate

    def turned(*how):
        outcome = true_plan(*how)
        return replace(
            outcome,
            migration=replace(outcome.migration, tasks=outcome.migration.tasks[::-1]),
        )

    monkeypatch.setattr(planner, "migrate", turned)
    assert main(["migrate", *files, "--prove"]) == FOUND
    told = capsys.readouterr()
    assert "the shortest way to break `values`" in told.out and "--replay" not in told.out
    assert "do not use this plan; it is a fault of ours" in told.out + told.err
