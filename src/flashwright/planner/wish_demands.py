"""The demands that a user's wishes for one partition make, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.model.spec import PartitionWish, Spec
from flashwright.planner import mcuboot
from flashwright.planner.demand import Demand, Kind, Origin, demanded
from flashwright.planner.wanted import SLOT_ROLES, Wanted

# Plain names for what nearly each partition has: an enumeration looks its members up.
_WISH, _SIZE = Origin.WISH, Kind.SIZE


def wish_demands(spec: Spec, w: Wanted) -> Iterator[Demand]:
    """Everything that is wished of ``w``: size, image, place, neighbours."""
    wish = w.wish
    yield from _size(w)
    if wish.image is not None:
        yield from _image(spec, w)
    yield from _place(spec, w)
    if wish.after or wish.before or wish.directly_after or wish.together or wish.apart:
        yield from _neighbours(w)


def image_room(wish: PartitionWish) -> int:
    """The bytes that the image of a partition needs, with the slack that is wished."""
    if wish.image is None:
        return 0
    return wish.image + wish.slack + -(-wish.image * wish.slack_percent // 100)


def _size(w: Wanted) -> Iterator[Demand]:
    size, wish = w.wish.size, w.wish

    def demand(kind: Kind, key: str, text: str, value: int, other: str = "") -> Demand:
        place = wish.place_of(key)
        return demanded(w.name, kind, _WISH, text, value, other, place=place, keep=wish.keep)

    if size.exact is not None:
        text = f"{w.quoted} has {format_hex(size.exact)} bytes"
        yield demand(_SIZE, "size", text, size.exact)
    if size.at_least is not None:
        text = f"{w.quoted} has at least {format_hex(size.at_least)} bytes"
        yield demand(Kind.AT_LEAST, "at_least", text, size.at_least)
    if size.at_most is not None:
        text = f"{w.quoted} has at most {format_hex(size.at_most)} bytes"
        yield demand(Kind.AT_MOST, "at_most", text, size.at_most)
    if size.same_as is not None:
        text = f"{w.quoted} is as large as `{printable(size.same_as)}`"
        yield demand(Kind.EQUAL, "same_size_as", text, 0, size.same_as)
    if wish.align_size is not None:
        text = f"the size of {w.quoted} is a multiple of {format_hex(wish.align_size)}"
        yield demand(Kind.ALIGN_SIZE, "align_size", text, wish.align_size)
    if wish.align_blocks is not None:
        grain = wish.align_blocks * w.flash.largest_erase_block
        text = f"the size of {w.quoted} is a multiple of {wish.align_blocks} erase blocks"
        text += f" ({format_hex(grain)})"
        yield demand(Kind.ALIGN_SIZE, "align_blocks", text, grain)
    if wish.security_granule and w.flash.security_granule:
        grain = w.flash.security_granule
        text = f"the size of {w.quoted} is a multiple of the security granule {format_hex(grain)}"
        yield demand(Kind.ALIGN_SIZE, "security_granule", text, grain)
    if wish.power_of_two:
        text = f"{w.quoted} is a power of two in size, and starts at a multiple of it"
        yield demand(Kind.POWER_OF_TWO, "power_of_two", text, 0)


def _image(spec: Spec, w: Wanted) -> Iterator[Demand]:
    wish = w.wish
    room = image_room(wish)
    if not room or wish.keep:
        return
    beside, whose = 0, ""
    if spec.update is not None and wish.role in SLOT_ROLES:
        if spec.update.scheme.ecosystem == "mcuboot":
            beside, whose = mcuboot.overhead(spec, w, room), "that MCUboot keeps"
        elif spec.update.scheme.ecosystem == "alios":
            from flashwright.planner.alios import IMAGE_TRAILER

            beside, whose = IMAGE_TRAILER, "that the build appends"
    slack = room - (wish.image or 0)
    parts = [f"an image of {format_hex(wish.image or 0)}"]
    parts += [f"slack of {format_hex(slack)}"] if slack else []
    parts += [f"{format_hex(beside)} {whose}"] if beside else []
    text = f"{w.quoted} holds " + " and ".join((", ".join(parts[:-1]), parts[-1])[len(parts) < 2 :])
    place = wish.place_of("image")
    yield Demand(w.name, Kind.AT_LEAST, Origin.WISH, text, room + beside, place=place)


def _place(spec: Spec, w: Wanted) -> Iterator[Demand]:
    wish = w.wish
    if wish.offset is not None:
        text = f"{w.quoted} starts at {format_hex(wish.offset)}"
        text += " (kept from devices in the field)" if wish.keep else ""
        place = wish.place_of("offset")
        yield Demand(w.name, Kind.AT, Origin.WISH, text, wish.offset, place=place, keep=wish.keep)
    if wish.align is not None:
        text = f"{w.quoted} starts at a multiple of {format_hex(wish.align)}"
        place = wish.place_of("align")
        yield Demand(w.name, Kind.ALIGN, Origin.WISH, text, wish.align, place=place)
    if wish.align_blocks is not None:
        grain = wish.align_blocks * w.flash.largest_erase_block
        text = f"{w.quoted} starts at a multiple of {wish.align_blocks} erase blocks"
        text += f" ({format_hex(grain)})"
        place = wish.place_of("align_blocks")
        yield Demand(w.name, Kind.ALIGN, Origin.WISH, text, grain, place=place)
    if wish.security_granule and w.flash.security_granule:
        grain = w.flash.security_granule
        text = f"{w.quoted} starts at a multiple of the security granule {format_hex(grain)}"
        place = wish.place_of("security_granule")
        yield Demand(w.name, Kind.ALIGN, Origin.WISH, text, grain, place=place)
    if wish.bank is not None:
        banks = tuple(b.extent for b in w.flash.banks if b.name == wish.bank)
        text = f"{w.quoted} lies in bank `{printable(wish.bank)}`"
        place = wish.place_of("bank")
        yield Demand(w.name, Kind.WITHIN, Origin.WISH, text, extents=banks, place=place)
    if wish.window is not None:
        windows = tuple(
            x.extent for x in spec.device.windows_in(w.flash.name) if x.name == wish.window
        )
        text = f"{w.quoted} lies in window `{printable(wish.window)}`"
        place = wish.place_of("window")
        yield Demand(w.name, Kind.WITHIN, Origin.WISH, text, extents=windows, place=place)


def _neighbours(w: Wanted) -> Iterator[Demand]:
    wish = w.wish
    for other in wish.after:
        text = f"{w.quoted} lies after `{printable(other)}`"
        place = wish.place_of("after")
        yield Demand(w.name, Kind.AFTER, Origin.WISH, text, other=other, place=place)
    for other in wish.before:
        text = f"{w.quoted} lies before `{printable(other)}`"
        place = wish.place_of("before")
        yield Demand(other, Kind.AFTER, Origin.WISH, text, other=w.name, place=place)
    if wish.directly_after is not None:
        text = f"{w.quoted} starts where `{printable(wish.directly_after)}` ends"
        place = wish.place_of("directly_after")
        yield Demand(
            w.name, Kind.DIRECTLY_AFTER, Origin.WISH, text, other=wish.directly_after, place=place
        )
    for kind, others in ((Kind.TOGETHER, wish.together), (Kind.APART, wish.apart)):
        word = "in the bank of" if kind is Kind.TOGETHER else "in another bank or flash than"
        for other in others:
            text = f"{w.quoted} lies {word} `{printable(other)}`"
            place = wish.place_of(kind.value)
            yield Demand(w.name, kind, Origin.WISH, text, other=other, place=place)
