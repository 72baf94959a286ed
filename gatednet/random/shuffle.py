"""Shuffled order without a list: a keyed bijection of the first whole numbers, evaluated where it is needed.

A permutation of sixty thousand examples for every run and every epoch would be sorted for longer than is learned from
it. A Feistel network gives the image of any single place instead: rounds that each add a random function of one
coordinate of a grid to the other one (Luby and Rackoff, SIAM J. Comput. 17, 1988). The grid has room for all places and
few besides; those outside are sent on until they fall inside (Black and Rogaway, CT-RSA 2002, cycle walking).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.random.threefry import below, threefry

# Four leave traces on grids of a thousand places: class counts of batches vary by an eighth more than they should, and
# places a row apart go together. With six neither is seen (tests/gatednet/test_shuffle.py).
_ROUNDS = 6


def orders(key: Array, epochs: Array, size: int) -> Array:
    """The orders of some epochs, as the functions of their rounds: (rounds / 2, 2, epochs, runs, height of the grid).

    `key` holds the two words of the keys of the runs, (2, runs), `epochs` are unsigned. The first of two rounds moves
    rows by a function of the column, the second columns by one of the row.
    """
    height, width = sides(size)
    pairs = _ROUNDS // 2
    counters = jnp.arange(pairs * height, dtype=jnp.uint32).reshape(pairs, 1, 1, height)
    rows, columns = threefry(key[:, :, None], epochs[:, None, None], counters)
    return jnp.stack([below(rows, height), below(columns, width)], axis=1)


def shuffled(functions: Array, epoch: Array, places: Array, size: int) -> Array:
    """What stands at some places of shuffled orders of 0 to `size` - 1.

    `functions` are those of `orders`, `epoch` chooses among them by its place there, and `places` are the places; the
    two broadcast against (..., runs, any number of places). Returns integers of the shape that all have together.
    """
    height, width = sides(size)
    runs = functions.shape[3]
    tables = functions.reshape(*functions.shape[:2], -1)
    # Where the table of an epoch and a run begins.
    table = epoch.astype(jnp.uint32) * np.uint32(runs) + jnp.arange(runs, dtype=jnp.uint32)[:, None]
    table = table * np.uint32(height)

    def moved(coordinate: Array, side: int, function: Array, other: Array) -> Array:
        further = coordinate + function.at[table + other].get(mode="promise_in_bounds")
        return jnp.where(further >= side, further - np.uint32(side), further)

    def two_rounds(number: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        row = moved(at[0], height, tables[number, 0], at[1])
        return row, moved(at[1], width, tables[number, 1], row)

    def send(at: tuple[Array, Array]) -> tuple[Array, Array]:
        place, outside = at
        split = place // np.uint32(width), place % np.uint32(width)
        row, column = jax.lax.fori_loop(0, _ROUNDS // 2, two_rounds, split)
        place = jnp.where(outside, row * np.uint32(width) + column, place)
        return place, place >= size

    start = jnp.broadcast_to(places, jnp.broadcast_shapes(places.shape, table.shape)).astype(jnp.uint32)
    found, _ = jax.lax.while_loop(lambda at: jnp.any(at[1]), send, (start, jnp.full(start.shape, True)))
    return found.astype(jnp.int32)


def sides(size: int) -> tuple[int, int]:
    """The sides of the smallest grid, not far from a square, with room for `size` places."""
    root = math.isqrt(size - 1) + 1
    shapes = ((-(-size // width), width) for width in range(-(-root // 2), root + 1))
    return min(shapes, key=lambda shape: (math.prod(shape), sum(shape)))
