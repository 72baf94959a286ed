"""Every registered observable: what it says of itself, and its values against those by hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import xarray

from gatednet import (
    REGISTRY,
    Blocked,
    Experiment,
    GatedLinear,
    Gaussian,
    Objective,
    Population,
    Save,
    SettingError,
    Timescales,
    simulate,
    with_values,
)
from gatednet.arrays.matching import assignment, hungarian
from tests.gatednet.by_hand import BY_HAND, Record
from tests.gatednet.tools import OF_MAPS, SMALL

pytestmark = pytest.mark.optimized

STEPS, BLOCK_STEPS, EVERY = 50, 7, 10

# Block lengths divide neither the run nor the time between saves.
BASE = with_values(
    SMALL,
    {
        "curriculum": Blocked(block_length=0.07),
        "teachers.scale": "unit",
        "initial.weight_scale": 1.0,
        "timescales": Timescales(weights=0.04, gates=0.03),
        "objective": Objective(norm=0.5),
        "steps": STEPS,
    },
)
CASES = {
    "fewer paths than tasks, reduced": (
        {"network": GatedLinear(paths=2, inputs=6, outputs=2), "teachers.tasks": 3, "inputs": Population()},
        True,
    ),
    "more paths than tasks, neuron gates": (
        {"network": GatedLinear(paths=3, inputs=4, outputs=2, gates="neuron"), "inputs": Gaussian(batch=9)},
        False,
    ),
}


def experiment_of(case: str) -> Experiment:
    """The experiment of a case."""
    return with_values(BASE, CASES[case][0])


@functools.cache
def saved(case: str, every: int) -> xarray.Dataset:
    """One run with all observables."""
    return simulate(experiment_of(case), Save(OF_MAPS, every), 4, reduced=CASES[case][1], precision="float64")


def recorded(case: str, every: int) -> Record:
    """The run step by step. The losses on the batches are its own, which the oracle checks."""
    run, experiment = saved(case, 1), experiment_of(case)
    return Record(
        weights=run.weights.values,
        gates=run.neuron_gates.values,
        teachers=run.teachers.values[0],
        batch_loss=run.loss_every_step.values,
        tasks=np.arange(STEPS) // BLOCK_STEPS % experiment.teachers.number,
        block_steps=BLOCK_STEPS,
        dt=experiment.dt,
        tau_w=experiment.timescales.weights,
        tau_c=experiment.timescales.gates,
        every=every,
    )


def test_every_observable_is_done_by_hand() -> None:
    assert set(BY_HAND) == set(OF_MAPS)


@pytest.mark.parametrize("every", [1, EVERY])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", sorted(OF_MAPS))
def test_value_is_that_by_hand(name: str, case: str, every: int) -> None:
    values, expected = saved(case, every)[name].values, np.asarray(BY_HAND[name](recorded(case, every)))
    if REGISTRY[name].when in ("saves", "history"):
        expected = expected[::every]
        values = values[: len(expected)]
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", sorted(OF_MAPS))
def test_shape_type_and_labels(name: str, case: str) -> None:
    known, run = REGISTRY[name], saved(case, EVERY)
    experiment = experiment_of(case)
    network = experiment.network
    sizes = {
        "step": STEPS // EVERY + 1,
        "every_step": STEPS,
        "block": -(-STEPS // BLOCK_STEPS),
        "after_switch": 5,
        "task": experiment.teachers.number,
        "path": network.paths,
        "output": network.outputs,
        "input": network.inputs,
        "unit": network.paths * network.outputs,
        "mode": min(network.outputs, network.inputs),
    }
    assert known.name == name
    assert run[name].dims == known.all_dims
    assert run[name].shape == tuple(sizes[dim] for dim in known.all_dims)
    assert run[name].dtype == (np.int32 if name == "matching" else np.float64)
    assert run[name].attrs == {"long_name": known.long_name, "units": known.units}
    assert known.long_name
    assert known.units
    missing = np.isnan(run[name].values)
    # The last block has one step: none of its losses after that, and no time to criterion unless it began below it.
    unreached = int(run.loss_every_step.values[-1] >= 0.1)
    # And no save lies a block before another.
    never = STEPS // EVERY + 1
    expected = {"loss_after_switch": 4, "time_to_criterion": unreached, "block_distance": never}
    assert missing.sum() == expected.get(name, 0)


@pytest.mark.parametrize("case", CASES)
def test_the_cases_are_not_trivial(case: str) -> None:
    run = saved(case, 1)
    times = run.time_to_criterion.values
    never = BLOCK_STEPS * BASE.dt / BASE.timescales.weights
    assert np.any(np.isclose(times, never))
    assert np.any(times < 0.9 * never)
    assert run.total_alignment.values[-1] > run.total_alignment.values[0] + 0.1
    same = np.allclose(run.loss[:-1].values, run.loss_every_step.values)
    assert same == experiment_of(case).inputs.exact


@pytest.mark.parametrize("case", CASES)
def test_folds_and_steps_do_not_depend_on_saves(case: str) -> None:
    often, rarely = saved(case, 1), saved(case, EVERY)
    for name in OF_MAPS:
        known = REGISTRY[name]
        if known.when in ("blocks", "steps"):
            np.testing.assert_array_equal(often[name], rarely[name], err_msg=name)
        if known.when == "saves":
            np.testing.assert_allclose(often[name][::EVERY], rarely[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_criterion_that_is_reached() -> None:
    experiment = with_values(BASE, {"curriculum.block_length": 1.0, "steps": 150, "timescales.weights": 0.1})
    run = simulate(experiment, Save(("time_to_criterion", "loss_every_step"), 150), precision="float64")
    losses = run.loss_every_step.values
    first = np.flatnonzero(losses[:100] < 0.1)[0]
    assert 0 < first < 100
    assert run.time_to_criterion.values[0] == pytest.approx(first * 0.01 / 0.1)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (4, 4), (2, 5), (5, 2), (5, 5), (3, 6), (6, 3)], ids=str)
@pytest.mark.parametrize("solve", [assignment, hungarian])
def test_assignment_is_the_best_one(shape: tuple[int, int], solve) -> None:
    score = np.random.default_rng(0).normal(size=(*shape, 20))
    found = np.asarray(jax.jit(solve)(jnp.asarray(score)))
    assert found.shape == (shape[0], 20)
    for run in range(20):
        tasks, paths = scipy.optimize.linear_sum_assignment(score[..., run], maximize=True)
        expected = np.full(shape[0], -1)
        expected[tasks] = paths
        np.testing.assert_array_equal(found[:, run], expected)


def test_a_row_of_zeros_is_aligned_with_nothing() -> None:
    run = simulate(with_values(BASE, {"initial.weight_scale": 0.0}), Save(("alignment",), STEPS))
    assert np.all(run.alignment[0] == 0)


def test_a_reduction_of_outputs_only_scales_the_loss() -> None:
    run = {
        reduction: simulate(
            with_values(
                BASE, {"objective.reduction": reduction, "objective.norm": 0.0, "objective.nonnegativity": 0.0}
            ),
            Save(("loss",), STEPS),
        ).loss.values[0]
        for reduction in ("sum", "mean")
    }
    assert run["sum"] == pytest.approx(2 * run["mean"], rel=1e-6)


def test_unknown_observable() -> None:
    with pytest.raises(SettingError, match=r"^unknown observable 'gate_sped': did you mean 'gate_speed'\?$"):
        Save(("gate_sped",), 1)
