"""`Moment`: what an observable is shown of a lane of runs at a step."""

from __future__ import annotations

from typing import Any

import equinox as eqx
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Rows
from gatednet.dynamics.dynamics import Dynamics


class Moment(eqx.Module):
    """A lane of runs in the middle of a step.

    `loss` is that on the batch of the step, `before` and `after` are the parameters, `target` is the map that the
    curriculum asks for, in blocks, and `evidence` what the step sees of its inputs.
    """

    dynamics: Dynamics
    loss: Float[Array, " runs"]
    before: Rows
    after: Rows
    target: tuple[Float[Array, "*block runs"], ...]
    evidence: Any
