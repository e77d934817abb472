"""Names and numbers of partitions: unique, in the ecosystem's order, appended at the end only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flashwright.base.pattern import late
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Severity
from flashwright.model.alios import (
    DEFAULT_VERSION,
    ENUMERATIONS,
    PREFIX,
    index_of,
    role_of,
    short_name,
    symbol_of,
)
from flashwright.model.table import Partition, Role
from flashwright.rules.rule import rule
from flashwright.rules.tell import ERROR, WARNING, fault, point, quoted
from flashwright.rules.view import View

#: Names that tables put into descriptions, at their start and not followed by a digit.
_TELLING = late(
    r"(?:PARAM(?:ETERS?)?([1-4])|(BOOTLOADER|APPLICATION|OTASTORAGE|OTATE?MP|KVSTORE|SPIFFS))(?!\d)"
)
_SYMBOL_OF = {
    "OTASTORAGE": "OTA_TEMP",
    "OTATMP": "OTA_TEMP",
    "OTATEMP": "OTA_TEMP",
    "KVSTORE": "PARAMETER_2",
}
#: Symbols of vendors that name the same partitions, as Beken's BK_PARTITION_BOOTLOADER.
_OTHER_PREFIX = late(r"\A[A-Z]+_PARTITION_")
_BOOTS = frozenset({Role.BOOTLOADER, Role.SECOND_BOOT})


@rule("DAT411", "same-name", Severity.ERROR)
def same_name(view: View) -> Iterable[Finding]:
    """Two partitions have the same name.

    ## What it checks
    Whether names (and symbols of the ecosystem) are unique in the table.

    ## Why it matters
    Code that looks a partition up by its name gets the first one; the other is never used, or, in
    a C table with designated initialisers, silently takes the place of the first.

    ## How to fix
    Rename one of them, or remove the one that is left over.
    """
    seen: dict[str, Partition] = {}
    for p in view.present:
        first = seen.setdefault(p.name, p)
        if first is not p and first.owner == p.owner:
            yield fault(
                "DAT411",
                ERROR,
                f"{quoted(p)} is the name of two partitions, at {point(first, first.extent.start)} "
                f"and {point(p, p.extent.start)}",
                "rename one of them, or remove the one that is left over",
                of=p,
                fields=("name", "description"),
                others=(first,),
            )
        elif first is not p:
            yield fault(
                "DAT411",
                ERROR,
                f"{quoted(p)} is the name of two partitions, in `{printable(first.owner)}` and "
                f"`{printable(p.owner)}`",
                "rename one of them",
                of=p,
                fields=("name", "description"),
                others=(first,),
            )


@rule("DAT412", "same-index", Severity.ERROR)
def same_index(view: View) -> Iterable[Finding]:
    """Two partitions have the same index.

    ## What it checks
    Whether the numbers of the partitions in the ecosystem's table are unique.

    ## Why it matters
    The index is the key of the table at run time: the later entry overwrites the earlier one.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_1"
    role = "boot_record"
    at = 0x1F6000
    size = "4K"
    index = 5
    [[partition]]
    name = "settings"
    role = "user"
    at = 0x1F7000
    size = "4K"
    index = 5
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_1"
    role = "boot_record"
    at = 0x1F6000
    size = "4K"
    index = 5
    [[partition]]
    name = "settings"
    role = "user"
    at = 0x1F7000
    size = "4K"
    index = 7
    ```

    ## How to fix
    Give one of them the next free index; the help line names it.
    """
    seen: dict[int, Partition] = {}
    used = {p.index for p in view.present if p.index is not None}
    for p in view.present:
        if p.index is None:
            continue
        first = seen.setdefault(p.index, p)
        if first is not p and first.name != p.name:
            free = _first_free(view, used)
            yield fault(
                "DAT412",
                ERROR,
                f"{quoted(first)} and {quoted(p)} both have index {p.index}",
                f"give {quoted(p)} another index; {free} is the first free one at the end",
                of=p,
                fields=("index", "id"),
                others=(first,),
                index=p.index,
                free=free,
            )


@rule("DAT413", "index-order", Severity.ERROR)
def index_order(view: View) -> Iterable[Finding]:
    """An index breaks the ecosystem's numbering, or a custom partition is not appended at the end.

    ## What it checks
    In AliOS Things tables: whether each known symbol has the number that the enumeration of the
    version gives it, and whether symbols of the user's own come after all of them.

    ## Why it matters
    Components ask for a number: the KV store for 6, the update for 5. With a private numbering
    they get another partition. A symbol inserted in the middle of the enumeration moves all later
    ones: devices that shipped read the wrong partitions after the next update.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "custom"
    role = "custom"
    at = 0x100000
    size = "4K"
    id = "HAL_PARTITION_MY_DATA"
    index = 7
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "custom"
    role = "custom"
    at = 0x100000
    size = "4K"
    id = "HAL_PARTITION_MY_DATA"
    index = 16
    ```

    ## How to fix
    Use the number of the enumeration, and append symbols of your own at its end.
    """
    if view.ecosystem != "alios":
        return
    version = _version(view)
    names = ENUMERATIONS[version]
    for p in view.present:
        if p.index is None:
            continue
        if p.id is None and p.role == Role.CUSTOM and _is_taken(p.index, version):
            yield _inserted(p, version, "")
            continue
        if not p.id or not p.id.startswith(PREFIX):
            continue
        known = index_of(p.id, version)
        if known is not None and known != p.index:
            yield fault(
                "DAT413",
                ERROR,
                f"{quoted(p)} has index {p.index}, but {p.id} is {known} in AliOS Things {version}",
                f"index {p.index} is {_meaning(p.index, version)} there; use {known}",
                of=p,
                fields=("index", "id"),
                index=p.index,
                expected=known,
            )
        elif known is None and p.index < len(names):
            others = [v for v in ENUMERATIONS if index_of(p.id, v) == p.index]
            hint = f" (it has this number in {', '.join(others)})" if others else ""
            yield _inserted(p, version, hint)


@rule("DAT414", "misleading-description", Severity.WARNING)
def misleading_description(view: View) -> Iterable[Finding]:
    """The description of a partition names another one.

    ## What it checks
    In AliOS Things tables: whether a description that is the name of a standard partition
    ("PARAMETER4", "Bootloader") stands at another one.

    ## Why it matters
    At best the next engineer is misled. Often it shows that an entry was copied and not changed,
    or assigned twice: "Bootloader_Bank1" at the application was such a case.

    ## Example
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_3"
    role = "user"
    at = 0x1F9000
    size = "4K"
    id = "HAL_PARTITION_PARAMETER_3"
    description = "PARAMETER4"
    ```

    ## Sound
    ```toml
    [device]
    name = "board"
    [[device.flash]]
    name = "embedded"
    erase_blocks = [[512, 4096]]
    [[partition]]
    name = "parameter_3"
    role = "user"
    at = 0x1F9000
    size = "4K"
    id = "HAL_PARTITION_PARAMETER_3"
    description = "PARAMETER3"
    ```

    ## How to fix
    Correct the description, or the entry that it describes.
    """
    if view.ecosystem != "alios":
        return
    version = _version(view)
    for p in view.present:
        symbol = p.id or (symbol_of(p.index, version) if p.index is not None else None)
        if symbol is None:
            continue
        symbol = _OTHER_PREFIX.sub(PREFIX, symbol)
        for text in (p.description, p.name if not p.id else None):
            said = _named(text or "")
            if said is None or _same_place(said, symbol):
                continue
            shown = printable(text or "", 40)
            yield fault(
                "DAT414",
                WARNING,
                f"{quoted(p)} ({short_name(symbol)}) is described as `{shown}`, which is "
                f"{short_name(said)}",
                f"describe it as {short_name(symbol)}, or move the entry to {short_name(said)}",
                of=p,
                fields=("description", "name"),
                described_as=shown,
            )
            break


def _first_free(view: View, used: set[int]) -> int:
    least = len(ENUMERATIONS[_version(view)]) if view.ecosystem == "alios" else 0
    return max(least, max(used, default=-1) + 1)


def _is_taken(index: int, version: str) -> bool:
    """Whether the enumeration gives the index to a partition with a meaning of its own."""
    symbol = symbol_of(index, version)
    return symbol is not None and role_of(symbol) != Role.CUSTOM


def _inserted(partition: Partition, version: str, hint: str) -> Finding:
    index, least = partition.index or 0, len(ENUMERATIONS[version])
    return fault(
        "DAT413",
        ERROR,
        f"{quoted(partition)} has index {index}, which is {_meaning(index, version)} in AliOS "
        f"Things {version}{hint}",
        f"append it at the end: {least} or above",
        of=partition,
        fields=("index", "id"),
        index=index,
        least=least,
    )


def _version(view: View) -> str:
    said = view.update.sdk if view.update else ""
    said = said or str(view.table.attributes.get("sdk", ""))
    return said if said in ENUMERATIONS else DEFAULT_VERSION


def _meaning(index: int, version: str) -> str:
    return symbol_of(index, version) or f"beyond the end ({len(ENUMERATIONS[version])} symbols)"


def _named(text: str) -> str | None:
    """The symbol that a description names, ``None`` if it is a text like any other."""
    match = _TELLING.match(re.sub(r"[^A-Z0-9]", "", text[:80].upper())) if text else None
    if match is None:
        return None
    word = match[2]
    return PREFIX + (f"PARAMETER_{match[1]}" if match[1] else _SYMBOL_OF.get(word, word))


def _same_place(said: str, symbol: str) -> bool:
    if said == symbol or short_name(said) == short_name(symbol):
        return True
    roles = {role_of(said), role_of(symbol)}
    return len(roles) == 1 or roles <= _BOOTS
