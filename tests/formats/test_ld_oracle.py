"""`MEMORY` blocks read as GNU ld reads them: held against the linker where it is installed."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flashwright.formats import ld_memory
from flashwright.formats.format import ReadOptions, Source

pytestmark = pytest.mark.skipif(
    not (shutil.which("ld") and shutil.which("as")), reason="GNU ld and as are not installed"
)

Regions = dict[str, tuple[int, int]]

NUMBERS = ["0", "4K", "1M", "64k", "010", "0X20", "1024", "0x8000000", "0x10K", "7", "3", "08"]
NUMBERS += ["0b1", "1e3", "0FFh", "$10"]
WORDS = ["SIZE", "ORIGIN(A)", "LENGTH(A)", "ORIGIN( A )", "_twice", "nobody"]


def linked(text: str, where: Path) -> Regions | None:
    """The memory configuration in the map file of the linker; ``None`` if it refuses the script."""
    (where / "t.ld").write_text(text + "\nSECTIONS { .text : { *(.text) } }\n")
    command = ["ld", "-T", "t.ld", "-Map=t.map", "-o", "t.out", "empty.o"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    written = where / "t.map"
    told = written.read_text() if written.exists() else ""
    written.unlink(missing_ok=True)
    found = re.search(r"Memory Configuration\n\n.*?\n(.*?)\n\n?Linker script", told, re.S)
    if found is None or re.search("error|undefined|nonconstant|by zero", done.stderr):
        return None
    rows = [line.split() for line in found[1].splitlines()]
    return {r[0]: (int(r[1], 16), int(r[2], 16)) for r in rows if r and r[0] != "*default*"}


def expression(rnd: random.Random, depth: int = 0) -> str:
    """A made-up expression of the linker's language."""
    kind = rnd.random()
    if depth > 2 or kind < 0.55:
        return rnd.choice(NUMBERS if rnd.random() < 0.7 else WORDS)
    if kind < 0.8:
        operator = rnd.choice(["+", "-", "*", "/", " + ", "<<", ">>", "&", "|", "%", "=="])
        return expression(rnd, depth + 1) + operator + expression(rnd, depth + 1)
    if kind < 0.95:
        return f"({expression(rnd, depth + 1)})"
    return rnd.choice(["-", "~", "!"]) + expression(rnd, depth + 1)


def script(rnd: random.Random) -> str:
    head = "SIZE = 4K + 2;\n_twice = SIZE * 2;\n"
    origin, length = rnd.choice([("ORIGIN", "LENGTH"), ("org", "len"), ("o", "l")])
    attributes = rnd.choice(["", " (rx)", "(rwx)", " (!w)"])
    region = f"B{attributes} : {origin} = {expression(rnd)}, {length} = {expression(rnd)}"
    between = rnd.choice(["\n", " ", ",\n"])
    return f"{head}MEMORY\n{{\nA (rx) : ORIGIN = 0x1000, LENGTH = 0x2000{between}{region}\n}}\n"


def test_regions_are_those_of_the_linker_or_are_said_to_be_unknown(tmp_path: Path) -> None:
    done = subprocess.run(["as", "-o", "empty.o", "-"], cwd=tmp_path, input=b"", check=False)
    assert done.returncode == 0
    rnd = random.Random(20)
    read = 0
    for _ in range(200):
        text = script(rnd)
        theirs = linked(text, tmp_path)
        decoded = ld_memory.decode(Source("t.ld", text.encode()), ReadOptions())
        told = {f.code for f in decoded.findings}
        ours = {p.id: (p.start, p.size) for p in decoded.tables[0].partitions}
        if theirs is not None and ours != theirs:
            assert told == {"FMT016"}, text
            assert all(theirs[name] == place for name, place in ours.items() if name), text
        read += theirs == ours
    assert read >= 40
