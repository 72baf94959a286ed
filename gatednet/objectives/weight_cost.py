"""The cost of the weights (paper, appendix on representational cost)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Group, Rows, add, sum_over, total
from gatednet.networks.base import Network
from gatednet.objectives.constraint import Constraint, Stiffness
from gatednet.objectives.proximal_map import ProximalMap
from gatednet.settings import Choice, field


class WeightCost(Constraint):
    """½ ‖W‖², or half the mean norm of the columns of all paths, as in the authors' released code."""

    norm: str = field("squared", Choice(("squared", "columns")), "norm of the weights that costs")

    @property
    def isotropic(self) -> bool:
        return self.norm == "squared"

    def penalty(self, network: Network, rows: Rows) -> Float[Array, "*runs"]:
        names = network.timed_as("weights")
        if not names:
            return jnp.zeros(())
        if self.norm == "squared":
            parts = [part for name in names for part in rows[name]]
            return 0.5 * add(total(tuple(block**2 for block in part)) for part in parts)
        state = network.join(rows)
        return add(_columns(state[name]) for name in names)

    def stiffness(self, network: Network) -> tuple[Stiffness, ...]:
        """The mean norm of columns declares nothing: its curvature has no bound."""
        return (Stiffness("strength", "weights", self.strength),) if self.norm == "squared" else ()

    def proximal_map(self) -> WeightMap | None:
        return WeightMap(self.strength) if self.norm == "squared" else None


def _columns(weights: Float[Array, "*paths outputs inputs runs"]) -> Float[Array, " runs"]:
    """Half the mean norm of the columns of all maps."""
    squares = sum_over(weights**2, (-3,))
    # A column of zeros has no slope.
    norms = jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1.0)), 0.0)
    return 0.5 * norms.mean(axis=tuple(range(norms.ndim - 1)))


@dataclasses.dataclass(frozen=True)
class WeightMap(ProximalMap):
    """The map of strength · ½ ‖W‖²: all weights shrink by one factor."""

    strength: Any

    def joined(self, other: ProximalMap) -> WeightMap | None:
        return WeightMap(self.strength + other.strength) if isinstance(other, WeightMap) else None

    def __call__(self, network: Network, rows: Rows, rates: Mapping[str, Array]) -> Rows:
        def shrunk(name: str) -> Group:
            shrink = 1.0 / (1.0 + rates[name] * self.strength)
            return jax.tree.map(lambda block: block * shrink, rows[name])

        return rows.changed(**{name: shrunk(name) for name in network.timed_as("weights")})
