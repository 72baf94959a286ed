"""A warning names constraints that are too stiff for the steps, as they declare it; nothing is assumed."""

import warnings

import numpy as np
import pytest

from gatednet import (
    DeepLinear,
    Experiment,
    GatedLinear,
    Objective,
    Optax,
    Options,
    Population,
    Proximal,
    Timescales,
    with_values,
)
from gatednet.dynamics.stability import Instability, instability

# norm · paths · dt / timescales.gates is 2.4 here.
STIFF = Experiment(
    network=GatedLinear(paths=6, inputs=20, outputs=2),
    inputs=Population(),
    objective=Objective(norm=2.0),
    timescales=Timescales(gates=0.01),
    dt=0.002,
)


@pytest.mark.parametrize(
    ("changes", "setting", "largest"),
    [
        ({}, "objective.norm", 2 * 0.01 / (2.0 * 6)),
        ({"network.gates": "neuron"}, "objective.norm", 2 * 0.01 / (2.0 * 12)),
        ({"network": DeepLinear(inputs=20, hidden=3, outputs=2)}, "objective.norm", 2 * 0.01 / (2.0 * 6)),
        ({"objective.norm_order": 2, "objective.norm": 11.0}, "objective.norm", 2 * 0.01 / 11.0),
        ({"objective.norm": 0.0, "objective.weight_cost": 1e4}, "objective.weight_cost", 2 * 1.3 / 1e4),
        ({"rule": Optax("sgd", "sgd")}, "objective.norm", 2 * 0.01 / (2.0 * 6)),
    ],
    ids=["paths", "neurons", "two layers", "order 2", "weights", "plain descent"],
)
def test_the_largest_stable_step_is_named(changes: dict[str, object], setting: str, largest: float) -> None:
    experiment = with_values(STIFF, {"timescales.weights": 1.3, **changes})
    found = instability(experiment)
    assert found == Instability(setting, found.time, pytest.approx(largest), 1)
    assert instability(with_values(experiment, {"dt": largest})) is None
    assert instability(with_values(experiment, {"dt": 1.001 * largest})) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"objective.norm": 0.0},
        {"objective.norm_order": 2},
        {"rule": Proximal()},
        # Nothing is known of others than plain descent.
        {"rule": Optax("sgd", "adam")},
        {"rule": Optax("sgd", "sgd", gates_options=Options(momentum=0.9))},
        # The mean norm of columns has no largest curvature.
        {"objective.norm": 0.0, "objective.weight_norm": "columns", "objective.weight_cost": 1e6},
    ],
)
def test_nothing_else_is_told(changes: dict[str, object]) -> None:
    assert instability(with_values(STIFF, changes)) is None


def test_an_experiment_is_built_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with_values(STIFF, {"dt": 0.01})


def test_arrays_of_values_are_cells() -> None:
    norm, dt = np.array([0.0, 1.0, 3.0])[:, None], np.array([1e-4, 1e-3, 2e-3, 4e-3])
    found = instability(STIFF, {"objective.norm": norm, "dt": dt, "initial.gates": np.zeros((5, 1, 1))})
    one_by_one = [
        instability(with_values(STIFF, {"objective.norm": float(each), "dt": float(step)}))
        for each in norm[:, 0]
        for step in dt
    ]
    assert found is not None
    assert found.cells == 5 * sum(each is not None for each in one_by_one)
    assert found.largest == min(each.largest for each in one_by_one if each is not None)
