"""The preprocessor: a C file and the macros given from outside, to one text of placed tokens.

See ``c_source`` for the laws, ``c_pcpp`` for how they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from flashwright.formats.c_source import CText
from flashwright.formats.format import Source

#: The most tokens that are read and made by expansion, over all included files.
LARGEST_WORK = 300_000


def preprocessed(
    source: Source, defines: Mapping[str, str], arrays: frozenset[str] = frozenset()
) -> CText:
    """``source`` after preprocessing with ``defines`` (name to text, as ``-D`` gives them).

    A macro named in ``arrays`` is read as ``int NAME[] = <its text>;``, behind all else: so do
    tables that are given as a macro keep the places of what is in them.

    Raises ``TooMuchError`` where a limit of ``c_source`` or ``LARGEST_WORK`` is passed.
    """
    from flashwright.formats.c_pcpp import Bounded

    preprocessor = Bounded(source, arrays, LARGEST_WORK)
    for name, value in defines.items():
        preprocessor.define_from_outside(name, value)
    return preprocessor.result()
