"""What cannot be held is refused at once, with what it would take; what can be is planned at once."""

import time

import numpy as np
import pytest

from gatednet import GatedLinear, IndependentTeachers, Save, SettingError, memory, simulate
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.planning.cost import cost_of
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import from_text, to_text
from tests.sweeps.tools import small

SAVE = Save(("loss",), 20)
MANY = 10**6


@pytest.fixture(autouse=True)
def a_machine_of_16_gib(monkeypatch):
    monkeypatch.setattr(memory, "memory", lambda: 2**34)


def test_a_hundred_million_seeds_take_no_room():
    start = time.process_time()
    sweep = Sweep(small(), (Axis.seeds(10**8),), SAVE)
    assert sweep.runs == 10**8
    assert from_text(to_text(sweep)) == sweep
    assert len(to_text(sweep)) < 3000
    assert hash(sweep.axes[0]) == hash(Axis("seed", "seed", range(10**8)))
    assert cost_of(sweep, 1).chunks == len(plan_of(sweep))
    (last,) = plan_of(sweep).chunk((len(plan_of(sweep)) - 1,)).region
    assert last.stop == 10**8
    assert plan_of(sweep).request(plan_of(sweep).chunk((1,))).seeds[0] == plan_of(sweep).chunk_runs
    assert time.process_time() - start < 5


def test_seeds_are_one_axis_in_whatever_form_they_come():
    number = 2**16 + 1
    axes = [
        Axis.seeds(each)
        for each in (number, range(number), list(range(number)), np.arange(number), iter(range(number)))
    ]
    assert len({*axes}) == 1
    assert axes[0].values == range(number)
    assert Axis.seeds(3).values == Axis.seeds(range(3)).values == (0, 1, 2)
    assert Axis.seeds([*range(1, number), 0]).values[-2:] == (number - 1, 0)


def test_a_million_values_are_checked_in_well_under_a_second():
    start = time.process_time()
    sweep = Sweep(small(), (Axis.linspace("a", "timescales.gates", 0.01, 1.0, MANY), Axis.seeds(2)), SAVE)
    assert cost_of(sweep, 1).runs == 2 * MANY
    # Twice what was measured where other programs ran beside it.
    assert time.process_time() - start < 2
    with pytest.raises(SettingError, match=r"axes at a = 0\.0: Timescales\.gates is 0\.0, allowed is"):
        Sweep(small(), (Axis.linspace("a", "timescales.gates", 0.0, 1.0, MANY),), SAVE)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (
            lambda: (Axis.linspace("a", "objective.norm", 0, 1, MANY), Axis.linspace("b", "initial.gates", 0, 1, MANY)),
            "1,000,000,000,000 runs are .* chunks of .* runs, each with files of its own, allowed are at most",
        ),
        (
            lambda: (
                Axis.linspace("a", "dt", 1e-4, 1e-3, MANY),
                Axis.linspace("b", "curriculum.block_length", 1, 2, MANY),
            ),
            r"the lengths of blocks in 1,000,000,000,000 cells would take 29\.1 TiB of memory, allowed are 16\.0 GiB",
        ),
        (
            lambda: (Axis("a", "steps", range(20, 20 * 10**5, 20)),),
            "along axis 'a' there are 99,999 experiments, allowed are at most 500: each is compiled separately",
        ),
        (lambda: (Axis.seeds(2**32),), r"the coordinates of the axes would take 32\.0 GiB of memory"),
        (lambda: (Axis.seeds(2**32 + 1),), "axis 'seed': seed is 4294967296, allowed are whole numbers from 0 to"),
        (lambda: (Axis.seeds(10**400),), "axis 'seed': seed is a whole number of about 401 digits, allowed are"),
        (lambda: (Axis.linspace("a", "dt", 0, 1, 10**9),), "linspace has 1000000000 values, allowed is .* 10,000,000"),
        (
            lambda: (Axis("a", "dt", range(10**12)),),
            r"has the values range\(0, 1000000000000\), allowed is a list with at",
        ),
        (
            lambda: tuple(Axis(f"a{i}", "dt", (1e-3,)) for i in range(49)),
            "axis 'a1': path 'dt' is also in axis 'a0'",
        ),
    ],
)
def test_grids_that_cannot_be_held(axes, message):
    with pytest.raises(SettingError, match=message):
        cost_of(Sweep(small(), axes(), SAVE), 1)


@pytest.mark.parametrize(
    ("experiment", "save", "message"),
    [
        (
            small(network=GatedLinear(100 * MANY, 4, 2)),
            SAVE,
            r"a lane of 16 runs of this experiment would take 217\.9 GiB of memory, allowed are 16\.0 GiB",
        ),
        (small(network=GatedLinear(2, MANY, 2)), SAVE, r"a lane of \d+ runs of this experiment would take 3\.6 TiB"),
        (
            small(network=GatedLinear(2, MANY, 2000), teachers=IndependentTeachers()),
            SAVE,
            r"a lane of \d+ runs of this experiment would take .* of memory, allowed are 16\.0 GiB",
        ),
        (small(steps=2**30), Save(("weights",), 1), r"1 run at once, with what is saved of them, would take 4\.0 TiB"),
        (small(steps=2**30), Save(("loss_every_step",), 2**30), r"1 run at once, .* would take 256\.0 GiB"),
    ],
)
def test_runs_that_cannot_be_held(experiment, save, message):
    for refused in (lambda: Sweep(experiment, (Axis.seeds(2),), save), lambda: simulate(experiment, save)):
        with pytest.raises(SettingError, match=message):
            refused()


def test_many_seeds_of_one_simulation_are_counted():
    with pytest.raises(SettingError, match=r"^10,000,000 runs at once, .* would take .* GiB of memory"):
        simulate(small(), Save(("weights",), 1), range(10**7))
    with pytest.raises(
        SettingError, match=r"^1,000,000,000 seeds would take 93\.1 GiB of memory, allowed are 16\.0 GiB$"
    ):
        simulate(small(), SAVE, range(10**9))


def test_memory_is_that_of_this_machine(monkeypatch):
    monkeypatch.undo()
    assert 2**28 < memory.memory() < 2**50


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (2**20, "1.0 MiB"), (3 * 2**70, "3,072.0 EiB")]
)
def test_amounts(size, text):
    assert memory.amount(size) == text
