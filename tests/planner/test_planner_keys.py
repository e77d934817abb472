"""Each wish as it is written in ``flash.toml``: that it decides, and that a refusal names its line.

A case is the key as written for partition ``b``, what comes out, and a second wish that cannot hold
together with it. Without the key, ``b`` would lie at 0x2000 with 0x1000 bytes.
"""

from __future__ import annotations

import pytest

from flashwright.app.plan import plan as plan_file
from flashwright.base.extent import Extent
from flashwright.diag.finding import Severity
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue

BOARD = """\
name = "board"
[device]
name = "board"
[[device.flash]]
name = "embedded"
erase_blocks = [[64, 4096]]
security_granule = 0x4000
banks = [0x20000, 0x20000]
[[device.flash]]
name = "spi"
erase_blocks = [[16, 4096]]
[[device.window]]
name = "cache"
owner = "embedded"
at = 0x0
size = 0x8000
[[device.window]]
name = "cache"
owner = "embedded"
at = 0x8000
size = 0x8000
[[partition]]
name = "a"
role = "custom"
size = 0x2000
"""
PLAIN = "size = 0x1000"


def planned(*lines: str, more: str = ""):
    entry = '[[partition]]\nname = "b"\nrole = "custom"\n' + "".join(f"{x}\n" for x in lines)
    text = BOARD + entry + more
    return text, plan_file(Source("flash.toml", text.encode()), Catalogue())


def extent_of(name: str, *lines: str, more: str = "") -> tuple[str, Extent]:
    _, made = planned(*lines, more=more)
    assert not [f for f in made.findings if f.severity is Severity.ERROR], made.findings
    found = made.layouts.layouts[0].table.get(name)
    return found.owner, found.extent


def at(start: int, size: int = 0x1000) -> Extent:
    return Extent.of(start, size)


def part(name: str, *lines: str) -> str:
    return f'[[partition]]\nname = "{name}"\nrole = "custom"\n' + "\n".join(lines) + "\n"


C = part("c", "size = 0x3000")

