"""The penalty on negative gates (paper, section 2)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Rows, total
from gatednet.networks.base import Network
from gatednet.objectives.constraint import Constraint
from gatednet.objectives.gate_map import GateMap


class NegativeGates(Constraint):
    """Σ max(0, -c) over all parameters of a run that have the time constant of the gates."""

    @property
    def isotropic(self) -> bool:
        return True

    def penalty(self, network: Network, rows: Rows) -> Float[Array, "*runs"]:
        names = network.timed_as("gates")
        if not names:
            return jnp.zeros(())
        return total(tuple(jnp.where(gate < 0, -gate, 0.0) for gate in rows.blocks(*names)))

    def proximal_map(self) -> GateMap:
        return GateMap(nonnegativity=self.strength)
