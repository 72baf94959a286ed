"""Infinitely many inputs."""

from __future__ import annotations

from jax import Array

from gatednet.inputs.base import Cost, Inputs
from gatednet.inputs.examples import Examples
from gatednet.times import MOST_STEPS


class Population(Inputs):
    """Infinitely many standard normal inputs at every step: the second moment is the identity."""

    @property
    def exact(self) -> bool:
        return True

    def summary(self) -> str:
        return "the population"

    def cost(self, inputs: int) -> Cost:
        return "population"

    def steps_per_draw(self, inputs: int) -> int:
        return MOST_STEPS

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> None:
        del key, group, inputs, examples

    def factor(self, drawn: None, place: Array) -> None:
        del drawn, place
