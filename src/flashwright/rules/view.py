"""What a rule sees: a table with its device, and what several rules would work out anew.

Everything here is worked out once a table and then looked up, so that the whole catalogue stays
linear in the number of partitions (but for the findings themselves).
"""

from __future__ import annotations

import itertools
import re
from functools import cached_property

from flashwright.base.extent import Extent
from flashwright.base.pattern import late
from flashwright.base.record import record, replace
from flashwright.model.alios import PREFIX
from flashwright.model.device import Device
from flashwright.model.geometry import Flash, Overwrite
from flashwright.model.table import IMAGE_ROLES, Partition, Role, Table
from flashwright.model.update import Update

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Memories that a layout file may name beside flashes; nothing of them is erased in blocks.
_NOT_FLASH = late(r"(?:^|_)(?:s|ps|d|ext)?ram(?:\d*$|_)|^(?:otp|uicr|efuse|eeprom)\b", re.I)
#: The flash of most tables, for which nothing needs to be compiled.
_OWN_FLASH = "embedded"
_OTA_NAME = late(r"(?:^|_)ota_?(\d{1,2})$", re.I)

#: Roles whose partitions are erased by themselves, whatever contains them.
DATA_ROLES = frozenset({Role.KV, Role.FILESYSTEM, Role.BOOT_RECORD, Role.COREDUMP})

#: An address this far behind the start of a flash is no address past its end, but a mistake.
MOST_BEYOND = 256 << 20

#: Flags that say that a partition is meant to be read only.
READ_ONLY_FLAGS = frozenset({"readonly", "read-only", "ro"})

#: Formats of other ecosystems, whose types and subtypes are not ESP-IDF's.
_OF_OTHERS = frozenset(
    {
        "beken-csv",
        "bouffalo-toml",
        "fal",
        "infineon-json",
        "mtdparts",
        "mynewt-bsp",
        "nrf-pm-static",
        "picotool-json",
        "zephyr-dts",
    }
)

#: Type and subtype of ESP-IDF's boot record.
OTADATA = (1, 0x00)

#: Words of ESP-IDF for what a role is without attributes of its own: (type, subtype).
_ESP_ROLES: dict[Role, tuple[int, int]] = {
    Role.FACTORY: (0, 0x00),
    Role.BOOT_RECORD: (1, 0x00),
    Role.CALIBRATION: (1, 0x01),
    Role.KV: (1, 0x02),
    Role.COREDUMP: (1, 0x03),
    Role.BOOTLOADER: (2, 0x00),
    Role.PARTITION_TABLE: (3, 0x00),
}
_ESP_TYPES = {"app": 0, "data": 1, "bootloader": 2, "partition_table": 3}
_ESP_SUBTYPES: dict[int, dict[str, int]] = {
    0: {"factory": 0, "test": 0x20, "tee_0": 0x30, "tee_1": 0x31}
    | {f"ota_{n}": 0x10 + n for n in range(16)},
    1: {
        "ota": 0x00,
        "phy": 0x01,
        "nvs": 0x02,
        "coredump": 0x03,
        "nvs_keys": 0x04,
        "efuse": 0x05,
        "undefined": 0x06,
        "esphttpd": 0x80,
        "fat": 0x81,
        "spiffs": 0x82,
        "littlefs": 0x83,
        "tee_ota": 0x90,
    },
    2: {"primary": 0, "ota": 1, "recovery": 2},
    3: {"primary": 0, "ota": 1},
}


@record()
class Placed:
    """A partition that lies whole in a known flash, with its first and last erase block."""

    partition: Partition
    flash: Flash
    first: Extent
    last: Extent

    @property
    def starts_clean(self) -> bool:
        """Whether it starts where an erase block starts."""
        return self.first.start == self.partition.extent.start

    @property
    def ends_clean(self) -> bool:
        """Whether it ends where an erase block ends."""
        return self.last.end == self.partition.extent.end


