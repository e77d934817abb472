"""What is wanted: the wishes of a spec with the standard partitions of its scheme filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flashwright.base.record import record, replace
from flashwright.base.text import printable
from flashwright.model.device import BankMode
from flashwright.model.geometry import Flash
from flashwright.model.plan import Step
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import Payload, SlotRule

_STEPS = {
    Role.BOOTLOADER: Step.BOOTLOADER,
    Role.SECOND_BOOT: Step.BOOTLOADER,
    Role.PARTITION_TABLE: Step.BOOTLOADER,
    Role.APPLICATION: Step.APPLICATION,
    Role.FACTORY: Step.APPLICATION,
    Role.OTA_TEMP: Step.APPLICATION,
    Role.SCRATCH: Step.APPLICATION,
    Role.BOOT_RECORD: Step.PARAMETERS,
    Role.KV: Step.PARAMETERS,
    Role.USER: Step.PARAMETERS,
    Role.SECURITY: Step.PARAMETERS,
    Role.CALIBRATION: Step.PARAMETERS,
}

#: Slots that are told apart by their number: another number is another slot.
_NUMBERED = re.compile(r"ota_?[0-9]+")

#: Roles of which one image of a pair is kept.
SLOT_ROLES = frozenset({Role.APPLICATION, Role.OTA_TEMP})


@record()
class Wanted:
    """One partition that is wanted: its wish, its flash, and whether the scheme brought it."""

    wish: PartitionWish
    flash: Flash
    standard: bool
    implied: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.wish.name

    @property
    def quoted(self) -> str:
        """Its name for people, in backticks."""
        return f"`{printable(self.wish.name)}`"

    @property
    def step(self) -> Step:
        """The step of the method that it belongs to."""
        step = _STEPS.get(self.wish.role, Step.CUSTOM)
        if step is Step.PARAMETERS and not self.standard:
            return Step.CUSTOM
        return step

    @property
    def positioned(self) -> bool:
        """Whether the user wished where it lies."""
        w = self.wish
        return bool(
            w.offset is not None or w.before or w.after or w.directly_after or w.bank or w.window
            or w.together or w.apart or w.keep
        )  # fmt: skip


def merged(
    spec: Spec, standards: Iterable[PartitionWish]
) -> list[tuple[PartitionWish, bool, bool]]:
    """(wish, standard, implied): the standard partitions in their order, then the user's own.

    A wish of the user takes the place of a standard partition when it has its id or its name, or
    else when it is the first with its role; what it leaves open is filled from the standard.
    """
    left = list(spec.partitions)
    result = []
    taken = [(standard, _match(standard, left)) for standard in standards]
    by_role = [t for t, own in taken if own is None]
    matched = {s.name: own for s, own in taken if own is not None}
    if matched:
        used = set(map(id, matched.values()))
        left = [w for w in left if id(w) not in used]
    for standard in by_role:
        found = next((w for w in left if w.role is standard.role and _alike(w, standard)), None)
        if found is not None:
            matched[standard.name] = found
            left = [w for w in left if w is not found]
    for standard, _ in taken:
        found = matched.get(standard.name)
        if found is not None:
            result.append((_filled(found, standard), True, False))
        elif spec.implied:
            result.append((standard, True, True))
    return result + [(w, False, False) for w in left]


def pairs(spec: Spec, wanted: Iterable[Wanted]) -> list[list[Wanted]]:
    """The slots of each image, the one that the scheme runs or swaps first before the others."""
    groups: dict[str, list[Wanted]] = {}
    for w in wanted:
        if w.wish.role in SLOT_ROLES:
            groups.setdefault(w.wish.pair or "", []).append(w)
    return [sorted(g, key=lambda w: w.wish.role is Role.OTA_TEMP) for g in groups.values()]


def is_dual(spec: Spec) -> bool:
    """Whether images run from two places."""
    return spec.update is not None and spec.update.scheme.bank_mode is BankMode.DUAL


def holds_payload(spec: Spec) -> int:
    """What OTA TMP must hold of a compressed or delta update, 0 where it holds whole images."""
    update = spec.update
    if update is None or update.scheme.slots is not SlotRule.HOLDS_PAYLOAD:
        return 0
    if update.payload is Payload.WHOLE or not update.payload_size:
        return 0
    return update.payload_size + update.slice


def _match(standard: PartitionWish, wishes: list[PartitionWish]) -> PartitionWish | None:
    named = None
    for wish in wishes:
        if wish.id is None:
            if named is None and wish.name == standard.name:
                named = wish
        elif wish.id == standard.id:
            return wish
    return named


def _alike(wish: PartitionWish, standard: PartitionWish) -> bool:
    """Whether a wish of the same role may stand for the standard partition."""
    if _NUMBERED.fullmatch(wish.name) and _NUMBERED.fullmatch(standard.name):
        return False
    subtype = wish.attributes.get("subtype")
    if subtype is not None and subtype != standard.attributes.get("subtype", subtype):
        return False
    return wish.id is None or standard.id is None


def _filled(own: PartitionWish, standard: PartitionWish) -> PartitionWish:
    return replace(
        own,
        id=own.id or standard.id,
        index=own.index if own.index is not None else standard.index,
        owner=own.owner or standard.owner,
        offset=own.offset if own.offset is not None else standard.offset,
        size=own.size if own.size.given else standard.size,
        pair=own.pair or standard.pair,
        attributes={**standard.attributes, **own.attributes},
    )
