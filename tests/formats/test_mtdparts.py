"""mtdparts: what Linux reads, where U-Boot differs, and the way back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.diag.finding import Severity
from flashwright.formats.format import Decoded, Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.mtdparts import PAGES, decode, encode
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table


def read(text: str, **options: object) -> Decoded:
    return decode(Source("cmdline.txt", text.encode()), ReadOptions(**options))  # type: ignore[arg-type]


def codes(found: Decoded | Encoded) -> list[str]:
    return [f.code for f in found.findings]


def rows(decoded: Decoded) -> list[tuple[str, int, int]]:
    return [(p.name, p.extent.start, p.size) for p in decoded.tables[0].partitions]


def test_sizes_offsets_names_flags() -> None:
    decoded = read("mtdparts=spi0.0:256k(u-boot)ro,64K(env),0x400000(kernel)lkslc,1m@16M(data)")
    assert rows(decoded) == [
        ("u-boot", 0, 0x40000),
        ("env", 0x40000, 0x10000),
        ("kernel", 0x50000, 0x400000),
        ("data", 0x1000000, 0x100000),
    ]
    boot, env, kernel, _ = decoded.tables[0].partitions
    assert (boot.writable, env.writable, kernel.flags) == (False, True, ("lk", "slc"))
    assert (boot.role, env.role, boot.owner) == (Role.BOOTLOADER, Role.KV, "spi0.0")
    assert codes(decoded) == ["FMT205"]


def test_in_a_command_line_and_an_environment() -> None:
    line = 'console=ttyS0 mtdparts=nor0:1m(a);nand0:2m(b) root=/dev/mtd1\nmtdids="nor0=x"\n'
    (table,) = read(line).tables
    assert [(p.owner, p.name) for p in table.partitions] == [("nor0", "a"), ("nand0", "b")]
    env = "bootdelay=3\nmtdparts=mtdparts=nor0:1m(a),-(b)\n"
    decoded = read(env, flash_size=8 << 20)
    assert rows(decoded) == [("a", 0, 1 << 20), ("b", 1 << 20, 7 << 20)]
    place = decoded.tables[0].partitions[1].place
    assert place is not None and (place.line, place.column) == (2, 30)


def test_bare_and_two_strings() -> None:
    assert rows(read("nor0:64k(a),64k(b)\n")) == [("a", 0, 65536), ("b", 65536, 65536)]
    two = read("x mtdparts=a:4k(p)\ny mtdparts=a:8k(p)\nz mtdparts=a:4k(p)\n")
    assert [t.name for t in two.tables] == ["mtdparts", "mtdparts_2"]


def test_colon_in_the_id_and_unnamed() -> None:
    (table,) = read("mtdparts=1f:2.spi:64k,64k(b)").tables
    assert [(p.owner, p.name) for p in table.partitions] == [
        ("1f:2.spi", "Partition_000"),
        ("1f:2.spi", "b"),
    ]


def test_linux_and_uboot_differ() -> None:
    decoded = read("mtdparts=nand0:8m(kernel),57344k@8m(rootfs),256k(phypattern)")
    assert codes(decoded) == []
    decoded = read("mtdparts=nand0:57344k@8m(rootfs),256k(phypattern)")
    (finding,) = decoded.findings
    assert finding.code == "FMT202" and finding.severity is Severity.WARNING
    assert finding.facts == {"linux": 0x4000000, "uboot": 0x3800000, "size": 0x40000}
    assert "phypattern" in finding.message and "@0x4000000" in finding.help
    assert rows(decoded)[1] == ("phypattern", 0x4000000, 0x40000)
    assert decoded.tables[0].attributes["uboot_offsets"] == {"phypattern": 0x3800000}


#: What the parsers themselves made of these strings, run as separate programs: Linux 6.1
#: (drivers/mtd/parsers/cmdlinepart.c) and U-Boot (cmd/mtdparts.c, drivers/mtd/mtdpart.c), a flash
#: of 8 MiB: names, offsets and sizes for Linux; of U-Boot's mtd command where they differ.
_MEASURED = [
    ("010k(a),0X10k(b),0x1000(c)", [("a", 0, 8192), ("b", 8192, 16384), ("c", 24576, 4096)], {}),
    ("64k@(a),64k@k(b)", [("a", 0, 65536), ("b", 0, 65536)], {}),
    (
        "64k@256k(rootfs),-(p8)",
        [("rootfs", 262144, 65536), ("p8", 327680, 8060928)],
        {"p8": 65536},
    ),
    ("64k(a(b),64k(c,d)", [("a(b", 0, 65536), ("c,d", 65536, 65536)], {}),
    ("64k(a\\b),4k(c)", [("a\\b", 0, 65536), ("c", 65536, 4096)], {}),
    ("64k(a);nand0:64k(b);nor0:32k(c)", [("b", 0, 65536), ("c", 0, 32768)], {}),
    ("1m@16m(a),64k(b),4k@0(c)", [("a", 1 << 24, 0), ("b", 1 << 23, 0), ("c", 0, 4096)], {}),
]


@pytest.mark.parametrize(("parts", "linux", "uboot"), _MEASURED)
def test_what_linux_and_uboot_measured(
    parts: str, linux: list[tuple[str, int, int]], uboot: dict[str, int]
) -> None:
    flashes = tuple(Flash(n, None, (EraseRun(2048, 4096),)) for n in ("nor0", "nand0"))
    device = Device("x", "", "", "", flashes, BootFacts("nor0"))
    decoded = read(f"mtdparts=nor0:{parts}", device=device)
    assert rows(decoded) == linux
    assert decoded.tables[0].attributes.get("uboot_offsets", {}) == uboot or "FMT204" in codes(
        decoded
    )


def test_two_flashes_of_one_kind_are_not_one() -> None:
    flashes = (Flash("nor", None, (EraseRun(256, 4096),)),)
    device = Device("x", "", "", "", flashes, BootFacts("nor"))
    decoded = read("mtdparts=nor0:64k(a);nor1:64k(b)", device=device)
    assert [p.owner for p in decoded.tables[0].partitions] == ["nor0", "nor1"]


@pytest.mark.parametrize(
    "text",
    [
        'mtdparts="nor0:64k(a b),4k(c)"',
        '"mtdparts=nor0:64k(a b),4k(c)"',
        "mtdparts='mtdparts=nor0:64k(a),4k(c)'",
        '"mtdparts=" PARTS "\\0" "mtdparts=nor0:64k(a),4k(c)\\0"',
    ],
)
def test_quoted(text: str) -> None:
    decoded = read(text)
    assert codes(decoded) == [] and [p.size for p in decoded.tables[0].partitions] == [65536, 4096]


def test_an_unnamed_partition_keeps_the_name_that_linux_gave_it() -> None:
    (table,) = read("mtdparts=nor0:64k,64k,64k(c)").tables
    rest = replace(table, partitions=table.partitions[1:])
    data = encode((rest,), WriteOptions()).data
    assert data == b"mtdparts=nor0:64k@64k(Partition_001),64k@128k(c)\n"
    assert encode((table,), WriteOptions()).data == b"mtdparts=nor0:64k,64k,64k(c)\n"


def test_what_uboot_refuses_is_told_when_it_is_written() -> None:
    made = table_of(("a", "1f:2.spi", 0, 0x800, True), ("b", "1f:2.spi", 0, 0x1000, True))
    assert codes(encode((made,), WriteOptions())) == ["FMT205"] * 3


def test_flash_of_the_device() -> None:
    device = Device(
        "x", "", "", "", (Flash("spi", None, (EraseRun(256, 4096),)),), BootFacts("spi")
    )
    decoded = read("mtdparts=spi0.0:64k(a),-(b)", device=device)
    assert [(p.owner, p.size) for p in decoded.tables[0].partitions] == [
        ("spi", 0x10000),
        ("spi", 0xF0000),
    ]
    assert codes(read("mtdparts=spi0.0:2m(a)", device=device)) == ["FMT204"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "FMT201"),
        ("hello world", "FMT201"),
        ("mtdparts=nor0", "FMT200"),
        ("mtdparts=:64k(a)", "FMT200"),
        ("mtdparts=nor0:64q(a)", "FMT200"),
        ("mtdparts=nor0:64k(a", "FMT200"),
        ("mtdparts=nor0:64k(a),", "FMT200"),
        ("mtdparts=nor0:${size}(a)", "FMT200"),
        ("mtdparts=nor0:16e@16e(a)", "FMT200"),
        ("mtdparts=nor0:" + "64k(a)," * 20000, "FMT200"),
        ("mtdparts=nor0:64k(a),-(b)", "FMT203"),
        ("mtdparts=nor0:2k(a)", "FMT205"),
        ("mtdparts=nor0:64k()", "FMT205"),
        ("mtdparts=nor0:0(a)", "FMT206"),
        ("mtdparts=nor0:-(a),64k(b)", "FMT206"),
        ("mtdparts=nor0:64k(a),08k(b)", "FMT200"),
        ("mtdparts=nor0:64k(a);nor0:32k(b)", "FMT226"),
        ("mtdparts=nor0:64k(a);", "FMT227"),
        ("root=x mtdparts=nor0:64k(a b) quiet", "FMT227"),
        ("mtdparts=nor0:64k(a) ,64k(b)", "FMT227"),
        ("mtdparts=nor0:64k@(a)", "FMT228"),
        ("mtdparts=nor0:64k", "FMT229"),
        ("mtdparts=nor0:1t(a)", "FMT205"),
        ("mtdparts=nor0:64k(a;b)", "FMT205"),
        ("mtdparts=1f:2.spi:64k(a)", "FMT205"),
        ("mtdparts=the-flash-of-21-bytes:64k(a)", "FMT205"),
        ("mtdparts=nor0:64k(a),64k@0(b)", "FMT205"),
        ("mtdparts=nor0:" + ",".join(f"64k(partition{n})" for n in range(40)), "FMT205"),
    ],
)
def test_finding(text: str, code: str) -> None:
    assert code in codes(read(text))
    assert code in {page.code for page in PAGES}


# Writing -----------------------------------------------------------------------------------------


def table_of(*made: tuple[str, str, int, int, bool]) -> Table:
    return Table(
        "t",
        tuple(
            Partition(n, Role.CUSTOM, o, Extent.of(s, z), s, writable=w) for n, o, s, z, w in made
        ),
    )


def test_offsets_are_written_where_they_matter() -> None:
    table = table_of(
        ("a", "nor0", 0, 0x10000, False),
        ("b", "nor0", 0x10000, 0x100000, True),
        ("c", "nor0", 0x200000, 0x1234, True),
        ("d", "nor0", 0x201234, 0x400, True),
    )
    data = encode((table,), WriteOptions()).data
    assert data == b"mtdparts=nor0:64k(a)ro,1m(b),0x1234@2m(c),1k@0x201234(d)\n"


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9_.:,-]{1,10}", fullmatch=True),
            st.sampled_from(["nor0", "spi0.0", "1e:x"]),
            st.integers(0, 1 << 40),
            st.integers(1, 1 << 40),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_round_trip(made: list[tuple[str, str, int, int, bool]]) -> None:
    made = sorted(made, key=lambda row: row[1])
    encoded = encode((table_of(*made),), WriteOptions())
    assert encoded.data is not None
    decoded = decode(Source("x", encoded.data), ReadOptions())
    assert "FMT202" not in codes(decoded)
    assert [
        (p.name, p.owner, p.start, p.size, p.writable) for p in decoded.tables[0].partitions
    ] == made
    assert encode(decoded.tables, WriteOptions()).data == encoded.data


@pytest.mark.parametrize(
    "row",
    [
        ("a b", "nor0", 0, 1, True),
        ("a)", "nor0", 0, 1, True),
        ("", "nor0", 0, 1, True),
        ("a", "nor 0", 0, 1, True),
        ("a", "nor0", 0, 0, True),
        ("a", "nor0", 1 << 63, 1 << 63, True),
    ],
)
def test_refused(row: tuple[str, str, int, int, bool]) -> None:
    encoded = encode((table_of(row),), WriteOptions())
    assert encoded.data is None and set(codes(encoded)) == {"FMT207"}


def test_several_tables_and_none() -> None:
    table = Table("t", (Partition("x", Role.SECURITY, "nor0", Extent(0, 1), 0, flags=("enc",)),))
    assert codes(encode((table, table), WriteOptions())) == ["FMT207"]
    assert codes(encode((Table("t", ()),), WriteOptions())) == ["FMT207"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.text("mtdparts=:0123kx@()-,;ro \n", max_size=60))
def test_hostile_bytes(data: bytes, text: str) -> None:
    for source in (data, b"mtdparts=" + data, text.encode(), b"mtdparts=a:" + text.encode()):
        assert isinstance(decode(Source("x", source), ReadOptions(flash_size=1 << 20)), Decoded)
