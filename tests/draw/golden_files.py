"""Golden files: what a drawing was when somebody last looked at it.

``FLASHWRIGHT_RENEW=1 pytest tests/draw`` writes them anew; look at them before you commit them.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def is_golden(name: str, drawn: str) -> bool:
    """Whether ``drawn`` is what the golden file ``name`` holds."""
    path = _FOLDER / name
    if os.environ.get("FLASHWRIGHT_RENEW"):
        path.write_text(drawn, encoding="utf-8", newline="\n")
    return path.read_text(encoding="utf-8") == drawn
