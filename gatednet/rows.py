"""The state of a lane of runs, cut into the blocks that the step works on.

A lane is a group of runs that are advanced together. Every array of a lane has the runs as its last axis, which is the
axis of the vector instructions. A linear map of shape (outputs, inputs) is handed to the step as a sequence of blocks:
where the map is small, one block of shape (runs,) for each of its entries, so that sums over the small axes are plain
Python sums and the whole step is one chain of element-wise operations; where it is large, a single block of shape
(outputs, inputs, runs). The same formulas serve both.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

# Above this many entries a map stays one block: compile time grows with the number of blocks.
LARGEST_UNROLLED = 64

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


def unrolled(outputs: int, inputs: int) -> bool:
    """Whether a map of this shape is cut into one block for each entry."""
    return outputs * inputs <= LARGEST_UNROLLED


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
