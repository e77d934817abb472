"""A spec without gaps read as a table: every partition has a place and a size already."""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.model.alios import DEFAULT_VERSION, index_of
from flashwright.model.spec import PartitionWish, Spec
from flashwright.model.table import Partition, Role, Table

#: Roles that the running system never writes, unless the user says so.
_READ_ONLY = frozenset({Role.BOOTLOADER})


def is_fixed(spec: Spec) -> bool:
    """Whether every partition of the spec has its place and size: there is nothing to plan."""
    return (
        bool(spec.partitions)
        and not spec.implied
        and all(w.offset is not None and w.size.exact is not None for w in spec.partitions)
    )


def fixed_table(spec: Spec) -> Table:
    """The table that a fixed spec says; ``ValueError`` if a partition has no place or size."""
    partitions = tuple(partition_of(wish, spec) for wish in spec.partitions)
    return Table(
        name=spec.name,
        partitions=partitions,
        device=spec.device,
        update=spec.update,
        format="flash-toml",
        place=spec.place,
    )


def partition_of(wish: PartitionWish, spec: Spec) -> Partition:
    """The partition that a wish with a place and a size says."""
    if wish.offset is None or wish.size.exact is None:
        raise ValueError(f"{wish.name} has no place or no size")
    owner = wish.owner or spec.device.boot.owner
    flash = spec.device.flash(owner)
    address = flash.address(wish.offset) if flash else None
    writable = wish.writable if wish.writable is not None else wish.role not in _READ_ONLY
    version = (spec.update.sdk if spec.update else "") or DEFAULT_VERSION
    parent = wish.attributes.get("parent")
    shares = wish.attributes.get("shares")
    slack = wish.slack + -(-(wish.image or 0) * wish.slack_percent // 100)
    return Partition(
        name=wish.name,
        role=wish.role,
        owner=owner,
        extent=Extent.of(wish.offset, wish.size.exact),
        start=wish.offset if address is None else address,
        index=wish.index if wish.index is not None else index_of(wish.id or "", version),
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
