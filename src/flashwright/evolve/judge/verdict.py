"""The verdict on a new layout for devices that have the old one, with all reasons.

Laws: the verdict is the worst way that any reason leaves open; every reason is a finding; equal
tables of one device are safe, whatever they hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashwright.diag.finding import Finding, Severity, in_order
from flashwright.evolve.compare.diff import Difference
from flashwright.evolve.compare.field import FieldFacts, Ground, ground
from flashwright.evolve.judge import (
    boot_reasons,
    data_reasons,
    index_reasons,
    table_reasons,
    trailers,
)
from flashwright.evolve.judge.reason import Case, Judge, Reason, Way

#: Every reason, on one page: device and boot, table in flash, data, numbers.
JUDGES: tuple[Judge, ...] = (
    boot_reasons.device,
    boot_reasons.said,
    boot_reasons.no_second_slot,
    boot_reasons.held_places,
    boot_reasons.held_sizes,
    boot_reasons.bootloader_overlaid,
    boot_reasons.first_image,
    boot_reasons.scheme,
    trailers.block_limit,
    table_reasons.rewritten,
    table_reasons.md5,
    table_reasons.slot_numbers,
    table_reasons.record,
    table_reasons.running_slot,
    data_reasons.moved,
    data_reasons.shrunk,
    data_reasons.grown,
    data_reasons.dropped,
    data_reasons.inherits,
    data_reasons.other_kind,
    data_reasons.renamed,
    index_reasons.changed,
    index_reasons.not_at_end,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How devices come to the new layout, the reasons for it, and everything found on the way.

    ``findings`` are those of the reasons and of the difference, in flash order.
    """

    way: Way
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    ground: Ground

    @property
    def is_direct(self) -> bool:
        """Whether devices can take the update as it is, perhaps migrating data themselves."""
        return self.way <= Way.WITH_MIGRATION

    @property
    def loses_nothing(self) -> bool:
        """Whether nothing that anyone might want is lost if nobody does anything about it."""
        return self.way is Way.OVER_THE_AIR and not any(
            f.severity is Severity.ERROR for f in self.findings
        )

    @property
    def words(self) -> str:
        """The verdict in words."""
        return self.way.words


def judge(difference: Difference, facts: FieldFacts | None = None) -> Verdict:
    """The verdict on a difference; ``facts`` are what the user knows of the devices.

    Findings: EVO101 to EVO149, see ``evolve.catalog``.
    """
    facts = facts or FieldFacts()
    case = Case(difference, ground(difference.old, facts), facts)
    judges = JUDGES if difference.same_device else (boot_reasons.device,)
    reasons = tuple(reason for judged in judges for reason in judged(case))
    way = max((r.way for r in reasons), default=Way.OVER_THE_AIR)
    findings = in_order([*difference.findings, *(r.finding for r in reasons)])
    return Verdict(way, reasons, findings, case.ground)
