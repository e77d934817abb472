"""Schemes as step machines, the power-cut explorer, traces and verdicts."""
