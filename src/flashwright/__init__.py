"""Plan, check, draw, write, evolve and prove flash layouts of devices updated over the air.

The verbs as functions; each takes the path of a file and does what the command of its name does::

    flashwright.plan("flash.toml")
    flashwright.check("board.c", device="esp8266:2m-1024")
    flashwright.draw("partitions.csv", to="svg")
    flashwright.convert("flash.toml", to="alios-c")
    flashwright.device("stm32f429zi")
    flashwright.explain("GEO101")

They are functions of ``flashwright.host.api``, imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flashwright.host.api import check, convert, device, draw, explain, plan

__all__ = ["check", "convert", "device", "draw", "explain", "plan"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'flashwright' has no attribute {name!r}")
    from flashwright.host import api

    return getattr(api, name)
