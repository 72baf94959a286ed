"""`for_each`: a function of each of many entries, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array


def for_each(function: Callable[[Any], Any], given: Any, count: Array | np.ndarray) -> Any:
    """The results of a function for the first `count` entries along the first axis of what is given.

    The compiler is not told the count. `jax.lax.map` over one entry would be no loop to it, and what is compiled
    together with what comes before and after can have other last bits.
    """
    given = jax.tree.map(jnp.asarray, given)

    def entry(place: Any) -> Any:
        return jax.tree.map(lambda values: jax.lax.dynamic_index_in_dim(values, place, keepdims=False), given)

    def one(place: Array, results: Any) -> Any:
        return jax.tree.map(
            lambda values, result: jax.lax.dynamic_update_index_in_dim(values, result, place, 0),
            results,
            function(entry(place)),
        )

    length = jax.tree.leaves(given)[0].shape[0]
    shapes = jax.eval_shape(lambda: function(entry(0)))
    empty = jax.tree.map(lambda shape: jnp.zeros((length, *shape.shape), shape.dtype), shapes)
    return jax.lax.fori_loop(0, count, one, empty)
