"""Every reader on bytes that nobody meant as a layout, and on layouts with something broken in.

Whatever comes in, a reader gives tables and findings: no other exception, no hang, no heap of
memory. The rules run on what was read, so that no reader hands on a table that they cannot stand.
"""

from __future__ import annotations

import resource
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_files import samples

from flashwright.app.convert import convert
from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.diag.finding import Finding, Severity
from flashwright.formats import c_preprocess
from flashwright.formats.catalog import FORMATS, format_named
from flashwright.formats.flash_toml import read_specs
from flashwright.formats.format import Decoded, ReadOptions, Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.catalog import run

READERS = [f.name for f in FORMATS if f.reads]
SPEC = "flash-toml"
CATALOGUE = Catalogue()
DEVICE = Device(
    "board", "", "board", "", (Flash("embedded", 0x8000000, (EraseRun(1024, 4096),)),),
    BootFacts("embedded"),
)  # fmt: skip
#: Bytes of memory that reading a hostile file of some hundred kilobytes may take at its peak.
MOST_MEMORY = 300 << 20


def table() -> Table:
    """A layout that every format can say."""

    def part(name: str, role: Role, start: int, size: int, pair: str | None = None) -> Partition:
        return Partition(
            name, role, "embedded", Extent.of(start, size), start=start, id=name, pair=pair
        )

    return Table(
        "t",
        (
            part("nvs", Role.KV, 0x9000, 0x4000),
            part("otadata", Role.BOOT_RECORD, 0xD000, 0x2000),
            part("app0", Role.APPLICATION, 0x10000, 0x100000, "ota"),
            part("app1", Role.OTA_TEMP, 0x110000, 0x100000, "ota"),
            part("storage", Role.FILESYSTEM, 0x210000, 0x80000),
        ),
    )


#: Layouts with what makes a format hard: anchors, macros, variables, nesting, several tables.
BY_HAND = {
    "alios-c": b"""#include <x.h>
#define K(n) ((n) * 1024)
#if defined(BIG) && (K(4) > 1)
#define SIZE K(512)
#else
#define SIZE 0x40000
#endif
static const hal_logic_partition_t hal_partitions[] = {
  [HAL_PARTITION_APPLICATION] = {
    .partition_owner = HAL_FLASH_EMBEDDED, .partition_description = "app",
    .partition_start_addr = 0x1000, .partition_length = SIZE,
    .partition_options = PAR_OPT_READ_EN | PAR_OPT_WRITE_EN, },
};
void f(void) { hal_partitions[1].partition_length = (K(8), K(4)); }
""",
    "fal": b"""#define FLASH_START 0x08000000
#define FAL_PART_TABLE { \\
  {FAL_PART_MAGIC_WORD, "app", "onchip", 0, 256*1024, 0}, \\
  {FAL_PART_MAGIC_WORD, "kv", "onchip", 256*1024, 16*1024, 0}, }
""",
    "esp-idf-csv": b"\xef\xbb\xbf# n\nnvs,data,nvs,,24K\n"
    b"x, 0x40, 1 , $A, -2M, encrypted:readonly\n",
    "beken-csv": b"#Name,Offset,Size,Execute,Read,Write\nbl2,0,64k,TRUE,TRUE,FALSE\nap,,1M\n",
    "zephyr-dts": b"""/dts-v1/;
/ { soc { flash0: flash@8000000 { reg = <0x8000000 DT_SIZE_K(512)>;
  partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
    boot: partition@0 { label = "mcuboot"; reg = <0 (0x4000 * 2)>; read-only; };
    p1: partition@8000 { reg = <0x8000 0x4000>; }; }; }; }; };
&boot { /delete-property/ label; };
/delete-node/ &p1;
""",
    "nrf-pm-static": b"""app: &a
  address: 0x1000
  size: 0x2000
  region: flash_primary
s:
  address: 0x1000
  size: 0x2000
  span: [app]
  orig_span: *a
""",
    "mynewt-bsp": b"bsp.flash_map:\n  areas:\n    FLASH_AREA_X:\n      device: 0\n"
    b"      user_id: 1\n      offset: 0x8000\n      size: 16kB\n",
    "bouffalo-toml": b'[pt_table]\naddress0 = 0xE000\n[[pt_entry]]\nname = "FW"\ntype = 0\n'
    b"device = 0\naddress0 = 0x10000\nsize0 = 0x8000\naddress1 = 0\nsize1 = 0\nlen = 0\n",
    "picotool-json": b'{"version":[1,0],"unpartitioned":{"families":["absolute"]},"partitions":'
    b'[{"name":"A","id":0,"start":0,"size":"512K","link":["a",0]}]}',
    "infineon-json": b'{"boot_and_upgrade":{"bootloader":{"address":{"value":"0x10000000"},'
    b'"size":{"value":"0x18000"}},"application_1":{"address":{"value":"0x10018000"}}}}',
    "mtdparts": b"mtdparts=flash0:64k@0(boot)ro,0x10000(env),-(rest);nand:1M(a)lk",
    "json": b'{"flashwright": 1, "tables": [{"name": "t", "partitions": '
    b'[{"name": "a", "offset": 0, "size": 4096}]}]}',
    "ld-memory": b"_s = 4K;\nMEMORY { A (rx) : ORIGIN = 0 + (_s * 2), LENGTH = LENGTH(A) | 1M }\n",
    SPEC: b'[device]\nname = "esp32:4mb"\n[[partition]]\nname = "a"\nrole = "application"\n'
    b'size = "1M"\nat = 0x10000\n[update]\nscheme = "esp-idf"\n',
}

