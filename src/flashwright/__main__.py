"""``python -m flashwright``."""

from flashwright.cli.main import run

run()
