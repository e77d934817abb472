"""`sync` on the command line: which table of a file is compared, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashwright.cli.main import main

BSP = """\
bsp.flash_map:
    areas:
        FLASH_AREA_BOOTLOADER: {device: 0, offset: 0, size: 32kB}
        FLASH_AREA_IMAGE_0: {device: 0, offset: 0x8000, size: 64kB}
bsp.flash_map.LARGE:
    areas:
        FLASH_AREA_BOOTLOADER: {device: 0, offset: 0, size: 48kB}
        FLASH_AREA_IMAGE_0: {device: 0, offset: 0xC000, size: 64kB}
"""
SCRIPT = "MEMORY { FLASH (rx) : ORIGIN = 0x0, LENGTH = 48K }\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "bsp.yml").write_text(BSP)
    (tmp_path / "boot.ld").write_text(SCRIPT)
    return [str(tmp_path / "bsp.yml"), str(tmp_path / "boot.ld")]


def test_one_of_several_tables_is_chosen(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", *files, "--table", "LARGE"]) == 0
    assert capsys.readouterr().out == "2 files: no findings\n"
    assert main(["sync", *files]) == 1
    told = capsys.readouterr().out
    assert "holds 2 tables; only `flash_map` was compared" in told and "--table" in told
    assert "SYN107" in told


def test_a_table_that_no_file_has_is_told(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", *files, "--table", "LAGRE"]) == 1
    assert "no file has a table `LAGRE`" in capsys.readouterr().out
