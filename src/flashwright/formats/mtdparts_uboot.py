"""What U-Boot makes of an mtdparts string that Linux takes: other places, other names, refusals.

U-Boot reads the string twice over: its ``mtdparts`` command (`cmd/mtdparts.c`) goes on behind an
explicit offset as Linux does, its ``mtd`` command (`drivers/mtd/mtdpart.c`) adds up sizes only.
What either of them refuses, is refused for the whole string.

Limit: what they refuse for the flash's erase blocks and write size is not looked at here; the rules
tell a partition that misses its erase blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex
from flashwright.base.text import printable
from flashwright.diag.finding import Fact, Finding, InFlash, Place, Severity, note, warning

#: Bytes of the smallest partition, of the longest string (its ``mtdparts`` command) and of the
#: longest mtd-id (its ``mtd`` command).
_SMALLEST, _LONGEST_STRING, _LONGEST_ID = 4096, 511, 19
#: Units that only Linux knows.
_LINUX_UNITS = "tTpPeE"
#: Bytes of a name that U-Boot makes up.
_MADE_UP = 21
_HELP = "give U-Boot a string of its own, or change this one"


def string_refused(length: int, place: Place | None) -> list[Finding]:
    """FMT205 for a string of more bytes than the ``mtdparts`` command holds."""
    if length <= _LONGEST_STRING:
        return []
    message = f"U-Boot's mtdparts command refuses the string: it has {length} bytes"
    return [warning("FMT205", message, f"{_LONGEST_STRING} bytes are what it holds", place)]


def id_refused(mtd_id: str, place: Place | None) -> list[Finding]:
    """FMT205 for an mtd-id that U-Boot does not find."""
    whys = []
    if ":" in mtd_id:
        first = printable(mtd_id.split(":", 1)[0], 40)
        whys.append(f"it takes the first colon as the end of the mtd-id, which is then `{first}`")
    if len(mtd_id.encode()) > _LONGEST_ID:
        whys.append(f"its mtd command holds mtd-ids of {_LONGEST_ID} bytes")
    if not whys:
        return []
    message = f"U-Boot refuses the mtd-id `{printable(mtd_id, 40)}`: {'; '.join(whys)}"
    return [warning("FMT205", message, _HELP, place)]


def part_refused(
    shown: str, name: str | None, size: int | None, numbers: str, flags: str, place: Place | None
) -> list[Finding]:
    """FMT205 for a partition: its size if it is said, the numbers as they are written, flags."""
    whys = []
    if size is not None and 0 < size < _SMALLEST:
        whys.append(f"it has {size} bytes, U-Boot wants {_SMALLEST} at least")
    if name == "":
        whys.append("its name is empty")
    if name is not None and ";" in name:
        whys.append("its mtd command takes the `;` in the name as the end of the definition")
    if any(number.endswith(tuple(_LINUX_UNITS)) for number in _decimal(numbers)):
        whys.append("the units t, p and e are known to Linux only")
    only_linux = [flag for flag in ("lk", "slc") if flag in flags]
    if only_linux:
        whys.append(f"it is marked `{'` and `'.join(only_linux)}`, which only Linux knows")
    if not whys:
        return []
    return [warning("FMT205", f"U-Boot refuses `{shown}`: {'; '.join(whys)}", _HELP, place)]


def both_at_start(starts: Sequence[tuple[str, int, Place | None]]) -> list[Finding]:
    """FMT205 for the second partition of a flash that is at offset 0."""
    at_start = [row for row in starts if row[1] == 0]
    if len(at_start) < 2:
        return []
    (first, _, _), (second, _, place) = at_start[:2]
    message = (
        f"U-Boot's mtdparts command refuses `{second}`: `{first}` is at offset 0 too, and it takes "
        "one partition there"
    )
    return [warning("FMT205", message, _HELP, place)]


def elsewhere(owner: str, name: str, numbers: tuple[int, int, int], place: Place) -> Finding:
    """FMT202: offsets for Linux and U-Boot, and the size for Linux."""
    linux, uboot, size = numbers
    facts: dict[str, Fact] = {"linux": linux, "uboot": uboot, "size": size}
    return Finding(
        "FMT202",
        Severity.WARNING,
        f"`{printable(name, 60)}` is at {format_hex(linux)} for Linux and at "
        f"{format_hex(uboot)} for U-Boot's mtd command",
        f"write its offset: `@{format_hex(linux).lower()}`",
        place,
        InFlash(owner, Extent.of(linux, size)),
        facts=facts,
    )


def unnamed(name: str, size: int | None, offset: int | None, place: Place) -> Finding:
    """FMT229: what a partition without a name is called, by what is said of its place."""
    rest = (1 << 64) - 1
    made_up = f"0x{rest if size is None else size:08x}@0x{rest if offset is None else offset:08x}"
    message = f"`{name}` is what Linux calls it; U-Boot calls it `{made_up[:_MADE_UP]}`"
    return note("FMT229", message, "give it a name, in brackets behind its size", place)


def _decimal(numbers: str) -> list[str]:
    """The numbers whose last letter is a unit: that of ``0x1e`` is a digit."""
    said = [number for number in numbers.split("@") if number]
    return [n for n in said if not (n[:2].lower() == "0x" and n[-1] in "eE")]
