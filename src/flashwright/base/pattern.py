"""Regular expressions that are compiled when they are first used, not when a module is imported.

Compiling one takes as long as importing a module, and of the expressions of all modules that a
command imports it uses few.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any


class _Late:
    """Stands for a ``re.Pattern``: has its methods and attributes, from the first use on."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        import re

        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)  # so that this function is not asked again
        return found


def late(text: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` gives, but compiled at the first use; faults of ``text`` show then."""
    return _Late(text, flags)  # type: ignore[return-value]
