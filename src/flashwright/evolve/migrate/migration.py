"""A migration as a value: what an image in the field does, in order, and how it survives a cut.

The journal: two erase blocks, J0 and J1. Mark ``n`` says that the tasks up to ``n`` are done:
block J(n mod 2) is erased, the mark programmed at its start, and a seal behind it; the other block
keeps mark ``n - 1`` meanwhile. A mark that was torn may read as whole at one start and not at the
next, so no task begins on the word of such a mark. The image, whenever it starts, reads both
blocks; the largest mark is ``n``:

1. the partition table is the new one already: all is done;
2. no mark, or ``n`` is 0: erase both blocks, write mark 0, go on with task 1;
3. the other block holds ``n - 1`` and the seal of ``n`` is blank: task ``n + 1`` has not begun;
   write mark ``n`` anew in its block, go on with task ``n + 1``;
4. else mark ``n`` is whole: erase the other block, which may hold a mark ``n + 1`` that reads as
   whole only now and then; go on with task ``n + 1``.

A task never destroys what it reads, so it can be repeated from its start.

Lowered to the steps of ``flash.steps``, the same plan runs in the prover.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from flashwright.base.extent import Extent
from flashwright.diag.finding import Finding
from flashwright.evolve.migrate.moves import At, Chunk, Piece
from flashwright.flash.steps import CheckpointStep, CopyStep, EraseStep, ProgramStep, Step
from flashwright.model.geometry import Flash
from flashwright.model.table import Partition, Table

#: A mark: magic, identity of the plan, number of the task, and the number with ``_CHECK``
#: (exclusive or); little endian. Its last byte is neither 0xFF nor 0x00, so that a mark that lacks
#: its end, or whose end was erased again, is never whole.
_MARK = struct.Struct("<4sIII")
_CHECK = 0x5A5A5A5A
MARK_MAGIC, SEAL_MAGIC = b"FWMG", b"FWMS"


@dataclass(frozen=True, slots=True)
class Install:
    """Bring an image into a slot, start it, and confirm it: the usual update, no task of its own.

    ``largest`` is the largest image in bytes; ``final`` the release that needs the new layout.
    """

    slot: Partition
    largest: int
    final: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """Erase whole blocks and copy bytes into them."""

    chunk: Chunk
    why: str = ""


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """Make the boot record select the running slot under the old and under the new table.

    ESP-IDF: write, at ``place``, the smallest sequence above the present one with
    ``(sequence - 1) mod modulus == remainder``. In place (``in_place``) the half that is not in
    use is written. Where the larger sequence is such a one already, it may be one that a cut left
    unsure: if the other half selects the running slot too, the half of the larger one is erased and
    written again with the same sequence, else the other half is written as ever. At a new place
    both halves are erased first and the first one is written.
    """

    place: At
    modulus: int
    remainder: int
    in_place: bool


@dataclass(frozen=True, slots=True)
class WriteTable:
    """Replace the partition table in the flash; ``copies`` of it, the one in use last.

    With one copy there is a moment of ``window_us`` microseconds in which a power cut leaves the
    device without a table.
    """

    place: At
    copies: int
    window_us: int

    @property
    def is_exposed(self) -> bool:
        """Whether a power cut inside it leaves the device unable to start."""
        return self.copies < 2


Task = Move | WriteRecord | WriteTable


@dataclass(frozen=True, slots=True)
class Migration:
    """The way from one layout to another.

    ``before`` and ``after`` are installations of images, ``tasks`` what the image in ``running``
    does in between, ``journal`` its two blocks (empty where nothing needs one), ``plan_id`` 32 bits
    that tell this plan's marks from any other's, ``room`` the working room that it uses. ``limits``
    are sentences that the releases around it must keep. ``findings`` are warnings; a migration
    exists only where it is safe but for ``exposed`` tasks that the user accepted.
    """

    old: Table
    new: Table
    running: Partition
    flashes: dict[str, Flash]
    before: tuple[Install, ...] = ()
    tasks: tuple[Task, ...] = ()
    after: tuple[Install, ...] = ()
    journal: tuple[At, ...] = ()
    plan_id: int = 0
    room: tuple[At, ...] = ()
    limits: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def exposed(self) -> tuple[int, ...]:
        """The numbers (from 1) of the tasks in which a power cut is not survived."""
        return tuple(
            n for n, t in enumerate(self.tasks, 1) if isinstance(t, WriteTable) and t.is_exposed
        )

    @property
    def copied(self) -> int:
        """How many bytes are copied, those that pass through working room twice."""
        return sum(
            p.target.extent.size for t in self.tasks if isinstance(t, Move) for p in t.chunk.pieces
        )

    def mark(self, number: int) -> bytes:
        """The mark that the tasks up to ``number`` are done, in whole program units."""
        return _marked(self, number, MARK_MAGIC)

    def seal(self, number: int) -> bytes:
        """What follows the mark once that is whole; as long as a mark."""
        return _marked(self, number, SEAL_MAGIC)

    def steps(self) -> tuple[Step, ...]:
        """The tasks in the vocabulary of ``flash.steps``, each ending with its checkpoint.

        What an image decides when it runs is assumed here: the second half of the boot record is
        in use.
        """
        found: list[Step] = self.mark_steps(0) if self.tasks else []
        for number, task in enumerate(self.tasks, 1):
            found += [*task_steps(task), *self.mark_steps(number)]
        return tuple(found)

    def mark_steps(self, number: int) -> list[Step]:
        """The steps that say for good that the tasks up to ``number`` are done."""
        found: list[Step] = []
        if self.journal:
            if number == 0:
                found.append(EraseStep(self.journal[1].owner, self.journal[1].extent, "journal"))
            block = self.journal[number % 2]
            found.append(EraseStep(block.owner, block.extent, "journal"))
            mark = self.mark(number)
            at = block.extent.start
            found.append(ProgramStep(block.owner, at, mark, why="journal"))
            found.append(ProgramStep(block.owner, at + len(mark), self.seal(number), why="journal"))
        return [*found, CheckpointStep(f"task {number}")]


def plan_id_of(tasks: tuple[Task, ...], journal: tuple[At, ...]) -> int:
    """32 bits of a digest of the plan, never 0."""
    from flashwright.evolve.compare.layout import digest_of

    return int(digest_of([repr(tasks), repr(journal)])[7:15], 16) or 1


def number_of(migration: Migration, data: bytes) -> int:
    """The number of a mark that is whole and of this plan, -1 for anything else."""
    if len(data) < _MARK.size:
        return -1
    magic, plan, number, check = _MARK.unpack_from(data)
    whole = magic == MARK_MAGIC and plan == migration.plan_id and number ^ check == _CHECK
    return number if whole and number <= len(migration.tasks) else -1


def task_steps(task: Task) -> list[Step]:
    """One task without its mark."""
    if isinstance(task, Move):
        return _move_steps(task)
    if isinstance(task, WriteTable):
        at = task.place
        return [
            EraseStep(at.owner, at.extent, "partition table"),
            ProgramStep(
                at.owner, at.extent.start, "new partition table", at.extent.size, "partition table"
            ),
        ]
    half = Extent.of(task.place.extent.start, task.place.extent.size // 2)
    sequence = task.remainder + 1 + task.modulus
    erase = half if task.in_place else task.place.extent
    return [
        EraseStep(task.place.owner, erase, "boot record"),
        ProgramStep(task.place.owner, half.start, record_entry(sequence), why="boot record"),
    ]


def record_entry(sequence: int) -> bytes:
    """ESP-IDF's `esp_ota_select_entry_t` (32 bytes) for ``sequence``, state "undefined".

    Source: espressif/esp-idf `components/bootloader_support/include/esp_flash_partitions.h`; the
    CRC covers the four bytes of the sequence only.
    """
    import binascii

    raw = struct.pack("<I", sequence)
    return raw + b"\xff" * 24 + struct.pack("<I", binascii.crc32(raw, 0xFFFFFFFF))


def _marked(migration: Migration, number: int, magic: bytes) -> bytes:
    flash = migration.flashes[migration.journal[number % 2].owner]
    mark = _MARK.pack(magic, migration.plan_id, number, number ^ _CHECK)
    padding = -len(mark) % flash.program_unit
    return mark + bytes([flash.erased_value]) * padding


def _move_steps(task: Move) -> list[Step]:
    target = task.chunk.target
    steps: list[Step] = [EraseStep(target.owner, target.extent, task.why)]
    steps += [_copy(p, task.why) for p in task.chunk.pieces]
    return steps


def _copy(piece: Piece, why: str) -> CopyStep:
    source, target = piece.source, piece.target
    return CopyStep(source.owner, source.extent, target.owner, target.extent, why)
