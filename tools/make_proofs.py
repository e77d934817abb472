"""Renew ``docs/reference/proofs.md``: scheme by property by fault assumption, on five layouts.

Every registered scheme that suits a layout is proven on it; of the others it is said why they do
not. Usage: make_proofs.py [--check] [--layout NAME ...]. ``--layout`` renews the chapters of these
layouts and leaves the others as they are; ``--check`` writes nothing, tells which verdicts are no
longer so, and exits with 1 if there are any. All of it takes some minutes; one column, seconds,
depends on the machine, everything else does not.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flashwright.app.layout import read_layouts
from flashwright.base.size import format_size
from flashwright.flash.faults import FaultModel
from flashwright.formats.format import Source
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Role, Table
from flashwright.sim.catalog import BLUEPRINTS
from flashwright.sim.explore import Limits
from flashwright.sim.laws import LAWS
from flashwright.sim.prove import Proof, Verdict, machine_for, prove

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/proofs.md"

#: Bytes of a program call. Where in a call of image data power is cut makes no difference.
CALL = 4096

#: A proof that is not done after so many states is INCOMPLETE; one with unstable units earlier, as
#: where units are bytes each byte of a record reads as it likes.
MOST_STATES = 100_000
MOST_UNSTABLE = 15_000


@dataclass(frozen=True, slots=True)
class Faults:
    """A fault assumption: its name in the table, as a value, and as options of ``prove``."""

    name: str
    model: FaultModel
    options: str
    states: int = MOST_STATES


FAULTS = (
    Faults(
        "cut",
        FaultModel(torn_program=False, torn_erase=False),
        "--no-torn-program --no-torn-erase ",
    ),
    Faults("torn", FaultModel(), ""),
    Faults("unstable", FaultModel(unstable=True), "--unstable ", MOST_UNSTABLE),
)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A layout: its title, its example, and how it differs from the example.

    ``addition`` is TOML that is added, ``why`` says in words what for, ``scheme`` is declared
    instead of the example's. Of such a variant only those schemes are shown that do not suit the
    example as it is. ``foreign`` are beginnings of schemes that nobody has brought to this chip.
    """

    name: str
    title: str
    example: str
    addition: str = ""
    why: str = ""
    foreign: tuple[str, ...] = ()
    scheme: str = ""

    @property
    def is_variant(self) -> bool:
        """Whether it differs from the example."""
        return bool(self.addition or self.scheme)


_TWO = '[[partition]]\nname = "parameter_1"\nsize = "{}"\n'
_SCRATCH = '[[partition]]\nname = "scratch"\nrole = "scratch"\nsize = "{}"\n'
_ROOM = "a record of two erase blocks and a scratch area"

