"""`EveryStep`: a value at every step."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Shaped

from gatednet.observables.recorders.base import Clock, Coordinate, Course, Ending, Kept, Recorder, Span


@dataclasses.dataclass(frozen=True)
class EveryStep(Recorder):
    """The value at every step."""

    shown = "step"
    frequency = "at every step"
    dims = ("every_step",)

    def sizes(self, span: Span, dims: tuple[str, ...]) -> dict[str, int]:
        return {"every_step": span.steps}

    def coordinates(self, span: Span, dims: tuple[str, ...]) -> dict[str, Coordinate]:
        steps = np.arange(span.steps)
        return {"every_step": ("every_step", steps, {"long_name": "steps taken", "units": "step"})}

    def start(self, course: Course, shape: tuple[int, ...]) -> Float[Array, "steps ... runs"]:
        return jnp.zeros((course.span.steps, *shape), course.dtype)

    def see(self, kept: Kept, value: Shaped[Array, "... runs"], clock: Clock) -> Float[Array, "steps ... runs"]:
        return kept.at[clock.step].set(value)

    def finish(self, kept: Kept, course: Course, ending: Ending) -> Float[Array, "steps ... runs"]:
        step = jnp.arange(course.span.steps).reshape(-1, *(1,) * (kept.ndim - 1))
        # The value of the step in which a run leaves the finite numbers is still known.
        return jnp.where(step < ending.begun, kept, jnp.nan)
