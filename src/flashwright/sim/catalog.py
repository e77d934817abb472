"""The schemes that can be proven, on one page: a name, a title, and a table's way to a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    size = usable(min(pair[0].size, pair[1].size), max(pair[0].unit, pair[1].unit))
    return RecommendedSingleBank(site.board, *pair, record, size)


def _recommended_dual(site: Site) -> Machine | None:
    from flashwright.sim.recommended_dual import RecommendedDualBank

    pair = site.pair()
    record = site.need("a boot record", Role.BOOT_RECORD, blocks=2)
    if pair is None or record is None:
        return None
    size = usable(min(pair[0].size, pair[1].size), max(pair[0].unit, pair[1].unit))
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
    whole = usable(min(app.size, ota.size), app.unit)
    if payload is Payload.WHOLE:
        return AliosSingleBank(site.board, app, ota, record, whole)
    room = ota.size if payload is Payload.COMPRESSED else ota.size - slice_size
    if room <= 0:
        site.too_small(ota, slice_size + ota.blocks[0].size)
        return None
    return AliosSingleBank(
        site.board,
        app,
        ota,
        record,
        usable(app.size, app.unit),
        payload=payload,
        payload_size=usable(min(room, (update.payload_size if update else 0) or room), ota.unit),
        slice_size=slice_size,
    )


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
    size = min(a.size for a in (*areas, *((home,) if home else ())))
    size = usable(size, areas[0].unit)
    return EspIdfOta(site.board, areas, otadata, size, factory=home, rollback=rollback)


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
        "esp-idf-ota", "ESP-IDF otadata with rollback", lambda site: _esp_idf(site, rollback=True)
    ),
    Blueprint(
        "esp-idf-ota-no-rollback",
        "ESP-IDF otadata without rollback",
        lambda site: _esp_idf(site, rollback=False),
    ),
)
