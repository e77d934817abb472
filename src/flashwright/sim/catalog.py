"""The schemes that can be proven, on one page: a name, a title, and a table's way to a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flashwright.model.mcuboot import Mode
from flashwright.model.table import Role
from flashwright.model.update import Payload
from flashwright.sim.machine import Machine
from flashwright.sim.site import Site, usable


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A scheme that can be proven. ``build`` returns ``None`` if it has reported findings."""

    name: str
    title: str
    build: Callable[[Site], Machine | None]


def blueprint(name: str) -> Blueprint | None:
    """The blueprint of that name, ``None`` if there is none."""
    return next((b for b in BLUEPRINTS if b.name == name), None)


def _recommended_single(site: Site) -> Machine | None:
    from flashwright.sim.recommended_single import RecommendedSingleBank

    pair = site.pair()
    record = site.need("a boot record", Role.BOOT_RECORD, blocks=2)
    if pair is None or record is None:
        return None
    size = site.image_size(*pair)
    return RecommendedSingleBank(site.board, *pair, record, size)


def _recommended_dual(site: Site) -> Machine | None:
    from flashwright.sim.recommended_dual import RecommendedDualBank

    pair = site.pair()
    record = site.need("a boot record", Role.BOOT_RECORD, blocks=2)
    if pair is None or record is None:
        return None
    size = site.image_size(*pair)
    return RecommendedDualBank(site.board, *pair, record, size)


def _alios_single(site: Site) -> Machine | None:
    from flashwright.sim.alios_single import AliosSingleBank

    pair = site.pair()
    record = site.need("the record in PARAMETER_1", Role.BOOT_RECORD)
    if pair is None or record is None:
        return None
    app, ota = pair
    update = site.update
    payload = update.payload if update else Payload.WHOLE
    slice_size = (update.slice if update else 0) or 0x10000
    if payload is Payload.WHOLE:
        return AliosSingleBank(site.board, app, ota, record, site.image_size(app, ota))
    room = ota.size if payload is Payload.COMPRESSED else ota.size - slice_size
    if room <= 0:
        site.too_small(ota, slice_size + ota.blocks[0].size)
        return None
    return AliosSingleBank(
        site.board,
        app,
        ota,
        record,
        site.image_size(app),
        payload=payload,
        payload_size=usable(min(room, (update.payload_size if update else 0) or room), ota.unit),
        slice_size=slice_size,
    )


def _alios_dual(site: Site) -> Machine | None:
    from flashwright.sim.alios_dual import AliosDualBank

    pair = site.pair()
    record = site.need("the record in PARAMETER_1", Role.BOOT_RECORD)
    if pair is None or record is None:
        return None
    size = site.image_size(*pair)
    return AliosDualBank(site.board, *pair, record, size)


def _alios_swap(site: Site) -> Machine | None:
    from flashwright.sim.alios_swap import AliosSwap

    pair = site.pair()
    record = site.need("the record in PARAMETER_1", Role.BOOT_RECORD)
    back = site.need("RECOVERY_BACK_PARA", Role.SCRATCH, blocks=2)
    if pair is None or record is None or back is None:
        return None
    largest = max(b.size for area in pair for b in area.blocks)
    if (
        any(b.size != largest for area in pair for b in area.blocks)
        or back.blocks[1].size < largest
    ):
        site.uneven(pair[0], largest)
        return None
    size = site.image_size(*pair)
    return AliosSwap(site.board, *pair, record, back, size)


def _esp8266(site: Site) -> Machine | None:
    from flashwright.sim.esp8266_flag import Esp8266Flag

    pair = site.pair()
    system = site.reserved("system-parameters", 3)
    if pair is None or system is None:
        return None
    size = site.image_size(*pair)
    return Esp8266Flag(site.board, *pair, system, size)


def _alios_kv(site: Site) -> Machine | None:
    from flashwright.sim.alios_kv import AliosKv

    kv = site.need("a KV store", Role.KV, blocks=2)
    return AliosKv(site.board, kv) if kv is not None and site.starts_clean(kv) else None


def _esp_idf(site: Site, *, rollback: bool) -> Machine | None:
    from flashwright.sim.espidf_otadata import EspIdfOta

    otadata = site.need("otadata", Role.BOOT_RECORD, blocks=2)
    slots = [site.area(p) for p in site.partitions(Role.APPLICATION, Role.OTA_TEMP)]
    factory = [site.area(p) for p in site.partitions(Role.FACTORY)[:1]]
    if len(slots) < 2:
        site.need("an OTA slot", Role.APPLICATION)
        site.need("a second OTA slot", Role.OTA_TEMP)
    if otadata is None or site.findings:
        return None
    areas = tuple(a for a in slots if a is not None)
    home = next((a for a in factory if a is not None), None)
    size = site.image_size(*areas, *((home,) if home else ()))
    return EspIdfOta(site.board, areas, otadata, size, factory=home, rollback=rollback)


def _mcuboot(site: Site, mode: Mode, *, hardened: bool = False) -> Machine | None:
    from flashwright.sim.mcuboot_site import mcuboot

    return mcuboot(site, mode, hardened=hardened)


def _mcuboot_blueprints() -> tuple[Blueprint, ...]:
    """MCUboot's modes, and its swaps with the repairs that its source lacks."""
    found = []
    for mode, title in (
        (Mode.OVERWRITE, "MCUboot overwrite-only"),
        (Mode.SWAP_SCRATCH, "MCUboot swap through a scratch area"),
        (Mode.SWAP_MOVE, "MCUboot swap by moving up one erase block"),
        (Mode.SWAP_OFFSET, "MCUboot swap with the update one erase block up"),
        (Mode.DIRECT_XIP, "MCUboot direct-XIP with revert"),
    ):
        name = f"mcuboot-{mode}"
        found.append(Blueprint(name, title, partial(_mcuboot, mode=mode)))
        if mode not in (Mode.OVERWRITE, Mode.DIRECT_XIP):
            hardened = partial(_mcuboot, mode=mode, hardened=True)
            found.append(Blueprint(f"{name}-hardened", f"{title}, torn trailers mended", hardened))
    return tuple(found)


BLUEPRINTS: tuple[Blueprint, ...] = (
    Blueprint(
        "recommended-single-bank",
        "recommended: copy over the application, a record in two erase blocks",
        _recommended_single,
    ),
    Blueprint(
        "recommended-dual-bank",
        "recommended: two slots take turns, a record in two erase blocks",
        _recommended_dual,
    ),
    Blueprint(
        "alios-single-bank",
        "AliOS Things 3.x: the second boot copies OTA TMP over the application",
        _alios_single,
    ),
    Blueprint(
        "alios-dual-bank",
        "AliOS Things: two banks take turns, a boot count takes back what fails",
        _alios_dual,
    ),
    Blueprint(
        "alios-swap",
        "AliOS Things 2.1: application and OTA TMP are swapped through a backup block",
        _alios_swap,
    ),
    Blueprint("esp8266-flag", "ESP8266: user1 and user2, as the upgrade flag says", _esp8266),
    Blueprint("alios-kv", "AliOS Things KV store: setting a key, garbage collection", _alios_kv),
    Blueprint(
        "esp-idf-ota", "ESP-IDF otadata with rollback", lambda site: _esp_idf(site, rollback=True)
    ),
    Blueprint(
        "esp-idf-ota-no-rollback",
        "ESP-IDF otadata without rollback",
        lambda site: _esp_idf(site, rollback=False),
    ),
    *_mcuboot_blueprints(),
)
