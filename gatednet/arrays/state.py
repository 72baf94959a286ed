"""The state of a lane of runs: the parameters of a network as arrays, the runs last."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.groups import Grouped


class State(Grouped):
    """The parameters of a network: an array for each of its groups, of the shape that `Network.groups` gives.

    Those of a gated linear network are `weights`, (paths, outputs, inputs), and `gates`, (paths,) or (paths, outputs).
    In a lane all have the runs as a further, last axis.
    """

    def __init__(self, *standard: Float[Array, " ..."], **named: Float[Array, " ..."]) -> None:
        super().__init__(*standard, **named)


def flat(state: State) -> Float[Array, "parameters runs"]:
    """All parameters of a lane in one array."""
    return jnp.concatenate([array.reshape(-1, array.shape[-1]) for _, array in state])
