"""Proximal maps of the constraints on the gates, in closed form.

The proximal map of a function f with the step h takes v to the minimiser of ½ ‖c - v‖² + h f(c): a step of implicit
Euler along f (Parikh and Boyd, Proximal Algorithms, 2014, section 4.1). Here f is
norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c), over all gates of a run. It is not convex where the norm is below
1, but it is a convex function of the norm: with h norm (1 - ‖c‖) = g given, the problem is one for each gate (k = 1) or
for the direction (k = 2), and the tangent of the convex function at the solution shows that it is the least one.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import Blocks, total

# The most rows that are sorted by comparisons written out in full, which are element-wise. With twice as many they take
# longer to compile than all the rest of a step.
_MOST_COMPARED = 16


def of_norm_1(gates: Blocks, norm: Array, nonnegativity: Array) -> Blocks:
    """The proximal map for the sum of absolute values; the strengths are multiplied by the step, (runs,) each.

    A gate keeps its sign σ, or is positive where it is above -nonnegativity / 2, and becomes σ max(0, b + g), b being
    what it would be without the norm. Then g = norm (1 - Σ max(0, b + g)) is the root of a convex increasing function
    of straight pieces, so it is the least of the roots of its pieces: with the k largest b,
    norm (1 - their sum) / (1 + k norm).
    """
    negative = [gate < -0.5 * nonnegativity for gate in gates]
    sized = [jnp.where(below, -gate - nonnegativity, gate) for below, gate in zip(negative, gates, strict=True)]
    shift = _shift(_rows(sized), norm)
    moved = [jnp.maximum(each + shift, 0.0) for each in sized]
    return tuple(jnp.where(below, -each, each) for below, each in zip(negative, moved, strict=True))


def of_norm_2(gates: Blocks, norm: Array, nonnegativity: Array) -> Blocks:
    """The proximal map for the Euclidean norm; the strengths are multiplied by the step, (runs,) each.

    A gate pulls in its own direction with w = v, or -v - nonnegativity where it stays negative, and is 0 where that is
    below 0. The gates are along w, with the length (‖w‖ + norm) / (1 + norm). Where no w is above 0 the largest remains
    alone; several that are equal share its length, since nothing tells them apart.
    """
    negative = [gate < -0.5 * nonnegativity for gate in gates]
    pull = [jnp.where(below, -gate - nonnegativity, gate) for below, gate in zip(negative, gates, strict=True)]
    largest = functools.reduce(jnp.maximum, _rows(pull))
    along = [jnp.where(largest > 0, jnp.maximum(each, 0.0), jnp.where(each == largest, 1.0, 0.0)) for each in pull]
    length = jnp.sqrt(total(tuple(each * each for each in along)))
    wanted = jnp.maximum(jnp.where(largest > 0, length, largest) + norm, 0.0) / (1.0 + norm)
    scale = wanted / length
    return tuple(jnp.where(below, -each, each) * scale for below, each in zip(negative, along, strict=True))


def _rows(blocks: list[Array]) -> list[Array]:
    """The entries of all blocks, (runs,) each."""
    if blocks[0].ndim == 1:
        return blocks
    flat = jnp.concatenate([block.reshape(-1, block.shape[-1]) for block in blocks])
    return list(flat)


def _shift(rows: list[Array], norm: Array) -> Array:
    """The least of norm (1 - sum of the k largest) / (1 + k norm), k from 0 to all, for each run."""
    if len(rows) > _MOST_COMPARED:
        return _shift_by_newton(jnp.stack(rows), norm)
    ordered = list(rows)
    for one, other in _comparisons(len(rows)):
        high, low = jnp.maximum(ordered[one], ordered[other]), jnp.minimum(ordered[one], ordered[other])
        ordered[one], ordered[other] = high, low
    shift, summed = norm, 0.0
    for count, each in enumerate(ordered, 1):
        summed = summed + each
        shift = jnp.minimum(shift, norm * (1.0 - summed) / (1.0 + count * norm))
    return shift


def _shift_by_newton(rows: Array, norm: Array) -> Array:
    """The same without an order, by Newton's method on the convex function of which it is the root.

    From `norm`, which is not below the root, each step is to the root of one piece: that of the rows that stay above 0.
    It comes from above, so that these become fewer until they are those of the root, in a few steps. Further steps
    change nothing, and so a run does not notice how many of them others take.
    """

    def root(above: Array, rows: Array, norm: Array) -> Array:
        summed, count = jnp.sum(jnp.where(above, rows, 0.0), axis=0), jnp.sum(above, axis=0)
        return norm * (1.0 - summed) / (1.0 + count * norm)

    # Which piece it is has no slope, and a loop none in reverse mode.
    fixed, strength = jax.lax.stop_gradient((rows, norm))

    def fewer(at: tuple[Array, Array]) -> tuple[Array, Array]:
        above, _ = at
        after = above & (fixed + root(above, fixed, strength) > 0)
        return after, jnp.any(after != above)

    start = fixed + strength > 0
    above, _ = jax.lax.while_loop(lambda at: at[1], fewer, (start, jnp.asarray(True)))
    return root(above, rows, norm)


@functools.cache
def _comparisons(number: int) -> tuple[tuple[int, int], ...]:
    """Batcher's sorting network (Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M)."""
    if number < 2:
        return ()
    found = []
    top = 1 << ((number - 1).bit_length() - 1)
    step = top
    while step:
        span, remainder, distance = top, 0, step
        while True:
            found += [(place, place + distance) for place in range(number - distance) if place & step == remainder]
            if span == step:
                break
            distance, span, remainder = span - step, span >> 1, step
        step >>= 1
    return tuple(found)
