"""`flash.toml`: every wish with its place, every fault at once, nothing hostile gets through."""

from __future__ import annotations

import json
from dataclasses import fields

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.diag.finding import Finding, Severity
from flashwright.formats.device_keys import device_schemas
from flashwright.formats.flash_keys import PARTITION_KEYS, flash_toml_schema
from flashwright.formats.flash_table import fixed_table, is_fixed
from flashwright.formats.flash_toml import ReadSpecs, read_specs
from flashwright.formats.format import Source
from flashwright.formats.toml_source import TomlDocument, parse_toml
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Role

CATALOGUE = Catalogue()

FULL = """\
name = "board"

[device]
name = "esp8266"
configuration = ["1m-512", "2m-1024"]

[[device.flash]]
name = "spi"
erase_blocks = [[256, 4096]]

[update]
scheme = "alios-dual-bank"
sdk = "3.0"

[[partition]]
name = "application"
image = "600K"
slack = "10%"

[[partition]]
name = "log"
role = "filesystem"
owner = "spi"
size = "rest"
at_least = "64K"
description = "events"

[[accept]]
code = "GEO110"
reason = "left free for the next release"
"""

INLINE = """\
[device]
name = "own"
[[device.flash]]
name = "embedded"
base = 0x08000000
erase_blocks = [[4, 16384], [1, 65536], [7, 131072]]
[boot]
bank_mode = "single"
addresses = [0x08010000]
[[partition]]
name = "boot"
role = "bootloader"
at = 0
size = "64K"
[[partition]]
name = "application"
address = 0x08010000
size = "64K"
"""


def read(text: str | bytes, path: str = "flash.toml") -> ReadSpecs:
    data = text.encode() if isinstance(text, str) else text
    return read_specs(Source(path, data), CATALOGUE)


def told(findings: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    return [(f.code, f.place.line, f.place.column) for f in findings if f.place]


def test_one_spec_for_each_configuration_with_the_place_of_every_wish() -> None:
    result = read(FULL)
    assert result.findings == ()
    assert [s.device.id for s in result.specs] == ["esp8266:1m-512", "esp8266:2m-1024"]
    spec = result.specs[1]
    assert spec.implied and spec.update is not None and spec.update.sdk == "3.0"
    application, log = spec.partitions
    assert (application.image, application.slack_percent, application.role) == (
        600 << 10,
        10,
        Role.APPLICATION,
    )
    assert log.size.rest and log.size.at_least == 64 << 10 and log.owner == "spi"
    assert log.place is not None and (log.place.line, log.place.column) == (21, 8)
    owner = log.place_of("owner")
    assert owner is not None and owner.line == 23
    assert spec.accepted[0].reason.startswith("left free")
    assert spec.device.flash("spi") is not None


def test_an_inline_device_and_a_fixed_table() -> None:
    (spec,) = read(INLINE).specs
    assert spec.device.boot.boot_offsets == (0x10000,)
    assert is_fixed(spec)
    table = fixed_table(spec)
    boot, application = table.partitions
    assert (boot.start, boot.extent.start, boot.writable) == (0x08000000, 0, False)
    assert (application.start, application.extent.start) == (0x08010000, 0x10000)


def test_a_spec_with_ten_faults_reports_ten() -> None:
    text = """\
nam = "x"
[device]
name = "esp8266"
configuration = "2m-1025"
[update]
scheme = "alios-dual"
payload_size = "4X"
[[partition]]
name = "a"
size = -3
at = "1.00001K"
algin = 4
[[partition]]
name = "a"
size = 1180591620717411303424
role = "appl"
[[accept]]
code = "GEO101"
"""
    result = read(text)
    assert result.specs == ()
    assert sorted(told(result.findings), key=lambda t: t[1:]) == [
        ("SPC010", 1, 1),
        ("DEV002", 4, 17),
        ("SPC011", 6, 10),
        ("SPC012", 7, 16),
        ("SPC012", 10, 8),
        ("SPC012", 11, 6),
        ("SPC010", 12, 1),
        ("SPC015", 14, 8),
        ("SPC012", 15, 8),
        ("SPC011", 16, 8),
        ("SPC013", 17, 3),
    ]


def test_a_misspelt_required_key_is_told_once() -> None:
    result = read(INLINE.replace('name = "embedded"', 'nmae = "embedded"'))
    assert [f.code for f in result.findings] == ["SPC010"]
    assert "did you mean `name`" in result.findings[0].help
    both = read(INLINE.replace('name = "embedded"', 'title = "embedded"'))
    assert [f.code for f in both.findings] == ["SPC010", "SPC013"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "SPC013"),
        ("[device]\nname = 'nosuchchip'", "DEV001"),
        ("device = 3", "SPC011"),
        ("[device]\nname='esp8266'\nconfiguration='2m-1024'\npartition = 3", "SPC010"),
        ("partition = 3\n[device]\nname='esp8266'\nconfiguration='2m-1024'", "SPC011"),
        (INLINE + "shares = 3\n", "SPC011"),
        (INLINE + "at = 0x10000\n", "SPC017"),
        (INLINE.replace("0x08010000\nsize", "0x09000000\nsize"), "SPC018"),
        (INLINE + "owner = 'qspi'\n", "SPC019"),
        (INLINE.replace("addresses = [0x08010000]", "addresses = [0x20000000]"), "SPC018"),
        (INLINE.replace("addresses", "offsets = [0]\naddresses"), "SPC017"),
        ("[device\n", "FMT020"),
        ("a = 1\na = 2\n", "FMT020"),
        (b"\xff\xfe", "FMT021"),
        ("a = " + "[" * 5000, "FMT021"),
        ("a" + ".b" * 5000 + " = 1", "FMT021"),
        ("a = " + "9" * 5000, "FMT021"),
        (b"x" * (5 << 20), "FMT021"),
    ],
)
def test_each_fault_has_its_code(text: str | bytes, code: str) -> None:
    result = read(text)
    assert result.specs == ()
    assert code in [f.code for f in result.findings]
    assert all(f.place is not None and f.place.path == "flash.toml" for f in result.findings)


