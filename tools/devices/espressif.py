"""Write ``devices/esp8266.json`` and ``devices/esp32.json``.

Usage: python tools/devices/espressif.py

ESP8266: the six flash maps with what the SDK keeps at the end of the flash. ESP32: every chip that
esptool knows, in each flash size that its image header can say.
"""

from __future__ import annotations

from typing import Any

from writing import uniform, write_family

K, M = 1 << 10, 1 << 20
ERASE_BLOCK = 0x1000

NONOS = "ESP8266_NONOS_SDK, user guide: flash maps"
RF_CAL = "ESP8266_NONOS_SDK, examples/IoT_Demo/user/user_main.c: user_rf_cal_sector_set"
SYMMETRY = "ESP8266_RTOS_SDK v1.5.0, ld/eagle.app.v6.*.ld: symmetric system parameters"
CACHE = "ESP8266_RTOS_SDK v1.5.0, ld/*.ld: 1 MiB of flash is mapped at 0x40200000"

#: configuration: flash size, start of user2, largest slot by the symmetric rule.
MAPS = {
    "512k-256": (512 * K, 0x41000, 0x3A000),
    "1m-512": (1 * M, 0x81000, 0x7A000),
    "2m-512": (2 * M, 0x81000, 0x7A000),
    "2m-1024": (2 * M, 0x101000, 0xFA000),
    "4m-512": (4 * M, 0x81000, 0x7A000),
    "4m-1024": (4 * M, 0x101000, 0xFA000),
}

#: Bootloader offset: chips (esptool BOOTLOADER_FLASH_OFFSET, ESP-IDF esp_rom_caps.h).
ESP32 = {
    0x1000: ["ESP32", "ESP32S2"],
    0x0: [
        "ESP32S3",
        "ESP32C2",
        "ESP32C3",
        "ESP32C6",
        "ESP32C61",
        "ESP32H2",
        "ESP32H21",
        "ESP32E22",
    ],
    0x2000: ["ESP32C5", "ESP32P4", "ESP32H4", "ESP32S31"],
}
TABLE = 0x8000
OFFSETS = "esptool 5.6 BOOTLOADER_FLASH_OFFSET, ESP-IDF components/esp_rom/*/esp_rom_caps.h"


def main() -> None:
    esp8266()
    esp32()


def esp8266() -> None:
    maps = {name: esp8266_map(name, *facts) for name, facts in MAPS.items()}
    write_family(
        "esp8266",
        "ESP8266",
        {
            "vendor": "Espressif",
            "ecosystems": ["alios", "esp8266-nonos", "esp8266-rtos"],
            "source": NONOS,
            "boot": {"bank_mode": "dual", "bootloader": [0, ERASE_BLOCK], "source": NONOS},
            "each": {
                "flash": {
                    "program_unit": 1,
                    "overwrite": "clear-bits",
                    "source": "SPI NOR flash of the module, not mapped as a whole; " + NONOS,
                }
            },
        },
        [
            {"names": ["ESP8266"], "configurations": list(maps.values())},
            {
                "names": ["ESP8285"],
                "configurations": [maps[m] for m in ("1m-512", "2m-512", "2m-1024")],
            },
        ],
    )


def esp8266_map(name: str, size: int, user2: int, limit: int) -> dict[str, Any]:
    reserved = [
        ("rf-calibration", size - 0x5000, 0x1000, "RF calibration", RF_CAL),
        ("init-data", size - 0x4000, 0x1000, "RF init data (esp_init_data)", NONOS),
        ("system-parameters", size - 0x3000, 0x3000, "system parameters of the SDK", NONOS),
    ]
    window = min(size, M)
    windows = range(0, size if user2 > M else window, window)
    return {
        "configuration": name,
        "flash": [{"name": "embedded", "erase_blocks": uniform(size, ERASE_BLOCK)}],
        "boot": {"offsets": [0x1000, user2]},
        "reserved": [
            {"name": n, "at": f"0x{at:X}", "size": f"0x{length:X}", "purpose": p, "source": s}
            for n, at, length, p, s in reserved
        ],
        "window": [
            {
                "name": "cache",
                "at": f"0x{at:X}",
                "size": f"0x{window:X}",
                "reason": "the CPU sees one window of flash at 0x40200000",
                "source": CACHE,
            }
            for at in windows[:2]
        ],
        "slot_limit": f"0x{limit:X}",
        "source": f"{NONOS}; slot limit: {SYMMETRY}",
    }


def esp32() -> None:
    entries = [
        {
            "names": names,
            "boot": {"bootloader": [offset, TABLE], "table_offset": TABLE, "source": OFFSETS},
            "configurations": [
                {
                    "configuration": f"{size}mb",
                    "flash": [{"name": "embedded", "erase_blocks": uniform(size * M, ERASE_BLOCK)}],
                }
                for size in (1, 2, 4, 8, 16, 32, 64, 128)
            ],
        }
        for offset, names in ESP32.items()
    ]
    write_family(
        "esp32",
        "ESP32",
        {
            "vendor": "Espressif",
            "ecosystems": ["esp-idf", "zephyr", "mcuboot", "nuttx"],
            "image_alignment": 0x10000,
            "slot_limit": "0x1000000",
            "source": "ESP-IDF partition tables: 64 KiB application alignment; "
            "bootloader_support/src/esp_image_format.c: images up to 16 MiB",
            "each": {
                "flash": {
                    "program_unit": 1,
                    "overwrite": "clear-bits",
                    "source": "SPI NOR flash of the module; esptool 5.6 FLASH_SECTOR_SIZE, "
                    "FLASH_SIZES",
                }
            },
        },
        entries,
    )


if __name__ == "__main__":
    main()
