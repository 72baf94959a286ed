"""`Rule`: how a gradient changes the parameters in one step."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
from jax import Array

from gatednet.arrays.rows import Blocks, Rows
from gatednet.declarations import Declaration
from gatednet.settings import Setting

RuleState = Any
Group = tuple[Blocks, ...]


class Rule(Setting):
    """How parameters move along a gradient. `rates` are dt / time constant of the weights and of the gates, (runs,)."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(("start", "update")),
        "implicit": Declaration(("update",)),
        "limits": Declaration(("start", "update")),
    }

    @property
    def isotropic(self) -> bool:
        """Whether the rule is unchanged by rotations of the maps: not unless a kind says so."""
        return False

    @property
    def implicit(self) -> bool:
        """Whether constraints are no part of the gradient, and their proximal map comes after each step in its place.

        See `Objective.proximal`.
        """
        return False

    @property
    def limits(self) -> Mapping[str, float]:
        """The largest product of rate and curvature at which a step is stable, by group: "weights", "gates".

        A group has none where the rule has no such limit, or where it is not known.
        """
        return {}

    @abc.abstractmethod
    def start(self, rows: Rows, rates: tuple[Array, Array]) -> RuleState:
        """What the rule remembers before the first step."""

    @abc.abstractmethod
    def update(
        self, rows: Rows, gradient: Rows, memory: RuleState, rates: tuple[Array, Array]
    ) -> tuple[Rows, RuleState]:
        """The parameters after a step, and what the rule remembers then."""


def descended(rows: Rows, gradient: Rows, rates: tuple[Array, Array]) -> Rows:
    """The parameters after a step down the gradient, of the rates of weights and gates."""

    def moved(group: Group, slope: Group, rate: Array) -> Group:
        return jax.tree.map(lambda value, change: value - rate * change, group, slope)

    return Rows(moved(rows.weights, gradient.weights, rates[0]), moved(rows.gates, gradient.gates, rates[1]))
