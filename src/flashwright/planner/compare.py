"""What if: another scheme, another device, one partition as large as it can be.

Erase counts are those of one update with the largest image, the download included, as the
bootloaders do them: AliOS Things `2ndboot`, ESP-IDF `esp_ota_begin` and otadata, MCUboot
`swap_scratch.c`, `swap_move.c`, `swap_offset.c`, `loader.c` (2d4bacc3). What a power cut may do is
what the prover finds on layouts that suit a scheme; `prove` shows it for a given one.
"""

from __future__ import annotations

from flashwright.base.record import record, replace
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity, error
from flashwright.model.plan import Plan
from flashwright.model.schemes import SCHEMES
from flashwright.model.spec import SizeWish, Spec
from flashwright.model.table import Partition, Role
from flashwright.model.update import Payload, Scheme, Update
from flashwright.planner.plan import Limits, Planned, plan
from flashwright.rules.catalog import run

#: Words for what a power cut may do.
SURVIVES, STAYS, BRICKS = "survives", "bad image may stay", "may brick"


@record()
class SchemeRow:
    """One scheme on this board: ``largest_image`` in bytes (0 if there is no plan).

    ``erases`` are erase blocks that one update with the largest image erases; ``power_cut`` says
    what cuts may do (``power_cut``); ``why_not`` is the refusal where there is no plan.
    """

    scheme: str
    title: str
    largest_image: int
    erases: int
    reverts: bool
    power_cut: str
    why_not: str = ""
    plan: Plan | None = None


#: What any number of power cuts may do, torn operations included, as `prove` finds it on layouts
#: that suit the scheme (``tests/sim/test_compare_proven.py`` holds the two together).
_POWER_CUT = {
    "alios-single-bank": SURVIVES,
    "alios-dual-bank": STAYS,
    "esp-idf-ota": SURVIVES,
    # The updater always starts; a cut during the update leaves no application.
    "updater-and-app": SURVIVES,
    "mcuboot-overwrite": SURVIVES,
    # A torn trailer; swap-scratch and swap-offset may not boot if a cut erase is mixed.
    "mcuboot-swap-scratch": BRICKS,
    "mcuboot-swap-move": STAYS,
    "mcuboot-swap-offset": BRICKS,
    "mcuboot-direct-xip": SURVIVES,
}


def power_cut(update: Update) -> str:
    """What a power cut may do to that update, in words; ``not known`` if it was not proven."""
    if update.scheme.name == "alios-single-bank" and update.payload is Payload.DELTA:
        return BRICKS  # the record is absent while the application is half new
    return _POWER_CUT.get(update.scheme.name, "not known")


def compare_schemes(
    spec: Spec,
    *,
    every: bool = False,
    limits: Limits = Limits(),  # noqa: B008
) -> tuple[SchemeRow, ...]:
    """The schemes of the spec's ecosystem (or ``every`` one) on this board, in numbers."""
    ecosystem = spec.update.scheme.ecosystem if spec.update else ""
    rows = []
    for scheme in SCHEMES:
        if every or not ecosystem or scheme.ecosystem == ecosystem:
            rows.append(_row(spec, scheme, limits))
    return tuple(rows)


def what_if(
    spec: Spec,
    *,
    maximise: str | None = None,
    limits: Limits = Limits(),  # noqa: B008
) -> Planned:
    """The plan in which partition ``maximise`` is as large as it can be, before all others.

    Its own wishes of size are given up, those of all others are kept. An unknown name is a finding.
    """
    if maximise is None:
        return plan(spec, limits=limits)
    wish = spec.get(maximise)
    if wish is not None:
        grown = SizeWish(at_most=wish.size.at_most)
        wishes = [replace(w, size=grown, image=None) if w is wish else w for w in spec.partitions]
        return plan(replace(spec, partitions=tuple(wishes)), limits=limits, favour=maximise)
    base = plan(spec, limits=limits)
    names = [p.name for p in base.plan.table.partitions] if base.plan else []
    if base.plan is not None and maximise not in names:
        return Planned(None, (*base.findings, _unknown(maximise, names, spec)))
    return plan(spec, limits=limits, favour=maximise)


def _unknown(name: str, names: list[str], spec: Spec) -> Finding:
    from flashwright.base.nearest import did_you_mean

    return error(
        "PLN002",
        f"there is no partition `{printable(name)}` that could be made larger",
        did_you_mean(name, names),
        spec.place,
    )


def _row(spec: Spec, scheme: Scheme, limits: Limits) -> SchemeRow:
    old = spec.update
    update = replace(old, scheme=scheme) if old else Update(scheme)
    if scheme.ecosystem != "alios":
        update = replace(update, payload=Payload.WHOLE, payload_size=0)
    planned = plan(replace(spec, update=update), limits=replace(limits, binding=0))
    if planned.plan is None:
        why_not = next((f.message for f in planned.findings if f.code.startswith("PLN")), "")
        return SchemeRow(
            scheme.name, scheme.title, 0, 0, scheme.reverts, power_cut(update), why_not
        )
    made = planned.plan
    refused = next((f for f in run(made.table) if f.severity is Severity.ERROR), None)
    if refused is not None:
        return SchemeRow(
            scheme.name, scheme.title, 0, 0, scheme.reverts, power_cut(update), refused.message
        )
    first = made.table.of_role(Role.APPLICATION)
    largest = next((m.largest_image for m in made.limits if m.partition == first[0].name), 0)
    return SchemeRow(
        scheme.name,
        scheme.title,
        largest,
        _erases(made, scheme, largest),
        scheme.reverts,
        power_cut(update),
        plan=made,
    )


def _erases(made: Plan, scheme: Scheme, image: int) -> int:
    """Erase blocks that one update erases: download, swap or copy, records."""
    table = made.table
    device = table.device
    applications = table.of_role(Role.APPLICATION)
    if device is None or not applications:
        return 0
    downloads = table.of_role(Role.OTA_TEMP) or applications

    def blocks(partition: Partition, size: int) -> int:
        flash = device.flash(partition.owner)
        if flash is None:
            return 0
        end = min(partition.extent.end, partition.extent.start + size)
        return flash.block_count(replace(partition.extent, end=end))

    first, second = applications[0], downloads[0]
    a, b = blocks(first, image), blocks(second, image)
    whole = blocks(first, first.size)
    trailers = 2 if scheme.ecosystem == "mcuboot" else 0
    counts = {
        "alios-single-bank": b + a + 3,
        "alios-dual-bank": b,
        "esp-idf-ota": b + 1,
        "updater-and-app": a + 2,
        "mcuboot-overwrite": b + whole + 2,
        "mcuboot-swap-scratch": b + 3 * a + trailers,
        "mcuboot-swap-move": b + 2 * a + b + trailers,
        "mcuboot-swap-offset": b + a + b + trailers,
        "mcuboot-direct-xip": b,
        "mcuboot-ram-load": b,
    }
    return counts.get(scheme.name, 0)
