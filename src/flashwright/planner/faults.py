"""What makes no sense in a spec by itself: told all at once, before anything is planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter

from flashwright.base.nearest import did_you_mean
from flashwright.base.size import LARGEST, format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.model.device import BankMode
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.update import Payload, SlotRule
from flashwright.planner.wanted import Wanted

#: More partitions than any bootloader's table holds; more are refused.
MOST_PARTITIONS = 1000

#: The numbers of a wish, and the least of each that makes sense.
_NUMBERS = (
    ("size", 1),
    ("at_least", 1),
    ("at_most", 1),
    ("weight", 1),
    ("offset", 0),
    ("align", 1),
    ("align_size", 1),
    ("align_blocks", 1),
    ("image", 1),
    ("slack", 0),
    ("slack_percent", 0),
)
_numbers: Callable[[PartitionWish], tuple[int | None, ...]] = attrgetter(
    "size.exact",
    "size.at_least",
    "size.at_most",
    "size.weight",
    *(key for key, _ in _NUMBERS[4:]),
)


def device_faults(spec: Spec) -> Iterator[Finding]:
    """A device without flash, a scheme that its bootloader cannot, an update of unknown size."""
    device = spec.device
    if not any(f.size for f in device.flashes):
        yield error(
            "PLN005", f"{printable(device.id)} has no flash with at least one erase block",
            "describe its flash with `[[device.flash]]`", spec.place,
        )  # fmt: skip
    update = spec.update
    if update is None:
        return
    dual = update.scheme.bank_mode is BankMode.DUAL
    if device.boot.bank_mode is BankMode.SINGLE and dual and update.scheme.ecosystem == "alios":
        yield error(
            "PLN011",
            f"{update.scheme.name} starts images from two places, the bootloader of "
            f"{printable(device.id)} from one",
            "choose alios-single-bank, or say `bank_mode = \"dual\"` under `[boot]`",
            spec.places.get("update.scheme", spec.place),
        )  # fmt: skip
    if update.logical_block & (update.logical_block - 1):
        yield error(
            "PLN005",
            f"logical erase blocks of {format_hex(update.logical_block)} bytes are no power of two",
            f"use {format_hex(1 << update.logical_block.bit_length())}",
            spec.places.get("update.logical_block", spec.place),
        )
    if (
        update.scheme.slots is SlotRule.HOLDS_PAYLOAD
        and update.payload is not Payload.WHOLE
        and not update.payload_size
    ):
        yield error(
            "PLN008",
            f"updates are {update.payload.value}, but how large they get is not said",
            "give `payload_size` under `[update]`: the largest update that OTA TMP must hold",
            spec.places.get("update.payload", spec.place),
        )


def wish_faults(spec: Spec) -> Iterator[Finding]:
    """Names that are wished twice, numbers out of range, kept partitions without a place."""
    if len(spec.partitions) > MOST_PARTITIONS:
        yield error(
            "PLN005", f"{len(spec.partitions)} partitions, at most {MOST_PARTITIONS} are planned",
            "join partitions", spec.place,
        )  # fmt: skip
        return
    for name, count in Counter(w.name for w in spec.partitions).items():
        if count > 1:
            wish = spec.get(name)
            yield error(
                "PLN013", f"`{printable(name)}` is wished {count} times",
                "give each partition a name of its own", wish.place if wish else None,
            )  # fmt: skip
    for wish in spec.partitions:
        for (key, least), value in zip(_NUMBERS, _numbers(wish), strict=True):
            if value is not None and not least <= value < LARGEST:
                yield error(
                    "PLN005",
                    f"`{key}` of `{printable(wish.name)}` is {value}",
                    f"it is a number from {least} to 2^64 - 1",
                    wish.place_of(key),
                )
        if wish.keep and (wish.offset is None or wish.size.exact is None):
            yield error(
                "PLN008",
                f"`{printable(wish.name)}` is to be kept where it is, but its place is not said",
                "give `at` and `size` as devices in the field have them",
                wish.place_of("keep"),
            )


def unknown_names(spec: Spec, wanted: list[Wanted]) -> Iterator[Finding]:
    """Names of partitions, banks and windows that nobody has."""
    names: Mapping[str, Wanted] = {w.name: w for w in wanted}
    for w in wanted:
        wish = w.wish
        if not (w.positioned or wish.size.same_as or wish.security_granule):
            continue
        for key, others in (
            ("before", wish.before),
            ("after", wish.after),
            ("directly_after", (wish.directly_after,) if wish.directly_after else ()),
            ("same_size_as", (wish.size.same_as,) if wish.size.same_as else ()),
            ("together", wish.together),
            ("apart", wish.apart),
        ):
            for other in others:
                if other not in names:
                    yield _unknown(w, key, other, names)
                elif other == w.name:
                    yield error(
                        "PLN005", f"`{key}` of {w.quoted} names the partition itself",
                        "name another partition, or remove it", wish.place_of(key),
                    )  # fmt: skip
        if wish.security_granule and not w.flash.security_granule:
            yield error(
                "PLN008",
                f"the security granule that {w.quoted} is to keep to is not known: "
                f"{printable(spec.device.id)} tells none of flash `{printable(w.flash.name)}`",
                "write `align` and `align_size` with the granule in bytes",
                wish.place_of("security_granule"),
            )
        banks = [b.name for b in w.flash.banks]
        if wish.bank is not None and wish.bank not in banks:
            yield _unknown(w, "bank", wish.bank, banks)
        windows = [x.name for x in spec.device.windows_in(w.flash.name)]
        if wish.window is not None and wish.window not in windows:
            yield _unknown(w, "window", wish.window, windows)


def _unknown(w: Wanted, key: str, other: str, known: Mapping[str, Wanted] | list[str]) -> Finding:
    return error(
        "PLN002",
        f"`{key}` of {w.quoted} names `{printable(other)}`, which there is not",
        did_you_mean(other, known),
        w.wish.place_of(key),
    )


def no_flash(owner: str, spec: Spec, place: Place | None) -> Finding:
    """The finding for a flash that the device does not have."""
    return error(
        "PLN002",
        f"{printable(spec.device.id)} has no flash `{printable(owner)}`",
        did_you_mean(owner, (f.name for f in spec.device.flashes)),
        place,
    )
