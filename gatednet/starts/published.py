"""The starts of the published runs."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.state import State
from gatednet.networks.base import Network
from gatednet.random.published import starts
from gatednet.settings import LARGEST_SEED, Choice, Number, SettingError, Whole, field
from gatednet.starts.base import InitialState

# The scale of the published starts. Weights are made at this scale and multiplied by what is another one over it: at
# this very scale by exactly 1, so that their last bits are the published ones.
SCALE = 0.01
# All starts are a constant of the compiled program.
MOST_NUMBERS = 2**24


class PublishedInitial(InitialState):
    """Independent Gaussian weights from a fixed list of starts, by default the ten of the published runs.

    The authors' released code splits a key into as many as there are runs. The run of seed n has start n modulo
    `keys`: ten seeds give the ten published starts, and the next ten the same starts with other inputs. With one key
    the start is the one that the released code gives a single run.

    The numbers are those of JAX's former generator, bit for bit up to the order of the paths, which the released code
    sorts afterwards; see `gatednet.random.published`.
    """

    key: int = field(8897, Whole(0, LARGEST_SEED, "keys are made of 32 bits"), "whole number that the key is made of")
    keys: int = field(10, Whole(1), "number of starts, into which the key is split")
    weight_scale: float = field(
        SCALE, Number(0.0), "standard deviation of the initial weights, times the root of the number of inputs"
    )
    gates: float = field(0.5, Number(), "initial value of every gate")
    shared: bool = field(False, Choice((False,)), "as many seeds as there are starts differ; one key makes all alike")

    def check(self, network: Network) -> None:
        numbers = self.keys * network.parameters
        if numbers > MOST_NUMBERS:
            raise SettingError(
                f"PublishedInitial.keys is {self.keys}, allowed are at most {MOST_NUMBERS // network.parameters} with "
                f"{network.parameters} parameters each"
            )

    def draw(self, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]) -> State:
        return self.draw_for(0, key, network, teachers)

    def draw_for(
        self, seed: int | Array, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]
    ) -> State:
        groups = network.groups
        random = [name for name, group in groups.items() if group.fan_in is not None]
        made = dict(zip(random, starts(self.key, self.keys, tuple(groups[name].shape for name in random)), strict=True))
        drawn: dict[str, Array] = {}
        for name, group in groups.items():
            if group.fan_in is None:
                drawn[name] = jnp.broadcast_to(jnp.asarray(self.gates, teachers.dtype), group.shape)
            else:
                published = jnp.asarray(made[name] * np.float32(SCALE / math.sqrt(group.fan_in)), teachers.dtype)
                drawn[name] = (self.weight_scale / SCALE) * published[seed % self.keys]
        return State(**drawn)
