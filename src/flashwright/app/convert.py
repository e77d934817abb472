"""``convert``: the layouts of a file in another format, with all that the format cannot say."""

from __future__ import annotations

from flashwright.app.layout import SPEC_FORMAT
from flashwright.app.read_back import read_back
from flashwright.base.nearest import did_you_mean
from flashwright.diag.finding import error
from flashwright.formats.catalog import FORMATS, format_named
from flashwright.formats.format import Encoded, WriteOptions
from flashwright.model.table import Table


def convert(
    tables: tuple[Table, ...],
    to: str,
    options: WriteOptions = WriteOptions(),  # noqa: B008  (a frozen value)
) -> Encoded:
    """The tables as a file of format ``to``; without bytes where nothing may be written.

    What was written is read back: the findings tell everything that it does not say.
    """
    form = format_named(to)
    if form is None or not form.writes:
        known = [f.name for f in FORMATS if f.writes]
        what = "is only read, never written" if form or to == SPEC_FORMAT else "is not known"
        return Encoded(None, (error("FMT001", f"format `{to}` {what}", did_you_mean(to, known)),))
    if options.base is not None and not (form.edits and form.reads and not form.binary):
        help = "leave out --into: `-o` writes a whole file"
        message = f"format `{to}` is written whole, never into an existing file"
        return Encoded(None, (error("FMT008", message, help),))
    encoded = form.encode(tables, options)
    return read_back(form, tables, encoded, options)
