"""Writing into an existing file: every format does it, or says that it does not."""

from pathlib import Path

import pytest

from flashwright.app.convert import convert
from flashwright.app.shell_pages import PAGES
from flashwright.base.extent import Extent
from flashwright.cli.main import main
from flashwright.formats.catalog import FORMATS
from flashwright.formats.format import Source, WriteOptions
from flashwright.model.table import Partition, Role, Table

TABLE = Table(
    "t",
    (
        Partition("boot", Role.BOOTLOADER, "embedded", Extent.of(0x1000, 0x7000), 0x1000),
        Partition("app", Role.APPLICATION, "embedded", Extent.of(0x10000, 0x40000), 0x10000),
        Partition("ota", Role.OTA_TEMP, "embedded", Extent.of(0x50000, 0x40000), 0x50000),
    ),
)
WRITTEN = [form for form in FORMATS if form.writes]
WHOLE = {
    *("esp-idf-bin", "json", "ld-memory", "rust-memory-x", "c-header"),
    *("mcuboot-flash-map", "markdown"),
}


@pytest.mark.parametrize("form", WRITTEN, ids=lambda form: form.name)
def test_no_format_drops_an_existing_file_in_silence(form: object) -> None:
    name = form.name  # type: ignore[attr-defined]
    base = Source("existing", b"\x7f this is no file of any format\n")
    encoded = convert((TABLE,), name, WriteOptions(base=base))
    codes = [f.code for f in encoded.findings]
    assert encoded.data is None and ("FMT008" in codes) is (name in WHOLE)
    assert "FMT008" in {page.code for page in PAGES}


def test_whole_formats_are_written_without_a_base() -> None:
    for name in sorted(WHOLE):
        assert "FMT008" not in [f.code for f in convert((TABLE,), name).findings]
    assert convert((TABLE,), "markdown").data is not None


BOARD = """\
#include "sizes.h"
/* the board's own */
const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_APPLICATION] = {
        .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "app",
        .partition_start_addr = 0x10000,
        .partition_length = APP_SIZE,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    },
    [HAL_PARTITION_OTA_TEMP] = {
        .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "ota",
        .partition_start_addr = 512 * 1024,
        .partition_length = OTA_SIZE,
        .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN,
    },
};
"""


def test_defines_and_directories_reach_the_file(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc/sizes.h").write_text("#define APP_SIZE 0x40000\n")
    board, new = tmp_path / "board.c", tmp_path / "new.c"
    board.write_text(BOARD)
    with_values = ["-I", str(tmp_path / "inc"), "-D", "OTA_SIZE=0x40000"]
    arguments = ["convert", str(board), "--to", "alios-c", "--into", str(board), "-o", str(new)]
    assert main([*arguments, *with_values]) == 0
    assert new.read_text() == BOARD
    new.unlink()
    assert main(arguments) == 1 and not new.exists()


def test_an_overlay_is_merged_into_its_board(tmp_path: Path) -> None:
    boards = tmp_path / "boards"
    boards.mkdir()
    board, overlay = boards / "one.dts", tmp_path / "app.overlay"
    text = (
        '/dts-v1/; // ours\n/ { flash0: flash@0 { compatible = "soc-nv-flash"; reg = <0 0x80000>;\n'
        "\terase-block-size = <4096>; write-block-size = <4>;\n\tpartitions {\n"
        '\t\tcompatible = "fixed-partitions";\n\t\t#address-cells = <1>;\n\t\t#size-cells = <1>;\n'
        "\t\tboot_partition: partition@0 { reg = <0x0 DT_SIZE_K(64)>; };\n"
        "\t\tslot0_partition: partition@10000 { reg = <0x10000 0x30000>; };\n"
        "\t\tslot1_partition: partition@40000 { reg = <0x40000 0x30000>; };\n\t};\n}; };\n"
    )
    board.write_text(text)
    overlay.write_text("&slot0_partition { reg = <0x10000 0x28000>; };\n")
    (boards / "other.overlay").write_text("&slot1_partition { reg = <0x40000 0x1000>; };\n")
    new = tmp_path / "new.dts"
    arguments = ["convert", str(overlay), "-I", str(boards), "--to", "zephyr-dts", "-o", str(new)]
    assert main([*arguments, "--into", str(board)]) == 0
    assert new.read_text() == text.replace("<0x10000 0x30000>", "<0x10000 0x28000>")
    assert main([*arguments, "--into", str(overlay)]) == 0
    assert new.read_text() == overlay.read_text()


def test_a_flash_size_reaches_the_file(tmp_path: Path) -> None:
    env, new = tmp_path / "uboot.env", tmp_path / "new.env"
    env.write_text("# ours\nmtdparts=mtdparts=nor0:1m(u-boot),-(data)\nbootcmd=run x\n")
    arguments = ["convert", str(env), "--to", "mtdparts", "--into", str(env), "-o", str(new)]
    assert main([*arguments, "--flash-size", "8M"]) == 0
    assert new.read_bytes() == env.read_bytes()
