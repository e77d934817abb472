"""The verdicts on real history and on each single reason, and their contraries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evolve_tables import (
    DEFAULT_8MB,
    DUAL,
    ESP,
    MCUBOOT,
    MCUBOOT_ROWS,
    MIN_SPIFFS,
    MK3060_2,
    MK3060_3,
    THREE_SLOTS,
    TWO_SLOTS,
    alios,
    codes,
    device,
    esp,
    flash,
    mcuboot,
    one,
    plus,
    verdict,
    with_partition,
    without,
)

from flashwright.diag.finding import Severity
from flashwright.evolve.judge.reason import Way
from flashwright.model.table import Role, Table

NO_MD5 = replace(TWO_SLOTS, attributes={"md5": False})


@pytest.mark.parametrize("table", [DUAL, MIN_SPIFFS, MCUBOOT, MK3060_3], ids=lambda t: t.name)
def test_the_same_table_is_safe(table: Table):
    found = verdict(table, table)
    assert (found.way, found.reasons) == (Way.OVER_THE_AIR, ())
    assert found.is_direct and found.loses_nothing


# The real history -------------------------------------------------------------------------------


def test_mk3060_parameter_4_moves_out_of_the_bootloader():
    found = verdict(MK3060_2, MK3060_3)
    assert found.way is Way.WITH_MIGRATION
    finding = one(found.findings, "EVO120")
    assert finding.facts["old_start"] == 0xD000 and finding.facts["new_start"] == 0x1A000
    assert "copy 0x1000 bytes" in finding.help
    assert codes(found.findings) == ["EVO102", "EVO120"]


def test_esp_idf_9987_an_app_that_demands_md5_on_a_table_without():
    found = verdict(NO_MD5, NO_MD5)
    assert found.way is Way.INTERMEDIATE
    assert "esp-idf#9987" in one(found.findings, "EVO118").message
    assert verdict(NO_MD5, NO_MD5, app_demands_md5=False).way is Way.OVER_THE_AIR
    old_bootloader = verdict(NO_MD5, TWO_SLOTS, bootloader_reads_md5=False, app_demands_md5=False)
    assert old_bootloader.way is Way.CABLE
    assert "0xebeb" in one(old_bootloader.findings, "EVO118").message


def test_a_third_ota_slot_makes_the_record_select_another_slot():
    strict = verdict(TWO_SLOTS, THREE_SLOTS)
    assert strict.way is Way.CABLE
    assert "about 58 ms" in one(strict.findings, "EVO117").message
    accepted = verdict(TWO_SLOTS, THREE_SLOTS, accept_table_window=True)
    assert accepted.way is Way.INTERMEDIATE
    finding = one(accepted.findings, "EVO116")
    assert "sequence 3 is slot 0 now, slot 2 then" in finding.message
    assert "multiple of 6" in finding.help
    assert one(accepted.findings, "EVO117").severity is Severity.WARNING


def test_min_spiffs_to_8_mb_from_either_slot():
    found = verdict(MIN_SPIFFS, DEFAULT_8MB, accept_table_window=True)
    assert found.way is Way.INTERMEDIATE
    assert "run from `app1`" in one(found.findings, "EVO114").message
    assert "`app0`" in one(found.findings, "EVO114").help
    from_app0 = verdict(MIN_SPIFFS, DEFAULT_8MB, accept_table_window=True, running="app0")
    assert "EVO114" not in codes(from_app0.findings)
    assert {"EVO120", "EVO126"} <= set(codes(from_app0.findings))


@pytest.mark.parametrize(
    ("old", "new", "symbol", "was", "now"),
    [
        ("2.1", "3.0", "MBINS_APP", 15, 14),
        ("2.1", "3.0", "MBINS_KERNEL", 16, 15),
        ("3.0", "3.3", "CUSTOM_1", 11, 14),
        ("3.1", "3.3", "2ND_BOOT", 13, 16),
    ],
)
def test_enumerations_that_were_not_append_only(old, new, symbol, was, now):
    row = (symbol, 0x10000, 0x1000)
    found = verdict(alios(row, sdk=old), alios(row, sdk=new))
    finding = one(found.findings, "EVO140")
    assert (finding.facts["old_index"], finding.facts["new_index"]) == (was, now)
    assert found.way is Way.OVER_THE_AIR


def test_index_11_of_1_3_4_means_another_partition_in_2_0():
    old = alios(("SYS_DATA", 0x10000, 0x1000), sdk="1.3.4")
    new = alios(("CUSTOM_1", 0x20000, 0x1000), sdk="2.0")
    assert "index 11 was `sys_data` and is `custom_1` now" in codes_of(old, new)["EVO140"]


@pytest.mark.parametrize("symbol", ["PARAMETER_2", "OTA_TEMP", "SPIFFS"])
def test_the_first_indices_mean_the_same_in_all_versions(symbol: str):
    row = (symbol, 0x10000, 0x2000)
    assert verdict(alios(row, sdk="1.2"), alios(row, sdk="3.3")).findings == ()


def codes_of(old: Table, new: Table, **facts) -> dict[str, str]:
    return {f.code: f.message for f in verdict(old, new, **facts).findings}


# Boot -------------------------------------------------------------------------------------------


def test_boot_addresses_that_the_bootloader_holds():
    moved = with_partition(DUAL, "ota_temp", at=(0x100000, 0xF4000))
    found = verdict(DUAL, moved)
    assert found.way is Way.CABLE
    assert "jumps to 0x101000" in one(found.findings, "EVO110").message
    assert "0x101000" in one(found.findings, "EVO110").help
    assert "linked for 0x101000" in one(found.findings, "EVO111").message
    updatable = verdict(DUAL, moved, bootloader_updatable=True)
    assert updatable.way is Way.INTERMEDIATE


def test_single_bank_download_area_may_move_the_application_may_not():
    ota = with_partition(MK3060_3, "ota_temp", at=(0x102000, 0xE4000))
    assert "EVO110" not in codes(verdict(MK3060_3, ota).findings)
    app = with_partition(MK3060_3, "application", at=(0x1D000, 0xE4000))
    assert verdict(MK3060_3, app).way is Way.CABLE


def test_a_slot_that_is_renamed_stays_where_the_bootloader_finds_it():
    assert verdict(DUAL, with_partition(DUAL, "application", name="app")).way is Way.OVER_THE_AIR


def test_record_that_moves():
    moved = with_partition(MK3060_3, "parameter_1", at=(0x1F2000, 0x1000))
    found = verdict(MK3060_3, moved)
    assert found.way is Way.CABLE
    assert "reads which image to start at 0x1F1000" in one(found.findings, "EVO112").message
    # The dual bank of AliOS keeps no record there.
    moved = with_partition(DUAL, "parameter_1", at=(0x1FB000, 0x1000))
    assert "EVO112" not in codes(verdict(DUAL, moved).findings)
    esp_moved = with_partition(TWO_SLOTS, "otadata", at=(0x210000, 0x2000))
    found = verdict(TWO_SLOTS, esp_moved, accept_table_window=True)
    assert one(found.findings, "EVO112") and found.way is Way.INTERMEDIATE


def test_something_new_over_the_bootloader():
    new = plus(MK3060_3, "log", Role.CUSTOM, 0xF000, 0x2000)
    finding = one(verdict(MK3060_3, new).findings, "EVO113")
    assert "0x1000 bytes" in finding.message and "0x10000" in finding.help
    assert "EVO113" not in codes(verdict(MK3060_2, MK3060_2).findings)


def test_first_image_arrives_through_the_old_slots():
    new = with_partition(DUAL, "application", image_size=0xF5000, at=(0x1000, 0xF5000))
    found = verdict(DUAL, new)
    finding = one(found.findings, "EVO115")
    assert found.way is Way.INTERMEDIATE
    assert finding.facts == {
        "partition": "application",
        "image_size": 0xF5000,
        "largest": 0xF4000,
    }
    fits = with_partition(new, "application", image_size=0xF4000)
    assert verdict(DUAL, fits).findings == ()
    unknown = verdict(DUAL, with_partition(new, "application", image_size=None))
    assert one(unknown.findings, "EVO115").severity is Severity.NOTE
    assert unknown.way is Way.OVER_THE_AIR


def test_no_place_to_receive_an_update_in():
    rows = [("nvs", "nvs", 0x9000, 0x6000), ("factory", "factory", 0x10000, 0x100000)]
    larger = [rows[0], ("factory", "factory", 0x10000, 0x200000)]
    found = verdict(esp(*rows), esp(*larger), accept_table_window=True)
    assert found.way is Way.CABLE and "EVO104" in codes(found.findings)
    assert verdict(esp(*rows), esp(*rows)).findings == ()


def test_other_flash():
    other = replace(DUAL, device=device(flash(4 << 20)))
    found = verdict(DUAL, other)
    assert (found.way, codes(found.findings)) == (Way.CABLE, ["EVO101"])


# MCUboot ----------------------------------------------------------------------------------------


def test_mcuboot_slots_and_scratch_are_compiled_into_it():
    smaller = with_partition(MCUBOOT, "slot1", at=(0x6C000, 0x5F000))
    assert one(verdict(MCUBOOT, smaller).findings, "EVO130").facts["old_size"] == 0x60000
    assert verdict(MCUBOOT, smaller).way is Way.CABLE
    scratch = with_partition(MCUBOOT, "scratch", at=(0xCD000, 0x7000))
    assert "swaps through" in one(verdict(MCUBOOT, scratch).findings, "EVO110").message


def test_mcuboot_trailer_and_block_limits_on_both_sides():
    small = mcuboot(*MCUBOOT_ROWS, max_sectors=96)
    assert verdict(small, small).findings == ()
    other_build = mcuboot(*MCUBOOT_ROWS, max_sectors=128)
    assert "from 96 to 128" in one(verdict(small, other_build).findings, "EVO131").message
    larger = with_partition(small, "slot0", at=(0xC000, 0x61000))
    found = verdict(small, larger, bootloader_updatable=True)
    assert "97 erase blocks" in one(found.findings, "EVO132").message
    image = with_partition(small, "slot0", image_size=0x60000)
    finding = one(verdict(small, image).findings, "EVO115")
    assert finding.facts["largest"] < 0x60000  # the trailer is taken off


def test_another_scheme_needs_another_bootloader():
    move = mcuboot(*MCUBOOT_ROWS, mode="mcuboot-swap-move")
    assert verdict(MCUBOOT, move).way is Way.CABLE


# The table in flash -----------------------------------------------------------------------------


def test_rewriting_one_copy_of_a_table_is_a_risk_and_two_copies_are_none():
    new = plus(TWO_SLOTS, "log", Role.CUSTOM, 0x300000, 0x1000)
    assert verdict(TWO_SLOTS, new).way is Way.CABLE
    assert verdict(TWO_SLOTS, new, accept_table_window=True).way is Way.INTERMEDIATE
    two = verdict(TWO_SLOTS, new, table_copies=2)
    assert two.way is Way.INTERMEDIATE
    assert one(two.findings, "EVO117").severity is Severity.WARNING


def test_order_of_rows_does_not_matter():
    turned = replace(TWO_SLOTS, partitions=TWO_SLOTS.partitions[::-1])
    assert verdict(TWO_SLOTS, turned).findings == ()


def test_table_that_moves():
    other = replace(TWO_SLOTS, attributes={"md5": True, "table_offset": 0x10000})
    assert (
        "CONFIG_PARTITION_TABLE_OFFSET=0x8000"
        in one(verdict(TWO_SLOTS, other).findings, "EVO119").help
    )


def test_no_slot_survives_unless_the_image_can_be_copied():
    new = esp(
        ("nvs", "nvs", 0x9000, 0x5000),
        ("otadata", "ota", 0xE000, 0x2000),
        ("ota_0", "ota_0", 0x80000, 0x100000),
        ("ota_1", "ota_1", 0x210000, 0x100000),
    )
    found = verdict(TWO_SLOTS, new, accept_table_window=True)
    assert found.way is Way.INTERMEDIATE
    homeless = one(found.findings, "EVO114")
    assert "copy the running image to 0x210000" in homeless.help
    assert all(
        f"{s.extent.start:#X}".replace("0X", "0x") in homeless.message
        for s in TWO_SLOTS.of_role(Role.APPLICATION)
    )
    small = device(flash(0x210000), name="esp", table_offset=0x8000)
    on = replace(TWO_SLOTS, device=small)
    shifted = replace(
        with_partition(
            with_partition(on, "ota_0", at=(0x20000, 0xF0000)), "ota_1", at=(0x118000, 0xF0000)
        )
    )
    assert verdict(on, shifted, accept_table_window=True).way is Way.CABLE


# Data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["parameter_2", "parameter_3", "parameter_4"])
def test_parameters_that_move_are_lost_unless_copied_or_given_up(name: str):
    was = DUAL.get(name)
    assert was is not None
    moved = with_partition(DUAL, name, at=(0x1FC000, was.size))
    found = verdict(DUAL, moved)
    assert found.way is Way.WITH_MIGRATION and found.is_direct and not found.loses_nothing
    assert one(found.findings, "EVO120").severity is Severity.ERROR
    given_up = verdict(DUAL, moved, discard=(name,))
    assert given_up.way is Way.OVER_THE_AIR and given_up.loses_nothing


def test_a_partition_inserted_in_the_middle_moves_all_that_follow():
    rows = [("BOOTLOADER", 0, 0x1000), ("APPLICATION", 0x1000, 0xF4000)]
    rows += [("OTA_TEMP", 0x101000, 0xF4000), ("PARAMETER_1", 0x1F6000, 0x1000)]
    new = alios(
        *rows,
        ("SPIFFS", 0x1F7000, 0x1000),
        ("PARAMETER_2", 0x1F8000, 0x2000),
        ("PARAMETER_3", 0x1FA000, 0x1000),
        ("PARAMETER_4", 0x1FB000, 0x1000),
        on=DUAL.device,
        mode="alios-dual-bank",
    )
    found = verdict(DUAL, new)
    assert codes(found.findings).count("EVO120") == 3
    assert "EVO124" in codes(found.findings)


def test_stores_that_shrink_or_grow():
    cut = with_partition(DUAL, "parameter_2", at=(0x1F7000, 0x1000))
    finding = one(verdict(DUAL, cut).findings, "EVO121")
    assert "0x1F8000..0x1F9000" in finding.message
    grown = with_partition(without(DUAL, "parameter_3"), "parameter_2", at=(0x1F7000, 0x3000))
    finding = one(verdict(DUAL, grown).findings, "EVO122")
    assert finding.where is not None and str(finding.where.extent) == "0x1F9000..0x1FA000"
    free = with_partition(DUAL, "parameter_4", at=(0x1FA000, 0x2000))
    assert verdict(DUAL, free).findings == ()


def test_dropped_data_and_who_has_it():
    gone = without(DUAL, "parameter_4")
    finding = one(verdict(DUAL, gone).findings, "EVO123")
    assert "stay in the flash" in finding.message and "keys" in finding.help
    assert verdict(DUAL, gone, discard=("parameter_4",)).way is Way.OVER_THE_AIR


def test_software_of_another_kind():
    new = with_partition(MIN_SPIFFS, "spiffs", attributes={"type": "data", "subtype": "littlefs"})
    finding = one(verdict(MIN_SPIFFS, new).findings, "EVO125")
    assert "filesystem (spiffs)" in finding.message and "(littlefs)" in finding.message


def test_renamed_data_is_found_by_name_only():
    new = with_partition(MIN_SPIFFS, "spiffs", name="storage")
    assert "EVO127" in codes(verdict(MIN_SPIFFS, new).findings)
    assert "EVO127" not in codes(verdict(MIN_SPIFFS, DEFAULT_8MB).findings)


# Numbers ----------------------------------------------------------------------------------------


def test_custom_partitions_come_last():
    middle = plus(DUAL, "mine", Role.CUSTOM, 0x1FB000, 0x1000, id="HAL_PARTITION_MINE", index=4)
    finding = one(verdict(DUAL, middle).findings, "EVO141")
    assert "index 9 or above" in finding.help
    last = plus(DUAL, "mine", Role.CUSTOM, 0x1FB000, 0x1000, id="HAL_PARTITION_MINE", index=16)
    assert verdict(DUAL, last).findings == ()
    standard = plus(DUAL, "ate", Role.FIRMWARE, 0x1FB000, 0x1000, id="HAL_PARTITION_ATE", index=2)
    assert "EVO141" not in codes(verdict(DUAL, standard).findings)


def test_every_finding_has_a_place_in_flash_or_speaks_of_the_whole_table():
    pairs = [(MIN_SPIFFS, DEFAULT_8MB), (MK3060_2, MK3060_3), (DUAL, MCUBOOT), (MCUBOOT, DUAL)]
    for old, new in pairs:
        for finding in verdict(replace(old, device=ESP), replace(new, device=ESP)).findings:
            whole = finding.code in {"EVO118", "EVO119", "EVO131"}
            assert finding.where is not None or whole, finding
            assert finding.help and "\n" not in finding.message


@pytest.mark.parametrize("running", ["app9", "nvs"])
def test_a_running_slot_that_is_none_promises_nothing(running):
    found = verdict(MIN_SPIFFS, DEFAULT_8MB, accept_table_window=True, running=running)
    finding = one(found.findings, "EVO105")
    assert found.way is Way.CABLE
    assert f"`{running}`" in finding.message and "`app" in finding.help
    sound = verdict(MIN_SPIFFS, DEFAULT_8MB, accept_table_window=True, running="app1")
    assert "EVO105" not in codes(sound.findings)


def test_a_partition_that_is_given_up_and_is_nowhere_is_told():
    found = verdict(MIN_SPIFFS, DEFAULT_8MB, discard=("spifs",))
    assert "`spiffs`" in one(found.findings, "EVO106").help
    assert "EVO106" not in codes(verdict(MIN_SPIFFS, DEFAULT_8MB, discard=("spiffs",)).findings)
