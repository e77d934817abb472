"""Reasons that lie in a partition table that the device reads from its flash (ESP-IDF and others).

An update of the application leaves such a table as it is: whoever wants the new one must rewrite
it in the field, and the record that selects the slot with it. Sources: espressif/esp-idf
`components/bootloader_support/src/bootloader_utility.c` (slot = (sequence - 1) mod slot count),
`components/esp_partition/partition.c` (MD5), issue 9987; `docs/en/api-reference/system/ota.rst`
("unsafe mode": no second copy of the table).
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, InFlash
from flashwright.evolve.compare.field import (
    ESP_TABLE_SIZE,
    SLOT_ROLES,
    has_md5,
    live_extent,
    ota_slots,
    table_offset,
)
from flashwright.evolve.judge.reason import Case, Reason, Way
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.tell import ERROR, WARNING, fault, listed, point, quoted
from flashwright.rules.view import View

#: What an erase and a program of one 4 KiB block take where the device does not tell: the typical
#: sector erase time of SPI NOR data sheets (Winbond W25Q32JV: 45 ms, 16 pages of 0.4 ms).
_WINDOW_US = 45_000 + 16 * 400


def rewritten(case: Case) -> Iterator[Reason]:
    """EVO117: the table in devices must be rewritten, and how safe that is; EVO119: it moves."""
    if not case.ground.table_in_flash:
        return
    was, now = table_offset(case.old), table_offset(case.new)
    if was is not None and now is not None and was != now:
        yield Reason(case.beyond_bootloader, _table_moved(case, was, now))
    if rows(case.old_view) == rows(case.new_view) and has_md5(case.old) == has_md5(case.new):
        return
    if case.ground.table_copies > 1:
        yield Reason(Way.INTERMEDIATE, _rewrite_in_turn(case))
        return
    way = Way.INTERMEDIATE if case.facts.accept_table_window else Way.CABLE
    yield Reason(way, _one_copy(case, was))


def md5(case: Case) -> Iterator[Reason]:
    """EVO118: an application or a bootloader that does not accept the table's MD5 row."""
    if case.ground.ecosystem != "esp-idf":
        return
    old, new = has_md5(case.old), has_md5(case.new)
    if old is False and case.facts.app_demands_md5:
        yield Reason(
            Way.INTERMEDIATE,
            Finding(
                "EVO118",
                ERROR,
                "the table in devices has no MD5 row, and the application refuses such a table: "
                "it starts again and again (esp-idf#9987)",
                "build with CONFIG_PARTITION_TABLE_MD5=n (then say app_demands_md5 = false), or "
                "bring an intermediate image that adds the row",
                case.old.place,
            ),
        )
    if new is True and old is not True and not case.facts.bootloader_reads_md5:
        yield Reason(
            case.beyond_bootloader,
            Finding(
                "EVO118",
                ERROR,
                "the new table has an MD5 row, and the bootloader in devices (before ESP-IDF "
                "v3.1) stops at it: invalid magic number 0xebeb",
                "write the table without MD5 (CONFIG_PARTITION_TABLE_MD5=n)",
                case.new.place,
            ),
        )


def slot_numbers(case: Case) -> Iterator[Reason]:
    """EVO116: another number of slots, so that the record in devices selects another slot."""
    if case.ground.ecosystem != "esp-idf":
        return
    old, new = len(ota_slots(case.old_view)), len(ota_slots(case.new_view))
    if old == new or not old:
        return
    if not new:
        slot = ota_slots(case.old_view)[0]
        finding = fault(
            "EVO116",
            ERROR,
            f"the {old} slots of devices are gone: whatever runs from {quoted(slot)} is not "
            "started any more",
            "keep `ota_0`, or bring devices to the factory image first",
            of=slot,
        )
        yield Reason(Way.INTERMEDIATE, finding)
        return
    sequence = next(s for s in range(1, old * new + 1) if (s - 1) % old != (s - 1) % new)
    record = next(iter(case.old.of_role(Role.BOOT_RECORD)), None)
    yield Reason(
        Way.INTERMEDIATE,
        fault(
            "EVO116",
            ERROR,
            f"{new} slots instead of {old}: the record in devices selects another slot (sequence "
            f"{sequence} is slot {(sequence - 1) % old} now, slot {(sequence - 1) % new} then)",
            f"before the table, write a sequence whose remainder is the running slot by {old} "
            f"and by {new} alike: slot + 1 + a multiple of {_lcm(old, new)}",
            of=record,
            old_count=old,
            new_count=new,
        ),
    )


def record(case: Case) -> Iterator[Reason]:
    """EVO112: the record lies elsewhere in the new table, or is not there."""
    if not case.ground.table_in_flash or not ota_slots(case.new_view):
        return
    for change in case.difference.changes:
        old, new = change.old, change.new
        if old is None or old.role is not Role.BOOT_RECORD or not (change.moved or new is None):
            continue
        if new is None:
            finding = fault(
                "EVO112",
                ERROR,
                f"{quoted(old)} is gone, and without it the bootloader starts the factory image "
                "or the first slot, whatever was running",
                f"keep it at {point(old, old.extent.start)}",
                of=old,
            )
        else:
            finding = fault(
                "EVO112",
                ERROR,
                f"{quoted(new)} moves from {point(old, old.extent.start)} to "
                f"{point(new, new.extent.start)}: the bootloader finds no record there and starts "
                "the factory image or the first slot",
                f"keep it at {point(old, old.extent.start)}, or write the record at the new place "
                "before the table",
                of=new,
                others=(old,),
            )
        yield Reason(Way.INTERMEDIATE, finding)


