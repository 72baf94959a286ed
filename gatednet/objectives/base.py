"""Objectives: the loss as the paper writes it (section 2)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.arrays.rows import Blocks, Rows, add
from gatednet.declarations import Declaration
from gatednet.networks.base import Network
from gatednet.objectives.constraint import Constraint, Stiffness
from gatednet.objectives.gate_norm import GateNorm
from gatednet.objectives.negative_gates import NegativeGates
from gatednet.objectives.proximal_map import joined
from gatednet.objectives.squared_error import SquaredError
from gatednet.objectives.task_loss import TaskLoss
from gatednet.objectives.weight_cost import WeightCost
from gatednet.settings import Choice, Number, Parts, Setting, Words, field, number_of, part

# What the loss is made of: a class that overrides one of them has another loss than its parts say.
_PENALTY = ("penalty", "cost_of_weights", "explicit_penalty", "proximal")
_LOSS = ("task_loss", *_PENALTY)
_NO = property(lambda objective: False)
# When penalties are on: in which runs all are, (runs,), or that and in which runs each further constraint is.
Active = Array | tuple[Array | None, ...] | None


@functools.cache
def _of_paper(norm_order: int, weight_norm: str) -> dict[str, Constraint]:
    """The paper's constraints, by the field of an objective that holds the strength of each."""
    return {
        "norm": GateNorm(order=norm_order),
        "nonnegativity": NegativeGates(),
        "weight_cost": WeightCost(norm=weight_norm),
    }


