"""What a proof costs as the slot grows: time, states and memory for each scheme.

Slots of 128 to 2048 erase blocks of 4 KiB, program calls of 256 bytes and of 1 KiB, any number of
cuts, torn operations, two updates; every scheme that is registered and can work on the layout. Each
proof runs in a process of its own; the last column is the ratio to the slot half as large. Where a
scheme needs more than ``MOST_STATES`` the row says ``SIM103`` and the series ends.
Usage: prover.py [--chunk 256] [--least 128] [--most 512] [SCHEME ...]

For scale: MCUboot's own simulator takes 19 to 78 s for single, untorn cuts in slots of 256 erase
blocks, and would take days for every pair of cuts.
"""

from __future__ import annotations

import argparse
import resource
import time
from multiprocessing import get_context

from flashwright.base.extent import Extent
from flashwright.model.device import BootFacts, Device, Reserved
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Payload, Update
from flashwright.sim.catalog import BLUEPRINTS
from flashwright.sim.explore import Limits
from flashwright.sim.prove import prove

BLOCK = 4096
SIZES = (128, 256, 512, 1024, 2048)


CHUNKS = (256, 1024)

#: More states than any of the series needs: some 1.5 GB.
MOST_STATES = 3_000_000


def layout(blocks: int, payload: Payload) -> Table:
    """Two slots of ``blocks`` erase blocks, a record of two, a scratch area of two, a KV store."""
    at = 0
    partitions = []
    for name, role, count in (
        ("app", Role.APPLICATION, blocks),
        ("ota", Role.OTA_TEMP, blocks),
        ("record", Role.BOOT_RECORD, 2),
        ("scratch", Role.SCRATCH, 2),
        ("kv", Role.KV, 2),
    ):
        extent = Extent.of(at, count * BLOCK)
        partitions.append(Partition(name, role, "embedded", extent, at))
        at = extent.end
    system = Reserved("system-parameters", "embedded", Extent.of(at, 3 * BLOCK))
    total = at // BLOCK + 3
    flash = Flash("embedded", 0, (EraseRun(total, BLOCK),), 4, 0xFF, endurance_cycles=100_000)
    device = Device("bench", "", "", "", (flash,), BootFacts("embedded"), (system,))
    found = scheme("alios-single-bank")
    assert found is not None
    return Table("bench", tuple(partitions), device, Update(found, payload))


def measure(name: str, payload: Payload, blocks: int, chunk: int) -> tuple[str, float, int, int]:
    """Verdict, processor seconds, states and MiB of one proof."""
    table = layout(blocks, payload)
    begin = time.process_time()
    proof = prove(table, scheme=name, chunk=chunk, limits=Limits(states=MOST_STATES))
    taken = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said = proof.verdict.value if not proof.findings else proof.findings[0].code
    return said if proof.states else f"({said})", taken, proof.states, memory


def main() -> None:
    """Print the series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunk", type=int, action="append", help="may be given again")
    parser.add_argument("--least", type=int, default=SIZES[0])
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("schemes", nargs="*")
    asked = parser.parse_args()
    rows = [(b.name, Payload.WHOLE) for b in BLUEPRINTS if b.name != "alios-kv"]
    rows.append(("alios-single-bank", Payload.DELTA))
    print(
        f"{'scheme':34}{'call':>5}{'blocks':>7}{'seconds':>9}{'states':>9}{'MiB':>6}"
        f"{'ratio':>7}  verdict"
    )
    for name, payload in rows:
        if asked.schemes and name not in asked.schemes:
            continue
        title = f"{name} {payload.value}" if payload is not Payload.WHOLE else name
        for chunk in asked.chunk or CHUNKS:
            series(
                title, name, payload, chunk, [s for s in SIZES if asked.least <= s <= asked.most]
            )


def series(title: str, name: str, payload: Payload, chunk: int, sizes: list[int]) -> None:
    """Print one scheme with one size of calls, slot by slot."""
    before = 0.0
    for blocks in sizes:
        with get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (name, payload, blocks, chunk))
        verdict, taken, states, memory = found
        ratio = f"{taken / before:7.2f}" if before else f"{'':7}"
        row = f"{title:34}{chunk:5}{blocks:7}{taken:9.2f}{states:9}{memory:6}{ratio}  {verdict}"
        print(row, flush=True)
        before = taken
        if not states or states > MOST_STATES:
            return


if __name__ == "__main__":
    main()
