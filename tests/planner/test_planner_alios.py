"""The method of AliOS Things: the worked example, single bank, uneven erase blocks."""

from __future__ import annotations

import pytest
from planner_made import KIB, MIB, board, esp8266, flash, line, spec, stm32f429, wish

from flashwright.base.extent import Extent
from flashwright.model.device import BankMode, BootFacts
from flashwright.model.plan import Plan, Step
from flashwright.model.spec import Spec
from flashwright.model.table import Role
from flashwright.model.update import Payload
from flashwright.planner.explain import why
from flashwright.planner.plan import plan
from flashwright.rules.catalog import run

WORKED = {
    "bootloader": (0x0, 0x1000),
    "application": (0x1000, 0xF5000),
    "ota_temp": (0x101000, 0xF5000),
    "parameter_1": (0x1F6000, 0x1000),
    "parameter_2": (0x1F7000, 0x2000),
    "parameter_3": (0x1F9000, 0x1000),
    "parameter_4": (0x1FA000, 0x1000),
}


def planned(wished: Spec) -> Plan:
    result = plan(wished)
    assert result.plan is not None, result.findings
    errors = [f for f in run(result.plan.table) if f.severity.word == "error"]
    assert errors == []
    return result.plan


def places(made: Plan) -> dict[str, tuple[int, int]]:
    return {p.name: (p.extent.start, p.size) for p in made.table.partitions}


def l4(*boot: int, size: int = MIB):
    return board(flash(size, 2 * KIB), boot=BootFacts("embedded", None, boot))


def test_the_worked_example_comes_out_exactly():
    made = planned(spec(esp8266(), "alios-dual-bank"))
    assert places(made) == WORKED
    assert made.proven
    assert [p.id for p in made.table.partitions][:3] == [
        "HAL_PARTITION_BOOTLOADER",
        "HAL_PARTITION_APPLICATION",
        "HAL_PARTITION_OTA_TEMP",
    ]


def test_the_worked_example_is_derived_step_by_step():
    made = planned(spec(esp8266(), "alios-dual-bank"))
    assert [r.step for r in made.reasons] == sorted(r.step for r in made.reasons)
    assert {r.step for r in made.reasons} == set(Step) - {Step.CUSTOM}
    texts = [r.text for r in made.reasons]
    assert "OTA TMP ends where `parameter_1` begins: 0x1F6000 - 0x101000 = 0xF5000" in texts
    assert "`parameter_4` ends where RF calibration begins: 0x1FB000 - 0x1000 = 0x1FA000" in texts
    assert {p.name for p in made.table.partitions} <= {r.partition for r in made.reasons}


def test_why_tells_about_one_partition_only():
    made = planned(spec(esp8266(), "alios-dual-bank"))
    told = why(made, "parameter_2")
    assert "at least 2 erase blocks" in told
    assert "costs each of `application` and `ota_temp` 0x1000" in told
    assert "bootloader" not in told
    assert why(made, "nobody") == ""


def test_a_custom_partition_never_lies_on_the_rf_calibration():
    wished = spec(esp8266(), "alios-dual-bank", wish("custom_1", size=0x2000))
    made = planned(wished)
    custom = made.table.get("custom_1")
    assert custom is not None
    assert not custom.extent.overlaps(Extent(0x1FB000, 0x200000))
    assert custom.index == 11
    assert places(made) | WORKED == places(made)  # it takes the hole below OTA TMP


def test_a_custom_partition_too_large_for_the_hole_shrinks_the_slots():
    made = planned(spec(esp8266(), "alios-dual-bank", wish("data", size=0x10000)))
    at = places(made)
    assert at["application"][1] == at["ota_temp"][1]
    assert at["application"][1] < 0xF5000
    assert made.table.partitions[-1].name == "data"
    assert made.table.partitions[-1].index == 16  # behind the 16 names of AliOS Things 3.0


def test_a_custom_partition_wished_on_the_rf_calibration_is_refused():
    wished = spec(esp8266(), "alios-dual-bank", wish("mine", size=0x1000, offset=0x1FB000))
    result = plan(wished)
    assert result.plan is None
    [found] = [f for f in result.findings if f.code == "PLN001"]
    assert "RF calibration" in found.message
    assert "let `mine` lie elsewhere" in found.help


@pytest.mark.parametrize(
    ("boot", "kept", "limit", "slot"),
    [
        ((0x1000, 0x41000), 0x7B000, 0x3A000, 0x35000),
        ((0x1000, 0x81000), 0xFB000, 0x7A000, 0x75000),
    ],
)
def test_smaller_maps_of_the_esp8266(boot, kept, limit, slot):
    from dataclasses import replace

    from flashwright.model.device import Reserved

    device = replace(
        esp8266(),
        flashes=(flash(kept + 0x5000),),
        boot=BootFacts("embedded", BankMode.DUAL, boot, Extent(0, 0x1000)),
        reserved=(Reserved("vendor", "embedded", Extent(kept, kept + 0x5000)),),
        windows=(),
        slot_limit=limit,
    )
    made = planned(spec(device, "alios-dual-bank"))
    assert places(made)["application"] == (0x1000, slot)
    assert places(made)["parameter_4"] == (kept - 0x1000, 0x1000)


def test_parameters_lie_at_the_top_when_the_slots_are_limited():
    from dataclasses import replace

    made = planned(spec(replace(esp8266(), slot_limit=0x80000), "alios-dual-bank"))
    at = places(made)
    assert at["application"][1] == at["ota_temp"][1] == 0x80000
    assert at["parameter_1"] == WORKED["parameter_1"]
    assert at["parameter_4"] == WORKED["parameter_4"]


