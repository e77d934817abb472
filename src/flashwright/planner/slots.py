"""How the slots of a pair must relate, by the rule of their scheme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashwright.base.size import format_hex
from flashwright.model.spec import Spec
from flashwright.model.table import Role
from flashwright.model.update import SlotRule
from flashwright.planner.demand import NOTHING, Demand, Goal, Kind, Origin, Want
from flashwright.planner.mcuboot import slot_block
from flashwright.planner.wanted import Wanted, holds_payload, pairs


def slot_demands(spec: Spec, wanted: Sequence[Wanted]) -> Iterator[Demand]:
    """Equal slots, slots that differ by one erase block, or a second that holds the first."""
    if spec.update is None:
        return
    rule, scheme = spec.update.scheme.slots, spec.update.scheme.name
    for pair in pairs(spec, wanted):
        first = pair[0]
        for other in pair[1:]:
            if rule is SlotRule.HOLDS_PAYLOAD:
                yield from _holds(spec, first, other)
            elif rule is not SlotRule.INDEPENDENT and not _linked(first, other):
                delta = _delta(spec, rule, first, other)
                more = f" and one erase block ({format_hex(abs(delta))})" if delta else ""
                one, two = (first, other) if delta > 0 else (other, first)
                text = f"{one.quoted} is as large as {two.quoted}{more} (rule of {scheme})"
                yield Demand(
                    one.name, Kind.EQUAL, Origin.SCHEME, text, abs(delta), two.name,
                    place=spec.places.get("update.scheme"),
                )  # fmt: skip


def slot_wants(spec: Spec, wanted: Sequence[Wanted]) -> dict[str, Want]:
    """Which partitions take more room than they need: slots, the rest, file systems."""
    wants: dict[str, Want] = {}
    dual = spec.update is not None and spec.update.scheme.slots is not SlotRule.HOLDS_PAYLOAD
    nothing = Goal.NONE
    alios_dual = spec.update is not None and spec.update.scheme.name == "alios-dual-bank"
    for w in wanted:
        wish = w.wish
        size = wish.size
        role = wish.role
        high = alios_dual and role not in (Role.BOOTLOADER, Role.APPLICATION, Role.OTA_TEMP)
        goal = nothing
        if size.rest:
            goal = Goal.REST
        elif size.exact is None and size.same_as is None and not wish.keep:
            if role is Role.APPLICATION:
                estimated = not dual and wish.image is not None
                goal = Goal.NONE if estimated else Goal.SLOT
            elif role is Role.OTA_TEMP and dual:
                goal = Goal.SLOT
            elif role is Role.FILESYSTEM and not size.given:
                goal = Goal.REST
        plain = goal is nothing and size.weight <= 1 and not high
        wants[w.name] = NOTHING if plain else Want(goal, max(1, size.weight), high)
    return wants


def _holds(spec: Spec, first: Wanted, other: Wanted) -> Iterator[Demand]:
    payload = holds_payload(spec)
    if not payload:
        text = f"{other.quoted} holds a whole image of {first.quoted}"
        yield Demand(
            other.name, Kind.HOLDS, Origin.SCHEME, text, other=first.name,
            place=spec.places.get("update.scheme"),
        )  # fmt: skip
        return
    assert spec.update is not None
    beside = spec.update.slice
    more = f" and a backup slice of {format_hex(beside)}" if beside else ""
    text = (
        f"{other.quoted} holds a {spec.update.payload.value} update of "
        f"{format_hex(spec.update.payload_size)}{more}"
    )
    yield Demand(
        other.name, Kind.AT_LEAST, Origin.SCHEME, text, payload,
        place=spec.places.get("update.payload_size"),
    )  # fmt: skip


def _linked(first: Wanted, other: Wanted) -> bool:
    """Whether the user said already how the sizes of the two relate."""
    return first.wish.size.same_as == other.name or other.wish.size.same_as == first.name


def _delta(spec: Spec, rule: SlotRule, first: Wanted, other: Wanted) -> int:
    """How much larger the first slot is than the other, in bytes."""
    if rule is SlotRule.EQUAL:
        return 0
    block = slot_block(spec, first)
    plus = block if rule is SlotRule.PRIMARY_PLUS_ONE else -block
    one, two = first.wish.size.exact, other.wish.size.exact
    return 0 if one is not None and one == two else plus
