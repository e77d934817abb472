"""Devices and specs for the tests of the planner, built in Python."""

from __future__ import annotations

from flashwright.base.extent import Extent
from flashwright.diag.finding import Place
from flashwright.model.device import BankMode, BootFacts, Device, Reserved, Window
from flashwright.model.geometry import Bank, EraseRun, Flash
from flashwright.model.plan import Plan
from flashwright.model.schemes import scheme
from flashwright.model.spec import PartitionWish, SizeWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import Update
from flashwright.planner.plan import plan

KIB = 1024
MIB = 1024 * KIB


def flash(size: int, block: int = 4 * KIB, name: str = "embedded", **more) -> Flash:
    return Flash(name, None, (EraseRun(size // block, block),), **more)


def board(*flashes: Flash, **more) -> Device:
    boot = more.pop("boot", BootFacts(flashes[0].name))
    return Device("board", "", "", "", flashes, boot, **more)


def esp8266() -> Device:
    def kept(name: str, start: int, size: int) -> Reserved:
        return Reserved(name, "embedded", Extent.of(start, size))

    return Device(
        "esp8266",
        "2m-1024",
        "",
        "Espressif",
        (flash(2 * MIB),),
        BootFacts("embedded", BankMode.DUAL, (0x1000, 0x101000), Extent(0, 0x1000)),
        (
            kept("RF calibration", 0x1FB000, 0x1000),
            kept("init data", 0x1FC000, 0x1000),
            kept("system parameters", 0x1FD000, 0x3000),
        ),
        (
            Window("cache", "embedded", Extent(0, MIB)),
            Window("cache", "embedded", Extent(MIB, 2 * MIB)),
        ),
        slot_limit=0xFA000,
    )


def stm32f429(*boot_offsets: int) -> Device:
    bank = (EraseRun(4, 16 * KIB), EraseRun(1, 64 * KIB), EraseRun(7, 128 * KIB))
    banks = (Bank("1", Extent(0, MIB)), Bank("2", Extent(MIB, 2 * MIB)))
    embedded = Flash("embedded", 0x08000000, bank + bank, banks=banks)
    return board(embedded, boot=BootFacts("embedded", None, boot_offsets))


def esp32(size: int = 4 * MIB) -> Device:
    return board(
        flash(size),
        boot=BootFacts("embedded", BankMode.DUAL, (), Extent(0x1000, 0x8000), 0x8000),
        image_alignment=0x10000,
    )


def wish(name: str, role: Role = Role.CUSTOM, size: object = None, **more) -> PartitionWish:
    if isinstance(size, int):
        size = SizeWish(exact=size)
    elif size == "rest":
        size = SizeWish(rest=True)
    return PartitionWish(name, role, size=size or SizeWish(), **more)


def spec(device: Device, way: str | None, *wishes: PartitionWish, **more) -> Spec:
    """A spec; ``way`` names its scheme, further keywords are those of ``Update``."""
    implied = more.pop("implied", way is not None)
    chosen = scheme(way) if way else None
    update = Update(chosen, **more) if chosen else None
    return Spec("made", device, update, wishes, implied)


def line(number: int) -> Place:
    return Place("flash.toml", number, 1)


def planned_of(asked: Spec) -> Plan:
    """The plan of a spec that has one."""
    made = plan(asked).plan
    assert made is not None
    return made
