"""AliOS Things, single and dual bank: the standard partitions and the order of the method.

Source: AliOS Things wiki `OTA-Flash-Partitions-Overview.md` 79af8c1. Single bank: each area follows
the one before. Dual bank: the parameters lie at the top, below what the vendor keeps, and the slots
take what remains. The order is a habit of the method, not a need of the bootloader, so it is given
up where erase blocks are uneven (small partitions go into small erase blocks) and where the user
wishes a place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashwright.base.record import replace
from flashwright.model.alios import DEFAULT_VERSION, ENUMERATIONS, PREFIX, index_of, role_of
from flashwright.model.device import BankMode
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.table import Role
from flashwright.planner.demand import Demand, Kind, Origin
from flashwright.planner.wanted import Wanted, is_dual, pairs

#: The bytes that the build appends to an image: `ota_image_info_t` of AliOS Things 3.0.
IMAGE_TRAILER = 28

_STANDARD = (
    "BOOTLOADER",
    "APPLICATION",
    "OTA_TEMP",
    "PARAMETER_1",
    "PARAMETER_2",
    "PARAMETER_3",
    "PARAMETER_4",
)


def standard(spec: Spec) -> tuple[PartitionWish, ...]:
    """Bootloader, application, OTA TMP and parameters 1 to 4, with their symbols."""
    return tuple(
        PartitionWish(name=symbol.lower(), role=role_of(symbol), id=PREFIX + symbol)
        for symbol in _STANDARD
    )


def method(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """The order of the method, as demands that are given up where they cannot be kept."""
    chain = [w for w in wanted if w.standard]
    forward = not is_dual(spec)
    before: dict[str, Wanted] = {}
    for w in chain:
        previous = before.get(w.flash.name)
        before[w.flash.name] = w
        if previous is None or w.positioned or not w.flash.is_uniform:
            continue
        role = w.wish.role
        kind = Kind.DIRECTLY_AFTER
        if role in (Role.APPLICATION, Role.OTA_TEMP):
            if not forward or (role is Role.APPLICATION and spec.device.boot.boot_offsets):
                kind = Kind.AFTER
        elif role is Role.BOOT_RECORD and not forward:
            kind = Kind.AFTER
        text = f"{w.quoted} follows {previous.quoted} (the order of the method)"
        yield Demand(w.name, kind, Origin.METHOD, text, other=previous.name, place=w.wish.place)


def demands(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """Slots in different banks, where the hardware starts an image by exchanging its banks."""
    if not is_dual(spec) or spec.device.boot.bank_mode is not BankMode.DUAL:
        return
    for pair in pairs(spec, wanted):
        if len(pair) < 2 or any(len(w.flash.banks) < 2 or w.wish.keep for w in pair):
            continue
        for w in pair:
            banks = tuple(b.extent for b in w.flash.banks)
            text = f"{w.quoted} lies whole in one bank (banks are exchanged)"
            yield Demand(w.name, Kind.WITHIN, Origin.SCHEME, text, extents=banks)
        for other in pair[1:]:
            text = f"{other.quoted} lies in another bank than {pair[0].quoted}"
            yield Demand(other.name, Kind.APART, Origin.SCHEME, text, other=pair[0].name)


def symbols(spec: Spec, wishes: Sequence[PartitionWish]) -> list[PartitionWish]:
    """The wishes with symbol and index; custom ones at the end of the enumeration, in order."""
    version = (spec.update.sdk if spec.update else "") or DEFAULT_VERSION
    names = ENUMERATIONS.get(version, ENUMERATIONS[DEFAULT_VERSION])
    result = []
    used = {w.index for w in wishes if w.index is not None}
    for wish in wishes:
        symbol = wish.id or PREFIX + _identifier(wish.name)
        index = wish.index
        if index is None:
            index = index_of(symbol, version)
            if index is None or index in used:
                index = max([len(names) - 1, *used]) + 1
        used.add(index)
        result.append(replace(wish, id=symbol, index=index))
    return result


def _identifier(name: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())
    return plain or "CUSTOM"
