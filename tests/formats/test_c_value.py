"""Constant expressions of C: what a compiler makes of them, and what only a reader can say."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from flashwright.formats.c_integer import Arithmetic, integer_type
from flashwright.formats.c_source import expression_root
from flashwright.formats.c_value import Unknown, Value, value_of

LITERALS = (
    *("0", "1", "2", "3", "5", "64", "100", "4096", "07", "010", "-1", "-4096", "+7"),
    *("0x1000", "0x10000U", "1024u", "12u", "0xFFFFFFFF", "0x7FFFFFFF", "-0x80000000"),
    *("2147483647", "2147483648", "0x80000000", "4294967295", "0x100000000"),
    *("1LL", "0xFFFFFFFFFFFFFFFFull", "'A'", "'\\n'"),
)
TYPES = "uint32_t|int|unsigned|unsigned int|uint8_t|int16_t|uint16_t|char|short|long long|uint64_t"
BINARY = ["+", "-", "*", "/", "%", "&", "|", "^", "==", "!=", "<", ">", "<=", ">=", "&&", "||"]


def value(text: str, arithmetic: Arithmetic = Arithmetic.PROGRAM) -> Value:
    root = expression_root(text.encode())
    assert root is not None, text
    return value_of(root, {"FOUR": 4}.get, None, arithmetic)


def expression(chance: random.Random, depth: int) -> str:
    """An expression without the shifts that C does not define."""
    kind = chance.random() if depth else 0.0
    inner = [f"({expression(chance, depth - 1)})" for _ in range(3)] if kind > 0.2 else []
    if kind <= 0.2:
        return chance.choice(LITERALS)
    if kind <= 0.3:
        return chance.choice("-~!+") + inner[0]
    if kind <= 0.4:
        return "{} ? {} : {}".format(*inner)
    if kind <= 0.5:
        return f"({chance.choice(TYPES.split('|'))}){inner[0]}"
    if kind <= 0.6:
        return f"{inner[0]} {chance.choice(['<<', '>>'])} {chance.choice([1, 4, 10, 31])}"
    return f"{inner[0]} {chance.choice(BINARY)} {inner[1]}"


@pytest.mark.parametrize("seed", range(3))
def test_what_a_compiler_makes_of_it(seed: int, tmp_path: Path) -> None:
    gcc = shutil.which("gcc") or shutil.which("cc")
    if gcc is None:
        pytest.skip("no C compiler here: there is nothing to compare with")
    chance = random.Random(seed)
    texts = [expression(chance, 4) for _ in range(400)]
    known = [(t, v) for t, v in ((t, value(t)) for t in texts) if not isinstance(v, Unknown)]
    assert len(known) > 300
    lines = "".join(f'    printf("%u\\n", (uint32_t)({text}));\n' for text, _ in known)
    source = tmp_path / "all.c"
    source.write_text(
        f"#include <stdint.h>\n#include <stdio.h>\nint main(void)\n{{\n{lines}    return 0;\n}}\n"
    )
    flags = ["-w", "-std=gnu99", "-funsigned-char", "-fwrapv"]
    subprocess.run([gcc, *flags, "-o", tmp_path / "all", source], check=True)
    out = subprocess.run([tmp_path / "all"], check=True, capture_output=True, text=True).stdout
    for (text, ours), theirs in zip(known, map(int, out.split()), strict=True):
        assert ours % (1 << 32) == theirs, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x1000 - 0x3000", -0x2000),
        ("0x1000U - 0x3000U", -0x2000),
        ("0xFFFFF000U + 0x2000U", 0x100001000),
        ("(uint8_t)0x1FF", 0xFF),
        ("(uint32_t)-1", 0xFFFFFFFF),
        ("-1 < 1u", 0),
        ("(0xFFFFFFFFu + 1u) / 2u", 0),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("FOUR * 1024", 4096),
        ("0 && 1 / 0", 0),
        ("1 || 1 / 0", 1),
        ("1 ? 2 : 1 / 0", 2),
        ("(FOUR) - 1", 3),
        ("'\\x41' + '0'", 0x41 + 0x30),
    ],
)
def test_what_runs_over_is_told_exactly(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / 0", "division by zero"),
        ("1 << 32", "a shift by 32"),
        ("1 << -1", "a shift by -1"),
        ("'AB'", "`'AB'` is no integer"),
        ("1.5", "`1.5` is no integer"),
        ("0x1FFFFFFFFFFFFFFFF", "larger than 64 bits"),
        ("f(1)", "`f(...)` is known at run time only"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
    ],
)
def test_what_is_no_number(text: str, why: str) -> None:
    found = value(text)
    assert isinstance(found, Unknown) and found.why == why


def test_names_that_nobody_knows_are_told() -> None:
    assert value("A + B * FOUR") == Unknown(("A", "B"))


def test_conditions_of_the_preprocessor_have_64_bits() -> None:
    assert value("0xFFFFFFFF + 1", Arithmetic.PREPROCESSOR) == 1 << 32
    assert value("1 << 40", Arithmetic.PREPROCESSOR) == 1 << 40
    assert value("-1 < 0u", Arithmetic.PREPROCESSOR) == 0


def test_arithmetic_without_limits() -> None:
    assert value("0xFFFFFFFF + 1 > 0xFFFFFFFF", Arithmetic.EXACT) == 1
    assert value("0 - 0x1000", Arithmetic.EXACT) == -0x1000
    found = value("0xFFFFFFFFFFFFFFFF * 16", Arithmetic.EXACT)
    assert isinstance(found, Unknown) and found.why == "larger than 64 bits"


@pytest.mark.parametrize(
    ("name", "bits", "signed"),
    [
        ("unsigned long int", 32, False),
        ("const uint32_t", 32, False),
        ("unsigned", 32, False),
        ("signed", 32, True),
        ("signed char", 8, True),
        ("char", 8, False),
        ("unsigned char", 8, False),
        ("long long int", 64, True),
        ("size_t", 32, False),
        ("u8", 8, False),
    ],
)
def test_names_of_types(name: str, bits: int, signed: bool) -> None:
    found = integer_type(name)
    assert found is not None and (found.bits, found.signed) == (bits, signed)


@pytest.mark.parametrize("name", ["float", "void", "struct a", "", "const"])
def test_other_types_are_none(name: str) -> None:
    assert integer_type(name) is None


@pytest.mark.parametrize("digits", [255, 256, 300, 1300])
def test_a_number_without_end_is_unknown(digits: int) -> None:
    found = value("9" * digits)
    assert isinstance(found, Unknown)
    assert ("256 characters" in found.why) is (digits >= 256)
