"""Options that several verbs share, and how they become values of the core."""

from __future__ import annotations

import argparse
import os
import re
import sys

from flashwright.base.nearest import did_you_mean
from flashwright.base.record import replace
from flashwright.base.size import SizeError, parse_size
from flashwright.diag.finding import Finding, Severity, error
from flashwright.formats.format import ReadOptions, Source
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import read_others, read_source
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class UsageError(Exception):
    """The words of the command cannot be carried out; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def size_argument(text: str) -> int:
    """An argument that is a size."""
    try:
        return parse_size(text)
    except SizeError as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault}") from None


def count_argument(least: int) -> Callable[[str], int]:
    """An argument that is a whole number of ``least`` or more."""

    def count(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            message = f"{text!r}: a whole number from {least} to 999999999 is wanted"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return count


def seconds_argument(text: str) -> float:
    """An argument that is a time in seconds, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise argparse.ArgumentTypeError(f"{text!r}: seconds are wanted, as in 30 or 0.5")
    return float(text)


def flash_argument(text: str) -> Flash:
    """An argument that describes a flash: ``qspi=8M``, ``spi=2M/64K``, ``nor=1M/4K@0x60000000``."""
    name, _, rest = text.partition("=")
    rest, _, address = rest.partition("@")
    whole, _, block = rest.partition("/")
    size, erase_block = size_argument(whole), size_argument(block or "4K")
    if not name.strip() or not size or not erase_block or size % erase_block:
        message = f"{text!r}: NAME=SIZE/ERASE_BLOCK is wanted, and whole erase blocks"
        raise argparse.ArgumentTypeError(message)
    base = size_argument(address) if address else None
    runs = (EraseRun(size // erase_block, erase_block),)
    return Flash(name.strip(), base, runs, source="the command line")


def flash_words(flash: Flash) -> str:
    """The argument that ``flash_argument`` made this flash of."""
    address = "" if flash.base is None else f"@0x{flash.base:X}"
    return f"{flash.name}=0x{flash.size:X}/0x{flash.runs[0].size:X}{address}"


def add_reading(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The file (or files) and how to read it."""
    what = "flash.toml, a layout file of any known format, or a flash dump; - for standard input"
    if several:
        parser.add_argument("files", metavar="FILE", nargs="+", help=what)
    else:
        parser.add_argument("file", metavar="FILE", help=what)
    group = parser.add_argument_group("reading")
    group.add_argument("--from", dest="form", metavar="FORMAT", help="the format of FILE")
    group.add_argument("--device", metavar="NAME[:CONFIGURATION]", help="the device of the layout")
    group.add_argument(
        "--flash",
        metavar="NAME=SIZE[/ERASE_BLOCK][@ADDRESS]",
        dest="flashes",
        type=flash_argument,
        action="append",
        default=[],
        help="a further flash of the board, as in qspi=8M or spi=2M/64K (erase blocks: 4K)",
    )
    group.add_argument("-D", dest="defines", metavar="NAME[=VALUE]", action="append", default=[])
    group.add_argument("-I", dest="include", metavar="DIR", action="append", default=[])
    group.add_argument("--overlay", metavar="FILE", action="append", default=[])
    group.add_argument("--table-offset", "--offset", type=size_argument, metavar="BYTES")
    group.add_argument("--bootloader-offset", type=size_argument, metavar="BYTES")
    group.add_argument(
        "--recovery-bootloader-offset",
        type=size_argument,
        metavar="BYTES",
        dest="recovery_offset",
    )
    group.add_argument("--flash-size", type=size_argument, metavar="BYTES")
    group.add_argument("--secure-boot", choices=("v1", "v2"), default="")
    group.add_argument(
        "--extra-subtype", metavar="TYPE,NAME,VALUE", action="append", default=[], dest="extra"
    )


def add_reporting(parser: argparse.ArgumentParser) -> None:
    """How findings are told, and which of them fail the command."""
    group = parser.add_argument_group("reporting")
    group.add_argument(
        "--output-format", choices=("text", "json", "sarif", "github"), default="text"
    )
    group.add_argument(
        "--fail-on",
        choices=[s.word for s in Severity],
        default="error",
        help="the severity from which on the exit status is 1 (error)",
    )
    add_colour(group)


def add_colour(parser: argparse._ActionsContainer) -> None:
    """Whether to use colours."""
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def add_field_facts(parser: argparse.ArgumentParser) -> None:
    """What is known of the devices that shipped."""
    group = parser.add_argument_group("devices in the field")
    group.add_argument("--running", default="", metavar="SLOT", help="the slot they all run from")
    group.add_argument(
        "--image-size", type=size_argument, default=0, metavar="BYTES", help="the new image's size"
    )
    group.add_argument(
        "--bootloader-updatable", action="store_true", help="the bootloader can be replaced too"
    )
    group.add_argument(
        "--accept-table-window",
        action="store_true",
        help="take the risk of the moment without a partition table",
    )
    group.add_argument(
        "--table-copies",
        type=count_argument(0),
        metavar="N",
        help="copies of the table in flash (0: compiled in)",
    )
    group.add_argument(
        "--old-app-without-md5",
        action="store_true",
        help="ESP-IDF: the application takes a table without MD5",
    )
    group.add_argument(
        "--bootloader-before-md5",
        action="store_true",
        help="ESP-IDF: the bootloader is older than v3.1",
    )
    group.add_argument(
        "--position-free", action="store_true", default=None, help="images run from any offset"
    )
    group.add_argument(
        "--discard", action="append", default=[], metavar="NAME", help="its data may be lost"
    )
    group.add_argument(
        "--rename", action="append", default=[], metavar="OLD=NEW", help="the same partition"
    )


def in_colour(args: argparse.Namespace) -> bool:
    """Whether standard output takes colours; NO_COLOR is respected (https://no-color.org)."""
    if args.color != "auto":
        return bool(args.color == "always")
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def threshold(args: argparse.Namespace) -> Severity:
    """The severity from which on the command fails."""
    return Severity[args.fail_on.upper()]


def source_of(args: argparse.Namespace, path: str) -> Source:
    """The file at ``path`` with the directories and overlays that it may refer to."""
    others: dict[str, bytes] = {}
    for directory in args.include:
        others.update(read_others(directory))
    for overlay in args.overlay:
        others[os.path.basename(overlay)] = read_source(overlay).data
    return read_source(path, others)


def lock_path(given: str | None, layout: str) -> str:
    """Where the lock of a layout file is: as given, or ``flash.lock`` beside it."""
    return given or os.path.join(os.path.dirname(layout), "flash.lock")


def lock_source(path: str) -> Source | None:
    """The lock as it is now; ``None`` if there is none yet."""
    return read_source(path) if os.path.exists(path) else None


def read_options(args: argparse.Namespace, catalogue: Catalogue) -> ReadOptions:
    """What the user adds to the file; ``UsageError`` for an unknown device."""
    defines = {}
    for text in args.defines:
        name, _, value = text.partition("=")
        defines[name.strip()] = value if "=" in text else "1"
    device = device_named(args.device, catalogue) if args.device else None
    return ReadOptions(
        device=_with_flashes(device, args.flashes) if args.flashes else device,
        defines=defines,
        environment=dict(os.environ),
        table_offset=args.table_offset,
        bootloader_offset=args.bootloader_offset,
        recovery_offset=args.recovery_offset,
        flash_size=args.flash_size,
        secure_boot=args.secure_boot,
        extra_subtypes=tuple(args.extra),
    )


def _with_flashes(device: Device | None, flashes: list[Flash]) -> Device:
    """The device with the flashes given; without a device they are all that the board has."""
    if device is None:
        device = Device(
            "board", "", "a board of the command line", "", (), BootFacts(flashes[0].name)
        )
    for flash in flashes:
        if device.flash(flash.name) is not None:
            known = ", ".join(f"`{f.name}`" for f in device.flashes)
            message = f"{device.id} has a flash `{flash.name}` already"
            raise UsageError(error("DEV012", message, f"its flashes: {known}; take another name"))
        device = replace(device, flashes=(*device.flashes, flash))
    return device


def device_named(text: str, catalogue: Catalogue) -> Device:
    """The one device that ``text`` names; ``UsageError`` if none or several."""
    name, _, configuration = text.partition(":")
    found = catalogue.find(name, configuration or None)
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(d.id for d in found)
        raise UsageError(error("DEV002", f"`{text}` has several configurations", f"one of {ids}"))
    every = catalogue.find(name)
    if every:
        known = did_you_mean(configuration, (d.configuration for d in every))
        raise UsageError(error("DEV002", f"`{name}` has no configuration `{configuration}`", known))
    raise UsageError(error("DEV001", f"no device `{text}`", did_you_mean(name, catalogue.names())))
