"""Loops that gather results: `for_each` of many entries, `gathered` of many turns."""

from __future__ import annotations

import math
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

    def one(place: Array, carry: None) -> tuple[None, Any]:
        def entry(values: Array) -> Array:
            return jax.lax.dynamic_index_in_dim(values, place, keepdims=False, allow_negative_indices=False)

        return carry, function(jax.tree.map(entry, given))

    return gathered(one, None, jax.tree.leaves(given)[0].shape[0], count)[1]


def gathered(
    turn: Callable[[Array, Any], tuple[Any, Any]], carry: Any, number: int, count: Array | np.ndarray | None = None
) -> tuple[Any, Any]:
    """What the last of a number of turns carries, and the results of all, with the turns as first axis.

    As `jax.lax.scan`, of `turn(place, carry)`. Of `count` turns there are results, and zeros for the others.
    """
    # Traced once, for the shapes and for the loop.
    turn = jax.jit(turn, inline=True)

    def one(place: Array, at: tuple[Any, Any]) -> tuple[Any, Any]:
        carry, result = turn(jax.lax.convert_element_type(place, np.int32), at[0])

        def put(values: Array, result: Array) -> Array:
            return jax.lax.dynamic_update_index_in_dim(values, result[None], place, 0, allow_negative_indices=False)

        return carry, jax.tree.map(put, at[1], result)

    shapes = jax.eval_shape(turn, jax.ShapeDtypeStruct((), np.int32), carry)[1]
    empty = jax.tree.map(lambda shape: _zeros((number, *shape.shape), shape.dtype), shapes)
    return jax.lax.fori_loop(0, number if count is None else count, one, (carry, empty))


def _zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    # XLA compiles a loop over one axis in a third of the time of nested loops, one for each axis.
    return jax.lax.optimization_barrier(jnp.zeros(math.prod(shape), dtype)).reshape(shape)
