"""A flash map header for MCUboot ports that bring their own ``flash_map_backend``. Written only.

It gives the area ids that `bootutil` asks for (``FLASH_AREA_IMAGE_PRIMARY(x)``, ``_SECONDARY(x)``,
``FLASH_AREA_IMAGE_SCRATCH``), device ids, a table initialiser for ``struct flash_area`` and
``MCUBOOT_MAX_IMG_SECTORS``. Source: mcu-tools/mcuboot docs/PORTING.md and
boot/bootutil/include/flash_map_backend (2d4bacc3).
"""

from __future__ import annotations

from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error, worst
from flashwright.diag.page import Page, page
from flashwright.formats.format import Encoded, WriteOptions, only_one_table
from flashwright.formats.symbols import symbols_of
from flashwright.model.table import Partition, Role, Table

_GUARD = "FLASHWRIGHT_MCUBOOT_FLASH_MAP_H"


def encode(tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
    """The header; without a primary and a secondary slot there is none."""
    if len(tables) != 1:
        return Encoded(None, (only_one_table("mcuboot-flash-map", tables),))
    table = tables[0]
    symbols, found = symbols_of(table)
    findings = list(found)
    primary = _only(table, Role.APPLICATION, "primary", findings)
    secondary = _only(table, Role.OTA_TEMP, "secondary", findings)
    if primary is None or secondary is None or worst(findings) is Severity.ERROR:
        return Encoded(None, tuple(findings))
    devices = {owner: number for number, owner in enumerate(table.owners)}
    lines = [f"#ifndef {_GUARD}", f"#define {_GUARD}", ""]
    lines += [f"#define FLASH_DEVICE_{_upper(o)} {n}" for o, n in devices.items()]
    lines.append("")
    lines += [f"#define FLASH_AREA_{symbols[i]} {i}" for i in range(len(table.partitions))]
    lines.append("")
    lines += _image_macros(table, symbols, primary, secondary)
    lines += _sectors(table, primary, secondary)
    lines += ["", "/* struct flash_area { fa_id, fa_device_id, pad16, fa_off, fa_size } */"]
    lines.append("#define FLASHWRIGHT_FLASH_AREAS \\")
    rows = [
        f"    {{ {i}, {devices[p.owner]}, 0, 0x{p.extent.start:X}u, 0x{p.size:X}u }}"
        for i, p in enumerate(table.partitions)
    ]
    lines.append(", \\\n".join(rows))
    lines += ["", "#endif"]
    return Encoded(("\n".join(lines) + "\n").encode(), tuple(findings))


def _image_macros(
    table: Table, symbols: dict[int, str], primary: Partition, secondary: Partition
) -> list[str]:
    place = {id(p): symbols[i] for i, p in enumerate(table.partitions)}
    one = f"(((x) == 0) ? FLASH_AREA_{place[id(primary)]} : 255)"
    two = f"(((x) == 0) ? FLASH_AREA_{place[id(secondary)]} : 255)"
    lines = [
        f"#define FLASH_AREA_IMAGE_PRIMARY(x) {one}",
        f"#define FLASH_AREA_IMAGE_SECONDARY(x) {two}",
    ]
    scratch = table.of_role(Role.SCRATCH)
    if scratch and "IMAGE_SCRATCH" not in symbols.values():
        lines.append(f"#define FLASH_AREA_IMAGE_SCRATCH FLASH_AREA_{place[id(scratch[0])]}")
    return lines


def _sectors(table: Table, primary: Partition, secondary: Partition) -> list[str]:
    counts = []
    for slot in (primary, secondary):
        flash = table.device.flash(slot.owner) if table.device else None
        if flash is None:
            return ["/* MCUBOOT_MAX_IMG_SECTORS: the device is not known */"]
        counts.append(flash.block_count(slot.extent))
    return [f"#define MCUBOOT_MAX_IMG_SECTORS {max(counts)}"]


def _only(table: Table, role: Role, what: str, findings: list[Finding]) -> Partition | None:
    found = table.of_role(role)
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{printable(p.name)}`" for p in found) or "none"
    findings.append(
        error(
            "FMT019",
            f"one {what} slot (role {role.value}) is needed, the layout has {names}",
            "this header describes one image; give the roles accordingly",
        )
    )
    return None


def _upper(owner: str) -> str:
    from flashwright.formats.symbols import identifier

    return identifier(owner)


PAGES: tuple[Page, ...] = (
    page(
        "FMT019",
        "no-slot-pair",
        Severity.ERROR,
        """An MCUboot flash map needs exactly one primary and one secondary slot.

        ## How to fix
        Give the slots the roles `application` and `ota_temp`. Several images need a header each.
        """,
    ),
)
