"""The machines beside MCUboot itself: its C code boots on the flashes that the model reaches.

MCUboot is no part of the project: ``MCUBOOT_SOURCE`` names a checkout of mcu-tools/mcuboot, whose
``boot/bootutil`` is compiled with gcc for each mode (no signatures, SHA-256 of ext/tinycrypt).
Without it these tests are skipped. Walks with power cuts, torn ones too, lead to flashes on which a
boot begins; each is written out byte by byte, and then MCUboot has to erase and program exactly
what the machine does, in the same order, and to start or to refuse the same.

Not told apart: how a program call is cut into pieces, and program units that stay erased.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest

from flashwright.base.extent import Extent
from flashwright.flash.chips import Chips
from flashwright.flash.content import ERASED, Torn, pieces
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.mcuboot import Build, Mode, largest_image, uniform
from flashwright.sim.area import Board, Contents
from flashwright.sim.machine import BOOT, Act, Run
from flashwright.sim.mcuboot_move import McubootSwapMove
from flashwright.sim.mcuboot_offset import McubootSwapOffset
from flashwright.sim.mcuboot_overwrite import McubootOverwrite
from flashwright.sim.mcuboot_scratch import McubootSwapScratch
from flashwright.sim.mcuboot_swap import McubootSlots, Variant
from flashwright.sim.mcuboot_xip import McubootDirectXip
from flashwright.sim.prove import prove_machine
from flashwright.sim.stepper import State, Stepper
from flashwright.sim.trace import decoded

SOURCE = os.environ.get("MCUBOOT_SOURCE", "")
pytestmark = pytest.mark.skipif(
    not (SOURCE and shutil.which("gcc")), reason="MCUBOOT_SOURCE does not name MCUboot's source"
)

BLOCK = 4096
OPTIONS = {
    Mode.SWAP_MOVE: ["-DMCUBOOT_SWAP_USING_MOVE=1"],
    Mode.SWAP_OFFSET: ["-DMCUBOOT_SWAP_USING_OFFSET=1"],
    Mode.SWAP_SCRATCH: ["-DMCUBOOT_SWAP_USING_SCRATCH=1"],
    Mode.OVERWRITE: ["-DMCUBOOT_OVERWRITE_ONLY=1"],
    Mode.DIRECT_XIP: ["-DMCUBOOT_DIRECT_XIP=1", "-DMCUBOOT_DIRECT_XIP_REVERT=1"],
}
MACHINES = {
    Mode.SWAP_MOVE: McubootSwapMove,
    Mode.SWAP_OFFSET: McubootSwapOffset,
    Mode.SWAP_SCRATCH: McubootSwapScratch,
    Mode.OVERWRITE: McubootOverwrite,
    Mode.DIRECT_XIP: McubootDirectXip,
}
#: Blocks of a slot, program unit, image size (0: the largest), blocks of the scratch area.
LAYOUTS = [(5, 4, 0, 1), (4, 8, 0, 1), (6, 4, 0x2344, 1), (7, 1, 0x3001, 2), (3, 2, 0x800, 1)]
#: The same, the size of the secondary slot's erase blocks, and of logical ones (0: none).
UNEVEN = [
    (Mode.SWAP_SCRATCH, (6, 4, 0, 2), 2 * BLOCK, 0),
    (Mode.SWAP_SCRATCH, (8, 8, 0x3100, 2), 2 * BLOCK, 0),
    (Mode.OVERWRITE, (6, 4, 0, 0), 2 * BLOCK, 0),
    (Mode.DIRECT_XIP, (6, 4, 0, 0), 2 * BLOCK, 0),
    (Mode.SWAP_MOVE, (6, 4, 0, 0), 2 * BLOCK, 2 * BLOCK),
    (Mode.SWAP_OFFSET, (6, 8, 0, 0), 2 * BLOCK, 2 * BLOCK),
    (Mode.SWAP_OFFSET, (8, 4, 0x1234, 0), BLOCK, 2 * BLOCK),
]
SWAPS = [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH]

_BOOTUTIL = re.findall(
    r"\w+",
    """image_validate bootutil_find_key bootutil_img_hash bootutil_img_security_cnt loader tlv caps
    swap_misc swap_scratch swap_move swap_offset bootutil_misc bootutil_area bootutil_loader
    bootutil_public fault_injection_hardening""",
)
_ASKED = re.findall(
    r"\S+",
    """__BOOTSIM__ MCUBOOT_HAVE_LOGGING MCUBOOT_HAVE_ASSERT_H MCUBOOT_USE_FLASH_AREA_GET_SECTORS
    MCUBOOT_MAX_IMG_SECTORS=128 MCUBOOT_BOOT_MAX_ALIGN=8 MCUBOOT_IMAGE_NUMBER=1
    MCUBOOT_USE_TINYCRYPT MCUBOOT_VALIDATE_PRIMARY_SLOT""",
)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a library of MCUboot for each mode."""
    where, source = tmp_path_factory.mktemp("mcuboot"), Path(SOURCE)
    support, crypto = source / "sim/mcuboot-sys/csupport", source / "ext/tinycrypt/lib"
    bootutil = source / "boot/bootutil"
    files = [bootutil / f"src/{name}.c" for name in _BOOTUTIL]
    files += [support / "run.c", crypto / "source/sha256.c", crypto / "source/utils.c"]
    files.append(Path(__file__).with_name("mcuboot_shim.c"))
    folders = [bootutil / "include", bootutil / "src", support, crypto / "include"]
    for mode, logical in {(m, 0) for m in OPTIONS} | {(m, n) for m, _, _, n in UNEVEN}:
        options = list(OPTIONS[mode])
        if logical:
            options += [
                f"-DMCUBOOT_LOGICAL_SECTOR_SIZE={logical}",
                "-DMCUBOOT_VERIFY_LOGICAL_SECTORS",
            ]
        command = [
            "gcc",
            "-w",
            "-O1",
            "-fPIC",
            "-shared",
            "-Wl,-Bsymbolic",
            "-include",
            "stdbool.h",
        ]
        command += [f"-D{name}" for name in _ASKED] + options + [f"-I{f}" for f in folders]
        subprocess.run([*command, "-o", where / f"{mode}-{logical}.so", *files], check=True)
    return where


