"""The table of a solution: partitions with all fields that their wishes give."""

from __future__ import annotations

from collections.abc import Mapping

from flashwright.base.extent import Extent
from flashwright.model.spec import Spec
from flashwright.model.table import Partition, Role, Table
from flashwright.planner.expand import Expanded
from flashwright.planner.wanted import Wanted

#: Roles that the running system never writes, unless the user says so.
_READ_ONLY = frozenset({Role.BOOTLOADER})


def table_of(spec: Spec, expanded: Expanded, extents: Mapping[str, Extent]) -> Table:
    """The table: in the order of the index for AliOS Things, by place for other ecosystems."""
    partitions = [_partition(spec, w, extents[w.name]) for w in expanded.wanted]
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    owners = [f.name for f in spec.device.flashes]
    if ecosystem == "alios":
        partitions.sort(key=lambda p: p.index if p.index is not None else len(partitions))
    else:
        partitions.sort(key=lambda p: (owners.index(p.owner), p.extent))
    return Table(
        name=spec.name,
        partitions=tuple(partitions),
        device=spec.device,
        update=spec.update,
        format="flash-toml",
        place=spec.place,
    )


def _partition(spec: Spec, w: Wanted, extent: Extent) -> Partition:
    wish = w.wish
    address = w.flash.address(extent.start)
    writable = wish.writable if wish.writable is not None else wish.role not in _READ_ONLY
    parent = wish.attributes.get("parent")
    shares = wish.attributes.get("shares")
    slack = wish.slack + -(-(wish.image or 0) * wish.slack_percent // 100)
    return Partition(
        name=wish.name,
        role=wish.role,
        owner=w.flash.name,
        extent=extent,
        start=extent.start if address is None else address,
        index=wish.index,
        id=wish.id,
        description=wish.description,
        readable=wish.readable,
        writable=writable,
        pair=wish.pair,
        parent=parent if isinstance(parent, str) else None,
        shares=tuple(shares) if isinstance(shares, tuple) else (),
        image_size=wish.image,
        link_address=wish.link_address,
        slack=slack,
        flags=wish.flags,
        attributes={k: v for k, v in wish.attributes.items() if k in ("type", "subtype")},
        place=wish.place,
        places=wish.places,
    )
