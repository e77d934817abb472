"""Derive ``devices/stm32.json`` from a geometry table of STM32 chips.

Usage: python tools/devices/stm32.py GEOMETRY/stm32.json

The table (derived from embassy-rs/stm32-data, MIT or Apache-2.0) gives banks, erase blocks and
write sizes. What may be programmed twice, smaller program units and the erased value come from the
manuals, drivers and register descriptions named below.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from writing import joined, write_family

GEOMETRY = "embassy-rs/stm32-data (MIT or Apache-2.0)"

ZEPHYR = "Zephyr flash_stm32{}x.c"
ECC = "stm32-data: ECC registers; "
HALF_WORDS = {
    "program_unit": 2,
    "overwrite": "once",
    "source": ZEPHYR.format("f1") + ": half-words, only where erased",
}

#: Facts of a series beside its geometry, each with what was read for it. The collection's write
#: size is not always the smallest (16 bytes for F7, which programs bytes): ``program_unit`` here
#: counts before it. Endurance and times are left out where no data sheet could be read.
SERIES: dict[str, dict[str, Any]] = {
    "C0": {
        "overwrite": "once",
        "source": "Zephyr dts/arm/st/c0: double words; overwrite policy assumed (as STM32G0), "
        "not verified against the reference manual",
    },
    "C5": {
        "overwrite": "once",
        "source": ECC + "overwrite policy follows from ECC, not verified against the manual",
    },
    "F0": HALF_WORDS,
    "F1": HALF_WORDS,
    "F2": {
        "program_unit": 1,
        "overwrite": "clear-bits",
        "source": ZEPHYR.format("f2") + ": bytes, erased or not; stm32-data: no ECC registers",
    },
    "F3": HALF_WORDS | {"source": HALF_WORDS["source"] + "; Zephyr dts/arm/st/f3"},
    "F4": {
        "program_unit": 1,
        "overwrite": "clear-bits",
        "source": "RM0090, programming: bytes in x8 parallelism, successive writes may clear bits",
    },
    "F7": {
        "program_unit": 1,
        "overwrite": "clear-bits",
        "source": ZEPHYR.format("f7") + ": bytes, erased or not; stm32-data: no ECC registers",
    },
    "G0": {
        "overwrite": "once",
        "source": f"RM0444: 64 bits plus 8 ECC bits; {ZEPHYR.format('g0')}: only where erased",
    },
    "G4": {
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('g4')}: double words, only where erased",
    },
    "H5": {
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('l5')}: quad-words, only zeros over a written one",
    },
    "H7": {
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('h7')}: flash words, only where erased",
    },
    "H7AB": {
        "program_unit": 16,
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('h7')}: only where erased; OpenOCD stm32h7x: flash words "
        "of 128 bits in STM32H7Ax and H7Bx",
    },
    "H7RS": {
        "overwrite": "once",
        "source": f"{ECC}flash words of 128 bits; {ZEPHYR.format('h7')}: only where erased",
    },
    "L0": {
        "overwrite": "once",
        "erased_value": 0,
        "source": "RM0377: 6 ECC bits a word; stm32-data: erased value 0; "
        f"{ZEPHYR.format('f1')}: only where erased",
    },
    "L1": {
        "overwrite": "once",
        "erased_value": 0,
        "source": f"stm32-data: erased value 0; {ZEPHYR.format('f1')}: only where erased",
    },
    "L4": {
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('l4')}: double words, only where erased",
    },
    "L5": {
        "overwrite": "once",
        "source": f"{ECC}{ZEPHYR.format('l5')}: double words, only zeros over a written one",
    },
    "U0": {
        "overwrite": "once",
        "source": ECC + "FLASH_SR.PROGERR: double word not erased, unless zeros are written",
    },
    "U3": {
        "overwrite": "once",
        "source": ECC + "overwrite policy follows from ECC, not verified against the manual",
    },
    "U5": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "source": f"{ECC}{ZEPHYR.format('l5')}: quad-words, only zeros over a written one; "
        "RM0456, endurance: 10 000 cycles (100 000 for up to 32 erase blocks a bank)",
    },
    "WB": {
        "overwrite": "once",
        "source": "RM0434, programming: 64 bits plus ECC, only zeros over a written double word; "
        + ZEPHYR.format("wb"),
    },
    "WB0": {
        "program_unit": 4,
        "overwrite": "once",
        "source": "Zephyr dts/arm/st/wb0: words; overwrite policy assumed (the stricter), not "
        "verified against the reference manual",
    },
    "WBA": {
        "overwrite": "once",
        "source": ECC + "FLASH_NSSR.PROGERR: quad-word not erased, unless zeros are written",
    },
    "WL": {
        "overwrite": "once",
        "source": ECC + "overwrite policy follows from ECC, not verified against the manual",
    },
}

#: Beginnings of names whose series the two letters behind STM32 do not tell.
SUBSERIES = {
    "STM32H7A": "H7AB",
    "STM32H7B": "H7AB",
    "STM32H7R": "H7RS",
    "STM32H7S": "H7RS",
    "STM32WBA": "WBA",
    "STM32WB0": "WB0",
}


def main(path: str) -> None:
    groups: dict[str, dict[str, Any]] = {}
    names: dict[str, list[str]] = defaultdict(list)
    for row in json.loads(Path(path).read_text()):
        for chip in row["chips"]:
            if not any(row["configs"]):
                continue  # no flash of its own (STM32MP1, STM32N6)
            series = SUBSERIES.get(chip[:8], chip[5:7])
            entry = entry_of(row["configs"], SERIES[series])
            key = json.dumps(entry)
            groups[key] = entry
            names[key].append(chip)
    entries = [{"names": sorted(names[key]), **groups[key]} for key in groups]
    entries.sort(key=lambda e: e["names"][0])
    defaults = {
        "vendor": "STMicroelectronics",
        "ecosystems": ["alios", "zephyr", "mcuboot", "rt-thread", "mynewt"],
        "source": GEOMETRY,
    }
    write_family("stm32", "STM32", defaults, entries)
    print(len(entries), "entries,", sum(len(e["names"]) for e in entries), "chips")


def entry_of(configs: list[list[list[Any]]], facts: dict[str, Any]) -> dict[str, Any]:
    """The entry for chips that can be set up as ``configs`` say."""
    facts = {**facts, "source": f"{GEOMETRY}; {facts['source']}"}
    unit = facts.pop("program_unit", 0)
    if len(configs) == 1:
        return {"each": {"flash": facts}, "flash": flashes_of(configs[0], unit)}
    listed = []
    for config in configs:
        banks = {region[0][:6] for region in config}
        name = {1: "single", 2: "dual"}[len(banks)]
        listed.append({"configuration": name, "flash": flashes_of(config, unit)})
    return {"each": {"flash": facts}, "configurations": listed}


def flashes_of(config: list[list[Any]], program_unit: int) -> list[dict[str, Any]]:
    """One flash, or one a bank where there is a hole between the banks.

    ``program_unit`` counts before that of the table, unless it is 0.
    """
    flashes: list[dict[str, Any]] = []
    for name, base_text, count, size, unit in config:
        base, bank = int(base_text, 16), name[:6]
        last = flashes[-1] if flashes else None
        if last is None or base != last["base"] + last["end"]:
            last = {"base": base, "end": 0, "unit": unit, "runs": [], "banks": {}}
            flashes.append(last)
        if last["unit"] != unit:
            raise ValueError(f"two program units in one flash: {config}")
        last["runs"].append((count, size))
        last["end"] += count * size
        last["banks"][bank] = last["banks"].get(bank, 0) + count * size
    result = []
    for number, flash in enumerate(flashes):
        entry = {
            "name": "embedded" if number == 0 else f"embedded{number + 1}",
            "base": f"0x{flash['base']:X}",
            "erase_blocks": joined(flash["runs"]),
            "program_unit": program_unit or flash["unit"],
        }
        if len(flash["banks"]) > 1:
            entry["banks"] = list(flash["banks"].values())
        result.append(entry)
    return result


if __name__ == "__main__":
    main(sys.argv[1])