class _Operation(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("kind", "start", "size")]


Operations = list[tuple[str, int]]


class Beside:
    """One machine and MCUboot, on the same areas."""

    def __init__(
        self,
        built: Path,
        mode: Mode,
        layout: tuple[int, int, int, int],
        second: int = BLOCK,
        logical: int = 0,
    ) -> None:
        blocks, unit, size, scratch = layout
        slots = [blocks * BLOCK, blocks * BLOCK, scratch * BLOCK * (mode == Mode.SWAP_SCRATCH)]
        slots[0] += (logical or BLOCK) * (mode == Mode.SWAP_MOVE)
        slots[1] += (logical or BLOCK) * (mode == Mode.SWAP_OFFSET)
        places = [sum(slots[:i]) for i in range(3)]
        sizes = [BLOCK, second, BLOCK]
        runs = tuple(
            EraseRun(slot // each, each) for slot, each in zip(slots, sizes, strict=True) if slot
        )
        board = Board(Chips([Flash("f", 0, runs, program_unit=unit)]), 1024)
        build = Build(unit, 8, 128)
        geometry = [
            uniform(slot, logical or each) for slot, each in zip(slots[:2], sizes, strict=False)
        ]
        most = largest_image(mode, *geometry, build)
        self.size, self.unit = size or most // 8 * 8, unit
        areas = [
            board.area(name, "f", Extent.of(place, slot))
            for name, place, slot in zip("abs", places, slots, strict=True)
            if slot
        ]
        variant = (Variant(logical=logical),) if logical else ()
        self.machine: McubootSlots = MACHINES[mode](board, *areas, self.size, build, *variant)  # type: ignore[arg-type]
        self.end = sum(slots)
        self.library = ctypes.CDLL(str(built / f"{mode}-{logical}.so"))
        given = [number for row in zip(places, slots, sizes, strict=True) for number in row]
        self.library.shim_setup((ctypes.c_uint32 * 9)(*given), unit)
        for name, kind in (("shim_flash", ctypes.c_uint8), ("shim_operations", _Operation)):
            getattr(self.library, name).restype = ctypes.POINTER(kind)
        self.image = cache(self._image)
        self.stepper = Stepper(self.machine, FaultModel(), exact=True)

    def _image(self, name: str) -> bytes:
        """A whole image of that version: header, body, SHA-256."""
        version = int(name.removeprefix("v"))
        body = self.size - 32 - 8 - 32
        head = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, body, 0, version, 0, 0, 0, 0)
        data = head + bytes([0x10 + version * 7]) * body
        tlv = struct.pack("<HHHH", 0x6907, 40, 0x10, 32)
        return data + tlv + hashlib.sha256(data).digest()

    def bytes_of(self, flash: Contents) -> bytes:
        """A flash of the machine, byte by byte; what has no bytes of its own gets some."""
        out = bytearray(b"\xff" * self.end)
        for area in self.machine.areas:
            for start, end, content, origin in pieces(flash[area.index].runs, area.start, area.end):
                size = end - start
                if isinstance(content, bytes):
                    made = content[start - origin :][:size]
                elif isinstance(content, Torn):
                    made = self._torn(content.new)[start - origin :][:size]
                elif content == "status":
                    made = bytes(
                        1 if (at - origin) % self.unit == 0 else 0xFF for at in range(start, end)
                    )
                elif content == ERASED:
                    made = b"\xff" * size
                elif content.startswith("v"):
                    made = self.image(content)[start - origin : end - origin]
                else:
                    made = b"\xa5" * size
                out[start:end] = made.ljust(size, b"\xff")
        return bytes(out)

    def _torn(self, new: bytes) -> bytes:
        """A unit that is neither erased nor what was meant, and has no bit cleared that is set."""
        for mask in (0xAA, 0x55):
            made = bytes(byte | mask for byte in new)
            if made not in (new, b"\xff" * len(new)):
                return made
        return new[:1].ljust(len(new), b"\xff")

    def ours(self, state: State) -> tuple[Operations, bool, bytes]:
        """What the machine does from a boot until it starts an image or gives up."""
        done: Operations = []
        while True:
            found = self.stepper.expand(state)
            if not isinstance(found.move, Act) or not found.after:
                return done, isinstance(found.move, Run), self.bytes_of(state[0])
            operation = found.move.operation
            state = found.after[0][1]
            if isinstance(operation, Erase):
                done.append(("erase", operation.start))
                continue
            now = self.bytes_of(state[0])
            done += [
                ("program", at)
                for at in range(operation.start, operation.end, self.unit)
                if now[at : at + self.unit] != b"\xff" * self.unit
            ]

    def theirs(self, data: bytes | None = None) -> tuple[Operations, bool, bytes]:
        """What MCUboot does on a flash with these bytes, or on the one that it left."""
        flash = self.library.shim_flash()
        if data is not None:
            ctypes.memmove(flash, data, len(data))
        offset = ctypes.c_uint32()
        count = self.library.shim_boot(ctypes.byref(offset))
        found = self.library.shim_operations()
        done = [found[i] for i in range(count if count >= 0 else -1 - count)]
        told = [("program" if o.kind else "erase", o.start) for o in done]
        return told, count >= 0, ctypes.string_at(flash, self.end)


