"""Plans of `migrate` under any cuts: real ones hold, and those broken on purpose do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import flash

from flashwright.base.extent import Extent
from flashwright.evolve.compare.field import FieldFacts
from flashwright.evolve.migrate.migration import Migration, Move, WriteRecord, WriteTable
from flashwright.evolve.migrate.plan import migrate
from flashwright.flash.faults import FaultModel
from flashwright.flash.operations import Erase
from flashwright.host.catalogue import Catalogue
from flashwright.model.alios import PREFIX, index_of, role_of
from flashwright.model.device import BootFacts, Device
from flashwright.model.geometry import EraseRun, Flash
from flashwright.model.schemes import scheme
from flashwright.model.table import Partition, Role, Table
from flashwright.model.update import Update
from flashwright.sim.migrating import migrating
from flashwright.sim.prove import Verdict, prove_machine, replay
from flashwright.sim.stepper import Stepper

K = 1024


def alios(device, mode, *rows):
    chosen = scheme(mode)
    found = tuple(
        Partition(
            symbol.lower(),
            role_of(symbol),
            device.flashes[0].name,
            Extent.of(offset, size),
            offset,
            index=index_of(symbol, "3.0"),
            id=PREFIX + symbol,
        )
        for symbol, offset, size in rows
    )
    return Table("board", found, device, Update(chosen, sdk="3.0"), "alios-c")


def esp8266(ota, *data):
    (device,) = Catalogue().find("esp8266", "2m-1024")
    fixed = (
        ("BOOTLOADER", 0, 4 * K),
        ("APPLICATION", 0x1000, 960 * K),
        ("OTA_TEMP", 0x101000, ota),
    )
    return alios(device, "alios-dual-bank", *fixed, ("PARAMETER_1", 0x1F6000, 4 * K), *data)


OLD = esp8266(
    960 * K,
    ("PARAMETER_2", 0x1F7000, 8 * K),
    ("PARAMETER_3", 0x1F9000, 4 * K),
    ("PARAMETER_4", 0x1FA000, 4 * K),
)
GROWN = esp8266(
    960 * K,
    ("PARAMETER_2", 0x1F2000, 16 * K),
    ("PARAMETER_3", 0x1F9000, 4 * K),
    ("PARAMETER_4", 0x1FA000, 4 * K),
)
IN_PLACE = esp8266(
    960 * K,
    ("PARAMETER_2", 0x1F7000, 16 * K),
    ("PARAMETER_3", 0x1F4000, 4 * K),
    ("PARAMETER_4", 0x1F5000, 4 * K),
)


SWAPPED = esp8266(
    960 * K,
    ("PARAMETER_2", 0x1F8000, 8 * K),
    ("PARAMETER_3", 0x1FA000, 4 * K),
    ("PARAMETER_4", 0x1F7000, 4 * K),
)


def planned(old: Table, new: Table, renames=(), **facts) -> tuple[Migration, FieldFacts]:
    known = FieldFacts(**facts)
    plan = migrate(old, new, known, renames).migration
    assert plan is not None
    return plan, known


def proof_of(plan: Migration, facts: FieldFacts | None = None, faults=None):
    return prove_machine(migrating(plan, facts), faults)


def broken(proof):
    return {j.law for j in proof.judgements if j.verdict is Verdict.VIOLATED}


PLANS = {
    "grown": planned(OLD, GROWN),
    "in place": planned(OLD, IN_PLACE),
    "swapped": planned(OLD, SWAPPED),
}
FAULTS = {
    "any cuts": FaultModel(),
    "unstable units": FaultModel(unstable=True),
    "any bits": FaultModel(bit_subsets=True, cuts=2),
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("new", [GROWN, IN_PLACE], ids=["elsewhere", "in place"])
def test_esp8266_parameter_2_grows_from_8_to_16_kib(new, faults):
    plan, facts = planned(OLD, new)
    assert plan.tasks
    proof = proof_of(plan, facts, faults)
    assert proof.verdict is Verdict.HOLDS, proof.findings
    assert {"served", "migrated"} <= set(proof.events) and proof.cost is not None
    assert proof.cuts > proof.operations > 20


def test_what_lies_in_ram_is_not_kept():
    ram = Partition("heap", Role.KV, "sram", Extent.of(0, 64 * K), 0x20000000)
    old, new = (replace(t, partitions=(*t.partitions, ram)) for t in (OLD, GROWN))
    plan, facts = planned(old, new)
    assert plan.tasks
    assert proof_of(plan, facts).verdict is Verdict.HOLDS


def test_a_plan_without_its_journal_loses_what_it_has_moved():
    plan, facts = planned(OLD, SWAPPED)
    assert len(plan.tasks) > 2 and proof_of(plan, facts).verdict is Verdict.HOLDS
    bare = replace(plan, journal=())
    assert proof_of(bare, facts, FaultModel(cuts=0)).verdict is Verdict.HOLDS
    proof = proof_of(bare, facts, FaultModel(cuts=1))
    assert broken(proof) == {"values"}
    (trace,) = (j.trace for j in proof.judgements if j.trace)
    assert "the data of parameter_" in trace.why
    assert sum(s.kind in ("cut", "torn") for s in trace.steps) == 1
    assert replay(migrating(bare, facts), trace.id, FaultModel(cuts=1)).steps == trace.steps


def test_tasks_in_the_wrong_order_lose_data_without_any_cut():
    plan, facts = planned(OLD, IN_PLACE)
    turned = replace(plan, tasks=plan.tasks[::-1])
    assert broken(proof_of(turned, facts, FaultModel(cuts=0))) == {"values"}


def test_a_task_over_the_running_image_breaks_the_frame():
    plan, facts = planned(OLD, GROWN)
    (task,) = plan.tasks
    chunk = replace(task.chunk, target=replace(task.chunk.target, extent=Extent(0x2000, 0x6000)))
    assert "frame" in broken(proof_of(replace(plan, tasks=(replace(task, chunk=chunk),)), facts))


def test_data_that_was_given_up_is_erased_and_not_missed():
    smaller = esp8266(960 * K, ("PARAMETER_2", 0x1F7000, 4 * K), ("PARAMETER_3", 0x1F9000, 4 * K))
    plan, facts = planned(OLD, smaller, discard=("parameter_2", "parameter_4"))
    assert proof_of(plan, facts).verdict is Verdict.HOLDS
    kept = migrating(plan, FieldFacts())
    assert broken(prove_machine(kept)) == {"values"}


# ESP-IDF: the table and the boot record lie in flash.


def esp(*rows, on=None):
    roles = {"nvs": Role.KV, "ota": Role.BOOT_RECORD, "ota_0": Role.APPLICATION}
    found = []
    for label, subtype, offset, size in rows:
        kind = {"type": "app" if subtype.startswith("ota_") else "data", "subtype": subtype}
        role = roles.get(subtype, Role.OTA_TEMP)
        at = Extent.of(offset, size)
        found.append(Partition(label, role, "embedded", at, offset, attributes=kind))
    return Table("esp", tuple(found), on or ESP, None, "esp-idf-csv", attributes={"md5": True})


ESP_FLASH = Flash(
    *("embedded", None, (EraseRun(1024, 0x1000),), 32), erase_time_us=45_000, program_time_us=48
)
ESP = Device("esp", "", "esp", "test", (ESP_FLASH,), BootFacts("embedded", table_offset=0x8000))
FIRST = (("nvs", "nvs", 0x9000, 0x5000), ("otadata", "ota", 0xE000, 0x2000))
TWO = (("ota_0", "ota_0", 0x10000, 0x20000), ("ota_1", "ota_1", 0x30000, 0x20000))
TWO_SLOTS = esp(*FIRST, *TWO)
THREE_SLOTS = esp(*FIRST, *TWO, ("ota_2", "ota_2", 0x50000, 0x20000))
MOVED = esp(("nvs", "nvs", 0x60000, 0x8000), ("otadata", "ota", 0x70000, 0x2000), *TWO)


@pytest.mark.parametrize("running", ["ota_0", "ota_1"])
@pytest.mark.parametrize("new", [THREE_SLOTS, MOVED], ids=["a third slot", "all moved"])
def test_table_and_record_are_rewritten(new, running):
    plan, facts = planned(TWO_SLOTS, new, accept_table_window=True, running=running)
    assert {type(t) for t in plan.tasks} >= {WriteRecord, WriteTable} and plan.exposed
    for faults in (FaultModel(), FaultModel(unstable=True)):
        proof = proof_of(plan, facts, faults)
        assert proof.verdict is Verdict.HOLDS, proof.findings
        assert any("only copy of the partition table" in text for text in proof.assumptions)


def test_the_table_before_the_record_starts_another_slot():
    plan, facts = planned(TWO_SLOTS, THREE_SLOTS, accept_table_window=True, running="ota_0")
    proof = proof_of(replace(plan, tasks=plan.tasks[::-1]), facts)
    assert broken(proof) == {"boots"}
    assert "does not lie whole" in proof.findings[0].message


def test_two_copies_of_the_table_are_an_assumption_of_their_own():
    plan, facts = planned(TWO_SLOTS, THREE_SLOTS, table_copies=2)
    proof = proof_of(plan, facts)
    assert proof.verdict is Verdict.HOLDS
    assert "one of the 2 copies of the partition table is always whole" in proof.assumptions


def test_the_running_image_is_copied_while_it_runs():
    slots = (("ota_0", "ota_0", 0x80000, 0x20000), ("ota_1", "ota_1", 0xA0000, 0x20000))
    plan, facts = planned(TWO_SLOTS, esp(*FIRST, *slots), accept_table_window=True, running="ota_1")
    assert any("the running image" in t.why for t in plan.tasks if isinstance(t, Move))
    assert proof_of(plan, facts).verdict is Verdict.HOLDS
    without = replace(plan, tasks=tuple(t for t in plan.tasks if not isinstance(t, Move)))
    assert "boots" in broken(proof_of(without, facts))


# The machine itself.


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_forgetting_changes_nothing_that_a_walk_can_see(data):
    """A random walk with cuts, once with forgetting and once without, makes the same moves."""
    plan, facts = PLANS[data.draw(st.sampled_from(sorted(PLANS)))]
    machine = migrating(plan, facts, chunk=4096)
    faults = FaultModel(unstable=data.draw(st.booleans()))
    short, exact = Stepper(machine, faults), Stepper(machine, faults, exact=True)
    left, right = short.first(), exact.first()
    for _ in range(data.draw(st.integers(1, 60))):
        one, other = short.expand(left), exact.expand(right)
        assert type(one.move) is type(other.move) and one.broken == other.broken
        assert not one.after or left[1][:2] == right[1][:2]
        ways = [w[0] for w in other.after] * 4 + [w[0] for w in other.faults]
        if not ways:
            break
        label = data.draw(st.sampled_from(ways))
        if label[2] or (label[0] == "t" and label[1] and type(other.move.operation) is Erase):
            break  # Sights and mixtures are counted otherwise in a flash that is plainer.
        left, right = short.follow(left, label), exact.follow(right, label)
        if label[0] in "xt":
            left = (machine.forget(left[0], left[2]), *left[1:])


@given(st.permutations(range(3)), st.lists(st.integers(0, 2), min_size=3, max_size=3))
@settings(max_examples=25, deadline=None)
def test_any_shuffle_of_data_is_proven(order, gaps):
    sizes = (1, 2, 3)
    device = Device("any", "", "any", "test", (flash(64, unit=16),), BootFacts("embedded"))

    def laid(numbers):
        rows, at = [("APPLICATION", 0x1000, 0x4000), ("OTA_TEMP", 0x5000, 0x4000)], 0x10000
        for n in numbers:
            at += 0x800 * gaps[n] if numbers is order else 0
            rows.append((f"PARAMETER_{n + 2}", at, sizes[n] * 0x1000))
            at += sizes[n] * 0x1000
        return alios(device, "alios-single-bank", ("BOOTLOADER", 0, 0x1000), *rows)

    plan = migrate(laid(range(3)), laid(order)).migration
    assert plan is not None
    if plan.tasks:
        proof = prove_machine(migrating(plan, chunk=4096))
        assert proof.verdict is Verdict.HOLDS, proof.findings


def test_a_record_that_was_torn_is_not_taken_at_its_word(monkeypatch):
    """The image used to write no record where it found one that selects its slot."""
    from flashwright.sim import migrating as module

    true_rule = module.next_entry

    def skips(task, present, selects):
        largest = max(present)
        if task.in_place and largest and (largest - 1) % task.modulus == task.remainder:
            return 0, 0
        return true_rule(task, present, selects)

    true_steps = module.entry_steps
    monkeypatch.setattr(module, "next_entry", skips)
    monkeypatch.setattr(module, "entry_steps", lambda t, a, s: true_steps(t, a, s) if s else ())
    plan, facts = planned(TWO_SLOTS, THREE_SLOTS, accept_table_window=True, running="ota_0")
    assert proof_of(plan, facts).verdict is Verdict.HOLDS
    assert "boots" in broken(proof_of(plan, facts, FaultModel(unstable=True, cuts=2)))
