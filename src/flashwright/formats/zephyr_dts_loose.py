"""What an overlay says of nodes that stand in a file which was not given.

Such a node is known by its label only. It may be a flash (a ``partitions`` node is added to it), a
partition (by its binding or its name), or anything else. A partition that only the other file
places cannot be read, and that is told (FMT172).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error, note, warning
from flashwright.formats.zephyr_dts_nodes import DtNode, Tree
from flashwright.formats.zephyr_dts_roles import role_of_label
from flashwright.model.table import Role

MAPPED = "zephyr,mapped-partition"

#: A label or name, and where it is said.
Said = tuple[str, Place]
#: What makes a finding of one severity: code, message, help, place.
_Made = Callable[[str, str, str, Place], Finding]

#: The most labels that one finding names.
_MOST_NAMES = 6


def is_loose(tree: Tree, node: DtNode) -> bool:
    """Whether what is above the node stands in a file that was not given."""
    return any(up is tree.loose for up in node.ancestors())


def is_partition(node: DtNode) -> bool:
    """Whether a node is a partition, by its binding or, if that is in another file, its name."""
    return node.is_a(MAPPED) or node.name.endswith("_partition")


def continues_holder(node: DtNode) -> bool:
    """More of the `partitions` node of a flash in another file, where its binding stands."""
    return (
        node.name == "partitions"
        and "compatible" not in node.properties
        and any("reg" in c.properties and not c.is_a(MAPPED) for c in node.children.values())
    )


def placed_elsewhere(tree: Tree, known: Collection[int]) -> list[Said]:
    """Labels with a new ``reg`` that sound like partitions; ``known`` are ids of read nodes."""
    return [
        (node.name, node.place)
        for node in _unread(tree, known)
        if "reg" in node.properties and _sounds_like_partition(node)
    ]


def told_of_other_files(
    tree: Tree, known: Collection[int], adrift: list[Said]
) -> Iterator[Finding]:
    """FMT172, one for all labels with the same fate; ``adrift`` are parts that have no place."""
    deleted = [(n, p) for n, p in tree.undefined if n.endswith("_partition")]
    changed = [
        (node.name, node.place)
        for node in _unread(tree, known)
        if "reg" not in node.properties
        and node.name.endswith("_partition")
        and (node.properties or node.children)
    ]
    others = [
        (node.name, node.place)
        for node in _unread(tree, known)
        if "reg" in node.properties and not _sounds_like_partition(node)
    ]
    fates: tuple[tuple[list[Said], _Made, str, str], ...] = (
        (deleted, warning, "&", "deleted here, and defined in no given file"),
        (changed, warning, "&", "changed here, and defined in no given file"),
        (
            *(placed_elsewhere(tree, known), error, "&"),
            "changed here, and defined in another file: left out",
        ),
        (adrift, error, "", "part of a partition of another file: left out"),
        (others, note, "&", "defined in no given file; if it is a partition, it is missing"),
    )
    help = "give the board's .dts together with the overlay"
    if tree.missing:
        help += f", and its includes: {', '.join(tree.missing[:3])}"
    for told, made, sign, fate in fates:
        if told:
            names = ", ".join(f"`{sign}{printable(n, 60)}`" for n, _ in told[:_MOST_NAMES])
            more = f" and {len(told) - _MOST_NAMES} more" if len(told) > _MOST_NAMES else ""
            yield made("FMT172", f"{names}{more}: {fate}", help, told[0][1])


def _unread(tree: Tree, known: Collection[int]) -> Iterator[DtNode]:
    """The nodes of other files that are neither partitions that were read nor flashes."""
    for node in tree.loose.children.values():
        is_flash = any(c.name == "partitions" for c in node.children.values())
        if id(node) not in known and not is_flash:
            yield node


def _sounds_like_partition(node: DtNode) -> bool:
    return "partition" in node.name or role_of_label(node.name, None) is not Role.CUSTOM
