"""The catalogue of devices: finds the device file that has a name, and reads only that one.

``devices/index.json`` says which file of the package holds which names. Directories of the user's
own device files may be given beside it; their devices count before those of the package. A damaged
file is a finding in ``Catalogue.findings``, and gives no devices.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from flashwright.base.pattern import late
from flashwright.base.record import record
from flashwright.diag.finding import Finding, Place, error
from flashwright.model.device import Device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from flashwright.formats.device_family import Family

#: How many boards may stand on one another.
DEEPEST = 3

#: Longer names are cut before an ordering code is looked for.
LONGEST_NAME = 64

#: What follows a chip's name in its ordering code: T6 of STM32F429ZIT6, _xxAA of nRF52832_xxAA.
_SUFFIX = late(r"[-_]\S*|[a-z][0-9x][a-z0-9]{0,8}")

#: Families whose names carry no ordering code: a longer name is another device.
_EXACT = frozenset({"esp32", "esp8266", "boards"})

_SEPARATORS = late(r"[-_ ]")


@record()
class DeviceSummary:
    """A device in one configuration as a list shows it; ``size`` of its first flash in bytes."""

    name: str
    configuration: str
    title: str
    vendor: str
    family: str
    size: int

    @property
    def id(self) -> str:
        """``name`` or ``name:configuration``, as users write it."""
        return f"{self.name}:{self.configuration}" if self.configuration else self.name


class Catalogue:
    """All known devices; a file is read when a device of it is asked for."""

    def __init__(self, extra: Iterable[Path] = ()) -> None:
        self._own = {str(p) for directory in extra for p in sorted(directory.glob("*.json"))}
        self._faults: list[Finding] = []
        self._families: dict[str, Family | None] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the device files that were read so far."""
        unique: list[Finding] = []
        for fault in self._faults:
            if fault not in unique:
                unique.append(fault)
        return tuple(unique)

    def names(self) -> tuple[str, ...]:
        """The names of all devices, lower case, in order."""
        return tuple(sorted({name for names in self._index.values() for name in names.split()}))

    def find(self, name: str, configuration: str | None = None) -> tuple[Device, ...]:
        """The configurations of device ``name``, or the one asked for; empty if unknown.

        ``name`` may be ``name:configuration``, in any case, with hyphens, or with the ordering
        suffix of its vendor where only one device of the catalogue begins so.
        """
        name, _, suffix = name.partition(":")
        wanted = (configuration or suffix).casefold()
        found = self._find(name, DEEPEST)
        if not wanted:
            return found
        return tuple(d for d in found if d.configuration.casefold() == wanted)

    def search(self, text: str = "") -> tuple[DeviceSummary, ...]:
        """The devices whose id, title, vendor or family contain every word of ``text``."""
        words = text.casefold().split()
        result: dict[str, DeviceSummary] = {}
        for file in self._index:
            family = self._family(file)
            for entry in family.entries if family else ():
                for summary in self._summaries(family, entry) if family else ():
                    line = f"{summary.id} {summary.title} {summary.vendor} {summary.family}"
                    if all(word in line.casefold() for word in words):
                        result.setdefault(summary.id, summary)
        return tuple(result[id] for id in sorted(result))

    def _summaries(self, family: Family, entry: Mapping[str, Any]) -> Iterator[DeviceSummary]:
        stem = _stem(family.path)
        if "chip" in entry:
            for name in entry["names"]:
                for d in self._find(name, DEEPEST):
                    size = d.flashes[0].size
                    yield DeviceSummary(d.name, d.configuration, d.title, d.vendor, stem, size)
            return
        from flashwright.formats.device_family import summary_of

        vendor, title, configurations = summary_of(family, entry)
        for name in entry["names"]:
            for configuration, size in configurations:
                yield DeviceSummary(
                    name.casefold(), configuration, title or name, vendor, stem, size
                )

    def _find(self, name: str, depth: int) -> tuple[Device, ...]:
        known = self._known(name.strip().casefold()) if depth else None
        if known is None:
            return ()
        file, exact = known
        family = self._family(file)
        if family is None:
            return ()

        from flashwright.formats.device_family import devices_in

        def chip_named(chip: str) -> tuple[Device, ...]:
            chip_name, _, configuration = chip.partition(":")
            devices = self._find(chip_name, depth - 1)
            return tuple(d for d in devices if configuration in ("", d.configuration))

        return devices_in(family, exact, chip_named, self._faults)

    def _known(self, name: str) -> tuple[str, str] | None:
        """The file and the exact name of the device that ``name`` means."""
        bare = _SEPARATORS.sub("", name)
        found = self._file_of(name) or self._file_of(bare)
        if found:
            return found
        for file, names in self._index.items():
            for known in names.split():
                if not known.isalnum() and _SEPARATORS.sub("", known) == bare:
                    return file, known
        return self._without_suffix(name[:LONGEST_NAME])

    def _without_suffix(self, name: str) -> tuple[str, str] | None:
        """The device with the longest name that ``name`` is an ordering code of."""
        for end in range(len(name) - 1, 3, -1):
            if _SUFFIX.fullmatch(name[end:]):
                found = self._file_of(name[:end])
                if found and _stem(found[0]) not in _EXACT:
                    return found
        return None

    def _file_of(self, name: str) -> tuple[str, str] | None:
        """The file that has ``name`` as it is, and the name."""
        if not name or any(c.isspace() for c in name):
            return None
        word = f" {name} "
        return next(((file, name) for file, names in self._index.items() if word in names), None)

    @cached_property
    def _index(self) -> dict[str, str]:
        """The names in each file, each between spaces: the user's files, then the package's."""
        import json

        index: dict[str, str] = {}
        for path in sorted(self._own):
            family = self._family(path)
            if family is not None:
                index[path] = f" {' '.join(n.casefold() for n in family.names())} "
        packaged: dict[str, str] = json.loads(_package_file("index.json"))
        index.update({f"{name}.json": f" {names} " for name, names in packaged.items()})
        return index

    def _family(self, file: str) -> Family | None:
        if file not in self._families:
            from flashwright.formats.device_family import read_family

            data = self._bytes(file)
            family = read_family(file, data, self._faults) if data is not None else None
            self._families[file] = family
        return self._families[file]

    def _bytes(self, file: str) -> bytes | None:
        if file not in self._own:
            return _package_file(file)
        from flashwright.formats.device_family import LARGEST_FILE

        try:
            with open(file, "rb") as stream:
                return stream.read(LARGEST_FILE + 1)
        except OSError as fault:
            why = fault.strerror or "cannot be read"
            self._faults.append(
                error("DEV004", f"device file cannot be read: {why}", "", Place(file))
            )
            return None


def _stem(path: str) -> str:
    """The name of a file without its directory and ending."""
    return os.path.splitext(os.path.basename(path))[0]


def _package_file(name: str) -> bytes:
    # By the loader of the package, as importlib.resources does it, which takes longer to import
    # than a device takes to find.
    import flashwright

    loader: Any = flashwright.__loader__
    folder = os.path.dirname(str(flashwright.__file__))
    data: bytes = loader.get_data(os.path.join(folder, "devices", name))
    return data
