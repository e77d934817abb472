"""flash.lock: recorded whole, read whole or not at all, and held against new tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evolve_tables import (
    DUAL,
    ESP8266,
    MCUBOOT,
    MIN_SPIFFS,
    MK3060_2,
    MK3060_3,
    TWO_SLOTS,
    codes,
    one,
    plus,
    with_partition,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.evolve.compare.layout import layout_digest, record_of, table_of
from flashwright.evolve.judge.reason import Way
from flashwright.evolve.lock.changes import drop, record
from flashwright.evolve.lock.compat import number, release_note
from flashwright.evolve.lock.releases import Lock, guard, held
from flashwright.evolve.lock.text import lock_as_text, read_lock
from flashwright.formats.format import Source
from flashwright.model.device import Reserved
from flashwright.model.table import Partition, Role, Table

MOVED = with_partition(DUAL, "parameter_2", at=(0x1FC000, 0x2000))
OTHER_BOOT = with_partition(DUAL, "ota_temp", at=(0x102000, 0xF4000))


def lock_of(*releases: tuple[str, Table]) -> Lock:
    lock = Lock()
    for name, table in releases:
        changed = record(lock, name, [table])
        assert changed.data is not None, changed.findings
        lock = changed.lock
    return lock


def read(data: bytes):
    return read_lock(Source("flash.lock", data))


LOCK = lock_of(("1.0.0", DUAL), ("1.1.0", DUAL))
TEXT = lock_as_text(LOCK)


# Written and read -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [DUAL, MIN_SPIFFS, MCUBOOT, MK3060_3], ids=lambda t: t.name)
def test_what_is_recorded_is_read_back(table: Table):
    changed = record(Lock(), "1.4.0", [table], date="2026-03-01")
    assert changed.data is not None
    found = read(changed.data)
    assert found.findings == () and found.lock is not None
    (release,) = found.lock.releases
    assert (release.name, release.date, release.compat) == ("1.4.0", "2026-03-01", 1)
    assert layout_digest(release.table, whole=True) == layout_digest(table, whole=True)
    assert release.table.device is not None and table.device is not None
    assert release.table.device.flashes[0].runs == table.device.flashes[0].runs
    assert release.table.device.boot.boot_offsets == table.device.boot.boot_offsets
    assert lock_as_text(found.lock) == changed.data


def test_the_text_reads_well():
    text = TEXT.decode()
    assert text.startswith("# flash.lock:")
    rows = [line for line in text.split("\n") if line.startswith("  { name = ")]
    assert len({line.index("at = ") for line in rows if "at = " in line}) == 1
    assert '{ name = "parameter_2", at = 0x1F7000, size = 0x2000,  role = "kv",' in text
    assert text.rstrip().split("\n")[-3:-1] == ["[end]", "releases = 2"]


def test_partitions_have_their_place_in_the_lock():
    lock = read(TEXT).lock
    assert lock is not None
    place = lock.releases[1].table.partitions[4].place
    assert place is not None
    assert "parameter_2" in TEXT.decode().split("\n")[place.line - 1]
    assert lock.releases[0].place is not None and lock.releases[0].place.line > 3


def test_reserved_ranges_are_facts_too():
    device = replace(ESP8266, reserved=(Reserved("rf", "embedded", Extent.of(0x1FC000, 0x1000)),))
    changed = record(Lock(), "1", [replace(DUAL, device=device)])
    assert changed.data is not None
    lock = read(changed.data).lock
    assert lock is not None and lock.releases[0].table.device is not None
    assert lock.releases[0].table.device.reserved[0].extent == Extent.of(0x1FC000, 0x1000)


def test_an_empty_lock():
    assert read(lock_as_text(Lock())).lock == Lock((), "flash.lock")


def test_digest_does_not_know_the_order_of_rows_but_every_number():
    turned = replace(DUAL, partitions=DUAL.partitions[::-1])
    assert layout_digest(turned) == layout_digest(DUAL)
    assert layout_digest(MOVED) != layout_digest(DUAL)
    other = replace(DUAL, device=None)
    assert layout_digest(other) == layout_digest(DUAL)
    assert layout_digest(other, whole=True) != layout_digest(DUAL, whole=True)


names = st.text(min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(names, names, st.dictionaries(names, st.text() | st.integers(0, 2**60) | st.booleans()))
def test_any_text_in_a_table_survives(name: str, label: str, attributes: dict[str, object]):
    partition = Partition(
        label, Role.CUSTOM, name, Extent.of(0, 1), 0, id=label, attributes=attributes
    )
    lock = Lock(lock_of(("1", Table(name, (partition,), attributes=attributes))).releases)
    found = read(lock_as_text(lock))
    assert found.findings == () and found.lock is not None
    assert found.lock.releases[0].table.name == name.encode("utf-8", "backslashreplace").decode()


def test_values_and_back():
    assert record_of(table_of(record_of(MCUBOOT))) == record_of(MCUBOOT)


# Bad files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("EVO150", lambda t: t.replace(b"partitions = [", b"partitions = [[", 1)),
        ("EVO150", lambda t: t.replace(b'role = "kv"', b'role = "kw"', 1)),
        ("EVO150", lambda t: t.replace(b"version = 1", b"version = 0", 1)),
        ("EVO150", lambda t: t.replace(b"board", b"\xff\xfe", 1)),
        ("EVO150", lambda t: b"x = " + b"[" * 100_000 + t),
        ("EVO150", lambda t: t + b"#" * (5 << 20)),
        ("EVO151", lambda t: t[: len(t) // 2]),
        ("EVO151", lambda t: t[: t.index(b"\n[end]")]),
        ("EVO151", lambda t: t[: t.index(b"\n[end]") + 3]),
        ("EVO152", lambda t: t.replace(b"version = 1", b"version = 7", 1)),
        ("EVO153", lambda t: t.replace(b"at = 0x1F7000", b"at = 0x1F8000", 1)),
        ("EVO153", lambda t: t.replace(b'name = "1.0.0"', b'name = "1.0.1"', 1)),
        ("EVO153", lambda t: t.replace(b"\ncompat = 1", b'\ncompat = 1\ndropped = "x"', 1)),
        ("EVO153", lambda t: t[: t.rindex(b"[[release]]")] + t[t.index(b"[end]") :]),
        ("EVO154", lambda t: t.replace(b"\n[[release]]", b"\n<<<<<<< HEAD\n[[release]]", 1)),
        ("EVO154", lambda t: t.replace(b"\n[end]", b"\n=======\n[end]", 1)),
    ],
)
def test_each_damage_is_a_finding_and_the_lock_is_not_used(code: str, change):
    found = read(change(TEXT))
    assert found.lock is None
    assert codes(found.findings) == [code]
    assert found.findings[0].severity is Severity.ERROR and found.findings[0].help
    assert found.findings[0].place is not None


def test_white_space_and_comments_may_change():
    assert read(TEXT.replace(b"\n", b"\r\n")).findings == ()
    assert read(TEXT.replace(b"\n[[release]]", b"\n# a comment\n[[release]]")).findings == ()


def test_two_branches_that_both_release_conflict_in_the_seal():
    one_branch = lock_as_text(lock_of(("1.0.0", DUAL), ("1.1.0", DUAL))).decode().split("\n")
    other = lock_as_text(lock_of(("1.0.0", DUAL), ("1.1.1", DUAL))).decode().split("\n")
    assert one_branch[-2] != other[-2] and one_branch[-2].startswith("digest")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_findings(data: bytes):
    assert read(data).lock is None and read(data).findings


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.binary(min_size=1, max_size=3))
def test_no_change_of_a_value_goes_unseen(at: int, patch: bytes):
    changed = TEXT[:at] + patch + TEXT[at + len(patch) :]
    found = read(changed)
    if found.lock is not None:
        assert [record_of(r.table) for r in found.lock.releases] == [
            record_of(r.table) for r in LOCK.releases
        ]


# Recorded and dropped ---------------------------------------------------------------------------


def test_a_release_is_recorded_once():
    again = record(LOCK, "1.0.0", [DUAL])
    assert again.data is None and one(again.findings, "EVO155").severity is Severity.NOTE
    other = record(LOCK, "1.0.0", [MOVED])
    assert other.data is None and one(other.findings, "EVO155").severity is Severity.ERROR


@pytest.mark.parametrize(
    ("name", "date"),
    [("", ""), ("a\nb", ""), ("x" * 65, ""), ("1", "yesterday"), ("1", "2026-3-1")],
)
def test_names_and_dates_that_cannot_be_recorded(name: str, date: str):
    changed = record(Lock(), name, [DUAL], date=date)
    assert changed.data is None and set(codes(changed.findings)) == {"EVO159"}


def test_several_tables_of_one_release():
    both = record(Lock(), "2", [DUAL, replace(MOVED, name="other")])
    assert [r.table.name for r in both.lock.releases] == ["board", "other"]
    assert codes(record(Lock(), "2", [DUAL, MOVED]).findings) == ["EVO159"]
    assert codes(record(Lock(), "2", []).findings) == ["EVO159"]


def test_drop_needs_a_known_release_and_a_reason():
    dropped = drop(LOCK, "1.0.0", "no device has it any more")
    assert dropped.data is not None and read(dropped.data).findings == ()
    assert [r.is_supported for r in dropped.lock.releases] == [False, True]
    assert "1.1.0" in one(drop(LOCK, "1.1.O", "x").findings, "EVO156").help
    assert one(drop(LOCK, "1.0.0", "  ").findings, "EVO157")
    assert one(drop(dropped.lock, "1.0.0", "again").findings, "EVO156").severity is Severity.NOTE


# Guarded ----------------------------------------------------------------------------------------


def test_a_table_that_breaks_a_supported_release_is_refused_by_name():
    assert guard(LOCK, DUAL) == ()
    findings = guard(LOCK, OTHER_BOOT)
    summary = one(findings, "EVO158")
    assert "releases 1.0.0 and 1.1.0: only by cable" in summary.message
    assert summary.severity is Severity.ERROR
    assert codes(findings).count("EVO110") == 1
    assert "(releases 1.0.0 and 1.1.0)" in one(findings, "EVO110").message


def test_a_change_that_is_a_note_only_breaks_no_release():
    lock = lock_of(("1.0.0", MCUBOOT))
    renamed = with_partition(MCUBOOT, "storage", name="settings")
    (item,) = held(lock, renamed)
    assert codes(item.verdict.findings) == ["EVO127"]
    assert guard(lock, renamed) == ()


def test_a_dropped_release_guards_nothing():
    lock = drop(lock_of(("1.0.0", DUAL)), "1.0.0", "recalled").lock
    assert guard(lock, OTHER_BOOT) == ()
    assert held(lock, OTHER_BOOT) == ()


def test_each_release_is_told_for_itself():
    lock = lock_of(("1.0.0", DUAL), ("2.0.0", MOVED))
    findings = guard(lock, MOVED)
    assert one(findings, "EVO158").facts["releases"] == ["1.0.0"]
    assert [h.verdict.way for h in held(lock, MOVED)] == [Way.WITH_MIGRATION, Way.OVER_THE_AIR]


def test_another_name_of_the_only_table_does_not_evade_the_guard():
    assert guard(LOCK, replace(OTHER_BOOT, name="new"))
    two = lock_of(("1", DUAL), ("1.1", replace(MIN_SPIFFS, name="esp")))
    assert codes(guard(two, replace(OTHER_BOOT, name="new"))) == ["EVO160"]


def test_related_places_point_into_the_lock():
    lock = read(TEXT).lock
    assert lock is not None
    summary = one(guard(lock, MOVED), "EVO158")
    assert [p.path for p in summary.related] == ["flash.lock", "flash.lock"]
    assert one(guard(lock, MOVED), "EVO120").related[0].path == "flash.lock"


# Compatibility ----------------------------------------------------------------------------------


def test_the_number_changes_exactly_when_the_update_is_not_direct():
    assert number(Lock(), DUAL) == 1
    for table in (DUAL, MOVED, plus(DUAL, "log", Role.CUSTOM, 0x1FC000, 0x1000), OTHER_BOOT):
        direct = held(LOCK, table)[0].verdict.is_direct
        assert number(LOCK, table) == (1 if direct else 2)
    lock = lock_of(("1", TWO_SLOTS))
    assert number(lock, with_partition(TWO_SLOTS, "nvs", at=(0x9000, 0x4000))) == 2


def test_release_notes_in_plain_words():
    lock = lock_of(("1.0.0", MK3060_2), ("1.1.0", MK3060_3))
    text = release_note("1.2.0", held(lock, MK3060_3), number(lock, MK3060_3))
    assert text == (
        "Release 1.2.0 has the compatibility number 1. Devices with release 1.1.0 update over "
        "the air as usual. Stored data is kept. Devices with release 1.0.0 update over the air; "
        "the new release must move or erase stored data at its first start. Without that, the "
        "contents of `parameter_4` are lost.\n"
    )
    cable = release_note("2", held(LOCK, OTHER_BOOT), number(LOCK, OTHER_BOOT))
    assert "must be flashed by cable" in cable and "lower number" in cable
    assert "first one" in release_note("1", (), 1)
