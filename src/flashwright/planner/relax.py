"""What would make an impossible spec possible: one wish changed at a time, the cheapest first.

A size is made smaller just as far as needed, a fixed place, an order or a window is given up, a
partition goes to another flash. Facts of the device and rules of the scheme are not offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.base.size import LARGEST, format_hex
from flashwright.base.text import printable
from flashwright.planner.demand import Demand, Kind, Origin
from flashwright.planner.expand import Expanded
from flashwright.planner.optimise import feasible, sketch
from flashwright.planner.problem import Problem, build
from flashwright.planner.search import Budget
from flashwright.planner.wanted import SLOT_ROLES

_SIZES = frozenset({Kind.SIZE, Kind.AT_LEAST})
_DROPPED = {
    Kind.POWER_OF_TWO: "do not ask for a power of two of `{}`",
    Kind.WITHIN: "let `{}` leave its bank or window",
    Kind.AFTER: "drop the order of `{}` and `{}`",
    Kind.DIRECTLY_AFTER: "let `{}` lie elsewhere than directly after `{}`",
    Kind.TOGETHER: "do not ask for `{}` and `{}` in one bank",
    Kind.APART: "do not ask for `{}` and `{}` in different banks",
    Kind.EQUAL: "let `{}` have another size than `{}`",
}
#: Nodes that one change may take, and how many changes are tried.
_NODES = 4_000
_MOST_TRIED = 120


def relaxations(
    expanded: Expanded, told: Sequence[Demand], among: Sequence[Demand] | None = None
) -> list[str]:
    """Changes that would make the spec possible, each as a sentence, the cheapest first.

    They are changes of the demands ``told``. With ``among`` only these demands must hold then: what
    helps against one conflict of several. A change costs the bytes that are lost; giving up a place
    or an order costs nothing.
    """
    asker = _Asker(expanded, expanded.demands if among is None else among)
    found: list[tuple[int, int, str]] = []
    for number, demand in enumerate(told):
        for cost, text in _changes(asker, expanded, demand):
            found.append((cost, number, text))
    return list(dict.fromkeys(text for _, _, text in sorted(found)))


class _Asker:
    def __init__(self, expanded: Expanded, demands: Sequence[Demand]) -> None:
        self.expanded = expanded
        self.demands = [d for d in demands if d.origin is not Origin.METHOD]
        self.left = _MOST_TRIED

    def possible(self, old: Demand, new: Demand | None, also: Demand | None = None) -> bool:
        """Whether all can hold with ``new`` in the place of ``old``, and without ``also``."""
        problem = self._problem(old, new, also)
        return problem is not None and feasible(problem, Budget(_NODES), _NODES) is True

    def laid(self, old: Demand) -> dict[str, Extent]:
        """Where everything may lie without ``old``; nothing if it cannot be, or is not known."""
        problem = self._problem(old, None)
        return {} if problem is None else sketch(problem, Budget(_NODES), _NODES) or {}

    def grain(self, demand: Demand) -> int:
        """The smallest erase block of the flash that the partition of ``demand`` is wanted in."""
        return self.expanded.grounds[self.expanded.get(demand.partition).flash.name].smallest

    def _problem(
        self, old: Demand, new: Demand | None, also: Demand | None = None
    ) -> Problem | None:
        if self.left <= 0:
            return None
        self.left -= 1
        demands = [new if d is old else d for d in self.demands if d is not also]
        e = self.expanded
        return build((d for d in demands if d is not None), e.wants, e.grounds, e.banks)


def _changes(asker: _Asker, expanded: Expanded, demand: Demand) -> Iterator[tuple[int, str]]:
    if demand.kind is Kind.EXISTS:
        yield from _moved(asker, expanded, demand)
        # What the scheme needs would come back where the file says nothing of it.
        needed = expanded.get(demand.partition).standard
        if not needed and asker.possible(demand, None):
            yield 1 << 50, f"do without `{printable(demand.partition)}`"
        return
    if demand.keep or demand.origin not in (Origin.WISH, Origin.USUAL):
        return
    if demand.kind in _SIZES:
        smaller = list(_smaller(asker, expanded, demand))
        yield from smaller
        if demand.kind is Kind.SIZE and not smaller:
            yield from _larger(asker, demand, "size")
        exists = next(
            d for d in expanded.demands
            if d.kind is Kind.EXISTS and d.partition == demand.partition
        )  # fmt: skip
        yield from _moved(asker, expanded, exists)
    elif demand.kind is Kind.AT:
        yield from _elsewhere(asker, demand)
    elif demand.kind is Kind.AT_MOST:
        yield from _larger(asker, demand, "at_most")
    elif demand.kind in (Kind.ALIGN, Kind.ALIGN_SIZE):
        yield from _unaligned(asker, expanded, demand)
    elif demand.kind is Kind.EQUAL and _is_pair(expanded, demand):
        return
    elif demand.kind in _DROPPED and asker.possible(demand, None):
        names = printable(demand.partition), printable(demand.other)
        yield 0, _DROPPED[demand.kind].format(*names)


def _is_pair(expanded: Expanded, demand: Demand) -> bool:
    """Whether two slots of one image are wished equal: else the scheme says how they relate."""
    one, two = expanded.get(demand.partition).wish, expanded.get(demand.other).wish
    return one.role in SLOT_ROLES and two.role in SLOT_ROLES and one.pair == two.pair


def _unaligned(asker: _Asker, expanded: Expanded, demand: Demand) -> Iterator[tuple[int, str]]:
    """The same partition without one of its alignments, called by the key that was written.

    Two of the keys align both start and size; both demands fall away with them.
    """
    w = expanded.get(demand.partition)
    both = {
        "align_blocks": (w.wish.align_blocks or 0) * w.flash.largest_erase_block,
        "security_granule": w.flash.security_granule or 0 if w.wish.security_granule else 0,
    }
    key = "align" if demand.kind is Kind.ALIGN else "align_size"
    written = w.wish.align if demand.kind is Kind.ALIGN else w.wish.align_size
    also = None
    if written != demand.value:
        key = next((k for k, value in both.items() if value == demand.value), key)
        others = (
            d for d in asker.demands
            if d.partition == w.name and d is not demand and d.value == demand.value
            and d.kind in (Kind.ALIGN, Kind.ALIGN_SIZE) and d.place == demand.place
        )  # fmt: skip
        also = next(others, None)
    if asker.possible(demand, None, also):
        yield 0, f"drop `{key}` of `{printable(demand.partition)}`"


def _elsewhere(asker: _Asker, demand: Demand) -> Iterator[tuple[int, str]]:
    """The same partition at another place, of which one is named."""
    found = asker.laid(demand).get(demand.partition)
    if found is not None:
        quoted = f"`{printable(demand.partition)}`"
        yield 0, f"let {quoted} lie elsewhere, such as at {format_hex(found.start)}"


def _larger(asker: _Asker, demand: Demand, key: str) -> Iterator[tuple[int, str]]:
    """The smallest bound or size above the one that is demanded with which everything fits."""
    if not asker.possible(demand, None):
        return
    grain = asker.grain(demand)
    low = high = max(1, demand.value // grain)
    while not asker.possible(demand, replace(demand, value=high * grain)):
        low, high = high, 2 * high
        if asker.left <= 0 or high * grain > LARGEST:
            return
    while high - low > 1:
        middle = (low + high) // 2
        if asker.possible(demand, replace(demand, value=middle * grain)):
            high = middle
        else:
            low = middle
    yield 0, f"raise `{key}` of `{printable(demand.partition)}` to {format_hex(high * grain)}"


def _smaller(asker: _Asker, expanded: Expanded, demand: Demand) -> Iterator[tuple[int, str]]:
    """The largest size below the one that is demanded with which everything fits."""
    grain = asker.grain(demand)
    low, high = 0, -(-demand.value // grain)
    if high <= 1 or not asker.possible(demand, replace(demand, value=grain)):
        return
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        if asker.possible(demand, replace(demand, value=middle * grain)):
            low = middle
        else:
            high = middle
    value = low * grain
    quoted, what = f"`{printable(demand.partition)}`", _what(expanded, demand)
    text = f"shrink {what}{quoted} by {format_hex(demand.value - value)}"
    to = f", so that it takes {format_hex(value)}" if what else f" to {format_hex(value)}"
    yield demand.value - value, text + to


def _what(expanded: Expanded, demand: Demand) -> str:
    """What is to shrink where not the partition as such: its image with the slack."""
    wish = expanded.get(demand.partition).wish
    if demand.kind is not Kind.AT_LEAST or demand.origin is not Origin.WISH:
        return ""
    if wish.image is None or demand.place != wish.place_of("image") or demand.value < wish.image:
        return ""
    return "image and slack of " if wish.slack or wish.slack_percent else "the image of "


def _moved(asker: _Asker, expanded: Expanded, demand: Demand) -> Iterator[tuple[int, str]]:
    """The same partition in another flash of the device."""
    for owner in expanded.grounds:
        if owner == demand.owner or demand.origin is not Origin.WISH:
            continue
        if expanded.get(demand.partition).wish.offset is not None:
            continue
        if asker.possible(demand, replace(demand, owner=owner)):
            yield 1, f"lay `{printable(demand.partition)}` in flash `{printable(owner)}`"
