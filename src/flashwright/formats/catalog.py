"""Every format that the project reads or writes, on one page, and how a file is recognised."""

from __future__ import annotations

import re

from flashwright.formats.format import Format

FORMATS: tuple[Format, ...] = (
    Format(
        "alios-c",
        "AliOS Things and Beken C tables",
        "flashwright.formats.alios_c",
        (".c", ".h"),
        (
            (
                rb"\w_logic_partition_t|\bmtd_partition_t|aos_flashpart_t"
                rb"|HAL_PARTITION_"
            ),
        ),
    ),
    Format(
        "fal",
        "RT-Thread FAL header",
        "flashwright.formats.fal",
        (".h",),
        ((rb"FAL_PART_TABLE|FAL_PART_MAGIC_W(?:OR|RO)D"),),
    ),
    Format(
        "esp-idf-bin",
        "ESP-IDF binary partition table",
        "flashwright.formats.esp_idf_bin",
        (".bin",),
        ((rb"\A(?:\xaaP|\xeb\xeb)"),),
        binary=True,
    ),
    Format(
        "beken-csv",
        "Beken Armino partition CSV",
        "flashwright.formats.beken_csv",
        (".csv",),
        (
            (
                rb"^#?[ \t]*Name[ \t]*,[ \t]*Offset[ \t]*,[ \t]*Size[ \t]*,[ \t]*Execute"
                rb"|^[ \t]*(?:primary|secondary)_[a-z0-9_]+[ \t]*,"
            ),
        ),
    ),
    Format(
        "esp-idf-csv",
        "ESP-IDF partition CSV",
        "flashwright.formats.esp_idf_csv",
        (".csv",),
        (
            (
                rb"^[^#\n,]*,[ \t]*(?:app|data|bootloader|partition_table|0x[0-9a-f]+|[0-9]+)"
                rb"[ \t]*,[^\n]*,"
            ),
        ),
    ),
    Format(
        "zephyr-dts",
        "Zephyr devicetree or overlay",
        "flashwright.formats.zephyr_dts",
        (".dts", ".dtsi", ".overlay"),
        (
            (
                rb"fixed-partitions|fixed-subpartitions|mapped-partition|partition@|_partition\b[^\n]*\{"
            ),
        ),
    ),
    Format(
        "nrf-pm-static",
        "nRF Connect SDK pm_static.yml, partitions.yml",
        "flashwright.formats.nrf_pm_static",
        (".yml", ".yaml"),
        (
            (
                rb"^[\w-]+:[ \t]*(?:&\w+)?[ \t]*\r?\n(?:[ \t]+[^\n]*\n)*?"
                rb"[ \t]+(?:address|region|span|size):"
            ),
        ),
    ),
    Format(
        "mynewt-bsp",
        "Apache Mynewt bsp.yml",
        "flashwright.formats.mynewt_bsp",
        (".yml", ".yaml"),
        ((rb"bsp\.flash_map"),),
    ),
    Format(
        "bouffalo-toml",
        "Bouffalo Lab partition TOML",
        "flashwright.formats.bouffalo_toml",
        (".toml",),
        ((rb"^[ \t]*\[\[?pt_(?:entry|table)\]"),),
    ),
    Format(
        "picotool-json",
        "Raspberry Pi picotool partition table JSON",
        "flashwright.formats.picotool_json",
        (".json",),
        ((rb'"partitions"\s*:\s*\['), (rb'"unpartitioned"|"families"|"permissions"')),
    ),
    Format(
        "infineon-json",
        "Infineon flash map JSON",
        "flashwright.formats.infineon_json",
        (".json",),
        ((rb'"boot_and_upgrade"|"bootloader_area"|"memory_regions"|"boot_upgrade"'),),
    ),
    Format(
        "mtdparts",
        "Linux and U-Boot mtdparts string",
        "flashwright.formats.mtdparts",
        (".txt", ".mtdparts", ".env"),
        (
            (
                rb"mtdparts=[^\s;:]{1,200}:|\A[\w.-]+:(?:-|[0-9a-fx]+[kmg]?)(?:@[0-9a-fx]+[kmg]?)?\([^)]*\)"
            ),
        ),
    ),
    Format(
        "json",
        "flashwright's own JSON",
        "flashwright.formats.own_json",
        (".json",),
        ((rb'"tables"\s*:\s*\['),),
        edits=False,
    ),
    Format(
        "ld-memory",
        "GNU ld MEMORY regions",
        "flashwright.formats.ld_memory",
        (".ld", ".x", ".lds"),
        ((rb"^[ \t]*MEMORY\b\s*\{"),),
        edits=False,
    ),
    Format(
        "rust-memory-x",
        "Rust memory.x",
        "flashwright.formats.rust_memory_x",
        (".x",),
        reads=False,
    ),
    Format(
        "dump",
        "raw flash image that holds a table",
        "flashwright.formats.dump",
        (".bin", ".img"),
        writes=False,
        binary=True,
    ),
    Format("c-header", "C header", "flashwright.formats.c_header", (".h",), reads=False),
    Format(
        "mcuboot-flash-map",
        "MCUboot flash map header",
        "flashwright.formats.mcuboot_flash_map",
        (".h",),
        reads=False,
    ),
    Format("markdown", "Markdown", "flashwright.formats.markdown", (".md",), reads=False),
)


#: How much of a file is looked at, in bytes.
_HEAD = 256 << 10


def format_named(name: str) -> Format | None:
    """The format called ``name``, ``None`` if there is none."""
    return next((f for f in FORMATS if f.name == name), None)


def resembles(ending: str, data: bytes) -> bool:
    """Whether ``data`` may be of a format whose files have that ending, such as ``.toml``."""
    head = data[:_HEAD]
    return any(
        f.reads and ending in f.suffixes and _share(f, head) for f in FORMATS if f.signatures
    )


def recognised(path: str, data: bytes) -> tuple[Format, ...]:
    """The formats that ``data`` may be, best first; content counts before the name's ending.

    Where one of this ending matches wholly, formats of other endings are not tried, and those of
    this ending that match in part are none.
    """
    head = data[:_HEAD]
    binary = b"\0" in head[:4096]
    name = path.lower()
    readable = [f for f in FORMATS if f.reads and f.signatures and (f.binary or not binary)]
    named = [f for f in readable if name.endswith(f.suffixes)]
    scored = [(share + 0.5, f) for f in named if (share := _share(f, head))]
    if whole := [f for score, f in scored if score == 1.5]:
        return tuple(whole)
    others = [f for f in readable if f not in named]
    scored += [(share, f) for f in others if (share := _share(f, head))]
    return tuple(f for _, f in sorted(scored, key=lambda s: -s[0]))


def _share(form: Format, head: bytes) -> float:
    """The share of the signatures of ``form`` that match."""
    hits = sum(1 for s in form.signatures if re.search(s, head, re.M | re.S))
    return hits / len(form.signatures)
