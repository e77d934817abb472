"""The flashes of a Zephyr devicetree: their names here, and their geometry as far as it is said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flashwright.formats.zephyr_dts_nodes import DtNode, Tree
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash, Overwrite

#: Bytes that every SPI NOR flash with JEDEC commands can erase at once (command 0x20).
_SPI_NOR_ERASE = 4096
_KINDS = (
    ("soc-nv-flash", "embedded"),
    ("nordic,qspi-nor", "qspi"),
    ("st,stm32-qspi-nor", "qspi"),
    ("st,stm32-ospi-nor", "qspi"),
    ("jedec,spi-nor", "spi"),
)
#: A flash in RAM.
_SIMULATED = "zephyr,sim-flash"
#: Labels that SoC files of Zephyr give the memory that holds code (RRAM: nRF54L, MRAM: nRF54H).
_INTERNAL = re.compile(
    r"flash_?0?|(?:cpuapp_)?(?:rram|mram)(?:0|1x)?|(?:code|program|main)_?flash0?"
)


@dataclass(frozen=True, slots=True)
class FlashNode:
    """A flash: its name here, the label of its node, and its geometry if it is known."""

    owner: str
    label: str | None
    flash: Flash | None


def flash_node(node: DtNode | None, taken: set[str], device: Device | None) -> FlashNode:
    """What ``node`` says of a flash; ``taken`` are the names of the other ones."""
    if node is None or not node.name:
        return FlashNode("embedded", None, None)  # that of a partition whose flash is not given
    label = node.labels[0] if node.labels else None
    base, size, erase = _geometry(node)
    owner = _owner(node, label, taken, base, device)
    if size is None or erase is None or size < erase or size % erase:
        return FlashNode(owner, label, None)
    program = node.number("write-block-size") or 1
    once = Overwrite.ONCE if program >= 8 else Overwrite.CLEAR_BITS
    runs = (EraseRun(size // erase, erase),)
    source = f"devicetree node {node.name}"
    flash = Flash(owner, base, runs, max(1, program), overwrite=once, source=source)
    return FlashNode(owner, label, flash)


def device_of(tree: Tree, flashes: list[FlashNode]) -> Device | None:
    """The device that the flashes make up; ``None`` unless the geometry of all is known."""
    known = tuple(f.flash for f in flashes if f.flash is not None)
    if not known or len(known) < len(flashes):
        return None
    said = tree.root.text("compatible") or tree.root.text("model") or "devicetree"
    name = re.sub(r"[^\w-]+", "-", said.lower()).strip("-") or "devicetree"
    first = next((f.name for f in known if f.name == "embedded"), known[0].name)
    title = tree.root.text("model") or said
    return Device(name, "", title, "", known, BootFacts(first), source="the devicetree itself")


def _geometry(node: DtNode) -> tuple[int | None, int | None, int | None]:
    """CPU address, size in bytes and erase block of a flash, each ``None`` if not said."""
    erase = node.number("erase-block-size")
    bits = node.number("size")
    if bits is not None and not node.is_a("soc-nv-flash"):
        return None, bits // 8, erase or _SPI_NOR_ERASE
    cells = [c.value for c in node.cells("reg")]
    numbers = [v for v in cells if isinstance(v, int)]
    if len(numbers) < len(cells) or len(cells) not in (2, 3, 4):
        return None, None, erase
    if len(numbers) == 2:
        return numbers[0], numbers[1], erase
    high = numbers[0] << 32 | numbers[1]
    return high, numbers[-1] if len(numbers) == 3 else numbers[2] << 32 | numbers[3], erase


def _owner(
    node: DtNode, label: str | None, taken: set[str], base: int | None, device: Device | None
) -> str:
    kind = next((name for binding, name in _KINDS if node.is_a(binding)), "")
    if any(up.is_a(_SIMULATED) for up in node.ancestors()):
        kind = ""
    elif not kind and base is not None:
        flashes = device.flashes if device is not None else ()
        kind = next((f.name for f in flashes if f.base == base), "")
    if not kind and (base is None or device is not None):
        kind = "embedded" if _INTERNAL.fullmatch(label or "") else ""
    if kind and kind not in taken:
        return kind
    plain = label or re.sub(r"\W+", "_", node.name).strip("_") or "flash"
    number, name = 2, plain
    while name in taken:
        name, number = f"{plain}_{number}", number + 1
    return name
