"""`Blocks`: a result for each block, folded from the values at its steps."""

from __future__ import annotations

import abc
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Shaped

from gatednet.observables.folds import Fold
from gatednet.observables.recorders.base import Clock, Coordinate, Course, Ending, Kept, Recorder, Span


class OverBlocks(Recorder):
    """A recorder with an entry for each block, NaN for blocks that a run did not end with finite parameters.

    All that is kept has the blocks first and the runs last; steps carry the entry of the current block alone.
    """

    shown = "step"
    frequency = "once a block"
    dims = ("block",)
    scalars_only = True
    by_blocks = True

    def sizes(self, span: Span, dims: tuple[str, ...]) -> dict[str, int]:
        return {"block": span.blocks}

    def enter(self, kept: Kept, clock: Clock) -> Kept:
        return jax.tree.map(lambda values: of_block(values, clock.in_block.block), kept)

    def leave(self, kept: Kept, current: Kept, clock: Clock) -> Kept:
        return jax.tree.map(lambda values, entry: with_block(values, clock.in_block.block, entry), kept, current)

    @abc.abstractmethod
    def results(self, kept: Kept, taken: Int[Array, "blocks runs"], clock: Clock) -> Float[Array, "blocks ... runs"]:
        """The results of all blocks, each of which had `taken` steps and began at `clock`."""

    def finish(self, kept: Kept, course: Course, ending: Ending) -> Float[Array, "blocks ... runs"]:
        curriculum, steps = course.dynamics.experiment.curriculum, course.span.steps
        block = jnp.arange(course.span.blocks)[:, None]
        begins = curriculum.first_step(course.schedule, block)
        reached = begins < steps
        first = jnp.where(reached, begins, 0)
        last = jnp.minimum(curriculum.first_step(course.schedule, block + 1), steps)
        result = self.results(kept, last - first, course.clock(first))
        known = reached & (last <= ending.taken)
        # The same for all numbers of a block.
        return jnp.where(known.reshape(known.shape[0], *(1,) * (result.ndim - 2), -1), result, jnp.nan)


@dataclasses.dataclass(frozen=True)
class Blocks(OverBlocks):
    """What a fold makes of the values of a scalar observable at the steps of each block.

    A fold that keeps several numbers of a block may add a dimension, which the observable then names.
    """

    fold: Fold

    def sizes(self, span: Span, dims: tuple[str, ...]) -> dict[str, int]:
        own = {dims[-1]: self.fold.size} if self.fold.coordinate is not None and dims else {}
        return {**super().sizes(span, dims), **own}

    def coordinates(self, span: Span, dims: tuple[str, ...]) -> dict[str, Coordinate]:
        if self.fold.coordinate is None or not dims:
            return {}
        long_name, units = self.fold.coordinate
        counted = np.arange(1, self.fold.size + 1)
        return {dims[-1]: (dims[-1], counted, {"long_name": long_name, "units": units})}

    def start(self, course: Course, shape: tuple[int, ...]) -> Float[Array, "blocks ... runs"]:
        return jnp.full((course.span.blocks, *self.fold.shape, *shape), self.fold.initial, course.dtype)

    def see(self, kept: Kept, value: Shaped[Array, " runs"], clock: Clock) -> Shaped[Array, "... runs"]:
        return self.fold.update(kept, value, clock.in_block)

    def results(self, kept: Kept, taken: Int[Array, "blocks runs"], clock: Clock) -> Float[Array, "blocks ... runs"]:
        return self.fold.finish(kept, taken, clock.in_block, clock.course.dynamics)


def of_block(values: Float[Array, "blocks ... runs"], block: Int[Array, " runs"]) -> Float[Array, "... runs"]:
    """Each run's entry of its block."""
    index = jnp.broadcast_to(block, (1, *values.shape[1:]))
    return jnp.take_along_axis(values, index, axis=0)[0]


def with_block(
    values: Float[Array, "blocks ... runs"], block: Int[Array, " runs"], entry: Float[Array, "... runs"]
) -> Float[Array, "blocks ... runs"]:
    """The inverse of `of_block`: the same values with each run's entry of its block replaced."""
    number = jnp.arange(values.shape[0]).reshape(-1, *(1,) * (values.ndim - 1))
    return jnp.where(number == block, entry, values)
