"""Who may read and write what: partitions that must be written, or can never be read."""

from __future__ import annotations

from collections.abc import Iterable

from flashwright.diag.finding import Finding, Severity
from flashwright.model.table import Role
from flashwright.model.update import SlotRule
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, WARNING, fault, quoted
from flashwright.rules.view import READ_ONLY_FLAGS, View

_MUST_BE_WRITTEN = frozenset({Role.OTA_TEMP, Role.SCRATCH, Role.BOOT_RECORD})


@rule("DAT406", "read-only-but-written", Severity.ERROR)
def read_only(view: View) -> Iterable[Finding]:
    """A partition that must be written is read-only.

    ## What it checks
    OTA TMP, scratch and boot record have to be written; so have KV stores, unless they say so
    (ESP-IDF's flag `readonly`), and the application where the two banks take turns.

    ## Why it matters
    Few drivers look at the option, so it goes unnoticed until one does: then no setting is kept, or
    no update can be stored. `PAR_OPT_READ_EN` alone means read-only; the "DIS" flags are zero.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1F7000
    size = "8K"
    writable = false
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1F7000
    size = "8K"
    writable = true
    ```

    ## How to fix
    Make it writable (AliOS: `PAR_OPT_READ_EN | PAR_OPT_WRITE_EN`).
    """
    takes_turns = view.update is not None and view.update.scheme.slots == SlotRule.EQUAL
    for p in view.present:
        if p.writable or not p.extent or p.parent:
            continue
        if p.role == Role.APPLICATION and takes_turns:
            why = "the two banks take turns: it receives every second update"
        elif p.role == Role.APPLICATION and view.ecosystem == "alios" and _updatable(view):
            why = "updates are written to it"
        elif p.role in _MUST_BE_WRITTEN:
            why = "updates write it"
        elif p.role == Role.KV and not READ_ONLY_FLAGS.intersection(p.flags):
            why = "every change of a setting writes it"
        else:
            continue
        yield fault(
            "DAT406",
            WARNING if p.role == Role.APPLICATION and not takes_turns else ERROR,
            f"{quoted(p)} is read-only, but {why}",
            "make it writable" + _options(view, "PAR_OPT_READ_EN | PAR_OPT_WRITE_EN"),
            of=p,
            fields=("writable", "readable"),
        )


@rule("DAT407", "unreadable", Severity.ERROR)
def unreadable(view: View) -> Iterable[Finding]:
    """A partition cannot be read.

    ## What it checks
    Whether a partition that holds bytes may be read at all.

    ## Why it matters
    What is stored there can never be used. In C tables this is an option that was left out or
    written as `PAR_OPT_READ_DIS`, which is zero.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1F7000
    size = "8K"
    readable = false
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_2"
    role = "kv"
    at = 0x1F7000
    size = "8K"
    readable = true
    ```

    ## How to fix
    Make it readable (AliOS: `PAR_OPT_READ_EN`).
    """
    for p in view.present:
        if not p.readable and p.extent:
            yield fault(
                "DAT407",
                ERROR,
                f"{quoted(p)} cannot be read",
                "make it readable" + _options(view, "PAR_OPT_READ_EN"),
                of=p,
                fields=("readable", "writable"),
            )


def _updatable(view: View) -> bool:
    return any(p.role == Role.OTA_TEMP and p.extent for p in view.present)


def _options(view: View, words: str) -> str:
    return f" ({words})" if view.ecosystem == "alios" else ""
