"""The verbs as functions."""

from pathlib import Path

import pytest

from flashwright import api

ROOT = Path(__file__).resolve().parents[2]
WORKED = ROOT / "examples/esp8266-2m/flash.toml"
BROKEN = ROOT / "examples/esp8266-2m/broken.toml"


def test_plan_and_check_show_themselves_in_a_notebook() -> None:
    planned = api.plan(WORKED)
    names = [p.name for p in planned.layouts.tables[0].partitions]
    assert names[:3] == ["bootloader", "application", "ota_temp"]
    assert "<svg" in planned._repr_html_() and "<svg" in planned.layouts.layouts[0]._repr_html_()
    found = {f.code for f in api.check(BROKEN).findings}
    assert "GEO106" in found


def test_draw_convert_device_explain() -> None:
    assert api.draw(WORKED).startswith("<svg")
    assert "application" in api.draw(WORKED, to="terminal")
    assert api.draw(WORKED, to="html").startswith("<!doctype html>")
    with pytest.raises(ValueError, match="'gif'"):
        api.draw(WORKED, to="gif")
    data = api.convert(WORKED, to="alios-c", sdk="3.0").data
    assert data is not None and b"HAL_PARTITION_OTA_TEMP" in data
    assert api.device("stm32f429zi").flashes[0].size == 2 << 20
    for name in ("esp8266", "nosuchchip"):
        with pytest.raises(KeyError, match=name):
            api.device(name)
    page = api.explain("GEO101")
    assert page is not None and page.name == "overlap"
    assert api.explain("GEO999") is None
