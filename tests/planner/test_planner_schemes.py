"""Every upgrade scheme: what it demands, the largest image, and the comparison of schemes."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_made import KIB, MIB, board, esp32, flash, spec, stm32f429, wish

from flashwright.formats.flash_toml import read_specs
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.device import BootFacts
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.plan import Plan
from flashwright.model.schemes import SCHEMES
from flashwright.model.spec import SizeWish, Spec
from flashwright.model.table import Role
from flashwright.model.update import Payload
from flashwright.planner.compare import compare_schemes, what_if
from flashwright.planner.plan import plan
from flashwright.rules.catalog import run

MODES = ["overwrite", "swap-scratch", "swap-move", "swap-offset", "direct-xip", "ram-load"]


def planned(wished: Spec) -> Plan:
    result = plan(wished)
    assert result.plan is not None, result.findings
    assert [f for f in run(result.plan.table) if f.severity.word == "error"] == []
    return result.plan


def sizes(made: Plan) -> dict[str, int]:
    return {p.name: p.size for p in made.table.partitions}


def nrf52840(*more: Flash):
    return board(flash(MIB, program_unit=4), *more)


@pytest.mark.parametrize(
    ("mode", "largest"),
    [
        ("overwrite", 1_048_536),
        ("swap-scratch", 1_042_384),
        ("swap-move", 1_036_288),
        ("swap-offset", 1_036_288),
        ("direct-xip", 1_048_536),
        ("ram-load", 1_048_536),
    ],
)
def test_largest_images_of_slots_of_one_mebibyte(mode, largest):
    slots = (
        wish("slot0", Role.APPLICATION, MIB),
        wish("slot1", Role.OTA_TEMP, MIB),
    )
    made = planned(
        spec(board(flash(4 * MIB)), f"mcuboot-{mode}", *slots, write_size=8, max_sectors=256)
    )
    assert {m.largest_image for m in made.limits} == {largest}


def test_the_cliff_of_swap_offset_is_told():
    slots = (wish("slot0", Role.APPLICATION, MIB), wish("slot1", Role.OTA_TEMP, MIB))
    made = planned(
        spec(board(flash(4 * MIB)), "mcuboot-swap-offset", *slots, write_size=8, max_sectors=256)
    )
    assert "cliff: 56 bytes over an erase block boundary cost 0x1000" in made.limits[0].reason
    assert "slots of at most 252 erase blocks do not pay" in made.limits[0].reason
    fewer = spec(board(flash(4 * MIB)), "mcuboot-swap-offset", write_size=8, max_sectors=252)
    made = planned(fewer)
    assert sizes(made)["slot1"] == 252 * 0x1000  # the slot with the spare block is the limit
    assert "cliff" not in made.limits[0].reason


@pytest.mark.parametrize("mode", MODES)
def test_slots_relate_as_the_mode_demands(mode):
    at = sizes(planned(spec(nrf52840(), f"mcuboot-{mode}")))
    plus = {"swap-move": 0x1000, "swap-offset": -0x1000}.get(mode, 0)
    assert at["slot0"] - at["slot1"] == plus
    assert ("scratch" in at) == (mode == "swap-scratch")
    assert at["storage"] == 0x2000


def test_swap_move_with_an_external_flash():
    device = nrf52840(flash(8 * MIB, name="qspi"))
    made = planned(
        spec(
            device,
            "mcuboot-swap-move",
            wish("slot1", Role.OTA_TEMP, owner="qspi"),
            wish("lfs", Role.FILESYSTEM, "rest", owner="qspi"),
        )
    )
    at = {p.name: (p.owner, p.extent.start, p.size) for p in made.table.partitions}
    assert at["slot0"] == ("embedded", 0xC000, 0xF2000)
    assert at["slot1"] == ("qspi", 0, 0xF1000)
    assert at["lfs"] == ("qspi", 0xF1000, 8 * MIB - 0xF1000)


@pytest.mark.parametrize("mode", MODES)
def test_uneven_erase_blocks_for_mcuboot(mode):
    made = planned(spec(stm32f429(), f"mcuboot-{mode}"))
    [embedded] = made.table.device.flashes
    slots = made.table.of_role(Role.APPLICATION, Role.OTA_TEMP)
    if mode not in ("direct-xip", "ram-load"):
        assert {b.size for p in slots for b in embedded.blocks(p.extent)} == {128 * KIB}
    assert all(m.largest_image > 512 * KIB for m in made.limits)


def test_esp_idf_with_two_slots_and_a_file_system():
    storage = wish("storage", Role.FILESYSTEM, SizeWish(rest=True, at_least=0x20000))
    at = {
        p.name: (p.extent.start, p.size)
        for p in planned(spec(esp32(), "esp-idf-ota", storage)).table.partitions
    }
    assert at["nvs"] == (0x9000, 0x4000)
    assert at["otadata"] == (0xD000, 0x2000)
    assert at["phy_init"] == (0xF000, 0x1000)
    assert at["ota_0"] == (0x10000, 0x1E0000)
    assert at["ota_1"] == (0x1F0000, 0x1E0000)
    assert at["storage"] == (0x3D0000, 0x30000)


def test_esp_idf_with_three_slots():
    third = wish("ota_2", Role.OTA_TEMP, attributes={"type": "app", "subtype": "ota_2"})
    at = sizes(planned(spec(esp32(8 * MIB), "esp-idf-ota", third)))
    assert at["ota_0"] == at["ota_1"] == at["ota_2"] >= 0x280000


def test_an_otadata_of_another_size_is_refused():
    result = plan(spec(esp32(), "esp-idf-ota", wish("otadata", Role.BOOT_RECORD, 0x3000)))
    assert [f.code for f in result.findings] == ["PLN001"]
    assert "exactly 0x2000 bytes (ESP-IDF otadata)" in result.findings[0].message


def test_updater_and_one_large_application():
    at = sizes(planned(spec(esp32(), "updater-and-app")))
    assert at["updater"] == 0xD0000
    assert at["ota_0"] == 4 * MIB - 0xE0000


def test_an_image_with_slack_makes_the_slots_large_enough():
    app = wish("slot0", Role.APPLICATION, image=400 * KIB, slack_percent=10)
    made = planned(spec(nrf52840(), "mcuboot-swap-move", app))
    assert made.limits[0].largest_image >= 440 * KIB
    app = wish("slot0", Role.APPLICATION, image=480 * KIB, slack=0x4000)
    result = plan(spec(nrf52840(), "mcuboot-swap-move", app))
    assert result.plan is None
    assert (
        "an image of 0x78000, slack of 0x4000 and 0x2000 that MCUboot keeps"
        in result.findings[0].message
    )


def test_schemes_are_compared_with_numbers():
    rows = {r.scheme: r for r in compare_schemes(spec(nrf52840(), "mcuboot-swap-move"))}
    assert set(rows) == {s.name for s in SCHEMES if s.ecosystem == "mcuboot"}
    assert rows["mcuboot-overwrite"].largest_image > rows["mcuboot-swap-move"].largest_image > 0
    assert rows["mcuboot-direct-xip"].erases < rows["mcuboot-overwrite"].erases
    assert rows["mcuboot-swap-offset"].erases < rows["mcuboot-swap-move"].erases
    assert not rows["mcuboot-overwrite"].reverts
    assert all(r.plan is not None for r in rows.values())


def test_a_scheme_that_does_not_fit_says_why_not():
    device = board(flash(0x10000, 0x4000), boot=BootFacts("embedded", None, (0x4000,)))
    rows = compare_schemes(spec(device, "alios-single-bank"))
    assert all(r.largest_image == 0 and r.why_not for r in rows)


def test_what_if_one_partition_is_as_large_as_it_can_be():
    small = spec(nrf52840(), "mcuboot-overwrite", wish("slot0", Role.APPLICATION, 0x20000))
    assert sizes(planned(small))["slot0"] == 0x20000
    grown = what_if(small, maximise="slot0")
    assert sizes(grown.plan)["slot0"] == 0x79000
    storage = what_if(small, maximise="storage")
    assert sizes(storage.plan)["storage"] == MIB - 0xC000 - 2 * 0x20000
    missing = what_if(small, maximise="slot9")
    assert missing.plan is None
    assert "PLN002" in [f.code for f in missing.findings]


def test_large_external_erase_blocks_set_the_grain_of_both_slots():
    device = nrf52840(Flash("spi", None, (EraseRun(32, 64 * KIB),)))
    made = planned(spec(device, "mcuboot-overwrite", wish("slot1", Role.OTA_TEMP, owner="spi")))
    at = sizes(made)
    assert at["slot0"] == at["slot1"] == 0xF0000


def test_large_program_units_raise_the_alignment_of_the_trailer():
    device = board(flash(MIB, program_unit=16))
    result = plan(spec(device, "mcuboot-swap-move"))
    assert [f.code for f in result.findings] == ["PLN014"]
    assert result.plan.table.update.max_align == 16
    assert [f for f in run(result.plan.table) if f.severity.word == "error"] == []
    assert plan(spec(device, "mcuboot-swap-move", max_align=16)).findings == ()


def test_a_second_boot_takes_the_boot_address():
    device = board(flash(MIB), boot=BootFacts("embedded", None, (0x8000,)))
    second = wish("2nd_boot", Role.SECOND_BOOT, 0x4000)
    made = planned(spec(device, "alios-single-bank", second))
    assert made.table.get("2nd_boot").extent.start == 0x8000
    assert made.table.get("application").extent.start != 0x8000


def limit_of(made: Plan, name: str):
    return next(m for m in made.limits if m.partition == name)


def test_one_slot_alone_keeps_the_trailer_without_swap_status():
    slot = wish("slot0", Role.APPLICATION, MIB)
    asked = spec(board(flash(4 * MIB)), "mcuboot-overwrite", slot, write_size=8, implied=False)
    limit = limit_of(plan(asked).plan, "slot0")
    assert limit.largest_image == 1_048_528
    assert limit.reason == "no second slot: the trailer takes 48 bytes"


@pytest.mark.parametrize(
    ("mode", "largest", "signed"),
    [
        # imgtool 2.5.0: --align 8 -M 256 -S 0x100000, and with --overwrite-only.
        ("overwrite", 1_048_536, 1_048_544),
        ("swap-scratch", 1_042_384, None),
        ("swap-move", 1_036_288, 1_042_384),
        ("swap-offset", 1_036_288, 1_042_384),
        ("direct-xip", 1_048_536, None),
        ("ram-load", 1_048_536, None),
    ],
)
def test_what_imgtool_signs_and_mcuboot_refuses_is_told(mode, largest, signed):
    slots = (wish("slot0", Role.APPLICATION, MIB), wish("slot1", Role.OTA_TEMP, MIB))
    device = board(flash(4 * MIB))
    made = planned(spec(device, f"mcuboot-{mode}", *slots, write_size=8, max_sectors=256))
    limit = limit_of(made, "slot0")
    assert limit.largest_image == largest
    told = f"imgtool signs up to {signed} for a slot of this size, which MCUboot refuses"
    assert (told in limit.reason) == (signed is not None)
    assert ("imgtool" in limit.reason) == (signed is not None)


APP = wish("application", Role.APPLICATION, image=300 * KIB)
BOOT = wish("bootloader", Role.BOOTLOADER, 32 * KIB)
NAMES = ("application", "ota_temp")


@pytest.mark.parametrize(
    ("way", "more", "sizes_of", "images", "why"),
    [
        # The whole image is copied: OTA TMP is as large as the application.
        ("alios-single-bank", {}, (0x4C000, 0x4C000), (0x4BFE4, 0x4BFE4),
         "28 bytes go to the trailer"),
        # A delta of 100 KiB and the 64 KiB that the patcher keeps of the old image.
        ("alios-single-bank", {"payload": Payload.DELTA, "payload_size": 100 * KIB},
         (0x4C000, 0x29000), (0x4BFE4, 100 * KIB), "kept for the backup slice of the patcher"),
        ("alios-single-bank",
         {"payload": Payload.DELTA, "payload_size": 100 * KIB, "backup_slice": 8 * KIB},
         (0x4C000, 0x1B000), (0x4BFE4, 100 * KIB), "0x2000 are kept for the backup slice"),
        ("alios-single-bank", {"payload": Payload.COMPRESSED, "payload_size": 150 * KIB},
         (0x4C000, 0x26000), (0x4BFE4, 0x26000), "a compressed update"),
        # Either image starts where it lies: two slots as large as each other, and as possible.
        ("alios-dual-bank", {}, (0x79000, 0x79000), (0x78FE4, 0x78FE4),
         "28 bytes go to the trailer"),
    ],
    ids=["copy", "delta", "small-slice", "compressed", "dual"],
)  # fmt: skip
def test_the_schemes_of_alios(way, more, sizes_of, images, why):
    made = planned(spec(board(flash(MIB)), way, BOOT, APP, **more))
    at = sizes(made)
    assert tuple(at[n] for n in NAMES) == sizes_of
    assert tuple(limit_of(made, n).largest_image for n in NAMES) == images
    assert why in limit_of(made, "ota_temp").reason


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("factory", [False, True])
def test_esp_idf_with_n_slots_with_and_without_factory(number, factory):
    more = [
        wish(f"ota_{i}", Role.OTA_TEMP, attributes={"type": "app", "subtype": f"ota_{i}"})
        for i in range(2, number)
    ]
    if factory:
        attributes = {"type": "app", "subtype": "factory"}
        more.append(wish("factory", Role.FACTORY, 0x100000, attributes=attributes))
    made = planned(spec(esp32(8 * MIB), "esp-idf-ota", *more))
    at = sizes(made)
    slots = [at[f"ota_{i}"] for i in range(number)]
    room = 8 * MIB - 0x10000 - (0x100000 if factory else 0)
    assert set(slots) == {room // number // 0x1000 * 0x1000 // 0x10000 * 0x10000}
    assert ("factory" in at) == factory
    for partition in made.table.of_role(Role.APPLICATION, Role.OTA_TEMP, Role.FACTORY):
        assert partition.extent.start % 0x10000 == 0
        assert limit_of(made, partition.name).largest_image == partition.size


def test_an_updater_and_one_big_application_share_nothing():
    made = planned(spec(esp32(), "updater-and-app", wish("updater", Role.FACTORY, image=700 * KIB)))
    at = sizes(made)
    assert at["updater"] == 0xAF000
    assert at["ota_0"] == 4 * MIB - 0xC0000
    assert limit_of(made, "ota_0").largest_image == at["ota_0"]


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("overwrite", "the flags of the trailer take 40 bytes"),
        ("swap-scratch", "trailer 5760 bytes (238 erase blocks, 8 B writes)"),
        ("swap-move", "0x2000 as whole erase blocks, and one erase block to move in"),
        ("swap-offset", "0x1000 as whole erase blocks, and one erase block to move in"),
        ("direct-xip", "the flags of the trailer take 40 bytes"),
        ("ram-load", "the flags of the trailer take 40 bytes"),
    ],
)
def test_every_mode_of_mcuboot_says_what_its_trailer_takes(mode, why):
    device = board(flash(2 * MIB, program_unit=8))
    boot = wish("boot", Role.BOOTLOADER, 128 * KIB)
    made = planned(spec(device, f"mcuboot-{mode}", boot))
    limit = limit_of(made, "slot0")
    assert why in limit.reason, limit.reason
    assert limit.largest_image < sizes(made)["slot0"]


def test_a_cliff_names_the_erase_blocks_that_do_not_pay_it():
    """One slot of fewer erase blocks: the trailer of swap-move ends below the boundary."""
    made = planned(spec(board(flash(MIB, program_unit=8)), "mcuboot-swap-move", max_sectors=170))
    assert (
        "cliff: 32 bytes over an erase block boundary cost 0x1000" in limit_of(made, "slot0").reason
    )
    fewer = planned(spec(board(flash(MIB, program_unit=8)), "mcuboot-swap-move", max_sectors=168))
    assert "cliff" not in limit_of(fewer, "slot0").reason


def test_a_scheme_whose_plan_the_rules_refuse_is_not_offered() -> None:
    example = Path(__file__).resolve().parents[2] / "examples/nrf52840-mcuboot/flash.toml"
    read = read_specs(Source("flash.toml", example.read_bytes()), Catalogue())
    rows = {r.scheme: r for r in compare_schemes(read.specs[0])}
    assert rows["mcuboot-direct-xip"].plan is None
    assert "`qspi`, which is not memory-mapped" in rows["mcuboot-direct-xip"].why_not
    assert rows["mcuboot-swap-move"].plan is not None


@pytest.mark.parametrize("way", ["mcuboot-swap-move", "mcuboot-swap-offset"])
def test_slots_in_erase_blocks_of_different_sizes_cannot_be_moved_block_by_block(way):
    """MCUboot pairs the erase blocks of the slots one by one; logical ones make them the same."""
    device = nrf52840(Flash("spi", None, (EraseRun(32, 64 * KIB),)))
    wishes = wish("slot1", Role.OTA_TEMP, owner="spi")
    result = plan(spec(device, way, wishes))
    assert result.plan is None
    (found,) = [f for f in result.findings if f.code == "PLN001"]
    assert "`slot1` lies in erase blocks of 0x1000 bytes as `slot0` does" in found.message
    assert found.help == "take logical erase blocks of 0x10000"
    made = planned(spec(device, way, wishes, logical_block=0x10000))
    assert [f for f in run(made.table) if f.severity.word == "error"] == []
