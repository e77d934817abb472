"""Made-up static layouts, read by us and by Nordic's Partition Manager, a program of its own.

It is no part of the project: ``NRF_PARTITION_MANAGER`` names `scripts/partition_manager.py` of
nrfconnect/sdk-nrf (it needs PyYAML); without it these tests are skipped. What it made of others
stands in ``test_nrf_pm_static``.
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
from flashwright.formats.format import Decoded, ReadOptions, Source, WriteOptions
from flashwright.formats.nrf_pm_static import decode, encode
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash

TOOL = os.environ.get("NRF_PARTITION_MANAGER", "")
pytestmark = pytest.mark.skipif(
    not TOOL, reason="NRF_PARTITION_MANAGER does not name Nordic's partition_manager.py"
)

SIZE = 1 << 20
DEVICE = Device(
    "d", "", "", "", (Flash("embedded", 0, (EraseRun(256, 4096),)),), BootFacts("embedded")
)
#: Name, size, base and placement of the regions, in the order in which the build names them.
REGIONS = (
    ("sram_primary", 0x80000, 0x20000000, "complex"),
    ("flash_primary", SIZE, 0, "complex"),
    ("external_flash", 8 << 20, 0, "start_to_end"),
)
CAREFUL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBER = st.integers(0, 16).map(lambda n: n * 0x10000)
STYLE = st.sampled_from(["{:#x}"] * 8 + ["{:d}", "0{:o}", "0o{:o}", "'{:d}'", "{:#X}", "{:#b}"])
VALUE = st.tuples(STYLE, NUMBER).map(lambda said: said[0].format(said[1]))
ENTRY = st.tuples(
    st.sampled_from(["app", "mcuboot", "settings_storage", "tfm", "on", "EMPTY_0"]),
    VALUE,
    VALUE,
    st.sampled_from(["", "", "", ", region: external_flash", ", span: [app]", ", region: "]),
)
Places = dict[str, tuple[int, int]]


def made(data: bytes, folder: Path) -> Places | None:
    """Addresses and sizes as the tool says them; ``None`` if it refuses or gives up."""
    yaml = pytest.importorskip("yaml")
    given_, out = folder / "pm_static.yml", folder / "partitions.yml"
    given_.write_bytes(data)
    (folder / "pm.yml").write_bytes(b"")
    out.unlink(missing_ok=True)
    command = [sys.executable, TOOL, "--input-files", str(folder / "pm.yml")]
    command += ["--output-partitions", str(out), "--output-regions", str(folder / "regions.yml")]
    command += ["--static-config", str(given_), "--regions", *(name for name, *_ in REGIONS)]
    for name, size, base, placement in REGIONS:
        command += [f"--{name}-size", hex(size), f"--{name}-base-address", hex(base)]
        command += [f"--{name}-placement-strategy", placement]
    command += ["--sram_primary-dynamic-partition", "sram_primary"]
    ended = subprocess.run(command, capture_output=True, check=False)
    if ended.returncode or not out.exists():
        return None
    said = yaml.safe_load(out.read_text())
    return {name: (entry["address"], entry["size"]) for name, entry in said.items()}


def ours(data: bytes) -> Decoded:
    """What we read."""
    return decode(Source("pm_static.yml", data), ReadOptions(DEVICE))


@CAREFUL
@given(entries=st.lists(ENTRY, min_size=1, max_size=4, unique_by=lambda entry: entry[0]))
def test_we_read_what_the_tool_reads(entries: list[tuple[str, ...]], tmp_path: Path) -> None:
    text = "".join(f"{n}: {{address: {a}, size: {s}{more}}}\n" for n, a, s, more in entries)
    theirs, decoded = made(text.encode(), tmp_path), ours(text.encode())
    codes = {f.code for f in decoded.findings}
    refused = any(f.severity is Severity.ERROR for f in decoded.findings)
    if theirs is None:
        assert refused or codes & {"FMT254", "FMT256"}
        return
    assert not refused
    (table,) = decoded.tables
    places = {p.name: (p.start, p.size) for p in table.partitions}
    if codes & {"FMT253", "FMT254"}:  # `app` is told to be elsewhere, or to have no place
        places.pop("app", None)
    assert places.items() <= theirs.items()
    written = encode((table,), WriteOptions()).data
    again = made(written, tmp_path) if written is not None else None
    assert again is not None and places.items() <= again.items()


def test_a_sound_layout_is_the_same(tmp_path: Path) -> None:
    text = b"mcuboot: {address: 0, size: 0x10000}\napp: {}\nnvs: {address: 0xf0000, size: 65536}\n"
    theirs = made(text, tmp_path)
    assert theirs is not None and theirs["app"] == (0x10000, 0xE0000)
    (table,) = ours(text).tables
    assert {p.name: (p.start, p.size) for p in table.partitions}.items() <= theirs.items()
