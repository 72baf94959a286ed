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
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.groups import Grouped
from gatednet.kernels.parts import by_xla

# The most entries, gates included, of a network that is cut into all of them: the time to compile grows with the number
# of blocks, and as the error is made anew for every block, that of a step with its product with the number of paths
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


Group = tuple[Blocks, ...]


class Rows(Grouped):
    """The same parameters, or a change of them, as blocks: of each group a tuple of tuples of arrays, the runs last.

    Those of a gated linear network are `weights[path][block]` and `gates[path][block]`.
    """

    def __init__(self, *standard: Group, **named: Group) -> None:
        super().__init__(*standard, **named)

    def blocks(self, *groups: str) -> Blocks:
        """All blocks of some groups, of all groups where none is named."""
        return tuple(block for name in groups or self.names for part in self[name] for block in part)


def add(terms: Iterable[Array]) -> Array:
    """The sum of at least one array, without the zero that Python's own sum starts from."""
    return functools.reduce(_plus, terms)


def _plus(one: Any, other: Any) -> Any:
    # JAX traces its own function of two like arrays in a third of the time of NumPy's, and a step has hundreds.
    arrays = isinstance(one, Array) and isinstance(other, Array)
    alike = arrays and one.dtype != bool and (one.shape, one.dtype) == (other.shape, other.dtype)
    return jax.lax.add(one, other) if alike else one + other


def summed(values: Array, *axes: int) -> Array:
    """The sum over some axes of an array whose last axis are the runs, written out where an axis is short.

    XLA makes loops over runs of that, and so vectors. Of its own sums it makes loops over terms for one run after the
    other, in each of which all that is summed is computed, or hands them to a library that transposes them before.
    """
    for axis in sorted((axis % values.ndim for axis in axes), reverse=True):
        values = add(jnp.unstack(values, axis=axis)) if values.shape[axis] <= LONGEST_CHAIN else values.sum(axis)
    return values


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def spread(values: Array, sizes: tuple[int, ...]) -> Array:
    """Values (*shape) as (*sizes, *shape), the same along all new axes.

    For runs with a kernel the derivative in reverse mode is a sum written out as in `summed`: last bits of XLA's own
    depend on the number of runs. Runs by XLA keep its sum, which it fuses with more of the step.
    """
    return jnp.broadcast_to(values, (*sizes, *values.shape))


@spread.defjvp
def _spread_forward(sizes: tuple[int, ...], given: tuple[Array], changes: tuple[Array]) -> tuple[Array, Array]:
    (change,) = changes
    if by_xla():
        return spread(*given, sizes), jnp.broadcast_to(change, (*sizes, *change.shape))
    for size in reversed(sizes):
        # Stacked, which is transposed to a sum of slices.
        short = size <= LONGEST_CHAIN
        change = jnp.stack([change] * size) if short else jnp.broadcast_to(change, (size, *change.shape))
    return spread(*given, sizes), change


def split(array: Array, whole: bool) -> Blocks:
    """Blocks of a map (outputs, inputs, runs): itself where `whole`, else one (runs,) block for each entry."""
    if whole:
        return (array,)
    return jnp.unstack(array.reshape(-1, array.shape[-1]))


def join(blocks: Blocks, shape: tuple[int, ...]) -> Array:
    """The inverse of `split`: the map of shape `shape` = (outputs, inputs, runs)."""
    return blocks[0] if blocks[0].ndim == 3 else jnp.stack(blocks).reshape(shape)


# The most terms of a sum that is a single chain of operations, and the terms of each chain of a longer one, which is a
# loop: a chain that reads too many places of memory at a time is slow (benchmarks/crossover.py).
LONGEST_CHAIN, CHAIN = 24, 8


def total(blocks: Blocks) -> Array:
    """The sum over all entries of a map, for each run: (runs,)."""
    block = add(blocks)
    return sum_over(block, tuple(range(block.ndim - 1))) if block.ndim > 1 else block


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def sum_over(values: Array, axes: tuple[int, ...]) -> Array:
    """`summed`, whose derivative in reverse mode is a broadcast, as that of slices would not be."""
    return summed(values, *axes)


@sum_over.defjvp
def _sum_over_forward(axes: tuple[int, ...], given: tuple[Array], changes: tuple[Array]) -> tuple[Array, Array]:
    (change,) = changes
    return sum_over(*given, axes), change.sum(axis=axes)