def running_slot(case: Case) -> Iterator[Reason]:
    """EVO114: a slot that devices run from is no slot of the new table."""
    if not case.ground.table_in_flash or not case.ground.slots:
        return
    size = case.facts.image_size
    slots = [s for s in case.ground.slots if case.facts.running in ("", s.name)]
    homeless = [s for s in slots if not survives(s, case.new, size)]
    if not homeless:
        return
    kept = [s for s in case.ground.slots if survives(s, case.new, size)]
    way, help = Way.CABLE, "keep at least one slot where it is, as large as its image"
    if kept:
        way = Way.INTERMEDIATE
        help = f"bring the intermediate image to {listed(kept)} first, it is a slot of both tables"
    elif target := _copy_target(case, homeless[0]):
        way = Way.INTERMEDIATE
        help = (
            f"copy the running image to {point(target, target.extent.start)} ({quoted(target)}) "
            "before the table is rewritten"
        )
    finding = fault(
        "EVO114",
        ERROR,
        f"devices that run from {listed(homeless)} do not start after the table changed: it has "
        f"no slot at {' or '.join(point(s, s.extent.start) for s in homeless[:6])}"
        + ("" if size else " that holds the old one"),
        help,
        of=homeless[0],
        others=tuple(homeless[1:6]),
    )
    yield Reason(way, finding)


def survives(slot: Partition, new: Table, image_size: int = 0) -> bool:
    """Whether the new table has a slot at the place of ``slot`` that takes what runs there.

    ``image_size`` 0: the image may be as large as the old slot.
    """
    return any(
        p.owner == slot.owner
        and p.extent.start == slot.extent.start
        and p.role in SLOT_ROLES
        and p.size >= (image_size or slot.size)
        for p in new.partitions
    )


def rows(view: View) -> frozenset[tuple[object, ...]]:
    """What a table in flash says of each partition, whatever the order of its rows."""
    return frozenset(
        (p.name[:16], view.esp_kind(p), p.role, p.owner, p.extent, frozenset(p.flags))
        for p in view.present
    )


def window_us(flash: Flash | None) -> int:
    """How long the only copy of the table is missing, in microseconds, by the data sheet."""
    if flash is None or not flash.erase_time_us:
        return _WINDOW_US
    units = ESP_TABLE_SIZE // max(1, flash.program_unit)
    return flash.erase_time_us + units * flash.program_time_us


def _lcm(one: int, other: int) -> int:
    import math

    return math.lcm(one, other)


def _table_moved(case: Case, was: int, now: int) -> Finding:
    return Finding(
        "EVO119",
        ERROR,
        f"the partition table moves from {format_hex(was)} to {format_hex(now)}, but the "
        f"bootloader in devices reads it at {format_hex(was)}",
        f"keep CONFIG_PARTITION_TABLE_OFFSET={format_hex(was)}",
        case.new.place,
        facts={"old": was, "new": now},
    )


def _rewrite_in_turn(case: Case) -> Finding:
    return Finding(
        "EVO117",
        WARNING,
        "an update leaves the partition table in the flash as it is: it must be rewritten by an "
        f"image in the field, one of its {case.ground.table_copies} copies after the other",
        "`flashwright migrate` gives the steps",
        case.new.place,
    )


def _one_copy(case: Case, offset: int | None) -> Finding:
    flash = _boot_flash(case.old)
    ms = -(-window_us(flash) // 1000)
    where = None
    if offset is not None:
        owner = flash.name if flash else "embedded"
        where = InFlash(owner, Extent.of(offset, ESP_TABLE_SIZE))
    place = f" at {format_hex(offset)}" if offset is not None else ""
    return Finding(
        "EVO117",
        WARNING if case.facts.accept_table_window else ERROR,
        f"an update leaves the partition table in the flash{place} as it is; to rewrite its only "
        f"copy takes about {ms} ms in which a power cut leaves the device without one",
        "keep the table; or accept that risk (--accept-table-window), and `flashwright migrate` "
        "gives the steps for an intermediate image",
        case.new.place,
        where,
        facts={"window_ms": ms, "table": printable(case.new.name)},
    )


def _boot_flash(table: Table) -> Flash | None:
    device = table.device
    if device is None:
        return None
    return device.flash(device.boot.owner)


def _copy_target(case: Case, slot: Partition) -> Partition | None:
    """A slot of the new table that the image in ``slot`` can be copied to while it runs."""
    live = live_extent(slot, case.facts.image_size, _boot_flash(case.old))
    for p in case.new.partitions:
        if p.role not in SLOT_ROLES or p.size < live.size:
            continue
        if p.owner != slot.owner or not Extent.of(p.extent.start, live.size).overlaps(live):
            return p
    return None
