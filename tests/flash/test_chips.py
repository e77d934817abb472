"""The strict flash: what may be done, and the word for what may not."""

from __future__ import annotations

import pytest

from flashwright.flash.chips import Chips
from flashwright.flash.content import ERASED, JUNK, is_filled, read
from flashwright.flash.faults import FaultModel, torn
from flashwright.flash.operations import Erase, Misuse, Program, program_bytes
from flashwright.model.geometry import EraseRun, Flash, Overwrite


def chips(overwrite=Overwrite.CLEAR_BITS, unit=4, erased=0xFF):
    uneven = Flash("embedded", 0, (EraseRun(2, 64), EraseRun(1, 128)), unit, erased, overwrite)
    return Chips([uneven, Flash("spi", None, (EraseRun(4, 32),), 1)])


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (Erase(0, 128), "unaligned"),
        (Erase(32, 64), "unaligned"),
        (Erase(128, 192), "unaligned"),
        (Erase(384, 416), "out-of-range"),
        (program_bytes(2, b"abcd"), "unaligned"),
        (program_bytes(0, b"abc"), "unaligned"),
        (Program(248, 264, "v1", 248), "out-of-range"),
        (Program(380, 388, "v1", 380), "out-of-range"),
    ],
)
def test_misuse_has_a_name(operation, kind):
    found = chips().apply(chips().blank(), operation)
    assert isinstance(found, Misuse) and found.kind == kind


@pytest.mark.parametrize("operation", [Erase(128, 256), Erase(256, 288), program_bytes(257, b"x")])
def test_what_fits_the_geometry_is_done(operation):
    assert not isinstance(chips().apply(chips().blank(), operation), Misuse)


def test_nor_flash_only_clears_bits():
    flash = chips()
    runs = flash.apply(flash.blank(), program_bytes(0, b"\xf0\xf0\xf0\xf0"))
    cleared = flash.apply(runs, program_bytes(0, b"\x30\xf0\x00\xf0"))
    assert read(cleared, 0, 4) == b"\x30\xf0\x00\xf0"
    assert flash.apply(cleared, program_bytes(0, b"\x31\xf0\x00\xf0")).kind == "not-erased"


def test_a_flash_that_erases_to_zero_only_sets_bits():
    flash = chips(erased=0)
    runs = flash.apply(flash.blank(), program_bytes(0, b"\x01\0\0\0"))
    assert read(flash.apply(runs, program_bytes(0, b"\x03\0\0\0")), 0, 4) == b"\x03\0\0\0"
    assert flash.apply(runs, program_bytes(0, b"\x02\0\0\0")).kind == "not-erased"


@pytest.mark.parametrize(
    ("overwrite", "allowed"), [(Overwrite.ONCE, False), (Overwrite.FREE, True)]
)
def test_ecc_flash_programs_once_and_mram_always(overwrite, allowed):
    flash = chips(overwrite)
    runs = flash.apply(flash.blank(), program_bytes(0, b"\xff\xff\xff\xff"))
    again = flash.apply(runs, program_bytes(0, b"\x00\xff\xff\xff"))
    assert isinstance(again, Misuse) is not allowed


def test_an_image_is_not_programmed_over_anything():
    flash = chips()
    runs = flash.apply(flash.blank(), Program(0, 64, "v1", 0))
    assert flash.apply(runs, Program(0, 4, "v1", 0)).kind == "not-erased"
    assert is_filled(flash.apply(runs, Erase(0, 64)), 0, 64, ERASED)


def test_torn_bytes_leave_every_prefix_of_units():
    flash = chips()
    outcomes = torn(flash, flash.blank(), program_bytes(0, b"abcdefgh"), FaultModel())
    seen = {read(runs, 0, 8) for runs in outcomes}
    assert seen == {
        b"\xa5\xa5\xa5\xa5\xff\xff\xff\xff",
        b"abcd\xff\xff\xff\xff",
        b"abcd\xa5\xa5\xa5\xa5",
    }


def test_torn_bits_leave_any_subset():
    flash = chips(unit=1)
    operation = program_bytes(0, b"\xfc")
    outcomes = torn(flash, flash.blank(), operation, FaultModel(bit_subsets=True))
    assert {read(runs, 0, 1) for runs in outcomes} == {b"\xa5", b"\xfe", b"\xfd"}


def test_a_torn_erase_leaves_junk_or_a_mixture_from_either_end():
    flash = chips()
    runs = flash.apply(flash.blank(), program_bytes(0, b"abcdefgh"))
    outcomes = torn(flash, runs, Erase(0, 64), FaultModel())
    seen = {read(o, 0, 8) for o in outcomes}
    assert b"\xff\xff\xff\xffefgh" in seen and b"abcd\xff\xff\xff\xff" in seen
    assert any(is_filled(o, 0, 64, JUNK) for o in outcomes)
    assert runs not in outcomes


def test_no_torn_outcomes_where_they_are_not_assumed():
    flash = chips()
    none = FaultModel(torn_program=False, torn_erase=False)
    assert torn(flash, flash.blank(), program_bytes(0, b"abcd"), none) == []
    assert torn(flash, flash.blank(), Erase(0, 64), none) == []


def test_the_assumptions_are_said():
    said = FaultModel(cuts=2, unstable=True, lost_writes=1).assumptions()
    assert said[0] == "at most 2 power cuts" and "unstable" in said[1]
    assert said[-1] == "up to 1 program calls that do nothing, unnoticed"
