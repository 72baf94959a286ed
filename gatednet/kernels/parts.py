"""Parts of a step that a kernel computes where all else of it is XLA's.

What takes the time of a step with random inputs are two things, each element-wise or a sum over few terms: a kernel
makes them in loops over entries, of which none is in memory before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.kernels.kernel import WIDTH, Kernel
from gatednet.kernels.moves import RUNS
from gatednet.kernels.program import Program

# JAX keeps no trace that was made with another value.
_kernel = jax.make_user_context("xla")


def parts_by(kernel: Kernel) -> Any:
    """A context in which `part` is compiled as `kernel` says; it is of no effect on what was traced before."""
    return _kernel(kernel)


def part(plain: Callable[..., Array], looped: Callable[..., Array], *given: Array) -> Array:
    """`plain(*given)`, an array whose last axis are the runs, as is that of each given one that has an axis for them.

    A kernel computes it as `looped(result, *given)`: with the operations of `plain`, in loops that set all entries of
    `result`, which has none at first, by `dynamic_update_slice`.
    """
    runs = given[0].shape[-1]
    if _kernel.value == "xla" or runs % WIDTH:
        return plain(*given)
    from gatednet.kernels.vector import call_new

    def traced_as(each: Any) -> jax.ShapeDtypeStruct:
        is_per_run = each.ndim and each.shape[-1] == runs
        return jax.ShapeDtypeStruct((*each.shape[:-1], RUNS) if is_per_run else each.shape, each.dtype)

    shapes = [traced_as(each) for each in (jax.eval_shape(plain, *given), *map(jnp.asarray, given))]
    program = Program(jax.make_jaxpr(lambda *given: [looped(*given)])(*shapes), 1, new=True)
    return call_new(program, given, plain)
