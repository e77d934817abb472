"""Borders between secure and non-secure code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flashwright.base.align import align_down, align_up
from flashwright.base.pattern import late
from flashwright.diag.finding import Finding, Severity
from flashwright.model.table import Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, fault, point, quoted, size
from flashwright.rules.view import View

_NONSECURE = late(r"(?:^|[_-])(?:ns|nonsecure|non[_-]secure)(?:$|[_-])", re.I)
_SECURE = late(r"(?:^|[_-])(?:s|secure|tfm)(?:$|[_-])", re.I)
_NONSECURE_FLAGS = frozenset({"nonsecure", "non-secure", "tz-nonsecure", "ns"})
_SECURE_FLAGS = frozenset({"secure", "tz-secure", "s"})


@rule("SEC601", "security-border", Severity.ERROR)
def security_border(view: View) -> Iterable[Finding]:
    """The border between secure and non-secure bytes is not where the hardware can put it.

    ## What it checks
    On flash with a security granule (nRF91: 32 KiB, nRF53: 16 KiB, nRF54L: 4 KiB): whether each
    non-secure partition (flag `nonsecure`, or `ns` in its name) that touches a secure one starts
    and ends on a multiple of the granule. The second slot is no secure territory, whatever its
    image is: non-secure code downloads to it (TF-M, `NRF_NS_SECONDARY`); with direct-XIP it is.

    ## Why it matters
    The build rounds the border down without a word. The bytes in between change sides: non-secure
    code can read secrets, or the secure image faults at its own last bytes.

    ## Example
    ```toml
    [device]
    name = "nrf91"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    security_granule = "32K"
    [[partition]]
    name = "tfm_secure"
    role = "application"
    at = 0x10000
    size = "36K"
    flags = ["secure"]
    [[partition]]
    name = "tfm_nonsecure"
    role = "application"
    at = 0x19000
    size = "412K"
    flags = ["nonsecure"]
    ```

    ## Sound
    ```toml
    [device]
    name = "nrf91"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[256, 4096]]
    security_granule = "32K"
    [[partition]]
    name = "tfm_secure"
    role = "application"
    at = 0x10000
    size = "64K"
    flags = ["secure"]
    [[partition]]
    name = "tfm_nonsecure"
    role = "application"
    at = 0x20000
    size = "384K"
    flags = ["nonsecure"]
    ```

    ## How to fix
    Move the border to a multiple of the granule; the help line names the two nearest.
    """
    runs = view.update is not None and view.update.scheme.name == "mcuboot-direct-xip"
    for owner, partitions in view.by_flash.items():
        flash = view.flashes.get(owner)
        if flash is None or flash.security_granule < 2:
            continue
        granule = flash.security_granule
        secure = [p for p in partitions if is_secure(p) and (runs or p.role is not Role.OTA_TEMP)]
        starts = {p.extent.start for p in secure}
        ends = {p.extent.end for p in secure}
        for p in partitions:
            if not is_nonsecure(p):
                continue
            borders = []
            if p.extent.start in ends:
                borders.append(p.extent.start)
            if p.extent.end in starts:
                borders.append(p.extent.end)
            for border in borders:
                if border % granule:
                    yield _border(p, border, granule)


def is_nonsecure(partition: Partition) -> bool:
    """Whether a partition belongs to the non-secure side, by its flags or its name."""
    if _NONSECURE_FLAGS.intersection(partition.flags):
        return True
    return not _SECURE_FLAGS.intersection(partition.flags) and bool(
        _NONSECURE.search(partition.name)
    )


def is_secure(partition: Partition) -> bool:
    """Whether a partition belongs to the secure side, by its flags or its name."""
    if is_nonsecure(partition):
        return False
    return bool(_SECURE_FLAGS.intersection(partition.flags) or _SECURE.search(partition.name))


def _border(partition: Partition, border: int, granule: int) -> Finding:
    low, high = align_down(border, granule), align_up(border, granule)
    return fault(
        "SEC601",
        ERROR,
        f"the border of {quoted(partition)} to secure bytes at {point(partition, border)} is no "
        f"multiple of {size(granule)}",
        f"move it to {point(partition, low)} or {point(partition, high)}; the hardware would "
        f"round it down by {size(border - low)}",
        of=partition,
        border=border,
        granule=granule,
    )
