"""Runs about labels do not notice what else is in their batch, and compile once."""

import equinox as eqx
import jax
import numpy as np
import pytest

import gatednet
from gatednet import (
    Features,
    Imbalanced,
    Save,
    simulate,
    with_values,
)
from tests.gatednet.labelled import (
    BATCH,
    EXAMPLES,
    SMALL,
    WIDTH,
    some_examples,
)

pytestmark = pytest.mark.optimized

SAVE = Save(("loss", "weights", "accuracy", "block_accuracy", "loss_every_step"), 10)


@pytest.mark.parametrize("kind", [Features, Imbalanced])
def test_a_seed_alone_is_the_same_as_among_others(kind: type[Features]) -> None:
    experiment = with_values(SMALL, {"inputs": kind(width=WIDTH, batch=BATCH, label_noise=0.2)})
    # More than a lane.
    together = simulate(experiment, SAVE, range(7), examples=EXAMPLES)
    for seed in (0, 6):
        alone = simulate(experiment, SAVE, seed, examples=EXAMPLES)
        for name in alone.data_vars:
            np.testing.assert_array_equal(together[name].sel(seed=seed), alone[name], err_msg=str(name))
    assert len(np.unique(together.loss[:, -1])) == 7


def test_noise_ratio_and_reduction_never_compile_again() -> None:
    traced = eqx.debug.assert_max_traces(gatednet.run_batch, max_traces=1)
    compiled = jax.jit(traced, static_argnums=0)
    experiment = with_values(SMALL, {"inputs": Imbalanced(width=WIDTH, batch=BATCH)})
    losses = []
    for changes, examples in (
        ({}, EXAMPLES),
        ({"inputs.label_noise": 0.4}, EXAMPLES),
        ({"inputs.ratio": 100.0}, EXAMPLES),
        ({"objective.reduction": "mean"}, EXAMPLES),
        ({"objective.norm": 0.1, "curriculum.block_length": 0.2}, EXAMPLES),
        ({}, some_examples(23, 17, seed=1)),
    ):
        changed = with_values(experiment, changes)
        packing = gatednet.pack(changed, {}, np.arange(2), np.zeros(2, int), 2, examples=examples)
        recipe = gatednet.recipe(changed, Save(("loss",), 25), packing.batch.traced)
        losses.append(float(compiled(recipe, packing.batch)["loss"][0, -1, 0]))
    assert eqx.debug.get_num_traces(traced) == 1
    assert len(set(losses)) == len(losses)


def test_runs_of_one_batch_have_their_own_noise_and_ratio() -> None:
    experiment = with_values(SMALL, {"inputs": Imbalanced(width=WIDTH, batch=BATCH)})
    values = {"inputs.label_noise": np.array([0.0, 0.5, 0.1]), "inputs.ratio": np.array([1.0, 20.0, 3.0])}
    packing = gatednet.pack(experiment, values, np.full(3, 2), np.zeros(3, int), 5, examples=EXAMPLES)
    recipe = gatednet.recipe(experiment, SAVE, packing.batch.traced)
    together = gatednet.unpack(gatednet.compiled(recipe, packing.batch)(packing.batch), packing.place)
    for run in range(3):
        alone = simulate(
            with_values(experiment, {path: each[run] for path, each in values.items()}), SAVE, 2, examples=EXAMPLES
        )
        for name in alone.data_vars:
            np.testing.assert_array_equal(together[name][run], alone[name], err_msg=str(name))
