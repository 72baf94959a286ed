"""`Examples`: labelled examples of a classification, shared by all runs, and what a step or a test sees of them."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from gatednet.settings import SettingError, Whole, argument, check_plain

# A vector of eight single-precision numbers.
_PIECE = 8


class Examples(eqx.Module):
    """Labelled examples to learn from and to test with, the same for all runs.

    `train` and `test` are (number, inputs), `train_labels` and `test_labels` (number,) whole numbers from 0. Those to
    learn from are sorted by class: class c has the places `starts[c]` to `starts[c + 1]` - 1. See `examples_of`.
    """

    train: Float[Array | np.ndarray, "number inputs"]
    train_labels: Int[Array | np.ndarray, " number"]
    test: Float[Array | np.ndarray, "tests inputs"]
    test_labels: Int[Array | np.ndarray, " tests"]
    starts: Int[Array | np.ndarray, " bounds"]

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

    def of_test(self) -> Minibatch:
        """All examples to test with, as one batch."""
        return Minibatch(in_pieces(jnp.asarray(self.test)), jnp.asarray(self.test_labels))


def examples_of(train: Any, train_labels: Any, test: Any, test_labels: Any, classes: int) -> Examples:
    """Examples of arrays: inputs (number, inputs), labels (number,) from 0 to `classes` - 1.

    **Raises** `SettingError` where shapes or labels do not fit, and for inputs that are not finite.
    """
    classes = argument("classes", classes, Whole(1))
    parts = []
    for what, given, given_labels in (("train", train, train_labels), ("test", test, test_labels)):
        for array in (given, given_labels):
            if not isinstance(array, list | tuple):
                check_plain(what, array)
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


def in_pieces(inputs: Float[Array, "*examples inputs"]) -> Float[Array, "*examples pieces piece"]:
    """Inputs (..., inputs) cut into pieces, (..., pieces, piece).

    Rows of a table are then gathered in whole vectors, three times as fast as number by number, and it is the same
    product that sums over pieces and within them.
    """
    width = inputs.shape[-1]
    piece = math.gcd(width, _PIECE)
    return inputs.reshape(*inputs.shape[:-1], width // piece, piece)


class Minibatch(eqx.Module):
    """Labelled examples that are seen at once: inputs (runs, batch, pieces, piece) and labels (runs, batch).

    Without the runs where all of them see the same. What is made of a batch has the runs first, as nothing else in a
    lane: it is a product of matrices for each run, and the examples are the axis of the vector instructions.
    """

    inputs: Float[Array, "*runs batch pieces piece"]
    labels: Int[Array, "*runs batch"]

    def columns(self, runs: int) -> Float[Array, "inputs batch {runs}"]:
        """The inputs as columns, for each of `runs` runs: (inputs, batch, runs)."""
        inputs = self.inputs.reshape(*self.inputs.shape[:-2], -1)
        return jnp.moveaxis(jnp.broadcast_to(inputs, (runs, *inputs.shape[-2:])), (0, 1, 2), (2, 1, 0))

    def outputs(self, linear: Float[Array, "outputs inputs runs"]) -> Float[Array, "runs outputs batch"]:
        """What maps (outputs, inputs, runs) make of the inputs, (runs, outputs, batch)."""
        pieces, runs = self.inputs.shape[-2:], "r" if self.inputs.ndim == 4 else ""
        linear = linear.reshape(len(linear), *pieces, linear.shape[-1])
        return jnp.einsum(f"oijr,{runs}bij->rob", linear, self.inputs)

    def asked(self, task: Float[Array, "outputs classes runs"]) -> Float[Array, "runs outputs batch"]:
        """What a task (outputs, classes, runs) asks for of each example, (runs, outputs, batch)."""
        labels = self.labels if self.labels.ndim == 2 else self.labels[None]
        return jnp.take_along_axis(jnp.moveaxis(task, -1, 0), labels[:, None], axis=-1, mode="promise_in_bounds")

    def by_class(
        self, values: Float[Array, "runs outputs batch"], classes: int
    ) -> Float[Array, "outputs {classes} runs"]:
        """The mean of values (runs, outputs, batch) over the batch, each counted to the class of its label only.

        Returns (outputs, classes, runs), the shape of a task: weighted by one and summed it is the mean of what the
        task asks for.
        """
        runs = "r" if self.labels.ndim == 2 else ""
        labels = jax.nn.one_hot(self.labels, classes, dtype=values.dtype)
        return jnp.einsum(f"rob,{runs}bc->ocr", values, labels) / values.shape[-1]


def largest_output(outputs: Float[Array, "runs outputs batch"]) -> Float[Array, "runs outputs batch"]:
    """The class that is assigned to each example, (runs, outputs, batch): 1 at the largest output, 0 elsewhere.

    Where several are largest, it is the first of them.
    """
    return jax.nn.one_hot(jnp.argmax(outputs, axis=-2), outputs.shape[-2], axis=-2, dtype=outputs.dtype)
