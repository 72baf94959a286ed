"""Whether the steps of an experiment are short enough for its constraints, as these declare it themselves.

An explicit step of length dt is unstable where the curvature of a constraint, times dt / time constant, is above a
limit of the rule, which is 2 for Euler's (`Objective.stiffness`, `Rule.limits`). The task loss is not looked at.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gatednet.experiment import Experiment, with_leaves

# Products that are at the limit but for rounding are stable.
_ROUNDING = 1e-9


class StiffnessWarning(UserWarning):
    """A constraint is too stiff for explicit steps of the given length."""


class Instability(NamedTuple):
    """A constraint that is too stiff: its setting, the time constant of its group, and the largest stable dt.

    `cells` is the number of cells in which that is so.
    """

    setting: str
    time: str
    largest: float
    cells: int


def instability(experiment: Experiment, values: Mapping[str, np.ndarray] | None = None) -> Instability | None:
    """The unstable constraint that allows the shortest steps only; None where all constraints allow the present dt.

    `values` are arrays at dotted paths that broadcast against each other; the cells are those of the result.
    """
    given = values or {}
    shape = np.broadcast_shapes(*(np.shape(each) for each in given.values()))
    # Most often there are none, and every simulation asks.
    each = with_leaves(experiment, given) if given else experiment
    found = []
    for setting, group, curvature in each.objective.stiffness(each.network):
        if group not in each.rule.limits:
            continue
        # Without curvature any step is stable.
        with np.errstate(divide="ignore"):
            largest = each.rule.limits[group] * np.divide(getattr(each.timescales, group), curvature)
        unstable = np.broadcast_to(each.dt > largest * (1 + _ROUNDING), shape)
        if np.any(unstable):
            shortest = float(np.min(np.where(unstable, largest, np.inf)))
            found.append(
                Instability(f"objective.{setting}", f"timescales.{group}", shortest, int(np.count_nonzero(unstable)))
            )
    return min(found, key=lambda each: each.largest, default=None)


def advice(experiment: Experiment, found: Instability, where: str) -> str:
    """The warning of an instability, in one line; `where` says for which dt, such as "= 0.002"."""
    return (
        f"constraint {found.setting} is too stiff for steps of dt {where}: with these {found.time} the rule "
        f"{type(experiment.rule).__name__} is stable up to dt = {found.largest:.6g}, and Proximal at any dt"
    )


def warn(experiment: Experiment) -> None:
    """Warn of constraints that are too stiff for the steps of an experiment."""
    found = instability(experiment)
    if found is not None:
        warnings.warn(advice(experiment, found, f"= {experiment.dt:g}"), StiffnessWarning, stacklevel=3)
