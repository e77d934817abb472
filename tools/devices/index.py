"""Write ``devices/index.json``: which device file holds which names, so that one file is read.

Usage: python tools/devices/index.py
"""

from __future__ import annotations

import json

from writing import DEVICES


def main() -> None:
    families = {}
    seen: dict[str, str] = {}
    for path in sorted(DEVICES.glob("*.json")):
        if path.name == "index.json":
            continue
        names = sorted(
            name.casefold() for e in json.loads(path.read_text())["devices"] for name in e["names"]
        )
        for name in names:
            if " " in name:
                raise SystemExit(f"{path.name}: a space in the name {name!r}")
            if name in seen:
                raise SystemExit(f"{name} is in {seen[name]} and in {path.name}")
            seen[name] = path.name
        families[path.stem] = names
    lines = ",\n".join(
        f" {json.dumps(family)}: {json.dumps(' '.join(names))}"
        for family, names in families.items()
    )
    (DEVICES / "index.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(len(seen), "devices in", len(families), "files")


if __name__ == "__main__":
    main()
