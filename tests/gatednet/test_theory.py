"""Closed forms: their printed values, and simulations that follow them."""

import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    Experiment,
    GatedLinear,
    Objective,
    Population,
    Save,
    Timescales,
    with_values,
)
from gatednet.theory.symmetric import specialization_of_weights
from tests.gatednet.tools import run_many

RATIOS = np.geomspace(0.1, 1, 5)

# Two paths of one input and two outputs, each specialized on one task; the gates are set for the wrong task.
SYMMETRIC = Experiment(
    network=GatedLinear(paths=2, inputs=1, outputs=2),
    initial=ChosenInitial(weights=(((1,), (0,)), ((0,), (1,))), gates=(1, 0)),
    teachers=ChosenTeachers(maps=(((1,), (0,)), ((0,), (1,)))),
    curriculum=Blocked(block_length=5, order=(1,)),
    inputs=Population(),
    objective=Objective(norm=100, nonnegativity=0),
    timescales=Timescales(weights=1, gates=0.1),
)


def test_printed_minima() -> None:
    minima = specialization_of_weights(0.0, RATIOS)
    np.testing.assert_allclose(minima, [0.9747, 0.9545, 0.9176, 0.8479, 0.7071], atol=1e-4)  # one in the last digit


def test_ends_are_fully_specialized() -> None:
    np.testing.assert_array_equal(specialization_of_weights([-1.0, 1.0], 0.3), [1.0, 1.0])
    assert specialization_of_weights(np.zeros((3, 1)), RATIOS).shape == (3, 5)


def test_no_root_of_a_negative_number() -> None:
    with pytest.raises(ValueError, match=r"^gate_difference and ratio give w̄² = -0\.5, allowed is at least 0$"):
        specialization_of_weights(0.0, 3.0)


def test_symmetric_model_follows_the_curve() -> None:
    distances = []
    for steps in (2500, 5000, 10_000):
        experiment = with_values(SYMMETRIC, {"steps": steps, "dt": 1 / steps})
        saves = Save(("weights", "gates"), steps // 100)
        runs = run_many(experiment, saves, {"timescales.gates": RATIOS.tolist()}, precision="float64")
        weights, gates = runs["weights"][..., 0], runs["gates"]
        measured = 0.5 * ((weights[..., 0, 0] - weights[..., 1, 0]) + (weights[..., 1, 1] - weights[..., 0, 1]))
        difference = gates[..., 0] - gates[..., 1]
        expected = specialization_of_weights(difference, RATIOS[:, None])
        distances.append(np.abs(measured - expected).max(axis=1))
    # All but the slowest have gone past their minimum.
    assert np.all(difference[:-1, -1] < 0)
    # The curve is that of infinitely small steps.
    assert np.all(distances[-1] < 1e-4)
    orders = np.polyfit(np.log([1 / 2500, 1 / 5000, 1 / 10_000]), np.log(distances), 1)[0]
    np.testing.assert_allclose(orders, 1, atol=0.1)
