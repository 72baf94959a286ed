"""A constraint: gates that spread over the paths pay for it."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from gatednet import Constraint, Network, Rows
from gatednet.arrays.rows import add


class Entropy(Constraint):
    """The entropy of the shares |c| / Σ |c| of all gates of a run."""

    @property
    def isotropic(self) -> bool:
        return True  # the gates alone are in it, and rotations of the maps leave them as they are

    def penalty(self, network: Network, rows: Rows) -> Float[Array, " runs"]:
        # Small networks have a block (runs,) for each gate, large ones all gates of a path in one.
        sizes = [jnp.abs(row) for block in rows.blocks("gates") for row in block.reshape(-1, block.shape[-1])]
        total = add(sizes)
        # The slope of x log x at 0 has no bound.
        logarithms = [jnp.log(jnp.maximum(size / total, 1e-6)) for size in sizes]
        return -add(size / total * logarithm for size, logarithm in zip(sizes, logarithms, strict=True))
