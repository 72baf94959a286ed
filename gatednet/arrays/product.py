"""Products of matrices for each run, whose derivatives are products as well."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import CHAIN, LONGEST_CHAIN, add
from gatednet.kernels.parts import part

# From this many terms on a sum of outer products is left to einsum: it would take too long to compile.
_LONGEST_SUM = 64
# Rows and columns of a tile of a product by a kernel. Larger ones are faster by a tenth where there are 32 registers
# for vectors, and slower by a fifth where there are 16.
_TILE = (2, 2)
# Entries of a sum over paths, or gates, that a kernel computes together.
_STRIP = 8
# The least entries of all maps of which kernels compute such sums: with fewer, to call one takes longer than it saves
# (8 paths of 16 entries are a tenth slower by it, 16 of 24 a fifth faster).
_LEAST_ENTRIES = 256


def chained(term: Callable[[Any], Array], number: int) -> Array:
    """The sum of term(0), ..., term(number - 1), in the order of the indices within each chain."""
    if number <= LONGEST_CHAIN:
        return add(term(index) for index in range(number))
    groups, rest = divmod(number, CHAIN)

    def group(place: Any) -> Array:
        return add(term(place * CHAIN + index) for index in range(CHAIN))

    summed = jax.lax.fori_loop(1, groups, lambda place, before: before + group(place), group(0))
    return add([summed, *(term(number - rest + index) for index in range(rest))])


@jax.custom_vjp
def gated(gates: Array, maps: Array) -> Array:
    """The sum over paths of gate times map: (paths, runs) or (paths, outputs, runs) and (paths, outputs, inputs, runs).

    Its derivatives are written out; left to itself, automatic differentiation makes a slow reduction of that by the
    gates.
    """
    return _gated(gates, maps)


# Rules of derivatives call plain functions and none that has a rule: what is left of a gradient can then be
# differentiated once more, in either mode.
def _gated(gates: Array, maps: Array) -> Array:
    if gates.ndim == 2 and math.prod(maps.shape[:3]) >= _LEAST_ENTRIES:
        return part(_summed_over_paths, _over_paths_in_tiles, gates, maps)
    return _summed_over_paths(gates, maps)


def _summed_over_paths(gates: Array, maps: Array) -> Array:
    return chained(lambda path: _entry(_like_maps(gates), path, 0) * _entry(maps, path, 0), maps.shape[0])


def _over_paths_in_tiles(result: Array, gates: Array, maps: Array) -> Array:
    """The sum over paths by a kernel, a few entries of the map at a time: their sums stay in registers."""
    (paths, runs), (outputs, inputs, _) = gates.shape, result.shape
    height, width = (min(outputs, _STRIP), 1) if inputs == 1 else (1, min(inputs, _STRIP))

    def tile(row: Any, column: Any, result: Array) -> Array:
        def one_more(path: Any, sums: Array) -> Array:
            of_path = jax.lax.dynamic_slice(maps, (path, row, column, 0), (1, height, width, runs))
            gate = jax.lax.dynamic_slice(gates, (path, 0), (1, runs)).reshape(1, 1, runs)
            return sums + gate * of_path.reshape(height, width, runs)

        sums = jax.lax.fori_loop(0, paths, one_more, jnp.zeros((height, width, runs), result.dtype))
        return jax.lax.dynamic_update_slice(result, sums, (row, column, 0))

    return _tiled(tile, result, height, width)


def _by_gates(maps: Array, cotangent: Array) -> Array:
    """The inner product of each map with one of them, (paths, runs)."""
    if math.prod(maps.shape[:3]) >= _LEAST_ENTRIES:
        return part(_inner_products, _inner_products_in_tiles, maps, cotangent)
    return _inner_products(maps, cotangent)


def _inner_products(maps: Array, cotangent: Array) -> Array:
    by_output = _by_outputs(maps, cotangent)
    return chained(lambda each: _entry(by_output, each, 1), maps.shape[1])


def _inner_products_in_tiles(result: Array, maps: Array, cotangent: Array) -> Array:
    (paths, runs), (outputs, inputs, _) = result.shape, cotangent.shape
    height = min(paths, _STRIP)

    def strip(number: Any, result: Array) -> Array:
        first = number * height

        def entry(row: Any, column: Any, sums: Array) -> Array:
            of_paths = jax.lax.dynamic_slice(maps, (first, row, column, 0), (height, 1, 1, runs))
            with_it = jax.lax.dynamic_slice(cotangent, (row, column, 0), (1, 1, runs)).reshape(1, runs)
            return sums + of_paths.reshape(height, runs) * with_it

        def one_row(row: Any, sums: Array) -> Array:
            return jax.lax.fori_loop(0, inputs, lambda column, sums: entry(row, column, sums), sums)

        sums = jax.lax.fori_loop(0, outputs, one_row, jnp.zeros((height, runs), result.dtype))
        return jax.lax.dynamic_update_slice(result, sums, (first, 0))

    return jax.lax.fori_loop(0, -(-paths // height), strip, result)


def _by_outputs(maps: Array, cotangent: Array) -> Array:
    """The inner product of each row of each map with the same row of one of them, (paths, outputs, runs)."""
    return chained(lambda each: _entry(maps, each, 2) * _entry(cotangent, each, 1), maps.shape[2])


def _gated_forward(gates: Array, maps: Array) -> tuple[Array, tuple[Array, Array]]:
    return _gated(gates, maps), (gates, maps)


def _gated_backward(kept: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    gates, maps = kept
    by_gates = _by_gates if gates.ndim == 2 else _by_outputs
    return by_gates(maps, cotangent), _like_maps(gates) * cotangent


gated.defvjp(_gated_forward, _gated_backward)


def _like_maps(gates: Array) -> Array:
    """Gates with the axes of the maps that they multiply, (paths, outputs or 1, 1, runs)."""
    return gates[:, None, None] if gates.ndim == 2 else gates[:, :, None]


def _entry(array: Array, index: Any, axis: int) -> Array:
    """One entry along an axis, at a place that may be traced."""
    entry = jax.lax.index_in_dim if isinstance(index, int) else jax.lax.dynamic_index_in_dim
    return entry(array, index, axis, keepdims=False)


@jax.custom_vjp
def product(left: Array, right: Array) -> Array:
    """(a, b, runs) × (b, c, runs) → (a, c, runs), a product of matrices for each run.

    Its derivatives are products as well; left to itself, automatic differentiation makes one reduction for each term.
    A derivative that nothing needs, such as that by data, is not computed.
    """
    return _product(left, right)


def _product(left: Array, right: Array) -> Array:
    return part(_of_rows_and_columns, functools.partial(_in_tiles, turned=False), left, right)


def _product_of_rows(left: Array, right: Array) -> Array:
    """(a, b, runs) and (c, b, runs) → (a, c, runs): the product with the transpose."""
    return part(_of_rows, functools.partial(_in_tiles, turned=True), left, right)


def _of_rows_and_columns(left: Array, right: Array) -> Array:
    return _sum_of_outer(jnp.swapaxes(left, 0, 1), right)


def _of_rows(left: Array, right: Array) -> Array:
    return _of_rows_and_columns(left, jnp.swapaxes(right, 0, 1))


def _in_tiles(result: Array, left: Array, right: Array, *, turned: bool) -> Array:
    """A product, or with `turned` one with a transpose, a tile of the result at a time: its sums stay in registers."""
    (rows, columns, runs), terms = result.shape, left.shape[1]
    height, width = (min(most, size) for most, size in zip(_TILE, (rows, columns), strict=True))

    def tile(row: Any, column: Any, result: Array) -> Array:
        def one_more(term: Any, sums: Array) -> Array:
            of_left = jax.lax.dynamic_slice(left, (row, term, 0), (height, 1, runs))
            if turned:
                of_right = jax.lax.dynamic_slice(right, (column, term, 0), (width, 1, runs)).reshape(1, width, runs)
            else:
                of_right = jax.lax.dynamic_slice(right, (term, column, 0), (1, width, runs))
            return sums + of_left * of_right

        sums = jax.lax.fori_loop(0, terms, one_more, jnp.zeros((height, width, runs), result.dtype))
        return jax.lax.dynamic_update_slice(result, sums, (row, column, 0))

    return _tiled(tile, result, height, width)


def _tiled(tile: Callable[[Any, Any, Array], Array], result: Array, height: int, width: int) -> Array:
    """`result` (rows, columns, runs) after `tile(row, column, result)` for all tiles of it."""
    # Those at the end overlap others where they do not fit.
    across, down = -(-result.shape[1] // width), -(-result.shape[0] // height)
    return jax.lax.fori_loop(
        0,
        across,
        lambda column, result: jax.lax.fori_loop(
            0, down, lambda row, result: tile(row * height, column * width, result), result
        ),
        result,
    )


def _product_forward(left: Array, right: Array) -> tuple[Array, tuple[Array, Array]]:
    return _product(left, right), (left, right)


def _product_backward(kept: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    left, right = kept
    return _product_of_rows(cotangent, right), _sum_of_outer(left, cotangent)


product.defvjp(_product_forward, _product_backward)


@jax.custom_jvp
def _sum_of_outer(left: Array, right: Array) -> Array:
    """(k, a, runs) and (k, c, runs) → (a, c, runs): outer products, added up over the first axis of both."""
    if left.shape[0] > _LONGEST_SUM:
        return _contracted(left, right)
    return add(left[k][:, None] * right[k] for k in range(left.shape[0]))


def _contracted(left: Array, right: Array) -> Array:
    if left.shape[0] > _LONGEST_SUM:
        return jnp.einsum("kar,kcr->acr", left, right)
    return jnp.sum(left[:, :, None] * right[:, None], axis=0)


@_sum_of_outer.defjvp
def _sum_of_outer_forward(arguments: tuple[Array, Array], changes: tuple[Array, Array]) -> tuple[Array, Array]:
    # The derivative of a gradient is for few runs at a time, where a contraction is the faster one, and its transpose
    # again one: a term for each place of a sum becomes a reduction for each.
    (left, right), (of_left, of_right) = arguments, changes
    return _sum_of_outer(left, right), _contracted(of_left, right) + _contracted(left, of_right)
