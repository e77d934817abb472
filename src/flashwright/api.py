"""The verbs as functions, for programs and notebooks: paths in, values out; nothing is printed.

``plan`` and ``check`` answer with an object that shows its maps in a notebook::

    from flashwright import api

    plan = api.plan("flash.toml")
    table = plan.layouts.tables[0]
    for finding in api.check("board.c", device="esp8266:2m-1024").findings:
        print(finding.code, finding.place, finding.message)

Files that cannot be read raise ``FileFaultError``; everything else that is wrong is in ``findings``
of the result.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from flashwright.app import check as check_verb
from flashwright.app import plan as plan_verb
from flashwright.app.check import Checked
from flashwright.app.convert import convert as convert_tables
from flashwright.app.explain import explain as page_of
from flashwright.diag.page import Page
from flashwright.formats.format import Encoded, ReadOptions, WriteOptions
from flashwright.host.catalogue import Catalogue
from flashwright.host.files import read_source
from flashwright.model.device import Device


def plan(path: str | os.PathLike[str]) -> Checked:
    """Plan the spec at ``path``: its tables with reasons, and all findings."""
    return plan_verb.plan(read_source(os.fspath(path)), Catalogue())


def check(
    path: str | os.PathLike[str],
    *,
    device: str | None = None,
    form: str | None = None,
    defines: Mapping[str, str] | None = None,
    flash_size: int | None = None,
    table_offset: int | None = None,
) -> Checked:
    """Read the layouts at ``path`` and check them.

    ``device`` is an id of the catalogue (``KeyError`` if unknown or ambiguous), ``form`` the name
    of the format, ``defines`` macros for C sources, ``flash_size`` and ``table_offset`` in bytes.
    """
    catalogue = Catalogue()
    options = ReadOptions(
        device=_device(device, catalogue) if device else None,
        defines=dict(defines or {}),
        environment=dict(os.environ),
        flash_size=flash_size,
        table_offset=table_offset,
    )
    return check_verb.check(read_source(os.fspath(path)), catalogue, options, form)


def draw(path: str | os.PathLike[str], *, to: str = "svg", device: str | None = None) -> str:
    """The map of the layouts at ``path`` as ``svg`` (of the first), ``html`` or ``terminal``."""
    result = check(path, device=device)
    tables = result.layouts.tables
    if to == "html":
        from flashwright.draw.html import html

        return html(tables, result.findings)
    if to == "terminal":
        from flashwright.draw.terminal import terminal

        return "\n".join(terminal(table, result.findings) for table in tables)
    if to == "svg":
        from flashwright.draw.svg import svg

        return svg(tables[0], result.findings) if tables else ""
    raise ValueError(f"{to!r} is not one of 'svg', 'html', 'terminal'")


def convert(
    path: str | os.PathLike[str], *, to: str, sdk: str = "", device: str | None = None
) -> Encoded:
    """The layouts at ``path`` as a file of format ``to``, with what the format cannot say."""
    result = check(path, device=device)
    encoded = convert_tables(result.layouts.tables, to, WriteOptions(sdk=sdk))
    return Encoded(encoded.data, (*result.findings, *encoded.findings))


def device(name: str) -> Device:
    """The device ``name`` or ``name:configuration``; ``KeyError`` if unknown or ambiguous."""
    return _device(name, Catalogue())


def explain(code: str) -> Page | None:
    """The manual page of a finding's code, ``None`` if no finding has it."""
    return page_of(code)


def _device(name: str, catalogue: Catalogue) -> Device:
    found = catalogue.find(name)
    if len(found) != 1:
        known = ", ".join(d.id for d in found) or "none"
        raise KeyError(f"{name!r} is not one device of the catalogue; matching: {known}")
    return found[0]
