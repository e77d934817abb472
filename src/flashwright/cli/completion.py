"""``flashwright completion SHELL``."""

from __future__ import annotations

import argparse

from flashwright.cli.main import parser as whole_parser
from flashwright.cli.report import complain
from flashwright.diag.finding import error


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = 'example: eval "$(flashwright completion bash)"'
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def execute(args: argparse.Namespace) -> int:
    """Print the script for the shell."""
    try:
        import shtab
    except ImportError:
        help = "install it: pip install 'flashwright[completion]'"
        return complain(error("HST004", "shell completion needs the package shtab", help))
    print(shtab.complete(whole_parser(), shell=args.shell))
    return 0
