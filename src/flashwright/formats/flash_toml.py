"""``flash.toml``: a spec, read with the place of every wish; all its faults at once.

The keys are in ``formats.flash_keys``. One file gives one ``Spec`` for each configuration of its
device. With any error there is no spec, only findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.nearest import did_you_mean
from flashwright.base.record import record, replace
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, Severity, error, worst
from flashwright.diag.page import Page, page
from flashwright.formats.device_data import devices_from_toml
from flashwright.formats.flash_keys import (
    ACCEPT_KEYS,
    BOOT_KEYS,
    DEVICE_KEYS,
    FILE_KEYS,
    PARTITION_KEYS,
    UPDATE_KEYS,
)
from flashwright.formats.format import Source
from flashwright.formats.keys import Key, Places, Values, read_table
from flashwright.formats.toml_source import TomlDocument, parse_toml
from flashwright.model.device import BankMode, BootFacts, Device
from flashwright.model.devices import Devices
from flashwright.model.roles import role_by_name
from flashwright.model.schemes import scheme
from flashwright.model.spec import PartitionWish, SizeWish, Spec, Suppression
from flashwright.model.table import Role
from flashwright.model.update import Payload, Update

#: More partitions than any bootloader's table holds; a longer list is a finding.
MOST_PARTITIONS = 1000


@record()
class ReadSpecs:
    """The specs of a file (none if it has an error) and all its findings."""

    specs: tuple[Spec, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_specs(source: Source, devices: Devices) -> ReadSpecs:
    """The specs in ``source``; ``devices`` is the catalogue that names are looked up in."""
    document = parse_toml(source)
    if not isinstance(document, TomlDocument):
        return ReadSpecs((), tuple(document))
    findings: list[Finding] = []
    file = read_table(document.data, (), FILE_KEYS, document, findings)
    found = _devices(file, document, devices, findings)
    boot = _boot(file, document, findings)
    update = _update(file, document, findings)
    wishes = _wishes(file, document, findings)
    accepted = _accepted(file, document, findings)
    _check_names(wishes, findings)
    implied = bool(_sub(file, "update").get("implied", True))
    specs = []
    for device in found:
        laid_out = _booting(device, boot, document, findings)
        placed = tuple(_placed(wish, laid_out, findings) for wish in wishes)
        specs.append(
            Spec(
                name=_name(file, device, several=len(found) > 1),
                device=laid_out,
                update=update,
                partitions=placed,
                implied=implied and update is not None,
                accepted=accepted,
                place=Place(source.path),
                places=_spec_places(file, document),
            )
        )
    if worst(findings) is Severity.ERROR:
        return ReadSpecs((), tuple(findings))
    return ReadSpecs(tuple(specs), tuple(findings))


def _name(file: Values, device: Device, *, several: bool) -> str:
    """The name of the layout; with several configurations, theirs tell the tables apart."""
    name = file.get("name")
    if not isinstance(name, str):
        return device.id
    return f"{name}_{device.configuration}" if several else name


def _sub(file: Values, name: str) -> Mapping[str, Any]:
    value = file.get(name)
    return value if isinstance(value, Mapping) else {}


def _spec_places(file: Values, document: Places) -> dict[str, Place]:
    places = dict(file.places)
    for table in ("device", "boot", "update"):
        for key in _sub(file, table):
            places[f"{table}.{key}"] = document.place(table, key)
    return places


def _devices(
    file: Values, document: TomlDocument, devices: Devices, findings: list[Finding]
) -> tuple[Device, ...]:
    if "device" not in file:
        return ()
    read_table(file.get("device"), ("device",), DEVICE_KEYS, document, findings)
    found, faults = devices_from_toml(document, ("device",), devices)
    findings.extend(faults)
    return found


def _boot(file: Values, document: Places, findings: list[Finding]) -> Values | None:
    if "boot" not in file:
        return None
    boot = read_table(file.get("boot"), ("boot",), BOOT_KEYS, document, findings)
    if "offsets" in boot and "addresses" in boot:
        findings.append(_contradiction("offsets", "addresses", "[boot]", boot.places["addresses"]))
    return boot


def _booting(
    device: Device, boot: Values | None, document: Places, findings: list[Finding]
) -> Device:
    """The device with the user's boot facts in place of the catalogue's."""
    if boot is None:
        return device
    owner = boot.get("owner") or device.boot.owner
    flash = device.flash(owner)
    if flash is None:
        findings.append(_no_flash(owner, device, document.place("boot", "owner")))
        return device
    offsets: tuple[int, ...] = tuple(boot.get("offsets", ()))
    for address in boot.get("addresses", ()):
        if flash.base is None or address - flash.base not in flash.extent:
            findings.append(_outside(address, device, document.place("boot", "addresses")))
        else:
            offsets = (*offsets, address - flash.base)
    mode = BankMode(boot.get("bank_mode")) if boot.get("bank_mode") else device.boot.bank_mode
    facts = BootFacts(
        owner=owner,
        bank_mode=mode,
        boot_offsets=offsets or device.boot.boot_offsets,
        bootloader=_bootloader(device, boot, document, findings, moved=bool(offsets)),
        table_offset=boot.get("table_offset", device.boot.table_offset),
        source=boot.get("source") or "flash.toml [boot]",
    )
    return replace(device, boot=facts)


def _bootloader(
    device: Device, boot: Values, document: Places, findings: list[Finding], *, moved: bool
) -> Extent | None:
    """Where the bootloader is; boot addresses of the user's own mean a bootloader of their own."""
    given = boot.get("bootloader")
    if given is None:
        return None if moved else device.boot.bootloader
    if len(given) == 2 and given[0] < given[1]:
        return Extent(given[0], given[1])
    findings.append(
        error(
            "SPC011",
            "`bootloader` in [boot] is no range of bytes",
            "write its start and its end, such as [0x0, 0x8000]",
            document.place("boot", "bootloader"),
        )
    )
    return None


