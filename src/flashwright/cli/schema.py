"""``flashwright schema``: the JSON Schemas that the package publishes."""

from __future__ import annotations

import argparse
from importlib.resources import files


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "what",
        choices=("flash", "output"),
        nargs="?",
        default="flash",
        help="flash: the keys of flash.toml; output: what --output-format json prints",
    )


def execute(args: argparse.Namespace) -> int:
    """Print the schema."""
    schema = files("flashwright").joinpath("schemas", f"{args.what}.schema.json")
    print(schema.read_text(encoding="utf-8"), end="")
    return 0
