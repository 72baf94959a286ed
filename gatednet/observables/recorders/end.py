"""`End`: a mean over the last saves."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Shaped

from gatednet.observables.recorders.base import Clock, Course, Ending, Kept, Recorder

# The part of the saves that counts as the end.
_PART = 10


@dataclasses.dataclass(frozen=True)
class End(Recorder):
    """The mean over the last tenth of the saves, or over the last one."""

    shown = "save"
    frequency = "once, at the end"
    at_last_save = True
    # So that the mean is one over ten of them.
    fewest_saves = 100

    def start(self, course: Course, shape: tuple[int, ...]) -> Float[Array, "... runs"]:
        return jnp.zeros(shape, course.dtype)

    def see(self, kept: Kept, value: Shaped[Array, "... runs"], clock: Clock) -> Float[Array, "... runs"]:
        span = clock.course.span
        averaged = max(1, round(span.saves / _PART))
        first = span.saves - averaged
        return kept + jnp.where(clock.step < first * span.every, 0.0, value / averaged)

    def finish(self, kept: Kept, course: Course, ending: Ending) -> Float[Array, "... runs"]:
        return kept
