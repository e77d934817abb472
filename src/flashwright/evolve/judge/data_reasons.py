"""Reasons that lie in the data that devices hold: what the new software finds, and what it misses.

Sources for the formats: littlefs SPEC.md (the superblock holds the block count); SPIFFS
`SPIFFS_USE_MAGIC_LENGTH` (on in ESP-IDF: the magic depends on the size); FAT holds its size in
the boot sector; ESP-IDF NVS and AliOS Things KV work block by block and grow into erased blocks.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.diag.finding import Finding
from flashwright.evolve.compare.diff import How, Meaning
from flashwright.evolve.compare.field import DATA_ROLES, SLOT_ROLES
from flashwright.evolve.judge.reason import Case, Reason, Way
from flashwright.model.table import Partition, Role
from flashwright.rules.tell import ERROR, NOTE, SIZE, WARNING, fault, listed, point, quoted, span

#: Roles whose software takes what it finds for its own, so that old bytes under them do harm.
_TRUSTING = DATA_ROLES | {Role.BOOT_RECORD}


def moved(case: Case) -> Iterator[Reason]:
    """EVO120: data that the new software looks for elsewhere."""
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or new is None or not change.moved or old.role not in DATA_ROLES:
            continue
        under = list(change.inherits)
        found = f"finds bytes of {listed(under)} there" if under else "finds nothing of it there"
        writers = [p for p in change.heirs if p.role in SLOT_ROLES]
        hurry = f" before {listed(writers)} is written" if writers else " before its first use"
        discarded = new.name in case.facts.discard or old.name in case.facts.discard
        yield Reason(
            Way.OVER_THE_AIR if discarded else Way.WITH_MIGRATION,
            fault(
                "EVO120",
                NOTE if discarded else ERROR,
                f"{quoted(new)} moves from {span(old, old.extent)} to {span(new, new.extent)}"
                + (f" in flash {new.owner}" if new.owner != old.owner else "")
                + f": the new software {found}",
                f"put it back at {point(old, old.extent.start)}, or copy "
                f"{format_hex(min(old.size, new.size))} bytes to the new place{hurry} "
                "(`flashwright migrate`)",
                of=new,
                others=(old,),
                old_start=old.extent.start,
                new_start=new.extent.start,
                discarded=discarded,
            ),
        )


def shrunk(case: Case) -> Iterator[Reason]:
    """EVO121: the end of a data partition is cut off."""
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or new is None or How.SHRUNK not in change.hows:
            continue
        if old.role not in DATA_ROLES:
            continue
        discarded = new.name in case.facts.discard
        cut = Extent(old.extent.start + new.size, old.extent.end)
        heirs = [p for p in change.heirs if p.extent.overlaps(cut)]
        taken = f", which {listed(heirs)} has now" if heirs else ""
        yield Reason(
            Way.OVER_THE_AIR if discarded else Way.WITH_MIGRATION,
            fault(
                "EVO121",
                NOTE if discarded else ERROR,
                f"{quoted(new)} shrinks from {format_hex(old.size)} to {format_hex(new.size)} "
                f"bytes: what it holds at {span(old, cut)} is lost{taken}",
                f"give it {format_hex(-change.growth)} bytes more, or let the image read "
                "everything from the old place and write it anew",
                of=new,
                extent=new.extent,
                fields=SIZE,
                others=(old,),
                old_size=old.size,
                new_size=new.size,
                discarded=discarded,
            ),
        )


def grown(case: Case) -> Iterator[Reason]:
    """EVO122: a store that grows over old bytes; EVO126: a file system that keeps its size."""
    for change in case.difference.changes:
        new, old = change.new, change.old
        if new is None or old is None or How.GROWN not in change.hows:
            continue
        if old.role not in DATA_ROLES or change.meaning is Meaning.READ_BY_OTHER:
            continue
        added = Extent(new.extent.start + old.size, new.extent.end)
        under = [p for p in change.inherits if p.extent.overlaps(added)]
        if under:
            yield Reason(Way.WITH_MIGRATION, _grown_over(new, added, under))
        if old.role is Role.FILESYSTEM:
            yield Reason(Way.WITH_MIGRATION, _keeps_size(new, old))


def dropped(case: Case) -> Iterator[Reason]:
    """EVO123: data that no partition of the new table holds."""
    for change in case.difference.changes:
        old = change.old
        if old is None or change.new is not None or old.role not in DATA_ROLES:
            continue
        if old.parent is not None:
            continue
        discarded = old.name in case.facts.discard
        where = span(old, old.extent)
        fate = (
            f"{listed(list(change.heirs))} has its bytes now"
            if change.heirs
            else "its bytes stay in the flash, and nothing reads them"
        )
        secret = old.role in (Role.SECURITY, Role.KV)
        yield Reason(
            Way.OVER_THE_AIR if discarded else Way.WITH_MIGRATION,
            fault(
                "EVO123",
                NOTE if discarded else WARNING,
                f"{quoted(old)} is gone, {where}: {fate}",
                (f"erase {where}, it may hold keys; " if secret else "")
                + f"save what is needed of it, or give it up (discard = {quoted(old)}); if it has "
                "another name now, say so (rename)",
                of=old,
                others=change.heirs[:6],
                discarded=discarded,
            ),
        )


def inherits(case: Case) -> Iterator[Reason]:
    """EVO124: a new partition that takes old bytes for its own."""
    for change in case.difference.changes:
        new = change.new
        if new is None or change.old is not None or not change.inherits:
            continue
        if new.role not in _TRUSTING or new.parent is not None:
            continue
        yield Reason(
            Way.WITH_MIGRATION,
            fault(
                "EVO124",
                WARNING,
                f"{quoted(new)} is new and lies over bytes of {listed(list(change.inherits))}: "
                "its software finds old bytes where it expects an erased partition",
                f"erase {span(new, new.extent)} before its first use (`flashwright migrate`)",
                of=new,
                others=change.inherits[:6],
            ),
        )


def other_kind(case: Case) -> Iterator[Reason]:
    """EVO125: the same place, but software of another kind reads it."""
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or new is None or change.meaning is not Meaning.READ_BY_OTHER:
            continue
        if not {old.role, new.role} & _TRUSTING:
            continue
        discarded = new.name in case.facts.discard
        was, now = _kind_word(old), _kind_word(new)
        yield Reason(
            Way.OVER_THE_AIR if discarded else Way.WITH_MIGRATION,
            fault(
                "EVO125",
                NOTE if discarded else ERROR,
                f"{quoted(new)} was {was} and is {now} now: its software does not understand the "
                "bytes that devices hold there",
                f"give the {now} another place and name, or let the image read the old data and "
                f"write it anew; if it may be lost, erase {span(new, new.extent)} first",
                of=new,
                others=(old,),
                discarded=discarded,
            ),
        )


def renamed(case: Case) -> Iterator[Reason]:
    """EVO127: a partition that software finds by its name has another one."""
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or new is None or How.RENAMED not in change.hows:
            continue
        if case.ground.ecosystem == "alios" or case.old.format != case.new.format:
            continue
        if old.role not in DATA_ROLES:
            continue
        yield Reason(
            Way.OVER_THE_AIR,
            fault(
                "EVO127",
                NOTE,
                f"{quoted(old)} is called {quoted(new)} now: software that opens {quoted(old)} by "
                "name does not find it",
                f"search the sources for {quoted(old)}",
                of=new,
                fields=("name",),
                others=(old,),
            ),
        )


def _grown_over(new: Partition, added: Extent, under: list[Partition]) -> Finding:
    return fault(
        "EVO122",
        WARNING,
        f"{quoted(new)} grows by {format_hex(added.size)} bytes over bytes of {listed(under)}",
        f"erase {span(new, added)} before the larger partition is used (`flashwright migrate`)",
        of=new,
        extent=added,
        fields=SIZE,
        others=tuple(under[:6]),
    )


def _keeps_size(new: Partition, old: Partition) -> Finding:
    return fault(
        "EVO126",
        WARNING,
        f"{quoted(new)} grows from {format_hex(old.size)} to {format_hex(new.size)} bytes, but "
        "the file system in it was made for the old size: LittleFS and FAT keep it, SPIFFS is "
        "not mounted",
        f"keep {format_hex(old.size)} bytes, or let the image save the files, format, and write "
        "them back",
        of=new,
        fields=SIZE,
        others=(old,),
    )


def _kind_word(partition: Partition) -> str:
    kind = str(partition.attributes.get("subtype", ""))
    role = partition.role.value.replace("_", " ")
    return f"{role} ({kind})" if kind else role
