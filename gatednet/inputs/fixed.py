"""Inputs that are the same at every step."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.inputs.base import Cost, Inputs
from gatednet.inputs.examples import Examples
from gatednet.settings import Choice, field
from gatednet.times import MOST_STEPS


class Fixed(Inputs):
    """The same inputs at every step, nothing random: a vector of ones, or every unit vector once."""

    vectors: str = field("identity", Choice(("identity", "ones")), "every unit vector, or a single one of all ones")

    @property
    def exact(self) -> bool:
        return False

    def summary(self) -> str:
        return "the same at every step"

    def cost(self, inputs: int) -> Cost:
        return "population"

    def numbers(self, inputs: int) -> int:
        return inputs * (inputs if self.vectors == "identity" else 1)

    def steps_per_draw(self, inputs: int) -> int:
        return MOST_STEPS

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> Array:
        batch = np.eye(inputs) if self.vectors == "identity" else np.ones((1, inputs))
        factor = jnp.asarray(batch.T / np.sqrt(len(batch)))
        return jnp.broadcast_to(factor[..., None], (*factor.shape, key.shape[-1]))

    @property
    def sampled(self) -> bool:
        return True

    def samples(self, drawn: Array, place: Array) -> Array:
        return self.factor(drawn, place) * np.sqrt(drawn.shape[1])

    def factor(self, drawn: Array, place: Array) -> Array:
        return drawn