#: What is put into a layout to break it.
PIECES = (
    b"0x" + b"F" * 40, b"9" * 5000, b"-1", b"1e999", b"0", b"", b"\0", b"\xff\xfe", b"\xe2\x80\xae",
    b"(" * 300, b"[" * 300, b"{" * 300, b'"', b"'", b"/*", b"*/", b"//", b"#", b"\\\n", b"\r\n",
    b",", b";", b":", b"=", b"\t", b"&x ", b"*x ", b"<<: *a\n", b"!!python/object:os.system ",
    b"#define K K K\n", b"#define SIZE SIZE(SIZE)\n", b"#if 1/0\n", b"#include \"x.h\"\n", b"$A",
    b"${A}", b"%", b"1 << 63", b"null", b"true", b"NaN", b"Infinity", b"\xc3\x28", b"\xed\xa0\x80",
)  # fmt: skip

#: Files that grow when they are read by the book.
BOMBS = {
    "aliases": b"a: &a [x, x, x, x, x, x, x, x, x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (i + 1, i + 1, b", ".join([b"*%c" % i] * 9)) for i in range(97, 110)
    ),
    "nested yaml": b"".join(b" " * i + b"a:\n" for i in range(2000)),
    "macros": b"".join(b"#define A%d A%d A%d\n" % (i, i + 1, i + 1) for i in range(60))
    + b"hal_logic_partition_t p[] = { { .partition_length = A0 } };\n"
    + b"#define FAL_PART_TABLE { {FAL_PART_MAGIC_WORD, A0} }\n",
    "brackets": b"[" * 10_000,
    "braces": b'{"a":' * 20_000,
    "parentheses": b"hal_logic_partition_t p[] = " + b"(" * 5_000,
    "tags": b"/ { " + b"a { " * 10_000,
    "comments": b"/*" * 10_000,
    "quotes": b'"' * 10_000,
    "commas": b"," * 20_000,
    "lines": b"\n" * 20_000,
    "rows": b"a, data, nvs, , 4K\n" * 5_000,
    "areas": b"- a\n" * 5_000,
    "digits": b"a, data, nvs, " + b"9" * 20_000 + b", 1",
    "regions": b"MEMORY {" + b"A : ORIGIN = 0, LENGTH = 1\n" * 3_000 + b"}",
    "symbols": b"".join(b"a%d = a%d + a%d;\n" % (i, i + 1, i + 1) for i in range(100))
    + b"MEMORY { A : ORIGIN = a0, LENGTH = 1 }",
    "heads": b"MEMORY {" + b"a " * 20_000,
    "keys": b"".join(b"k%d = 1\n" % i for i in range(3_000)),
    "tables": b'{"tables": [' + b'{"partitions": [{}]},' * 2_000 + b"{}]}",
    "mtd": b"mtdparts=a:" + b"-(x)," * 5_000,
    "erased": b"\xff" * 20_000,
    "magics": b"\xaa\x50\x01\x02" * 20_000,
    "zeros": bytes(20_000),
}  # fmt: skip


