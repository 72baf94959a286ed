"""The state that a run starts from."""

from __future__ import annotations

import abc
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.networks import Network
from gatednet.random import normal
from gatednet.rows import State
from gatednet.settings import Nested, Number, Setting, SettingError, field


class InitialState(Setting):
    """How the weights and gates of a run are chosen before its first step."""

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such start of this network exists."""

    @abc.abstractmethod
    def draw(self, key: Array, network: Network) -> State:
        """The initial state of one run."""


class Initial(InitialState):
    """Independent Gaussian weights and equal gates (paper, appendix on simulation details)."""

    weight_scale: float = field(
        0.01, Number(0.0), "standard deviation of the initial weights, times the root of the number of inputs"
    )
    gates: float = field(0.5, Number(), "initial value of every gate")

    def check(self, network: Network) -> None:
        del network

    def draw(self, key: Array, network: Network) -> State:
        deviation = self.weight_scale / math.sqrt(network.inputs)
        weights = deviation * normal(key, network.weight_shape)
        return State(weights, jnp.broadcast_to(jnp.asarray(self.gates, weights.dtype), network.gate_shape))


class ChosenInitial(InitialState):
    """Weights and gates given in full, the same for every seed: for two-dimensional models and restarts."""

    weights: tuple = field((), Nested(Number(), 3), "initial weights, paths × outputs × inputs")
    gates: tuple = field((), Nested(Number(), 1), "initial gates, one for each path, or paths × outputs in that order")

    def check(self, network: Network) -> None:
        count = math.prod(network.gate_shape)
        if shape_of(self.weights) != network.weight_shape:
            raise SettingError(
                f"ChosenInitial.weights has the shape {shape_of(self.weights)}, allowed is {network.weight_shape}"
            )
        if len(self.gates) != count:
            raise SettingError(f"ChosenInitial.gates has {len(self.gates)} values, allowed is {count}")

    def draw(self, key: Array, network: Network) -> State:
        del key
        weights = stacked(self.weights).reshape(network.weight_shape)
        return State(weights, stacked(self.gates).reshape(network.gate_shape))


def stacked(values: tuple) -> Array:
    """All numbers of nested tuples, as one flat array; the numbers may be traced."""
    return jnp.stack([jnp.asarray(leaf, float) for leaf in jax.tree.leaves(values)])


def shape_of(values: Any) -> tuple[int, ...] | None:
    """The shape of nested tuples, None where they are ragged."""
    if not isinstance(values, tuple):
        return ()
    shapes = {shape_of(value) for value in values}
    if len(shapes) != 1 or None in shapes:
        return None if values else (0,)
    (inner,) = shapes
    return None if inner is None else (len(values), *inner)
