"""Accuracy: how often classes are right, of test examples at saves and of batches at every step (paper, Figure 7)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatednet.inputs.examples import Minibatch, largest_output
from gatednet.observables.folds import first_from, mean
from gatednet.observables.moment import Moment
from gatednet.observables.observable import Observable
from gatednet.observables.snapshot import Snapshot

# The level that counts as recovered, as in the paper's Figure 7.
RECOVERED = 0.85


def task_accuracy(snapshot: Snapshot) -> Array:
    """The share of all test examples that would be right under each task, (tasks, runs)."""
    return accuracies(snapshot.everything, snapshot.outputs, snapshot.teachers)


def accuracy(snapshot: Snapshot) -> Array:
    """The share of all test examples that are right under the task of the moment, (runs,)."""
    return accuracies(snapshot.everything, snapshot.outputs, snapshot.target)


def batch_accuracy(moment: Moment) -> Array:
    """The share of the batch of a step that is right before the step, (runs,)."""
    (task,) = moment.target
    outputs = moment.dynamics.network.classify(moment.before, moment.evidence)
    right = largest_output(outputs) * moment.evidence.asked(task)
    return jnp.sum(right, axis=(-2, -1)) / right.shape[-1]


def accuracies(batch: Minibatch, outputs: Array, tasks: Array) -> Array:
    """The share of outputs (runs, outputs, batch) that is right, under tasks (..., outputs, classes, runs)."""
    classes = tasks.shape[-2]
    return jnp.sum(tasks * batch.by_class(largest_output(outputs), classes), axis=(-3, -2))


OBSERVABLES = (
    Observable(
        "accuracy",
        "share of test examples that are right under the task of the moment",
        accuracy,
        of="labels",
        bounds=(0.0, 1.0),
    ),
    Observable(
        "task_accuracy",
        "share of test examples right under a task",
        task_accuracy,
        dims=("task",),
        of="labels",
        bounds=(0.0, 1.0),
    ),
    Observable(
        "steps_to_recover",
        f"steps from a switch until the accuracy on the batch is {RECOVERED} or more; the block's length where never; "
        "NaN where a run ended before that was known",
        batch_accuracy,
        units="step",
        when="blocks",
        fold=first_from(RECOVERED),
        of="labels",
    ),
    Observable(
        "block_accuracy",
        "accuracy on the batch, mean over the steps of a block",
        batch_accuracy,
        when="blocks",
        fold=mean(),
        of="labels",
        bounds=(0.0, 1.0),
    ),
)
