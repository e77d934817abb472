"""Slots, boot addresses, stores, images and the ecosystems: the border cases of the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rule_tables import K, M, alios, codes, device, esp8266, flash, only, part, updated

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.model.device import BankMode, BootFacts, Device
from flashwright.model.geometry import Bank, Overwrite
from flashwright.model.table import Partition, Table
from flashwright.model.update import Payload, Update
from flashwright.rules.catalog import run

NOR = device(flash(runs=((1024, 4096),)))


def table(
    *partitions: Partition, of: Device | None = NOR, update: Update | None = None, **more: object
) -> Table:
    return Table("t", partitions, of, update, **more)  # type: ignore[arg-type]


def single(payload: Payload, second: int, **more: int) -> list[str]:
    parts = (
        part("app", "application", 0x10000, 512 * K),
        part("ota", "ota_temp", 0x100000, second),
        part("p1", "boot_record", 0x200000, 4 * K),
    )
    update = updated("alios-single-bank", payload=payload, **more)
    return [c for c in codes(table(*parts, update=update)) if c != "DAT403"]


@pytest.mark.parametrize(
    ("payload", "second", "more", "expected"),
    [
        (Payload.WHOLE, 512 * K, {}, []),
        (Payload.WHOLE, 508 * K, {}, ["SLT202"]),
        (Payload.COMPRESSED, 300 * K, {"payload_size": 300 * K}, []),
        (Payload.COMPRESSED, 296 * K, {"payload_size": 300 * K}, ["SLT202"]),
        (Payload.COMPRESSED, 64 * K, {}, []),
        (Payload.DELTA, 164 * K, {"payload_size": 100 * K}, []),
        (Payload.DELTA, 160 * K, {"payload_size": 100 * K}, ["SLT202"]),
        (Payload.DELTA, 116 * K, {"payload_size": 100 * K, "backup_slice": 16 * K}, []),
        (Payload.DELTA, 64 * K, {}, ["SLT202"]),
        (Payload.DELTA, 68 * K, {}, []),
    ],
)
def test_ota_temp_holds_what_updates_bring(
    payload: Payload, second: int, more: dict[str, int], expected: list[str]
) -> None:
    assert single(payload, second, **more) == expected


def test_whole_image_that_is_known_to_fit_is_a_warning_only() -> None:
    parts = (
        part("app", "application", 0x10000, 512 * K, image_size=300 * K, slack=16 * K),
        part("ota", "ota_temp", 0x100000, 400 * K),
        part("p1", "boot_record", 0x200000, 4 * K),
    )
    (finding,) = only(table(*parts, update=updated("alios-single-bank")), "SLT202")
    assert finding.severity is Severity.WARNING


def test_dual_bank_device_wants_equal_slots_undeclared() -> None:
    text = "APP 0x1000+976K; OTA 0x101000+900K; P2 0x1f7000+8K"
    of = esp8266(2 * M, 0x101000)
    assert codes(alios(text, of)) == ["SLT201"]
    assert codes(alios(text.replace("900K", "976K"), of)) == []


def test_nothing_is_missed_in_a_table_that_was_not_read_whole() -> None:
    update = updated("alios-single-bank")
    one = table(part("app", "application", 0x10000, 512 * K), update=update)
    assert codes(one, Severity.NOTE) == ["SLT203", "SLT203", "GEO110"]
    assert codes(replace(one, attributes={"incomplete": ("OTA_TEMP",)}), Severity.NOTE) == []


def test_missing_partitions_of_a_scheme() -> None:
    app = part("app", "application", 0x10000, 512 * K)
    found = only(table(app, update=updated("alios-single-bank")), "SLT203")
    assert {f.facts["role"] for f in found} == {"ota_temp", "boot_record"}
    found = only(table(app, update=updated("mcuboot-swap-offset")), "SLT203")
    assert [f.facts["role"] for f in found] == ["second slot"]


def test_updater_and_app_may_differ() -> None:
    parts = (
        part("otadata", "boot_record", 0xD000, 8 * K),
        part("factory", "factory", 0x10000, 512 * K),
        part("ota_0", "application", 0x90000, 3 * M),
    )
    assert codes(table(*parts, update=updated("updater-and-app"))) == []


BANKED = device(
    flash(
        runs=((256, 4 * K),),
        base=0x8000000,
        banks=(Bank("1", Extent.of(0, 512 * K)), Bank("2", Extent.of(512 * K, 512 * K))),
    ),
    boot=BootFacts("embedded", BankMode.DUAL),
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0x0, 0x80000, []),
        (0x20000, 0x88000, ["SLT204"]),
        (0x0, 0x70000, ["SLT204"]),
    ],
)
def test_banks(first: int, second: int, expected: list[str]) -> None:
    parts = (
        part("app", "application", first, 400 * K),
        part("ota", "ota_temp", second, 400 * K),
    )
    assert codes(table(*parts, of=BANKED)) == expected


def test_both_slots_in_one_bank() -> None:
    parts = (
        part("app", "application", 0, 100 * K),
        part("ota", "ota_temp", 0x40000, 100 * K),
    )
    (finding,) = only(table(*parts, of=BANKED), "SLT204")
    assert "same bank" in finding.message


def test_second_boot_may_hold_the_boot_address() -> None:
    of = replace(NOR, boot=BootFacts("embedded", None, (0x13000,)))
    app = part("app", "application", 0x1C000, 900 * K)
    second = part("boot2", "second_boot", 0x13000, 24 * K)
    assert codes(table(app, of=of)) == ["BOT301"]
    assert codes(table(app, second, of=of)) == []


def test_image_in_another_flash_than_the_boot_address() -> None:
    of = device(flash(), flash("qspi"), boot=BootFacts("embedded", None, (0x1000,)))
    (finding,) = only(table(part("app", "application", 0x1000, 64 * K, "qspi"), of=of), "BOT301")
    assert "`qspi`" in finding.message
    assert "0x1000" in finding.help


def test_bootloader_of_the_device() -> None:
    of = replace(NOR, boot=BootFacts("embedded", None, (), Extent(0x1000, 0x8000), 0x8000))
    good = part("bl", "bootloader", 0x1000, 28 * K, writable=False)
    assert codes(table(good, of=of)) == []
    assert codes(table(replace(good, extent=Extent(0, 0x7000), start=0), of=of)) == ["BOT302"]
    assert codes(table(part("kv", "kv", 0x4000, 8 * K), of=of)) == ["BOT302"]
    table_ = part("pt", "partition_table", 0x8000, 4 * K)
    assert codes(table(good, table_, of=of)) == []


def test_scheme_of_the_wrong_kind_of_bootloader() -> None:
    of = replace(NOR, boot=BootFacts("embedded", BankMode.DUAL))
    (finding,) = only(table(of=of, update=updated("alios-single-bank")), "BOT303")
    assert finding.severity is Severity.WARNING
    assert not only(table(of=of, update=updated("alios-dual-bank")), "BOT303")
    assert not only(table(of=of, update=updated("mcuboot-swap-move")), "BOT303")


@pytest.mark.parametrize(
    ("runs", "start", "size", "expected"),
    [
        (((512, 4096),), 0x1000, 8 * K, []),
        (((512, 4096),), 0x1000, 4 * K, ["DAT401"]),
        (((4, 16 * K), (4, 64 * K)), 0, 32 * K, []),
        (((4, 16 * K), (4, 64 * K)), 0x10000, 64 * K, ["DAT401"]),
        (((4, 16 * K), (4, 64 * K)), 0xC000, 80 * K, []),
        (((64, 256),), 0, 512, []),
    ],
)
def test_kv_has_two_erase_blocks(
    runs: tuple[tuple[int, int], ...], start: int, size: int, expected: list[str]
) -> None:
    of = device(flash(runs=runs))
    assert codes(table(part("kv", "kv", start, size), of=of)) == expected


def test_kv_of_an_alios_table_without_a_device() -> None:
    assert codes(alios("P2 0x1000+4K")) == ["DAT401"]
    assert codes(alios("P2 0x1000+8K")) == []
    assert codes(Table("t", (part("kv", "kv", 0x1000, 4 * K),))) == []


def test_in_place_writes_on_ecc_flash_are_a_note() -> None:
    of = device(flash(runs=((512, 2048),), overwrite=Overwrite.ONCE, program_unit=8))
    (finding,) = only(alios("P2 0x1000+8K", of), "DAT405")
    assert finding.severity is Severity.NOTE
    assert not only(alios("P2 0x1000+8K", NOR), "DAT405")


def test_single_copy_of_the_boot_record_is_a_warning_with_its_reason() -> None:
    text = "APP 0x10000+512K; OTA 0x100000+512K; P1 0x200000+4K"
    (finding,) = only(alios(text, NOR, update=updated("alios-single-bank")), "DAT403")
    assert finding.severity is Severity.WARNING
    assert "power cut" in finding.message
    assert not only(alios(text, NOR, update=updated("alios-dual-bank")), "DAT403")
    copied = replace(alios(text, NOR, update=updated("alios-single-bank")))
    backup = part("back", "scratch", 0x210000, 8 * K, id="HAL_PARTITION_RECOVERY_BACK_PARA")
    assert not only(replace(copied, partitions=(*copied.partitions, backup)), "DAT403")


def test_read_only_application() -> None:
    text = "APP 0x10000+512K(ro); OTA 0x100000+512K; P1 0x200000+4K"
    assert only(alios(text, NOR), "DAT406")[0].severity is Severity.WARNING
    dual = alios(text, NOR, update=updated("alios-dual-bank"))
    assert only(dual, "DAT406")[0].severity is Severity.ERROR
    assert not only(alios("APP 0x10000+512K(ro); P2 0x200000+8K", NOR), "DAT406")


def test_indices() -> None:
    text = "APP 0x10000+512K; P2 0x200000+8K"
    good = alios(text, NOR)
    assert codes(good) == []
    app, kv = good.partitions
    assert codes(replace(good, partitions=(app, replace(kv, index=5)))) == ["DAT413"]
    assert codes(replace(good, partitions=(app, replace(kv, index=1)))) == ["DAT412", "DAT413"]
    custom = part("mine", "custom", 0x300000, 4 * K, id="HAL_PARTITION_MINE", index=16)
    assert codes(replace(good, partitions=(app, kv, custom))) == []
    unnamed = replace(custom, id=None, index=8)
    assert codes(replace(good, partitions=(app, kv, unnamed))) == ["DAT413"]
    assert codes(replace(good, partitions=(app, kv, replace(unnamed, index=11)))) == []
    inserted = replace(custom, index=15)
    assert codes(replace(good, partitions=(app, kv, inserted))) == ["DAT413"]


def test_symbol_that_another_release_numbers_so() -> None:
    table_ = alios("2ND_BOOT 0x10000+64K", NOR, sdk="3.3")
    (finding,) = only(table_, "DAT413")
    assert "13" in finding.message
    update = updated("alios-single-bank", sdk="3.3")
    assert not only(replace(table_, update=update), "DAT413")


def test_same_name_twice() -> None:
    one, two = part("a", "user", 0, 4 * K), part("a", "user", 0x4000, 4 * K)
    assert codes(table(one, two)) == ["DAT411"]
    assert codes(table(one, replace(two, name="b"))) == []


def test_image_sizes() -> None:
    app = part("app", "application", 0, 100 * K, image_size=100 * K)
    found = only(table(app), "IMG502")
    assert [f.severity for f in found] == [Severity.NOTE]
    assert codes(table(replace(app, image_size=100 * K + 1))) == ["IMG501"]
    assert codes(table(replace(app, image_size=90 * K))) == []
    assert codes(table(replace(app, image_size=90 * K, slack=11 * K))) == ["IMG502"]
    limited = replace(NOR, slot_limit=96 * K)
    (finding,) = only(table(app, of=limited), "IMG501")
    assert finding.facts["limit"] == 96 * K


def test_image_that_imgtool_signs_and_mcuboot_refuses() -> None:
    of = device(flash(runs=((1024, 4096),), program_unit=8))
    parts = [
        part("slot0", "application", 0x10000, M, image_size=1_036_289),
        part("slot1", "ota_temp", 0x200000, M),
    ]
    update = updated("mcuboot-swap-move")
    (finding,) = only(table(*parts, of=of, update=update), "IMG501")
    assert finding.facts["limit"] == 1_036_288
    parts[0] = replace(parts[0], image_size=1_036_288)
    assert not only(table(*parts, of=of, update=update), "IMG501")
    scratch = part("scratch", "scratch", 0x300000, 4 * K)
    swap = table(*parts, scratch, of=of, update=updated("mcuboot-swap-scratch"))
    assert not only(swap, "IMG501")


def test_link_addresses() -> None:
    of = device(flash(runs=((256, 4096),), base=0x8000000))
    app = part("app", "application", 0x10000, 256 * K, link_address=0x8010000)
    ota = part("ota", "ota_temp", 0x60000, 256 * K, link_address=0x8010000)
    assert not only(table(app, ota, of=of), "IMG503")
    dual = replace(of, boot=BootFacts("embedded", BankMode.DUAL))
    (finding,) = only(table(app, ota, of=dual), "IMG503")
    assert "0x8060000" in finding.message
    assert "`app`" in finding.message
    header = replace(app, link_address=0x8010200)
    assert only(table(header, of=of), "IMG503")
    slots = table(header, replace(ota, link_address=None), of=of)
    assert not only(replace(slots, update=updated("mcuboot-swap-move")), "IMG503")
    assert not only(table(app), "IMG503")


def test_notes_only_where_there_is_something_to_say() -> None:
    parts = (
        part("app", "application", 0, 2 * M),
        part("ota", "ota_temp", 2 * M, 2 * M),
    )
    assert run(table(*parts, update=updated("alios-dual-bank"))) == ()
