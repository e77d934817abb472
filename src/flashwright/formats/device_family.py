"""A device file: one family of devices that share their facts, as JSON.

``defaults`` hold for all of them; ``devices`` is a list of entries, each with ``names`` (as the
vendor writes them), the keys of ``formats.device_keys``, and ``configurations`` where there are
several. A key of a configuration counts before that of its entry, that before the default; ``boot``
is merged key by key. ``each`` (in ``defaults`` or an entry) gives keys that every ``flash``,
``reserved`` range or ``window`` has. ``chip`` names another device that the entry stands on: a
board adds its flashes to those of its chip.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flashwright.base.record import record, replace
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.formats.device_decode import device_from_mapping
from flashwright.formats.device_keys import ERASE_BLOCKS
from flashwright.model.device import Device

#: The largest device file that is read, in bytes.
LARGEST_FILE = 4 << 20

#: Kinds of entries that ``each`` may give keys to.
_LISTS = ("flash", "reserved", "window")


@record()
class Family:
    """A device file that has been read: its entries are known to be tables with names."""

    path: str
    title: str
    defaults: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]

    def names(self) -> Iterator[str]:
        """The names of its devices, as the vendor writes them."""
        for entry in self.entries:
            yield from entry["names"]


@record()
class FilePlaces:
    """Places in a file whose lines are not known: the file itself."""

    path: str

    def place(self, *path: str | int) -> Place:
        """The file."""
        return Place(self.path)

    def key_place(self, *path: str | int) -> Place:
        """The file."""
        return Place(self.path)


def read_family(path: str, data: bytes, findings: list[Finding]) -> Family | None:
    """The family in ``data``; ``None`` and a finding (DEV004) if it is not a device file."""
    if len(data) > LARGEST_FILE:
        findings.append(_damaged(path, f"has {len(data)} bytes, more than {LARGEST_FILE}"))
        return None
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as fault:
        findings.append(_damaged(path, f"is not JSON: {printable(str(fault))}"))
        return None
    why = _shape_fault(raw)
    if why:
        findings.append(_damaged(path, why))
        return None
    return Family(path, raw.get("title", ""), raw.get("defaults", {}), tuple(raw["devices"]))


def devices_in(
    family: Family,
    name: str,
    chip_named: Callable[[str], tuple[Device, ...]],
    findings: list[Finding],
) -> tuple[Device, ...]:
    """The configurations of the device called ``name`` (in any case) in ``family``.

    ``chip_named`` finds the chip that a board stands on. A damaged entry is a finding (DEV004, and
    what is wrong in it) and gives no device.
    """
    wanted = name.casefold()
    result: list[Device] = []
    for entry in family.entries:
        written = next((n for n in entry["names"] if n.casefold() == wanted), None)
        if written is None:
            continue
        bases: tuple[Device | None, ...] = (None,)
        if "chip" in entry:
            bases = chip_named(str(entry["chip"]))
            if not bases:
                findings.append(_damaged(family.path, f"names chip {entry['chip']!r}, not known"))
        for description in _descriptions(family, entry, written):
            for base in bases:
                faults: list[Finding] = []
                places = FilePlaces(family.path)
                device = device_from_mapping(description, (written,), places, faults, base)
                if device is None:
                    findings.append(_damaged(family.path, f"describes `{written}` wrongly"))
                    findings.extend(faults)
                elif base is not None:
                    title = description.get("title", written)
                    result.append(replace(device, name=wanted, title=title))
                else:
                    result.append(device)
    return tuple(result)


def summary_of(
    family: Family, entry: Mapping[str, Any]
) -> tuple[str, str, tuple[tuple[str, int], ...]]:
    """The vendor, the title and each (configuration, size of the first flash) of an entry."""
    configurations = []
    for description in _descriptions(family, entry, entry["names"][0]):
        size = 0
        for flash in description.get("flash", ())[:1]:
            try:
                runs = ERASE_BLOCKS.read(flash.get("erase_blocks"))
            except ValueError:
                continue  # told when the device is asked for
            size = sum(run.count * run.size for run in runs)
        configurations.append((str(description.get("configuration", "")), size))
    vendor = entry.get("vendor", family.defaults.get("vendor", ""))
    return str(vendor), str(entry.get("title", "")), tuple(configurations)


def _descriptions(
    family: Family, entry: Mapping[str, Any], written: str
) -> Iterator[dict[str, Any]]:
    """One description a configuration, with the keys of ``device_keys.DEVICE_DATA_KEYS``."""
    for configuration in entry.get("configurations", ({},)):
        layers = (family.defaults, entry, configuration)
        merged: dict[str, Any] = {"title": written}
        for layer in layers:
            merged.update(layer)
        boot: dict[str, Any] = {}
        each: dict[str, dict[str, Any]] = {kind: {} for kind in _LISTS}
        for layer in layers:
            boot.update(layer.get("boot", {}))
            for kind in _LISTS:
                each[kind].update(layer.get("each", {}).get(kind, {}))
        if boot:
            merged["boot"] = boot
        for kind in _LISTS:
            if kind in merged:
                merged[kind] = [{**each[kind], **e} for e in merged[kind]]
        for key in ("names", "configurations", "each", "chip"):
            merged.pop(key, None)
        merged["name"] = written.casefold()
        yield merged


def _shape_fault(raw: object) -> str:
    """What is wrong with the outer shape of a device file, nothing if it can be used."""
    if not isinstance(raw, dict):
        return "is not a JSON object"
    entries = raw.get("devices")
    if not isinstance(entries, list):
        return "has no list `devices`"
    if not isinstance(raw.get("defaults", {}), dict) or not isinstance(raw.get("title", ""), str):
        return "has a `title` or `defaults` of the wrong type"
    for number, layer in enumerate((raw.get("defaults", {}), *entries)):
        where = f"device number {number}" if number else "`defaults`"
        if not isinstance(layer, dict):
            return f"has a {where} that is not an object"
        names = layer.get("names", [])
        if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
            return f"has names in {where} that are not texts"
        if number and not names:
            return f"has a {where} without names"
        configurations = layer.get("configurations", [])
        if not isinstance(configurations, list):
            return f"has configurations in {where} that are not a list"
        for part in (layer, *configurations):
            if not _is_mergeable(part):
                return f"has a {where} with boot, each or lists of the wrong type"
    return ""


def _is_mergeable(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    each = part.get("each", {})
    lists = [part.get(kind, []) for kind in _LISTS]
    return (
        isinstance(part.get("boot", {}), dict)
        and isinstance(each, dict)
        and all(isinstance(each.get(kind, {}), dict) for kind in _LISTS)
        and all(isinstance(entries, list) for entries in lists)
        and all(isinstance(e, dict) for entries in lists for e in entries)
    )


def _damaged(path: str, why: str) -> Finding:
    return error("DEV004", f"device file {why}", "install the file anew, or mend it", Place(path))
