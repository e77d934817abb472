"""What a migration carries: data that moves, data that stays, and places that must be erased."""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding
from flashwright.evolve.compare.diff import Change, Difference, Meaning
from flashwright.evolve.compare.field import DATA_ROLES, FieldFacts
from flashwright.evolve.migrate.moves import At, Piece
from flashwright.model.table import Partition, Role
from flashwright.rules.tell import ERROR, SIZE, WARNING, fault, quoted

#: Names and subtypes of file systems that are not mounted in another size.
_FIXED_SIZE = ("spiffs",)


@dataclass(frozen=True, slots=True)
class Carried:
    """Moves, bytes that stay, places to erase, whose they are, and what cannot be carried."""

    moves: tuple[Piece, ...]
    kept: tuple[At, ...]
    erased: tuple[At, ...]
    names: tuple[tuple[At, str], ...]
    findings: tuple[Finding, ...]


def carried(difference: Difference, facts: FieldFacts, images_too: bool) -> Carried:
    """What becomes of each partition's data; ``images_too``: a factory image moves like data.

    Findings: EVO172, EVO176.
    """
    moves: list[Piece] = []
    kept: list[At] = []
    erased: list[At] = []
    names: list[tuple[At, str]] = []
    findings: list[Finding] = []
    containers = {p.parent for t in (difference.old, difference.new) for p in t.partitions}
    for change in difference.changes:
        new, old = change.new, change.old
        if new is None or new.name in containers:
            continue
        place = At(new.owner, new.extent)
        names.append((place, new.name))
        role = old.role if old else new.role
        if role is Role.FACTORY and not (change.moved and images_too):
            kept.append(place)
            continue
        if role not in DATA_ROLES and role is not Role.FACTORY:
            continue
        gone = old is not None and {old.name, new.name} & set(facts.discard)
        if old is None or gone:
            if old is None and not change.inherits:
                continue
            if gone and change.is_same:
                kept.append(place)
            else:
                erased.append(place)
            continue
        refused = _refused(change, old, new)
        if refused is not None:
            findings.append(refused)
            if refused.severity is ERROR:
                continue
        _carry(change, old, new, moves, kept, erased)
    return Carried(tuple(moves), tuple(kept), tuple(erased), tuple(names), tuple(findings))


def _carry(
    change: Change,
    old: Partition,
    new: Partition,
    moves: list[Piece],
    kept: list[At],
    erased: list[At],
) -> None:
    held = Extent.of(new.extent.start, old.size)
    if change.moved:
        moves.append(Piece(At(old.owner, old.extent), At(new.owner, held)))
    else:
        kept.append(At(new.owner, held))
    added = Extent(held.end, new.extent.end)
    if added and (change.moved or any(p.extent.overlaps(added) for p in change.inherits)):
        erased.append(At(new.owner, added))


def _refused(change: Change, old: Partition, new: Partition) -> Finding | None:
    if change.meaning is Meaning.READ_BY_OTHER or old.role != new.role:
        return _cannot(new, old, "is of another kind", "which only software can convert")
    if new.size < old.size:
        return _cannot(
            new,
            old,
            f"shrinks from {format_hex(old.size)} to {format_hex(new.size)} bytes",
            "which only its own software can pack anew",
        )
    if new.size == old.size or old.role is not Role.FILESYSTEM:
        return None
    words = f"{old.name} {old.attributes.get('subtype', '')}".casefold()
    if any(kind in words for kind in _FIXED_SIZE):
        return _cannot(
            new, old, "grows", "and SPIFFS is not mounted in another size than it was made in"
        )
    return fault(
        "EVO176",
        WARNING,
        f"{quoted(new)} is copied as it is: its file system keeps {format_hex(old.size)} bytes of "
        f"{format_hex(new.size)} until it is grown or formatted",
        "mount it with its old size, or let the image grow it (LittleFS: lfs_fs_grow)",
        of=new,
        fields=SIZE,
        others=(old,),
    )


def _cannot(new: Partition, old: Partition, what: str, why: str) -> Finding:
    return fault(
        "EVO172",
        ERROR,
        f"{quoted(new)} {what}, {why}: its bytes cannot simply be moved",
        f"keep {format_hex(old.size)} bytes of the same kind, or give its data up "
        f"(discard = {quoted(new)})",
        of=new,
        fields=SIZE,
        others=(old,),
    )
