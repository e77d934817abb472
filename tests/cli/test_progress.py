"""The bar of a long proof: what it shows, and how Ctrl-C ends the proof and not the program."""

from __future__ import annotations

import io
import signal
import sys

import pytest

from flashwright.cli import progress
from flashwright.cli.main import FOUND, main
from flashwright.cli.progress import ProgressBar
from flashwright.sim.explore import Progress

SMALL = "examples/prove-small/flash.toml"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_shows_states_cuts_and_rate_and_is_wiped(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    with ProgressBar() as bar:
        bar.begin("alios-kv")
        assert bar.watch(Progress(400, 100, 777, 90))
        shown = terminal.getvalue()
        assert shown.startswith("\ralios-kv [#####               ] 400 states, 777 cuts covered, ")
        assert "states/s" in shown and "Ctrl-C stops" in shown
    last = terminal.getvalue()[len(shown) :]
    assert last.startswith("\r") and not last.strip()


def test_nothing_is_shown_where_nobody_looks(capsys):
    with ProgressBar() as bar:
        assert bar.watch(Progress(1, 1, 1, 1))
    assert capsys.readouterr().err == ""


def test_ctrl_c_stops_the_proof_first_and_the_program_second():
    before = signal.getsignal(signal.SIGINT)
    with ProgressBar() as bar:
        assert bar.watch(Progress(1, 1, 1, 1))
        signal.raise_signal(signal.SIGINT)
        assert bar.stopped == "stopped by Ctrl-C"
        assert not bar.watch(Progress(1, 1, 1, 1))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_time_that_is_over_stops_it():
    with ProgressBar(0.0) as bar:
        assert not bar.watch(Progress(1, 1, 1, 1))
        assert bar.stopped == "stopped after 0 s"


def test_a_stopped_proof_says_what_it_covered_and_what_it_did_not_begin(capsys):
    assert main(["prove", SMALL, "--unstable", "--seconds", "0", "--all"]) == FOUND
    told = capsys.readouterr()
    assert "stopped after 0 s; not begun: alios-dual-bank, " in told.out
    assert "cuts were covered; let it run on" in told.out + told.err
