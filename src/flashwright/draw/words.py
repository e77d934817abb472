"""The words on a map, the same on every paper: headings, labels, sizes, legends.

Text widths are counted in cells of a fixed-width font: most characters take one, those of East
Asian scripts two, combining ones none.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category, east_asian_width

from flashwright.base.extent import Extent
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity
from flashwright.draw.picture import access, percent
from flashwright.draw.scale import Form, Scale
from flashwright.draw.shapes import Item, Kind, Picture, Strip
from flashwright.model.geometry import Flash

#: The letter of a severity where there is no room for the word.
LETTER = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.NOTE: "N"}

#: The most findings that are told below a map.
MOST_FINDINGS = 40


def cells(character: str) -> int:
    """How many cells a printable character takes: 0, 1 or 2."""
    if character.isascii():
        return 1
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def width_of(text: str) -> int:
    """How many cells ``text`` takes."""
    return len(text) if text.isascii() else sum(cells(c) for c in text)


def fitted(text: str, width: int, more: str = "…") -> str:
    """``text`` in at most ``width`` cells, with ``more`` (one cell) at the end where it is cut."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += cells(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + more if width > 0 else ""


def wrapped(text: str, width: int, most: int = 4) -> list[str]:
    """``text`` in lines of at most ``width`` cells, at most ``most`` of them."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(joined) <= width:
            lines[-1] = joined
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [fitted(line, width) for line in lines]


def label_lines(name: str, pieces: Sequence[str], width: int, lines: int) -> list[str]:
    """``name`` and as many of ``pieces`` as fit into ``lines`` lines of ``width`` cells."""
    result = [fitted(name, width)]
    for piece in pieces:
        joined = f"{result[-1]}  {piece}"
        if width_of(joined) <= width:
            result[-1] = joined
        elif len(result) < lines and width_of(piece) <= width:
            result.append(piece)
    return result if lines > 0 else []


def pieces(item: Item, *, with_size: bool) -> list[str]:
    """What a label says beside the name, most telling first."""
    size = [format_size(item.extent.size)] if with_size else []
    slot = [t for t in item.tags[:1] if item.slot]
    rest = list(item.tags[len(slot) :])
    name = item.name.replace("_", " ").replace("-", " ").casefold()
    role = item.role.value.replace("_", " ") if item.role else ""
    number = [format_hex(item.extent.size)] if with_size else []
    said = [role] if role and role != name else []
    return size + slot + rest[:1] + said + number + rest[1:]


def short_access(item: Item) -> list[str]:
    """The slot of an item and what may not be done with it, in short words."""
    slot = [f"slot {item.slot}"] if item.slot else []
    denied = access(item.partition) if item.partition else ""
    return slot + ([denied] if denied else [])


def heading(strip: Strip) -> str:
    """The flash in one line: name, size, address, erase blocks."""
    flash = strip.flash
    if flash is None:
        return f"{strip.owner}: {strip.whole} (size of the flash not known)"
    base = "not memory-mapped" if flash.base is None else f"at CPU {format_hex(flash.base)}"
    size = f"{format_size(flash.size)} ({format_hex(flash.size)})"
    return f"{strip.owner}: {size} {base}; erase blocks: {blocks_text(flash, flash.extent, 8)}"


def totals_text(strip: Strip) -> str:
    """How much of the flash is used, reserved, unused and wasted."""
    totals = strip.totals
    whole = strip.flash.size if strip.flash else strip.whole.size
    parts = [f"used {format_size(totals.used)} ({percent(totals.used, whole)})"]
    if totals.reserved:
        parts.append(f"reserved {format_size(totals.reserved)}")
    parts.append(f"unused {format_size(totals.unused)}")
    if totals.waste:
        parts.append(f"waste {format_size(totals.waste)}")
    return ", ".join(parts)


def blocks_text(flash: Flash, extent: Extent, most: int = 4) -> str:
    """The erase blocks that ``extent`` touches: ``4 x 16 KiB + 64 KiB``, ``part of 128 KiB``."""
    groups: list[list[int]] = []
    for run, size in flash.runs_at():
        part = run.intersection(extent)
        if not part:
            continue
        first, last = flash.block_at(part.start), flash.block_at(part.end - 1)
        count = (last.end - first.start) // size
        if groups and groups[-1][1] == size:
            groups[-1][0] += count
        else:
            groups.append([count, size])
    if not groups:
        return ""
    shown = [f"{n} × {format_size(s)}" if n > 1 else format_size(s) for n, s in groups[:most]]
    text = " + ".join(shown) + (" + …" if len(groups) > most else "")
    inside = extent.intersection(flash.extent)
    whole = flash.is_boundary(inside.start) and flash.is_boundary(inside.end)
    return text if whole else f"part of {text}"


def scale_text(scale: Scale, row: str) -> str:
    """What one row means, and whether something is not to scale."""
    folded = [f for f, there in _forms(scale) if there]
    return f"{row} = {format_size(scale.unit)}" + ("; " + ", ".join(folded) if folded else "")


def _forms(scale: Scale) -> list[tuple[str, bool]]:
    return [
        ("torn = cut short", scale.has(Form.CUT)),
        ("* = drawn larger", scale.has(Form.ENLARGED)),
    ]


def hex_text(value: int, digits: int) -> str:
    """An offset with leading zeros, so that a column of them is aligned."""
    return f"0x{value:0{digits}X}"


def digits_for(values: Sequence[int]) -> int:
    """The number of hex digits that all of ``values`` need, at least six."""
    return max([6, *(len(f"{v:X}") for v in values)])


def legend(picture: Picture) -> list[tuple[Kind, str]]:
    """The kinds of ranges on the map that want a word."""
    words = {
        Kind.RESERVED: "reserved by the vendor",
        Kind.FIXED: "there, but not in the table",
        Kind.UNUSED: "unused",
        Kind.WASTE: "waste (rest of an erase block in use)",
        Kind.BEYOND: "outside the flash",
    }
    there = {item.kind for strip in picture.strips for item in strip.items}
    return [(kind, text) for kind, text in words.items() if kind in there]


def finding_text(finding: Finding) -> str:
    """A finding in one line: severity, code, place in the flash, message."""
    where = f" {finding.where.extent}" if finding.where else ""
    owner = f" {printable(finding.where.owner, 24)}" if finding.where else ""
    message = printable(finding.message, 400)
    return f"{finding.severity.word}[{printable(finding.code, 12)}]{owner}{where}: {message}"


def plain_text(text: str, unicode: bool) -> str:
    """``text``, or its nearest ASCII where ``unicode`` is false."""
    if unicode or text.isascii():
        return text
    text = text.replace("×", "x").replace("…", "~").replace("·", ".")
    return text.encode("ascii", "backslashreplace").decode("ascii")