CHAPTERS = (
    Chapter("esp8266", "ESP8266, 2 MiB", "esp8266-2m", foreign=("mcuboot-",)),
    Chapter(
        "esp8266-more",
        "ESP8266, 2 MiB, with more room for the scheme",
        "esp8266-2m",
        _TWO.format("8K") + _SCRATCH.format("8K"),
        _ROOM,
        ("mcuboot-",),
    ),
    Chapter("mk3060", "MXCHIP EMW3060, 2 MiB", "mk3060", foreign=("mcuboot-", "esp-idf-")),
    Chapter(
        "mk3060-more",
        "MXCHIP EMW3060, 2 MiB, with more room for the scheme",
        "mk3060",
        _TWO.format("8K") + _SCRATCH.format("8K"),
        _ROOM,
        ("mcuboot-", "esp-idf-"),
    ),
    Chapter(
        "stm32f429",
        "STM32F429, 2 MiB, uneven erase blocks",
        "stm32f429",
        foreign=("esp-idf-",),
    ),
    Chapter(
        "stm32f429-more",
        "STM32F429, 2 MiB, with more room for the scheme",
        "stm32f429",
        _TWO.format("32K"),
        "a record of two erase blocks",
        ("esp-idf-",),
    ),
    Chapter(
        "nrf52840",
        "nRF52840 with MCUboot, second slot in a QSPI flash",
        "nrf52840-mcuboot",
    ),
    Chapter(
        "nrf52840-scratch",
        "nRF52840 with MCUboot, swapped through a scratch area",
        "nrf52840-mcuboot",
        scheme="mcuboot-swap-scratch",
    ),
    Chapter("haas100", "HaaS100, 16 MiB", "haas100", foreign=("mcuboot-", "esp-idf-")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table as it stands in the page."""

    chapter: str
    scheme: str
    faults: str
    verdict: str
    properties: tuple[str, ...]
    states: int


def table_of(chapter: Chapter) -> Table:
    """The layout of a chapter, planned; ``SystemExit`` if it cannot be planned."""
    path = ROOT / "examples" / chapter.example / "flash.toml"
    text = path.read_text(encoding="utf-8")
    if chapter.addition:
        text += "\n" + chapter.addition
    if chapter.scheme:
        text = re.sub(r'^scheme = ".*"$', f'scheme = "{chapter.scheme}"', text, flags=re.M)
    read = read_layouts(Source("flash.toml", text.encode()), Catalogue())
    if len(read.tables) != 1:
        raise SystemExit("\n".join(f"{chapter.name}: {f.message}" for f in read.findings))
    return read.tables[0]


def suiting(chapter: Chapter, table: Table) -> tuple[list[str], list[tuple[str, str]]]:
    """The schemes that are proven on a layout, and the others with what stands in their way."""
    rows, others = [], []
    plain = set(_plain(chapter)) if chapter.is_variant else set()
    for scheme in (b.name for b in BLUEPRINTS):
        if scheme.startswith(chapter.foreign):
            continue
        machine, findings = machine_for(table, scheme, chunk=CALL)
        if machine is None:
            others.append((scheme, "; ".join(f.message for f in findings)))
        elif scheme not in plain:
            rows.append(scheme)
    return rows, others


def _plain(chapter: Chapter) -> list[str]:
    """The schemes that suit the example without the addition."""
    first = next(c for c in CHAPTERS if c.example == chapter.example and not c.is_variant)
    return suiting(first, table_of(first))[0]


def proven(table: Table, scheme: str, faults: Faults) -> tuple[Proof, float]:
    """A proof as the page shows it, and the processor seconds that it took."""
    begin = time.process_time()
    proof = prove(
        table, scheme=scheme, faults=faults.model, limits=Limits(faults.states), chunk=CALL
    )
    return proof, time.process_time() - begin


def row_of(chapter: str, faults: str, proof: Proof) -> Row:
    """A proof as a row; each property is told in a word, ``-`` where nothing is promised."""
    said = {j.law: _WORDS[j.verdict] for j in proof.judgements}
    words = tuple(said.get(law.name, "-") for law in LAWS)
    return Row(chapter, proof.scheme, faults, proof.verdict.value, words, proof.states)


_WORDS = {
    Verdict.HOLDS: "yes",
    Verdict.VIOLATED: "**no**",
    Verdict.VACUOUS: "never",
    Verdict.INCOMPLETE: "open",
}


def rows_in(page: str) -> list[Row]:
    """The rows of the page (``--check`` and the tests compare them with what is so)."""
    titles = {c.title: c.name for c in CHAPTERS}
    rows, chapter = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            chapter = titles.get(line[3:], "")
        cells = [c.strip() for c in line.strip("|").split("|")]
        if chapter and line.startswith("| `") and len(cells) == len(LAWS) + 6:
            words, states = tuple(cells[3 : 3 + len(LAWS)]), int(cells[3 + len(LAWS)])
            rows.append(Row(chapter, cells[0].strip("`"), cells[1], cells[2], words, states))
    return rows


def chapter_text(chapter: Chapter) -> str:
    """A chapter: the layout in a sentence, the table, the shortest ways, what does not suit."""
    table = table_of(chapter)
    schemes, others = suiting(chapter, table)
    lines = [f"## {chapter.title}", "", *_introduced(chapter, table), ""]
    heads = ["scheme", "faults", "verdict", *(law.name for law in LAWS), "states", "cuts", "s"]
    lines += ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    ways: list[str] = []
    for scheme in schemes:
        for faults in FAULTS:
            print(f"{chapter.name} {scheme} {faults.name}", file=sys.stderr, flush=True)
            proof, seconds = proven(table, scheme, faults)
            row = row_of(chapter.name, faults.name, proof)
            figures = (str(row.states), str(proof.cuts), f"{seconds:.1f}")
            cells = (f"`{scheme}`", row.faults, row.verdict, *row.properties, *figures)
            lines.append("| " + " | ".join(cells) + " |")
            ways += _ways(chapter, faults, proof)
    if not schemes:
        lines = lines[:-2]
    if ways:
        lines += ["", "Shortest ways to break it:", "", *ways]
    if others and not chapter.is_variant:
        lines += ["", "Schemes that cannot work on this layout:", ""]
        lines += [f"- `{scheme}`: {why}" for scheme, why in others]
    if chapter.foreign:
        names = " and ".join(f"`{name}*`" for name in chapter.foreign)
        lines += ["", f"Left out are the schemes {names}, which do not exist for this chip."]
    return "\n".join(lines) + "\n"


def _introduced(chapter: Chapter, table: Table) -> Iterator[str]:
    spec = f"`examples/{chapter.example}/flash.toml`"
    slots = ", ".join(
        f"`{p.name}` of {format_size(p.extent.size)}"
        for p in table.of_role(Role.APPLICATION, Role.OTA_TEMP)
    )
    if not chapter.is_variant:
        yield f"{spec}: {slots}."
        return
    if chapter.scheme:
        yield f'{spec} with `scheme = "{chapter.scheme}"`: {slots}.'
    else:
        yield f"{spec} with {chapter.why}: {slots}."
    yield "Only the schemes are listed that do not suit the layout above."
    if chapter.addition:
        yield "Added to the file:"
        yield ""
        yield "```toml"
        yield chapter.addition.rstrip("\n")
        yield "```"


def _ways(chapter: Chapter, faults: Faults, proof: Proof) -> Iterator[str]:
    """The trace of each broken property, to be walked again, and why a proof is open."""
    known: dict[str, list[str]] = {}
    for judgement in proof.judgements:
        if judgement.trace is not None:
            told = f"{judgement.trace.why} | {judgement.trace.id}"
            known.setdefault(told, []).append(f"`{judgement.law}`")
    for told, laws in known.items():
        why, id = told.rsplit(" | ", 1)
        call = f"prove FILE --chunk {CALL} --scheme {proof.scheme} {faults.options}--replay {id}"
        yield f"- `{proof.scheme}`, {faults.name}, {' and '.join(laws)}: {why}  "
        yield f"  `{call}`"


HEAD = f"""\
# What is proven

Every scheme that `flashwright prove --list` names, on five layouts, under three fault assumptions.
Made by `make proofs`; the tests prove some of the rows again.

How to read it:

- **faults**: `cut` is any number of power cuts between any two operations, each of which happens as
  a whole or not at all; `torn` is `prove` as it is without options: a cut inside an operation, too,
  leaves any prefix of a program call with junk behind it, and an erase block old, erased, mixed or
  junk; `unstable`: besides, the unit that was torn last may read differently at each boot.
- **verdict**: of all properties together. INCOMPLETE: not done after {MOST_STATES}
  states ({MOST_UNSTABLE} with unstable units); `prove --states` goes on. A violation that was found
  stands, however much is open beside it.
- **properties** (columns): `yes` it holds, `**no**` it is broken, `open` not all was explored,
  `never` what the scheme promises did not happen, `-` the scheme does not promise it.
- **states**, **cuts**: what was covered. **s**: processor seconds of one core of a shared machine;
  the only column that is not the same on every machine.
- Program calls have {CALL} bytes (`--chunk {CALL}`), two updates follow each other.

What the properties say:

"""


def head() -> str:
    """The page above its chapters."""
    return HEAD + "".join(f"- `{law.name}`: {law.text}\n" for law in LAWS)


def chapters_of(page: str) -> dict[str, str]:
    """The chapters that the page has now, by their titles."""
    parts = re.split(r"^(?=## )", page, flags=re.M)[1:]
    return {part.split("\n", 1)[0][3:]: part.rstrip("\n") + "\n" for part in parts}


def changed(old: list[Row], new: list[Row]) -> list[str]:
    """What is not as the page says, in words; states may differ."""
    was = {(r.chapter, r.scheme, r.faults): (r.verdict, *r.properties) for r in old}
    now = {(r.chapter, r.scheme, r.faults): (r.verdict, *r.properties) for r in new}
    texts = []
    for key in sorted(was.keys() | now.keys()):
        before, after = was.get(key), now.get(key)
        if before != after:
            told = [" ".join(v) if v else "no row" for v in (before, after)]
            texts.append(f"{' '.join(key)}: the page says {told[0]}; it is {told[1]}")
    return texts


def main(arguments: list[str]) -> int:
    """Renew the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    names = [c.name for c in CHAPTERS]
    parser.add_argument("--layout", nargs="+", choices=names, default=names, metavar="NAME")
    asked = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = chapters_of(page)
    for chapter in CHAPTERS:
        if chapter.name not in asked.layout:
            continue
        text = chapter_text(chapter)
        if asked.check:
            old = [r for r in rows_in(page) if r.chapter == chapter.name]
            told = changed(old, rows_in(text))
            print("".join(f"{t}\n" for t in told), end="")
            asked.failed = getattr(asked, "failed", False) or bool(told)
            continue
        kept[chapter.title] = text
        whole = [kept[c.title] for c in CHAPTERS if c.title in kept]
        PAGE.write_text("\n".join([head(), *whole]), encoding="utf-8")
    return 1 if getattr(asked, "failed", False) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