def test_names_with_escapes_are_not_printed_raw() -> None:
    result = read('[device]\nname = "\\u001b[31mx"\n[x."a\\u202eb"]\n')
    assert all(f.message.isprintable() and f.help.isprintable() for f in result.findings)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_findings_or_specs(data: bytes) -> None:
    result = read(data)
    assert result.specs or result.findings


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_mutated_spec_gives_findings_or_specs(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([FULL, INLINE]))
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 40))
    new = data.draw(st.text(max_size=12))
    result = read(text[:at] + new + text[at + cut :])
    assert result.specs or any(f.severity is Severity.ERROR for f in result.findings)


def test_the_published_schema_says_what_the_reader_takes() -> None:
    import tomllib

    schema = flash_toml_schema(device_schemas())
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in (FULL, INLINE):
        jsonschema.validate(tomllib.loads(text), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(FULL.replace("image", "imgae")), schema)
    json.dumps(schema)


def test_every_key_of_a_partition_is_read() -> None:
    """A key that the schema offers and the reader forgets would be a wish that nobody hears."""
    import inspect

    from flashwright.formats import flash_toml

    source = inspect.getsource(flash_toml)
    assert [k.name for k in PARTITION_KEYS if f'"{k.name}"' not in source] == []
    assert {f.name for f in fields(ReadSpecs)} == {"specs", "findings"}


class TestPlaces:
    """Places in TOML: dotted keys, inline tables, arrays of tables, quoted keys."""

    document = parse_toml(
        Source(
            "t.toml",
            (
                '"ä" = 1\n[a."q t"]\nb.c = {d = [1, 22]}\n[[p]]\n[[p]]\nx = 1\n[[p.s]]\ny = 2\n'
            ).encode(),
        )
    )

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            (("ä",), (1, 7)),
            (("a", "q t"), (2, 2)),
            (("a", "q t", "b", "c", "d"), (3, 12)),
            (("a", "q t", "b", "c", "d", 1), (3, 16)),
            (("p", 1), (5, 3)),
            (("p", 1, "x"), (6, 5)),
            (("p", 1, "s", 0, "y"), (8, 5)),
            (("p", 1, "nothing"), (5, 3)),
            (("nothing",), (0, 0)),
        ],
    )
    def test_values(self, path: tuple[str | int, ...], place: tuple[int, int]) -> None:
        assert isinstance(self.document, TomlDocument)
        found = self.document.place(*path)
        assert (found.line, found.column) == place

    def test_keys(self) -> None:
        assert isinstance(self.document, TomlDocument)
        found = self.document.key_place("a", "q t", "b", "c")
        assert (found.line, found.column) == (3, 3)
