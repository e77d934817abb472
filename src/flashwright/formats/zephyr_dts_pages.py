"""Manual pages of what the Zephyr devicetree reader and writer report."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE


def _page(code: str, name: str, severity: Severity, line: str, fix: str, why: str = "") -> Page:
    reason = f"\n## Why it matters\n{why}\n" if why else ""
    return page(code, name, severity, f"{line}\n{reason}\n## How to fix\n{fix}\n")


PAGES: tuple[Page, ...] = (
    _page(
        "FMT170",
        "dts-too-complex",
        _E,
        "A devicetree is larger, or nested deeper, than is read.",
        "Files have at most 1 MiB, nodes lie at most 60 deep, includes 20 deep, and all files\n"
        "together have at most 50 000 nodes, properties and cells.",
    ),
    _page(
        "FMT171",
        "no-dts-partitions",
        _E,
        "There are no flash partitions in a devicetree.",
        "Give the file with the node `partitions`, or its includes with `-I`.",
    ),
    _page(
        "FMT172",
        "label-of-another-file",
        _E,
        "An overlay changes or deletes a partition that is defined in a file which was not given.",
        "Give the board's `.dts` together with the overlay.",
        "An error where the overlay gives a `reg` to what is called like a partition: the table\n"
        "lacks it. A note where the label may be anything (`&sram0_s`).",
    ),
    _page(
        "FMT173",
        "dts-value-not-in-file",
        _E,
        "The `reg` of a partition depends on a macro that nothing defines.",
        "Pass `-D NAME=VALUE`, or `-I` with the directory of the included files.",
    ),
    _page(
        "FMT174",
        "mapped-without-ranges",
        _W,
        "A `zephyr,mapped-partition` lies in a node that has no `ranges` for it.",
        "Add `ranges;` to the node that groups the partitions.",
        "The build gives no error; the partition resolves to its bare offset, and code runs from\n"
        "or writes to another place than the flash.",
    ),
    _page(
        "FMT175",
        "unit-address",
        _W,
        "The unit address of a partition node differs from its `reg`.",
        "Rename the node, or correct `reg`: it is `reg` that counts.",
    ),
    _page(
        "FMT176",
        "dts-reg",
        _E,
        "A partition has no `reg`, or one that is no address and size.",
        "Write `reg = <OFFSET SIZE>;` with the cells that `#address-cells` and `#size-cells` say.",
    ),
    _page(
        "FMT178",
        "ranges-of-flash",
        _W,
        "A flash with mapped partitions does not say where the CPU sees it.",
        "Write `ranges = <0x0 BASE SIZE>;` in the flash node.",
    ),
    _page(
        "FMT179",
        "several-boards",
        _W,
        "Several boards are given with one overlay, so that none is taken.",
        "Give one `.dts`.",
    ),
    _page(
        "FMT180",
        "dts-branch-left-out",
        _N,
        "A part of a devicetree was left out or taken because a macro is not defined.",
        "Pass `-D NAME` as the build does.",
    ),
    _page(
        "FMT182",
        "malformed-dts",
        _W,
        "There is a syntax error in a devicetree; what stands there may be lost.",
        "Mend the text; dtc names the same line.",
    ),
    _page(
        "FMT185",
        "label-of-flash",
        _N,
        "The node label of a flash is not known, and the usual one is written.",
        "Look up the label in the board's files (`flash0` for most) and change the overlay.",
    ),
    _page(
        "FMT186",
        "dts-style",
        _E,
        "There is no such style of partitions and no such release of Zephyr.",
        "Use `fixed`, `mapped`, or a release such as `4.4`.",
    ),
    _page(
        "FMT187",
        "dts-same-name",
        _E,
        "Two partitions have one name, and would get one node label.",
        "Rename one of them.",
    ),
    _page(
        "FMT189",
        "dts-one-table",
        _E,
        "An overlay holds exactly one layout.",
        "Write each table to a file of its own.",
    ),
    _page(
        "FMT190",
        "dts-not-edited",
        _E,
        "An existing devicetree file cannot be given that layout without saying something else.",
        "Give what the file includes, and the board of an overlay, with `-I DIR`; or write an\n"
        "overlay to a new file.",
    ),
    _page(
        "FMT191",
        "dts-expression-replaced",
        _W,
        "A macro or an expression in a `reg` or `ranges` was replaced by a number.",
        "Look at what else uses the names in it: they keep their values.",
    ),
    _page(
        "FMT192",
        "dts-node-removed",
        _N,
        "A node was taken out of an existing file, or is deleted there with `/delete-node/`.",
        "Nothing, unless other files name it.",
    ),
    _page(
        "FMT193",
        "dts-new-nodes",
        _N,
        "Nodes were added to an existing file. A node of another file that has to move is deleted\n"
        "and written anew, because its unit address is part of its name.",
        "Nothing.",
    ),
    _page(
        "FMT194",
        "dts-dangling-label",
        _W,
        "The file names a node that is gone (`chosen`, an alias, a property).",
        "Name another node there, or remove the line; dtc refuses the file as it is.",
    ),
    _page(
        "FMT195",
        "dts-label-renamed",
        _N,
        "A node label was changed, with every `&label` of the file.",
        "Change it in other devicetree files and in C code (`FIXED_PARTITION_ID`) as well.",
    ),
    _page(
        "FMT196",
        "dts-properties-lost",
        _W,
        "A node was written anew at another place, without some properties of the old one.",
        "Add to the new node what it needs of them.",
    ),
)