class Objective(Setting):
    """A task loss, the paper's constraints on the gates and weights, and any further constraints.

    L = L_task + norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c) + weight_cost · C(W) + further ones, where L_task
    is that of `task`, by default ½ Σ_i ⟨(y*_i - y_i)²⟩, divided by the number of outputs with `reduction = "mean"`, and
    c are all gates of a run. The cost of the weights C is ½ ‖W‖² with `weight_norm = "squared"`, and half the mean norm
    of the columns of all paths with `"columns"`, as in the authors' released code (paper, appendix on representational
    cost).
    """

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(_LOSS, _NO),
        "labelled": Declaration(("task_loss",), _NO),
        "knows_constraints": Declaration(_PENALTY, _NO),
        "often_zero": Declaration(_PENALTY, property(lambda objective: ())),
        "stiffness": Declaration(_PENALTY, lambda objective, network: ()),
        "summary": Declaration(_LOSS, Setting.summary),
    }

    reduction: str = field("sum", Words(("sum", "mean")), "whether the task loss is summed or averaged over outputs")
    norm: float = field(0.909, Number(0.0), "strength of the penalty on the norm of the gates")
    norm_order: int = field(1, Choice((1, 2)), "order k of that norm")
    nonnegativity: float = field(0.0909, Number(0.0), "strength of the penalty on negative gates")
    weight_cost: float = field(0.0, Number(0.0), "strength of the cost of the weights")
    weight_norm: str = field("squared", Choice(("squared", "columns")), "norm of the weights that costs")
    constraints: tuple[Constraint, ...] = field((), Parts(Constraint), "further constraints", optional=True)
    task: TaskLoss = part(SquaredError(), TaskLoss, "error at the task", optional=True)

    @property
    def own_constraints(self) -> dict[str, Constraint]:
        """The paper's constraints, by the field that holds the strength of each."""
        kinds = _of_paper(self.norm_order, self.weight_norm)
        return {name: kind.with_strength(getattr(self, name)) for name, kind in kinds.items()}

    @property
    def _cost(self) -> Constraint:
        return _of_paper(self.norm_order, self.weight_norm)["weight_cost"]

    @property
    def all_constraints(self) -> tuple[Constraint, ...]:
        """The paper's constraints and the further ones."""
        return (*self.own_constraints.values(), *self.constraints)

    @property
    def isotropic(self) -> bool:
        """Whether the loss is unchanged by rotations of the maps: where all its parts are."""
        # The other two constraints of the paper are on gates.
        costs = (self._cost, *self.constraints)
        return self.task.isotropic and all(each.isotropic for each in costs)

    @property
    def labelled(self) -> bool:
        """Whether it compares outputs with labels."""
        return self.task.labelled

    def release(self, dt: Any) -> np.ndarray | None:
        """The first step without any penalty, an integer; None where they last for all of a run."""
        del dt

    def ends(self, dt: Any) -> np.ndarray | tuple[np.ndarray | None, ...] | None:
        """The first step without any penalty, as `release`, and with further constraints also that without each."""
        every = self.release(dt)
        return (every, *(each.release(dt) for each in self.constraints)) if self.constraints else every

    def during(self, active: Active) -> tuple[Objective, Array | None]:
        """The objective with the further constraints that are on, and in which runs penalties are on at all."""
        if not isinstance(active, tuple):
            return self, active
        every, *each = active
        lasting = tuple(
            one if on is None else one.with_strength(jnp.where(on, one.strength, 0.0))
            for on, one in zip(each, self.constraints, strict=True)
        )
        return eqx.tree_at(lambda objective: objective.constraints, self, lasting), every

    def task_loss(self, network: Network, rows: Rows, target: Blocks, evidence: Any, outputs: int) -> Array:
        """The error that is reported, without the penalties, for each run: (runs,).

        `target` is the map of the task, in blocks; `evidence` what the step sees of the inputs: the factor of their
        second moment, None for the identity, or a batch of inputs or of labelled examples; `outputs` what the error is
        divided by where it is averaged, since a reduced network has other outputs.
        """
        prefactor = self.task.prefactor
        return self.task.loss(network, rows, target, evidence) * number_of(
            self.reduction, (prefactor, prefactor / outputs)
        )

    @property
    def knows_constraints(self) -> bool:
        """Whether `explicit_penalty` and `proximal` together stand for `penalty`."""
        return True

    @property
    def often_zero(self) -> tuple[Any, ...]:
        """Strengths that are 0 in most runs, of penalties with a slope that is finite where all parameters are."""
        return (self.weight_cost,)

    def stiffness(self, network: Network) -> tuple[Stiffness, ...]:
        """How steep the slope of the penalty can become, for each constraint that declares it."""
        own = [
            each._replace(setting=name) for name, one in self.own_constraints.items() for each in one.stiffness(network)
        ]
        further = [
            each._replace(setting=f"constraints.{place}.{each.setting}")
            for place, one in enumerate(self.constraints)
            for each in one.stiffness(network)
        ]
        return (*own, *further)

    def penalty(self, network: Network, rows: Rows) -> Array:
        """The part of the loss that is not reported, for each run: (runs,)."""
        norm, negative, _ = self.own_constraints.values()
        cost = self.weight_cost * self.cost_of_weights(network, rows)
        gates = norm.weighted(network, rows) + negative.weighted(network, rows)
        return add((gates + cost, *(each.weighted(network, rows) for each in self.constraints)))

    def explicit_penalty(self, network: Network, rows: Rows) -> Array | float:
        """The part of the penalty that `proximal` leaves out, for each run: constraints without a proximal map."""
        left = [each.weighted(network, rows) for each in self.all_constraints if each.proximal_map() is None]
        return add(left) if left else 0.0

    def proximal(
        self, network: Network, rows: Rows, rates: Mapping[str, Array], penalised: Array | None = None
    ) -> Rows:
        """The minimiser of ½ ‖θ - rows‖² + rate · penalty, with the rate of each group.

        `penalised` says which runs are under their penalties, (runs,); None for all. Constraints without a proximal map
        are no part of it. Those whose sum has one are taken together, and others one after the other, which is the
        minimiser up to terms of the order of the rate squared.
        """
        constraints = self.all_constraints
        if penalised is not None:
            constraints = tuple(each.with_strength(jnp.where(penalised, each.strength, 0.0)) for each in constraints)
        for each in joined([found for one in constraints if (found := one.proximal_map()) is not None]):
            rows = each(network, rows, rates)
        return rows

    def cost_of_weights(self, network: Network, rows: Rows) -> Array:
        """What the weights cost, for a strength of 1, for each run: (runs,)."""
        return self._cost.penalty(network, rows)

    def summary(self) -> str:
        cost = f", weight cost {self.weight_cost:g} ({self.weight_norm})" if self.weight_cost else ""
        further = "".join(f", {each.summary()}" for each in self.constraints)
        default = next(each.default for each in dataclasses.fields(self) if each.name == "task")
        task = "loss" if self.task == default else self.task.summary()
        return (
            f"λ_norm = {self.norm:g} (k = {self.norm_order}), λ_nonneg = {self.nonnegativity:g}{cost}{further}, "
            f"{task} {self.reduction} over outputs"
        )
