"""Write the device files of Wi-Fi chips: Beken, Realtek, Winner Micro, Bouffalo, XRadio, Lightning.

Usage: python tools/devices/wifi.py

Facts come from the chips' public SDKs and from LibreTiny's board files. What they do not say (many
endurances and times) is left out.
"""

from __future__ import annotations

from typing import Any

from writing import uniform, write_family

K, M = 1 << 10, 1 << 20
NOR = {"program_unit": 1, "overwrite": "clear-bits"}


def main() -> None:
    beken()
    realtek()
    winner()
    bouffalo()
    xradio()
    lightning()


def flash(size: int, **facts: Any) -> list[dict[str, Any]]:
    return [{"name": "embedded", "erase_blocks": uniform(size, 0x1000), **facts}]


def keep(name: str, at: int, size: int, purpose: str, source: str) -> dict[str, Any]:
    return {
        "name": name,
        "at": f"0x{at:X}",
        "size": f"0x{size:X}",
        "purpose": purpose,
        "source": source,
    }


def beken() -> None:
    base = "libretiny-eu/libretiny boards/_base/{}.json"
    boot = {"bank_mode": "single", "bootloader": [0, 0x11000], "offsets": [0x11000]}
    bdk = "Beken BDK BkDriverFlash.c: application at 0x11000 (physical, 34 bytes for 32)"

    def wifi(names: list[str], size: int, at: int, file: str) -> dict[str, Any]:
        source = base.format(file)
        order = ("calibration", "net", "tlv") if at == 0x1D0000 else ("calibration", "tlv", "net")
        purposes = {
            "calibration": "RF calibration",
            "net": "network parameters of the SDK",
            "tlv": "TLV parameters (MAC address, transmit power)",
        }
        return {
            "names": names,
            "flash": flash(size),
            "boot": boot | {"source": f"{bdk}; {source}"},
            "reserved": [
                keep(n, at + 0x1000 * i, 0x1000, purposes[n], source) for i, n in enumerate(order)
            ],
            "source": source,
        }

    camera = wifi(["BK7251", "BK7252"], 4 * M, 0x3FE000, "beken-7252")
    camera["reserved"] = camera["reserved"][:1]
    entries = [
        {
            "names": ["BK7231", "MOC108"],
            "title": "BK7231 (MOC108), physical addresses",
            "flash": flash(2 * M),
            "boot": boot | {"source": bdk},
            "source": "AliOS Things platform/mcu/moc108, platform/mcu/bk7231",
        },
        wifi(["BK7231T"], 2 * M, 0x1E0000, "beken-7231t"),
        wifi(["BK7231U"], 2 * M, 0x1E0000, "beken-7231u"),
        wifi(["BK7231N"], 2 * M, 0x1D0000, "beken-7231n"),
        camera,
    ]
    defaults = {
        "vendor": "Beken",
        "ecosystems": ["alios", "beken", "fal"],
        "source": bdk,
        "each": {"flash": NOR | {"source": "SPI NOR in the package; LibreTiny beken-72xx.json"}},
    }
    write_family("beken", "Beken BK72xx", defaults, entries)


def realtek() -> None:
    ambz = "libretiny-eu/libretiny boards/_base/realtek-ambz.json"
    ota = "libretiny-eu/libretiny boards/_base/realtek-ambz-2mb-468k.json"
    um = "Realtek UM0111: OTA2 address in the system data at 0x9000"

    def ameba_z(name: str, size: int, ota2: int | None) -> dict[str, Any]:
        reserved = [
            keep("system-data", 0x9000, 0x1000, "OTA2 address, flash settings", f"{ambz}; {um}"),
            keep("calibration", 0xA000, 0x1000, "RF calibration", ambz),
        ]
        if size == 2 * M and ota2 is not None:
            reserved.append(keep("rdp", 0x1FF000, 0x1000, "read-protected code", ota))
        boot: dict[str, Any] = {"bootloader": [0, 0x8000], "source": f"{ambz}; {ota}; {um}"}
        if ota2 is not None:
            boot |= {"bank_mode": "dual", "offsets": [0xB000, ota2]}
        return {
            "configuration": name,
            "flash": flash(size, base="0x8000000"),
            "reserved": reserved,
            "boot": boot,
        }

    plus = "Realtek ameba-rtos component/soc/*/usrcfg/ameba_flashcfg.c: boot 0x0..0x14000"
    entries = [
        {
            "names": ["RTL8710BN", "RTL8710BX", "AmebaZ"],
            "title": "RTL8710B (AmebaZ)",
            "configurations": [
                ameba_z("1mb-468k", 1 * M, 0x80000),
                ameba_z("2mb-468k", 2 * M, 0x80000),
                ameba_z("2mb", 2 * M, None),
            ],
            "source": ambz,
        },
        {
            "names": ["RTL8720DN", "RTL8721DM", "AmebaD"],
            "title": "RTL872xD (AmebaD)",
            "configurations": [
                {"configuration": f"{n}mb", "flash": flash(n * M, base="0x8000000")}
                for n in (2, 4, 8)
            ],
            "source": "Realtek AmebaD SDK: NOR flash mapped at 0x08000000",
        },
        {
            "names": ["AmebaDplus", "AmebaLite"],
            "title": "RTL8721Dx, RTL8726E (AmebaDplus, AmebaLite)",
            "configurations": [
                {"configuration": f"{n}mb", "flash": flash(n * M, base="0x8000000")}
                for n in (4, 8, 16)
            ],
            "boot": {"bootloader": [0, 0x14000], "source": plus},
            "source": plus,
        },
    ]
    defaults = {
        "vendor": "Realtek",
        "ecosystems": ["alios", "ameba", "fal"],
        "source": "Realtek Ameba SDKs",
        "each": {"flash": NOR | {"source": "SPI NOR in the package, mapped at 0x08000000"}},
    }
    write_family("realtek", "Realtek Ameba", defaults, entries)


