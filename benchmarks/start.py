"""How long a command takes to start: `flashwright check` on a small table beside `python -c pass`.

Both run as whole processes, in turn, in one run; the medians and their ratio are printed.
Aim: a ratio of 4 or less. Run it with the interpreter of the virtual environment.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import flashwright

ROUNDS = 25

CSV = """\
# Name, Type, SubType, Offset, Size
nvs, data, nvs, 0x9000, 0x4000
otadata, data, ota, 0xd000, 0x2000
phy_init, data, phy, 0xf000, 0x1000
ota_0, app, ota_0, 0x10000, 1M
ota_1, app, ota_1, 0x110000, 1M
"""


def seconds(command: list[str]) -> float:
    """Wall time of one run; the command has to succeed."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Run all commands in turn and print what they took."""
    # Bytecode is there, as it is in an installed package.
    compileall.compile_dir(Path(flashwright.__file__).parent, quiet=1)
    tool = str(Path(sys.executable).with_name("flashwright"))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "partitions.csv"
        table.write_text(CSV)
        spec = Path(__file__).resolve().parent.parent / "examples/esp8266-2m/flash.toml"
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "flashwright check partitions.csv": [tool, "check", str(table), "--flash-size", "4M"],
            "flashwright check flash.toml": [tool, "check", str(spec)],
            "flashwright --version": [tool, "--version"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for round_number in range(ROUNDS + 2):
            for name, command in commands.items():
                taken = seconds(command)
                if round_number >= 2:
                    times[name].append(taken)
    bare = statistics.median(times["python -c pass"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<36} {median * 1000:7.1f} ms   ratio {median / bare:5.2f}")


if __name__ == "__main__":
    main()