def granule(flash: Flash, offset: int) -> Extent:
    """What is rewritten with the byte at ``offset``: its erase block, or where nothing has to be
    erased (RRAM, MRAM, whose drivers only emulate erase blocks) its program unit.

    ``IndexError`` outside the flash.
    """
    block = flash.block_at(offset)
    if flash.overwrite is not Overwrite.FREE:
        return block
    unit = max(1, flash.program_unit)
    return Extent.of(offset // unit * unit, unit)


def granule_word(flash: Flash) -> str:
    """What ``granule`` is called on this flash."""
    return "program unit" if flash.overwrite is Overwrite.FREE else "erase block"


@record(slots=False)
class View:
    """A table, and lookups over it. ``device`` and ``update`` may be unknown (``None``)."""

    table: Table

    @property
    def device(self) -> Device | None:
        """The device of the table, as far as known."""
        return self.table.device

    @property
    def update(self) -> Update | None:
        """How the device is updated, as far as declared."""
        return self.table.update

    @cached_property
    def ecosystem(self) -> str:
        """``alios``, ``esp-idf``, ``mcuboot`` or nothing: as declared, or as the source shows."""
        table = self.table
        if table.update:
            return table.update.scheme.ecosystem
        if table.format.startswith("esp-idf"):
            return "esp-idf"
        if table.format == "alios-c" or any((p.id or "").startswith(PREFIX) for p in self.present):
            return "alios"
        if table.format not in _OF_OTHERS and any("subtype" in p.attributes for p in self.present):
            return "esp-idf"
        return ""

    @cached_property
    def present(self) -> tuple[Partition, ...]:
        """The partitions that are in a flash, in order; not those that say "there is none".

        A CPU address past the end of its flash, which a reader cannot turn into an offset, is one
        here, so that it is seen to lie past the end.
        """
        owners = {p.owner for p in self.table.partitions}
        none = {o for o in owners if o.casefold() == "none"}
        flashes = {o for o in owners if o == _OWN_FLASH or not _NOT_FLASH.search(o)}
        return tuple(
            self._at_its_offset(p)
            for p in self.table.partitions
            if p.owner in flashes and (p.owner not in none or p.extent)
        )

    @property
    def incomplete(self) -> bool:
        """Whether the source has partitions that could not be read: absence proves nothing."""
        return bool(self.table.attributes.get("incomplete"))

    def _at_its_offset(self, partition: Partition) -> Partition:
        flash = self.flashes.get(partition.owner)
        start = partition.start
        if flash is None or not flash.base or start != partition.extent.start:
            return partition
        if not flash.size <= start - flash.base < MOST_BEYOND or self._in_another(partition):
            return partition
        return replace(partition, extent=partition.extent.shifted(-flash.base))

    def _in_another(self, partition: Partition) -> bool:
        """Whether the start of the partition is an address of another flash."""
        located = self.device.locate(partition.start) if self.device else None
        return located is not None and located[0].name != partition.owner

    @cached_property
    def flashes(self) -> dict[str, Flash]:
        """The flashes of the device by name."""
        return {f.name: f for f in self.device.flashes} if self.device else {}

    def flash_of(self, partition: Partition) -> Flash | None:
        """The flash that a partition lies in, ``None`` if there is no such flash or no device."""
        return self.flashes.get(partition.owner)

    @cached_property
    def astray(self) -> tuple[Partition, ...]:
        """Partitions whose start is no place in their flash: an address of another, a wrong one."""
        sizes = {f.name: f.size for f in self.flashes.values()}
        strict = self._addressed if self.table.format == "alios-c" else frozenset()
        return tuple(
            p
            for p in self.present
            if (p.owner in strict or p.extent.start >= sizes.get(p.owner, p.extent.end))
            and p.extent
            and self._is_astray(p)
        )

    @cached_property
    def _addressed(self) -> frozenset[str]:
        """Memory-mapped flashes whose partitions are written as CPU addresses, or most of them."""
        return frozenset(
            f.name
            for f in self.flashes.values()
            if f.base
            and any(p.start == f.base + p.extent.start for p in self.present if p.owner == f.name)
        )

    def _is_astray(self, partition: Partition) -> bool:
        flash = self.flash_of(partition)
        if flash is None:
            return False
        if self.table.format == "alios-c" and flash.name in self._addressed:
            return partition.start - (flash.base or 0) != partition.extent.start
        return partition.extent.start >= flash.size and self._in_another(partition)

    @cached_property
    def by_flash(self) -> dict[str, tuple[Partition, ...]]:
        """The partitions that hold at least one byte, of each flash by offset."""
        astray = {id(p) for p in self.astray}
        found: dict[str, list[Partition]] = {}
        for p in self.present:
            if p.extent and id(p) not in astray:
                found.setdefault(p.owner, []).append(p)
        known = [n for n in self.flashes if n in found]
        order = known + sorted(n for n in found if n not in self.flashes)
        return {n: tuple(sorted(found[n], key=lambda p: p.extent)) for n in order}

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """The partitions that lie whole in a known flash, by flash and offset."""
        result = []
        for owner, partitions in self.by_flash.items():
            flash = self.flashes.get(owner)
            if flash is None:
                continue
            size = flash.size
            for p in partitions:
                if p.extent.end <= size:
                    first = flash.block_at(p.extent.start)
                    inside = p.extent.end <= first.end
                    last = first if inside else flash.block_at(p.extent.end - 1)
                    result.append(Placed(p, flash, first, last))
        return tuple(result)

    @cached_property
    def _names(self) -> dict[str, Partition]:
        return {p.name: p for p in reversed(self.table.partitions)}

    def ancestors(self, partition: Partition) -> tuple[str, ...]:
        """The names of the partitions that contain it on purpose, nearest first."""
        result: list[str] = []
        while partition.parent and partition.parent not in result:
            result.append(partition.parent)
            above = self._names.get(partition.parent)
            if above is None:
                break
            partition = above
        return tuple(result)

    def declared(self, one: Partition, other: Partition) -> bool:
        """Whether the two are meant to use the same bytes: one contains or shares the other."""
        if one.parent is None and other.parent is None and not one.shares and not other.shares:
            return False
        return (
            other.name in one.shares
            or one.name in other.shares
            or other.name in self.ancestors(one)
            or one.name in self.ancestors(other)
        )

    def erased_together(self, one: Partition, other: Partition) -> bool:
        """Whether both are parts of one larger partition that is erased as a whole."""
        if one.parent is None or other.parent is None:
            return False
        if one.role in DATA_ROLES or other.role in DATA_ROLES:
            return False
        return bool(set(self.ancestors(one)) & set(self.ancestors(other)))

    @cached_property
    def granular(self) -> tuple[Placed, ...]:
        """As ``placed``, with what cannot be rewritten alone in place of the erase blocks."""
        return tuple(
            p
            if p.flash.overwrite is not Overwrite.FREE
            else replace(
                p,
                first=granule(p.flash, p.partition.extent.start),
                last=granule(p.flash, p.partition.extent.end - 1),
            )
            for p in self.placed
        )

    @cached_property
    def shared_blocks(self) -> dict[tuple[str, Extent], tuple[Placed, ...]]:
        """The granules (flash, extent) of several partitions that are not meant to share them.

        Those that overlap anyway do not count. Only the first and the last granule of a
        partition can be shared without an overlap.
        """
        members: dict[tuple[str, Extent], list[Placed]] = {}
        for p in self.granular:
            single = p.first == p.last
            if not p.starts_clean or (single and not p.ends_clean):
                members.setdefault((p.flash.name, p.first), []).append(p)
            if not single and not p.ends_clean:
                members.setdefault((p.flash.name, p.last), []).append(p)
        return {
            block: tuple(group)
            for block, group in members.items()
            if len(group) > 1 and self._any_apart(group)
        }

    def _any_apart(self, group: list[Placed]) -> bool:
        """Whether two neighbours of the group have no byte in common and no relation."""
        for one, other in itertools.pairwise(group):
            a, b = one.partition, other.partition
            if not (
                a.extent.overlaps(b.extent) or self.declared(a, b) or self.erased_together(a, b)
            ):
                return True
        return False

    @cached_property
    def fixed(self) -> dict[str, tuple[tuple[str, Extent], ...]]:
        """What is not for partitions, by flash: reserved ranges, bootloader, partition table."""
        device = self.device
        if device is None:
            return {}
        found: dict[str, list[tuple[str, Extent]]] = {}
        for r in device.reserved:
            found.setdefault(r.owner, []).append((r.name, r.extent))
        boot = device.boot
        if boot.bootloader:
            found.setdefault(boot.owner, []).append(("bootloader", boot.bootloader))
        if boot.table_offset:
            at = Extent.of(boot.table_offset, 0x1000)
            found.setdefault(boot.owner, []).append(("partition table", at))
            if boot.bootloader:
                before = Extent(0, boot.bootloader.start)
                found[boot.owner].append(("before the bootloader", before))
        return {owner: tuple(ranges) for owner, ranges in found.items()}

    @cached_property
    def free(self) -> dict[str, tuple[Extent, ...]]:
        """The bytes that nothing uses, by flash; in an unknown flash only those between."""
        result = {}
        for owner, partitions in self.by_flash.items():
            flash = self.flashes.get(owner)
            used = [p.extent for p in partitions]
            used += [extent for _, extent in self.fixed.get(owner, ())]
            whole = flash.extent if flash else Extent(used[0].start, max(e.end for e in used))
            result[owner] = tuple(whole.minus(used))
        return result

    @cached_property
    def slots(self) -> tuple[tuple[Partition, ...], ...]:
        """The slots of each image, first slot first; groups of one are left out."""
        pairs: dict[str, list[Partition]] = {}
        for p in self.present:
            if p.pair and p.role in IMAGE_ROLES and p.role != Role.FACTORY and p.extent:
                pairs.setdefault(p.pair, []).append(p)
        groups = [tuple(g) for g in pairs.values() if len(g) > 1]
        if not groups and self.ecosystem == "esp-idf":
            ota = tuple(p for _, p in self.ota_slots)
            groups = [ota] if len(ota) > 1 else []
        elif not groups:
            whole = [p for p in self.present if p.extent and p.parent is None]
            first = [p for p in whole if p.role == Role.APPLICATION]
            second = [p for p in whole if p.role == Role.OTA_TEMP]
            groups = [(first[0], second[0])] if first and second else []
        return tuple(tuple(sorted(g, key=_slot_order)) for g in groups)

    @cached_property
    def _kinds(self) -> dict[int, tuple[int, int] | None]:
        return {id(p): _esp_kind(p) for p in self.present}

    def esp_kind(self, partition: Partition) -> tuple[int, int] | None:
        """Type and subtype in an ESP-IDF table; from the role where not said, ``None`` if open."""
        return self._kinds.get(id(partition))

    @cached_property
    def ota_slots(self) -> tuple[tuple[int, Partition], ...]:
        """The slots ``ota_N`` of an ESP-IDF table as (N, partition), in the order of the table."""
        kinds = ((self.esp_kind(p), p) for p in self.present)
        return tuple((k[1] & 0xF, p) for k, p in kinds if k and k[0] == 0 and k[1] in range(16, 32))

    @cached_property
    def derived(self) -> dict[str, Any]:
        """What the rules of one family work out once and look up again, by a name of theirs."""
        return {}


def _esp_kind(partition: Partition) -> tuple[int, int] | None:
    kind = _number(partition.attributes.get("type"), _ESP_TYPES)
    if kind is not None:
        subtype = _number(partition.attributes.get("subtype"), _ESP_SUBTYPES.get(kind, {}))
        if subtype is not None:
            return kind, subtype
    if partition.role in (Role.APPLICATION, Role.OTA_TEMP):
        match = _OTA_NAME.search(partition.name)
        return (0, 0x10 + int(match[1])) if match and int(match[1]) < 16 else None
    return _ESP_ROLES.get(partition.role)


def _slot_order(partition: Partition) -> bool:
    return partition.role == Role.OTA_TEMP


def _number(value: object, words: dict[str, int]) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in words:
            return words[word]
        if re.fullmatch(r"0x[0-9a-f]{1,8}|[0-9]{1,9}", word):
            return int(word, 0) if word.startswith("0x") else int(word)
    return None
