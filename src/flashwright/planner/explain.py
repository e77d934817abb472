"""Why things lie where they lie, in the order of the method, and what binds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Place
from flashwright.model.plan import Plan, Reason, Step
from flashwright.model.spec import Spec
from flashwright.model.table import Role
from flashwright.planner.demand import Demand, Goal, Kind, Origin
from flashwright.planner.expand import Expanded
from flashwright.planner.optimise import Solution, probe
from flashwright.planner.problem import Problem
from flashwright.planner.wanted import Wanted, holds_payload

#: Origins of demands in the words of ``Reason.origin``.
_ORIGINS = {"method": "rule", "usual": "scheme"}

_SAID = {Kind.EXISTS, Kind.EQUAL, Kind.HOLDS, Kind.DIRECTLY_AFTER, Kind.AFTER}


def reasons(
    spec: Spec,
    expanded: Expanded,
    demands: Sequence[Demand],
    problem: Problem,
    solution: Solution,
) -> Iterator[Reason]:
    """The reasons of a plan, step by step; each partition has at least one."""
    yield from _flash_reasons(spec)
    told = _Teller(spec, expanded, demands, problem, solution.extents)
    order = sorted(expanded.wanted, key=lambda w: (w.step, problem.items[w.name].order))
    for w in order:
        yield from told.about(w)


def why(plan: Plan, name: str) -> str:
    """Everything that a plan says of the partition called ``name``, as text; empty if unknown."""
    lines = [
        r.text
        + ("" if r.decides else ", which holds anyway")
        + (f"  [{r.place}]" if r.place and r.place.line else "")
        for r in plan.reasons
        if r.partition == name
    ]
    lines += [
        f"largest image: {m.largest_image} bytes ({m.reason})"
        for m in plan.limits
        if m.partition == name
    ]
    quoted = f"`{printable(name)}`"
    lines += [text for text in plan.binding if quoted in text]
    return "".join(line + "\n" for line in lines)


def bindings(
    expanded: Expanded, problem: Problem, solution: Solution, most: int, tries: int
) -> tuple[str, ...]:
    """What one more erase block for a partition costs the slots, for the first ``most`` of them."""
    slots = [g for g in problem.groups if g.goal is Goal.SLOT]
    grouped = {m.name for g in problem.groups for m in g.members}
    if not slots or not solution.proven:
        return ()
    names = [m.name for m in slots[0].members]
    owners = {problem.items[n].owner for n in names}
    by_device = {d.partition for d in expanded.demands if _of_device(d)}
    found: dict[tuple[int, int | None], list[str]] = {}
    asked = 0
    for item in problem.items.values():
        if item.name in grouped or item.name in by_device or item.owner not in owners:
            continue
        if item.keep or asked >= most:
            continue
        asked += 1
        extent = solution.extents[item.name]
        block = expanded.get(item.name).flash.largest_block_in(extent)
        cost = probe(problem, solution, item.name, extent.size + block, slots[0], tries)
        if cost.sure and cost.size != 0:
            found.setdefault((block, cost.size), []).append(item.name)
    return tuple(_bound(block, cost, found[block, cost], names) for block, cost in found)


def _bound(block: int, cost: int | None, items: Sequence[str], slots: Sequence[str]) -> str:
    """What one more erase block of ``block`` bytes costs, for partitions that cost the same."""
    who = _listed(items, "or")
    text = f"one more erase block ({format_hex(block)}) for {who}"
    if cost is None:
        return f"{text} is impossible"
    each = "each of " if len(slots) > 1 else ""
    return f"{text} costs {each}{_listed(slots, 'and')} {format_hex(cost)}"


def _listed(names: Sequence[str], word: str) -> str:
    quoted = [f"`{printable(n)}`" for n in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


def _of_device(demand: Demand) -> bool:
    """Whether the device decides a size, so that asking for more of it makes no sense."""
    return demand.kind is Kind.SIZE and demand.origin is Origin.DEVICE


def _flash_reasons(spec: Spec) -> Iterator[Reason]:
    """Step 1: the flashes, their erase blocks, what the vendor keeps."""
    for flash in spec.device.flashes:
        runs = ", ".join(f"{r.count} x {format_size(r.size)}" for r in flash.runs[:8])
        runs += ", ..." if len(flash.runs) > 8 else ""
        yield Reason(
            Step.FLASH_SIZE,
            f"`{printable(flash.name)}` has {format_hex(flash.size)} bytes "
            f"({format_size(flash.size)}), erase blocks {runs}",
            "device",
            owner=flash.name,
            extent=flash.extent,
        )
    for r in spec.device.reserved:
        yield Reason(
            Step.FLASH_SIZE,
            f"{r.extent} is kept for {printable(r.name)}"
            + (f" ({printable(r.purpose)})" if r.purpose else ""),
            "device",
            owner=r.owner,
            extent=r.extent,
        )


class _Teller:
    """Tells why one partition after the other lies where it lies."""

    def __init__(
        self,
        spec: Spec,
        expanded: Expanded,
        demands: Sequence[Demand],
        problem: Problem,
        extents: Mapping[str, Extent],
    ) -> None:
        self.spec = spec
        self.expanded = expanded
        self.problem = problem
        self.extents = extents
        self.groups = {m.name: g for g in problem.groups for m in g.members}
        self.by_partition: dict[str, list[Demand]] = {}
        for demand in demands:
            self.by_partition.setdefault(demand.partition, []).append(demand)
        self.kept = {(r.owner, r.extent.start): printable(r.name) for r in spec.device.reserved}
        self.edges: dict[tuple[str, int], tuple[str, str]] = {}
        for name, extent in extents.items():
            owner = problem.items[name].owner
            self.edges[owner, extent.start] = (f"`{printable(name)}`", "begins")
        for (owner, start), name in self.kept.items():
            self.edges.setdefault((owner, start), (name, "begins"))
        self.ends = {
            (problem.items[n].owner, e.end): f"`{printable(n)}`" for n, e in extents.items()
        }

    def about(self, w: Wanted) -> Iterator[Reason]:
        """The reasons of one partition: where, how large, and each wish that took part."""
        extent = self.extents[w.name]
        origin, place = self._origin(w)
        place_text = self._where(w, extent)
        yield self._reason(w, place_text, origin, place)
        decisive = None if self._is_rest(w) else self._decisive(w)
        if decisive is not None:
            origin = decisive.origin.value
        yield self._reason(w, self._size(w, extent), origin, w.wish.place_of("size"))
        kept = self.kept.get((w.flash.name, extent.end))
        if kept is not None and not self._is_rest(w):
            text = (
                f"{w.quoted} ends where {kept} begins: {format_hex(extent.end)} - "
                f"{format_hex(extent.size)} = {format_hex(extent.start)}"
            )
            yield self._reason(w, text, "device", None)
        told = set(_SAID) | {Kind.AT}
        decisive = self._decisive(w)
        for demand in self.by_partition.get(w.name, ()):
            if demand.kind not in told and (demand is not decisive or self._is_rest(w)):
                decides = self._decides(w, demand, extent)
                yield self._reason(w, demand.text, demand.origin.value, demand.place, decides)

    def _reason(
        self, w: Wanted, text: str, origin: str, place: Place | None, decides: bool = True
    ) -> Reason:
        origin = _ORIGINS.get(origin, origin)
        extent = self.extents[w.name]
        return Reason(w.step, text, origin, w.name, w.flash.name, extent, place, decides)

    def _decides(self, w: Wanted, demand: Demand, extent: Extent) -> bool:
        """Whether the layout may be another without ``demand``; what the user said always counts.

        A lower bound decides in the last erase block only, an upper one at its very edge; a
        multiple of what is a multiple anyway decides nothing.
        """
        kind, value = demand.kind, demand.value
        block = w.flash.largest_block_in(extent)
        if demand.origin is Origin.WISH:
            return True
        if kind in (Kind.SIZE, Kind.AT_LEAST):
            return self._is_rest(w) and value > extent.size - block
        if kind is Kind.BLOCKS:
            largest = self._decisive(w)
            asked = 0 if largest is None else largest.value
            return w.flash.block_count(extent) == value and asked <= extent.size - block
        if kind is Kind.AT_MOST:
            return extent.size + block > value
        if kind in (Kind.ALIGN, Kind.ALIGN_SIZE):
            ground = self.problem.grounds[w.flash.name]
            if all(size % value == 0 for size in ground.sizes):
                return False
            others = [d for d in self.by_partition.get(w.name, ()) if d.kind is kind]
            first = next(d for d in others if d.value % value == 0)
            return first is demand
        return True

    def _origin(self, w: Wanted) -> tuple[str, Place | None]:
        """Who decided where it lies: the first demand on its place, or else the scheme."""
        kinds = (Kind.AT, Kind.DIRECTLY_AFTER, Kind.WITHIN, Kind.AFTER)
        for kind in kinds:
            for demand in self.by_partition.get(w.name, ()):
                if demand.kind is kind:
                    origin = demand.origin.value
                    return origin, demand.place
        return ("scheme" if w.implied else "wish"), w.wish.place

    def _where(self, w: Wanted, extent: Extent) -> str:
        """``X 0x1000 + 0xF5000`` and what it begins behind."""
        text = f"{w.quoted} {format_hex(extent.start)} + {format_hex(extent.size)}"
        address = w.flash.address(extent.start)
        if address:
            text += f" (address {format_hex(address)})"
        fixed = next((d for d in self.by_partition.get(w.name, ()) if d.kind is Kind.AT), None)
        before = self.ends.get((w.flash.name, extent.start))
        if fixed is not None:
            reason = fixed.text.partition(" starts ")[2] or fixed.text
            return f"{text}: starts {reason}"
        above = self.edges.get((w.flash.name, extent.end))
        if self.problem.items[w.name].high and above is not None:
            if (w.flash.name, extent.end) in self.kept:
                return f"{text}: laid back from the top"
            return f"{text}: laid back from the top, ends where {above[0]} {above[1]}"
        if before is not None:
            return f"{text}: starts where {before} ends"
        return f"{text}: {self._after_gap(w, extent)}"

    def _after_gap(self, w: Wanted, extent: Extent) -> str:
        align = self.problem.items[w.name].align
        if align > 1:
            return f"the first free place at a multiple of {format_hex(align)}"
        if not w.flash.is_uniform:
            least, most = w.flash.smallest_block_in(extent), w.flash.largest_block_in(extent)
            sizes = (
                format_hex(most) if least == most else f"{format_hex(least)} to {format_hex(most)}"
            )
            return f"the first free place in erase blocks of {sizes}"
        return "the first free place"

    def _is_rest(self, w: Wanted) -> bool:
        group = self.groups.get(w.name)
        return group is not None and group.goal is not Goal.NONE

    def _decisive(self, w: Wanted) -> Demand | None:
        """The demand that asks for most bytes, ``None`` for sizes that are a remainder."""
        sizes = [d for d in self.by_partition.get(w.name, ()) if _told_by_size(d)]
        return max(sizes, key=lambda d: d.value, default=None)

    def _size(self, w: Wanted, extent: Extent) -> str:
        """How its size comes about, as an equation where it is a remainder."""
        name = _title(w)
        group = self.groups.get(w.name)
        if group is None or group.goal is Goal.NONE:
            return self._given_size(w, extent, name)
        edge = self._at_most(w, extent)
        if edge is not None:
            return f"{name} has all that it may: {edge.text}"
        above = self.edges.get((w.flash.name, extent.end))
        if above is not None:
            return (
                f"{name} ends where {above[0]} {above[1]}: {format_hex(extent.end)} - "
                f"{format_hex(extent.start)} = {format_hex(extent.size)}"
            )
        twins = [m.name for m in group.members if m.name != w.name]
        if extent.end == w.flash.size:
            return (
                f"{name} takes the rest of the flash: {format_hex(extent.end)} - "
                f"{format_hex(extent.start)} = {format_hex(extent.size)}"
            )
        for twin in twins:
            return f"{name} {self._beside(twin, extent)}: {format_hex(extent.size)}"
        return f"{name} is as large as its room allows: {format_hex(extent.size)}"

    def _at_most(self, w: Wanted, extent: Extent) -> Demand | None:
        """The demand that lets it be no larger than it is."""
        bounds = [d for d in self.by_partition.get(w.name, ()) if d.kind is Kind.AT_MOST]
        return next((d for d in bounds if d.value == extent.size), None)

    def _beside(self, twin: str, extent: Extent) -> str:
        """How a size compares with that of another partition of its group."""
        other, quoted = self.extents[twin].size, f"`{printable(twin)}`"
        if other == extent.size:
            return f"has the same size as {quoted}"
        word = "more" if extent.size > other else "less"
        return f"has {format_hex(abs(extent.size - other))} {word} than {quoted}"

    def _given_size(self, w: Wanted, extent: Extent, name: str) -> str:
        blocks = w.flash.block_count(extent)
        unit = "erase block" if blocks == 1 else "erase blocks"
        decisive = self._decisive(w)
        kinds = (Kind.HOLDS, Kind.EQUAL)
        linked = [d for d in self.by_partition.get(w.name, ()) if d.kind in kinds]
        if decisive is None and linked:
            text = f"{linked[0].text}: {blocks} {unit}, {format_hex(extent.size)}"
        elif decisive is None:
            text = f"{name} has {format_hex(extent.size)} bytes: {blocks} {unit}"
        elif decisive.value == extent.size:
            text = f"{decisive.text}: {blocks} {unit}"
        else:
            text = f"{decisive.text}; in {blocks} {unit} there that is {format_hex(extent.size)}"
        asked = decisive is not None and decisive.origin is Origin.SCHEME
        if w.wish.role is Role.OTA_TEMP and holds_payload(self.spec) and not asked:
            update = self.spec.update
            assert update is not None
            text += (
                f"; {format_hex(update.payload_size)} of {update.payload.value} update + "
                f"{format_hex(update.slice)} of backup slice"
            )
        return text


def _told_by_size(demand: Demand) -> bool:
    return demand.kind in (Kind.SIZE, Kind.AT_LEAST)


def _title(w: Wanted) -> str:
    if w.standard and w.wish.role is Role.OTA_TEMP and w.wish.id == "HAL_PARTITION_OTA_TEMP":
        return "OTA TMP"
    return w.quoted
