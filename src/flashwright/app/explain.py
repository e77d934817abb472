"""``explain``: the manual page of a code, from the place where the code is reported."""

from __future__ import annotations

import importlib

from flashwright.diag.page import Page

#: Modules that report codes of their own; each has ``PAGES``.
_MODULES = (
    "flashwright.app.layout",
    "flashwright.app.check",
    "flashwright.app.shell_pages",
    "flashwright.app.read_back",
    "flashwright.evolve.agree.pages",
    "flashwright.formats.ld_memory",
    "flashwright.formats.mcuboot_flash_map",
    "flashwright.formats.rust_memory_x",
    "flashwright.evolve.catalog",
    "flashwright.formats.bouffalo_toml",
    "flashwright.formats.picotool_json",
    "flashwright.formats.infineon_json",
    "flashwright.formats.json_source",
    "flashwright.formats.mtdparts_pages",
    "flashwright.formats.fal_pages",
    "flashwright.formats.alios_c_pages",
    "flashwright.formats.zephyr_dts_pages",
    "flashwright.formats.yaml_source",
    "flashwright.formats.nrf_pm_static",
    "flashwright.formats.mynewt_bsp",
    "flashwright.formats.beken_csv",
    "flashwright.formats.symbols",
    "flashwright.planner.pages",
    "flashwright.sim.pages",
    "flashwright.formats.toml_source",
    "flashwright.formats.dump",
    "flashwright.formats.esp_idf_pages",
    "flashwright.formats.keys",
    "flashwright.formats.flash_toml",
    "flashwright.formats.device_data",
    "flashwright.formats.own_json",
)


def pages() -> tuple[Page, ...]:
    """Every manual page, by code."""
    from flashwright.rules.catalog import pages as rule_pages

    found = list(rule_pages())
    for name in _MODULES:
        found.extend(importlib.import_module(name).PAGES)
    return tuple(sorted(found, key=lambda p: p.code))


def explain(code: str) -> Page | None:
    """The page of ``code`` (or of the rule of that name), in any case; ``None`` if unknown."""
    wanted = code.strip().casefold()
    return next((p for p in pages() if wanted in (p.code.casefold(), p.name.casefold())), None)


def reference() -> str:
    """All pages as one Markdown document: the reference of the docs."""
    parts = ["# Findings\n"]
    for page in pages():
        body = "\n".join(
            f"#{line}" if line.startswith("## ") else line for line in page.text.splitlines()
        )
        parts.append(f"## {page.code} `{page.name}` ({page.severity.word})\n\n{body}\n")
    return "\n".join(parts)
