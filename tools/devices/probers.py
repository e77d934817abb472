"""Derive a device file a vendor from a geometry table of many vendors' chips.

Usage: python tools/devices/probers.py GEOMETRY/probers.json

The table (derived from probe-rs targets, MIT or Apache-2.0) gives memory regions and erase blocks.
It does not give the smallest program unit (its "page size" is a transfer size), nor what may be
programmed twice, nor endurance: these are left at their defaults, and the source says so. Chips
that have a file of their own with more facts are left out here.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from writing import joined, uniform, write_family

GEOMETRY = "probe-rs targets (MIT or Apache-2.0); program unit and overwriting not given"

ROWS = "probe-rs targets (MIT or Apache-2.0); SAM D and L data sheets, NVMCTRL: rows of 256 bytes"

#: Chips with a file of their own; PSOC Edge, whose regions are views of external memory.
ELSEWHERE = ("STM32", "NRF", "RP2", "MIMXRT105", "MIMXRT102", "PSE8")

#: Regions that no partition lies in: option bytes, boot ROM, second views of the same bytes.
NOT_FLASH = re.compile(r"SYS|OPT|VND|USR_LEGACY|UICR|ROMCP|BootROM|^ROM$|alias|\(secure\)", re.I)

#: A larger region is the address space of a controller, not a flash.
LARGEST = 64 << 20

#: Chips whose table gives lock regions (a sixteenth of the flash) for erase blocks, which are rows
#: of four 64-byte pages: SAM D1x, D2x, DA1, L21, L22 data sheets, NVMCTRL.
ROWS_OF_256 = ("ATSAMD1", "ATSAMD2", "ATSAMDA1", "ATSAML2")

#: A second flash that is smaller holds the configuration of the chip (CCFG of CC13xx).
SMALLEST_SECOND = 0x1000

#: How far above a flash Arm's secure view of the same bytes lies.
SECURE_VIEW = 0x10000000

#: Name of the file, vendor, beginnings of the chips' names.
VENDORS: tuple[tuple[str, str, str], ...] = (
    ("adi", "Analog Devices", "ADUCM MAX32"),
    ("artery", "Artery", "AT32"),
    ("gigadevice", "GigaDevice", "GD32"),
    ("hdsc", "HDSC", "HC32"),
    ("holtek", "Holtek", "HT32 HT50"),
    ("hpmicro", "HPMicro", "HPM"),
    ("hsxp", "HSXP", "HK32 HF503"),
    ("infineon", "Infineon", "XMC CY8C CYB CYS PSC TLE MB9B RM21"),
    ("microchip", "Microchip", "ATSAM PIC32 MEC"),
    ("nxp", "NXP", "LPC MCX MIMXRT S32K OL23"),
    ("puya", "Puya", "PY32 AIR001"),
    ("renesas", "Renesas", "R7FA R7JA R7KA"),
    ("silabs", "Silicon Labs", "EFM32 EFR32"),
    ("ti", "Texas Instruments", "CC13 CC23 CC26 LM3S MSP TM4C TMS57"),
    ("wch", "WCH", "CH32 CH57 CH64"),
)

#: What a vendor's manuals say beside the geometry.
VENDOR_FACTS: dict[str, dict[str, Any]] = {
    "silabs": {
        "program_unit": 4,
        "source": "probe-rs targets (MIT or Apache-2.0); EFM32 and EFR32 reference manuals: "
        "flash is written by words of 32 bits",
    },
}


def main(path: str) -> None:
    chips: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in json.loads(Path(path).read_text()):
        for chip in row["chips"]:
            family = family_of(chip)
            flashes = flashes_of(row["nvm"], row["algos"])
            if chip.startswith(ROWS_OF_256):
                for flash in flashes:
                    size = sum(count * each for count, each in flash["erase_blocks"])
                    flash["erase_blocks"] = uniform(size, 256)
                    flash["source"] = ROWS
            if family and flashes:
                chips[family][json.dumps(flashes)].append(chip)
    vendors = {file: vendor for file, vendor, _ in VENDORS} | {"others": ""}
    for family, groups in sorted(chips.items()):
        entries = [
            {"names": sorted(names), "flash": json.loads(key)} for key, names in groups.items()
        ]
        entries.sort(key=lambda e: e["names"][0])
        facts = {"source": GEOMETRY} | VENDOR_FACTS.get(family, {})
        defaults: dict[str, Any] = {"source": GEOMETRY, "each": {"flash": facts}}
        if vendors[family]:
            defaults["vendor"] = vendors[family]
        write_family(family, vendors[family] or "Other vendors", defaults, entries)
        print(family, len(entries), sum(len(e["names"]) for e in entries))


def family_of(chip: str) -> str:
    """The device file that ``chip`` belongs to, nothing if it has a file of its own."""
    name = chip.upper()
    if name.startswith(ELSEWHERE):
        return ""
    for file, _, beginnings in VENDORS:
        if name.startswith(tuple(beginnings.split())):
            return file
    return "others"


def flashes_of(nvm: list[list[Any]], algos: list[list[Any]]) -> list[dict[str, Any]]:
    """The flashes of a chip, the largest first, with touching regions made one."""
    parts: list[tuple[int, int, list[tuple[int, int]], str]] = []
    for base_text, size, region in nvm:
        if region and NOT_FLASH.search(region):
            continue
        base = int(base_text, 16)
        found = runs_of(base, size, algos)
        if not found:
            continue
        end = base + sum(count * each for count, each in found)
        if parts and parts[-1][1] == base:
            first, _, runs, name = parts[-1]
            parts[-1] = (first, end, [*runs, *found], name)
        elif not any(start < end and base < stop for start, stop, _, _ in parts):
            parts.append((base, end, found, region or ""))
    views = {(p[0] + SECURE_VIEW, p[1] + SECURE_VIEW) for p in parts}
    parts = [p for p in parts if p[1] - p[0] < LARGEST and p[:2] not in views]
    parts.sort(key=lambda p: (-(p[1] - p[0]), p[0]))
    parts = [p for n, p in enumerate(parts) if n == 0 or p[1] - p[0] >= SMALLEST_SECOND]
    return [
        {
            "name": "embedded" if number == 0 else f"embedded{number + 1}",
            "base": f"0x{base:X}",
            "erase_blocks": joined(runs),
        }
        for number, (base, _, runs, _) in enumerate(parts)
    ]


def runs_of(base: int, size: int, algos: list[list[Any]]) -> list[tuple[int, int]]:
    """The erase blocks of a region by the algorithm that covers most of it; empty if none does."""
    best: list[tuple[int, int]] = []
    for _, _, start_text, end_text, steps in algos:
        start, end = int(start_text, 16), min(int(end_text, 16), base + size)
        if not start <= base < end:
            continue
        offsets = [int(at, 16) for at, _ in steps]
        stops = [*offsets[1:], end - start]
        runs = []
        for offset, stop, (_, each) in zip(offsets, stops, steps, strict=True):
            first = max(start + offset, base)
            last = min(start + stop, end)
            if last <= first or each == 0:
                continue
            if (first - start - offset) % each or (last - first) % each:
                runs = []
                break
            runs.append(((last - first) // each, each))
        if sum(c * e for c, e in runs) > sum(c * e for c, e in best):
            best = runs
    return best


if __name__ == "__main__":
    main(sys.argv[1])