def _update(file: Values, document: Places, findings: list[Finding]) -> Update | None:
    if "update" not in file:
        return None
    values = read_table(file.get("update"), ("update",), UPDATE_KEYS, document, findings)
    chosen = scheme(values.get("scheme", ""))
    if chosen is None:
        return None
    payload = Payload(values.get("payload", "whole"))
    if payload is Payload.WHOLE and "payload_size" in values:
        findings.append(
            error(
                "SPC017",
                "`payload_size` is given but updates bring whole images",
                'add `payload = "compressed"` or `payload = "delta"`, or remove `payload_size`',
                values.places["payload_size"],
            )
        )
    return Update(
        scheme=chosen,
        payload=payload,
        payload_size=values.get("payload_size", 0),
        backup_slice=values.get("backup_slice", 0),
        write_size=values.get("write_size", 0),
        max_align=values.get("max_align", 8),
        max_sectors=values.get("max_sectors", 0),
        logical_block=values.get("logical_block", 0),
        sdk=values.get("sdk", ""),
        encrypted=values.get("encrypted", False),
    )


def _entries(
    file: Values, name: str, keys: tuple[Key, ...], document: Places, findings: list[Finding]
) -> Iterator[tuple[int, Values]]:
    entries = file.get(name, [])
    if not isinstance(entries, list):
        findings.append(
            error(
                "SPC011",
                f"`{name}` is not a list of tables",
                f"write `[[{name}]]` once for each",
                document.place(name),
            )
        )
        return
    if len(entries) > MOST_PARTITIONS:
        findings.append(
            error(
                "SPC011",
                f"{len(entries)} entries in `{name}`, at most {MOST_PARTITIONS} are read",
                "split the layout, or join partitions",
                document.place(name),
            )
        )
        return
    for index, entry in enumerate(entries):
        yield index, read_table(entry, (name, index), keys, document, findings)


def _wishes(file: Values, document: Places, findings: list[Finding]) -> tuple[PartitionWish, ...]:
    wishes = []
    for index, values in _entries(file, "partition", PARTITION_KEYS, document, findings):
        place = document.place("partition", index)
        if "name" in values:
            place = document.place("partition", index, "name")
            wishes.append(_wish(values, place, findings))
    return tuple(wishes)


def _wish(values: Values, place: Place, findings: list[Finding]) -> PartitionWish:
    name: str = values.get("name")
    for first, second in (
        ("at", "address"),
        ("size", "same_size_as"),
        ("size", "at_most"),
        ("same_size_as", "at_least"),
    ):
        taken = not (first == "size" and values.get("size") == "rest")
        if first in values and second in values and taken:
            findings.append(_contradiction(first, second, f"`{printable(name)}`", place))
    size = values.get("size")
    slack, percent = values.get("slack", (0, 0))
    attributes = {k: values.get(k) for k in ("type", "subtype", "address") if k in values}
    if values.get("shares"):
        attributes["shares"] = values.get("shares")
    if values.get("parent"):
        attributes["parent"] = values.get("parent")
    return PartitionWish(
        name=name,
        role=Role(values.get("role")) if values.get("role") else role_by_name(name),
        owner=values.get("owner"),
        size=SizeWish(
            exact=size if isinstance(size, int) else None,
            at_least=values.get("at_least"),
            at_most=values.get("at_most"),
            rest=size == "rest",
            weight=values.get("weight", 1),
            same_as=values.get("same_size_as"),
        ),
        offset=values.get("at"),
        align=values.get("align"),
        align_size=values.get("align_size"),
        align_blocks=values.get("align_blocks"),
        power_of_two=values.get("power_of_two", False),
        security_granule=values.get("security_granule", False),
        before=values.get("before", ()),
        after=values.get("after", ()),
        directly_after=values.get("directly_after"),
        bank=values.get("bank"),
        window=values.get("window"),
        together=values.get("together", ()),
        apart=values.get("apart", ()),
        pair=values.get("pair"),
        index=values.get("index"),
        id=values.get("id"),
        description=values.get("description"),
        readable=values.get("readable", True),
        writable=values.get("writable"),
        image=values.get("image"),
        slack=slack,
        slack_percent=percent,
        link_address=values.get("link_address"),
        keep=values.get("keep", False),
        flags=values.get("flags", ()),
        attributes=attributes,
        place=place,
        places=_wish_places(values),
    )


