"""Edits of an mtdparts string where it stands: command lines, environments, and their images."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats.format import Encoded, ReadOptions, Source, WriteOptions
from flashwright.formats.mtdparts import PAGES, decode, encode
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.table import Partition, Role, Table

ENV = """\
bootdelay=3
# the board's flash
bootargs=console=ttyS0,115200 root=/dev/mtdblock3 rootfstype=squashfs
mtdids=nor0=spi0.0
mtdparts=mtdparts=spi0.0:256k(u-boot)ro,64K(env),0x400000(kernel),3m(rootfs),512k@0xf00000(art)ro
bootcmd=sf probe; sf read 0x82000000 0x50000 0x400000; bootm
"""
BASE = Source("uboot.env", ENV.encode())


def table_of(base: Source, **options: object) -> Table:
    (table,) = decode(base, ReadOptions(**options)).tables  # type: ignore[arg-type]
    return table


def codes(encoded: Encoded) -> list[str]:
    return [f.code for f in encoded.findings]


def at(start: int, size: int) -> dict[str, object]:
    return {"start": start, "extent": Extent.of(start, size)}


def part(name: str, start: int, size: int, owner: str = "spi0.0") -> Partition:
    return Partition(name, Role.CUSTOM, owner, Extent.of(start, size), start)


def edited(
    text: str,
    change: Mapping[str, Mapping[str, object]],
    without: tuple[str, ...] = (),
    flash_size: int | None = None,
    more: tuple[tuple[int, Partition], ...] = (),
) -> Encoded:
    base = Source("uboot.env", text.encode())
    table = table_of(base, flash_size=flash_size)
    kept = [replace(p, **change.get(p.name, {})) for p in table.partitions if p.name not in without]  # type: ignore[arg-type]
    for index, new in more:
        kept.insert(index, new)
    wished = replace(table, partitions=tuple(kept))
    return encode((wished,), WriteOptions(base=base, flash_size=flash_size))


def text_of(encoded: Encoded) -> str:
    assert encoded.data is not None, encoded.findings
    return encoded.data.decode()


def test_nothing_changed_keeps_every_byte() -> None:
    for text in (ENV, ENV.replace("\n", "\r\n"), "spi0.0:1m(a),64k;nor1:1M@0(b);\n"):
        encoded = edited(text, {})
        assert encoded.data == text.encode() and encoded.findings == ()


def test_sizes_keep_their_units() -> None:
    change = {
        "u-boot": at(0, 128 << 10),
        "env": at(0x20000, 192 << 10),
        "kernel": at(0x50000, 0x300000),
        "rootfs": at(0x350000, 4 << 20),
        "art": at(0xF00000, 0x10200),
    }
    encoded = edited(ENV, change)
    assert encoded.findings == ()
    assert text_of(encoded) == (
        ENV.replace("256k(u-boot)", "128k(u-boot)")
        .replace("64K(env)", "192K(env)")
        .replace("0x400000(kernel)", "0x300000(kernel)")
        .replace("3m(rootfs)", "4m(rootfs)")
        .replace("512k@0xf00000(art)", "0x10200@0xf00000(art)")
    )


def test_offsets_are_written_only_where_they_have_to_be() -> None:
    encoded = edited(ENV, {"rootfs": at(0x500000, 2 << 20), "art": at(0xE00000, 512 << 10)})
    assert text_of(encoded) == ENV.replace("3m(rootfs)", "2m@0x500000(rootfs)").replace(
        "512k@0xf00000", "512k@0xe00000"
    )


def test_names_and_flags() -> None:
    encoded = edited(ENV, {"env": {"name": "config"}, "art": {"writable": True}})
    assert text_of(encoded) == ENV.replace("(env)", "(config)").replace("(art)ro", "(art)")


def test_removed_and_new_partitions_and_their_numbers() -> None:
    new = part("data", 0x750000, 1 << 20)
    encoded = edited(ENV, {"env": at(0x40000, 1 << 16)}, ("kernel",), more=((3, new),))
    assert "(env),3m@0x450000(rootfs),1m@0x750000(data),512k@0xf00000(art)ro" in text_of(encoded)
    assert codes(encoded) == ["FMT224", "FMT209"]
    told = encoded.findings[1]
    assert told.severity is Severity.WARNING and "`rootfs` was 3 and is 2" in told.message
    assert "mtdblock3" in told.help and "`art`" not in told.message
    quiet = edited("mtdparts=a:1m(x),1m(y)\n", {"y": at(1 << 20, 1 << 20)}, ("x",))
    assert [f.severity for f in quiet.findings] == [Severity.NOTE, Severity.NOTE]
    assert text_of(quiet) == "mtdparts=a:1m@1m(y)\n"


def test_new_flash_and_lost_flash() -> None:
    text = "x mtdparts=nor0:1m(a);nand0:2m(b) y\n"
    more = ((2, part("c", 0, 4 << 20, "nor1")),)
    encoded = edited(text, {}, ("a",), more=more)
    assert text_of(encoded) == "x mtdparts=nand0:2m(b);nor1:4m(c) y\n"


def test_rest_of_the_flash() -> None:
    text = "a mtdparts=nor0:1m(a),-(b) z\n"
    size = 8 << 20
    assert text_of(edited(text, {}, flash_size=size)) == text
    grown = edited(text, {"a": at(0, 2 << 20), "b": at(2 << 20, 6 << 20)}, flash_size=size)
    assert text_of(grown) == "a mtdparts=nor0:2m(a),-(b) z\n"
    shorter = edited(text, {"b": at(1 << 20, 6 << 20)}, flash_size=size)
    assert text_of(shorter) == "a mtdparts=nor0:1m(a),6m(b) z\n"
    new = (2, part("c", 7 << 20, 1 << 20, "nor0"))
    followed = edited(text, {"b": at(1 << 20, 6 << 20)}, flash_size=size, more=(new,))
    assert text_of(followed) == "a mtdparts=nor0:1m(a),6m(b),1m(c) z\n"


def test_rest_of_a_flash_of_unknown_size_stays() -> None:
    base = Source("x", b"mtdparts=nor0:1m(a),-(b)\n")
    table = Table("t", (part("a", 0, 2 << 20, "nor0"),))
    kept = encode((table,), WriteOptions(base=base))
    assert kept.data == b"mtdparts=nor0:2m(a),-(b)\n"
    assert [(f.code, f.severity) for f in kept.findings] == [("FMT203", Severity.WARNING)]
    whole = Table("t", (*table.partitions, part("b", 2 << 20, 1 << 20, "nor0")))
    assert encode((whole,), WriteOptions(base=base)).data == b"mtdparts=nor0:2m(a),1m(b)\n"


def test_unnamed_partitions() -> None:
    text = "mtdparts=nor0:64k,64k,64k(c)\n"
    assert text_of(edited(text, {"Partition_001": at(0x10000, 0x8000)})) == (
        "mtdparts=nor0:64k,32k,64k@0x18000(c)\n".replace("64k@0x18000", "64k@128k")
    )
    gone = edited(text, {}, ("Partition_000",))
    assert text_of(gone) == "mtdparts=nor0:64k@64k(Partition_001),64k@128k(c)\n"


def test_disagreement_of_uboot_is_kept_where_nothing_changed() -> None:
    text = "mtdparts=nand0:57344k@8m(rootfs),256k(phypattern),1m(x)\n"
    assert text_of(edited(text, {})) == text
    assert text_of(edited(text, {"x": at(0x4040000, 2 << 20)})) == text.replace("1m(x)", "2m(x)")
    moved = edited(text, {"x": at(0x4050000, 1 << 20)})
    assert text_of(moved) == text.replace("1m(x)", "1m@65856k(x)")


def test_mends_what_does_not_fit() -> None:
    device = Device("d", "", "", "", (Flash("spi", 0, (EraseRun(256, 4096),)),), BootFacts("spi"))
    base = Source("x", b"mtdparts=spi0.0:512k(a),1m(b)\n")
    table = table_of(base, device=device)
    cut = encode((table,), WriteOptions(base=base))
    assert cut.data == base.data
    smaller = replace(table.partitions[1], extent=Extent.of(0x80000, 0x40000))
    wished = replace(table, partitions=(table.partitions[0], smaller))
    assert encode((wished,), WriteOptions(base=base)).data == b"mtdparts=spi0.0:512k(a),256k(b)\n"


def test_the_same_string_is_changed_everywhere() -> None:
    text = "a='mtdparts=n:1m(a)'\nb='mtdparts=n:1m(a) quiet'\nc='mtdparts=n:2m(a)'\n"
    base = Source("x", text.encode())
    first, second = decode(base, ReadOptions()).tables
    bigger = replace(first, partitions=(part("a", 0, 3 << 20, "n"),))
    expected = text.replace("n:1m(a)", "n:3m(a)")
    assert encode((bigger,), WriteOptions(base=base)).data == expected.encode()
    other = replace(bigger, name=second.name)
    assert encode((other,), WriteOptions(base=base)).data == text.replace("2m", "3m").encode()
    unknown = encode((replace(bigger, name="t"),), WriteOptions(base=base))
    assert unknown.data is None and codes(unknown) == ["FMT208"]


def test_a_string_in_a_header_of_uboot() -> None:
    text = '#define X \\\n\t"mtdparts=mtdparts=gpmi-nand:4m(boot),8m(kernel)\\0" \\\n\t"y=1\\0"\n'
    assert text_of(edited(text, {"kernel": at(4 << 20, 9 << 20)})) == text.replace("8m", "9m")


def test_bytes_that_are_no_text_stay() -> None:
    base = Source("x", b"\xff\xfe caf\xe9 mtdparts=n:1m(a) \xe2\x82\n")
    (table,) = decode(base, ReadOptions()).tables
    bigger = replace(table, partitions=(part("a", 0, 2 << 20, "n"),))
    assert encode((bigger,), WriteOptions(base=base)).data == base.data.replace(b"1m", b"2m")


def image(*variables: bytes, size: int, blank: bytes = b"\0", flags: bytes = b"") -> bytes:
    body = b"\0".join(variables) + b"\0\0"
    body += blank * (size - 4 - len(flags) - len(body))
    return struct.pack("<I", zlib.crc32(body)) + flags + body


@pytest.mark.parametrize(("blank", "flags"), [(b"\0", b""), (b"\xff", b"\x01")])
def test_environment_as_it_lies_in_flash(blank: bytes, flags: bytes) -> None:
    variables = (b"bootdelay=3", b"mtdparts=mtdparts=n:1m(a)", b"x=y")
    base = Source("env.bin", image(*variables, size=4096, blank=blank, flags=flags))
    (table,) = decode(base, ReadOptions()).tables
    for size, said in ((16 << 20, b"16m"), (1 << 20, b"1m"), (5, b"0x5")):
        wished = replace(table, partitions=(part("a", 0, size, "n"),))
        encoded = encode((wished,), WriteOptions(base=base))
        new = (variables[0], b"mtdparts=mtdparts=n:" + said + b"(a)", variables[2])
        assert encoded.data == image(*new, size=4096, blank=blank, flags=flags)


def test_environments_that_cannot_be_changed() -> None:
    full = image(b"mtdparts=n:1m(a)", size=4 + 18)
    wrong = b"1234" + full[4:]
    table = Table("t", (part("a", 0, 16 << 20, "n"),))
    for data, why in ((full, "no room"), (wrong, "checksum")):
        encoded = encode((table,), WriteOptions(base=Source("env.bin", data)))
        assert encoded.data is None and "FMT208" in codes(encoded)
        assert any(why in f.message for f in encoded.findings)


@pytest.mark.parametrize(
    "text", ["nothing", "mtdparts=nor0:64q(a)", "mtdparts=nor0", "mtdparts=n:1m(a);n:1m(b)"]
)
def test_refused(text: str) -> None:
    table = Table("t", (part("a", 0, 4096, "n"),))
    encoded = encode((table,), WriteOptions(base=Source("x", text.encode())))
    assert encoded.data is None and codes(encoded)[0] == "FMT208"


def test_names_that_cannot_be_written() -> None:
    assert codes(edited(ENV, {"env": {"name": "a b"}})) == ["FMT207"]
    spaced = "mtdparts=n:1m(a b),1m(c)\n"
    assert text_of(edited(spaced, {"c": at(1 << 20, 2 << 20)})) == spaced.replace("1m(c)", "2m(c)")
    empty = encode((Table("t", ()),), WriteOptions(base=BASE))
    assert codes(empty) == ["FMT207"]


def test_codes_have_pages() -> None:
    assert {"FMT208", "FMT209", "FMT224"} <= {page.code for page in PAGES}


# Properties --------------------------------------------------------------------------------------

_KEPT = ["u-boot", "env", "kernel", "rootfs", "art"]
_PLACE = st.tuples(st.integers(0, 1 << 30), st.integers(1, 1 << 24))
_ROUND = st.tuples(
    st.integers(0, 4096).map(lambda n: n << 12), st.integers(1, 1024).map(lambda n: n << 12)
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from(_KEPT), _PLACE | _ROUND, max_size=5),
    st.sets(st.sampled_from(_KEPT), max_size=3),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcdef"), _PLACE | _ROUND), max_size=3),
    st.dictionaries(st.sampled_from(_KEPT), st.booleans(), max_size=2),
)
def test_edits_say_the_table(
    places: dict[str, tuple[int, int]],
    without: set[str],
    fresh: list[tuple[int, str, tuple[int, int]]],
    writable: dict[str, bool],
) -> None:
    change: dict[str, dict[str, object]] = {n: at(*place) for n, place in places.items()}
    for name, value in writable.items():
        change.setdefault(name, {})["writable"] = value
    more = tuple((n, part(name, *place)) for n, name, place in {f[1]: f for f in fresh}.values())
    text = text_of(edited(ENV, change, tuple(without), more=more))
    now = table_of(Source("x", text.encode()))
    expected = [
        (p.name, *places.get(p.name, (p.start, p.size)), writable.get(p.name, p.writable))
        for p in table_of(BASE).partitions
        if p.name not in without
    ]
    expected += [(p.name, p.start, p.size, True) for _, p in more]
    assert sorted((p.name, p.start, p.size, p.writable) for p in now.partitions) == sorted(expected)
    lines, before = text.splitlines(), ENV.splitlines()
    assert len(lines) == len(before)
    assert [a for a, b in zip(lines, before, strict=True) if a != b] in ([], [lines[4]])
    again = encode((now,), WriteOptions(base=Source("x", text.encode())))
    assert again.data == text.encode()
