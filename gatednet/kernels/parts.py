"""Parts of a step that a kernel computes where all else of it is XLA's.

What takes the time of a step with random inputs are two things, each element-wise or a sum over few terms: a kernel
makes them in loops over entries, of which none is in memory before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.kernels.kernel import HALF, WIDTH, Kernel
from gatednet.kernels.moves import RUNS
from gatednet.kernels.program import Program

# JAX keeps no trace that was made with another value.
_kernel = jax.make_user_context("xla")


def parts_by(kernel: Kernel) -> Any:
    """A context in which `part` is compiled as `kernel` says; it is of no effect on what was traced before."""
    return _kernel(kernel)


def by_xla() -> bool:
    """Whether XLA compiles everything here."""
    return _kernel.value == "xla"


def part(plain: Callable[..., Array], looped: Callable[..., Array], *given: Array) -> Array:
    """`plain(*given)`, an array whose last axis are the runs, as is that of each given one; scalars are shared by them.

    A kernel computes it as `looped(result, *given)`: with the operations of `plain`, in loops that set all entries of
    `result`, which has none at first, by `dynamic_update_slice`. Runs are whole vectors, or halves; other numbers of
    runs, or arrays that runs share, are no lane, and are left to XLA.
    """
    runs = given[0].shape[-1]
    if by_xla() or runs % HALF or any(each.ndim and each.shape[-1] != runs for each in given):
        return plain(*given)
    from gatednet.kernels.vector import call_new

    shapes = [
        jax.ShapeDtypeStruct((*each.shape[:-1], RUNS) if each.ndim else (), each.dtype)
        for each in (jax.eval_shape(plain, *given), *given)
    ]
    program = Program(
        jax.make_jaxpr(lambda *given: [looped(*given)])(*shapes), 1, new=True, width=HALF if runs % WIDTH else WIDTH
    )
    return call_new(program, given, plain)


def each(function: Callable[..., Array], number: int, *given: Array) -> Array:
    """`function(place, *given)`, (runs,), for each place from 0 to `number` - 1: (number, runs).

    `function` is element-wise: at once, it is given all places, (number, 1), and in the loop of a kernel one after the
    other, each a scalar.
    """

    def at_once(*given: Array) -> Array:
        return function(jax.lax.iota(jnp.int32, number)[:, None], *given)

    def one_by_one(result: Array, *given: Array) -> Array:
        def one(place: Array, result: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(result, function(place, *given)[None], place, 0)

        return jax.lax.fori_loop(np.int32(0), np.int32(number), one, result)

    return part(at_once, one_by_one, *given)
