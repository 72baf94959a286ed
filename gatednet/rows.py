"""The state of a lane of runs, cut into the blocks that the step works on.

A lane is a group of runs that are advanced together. Every array of a lane has the runs as its last axis, which is the
axis of the vector instructions. Parameters are handed to the step as blocks, cut by the size of the network (`Cut`):
where it is small, one block of shape (runs,) for each entry, so that sums over the small axes are plain Python sums and
the whole step is one chain of element-wise operations; where it is large, a block of shape (outputs, inputs, runs) for
each map; where it has many paths, a single block (paths, outputs, inputs, runs). The same formulas serve all.
"""

from __future__ import annotations

import enum
import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

# Up to so many entries, gates included, a network is cut into all of them: the time to compile grows with the number of
# blocks, and as the error is made anew for every block, that of a step with its product with the number of paths
# (benchmarks/crossover.py: two paths are then twice as fast as a stack, four already half as fast).
LARGEST_UNROLLED = 40
# Few paths keep a block each where maps have more entries than this, or where inputs mix their columns.
MOST_MAPS, LARGEST_SMALL_MAP = 4, 64


class Cut(enum.Enum):
    """How the parameters of a network are cut into blocks."""

    ENTRIES = "entries"
    """A block (runs,) for each entry of each map."""
    MAPS = "maps"
    """A block (outputs, inputs, runs) for each path."""
    STACK = "stack"
    """One block (paths, outputs, inputs, runs)."""


Blocks = tuple[Array, ...]


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


class Rows(eqx.Module):
    """The same parameters, or a change of them, as blocks: `weights[path][block]` and `gates[path][block]`."""

    weights: tuple[Blocks, ...]
    gates: tuple[Blocks, ...]


def add(terms: Iterable[Array]) -> Array:
    """The sum of at least one array, without the zero that Python's own sum starts from."""
    return functools.reduce(operator.add, terms)


def split(array: Array, whole: bool) -> Blocks:
    """Blocks of a map (outputs, inputs, runs): itself where `whole`, else one (runs,) block for each entry."""
    if whole:
        return (array,)
    outputs, inputs, _ = array.shape
    return tuple(array[output, i] for output in range(outputs) for i in range(inputs))


def join(blocks: Blocks, shape: tuple[int, ...]) -> Array:
    """The inverse of `split`: the map of shape `shape` = (outputs, inputs, runs)."""
    return blocks[0] if blocks[0].ndim == 3 else jnp.stack(blocks).reshape(shape)


# From this many terms on a sum of outer products is left to einsum: it would take too long to compile.
_LONGEST_SUM = 64


# Up to so many terms a sum is a single chain of operations, longer ones are a loop of shorter chains: a chain that
# reads too many places of memory at a time is slow (benchmarks/crossover.py).
_LONGEST_CHAIN, _CHAIN = 24, 8


def chained(term: Callable[[Any], Array], number: int) -> Array:
    """The sum of term(0), ..., term(number - 1), in the order of the indices within each chain."""
    if number <= _LONGEST_CHAIN:
        return add(term(index) for index in range(number))
    groups, rest = divmod(number, _CHAIN)

    def group(place: Any) -> Array:
        return add(term(place * _CHAIN + index) for index in range(_CHAIN))

    summed = jax.lax.fori_loop(1, groups, lambda place, before: before + group(place), group(0))
    return add([summed, *(term(number - rest + index) for index in range(rest))])


@jax.custom_vjp
def gated(gates: Array, maps: Array) -> Array:
    """The sum over paths of gate times map: (paths, runs) or (paths, outputs, runs) and (paths, outputs, inputs, runs).

    Its derivatives are written out; left to itself, automatic differentiation makes a slow reduction of that by the
    gates.
    """
    return chained(lambda path: _entry(_like_maps(gates), path, 0) * _entry(maps, path, 0), maps.shape[0])


def _gated_forward(gates: Array, maps: Array) -> tuple[Array, tuple[Array, Array]]:
    return gated(gates, maps), (gates, maps)


def _gated_backward(kept: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    gates, maps = kept
    _, outputs, inputs, _ = maps.shape
    by_output = chained(lambda each: _entry(maps, each, 2) * _entry(cotangent, each, 1), inputs)
    if gates.ndim == 2:
        by_output = chained(lambda each: _entry(by_output, each, 1), outputs)
    return by_output, _like_maps(gates) * cotangent


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
    What is not asked for of them is not computed, as nothing is of data.
    """
    return _sum_of_outer(jnp.swapaxes(left, 0, 1), right)


def _product_forward(left: Array, right: Array) -> tuple[Array, tuple[Array, Array]]:
    return product(left, right), (left, right)


def _product_backward(kept: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    left, right = kept
    return product(cotangent, jnp.swapaxes(right, 0, 1)), _sum_of_outer(left, cotangent)


product.defvjp(_product_forward, _product_backward)


def _sum_of_outer(left: Array, right: Array) -> Array:
    """(k, a, runs) and (k, c, runs) → (a, c, runs): outer products, added up over the first axis of both."""
    if left.shape[0] > _LONGEST_SUM:
        return jnp.einsum("kar,kcr->acr", left, right)
    return add(left[k][:, None] * right[k] for k in range(left.shape[0]))


def total(blocks: Blocks) -> Array:
    """The sum over all entries of a map, for each run: (runs,)."""
    summed = add(blocks)
    return summed.sum(axis=tuple(range(summed.ndim - 1))) if summed.ndim > 1 else summed
