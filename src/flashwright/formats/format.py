"""What every format of the project is: sources in, tables and findings out, and back.

Laws: a reader never raises for any bytes, never executes anything, never opens a file (what it may
read beside its source is in ``Source.others``), and is bounded in time and memory. A writer refuses
what its format cannot hold; what a written file does not say is found by reading it back
(``app.read_back``), so writers need not list it.
"""

from __future__ import annotations

import importlib

from flashwright.base.record import field, record
from flashwright.diag.finding import Finding, error
from flashwright.model.device import Device
from flashwright.model.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Reader(Protocol):
        """``decode`` of a format's module."""

        def __call__(self, source: Source, options: ReadOptions) -> Decoded:
            """The tables of ``source`` and all findings."""
            ...

    class Writer(Protocol):
        """``encode`` of a format's module."""

        def __call__(self, tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
            """The file that says what the tables say."""
            ...


#: The largest file that a reader looks at, in bytes; a larger text file is a finding (FMT002).
LARGEST_TEXT = 4 << 20


@record()
class Source:
    """A file as bytes, with the path that findings shall name.

    ``others`` are files that it may refer to (headers, overlays), by the path or name that it uses.
    """

    path: str
    data: bytes
    others: Mapping[str, bytes] = field(default_factory=dict)


@record()
class ReadOptions:
    """What the user adds to a file: the device, macros, and facts that the file does not give.

    ``defines`` are ``-D`` macros, ``environment`` the variables that an ESP-IDF CSV may name,
    ``table_offset``, ``bootloader_offset``, ``recovery_offset`` (of the recovery bootloader) and
    ``flash_size`` are bytes, ``secure_boot`` is ``""``, ``v1`` or ``v2``.
    """

    device: Device | None = None
    defines: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    table_offset: int | None = None
    bootloader_offset: int | None = None
    recovery_offset: int | None = None
    flash_size: int | None = None
    secure_boot: str = ""
    extra_subtypes: tuple[str, ...] = ()
    #: The version of the ecosystem's SDK that gives indices their meaning; "" where not known.
    sdk: str = ""


@record()
class WriteOptions:
    """How to write: the version of the ecosystem's SDK, and what the target needs to know.

    ``base`` is an existing file into which the tables are to be written, keeping all else; it is
    read with ``defines``, ``environment`` and the other facts as in ``ReadOptions``.
    """

    sdk: str = ""
    base: Source | None = None
    table_offset: int | None = None
    md5: bool = True
    secure_boot: str = ""
    defines: Mapping[str, str] = field(default_factory=dict)
    flash_size: int | None = None
    bootloader_offset: int | None = None
    recovery_offset: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    extra_subtypes: tuple[str, ...] = ()

    def reading(self, device: Device | None) -> ReadOptions:
        """How to read what was written with these, or what is written into."""
        return ReadOptions(
            device=device,
            defines=self.defines,
            flash_size=self.flash_size,
            sdk=self.sdk,
            table_offset=self.table_offset,
            secure_boot=self.secure_boot,
            bootloader_offset=self.bootloader_offset,
            recovery_offset=self.recovery_offset,
            environment=self.environment,
            extra_subtypes=self.extra_subtypes,
        )


@record()
class Decoded:
    """What a reader found: tables as far as they could be read, and all findings."""

    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()


@record()
class Encoded:
    """What a writer made: the bytes, ``None`` if nothing may be written, and all findings."""

    data: bytes | None
    findings: tuple[Finding, ...] = ()


@record()
class Format:
    """A format: its name, where its module is, how a file of it is recognised.

    ``signatures`` are regular expressions (multi-line, the dot matches all) over the first part of
    a file; the share of them that match is how sure the recognition is. The module is imported when
    the format is used; it has ``decode`` (unless ``reads`` is false) and ``encode`` (unless
    ``writes`` is false). ``edits`` is false where ``encode`` knows no ``WriteOptions.base``; so do
    all formats that are binary or only written.
    """

    name: str
    title: str
    module: str
    suffixes: tuple[str, ...]
    signatures: tuple[bytes, ...] = ()
    reads: bool = True
    writes: bool = True
    binary: bool = False
    edits: bool = True

    def decode(self, source: Source, options: ReadOptions) -> Decoded:
        """The tables of ``source``, as the real system would read them."""
        reader: Reader = importlib.import_module(self.module).decode
        return reader(source, options)

    def encode(self, tables: tuple[Table, ...], options: WriteOptions) -> Encoded:
        """The tables as a file of this format."""
        writer: Writer = importlib.import_module(self.module).encode
        return writer(tables, options)


def only_one_table(form: str, tables: tuple[Table, ...]) -> Finding:
    """The finding for a format that holds one table only."""
    help = "give a spec with one configuration, or a file with one table"
    return error("FMT014", f"a {form} file holds one table, here are {len(tables)}", help)