#: The wish as written; what more there is; what comes out; a second wish that contradicts it.
CASES = {
    "size": (["size = 0x3000"], "", {"b": at(0x2000, 0x3000)}, ["at = 0x3E000"]),
    "at_least": (["at_least = 0x3000"], "", {"b": at(0x2000, 0x3000)}, ["at_most = 0x2000"]),
    "at_most": (
        ['size = "rest"', "at_most = 0x5000"], "", {"b": at(0x2000, 0x5000)},
        ["at_least = 0x6000"],
    ),
    "rest": (['size = "rest"'], "", {"b": at(0x2000, 0x3E000)}, ["at_least = 0x3F000"]),
    "weight": (
        ['size = "rest"', "weight = 3"], part("c", 'size = "rest"', "at_most = 0x20000"),
        {"b": at(0x2000, 0x2F000), "c": at(0x31000, 0xF000)}, ["at_least = 0x3E000"],
    ),
    "same_size_as": (['same_size_as = "c"'], C, {"b": at(0x2000, 0x3000)}, ["at_most = 0x2000"]),
    "align": ([PLAIN, "align = 0x8000"], "", {"b": at(0x8000)}, ["at = 0x4000"]),
    "align_size": ([PLAIN, "align_size = 0x4000"], "", {"b": at(0x2000, 0x4000)},
                   ["at = 0x3D000"]),
    "align_blocks": ([PLAIN, "align_blocks = 4"], "", {"b": at(0x4000, 0x4000)}, ["at = 0x2000"]),
    "power_of_two": (
        ["at_least = 0x3000", "power_of_two = true"], "", {"b": at(0x4000, 0x4000)},
        ["at = 0x2000"],
    ),
    "security_granule": (
        [PLAIN, "security_granule = true"], "", {"b": at(0x4000, 0x4000)}, ["at = 0x3000"],
    ),
    "at": ([PLAIN, "at = 0x9000"], "", {"b": at(0x9000)}, ['bank = "bank2"']),
    "before": (
        [PLAIN, 'before = "a"'], "", {"b": at(0), "a": at(0x1000, 0x2000)},
        ['directly_after = "a"'],
    ),
    "after": (
        [PLAIN, 'after = "c"'], C, {"b": at(0x5000), "c": at(0x2000, 0x3000)}, ["at = 0x2000"],
    ),
    "directly_after": (
        [PLAIN, 'directly_after = "c"'], part("c", "size = 0x1000", "at = 0x7000"),
        {"b": at(0x8000)}, ["at = 0x9000"],
    ),
    "owner": ([PLAIN, 'owner = "spi"'], "", {"b": at(0)}, ["at_least = 0x20000"]),
    "bank": ([PLAIN, 'bank = "bank2"'], "", {"b": at(0x20000)}, ["at = 0x3000"]),
    "window": (
        ["size = 0x8000", 'window = "cache"'], "", {"b": at(0x8000, 0x8000)}, ["at = 0x2000"],
    ),
    "together": (
        [PLAIN, 'together = "c"'], part("c", "size = 0x1000", 'bank = "bank2"'),
        {"b": at(0x20000)}, ['bank = "bank1"'],
    ),
    "apart": ([PLAIN, 'apart = "a"'], "", {"b": at(0x20000)}, ['together = "a"']),
    "keep": (
        ["size = 0x1000", "at = 0x6000", "keep = true"], part("c", 'size = "rest"'),
        {"b": at(0x6000), "c": at(0x7000, 0x39000)},
        ["[[partition]]", 'name = "d"', 'role = "custom"', "size = 0x2000", "at = 0x5000"],
    ),
    "slack in percent": (
        ["image = 0x4000", 'slack = "50%"'], "", {"b": at(0x2000, 0x6000)}, ["at_most = 0x5000"],
    ),
    "slack in bytes": (
        ["image = 0x4000", "slack = 0x1000"], "", {"b": at(0x2000, 0x5000)}, ["at_most = 0x4000"],
    ),
}  # fmt: skip


#: Wishes that ask for more, but never in vain: they can conflict with nothing.
GOALS = ("rest", "weight")


@pytest.mark.parametrize("key", CASES)
def test_a_wish_decides(key):
    lines, more, extents, _ = CASES[key]
    for name, extent in extents.items():
        owner, found = extent_of(name, *lines, more=more)
        assert found == extent
        assert (owner == "spi") == (key == "owner")
    plain = extent_of("b", PLAIN, more=more)[1]
    assert plain != extents["b"] or key == "owner"


@pytest.mark.parametrize("key", CASES)
def test_a_refusal_names_the_lines_of_the_wishes_that_conflict(key):
    lines, more, _, clash = CASES[key]
    text, made = planned(*lines, *clash, more=more)
    (finding,) = [f for f in made.findings if f.severity is Severity.ERROR]
    assert finding.code in ("PLN001", "PLN003", "PLN004", "PLN005"), finding
    named = {p.line for p in (finding.place, *finding.related) if p is not None}
    written = text.splitlines()
    assert written.index(clash[-1]) + 1 in named, finding
    assert key in GOALS or {written[n - 1] for n in named} & set(lines), finding
    assert finding.help


def test_an_unknown_security_granule_is_asked_for():
    _, made = planned(PLAIN, "security_granule = true", 'owner = "spi"')
    (finding,) = [f for f in made.findings if f.severity is Severity.ERROR]
    assert (finding.code, finding.place.line) == ("PLN008", 30)


@pytest.mark.parametrize("key", ["align_blocks = 0", "power_of_two = 1", "security_granule = 4096"])
def test_wrong_values_of_granules_are_told_with_their_line(key):
    _, made = planned(PLAIN, key)
    (finding,) = [f for f in made.findings if f.severity is Severity.ERROR]
    assert finding.place.line == 30
