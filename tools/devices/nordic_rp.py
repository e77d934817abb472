"""Write ``devices/nrf.json`` and ``devices/rp2.json``: Nordic chips, Raspberry Pi chips and boards.

Usage: python tools/devices/nordic_rp.py
"""

from __future__ import annotations

from typing import Any

from writing import uniform, write_family

K, M = 1 << 10, 1 << 20

PROBE_RS = "probe-rs targets (MIT or Apache-2.0)"
ENDURANCE = "Nordic DevZone 15798"
WORDS = "nrfx nrfx_nvmc.c: 32-bit words, bits may be cleared"
NRF51 = f"{PROBE_RS}; {WORDS}; endurance 20 000: {ENDURANCE}"
NRF52 = f"{PROBE_RS}; {WORDS}; endurance 10 000: {ENDURANCE}"
TWICE = "two writes a word at most: openthread/openthread#4706"
ERASE_TIME = "erase time: nrfx"
NRF52832 = (
    "Zephyr dts/arm/nordic/nrf52832_qfab.dtsi: xxAB 256 KiB (1 MiB in probe-rs is wrong), "
    f"probe-rs: xxAA 512 KiB; {WORDS}; endurance 10 000: {ENDURANCE}"
)
NRF53 = (
    f"{PROBE_RS}; nRF5340 Product Specification, NVMC: two writes a 32-bit word, 10 000 erases, "
    "87.5 ms an erase block, 43 us a word"
)
NRF91 = f"{PROBE_RS}; nrfx MDK fixups: 256 erase blocks of 4 KiB; {WORDS}; {ERASE_TIME}"
RRAM = (
    "Zephyr soc_flash_nrf_rram.c: lines of 16 bytes, written without an erase, in emulated erase "
    "blocks of 4 KiB"
)
NRF54L = (
    "Zephyr dts/vendor/nordic/{}.dtsi: RRAM of both cores; "
    f"{RRAM}; nRF54L15 specification: a line 10 000 times, 22 us a word"
)
BOARDS = "Nordic's names of its development kits; facts of the chip"
NRF54M = "Zephyr dts/vendor/nordic/nrf54lv10a.dtsi; " + RRAM
PICO_SDK = "Zephyr drivers/flash/flash_rpi_pico.c, boards/raspberrypi: 4 KiB, programs any byte"


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


def timed(names: list[str], size: int, erase_ms: int, more: str = "") -> dict[str, Any]:
    source = "; ".join(s for s in (NRF52, more, ERASE_TIME) if s)
    return nrf(names, size, source, erase_time_us=erase_ms * 1000)


def rram(name: str, blocks: list[list[int]], source: str = "") -> dict[str, Any]:
    """A chip with RRAM; with the figures of its specification unless it has a source of its own."""
    figures = {} if source else {"endurance_cycles": 10000, "program_time_us": 88}
    flash = {
        "name": "embedded",
        "base": 0,
        "erase_blocks": blocks,
        "program_unit": 16,
        "overwrite": "free",
        **figures,
        "source": source or NRF54L.format(name.lower()),
    }
    return {"names": [name], "flash": [flash]}


def nordic() -> None:
    old = {"block": 0x400, "endurance_cycles": 20000}
    network = {
        "name": "network",
        "base": "0x1000000",
        "erase_blocks": uniform(256 * K, 2 * K),
        "program_unit": 4,
        "overwrite": "clear-bits",
        "endurance_cycles": 10000,
        "erase_time_us": 87500,
        "program_time_us": 43,
        "source": NRF53,
    }
    nrf5340 = nrf(["nRF5340"], 1 * M, NRF53, erase_time_us=87500, program_time_us=43)
    nrf5340["flash"].append(network)
    entries = [
        nrf(["nRF51422", "nRF51822", "nRF51802", "nRF51824"], 256 * K, NRF51, **old),
        nrf(["nRF51422_xxAB", "nRF51822_xxAB"], 128 * K, NRF51, **old),
        nrf(["nRF51801_xxAB"], 192 * K, NRF51, **old),
        timed(["nRF52805", "nRF52810", "nRF52811"], 192 * K, 85),
        timed(["nRF52820"], 256 * K, 87),
        nrf(["nRF52832"], 512 * K, NRF52832),
        nrf(["nRF52832_xxAB"], 256 * K, NRF52832),
        timed(["nRF52833"], 512 * K, 87, TWICE),
        timed(["nRF52840"], 1 * M, 85, TWICE),
        nrf5340,
        nrf(
            ["nRF9131", "nRF9151", "nRF9160", "nRF9161"],
            1 * M,
            NRF91,
            endurance_cycles=0,
            erase_time_us=87000,
        ),
        rram("nRF54L05", [[125, 0x1000]]),
        rram("nRF54L10", [[255, 0x1000], [1, 0x800]]),
        rram("nRF54L15", [[381, 0x1000]]),
        rram("nRF54LM20A", [[509, 0x1000]], f"{PROBE_RS}; {RRAM}"),
        rram("nRF54LV10A", [[253, 0x1000]], NRF54M),
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
        {"names": [name], "title": f"{title} ({chip})", "chip": chip, "source": BOARDS}
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
    chips = [
        {
            "names": [name],
            "configurations": [
                {"configuration": c, "flash": flash(s, f"external QSPI NOR flash; {PICO_SDK}")}
                for c, s in sizes.items()
            ],
        }
        for name in ("RP2040", "RP2350")
    ]
    pico = "Zephyr rpi_pico-common.dtsi: 2 MiB; W25Q16JV by the board's schematic; " + PICO_SDK
    pico2 = "Zephyr rpi_pico2.dtsi: 4 MiB; " + PICO_SDK
    boards: list[dict[str, Any]] = [
        {
            "names": ["pico", "pico_w"],
            "title": "Raspberry Pi Pico, Pico W (RP2040, 2 MB)",
            "flash": flash(2 * M, pico),
        },
        {
            "names": ["pico2", "pico2_w"],
            "title": "Raspberry Pi Pico 2, Pico 2 W (RP2350, 4 MB)",
            "flash": flash(4 * M, pico2),
        },
    ]
    defaults = {
        "vendor": "Raspberry Pi",
        "ecosystems": ["picotool", "zephyr", "mcuboot"],
        "source": PICO_SDK,
        "each": {
            "flash": {"base": "0x10000000", "program_unit": 1, "overwrite": "clear-bits"},
        },
    }
    write_family("rp2", "RP2040, RP2350", defaults, chips + boards)


if __name__ == "__main__":
    main()
