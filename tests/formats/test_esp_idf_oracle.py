"""Made-up tables, read by us and by ESP-IDF's own tool, run as a program of its own.

It is no part of the project: ``GEN_ESP32PART`` names it (and ``GEN_ESP32PART_PYTHON`` a Python that
has what it needs), as for ``benchmarks/formats.py``; without it these tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flashwright.diag.finding import Severity
from flashwright.formats import esp_idf_bin, esp_idf_csv
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions

TOOL = os.environ.get("GEN_ESP32PART", "")
PYTHON = os.environ.get("GEN_ESP32PART_PYTHON", sys.executable)

pytestmark = pytest.mark.skipif(not TOOL, reason="GEN_ESP32PART does not name ESP-IDF's tool")

NAMES = "a|b|nvs|ota_0|long_name_of_seventeen|ünïcode|a b| x |#c|$v|same|same||a\0b"
TYPES = "app|data|bootloader|partition_table|0|1|0x40|APP|256||1K|-1|0x1_0|１|dat"
SUBTYPES = (
    "factory|test|ota_0|ota|nvs|coredump|nvs_keys|spiffs|undefined||0x10|6|tee_ota|primary|"
    "recovery|OTA|ota_15|300|-2|blk"
)
NUMBERS = (
    "|0x9000|0x10000|0xd000|4096|1M|64K|0x1000|0x2000|-0x20000|-1M|1KK|0x|08|0b11|0o17|1_000|1 M|"
    "１０|0xFFFFF000|4096M|+5|N/A|1m|0X9000|1e3|0x9100"
)
FLAGS = "|encrypted|readonly|encrypted:readonly|foo|::|ENCRYPTED"

USUAL = st.sampled_from(
    [
        ("nvs", "data", "nvs", "", "0x4000"),
        ("otadata", "data", "ota", "", "0x2000"),
        ("ota_0", "app", "ota_0", "", "1M"),
        ("ota_1", "app", "ota_1", "0x110000", "1M"),
    ]
)
ODD = st.tuples(
    *(st.sampled_from(words.split("|")) for words in (NAMES, TYPES, SUBTYPES, NUMBERS, NUMBERS))
)
ROW = st.tuples(USUAL | ODD, st.sampled_from(FLAGS.split("|")), st.sampled_from([",", ", ", " ,"]))
NOTHING = ("no partition in it", "no entry in it")
CAREFUL = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def converted(data: bytes, folder: Path) -> bytes | None:
    """What the tool makes of a file; ``None`` if it refuses it (or gives up in the middle)."""
    given, made = folder / "given", folder / "made"
    given.write_bytes(data)
    made.unlink(missing_ok=True)
    command = [PYTHON, TOOL, "-q", "--primary-bootloader-offset", "0x1000", str(given), str(made)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return made.read_bytes() if done.returncode == 0 and made.exists() else None


def refused(decoded: Decoded) -> bool:
    return any(f.severity is Severity.ERROR for f in decoded.findings)


def stricter(decoded: Decoded) -> bool:
    """Whether we refuse on purpose what the tool lets pass: equal labels, a table of nothing."""
    told = [f for f in decoded.findings if f.severity is Severity.ERROR]
    return all(f.code == "FMT221" or f.message.startswith(NOTHING) for f in told)


@CAREFUL
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_csv(rows: list[tuple[tuple[str, ...], str, str]], tmp_path: Path) -> None:
    text = "".join(comma.join((*fields, flags)) + "\n" for fields, flags, comma in rows)
    decoded = esp_idf_csv.decode(
        Source("p.csv", text.encode()), ReadOptions(bootloader_offset=0x1000)
    )
    theirs = converted(text.encode(), tmp_path)
    if refused(decoded):
        assert theirs is None or stricter(decoded)
    else:
        assert esp_idf_bin.encode(decoded.tables, WriteOptions()).data == theirs


@CAREFUL
@given(data=st.data(), rows=st.lists(USUAL, min_size=1, max_size=4, unique_by=lambda r: r[0]))
def test_damaged_binaries(data: st.DataObject, rows: list[tuple[str, ...]], tmp_path: Path) -> None:
    text = "".join(",".join(fields) + "\n" for fields in sorted(rows)).encode()
    whole = esp_idf_bin.encode(
        esp_idf_csv.decode(Source("p.csv", text), ReadOptions()).tables, WriteOptions()
    ).data
    if whole is None:
        return
    damaged = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, 32 * len(rows) + 40), max_size=2)):
        damaged[at] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))]
    decoded = esp_idf_bin.decode(Source("p.bin", bytes(damaged)), ReadOptions())
    theirs = converted(bytes(damaged), tmp_path) if damaged[:2] == b"\xaa\x50" else None
    if refused(decoded) or not decoded.tables:
        assert theirs is None or stricter(decoded)
    else:
        assert esp_idf_csv.encode(decoded.tables, WriteOptions()).data == theirs
