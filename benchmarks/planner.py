"""Planning time: our search beside a plain CP-SAT model of the same problem, in one run.

Run: ``python benchmarks/planner.py`` (needs the extra ``solver`` for the second column). Prints
the CPU times of a whole plan (with its reasons), of our search alone and of CP-SAT, both objective
values (bytes of the first slot), and how much longer CP-SAT takes than our search. Both sides start
from the spec, are proven optimal unless it says otherwise, and run equally often (median).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from flashwright.base.extent import Extent
from flashwright.model.device import BootFacts, Device, Reserved
from flashwright.model.geometry import Bank, EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.spec import PartitionWish, SizeWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import Update
from flashwright.planner import cpsat
from flashwright.planner.expand import expand
from flashwright.planner.optimise import optimise
from flashwright.planner.plan import Limits, plan
from flashwright.planner.problem import build
from flashwright.planner.search import Budget

KIB = 1024
MIB = 1024 * KIB


def sixteen_mib(count: int = 20, aligned: bool = True, tight: bool = False) -> Spec:
    """``count`` partitions in 16 MiB of 4 KiB erase blocks, two slots as large as possible."""
    embedded = Flash("embedded", None, (EraseRun(4096, 4 * KIB),))
    kept = (Reserved("calibration", "embedded", Extent.of(0x7F0000, 0x3000)),)
    device = Device("board", "", "", "", (embedded,), BootFacts("embedded"), kept)
    wishes = [
        PartitionWish("boot", Role.BOOTLOADER, size=SizeWish(exact=0xC000)),
        PartitionWish("slot0", Role.APPLICATION, align=0x10000 if aligned else None),
        PartitionWish("slot1", Role.OTA_TEMP, align=0x10000 if aligned else None),
        PartitionWish("storage", Role.KV, size=SizeWish(exact=0x8000)),
    ]
    for i in range(count - len(wishes)):
        size = (1 + i * 7 % 13) * 4 * KIB
        align = 0x8000 if tight and i % 5 == 0 else None
        wishes.append(PartitionWish(f"p{i}", Role.CUSTOM, size=SizeWish(exact=size), align=align))
    chosen = scheme("mcuboot-direct-xip")
    assert chosen is not None
    return Spec("sixteen", device, Update(chosen), tuple(wishes))


def stm32f4(small: int = 1) -> Spec:
    """An STM32F429 with two banks: uneven erase blocks, a slot in each bank."""
    bank = (EraseRun(4, 16 * KIB), EraseRun(1, 64 * KIB), EraseRun(7, 128 * KIB))
    banks = (Bank("1", Extent(0, MIB)), Bank("2", Extent(MIB, 2 * MIB)))
    embedded = Flash("embedded", 0x08000000, bank + bank, banks=banks)
    device = Device("stm32f429zi", "", "", "", (embedded,), BootFacts("embedded"))
    chosen = scheme("mcuboot-direct-xip")
    assert chosen is not None
    wishes = [
        PartitionWish("boot", Role.BOOTLOADER, size=SizeWish(exact=0x8000)),
        PartitionWish("slot0", Role.APPLICATION, bank="1"),
        PartitionWish("slot1", Role.OTA_TEMP, bank="2"),
    ]
    for i in range(small):
        size = (1 + i * 3 % 4) * 16 * KIB
        wishes.append(PartitionWish(f"p{i}", Role.CUSTOM, size=SizeWish(exact=size)))
    return Spec("f429", device, Update(chosen), tuple(wishes))


def main() -> None:
    """Print one line a problem."""
    print(f"{'problem':34} {'plan':>10} {'search':>10} {'slot':>9} {'CP-SAT':>10} {'slot':>9}")
    _compare("20 partitions, 16 MiB", sixteen_mib(20, aligned=False))
    _compare("20 partitions, slots at 64 KiB", sixteen_mib(20))
    _compare("20 partitions, more alignments", sixteen_mib(20, tight=True), times=1)
    _compare("STM32F4, two banks", stm32f4())
    _compare("STM32F4, 14 small ones", stm32f4(14), times=1)
    _compare("200 partitions, 16 MiB", sixteen_mib(200, aligned=False), times=1)


def _compare(name: str, spec: Spec, times: int = 25) -> None:
    limits = Limits(binding=0)
    runs: list[Callable[[], Any]] = [
        lambda: plan(spec, limits=limits),
        lambda: _search(spec, limits),
    ]
    if cpsat.available():
        runs.append(lambda: cpsat.solve(spec, seconds=10))
    (ours, made), (alone, _), *solved = _timed(runs, times)
    table = made.plan.table
    first = table.of_role(Role.APPLICATION)[0].size
    proven = "" if made.plan.proven else " (unproven)"
    line = f"{name:34} {ours * 1e3:7.1f} ms {alone * 1e3:7.1f} ms {first:#9x}"
    for theirs, answer in solved:
        if answer is not None:
            size = next(iter(answer.sizes.values()), 0)
            note = "" if answer.proven else " (unproven)"
            line += f" {theirs * 1e3:7.1f} ms {size:#9x}{note} {theirs / alone:6.1f}x"
        else:
            line += "  (not covered by the interval model)"
    print(line + proven)


def _search(spec: Spec, limits: Limits):
    expanded = expand(spec)
    problem = build(expanded.demands, expanded.wants, expanded.grounds, expanded.banks)
    return optimise(problem, Budget(limits.nodes), limits.tries, limits.closing)


def _timed(runs: list[Callable[[], Any]], times: int) -> list[tuple[float, Any]]:
    """The median CPU time of each run, repeated so often on its own, and what it came to."""
    found = []
    for run in runs:
        result, taken = None, []
        for _ in range(times):
            start = process_time()
            result = run()
            taken.append(process_time() - start)
        found.append((median(taken), result))
    return found


if __name__ == "__main__":
    main()
