"""Renew what is generated: the published schema of flash.toml and the reference of findings.

``--check`` writes nothing and exits with 1 where a file is not up to date (a test runs that).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flashwright.app.explain import reference
from flashwright.formats.device_keys import device_schemas
from flashwright.formats.flash_keys import flash_toml_schema

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    schema = json.dumps(flash_toml_schema(device_schemas()), indent=2) + "\n"
    return {
        ROOT / "src/flashwright/schemas/flash.schema.json": schema,
        ROOT / "docs/reference/findings.md": reference(),
    }


def main(arguments: list[str]) -> int:
    """Write the files, or say which are old."""
    old = []
    for path, text in generated().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        old.append(path)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in old:
        print(("old: " if "--check" in arguments else "wrote ") + str(path.relative_to(ROOT)))
    return 1 if old and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
