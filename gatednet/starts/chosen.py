"""Starts given in full."""

from __future__ import annotations

import math

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.groups import STANDARD
from gatednet.arrays.nested import shape_of, stacked
from gatednet.arrays.state import State
from gatednet.networks.base import Network
from gatednet.settings import Choice, Nested, Number, SettingError, field
from gatednet.starts.base import InitialState


class ChosenInitial(InitialState):
    """Weights and gates given in full, the same for every seed: for two-dimensional models and restarts."""

    weights: tuple = field((), Nested(Number(), 3), "initial weights, paths × outputs × inputs")
    gates: tuple = field(
        (), Nested(Number(), 1), "initial gates: paths, or paths × outputs, or, with two layers, outputs × hidden units"
    )
    shared: bool = field(True, Choice((True,)), "a chosen state is the same for all seeds")

    def check(self, network: Network) -> None:
        groups = network.groups
        if tuple(groups) != STANDARD:
            raise SettingError(
                f"ChosenInitial has weights and gates, and {type(network).__name__} has {', '.join(groups)}"
            )
        wanted, count = groups["weights"].shape, math.prod(groups["gates"].shape)
        if shape_of(self.weights) != wanted:
            raise SettingError(f"ChosenInitial.weights has the shape {shape_of(self.weights)}, allowed is {wanted}")
        if len(self.gates) != count:
            raise SettingError(f"ChosenInitial.gates has {len(self.gates)} values, allowed is {count}")

    def draw(self, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]) -> State:
        weights = stacked(self.weights).reshape(network.groups["weights"].shape)
        return State(weights, stacked(self.gates).reshape(network.groups["gates"].shape))
