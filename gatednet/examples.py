"""`Examples`: labelled examples of a classification, shared by all runs, and what a step or a test sees of them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.settings import SettingError


class Examples(eqx.Module):
    """Labelled examples to learn from and to test with, the same for all runs.

    `train` and `test` are (number, inputs), `train_labels` and `test_labels` (number,) whole numbers from 0. Those to
    learn from are sorted by class: class c has the places `starts[c]` to `starts[c + 1]` - 1. See `examples_of`.
    """

    train: Array | np.ndarray
    train_labels: Array | np.ndarray
    test: Array | np.ndarray
    test_labels: Array | np.ndarray
    starts: Array | np.ndarray

    @property
    def inputs(self) -> int:
        """The dimension of the inputs."""
        return self.train.shape[1]

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of examples to learn from and to test with."""
        return len(self.train), len(self.test)

    def of_test(self) -> SharedBatch:
        """All examples to test with, as one batch."""
        return SharedBatch(jnp.asarray(self.test), jnp.asarray(self.test_labels))


def examples_of(train: Any, train_labels: Any, test: Any, test_labels: Any, classes: int) -> Examples:
    """Examples of arrays: inputs (number, inputs), labels (number,) from 0 to `classes` - 1.

    **Raises** `SettingError` where shapes or labels do not fit, and for inputs that are not finite.
    """
    parts = []
    for what, given, given_labels in (("train", train, train_labels), ("test", test, test_labels)):
        inputs, labels = np.asarray(given, np.float32), np.asarray(given_labels)
        if inputs.ndim != 2 or labels.shape != inputs.shape[:1] or not len(inputs):
            raise SettingError(
                f"{what} has inputs of the shape {inputs.shape} and labels of the shape {labels.shape}, allowed are "
                "(number, inputs) and (number,), with one example or more"
            )
        if not np.isfinite(inputs).all():
            raise SettingError(f"{what} has inputs that are not finite")
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise SettingError(f"{what} has other labels than the whole numbers from 0 to {classes - 1}")
        parts.append((inputs, labels.astype(np.int32)))
    (train, train_labels), (test, test_labels) = parts
    if train.shape[1] != test.shape[1]:
        raise SettingError(f"train has {train.shape[1]} inputs and test {test.shape[1]}, allowed is one number")
    order = np.argsort(train_labels, kind="stable")
    starts = np.searchsorted(train_labels[order], np.arange(classes + 1)).astype(np.int32)
    return Examples(train[order], train_labels[order], test, test_labels, starts)


class OwnBatch(eqx.Module):
    """Examples of a step, others for each run: inputs (inputs, batch, runs) and labels (batch, runs)."""

    inputs: Array
    labels: Array

    def outputs(self, linear: Array) -> Array:
        """What maps (outputs, inputs, runs) make of the inputs, (outputs, batch, runs)."""
        return jnp.einsum("oir,ibr->obr", linear, self.inputs)

    def asked(self, target: Array) -> Array:
        """The columns of (..., outputs, classes, runs) that belong to the labels, (..., outputs, batch, runs)."""
        places = self.labels.reshape(*(1,) * (target.ndim - 2), *self.labels.shape)
        return jnp.take_along_axis(target, places, axis=-2)


class SharedBatch(eqx.Module):
    """Examples that are the same for all runs: inputs (batch, inputs) and labels (batch,)."""

    inputs: Array
    labels: Array

    def outputs(self, linear: Array) -> Array:
        """What maps (outputs, inputs, runs) make of the inputs, (outputs, batch, runs)."""
        return jnp.einsum("oir,bi->obr", linear, self.inputs)

    def asked(self, target: Array) -> Array:
        """The columns of (..., outputs, classes, runs) that belong to the labels, (..., outputs, batch, runs)."""
        return target[..., self.labels, :]


LabelledBatch = OwnBatch | SharedBatch


def predicted(outputs: Array) -> Array:
    """The class of each example by the largest of its outputs, (outputs, batch, runs) → (batch, runs)."""
    return jnp.argmax(outputs, axis=-3)
