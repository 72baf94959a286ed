"""Shuffled order without a list: a keyed bijection of the first whole numbers, evaluated where it is asked for.

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

from gatednet.random import threefry

# Four leave traces on grids of a thousand places: class counts of batches vary by an eighth more than they should, and
# places a row apart go together. With six neither is seen (tests/gatednet/test_shuffle.py).
_ROUNDS = 6


def shuffled(key: Array, epoch: Array, places: Array, size: int) -> Array:
    """What stands at some places of a shuffled order of 0 to `size` - 1.

    `key` holds the two words of the keys of the runs, (2, ...), `epoch`, unsigned, chooses the order, and `places` are
    the places. All of them broadcast; returns integers of the shape that they have together.
    """
    height, width = sides(size)
    # The words of an epoch, for round functions of their own.
    of_epoch = jnp.stack(threefry(key, epoch, jnp.zeros(1, jnp.uint32)))

    def sent(place: Array) -> Array:
        left, right = place // width, place % width
        for number in range(_ROUNDS):
            word, _ = threefry(of_epoch, jnp.full_like(right, number), right)
            side = np.uint32((height, width)[number % 2])
            left, right = right, (left + word % side) % side
        return left * np.uint32(width) + right

    start = jnp.broadcast_to(places, jnp.broadcast_shapes(places.shape, of_epoch.shape[1:])).astype(jnp.uint32)
    found = jax.lax.while_loop(
        lambda found: jnp.any(found >= size), lambda found: jnp.where(found >= size, sent(found), found), sent(start)
    )
    return found.astype(jnp.int32)


def sides(size: int) -> tuple[int, int]:
    """The sides of a grid, not far from a square, that has room for so many places and the fewest besides."""
    root = math.isqrt(size - 1) + 1
    return min(((-(-size // width), width) for width in range(-(-root // 2), root + 1)), key=_size)


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    return math.prod(shape), sum(shape)
