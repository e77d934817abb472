"""Options of the verbs about devices in the field: what the user knows of them."""

from __future__ import annotations

import argparse

from flashwright.app.layout import read_layouts
from flashwright.cli.options import UsageError, read_options, source_of
from flashwright.diag.finding import Finding, Severity, error
from flashwright.evolve.compare.field import FieldFacts
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Table


def field_facts(args: argparse.Namespace) -> FieldFacts:
    """The facts as the core takes them."""
    return FieldFacts(
        running=args.running,
        image_size=args.image_size,
        bootloader_updatable=args.bootloader_updatable,
        accept_table_window=args.accept_table_window,
        table_copies=args.table_copies,
        app_demands_md5=not args.old_app_without_md5,
        bootloader_reads_md5=not args.bootloader_before_md5,
        position_free=args.position_free,
        discard=tuple(args.discard),
    )


def renames(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """The pairs of ``--rename``; ``UsageError`` for text without ``=``."""
    pairs = []
    for text in args.rename:
        old, equals, new = text.partition("=")
        if not (equals and old and new):
            raise UsageError(error("CLI004", f"`{text}` is no renaming", "write OLD=NEW"))
        pairs.append((old, new))
    return tuple(pairs)


def one_table(
    path: str, args: argparse.Namespace, catalogue: Catalogue, findings: list[Finding]
) -> Table:
    """The one table at ``path`` (``--table`` chooses); ``UsageError`` if there is none."""
    read = read_layouts(source_of(args, path), catalogue, read_options(args, catalogue), args.form)
    findings.extend(f for f in read.findings if f.severity is Severity.ERROR)
    tables = read.tables
    if args.table:
        tables = tuple(t for t in tables if t.name == args.table)
    if len(tables) == 1:
        return tables[0]
    if not tables and findings:
        raise UsageError(findings[0])
    names = ", ".join(t.name for t in read.tables) or "none"
    help = f"choose one with --table; found: {names}"
    raise UsageError(error("CLI003", f"`{path}` holds {len(read.tables)} tables", help))
