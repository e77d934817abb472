"""``flashwright convert FILE --to FORMAT``."""

from __future__ import annotations

import argparse
import sys

from flashwright.app.check import check
from flashwright.app.convert import convert
from flashwright.cli.options import (
    UsageError,
    add_reading,
    read_options,
    size_argument,
    source_of,
)
from flashwright.cli.report import complain, status_of
from flashwright.diag.as_text import findings_as_text
from flashwright.diag.finding import Finding, Severity, error
from flashwright.formats.format import Source, WriteOptions
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, read_others, read_source, write_whole

_EXAMPLES = """\
examples:
  flashwright convert flash.toml --to alios-c -o board.c
  flashwright convert partitions.csv --to esp-idf-bin -o partitions.bin
  flashwright convert flash.toml --to alios-c --into board.c -o board.c
  flashwright convert app.overlay -I boards --to zephyr-dts --into boards/one.dts -o one.dts
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    add_reading(parser)
    group = parser.add_argument_group("writing")
    group.add_argument("--to", required=True, metavar="FORMAT", help="the format to write")
    group.add_argument("-o", "--output", metavar="FILE", help="write here (standard output)")
    group.add_argument("--into", metavar="FILE", help="an existing file whose text is kept")
    group.add_argument("--sdk", default="", metavar="VERSION", help="for AliOS: 1.1 to 3.3")
    group.add_argument("--to-offset", type=size_argument, metavar="BYTES", dest="write_offset")
    group.add_argument("--no-md5", action="store_true", help="ESP-IDF: no MD5 row")
    group.add_argument("--force", action="store_true", help="write although the check finds errors")
    parser.set_defaults(fail_on="error")


def execute(args: argparse.Namespace) -> int:
    """Read, check, convert; nothing is written while there is an error."""
    catalogue = Catalogue()
    try:
        options = read_options(args, catalogue)
        result = check(source_of(args, args.file), catalogue, options, args.form)
        writing = WriteOptions(
            sdk=args.sdk or _sdk(result.layouts.specs),
            base=_base(args) if args.into else None,
            table_offset=args.write_offset or args.table_offset,
            md5=not args.no_md5,
            secure_boot=args.secure_boot,
            defines=options.defines,
            flash_size=args.flash_size,
            bootloader_offset=args.bootloader_offset,
            recovery_offset=args.recovery_offset,
            environment=options.environment,
            extra_subtypes=options.extra_subtypes,
        )
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding)
    faults = [f for f in result.findings if f.severity is Severity.ERROR]
    findings: list[Finding] = list(result.findings)
    if faults and not args.force:
        findings.append(_not_written(len(faults)))
        return _tell(findings, args)
    encoded = convert(result.layouts.tables, args.to, writing)
    findings.extend(encoded.findings)
    if encoded.data is None:
        return max(1, _tell(findings, args))
    try:
        if args.output:
            inputs = () if args.into == args.output else (args.file,)
            write_whole(args.output, encoded.data, inputs)
        else:
            sys.stdout.buffer.write(encoded.data)
            sys.stdout.flush()
    except FileFaultError as fault:
        return complain(fault.finding)
    print(findings_as_text(findings), end="", file=sys.stderr)
    return 0


def _base(args: argparse.Namespace) -> Source:
    """The file of ``--into`` with what it includes; overlays belong to the file that is read."""
    others: dict[str, bytes] = {}
    for directory in args.include:
        others.update(read_others(directory))
    included = {p: data for p, data in others.items() if not p.lower().endswith(".overlay")}
    return read_source(args.into, included)


def _sdk(specs: tuple[object, ...]) -> str:
    update = getattr(specs[0], "update", None) if specs else None
    return update.sdk if update is not None else ""


def _not_written(errors: int) -> Finding:
    what = "an error" if errors == 1 else f"{errors} errors"
    help = "mend the layout, or say --force to write it as it is"
    return error("FMT005", f"nothing was written: the layout has {what}", help)


def _tell(findings: list[Finding], args: argparse.Namespace) -> int:
    print(findings_as_text(findings), end="", file=sys.stderr)
    return status_of(findings, args)