def test_single_bank_with_an_estimated_application():
    app = wish("application", Role.APPLICATION, image=300 * KIB, slack_percent=10)
    made = planned(spec(l4(0x8000), "alios-single-bank", app))
    size = 0x53000  # 300 KiB + 10 % + 28 bytes of trailer, rounded up to 2 KiB
    assert size - 2 * KIB < 300 * KIB * 11 // 10 + 28 <= size
    assert places(made) == {
        "bootloader": (0, 0x8000),
        "application": (0x8000, size),
        "ota_temp": (0x8000 + size, size),
        "parameter_1": (0x8000 + 2 * size, 0x1000),
        "parameter_2": (0x9000 + 2 * size, 0x2000),
        "parameter_3": (0xB000 + 2 * size, 0x1000),
        "parameter_4": (0xC000 + 2 * size, 0x1000),
    }


def test_single_bank_takes_what_there_is_without_an_estimate():
    at = places(planned(spec(l4(0x8000), "alios-single-bank")))
    assert at["application"][1] == at["ota_temp"][1] == 0x79800
    assert at["parameter_4"][0] + at["parameter_4"][1] == MIB


def test_a_delta_needs_room_for_itself_and_a_backup_slice():
    wished = spec(l4(0x8000), "alios-single-bank", payload=Payload.DELTA, payload_size=0x10000)
    made = planned(wished)
    at = places(made)
    assert at["ota_temp"][1] == 0x20000
    assert at["application"][1] == 0xD3000
    [limit] = [m for m in made.limits if m.partition == "ota_temp"]
    assert limit.largest_image == 0x10000


def test_a_delta_without_its_size_is_asked_for():
    result = plan(spec(l4(0x8000), "alios-single-bank", payload=Payload.DELTA))
    assert result.plan is None
    assert [f.code for f in result.findings] == ["PLN008"]


def test_ota_temp_and_a_parameter_on_another_flash():
    device = board(
        flash(MIB, 2 * KIB), flash(2 * MIB, name="spi"), boot=BootFacts("embedded", None, (0x8000,))
    )
    made = planned(
        spec(
            device,
            "alios-single-bank",
            wish("ota_temp", Role.OTA_TEMP, owner="spi"),
            wish("parameter_3", Role.USER, owner="spi"),
        )
    )
    at = {p.name: (p.owner, p.extent.start, p.size) for p in made.table.partitions}
    assert at["ota_temp"] == ("spi", 0, 0xF4000)
    assert at["parameter_3"] == ("spi", 0xF4000, 0x1000)
    assert at["application"] == ("embedded", 0x8000, 0xF4000)
    assert at["parameter_1"] == ("embedded", 0xFC000, 0x1000)


def test_uneven_erase_blocks_take_small_partitions_into_small_blocks():
    device = stm32f429(0x20000)
    made = planned(spec(device, "alios-single-bank", wish("bootloader", Role.BOOTLOADER, 0x4000)))
    [flash_] = device.flashes
    parameters = [p for p in made.table.partitions if p.name.startswith("parameter")]
    assert all(flash_.largest_block_in(p.extent) <= 64 * KIB for p in parameters)
    blocks = [b for p in made.table.partitions for b in flash_.blocks(p.extent)]
    assert len(blocks) == len(set(blocks))
    assert places(made)["application"] == (0x20000, 0xEC000)


def test_dual_bank_on_hardware_banks_keeps_each_slot_in_its_bank():
    from dataclasses import replace

    device = stm32f429()
    device = replace(device, boot=BootFacts("embedded", BankMode.DUAL))
    made = planned(spec(device, "alios-dual-bank", wish("bootloader", Role.BOOTLOADER, 0x4000)))
    at = places(made)
    assert at["application"][0] + at["application"][1] <= MIB <= at["ota_temp"][0]
    assert at["application"][1] == at["ota_temp"][1] == 0xF4000


def test_a_bootloader_of_unknown_size_is_asked_for():
    result = plan(spec(l4(), "alios-single-bank"))
    assert [f.code for f in result.findings] == ["PLN008"]
    assert plan(spec(l4(), "alios-single-bank", wish("b", Role.BOOTLOADER, 0x4000))).plan


def test_a_single_bank_bootloader_refuses_a_dual_bank_scheme():
    device = board(flash(MIB), boot=BootFacts("embedded", BankMode.SINGLE, (0x8000,)))
    assert [f.code for f in plan(spec(device, "alios-dual-bank")).findings] == ["PLN011"]


def test_a_wish_for_a_place_overrides_the_order_of_the_method():
    first = wish("parameter_1", Role.BOOT_RECORD, offset=0xFF000, place=line(3))
    at = places(planned(spec(l4(0x8000), "alios-single-bank", first)))
    assert at["parameter_1"] == (0xFF000, 0x1000)
    assert at["application"][1] == at["ota_temp"][1]


def test_the_order_is_given_up_with_a_note_when_wishes_need_the_room():
    app = wish("application", Role.APPLICATION, 0xF8000)
    result = plan(spec(esp8266(), "alios-dual-bank", app))
    assert result.plan is not None
    assert [f.code for f in result.findings] == ["PLN009"]


def test_the_bootloader_may_leave_room_below_the_boot_address():
    boot = wish("bootloader", Role.BOOTLOADER, 0x4000)
    at = places(planned(spec(l4(0x10000), "alios-single-bank", boot)))
    assert at["bootloader"] == (0, 0x4000)
    assert at["application"][0] == 0x10000
