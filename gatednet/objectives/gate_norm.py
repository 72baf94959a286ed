"""The penalty on the norm of the gates (paper, section 2)."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Rows, total
from gatednet.networks.base import Network
from gatednet.objectives.constraint import Constraint, Stiffness
from gatednet.objectives.gate_map import GateMap
from gatednet.settings import Choice, field


class GateNorm(Constraint):
    """½ (‖c‖_k - 1)², c being all parameters of a run that have the time constant of the gates."""

    order: int = field(1, Choice((1, 2)), "order k of the norm")

    @property
    def isotropic(self) -> bool:
        return True

    def penalty(self, network: Network, rows: Rows) -> Float[Array, "*runs"]:
        names = network.timed_as("gates")
        if not names:
            return jnp.zeros(())
        gates = rows.blocks(*names)
        if self.order == 1:
            norm = total(tuple(jnp.abs(gate) for gate in gates))
        else:
            norm = jnp.sqrt(total(tuple(gate * gate for gate in gates)))
        return 0.5 * (norm - 1.0) ** 2

    def stiffness(self, network: Network) -> tuple[Stiffness, ...]:
        # With order 1 it is steepest along all gates together, with order 2 along their own direction.
        shapes = [network.groups[name].shape for name in network.timed_as("gates")]
        gates = sum(map(math.prod, shapes)) if self.order == 1 else 1
        return (Stiffness("strength", "gates", self.strength * gates),)

    def proximal_map(self) -> GateMap:
        return GateMap(order=self.order, norm=self.strength)