@pytest.mark.parametrize("mode", OPTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_boot_does_what_mcuboot_does(
    built: Path, mode: Mode, layout: tuple[int, int, int, int]
) -> None:
    _hold(Beside(built, mode, layout), layout[0])


@pytest.mark.parametrize(("mode", "layout", "second", "logical"), UNEVEN)
def test_so_it_does_on_erase_blocks_of_two_sizes_and_on_logical_ones(
    built: Path, mode: Mode, layout: tuple[int, int, int, int], second: int, logical: int
) -> None:
    _hold(Beside(built, mode, layout, second, logical), layout[0])


def _hold(both: Beside, seed: int) -> None:
    """Walk, and let both boot wherever a boot begins."""
    rnd = random.Random(seed)
    seen: set[Contents] = set()
    for _ in range(25):
        state, cuts = both.stepper.first(), rnd.choice([0.01, 0.03, 0.1, 0.3])
        for _ in range(rnd.choice([200, 500])):
            if state[1] == BOOT and state[0] not in seen:
                seen.add(state[0])
                ours, starts, _ = both.ours(state)
                theirs, started, _ = both.theirs(both.bytes_of(state[0]))
                assert (ours, starts) == (theirs, started), both.machine.board.areas
            found = both.stepper.expand(state)
            if found.faults and rnd.random() < cuts:
                state = rnd.choice(found.faults)[1]
            elif found.after:
                state = rnd.choice(found.after)[1]
            else:
                break
    assert len(seen) > 10


@pytest.mark.parametrize("mode", SWAPS)
def test_the_ways_to_break_a_law_break_mcuboot(built: Path, mode: Mode) -> None:
    """Where no image runs any more MCUboot starts none; where a bad one stays, it stays there."""
    both = Beside(built, mode, (4, 4, 0, 1))
    broken = [j for j in prove_machine(both.machine).judgements if j.trace is not None]
    assert broken
    for judgement in broken:
        assert judgement.trace is not None
        state = both.stepper.first()
        for label in decoded(judgement.trace.id):
            state = both.stepper.follow(state, label)
        while state[1] != BOOT:
            state = both.stepper.expand(state).after[-1][1]
        _, starts, _ = both.ours(state)
        told = [both.theirs(both.bytes_of(state[0])), *(both.theirs() for _ in range(5))]
        assert [started for _, started, _ in told] == [starts] * 6
        if starts:  # the bad image is never taken back: nothing is done any more
            assert [done for done, _, _ in told[1:]] == [[]] * 5
