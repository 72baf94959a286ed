"""How far a run is from a limit cycle (paper, section 4 and Figure 4)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.observables.history import History
from gatednet.observables.observable import Observable


def block_distance(history: History) -> Float[Array, "saves runs"]:
    """The distance of all parameters from what they were a block before.

    NaN within the first block, where a block is no whole number of saves, and where blocks differ in length.
    """
    saves = history.states.shape[0]
    lag = jnp.asarray(history.block_steps) // history.every
    before = jnp.arange(saves)[:, None] - lag
    known = (before >= 0) & (lag > 0) & (jnp.asarray(history.block_steps) % history.every == 0)
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