#: Key of the file -> field of ``PartitionWish`` that it sets, where the two differ.
_FIELD_OF = {"at": "offset", "address": "offset", "at_least": "size", "at_most": "size"}


def _wish_places(values: Values) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for key, place in values.places.items():
        places[key] = place
        places.setdefault(_FIELD_OF.get(key, key), place)
    return places


def _placed(wish: PartitionWish, device: Device, findings: list[Finding]) -> PartitionWish:
    """The wish with its CPU address turned into a flash and an offset."""
    if wish.owner is not None and device.flash(wish.owner) is None:
        findings.append(_no_flash(wish.owner, device, wish.place_of("owner")))
    address = wish.attributes.get("address")
    if not isinstance(address, int):
        return wish
    found = device.locate(address)
    if found is None or (wish.owner is not None and found[0].name != wish.owner):
        findings.append(_outside(address, device, wish.place_of("address")))
        return wish
    return replace(wish, owner=found[0].name, offset=found[1])


def _accepted(file: Values, document: Places, findings: list[Finding]) -> tuple[Suppression, ...]:
    accepted = []
    for index, values in _entries(file, "accept", ACCEPT_KEYS, document, findings):
        if "code" in values and "reason" in values:
            accepted.append(
                Suppression(
                    code=values.get("code"),
                    reason=values.get("reason"),
                    partition=values.get("partition"),
                    place=document.place("accept", index, "code"),
                )
            )
    return tuple(accepted)


def _check_names(wishes: tuple[PartitionWish, ...], findings: list[Finding]) -> None:
    first: dict[str, PartitionWish] = {}
    counts = Counter(wish.name for wish in wishes)
    for wish in wishes:
        if wish.name in first:
            findings.append(
                replace(
                    error(
                        "SPC015",
                        f"`{printable(wish.name)}` is wished {counts[wish.name]} times",
                        "give each partition a name of its own, or join the entries",
                        wish.place,
                    ),
                    related=tuple(p for p in (first[wish.name].place,) if p),
                )
            )
        first.setdefault(wish.name, wish)


def _contradiction(first: str, second: str, where: str, place: Place) -> Finding:
    return error(
        "SPC017",
        f"{where} has both `{first}` and `{second}`",
        f"keep one of the two; `{first}` already decides",
        place,
    )


def _no_flash(owner: str, device: Device, place: Place | None) -> Finding:
    return error(
        "SPC019",
        f"{device.id} has no flash `{printable(owner)}`",
        did_you_mean(owner, (f.name for f in device.flashes))
        + "; describe another one with `[[device.flash]]`",
        place,
    )


def _outside(address: int, device: Device, place: Place | None) -> Finding:
    spans = ", ".join(
        f"{f.name} {format_hex(f.base)}..{format_hex(f.base + f.size)}"
        for f in device.flashes
        if f.base is not None
    )
    return error(
        "SPC018",
        f"address {format_hex(address)} lies in no memory-mapped flash of {device.id}",
        f"memory-mapped: {spans or 'none; use `at` with an offset'}",
        place,
    )


PAGES: tuple[Page, ...] = (
    page(
        "SPC015",
        "name-twice",
        Severity.ERROR,
        """Two entries of the spec wish a partition of the same name.

        ## Why it matters
        Software finds a partition by its name; of two with one name it finds the first.
        """,
    ),
    page(
        "SPC017",
        "contradicting-keys",
        Severity.ERROR,
        """Two keys of one entry say different things about the same wish.

        ## How to fix
        Keep the one that is meant: `at` or `address`; `size`, `same_size_as`, or `at_least` with
        `at_most`.
        """,
    ),
    page(
        "SPC018",
        "address-outside",
        Severity.ERROR,
        """A CPU address lies in no memory-mapped flash of the device.

        ## How to fix
        Use an address of one of the ranges in the help line, or `at` with the offset from the first
        byte of the flash.
        """,
    ),
    page(
        "SPC019",
        "flash-not-on-device",
        Severity.ERROR,
        """The device has no flash of that name.

        ## How to fix
        `flashwright devices NAME` shows the flashes of a device. A flash that the board adds is
        described in the file: `[[device.flash]]` with `name`, `erase_blocks` and `base`.
        """,
    ),
)
