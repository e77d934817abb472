"""Derive ``devices/stm32.json`` from a geometry table of STM32 chips.

Usage: python tools/devices/stm32.py GEOMETRY/stm32.json

The table (derived from embassy-rs/stm32-data, MIT or Apache-2.0) gives banks, erase blocks and
program units. What may be programmed twice, the erased value, endurance and times are facts of the
manuals and datasheets named below.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from writing import joined, write_family

GEOMETRY = "embassy-rs/stm32-data (MIT or Apache-2.0)"

#: Facts of a series beside its geometry, with their source. Series that are not here have ECC
#: words of one program unit, which are programmed once.
SERIES: dict[str, dict[str, Any]] = {
    "F0": {"overwrite": "once", "source": "RM0091: a half-word must be 0xFFFF before"},
    "F1": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "source": "PM0075: a half-word must be 0xFFFF before; DS5319 (STM32F103)",
    },
    "F2": {
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        "source": "PM0059, no ECC; DS6329 (STM32F205)",
    },
    "F3": {"overwrite": "once", "source": "RM0316: a half-word must be 0xFFFF before"},
    "F4": {
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        "erase_time_us": 1000000,
        "program_time_us": 16,
        "source": "RM0090, no ECC; DS9405 (STM32F429), 128 KiB, x32 parallelism",
    },
    "F7": {
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        "source": "RM0410, no ECC; DS11532 (STM32F767)",
    },
    "G4": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "erase_time_us": 22020,
        "program_time_us": 82,
        "source": "RM0440, ECC; DS12288 (STM32G474)",
    },
    "H7": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "source": "RM0433, ECC; DS12110 (STM32H743)",
    },
    "L0": {
        "overwrite": "once",
        "erased_value": 0,
        "endurance_cycles": 10000,
        "erase_time_us": 3280,
        "program_time_us": 3280,
        "source": "RM0367, ECC, erased is 0x00; DS10685 (STM32L073)",
    },
    "L1": {
        "overwrite": "once",
        "erased_value": 0,
        "endurance_cycles": 10000,
        "erase_time_us": 3280,
        "program_time_us": 3280,
        "source": "RM0038, ECC, erased is 0x00; DS8669 (STM32L152)",
    },
    "L4": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "erase_time_us": 22020,
        "program_time_us": 82,
        "source": "RM0351, ECC; DS11585 (STM32L496)",
    },
    "WB": {
        "overwrite": "once",
        "endurance_cycles": 10000,
        "source": "RM0434, ECC; DS11929 (STM32WB55)",
    },
}
OTHERS = {"overwrite": "once", "source": "ST reference manuals: flash with ECC"}


def main(path: str) -> None:
    groups: dict[str, dict[str, Any]] = {}
    names: dict[str, list[str]] = defaultdict(list)
    for row in json.loads(Path(path).read_text()):
        for chip in row["chips"]:
            if not any(row["configs"]):
                continue  # no flash of its own (STM32MP1, STM32N6)
            series = "WBA" if chip.startswith("STM32WBA") else chip[5:7]
            facts = {**SERIES.get(series, OTHERS)}
            if chip.startswith("STM32WB0"):
                facts = {"overwrite": "once", "source": OTHERS["source"]}
            entry = entry_of(row["configs"], facts)
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
    if len(configs) == 1:
        return {"each": {"flash": facts}, "flash": flashes_of(configs[0])}
    listed = []
    for config in configs:
        banks = {region[0][:6] for region in config}
        name = {1: "single", 2: "dual"}[len(banks)]
        listed.append({"configuration": name, "flash": flashes_of(config)})
    return {"each": {"flash": facts}, "configurations": listed}


def flashes_of(config: list[list[Any]]) -> list[dict[str, Any]]:
    """One flash, or one a bank where there is a hole between the banks."""
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
            "program_unit": flash["unit"],
        }
        if len(flash["banks"]) > 1:
            entry["banks"] = list(flash["banks"].values())
        result.append(entry)
    return result


if __name__ == "__main__":
    main(sys.argv[1])
