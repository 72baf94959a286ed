"""How far a run is from a limit cycle (paper, section 4 and Figure 4)."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.observables.observable import Observable


class History(eqx.Module):
    """A lane of runs at all of its saves.

    `states` holds all parameters, (saves, parameters, runs), `block_steps` the length of a block, (runs,), and `every`
    the number of steps between saves.
    """

    states: Array
    block_steps: Array | np.ndarray
    every: int = eqx.field(static=True)


def block_distance(history: History) -> Array:
    """The distance of all parameters from what they were a block before, (saves, runs).

    NaN within the first block, and where a block is no whole number of saves.
    """
    saves = history.states.shape[0]
    lag = jnp.asarray(history.block_steps) // history.every
    before = jnp.arange(saves)[:, None] - lag
    known = (before >= 0) & (jnp.asarray(history.block_steps) % history.every == 0)
    earlier = jnp.take_along_axis(history.states, jnp.maximum(before, 0)[:, None], axis=0)
    distance = jnp.sqrt(jnp.sum((history.states - earlier) ** 2, axis=1))
    return jnp.where(known, distance, jnp.nan)


OBSERVABLES = (
    Observable(
        "block_distance",
        "distance of all weights and gates from what they were one block before",
        block_distance,
        when="history",
    ),
)
