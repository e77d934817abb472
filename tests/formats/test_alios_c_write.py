"""The writer of AliOS Things C: what is written compiles, reads back, and edits keep the file."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats.alios_c import PAGES, alios_c_header, decode, encode
from flashwright.formats.alios_c_write import header_path
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.model.alios import ENUMERATIONS, PREFIX
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

CASES = Path(__file__).parent / "alios"


def partition(name: str, role: Role, start: int, size: int, **more: object) -> Partition:
    extent = Extent.of(start, size)
    return Partition(name, role, "embedded", extent, start, **more)  # type: ignore[arg-type]


ESP8266 = Table(
    "esp8266-2m",
    (
        partition("bootloader", Role.BOOTLOADER, 0, 0x1000, writable=False),
        partition("application", Role.APPLICATION, 0x1000, 0xF5000),
        partition("ota_temp", Role.OTA_TEMP, 0x101000, 0xF5000),
        partition("parameter_1", Role.BOOT_RECORD, 0x1F6000, 0x1000),
        partition("parameter_2", Role.KV, 0x1F7000, 0x2000),
        partition("parameter_3", Role.USER, 0x1F9000, 0x1000),
        partition("parameter_4", Role.SECURITY, 0x1FA000, 0x1000),
    ),
)


def written(*tables: Table, sdk: str = "3.0") -> str:
    encoded = encode(tables, WriteOptions(sdk=sdk))
    assert encoded.data is not None, encoded.findings
    return encoded.data.decode()


def values(p: Partition) -> tuple[object, ...]:
    what = (p.name, p.role, p.owner, p.extent, p.start, p.index, p.id, p.description)
    return (*what, p.readable, p.writable)


def codes(encoded: Encoded) -> list[str]:
    return [f.code for f in encoded.findings]


def test_the_worked_example() -> None:
    text = written(ESP8266)
    assert "const hal_logic_partition_t hal_partitions[] = {" in text
    assert "[HAL_PARTITION_PARAMETER_2] = {" in text
    assert ".partition_length = 0x2000, /* 8 KiB */" in text
    assert ".partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_DIS," in text
    assert "const size_t hal_partitions_amount" in text
    (table,) = decode(Source("board.c", text.encode()), ReadOptions()).tables
    assert [(p.name, p.role, p.extent) for p in table.partitions] == [
        (p.name, p.role, p.extent) for p in ESP8266.partitions
    ]


def test_amount_and_header_follow_the_release() -> None:
    old, new = written(ESP8266, sdk="1.3.4"), written(ESP8266, sdk="3.3")
    assert "_amount" not in old and '"hal/soc/soc.h"' in old
    assert "_amount" in new and '"aos/hal/flash.h"' in new


def test_several_tables_in_one_file() -> None:
    other = Table("2M 1024+1024", ESP8266.partitions)
    text = written(Table("1M-512x512", ESP8266.partitions), other)
    names = [t.name for t in decode(Source("b.c", text.encode()), ReadOptions()).tables]
    assert names == ["hal_partitions_1M_512x512", "hal_partitions_2M_1024_1024"]


def test_mapped_flash_is_written_as_cpu_addresses() -> None:
    flash = Flash("embedded", 0x0800_0000, (EraseRun(512, 2048),))
    device = Device("x", "", "X", "v", (flash,), BootFacts("embedded"))
    table = Table("t", ESP8266.partitions[1:2], device)
    assert ".partition_start_addr = 0x8001000," in written(table)
    again = decode(Source("b.c", written(table).encode()), ReadOptions(device=device))
    assert again.tables[0].partitions[0].extent == ESP8266.partitions[1].extent


@pytest.mark.parametrize("version", ENUMERATIONS)
def test_compiled_table_has_the_values(version: str, tmp_path: Path) -> None:
    gcc = shutil.which("gcc") or shutil.which("cc")
    if gcc is None:
        pytest.skip("no C compiler here: the generated C is not compiled")
    custom = partition("my_data", Role.CUSTOM, 0x180000, 0x3000, description='say "??/" \\ é\n')
    table = Table("t", (*ESP8266.partitions, custom))
    path = tmp_path / header_path(version)
    path.parent.mkdir(parents=True)
    path.write_text(alios_c_header(version, ["HAL_PARTITION_MY_DATA"]))
    main = tmp_path / "main.c"
    main.write_text(
        written(table, sdk=version)
        + """
