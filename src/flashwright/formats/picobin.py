"""The RP2350's partition table as it lies in flash: an item of a PICOBIN block.

The boot ROM looks for a block in the first two erase blocks of the flash and follows its links. A
block is 32-bit words: a marker, items, a last item that says how many words they were, the distance
to the next block, a marker. What the item says is put into the words of picotool's JSON and read
by ``picotool_json``, so that a dump and the JSON that it was made of give the same table.

Limits: hashes and signatures are not verified; permissions, which are there twice, must agree.

Source: raspberrypi/pico-sdk src/common/boot_picobin_headers/include/boot/picobin.h and picotool
bintool/metadata.h (layout of the partition table item).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from flashwright.base.record import record, replace
from flashwright.base.size import format_hex
from flashwright.diag.finding import Place
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.formats.picotool_json import BLOCK, FIRST, MOST, decode

START, END = struct.pack("<I", 0xFFFFDED3), 0xAB123579

#: The largest block in words, and how many links are followed.
MOST_WORDS, MOST_BLOCKS = 0x280 // 4, 32

_TABLE, _VERSION, _LAST = 0x0A, 0x48, 0xFF
_LONG_SIZE = 0x80
_PERMISSIONS_LSB, _SECTOR_BITS = 26, 13
_HAS_ID, _HAS_NAME = 0x0001, 0x1000
_FLAGS = {
    "ignored_during_arm_boot": 0x0200,
    "ignored_during_riscv_boot": 0x0400,
    "ab_non_bootable_owner_affinity": 0x0800,
    "no_reboot_on_uf2_download": 0x2000,
}
_FAMILIES = {
    "rp2040": 0x04000,
    "absolute": 0x08000,
    "data": 0x10000,
    "rp2350-arm-s": 0x20000,
    "rp2350-riscv": 0x40000,
    "rp2350-arm-ns": 0x80000,
}
_ACCESS = ("secure", "nonsecure", "bootloader")
_LINKS = ("none", "a", "owner")


class _DamagedError(Exception):
    """What looks like a block, or like a table in it, is none."""


@record()
class _Block:
    """A block that is whole: its items as (type, words), and the distance to the next in bytes."""

    items: tuple[tuple[int, tuple[int, ...]], ...]
    link: int


def decode_picobin(source: Source, options: ReadOptions) -> list[Decoded]:
    """Every partition table in the blocks of the image, that of the highest version first."""
    found = []
    for at, block in _blocks(source.data):
        version = next((_version(w) for t, w in block.items if t == _VERSION), (0, 0))
        for kind, words in block.items:
            if kind == _TABLE and (said := _said(words, version)) is not None:
                found.append((version, at, said))
    found.sort(key=lambda f: (-f[0][0], -f[0][1], f[1]))
    return [_decoded(source, options, at, said) for _, at, said in found]


def _blocks(data: bytes) -> Iterator[tuple[int, _Block]]:
    """The blocks that begin in the first two erase blocks, and those that they are linked to."""
    waiting = []
    at = data.find(START, 0, FIRST)
    while at >= 0:
        if at % 4 == 0:
            waiting.append(at)
        at = data.find(START, at + 1, FIRST)
    seen: set[int] = set()
    while waiting and len(seen) < MOST_BLOCKS:
        at = waiting.pop(0)
        if at in seen or at < 0 or data[at : at + 4] != START:
            continue
        seen.add(at)
        try:
            block = _block(data, at)
        except _DamagedError:
            continue
        yield at, block
        waiting.append(at + block.link)


def _block(data: bytes, at: int) -> _Block:
    raw = data[at : at + 4 * MOST_WORDS]
    words = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
    items: list[tuple[int, tuple[int, ...]]] = []
    n = 1
    while n < len(words):
        kind = words[n] & 0xFF
        size = words[n] >> 8 & (0xFFFF if kind & _LONG_SIZE else 0xFF)
        if kind == _LAST:
            if size != n - 1 or words[n + 2 : n + 3] != (END,):
                break
            link = words[n + 1]
            return _Block(tuple(items), link - (1 << 32) if link >> 31 else link)
        if size == 0 or n + size > len(words):
            break
        items.append((kind, words[n : n + size]))
        n += size
    raise _DamagedError


def _version(words: tuple[int, ...]) -> tuple[int, int]:
    return (words[1] >> 16, words[1] & 0xFFFF) if len(words) > 1 else (0, 0)


def _said(words: tuple[int, ...], version: tuple[int, int]) -> dict[str, Any] | None:
    """What a partition table item says, in the words of picotool's JSON; ``None`` if damaged."""
    count = words[0] >> 24 & 0xF
    rest = list(words[2:])
    try:
        entries = [_entry(rest) for _ in range(min(count, MOST))]
    except (_DamagedError, IndexError):
        return None
    if rest or len(words) < 2:
        return None
    unpartitioned = {"families": _families(words[1]), "permissions": _permissions(words[1])}
    return {"version": list(version), "unpartitioned": unpartitioned, "partitions": entries}


def _entry(rest: list[int]) -> dict[str, Any]:
    """The next partition; its words are taken off ``rest``."""
    place, flags = rest.pop(0), rest.pop(0)
    first = place & (1 << _SECTOR_BITS) - 1
    last = place >> _SECTOR_BITS & (1 << _SECTOR_BITS) - 1
    if last < first or place >> _PERMISSIONS_LSB != flags >> _PERMISSIONS_LSB:
        raise _DamagedError
    entry: dict[str, Any] = {}
    if flags & _HAS_ID:
        entry["id"] = rest.pop(0) | rest.pop(0) << 32
    extra = [f"0x{rest.pop(0):08x}" for _ in range(flags >> 7 & 3)]
    if flags & _HAS_NAME:
        entry = {"name": _name(rest), **entry}
    entry["start"] = f"{first * BLOCK >> 10}K"
    entry["size"] = f"{(last + 1 - first) * BLOCK >> 10}K"
    entry["families"] = _families(flags) + extra
    entry["permissions"] = _permissions(flags)
    link, value = flags >> 1 & 3, flags >> 3 & 0xF
    if link == len(_LINKS):
        raise _DamagedError
    if link:
        entry["link"] = [_LINKS[link], value]
    entry.update({name: True for name, bit in _FLAGS.items() if flags & bit})
    return entry


def _name(rest: list[int]) -> str:
    """A name: a byte that counts its letters, the letters, filled up to whole words."""
    size = rest[0] & 0x7F
    words = [rest.pop(0) for _ in range(size // 4 + 1)]
    return struct.pack(f"<{len(words)}I", *words)[1 : 1 + size].decode("ascii", "replace")


def _families(flags: int) -> list[str]:
    return [name for name, bit in _FAMILIES.items() if flags & bit]


def _permissions(flags: int) -> dict[str, str]:
    bits = flags >> _PERMISSIONS_LSB
    return {
        who: ("r" if bits >> 2 * n & 1 else "") + ("w" if bits >> 2 * n & 2 else "")
        for n, who in enumerate(_ACCESS)
    }


def _decoded(source: Source, options: ReadOptions, at: int, said: dict[str, Any]) -> Decoded:
    """The table, without places in a text that nobody has written."""
    place = Place(source.path)
    decoded = decode(Source(source.path, json.dumps(said).encode()), options)
    tables = tuple(
        replace(
            table,
            name=f"picotool@{format_hex(at)}",
            format="dump",
            partitions=tuple(replace(p, place=place, places={}) for p in table.partitions),
        )
        for table in decoded.tables
    )
    return Decoded(tables, tuple(replace(f, place=place, related=()) for f in decoded.findings))
