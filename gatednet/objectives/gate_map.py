"""The proximal map of the constraints on the gates, which is that of their sum."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import Rows
from gatednet.networks.base import Network
from gatednet.objectives.proximal import of_norm_1, of_norm_2
from gatednet.objectives.proximal_map import ProximalMap


@dataclasses.dataclass(frozen=True)
class GateMap(ProximalMap):
    """The map of norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c) over all gates; a term may be missing, None.

    Several norms of one order, or several terms of nonnegativity, are one with the sum of their strengths.
    """

    order: int | None = None
    norm: Any = None
    nonnegativity: Any = None

    def joined(self, other: ProximalMap) -> GateMap | None:
        if not isinstance(other, GateMap) or (None not in (self.order, other.order) and self.order != other.order):
            return None
        return GateMap(
            other.order if self.order is None else self.order,
            _sum(self.norm, other.norm),
            _sum(self.nonnegativity, other.nonnegativity),
        )

    def __call__(self, network: Network, rows: Rows, rates: Mapping[str, Array]) -> Rows:
        names = network.timed_as("gates")
        if not names:
            return rows
        rate = rates[names[0]]
        leaves, structure = jax.tree.flatten({name: rows[name] for name in names})
        of_norm = of_norm_2 if self.order == 2 else of_norm_1
        strengths = (jnp.zeros_like(rate) if each is None else rate * each for each in (self.norm, self.nonnegativity))
        return rows.changed(**jax.tree.unflatten(structure, of_norm(tuple(leaves), *strengths)))


def _sum(one: Any, other: Any) -> Any:
    """The sum of two strengths that may be None."""
    return other if one is None else one if other is None else one + other
