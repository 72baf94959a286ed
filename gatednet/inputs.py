"""Inputs: what the step is given of the data, as a factor F of their second moment, Sigma = F Fᵀ.

A linear network feels a batch only through Sigma (paper, section 2): the task loss is ½ ‖(effective map - target) F‖².
"""

from __future__ import annotations

import abc
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.examples import Batch, Examples
from gatednet.networks import Network
from gatednet.random import normals
from gatednet.rows import Blocks, product
from gatednet.settings import Choice, Setting, SettingError, Whole, field
from gatednet.times import MOST_STEPS
from gatednet.wishart import STEPS_PER_DRAW, bartlett_factor, chi_of_few_degrees, draw_squares


class Inputs(Setting):
    """The distribution of the inputs, and how much of it a step sees.

    Random numbers are drawn for a group of steps at once, and each step of the group makes its factor of them.
    """

    @property
    @abc.abstractmethod
    def exact(self) -> bool:
        """Whether every step sees the identity as second moment, whatever the coordinates."""

    @property
    def labelled(self) -> bool:
        """Whether they are labelled examples, which are given to a run beside its experiment."""
        return False

    def check(self, network: Network) -> None:
        """Raise `SettingError` where such inputs do not go with a network."""
        del network

    def check_examples(self, examples: Examples | None, network: Network) -> None:
        """Raise `SettingError` where these are not the examples that such inputs of a network need."""
        del network
        if examples is not None:
            raise SettingError(f"inputs {type(self).__name__} take no examples, and some are given")

    def placeholder(self, classes: int) -> Examples | None:
        """Examples without content, where there are examples, to ask for shapes with."""
        del classes

    @abc.abstractmethod
    def steps_per_draw(self, inputs: int) -> int:
        """How many steps one draw serves, for inputs of so many dimensions."""

    def numbers(self, inputs: int) -> int:
        """How many numbers a step sees of one run, for inputs of so many dimensions."""
        del inputs
        return 0

    @abc.abstractmethod
    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> Any:
        """The random numbers of a group of steps; `key` holds the two words of the data keys of the runs, (2, runs)."""

    @abc.abstractmethod
    def factor(self, drawn: Any, place: Array) -> Any:
        """What the step at a place in its group sees: the factor, (inputs, columns, runs), None for the identity.

        Where inputs are labelled, it is a batch of `gatednet.examples`.
        """

    def everything(self, examples: Examples | None) -> Batch | None:
        """What shows the loss expected over all inputs: None for the identity, or the examples to test with."""
        del examples


class Population(Inputs):
    """Infinitely many standard normal inputs at every step: the second moment is the identity."""

    @property
    def exact(self) -> bool:
        return True

    def steps_per_draw(self, inputs: int) -> int:
        del inputs
        return MOST_STEPS

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> None:
        del key, group, inputs, examples

    def factor(self, drawn: None, place: Array) -> None:
        del drawn, place


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

    def by_triangle(self, inputs: int) -> bool:
        """Whether the factor is Bartlett's triangle."""
        return self.batch >= inputs and not self.drawn

    def numbers(self, inputs: int) -> int:
        return inputs * (inputs if self.by_triangle(inputs) else self.batch)

    def steps_per_draw(self, inputs: int) -> int:
        return STEPS_PER_DRAW if self.by_triangle(inputs) else 1

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> tuple[Array, Array | None]:
        del examples
        if self.by_triangle(inputs):
            return draw_squares(key, group, inputs), chi_of_few_degrees(key, group, inputs, self.batch)
        return normals(key, group, (inputs, self.batch)) * np.float32(1.0 / np.sqrt(self.batch)), None

    def factor(self, drawn: tuple[Array, Array | None], place: Array) -> Array:
        variates, chi_of_few = drawn
        if variates.ndim == 4:
            return bartlett_factor(variates, place, chi_of_few, self.batch)
        return variates


class Fixed(Inputs):
    """The same inputs at every step, nothing random: a vector of ones, or every unit vector once."""

    vectors: str = field("identity", Choice(("identity", "ones")), "every unit vector, or a single one of all ones")

    @property
    def exact(self) -> bool:
        return False

    def numbers(self, inputs: int) -> int:
        return inputs * (inputs if self.vectors == "identity" else 1)

    def steps_per_draw(self, inputs: int) -> int:
        del inputs
        return MOST_STEPS

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> Array:
        del group, examples
        batch = np.eye(inputs) if self.vectors == "identity" else np.ones((1, inputs))
        factor = jnp.asarray(batch.T / np.sqrt(len(batch)))
        return jnp.broadcast_to(factor[..., None], (*factor.shape, key.shape[-1]))

    def factor(self, drawn: Array, place: Array) -> Array:
        del place
        return drawn


def seen(error: Blocks, factor: Array | None) -> Blocks:
    """What the inputs show of a map: (error F), with F the identity where `factor` is None."""
    if factor is None:
        return error
    (block,) = error
    return (product(block, factor.astype(block.dtype)),)
