"""The command line: which verb, and the exit status that everybody agrees on.

Exit status: 0 clean; 1 findings at or above the threshold, infeasible, or violated; 2 wrong usage
or unreadable input; 70 a fault of ours. Only the modules of the chosen verb are imported.
"""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import io
import os
import sys

from flashwright.base.record import record

TYPE_CHECKING = False  # the name that type checkers know; importing typing takes 5 ms
if TYPE_CHECKING:
    from typing import NoReturn

    from typing_extensions import Buffer

# Our words are English, and argparse's with them, whatever translations a machine has; looking for
# those takes as long as all the rest of a parser.
vars(argparse).update(_=str, ngettext=lambda one, many, count: one if count == 1 else many)

VERSION = "0.1.0"

CLEAN, FOUND, USAGE, OURS = 0, 1, 2, 70

#: The device that our output goes to is full, over its quota or broken.
_NOT_WRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@record()
class Command:
    """A verb: its name, one line about it, and the module with ``configure`` and ``execute``."""

    name: str
    help: str
    module: str


COMMANDS: tuple[Command, ...] = (
    Command("plan", "lay out a flash.toml, with the reasons", "flashwright.cli.plan"),
    Command("check", "find what is wrong with a layout", "flashwright.cli.check"),
    Command("draw", "draw the map of a layout", "flashwright.cli.draw"),
    Command("convert", "write a layout in another format", "flashwright.cli.convert"),
    Command("sync", "do a board's several files agree?", "flashwright.cli.sync"),
    Command(
        "prove", "what a power cut can do to an update on this layout", "flashwright.cli.prove"
    ),
    Command("diff", "what a new layout does to devices in the field", "flashwright.cli.diff"),
    Command("migrate", "the way from an old layout to a new one", "flashwright.cli.migrate"),
    Command("release", "record the layout that ships in flash.lock", "flashwright.cli.release"),
    Command("lock", "list what has shipped, or drop a release", "flashwright.cli.lock"),
    Command("devices", "list, search and show devices", "flashwright.cli.devices"),
    Command("explain", "show the manual page of a finding's code", "flashwright.cli.explain"),
    Command("schema", "print a JSON Schema", "flashwright.cli.schema"),
    Command("completion", "print a shell completion script", "flashwright.cli.completion"),
)


def run() -> NoReturn:
    """The entry point of the ``flashwright`` command."""
    # Imported modules are no garbage: the usual 700 would have them searched dozens of times.
    gc.set_threshold(50_000)
    _usable_streams()
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Carry out the command and return its exit status; faults of ours are 70."""
    try:
        args = parser(arguments).parse_args(arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else USAGE
    try:
        status = int(importlib.import_module(args.command_module).execute(args))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except OSError as fault:
        if fault.errno not in _NOT_WRITTEN:
            return _our_fault()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"flashwright: the output cannot be written: {fault.strerror}", file=sys.stderr)
        return USAGE
    except Exception:  # the one place that turns a fault of ours into exit status 70
        return _our_fault()


class _Pipe(io.FileIO):
    """A stream whose reader (`| head`) may go away: the rest is swallowed.

    So the verb goes on to its verdict, and what is wrong ends with 1 however little of it is read.
    """

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return super().write(data)


def _usable_streams() -> None:
    """Streams that were closed swallow what is written; what a terminal lacks is told as escapes.

    A locale without Unicode has no multiplication sign, and a user's name may hold anything.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
            continue
        if not stream.isatty():
            pipe = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
            stream = io.TextIOWrapper(
                pipe, stream.encoding, stream.errors, line_buffering=stream.line_buffering
            )
            setattr(sys, name, stream)
        if stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")


def parser(arguments: list[str] | None = None) -> argparse.ArgumentParser:
    """The parser; with ``arguments`` that name a verb it knows that verb alone, to start fast."""
    top = argparse.ArgumentParser(
        prog="flashwright",
        formatter_class=_Formatter,
        description="Plan, check, draw, write and prove the flash layout of a device with OTA "
        "updates.",
        epilog="Example: flashwright plan examples/esp8266-2m/flash.toml",
    )
    top.add_argument("--version", action="version", version=f"flashwright {VERSION}")
    verbs = top.add_subparsers(
        title="verbs", metavar="VERB", required=True, prog="flashwright", dest="verb"
    )
    names = {command.name for command in COMMANDS}
    chosen = next((a for a in arguments or () if a in names), None)
    for command in COMMANDS:
        if chosen not in (None, command.name):
            continue
        sub = verbs.add_parser(
            command.name,
            help=command.help,
            description=_sentence(command.help),
            formatter_class=_Formatter,
        )
        sub.set_defaults(command_module=command.module)
        if arguments is None or command.name == chosen:
            importlib.import_module(command.module).configure(sub)
    return top


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of examples, and asks for the terminal only when help is printed.

    A parser makes formatters all the time, to check its options; the width of the terminal, which
    argparse looks up each time, costs more than all the rest.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)

    def format_help(self) -> str:
        """The help, as wide as the terminal."""
        self._width = max(60, _columns() - 2)
        return super().format_help()


def _columns() -> int:
    """How wide the terminal is; ``shutil`` knows it too, but imports every kind of archive."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 80
    except (OSError, ValueError):
        return 80


def _our_fault() -> int:
    import traceback

    traceback.print_exc()
    print(
        "flashwright: this is a fault of ours, not yours; please report it with the lines above "
        "and the input",
        file=sys.stderr,
    )
    return OURS
