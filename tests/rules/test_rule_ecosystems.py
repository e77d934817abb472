"""ESP-IDF, MCUboot and TrustZone tables: the border cases of the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rule_tables import K, M, codes, device, flash, only, part, updated

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.model.device import Device
from flashwright.model.table import Partition, Table
from flashwright.model.update import Update

NOR = device(flash(runs=((1024, 4096),)))


def table(
    *partitions: Partition, of: Device | None = NOR, update: Update | None = None, **more: object
) -> Table:
    return Table("t", partitions, of, update, **more)  # type: ignore[arg-type]


def esp(*partitions: Partition, of: Device | None = NOR) -> list[str]:
    return codes(Table("t", partitions, of, format="esp-idf-csv"), Severity.WARNING)


def app(name: str, at: int, subtype: int, size: int = M) -> Partition:
    role = "factory" if subtype == 0 else "application"
    return part(name, role, at, size, attributes={"type": 0, "subtype": subtype})


OTADATA = part("otadata", "boot_record", 0xD000, 8 * K, attributes={"type": 1, "subtype": 0})
NVS = part("nvs", "kv", 0x9000, 16 * K, attributes={"type": 1, "subtype": 2})


def test_esp_idf_tables() -> None:
    ota0, ota1 = app("a", 0x10000, 0x10), app("b", 0x110000, 0x11)
    assert esp(NVS, OTADATA, ota0, ota1) == []
    assert esp(NVS, ota0, ota1) == ["BOT321"]
    assert esp(NVS, OTADATA) == ["BOT322"]
    assert esp(NVS, OTADATA, ota0) == []
    (alone,) = only(Table("t", (NVS, OTADATA, ota0), NOR, format="esp-idf-csv"), "SLT222")
    assert alone.severity is Severity.NOTE
    assert esp(NVS, OTADATA, app("f", 0x110000, 0), ota0) == []
    assert esp(NVS, OTADATA, ota0, app("c", 0x110000, 0x12)) == ["SLT221"]
    assert esp(NVS, OTADATA, ota0, app("c", 0x110000, 0x10)) == ["SLT221"]
    assert esp(NVS, OTADATA, ota0, app("b", 0x110000, 0x11, M // 2)) == ["SLT201"]
    assert esp(NVS, OTADATA, ota0, app("b", 0x111000, 0x11)) == ["GEO121"]
    assert esp(NVS, app("f", 0x10000, 0)) == []
    assert esp(app("test", 0x10000, 0x20)) == ["BOT322"]
    (data,) = only(Table("t", (NVS,), NOR, format="esp-idf-csv"), "BOT322")
    assert data.severity is Severity.NOTE


def test_types_of_other_ecosystems_are_not_esp_idfs() -> None:
    flag = part("boot_flag", "boot_record", 0x1000, 4 * K, attributes={"type": "data"})
    code = part(
        "cpu0", "application", 0x5000, M, attributes={"type": "app", "subtype": "", "flags": ""}
    )
    assert "GEO121" in codes(Table("t", (flag, code), NOR), Severity.WARNING)
    for form in ("beken-csv", "bouffalo-toml", "mynewt-bsp"):
        assert codes(Table("t", (flag, code), NOR, format=form), Severity.WARNING) == []


def test_esp_idf_table_without_a_device() -> None:
    ota0, ota1 = app("a", 0x10000, 0x10), app("b", 0x118000, 0x11)
    assert esp(NVS, OTADATA, ota0, ota1, of=None) == ["GEO121"]
    low = Table("t", (NVS, app("f", 0x10000, 0)), format="esp-idf-bin")
    assert codes(replace(low, attributes={"table_offset": 0x8000})) == []
    assert codes(replace(low, attributes={"table_offset": 0x9000})) == ["BOT304"]


def test_esp_idf_data() -> None:
    f = app("f", 0x10000, 0)
    assert esp(replace(NVS, extent=Extent(0x9000, 0xB000)), f) == ["DAT401"]
    assert esp(replace(NVS, extent=Extent(0x9000, 0xB000), flags=("readonly",)), f) == []
    wrong = replace(OTADATA, extent=Extent(0xC000, 0xF000))
    assert esp(wrong, app("a", 0x10000, 0x10), app("b", 0x110000, 0x11)) == ["DAT421"]
    fat = part("fat", "filesystem", 0x110000, 0x7000, attributes={"type": 1, "subtype": 0x81})
    (small,) = only(Table("t", (f, fat), NOR, format="esp-idf-csv"), "DAT423")
    assert small.severity is Severity.NOTE
    assert esp(f, fat) == []
    assert esp(f, replace(fat, extent=Extent(0x110000, 0x118000))) == []
    keys = part("keys", "security", 0x110000, 0x2000, attributes={"type": 1, "subtype": 4})
    assert esp(f, keys) == ["DAT423"]


def test_esp_idf_labels_and_limits() -> None:
    one = part("abcdefghijklmnop1", "user", 0x110000, 4 * K)
    two = part("abcdefghijklmnop2", "user", 0x111000, 4 * K)
    f = app("f", 0x10000, 0)
    assert esp(f, one, two) == ["DAT422"]
    assert esp(f, one, replace(two, name="bcdefghijklmnop2")) == []
    big = device(flash(runs=((8192, 4096),)))
    assert esp(app("f", 0x10000, 0, 17 * M), of=big) == ["SLT223"]
    many = [part(f"p{i}", "user", 0x110000 + i * 4096, 4096) for i in range(94)]
    assert esp(f, *many) == ["GEO122"]
    assert esp(f, *many[1:]) == []


def test_mcuboot_slots_between_flashes() -> None:
    of = device(flash(runs=((512, 2048),)), flash("qspi", ((256, 4096),)))
    slots = (
        part("slot0", "application", 0x10000, 256 * K),
        part("slot1", "ota_temp", 0, 256 * K, "qspi"),
    )
    scratch = part("scratch", "scratch", 0x80000, 4 * K)

    def found(scheme: str, *more: Partition) -> list[str]:
        return codes(table(*slots, *more, of=of, update=updated(scheme)))

    assert found("mcuboot-swap-move") == ["SLT241", "SLT242"]
    assert found("mcuboot-overwrite") == []
    assert found("mcuboot-swap-scratch") == ["SLT244"]
    assert found("mcuboot-swap-scratch", scratch) == []
    small = replace(scratch, extent=Extent(0x80000, 0x80800))
    assert found("mcuboot-swap-scratch", small) == ["SLT244"]
    odd = replace(scratch, extent=Extent(0x80000, 0x81800))
    assert found("mcuboot-swap-scratch", odd) == ["SLT245"]


@pytest.mark.parametrize(
    ("scheme", "first", "second", "expected"),
    [
        ("mcuboot-swap-move", 100, 100, []),
        ("mcuboot-swap-move", 101, 100, []),
        ("mcuboot-swap-move", 102, 100, ["SLT241"]),
        ("mcuboot-swap-move", 100, 101, ["SLT241"]),
        ("mcuboot-swap-offset", 100, 101, []),
        ("mcuboot-swap-offset", 101, 100, ["SLT241"]),
        ("mcuboot-overwrite", 101, 100, ["SLT241"]),
        ("mcuboot-direct-xip", 100, 100, []),
    ],
)
def test_mcuboot_slot_sizes(scheme: str, first: int, second: int, expected: list[str]) -> None:
    parts = (
        part("slot0", "application", 0x10000, first * 4 * K),
        part("slot1", "ota_temp", 0x100000, second * 4 * K),
    )
    assert codes(table(*parts, update=updated(scheme))) == expected


def test_mcuboot_uneven_slot_and_cliff() -> None:
    of = device(flash(runs=((4, 16 * K), (1, 64 * K), (7, 128 * K)), base=0x8000000))
    parts = (
        part("slot0", "application", 0x8000, 0x18000),
        part("slot1", "ota_temp", 0x40000, 0x40000),
    )
    assert "SLT242" in codes(table(*parts, of=of, update=updated("mcuboot-swap-offset")))
    of = device(flash(runs=((1024, 4096),), program_unit=8))
    slots = (
        part("slot0", "application", 0x10000, M),
        part("slot1", "ota_temp", 0x200000, M),
    )
    (finding,) = only(table(*slots, of=of, update=updated("mcuboot-swap-offset")), "SLT246")
    assert finding.facts["overhang"] == 56
    assert "252 or less" in finding.help
    assert finding.severity is Severity.NOTE


def test_security_border() -> None:
    of = device(flash(runs=((256, 4096),), security_granule=0x8000))
    secure = part("tfm_secure", "application", 0, 0x9000)
    other = part("app_ns", "application", 0x9000, 0x8000)
    (finding,) = only(table(secure, other, of=of), "SEC601")
    assert "0x8000 or 0x10000" in finding.help
    good = (
        part("tfm_secure", "application", 0, 0x8000),
        part("app_ns", "application", 0x8000, 0x8000),
    )
    assert not only(table(*good, of=of), "SEC601")
    assert not only(table(secure, other), "SEC601")


def test_the_second_slot_is_no_secure_territory_unless_its_image_runs_there() -> None:
    """nRF9160 of the Thingy:91: the slots are whole multiples of 4 KiB, their border is not."""
    of = device(flash(runs=((256, 4096),), security_granule=0x8000))
    parts = (
        part("slot0_s", "application", 0x10000, 0x8000),
        part("slot0_ns", "application", 0x18000, 0x5D000),
        part("slot1_s", "ota_temp", 0x75000, 0x8000),
        part("slot1_ns", "ota_temp", 0x7D000, 0x5D000),
    )
    assert not only(table(*parts, of=of), "SEC601")
    runs = table(*parts, of=of, update=updated("mcuboot-direct-xip"))
    assert len(only(runs, "SEC601")) == 2
    keys = part("tfm_its", "security", 0xDA000, 0x6000)
    (finding,) = only(table(*parts, keys, of=of), "SEC601")
    assert "0xDA000" in finding.message


def test_parts_of_a_slot_are_no_slots() -> None:
    """nRF partition manager: the application inside the primary slot is smaller than it."""
    parts = (
        part("app", "application", 0x10200, 0x3FE00, parent="mcuboot_primary"),
        part("mcuboot_pad", "custom", 0x10000, 0x200, parent="mcuboot_primary"),
        part("mcuboot_primary", "application", 0x10000, 0x40000),
        part("mcuboot_secondary", "ota_temp", 0x50000, 0x40000),
    )
    assert codes(table(*parts, update=updated("mcuboot-swap-move"))) == []
