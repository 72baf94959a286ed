"""`Rule`: how a gradient changes the parameters in one step."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import jax
from jax import Array
from jaxtyping import Float

from gatednet.arrays.block_clock import BlockClock
from gatednet.arrays.rows import Group, Rows
from gatednet.declarations import Declaration
from gatednet.settings import Setting

RuleState = Any
Rates = Mapping[str, Float[Array, " runs"]]


class Gradient(NamedTuple):
    """The gradient of the loss by all parameters.

    `here` is that at the parameters before the step; `at(rows, target, evidence)` is that at others, by default with
    the target and the evidence of the step. A `target` is a map in blocks, such as one that a rule has remembered.
    """

    here: Rows
    at: Callable[..., Rows]


class Rule(Setting):
    """How parameters move along a gradient.

    A rule is given `rates`, dt / time constant of each group of parameters, (runs,) each; the `Gradient`; and the
    `BlockClock`, which says whether the task has just changed. What it remembers is an array or any structure of arrays
    with the runs last.
    """

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(("start", "update")),
        "implicit": Declaration(("update",)),
        "limits": Declaration(("start", "update")),
        "elementwise": Declaration(("start", "update")),
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

    @property
    def elementwise(self) -> bool:
        """Whether the change of each parameter depends on its own gradient alone: not unless a kind says so."""
        return False

    def start(self, rows: Rows, rates: Rates) -> RuleState:
        """What the rule remembers before the first step: nothing unless a kind says so."""
        del rows, rates

    @abc.abstractmethod
    def update(
        self, rows: Rows, gradient: Gradient, memory: RuleState, rates: Rates, clock: BlockClock
    ) -> tuple[Rows, RuleState]:
        """The parameters after a step, and what the rule remembers then."""


def descended(rows: Rows, slope: Rows, rates: Rates) -> Rows:
    """The parameters after a step down a slope, with the rate of each group."""

    def moved(name: str) -> Group:
        return jax.tree.map(lambda value, change: value - rates[name] * change, rows[name], slope[name])

    return Rows(**{name: moved(name) for name in rows.names})
