"""What one thing is called in the files of different ecosystems.

Sources: the node labels of Zephyr's boards and MCUboot's Zephyr port, the names of nRF Connect's
partition manager, `hal_partition_t` of AliOS Things, FAL's usual names, ESP-IDF's OTA subtypes,
`FLASH_AREA_*` of Apache Mynewt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from flashwright.model.table import Partition

#: Names of one thing, in their plain form. Where a file has several, the first stands for it:
#: with nRF Connect, `app` is what `mcuboot_primary` holds beside the header of the image.
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("mcuboot", "bootloader", "boot", "bl"),
    ("mcuboot_primary", "slot0", "image_0", "primary", "ota_0", "app0", "application", "app"),
    (
        *("mcuboot_secondary", "slot1", "image_1", "secondary", "ota_1", "app1"),
        *("ota_temp", "download", "ota"),
    ),
    ("mcuboot_scratch", "image_scratch", "scratch"),
    ("parameter_1", "otadata", "ota_data", "boot_record"),
    ("parameter_2", "settings_storage", "storage", "nvs", "nvs_storage", "kv", "kvdb", "settings"),
)
_GROUP_OF = {
    name: (number, rank) for number, g in enumerate(_GROUPS) for rank, name in enumerate(g)
}

_PREFIX = re.compile(r"^(?:hal_partition|bk_partition|flash_area|partition)_")
_SUFFIX = re.compile(r"_(?:partition|ns)$")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name without case and without what an ecosystem puts around all its names."""
    said = re.sub(r"[-\s]", "_", name.lower())
    return _SUFFIX.sub("", _SUFFIX.sub("", _PREFIX.sub("", said)))


def group_of(name: str) -> int | None:
    """The number of the thing that ``name`` usually is; ``None`` for any other name."""
    found = _GROUP_OF.get(plain(name))
    return found[0] if found else None


def standing(partitions: Iterable[Partition]) -> dict[int, Partition]:
    """For each group the partition that stands for it in one file, if no other has its name."""
    best: dict[int, tuple[int, Partition | None]] = {}
    for partition in partitions:
        found = _GROUP_OF.get(plain(partition.name))
        if found is None:
            continue
        group, rank = found
        held = best.get(group)
        if held is None or rank < held[0]:
            best[group] = (rank, partition)
        elif rank == held[0]:
            best[group] = (rank, None)
    return {group: p for group, (_, p) in best.items() if p is not None}
