"""Gaussian batches."""

from __future__ import annotations

import numpy as np
from jax import Array

from gatednet.inputs.base import Cost, Inputs
from gatednet.inputs.examples import Examples
from gatednet.random.threefry import normals
from gatednet.random.wishart import STEPS_PER_DRAW, bartlett_factor, chi_of_few_degrees, draw_squares
from gatednet.settings import Choice, Whole, field


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

    def summary(self) -> str:
        return f"Gaussian batches of {self.batch}"

    def cost(self, inputs: int) -> Cost:
        return "gaussian" if self.by_triangle(inputs) else "drawn"

    def by_triangle(self, inputs: int) -> bool:
        """Whether the factor is Bartlett's triangle."""
        return self.batch >= inputs and not self.drawn

    def numbers(self, inputs: int) -> int:
        return inputs * (inputs if self.by_triangle(inputs) else self.batch)

    def steps_per_draw(self, inputs: int) -> int:
        return STEPS_PER_DRAW if self.by_triangle(inputs) else 1

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> tuple[Array, Array | None]:
        if self.by_triangle(inputs):
            return draw_squares(key, group, inputs), chi_of_few_degrees(key, group, inputs, self.batch)
        return normals(key, group, (inputs, self.batch)) * np.float32(1.0 / np.sqrt(self.batch)), None

    @property
    def sampled(self) -> bool:
        return self.drawn

    def samples(self, drawn: tuple[Array, Array | None], place: Array) -> Array:
        return self.factor(drawn, place) * np.float32(np.sqrt(self.batch))

    def factor(self, drawn: tuple[Array, Array | None], place: Array) -> Array:
        variates, chi_of_few = drawn
        if variates.ndim == 4:
            return bartlett_factor(variates, place, chi_of_few, self.batch)
        return variates
