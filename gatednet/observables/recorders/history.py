"""`OfHistory`: a value at every save, from all saves at once."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.observables.recorders.base import Course, Ending, Kept
from gatednet.observables.recorders.saves import OverSaves


@dataclasses.dataclass(frozen=True)
class OfHistory(OverSaves):
    """A value at every save that depends on other saves."""

    shown = "history"
    fewest_saves = None

    def finish(self, kept: Kept, course: Course, ending: Ending) -> Float[Array, "saves ... runs"]:
        steps = jnp.arange(course.span.saves, dtype=jnp.int32).reshape(-1, *(1,) * (kept.ndim - 1)) * course.span.every
        return jnp.where(steps <= ending.taken, kept, jnp.nan)
