"""Folds: what is kept of a quantity that is seen at every step of a block.

Time to criterion, the largest gate speed and the losses right after a switch fall between saves. A fold keeps a few
numbers of the current block while its steps go by, so nothing but its result is stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from gatednet.arrays.block_clock import BlockClock
from gatednet.dynamics.dynamics import Dynamics


@dataclasses.dataclass(frozen=True)
class Fold:
    """How the values of a block become one result.

    `size` numbers a block are kept, or a single one without a dimension of its own where it is 0. A block starts from
    `initial`; `update(kept, value, clock)` adds a step; `finish(kept, taken, clock, dynamics)` gives the result of all
    blocks, (blocks, ..., runs), where `taken`, (blocks, runs), is how many steps each block had in each run. Where the
    result has a dimension of `size`, its coordinate counts from 1, with the long name and units of `coordinate`.
    """

    initial: float
    update: Callable[[Array, Array, BlockClock], Array]
    finish: Callable[[Array, Array, BlockClock, Dynamics], Array]
    size: int = 0
    coordinate: tuple[str, str] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is kept of one block of one run."""
        return (self.size,) if self.size else ()


def maximum() -> Fold:
    """The largest value of a block."""
    return Fold(
        -jnp.inf, lambda kept, value, clock: jnp.maximum(kept, value), lambda kept, taken, clock, dynamics: kept
    )


def mean() -> Fold:
    """The mean over the steps of a block."""
    return Fold(0.0, lambda kept, value, clock: kept + value, lambda kept, taken, clock, dynamics: kept / taken)


def first_below(level: float) -> Fold:
    """Time from the start of a block until a value lies below a level, in units of the weights' time constant.

    The length of the block where that never happens (paper, Figure 2F); NaN where the run ended before it could.
    """
    return _first(lambda value: value < level, lambda dynamics: dynamics.rates["weights"])


def first_from(level: float) -> Fold:
    """Steps from the start of a block until a value is a level or more.

    The length of the block where that never happens; NaN where the run ended before it could.
    """
    return _first(lambda value: value >= level, lambda dynamics: jnp.ones_like(dynamics.rates["weights"]))


def _first(reached: Callable[[Array], Array], step: Callable[[Dynamics], Array]) -> Fold:
    """How long it takes until a value has reached something; `step` says how long a step is."""

    def update(kept: Array, value: Array, clock: BlockClock) -> Array:
        return jnp.where((kept < 0) & reached(value), clock.step.astype(kept.dtype), kept)

    def finish(kept: Array, taken: Array, clock: BlockClock, dynamics: Dynamics) -> Array:
        never = jnp.where(taken < clock.steps, jnp.nan, clock.steps.astype(kept.dtype))
        return jnp.where(kept < 0, never, kept) * step(dynamics)

    return Fold(-1.0, update, finish)


def first_steps(number: int) -> Fold:
    """The values at the first steps of a block, `number` of them."""

    def update(kept: Array, value: Array, clock: BlockClock) -> Array:
        return jnp.where(jnp.arange(number)[:, None] == clock.step, value, kept)

    counted = ("step after a switch, the first is 1", "step")
    return Fold(jnp.nan, update, lambda kept, taken, clock, dynamics: kept, size=number, coordinate=counted)


def steepest() -> Fold:
    """The largest change of a value from one step of a block to the next, over the length of a step."""

    def update(kept: Array, value: Array, clock: BlockClock) -> Array:
        previous, largest = kept
        # Nothing came before the first step: what a switch does to the loss is no adaptation.
        change = jnp.where(clock.step > 0, jnp.abs(value - previous), 0.0)
        return jnp.stack([value, jnp.maximum(largest, change)])

    return Fold(0.0, update, lambda kept, taken, clock, dynamics: kept[:, 1] / dynamics.experiment.dt, size=2)
