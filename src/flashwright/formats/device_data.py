"""The devices that a user asks for: names of the catalogue, or ``[device]`` of ``flash.toml``.

A name of the catalogue gives the device of the catalogue; where it has several configurations one
must be chosen. What a description says beside that is decoded by ``formats.device_decode``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from flashwright.base.nearest import did_you_mean
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.formats.device_decode import device_from_mapping, device_of
from flashwright.formats.device_keys import DEVICE_DATA_KEYS
from flashwright.formats.device_pages import PAGES
from flashwright.formats.keys import Path, Places, read_table
from flashwright.model.device import Device
from flashwright.model.devices import Devices

__all__ = ["ALL", "PAGES", "device_from_mapping", "devices_from_toml", "pick_devices"]

#: The word for all configurations of a device.
ALL = "all"

#: How much of a name must be given before the devices that begin so are listed, and how many are.
SHORTEST_START = 3
MOST_SHOWN = 8


class Document(Places, Protocol):
    """A parsed file: its values, and where they are written."""

    @property
    def data(self) -> Mapping[str, Any]:
        """All values of the file."""
        ...


def devices_from_toml(
    document: Document, path: Path, devices: Devices
) -> tuple[tuple[Device, ...], tuple[Finding, ...]]:
    """The devices that the table at ``path`` asks for, one a configuration, and all findings.

    A name of the catalogue gives the device of the catalogue with what the table adds; any other
    name is a device of the user's own, which needs a flash. Unknown keys and wrong types of the
    table itself are the caller's to report (``flash_keys.DEVICE_KEYS``).
    """
    data: Any = document.data
    for step in path:
        data = data[step] if isinstance(data, Mapping) and step in data else None
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        return (), ()
    values = read_table(data, path, DEVICE_DATA_KEYS, document, [])
    if "name" not in values:
        return (), ()
    name: str = values.get("name")
    wanted: tuple[str, ...] = values.get("configuration", ())
    known = devices.find(name.partition(":")[0])
    own = "flash" in data and not any(d.name == name.partition(":")[0].casefold() for d in known)
    findings: list[Finding] = []
    if own:
        made = device_of(values, path, document, findings, None)
        return ((made,) if made else ()), tuple(findings)
    place = document.place(*path, "configuration" if wanted else "name")
    picked = pick_devices(devices, name, wanted, place, findings)
    result = []
    for base in picked:
        faults: list[Finding] = []
        made = device_of(values, path, document, faults, base)
        findings.extend(f for f in faults if f not in findings)
        result.extend([made] if made else [])
    return tuple(result), tuple(findings)


def pick_devices(
    devices: Devices,
    name: str,
    configurations: tuple[str, ...],
    place: Place | None,
    findings: list[Finding],
) -> tuple[Device, ...]:
    """The configurations of device ``name`` that are asked for (``all``: each of them).

    ``name`` may be ``name:configuration``. Without a configuration the device must have only one.
    An unknown device or configuration, or a missing choice, is appended to ``findings``.
    """
    name, _, suffix = name.partition(":")
    wanted = (suffix, *configurations) if suffix else configurations
    found = devices.find(name)
    if not found:
        findings.append(_unknown_device(name, devices, place))
        return ()
    by_name = {d.configuration.casefold(): d for d in found}
    if not wanted:
        if len(found) > 1:
            findings.append(_ambiguous(found, place))
            return ()
        return found
    if any(w.casefold() == ALL for w in wanted):
        return found
    picked: list[Device] = []
    for configuration in wanted:
        device = by_name.get(configuration.casefold())
        if device is None:
            findings.append(_unknown_configuration(configuration, found, place))
        elif device not in picked:
            picked.append(device)
    return tuple(picked)


def _unknown_device(name: str, devices: Devices, place: Place | None) -> Finding:
    names = devices.names()
    start = name.casefold()
    longer = [n for n in names if n.startswith(start)] if len(start) >= SHORTEST_START else []
    if len(longer) > 1:
        shown = ", ".join(f"`{n}`" for n in longer[:MOST_SHOWN])
        more = f" and {len(longer) - MOST_SHOWN} more" if len(longer) > MOST_SHOWN else ""
        help = f"give the full name: {shown}{more}"
    else:
        help = did_you_mean(name, longer or names)
    return error(
        "DEV001",
        f"device `{printable(name)}` is not in the catalogue",
        f"{help}; or describe it with [[device.flash]]",
        place,
    )


def _unknown_configuration(name: str, found: tuple[Device, ...], place: Place | None) -> Finding:
    names = [d.configuration for d in found if d.configuration]
    return error(
        "DEV002",
        f"device `{found[0].name}` has no configuration `{printable(name)}`",
        did_you_mean(name, names) if names else "it has only one: leave the configuration out",
        place,
    )


def _ambiguous(found: tuple[Device, ...], place: Place | None) -> Finding:
    names = ", ".join(f"`{d.configuration}`" for d in found)
    return error(
        "DEV003",
        f"device `{found[0].name}` has {len(found)} configurations and none is chosen",
        f"choose one of {names} (as `{found[0].id}`), or `{ALL}` for a table each",
        place,
    )
