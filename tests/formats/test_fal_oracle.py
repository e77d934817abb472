"""FAL tables as the compiler makes them: small headers, compiled for 32 bits, and read by us.

The compiler is a program of its own, no part of the project. Where there is no gcc that compiles
for 32 bits, the tests are skipped; what it made of the headers stands beside them in any case.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from flashwright.diag.finding import Severity
from flashwright.formats.fal import decode, encode
from flashwright.formats.fal_write import flash_name_of
from flashwright.formats.format import ReadOptions, Source, WriteOptions

Row = tuple[str, str, int, int, int]

#: The record as FAL declares it (RT-Thread-packages/fal, inc/fal_def.h), and the table behind the
#: whole of fal_cfg.h, as in src/fal_partition.c.
PROGRAM = """\
#include <stdint.h>
#include <stddef.h>
#include "fal_cfg.h"
#ifndef FAL_DEV_NAME_MAX
#define FAL_DEV_NAME_MAX 24
#endif
struct fal_flash_dev;
struct record {
    uint32_t magic_word;
    char name[FAL_DEV_NAME_MAX], flash_name[FAL_DEV_NAME_MAX];
    long offset;
    size_t len;
    uint32_t reserved;
};
#define FAL_PART_MAGIC_WORD 0x45503130
#define FAL_PART_MAGIC_WROD 0x45503130
__attribute__((used, section("table"))) const struct record all[] = FAL_PART_TABLE;
"""
TOOLS = ("gcc", "objcopy")


def compiled(header: str, folder: Path) -> list[Row] | None:
    """The rows that are in the object; ``None`` where the compiler refuses."""
    (folder / "fal_cfg.h").write_text(header, "utf-8")
    (folder / "table.c").write_text(PROGRAM, "utf-8")
    build = ["gcc", "-m32", "-ffreestanding", "-funsigned-char", "-w", "-c", "table.c"]
    if subprocess.run(build, cwd=folder, capture_output=True, check=False).returncode:
        return None
    copy = ["objcopy", "-O", "binary", "-j", "table", "table.o", "table.bin"]
    subprocess.run(copy, cwd=folder, capture_output=True, check=True)
    data = (folder / "table.bin").read_bytes()
    rows = []
    for _, name, flash, offset, size, reserved in struct.iter_unpack("<I24s24siII", data):
        texts = [field.split(b"\0")[0].decode() for field in (name, flash)]
        rows.append((texts[0], texts[1], offset, size, reserved))
    return rows


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to compile in."""
    folder = tmp_path_factory.mktemp("fal")
    if not all(shutil.which(tool) for tool in TOOLS):
        pytest.skip("no gcc and objcopy here")
    if compiled(f"#define FAL_PART_TABLE {{ {ONE} }}\n", folder) is None:
        pytest.skip("this gcc does not compile for 32 bits")
    return folder


def ours(header: str) -> tuple[list[Row], list[str], bool]:
    """The rows that we read, the codes of what is told, and whether there is an error in it."""
    decoded = decode(Source("fal_cfg.h", header.encode()), ReadOptions())
    rows = []
    for table in decoded.tables:
        for p in table.partitions:
            reserved = p.attributes.get("reserved", 0)
            assert isinstance(reserved, int)
            rows.append((p.name, flash_name_of(p), p.start, p.size, reserved))
    refused = any(f.severity is Severity.ERROR for f in decoded.findings)
    return rows, [f.code for f in decoded.findings], refused


ONE = '{FAL_PART_MAGIC_WORD, "a", "f", 0, 16, 0}'
#: Headers (what stands before the table, its entries, what stands behind it) and their rows.
SAME: list[tuple[str, str, str, list[Row]]] = [
    ("", ONE + ",", "", [("a", "f", 0, 16, 0)]),
    (
        "#define SIZE (BASE + 1)",
        '{FAL_PART_MAGIC_WROD, "a", FLASH, BASE, SIZE, 0}',
        '#define BASE 0x1000\n#define FLASH "nor"',
        [("a", "nor", 0x1000, 0x1001, 0)],
    ),
    (
        "#define BASE 1",
        '{FAL_PART_MAGIC_WORD, "a", "f", BASE, 16, 0}',
        "#undef BASE\n#define BASE 2",
        [("a", "f", 2, 16, 0)],
    ),
    (
        "enum { FIRST = 0x1000, SECOND };",
        '{FAL_PART_MAGIC_WORD, "a", "f", SECOND, (FIRST), 7}',
        "",
        [("a", "f", 0x1001, 0x1000, 7)],
    ),
    (
        "",
        '[0] = {.len = 8, .magic_word = (uint32_t)FAL_PART_MAGIC_WORD + 0, .name = {"a"},'
        " .flash_name = {'f', 0}, .len = 9}",
        "",
        [("a", "f", 0, 9, 0)],
    ),
    (
        "",
        '{1162883376, ("a" "\\x62"), u8"f\\0g", 010 + 0b101, (char)0x1FF, -1 + 1u}',
        "",
        [("ab", "f", 13, 255, 0)],
    ),
    (
        '#define ITEM(n, at) {FAL_PART_MAGIC_WORD, #n, "f", at, n##_SIZE, 0}\n#define a_SIZE 5',
        "ITEM(a, 1), ITEM(b, 6)",
        "#define b_SIZE 6",
        [("a", "f", 1, 5, 0), ("b", "f", 6, 6, 0)],
    ),
]


