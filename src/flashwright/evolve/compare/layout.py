"""A table as plain values that mean the same in every release, their digest, and back.

Laws: ``table_of(record_of(t))`` is ``t`` in all that judging needs (places in files excepted);
equal layouts have equal digests, whatever the order of their partitions. Source of the digest:
SHA-256 over JSON with sorted keys and no white space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flashwright.base.extent import Extent
from flashwright.diag.finding import Place
from flashwright.model.device import BankMode, BootFacts, Device, Reserved
from flashwright.model.geometry import EraseRun, Flash, Overwrite
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Payload, Update

_LARGEST = 2**63 - 1


class LayoutError(ValueError):
    """The values are no layout; the message says which one and why."""


def layout_digest(table: Table, *, whole: bool = False) -> str:
    """``sha256:...`` of the layout: the partitions alone, or (``whole``) with device and scheme."""
    record = record_of(table)
    record["partitions"].sort(key=lambda p: (p["owner"], p["at"], p["size"], p["name"]))
    return digest_of(record if whole else {"partitions": record["partitions"]})


def digest_of(values: object) -> str:
    """``sha256:...`` of plain values, whatever the order of their keys."""
    import hashlib
    import json

    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def record_of(table: Table) -> dict[str, Any]:
    """The table as plain values, without places in files; what has its default is left out."""
    record: dict[str, Any] = {"table": table.name, "format": table.format}
    attributes = _plain(table.attributes)
    if attributes:
        record["attributes"] = attributes
    if table.update is not None:
        record["update"] = _update(table.update)
    if table.device is not None:
        record |= _device(table.device)
    record["partitions"] = [_partition(p) for p in table.partitions]
    return record


def table_of(
    record: Mapping[str, Any], place: Place | None = None, lines: Mapping[int, Place] | None = None
) -> Table:
    """The table of plain values; raises ``LayoutError`` where they say none.

    ``lines`` are the places of the partitions by their position.
    """
    rows = _list(record, "partitions")
    partitions = tuple(_read_partition(n, row, (lines or {}).get(n)) for n, row in enumerate(rows))
    return Table(
        name=_text(record, "table"),
        partitions=partitions,
        device=_read_device(record) if "device" in record else None,
        update=_read_update(_map(record, "update")) if "update" in record else None,
        format=_text(record, "format", ""),
        place=place,
        attributes=_plain(_map(record, "attributes")) if "attributes" in record else {},
    )


def _plain(attributes: Mapping[str, object]) -> dict[str, str | int | bool]:
    return {
        str(k): v
        for k, v in attributes.items()
        if isinstance(v, str | bool) or (isinstance(v, int) and -_LARGEST <= v <= _LARGEST)
    }


def _partition(p: Partition) -> dict[str, Any]:
    record: dict[str, Any] = {"name": p.name, "at": p.extent.start, "size": p.size}
    record |= {"role": p.role.value, "owner": p.owner}
    if p.start != p.extent.start:
        record["start"] = p.start
    optional = {
        "index": p.index,
        "id": p.id,
        "pair": p.pair,
        "parent": p.parent,
        "image_size": p.image_size,
        "link_address": p.link_address,
        "shares": list(p.shares) or None,
        "flags": list(p.flags) or None,
        "attributes": _plain(p.attributes) or None,
        "readable": None if p.readable else False,
        "writable": None if p.writable else False,
    }
    return record | {k: v for k, v in optional.items() if v is not None}


def _read_partition(number: int, row: object, place: Place | None) -> Partition:
    if not isinstance(row, Mapping):
        raise LayoutError(f"partition {number + 1} is no table of values")
    try:
        offset, size = _number(row, "at"), _number(row, "size")
        role = _text(row, "role")
        if role not in Role.__members__.values():
            raise LayoutError(f"role {role!r} is not known")
        return Partition(
            name=_text(row, "name"),
            role=Role(role),
            owner=_text(row, "owner"),
            extent=Extent.of(offset, size),
            start=_number(row, "start", offset),
            index=_optional(row, "index"),
            id=_text(row, "id", None),
            pair=_text(row, "pair", None),
            parent=_text(row, "parent", None),
            shares=_texts(row, "shares"),
            image_size=_optional(row, "image_size"),
            link_address=_optional(row, "link_address"),
            flags=_texts(row, "flags"),
            readable=row.get("readable") is not False,
            writable=row.get("writable") is not False,
            attributes=_plain(_map(row, "attributes")) if "attributes" in row else {},
            place=place,
        )
    except LayoutError as fault:
        raise LayoutError(f"partition {number + 1}: {fault}") from None


def _update(update: Update) -> dict[str, Any]:
    said = {
        "payload": update.payload.value if update.payload is not Payload.WHOLE else "",
        "payload_size": update.payload_size,
        "backup_slice": update.backup_slice,
        "write_size": update.write_size,
        "max_align": update.max_align if update.max_align != 8 else 0,
        "max_sectors": update.max_sectors,
        "logical_block": update.logical_block,
        "sdk": update.sdk,
        "encrypted": update.encrypted,
    }
    return {"scheme": update.scheme.name} | {k: v for k, v in said.items() if v}


def _read_update(record: Mapping[str, Any]) -> Update:
    name = _text(record, "scheme")
    known = scheme(name)
    payload = _text(record, "payload", "whole")
    if known is None or payload not in Payload.__members__.values():
        raise LayoutError(f"scheme {name!r} with payload {payload!r} is not known")
    return Update(
        known,
        Payload(payload),
        payload_size=_number(record, "payload_size", 0),
        backup_slice=_number(record, "backup_slice", 0),
        write_size=_number(record, "write_size", 0),
        max_align=_number(record, "max_align", 8),
        max_sectors=_number(record, "max_sectors", 0),
        logical_block=_number(record, "logical_block", 0),
        sdk=_text(record, "sdk", ""),
        encrypted=record.get("encrypted") is True,
    )


def _device(device: Device) -> dict[str, Any]:
    boot = device.boot
    facts: dict[str, Any] = {"name": device.name, "configuration": device.configuration}
    facts |= {"boot_owner": boot.owner, "image_alignment": device.image_alignment}
    if boot.bank_mode is not None:
        facts["bank_mode"] = boot.bank_mode.value
    if boot.boot_offsets:
        facts["boot_offsets"] = list(boot.boot_offsets)
    if boot.bootloader is not None:
        facts["bootloader"] = [boot.bootloader.start, boot.bootloader.size]
    if boot.table_offset:
        facts["table_offset"] = boot.table_offset
    flashes = []
    for f in device.flashes:
        row: dict[str, Any] = {"name": f.name}
        if f.base is not None:
            row["base"] = f.base
        row["erase_blocks"] = [[r.count, r.size] for r in f.runs]
        row |= {"program_unit": f.program_unit, "erased_value": f.erased_value}
        row |= {"overwrite": f.overwrite.value, "erase_time_us": f.erase_time_us}
        row["program_time_us"] = f.program_time_us
        flashes.append(row)
    record: dict[str, Any] = {"device": facts, "flashes": flashes}
    if device.reserved:
        record["reserved"] = [
            {"name": r.name, "owner": r.owner, "at": r.extent.start, "size": r.extent.size}
            for r in device.reserved
        ]
    return record


def _read_device(record: Mapping[str, Any]) -> Device:
    facts = _map(record, "device")
    flashes = tuple(_read_flash(row) for row in _list(record, "flashes"))
    if not flashes:
        raise LayoutError("the device has no flash")
    mode = _text(facts, "bank_mode", "")
    if mode and mode not in BankMode.__members__.values():
        raise LayoutError(f"bank mode {mode!r} is not known")
    boot = facts.get("bootloader")
    pair = _numbers(boot) if boot is not None else []
    if len(pair) not in (0, 2):
        raise LayoutError("`bootloader` is not [start, size]")
    reserved = []
    for row in _list(record, "reserved") if "reserved" in record else []:
        if not isinstance(row, Mapping):
            raise LayoutError("`reserved` holds something else than ranges")
        extent = Extent.of(_number(row, "at"), _number(row, "size"))
        reserved.append(Reserved(_text(row, "name"), _text(row, "owner"), extent))
    name = _text(facts, "name")
    return Device(
        name,
        _text(facts, "configuration", ""),
        name,
        "",
        flashes,
        BootFacts(
            _text(facts, "boot_owner"),
            BankMode(mode) if mode else None,
            tuple(_numbers(facts.get("boot_offsets", []))),
            Extent.of(pair[0], pair[1]) if pair else None,
            _number(facts, "table_offset", 0),
        ),
        tuple(reserved),
        image_alignment=_number(facts, "image_alignment", 1),
    )


def _read_flash(row: object) -> Flash:
    if not isinstance(row, Mapping):
        raise LayoutError("`flashes` holds something else than flashes")
    runs = [_numbers(run) for run in _list(row, "erase_blocks")]
    if not runs or any(len(run) != 2 or run[0] < 1 or run[1] < 1 for run in runs):
        raise LayoutError("`erase_blocks` is not a list of [count, size]")
    if sum(count * size for count, size in runs) > _LARGEST:
        raise LayoutError("`erase_blocks` hold more than any flash")
    overwrite = _text(row, "overwrite", "clear-bits")
    if overwrite not in Overwrite.__members__.values():
        raise LayoutError(f"overwrite {overwrite!r} is not known")
    unit = _number(row, "program_unit", 1)
    return Flash(
        _text(row, "name"),
        _optional(row, "base"),
        tuple(EraseRun(count, size) for count, size in runs),
        max(1, unit),
        _number(row, "erased_value", 0xFF),
        Overwrite(overwrite),
        erase_time_us=_number(row, "erase_time_us", 0),
        program_time_us=_number(row, "program_time_us", 0),
    )


_MISSING: Any = object()


def _text(record: Mapping[str, Any], key: str, default: Any = _MISSING) -> Any:
    value = record.get(key, default)
    if value is _MISSING:
        raise LayoutError(f"`{key}` is missing")
    if value is not default and not isinstance(value, str):
        raise LayoutError(f"`{key}` is no text")
    return value


def _number(record: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = record.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise LayoutError(f"`{key}` is no number of bytes" if key in record else f"no `{key}`")
    return value


def _optional(record: Mapping[str, Any], key: str) -> int | None:
    return _number(record, key) if key in record else None


def _numbers(value: object) -> list[int]:
    if not isinstance(value, list) or len(value) > 64:
        raise LayoutError("a list of numbers is expected")
    if any(isinstance(v, bool) or not isinstance(v, int) or not 0 <= v <= _LARGEST for v in value):
        raise LayoutError("a list of numbers is expected")
    return list(value)


def _texts(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key, [])
    if not isinstance(value, list) or any(not isinstance(v, str) for v in value):
        raise LayoutError(f"`{key}` is no list of texts")
    return tuple(value)


def _map(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if not isinstance(value, Mapping):
        raise LayoutError(f"`{key}` is no table of values")
    return value


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    if not isinstance(value, list):
        raise LayoutError(f"`{key}` is no list")
    return value
