"""Objectives: the loss as the paper writes it (section 2)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatednet.inputs import seen
from gatednet.networks import Network
from gatednet.rows import Blocks, Rows, add, total
from gatednet.settings import Choice, Number, Setting, field


class Objective(Setting):
    """Squared error and the constraints on the gates.

    L = L_task + norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c) + weight_cost · ½ ‖W‖², where L_task is
    ½ Σ_i ⟨(y*_i - y_i)²⟩, divided by the number of outputs with `reduction = "mean"`, and c are all gates of a run.
    """

    reduction: str = field("sum", Choice(("sum", "mean")), "whether the task loss is summed or averaged over outputs")
    norm: float = field(0.909, Number(0.0), "strength of the penalty on the norm of the gates")
    norm_order: int = field(1, Choice((1, 2)), "order k of that norm")
    nonnegativity: float = field(0.0909, Number(0.0), "strength of the penalty on negative gates")
    weight_cost: float = field(0.0, Number(0.0), "strength of the penalty on the squared norm of the weights")

    @property
    def isotropic(self) -> bool:
        """Whether the loss is unchanged by rotations of the maps."""
        return True

    def task_loss(self, network: Network, rows: Rows, target: Blocks, factor: Array | None, outputs: int) -> Array:
        """The error that is reported, without the penalties, for each run: (runs,).

        `target` is the map that is asked for, in blocks; `factor` that of the second moment of the inputs, None for the
        identity; `outputs` what the error is divided by where it is averaged: a reduced network has other outputs.
        """
        error = tuple(effective - wanted for effective, wanted in zip(network.effective_map(rows), target, strict=True))
        squared = total(tuple(block**2 for block in seen(error, factor)))
        return squared * (0.5 / outputs if self.reduction == "mean" else 0.5)

    def penalty(self, rows: Rows) -> Array:
        """The part of the loss that is not reported, for each run: (runs,)."""
        gates = [gate for path in rows.gates for gate in path]
        if self.norm_order == 1:
            norm = total(tuple(jnp.abs(gate) for gate in gates))
        else:
            norm = jnp.sqrt(total(tuple(gate * gate for gate in gates)))
        negative = total(tuple(jnp.where(gate < 0, -gate, 0.0) for gate in gates))
        squares = add(total(tuple(block**2 for block in path)) for path in rows.weights)
        return self.norm * 0.5 * (norm - 1.0) ** 2 + self.nonnegativity * negative + self.weight_cost * 0.5 * squares
