"""Tables for the tests, built in Python or from a few lines of ``flash.toml``."""

from __future__ import annotations

import tomllib
from typing import Any

from flashwright.base.extent import Extent
from flashwright.base.size import parse_size
from flashwright.diag.finding import Finding, Severity
from flashwright.model.alios import PREFIX, index_of, role_of
from flashwright.model.device import BankMode, BootFacts, Device, Reserved, Window
from flashwright.model.geometry import Bank, EraseRun, Flash, Overwrite
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Payload, Update
from flashwright.rules.catalog import run

K = 1024
M = 1024 * K


def flash(
    name: str = "embedded",
    runs: tuple[tuple[int, int], ...] = ((512, 4096),),
    base: int | None = None,
    banks: tuple[Bank, ...] = (),
    **more: Any,
) -> Flash:
    return Flash(name, base, tuple(EraseRun(*r) for r in runs), banks=banks, **more)


def device(
    *flashes: Flash, name: str = "board", boot: BootFacts | None = None, **more: Any
) -> Device:
    flashes = flashes or (flash(),)
    return Device(name, "", name, "", flashes, boot or BootFacts(flashes[0].name), **more)


def esp8266(size: int, second: int, limit: int = 0, windows: bool = False) -> Device:
    """An ESP8266 with one flash map (facts: RF calibration, init data, system parameters)."""
    top = (
        Reserved("RF calibration", "embedded", Extent.of(size - 0x5000, 0x1000)),
        Reserved("init data", "embedded", Extent.of(size - 0x4000, 0x1000)),
        Reserved("system parameters", "embedded", Extent.of(size - 0x3000, 0x3000)),
    )
    return device(
        flash(runs=((size // 4096, 4096),)),
        name="esp8266",
        boot=BootFacts("embedded", BankMode.DUAL, (0x1000, second), Extent(0, 0x1000)),
        reserved=top,
        windows=tuple(
            Window("cache", "embedded", Extent.of(at, M)) for at in range(0, size, M) if windows
        ),
        slot_limit=limit,
    )


def stm32f4(size: int = 2 * M) -> Device:
    """STM32F40x/F42x: 4 x 16, 64, then 128 KiB, twice in 2 MiB."""
    half = min(size, M)
    runs = ((4, 16 * K), (1, 64 * K), (half // (128 * K) - 1, 128 * K))
    return device(flash(runs=runs * (size // half), base=0x8000000), name="stm32f4")


def part(
    name: str,
    role: Role | str,
    start: int,
    size: int,
    owner: str = "embedded",
    base: int = 0,
    **more: Any,
) -> Partition:
    """A partition; ``start`` is an address if ``base`` is given."""
    return Partition(name, Role(role), owner, Extent.of(start - base, size), start, **more)


#: Short words of the tables in the tests for AliOS symbols.
SYMBOLS = {
    "BL": "BOOTLOADER",
    "APP": "APPLICATION",
    "OTA": "OTA_TEMP",
    "P1": "PARAMETER_1",
    "P2": "PARAMETER_2",
    "P3": "PARAMETER_3",
    "P4": "PARAMETER_4",
    "RF": "RF_FIRMWARE",
    "BOOT2": "2ND_BOOT",
}


def alios(text: str, of: Device | None = None, sdk: str = "3.0", **more: Any) -> Table:
    """A table from lines such as ``BL 0x0+4K(ro); APP 0x1000+976K; OTA:SPI 0x40000+608K``."""
    partitions = []
    for entry in filter(None, (e.strip() for e in text.replace("\n", ";").split(";"))):
        word, _, rest = entry.partition(" ")
        word, _, owner = word.partition(":")
        owner = (owner or "embedded").lower()
        options = rest[rest.index("(") :] if "(" in rest else ""
        start, _, size = rest.removesuffix(options).strip().partition("+")
        partitions.append(_alios(word, owner, start, size, options, of, sdk))
    return Table("hal_partitions", tuple(partitions), of, format="alios-c", **more)


def _alios(
    word: str, owner: str, start: str, size: str, options: str, of: Device | None, sdk: str
) -> Partition:
    symbol = PREFIX + SYMBOLS.get(word, word)
    at = parse_size(start)
    chip = of.flash(owner) if of else None
    base = chip.base if chip is not None and chip.base and chip.base <= at else 0
    if chip is not None and at - base >= chip.size:
        base = 0
    return Partition(
        symbol.removeprefix(PREFIX).lower(),
        role_of(symbol),
        owner,
        Extent.of(at - base, parse_size(size)),
        at,
        index_of(symbol, sdk),
        symbol,
        readable=options != "(--)",
        writable=options not in ("(--)", "(ro)"),
    )


def updated(name: str, **more: Any) -> Update:
    found = scheme(name)
    assert found is not None
    return Update(found, **more)


def layout(text: str) -> Table:
    """The table that a manual page's example says, in the fixed form of ``flash.toml``."""
    data = tomllib.loads(text)
    of = _device(data["device"], data.get("boot", {}))
    update = None
    if "update" in data:
        wish = dict(data["update"])
        assert wish.pop("implied") is False
        name = wish.pop("scheme")
        if "payload" in wish:
            wish["payload"] = Payload(wish["payload"])
        update = updated(name, **{k: _size(v) for k, v in wish.items()})
    parts = tuple(_partition(p, of) for p in data["partition"])
    return Table("example", parts, of, update, "flash-toml")


def _device(data: dict[str, Any], boot: dict[str, Any]) -> Device:
    first = data["flash"][0]["name"]
    flashes = tuple(
        Flash(
            f["name"],
            f.get("base"),
            tuple(EraseRun(*r) for r in f["erase_blocks"]),
            program_unit=f.get("program_unit", 1),
            overwrite=Overwrite(f.get("overwrite", "clear-bits")),
            banks=_banks(f.get("banks", [])),
            security_granule=_size(f.get("security_granule", 0)),
        )
        for f in data["flash"]
    )
    own = {**data.get("boot", {}), **boot}
    facts = BootFacts(
        own.get("owner", flashes[0].name),
        BankMode(own["bank_mode"]) if "bank_mode" in own else None,
        tuple(own.get("offsets", ())),
        Extent(*own["bootloader"]) if "bootloader" in own else None,
        own.get("table_offset", 0),
    )
    ranges = {
        kind: tuple(
            (
                r["name"],
                r.get("owner", first),
                Extent.of(_size(r["at"]), _size(r["size"])),
            )
            for r in data.get(kind, [])
        )
        for kind in ("reserved", "window")
    }
    return Device(
        data["name"],
        "",
        data["name"],
        "",
        flashes,
        facts,
        tuple(Reserved(*r) for r in ranges["reserved"]),
        tuple(Window(*w) for w in ranges["window"]),
        _size(data.get("image_alignment", 1)),
        _size(data.get("slot_limit", 0)),
    )


def _banks(sizes: list[Any]) -> tuple[Bank, ...]:
    banks, at = [], 0
    for number, size in enumerate(sizes, 1):
        banks.append(Bank(f"bank{number}", Extent.of(at, _size(size))))
        at += _size(size)
    return tuple(banks)


def _partition(data: dict[str, Any], of: Device) -> Partition:
    owner = data.get("owner", of.flashes[0].name)
    role = Role(data["role"])
    extent = Extent.of(_size(data["at"]), _size(data["size"]))
    chip = of.flash(owner)
    start = chip.address(extent.start) if chip else None
    return Partition(
        data["name"],
        role,
        owner,
        extent,
        extent.start if start is None else start,
        data.get("index", index_of(data.get("id", ""))),
        data.get("id"),
        data.get("description"),
        data.get("readable", True),
        data.get("writable", role != Role.BOOTLOADER),
        data.get("pair"),
        data.get("parent"),
        _texts(data.get("shares")),
        _size(data["image"]) if "image" in data else None,
        data.get("link_address"),
        _size(data.get("slack", 0)),
        _texts(data.get("flags")),
        {k: data[k] for k in ("type", "subtype") if k in data},
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _size(value: Any) -> Any:
    return parse_size(value) if isinstance(value, str) and value[:1].isdigit() else value


def codes(table: Table, least: Severity = Severity.WARNING) -> list[str]:
    """The codes of the findings of a table at or above a severity, in their order."""
    return [f.code for f in run(table) if f.severity >= least]


def only(table: Table, code: str) -> list[Finding]:
    """The findings of one code."""
    return [f for f in run(table) if f.code == code]