def winner() -> None:
    wm = "W600 SDK Include/Driver/wm_flash_map.h"

    def w600(name: str, size: int, names: list[str]) -> dict[str, Any]:
        end = size
        return {
            "configuration": name,
            "flash": flash(size, base="0x8000000"),
            "reserved": [
                keep("phy-parameters", 0, 0x1000, "RF parameters", wm),
                keep("flash-parameters", 0x1000, 0x1000, "QFLASH parameters", wm),
                keep("update-header", end - 0x4000, 0x1000, "header of the upgrade image", wm),
                keep("system-parameters", end - 0x3000, 0x3000, "parameters of the SDK", wm),
            ],
            "boot": {
                "bank_mode": "single",
                "bootloader": [0x2000, 0x10000],
                "offsets": [0x10000],
                "source": wm,
            },
        }

    w800 = "W800 SDK wm_flash_map.h: upgrade image 0x8010000, running image 0x80D0000"
    entries = [
        {
            "names": ["W600", "W601"],
            "title": "W600, W601",
            "configurations": [w600("1mb", 1 * M, []), w600("2mb", 2 * M, [])],
            "source": wm,
        },
        {
            "names": ["W800", "W801"],
            "title": "W800, W801",
            "flash": flash(2 * M, base="0x8000000"),
            "boot": {"bank_mode": "single", "offsets": [0xD0000], "source": w800},
            "source": w800,
        },
    ]
    defaults = {
        "vendor": "Winner Micro",
        "ecosystems": ["alios", "fal"],
        "source": wm,
        "each": {"flash": NOR | {"source": f"{wm}: INSIDE_FLS_SECTOR_SIZE 0x1000"}},
    }
    write_family("winner", "Winner Micro W60x, W80x", defaults, entries)


def bouffalo() -> None:
    tool = "bflb-mcu-tool 1.10.0 {}/partition/partition_cfg_*.toml"

    def chip(name: str, sizes: dict[str, int], table: int) -> dict[str, Any]:
        source = tool.format(name.lower())
        boot = {"bootloader": [0, table], "table_offset": table, "source": source}
        return {
            "names": [name],
            "configurations": [
                {"configuration": c, "flash": flash(s, source=f"SPI NOR; {source}")}
                for c, s in sizes.items()
            ],
            "boot": boot,
            "source": source,
        }

    entries = [
        chip("BL602", {"2mb": 2 * M, "4mb": 4 * M}, 0xE000),
        chip("BL616", {"2mb": 2 * M, "4mb": 4 * M}, 0xE000),
        chip("BL702", {"512kb": 512 * K, "2mb": 2 * M}, 0x1000),
        chip("BL808", {"8mb": 8 * M, "16mb": 16 * M}, 0xE000),
    ]
    defaults = {
        "vendor": "Bouffalo Lab",
        "ecosystems": ["bouffalo"],
        "source": "Bouffalo SDK partition tables",
        "each": {"flash": NOR},
    }
    write_family("bouffalo", "Bouffalo Lab BL60x, BL61x, BL70x, BL80x", defaults, entries)


def xradio() -> None:
    source = "AliOS Things board/xr871evb, board/xr809: 2 MiB SPI flash, bootloader 0x0..0x8000"
    entries = [
        {
            "names": ["XR809", "XR871"],
            "flash": flash(2 * M),
            "boot": {"bootloader": [0, 0x8000], "source": source},
            "source": source,
        }
    ]
    defaults = {
        "vendor": "XRadio",
        "ecosystems": ["alios"],
        "source": source,
        "each": {"flash": NOR | {"source": source}},
    }
    write_family("xradio", "XRadio XR8xx", defaults, entries)


def lightning() -> None:
    source = "libretiny-eu/libretiny boards/_base/lightning-ln882h.json"
    boot = {
        "bank_mode": "single",
        "bootloader": [0, 0x6000],
        "table_offset": 0x6000,
        "offsets": [0x7000],
        "source": source,
    }
    entries = [{"names": ["LN882H", "LN882HKI"], "flash": flash(2 * M), "boot": boot}]
    defaults = {
        "vendor": "Lightning Semi",
        "ecosystems": ["fal"],
        "source": source,
        "each": {"flash": NOR | {"source": source}},
    }
    write_family("lightning", "Lightning LN882x", defaults, entries)


if __name__ == "__main__":
    main()
