"""`Constraint`: what an objective asks of the parameters beside the task, and is not reported."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Rows
from gatednet.declarations import Declaration
from gatednet.networks.base import Network
from gatednet.objectives.proximal_map import ProximalMap
from gatednet.settings import Number, Setting, field
from gatednet.times import steps_of


class Stiffness(NamedTuple):
    """The largest curvature that a constraint has along one group of parameters, "weights" or "gates".

    `setting` is the field that it is in proportion to; values may be arrays over runs.
    """

    setting: str
    group: str
    curvature: Any


class Constraint(Setting):
    """A term of the loss with a strength of its own, which may end at a time of its own."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(("penalty", "proximal_map")),
        "stiffness": Declaration(("penalty",)),
        "proximal_map": Declaration(("penalty",)),
        "summary": Declaration(("penalty",), Setting.summary),
    }

    strength: float = field(1.0, Number(0.0), "strength of the constraint")
    until: float = field(
        math.inf, Number(0.0, infinite=True), "time at which the constraint ends; inf: never", "time", optional=True
    )

    @property
    def isotropic(self) -> bool:
        """Whether the penalty is unchanged by rotations of the maps: not unless a kind says so."""
        return False

    @abc.abstractmethod
    def penalty(self, network: Network, rows: Rows) -> Float[Array, "*runs"]:
        """What is added to the loss for a strength of 1, for each run, (runs,)."""

    def stiffness(self, network: Network) -> tuple[Stiffness, ...]:
        """How steep the slope of strength × penalty can become; empty where that is not known, or has no bound."""
        return ()

    def proximal_map(self) -> ProximalMap | None:
        """The proximal map of strength × penalty; None where there is none in closed form.

        A constraint without one stays in the explicit step under rules that take constraints implicitly.
        """
        return None

    def weighted(self, network: Network, rows: Rows) -> Float[Array, "*runs"]:
        """What is added to the loss, strength × penalty, (runs,)."""
        return self.strength * self.penalty(network, rows)

    def release(self, dt: Any) -> np.ndarray:
        """The first step without the constraint, an integer."""
        return steps_of(self.until, dt, least=0)

    def with_strength(self, strength: Any) -> Constraint:
        """The same constraint with another strength, unchecked: it may be an array over runs, traced or not."""
        made = object.__new__(type(self))
        vars(made).update(vars(self), strength=strength)
        return made
