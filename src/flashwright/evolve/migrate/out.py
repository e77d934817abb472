"""A migration told: as a table for people, as plain values for JSON, as a C array for an image.

The C array is data only; what the image does with it is in its leading comment and in the guide.
"""

from __future__ import annotations

import json
import re
from typing import Any

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.evolve.migrate.migration import (
    Install,
    Migration,
    Move,
    Task,
    WriteRecord,
    WriteTable,
)
from flashwright.evolve.migrate.moves import At

#: The version of the JSON and of the C array.
VERSION = 1

#: The kinds of a step in the C array.
C_KINDS = ("ERASE", "COPY", "RECORD", "TABLE", "MARK")

_C_HEAD = """\
/* {title}
 * Written by flashwright migrate; format {version}. Offsets and sizes are bytes from the start of
 * the flash with the number `from` or `to` ({flashes}).
 *
 * The image, whenever it starts, reads the marks in journal block 0 and 1. Mark n is 16 bytes,
 * little endian: "FWMG", plan id, n, n ^ 0x5A5A5A5A; its seal is the same with "FWMS" and follows
 * it at the next program unit. Mark n lies in block n % 2. Let n be the largest mark:
 *  1. the partition table in flash is the new one already: all is done.
 *  2. no mark, or n is 0: erase both blocks, write mark 0 and its seal, start with task 1.
 *  3. the other block holds n - 1 and the seal of n is blank: erase the block of n, write mark n
 *     and its seal anew, go on with task n + 1.
 *  4. else: erase the other block, go on with task n + 1.
 * A task ends with FLASHWRIGHT_MARK: erase block n % 2, program mark n, then its seal.
 */
"""


def migration_as_json(migration: Migration) -> dict[str, Any]:
    """The migration as plain values; bytes as integers, places as ``{owner, start, size}``."""
    return {
        "version": VERSION,
        "plan_id": migration.plan_id,
        "running": migration.running.name,
        "before": [_install(i) for i in migration.before],
        "tasks": [_task(n, t) for n, t in enumerate(migration.tasks, 1)],
        "after": [_install(i) for i in migration.after],
        "journal": [_place(at) for at in migration.journal],
        "room": [_place(at) for at in migration.room],
        "exposed": list(migration.exposed),
        "limits": list(migration.limits),
        "copied": migration.copied,
    }


