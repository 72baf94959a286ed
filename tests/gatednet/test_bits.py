"""A run has the same bits alone and among any others, at any place of a lane and in any order of the seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatednet import (
    Blocked,
    DeepLinear,
    Euler,
    Experiment,
    Fixed,
    GatedLinear,
    Gaussian,
    IndependentTeachers,
    Initial,
    Interleaved,
    Objective,
    Optax,
    Population,
    Proximal,
    RandomOrder,
    Released,
    Save,
    Smooth,
    SpectralTeachers,
    Teachers,
    simulate,
    with_values,
)
from gatednet.engine.batch import lane_width, reduced_by
from tests.gatednet.tools import OF_MAPS, SMALL

pytestmark = pytest.mark.optimized


def assert_same(some: xarray.Dataset, others: xarray.Dataset) -> None:
    """Bit for bit the same for all seeds that are in both; a seed may be there several times."""
    assert set(some.data_vars) == set(others.data_vars)
    first = {int(seed): place for place, seed in enumerate(some.seed.values)}
    places = [(first[int(seed)], place) for place, seed in enumerate(others.seed.values) if int(seed) in first]
    assert places
    mine, theirs = (list(each) for each in zip(*places, strict=True))
    for name in some.data_vars:
        np.testing.assert_array_equal(some[name].values[mine], others[name].values[theirs], err_msg=str(name))


# Each of these had other last bits in one way.
FOUND: dict[str, tuple[dict[str, Any], str, list[list[int]]]] = {
    # A single draw was something that all runs share, to the compiler.
    "one draw": (
        {"network": GatedLinear(paths=2, inputs=20, outputs=10), "inputs": Gaussian(batch=30)},
        "float32",
        [[0], [0, 0]],
    ),
    # Teachers had the runs first in memory, and the last of a lane were not in a whole vector.
    "place in the lane": (
        {
            "network": GatedLinear(paths=4, inputs=4, outputs=1),
            "inputs": Gaussian(batch=7, drawn=True),
            "teachers": SpectralTeachers(values=(1.0,), left="shared", right="shared"),
        },
        "float32",
        [[3] * 33],
    ),
    # Draws by hundreds were cut into parts.
    "many draws": (
        {
            "network": GatedLinear(paths=2, inputs=6, outputs=3, gates="neuron"),
            "teachers": Teachers(correlation=0.3, shared=True),
        },
        "float32",
        [list(range(280))[::-1]],
    ),
    # One group of draws was no loop, and compiled together with what comes after.
    "one group of draws": (
        {
            "network": GatedLinear(paths=2, inputs=3, outputs=2),
            "inputs": Gaussian(batch=8),
            "teachers": Teachers(tasks=1, correlation=0.3, shared=True),
            "initial": Initial(weight_scale=0.3),
            "curriculum": Interleaved(block_length=0.1),
        },
        "float64",
        [[5]],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_others_are_not_noticed(name: str) -> None:
    changes, precision, others = FOUND[name]
    experiment = with_values(SMALL, changes)
    save = Save(("weights", "gates", "teachers", "alignment", "specialization", "loss_every_step"), 20)
    some = simulate(experiment, save, range(17), precision=precision)
    for seeds in others:
        assert_same(some, simulate(experiment, save, seeds, precision=precision))


@pytest.mark.parametrize("kernel", ["auto", "xla"])
def test_runs_of_many_paths_do_not_notice_others(kernel: str) -> None:
    """Gates take as many turns to find their norm as the slowest run of a lane; orders are drawn for each run."""
    changes = {
        "network": GatedLinear(paths=18, inputs=12, outputs=2),
        "teachers": Teachers(tasks=5),
        "rule": Proximal(),
        "curriculum": RandomOrder(0.1, randomness=0.7, skew=1.0),
        "objective.norm": 2.5,
        "initial.weight_scale": 0.5,
    }
    experiment, save = with_values(SMALL, changes), Save(("weights", "gates", "loss"), 20)
    some = simulate(experiment, save, range(17), kernel=kernel)
    for seeds in ([5], [3] * 17, list(range(17))[::-1]):
        assert_same(some, simulate(experiment, save, seeds, kernel=kernel))


# Parts of small experiments of all kinds; teachers for each number of tasks. They are built before any is drawn.
PARTS: dict[str, list[Any]] = {
    "inputs": [
        Population(),
        *(Gaussian(batch=each) for each in (1, 3, 8, 30, 200)),
        Gaussian(batch=7, drawn=True),
        Fixed("ones"),
    ],
    "initial": [Initial(), Initial(shared=True), Initial(weight_scale=0.3)],
    "objective": [
        Objective(norm=0.1),
        Objective(norm=0.1, norm_order=2),
        Objective(norm=0.1, weight_norm="columns", weight_cost=0.1),
        Released(norm=0.1, until=0.2),
    ],
    "rule": [Euler(), Euler(), Proximal(), Optax("sgd", "adam"), Optax("lars", "sgd")],
    "curriculum": [Blocked(block_length=0.1), Interleaved(block_length=0.1), Smooth(block_length=0.1)],
}
TEACHERS = [
    [
        Teachers(tasks=tasks),
        Teachers(tasks=tasks, correlation=0.3, shared=True),
        IndependentTeachers(tasks=tasks),
        SpectralTeachers(tasks=tasks, values=(1.0,), left="shared", right="shared"),
    ]
    for tasks in (1, 2, 3)
]
SIZES = [
    (inputs, outputs, teachers)
    for inputs in (3, 4, 6, 9, 20, 24)
    for outputs in (1, 2, 3, 5, 10)
    for teachers in TEACHERS
    if outputs * teachers[0].number <= inputs
]
PICKED = st.fixed_dictionaries(
    {
        "size": st.sampled_from(SIZES),
        "teachers": st.integers(0, 3),
        "gates": st.sampled_from(["path", "path", "neuron", "two layers"]),
        "units": st.sampled_from([1, 2, 3, 4, 6, 12]),
        "parts": st.fixed_dictionaries({name: st.sampled_from(each) for name, each in PARTS.items()}),
    }
)


def built(picked: dict[str, Any]) -> Experiment:
    """The experiment of what was picked."""
    inputs, outputs, teachers = picked["size"]
    if picked["gates"] == "two layers":
        network = DeepLinear(inputs=inputs, hidden=picked["units"], outputs=outputs)
    else:
        network = GatedLinear(paths=picked["units"], inputs=inputs, outputs=outputs, gates=picked["gates"])
    chosen = {"network": network, "teachers": teachers[picked["teachers"]], "timescales.gates": 0.5}
    return with_values(SMALL, {**chosen, **picked["parts"]})


def check(picked: dict[str, Any], observables: list[str], precision: str) -> None:
    """Seeds alone, repeated, in other order and in several lanes."""
    experiment = built(picked)
    save = Save(tuple(observables), 20)
    some = simulate(experiment, save, range(17), precision=precision)
    width = lane_width(experiment, reduced_by(experiment, None))
    for seeds in ([5], [0] * (width + 1), list(range(2 * width + 1))[::-1]):
        assert_same(some, simulate(experiment, save, seeds, precision=precision))


ANY = {
    "picked": PICKED,
    "observables": st.lists(st.sampled_from(OF_MAPS), min_size=4, max_size=8, unique=True),
    "precision": st.sampled_from(["float32", "float32", "float64"]),
}
# Of a single experiment fewer are saved: what takes long is to compile them, for each number of lanes.
SOME = {**ANY, "observables": st.lists(st.sampled_from(OF_MAPS), min_size=2, max_size=3, unique=True)}
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=1, derandomize=True, **QUIET)
@given(**SOME)
def test_others_are_not_noticed_by_any_experiment(
    picked: dict[str, Any], observables: list[str], precision: str
) -> None:
    check(picked, observables, precision)


@pytest.mark.slow
@settings(max_examples=60, **QUIET)
@given(**ANY)
def test_others_are_not_noticed_by_many_experiments(
    picked: dict[str, Any], observables: list[str], precision: str
) -> None:
    check(picked, observables, precision)
