"""What one update costs: each slot is written once where nothing goes wrong."""

import pytest
from layouts import BLOCK, table

from flashwright.sim.measure import measure
from flashwright.sim.prove import machine_for

SLOT = 8 * BLOCK


@pytest.mark.parametrize(
    ("scheme", "times"),
    [
        ("recommended-single-bank", 2),
        ("recommended-dual-bank", 1),
        ("alios-single-bank", 2),
        ("alios-dual-bank", 1),
        ("esp-idf-ota", 1),
        ("esp-idf-ota-no-rollback", 1),
        ("mcuboot-overwrite", 2),
        ("mcuboot-direct-xip", 1),
    ],
)
def test_an_update_writes_each_slot_as_often_as_its_scheme_says(scheme: str, times: int) -> None:
    machine, _ = machine_for(table(), scheme)
    assert machine is not None
    cost = measure(machine)
    assert cost is not None
    assert times * SLOT - 2 * BLOCK < cost.programmed < times * SLOT + 1024
    assert times * 8 <= cost.erases <= times * 8 + 10
