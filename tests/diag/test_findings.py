"""Findings: in flash order, and told in every form."""

import json

from flashwright.base.extent import Extent
from flashwright.diag.as_github import findings_as_github
from flashwright.diag.as_json import finding_as_json
from flashwright.diag.as_sarif import findings_as_sarif
from flashwright.diag.as_text import count_line, findings_as_text
from flashwright.diag.finding import Finding, InFlash, Place, Severity, in_order, worst
from flashwright.diag.page import page

OVERLAP = Finding(
    "GEO101",
    Severity.ERROR,
    "`b` overlaps `a` by 0x1000 bytes",
    "move `b` up to 0x2000",
    Place("board.c", 31, 5),
    InFlash("embedded", Extent(0x1000, 0x2000)),
    (Place("board.c", 30, 5),),
    {"overlap": 0x1000},
)
HOLE = Finding("GEO110", Severity.NOTE, "a hole", where=InFlash("embedded", Extent(0, 0x1000)))
WIDE = Finding("SPC001", Severity.WARNING, "about\nthe file: 100%, \x1b[31m")


def test_they_come_in_flash_order_without_duplicates() -> None:
    assert in_order([OVERLAP, HOLE, WIDE, OVERLAP]) == (WIDE, HOLE, OVERLAP)
    assert worst([HOLE, WIDE]) is Severity.WARNING
    assert worst([]) is None


def test_text_is_one_line_with_help_below() -> None:
    text = findings_as_text([OVERLAP, OVERLAP])
    assert text.splitlines()[:4] == [
        "board.c:31:5: error[GEO101] `b` overlaps `a` by 0x1000 bytes",
        "  help: move `b` up to 0x2000",
        "  see:  board.c:30:5",
        "  more: flashwright explain GEO101",
    ]
    assert text.count("more:") == 1
    assert "\x1b" not in findings_as_text([WIDE])
    assert count_line([OVERLAP, HOLE, HOLE]) == "1 error, 2 notes"
    assert count_line([]) == "no findings"


def test_json_has_numbers_as_numbers() -> None:
    value = json.loads(json.dumps(finding_as_json(OVERLAP)))
    assert (value["line"], value["start"], value["end"]) == (31, 0x1000, 0x2000)
    assert value["facts"] == {"overlap": 4096}
    assert finding_as_json(WIDE)["start"] is None


def test_sarif_names_rule_level_and_place() -> None:
    manual = page("GEO101", "overlap", Severity.ERROR, "Two partitions claim the same bytes.")
    run = findings_as_sarif([OVERLAP, HOLE], [manual], "1.0")["runs"][0]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["GEO101", "GEO110"]
    assert run["results"][0]["ruleIndex"] == 0
    assert run["results"][1]["level"] == "note"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 31, "startColumn": 5}


def test_github_commands_escape_what_would_end_them() -> None:
    first, second = findings_as_github([OVERLAP, WIDE]).splitlines()
    assert first.startswith("::error file=board.c,line=31,col=5,title=GEO101::`b` overlaps")
    assert "about%0Athe file: 100%25" in second


def test_a_page_knows_its_examples() -> None:
    manual = page(
        "X1",
        "x",
        Severity.NOTE,
        """One line.

        ## Example
        ```toml
        a = 1
        ```

        ## Sound
        ```toml
        a = 2
        ```
        """,
    )
    assert manual.summary == "One line."
    assert manual.examples == {"Example": "a = 1\n", "Sound": "a = 2\n"}
