"""From an old layout to a new one in the field, so that any power cut leaves the device alive.

``migrate`` finds the steps or says, as shortly as it can, why there are none. It never plans a
step that could lose the bootloader, the running image, the boot record or data that is not given
up; the one exception, the only copy of a partition table, must be accepted by name.

Limits: data is moved byte by byte, never understood; a store that shrinks, or changes its kind,
needs its own software (or is given up with ``discard``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding, Severity, error, in_order
from flashwright.evolve.compare.diff import Difference, diff
from flashwright.evolve.compare.field import FieldFacts, Ground, ground, table_offset
from flashwright.evolve.judge.reason import Way
from flashwright.evolve.judge.table_reasons import rows, window_us
from flashwright.evolve.judge.trailers import room_for_image
from flashwright.evolve.judge.verdict import Verdict, judge
from flashwright.evolve.migrate.boot_image import Start, starts
from flashwright.evolve.migrate.carried import Carried, carried
from flashwright.evolve.migrate.migration import (
    Install,
    Migration,
    Move,
    Task,
    WriteRecord,
    WriteTable,
    plan_id_of,
)
from flashwright.evolve.migrate.moves import At, Chunk, NoRoom, Piece, Room, ordered, target_blocks
from flashwright.evolve.migrate.room import MOST_BLOCKS, boot_critical, journal_blocks, working_room
from flashwright.model.geometry import Flash
from flashwright.model.table import Role, Table
from flashwright.rules.view import View


@dataclass(frozen=True, slots=True)
class Outcome:
    """A migration, or ``None`` with the reasons why there is none among the findings."""

    migration: Migration | None
    findings: tuple[Finding, ...]
    verdict: Verdict


def migrate(
    old: Table,
    new: Table,
    facts: FieldFacts | None = None,
    renames: Sequence[tuple[str, str]] = (),
) -> Outcome:
    """The steps that bring running devices from ``old`` to ``new``.

    Findings: EVO170 (the device is not known), EVO171 (no way over the air), EVO172 (data that
    cannot be moved byte by byte), EVO173 (the only copy of a table), EVO174 (no slot to run from),
    EVO175 (an erase block shared with what must not be erased), EVO177 (no working room), EVO178
    (program units); EVO176 warns of a file system that keeps its size.
    """
    facts = facts or FieldFacts()
    difference = diff(old, new, renames)
    verdict = judge(difference, facts)
    blocked = _blocked(difference, verdict, facts)
    if blocked:
        return Outcome(None, in_order(blocked), verdict)
    case = _Case(difference, facts, ground(difference.old, facts))
    load = carried(difference, facts, case.base.position_free)
    if any(f.severity is Severity.ERROR for f in load.findings):
        return Outcome(None, in_order(load.findings), verdict)
    return _best(case, load, verdict)


@dataclass(frozen=True)
class _Case:
    difference: Difference
    facts: FieldFacts
    base: Ground

    @property
    def old(self) -> Table:
        return self.difference.old

    @property
    def new(self) -> Table:
        return self.difference.new

    @property
    def flashes(self) -> dict[str, Flash]:
        device = self.old.device
        return {f.name: f for f in device.flashes} if device else {}

    @property
    def rewrites_table(self) -> bool:
        return self.base.table_in_flash and (
            rows(View(self.old)) != rows(View(self.new))
            or self.old.attributes.get("md5") != self.new.attributes.get("md5")
        )


def _blocked(difference: Difference, verdict: Verdict, facts: FieldFacts) -> list[Finding]:
    """What makes any plan pointless."""
    if difference.old.device is None:
        message = "the device is not known, so neither are its erase blocks"
        return [error("EVO170", message, "give it: --device NAME", difference.new.place)]
    outside = [
        p
        for t in (difference.old, difference.new)
        for p in View(t).present
        if (flash := difference.old.device.flash(p.owner)) is None
        or not flash.extent.covers(p.extent)
    ]
    if outside:
        name = outside[0].name
        message = f"`{name}` does not lie in the flash of {difference.old.device.id}"
        return [error("EVO170", message, "run `flashwright check`", outside[0].place)]
    cable = [r.finding for r in verdict.reasons if r.way is Way.CABLE]
    others = [f for f in cable if f.code != "EVO117"]
    if others:
        message = f"there is no way over the air: {others[0].message}"
        return [error("EVO171", message, others[0].help, others[0].place), *others]
    if cable:
        return [_one_copy(cable[0])]
    return []


def _one_copy(found: Finding) -> Finding:
    ms = found.facts.get("window_ms")
    return Finding(
        "EVO173",
        Severity.ERROR,
        f"the partition table has one copy: a power cut in the {ms} ms of its rewriting leaves "
        "the device without one, so there is no way that survives every cut",
        "keep the table; or accept that risk (--accept-table-window)",
        found.place,
        found.where,
        facts=found.facts,
    )


def _best(case: _Case, load: Carried, verdict: Verdict) -> Outcome:
    """The first way to start an image that leaves room for everything; or the first refusal."""
    refused: list[Finding] = []
    for start in starts(case.difference, case.base, case.facts, case.rewrites_table):
        found = _planned(case, load, start, verdict)
        if isinstance(found, Migration):
            return Outcome(found, in_order(found.findings), verdict)
        refused = refused or found
    if not refused:
        refused = [
            error(
                "EVO174",
                "no slot of devices is a slot of the new table too, nor can its image be copied "
                "to one while it runs",
                "keep one slot where it is, as large as its image",
                case.new.place,
            )
        ]
    return Outcome(None, in_order([*load.findings, *refused]), verdict)


def _planned(
    case: _Case, load: Carried, start: Start, verdict: Verdict
) -> Migration | list[Finding]:
    flashes = case.flashes
    moves = [*load.moves, *([start.copy] if start.copy else [])]
    critical = [*boot_critical(case.old, case.new, case.base.table_in_flash), start.live]
    record = _record(case, start)
    blocks = target_blocks([m.target for m in moves] + list(load.erased), flashes)
    if len(blocks) > MOST_BLOCKS:
        message = f"{len(blocks)} erase blocks would be written, at most {MOST_BLOCKS} are planned"
        return [error("EVO177", message, "migrate fewer partitions", case.new.place)]
    for block in blocks:
        hit = next((c for c in critical if c.overlaps(block)), None)
        if hit is not None:
            return [_shared(case, block, hit)]
    keep = [*load.kept, *critical]
    taken = [*blocks, *keep, *(m.source for m in moves), *([record.place] if record else [])]
    room = working_room(case.old, case.new, flashes, taken)
    tasks: list[Task] = []
    journal: tuple[At, ...] = ()
    try:
        if moves or load.erased or record or case.rewrites_table:
            journal = journal_blocks(room)
        chunks = ordered(moves, load.erased, load.kept, flashes, room)
    except NoRoom as lack:
        return [_no_room(case, lack.need, room)]
    odd = next((p for c in chunks for p in c.pieces if _is_unaligned(p, flashes)), None)
    if odd is not None:
        return [_unaligned(case, odd)]
    tasks += [Move(chunk, _why(chunk, load, start)) for chunk in chunks]
    tasks += [record] if record else []
    tasks += [_table(case)] if case.rewrites_table else []
    used = _used(chunks, blocks)
    return _told(case, start, verdict, load, tuple(tasks), journal, used)


def _told(
    case: _Case,
    start: Start,
    verdict: Verdict,
    load: Carried,
    tasks: tuple[Task, ...],
    journal: tuple[At, ...],
    used: tuple[At, ...],
) -> Migration:
    largest = start.live.extent.size if start.copy else room_for_image(case.old, start.slot)
    bridge = verdict.way >= Way.INTERMEDIATE or case.rewrites_table
    what = "the intermediate image" if bridge else "the new release"
    before = Install(start.slot, largest, not bridge, f"{what} runs from here and is confirmed")
    after: tuple[Install, ...] = ()
    if bridge and tasks:
        slot = start.new_slot
        after = (Install(slot, room_for_image(case.new, slot), True, "the usual update"),)
    return Migration(
        case.old,
        case.new,
        start.slot,
        case.flashes,
        (before,) if tasks else (),
        tasks,
        after,
        journal if tasks else (),
        plan_id_of(tasks, journal) if tasks else 0,
        used,
        _limits(case, journal if tasks else ()),
        tuple(load.findings),
    )


def _record(case: _Case, start: Start) -> WriteRecord | None:
    """The boot record, where the new table reads another place or counts otherwise."""
    if not case.rewrites_table or start.modulus == 0:
        return None
    was = next(iter(case.old.of_role(Role.BOOT_RECORD)), None)
    now = next(iter(case.new.of_role(Role.BOOT_RECORD)), None)
    if now is None:
        return None
    same = was is not None and (was.owner, was.extent) == (now.owner, now.extent)
    if same and not start.changes_record:
        return None
    return WriteRecord(At(now.owner, now.extent), start.modulus, start.remainder, same)


def _table(case: _Case) -> WriteTable:
    device = case.old.device
    assert device is not None
    owner = device.boot.owner
    flash = case.flashes[owner]
    offset = table_offset(case.old) or 0
    extent = Extent(flash.align_down(offset), flash.align_up(offset + 1))
    return WriteTable(At(owner, extent), case.base.table_copies, window_us(flash))


def _why(chunk: Chunk, load: Carried, start: Start) -> str:
    if chunk.why:
        return chunk.why
    names = [n for at, n in load.names if at.overlaps(chunk.target)]
    if start.copy and start.copy.target.overlaps(chunk.target):
        names.append("the running image")
    what = ", ".join(dict.fromkeys(names)) or "nothing"
    return f"{what}" if chunk.pieces else f"erase for {what}"


def _used(chunks: list[Chunk], blocks: list[At]) -> tuple[At, ...]:
    targets = set(blocks)
    found = {c.target for c in chunks if c.target not in targets and c.why.startswith("save")}
    return tuple(sorted(found))


def _limits(case: _Case, journal: tuple[At, ...]) -> tuple[str, ...]:
    found = []
    for block in journal:
        inside = next(
            (
                p
                for p in case.new.partitions
                if p.owner == block.owner and p.extent.overlaps(block.extent)
            ),
            None,
        )
        if inside is None:
            found.append(f"{block} stays unused as long as an image with this migration may start")
        elif not case.rewrites_table:
            most = block.extent.start - inside.extent.start
            found.append(
                f"until the next release runs, nothing in `{inside.name}` reaches {block}: the "
                f"next image there has at most {format_hex(max(0, most))} bytes"
            )
    return tuple(found)


def _shared(case: _Case, block: At, critical: At) -> Finding:
    return Finding(
        "EVO175",
        Severity.ERROR,
        f"the erase block {block} would be erased, but holds {critical.extent} that the device "
        "needs to start",
        f"start the partition at {format_hex(block.extent.end)} or above",
        case.new.place,
        facts={"block": block.extent.start, "size": block.extent.size},
    )


def _is_unaligned(piece: Piece, flashes: dict[str, Flash]) -> bool:
    unit = flashes[piece.target.owner].program_unit
    return bool(piece.target.extent.start % unit or piece.target.extent.size % unit)


def _unaligned(case: _Case, piece: Piece) -> Finding:
    unit = case.flashes[piece.target.owner].program_unit
    return Finding(
        "EVO178",
        Severity.ERROR,
        f"{piece.target} cannot be programmed: the program unit is {unit} bytes",
        f"start and end partitions on multiples of {unit} bytes",
        case.new.place,
        facts={"unit": unit, "start": piece.target.extent.start},
    )


def _no_room(case: _Case, need: int, room: Room) -> Finding:
    largest = max((a.extent.size for a in room.free), default=0)
    total = sum(a.extent.size for a in room.free)
    return Finding(
        "EVO177",
        Severity.ERROR,
        f"no working room: {format_hex(need)} bytes in one piece are needed beside the journal, "
        f"{format_hex(total)} are free, at most {format_hex(largest)} in one piece",
        "leave two erase blocks for the journal and one of the largest size unused, or give up a "
        "partition's data (--discard)",
        case.new.place,
        facts={"need": need, "free": total, "largest": largest},
    )
