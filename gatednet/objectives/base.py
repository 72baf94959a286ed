"""Objectives: the loss as the paper writes it (section 2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.arrays.rows import Blocks, Rows, add, total
from gatednet.networks.base import Network
from gatednet.objectives.proximal import of_norm_1, of_norm_2
from gatednet.settings import Choice, Number, Setting, Words, field, number_of


class Stiffness(NamedTuple):
    """The largest curvature that a constraint has along one group of parameters, "weights" or "gates".

    `setting` is the field of the objective that it is in proportion to; values may be arrays over runs.
    """

    setting: str
    group: str
    curvature: Any


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

    def task_loss(self, network: Network, rows: Rows, target: Blocks, evidence: Any, outputs: int) -> Array:
        """The error that is reported, without the penalties, for each run: (runs,).

        `target` is the map of the task, in blocks; `evidence` what the step sees of the inputs: the factor of their
        second moment, None for the identity, or a batch of inputs or of labelled examples; `outputs` what the error is
        divided by where it is averaged, since a reduced network has other outputs.
        """
        squared = total(tuple(block**2 for block in network.error(rows, target, evidence)))
        return squared * number_of(self.reduction, (0.5, 0.5 / outputs))

    @property
    def knows_constraints(self) -> bool:
        """Whether `stiffness` and `proximal` are those of its penalty: not where a subclass has another penalty."""
        return type(self).penalty is Objective.penalty and type(self).cost_of_weights is Objective.cost_of_weights

    def stiffness(self, network: Network) -> tuple[Stiffness, ...]:
        """How steep the slope of the penalty can become, for each constraint that declares it.

        With order 1 the norm is as steep along all gates together as there are gates, with order 2 along their own
        direction. The mean norm of columns declares nothing: its curvature has no bound.
        """
        if not self.knows_constraints:
            return ()
        gates = math.prod(network.groups["gates"].shape) if self.norm_order == 1 else 1
        declared = [Stiffness("norm", "gates", self.norm * gates)]
        if self.weight_norm == "squared":
            declared.append(Stiffness("weight_cost", "weights", self.weight_cost))
        return tuple(declared)

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

    def explicit_penalty(self, network: Network, rows: Rows) -> Array | float:
        """The part of the penalty that `proximal` leaves out, for each run: the mean norm of columns, or nothing."""
        return 0.0 if self.weight_norm == "squared" else self.weight_cost * self.cost_of_weights(network, rows)

    def proximal(self, rows: Rows, rates: Mapping[str, Array], penalised: Array | None = None) -> Rows:
        """The minimiser of ½ ‖θ - rows‖² + rate · penalty, with the rates of weights and gates; see `proximal`.

        `penalised` says which runs are under their penalties, (runs,); None for all. The mean norm of columns is no
        part of it.
        """

        def strength(value: Any, rate: Array) -> Array:
            scaled = rate * value
            return scaled if penalised is None else jnp.where(penalised, scaled, 0.0)

        weights = rows.weights
        if self.weight_norm == "squared":
            shrink = 1.0 / (1.0 + strength(self.weight_cost, rates["weights"]))
            weights = jax.tree.map(lambda block: block * shrink, weights)
        leaves, structure = jax.tree.flatten(rows.gates)
        of_norm = of_norm_1 if self.norm_order == 1 else of_norm_2
        gates = of_norm(
            tuple(leaves), strength(self.norm, rates["gates"]), strength(self.nonnegativity, rates["gates"])
        )
        return Rows(weights, jax.tree.unflatten(structure, gates))

    def cost_of_weights(self, network: Network, rows: Rows) -> Array:
        """What the weights cost, for a strength of 1, for each run: (runs,)."""
        if self.weight_norm == "squared":
            return 0.5 * add(total(tuple(block**2 for block in path)) for path in rows.weights)
        weights = network.join(rows).weights
        squares = jnp.sum(weights**2, axis=1)
        # A column of zeros has no slope.
        norms = jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1.0)), 0.0)
        return 0.5 * norms.mean(axis=(0, 1))
