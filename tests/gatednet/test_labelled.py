"""Tasks about labels: runs and what is saved of them agree with a plain simulator in NumPy."""

import functools
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest
import xarray

import gatednet
from gatednet import (
    REGISTRY,
    Phase,
    Phases,
    RowsInTurn,
    Save,
    Smooth,
    simulate,
    with_values,
)
from gatednet.simulation import precision_of
from tests.gatednet.by_hand import BY_HAND, Record
from tests.gatednet.labelled import (
    BLOCK_STEPS,
    CASES,
    CLASSES,
    EXAMPLES,
    SCALE,
    SMALL,
    STEPS,
    TABLES,
    TASKS,
    WIDTH,
    ByHand,
    by_hand,
    entropy_and_slope,
    experiment_of,
    keys_of,
    outputs_of,
    share_right,
)

OF_LABELS = tuple(name for name, each in REGISTRY.items() if each.of == "labels")
OF_ALL = tuple(name for name, each in REGISTRY.items() if each.of == "all")


# What all cases are compared in; of one of them everything is saved, since that takes long to compile.
COMPARED = ("weights", "gates", "neuron_gates", "loss", "loss_every_step", *OF_LABELS)


@functools.cache
def saved(case: str, seed: int = 1) -> xarray.Dataset:
    """One run with what is compared of it, or everything that can be saved of it."""
    names = (*OF_ALL, *OF_LABELS) if case == "sum" else COMPARED
    return simulate(experiment_of(case), Save(names, 1), seed, precision="float64", examples=EXAMPLES)


@functools.cache
def simulated(case: str, seed: int = 1) -> ByHand:
    """The same by hand, from the same start."""
    run, experiment = saved(case, seed), experiment_of(case)
    gates = "gates" if experiment.network.gates == "path" else "neuron_gates"
    return by_hand(experiment, run.weights.values[0], run[gates].values[0], seed)


