"""The command line: exit status, bad input, files written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from flashwright.cli.main import COMMANDS, main, parser

ROOT = Path(__file__).resolve().parents[2]
WORKED = ROOT / "examples/esp8266-2m/flash.toml"

SOUND = """\
[device]
name = "esp8266"
configuration = "2m-1024"
[[partition]]
name = "application"
at = 0x1000
size = "980K"
[[partition]]
name = "ota_temp"
at = 0x101000
size = "980K"
"""


def spec(folder: Path, text: str = SOUND) -> str:
    path = folder / "flash.toml"
    path.write_text(text)
    return str(path)


def test_every_verb_has_help_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert main([command.name, "--help"]) == 0
        assert "usage: flashwright" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert main([]) == 2
    assert main(["plam"]) == 2
    assert len(parser().format_help()) > 200


def test_check_is_0_when_sound_and_1_at_the_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", spec(tmp_path)]) == 0
    bad = SOUND.replace("0x101000", "0xF0000")
    assert main(["check", spec(tmp_path, bad)]) == 1
    out = capsys.readouterr().out
    assert "error[GEO101]" in out and "flash.toml:10:" in out


def test_json_follows_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "src/flashwright/schemas/output.schema.json").read_text())
    path = spec(tmp_path, SOUND.replace("0x101000", "0xF0000"))
    assert main(["check", path, "--output-format", "json"]) == 1
    whole = json.loads(capsys.readouterr().out)
    jsonschema.validate(whole, schema)
    first = whole["tables"][0]["partitions"][0]
    assert (first["offset"], first["size"], first["line"]) == (0x1000, 980 << 10, 5)
    assert main(["plan", str(WORKED), "--output-format", "json"]) == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)


@pytest.mark.parametrize("form", ["sarif", "github"])
def test_other_outputs(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = spec(tmp_path, SOUND.replace("0x101000", "0xF0000"))
    assert main(["check", path, "--output-format", form]) == 1
    out = capsys.readouterr().out
    assert "GEO101" in out
    if form == "sarif":
        rules = json.loads(out)["runs"][0]["tool"]["driver"]["rules"]
        assert all("shortDescription" in rule for rule in rules)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.csv", b""),
        ("noise.c", bytes(range(256)) * 20),
        ("zeros.bin", bytes(1 << 16)),
        ("erased.bin", b"\xff" * (1 << 16)),
        ("latin.toml", b'name = "\xe4"'),
        ("cut.toml", b"[device\nna"),
        ("text.txt", b"nothing of a layout\n"),
        ("deep.json", b"[" * 100_000),
        ("deep.yml", b"a: " + b"{a: " * 20_000),
        ("nul.toml", b"a = 1\0"),
        ("big.toml", b"#" * (5 << 20)),
        ("huge.toml", SOUND.replace("980K", str(2**70)).encode()),
    ],
)
@pytest.mark.parametrize("verb", ["check", "draw", "plan"])
def test_bad_files_get_one_clear_answer(
    tmp_path: Path, verb: str, name: str, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert main([verb, str(path)]) in (1, 2)
    told = capsys.readouterr()
    assert "error[" in told.out + told.err
    assert "Traceback" not in told.out + told.err
    assert path.read_bytes() == data


def test_missing_files_and_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["check"], ["plan"], ["draw"], ["convert", "--to", "json"]):
        assert main([*verb, str(tmp_path / "nothing.toml")]) == 2
        assert main([*verb, str(tmp_path)]) == 2
    assert "HST001" in capsys.readouterr().err


def test_a_misspelt_file_is_told_with_the_one_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec(tmp_path)
    assert main(["check", str(tmp_path / "falsh.toml")]) == 2
    assert "did you mean `flash.toml`?" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "elsewhere.csv")]) == 2
    assert "did you mean" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [["draw", "--as", "svg"], ["convert", "--to", "json"], ["diff", "OLD"]]
)
def test_an_output_never_takes_the_place_of_an_input(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = spec(tmp_path)
    before = Path(path).read_bytes()
    old = tmp_path / "old.toml"
    old.write_bytes(before.replace(b"0x101000", b"0x100000"))
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    named = [str(old) if a == "OLD" else a for a in command]
    assert main([*named, path, "-o", str(link)]) == 2
    assert "HST005" in capsys.readouterr().err
    assert Path(path).read_bytes() == before


def test_partitions_are_written_back_into_the_file_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "partitions.csv"
    path.write_text("# mine\nnvs, data, nvs, 0x9000, 0x6000\n")
    form = ["--to", "esp-idf-csv", "--into", str(path), "-o", str(path)]
    before = path.read_bytes()
    assert main(["convert", str(path), *form[:2], *form[4:]]) == 2
    assert main(["convert", str(path), *form]) == 0
    assert path.read_bytes() == before


def test_nothing_is_written_for_a_faulty_layout(tmp_path: Path) -> None:
    path = spec(tmp_path, SOUND.replace("0x101000", "0xF0000"))
    out = tmp_path / "out.json"
    out.write_text("before")
    assert main(["convert", path, "--to", "json", "-o", str(out)]) == 1
    assert out.read_text() == "before"
    assert main(["convert", path, "--to", "json", "-o", str(out), "--force"]) == 0
    assert json.loads(out.read_text())["tables"]
    assert sorted(os.listdir(tmp_path)) == ["flash.toml", "out.json"]


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "no" / "such" / "map.svg")
    assert main(["draw", spec(tmp_path), "-o", target]) == 2
    assert "HST003" in capsys.readouterr().err


def test_the_mode_of_an_existing_file_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "map.svg"
    out.write_text("old")
    out.chmod(0o640)
    assert main(["draw", spec(tmp_path), "-o", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o640 and out.read_text().startswith("<svg")


def test_terminal_escapes_in_names_are_not_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SOUND.replace('name = "ota_temp"', 'name = "\\u001b[31m<b>\\u202e"')
    for verb in (["check"], ["draw"], ["convert", "--to", "markdown"]):
        main([verb[0], spec(tmp_path, text), *verb[1:]])
        told = capsys.readouterr()
        assert "\x1b" not in told.out + told.err and "\u202e" not in told.out + told.err


def test_accepted_findings_need_a_reason_and_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = SOUND.replace("0x101000", "0xF0000")
    accept = '[[accept]]\ncode = "GEO101"\nreason = "a test"\n'
    main(["check", spec(tmp_path, bad + accept)])
    out = capsys.readouterr().out
    assert "GEO101" not in out and "accepted" in out
    main(["check", spec(tmp_path, SOUND + accept)])
    assert "SPC020" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ota_temp", "application"])
def test_accepted_findings_of_a_partition_are_those_that_concern_it(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = SOUND.replace("0x101000", "0xF0000")
    accept = f'[[accept]]\ncode = "GEO101"\nreason = "a test"\npartition = "{name}"\n'
    main(["check", spec(tmp_path, bad + accept)])
    out = capsys.readouterr().out
    assert "GEO101" not in out and "SPC020" not in out


def test_accepted_findings_of_another_partition_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The help and message of other findings may name the flash, which is no partition.
    bad = SOUND.replace("0x101000", "0x1F0000")
    for name in ("bootloader", "embedded"):
        accept = f'[[accept]]\ncode = "GEO102"\nreason = "a test"\npartition = "{name}"\n'
        assert main(["check", spec(tmp_path, bad + accept)]) == 1
        out = capsys.readouterr().out
        assert "GEO102" in out and "SPC020" in out


def test_unknown_devices_formats_and_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = spec(tmp_path)
    assert main(["check", path, "--device", "esp82666"]) == 2
    assert main(["check", path, "--device", "esp8266"]) == 2
    assert main(["check", path, "--from", "alios"]) == 2
    assert main(["convert", path, "--to", "alios"]) != 0
    assert main(["explain", "GEO999"]) == 2
    told = capsys.readouterr()
    assert "did you mean `esp8266`" in told.err
    assert "2m-1024" in told.err and "alios-c" in told.err + told.out
    assert main(["explain", "overlap"]) == 0
    assert main(["explain"]) == 0


def test_schemas_and_completion(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("flash", "output"):
        assert main(["schema", what]) == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    assert "flashwright" in capsys.readouterr().out


OUTSIDE = (
    "boot:\n  address: 0x0\n  size: 0x8000\nlog:\n  region: qspi\n  address: 0x0\n  size: 0x4000\n"
)


def test_a_flash_of_the_board_is_given_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = tmp_path / "pm_static.yml"
    layout.write_text(OUTSIDE)
    command = ["check", str(layout), "--device", "nrf52840", "--output-format", "json"]

    def codes(*more: str) -> set[str]:
        main([*command, *more])
        return {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]}

    assert "GEO107" in codes()
    assert not codes("--flash", "qspi=8M") & {"GEO102", "GEO104", "GEO107"}
    assert "GEO102" in codes("--flash", "qspi=8K")
    assert "GEO104" in codes("--flash", "qspi=8M/64K")


def test_flashes_alone_are_a_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = tmp_path / "pm_static.yml"
    layout.write_text(OUTSIDE)
    assert main(["check", str(layout), "--flash", "embedded=16K", "--flash", "qspi=1M"]) == 1
    assert "error[GEO102]" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["qspi", "qspi=0", "qspi=8x", "=8M", "qspi=1M/3K", "qspi=1M@x"])
def test_a_flash_that_is_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(WORKED), "--flash", text]) == 2
    assert "--flash" in capsys.readouterr().err


def test_a_flash_that_is_there_already(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(WORKED), "--device", "nrf52840", "--flash", "embedded=1M"]
    assert main(arguments) == 2
    assert "DEV012" in capsys.readouterr().err


def test_damaged_device_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flashwright.cli import devices
    from flashwright.host.catalogue import Catalogue

    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setattr(devices, "Catalogue", lambda: Catalogue([tmp_path]))
    assert main(["devices", "nrf52840"]) == 0
    streams = capsys.readouterr()
    assert "nRF52840" in streams.out and "DEV004" in streams.err and "broken.json" in streams.err
