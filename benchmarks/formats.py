"""How fast layout files are read: files a second for each format, over ``../shared/samples``.

Beside it, in the same run, ESP-IDF's own tool converts a CSV to its binary table, if it is at hand:
``GEN_ESP32PART=/path/to/gen_esp32part.py``. It is components/partition_table/gen_esp32part.py of
https://github.com/espressif/esp-idf (Apache-2.0), run as a program of its own and no part of this
project. Up to v6.0 it needs nothing but Python; later it needs rich_click and esp_pylib, and
``GEN_ESP32PART_PYTHON`` names a Python that has them. Whole processes in turn, and both in process.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import flashwright
from flashwright.formats.catalog import recognised
from flashwright.formats.format import ReadOptions, Source

SAMPLES = Path(__file__).resolve().parents[2] / "shared/samples"
ROUNDS = 15

CSV = b"""\
nvs, data, nvs, 0x9000, 0x4000
otadata, data, ota, 0xd000, 0x2000
phy_init, data, phy, 0xf000, 0x1000
ota_0, app, ota_0, 0x10000, 1M
ota_1, app, ota_1, 0x110000, 1M
storage, data, spiffs, 0x210000, 512K
"""

PEER_IN_PROCESS = """
import runpy, sys, time
tool = runpy.run_path(sys.argv[1])
table = tool["PartitionTable"]
scope = table.from_csv.__func__.__globals__
scope.update(offset_part_table=0x8000, quiet=True, secure=None, md5sum=True)
text = open(sys.argv[2]).read()
best = 1.0
for _ in range(1000):
    begin = time.perf_counter()
    found = table.from_csv(text)
    found.verify()
    found.to_binary()
    best = min(best, time.perf_counter() - begin)
print(best)
"""

OURS_IN_PROCESS = """
import sys, time
from flashwright.formats import esp_idf_bin, esp_idf_csv
from flashwright.formats.format import ReadOptions, Source, WriteOptions
data = open(sys.argv[2], "rb").read()
source, reading, writing = Source("p.csv", data), ReadOptions(), WriteOptions()
best = 1.0
for _ in range(1000):
    begin = time.perf_counter()
    decoded = esp_idf_csv.decode(source, reading)
    esp_idf_bin.encode(decoded.tables, writing)
    best = min(best, time.perf_counter() - begin)
print(best)
"""


def read_samples() -> None:
    """Read every sample and print files a second for each format."""
    if not SAMPLES.is_dir():
        print("no samples on this machine: nothing to read")
        return
    times: dict[str, list[float]] = defaultdict(list)
    for path in sorted(p for p in SAMPLES.rglob("*") if p.is_file()):
        source = Source(path.name, path.read_bytes())
        found = recognised(source.path, source.data)
        if not found:
            continue
        for _ in range(3):
            begin = time.perf_counter()
            found[0].decode(source, ReadOptions(bootloader_offset=0x1000))
            taken = time.perf_counter() - begin
        times[found[0].name].append(taken)
    for name, taken in sorted(times.items()):
        print(f"{name:<16} {len(taken):4} files  {len(taken) / sum(taken):9.0f} files/s")


def beside_the_reference(tool: str) -> None:
    """CSV to binary, ours and the reference tool's, as processes and in process."""
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "p.csv"
        csv.write_bytes(CSV)
        # Bytecode is there, as it is in an installed package.
        compileall.compile_dir(Path(flashwright.__file__).parent, quiet=1)
        mine = Path(sys.executable).with_name("flashwright")
        python = os.environ.get("GEN_ESP32PART_PYTHON", sys.executable)
        commands = {
            "ours": [str(mine), "convert", str(csv), "--to", "esp-idf-bin", "-o", f"{folder}/a"],
            "reference": [python, tool, "-q", str(csv), f"{folder}/b"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                begin = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                times[name].append(time.perf_counter() - begin)
        same = Path(f"{folder}/a").read_bytes() == Path(f"{folder}/b").read_bytes()
        print(f"same bytes: {'yes' if same else 'NO'}")
        ours, theirs = (statistics.median(times[n]) for n in ("ours", "reference"))
        print(
            f"whole process: ours {ours * 1000:.0f} ms, reference {theirs * 1000:.0f} ms, "
            f"ratio {ours / theirs:.2f}"
        )
        programs = {
            "ours": (sys.executable, OURS_IN_PROCESS),
            "reference": (python, PEER_IN_PROCESS),
        }
        bests: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, (interpreter, program) in programs.items():
                command = [interpreter, "-c", program, tool, str(csv)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                bests[name].append(float(done.stdout))
        ours, theirs = (statistics.median(bests[n]) for n in ("ours", "reference"))
        print(
            f"in process: ours {ours * 1e6:.0f} us, reference {theirs * 1e6:.0f} us, "
            f"ratio {ours / theirs:.2f}"
        )


def main() -> None:
    """Both parts."""
    read_samples()
    tool = os.environ.get("GEN_ESP32PART")
    if tool:
        beside_the_reference(tool)
    else:
        print("GEN_ESP32PART is not set: nothing to compare with")


if __name__ == "__main__":
    main()
