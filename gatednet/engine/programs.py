"""`Programs`: what XLA makes of a recipe, one program for what runs start from and one for the runs.

Recipes with the same draws share the first. It is compiled while the second is traced.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import gc
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import Array

from gatednet.dynamics.problem import Problem
from gatednet.dynamics.reduction import Basis
from gatednet.engine.batch import Batch, Lanes, Recipe, run_lanes
from gatednet.engine.compiler import compiler_options
from gatednet.engine.draws import Drawing, Draws, starts
from gatednet.engine.kept import Kept
from gatednet.memory import uncollected
from gatednet.shield import shielded

Start = tuple[Problem, Basis | None]
# How many are kept: a figure has up to a few dozen, with few kinds of starts.
_MOST_PROGRAMS, _MOST_DRAWINGS = 32, 128


@dataclasses.dataclass(frozen=True)
class Programs:
    """A recipe compiled for batches of one shape on one device: a function of a batch, as `run_batch` is."""

    draw: Callable[[Draws], Start]
    run: Callable[[Lanes, Start], dict[str, Array]]

    def __call__(self, batch: Batch) -> dict[str, Array]:
        return self.run(batch.without_draws, self.draw(batch.draws))


_programs: Kept[Any, Programs] = Kept(_MOST_PROGRAMS)
_drawings: Kept[Any, Callable[[Draws], Start]] = Kept(_MOST_DRAWINGS)


def compiled(recipe: Recipe, batch: Batch) -> Programs:
    """The programs for batches of the shape of this one, in JAX's precision; those of the latest ones are kept."""
    return _programs.get((recipe, signature(batch)), lambda: compiled_for(recipe, [batch])[0])


def compiled_for(recipe: Recipe, batches: Sequence[Batch], in_parts: bool = True) -> list[Programs]:
    """The programs for batches of one shape, each on its device. The recipe is traced once.

    `in_parts` is whether other cores do parts of an operation of the runs, see `compiler_options`. Starts are compiled
    in one way, so that runs of both kinds share them.
    """
    run = jax.jit(functools.partial(run_lanes, recipe))
    pool = concurrent.futures.ThreadPoolExecutor(2 * len(batches))
    with shielded(_double()), pool:
        drawing = recipe.drawing
        with uncollected():
            starting = [_drawing_of(drawing, batch.draws, pool) for batch in batches]
            # The first is compiled while the next is lowered.
            running = [
                pool.submit(_compiling(run.lower(batch.without_draws, _shape_of(drawing, batch.draws)), in_parts))
                for batch in batches
            ]
        # All that is new has to be looked through once, and now Python has nothing else to do.
        if gc.isenabled():
            gc.collect(1)
        return [Programs(start.result(), each.result()) for start, each in zip(starting, running, strict=True)]


def drawn(drawing: Drawing, draws: Draws) -> Start:
    """What runs start from, with the draws as first axis, in the bits of a simulation."""
    with shielded(_double()), concurrent.futures.ThreadPoolExecutor(1) as pool:
        return _drawing_of(drawing, draws, pool).result()(draws)


def _drawing_of(
    drawing: Drawing, draws: Draws, pool: concurrent.futures.Executor
) -> concurrent.futures.Future[Callable[[Draws], Start]]:
    """The program of draws: one that is there or under way, or one that the pool compiles."""
    key = drawing, signature(draws)
    future, is_new = _drawings.claim(key)
    if is_new:

        def finish(compiling: Callable[[], Any]) -> None:
            with _drawings.owing(key, future):
                future.set_result(compiling())

        with _drawings.owing(key, future):
            pool.submit(finish, _compiling(_traced(drawing).lower(draws)))
    return future


@functools.lru_cache(_MOST_DRAWINGS)
def _traced(drawing: Drawing) -> Any:
    return jax.jit(functools.partial(starts, drawing))


def _shape_of(drawing: Drawing, draws: Draws) -> Start:
    """The shapes of what is drawn, on the device of the draws."""
    return jax.tree.map(
        lambda shape: jax.ShapeDtypeStruct(shape.shape, shape.dtype, sharding=_sharding(draws)),
        jax.eval_shape(_traced(drawing), draws),
    )


def _compiling(lowered: Any, in_parts: bool = True) -> Callable[[], Any]:
    """The compilation of a program, for any thread: what JAX is set to is a matter of each."""
    double = _double()

    def compile_it() -> Any:
        with shielded(double):
            # Asked for in this thread: to find out which there are takes a compilation.
            return lowered.compile(compiler_options(in_parts))

    return compile_it


def _double() -> bool:
    """Whether this thread computes in double precision."""
    return bool(getattr(jax.config, "jax_enable_x64", False))


def signature(given: Any) -> Any:
    """What a compilation depends on beside what is compiled: shapes, types and device of all arrays, and precision."""
    leaves, tree = jax.tree.flatten(given)
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    return tree, shapes, _sharding(given), getattr(jax.config, "jax_default_device", None), _double()


def _sharding(given: Any) -> Any:
    """Where arrays are; None for those of NumPy, which go to the default device."""
    return next((leaf.sharding for leaf in jax.tree.leaves(given) if isinstance(leaf, jax.Array)), None)
