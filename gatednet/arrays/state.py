"""The state of a lane of runs: the parameters of a network as arrays, the runs last."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jax import Array


class State(eqx.Module):
    """The parameters of a network.

    `weights` has the shape (paths, outputs, inputs), `gates` (paths,) or (paths, outputs); in a lane both have the
    runs as a further, last axis.
    """

    weights: Array
    gates: Array


def flat(state: State) -> Array:
    """All parameters of a lane in one array, (parameters, runs)."""
    runs = state.weights.shape[-1]
    return jnp.concatenate([state.weights.reshape(-1, runs), state.gates.reshape(-1, runs)])
