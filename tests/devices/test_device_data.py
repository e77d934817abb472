"""Devices described as data: what is read, what is refused and how it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Place
from flashwright.formats.device_data import (
    PAGES,
    device_from_mapping,
    devices_from_toml,
    pick_devices,
)
from flashwright.formats.device_family import FilePlaces, devices_in, read_family
from flashwright.formats.device_keys import device_schemas
from flashwright.model.device import BankMode, BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash, Overwrite


def chip(name: str, configuration: str = "") -> Device:
    flash = Flash("embedded", 0x08000000, (EraseRun(16, 0x1000),), source="test")
    return Device(name, configuration, name, "Maker", (flash,), BootFacts("embedded"))


@dataclass
class Few:
    """A catalogue of few devices."""

    devices: tuple[Device, ...]

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({d.name for d in self.devices}))

    def find(self, name: str, configuration: str | None = None) -> tuple[Device, ...]:
        return tuple(
            d
            for d in self.devices
            if d.name == name.casefold() and configuration in (None, d.configuration)
        )


@dataclass
class Parsed:
    """A parsed file whose places are made of paths."""

    data: Mapping[str, Any] = field(default_factory=dict)

    def place(self, *path: str | int) -> Place:
        return Place("/".join(map(str, path)), 1)

    def key_place(self, *path: str | int) -> Place:
        return self.place(*path)


FEW = Few((chip("one"), chip("two", "single"), chip("two", "dual")))
UNIFORM = {"name": "embedded", "erase_blocks": [[4, "4K"]]}


def made(**keys: Any) -> tuple[Device | None, list[str], list[Finding]]:
    findings: list[Finding] = []
    device = device_from_mapping({"name": "x", **keys}, (), FilePlaces("f"), findings)
    assert (device is None) == bool(findings)
    return device, [f.code for f in findings], findings


def test_everything_that_can_be_said() -> None:
    device, codes, _ = made(
        title="X",
        vendor="V",
        flash=[
            {
                "name": "embedded",
                "base": "0x08000000",
                "erase_blocks": [[4, 16384], [1, "64K"]],
                "program_unit": 8,
                "erased_value": 0,
                "overwrite": "once",
                "endurance_cycles": 10000,
                "erase_time_us": 22000,
                "program_time_us": 80,
                "banks": ["64K", "64K"],
                "source": "datasheet",
            },
            {"name": "spi", "size": "2 MiB", "erase_block": "4K"},
        ],
        reserved=[{"name": "rf", "owner": "spi", "at": 0, "size": "4K", "purpose": "cal"}],
        window=[{"name": "w", "at": 0, "size": "64K", "reason": "cache"}],
        boot={"bank_mode": "dual", "offsets": [0x4000, 0x10000], "bootloader": [0, 0x4000]},
        image_alignment="64K",
        slot_limit="0x10000",
        source="manual",
    )
    assert codes == []
    assert device is not None
    embedded, spi = device.flashes
    assert embedded.runs == (EraseRun(4, 16384), EraseRun(1, 65536))
    assert (embedded.base, embedded.program_unit, embedded.erased_value) == (0x08000000, 8, 0)
    assert embedded.overwrite is Overwrite.ONCE
    assert (embedded.endurance_cycles, embedded.erase_time_us) == (10000, 22000)
    assert [b.extent for b in embedded.banks] == [Extent(0, 0x10000), Extent(0x10000, 0x20000)]
    assert (embedded.source, spi.source) == ("datasheet", "manual")
    assert spi.runs == (EraseRun(512, 4096),)
    assert (device.reserved[0].owner, device.reserved[0].extent) == ("spi", Extent(0, 4096))
    assert device.windows[0].owner == "embedded"
    assert device.boot.bank_mode is BankMode.DUAL
    assert device.boot.boot_offsets == (0x4000, 0x10000)
    assert device.boot.bootloader == Extent(0, 0x4000)
    assert (device.image_alignment, device.slot_limit) == (0x10000, 0x10000)


@pytest.mark.parametrize(
    ("flash", "code"),
    [
        ({"name": "a"}, "DEV006"),
        ({"name": "a", "size": "64K"}, "DEV006"),
        ({"name": "a", "size": "63K", "erase_block": "4K"}, "DEV006"),
        ({"name": "a", "size": "64K", "erase_blocks": [[1, 4096]]}, "DEV006"),
        ({"name": "a", "erase_block": 4096, "erase_blocks": [[1, 4096]]}, "DEV006"),
        ({"name": "a", "program_unit": 3, "erase_blocks": [[1, 4096]]}, "DEV006"),
        ({"name": "a", "base": 2**64 - 1, "erase_blocks": [[1, 4096]]}, "DEV009"),
        ({"name": "a", "banks": [4096], "erase_blocks": [[2, 4096]]}, "DEV009"),
        ({"name": "a", "banks": [1000], "erase_blocks": [[2, 4096]]}, "DEV010"),
        ({"name": "a", "banks": [0, 8192], "erase_blocks": [[2, 4096]]}, "DEV010"),
        ({"name": "a", "banks": [2**63, 1], "erase_blocks": [[2, 4096]]}, "DEV010"),
        ({"name": "a", "erase_blocks": []}, "SPC011"),
        ({"name": "a", "erase_blocks": [[1]]}, "SPC011"),
        ({"name": "a", "erase_blocks": [[0, 4096]]}, "SPC011"),
        ({"name": "a", "erase_blocks": [[1, 0]]}, "SPC012"),
        ({"name": "a", "erase_blocks": [[2**31 - 1, 2**60]]}, "SPC011"),
        ({"name": "a", "erase_blocks": [[1, 4096]], "erased_value": 256}, "SPC011"),
        ({"name": "a", "erase_blocks": [[1, 4096]], "overwrite": "twice"}, "SPC011"),
        ({"name": "a", "erase_blocks": [[1, 4096]], "sise": 1}, "SPC010"),
        ({"erase_blocks": [[1, 4096]]}, "SPC013"),
        (7, "SPC011"),
    ],
)
def test_a_flash_that_cannot_be(flash: object, code: str) -> None:
    device, codes, _ = made(flash=[flash])
    assert device is None
    assert code in codes
    assert "DEV005" not in codes


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({}, "DEV005"),
        ({"flash": []}, "DEV005"),
        ({"flash": "spi"}, "SPC011"),
        ({"flash": [UNIFORM] * 1001}, "SPC011"),
        ({"flash": [UNIFORM, UNIFORM]}, "DEV007"),
        (
            {"flash": [UNIFORM], "reserved": [{"name": "r", "owner": "s", "at": 0, "size": 1}]},
            "DEV008",
        ),
        ({"flash": [UNIFORM], "reserved": [{"name": "r", "at": "16K", "size": 1}]}, "DEV009"),
        ({"flash": [UNIFORM], "window": [{"name": "w", "at": 0, "size": "20K"}]}, "DEV009"),
        ({"flash": [UNIFORM], "window": [{"name": "w", "at": 2**63, "size": 2**63}]}, "DEV009"),
        ({"flash": [UNIFORM], "boot": {"owner": "spi"}}, "DEV008"),
        ({"flash": [UNIFORM], "boot": {"offsets": [0x1234]}}, "DEV010"),
        ({"flash": [UNIFORM], "boot": {"offsets": [0x08000000]}}, "DEV009"),
        ({"flash": [UNIFORM], "boot": {"bootloader": [0x2000, 0x1000]}}, "SPC011"),
        ({"flash": [UNIFORM], "boot": {"bootloader": [0x1000]}}, "SPC011"),
        ({"flash": [UNIFORM], "boot": 1}, "SPC011"),
    ],
)
def test_a_device_that_cannot_be(keys: dict[str, Any], code: str) -> None:
    device, codes, _ = made(**keys)
    assert device is None
    assert codes == [code]


def test_all_faults_at_once() -> None:
    _, codes, findings = made(
        flash=[UNIFORM, {"name": "spi"}],
        reserved=[{"name": "r", "at": "1M", "size": "4K"}],
        boot={"offsets": [1]},
    )
    assert codes == ["DEV006", "DEV009", "DEV010"]
    assert all(f.help for f in findings)
    assert "0x0 and 0x1000" in findings[2].help


def test_a_device_on_another() -> None:
    findings: list[Finding] = []
    base = chip("one")
    data = {"name": "one", "flash": [{"name": "spi", "size": "1M", "erase_block": "4K"}]}
    device = device_from_mapping(data, (), FilePlaces("f"), findings, base)
    assert findings == []
    assert device is not None
    assert [f.name for f in device.flashes] == ["embedded", "spi"]
    assert (device.title, device.boot) == (base.title, base.boot)
    smaller = {"name": "one", "flash": [UNIFORM], "image_alignment": 8}
    device = device_from_mapping(smaller, (), FilePlaces("f"), findings, base)
    assert device is not None
    assert [f.size for f in device.flashes] == [0x4000]
    assert device.image_alignment == 8


def toml(**device: Any) -> tuple[list[str], list[str]]:
    found, findings = devices_from_toml(Parsed({"device": device}), ("device",), FEW)
    return [d.id for d in found], [f.code for f in findings]


@pytest.mark.parametrize(
    ("device", "ids", "codes"),
    [
        ({"name": "one"}, ["one"], []),
        ({"name": "ONE"}, ["one"], []),
        ({"name": "two"}, [], ["DEV003"]),
        ({"name": "two:dual"}, ["two:dual"], []),
        ({"name": "two", "configuration": "Dual"}, ["two:dual"], []),
        ({"name": "two", "configuration": ["dual", "single"]}, ["two:dual", "two:single"], []),
        ({"name": "two", "configuration": ["dual", "dual"]}, ["two:dual"], []),
        ({"name": "two", "configuration": "all"}, ["two:single", "two:dual"], []),
        ({"name": "two", "configuration": ["dual", "duel"]}, ["two:dual"], ["DEV002"]),
        ({"name": "one", "configuration": "dual"}, [], ["DEV002"]),
        ({"name": "tow"}, [], ["DEV001"]),
        ({"name": "mine", "flash": [UNIFORM]}, ["mine"], []),
        ({"name": "mine", "configuration": "a", "flash": [UNIFORM]}, ["mine:a"], []),
        ({"name": "mine", "flash": [{"name": "x"}]}, [], ["DEV006"]),
        (
            {"name": "two", "configuration": "all", "flash": [{"name": "x"}]},
            [],
            ["DEV006"],
        ),
        ({"name": 7}, [], []),
        ({}, [], []),
    ],
)
def test_device_of_flash_toml(device: dict[str, Any], ids: list[str], codes: list[str]) -> None:
    assert toml(**device) == (ids, codes)


def test_what_is_meant_is_said() -> None:
    findings: list[Finding] = []
    pick_devices(FEW, "tow", (), Place("f", 3), findings)
    pick_devices(FEW, "two", ("duel",), None, findings)
    pick_devices(FEW, "two", (), None, findings)
    assert "`two`" in findings[0].help
    assert findings[0].place == Place("f", 3)
    assert "`dual`" in findings[1].help
    assert "`single`" in findings[2].help
    assert "`dual`" in findings[2].help


def test_the_beginning_of_several_names_lists_them() -> None:
    many = Few(tuple(chip(f"stm32f{n}") for n in range(400, 420)))
    findings: list[Finding] = []
    pick_devices(many, "STM32F4", (), None, findings)
    assert findings[0].code == "DEV001"
    assert "`stm32f400`" in findings[0].help
    assert "and 12 more" in findings[0].help


def test_hostile_names_are_printable() -> None:
    findings: list[Finding] = []
    pick_devices(FEW, "\x1b[31m\n" + "x" * 10_000, (), None, findings)
    text = findings[0].message + findings[0].help
    assert text.isprintable()
    assert len(text) < 500


def family(data: object) -> tuple[list[str], list[str]]:
    findings: list[Finding] = []
    read = read_family("f.json", json.dumps(data).encode(), findings)
    found = devices_in(read, "X", FEW.find, findings) if read else ()
    return [d.id for d in found], [f.code for f in findings]


def test_layers_of_a_device_file() -> None:
    data = {
        "title": "T",
        "defaults": {"vendor": "V", "boot": {"bank_mode": "dual", "source": "b"}},
        "devices": [
            {
                "names": ["W", "X"],
                "each": {"flash": {"program_unit": 4, "source": "s"}},
                "boot": {"bank_mode": "single"},
                "configurations": [
                    {"configuration": "a", "flash": [UNIFORM], "boot": {"offsets": [0]}},
                    {"configuration": "b", "flash": [{**UNIFORM, "program_unit": 8}]},
                ],
            }
        ],
    }
    findings: list[Finding] = []
    read = read_family("f.json", json.dumps(data).encode(), findings)
    assert read is not None
    a, b = devices_in(read, "x", lambda name: (), findings)
    assert findings == []
    assert (a.id, b.id, a.title, a.vendor) == ("x:a", "x:b", "X", "V")
    assert (a.flashes[0].program_unit, b.flashes[0].program_unit) == (4, 8)
    assert (a.boot.bank_mode, a.boot.source) == (BankMode.SINGLE, "b")
    assert (a.boot.boot_offsets, b.boot.boot_offsets) == ((0,), ())


@pytest.mark.parametrize(
    "data",
    [
        7,
        {},
        {"devices": 7},
        {"devices": [7]},
        {"devices": [{}]},
        {"devices": [{"names": []}]},
        {"devices": [{"names": [7]}]},
        {"devices": [{"names": ["x"], "flash": 7}]},
        {"devices": [{"names": ["x"], "flash": [7]}]},
        {"devices": [{"names": ["x"], "boot": 7}]},
        {"devices": [{"names": ["x"], "each": {"flash": 7}}]},
        {"devices": [{"names": ["x"], "configurations": [7]}]},
        {"devices": [{"names": ["x"], "configurations": 7}]},
        {"devices": [{"names": ["x"], "flash": []}]},
        {"devices": [{"names": ["x"], "chip": "none"}]},
        {"devices": [{"names": ["x"], "chip": [1]}]},
        {"defaults": 7, "devices": []},
        {"title": 7, "devices": []},
    ],
)
def test_damaged_device_files(data: object) -> None:
    ids, codes = family(data)
    assert ids == []
    assert codes[0] == "DEV004"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 200_000, b"{" * 10, b"1" * 5000])
def test_device_files_that_are_not_json(data: bytes) -> None:
    findings: list[Finding] = []
    assert read_family("f.json", data, findings) is None
    assert [f.code for f in findings] == ["DEV004"]
    assert findings[0].message.isprintable()


def test_a_device_file_that_is_too_large() -> None:
    findings: list[Finding] = []
    assert read_family("f.json", b" " * ((4 << 20) + 1), findings) is None
    assert [f.code for f in findings] == ["DEV004"]


KEYS = (
    *("name", "names", "title", "vendor", "source", "defaults", "devices", "each", "chip"),
    *("configuration", "configurations", "flash", "reserved", "window", "boot", "owner", "at"),
    *("base", "size", "erase_block", "erase_blocks", "program_unit", "banks", "offsets"),
    *("bootloader", "bank_mode", "overwrite", "erased_value"),
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["4K", "0x1000", "embedded", "spi", "dual", "-1", "\x1b", "once"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_data_gives_a_device_or_findings(data: Any) -> None:
    findings: list[Finding] = []
    device = device_from_mapping(data, ("device",), FilePlaces("f"), findings)
    assert (device is None) == bool(findings)
    assert all(f.message.isprintable() and f.help.isprintable() for f in findings)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({"devices": st.lists(JSON, max_size=2)}, optional={"defaults": JSON}))
def test_any_device_file_is_read_or_told(data: Any) -> None:
    findings: list[Finding] = []
    read = read_family("f.json", json.dumps(data).encode(), findings)
    assert (read is None) == bool(findings)
    for name in read.names() if read else ():
        devices_in(read, name, FEW.find, findings) if read else ()


def test_schemas_agree_with_the_reader() -> None:
    schemas = device_schemas()
    for kind, good in (
        ("flash", {"name": "a", "erase_blocks": [[4, "4K"]], "erased_value": 0}),
        ("flash", {"name": "a", "size": "1M", "erase_block": 4096, "overwrite": "once"}),
        ("reserved", {"name": "a", "at": 0, "size": "4K"}),
        ("window", {"name": "a", "at": 0, "size": "1 MiB", "reason": "cache"}),
    ):
        jsonschema.validate(good, schemas[kind])
    for kind, bad in (
        ("flash", {"name": "a", "erase_blocks": [[4]]}),
        ("flash", {"name": "a", "overwrite": "twice"}),
        ("reserved", {"name": "a", "at": 0}),
        ("window", {"name": "a", "at": 0, "size": 1, "why": "cache"}),
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schemas[kind])


def test_every_code_has_a_page() -> None:
    codes = [p.code for p in PAGES]
    assert codes == [f"DEV{n:03}" for n in range(1, 11)]
    assert all("## " in p.text and p.summary.endswith(".") for p in PAGES)
