"""The reader of AliOS Things C: one file of our own for each dialect that shipped."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.formats.alios_c import PAGES, decode
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.model.table import Partition, Role
from flashwright.rules.catalog import run

CASES = Path(__file__).parent / "alios"

#: File -> partitions as "index name owner start size rights".
EXPECTED = {
    "a_designated": [
        "0 bootloader embedded 0x0 0x1000 r",
        "1 application embedded 0x1000 0xf4000 rw",
    ],
    "b_bound": ["3 ota_temp embedded 0x40000 0x3e000 rw"],
    "c_nested": [
        "1 application embedded 0x60040000 0x400000 rw",
        "6 parameter_2 embedded 0x60440000 0x20000 r",
    ],
    "d_inner_positional": ["1 application embedded 0x410 0xfbf0 rw"],
    "e_statements": [
        "1 application embedded 0x8000000 0x5c000 rw",
        "5 parameter_1 spi 0x805c000 0x1000 r",
    ],
    "f_comma": ["3 ota_temp embedded 0x40000 0xf8000 rw"],
    "g_set_twice": ["1 application embedded 0x8100000 0x4000 -"],
    "h_chained": [
        "1 application embedded 0x10000 0x80000 -",
        "5 parameter_1 embedded 0x90000 0x1000 -",
    ],
    "k_ifdef": [
        "1 application embedded 0x8009000 0x74000 -",
        "3 ota_temp embedded 0x8089000 0x74000 -",
    ],
    "l_if_zero": ["1 application embedded 0x2000 0x2000 -", "2 ate embedded 0x4000 0x1000 -"],
    "m_commented": ["1 application embedded 0x2000 0x2000 -"],
    "o_none": ["1 application embedded 0xc000 0x98000 -"],
    "p_line_comment": ["6 parameter_2 embedded 0x11000 0x2000 rw"],
    "q_no_comma": ["5 parameter_1 embedded 0x3e000 0x2000 -"],
    "r_blocks": [
        "1 application embedded 0x2a000 0x578000 rw",
        "21 env_redund embedded 0xffe000 0x2000 rw",
    ],
    "r_mtd": [
        "0 application_b embedded 0x194000 0x180000 rw",
        "1 parameter2_kv embedded 0x3fd000 0x2000 rw",
    ],
    "s_symbols": [
        "22 rtosa embedded 0x2a000 0x578000 -",
        "23 rtosb embedded 0x5ba000 0x578000 -",
        "11 littlefs embedded 0xb32000 0x1000 -",
        "None my_own embedded 0xb33000 0x1000 -",
    ],
    "t_positional": [
        "1 application embedded 0x0 0x20000 rw",
        "3 ota_temp embedded 0x20000 0x10000 rw",
    ],
    "u_numeric": [
        "1 bootloader embedded 0x10000000 0x8000 -",
        "6 parameter_2 embedded 0x100ff800 0x800 -",
    ],
    "beken": ["1 application embedded 0x11000 0x121000 r", "2 ota embedded 0x132000 0xa6000 r"],
}


def read(name: str, others: dict[str, bytes] | None = None, **options: object) -> Decoded:
    data = (CASES / f"{name}.c").read_bytes()
    return decode(Source(f"{name}.c", data, others or {}), ReadOptions(**options))  # type: ignore[arg-type]


def text(data: str, **options: object) -> Decoded:
    return decode(Source("board.c", data.encode()), ReadOptions(**options))  # type: ignore[arg-type]


def line(p: Partition) -> str:
    rights = ("r" if p.readable else "") + ("w" if p.writable else "") or "-"
    return f"{p.index} {p.name} {p.owner} {p.start:#x} {p.size:#x} {rights}"


def codes(decoded: Decoded) -> list[str]:
    return [f.code for f in decoded.findings]


@pytest.mark.parametrize("name", EXPECTED)
def test_dialect(name: str) -> None:
    (table,) = read(name).tables
    assert [line(p) for p in table.partitions] == EXPECTED[name]


def test_every_dialect_file_is_tested() -> None:
    apart = {"i_copied", "j_macros", "n_several"}
    assert {p.stem for p in CASES.glob("*.c")} == set(EXPECTED) | apart


def test_sound_files_have_no_findings() -> None:
    for name in (
        "a_designated",
        "b_bound",
        "c_nested",
        "e_statements",
        "f_comma",
        "l_if_zero",
        "beken",
    ):
        assert codes(read(name)) == []


def test_several_tables() -> None:
    one, two = read("n_several").tables
    assert (one.name, two.name) == ("hal_partitions_1M_512x512", "hal_partitions_2M_1024x1024")
    assert [p.start for t in (one, two) for p in t.partitions] == [0x81000, 0x101000]


def test_roles_and_symbols() -> None:
    (table,) = read("s_symbols").tables
    assert table.attributes["sdk"] == "3.3"
    assert [p.role for p in table.partitions] == [
        Role.APPLICATION,
        Role.OTA_TEMP,
        Role.FILESYSTEM,
        Role.CUSTOM,
    ]
    assert table.partitions[0].id == "HAL_PARTITION_RTOSA"


def test_the_release_gives_the_index() -> None:
    assert read("s_symbols", sdk="3.1").tables[0].partitions[2].index is None
    one = text("const hal_logic_partition_t t[]={[HAL_PARTITION_2ND_BOOT]={0,0,1,2,3}};", sdk="3.3")
    assert one.tables[0].partitions[0].index == 16
    two = text("const hal_logic_partition_t t[]={[HAL_PARTITION_2ND_BOOT]={0,0,1,2,3}};")
    assert two.tables[0].partitions[0].index == 13


def test_a_value_that_is_not_given_is_asked_for() -> None:
    decoded = read("j_macros")
    needs = [f for f in decoded.findings if f.code == "FMT101"]
    assert [f.facts["needs"] for f in needs] == [["SPI_FLASH_CAPACITY"], ["SPI_FLASH_CAPACITY"]]
    assert "-D SPI_FLASH_CAPACITY=" in needs[0].help
    assert [line(p) for p in decoded.tables[0].partitions] == [
        "8 parameter_4 embedded 0x807c000 0x1e000 -"
    ]
    assert decoded.tables[0].attributes["incomplete"] == ("APPLICATION", "PARAMETER_2")


def test_a_value_comes_from_outside() -> None:
    given = read("j_macros", defines={"SPI_FLASH_CAPACITY": "0x200000"})
    header = {"include/chip.h": b"#define SPI_FLASH_CAPACITY (2 * 1024 * 1024)\n"}
    data = b"#include <chip.h>\n" + (CASES / "j_macros.c").read_bytes()
    included = decode(Source("board.c", data, header), ReadOptions())
    for decoded in (given, included):
        assert codes(decoded) == []
        kv = decoded.tables[0].get("parameter_2")
        assert kv is not None and line(kv) == "6 parameter_2 embedded 0x1fd000 0x2000 rw"


def test_run_time_values_are_asked_for() -> None:
    decoded = read("h_chained")
    (finding,) = decoded.findings
    assert finding.code == "FMT101" and finding.facts["needs"] == ["main_size"]


def test_copied_table_is_found_in_the_given_files() -> None:
    assert set(codes(read("i_copied"))) == {"FMT101"}
    other = b"""#include "chip_flash.h"
    const chip_logic_partition_t chip_partitions[] = {
        [PARTITION_PARAMETER_1] = {
            .partition_owner = FLASH_EMBEDDED, .partition_description = "P1",
            .partition_start_addr = P1_START, .partition_length = 0x2000, .partition_options = 3 },
        [PARTITION_PARAMETER_2] = { FLASH_SPI, "P2", 0x2000, 0x4000, 1 },
    };"""
    others = {"hal/chip.c": other, "hal/chip_flash.h": b"#define P1_START 0x10000\n"}
    decoded = read("i_copied", others)
    assert codes(decoded) == []
    assert [line(p) for p in decoded.tables[0].partitions] == [
        "5 parameter_1 embedded 0x10000 0x2000 rw",
        "6 parameter_2 spi 0x2000 0x4000 r",
    ]


def test_settings_of_the_kv_store_reach_their_rule() -> None:
    settings = {"KV_CONFIG_TOTAL_SIZE": "0x100000", "KV_CONFIG_PARTITION": "6"}
    capacity = {"SPI_FLASH_CAPACITY": "0x200000"}
    (plain,) = read("j_macros", defines=capacity).tables
    (table,) = read("j_macros", defines=capacity | settings).tables
    assert table.attributes == plain.attributes | settings
    assert "DAT404" in {f.code for f in run(table)}
    assert "DAT404" not in {f.code for f in run(plain)}


def test_branches_are_chosen_by_defines_and_told() -> None:
    assert codes(read("k_ifdef")) == ["FMT106"]
    decoded = read("k_ifdef", defines={"JSENGINE": ""})
    assert codes(decoded) == []
    assert [line(p) for p in decoded.tables[0].partitions] == [
        "1 application embedded 0x8009000 0x87000 -"
    ]


def test_last_assignment_wins_and_is_told() -> None:
    (finding,) = read("g_set_twice").findings
    assert finding.code == "FMT103" and "0x8100000, not 0x8008000" in finding.message
    assert finding.place is not None and (finding.place.line, finding.related[0].line) == (6, 4)


def test_absent_entries() -> None:
    assert read("o_none").tables[0].attributes["absent"] == ("ATE", "RF_FIRMWARE")
    assert read("t_positional").tables[0].attributes["absent"] == ("entry 0", "entry 2")


def test_private_numbering_is_told() -> None:
    decoded = read("u_numeric")
    assert codes(decoded) == ["FMT109"]
    boot, kv = decoded.tables[0].partitions
    assert (boot.role, kv.role) == (Role.BOOTLOADER, Role.KV)


def test_places() -> None:
    app = read("a_designated").tables[0].partitions[1]
    assert app.place is not None and (app.place.line, app.place.column) == (12, 5)
    assert (app.places["start"].line, app.places["start"].column) == (15, 33)
    assert app.places["size"].line == 16 and app.places["description"].column == 34
    crlf = read("q_no_comma").tables[0].partitions[0]
    assert (crlf.places["start"].line, crlf.places["size"].line) == (5, 6)


def test_wrapping_is_told() -> None:
    decoded = text(
        "const hal_logic_partition_t t[]={[HAL_PARTITION_ATE]={0,0,0x1000,0x1000-0x2000,1}};"
    )
    assert codes(decoded) == ["FMT104"] and decoded.tables[0].partitions[0].size == 0xFFFFF000


def test_addresses_become_offsets_with_a_device() -> None:
    from flashwright.model.device import BootFacts, Device
    from flashwright.model.geometry import EraseRun, Flash

    flash = Flash("embedded", 0x0800_0000, (EraseRun(512, 2048),))
    device = Device("x", "", "X", "v", (flash,), BootFacts("embedded"))
    assert read("e_statements").tables[0].attributes["addresses"] == "cpu"
    app = read("e_statements", device=device).tables[0].partitions[0]
    assert (app.start, app.extent.start) == (0x0800_0000, 0)
    wrong = text("const hal_logic_partition_t t[]={{0,0,0x0804000,16,1}};", device=device)
    assert wrong.tables[0].partitions[0].extent.start == 0x804000


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("int x;", "no partition table"),
        ("hal_logic_partition_t t[] = {};", "nothing in the file fills it"),
        ("#if 0\nhal_logic_partition_t t[] = {{0,0,1,2,3}};\n#endif", "the compiler does not see"),
        (
            "#ifdef LARGE\nmico_logic_partition_t t[MAX] =\n{{0,0,1,2,3}};\n#else\n"
            "extern const mico_logic_partition_t t[];\n#endif",
            "the compiler does not see",
        ),
        ("/* hal_logic_partition_t t[] = {{0,0,1,2,3}}; */", "the compiler does not see"),
    ],
)
def test_what_there_is_instead_of_a_table_is_told(source: str, words: str) -> None:
    (finding,) = [f for f in text(source).findings if f.code == "FMT102"]
    assert words in finding.message
    if "see" in words:
        assert finding.message.startswith("`t`")
        assert (
            finding.place is not None
            and finding.place.line == source[: source.index(" t[")].count("\n") + 1
        )


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("int x;", "FMT102"),
        ("hal_logic_partition_t hal_partitions[HAL_PARTITION_MAX];", "FMT102"),
        (
            "const hal_logic_partition_t t[]={[HAL_PARTITION_ATE]={HAL_FLASH_NAND,0,1,2,3}};",
            "FMT105",
        ),
        ("const hal_logic_partition_t t[]={[HAL_PARTITION_ATE]={0,0,1 2,2,3}};", "FMT107"),
        ("hal_logic_partition_t t[9]; void f(){ if(x) t[1].partition_length = 9; }", "FMT108"),
        ("const hal_logic_partition_t t[]={[1 ... 2]={0,0,1,2,3},[2]={0,0,1,2,3}};", "FMT110"),
        (
            "#define A(x) x x x x\n#define B(x) A(A(A(A(x))))\nint q[]={" + "B(B(B(1)))," * 9,
            "FMT100",
        ),
        ("x" * (1 << 20) + "y", "FMT100"),
        ("#if\n#endif\nconst hal_logic_partition_t t[]={{0,0,1,2,3}};", "FMT107"),
        ("const hal_logic_partition_t t[]={[HAL_PARTITION_ATE]={0,0,1/0,2,3}};", "FMT101"),
        ("const hal_logic_partition_t t[]={[HAL_PARTITION_ATE]={0,0,1<<70,2,3}};", "FMT101"),
    ],
)
def test_finding(source: str, code: str) -> None:
    decoded = text(source)
    assert code in codes(decoded)
    assert code in {page.code for page in PAGES}


@pytest.mark.parametrize(
    "source",
    [
        "const hal_logic_partition_t t[]={{0,0," + "(" * 3000 + "1" + ")" * 3000 + ",2,3}};",
        "void f(){" + "a=" * 3000 + "1;}",
        "const hal_logic_partition_t t[]=" + "{" * 3000 + "}" * 3000 + ";",
        "#define A0 A1 A1\n"
        + "".join(f"#define A{i} A{i + 1} A{i + 1}\n" for i in range(1, 40))
        + "int x = A0;",
        "#define A A B\n#define B B A\nhal_logic_partition_t t[A];",
        '#include "board.c"\n',
    ],
)
def test_bombs_give_a_value(source: str) -> None:
    decoded = decode(
        Source("board.c", source.encode(), {"board.c": source.encode()}), ReadOptions()
    )
    assert decoded.tables == () and decoded.findings


def test_arithmetic() -> None:
    cases = {
        "(2 + 3) * 4 - 010": 12,
        "~0xFFFFFFF0u & 0xFF": 0xF,
        "1 << 12 | 0x3UL": 0x1003,
        "(uint32_t)0x10 / 3": 5,
        "7 % 4 == 3 ? 64 : 32": 64,
        "!0 && (0 || 2)": 1,
        "-4096 + 8192": 4096,
        "0x2000 -0x1000": 0x1000,
        "sizeof(int)": None,
    }
    for said, value in cases.items():
        decoded = text(
            f"const hal_logic_partition_t t[]={{[HAL_PARTITION_ATE]={{0,0,{said},2,3}}}};"
        )
        starts = [p.start for t in decoded.tables for p in t.partitions]
        assert starts == ([] if value is None else [value]), said


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_value(data: bytes) -> None:
    assert isinstance(decode(Source("x.c", data), ReadOptions()), Decoded)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(p.name for p in CASES.glob("*.c"))),
    st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.integers(0, 12),
            st.sampled_from(
                ["", "(", "}", "{", "#", "\n#if ", '"', "/*", "[", "\\\n", "0x", ",", "."]
            ),
        ),
        max_size=6,
    ),
)
def test_mutated_files_give_a_value(name: str, cuts: list[tuple[int, int, str]]) -> None:
    data = (CASES / name).read_bytes()
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new.encode() + data[at + length :]
    assert isinstance(decode(Source(name, data), ReadOptions()), Decoded)
