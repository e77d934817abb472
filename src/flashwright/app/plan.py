"""``plan``: the layouts that a spec wishes, with the reasons; or why there are none."""

from __future__ import annotations

from flashwright.app.check import Checked, checked
from flashwright.app.layout import SPEC_FORMAT, read_layouts
from flashwright.diag.finding import Place, error
from flashwright.formats.catalog import recognised
from flashwright.formats.format import Source
from flashwright.model.device import Devices
from flashwright.model.plan import Plan, Step

_TITLES = {
    Step.FLASH_SIZE: "Step 1: the flash",
    Step.BOOTLOADER: "Step 2: the bootloader",
    Step.PARAMETERS: "Step 3: the parameters",
    Step.APPLICATION: "Step 4: the application and OTA TMP",
    Step.CUSTOM: "Then: custom partitions, at the end of the index",
}


def plan(source: Source, devices: Devices) -> Checked:
    """Plan the spec in ``source`` and check what comes out."""
    guesses = recognised(source.path, source.data)
    if guesses and not source.path.lower().endswith(".toml"):
        from flashwright.app.check import Checked
        from flashwright.app.layout import Layouts

        fault = error(
            "SPC001",
            f"this is a table ({guesses[0].name}), not a spec: nothing is left to plan",
            "use `flashwright check` or `draw` for it; plan takes a flash.toml",
            Place(source.path),
        )
        return Checked(Layouts(guesses[0].name), (fault,))
    return checked(read_layouts(source, devices, form=SPEC_FORMAT))


def derivation(plan: Plan, only: str | None = None) -> str:
    """The reasons of a plan as text, step by step; ``only`` those that concern one partition."""
    lines: list[str] = []
    for step in Step:
        reasons = [
            r for r in plan.reasons if r.step is step and (only is None or r.partition == only)
        ]
        if not reasons:
            continue
        lines.append(_TITLES[step])
        lines.extend(
            f"  {r.text}" + (f"  [{r.place}]" if r.place and r.place.line else "") for r in reasons
        )
    limits = [m for m in plan.limits if only is None or m.partition == only]
    if limits:
        lines.append("Largest images")
        lines.extend(f"  {m.partition}: {m.largest_image} bytes; {m.reason}" for m in limits)
    if plan.binding and only is None:
        lines.append("What binds")
        lines.extend(f"  {text}" for text in plan.binding)
    if not plan.proven:
        lines.append("The search was cut short: a better plan may exist.")
    return "\n".join(lines) + "\n" if lines else ""