def migration_as_text(migration: Migration) -> str:
    """The steps as lines for people, numbered as the marks of the journal count them."""
    if not migration.tasks:
        return "Nothing to do: no data moves and nothing is rewritten.\n"
    lines = [f"     {_install_words(i)}" for i in migration.before]
    for number, task in enumerate(migration.tasks, 1):
        mark = "!" if number in migration.exposed else " "
        lines.append(f"{mark}{number:3} {_words(task)}")
    lines += [f"     {_install_words(i)}" for i in migration.after]
    if migration.journal:
        lines.append(f"journal: {' and '.join(str(at) for at in migration.journal)}")
    if migration.room:
        lines.append(f"working room: {', '.join(str(at) for at in migration.room)}")
    lines += [f"limit: {printable(limit, 300)}" for limit in migration.limits]
    for number in migration.exposed:
        task = migration.tasks[number - 1]
        ms = -(-task.window_us // 1000) if isinstance(task, WriteTable) else 0
        lines.append(f"! a power cut in step {number} (about {ms} ms) needs a cable")
    return "".join(line + "\n" for line in lines)


def to_c(migration: Migration, name: str = "flashwright_migration") -> str:
    """The migration as a C99 file: a type, the steps, the journal; ``name`` is the array's.

    Raises ``ValueError`` if ``name`` is no C identifier.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is no C identifier")
    owners = list(migration.flashes)
    flashes = ", ".join(f"{n}: {_c_comment(o)}" for n, o in enumerate(owners))
    title = _c_comment(f"Migration of {migration.old.name} to {migration.new.name}")
    lines = [_C_HEAD.format(title=title, version=VERSION, flashes=flashes)]
    lines.append("#include <stddef.h>\n#include <stdint.h>\n\n")
    lines.append("enum {\n")
    lines += [f"    FLASHWRIGHT_{kind} = {n},\n" for n, kind in enumerate(C_KINDS)]
    lines.append("};\n\n")
    lines.append(
        "/* ERASE: to, target, size. COPY: from, source, to, target, size. RECORD: to, target,\n"
        " * size, source = modulus, extra = remainder. TABLE: to, target, size, extra = copies.\n"
        " * MARK: extra = n. */\n"
        "struct flashwright_step {\n    uint8_t kind, from, to;\n"
        "    uint32_t source, target, size, extra;\n};\n\n"
    )
    lines.append(f"const uint32_t {name}_plan_id = 0x{migration.plan_id:08X}u;\n\n")
    lines.append(f"const struct flashwright_step {name}_journal[] = {{\n")
    lines += [_c_row("ERASE", 0, owners.index(at.owner), 0, at) for at in migration.journal]
    if not migration.journal:
        lines.append("    {0, 0, 0, 0u, 0u, 0u, 0u},\n")
    lines.append("};\n\n")
    lines.append(f"const struct flashwright_step {name}[] = {{\n")
    for number, task in enumerate(migration.tasks, 1):
        lines.append(f"    /* {number}: {_c_comment(_words(task))} */\n")
        lines += _c_task(task, owners)
        lines.append(f"    {{FLASHWRIGHT_MARK, 0, 0, 0u, 0u, 0u, {number}u}},\n")
    if not migration.tasks:
        lines.append("    {FLASHWRIGHT_MARK, 0, 0, 0u, 0u, 0u, 0u},\n")
    lines.append("};\n\n")
    lines.append(f"const size_t {name}_count = sizeof {name} / sizeof {name}[0];\n")
    return "".join(lines)


def _c_task(task: Task, owners: list[str]) -> list[str]:
    if isinstance(task, WriteRecord):
        at = task.place
        row = _c_row("RECORD", 0, owners.index(at.owner), task.modulus, at, task.remainder)
        return [row]
    if isinstance(task, WriteTable):
        at = task.place
        return [_c_row("TABLE", 0, owners.index(at.owner), 0, at, task.copies)]
    target = task.chunk.target
    rows = [_c_row("ERASE", 0, owners.index(target.owner), 0, target)]
    for piece in task.chunk.pieces:
        source = piece.source
        rows.append(
            _c_row(
                "COPY",
                owners.index(source.owner),
                owners.index(piece.target.owner),
                source.extent.start,
                piece.target,
            )
        )
    return rows


def _c_row(kind: str, source: int, target: int, at: int, place: At, extra: int = 0) -> str:
    return (
        f"    {{FLASHWRIGHT_{kind}, {source}, {target}, 0x{at:X}u, "
        f"0x{place.extent.start:X}u, 0x{place.extent.size:X}u, {extra}u}},\n"
    )


def _c_comment(text: str) -> str:
    """Text that stays inside a comment: printable ASCII, no end of comment, no trigraph."""
    plain = printable(text, 200).encode("ascii", "backslashreplace").decode()
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace("\\", "|")


def _words(task: Task) -> str:
    if isinstance(task, WriteTable):
        copies = "its only copy" if task.is_exposed else f"{task.copies} copies, one by one"
        return f"write the new partition table at {task.place} ({copies})"
    if isinstance(task, WriteRecord):
        how = "both halves erased first"
        if task.in_place:
            how = "in the half that is not in use, or once more if it is there and may be torn"
        return (
            f"write the boot record at {task.place} ({how}): the smallest larger sequence with "
            f"(sequence - 1) mod {task.modulus} = {task.remainder}"
        )
    chunk = task.chunk
    why = f" ({printable(task.why)})" if task.why else ""
    if not chunk.pieces:
        return f"erase {chunk.target}{why}"
    size = sum(p.target.extent.size for p in chunk.pieces)
    start = format_hex(chunk.pieces[0].source.extent.start)
    owner = chunk.pieces[0].source.owner
    return f"copy {format_hex(size)} bytes from {start} of {owner} to {chunk.target}{why}"


def _install_words(install: Install) -> str:
    what = "the new release" if install.final else "the intermediate image"
    return (
        f"install {what} in {printable(install.slot.name)} at "
        f"{format_hex(install.slot.extent.start)}, at most {format_hex(install.largest)} bytes"
    )


def _install(install: Install) -> dict[str, Any]:
    return {
        "slot": install.slot.name,
        "start": install.slot.extent.start,
        "largest": install.largest,
        "final": install.final,
    }


def _task(number: int, task: Task) -> dict[str, Any]:
    common: dict[str, Any] = {"task": number, "text": _words(task)}
    if isinstance(task, Move):
        pieces = [
            {"source": _place(p.source), "target": _place(p.target)} for p in task.chunk.pieces
        ]
        return common | {"kind": "move", "erase": _place(task.chunk.target), "copy": pieces}
    if isinstance(task, WriteRecord):
        return common | {
            "kind": "record",
            "place": _place(task.place),
            "modulus": task.modulus,
            "remainder": task.remainder,
            "in_place": task.in_place,
        }
    return common | {
        "kind": "table",
        "place": _place(task.place),
        "copies": task.copies,
        "window_us": task.window_us,
    }


def _place(at: At) -> dict[str, Any]:
    return {"owner": at.owner, "start": at.extent.start, "size": at.extent.size}


def migration_as_json_text(migration: Migration) -> str:
    """``migration_as_json`` as a file."""
    return json.dumps(migration_as_json(migration), indent=2, ensure_ascii=False) + "\n"
