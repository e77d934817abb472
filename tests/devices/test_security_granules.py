"""What TrustZone splits of Nordic's flashes: known of the device, and held to by SEC601."""

from __future__ import annotations

import pytest

from flashwright.base.extent import Extent
from flashwright.host.catalogue import Catalogue
from flashwright.model.table import Partition, Role, Table
from flashwright.rules.catalog import run


@pytest.mark.parametrize(
    ("name", "granule"),
    [
        ("nRF9160", 0x8000),
        ("nRF9161", 0x8000),
        ("nRF5340", 0x4000),
        ("nRF54L05", 0x1000),
        ("nRF54L10", 0x1000),
        ("nRF54L15", 0x1000),
        ("nRF52840", 0),
    ],
)
def test_granules_of_the_chips(name: str, granule: int):
    flash = Catalogue().find(name)[0].flashes[0]
    assert flash.security_granule == granule
    assert not granule or "security granule" in flash.source


@pytest.mark.parametrize(("border", "codes"), [(0x8000, set()), (0x9000, {"SEC601"})])
def test_a_border_off_the_granule_is_found(border: int, codes: set[str]):
    (chip,) = Catalogue().find("nRF9160")
    parts = (
        Partition("tfm_secure", Role.APPLICATION, "embedded", Extent(0, border), 0),
        Partition("app_ns", Role.APPLICATION, "embedded", Extent.of(border, 0x40000), border),
    )
    found = {f.code for f in run(Table("pm_static", parts, chip))}
    assert found & {"SEC601"} == codes