@cache
def seeds(form: str) -> tuple[bytes, ...]:
    """Layouts of the format: written by the project, made by hand, and of real projects."""
    found = [BY_HAND[form]] if form in BY_HAND else []
    kind = format_named(form)
    if kind is not None and kind.writes:
        written = convert((replace(table(), device=DEVICE),), form).data
        found += [written] if written is not None else []
    if form == "dump":
        found += [b"\xff" * 0x8000 + seeds("esp-idf-bin")[0] + b"\xff" * 64]
    real = [s.source.data for s in samples() if s.form == form]
    return (*found, *real[:: max(1, len(real) // 12)])


def read(form: str, data: bytes, device: Device | None = None) -> Decoded:
    """What the reader makes of the bytes, with the rules run on it."""
    source = Source("f", data, {"x.h": b'#include "x.h"\n'})
    options = ReadOptions(device=device, environment={"A": "${A}"}, bootloader_offset=0x1000)
    if form == SPEC:
        specs = read_specs(source, CATALOGUE)
        return Decoded((), specs.findings)
    kind = format_named(form)
    assert kind is not None
    decoded = kind.decode(source, options)
    for one in decoded.tables:
        for p in one.partitions:
            assert 0 <= p.extent.start <= p.extent.end
        if len(one.partitions) < 200:
            run(one)
    assert all(isinstance(f, Finding) for f in decoded.findings)
    assert all(str(f.message).isprintable() for f in decoded.findings)
    return decoded


@pytest.mark.parametrize("form", [*READERS, SPEC])
@given(data=st.binary(max_size=400))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes(form: str, data: bytes) -> None:
    read(form, data)


@pytest.mark.parametrize("form", [*READERS, SPEC])
def test_there_is_a_sound_layout_to_break(form: str) -> None:
    assert seeds(form)
    if form != SPEC:
        assert any(read(form, seed).tables for seed in seeds(form))


@pytest.mark.parametrize("form", [*READERS, SPEC])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_broken_layouts(form: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(seeds(form)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(len(text), at + 40)))
        piece = data.draw(st.sampled_from(PIECES) | st.just(text[at:end] * 3))
        text = text[:at] + piece + text[end:]
    device = data.draw(st.sampled_from((None, DEVICE)))
    read(form, text, device)


@pytest.mark.parametrize("form", [*READERS, SPEC])
def test_what_grows_is_bounded(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same bound as in use, a twentieth as far away: the real one takes seconds to reach.
    monkeypatch.setattr(c_preprocess, "LARGEST_WORK", c_preprocess.LARGEST_WORK // 20)
    before = peak_memory()
    for data in BOMBS.values():
        read(form, data)
    assert peak_memory() - before < MOST_MEMORY


def peak_memory() -> int:
    """The most bytes that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("form", ["nrf-pm-static", "mynewt-bsp"])
def test_aliases_that_multiply_are_told(form: str) -> None:
    (finding,) = read(form, BOMBS["aliases"]).findings
    assert (finding.code, finding.severity) == ("FMT023", Severity.ERROR)


@pytest.mark.parametrize("form", ["alios-c", "fal"])
def test_macros_that_multiply_are_told(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c_preprocess, "LARGEST_WORK", 2000)
    decoded = read(form, BOMBS["macros"])
    assert decoded.tables == ()
    assert any("macro expansion" in f.message for f in decoded.findings)
