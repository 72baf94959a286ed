"""A kernel of Pallas, for GPUs: a run a thread, whose state stays in registers from the first step to the last."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.experimental import pallas
from jax.experimental.pallas import triton

from gatednet.kernels.entries import Entries
from gatednet.kernels.kernel import GPU, PLATFORM
from gatednet.kernels.memory import Memory, Version
from gatednet.kernels.moves import Values, filled
from gatednet.kernels.program import Program

# Runs of a block: 32 for each of its warps.
_BLOCK, _WARP = 128, 32
_CHAINS: dict[str, Callable[..., Any]] = {
    "add": lax.add,
    "mul": lax.mul,
    "max": lax.max,
    "min": lax.min,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "xor": lax.bitwise_xor,
    "lt": lax.lt,
    "gt": lax.gt,
    "ge": lax.ge,
}
# Operations of one meaning in a kernel, of which Triton has the first.
_SAME = {"add_any": "add"}


class Threads(Entries):
    """Calls the operations of JAX on the vectors of a block of runs, which Pallas traces into a kernel."""

    def __init__(self, runs: int) -> None:
        self.runs = runs

    def is_vector(self, value: Any) -> bool:
        return bool(np.ndim(value))

    def vector(self, value: Any) -> Array:
        return jnp.broadcast_to(value, (self.runs,))

    def literal(self, dtype: np.dtype, value: Any) -> Any:
        return dtype.type(value)

    def apply(self, equation: Any, name: str, kind: np.dtype, values: Sequence[Any]) -> Any:
        name = _SAME.get(name, name)
        if equation is None or name in _CHAINS:
            return _CHAINS[name](*self.alike(values))
        return equation.primitive.bind(*map(jnp.asarray, self.alike(values)), **equation.params)

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        condition, chosen, otherwise = self.alike((condition, chosen, otherwise))
        return lax.select(condition, chosen, otherwise)

    def repeat(
        self, goes_on: Callable[[Sequence[Any]], Any], turn: Callable[[Sequence[Any]], list[Any]], values: list[Any]
    ) -> Sequence[Any]:
        return lax.while_loop(goes_on, lambda values: [jnp.asarray(each) for each in turn(values)], values)

    def set_entry(self, memory: Memory, index: Any, length: int, values: Values) -> None:
        for place, value in zip(np.ndindex(*values.shape[:-1]), values.flat, strict=True):
            # Steps lie within the array; what would not is kept from other places.
            inside = (index >= 0) & (index < length)
            at = (jnp.clip(index, 0, length - 1), *place)
            memory.address[at] = jnp.where(inside, self.vector(value), memory.address[at])


def call(program: Program, leaves: Sequence[Array], function: Callable[..., list[Array]]) -> Sequence[Array]:
    """What a program carries after its loop: by a kernel on GPUs, interpreted on processors, by XLA on other platforms.

    **Raises** `UnsupportedError` where the program does what kernels cannot do.
    """

    def kernel(interpret: bool, *leaves: Array) -> list[Array]:
        return list(_called(program, [leaves[place] for place in program.used], interpret=interpret))

    by_platform = {GPU: functools.partial(kernel, False), PLATFORM: functools.partial(kernel, True)}
    return jax.lax.platform_dependent(*leaves, **by_platform, default=function)


def _called(program: Program, leaves: Sequence[Array], *, interpret: bool) -> Sequence[Array]:
    runs = leaves[0].shape[-1]
    block = math.gcd(runs, _BLOCK)
    moving = range(program.moving)
    results = [jax.ShapeDtypeStruct((*program.shape(place)[:-1], runs), program.dtype(place)) for place in moving]

    def spec(place: int) -> pallas.BlockSpec:
        if not program.per_run(place):
            return pallas.BlockSpec(
                program.shape(place) or (1,), lambda index: (0,) * max(len(program.shape(place)), 1)
            )
        before = program.shape(place)[:-1]
        return pallas.BlockSpec((*before, block), lambda index: (*(0,) * len(before), index))

    def kernel(*references: Any) -> None:
        inputs, outputs = references[: len(program.used)], references[len(program.used) :]
        threads = Threads(block)
        given = dict(zip(program.used, inputs, strict=True))
        arguments = {place: _argument(program, place, reference, outputs) for place, reference in given.items()}
        for place, result in program.in_registers(threads, arguments):
            for at in np.ndindex(*result.shape[:-1]):
                outputs[place][(*at, slice(None))] = threads.vector(result[(*at, 0)]).astype(program.dtype(place))

    return pallas.pallas_call(
        kernel,
        results,
        grid=(runs // block,),
        in_specs=[spec(place) for place in program.used],
        out_specs=[spec(place) for place in moving],
        input_output_aliases=program.aliases,
        interpret=interpret,
        compiler_params=triton.CompilerParams(num_warps=max(block // _WARP, 1)),
    )(*(leaf.reshape(leaf.shape or (1,)) for leaf in leaves))


def _argument(program: Program, place: int, reference: Any, outputs: Sequence[Any]) -> Any:
    """An argument of a program as entries, read from its reference."""
    if place in program.in_memory:
        where = outputs[place] if place < program.moving else reference
        return Version(Memory(where, program.dtype(place)), 0)
    shape = program.shape(place)
    if program.per_run(place):
        return filled((*shape[:-1], 1), [reference[(*at, slice(None))] for at in np.ndindex(*shape[:-1])])
    # A scalar is an array of one entry here.
    return filled(shape, [reference[at] for at in np.ndindex(*(shape or (1,)))])
