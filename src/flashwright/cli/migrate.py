"""``flashwright migrate OLD NEW``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from flashwright.base.record import replace
from flashwright.cli.field import field_facts, one_table, renames
from flashwright.cli.options import UsageError, add_field_facts, add_reading, add_reporting
from flashwright.cli.progress import ProgressBar
from flashwright.cli.report import complain, report
from flashwright.diag.finding import Finding, error, in_order
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import FileFaultError, write_whole

if TYPE_CHECKING:
    from flashwright.evolve.migrate.migration import Migration
    from flashwright.sim.prove import Proof

_EXAMPLES = """\
examples:
  flashwright migrate old.toml new.toml
  flashwright migrate old.toml new.toml --prove
  flashwright migrate board-1.0.c board-2.0.c --device mk3060 --c migration.h
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.epilog = _EXAMPLES
    parser.add_argument("old", metavar="OLD", help="the layout that shipped")
    add_reading(parser)
    parser.add_argument("--table", metavar="NAME", help="which table of files with several")
    parser.add_argument("--c", metavar="FILE", dest="c_file", help="write the steps as a C array")
    parser.add_argument("--c-name", metavar="NAME", default="flashwright_migration")
    parser.add_argument(
        "--prove", action="store_true", help="prove that the steps survive power cuts anywhere"
    )
    add_field_facts(parser)
    add_reporting(parser)


def execute(args: argparse.Namespace) -> int:
    """Plan the way from the old layout to the new one, or say why there is none."""
    from flashwright.evolve.migrate.out import migration_as_json, migration_as_text, to_c
    from flashwright.evolve.migrate.plan import migrate

    catalogue = Catalogue()
    findings: list[Finding] = []
    try:
        pairs = renames(args)
        old = one_table(args.old, args, catalogue, findings)
        new = one_table(args.file, args, catalogue, findings)
        outcome = migrate(old, new, field_facts(args), pairs)
        migration = outcome.migration
        if migration is not None and args.c_file:
            if not args.c_name.isidentifier() or not args.c_name.isascii():
                help = "use letters, digits and _"
                raise UsageError(error("CLI005", f"`{args.c_name}` is no name in C", help))
            text_in_c = to_c(migration, args.c_name)
            write_whole(args.c_file, text_in_c.encode(), (args.old, args.file))
    except (UsageError, FileFaultError) as fault:
        return complain(fault.finding, args)
    text = f"verdict: {outcome.verdict.words}\n"
    if migration is not None:
        text += migration_as_text(migration)
    more: dict[str, Any] = {
        "verdict": outcome.verdict.words,
        "migration": migration_as_json(migration) if migration is not None else None,
    }
    proof = _proven(migration, args, pairs) if migration is not None and args.prove else None
    if proof is not None:
        text += _proof_into(more, proof)
        findings += _as_ours(proof)
    # The reasons of the verdict are what the migration takes care of; without one they stand.
    told = in_order([*findings, *outcome.findings])
    status = report(told, args, tables=(old, new), more=more, text=text)
    failed = migration is None or (proof is not None and proof.verdict != "HOLDS")
    return max(1, status) if failed else 0 if status < 2 else status


def _proven(
    migration: Migration, args: argparse.Namespace, pairs: tuple[tuple[str, str], ...]
) -> Proof:
    """The proof of the steps, under any cuts, torn operations, and units that read as they like."""
    from flashwright.flash.faults import FaultModel
    from flashwright.sim.migrating import migrating
    from flashwright.sim.prove import prove_machine

    machine = migrating(migration, field_facts(args), pairs)
    with ProgressBar() as bar:
        bar.begin("the migration")
        return prove_machine(machine, FaultModel(unstable=True), watch=bar.watch)


def _proof_into(more: dict[str, Any], proof: Proof) -> str:
    from flashwright.app.prove import proof_as_json, proof_text

    more["proof"] = proof_as_json(proof)
    return "\n" + proof_text(proof, replays=False)


def _as_ours(proof: Proof) -> list[Finding]:
    """A plan that does not survive is a fault of the planner, and is said to be."""
    help = "do not use this plan; it is a fault of ours: please report it with both layouts"
    return [replace(f, help=help) if f.code == "SIM101" else f for f in proof.findings]
