"""``flashwright prove FILE``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from flashwright.cli.field import one_table
from flashwright.cli.main import CLEAN, FOUND
from flashwright.cli.options import (
    UsageError,
    add_reading,
    add_reporting,
    count_argument,
    flash_words,
    seconds_argument,
    size_argument,
)
from flashwright.cli.progress import ProgressBar
from flashwright.cli.report import complain, report
from flashwright.diag.finding import Finding, error, in_order
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError

if TYPE_CHECKING:
    from flashwright.flash.faults import FaultModel
    from flashwright.model.table import Table
    from flashwright.sim.mend import Mending
    from flashwright.sim.prove import Proof

_EXAMPLES = """\
examples:
  flashwright prove flash.toml
  flashwright prove flash.toml --scheme recommended-dual-bank
  flashwright prove flash.toml --all
  flashwright prove flash.toml --replay 5.x.12.t3
"""

#: What a trace depends on: option, name, usual value.
_DECIDING: tuple[tuple[str, str, object], ...] = (
    ("--from", "form", None),
    ("--device", "device", None),
    ("--flash", "flashes", []),
    ("-D", "defines", []),
    ("-I", "include", []),
    ("--overlay", "overlay", []),
    ("--table-offset", "table_offset", None),
    ("--bootloader-offset", "bootloader_offset", None),
    ("--recovery-bootloader-offset", "recovery_offset", None),
    ("--flash-size", "flash_size", None),
    ("--secure-boot", "secure_boot", ""),
    ("--extra-subtype", "extra", []),
    ("--table", "table", None),
    ("--scheme", "scheme", None),
    ("--cuts", "cuts", None),
    ("--no-torn-program", "no_torn_program", False),
    ("--no-torn-erase", "no_torn_erase", False),
    ("--no-mixed-erase", "no_mixed_erase", False),
    ("--unstable", "unstable", False),
    ("--bit-subsets", "bit_subsets", False),
    ("--lost-writes", "lost_writes", 0),
    ("--worn-erases", "worn_erases", 0),
    ("--failing-reads", "failing_reads", 0),
    ("--updates", "updates", 2),
    ("--chunk", "chunk", 1024),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    add_reading(parser)
    parser.add_argument("--table", metavar="NAME", help="which table of a file with several")
    parser.add_argument("--scheme", metavar="NAME", help="the scheme (default: that of the file)")
    parser.add_argument("--all", action="store_true", help="every scheme that fits this layout")
    parser.add_argument("--list", action="store_true", help="the schemes that can be proven")
    parser.add_argument("--replay", metavar="ID", help="walk a trace, each step on the map")
    group = parser.add_argument_group("faults")
    group.add_argument(
        "--cuts", type=count_argument(0), metavar="N", help="at most N power cuts (any number)"
    )
    group.add_argument("--no-torn-program", action="store_true", help="program calls are whole")
    group.add_argument("--no-torn-erase", action="store_true", help="erases are whole")
    group.add_argument(
        "--no-mixed-erase", action="store_true", help="a cut erase leaves no part of a block"
    )
    group.add_argument("--unstable", action="store_true", help="a torn unit may read as it likes")
    group.add_argument("--bit-subsets", action="store_true", help="any bits of a torn unit")
    group.add_argument("--lost-writes", type=count_argument(0), default=0, metavar="N")
    group.add_argument("--worn-erases", type=count_argument(0), default=0, metavar="N")
    group.add_argument("--failing-reads", type=count_argument(0), default=0, metavar="N")
    group = parser.add_argument_group("limits")
    group.add_argument("--states", type=count_argument(1), default=1_000_000, metavar="N")
    group.add_argument(
        "--seconds", type=seconds_argument, metavar="N", help="stop after so long, incomplete"
    )
    group.add_argument(
        "--updates", type=count_argument(1), default=2, metavar="N", help="that follow each other"
    )
    group.add_argument(
        "--chunk", type=_chunk_argument, default=1024, metavar="BYTES", help="of a program call"
    )
    group.add_argument(
        "--allow-incomplete", action="store_true", help="exit with 0 for an incomplete proof"
    )
    add_reporting(parser)


def _chunk_argument(text: str) -> int:
    """The bytes of a program call: one or more."""
    if size := size_argument(text):
        return size
    raise argparse.ArgumentTypeError(f"{text!r}: a call programs at least 1 byte")


def execute(args: argparse.Namespace) -> int:
    """Prove, or replay, or list the schemes."""
    from flashwright.sim.catalog import BLUEPRINTS

    if args.list:
        wide = max(len(b.name) for b in BLUEPRINTS)
        print("".join(f"{b.name:<{wide}}  {b.title}\n" for b in BLUEPRINTS), end="")
        return CLEAN
    from flashwright.app.prove import mending_as_json, mendings_text, proof_as_json, unfit_text

    catalogue = Catalogue()
    findings: list[Finding] = []
    try:
        table = one_table(args.file, args, catalogue, findings)
        if args.replay:
            return _replay(table, args)
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding, args)
    names = [b.name for b in BLUEPRINTS] if args.all else [args.scheme]
    proofs: list[Proof] = []
    with ProgressBar(args.seconds) as bar:
        for name in names:
            if bar.stopped:
                break
            bar.begin(name or (table.update.scheme.name if table.update else ""))
            proofs.append(_proved(table, name, args, bar))
        not_begun = names[len(proofs) :]
        unfit = [p for p in proofs if args.all and not p.judgements]
        proofs = [p for p in proofs if p not in unfit]
        asked = not args.all and not bar.stopped and _asks_for_mending(proofs[0])
        mendings = _mendings(proofs[0], table, args, bar) if asked else ()
    end = unfit_text(unfit) + mendings_text(mendings, looked_for=asked and not bar.stopped)
    if not_begun:
        end += f"{bar.stopped}; not begun: {', '.join(n for n in not_begun if n)}\n"
    more = {
        "proofs": [proof_as_json(p) for p in proofs],
        "mendings": [mending_as_json(m) for m in mendings],
        "not_begun": [n for n in not_begun if n],
        "unfit": [{"scheme": p.scheme, "why": [f.message for f in p.findings]} for p in unfit],
    }
    return _told(proofs, table, findings, args, end, more)


def _asks_for_mending(proof: Proof) -> bool:
    from flashwright.sim.prove import Verdict

    unfit = proof.verdict is Verdict.INCOMPLETE and not proof.judgements
    return bool(proof.scheme) and (proof.verdict is Verdict.VIOLATED or unfit)


def _mendings(
    proof: Proof, table: Table, args: argparse.Namespace, bar: ProgressBar
) -> tuple[Mending, ...]:
    """What would mend a scheme that fails; each offer is proven under the same faults."""
    from flashwright.sim.explore import Limits
    from flashwright.sim.mend import mend

    limits = Limits(states=args.states)
    bar.begin("what would mend it")
    return mend(
        table,
        proof.scheme,
        faults=_faults(args),
        limits=limits,
        watch=bar.watch,
        chunk=args.chunk,
        updates=args.updates,
    )


def _told(
    proofs: list[Proof],
    table: Table,
    findings: list[Finding],
    args: argparse.Namespace,
    end: str,
    more: dict[str, Any],
) -> int:
    from flashwright.app.prove import is_proven, proof_text, proofs_table
    from flashwright.sim.prove import Verdict

    command = _command(args)
    told_each = (proof_text(p, command=command) for p in proofs)
    text = proofs_table(proofs) if args.all else "".join(told_each)
    text += end
    told = in_order([*findings, *(f for p in proofs for f in p.findings)])
    status = report(told, args, tables=(table,), more=more, text=text)
    excused = (
        args.allow_incomplete
        and bool(proofs)
        # A scheme that is not known, or cannot work on this layout, was not even begun.
        and all(is_proven(p) or (p.verdict is Verdict.INCOMPLETE and p.judgements) for p in proofs)
    )
    if status > FOUND or excused:
        return CLEAN if excused else status
    return CLEAN if proofs and all(is_proven(p) for p in proofs) else FOUND


def _proved(table: Table, scheme: str | None, args: argparse.Namespace, bar: ProgressBar) -> Proof:
    from flashwright.sim.explore import Limits
    from flashwright.sim.prove import prove

    return prove(
        table,
        scheme=scheme,
        faults=_faults(args),
        limits=Limits(states=args.states),
        watch=bar.watch,
        chunk=args.chunk,
        updates=args.updates,
    )


def _faults(args: argparse.Namespace) -> FaultModel:
    from flashwright.flash.faults import FaultModel

    return FaultModel(
        cuts=args.cuts,
        torn_program=not args.no_torn_program,
        torn_erase=not args.no_torn_erase,
        mixed_erase=not args.no_mixed_erase,
        unstable=args.unstable,
        bit_subsets=args.bit_subsets,
        lost_writes=args.lost_writes,
        worn_erases=args.worn_erases,
        failing_reads=args.failing_reads,
    )


def _command(args: argparse.Namespace) -> str:
    """The call that walks a trace of this proof, up to its id: with all that a trace depends on."""
    import shlex

    words = ["flashwright", "prove", args.file]
    for option, name, usual in _DECIDING:
        value = getattr(args, name)
        if value == usual or value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            if option == "--flash":
                one = flash_words(one)
            words += [option] if one is True else [option, str(one)]
    return shlex.join(words)


def _replay(table: Table, args: argparse.Namespace) -> int:
    import json

    from flashwright.app.prove import trace_as_json, trace_text
    from flashwright.sim.prove import machine_for, replay
    from flashwright.sim.trace import TraceIdError

    machine, faults = machine_for(table, args.scheme, chunk=args.chunk, updates=args.updates)
    if machine is None:
        return report(faults, args) or FOUND
    try:
        trace = replay(machine, args.replay, _faults(args))
    except TraceIdError as fault:
        help = "it belongs to one scheme, layout and fault model; name the same ones"
        raise UsageError(error("SIM006", f"this trace cannot be walked: {fault}", help)) from None
    if args.output_format == "json":
        print(json.dumps(trace_as_json(trace), indent=2))
    else:
        print(trace_text(trace, table), end="")
    return CLEAN
