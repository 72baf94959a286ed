"""Small Gaussian weights and equal gates (paper, section 2)."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.state import State
from gatednet.networks.base import Network
from gatednet.random.threefry import normal
from gatednet.settings import Choice, Number, field
from gatednet.starts.base import InitialState


class Initial(InitialState):
    """Independent Gaussian weights and equal gates (paper, appendix on simulation details).

    With two layers, both are Gaussian: the gates are the second layer, and have no initial value of their own.
    """

    weight_scale: float = field(
        0.01, Number(0.0), "standard deviation of the initial weights, times the root of the number of inputs"
    )
    gates: float = field(0.5, Number(), "initial value of every gate")
    shared: bool = field(False, Choice((False, True)), "whether all seeds start from the same weights")

    def check(self, network: Network) -> None:
        del network

    def draw(self, key: Array, network: Network, teachers: Array) -> State:
        del teachers
        deviation = self.weight_scale / math.sqrt(network.inputs)
        weights = deviation * normal(key, network.weight_shape)
        if network.gates_are_weights:
            fan_in = network.gate_shape[-1]
            second = normal(jax.random.fold_in(key, 1), network.gate_shape)
            return State(weights, self.weight_scale / math.sqrt(fan_in) * second)
        return State(weights, jnp.broadcast_to(jnp.asarray(self.gates, weights.dtype), network.gate_shape))
