"""`BlockClock`: where each run is in its blocks."""

from __future__ import annotations

import equinox as eqx
import numpy as np
from jax import Array
from jaxtyping import Bool, Int


class BlockClock(eqx.Module):
    """Where each run is in its blocks: `step` counts from 0 in the block `block`, which is `steps` long."""

    block: Int[Array, "*blocks runs"]
    step: Int[Array, "*blocks runs"]
    steps: Int[Array | np.ndarray, "*lengths runs"]

    @property
    def switched(self) -> Bool[Array, "*blocks runs"]:
        """Whether the task has changed since the last step; the first step of a run comes after no switch."""
        return (self.step == 0) & (self.block > 0)
