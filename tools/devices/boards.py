"""Write ``devices/boards.json``: the boards of AliOS Things, and the chips of no other file.

Usage: python tools/devices/boards.py

A board stands on its chip; only what it adds is written down here. Boards whose flash no public
source gives are left out.
"""

from __future__ import annotations

from typing import Any

from writing import uniform, write_family

K, M = 1 << 10, 1 << 20
NOR = {"program_unit": 1, "overwrite": "clear-bits"}
ALIOS = "AliOS Things board/{}"


def main() -> None:
    entries = [*on_chips(), *with_flash()]
    defaults = {"ecosystems": ["alios"], "source": "AliOS Things boards"}
    write_family("boards", "Boards of AliOS Things", defaults, entries)


def on_chips() -> list[dict[str, Any]]:
    boards = {
        "developerkit": ("AliOS Things Developer Kit", "STM32L496VG"),
        "b_l475e": ("B-L475E-IOT01A", "STM32L475VG"),
        "eml3047": ("EML3047", "STM32L071KZ"),
        "esp32devkitc": ("ESP32-DevKitC", "ESP32:4mb"),
        "gd32f307c-eval": ("GD32F307C-EVAL", "GD32F307VC"),
        "gd32f450z-eval": ("GD32F450Z-EVAL", "GD32F450ZK"),
        "mk3080": ("MXCHIP EMW3080", "RTL8710BN:2mb"),
        "msp432p4111launchpad": ("MSP-EXP432P4111", "MSP432P4111"),
        "saml21_iot_sk": ("SAM L21 IoT starter kit", "ATSAML21J18B"),
        "wm_w600": ("W600 module", "W600:1mb"),
        "xr871evb": ("XR871 EVB", "XR871"),
    }
    entries: list[dict[str, Any]] = []
    for name, (title, chip) in boards.items():
        entries.append(
            {
                "names": [name],
                "title": f"{title} ({chip.partition(':')[0]})",
                "chip": chip,
                "source": ALIOS.format(name),
            }
        )
    for name, kind, chip in (
        ("mk3165", "spi", "STM32F411CE"),
        ("mk3166", "qspi", "STM32F412RG"),
        ("mk3239", "qspi", "STM32F412RG"),
    ):
        source = ALIOS.format(f"{name}/board.c") + ": platform_flash_peripherals, 2 MiB"
        entries.append(
            {
                "names": [name],
                "title": f"MXCHIP EMW{name[2:]} ({chip}, {kind.upper()} flash)",
                "chip": chip,
                "flash": [
                    {
                        "name": kind,
                        "erase_blocks": uniform(2 * M, 0x1000),
                        **NOR,
                        "source": source,
                    }
                ],
                "source": source,
            }
        )
    return entries


def with_flash() -> list[dict[str, Any]]:
    def entry(names: list[str], title: str, source: str, **facts: Any) -> dict[str, Any]:
        boot = facts.pop("boot", None)
        size, block = facts.pop("size"), facts.pop("block", 0x1000)
        blocks = uniform(size, block)
        made: dict[str, Any] = {
            "names": names,
            "title": title,
            "flash": [
                {"name": "embedded", "erase_blocks": blocks, **NOR, **facts, "source": source}
            ],
            "source": source,
        }
        if boot:
            made["boot"] = boot | {"source": source}
        return made

    haas = "AliOS Things 3.3 hardware/board/{}/config/partition_conf.c"
    prober = "probe-rs targets (MIT or Apache-2.0)"
    hyper = f"{prober}; board EVKB-IMXRT1050: 64 MiB HyperFlash"
    return [
        entry(
            ["mk3060"],
            "MXCHIP EMW3060 (MOC108), physical addresses",
            ALIOS.format("mk3060/config/flash_partitions.c"),
            size=2 * M,
            boot={"bank_mode": "single", "bootloader": [0, 0x10000]},
        ),
        entry(["haas100"], "HaaS100 (16 MiB)", haas.format("haas100"), size=16 * M),
        entry(["haaseduk1"], "HaaS EDU K1 (16 MiB)", haas.format("haaseduk1"), size=16 * M),
        entry(["haas200"], "HaaS200 (4 MiB)", haas.format("haas200"), size=4 * M),
        entry(
            ["numaker-pfm-m487", "numaker-iot-m487", "m487"],
            "NuMaker M487 (APROM, 512 KiB)",
            ALIOS.format("numaker-pfm-m487/board.c") + ": FMC_FLASH_PAGE_SIZE",
            size=512 * K,
            base=0,
            program_unit=4,
        ),
        entry(
            ["mimxrt1050", "mimxrt1052", "evkbimxrt1050"],
            "i.MX RT1050 with HyperFlash (EVKB)",
            hyper,
            size=64 * M,
            block=256 * K,
            base="0x60000000",
        ),
        entry(
            ["mimxrt1020", "mimxrt1021", "evkmimxrt1020"],
            "i.MX RT1020 with QSPI flash (EVK)",
            prober,
            size=8 * M,
            base="0x60000000",
        ),
        entry(
            ["lpcxpresso54018", "lpc54018"],
            "LPC54018 with SPIFI flash (LPCXpresso)",
            "AliOS Things board/lpcxpresso54018 linker script: 16 MiB; W25Q128JV datasheet",
            size=16 * M,
            base="0x10000000",
        ),
    ]


if __name__ == "__main__":
    main()
