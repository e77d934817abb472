"""Layout files of real projects: recognised, read as they are meant, written back, judged.

``-s`` prints how many files of each format are read, refused, and come back from a round trip.
"""

from __future__ import annotations

from collections import Counter

import pytest
from sample_files import FOLDERS, FOUND, NO_LAYOUT, NOT_ANEW, SAMPLES, Sample, chip_of, samples

from flashwright.app.check import Checked, check
from flashwright.app.convert import convert
from flashwright.diag.finding import Severity
from flashwright.formats.catalog import format_named, recognised
from flashwright.formats.format import ReadOptions, Source, WriteOptions
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Partition, Table

CATALOGUE = Catalogue()
#: The reference tool is told where the bootloader of a chip starts (0x1000 on ESP32).
BOOTLOADER = {"bootloader_offset": 0x1000}

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the sample layouts are not on this machine: {SAMPLES}"
)


@pytest.fixture(scope="module")
def all_samples() -> list[Sample]:
    return list(samples())


@pytest.fixture(scope="module")
def checked(all_samples: list[Sample]) -> dict[str, Checked]:
    return {s.name: judged(s) for s in all_samples}


@pytest.fixture(scope="module")
def written(all_samples: list[Sample], checked: dict[str, Checked]) -> dict[str, tuple[bool, bool]]:
    """Of each layout: whether it is kept byte for byte, and said anew value for value."""
    return {
        s.name: (kept(s, checked[s.name]), anew(s.form, checked[s.name]))
        for s in all_samples
        if s.is_layout
    }


def judged(sample: Sample) -> Checked:
    """``check`` on the file, for its chip where that is known."""
    options = ReadOptions(device=chip_of(sample.name, CATALOGUE), **BOOTLOADER)
    return check(sample.source, CATALOGUE, options)


def codes(result: Checked) -> set[str]:
    """The codes of errors and warnings."""
    return {f.code for f in result.findings if f.severity > Severity.NOTE}


def test_every_folder_is_there_and_every_expectation_has_its_file(
    all_samples: list[Sample],
) -> None:
    names = {s.name for s in all_samples}
    assert {s.folder for s in all_samples} == set(FOLDERS)
    assert set(NO_LAYOUT) <= names
    assert set(FOUND) <= names


def test_every_layout_is_recognised_by_its_content_alone(all_samples: list[Sample]) -> None:
    wrong = []
    for sample in all_samples:
        for path in ("layout", sample.name):
            found = recognised(path, sample.source.data)
            if sample.is_layout and (not found or found[0].name != sample.form):
                wrong.append((path, sample.name, [f.name for f in found]))
    assert wrong == []


def test_every_layout_is_read_and_what_is_none_is_refused_with_a_reason(
    all_samples: list[Sample], checked: dict[str, Checked]
) -> None:
    for sample in all_samples:
        result = checked[sample.name]
        if sample.is_layout:
            assert result.layouts.format == sample.form, sample.name
            assert result.layouts.tables, sample.name
            assert all(t.partitions for t in result.layouts.tables), sample.name
        else:
            assert result.layouts.tables == (), sample.name
            assert {f.code for f in result.findings} == NO_LAYOUT[sample.name], sample.name


def test_check_finds_what_is_wrong_and_nothing_else(
    all_samples: list[Sample], checked: dict[str, Checked]
) -> None:
    found = {s.name: codes(checked[s.name]) for s in all_samples if s.is_layout}
    assert {name: said for name, said in found.items() if said} == FOUND


def test_a_table_written_into_its_own_file_changes_no_byte(
    written: dict[str, tuple[bool, bool]],
) -> None:
    unreadable = [name for name, found in FOUND.items() if "FMT210" in found]
    assert [name for name, (same, _) in written.items() if not same] == unreadable


def test_a_table_written_anew_says_the_same(
    written: dict[str, tuple[bool, bool]], checked: dict[str, Checked]
) -> None:
    assert {name for name, (_, same) in written.items() if not same} == set(NOT_ANEW)
    assert [name for name in written if not anew("json", checked[name])] == []


def kept(sample: Sample, result: Checked) -> bool:
    """Whether the file comes back byte for byte."""
    options = WriteOptions(base=sample.source, **BOOTLOADER)
    return convert(result.layouts.tables, sample.form, options).data == sample.source.data


def anew(form: str, result: Checked) -> bool:
    """Whether a new file of the format says of every partition what the table does."""
    tables = result.layouts.tables
    kind = format_named(form)
    assert kind is not None
    for table in tables:
        written = convert((table,), form, WriteOptions(**BOOTLOADER))
        if written.data is None:
            return False
        options = ReadOptions(device=table.device, **BOOTLOADER)
        again = kind.decode(Source("again", written.data), options)
        if [said(t) for t in again.tables] != [said(table)]:
            return False
    return True


def said(table: Table) -> list[object]:
    """What a table says of its partitions, in the order of flash."""

    def facts(p: Partition) -> object:
        return (p.owner, p.extent, p.name, p.role, p.flags)

    return sorted(map(facts, table.partitions), key=repr)


def test_the_count(
    all_samples: list[Sample],
    checked: dict[str, Checked],
    written: dict[str, tuple[bool, bool]],
) -> None:
    count: Counter[tuple[str, str]] = Counter()
    for sample in all_samples:
        result = checked[sample.name]
        count[sample.form, "files"] += 1
        if not result.layouts.tables:
            count[sample.form, "no layout"] += 1
            continue
        refused = any(
            f.severity is Severity.ERROR and f.code.startswith("FMT") for f in result.findings
        )
        count[sample.form, "refused" if refused else "read"] += 1
        count[sample.form, "bytes"] += written[sample.name][0]
        count[sample.form, "values"] += written[sample.name][1]
        count[sample.form, "faults"] += any(
            f.severity is Severity.ERROR and not f.code.startswith("FMT") for f in result.findings
        )
    columns = ("files", "read", "refused", "no layout", "bytes", "values", "faults")
    print("\n" + f"{'format':<14}" + "".join(f"{c:>11}" for c in columns))
    for form in FOLDERS.values():
        print(f"{form:<14}" + "".join(f"{count[form, c]:>11}" for c in columns))
    for form in FOLDERS.values():
        assert count[form, "files"] == sum(count[form, c] for c in ("read", "refused", "no layout"))
    assert sum(count[f, "files"] for f in FOLDERS.values()) == len(all_samples)
