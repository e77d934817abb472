"""A spec becomes demands: its wishes, the facts of its device, the rules of its scheme.

What a spec leaves open is filled from the scheme (standard partitions) and from the usual sizes of
roles. What makes no sense by itself (a size of 0, a name that nobody has) is a finding, and then
nothing is planned.
"""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.record import field, record
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, error
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.table import IMAGE_ROLES, Role
from flashwright.planner import alios, esp_idf, mcuboot
from flashwright.planner.demand import Demand, Kind, Origin, Want, demanded
from flashwright.planner.faults import device_faults, no_flash, unknown_names, wish_faults
from flashwright.planner.ground import Ground
from flashwright.planner.slots import slot_demands, slot_wants
from flashwright.planner.usual import LEAST_BLOCKS, usual
from flashwright.planner.wanted import Wanted, is_dual, merged
from flashwright.planner.wish_demands import wish_demands

#: Roles that facts of the device ask something of, whether it tells boot addresses or not.
_CODE_ROLES = IMAGE_ROLES | {Role.BOOTLOADER}


@record(frozen=False)
class Expanded:
    """All that the search needs, and the findings that forbid it (if any is an error)."""

    wanted: list[Wanted] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    wants: dict[str, Want] = field(default_factory=dict)
    grounds: dict[str, Ground] = field(default_factory=dict)
    banks: dict[str, tuple[Extent, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def get(self, name: str) -> Wanted:
        """The wanted partition called ``name``."""
        return next(w for w in self.wanted if w.name == name)


def expand(spec: Spec) -> Expanded:
    """Everything that ``spec`` demands; not to be searched with an error among the findings."""
    result = Expanded()
    result.findings.extend(device_faults(spec))
    result.findings.extend(wish_faults(spec))
    if result.findings:
        return result
    wishes = merged(spec, _standard(spec))
    if spec.update is not None and spec.update.scheme.ecosystem == "alios":
        named = alios.symbols(spec, [w for w, _, _ in wishes])
        wishes = [(n, s, i) for n, (_, s, i) in zip(named, wishes, strict=True)]
    flashes = {f.name: f for f in reversed(spec.device.flashes)}
    for wish, standard, implied in wishes:
        owner = wish.owner or spec.device.boot.owner
        flash = flashes.get(owner)
        if flash is None or flash.size == 0:
            result.findings.append(no_flash(owner, spec, wish.place_of("owner")))
            continue
        result.wanted.append(Wanted(wish, flash, standard, implied))
    result.findings.extend(unknown_names(spec, result.wanted))
    if result.findings:
        return result
    for flash in spec.device.flashes:
        result.grounds[flash.name] = Ground(flash)
        result.banks[flash.name] = tuple(b.extent for b in flash.banks)
    result.wants = slot_wants(spec, result.wanted)
    result.demands = list(_demands(spec, result))
    return result


def _standard(spec: Spec) -> tuple[PartitionWish, ...]:
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    if ecosystem == "alios":
        return alios.standard(spec)
    if ecosystem == "esp-idf":
        return esp_idf.standard(spec)
    if ecosystem == "mcuboot":
        return mcuboot.standard(spec)
    return ()


def _demands(spec: Spec, expanded: Expanded) -> Iterator[Demand]:
    wanted = expanded.wanted
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    exists, wished, brought = Kind.EXISTS, Origin.WISH, Origin.SCHEME
    for w in wanted:
        owner, place = w.flash.name, w.wish.place_of("owner")
        text = f"{w.quoted} is wanted in `{printable(owner)}`"
        origin = brought if w.implied else wished
        yield demanded(w.name, exists, origin, text, owner=owner, place=place)
    boots = bool(spec.device.boot.boot_offsets)
    for w in wanted:
        if w.wish.size.exact is None or w.wish.role in LEAST_BLOCKS:
            yield from _size(spec, w, expanded.findings)
        yield from wish_demands(spec, w)
        if boots or w.wish.role in _CODE_ROLES:
            yield from _device_demands(spec, w)
    yield from _obstacles(spec, wanted)
    yield from slot_demands(spec, wanted)
    if ecosystem == "alios":
        yield from alios.demands(spec, wanted)
        yield from alios.method(spec, wanted)
    elif ecosystem == "esp-idf":
        yield from esp_idf.demands(spec, wanted)
    elif ecosystem == "mcuboot":
        yield from mcuboot.demands(spec, wanted)


def _size(spec: Spec, w: Wanted, findings: list[Finding]) -> Iterator[Demand]:
    """The usual size of a partition whose size is not wished, and the erase blocks it must have."""
    wish, size = w.wish, w.wish.size
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    place = wish.place_of("size")
    blocks = LEAST_BLOCKS.get(wish.role, 1)
    if blocks > 1 and not wish.keep:
        text = f"{w.quoted} has at least {blocks} erase blocks ({wish.role.value})"
        yield Demand(w.name, Kind.BLOCKS, Origin.RULE, text, blocks, place=place)
    open_size = size.exact is None and size.at_least is None and size.same_as is None
    if not open_size:
        return
    if wish.role is Role.BOOTLOADER:
        yield from _bootloader_size(spec, w, findings)
        return
    usually = usual(wish.role, ecosystem)
    if usually is not None:
        text = f"{w.quoted} has {format_hex(usually.size)} bytes (usual for {wish.role.value})"
        yield Demand(w.name, Kind.AT_LEAST, Origin.USUAL, text, usually.size, place=place)
        if usually.blocks > blocks and not wish.keep:
            text = f"{w.quoted} has at least {usually.blocks} erase blocks"
            yield Demand(w.name, Kind.BLOCKS, Origin.RULE, text, usually.blocks, place=place)
    elif wish.role is Role.FACTORY:
        if not size.rest and wish.image is None:
            least = esp_idf.UPDATER_SIZE
            text = f"{w.quoted} has {format_hex(least)} bytes (usual for an updater)"
            yield Demand(w.name, Kind.AT_LEAST, Origin.USUAL, text, least, place=place)
    elif not size.rest and wish.image is None and not _sized_by_scheme(w):
        findings.append(_no_size(w))


def _sized_by_scheme(w: Wanted) -> bool:
    return w.wish.role in (Role.APPLICATION, Role.OTA_TEMP, Role.SCRATCH, Role.FILESYSTEM)


def _bootloader_size(spec: Spec, w: Wanted, findings: list[Finding]) -> Iterator[Demand]:
    """From the device, or up to where the bootloader jumps to, or the usual size."""
    boot = spec.device.boot
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    place = w.wish.place_of("size")
    usually = usual(Role.BOOTLOADER, ecosystem)
    start = w.wish.offset if w.wish.offset is not None else _boot_start(spec)
    if boot.bootloader is not None and w.flash.name == boot.owner:
        text = f"{w.quoted} takes {boot.bootloader} ({spec.device.id})"
        yield Demand(w.name, Kind.SIZE, Origin.DEVICE, text, boot.bootloader.size, place=place)
    elif boot.boot_offsets and w.flash.name == boot.owner and boot.boot_offsets[0] > start:
        size = boot.boot_offsets[0] - start
        text = (
            f"{w.quoted} takes what lies below the boot address {format_hex(boot.boot_offsets[0])}"
        )
        yield Demand(w.name, Kind.SIZE, Origin.DEVICE, text, size, place=place)
    elif usually is not None:
        text = f"{w.quoted} has {format_hex(usually.size)} bytes (usual for {ecosystem})"
        yield Demand(w.name, Kind.AT_LEAST, Origin.USUAL, text, usually.size, place=place)
    elif not w.wish.size.rest and w.wish.image is None:
        findings.append(
            error(
                "PLN008",
                f"the size of {w.quoted} is not known: {spec.device.id} tells neither "
                "where its bootloader ends nor what it jumps to",
                "give its `size`, or the boot address: `[boot]` with `offsets`",
                w.wish.place or spec.places.get("update.scheme") or spec.place,
            )
        )


def _boot_start(spec: Spec) -> int:
    return spec.device.boot.bootloader.start if spec.device.boot.bootloader else 0


def _device_demands(spec: Spec, w: Wanted) -> Iterator[Demand]:
    """Boot addresses, alignment of images, windows, the largest slot."""
    device, wish = spec.device, w.wish
    place = wish.place
    if wish.keep:
        return
    if wish.role is Role.BOOTLOADER and w.flash.name == device.boot.owner:
        if w.standard and wish.offset is None:
            start = _boot_start(spec)
            text = f"{w.quoted} starts at {format_hex(start)} (where {device.id} starts)"
            yield Demand(w.name, Kind.AT, Origin.DEVICE, text, start, place=place)
        return
    yield from _boot_address(spec, w)
    if wish.role not in IMAGE_ROLES:
        return
    if device.image_alignment > 1:
        text = (
            f"{w.quoted} starts at a multiple of {format_hex(device.image_alignment)} ({device.id})"
        )
        yield Demand(w.name, Kind.ALIGN, Origin.DEVICE, text, device.image_alignment, place=place)
    if device.slot_limit:
        text = f"{w.quoted} is at most {format_hex(device.slot_limit)} (slots of {device.id})"
        yield Demand(w.name, Kind.AT_MOST, Origin.DEVICE, text, device.slot_limit, place=place)
    if wish.role is not Role.OTA_TEMP or is_dual(spec):
        for name in dict.fromkeys(x.name for x in device.windows_in(w.flash.name)):
            windows = tuple(x.extent for x in device.windows_in(w.flash.name) if x.name == name)
            text = f"{w.quoted} lies in one `{printable(name)}` window of {device.id}"
            yield Demand(w.name, Kind.WITHIN, Origin.DEVICE, text, extents=windows, place=place)


def _boot_address(spec: Spec, w: Wanted) -> Iterator[Demand]:
    """The place that the bootloader jumps to, for the partition that it starts."""
    boot = spec.device.boot
    if not boot.boot_offsets or w.flash.name != boot.owner:
        return
    if not (w.standard or w.wish.role is Role.SECOND_BOOT):
        return
    second_boot = any(p.role is Role.SECOND_BOOT for p in spec.partitions)
    first = Role.SECOND_BOOT if second_boot else Role.APPLICATION
    number = {first: 0, Role.OTA_TEMP: 1}.get(w.wish.role)
    if number is None or number >= len(boot.boot_offsets):
        return
    if not _is_first(spec, w):
        return
    at = boot.boot_offsets[number]
    text = f"{w.quoted} starts at {format_hex(at)} (boot address of {spec.device.id})"
    yield Demand(w.name, Kind.AT, Origin.DEVICE, text, at, place=spec.places.get("boot.offsets"))


def _is_first(spec: Spec, w: Wanted) -> bool:
    same = [p for p in spec.partitions if p.role is w.wish.role]
    return not same or same[0].name == w.name


def _obstacles(spec: Spec, wanted: list[Wanted]) -> Iterator[Demand]:
    """The vendor's ranges; where no partition stands for them, bootloader and partition table."""
    device = spec.device
    known = {f.name for f in device.flashes if f.size}
    for r in device.reserved:
        if r.owner in known:
            text = f"{r.extent} of `{printable(r.owner)}` belongs to {printable(r.name)}"
            yield Demand(
                r.name, Kind.RESERVED, Origin.DEVICE, text, owner=r.owner, extents=(r.extent,)
            )
    boot = device.boot
    if boot.owner not in known:
        return
    roles = {w.wish.role for w in wanted}
    end = 0
    if boot.bootloader is not None and Role.BOOTLOADER not in roles:
        end = boot.bootloader.end
    if boot.table_offset and Role.PARTITION_TABLE not in roles:
        end = max(end, boot.table_offset + esp_idf.TABLE_SIZE)
    if boot.table_offset and Role.BOOTLOADER not in roles and end:
        kept: tuple[Extent, ...] = (Extent(0, end),)
    else:
        kept = tuple(
            e for e in (
                boot.bootloader if Role.BOOTLOADER not in roles else None,
                Extent.of(boot.table_offset, esp_idf.TABLE_SIZE)
                if boot.table_offset and Role.PARTITION_TABLE not in roles else None,
            ) if e
        )  # fmt: skip
    if kept:
        spans = ", ".join(map(str, kept))
        text = f"{spans} of `{printable(boot.owner)}` is for bootloader and partition table"
        yield Demand(
            "bootloader and partition table", Kind.RESERVED, Origin.DEVICE, text,
            owner=boot.owner, extents=kept,
        )  # fmt: skip


def _no_size(w: Wanted) -> Finding:
    return error(
        "PLN008",
        f"no size is wished of {w.quoted}, and its role ({w.wish.role.value}) has no usual one",
        'give `size`, `at_least`, or `size = "rest"`',
        w.wish.place,
    )
