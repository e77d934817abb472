"""What a proof costs as the slot grows: time, states and memory for each scheme.

Slots of 128 to 2048 erase blocks of 4 KiB, program calls of 1 KiB (or as given), any number of
cuts, torn operations, two updates. Each proof runs in a process of its own; the last column is the
ratio to the slot half as large. Usage: prover.py [--chunk 256] [--most 512] [SCHEME ...]

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
    proof = prove(table, scheme=name, chunk=chunk, limits=Limits(states=3_000_000))
    taken = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said = proof.verdict.value if not proof.findings else proof.findings[0].code
    return said if proof.states else f"({said})", taken, proof.states, memory


def main() -> None:
    """Print the series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunk", type=int, default=1024)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("schemes", nargs="*")
    asked = parser.parse_args()
    rows = [(b.name, Payload.WHOLE) for b in BLUEPRINTS if b.name != "alios-kv"]
    rows.append(("alios-single-bank", Payload.DELTA))
    print(f"{'scheme':34}{'blocks':>7}{'seconds':>9}{'states':>9}{'MiB':>6}{'ratio':>7}  verdict")
    for name, payload in rows:
        if asked.schemes and name not in asked.schemes:
            continue
        before = 0.0
        for blocks in (s for s in SIZES if s <= asked.most):
            with get_context("spawn").Pool(1) as pool:
                found = pool.apply(measure, (name, payload, blocks, asked.chunk))
            verdict, taken, states, memory = found
            ratio = f"{taken / before:7.2f}" if before else f"{'':7}"
            title = f"{name} {payload.value}" if payload is not Payload.WHOLE else name
            print(f"{title:34}{blocks:7}{taken:9.2f}{states:9}{memory:6}{ratio}  {verdict}")
            before = taken
            if not states:
                break


if __name__ == "__main__":
    main()
