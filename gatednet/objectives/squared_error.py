"""The squared error (paper, section 2)."""

from __future__ import annotations

from typing import Any

from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Blocks, Rows, total
from gatednet.networks.base import Network
from gatednet.objectives.task_loss import TaskLoss


class SquaredError(TaskLoss):
    """½ Σ_i ⟨(y*_i - y_i)²⟩, the mean over inputs, which is ½ ‖(effective map - target) F‖² with their factor F."""

    @property
    def isotropic(self) -> bool:
        return True

    @property
    def prefactor(self) -> float:
        return 0.5

    def summary(self) -> str:
        return "squared error"

    def loss(self, network: Network, rows: Rows, target: Blocks, evidence: Any) -> Float[Array, " runs"]:
        return total(tuple(block**2 for block in network.error(rows, target, evidence)))
