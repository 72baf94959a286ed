"""Small Gaussian weights and equal gates (paper, section 2)."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.state import State
from gatednet.networks.base import Network
from gatednet.random.threefry import normal
from gatednet.settings import Choice, Number, field
from gatednet.starts.base import InitialState


class Initial(InitialState):
    """Independent Gaussian weights and equal gates (paper, appendix on simulation details).

    With several layers all are Gaussian, each with a standard deviation for its own number of inputs: in a network of
    two layers the gates are the second layer, and have no initial value of their own.
    """

    weight_scale: float = field(
        0.01, Number(0.0), "standard deviation of the initial weights, times the root of the number of inputs"
    )
    gates: float = field(0.5, Number(), "initial value of every gate")
    shared: bool = field(False, Choice((False, True)), "whether all seeds start from the same weights")

    def check(self, network: Network) -> None:
        del network

    def draw(self, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]) -> State:
        drawn: dict[str, Array] = {}
        for place, (name, group) in enumerate(network.groups.items()):
            if group.fan_in is None:
                drawn[name] = jnp.broadcast_to(jnp.asarray(self.gates, teachers.dtype), group.shape)
            else:
                deviation = self.weight_scale / math.sqrt(group.fan_in)
                # Stored results depend on the keys: the first group has the key itself.
                drawn[name] = deviation * normal(jax.random.fold_in(key, place) if place else key, group.shape)
        return State(**drawn)
