"""Editing files that are damaged: bytes or findings, never an exception, never another table."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats import alios_c, fal, infineon_json, mtdparts, zephyr_dts
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions

FAL = b"""\
#define APP_SIZE (64 * 1024)
#define ITEM(n, U) {FAL_PART_MAGIC_WORD, #n, "flash0", U##_AT, 0x1000, 0},
#define KV_AT 0x80000
#define FAL_PART_TABLE { \\
    {FAL_PART_MAGIC_WORD, "bl",  "flash0", 0, 64*1024, 0}, /* boot */ \\
    {FAL_PART_MAGIC_WORD, "app", "flash0", 64*1024, APP_SIZE, 0}, \\
    ITEM(kv, KV) \\
}
"""
DTS = b"""\
&flash0 { partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
  boot_partition: partition@0 { reg = <0x0 DT_SIZE_K(64)>; read-only; }; // boot
  slot0_partition: partition@10000 { compatible = "fixed-subpartitions"; reg = <0x10000 0x20000>;
    ranges = <0x0 0x10000 0x20000>; #address-cells = <1>; #size-cells = <1>;
    slot0_s_partition: partition@0 { reg = <0x0 0x10000>; };
  };
  storage_partition: partition@30000 { label = "storage"; reg = <0x30000 (2 * 4096)>; };
}; };
/ { chosen { zephyr,code-partition = &slot0_partition; }; };
"""
MTD = b"bootargs=x mtdparts=nor0:256k(u-boot)ro,64K(env),1m@0x80000(k);nand0:1m(a) quiet\n"
ALIOS = b"""\
#define SIZE 0x10000
const hal_logic_partition_t hal_partitions[] = {
    [HAL_PARTITION_APPLICATION] = { .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "app", .partition_start_addr = 0x1000, /* here */
        .partition_length = SIZE, .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN, },
    [HAL_PARTITION_OTA_TEMP] = { .partition_owner = HAL_FLASH_EMBEDDED,
        .partition_description = "ota", .partition_start_addr = 64 * 1024,
        .partition_length = SIZE, .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN, },
};
"""
POLICY = b"""{"boot_upgrade": {"firmware": [{"id": 1, "resources": [
  {"type": "BOOT", "address": 268435456, "size": 262144},
  {"type": "UPGRADE", "address": 402653184, "size": 262144}]}]}}
"""
BASES = {
    "fal_cfg.h": (fal, FAL),
    "app.overlay": (zephyr_dts, DTS),
    "uboot.env": (mtdparts, MTD),
    "board.c": (alios_c, ALIOS),
    "policy.json": (infineon_json, POLICY),
}
_PIECES = (
    *("", "{", "}", "<", ">", ";", "(", ")", '"', "/*", "*/", "//", "&", ",", "@", "-", "\\\n"),
    *(
        "\n#if 0\n",
        "\n#endif\n",
        "\n#define APP_SIZE 1\n",
        "/delete-node/ ",
        "reg = <",
        "\0",
        "\xff",
    ),
    *("0x", "partition@0 ", "ranges;", "mtdparts=", "ITEM(a, KV)", "[HAL_PARTITION_ATE] = {0},"),
)
_CUTS = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 12), st.sampled_from(_PIECES)), max_size=4
)
_MOVES = st.lists(
    st.none() | st.tuples(st.integers(0, 1 << 20), st.integers(1, 1 << 20)), min_size=4, max_size=4
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(list(BASES)), _CUTS, _MOVES, st.sets(st.integers(0, 3), max_size=2))
def test_damaged_files(
    path: str,
    cuts: list[tuple[int, int, str]],
    moves: list[tuple[int, int] | None],
    without: set[int],
) -> None:
    module, text = BASES[path]
    (table,) = module.decode(Source(path, text), ReadOptions()).tables
    partitions = []
    for number, (p, move) in enumerate(zip(table.partitions, moves, strict=False)):
        if number not in without or len(without) >= len(table.partitions):
            start, size = move or (p.extent.start, p.size)
            moved = p.start + start - p.extent.start
            partitions.append(replace(p, extent=Extent.of(start, size), start=max(0, moved)))
    wished = replace(table, partitions=tuple(partitions))
    data = text
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new.encode("latin-1") + data[at + length :]
    encoded = module.encode((wished,), WriteOptions(base=Source(path, data)))
    assert isinstance(encoded, Encoded)
    if encoded.data is None:
        assert any(f.severity is Severity.ERROR for f in encoded.findings)
        return
    now = module.decode(Source(path, encoded.data), ReadOptions())
    read = {p.extent for t in now.tables for p in t.partitions}
    assert {p.extent for p in partitions} <= read


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(BASES)), st.binary(max_size=200))
def test_any_bytes(path: str, data: bytes) -> None:
    module, text = BASES[path]
    tables = module.decode(Source(path, text), ReadOptions()).tables
    encoded = module.encode(tables, WriteOptions(base=Source(path, data)))
    assert encoded.data is not None or encoded.findings
    if encoded.data is not None:
        assert encoded.data.startswith(data.rstrip()) or path == "app.overlay"