@pytest.mark.parametrize("case", CASES)
def test_runs_agree_with_the_plain_simulator_step_by_step(case: str) -> None:
    run, expected = saved(case), simulated(case)
    gates = "gates" if experiment_of(case).network.gates == "path" else "neuron_gates"
    np.testing.assert_allclose(run.weights, expected.weights, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(run[gates], expected.gates, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(run.loss_every_step, expected.loss, rtol=1e-10, atol=1e-10)
    # The run has gone somewhere, and a switch has been felt.
    assert expected.loss[:BLOCK_STEPS][-3:].mean() < 0.8 * expected.loss[0]
    assert expected.loss[BLOCK_STEPS] > 2 * expected.loss[BLOCK_STEPS - 1]


def test_what_the_reduction_does_is_felt() -> None:
    other = by_hand(experiment_of("mean"), saved("sum").weights.values[0], saved("sum").gates.values[0], 1)
    assert np.max(np.abs(saved("sum").weights.values - other.weights)) > 1e-2


@functools.cache
def on_tests(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Loss and accuracy on all test examples under each task, (steps + 1, tasks) each."""
    expected, scale = simulated(case), SCALE[experiment_of(case).objective.reduction]
    inputs, labels = EXAMPLES.test.astype(float), EXAMPLES.test_labels
    outputs = [outputs_of(*state, inputs) for state in zip(expected.weights, expected.gates, strict=True)]
    asked = [np.array(table)[labels] for table in TABLES]
    losses = [[scale * entropy_and_slope(each, classes)[0] for classes in asked] for each in outputs]
    return np.array(losses), np.array([[share_right(each, classes) for classes in asked] for each in outputs])


# The end is seen with the task of the last step.
AT_SAVES = (np.arange(STEPS + 1), np.append(TASKS, TASKS[-1]))


def recovered(case: str) -> np.ndarray:
    """Steps until the accuracy on the batch is .85 or more, block by block."""
    found = []
    for first in range(0, STEPS, BLOCK_STEPS):
        block = simulated(case).accuracy[first : first + BLOCK_STEPS]
        reached = np.flatnonzero(block >= 0.85)
        never = BLOCK_STEPS if len(block) == BLOCK_STEPS else np.nan
        found.append(reached[0] if len(reached) else never)
    return np.array(found, float)


LABELS_BY_HAND: dict[str, Callable[[str], np.ndarray]] = {
    "accuracy": lambda case: on_tests(case)[1][AT_SAVES],
    "task_accuracy": lambda case: on_tests(case)[1],
    "steps_to_recover": recovered,
    "block_accuracy": lambda case: np.array(
        [simulated(case).accuracy[first : first + BLOCK_STEPS].mean() for first in range(0, STEPS, BLOCK_STEPS)]
    ),
}


def test_every_observable_of_labels_is_done_by_hand() -> None:
    assert set(LABELS_BY_HAND) == set(OF_LABELS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", OF_LABELS)
def test_value_is_that_by_hand(name: str, case: str) -> None:
    expected = LABELS_BY_HAND[name](case)
    assert saved(case)[name].dims == REGISTRY[name].all_dims
    np.testing.assert_allclose(saved(case)[name], expected, rtol=1e-12, atol=1e-12)


def test_a_block_without_recovery_counts_with_its_length() -> None:
    # All examples at once, so that no batch is right by chance.
    frozen = with_values(SMALL, {"timescales.weights": 1e6, "timescales.gates": 1e6, "inputs.batch": 23})
    run = simulate(frozen, Save(("steps_to_recover",), 1), 1, examples=EXAMPLES)
    assert (run.steps_to_recover.values[: STEPS // BLOCK_STEPS] == BLOCK_STEPS).all()


def test_the_values_are_not_trivial() -> None:
    steps = np.concatenate([saved(case).steps_to_recover.values for case in CASES])
    assert np.any((steps > 0) & (steps < BLOCK_STEPS))
    assert np.any(np.isnan(steps))
    accuracy = saved("sum").task_accuracy.values
    assert np.any((accuracy[:, 0] > 0.8) & (accuracy[:, 1] < 0.2))
    assert np.any((accuracy[:, 1] > 0.8) & (accuracy[:, 0] < 0.2))


@pytest.mark.parametrize("case", CASES)
def test_loss_is_that_on_all_test_examples(case: str) -> None:
    np.testing.assert_allclose(saved(case).loss, on_tests(case)[0][AT_SAVES], rtol=1e-10)


# All but the loss itself are made of parameters and of losses on batches.
@pytest.mark.parametrize("name", sorted({*OF_ALL} - {"loss", "teachers"}))
def test_what_is_of_all_tasks_has_the_value_by_hand(name: str) -> None:
    run, experiment = saved("sum"), SMALL
    record = Record(
        weights=run.weights.values,
        gates=run.neuron_gates.values,
        teachers=np.full((2, CLASSES, WIDTH), np.nan),
        batch_loss=run.loss_every_step.values,
        tasks=TASKS,
        block_steps=BLOCK_STEPS,
        dt=experiment.dt,
        tau_w=experiment.timescales.weights,
        tau_c=experiment.timescales.gates,
        every=1,
    )
    expected = np.asarray(BY_HAND[name](record))
    values = run[name].values[: len(expected)] if run[name].ndim else run[name].values
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "curriculum",
    [
        Phases(block_length=0.12, phases=(Phase((RowsInTurn((0, 1)), RowsInTurn((1, 0)))),)),
        Smooth(block_length=0.12),
    ],
    ids=["rows of several tasks", "smooth"],
)
def test_accuracy_under_a_mixture_of_tasks_is_that_of_the_map_that_is_asked_for(
    curriculum: gatednet.Curriculum,
) -> None:
    experiment = with_values(SMALL, {"curriculum": curriculum})
    run = simulate(experiment, Save(("accuracy", "weights", "gates"), 1), 1, precision="float64", examples=EXAMPLES)
    with precision_of("float64"):
        schedule, maps = curriculum.schedule(experiment.dt), np.eye(CLASSES)[np.array(TABLES)].transpose(0, 2, 1)
        for step in (3, 20):
            weights = np.asarray(
                curriculum.task_weights(schedule, jnp.int32(step), jnp.asarray(keys_of(1, 1)), (2, CLASSES)), float
            )[..., 0]
            target = np.einsum("toc,to->oc", maps, np.broadcast_to(weights.reshape(2, -1), (2, CLASSES)))
            outputs = outputs_of(run.weights.values[step], run.gates.values[step], EXAMPLES.test.astype(float))
            expected = np.mean(target[outputs.argmax(axis=1), EXAMPLES.test_labels])
            # Smooth weights of whole steps come in single precision here.
            np.testing.assert_allclose(run.accuracy[step], expected, rtol=1e-6)
