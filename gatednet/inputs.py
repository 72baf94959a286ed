"""Inputs: what the step is given of the data, as a factor F of their second moment, Sigma = F Fᵀ.

A linear network feels a batch only through Sigma (paper, section 2): the task loss is ½ ‖(effective map - target) F‖².
"""

from __future__ import annotations

import abc

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.random import normal_pairs
from gatednet.rows import Blocks, add
from gatednet.settings import Choice, Setting, Whole, field
from gatednet.wishart import bartlett_factor

# From this many terms on a sum of outer products is left to einsum: it would take too long to compile.
_LONGEST_SUM = 64


class Inputs(Setting):
    """The distribution of the inputs, and how much of it a step sees."""

    @property
    @abc.abstractmethod
    def exact(self) -> bool:
        """Whether every step sees the identity as second moment, whatever the coordinates."""

    @abc.abstractmethod
    def draw(self, key: Array, step: Array, inputs: int) -> Array | None:
        """The factor of a step, (inputs, columns, runs), or None for the identity.

        `key` holds the two words of the data keys of the runs, (2, runs).
        """


class Population(Inputs):
    """Infinitely many standard normal inputs at every step: the second moment is the identity."""

    @property
    def exact(self) -> bool:
        return True

    def draw(self, key: Array, step: Array, inputs: int) -> None:
        del key, step, inputs


class Gaussian(Inputs):
    """`batch` standard normal inputs, fresh at every step.

    Where there are at least as many as dimensions, the factor is a triangle by Bartlett's decomposition; otherwise, and
    always with `drawn`, it is Xᵀ / sqrt(batch) of a batch X. Both give the same distribution of runs.
    """

    batch: int = field(200, Whole(1), "inputs a step")
    drawn: bool = field(False, Choice((False, True)), "whether the inputs themselves are drawn, always")

    @property
    def exact(self) -> bool:
        return False

    def draw(self, key: Array, step: Array, inputs: int) -> Array:
        if self.batch >= inputs and not self.drawn:
            return bartlett_factor(key, step, inputs, self.batch)
        half = (self.batch + 1) // 2
        normals = jnp.concatenate(normal_pairs(key, step, (inputs, half)), axis=1)
        return normals[:, : self.batch] * np.float32(1.0 / np.sqrt(self.batch))


def seen(error: Blocks, factor: Array | None) -> Blocks:
    """What the inputs show of a map: (error F), with F the identity where `factor` is None."""
    if factor is None:
        return error
    (block,) = error
    return (_times(block, factor.astype(block.dtype)),)


@jax.custom_vjp
def _times(block: Array, factor: Array) -> Array:
    """(outputs, inputs, runs) × (inputs, columns, runs) → (outputs, columns, runs), a product for each run.

    Its derivative by the map is the same operation with the factor transposed; left to itself, automatic differentiation
    makes one reduction for each input. The factor is data and has no derivative.
    """
    inputs = block.shape[1]
    if inputs > _LONGEST_SUM:
        return jnp.einsum("oir,icr->ocr", block, factor)
    return add(block[:, i, None] * factor[i] for i in range(inputs))


def _times_forward(block: Array, factor: Array) -> tuple[Array, Array]:
    return _times(block, factor), factor


def _times_backward(factor: Array, cotangent: Array) -> tuple[Array, None]:
    return _times(cotangent, jnp.swapaxes(factor, 0, 1)), None


_times.defvjp(_times_forward, _times_backward)
