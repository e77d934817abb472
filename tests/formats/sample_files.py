"""The layout files of real projects, and what is known of each: its chip, and what is wrong in it.

The files are no part of the project. They lie beside it where they were collected
(``../shared/samples``: a folder a format, each file named by its repository and path).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flashwright.base.record import record, replace
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.device import Device
from flashwright.model.geometry import EraseRun, Flash

SAMPLES = Path(__file__).resolve().parents[3] / "shared/samples"

_ABSTRACTION = "Infineon+ota-bootloader-abstraction__configs_COMPONENT_MCUBOOT_flashmap_"

#: What lies in the folders beside layout files.
LISTS = ("EXPECTED.tsv", "PROVENANCE.tsv")

#: The format of each folder, and of files that are of another one than their folder says.
FOLDERS = {
    "beken-csv": "beken-csv",
    "bouffalo-toml": "bouffalo-toml",
    "esp-idf-csv": "esp-idf-csv",
    "infineon-flashmap": "infineon-json",
    "mynewt-bsp": "mynewt-bsp",
    "nordic-pm-static": "nrf-pm-static",
    "picotool-json": "picotool-json",
}
OTHERS = {r"TizenRT__build_tools_esp32_": "esp-idf-csv"}

#: Files that hold no layout: what is said of them instead.
NO_LAYOUT = {
    # prose in a table of dashes, although its name ends in .toml
    "bflb-mcu-tool-1.10.0__bl702_partition_readme.toml": {"FMT020"},
    # the JSON schema of a picotool file
    "picotool__permissions-schema.json": {"FMT003"},
    # erase blocks of a chip, to be read beside a flash map
    _ABSTRACTION + "xmc7100_platform.json": {"FMT291"},
    _ABSTRACTION + "xmc7200_platform.json": {"FMT291"},
    "mtb-psoc6-mcuboot-basic__xmc7100_platform.json": {"FMT291"},
    "mtb-psoc6-mcuboot-basic__xmc7200_platform.json": {"FMT291"},
}

#: The chip of a file, by a part of its name, with flashes that the board adds (name: bytes).
CHIPS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("nrf54l15|pca10156", "nrf54l15", {}),
    ("nrf54lm20", "nrf54lm20a", {}),
    ("nrf52833", "nrf52833", {}),
    ("nrf5340|nrf7002|thingy53|pca10095|pca10121|bt40e", "nrf5340", {}),
    ("nrf52840|nrf21540|pca10056|pca10059|bt840", "nrf52840", {}),
    ("nrf9151", "nrf9151", {}),
    ("nrf9160", "nrf9160", {}),
    ("nrf9161", "nrf9161", {}),
    ("pinetime", "nrf52832", {"flash1": 4 << 20}),
    ("pca10040|blend2|nano2|dwm1001|ruuvi|puckjs", "nrf52832", {}),
    ("stm32f7discovery", "stm32f746ng", {"flash1": 16 << 20}),
    ("nucleo-g491re", "stm32g491re", {"flash1": 8 << 20}),
    ("b-l072z", "stm32l072cz", {}),
    ("f411re", "stm32f411re", {}),
    ("f401re", "stm32f401re", {}),
    ("l152discovery", "stm32l152rc", {}),
    ("l073rz", "stm32l073rz", {}),
    ("f103rb|olimex-p103", "stm32f103rb", {}),
    ("f746zg", "stm32f746zg", {}),
    ("stm32f3discovery", "stm32f303vc", {}),
    ("stm32f4discovery", "stm32f407vg", {}),
    ("stm32f429discovery", "stm32f429zi", {}),
    ("h753zi", "stm32h753zi", {}),
    ("l476rg", "stm32l476rg", {}),
    ("p-nucleo-wb55", "stm32wb55rg", {}),
    ("bl602_partition_partition_cfg_2M", "bl602:2mb", {}),
    ("bl602_partition_partition_cfg_4M", "bl602:4mb", {}),
    ("bl616_partition_partition_cfg_2M", "bl616:2mb", {}),
    ("bl616.*4M|smartconfig", "bl616:4mb", {}),
    ("bl702_partition_partition_cfg_2M", "bl702:2mb", {}),
    ("bl702_partition_partition_cfg_512K", "bl702:512kb", {}),
    ("bl808", "bl808:8mb", {}),
    ("flash_partition_info|picotool__default", "rp2350:4mb", {}),
    ("enc-pt", "rp2350:4mb", {}),
)

#: Errors and warnings that are right, and why. Every other file has none.
FOUND: dict[str, set[str]] = {
    # factory at 0x3FD000 with 0x7000 bytes: 0x4000 past the end of the 4 MiB in its name
    "bflb-mcu-tool-1.10.0__bl602_partition_partition_cfg_4M.toml": {"GEO102"},
    # IMAGE_0 (768 KiB from 0x08020000) ends in the erase block of 256 KiB whose second half is the
    # scratch area: a swap erases the end of the image with it
    "hw_bsp_stm32f7discovery_bsp.yml": {"GEO105"},
    # NFFS at 0x010FC000, but the flash of the network core ends at 0x01040000
    "hw_bsp_nordic_pca10121_net_bsp.yml": {"GEO102"},
    # app: size and end_address disagree, and both overlap the bootloader; the build ignores it
    "ncs__samples_bluetooth_mesh_dfu_target_pm_static_nrf52840dongle_nrf52840.yml": {
        "FMT251",
        "FMT253",
    },
    # external_flash, "the rest", starts where mcuboot_primary_2 does and covers both slots of the
    # second image; app gets the gap up to settings_storage, 0xC000 bytes past its own slot
    "ncs__samples_nrf5340_extxip_smp_svr_pm_static.yml": {"FMT253", "GEO101"},
    # its secondary slot is for compressed images, which only a comment says
    "nrfconnect+ncs-zigbee__samples_light_switch_pm_static_nrf54lm20dk_nrf54lm20a_cpuapp_matter_fota"
    ".yml": {"SLT202"},
    # slots that take turns and differ in size: on purpose, but an update must fit the smaller one
    "ems-esp32__partitions_esp32_asym_partition_4M.csv": {"SLT201"},
    "meshtastic__partition-table.csv": {"SLT201"},
    "meshtastic__partition-table-8MB.csv": {"SLT201"},
    "meshtastic__partition-table-t3s3.csv": {"SLT201"},
    # two OTA slots of 256 KiB and 1 MiB and no otadata: an example of a bootloader of its own
    "esp-idf__examples_custom_bootloader_bootloader_multiboot_partitions.csv": {
        "BOT321",
        "SLT201",
    },
    # made wrong, as test cases of a reader
    "esp-idf-part__tests_data_err_conflicting_names.csv": {"FMT211", "BOT321", "DAT411"},
    "esp-idf-part__tests_data_err_otadata_invalid_size.csv": {"FMT219", "DAT421"},
    "esp-idf-part__tests_data_err_overlapping_partitions.csv": {"FMT213", "GEO101"},
    # flags of a version that never was; the reference tool refuses them
    "vscode-esp-idf__testFiles_test.csv": {"FMT210"},
}

#: Layouts that are not written anew, and why, by the code that says so.
NOT_ANEW = {
    # a policy for two images, of which one has no secondary slot: a flash map has no place for it
    _ABSTRACTION + "policy_single_CM0_CM4_smif_swap.json": "FMT292",
}


@record()
class Sample:
    """A file, the folder it lies in, and the format that it is in."""

    folder: str
    form: str
    source: Source

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.source.path

    @property
    def is_layout(self) -> bool:
        """Whether it holds a layout."""
        return self.name not in NO_LAYOUT


def samples() -> Iterator[Sample]:
    """Every file of the folders, by name; none where the samples are not on this machine."""
    if not SAMPLES.is_dir():
        return
    for path in sorted(p for p in SAMPLES.rglob("*") if p.is_file() and p.name not in LISTS):
        folder = path.parent.name
        form = next((f for part, f in OTHERS.items() if re.search(part, path.name)), None)
        yield Sample(folder, form or FOLDERS[folder], Source(path.name, path.read_bytes()))


def chip_of(name: str, catalogue: Catalogue) -> Device | None:
    """The chip of a file, with the flashes of its board; ``None`` where it is not known."""
    for part, chip, more in CHIPS:
        if re.search(part, name):
            found, _, configuration = chip.partition(":")
            (device,) = catalogue.find(found, configuration or None)
            added = tuple(
                Flash(flash, 0x90000000, (EraseRun(size // 4096, 4096),))
                for flash, size in more.items()
            )
            return replace(device, flashes=(*device.flashes, *added))
    return None
