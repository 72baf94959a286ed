"""Simulations agree with the plain NumPy simulator that knows nothing of the package."""

import dataclasses
import functools

import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    Experiment,
    GatedLinear,
    Gaussian,
    Objective,
    Population,
    Save,
    Timescales,
    simulate,
    with_values,
)
from tests.gatednet import oracle
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.optimized


def model_of(experiment: Experiment, block_steps: int) -> oracle.Model:
    """The constants of an experiment in the oracle's terms."""
    objective, times = experiment.objective, experiment.timescales
    assert isinstance(experiment.curriculum, Blocked)
    return oracle.Model(
        tau_w=times.weights,
        tau_c=times.gates,
        dt=experiment.dt,
        block_steps=block_steps,
        order=experiment.curriculum.order or tuple(range(experiment.teachers.number)),
        norm=objective.norm,
        norm_order=objective.norm_order,
        nonnegativity=objective.nonnegativity,
        weight_cost=objective.weight_cost,
        averaged=objective.reduction == "mean",
    )


POPULATION = {
    "path gates": {"network.paths": 2},
    "neuron gates, norm of order 2, mean": {
        "network": GatedLinear(paths=3, inputs=4, outputs=2, gates="neuron"),
        "objective": Objective(reduction="mean", norm_order=2, norm=0.5, nonnegativity=0.3, weight_cost=0.2),
        "curriculum.order": (1, 0, 0),
    },
    "negative gates": {
        "initial.gates": -0.2,
        "objective": Objective(norm_order=1, norm=0.3, nonnegativity=0.5),
    },
    "reduced": {"network": GatedLinear(paths=2, inputs=9, outputs=3), "teachers.tasks": 3},
}


@pytest.mark.parametrize("name", POPULATION)
def test_population_agrees_step_by_step(name: str) -> None:
    start = with_values(
        SMALL, {"curriculum": Blocked(block_length=0.1, order=(0, 1)), "steps": 100, "teachers.scale": "unit"}
    )
    experiment = with_values(start, POPULATION[name])
    saves = Save(("weights", "gates", "neuron_gates", "teachers", "loss", "loss_every_step"), 1)
    saved = simulate(experiment, saves, seeds=1, precision="float64")
    gates = "gates" if experiment.network.gates == "path" else "neuron_gates"
    first = saved.isel(step=0)
    run = oracle.simulate(
        model_of(experiment, 10), first.weights.values, first[gates].values, first.teachers.values, experiment.steps
    )
    np.testing.assert_allclose(saved.weights, run.weights, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(saved[gates], run.gates, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(saved.loss_every_step, run.loss, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(saved.loss[:-1], run.loss, rtol=1e-9, atol=1e-11)
    # The run has gone somewhere.
    assert run.loss[-1] < 0.8 * run.loss[0]


SEEDS, BLOCKS, BLOCK_STEPS = 256, 6, 12
RANDOM = np.random.default_rng(0)


def nested(values: np.ndarray) -> tuple:
    """An array as nested tuples."""
    return tuple(nested(each) if each.ndim else float(each) for each in values)


# One start for all runs, so that nothing but the inputs makes them differ.
NOISY = Experiment(
    network=GatedLinear(paths=2, inputs=4, outputs=2),
    initial=ChosenInitial(weights=nested(RANDOM.normal(0, 0.2, (2, 2, 4))), gates=(0.4, 0.6)),
    teachers=ChosenTeachers(maps=nested(RANDOM.normal(0, 0.5, (2, 2, 4)))),
    curriculum=Blocked(block_length=0.12),
    timescales=Timescales(weights=0.15, gates=0.05),
    objective=Objective(norm=0.5, nonnegativity=0.1),
    dt=0.01,
    steps=BLOCKS * BLOCK_STEPS,
)


@functools.cache
def simulated(inputs: Gaussian) -> dict[str, np.ndarray]:
    """What is compared of all seeds: losses of blocks and final gates, (seeds, ...)."""
    experiment = dataclasses.replace(NOISY, inputs=inputs)
    saved = simulate(experiment, Save(("block_loss", "gates"), NOISY.steps), range(SEEDS))
    return {"block_loss": saved.block_loss.values, "gates": saved.gates.values[:, -1]}


@functools.cache
def simulated_by_oracle(batch: int) -> dict[str, np.ndarray]:
    """The same of as many runs of the oracle."""
    assert isinstance(NOISY.initial, ChosenInitial)
    assert isinstance(NOISY.teachers, ChosenTeachers)
    weights, gates, teachers = map(np.array, (NOISY.initial.weights, NOISY.initial.gates, NOISY.teachers.maps))
    random = np.random.default_rng(1)
    runs = [
        oracle.simulate(model_of(NOISY, BLOCK_STEPS), weights, gates, teachers, NOISY.steps, batch, random)
        for _ in range(SEEDS)
    ]
    return {
        "block_loss": np.stack([run.block_loss(BLOCK_STEPS) for run in runs]),
        "gates": np.stack([run.gates[-1] for run in runs]),
    }


def assert_same_law(some: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> None:
    """Means and variances over seeds agree within four standard errors."""

    def moments(sample: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """The mean and the variance, each with the square of its standard error."""
        squares = (sample - sample.mean(axis=0)) ** 2
        return [(each.mean(axis=0), each.var(axis=0) / len(sample)) for each in (sample, squares)]

    for name in ("block_loss", "gates"):
        for (one, one_error), (other, other_error) in zip(
            moments(some[name].astype(float)), moments(others[name].astype(float)), strict=True
        ):
            assert np.all(one_error > 0)
            deviations = (one - other) / np.sqrt(one_error + other_error)
            assert np.all(np.abs(deviations) < 4), (name, deviations)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(Gaussian(batch=6), id="triangle"),
        pytest.param(Gaussian(batch=6, drawn=True), id="drawn"),
        pytest.param(Gaussian(batch=4), id="as many as dimensions", marks=pytest.mark.slow),
        pytest.param(Gaussian(batch=3), id="fewer than dimensions"),
        pytest.param(Gaussian(batch=1), id="one", marks=pytest.mark.slow),
    ],
)
def test_training_has_the_law_of_the_oracle(inputs: Gaussian) -> None:
    assert_same_law(simulated(inputs), simulated_by_oracle(inputs.batch))


def test_triangle_and_drawn_batches_train_alike() -> None:
    assert_same_law(simulated(Gaussian(batch=6)), simulated(Gaussian(batch=6, drawn=True)))


def test_the_law_feels_the_size_of_the_batch() -> None:
    # The comparison above can fail: batches of 3 and of 6 are told apart.
    with pytest.raises(AssertionError):
        assert_same_law(simulated(Gaussian(batch=6)), simulated_by_oracle(3))


def test_large_batches_come_to_the_population() -> None:
    saved = [
        simulate(dataclasses.replace(NOISY, inputs=inputs), Save(("weights", "gates"), NOISY.steps), 0)
        for inputs in (Population(), Gaussian(batch=10**6))
    ]
    # Each step's second moment is off by about 1e-3, independently; averages over the run are smaller.
    for name in ("weights", "gates"):
        np.testing.assert_allclose(saved[1][name], saved[0][name], atol=2e-3)
        assert np.any(saved[1][name] != saved[0][name])
