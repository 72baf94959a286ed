"""The LQ decomposition: vectors as sums of orthonormal ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import add
from gatednet.kernels.parts import by_xla, part, together

# How many entries of a vector are gone through together: the first of these that divides their number. In shorter
# strips sums wait for each other, and longer ones take longer to compile.
_STRIPS = (5, 4, 6, 7, 3, 2, 1)
# The square of the least part of a vector that is left where it is no sum of others.
_LEAST = 0.25


def lq(vectors: Array) -> tuple[Array, Array]:
    """Coefficients (..., number, most) and orthonormal rows (..., most, size) whose product are `vectors`.

    `vectors` is (..., number, size), and `most` the smaller of the two. Up to `size` vectors have lower triangular
    coefficients, with nothing negative on the diagonal. More vectors are their own coefficients.
    """
    *batch, number, size = vectors.shape
    if number > size:
        return vectors, jnp.broadcast_to(jnp.eye(size, dtype=vectors.dtype), (*batch, size, size))
    if by_xla():
        return _by_lapack(vectors)
    both = _by_kernel(vectors.reshape(-1, number, size), number).reshape(*batch, number, number + size)
    return both[..., :number], both[..., number:]


def orthonormal(vectors: Array) -> Array:
    """The orthonormal rows of `lq`, of one matrix (number, size) of rows none of which is a sum of others."""
    return _by_lapack(vectors)[1] if by_xla() else _by_kernel(vectors[None], 0)[0]


def _by_lapack(vectors: Array) -> tuple[Array, Array]:
    """`lq` of no more vectors than they have entries, one decomposition after the other."""
    rows, upper = jnp.linalg.qr(jnp.swapaxes(vectors, -1, -2))
    signs = jnp.where(jnp.diagonal(upper, axis1=-2, axis2=-1) < 0, -1, 1).astype(vectors.dtype)
    return jnp.swapaxes(upper, -1, -2) * signs[..., None, :], jnp.swapaxes(rows, -1, -2) * signs[..., None]


def _by_kernel(vectors: Array, coefficients: int) -> Array:
    """The orthonormal rows of (decompositions, number, size) vectors, after so many coefficients of each: all or 0."""
    number, size = vectors.shape[1:]

    def plain(vectors: Array) -> Array:
        both = jnp.concatenate(_by_lapack(jnp.moveaxis(vectors, -1, 0)), axis=-1)
        return jnp.moveaxis(both[..., number - coefficients :], 0, -1)

    result = jax.ShapeDtypeStruct((number, coefficients + size), vectors.dtype)
    return together(lambda vectors: part(plain, _by_gram_schmidt, vectors, once=result))(vectors)


def _by_gram_schmidt(result: Array, vectors: Array) -> Array:
    """The orthonormal rows of (number, size, runs) vectors, after their coefficients where `result` has room for them.

    Each vector goes through the method twice: once leaves errors in proportion to the condition number of the vectors,
    and twice is enough (Giraud, Langou and Rozložník, Computers and Mathematics with Applications 50, 2005,
    1069-1075), unless rounding is all that is left of a vector. Where there are coefficients, such a vector has a row
    of zeros: those before it are enough for it. Where there are none, every row has to be a unit vector, and a third
    time makes it orthogonal to the others.
    """
    number, size, runs = vectors.shape
    first = result.shape[1] - size
    length = next(length for length in _STRIPS if size % length == 0)
    strips, zeros = size // length, jnp.zeros((length, runs), vectors.dtype)

    def strip(of: Array, row: Any, column: Any) -> Array:
        start = (row, column, 0)
        return jax.lax.dynamic_slice(of, start, (1, length, runs), allow_negative_indices=False).reshape(length, runs)

    def unit(row: Any, place: Any, result: Array) -> Array:
        return strip(result, row, first + place * length)

    def put(values: Array, row: Any, column: Any, result: Array) -> Array:
        start = (row, column, 0)
        return jax.lax.dynamic_update_slice(result, values[None], start, allow_negative_indices=False)

    def with_row(row: Any, other: Any, values: Callable[[Any, Array], Array], result: Array) -> tuple[Array, Array]:
        """The inner product of a row with another one, or itself, and the result, after the row is set."""

        def with_strip(place: Any, at: tuple[Array, Array]) -> tuple[Array, Array]:
            sums, result = at
            those = values(place, result)
            result = put(those, row, first + place * length, result)
            return sums + those * unit(other, place, result), result

        sums, result = jax.lax.fori_loop(0, strips, with_strip, (zeros, result))
        return add(sums), result

    def one_vector(row: Any, result: Array) -> Array:
        def given(place: Any) -> Array:
            return strip(vectors, row, place * length)

        # Squares of numbers near one neither overflow nor vanish.
        largest = jax.lax.fori_loop(0, strips, lambda place, most: jnp.maximum(most, jnp.abs(given(place))), zeros)
        scale = largest.max(0)
        scale = jnp.where(scale > 0, scale, 1)
        # Each pass over the row makes its inner product with the one that is taken off in the next: at first the first.
        at = with_row(row, 0, lambda place, _: given(place) / scale, result)

        def against(other: Any, at: tuple[Array, Array]) -> tuple[Array, Array]:
            share, result = at

            def left(place: Any, result: Array) -> Array:
                return unit(row, place, result) - unit(other, place, result) * share

            return with_row(row, other + 1, left, result)

        def against_all(turn: Any, at: tuple[Array, Array]) -> tuple[Array, Array]:
            square, result = jax.lax.fori_loop(0, row, against, at)
            # What the second turn leaves of a unit vector that was rounding alone is in no direction of its own.
            least = jnp.where(turn > 0, _LEAST, 0) if first else 0
            factor = jnp.where(square > least, 1 / jnp.sqrt(square), 0)
            return with_row(row, 0, lambda place, result: unit(row, place, result) * factor, result)

        _, result = jax.lax.fori_loop(0, 2 if first else 3, against_all, at)
        if not first:
            return result

        def coefficient(other: Any, result: Array) -> Array:
            products = jax.lax.fori_loop(
                0, strips, lambda place, sums: sums + given(place) * unit(other, place, result), zeros
            )
            return put(jnp.where(other <= row, add(products), 0)[None], row, other, result)

        return jax.lax.fori_loop(0, number, coefficient, result)

    return jax.lax.fori_loop(0, number, one_vector, result)
