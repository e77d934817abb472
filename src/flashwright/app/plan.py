"""``plan``: the layouts that a spec wishes, with the reasons; or why there are none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flashwright.app.check import Checked, checked
from flashwright.app.layout import Layouts, planned_layouts
from flashwright.base.nearest import did_you_mean
from flashwright.base.size import format_hex, format_size
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.formats.catalog import recognised
from flashwright.formats.format import Source
from flashwright.model.plan import Plan, Step

if TYPE_CHECKING:
    from flashwright.formats.flash_toml import ReadSpecs
    from flashwright.model.device import Device
    from flashwright.model.devices import Devices
    from flashwright.planner.compare import SchemeRow

_TITLES = {
    Step.FLASH_SIZE: "Step 1: the flash",
    Step.BOOTLOADER: "Step 2: the bootloader",
    Step.PARAMETERS: "Step 3: the parameters",
    Step.APPLICATION: "Step 4: the application and OTA TMP",
    Step.CUSTOM: "Then: custom partitions, at the end of the index",
}


def plan(
    source: Source,
    devices: Devices,
    *,
    maximise: str | None = None,
    device: Device | None = None,
    effort: int = 1,
) -> Checked:
    """Plan the spec in ``source`` and check what comes out.

    ``maximise`` names a partition that is made as large as it can be, ``device`` lays the same
    wishes out on another device, ``effort`` lets the search take so many times as long (1 to 20).
    """
    read, fault = specs_of(source, devices, device)
    if fault is not None:
        return Checked(Layouts(""), (fault,))
    return checked(planned_layouts(read.specs, read.findings, maximise, effort))


def specs_of(
    source: Source, devices: Devices, device: Device | None = None
) -> tuple[ReadSpecs, Finding | None]:
    """The specs in ``source``, moved to ``device`` if one is given; or why it is no spec."""
    from flashwright.formats.flash_toml import ReadSpecs, read_specs

    guesses = recognised(source.path, source.data)
    if guesses and not source.path.lower().endswith(".toml"):
        fault = error(
            "SPC001",
            f"this is a table ({guesses[0].name}), not a spec: nothing is left to plan",
            "use `flashwright check` or `draw` for it; plan takes a flash.toml",
            Place(source.path),
        )
        return ReadSpecs(), fault
    read = read_specs(source, devices)
    if device is not None and read.specs:
        read = ReadSpecs((replace(read.specs[0], device=device),), read.findings)
    return read, None


def unknown_partition(planned: Checked, name: str) -> Finding | None:
    """The finding for a partition that none of the plans has; none where nothing was planned."""
    tables = planned.layouts.tables
    names = [p.name for table in tables for p in table.partitions]
    if not tables or name in names:
        return None
    return error(
        "PLN002",
        f"there is no partition `{printable(name)}` to tell about",
        did_you_mean(name, dict.fromkeys(names)),
        tables[0].place,
    )


def largest_text(plan: Plan, name: str) -> str:
    """How large the partition came out that was made as large as it can be, as one line."""
    found = plan.table.get(name)
    if found is None:
        return ""
    size = f"{format_hex(found.size)} bytes ({format_size(found.size)})"
    return f"`{printable(name)}` can have {size} at most; all others shrink for it\n"


def schemes_text(rows: Iterable[SchemeRow]) -> str:
    """The schemes side by side: largest image, erases, whether it reverts, power cuts."""
    cells = [("scheme", "largest image", "erases", "reverts", "power cut", "")]
    for row in rows:
        largest = format_hex(row.largest_image) if row.plan else "-"
        cells.append(
            (
                row.scheme,
                largest,
                str(row.erases) if row.plan else "-",
                "yes" if row.reverts else "no",
                row.power_cut if row.plan else "-",
                row.why_not,
            )
        )
    widths = [max(len(row[i]) for row in cells) for i in range(5)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, [*widths, 0], strict=True)) for row in cells]
    return "".join(line.rstrip() + "\n" for line in lines)


def derivation(plan: Plan, only: str | None = None) -> str:
    """The reasons of a plan as text, step by step; ``only`` all that concern one partition.

    What holds anyway is told for one partition only.
    """
    lines: list[str] = []
    for step in Step:
        reasons = [
            r
            for r in plan.reasons
            if r.step is step and (r.decides if only is None else r.partition == only)
        ]
        if not reasons:
            continue
        lines.append(_TITLES[step])
        lines.extend(
            f"  {r.text}"
            + ("" if r.decides else ", which holds anyway")
            + (f"  [{r.place}]" if r.place and r.place.line else "")
            for r in reasons
        )
    limits = [m for m in plan.limits if only is None or m.partition == only]
    if limits:
        lines.append("Largest images")
        alike: dict[tuple[int, str], list[str]] = {}
        for m in limits:
            alike.setdefault((m.largest_image, m.reason), []).append(m.partition)
        lines.extend(
            f"  {', '.join(names)}: {size} bytes ({format_hex(size)}); {reason}"
            for (size, reason), names in alike.items()
        )
    binding = [text for text in plan.binding if only is None or f"`{printable(only)}`" in text]
    if binding:
        lines.append("What binds")
        lines.extend(f"  {text}" for text in binding)
    if not plan.proven:
        lines.append("The search was cut short: a better plan may exist.")
    return "\n".join(lines) + "\n" if lines else ""
