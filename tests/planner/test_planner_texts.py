"""What a plan says of itself: nothing twice, nothing that does not decide, sound sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_made import KIB, MIB, board, esp32, esp8266, flash, planned_of, spec, stm32f429, wish

from flashwright.app.plan import derivation, unknown_partition
from flashwright.app.plan import plan as plan_file
from flashwright.formats.flash_toml import read_specs
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.spec import SizeWish
from flashwright.model.table import Role
from flashwright.planner.expand import expand
from flashwright.planner.optimise import optimise
from flashwright.planner.plan import Limits, plan
from flashwright.planner.problem import build
from flashwright.planner.search import Budget

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.toml"))
SOUND = [p for p in EXAMPLES if p.name != "broken.toml"]


def specs_in(path: Path):
    return read_specs(Source(path.name, path.read_bytes()), Catalogue()).specs


@pytest.mark.parametrize("path", SOUND, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_nothing_is_said_twice_and_every_partition_has_its_reasons(path):
    for one in specs_in(path):
        made = plan(one).plan
        texts = [(r.partition, r.text) for r in made.reasons]
        assert len(texts) == len(set(texts))
        for partition in made.table.partitions:
            told = [r for r in made.reasons if r.partition == partition.name and r.decides]
            where = [r for r in told if f"{partition.name}` 0x" in r.text]
            assert len(where) == 1
            assert len(told) >= 2
            aligned = [r for r in told if "starts at a multiple of" in r.text]
            assert len(aligned) <= 1


@pytest.mark.parametrize("path", SOUND, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_holds_anyway_can_be_left_out_without_a_change(path):
    """Each demand that a plan says does not decide: the same places without it."""
    left_out = 0
    for one in specs_in(path):
        expanded = expand(one)
        made = plan(one).plan
        anyway = {r.text for r in made.reasons if not r.decides}
        for text in sorted(anyway):
            demands = [d for d in expanded.demands if d.text != text]
            if len(demands) == len(expanded.demands):
                continue
            problem = build(demands, expanded.wants, expanded.grounds, expanded.banks)
            found = optimise(problem, Budget(Limits().nodes), Limits().tries)
            assert found.extents == {p.name: p.extent for p in made.table.partitions}, text
            left_out += 1
    assert left_out or path.parent.name not in ("esp8266-2m", "esp32-4m", "nrf52840-mcuboot")


def test_the_slots_of_swap_move_are_compared_in_bytes():
    device = board(flash(MIB), flash(8 * MIB, name="qspi"))
    made = planned_of(spec(device, "mcuboot-swap-move", wish("slot1", Role.OTA_TEMP, owner="qspi")))
    texts = [r.text for r in made.reasons]
    assert "`slot1` has 0x1000 less than `slot0`: 0xF1000" in texts
    assert not any("has limited" in t for t in texts)


def test_equal_slots_that_nothing_else_limits_are_told_as_equal():
    texts = [r.text for r in planned_of(spec(esp8266(), "alios-dual-bank")).reasons]
    assert "`application` has the same size as `ota_temp`: 0xF5000" in texts


def test_a_slot_at_its_limit_says_who_set_it():
    capped = wish("ota_0", Role.APPLICATION, SizeWish(at_most=1024 * KIB))
    texts = [r.text for r in planned_of(spec(esp32(), "esp-idf-ota", capped)).reasons]
    assert "`ota_0` has all that it may: `ota_0` has at most 0x100000 bytes" in texts


def test_a_copying_bootloader_says_what_ota_temp_holds():
    app = wish("application", Role.APPLICATION, image=100 * KIB)
    boot = wish("bootloader", Role.BOOTLOADER, 16 * KIB)
    made = planned_of(spec(board(flash(MIB)), "alios-single-bank", boot, app))
    told = [r.text for r in made.reasons if r.partition == "ota_temp"]
    assert told[1] == "`ota_temp` holds a whole image of `application`: 26 erase blocks, 0x1A000"
    told = [r.text for r in made.reasons if r.partition == "application"]
    assert "an image of 0x19000 and 0x1C that the build appends" in told[1]


def test_uneven_erase_blocks_are_told_as_a_range():
    boot = wish("bootloader", Role.BOOTLOADER, 32 * KIB)
    made = planned_of(spec(stm32f429(), "alios-single-bank", boot))
    first = next(r.text for r in made.reasons if r.partition == "application")
    assert first.endswith("the first free place in erase blocks of 0x10000 to 0x20000")


def test_partitions_that_cost_the_same_share_a_line():
    made = planned_of(spec(esp8266(), "alios-dual-bank"))
    (bound,) = made.binding
    names = ", ".join(f"`parameter_{i}`" for i in (1, 2, 3))
    assert bound.startswith(f"one more erase block (0x1000) for {names} or `parameter_4` costs")


def test_why_of_a_partition_says_what_holds_anyway_and_what_it_costs():
    made = planned_of(spec(esp8266(), "alios-dual-bank"))
    whole, one = derivation(made), derivation(made, "parameter_2")
    assert "holds anyway" not in whole
    assert "`parameter_2` has at least 2 erase blocks (kv), which holds anyway" in one
    assert "What binds" in one
    assert "`ota_temp` 0x101000" not in one


def test_why_of_an_unknown_name_is_told():
    path = next(p for p in SOUND if p.parent.name == "esp8266-2m")
    made = plan_file(Source(path.name, path.read_bytes()), Catalogue())
    assert unknown_partition(made, "parameter_2") is None
    finding = unknown_partition(made, "paramter_2")
    assert (finding.code, finding.help) == ("PLN002", "did you mean `parameter_2`?")


def test_largest_images_with_one_reason_share_a_line():
    text = derivation(planned_of(spec(esp8266(), "alios-dual-bank")))
    assert "  application, ota_temp: 1003492 bytes (0xF4FE4); 28 bytes go to" in text
