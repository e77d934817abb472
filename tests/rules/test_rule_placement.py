"""Where partitions lie: the border cases of the rules, and properties over made-up tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tables import K, M, codes, device, flash, only, part

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding, Place, Severity, in_order
from flashwright.model.device import BootFacts, Device, Reserved
from flashwright.model.geometry import Overwrite
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.catalog import MOST_OF_ONE_RULE, run

NOR = device(flash(runs=((512, 4096),)))


def table(*partitions: Partition, of: Device | None = NOR) -> Table:
    return Table("t", partitions, of)


def test_overlap_names_both_and_says_where_there_is_room() -> None:
    kv = part("PARAMETER_2", "kv", 0x1FE000, 8 * K, place=Place("board.c", 20, 5))
    security = part(
        "PARAMETER_4", "security", 0x1FF000, 4 * K, places={"start": Place("board.c", 31, 9)}
    )
    (finding,) = only(table(kv, security), "GEO101")
    assert (
        finding.message
        == ("`PARAMETER_4` overlaps `PARAMETER_2` by 0x1000 bytes at 0x1FF000..0x200000")
        or finding.message == "`PARAMETER_4` lies inside `PARAMETER_2` at 0x1FF000..0x200000"
    )
    assert "move `PARAMETER_2` down to 0x1FD000" in finding.help
    assert "shrink `PARAMETER_2` to 0x1000" in finding.help
    assert finding.place == Place("board.c", 31, 9)
    assert finding.related == (Place("board.c", 20, 5),)
    assert finding.where is not None
    assert finding.where.extent == Extent(0x1FF000, 0x200000)


def test_help_does_not_move_a_partition_onto_another() -> None:
    low = part("low", "user", 0x1FC000, 8 * K)
    kv = part("kv", "kv", 0x1FD000, 8 * K)
    third = part("third", "user", 0x1FF000, 4 * K)
    (finding,) = only(table(low, kv, third), "GEO101")
    assert "0x1FB000" in finding.help
    full = part("rest", "filesystem", 0, 0x1FC000)
    (finding,) = only(table(full, low, kv, third), "GEO101")
    assert "move" not in finding.help
    assert "shrink `low` to 0x1000" in finding.help


def test_touching_is_no_overlap() -> None:
    assert codes(table(part("a", "user", 0, 4 * K), part("b", "user", 4 * K, 4 * K))) == []


def test_declared_overlaps_are_no_faults() -> None:
    slot = part("slot0", "application", 0x10000, 64 * K)
    pad = part("pad", "custom", 0x10000, 512, parent="slot0")
    app = part("app", "custom", 0x10200, 64 * K - 512, parent="slot0")
    assert codes(table(slot, pad, app)) == []
    inner = part("inner", "custom", 0x11000, 4 * K, parent="app")
    assert codes(table(slot, pad, app, inner)) == []
    shared = part("fw", "custom", 0x10000, 64 * K, shares=("slot0",))
    assert codes(table(slot, shared)) == []
    assert codes(table(slot, replace(shared, shares=()))) == ["GEO101"]


def test_data_partitions_inside_a_span_are_still_checked() -> None:
    span = part("nonsecure_storage", "custom", 0x10000, 64 * K)
    nvs = part("nvs", "kv", 0x10000, 0x2800, parent="nonsecure_storage")
    files = part("files", "filesystem", 0x12800, 0x5800, parent="nonsecure_storage")
    assert "GEO105" in codes(table(span, nvs, files))


def test_circular_parents_end() -> None:
    one = part("one", "custom", 0, 8 * K, parent="two")
    two = part("two", "custom", 0, 8 * K, parent="one")
    assert codes(table(one, two)) == []


def test_absent_entries_are_no_faults() -> None:
    absent = part("rf_firmware", "firmware", 0, 0, owner="none")
    filled = part("ate", "firmware", 0, 0, readable=False, writable=False)
    assert codes(table(absent, filled, part("kv", "kv", 0, 8 * K))) == []


def test_empty_partition_is_told() -> None:
    assert codes(table(part("bl", "bootloader", 0, 0))) == ["GEO109"]


def test_none_owner_with_bytes_is_no_flash() -> None:
    assert codes(table(part("x", "user", 0x1000, 4 * K, owner="none"))) == ["GEO107"]


@pytest.mark.parametrize("owner", ["sram_primary", "ram_flash", "otp", "psram", "ext_ram1"])
def test_memories_that_are_no_flash_are_left_alone(owner: str) -> None:
    assert codes(table(part("x", "custom", 0, 77, owner=owner)), Severity.NOTE) == []


@pytest.mark.parametrize("owner", ["embedded_program", "spi_ramp", "qspi2"])
def test_names_that_look_like_ram_are_flashes(owner: str) -> None:
    assert codes(table(part("x", "custom", 0, 77, owner=owner))) == ["GEO107"]


def test_past_the_end_says_how_much() -> None:
    (finding,) = only(table(part("fs", "filesystem", 0x1F0000, 128 * K)), "GEO102")
    assert "0x10000 bytes past the end" in finding.message
    assert "shrink `fs` to 0x10000" in finding.help
    (finding,) = only(table(part("fs", "filesystem", 3 * M, 128 * K)), "GEO102")
    assert "below 0x200000" in finding.help


def test_addresses_are_shown_as_the_source_writes_them() -> None:
    of = device(flash(runs=((256, 4096),), base=0x8000000))
    kv = part("kv", "kv", 0x80FE000, 0x4000, base=0x8000000)
    (finding,) = only(table(kv, of=of), "GEO102")
    assert "at 0x8100000" in finding.message
    assert finding.where is not None
    assert finding.where.extent == Extent(0x100000, 0x102000)


def test_borders_inside_one_block_are_told_once() -> None:
    one = part("one", "kv", 0x10000, 0x2800)
    two = part("two", "user", 0x12800, 0x1800)
    assert codes(table(one, two)) == ["GEO105"]
    assert codes(table(one)) == ["GEO104"]
    assert codes(table(two)) == ["GEO103"]


def test_read_only_neighbours_in_one_block_are_a_warning() -> None:
    one = part("bl", "bootloader", 0, 0x1800, writable=False)
    two = part("boot2", "second_boot", 0x1800, 0x800, writable=False)
    (finding,) = only(table(one, two), "GEO105")
    assert finding.severity is Severity.WARNING
    written = part("user", "user", 0x1800, 0x800)
    (finding,) = only(table(one, written), "GEO105")
    assert finding.severity is Severity.ERROR


def test_a_flash_that_needs_no_erase_has_borders_of_program_units() -> None:
    rram = device(flash(overwrite=Overwrite.FREE, program_unit=16))
    first = part("mcuboot_primary", "application", 0x7000, 0xB6800)
    second = part("mcuboot_secondary", "ota_temp", 0xBD800, 0xB6800)
    kv = part("settings", "kv", 0x174000, 0x2800)
    assert codes(table(first, second, kv, of=rram)) == []
    assert "GEO105" in codes(table(first, second, kv, of=device(flash())))


def test_borders_inside_a_program_unit_are_told() -> None:
    rram = device(flash(overwrite=Overwrite.FREE, program_unit=16))
    one = part("one", "kv", 0x10000, 0x2808)
    two = part("two", "user", 0x12808, 0x7F8)
    (shared,) = (f for f in run(table(one, two, of=rram)) if f.severity > Severity.NOTE)
    assert (shared.code, shared.severity) == ("GEO105", Severity.ERROR)
    assert "one program unit 0x12800..0x12810" in shared.message
    assert "a power cut while `one` is written" in shared.help
    assert [f.code for f in run(table(one, of=rram)) if f.severity > Severity.NOTE] == ["GEO104"]
    (inside,) = only(table(two, of=rram), "GEO103")
    assert "program units there have 0x10 bytes" in inside.help


def test_a_reserved_range_takes_program_units_where_nothing_is_erased() -> None:
    cal = Reserved("cal", "embedded", Extent.of(0x1F808, 0x7F8))
    rram = device(flash(overwrite=Overwrite.FREE, program_unit=16), reserved=(cal,))
    assert not only(table(part("kv", "kv", 0x1E000, 0x1800), of=rram), "GEO106")
    (finding,) = only(table(part("kv", "kv", 0x1E000, 0x1808), of=rram), "GEO106")
    assert "one program unit with the reserved range" in finding.message
    assert "end it at 0x1F800" in finding.help


def test_many_in_one_large_block_are_one_finding() -> None:
    of = device(flash(runs=((4, 16 * K), (1, 64 * K), (3, 128 * K)), base=0x8000000))
    parts = [part(f"p{i}", "user", 0x40000 + i * 0x1000, 0x1000) for i in range(8)]
    (finding,) = only(table(*parts, of=of), "GEO105")
    assert "2 more" in finding.message
    assert "0x4000" in finding.help


def test_reserved_range_in_the_same_erase_block() -> None:
    of = replace(NOR, reserved=(Reserved("cal", "embedded", Extent.of(0x1F800, 0x800)),))
    kv = part("kv", "kv", 0x1E000, 0x1800)
    (finding,) = only(table(kv, of=of), "GEO106")
    assert "in one erase block" in finding.message
    good = part("kv", "kv", 0x1D000, 0x2000)
    assert not only(table(good, of=of), "GEO106")
    calibration = part("cal", "calibration", 0x1F000, 0x1000)
    assert not only(table(calibration, of=of), "GEO106")


@pytest.mark.parametrize(
    ("kept", "start", "wanted", "helps"),
    [
        # What lies above the first range is reserved as well.
        ([0x1FB000, 0x1FC000], 0x1FB000, 0x2000, "move it below 0x1FB000 or to 0x1FD000 and above"),
        # Above there is less than it needs, below the range just beneath too.
        ([0x1FD000, 0x1FB000], 0x1FD000, 0x3000, "move it below 0x1FB000"),
        ([0x0, 0x1000], 0x0, 0x1000, "move it to 0x2000 and above"),
        # It begins between two of them, and ends past both.
        ([0x1F8000, 0x1F6000], 0x1F7000, 0x2000, "end it at 0x1F8000: 0x1000 bytes"),
        ([0x100000], 0x0, 0x200000, "end it at 0x100000: 0x100000 bytes"),
        ([0x0, 0x100000], 0x0, 0x200000, "at most 0xFF000 bytes in one piece are not reserved"),
    ],
)
def test_help_of_a_reserved_range_never_names_another_one(
    kept: list[int], start: int, wanted: int, helps: str
) -> None:
    ranges = [Reserved(f"range_{at:x}", "embedded", Extent.of(at, 0x1000)) for at in kept]
    of = replace(NOR, reserved=tuple(ranges))
    finding = only(table(part("kv", "kv", start, wanted), of=of), "GEO106")[0]
    assert finding.help.startswith(helps)


def test_holes_and_waste_are_told_apart() -> None:
    of = replace(NOR, image_alignment=0x10000)
    otadata = part("otadata", "boot_record", 0, 0x2000)
    app = part("app", "application", 0x10000, 0x100000)
    found = {f.code: f for f in run(table(otadata, app, of=of))}
    assert found["GEO111"].facts["holes"] == [0x2000, 0x10000]
    assert found["GEO110"].facts["holes"] == [0x110000, 0x200000]
    assert not [f for f in run(table(otadata, app, of=of), waste=False) if f.code[:5] == "GEO11"]


def test_full_flash_has_no_holes() -> None:
    assert run(table(part("all", "filesystem", 0, 2 * M))) == ()


def test_names_with_control_characters_are_shown_harmless() -> None:
    bad = part("a\x1b[31m\nb", "user", 0, 0x1800)
    text = "".join(f.message + f.help for f in run(table(bad)))
    assert text.isprintable()


def test_findings_carry_the_name_of_their_table() -> None:
    found = run(table(part("x", "user", 0, 0x1800)), name="hal_partitions_2M")
    assert {f.table for f in found} == {"hal_partitions_2M"}


def test_findings_without_a_place_are_told_at_the_table() -> None:
    here = Place("flash.toml", 3)
    found = run(replace(table(part("x", "user", 0, 0x1800)), place=here))
    assert {f.place for f in found} == {here}


def test_a_table_that_is_all_wrong_is_bounded() -> None:
    many = [part(f"p{i}", "user", 0, 4 * K) for i in range(200)]
    found = only(table(*many), "GEO101")
    assert len(found) == MOST_OF_ONE_RULE + 1
    assert any("not listed" in f.message for f in found)


owners = st.sampled_from(["embedded", "qspi", "nowhere", "none", "sram_primary"])
numbers = st.one_of(st.integers(0, 2 * M), st.sampled_from([0, 1, 4096, 2**40, 2**64, 0x8000000]))


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    start, length = draw(numbers), draw(numbers)
    names = st.sampled_from(["a", "b", "ota_0", "ota_1", "slot0", "\x1b", ""])
    return Partition(
        draw(names),
        draw(st.sampled_from(list(Role))),
        draw(owners),
        Extent.of(start, length),
        draw(st.one_of(st.just(start), numbers)),
        index=draw(st.one_of(st.none(), st.integers(-1, 40))),
        id=draw(st.sampled_from([None, "HAL_PARTITION_APPLICATION", "HAL_PARTITION_X", "x"])),
        description=draw(st.sampled_from([None, "PARAMETER4", "Bootloader", "\n"])),
        readable=draw(st.booleans()),
        writable=draw(st.booleans()),
        pair=draw(st.sampled_from([None, None, "image"])),
        parent=draw(st.sampled_from([None, None, "a", "b"])),
        shares=draw(st.sampled_from([(), (), ("a",)])),
        image_size=draw(st.one_of(st.none(), numbers)),
        link_address=draw(st.one_of(st.none(), numbers)),
        slack=draw(st.sampled_from([0, 4096])),
        flags=draw(st.sampled_from([(), ("readonly",), ("nonsecure",), ("secure",)])),
        attributes=draw(
            st.sampled_from(
                [{}, {"type": 0, "subtype": 0x10}, {"type": "data", "subtype": "fat"}, {"type": []}]
            )
        ),
    )


DEVICES = [
    None,
    NOR,
    replace(
        device(
            flash(runs=((4, 16 * K), (1, 64 * K), (7, 128 * K)), base=0x8000000, program_unit=32),
            flash("qspi", ((512, 4096),), base=0x90000000, security_granule=0x8000),
        ),
        image_alignment=0x10000,
        slot_limit=0x40000,
        reserved=(Reserved("r", "embedded", Extent.of(0x1000, 100)),),
    ),
]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    from flashwright.model.schemes import SCHEMES
    from flashwright.model.update import Payload, Update

    update = st.builds(
        Update,
        st.sampled_from(SCHEMES),
        payload=st.sampled_from(list(Payload)),
        payload_size=numbers,
        write_size=st.sampled_from([0, 8, 32]),
        max_sectors=st.sampled_from([0, 1, 128]),
        encrypted=st.booleans(),
    )
    return Table(
        "t",
        tuple(draw(st.lists(partitions(), max_size=8))),
        draw(st.sampled_from(DEVICES)),
        draw(st.one_of(st.none(), update)),
        draw(st.sampled_from(["", "alios-c", "esp-idf-csv", "flash-toml"])),
        attributes=draw(
            st.sampled_from([{}, {"table_offset": 0x8000, "KV_CONFIG_PARTITION": "x"}])
        ),
    )


@settings(max_examples=80, deadline=None)
@given(tables())
def test_any_table_is_judged(one: Table) -> None:
    found = run(one)
    assert found == run(one)
    assert found == in_order(found)
    for finding in found:
        _well_told(finding)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=8))
def test_overlap_and_sharing_agree_with_sets_of_bytes(places: list[tuple[int, int]]) -> None:
    """In units of half an erase block: two meet in a byte or in a block, or nowhere."""
    half = 2048
    parts = [part(f"p{i}", "user", s * half, n * half) for i, (s, n) in enumerate(places)]
    found = run(table(*parts))
    pairs = {
        frozenset((str(f.facts["partition"]), *_others(f))) for f in found if f.code == "GEO101"
    }
    spans = [set(range(s, s + n)) for s, n in places]
    expected = {
        frozenset((f"p{i}", f"p{j}"))
        for i in range(len(spans))
        for j in range(i)
        if spans[i] & spans[j]
    }
    assert pairs == expected
    if not expected:
        blocks = [{b // 2 for b in s} for s in spans]
        shared = any(blocks[i] & blocks[j] for i in range(len(blocks)) for j in range(i))
        assert any(f.code == "GEO105" for f in found) == shared


def _others(finding: Finding) -> list[str]:
    others = finding.facts["others"]
    assert isinstance(others, list)
    return [str(o) for o in others]


def _well_told(finding: Finding) -> None:
    assert finding.message
    assert finding.message.isprintable()
    assert finding.help.isprintable()
    assert not finding.message.endswith(".")
    assert "None" not in finding.message + finding.help


@pytest.mark.parametrize(
    ("boot_offsets", "advice"),
    [((), "move `slot` down to 0x0"), ((0x1000,), "move `record` up to 0x5000")],
)
def test_what_the_bootloader_jumps_to_is_not_told_to_move(boot_offsets, advice) -> None:
    board = device(
        flash(runs=((512, 4096),)), boot=BootFacts("embedded", boot_offsets=boot_offsets)
    )
    slot = part("slot", "application", 0x1000, 0x4000)
    record = part("record", "boot_record", 0x4000, 0x1000)
    (finding,) = only(table(slot, record, of=board), "GEO101")
    assert finding.help.startswith(advice)
