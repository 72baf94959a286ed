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


def total(blocks: Blocks) -> Array:
    """The sum over all entries of a map, for each run: (runs,)."""
    summed = add(blocks)
    return summed.sum(axis=tuple(range(summed.ndim - 1))) if summed.ndim > 1 else summed