def header(before: str, entries: str, behind: str) -> str:
    """A fal_cfg.h."""
    return f"{before}\n#define FAL_PART_TABLE {{ {entries} }}\n{behind}\n"


@pytest.mark.parametrize(("before", "entries", "behind", "rows"), SAME)
def test_rows_are_those_that_were_measured(
    before: str, entries: str, behind: str, rows: list[Row]
) -> None:
    assert ours(header(before, entries, behind)) == (rows, [], False)


@pytest.mark.parametrize(("before", "entries", "behind", "rows"), SAME)
def test_rows_are_those_of_the_compiler(
    before: str, entries: str, behind: str, rows: list[Row], compiler: Path
) -> None:
    text = header(before, entries, behind)
    assert compiled(text, compiler) == rows
    decoded = decode(Source("fal_cfg.h", text.encode()), ReadOptions())
    written = encode(decoded.tables, WriteOptions()).data
    assert written is not None and compiled(written.decode(), compiler) == rows


#: What a compiler takes and nobody means, and what it refuses: entries, and the code of it.
TOLD = [
    (ONE[1:-1], "FMT159"),  # without braces
    (f"[1] = {ONE}", "FMT159"),  # leaves a hole
    (f"{ONE}, [0] = {ONE}", "FMT159"),
    ("{FAL_PART_MAGIC_WORD, 7}", "FMT159"),
    ('{FAL_PART_MAGIC_WORD, "a", "f", 0, 16, 0.5}', "FMT159"),
    ('{FAL_PART_MAGIC_WORD, "a", "f", 0x80000000, 16, 0}', "FMT151"),  # a negative long
    ('{FAL_PART_MAGIC_WORD, "a", "f", 1.5 * 4096, 16, 0}', "FMT151"),
]
REFUSED = [
    ("ITEM(a, 0)", "FMT159"),
    ('{FAL_PART_MAGIC_WORD, L"a", "f", 0, 16, 0}', "FMT159"),
    ('{FAL_PART_MAGIC_WORD, "a", "f", .size = 16}', "FMT159"),
    ('{FAL_PART_MAGIC_WORD, "a", "f", (1, 2), 16, 0}', "FMT159"),
]
MORE = '{FAL_PART_MAGIC_WORD, "a", "f", 0, 16, 0, 5}'


@pytest.mark.parametrize(("entries", "code"), [*TOLD, *REFUSED, (MORE, "FMT159")])
def test_what_is_not_read_is_told(entries: str, code: str) -> None:
    _, codes, refused = ours(header("", entries, ""))
    assert code in codes and refused


@pytest.mark.parametrize("entries", [entries for entries, _ in REFUSED])
def test_what_the_compiler_refuses_too(entries: str, compiler: Path) -> None:
    assert compiled(header("", entries, ""), compiler) is None


def test_what_the_compiler_takes(compiler: Path) -> None:
    assert all(compiled(header("", entries, ""), compiler) for entries, _ in TOLD)


def test_names_of_the_header_decide_how_long_names_are() -> None:
    entries = '{FAL_PART_MAGIC_WORD, "sixteen-bytes-it", "f", 0, 16, 0}'
    assert ours(header("", entries, ""))[1] == []
    assert ours(header("#define FAL_DEV_NAME_MAX 16", entries, ""))[1] == ["FMT156"]


@pytest.mark.parametrize("entry", ['{FAL_PART_MAGIC_WORD, "", "f", 0, 16, 0}', "{0}"])
def test_an_entry_without_a_name_is_told(entry: str) -> None:
    assert "FMT152" in ours(header("", entry, ""))[1]


def test_what_is_no_directive_is_told() -> None:
    assert ours(header("#defne A 1", ONE, ""))[1] == ["FMT153"]
    assert ours(header("#error no", ONE, ""))[1] == []
