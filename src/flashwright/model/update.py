"""How a device is updated: the upgrade schemes of the field as data, and what the user declares.

A ``Scheme`` says what a bootloader needs of a layout; an ``Update`` is a user's choice of a scheme
with its parameters. What a scheme *does*, step by step, is in ``sim``.
"""

from __future__ import annotations

from enum import StrEnum

from flashwright.base.record import record
from flashwright.model.device import BankMode


class Payload(StrEnum):
    """What an update brings over the air."""

    WHOLE = "whole"
    COMPRESSED = "compressed"
    DELTA = "delta"


class SlotRule(StrEnum):
    """How the two slots of a pair must relate."""

    EQUAL = "equal"
    #: The primary may have one erase block more than the secondary (MCUboot swap-move).
    PRIMARY_PLUS_ONE = "primary-plus-one"
    #: The secondary may have one erase block more than the primary (MCUboot swap-offset).
    SECONDARY_PLUS_ONE = "secondary-plus-one"
    #: The second holds what the first runs, whole or smaller by the payload (copying bootloaders).
    HOLDS_PAYLOAD = "holds-payload"
    #: Each slot stands for itself: an updater and one large application.
    INDEPENDENT = "independent"


class RecordRule(StrEnum):
    """Where the bootloader learns which image to start."""

    #: It needs nothing that is written at run time.
    NONE = "none"
    #: One copy that is erased and then written again: there is a moment without it.
    ONE_COPY = "one-copy"
    #: Two copies in two erase blocks; one of them is whole at any time.
    TWO_COPIES = "two-copies"
    #: Trailers at the end of the slots (MCUboot).
    TRAILER = "trailer"


@record()
class Scheme:
    """An upgrade scheme: what its bootloader demands of a layout.

    ``backup_slice`` is the room in bytes beside a delta that the patcher needs (0: none);
    ``record`` where the boot record lies; ``reverts`` whether a bad image can be taken back;
    ``needs_scratch`` whether it swaps through a scratch area.
    """

    name: str
    title: str
    ecosystem: str
    bank_mode: BankMode
    slots: SlotRule
    record: RecordRule
    reverts: bool
    needs_scratch: bool = False
    backup_slice: int = 0
    source: str = ""


@record()
class Update:
    """What the user declares about updates: the scheme and its parameters, sizes in bytes.

    ``payload_size`` is the largest update that the download area must hold where it is not a whole
    image (0: not given); ``backup_slice`` overrides the scheme's; ``write_size`` is the program
    unit that an MCUboot trailer is written in, ``max_sectors`` its BOOT_MAX_IMG_SECTORS (0: the
    number of erase blocks of the slot), ``logical_block`` its MCUBOOT_LOGICAL_SECTOR_SIZE (0: it
    works in the erase blocks of the flash), ``sdk`` the version of the ecosystem (``3.0`` for
    AliOS).
    """

    scheme: Scheme
    payload: Payload = Payload.WHOLE
    payload_size: int = 0
    backup_slice: int = 0
    write_size: int = 0
    max_align: int = 8
    max_sectors: int = 0
    sdk: str = ""
    encrypted: bool = False
    logical_block: int = 0

    @property
    def slice(self) -> int:
        """The room in bytes that the patcher needs beside a delta; 0 for other payloads."""
        if self.payload is not Payload.DELTA:
            return 0
        return self.backup_slice or self.scheme.backup_slice
