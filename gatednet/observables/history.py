"""`History`: what an observable is shown of a lane of runs after its last step."""

from __future__ import annotations

import equinox as eqx
import numpy as np
from jax import Array
from jaxtyping import Float, Int


class History(eqx.Module):
    """A lane of runs at all of its saves.

    `states` holds all parameters, `block_steps` the length of a block, 0 where blocks differ in length, and `every` the
    number of steps between saves.
    """

    states: Float[Array, "saves parameters runs"]
    block_steps: Int[Array | np.ndarray, " runs"]
    every: int = eqx.field(static=True)
