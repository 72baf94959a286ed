"""Objectives: the loss as the paper writes it (section 2)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.inputs import seen
from gatednet.networks import Network
from gatednet.rows import Blocks, Rows, add, total
from gatednet.settings import Choice, Number, Setting, Words, field, number_of
from gatednet.times import steps_of


class Objective(Setting):
    """Squared error and the constraints on the gates.

    L = L_task + norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c) + weight_cost · C(W), where L_task is
    ½ Σ_i ⟨(y*_i - y_i)²⟩, divided by the number of outputs with `reduction = "mean"`, and c are all gates of a run. The
    cost of the weights C is ½ ‖W‖² with `weight_norm = "squared"`, and half the mean norm of the columns of all paths
    with `"columns"`, as in the authors' released code (paper, appendix on representational cost).
    """

    reduction: str = field("sum", Words(("sum", "mean")), "whether the task loss is summed or averaged over outputs")
    norm: float = field(0.909, Number(0.0), "strength of the penalty on the norm of the gates")
    norm_order: int = field(1, Choice((1, 2)), "order k of that norm")
    nonnegativity: float = field(0.0909, Number(0.0), "strength of the penalty on negative gates")
    weight_cost: float = field(0.0, Number(0.0), "strength of the cost of the weights")
    weight_norm: str = field("squared", Choice(("squared", "columns")), "norm of the weights that costs")

    @property
    def isotropic(self) -> bool:
        """Whether the loss is unchanged by rotations of the maps."""
        return self.weight_norm == "squared"

    @property
    def labelled(self) -> bool:
        """Whether it compares outputs with labels."""
        return False

    def release(self, dt: Any) -> np.ndarray | None:
        """The first step without penalties, an integer; None where they last for all of a run."""
        del dt

    def task_loss(self, network: Network, rows: Rows, target: Blocks, factor: Any, outputs: int) -> Array:
        """The error that is reported, without the penalties, for each run: (runs,).

        `target` is the map that is asked for, in blocks; `factor` that of the second moment of the inputs, None for the
        identity, or a batch of labelled examples; `outputs` what the error is divided by where it is averaged: a
        reduced network has other outputs.
        """
        error = tuple(effective - wanted for effective, wanted in zip(network.effective_map(rows), target, strict=True))
        squared = total(tuple(block**2 for block in seen(error, factor)))
        return squared * number_of(self.reduction, (0.5, 0.5 / outputs))

    def penalty(self, network: Network, rows: Rows) -> Array:
        """The part of the loss that is not reported, for each run: (runs,)."""
        gates = [gate for path in rows.gates for gate in path]
        if self.norm_order == 1:
            norm = total(tuple(jnp.abs(gate) for gate in gates))
        else:
            norm = jnp.sqrt(total(tuple(gate * gate for gate in gates)))
        negative = total(tuple(jnp.where(gate < 0, -gate, 0.0) for gate in gates))
        cost = self.cost_of_weights(network, rows)
        return self.norm * 0.5 * (norm - 1.0) ** 2 + self.nonnegativity * negative + self.weight_cost * cost

    def cost_of_weights(self, network: Network, rows: Rows) -> Array:
        """What the weights cost, for a strength of 1, for each run: (runs,)."""
        if self.weight_norm == "squared":
            return 0.5 * add(total(tuple(block**2 for block in path)) for path in rows.weights)
        weights = network.join(rows).weights
        squares = jnp.sum(weights**2, axis=1)
        # A column of zeros has no slope.
        norms = jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1.0)), 0.0)
        return 0.5 * norms.mean(axis=(0, 1))


class Released(Objective):
    """The same, with penalties that end at a time: what they have made, without what made it."""

    until: float = field(1.0, Number(0.0), "time at which the penalties end", "time")

    def release(self, dt: Any) -> np.ndarray:
        return steps_of(self.until, dt, least=0)