#include <stdio.h>
int main(void)
{
    size_t i;
    for (i = 0; i < sizeof(hal_partitions) / sizeof(hal_partitions[0]); i++) {
        const hal_logic_partition_t *p = &hal_partitions[i];
        if (p->partition_length != 0)
            printf("%u %u %lx %lx %lx %s\\n", (unsigned)i, (unsigned)p->partition_owner,
                   (unsigned long)p->partition_start_addr, (unsigned long)p->partition_length,
                   (unsigned long)p->partition_options, p->partition_description);
    }
    return 0;
}
"""
    )
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O0"]
    program = tmp_path / "main"
    subprocess.run([gcc, *flags, "-I", tmp_path, "-o", program, main], check=True)
    out = subprocess.run([program], check=True, capture_output=True).stdout.decode()
    assert "0 0 0 1000 1 bootloader\n" in out
    assert "6 0 1f7000 2000 3 parameter_2\n" in out
    assert f'{len(ENUMERATIONS[version])} 0 180000 3000 3 say "??/" \\ é\n' in out


def test_what_a_release_cannot_say() -> None:
    own = partition("cloud", Role.CUSTOM, 0x200000, 0x1000)
    rtosa = partition("rtosa", Role.APPLICATION, 0, 0x1000, id="HAL_PARTITION_RTOSA")
    note, warn = encode((Table("t", (own, rtosa)),), WriteOptions(sdk="3.0")).findings
    assert (note.code, note.severity) == ("FMT120", Severity.NOTE)
    assert "HAL_PARTITION_MAX" in note.help
    assert (warn.code, warn.severity) == ("FMT120", Severity.WARNING) and "3.3" in warn.help
    assert codes(encode((Table("t", (rtosa,)),), WriteOptions(sdk="3.3"))) == []


@pytest.mark.parametrize(
    ("change", "sdk", "code"),
    [
        ({"owner": "nand"}, "3.0", "FMT121"),
        ({"start": 1 << 32, "extent": Extent.of(1 << 32, 16)}, "3.0", "FMT122"),
        ({"extent": Extent.of(0, 1 << 32)}, "3.0", "FMT122"),
        ({}, "4.0", "FMT124"),
    ],
)
def test_refused(change: dict[str, object], sdk: str, code: str) -> None:
    table = Table("t", (replace(ESP8266.partitions[1], **change),))  # type: ignore[arg-type]
    encoded = encode((table,), WriteOptions(sdk=sdk))
    assert encoded.data is None and codes(encoded) == [code]
    assert code in {page.code for page in PAGES}


def test_same_symbol_twice_is_refused() -> None:
    ids = {"id": "HAL_PARTITION_ATE"}
    two = (
        partition("a", Role.FIRMWARE, 0, 16, **ids),
        partition("b", Role.FIRMWARE, 16, 16, **ids),
    )
    assert "FMT126" in codes(encode((Table("t", two),), WriteOptions()))


# Editing -----------------------------------------------------------------------------------------


def edited(name: str, change: dict[str, dict[str, object]], *more: Partition) -> Encoded:
    base = Source(f"{name}.c", (CASES / f"{name}.c").read_bytes())
    (table,) = decode(base, ReadOptions()).tables
    partitions = tuple(replace(p, **change.get(p.name, {})) for p in table.partitions)  # type: ignore[arg-type]
    return encode((replace(table, partitions=(*partitions, *more)),), WriteOptions(base=base))


def place(start: int, size: int) -> dict[str, object]:
    return {"start": start, "extent": Extent.of(start, size)}


def test_edit_without_change_keeps_every_byte() -> None:
    for name in ("a_designated", "c_nested", "e_statements", "f_comma", "q_no_comma", "r_blocks"):
        assert edited(name, {}).data == (CASES / f"{name}.c").read_bytes()


def test_edit_changes_only_the_numbers() -> None:
    before = (CASES / "a_designated.c").read_text()
    encoded = edited("a_designated", {"application": place(0x1000, 0xE0000)})
    assert encoded.data is not None and encoded.findings == ()
    assert encoded.data.decode() == before.replace("0xF4000", "0xE0000")


def test_edit_keeps_the_style_of_numbers() -> None:
    encoded = edited("e_statements", {"parameter_1": place(0x0805D000, 0x2000)})
    assert encoded.data is not None
    assert b"partition_start_addr = 0x0805D000;" in encoded.data
    blocks = edited("r_blocks", {"application": place(0x2B000, 0x577000)})
    assert blocks.data is not None
    assert b".block_start = 0x2B," in blocks.data and b".block_count = 0x577," in blocks.data


def test_edit_appends_to_an_initialiser_and_to_statements() -> None:
    new = partition("my_data", Role.CUSTOM, 0x100000, 0x1000, id="HAL_PARTITION_MY_DATA")
    for name in ("a_designated", "q_no_comma", "c_nested", "e_statements", "p_line_comment"):
        encoded = edited(name, {}, new)
        assert encoded.data is not None, (name, encoded.findings)
        (table,) = decode(Source("b.c", encoded.data), ReadOptions()).tables
        assert table.partitions[-1].extent == new.extent
        assert codes(encoded) == ["FMT133"]


def test_edit_of_a_macro_is_told() -> None:
    encoded = edited("c_nested", {"parameter_2": place(0x60480000, 0x20000)})
    assert encoded.data is not None and b"partition_start_addr = 0x60480000," in encoded.data
    assert codes(encoded) == ["FMT131"]


def test_edit_refuses_what_it_cannot_do() -> None:
    new = partition("my_data", Role.CUSTOM, 0x100000, 0x1000)
    for name in ("t_positional", "r_mtd", "r_blocks", "u_numeric"):
        encoded = edited(name, {}, new)
        assert encoded.data is None and "FMT130" in codes(encoded)
    odd = edited("r_blocks", {"application": place(0x2A100, 0x1000)})
    assert odd.data is None and "FMT130" in codes(odd)
    unset = edited("c_nested", {"parameter_2": {"owner": "spi"}})
    assert unset.data is None and "FMT130" in codes(unset)


def test_edit_refuses_a_file_with_errors() -> None:
    base = Source("j.c", (CASES / "j_macros.c").read_bytes())
    encoded = encode((ESP8266,), WriteOptions(base=base))
    assert encoded.data is None and codes(encoded)[:2] == ["FMT130", "FMT101"]


def test_edit_of_a_file_that_needs_defines() -> None:
    base = Source("j.c", (CASES / "j_macros.c").read_bytes())
    defines = {"SPI_FLASH_CAPACITY": "0x200000"}
    (table,) = decode(base, ReadOptions(defines=defines)).tables
    unchanged = encode((table,), WriteOptions(base=base, defines=defines))
    assert unchanged.data == base.data and unchanged.findings == ()
    application, *rest = table.partitions
    moved = replace(application, start=0x9000, extent=Extent.of(0x9000, application.size))
    wished = replace(table, partitions=(moved, *rest))
    encoded = encode((wished,), WriteOptions(base=base, defines=defines))
    assert encoded.data == base.data.replace(
        b"partition_start_addr = 0x8000", b"partition_start_addr = 0x9000"
    )


def test_edit_takes_the_branch_of_the_defines() -> None:
    base = Source("k.c", (CASES / "k_ifdef.c").read_bytes())
    (table,) = decode(base, ReadOptions(defines={"JSENGINE": "1"})).tables
    (application,) = table.partitions
    smaller = replace(application, extent=Extent.of(application.extent.start, 500 * 1024))
    wished = replace(table, partitions=(smaller,))
    encoded = encode((wished,), WriteOptions(base=base, defines={"JSENGINE": "1"}))
    assert encoded.data is not None and codes(encoded) == []
    before, after = base.data.split(b"#else"), encoded.data.split(b"#else")
    assert before[1] == after[1] and b"= 500 * 1024" in after[0]


def test_edit_leaves_what_the_table_lacks() -> None:
    base = Source("a.c", (CASES / "a_designated.c").read_bytes())
    (table,) = decode(base, ReadOptions()).tables
    encoded = encode((Table("t", table.partitions[:1]),), WriteOptions(base=base))
    assert encoded.data == base.data and codes(encoded) == ["FMT132"]


# Properties --------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, Table]:
    version = draw(st.sampled_from(sorted(ENUMERATIONS)))
    symbols = draw(st.lists(st.sampled_from(ENUMERATIONS[version]), min_size=1, unique=True))
    partitions = []
    for symbol in symbols:
        start = draw(st.integers(0, 0xFFFFFFFF))
        partitions.append(
            Partition(
                symbol.lower(),
                Role.CUSTOM,
                draw(st.sampled_from(["embedded", "spi", "qspi"])),
                Extent.of(start, draw(st.integers(0, 0xFFFFFFFF))),
                start,
                id=PREFIX + symbol,
                description=draw(_TEXT.filter(lambda t: "\0" not in t)),
                readable=draw(st.booleans()),
                writable=draw(st.booleans()),
            )
        )
    return version, Table("t", tuple(partitions))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_round_trip(made: tuple[str, Table]) -> None:
    version, table = made
    first = decode(Source("b.c", written(table, sdk=version).encode()), ReadOptions(sdk=version))
    assert [f for f in first.findings if f.severity is Severity.ERROR] == []
    (once,) = first.tables
    for was, now in zip(table.partitions, once.partitions, strict=True):
        assert values(was)[2:5] + values(was)[6:] == values(now)[2:5] + values(now)[6:]
    (twice,) = decode(
        Source("b.c", written(once, sdk=version).encode()), ReadOptions(sdk=version)
    ).tables
    assert [values(p) for p in twice.partitions] == [values(p) for p in once.partitions]


_EDITED = ["a_designated", "c_nested", "e_statements", "q_no_comma", "p_line_comment"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_EDITED), st.data())
def test_edits_say_the_table(name: str, data: st.DataObject) -> None:
    base = Source(f"{name}.c", (CASES / f"{name}.c").read_bytes())
    (table,) = decode(base, ReadOptions()).tables
    numbers = st.tuples(st.integers(0, 0xFFFFFF), st.integers(1, 0xFFFFFF))
    moved = data.draw(st.dictionaries(st.sampled_from([p.name for p in table.partitions]), numbers))
    partitions = tuple(
        replace(p, **place(*moved[p.name])) if p.name in moved else p  # type: ignore[arg-type]
        for p in table.partitions
    )
    encoded = encode((replace(table, partitions=partitions),), WriteOptions(base=base))
    assert encoded.data is not None, encoded.findings
    (now,) = decode(Source(base.path, encoded.data), ReadOptions()).tables
    assert [values(p) for p in now.partitions] == [values(p) for p in partitions]
    for line in base.data.splitlines():
        if line.strip().startswith((b"//", b"/*")):
            assert line in encoded.data
