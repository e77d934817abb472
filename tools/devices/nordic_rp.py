"""Write ``devices/nrf.json`` and ``devices/rp2.json``: Nordic chips, Raspberry Pi chips and boards.

Usage: python tools/devices/nordic_rp.py
"""

from __future__ import annotations

from typing import Any

from writing import uniform, write_family

K, M = 1 << 10, 1 << 20

PROBE_RS = "probe-rs targets (MIT or Apache-2.0)"
NRF51 = f"{PROBE_RS}; nRF51822 Product Specification: 4-byte words, 20 000 cycles"
NRF52 = f"{PROBE_RS}; nRF52 Product Specifications, NVMC: 4-byte words, 10 000 cycles"
NRF52840 = f"{NRF52}; tERASEPAGE 85 ms, tWRITE 41 us (nRF52840, nRF52833)"
NRF52832 = "nRF52832 Product Specification: xxAA 512 KiB, xxAB 256 KiB; " + NRF52
NRF53 = f"{PROBE_RS}; nRF5340 Product Specification, NVMC: 4-byte words, 10 000 cycles"
NRF91 = f"{PROBE_RS}; nRF91 Product Specifications, NVMC: 4-byte words, 10 000 cycles"
NRF54 = (
    "nRF54L15 Datasheet, RRAMC: written without an erase, by lines of 16 bytes; the erase block "
    "is the 4 KiB unit of access protection and of probe-rs"
)
WINBOND = "W25Q datasheets: 4 KiB erase blocks, 45 ms typical, 100 000 cycles"


def main() -> None:
    nordic()
    raspberry()


def nrf(names: list[str], size: int, source: str, **facts: Any) -> dict[str, Any]:
    block = facts.pop("block", 0x1000)
    flash = {
        "name": "embedded",
        "base": 0,
        "erase_blocks": uniform(size, block),
        "program_unit": 4,
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        **facts,
        "source": source,
    }
    return {"names": names, "flash": [flash]}


def nordic() -> None:
    times = {"erase_time_us": 85000, "program_time_us": 41}
    old = {"block": 0x400, "endurance_cycles": 20000}
    rram = {"program_unit": 16, "overwrite": "free", "endurance_cycles": 0}
    network = {
        "name": "network",
        "base": "0x1000000",
        "erase_blocks": uniform(256 * K, 2 * K),
        "program_unit": 4,
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        "source": NRF53,
    }
    nrf5340 = nrf(["nRF5340"], 1 * M, NRF53)
    nrf5340["flash"].append(network)
    entries = [
        nrf(["nRF51422", "nRF51822", "nRF51802", "nRF51824"], 256 * K, NRF51, **old),
        nrf(["nRF51422_xxAB", "nRF51822_xxAB"], 128 * K, NRF51, **old),
        nrf(["nRF51801_xxAB"], 192 * K, NRF51, **old),
        nrf(["nRF52805", "nRF52810", "nRF52811"], 192 * K, NRF52),
        nrf(["nRF52820"], 256 * K, NRF52),
        nrf(["nRF52832"], 512 * K, NRF52832),
        nrf(["nRF52832_xxAB"], 256 * K, NRF52832),
        nrf(["nRF52833"], 512 * K, NRF52840, **times),
        nrf(["nRF52840"], 1 * M, NRF52840, **times),
        nrf5340,
        nrf(["nRF9131", "nRF9151", "nRF9160", "nRF9161"], 1 * M, NRF91),
        nrf(["nRF54L15"], 1524 * K, NRF54, **rram),
        nrf(["nRF54LM20A"], 2036 * K, f"{PROBE_RS}; {NRF54}", **rram),
    ]
    boards = {
        "pca10028": ("nRF51 DK", "nRF51422"),
        "pca10031": ("nRF51 Dongle", "nRF51422"),
        "pca10040": ("nRF52 DK", "nRF52832"),
        "pca10040e": ("nRF52 DK as nRF52810", "nRF52810"),
        "pca10056": ("nRF52840 DK", "nRF52840"),
        "pca10059": ("nRF52840 Dongle", "nRF52840"),
        "pca10090": ("nRF9160 DK", "nRF9160"),
        "pca10095": ("nRF5340 DK", "nRF5340"),
        "pca10100": ("nRF52833 DK", "nRF52833"),
        "pca10156": ("nRF54L15 DK", "nRF54L15"),
    }
    entries += [
        {"names": [name], "title": f"{title} ({chip})", "chip": chip, "source": "Nordic boards"}
        for name, (title, chip) in boards.items()
    ]
    defaults = {
        "vendor": "Nordic Semiconductor",
        "ecosystems": ["zephyr", "nrf-connect", "mcuboot", "mynewt", "alios"],
        "source": PROBE_RS,
    }
    write_family("nrf", "nRF", defaults, entries)


def raspberry() -> None:
    def flash(size: int, source: str, **facts: Any) -> list[dict[str, Any]]:
        blocks = uniform(size, 0x1000)
        return [{"name": "embedded", "erase_blocks": blocks, **facts, "source": source}]

    sizes = {f"{n}mb": n * M for n in (2, 4, 8, 16)}
    winbond = {"endurance_cycles": 100000, "erase_time_us": 45000}
    chips = [
        {
            "names": [name],
            "configurations": [
                {"configuration": c, "flash": flash(s, f"{name} datasheet: QSPI NOR flash by XIP")}
                for c, s in sizes.items()
            ],
        }
        for name in ("RP2040", "RP2350")
    ]
    pico = "Raspberry Pi Pico datasheet: 2 MB W25Q16JV; " + WINBOND
    pico2 = "Raspberry Pi Pico 2 datasheet: 4 MB QSPI flash; " + WINBOND
    boards: list[dict[str, Any]] = [
        {
            "names": ["pico", "pico_w"],
            "title": "Raspberry Pi Pico, Pico W (RP2040, 2 MB)",
            "flash": flash(2 * M, pico, **winbond),
        },
        {
            "names": ["pico2", "pico2_w"],
            "title": "Raspberry Pi Pico 2, Pico 2 W (RP2350, 4 MB)",
            "flash": flash(4 * M, pico2, **winbond),
        },
    ]
    defaults = {
        "vendor": "Raspberry Pi",
        "ecosystems": ["picotool", "zephyr", "mcuboot"],
        "source": "RP2040 and RP2350 datasheets",
        "each": {
            "flash": {"base": "0x10000000", "program_unit": 1, "overwrite": "clear-bits"},
        },
    }
    write_family("rp2", "RP2040, RP2350", defaults, chips + boards)


if __name__ == "__main__":
    main()
