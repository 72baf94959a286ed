"""`Program`: a loop over steps as a traced function of plain arrays, ready for a compiler."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import ClosedJaxpr, Literal

from gatednet.kernels.entries import LARGEST, Entries, needed
from gatednet.kernels.kernel import WIDTH
from gatednet.kernels.memory import Version, placed
from gatednet.kernels.moves import RUNS, UnsupportedError

Carried = TypeVar("Carried")


@dataclasses.dataclass(frozen=True)
class Program:
    """A traced function whose first `moving` arguments are what it returns anew.

    `used` are the places of the arguments that it is given, `in_memory` of those that stay in memory: they are read or
    set place by place, or are written to and too large for registers. Where what it returns is `new`, it fills all of
    that, place by place, and is given nothing in its place. `often_zero` are the places of strengths that are zero in
    most runs, which nothing but products depends on. What is called `once` a run is compiled in less time. The number
    of runs is a multiple of `width`.
    """

    jaxpr: ClosedJaxpr
    moving: int
    new: bool = False
    often_zero: tuple[int, ...] = ()
    once: bool = False
    width: int = WIDTH
    used: tuple[int, ...] = dataclasses.field(init=False)
    in_memory: tuple[int, ...] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        inside, moving = self.jaxpr.jaxpr, self.moving
        before: list[Any] = [each.aval for each in inside.invars[:moving]]
        after: list[Any] = [each.aval for each in inside.outvars]
        if [(each.shape, each.dtype) for each in before] != [(each.shape, each.dtype) for each in after]:
            raise UnsupportedError("functions", "that change the shapes of what they carry")
        read = {atom for equation in needed(inside) for atom in equation.invars if not isinstance(atom, Literal)}
        read.update(atom for atom in inside.outvars if not isinstance(atom, Literal))
        by_place = placed(inside)
        in_memory = tuple(
            place
            for place, variable in enumerate(inside.invars)
            if variable in by_place or (place < moving and math.prod(self.shape(place)[:-1]) > LARGEST)
        )
        given = moving if self.new else 0
        used = (
            place for place, each in enumerate(inside.invars) if place >= given and (each in read or place in in_memory)
        )
        object.__setattr__(self, "in_memory", in_memory)
        object.__setattr__(self, "used", tuple(used))
        for place in self.used:
            if not self.per_run(place) and math.prod(self.shape(place)) > LARGEST:
                raise UnsupportedError("arrays", f"of {math.prod(self.shape(place))} entries that all runs share")

    def shape(self, place: int) -> tuple[int, ...]:
        """The shape of an argument."""
        aval: Any = self.jaxpr.jaxpr.invars[place].aval
        return tuple(aval.shape)

    def dtype(self, place: int) -> np.dtype:
        """The type of the entries of an argument."""
        aval: Any = self.jaxpr.jaxpr.invars[place].aval
        return np.dtype(aval.dtype)

    def per_run(self, place: int) -> bool:
        """Whether an argument has an entry for each run."""
        return RUNS in self.shape(place)

    @property
    def widest(self) -> int:
        """The bytes of the widest entry that differs between runs, or is in memory."""
        places = {place for place in self.used if self.per_run(place)}
        return max(self.dtype(place).itemsize for place in places.union(self.in_memory))

    def in_registers(self, compiler: Entries, arguments: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
        """The places and entries of what is carried in registers, after a compiler went through the program.

        **Raises** `UnsupportedError` where arrays in memory change places with others.
        """
        given = [arguments.get(place) for place in range(len(self.jaxpr.jaxpr.invars))]
        for place, result in enumerate(compiler.closed(self.jaxpr, given)):
            if isinstance(result, Version) != (place in self.in_memory):
                raise UnsupportedError("functions", "that return arrays of steps in other places")
            if not isinstance(result, Version):
                yield place, result

    @property
    def aliases(self) -> dict[int, int]:
        """Which of the used arguments are results that are written to in place."""
        return {self.used.index(place): place for place in self.in_memory if place < self.moving and not self.new}


def advanced_by(
    call: Callable[[Program, Sequence[Array], Callable[..., list[Array]]], Sequence[Array]],
    function: Callable[..., Carried],
    carried: Carried,
    *given: Any,
    often_zero: Sequence[Any] = (),
) -> Carried:
    """`function(carried, *given)`, which returns what it carries, by `call`.

    Arrays have the runs last, as the first carried one has, or are shared by all runs. `call` takes the program, its
    arguments, and the function of them itself, and returns what is carried. `often_zero` are those of the given arrays
    that are strengths of 0 in most runs.

    **Raises** `UnsupportedError` where the function does what kernels cannot do.
    """
    everything, rest = eqx.partition((carried, *given), eqx.is_array)
    leaves, tree = jax.tree.flatten(everything)
    moving = len(jax.tree.leaves(everything[0]))
    runs = leaves[0].shape[-1]
    missing = -runs % WIDTH

    def flat(*leaves: Array) -> list[Array]:
        after = function(*eqx.combine(jax.tree.unflatten(tree, leaves), rest))
        return jax.tree.leaves(eqx.filter(after, eqx.is_array))

    def traced_as(leaf: Array) -> jax.ShapeDtypeStruct:
        is_per_run = leaf.ndim and leaf.shape[-1] == runs
        return jax.ShapeDtypeStruct((*leaf.shape[:-1], RUNS) if is_per_run else leaf.shape, leaf.dtype)

    try:
        jaxpr = jax.make_jaxpr(flat)(*map(traced_as, leaves))
    except Exception as error:
        # What is wrong with the function itself is raised as it is.
        jax.eval_shape(flat, *leaves)
        raise UnsupportedError("functions", f"that fail for other numbers of runs ({type(error).__name__})") from error
    zeros = (place for place, leaf in enumerate(leaves) if any(leaf is each for each in often_zero))
    program = Program(jaxpr, moving, often_zero=tuple(zeros))
    if missing:
        # Whole vectors, filled up with copies of the last run.
        leaves = [_wider(leaf, missing) if program.per_run(place) else leaf for place, leaf in enumerate(leaves)]
    results = [leaf[..., :runs] for leaf in call(program, leaves, flat)]
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(everything[0]), results), rest[0])


def _wider(leaf: Array, more: int) -> Array:
    return jnp.pad(leaf, [(0, 0)] * (leaf.ndim - 1) + [(0, more)], mode="edge")
