"""Every rule, on one page, in the order of their codes; ``run`` applies them to a table.

Rules that can only speak of a table with a device, with MCUboot or with images are imported when
there is such a table: a command has to start fast.
"""

from __future__ import annotations

from itertools import islice

from flashwright.base.record import replace
from flashwright.diag.finding import Finding, in_order
from flashwright.diag.page import Page
from flashwright.model.table import Table
from flashwright.rules.data import access, names, stores
from flashwright.rules.ecosystems import esp_slots, esp_table
from flashwright.rules.placement import extents, flashes
from flashwright.rules.rule import Rule
from flashwright.rules.slots import boot, relation
from flashwright.rules.view import View

#: More findings of one rule than this are counted, not listed: a table that is all wrong.
MOST_OF_ONE_RULE = 500

#: Rules that may speak of any table.
_GENERAL: tuple[Rule, ...] = (
    extents.unknown_device,
    extents.overlap,
    extents.past_the_end,
    extents.reserved_range,
    flashes.no_such_flash,
    flashes.wrong_address,
    flashes.empty_partition,
    flashes.hole,
    flashes.waste,
    esp_table.image_alignment,
    esp_table.too_many_entries,
    relation.unequal_slots,
    relation.small_ota_temp,
    relation.missing_slot,
    relation.no_update,
    esp_slots.ota_numbers,
    esp_slots.single_slot,
    esp_slots.app_too_large,
    boot.wrong_boot_address,
    boot.bootloader_range,
    boot.bank_mode,
    boot.partition_table_range,
    boot.slot_not_executable,
    esp_slots.no_otadata,
    esp_slots.nothing_to_start,
    stores.small_kv,
    stores.boot_record_copies,
    stores.boot_record_gap,
    stores.kv_configuration,
    stores.kv_overwrite,
    access.read_only,
    access.unreadable,
    names.same_name,
    names.same_index,
    names.index_order,
    names.misleading_description,
    esp_table.otadata_size,
    esp_table.same_label,
    esp_table.small_data,
)


def _of_devices() -> tuple[Rule, ...]:
    """Rules about erase blocks and about what only a device has."""
    from flashwright.rules.placement import erase_blocks
    from flashwright.rules.slots import limits, security

    return (
        erase_blocks.start_inside_erase_block,
        erase_blocks.end_inside_erase_block,
        erase_blocks.shared_erase_block,
        limits.bank_crossed,
        limits.outside_window,
        limits.over_slot_limit,
        security.security_border,
    )


def _of_mcuboot() -> tuple[Rule, ...]:
    """Rules about updates with MCUboot."""
    from flashwright.rules.ecosystems import mcuboot_logical, mcuboot_slots, mcuboot_swap

    return (
        mcuboot_slots.slot_sizes,
        mcuboot_slots.erase_blocks,
        mcuboot_slots.max_sectors,
        mcuboot_swap.scratch,
        mcuboot_swap.torn,
        mcuboot_swap.no_room,
        mcuboot_swap.write_size,
        mcuboot_logical.logical_blocks,
    )


def _of_images() -> tuple[Rule, ...]:
    """Rules about the images that are to go into the slots."""
    from flashwright.rules.slots import images

    return (images.image_too_large, images.image_near_limit, images.wrong_link_address)


def every_rule() -> tuple[Rule, ...]:
    """All rules, in the order of their numbers."""
    found = (*_GENERAL, *_of_devices(), *_of_mcuboot(), *_of_images())
    return tuple(sorted(found, key=lambda rule: rule.code[3:]))


def _that_may_speak(table: Table) -> tuple[Rule, ...]:
    rules = _GENERAL
    if table.device is not None:
        rules += _of_devices()
    if table.update is not None and table.update.scheme.name.startswith("mcuboot-"):
        rules += _of_mcuboot()
    if any(p.image_size is not None or p.link_address is not None for p in table.partitions):
        rules += _of_images()
    return rules


#: Rules that speak of unused bytes; ``run(table, waste=False)`` leaves them out.
WASTE: tuple[str, ...] = ("GEO110", "GEO111")


def run(table: Table, *, waste: bool = True, name: str | None = None) -> tuple[Finding, ...]:
    """What is wrong with ``table``, or worth knowing, in flash order; never raises for a table.

    Every finding has a place in the file, as far as the table has one.
    ``waste=False`` leaves out the notes about unused bytes; ``name`` marks the findings as those
    of the table of that name, where a file holds several.
    """
    view = View(table)
    found: list[Finding] = []
    for rule in _that_may_speak(table):
        if waste or rule.code not in WASTE:
            found += _of_rule(rule, view)
    found = [f if f.place else f.at(table.place) for f in found]
    if name is not None:
        found = [replace(f, table=name) for f in found]
    return in_order(found)


def pages() -> tuple[Page, ...]:
    """The manual pages of all rules, in the order of their codes."""
    return tuple(rule.page for rule in every_rule())


def rule_of(code: str) -> Rule | None:
    """The rule with that code, ``None`` if there is none."""
    return next((r for r in every_rule() if r.code == code), None)


def _of_rule(rule: Rule, view: View) -> list[Finding]:
    listed = list(islice(rule.check(view), MOST_OF_ONE_RULE + 1))
    if len(listed) > MOST_OF_ONE_RULE:
        listed.pop()
        listed.append(
            Finding(
                rule.code,
                rule.page.severity,
                f"more than {MOST_OF_ONE_RULE} findings of this rule; the others are not listed",
                "mend those that are listed first",
                view.table.place,
            )
        )
    return listed
