"""Parts of a step that a kernel computes where all else of it is XLA's.

What takes the time of a step with random inputs are two things, each element-wise or a sum over few terms: a kernel
makes them in loops over entries, of which none is in memory before it is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
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


def part(
    plain: Callable[..., Array], looped: Callable[..., Array], *given: Array, once: jax.ShapeDtypeStruct | None = None
) -> Array:
    """`plain(*given)`, an array whose last axis are the runs, as is that of each given one; scalars are shared by them.

    A kernel computes it as `looped(result, *given)`: with the operations of `plain`, in loops that set all entries of
    `result`, which has none at first, by `dynamic_update_slice`. Runs are whole vectors, or halves; other numbers of
    runs, or arrays that runs share, are no lane, and are left to XLA.

    What is computed once a run, and not in each step, says in `once` what the result of one run is. It is compiled in
    less time, and kept by `looped`, which is the same function at each call.
    """
    runs = given[0].shape[-1]
    if by_xla() or runs % HALF or any(each.ndim and each.shape[-1] != runs for each in given):
        return plain(*given)
    from gatednet.kernels.vector import call_new

    result = jax.eval_shape(plain, *given) if once is None else jax.ShapeDtypeStruct((*once.shape, runs), once.dtype)
    shapes = tuple(
        jax.ShapeDtypeStruct((*each.shape[:-1], RUNS) if each.ndim else (), each.dtype) for each in (result, *given)
    )
    width = HALF if runs % WIDTH else WIDTH
    program = _program(looped, shapes, width) if once is None else _once(looped, shapes, width)
    return call_new(program, given, plain)


def _program(looped: Callable[..., Array], shapes: Sequence[Any], width: int, once: bool = False) -> Program:
    return Program(jax.make_jaxpr(lambda *given: [looped(*given)])(*shapes), 1, new=True, once=once, width=width)


@functools.lru_cache(128)
def _once(looped: Callable[..., Array], shapes: Sequence[Any], width: int) -> Program:
    """What is mapped over is traced for one run before it is for all."""
    return _program(looped, shapes, width, once=True)


def together(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function of an array whose last axis are the runs, as one of an array whose first axis they are.

    It is given at once all runs that `jax.vmap` maps it over, and copies of the first to fill up a vector.
    """

    @jax.custom_batching.custom_vmap
    def of_all(given: Array) -> Array:
        runs = len(given)
        filled = jnp.concatenate([given, *[given[:1]] * (-runs % HALF)])
        return jnp.moveaxis(function(jnp.moveaxis(filled, 0, -1)), -1, 0)[:runs]

    @of_all.def_vmap
    def _(size: int, batched: Sequence[bool], given: Array) -> tuple[Array, bool]:
        del batched
        found = of_all(given.reshape(-1, *given.shape[2:]))
        return found.reshape(size, -1, *found.shape[1:]), True

    return of_all


def each(function: Callable[..., Array], number: int, *given: Array, once: jax.ShapeDtypeStruct | None = None) -> Array:
    """`function(place, *given)`, (runs,), for each place from 0 to `number` - 1: (number, runs).

    `function` is element-wise: at once, it is given all places, (number, 1), and in the loop of a kernel one after the
    other, each a scalar. `once` is as for `part`.
    """

    def at_once(*given: Array) -> Array:
        return function(jax.lax.iota(jnp.int32, number)[:, None], *given)

    return part(at_once, (_one_by_one if once is None else _kept_loop)(function, number), *given, once=once)


def _one_by_one(function: Callable[..., Array], number: int) -> Callable[..., Array]:
    def one_by_one(result: Array, *given: Array) -> Array:
        def one(place: Array, result: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(result, function(place, *given)[None], place, 0)

        return jax.lax.fori_loop(np.int32(0), np.int32(number), one, result)

    return one_by_one


_kept_loop = functools.lru_cache(128)(_one_by_one)
