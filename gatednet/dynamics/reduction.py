"""The exact reduction: a problem rewritten in the few dimensions in which its weights ever move.

With the population as inputs and isotropic parts, the gradient by the weights is a combination of the weights and of
the teachers, so all weights stay in the span of the initial weights and the teachers. In an orthonormal basis of that
span the network is again one of its kind with the same gates, the same loss and the same trajectory. With path gates
the span is one of whole maps, and the reduced network has one input and up to paths + tasks outputs; with neuron gates
each output has a span of its own, and the reduced network has as many outputs, of up to paths + tasks inputs each; with
two layers the rows of all units and teachers have one span, of up to hidden units + tasks × outputs dimensions. The
proof is in the documentation, page "The exact reduction".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import equinox as eqx
from jax import Array
from jaxtyping import Float

from gatednet.declarations import unsaid
from gatednet.dynamics.problem import Problem
from gatednet.experiment import Experiment
from gatednet.networks.base import Network
from gatednet.objectives.base import Objective
from gatednet.settings import Setting, SettingError, rebuilding

# What an observable asks for: whole maps in the original coordinates, inner products of the rows of an output, nothing.
Lifted = Literal[True, "rows", False]


class Basis(eqx.Module):
    """How the maps of a reduced problem are lifted, each None where nobody asks for it; in a lane with the runs last.

    `maps` lifts to the original coordinates, `rows` to rows of each output that are shorter and have the same inner
    products with each other.
    """

    maps: Float[Array, "outputs inputs dimensions *runs"] | None
    rows: Float[Array, "outputs short dimensions *runs"] | None

    @property
    def by_rows(self) -> Basis:
        """The basis that lifts to shorter rows, in the place of that of maps."""
        return Basis(self.maps if self.rows is None else self.rows, self.rows)


def obstacle(experiment: Experiment) -> str | None:
    """Why a run of this experiment cannot be reduced exactly; None where it can."""
    inputs, objective, network = experiment.inputs, experiment.objective, experiment.network
    if not inputs.exact:
        return _because("inputs", inputs, "exact", "have another second moment than the identity")
    if not objective.isotropic:
        return _in_objective(objective)
    if not experiment.rule.isotropic:
        return _because("rule", experiment.rule, "isotropic", f"is not isotropic: {experiment.rule!r}")
    if network.frame is None:
        return _because("network", network, "frame", "has no frame of few dimensions")
    if not experiment.curriculum.isotropic and not network.frame.targets_by_row:
        why = "shows rows of several teachers, and the gates of the network are those of whole maps"
        return _because("curriculum", experiment.curriculum, "isotropic", why)
    return None


def _in_objective(objective: Objective) -> str:
    """Which part of an objective is not isotropic: its task loss, a further constraint, or else the paper's own."""
    parts = [("task loss", objective.task), *(("constraint", each) for each in objective.constraints)]
    guilty = [(name, part) for name, part in parts if not part.isotropic]
    name, part = ("objective", objective) if unsaid(objective, "isotropic") or not guilty else guilty[0]
    return _because(name, part, "isotropic", f"is not isotropic: {part!r}")


def _because(name: str, part: Setting, declaration: str, why: str) -> str:
    """The reason of a part: that it does not declare what is needed, or else what it declares."""
    return f"{name} {unsaid(part, declaration) or f'{type(part).__name__} {why}'}"


def reduced_network(experiment: Experiment) -> Network:
    """The network of the reduced problem; numbers of the experiment may be traced.

    **Raises** `SettingError` with the reason where the experiment cannot be reduced.
    """
    reason = obstacle(experiment)
    if reason is not None:
        raise SettingError(f"cannot be reduced: {reason}")
    network = experiment.network
    assert network.frame is not None
    teachers = (experiment.teachers.number, network.outputs, network.inputs)
    with rebuilding():
        return network.with_maps(*network.frame.shape(network.groups["weights"].shape, teachers))


def network_of(experiment: Experiment, reduced: bool) -> Network:
    """The network whose steps are taken: that of the reduced problem, or the experiment's own."""
    return reduced_network(experiment) if reduced else experiment.network


def worthwhile(experiment: Experiment) -> bool:
    """Whether the reduction is exact and makes the state smaller."""
    if obstacle(experiment) is not None:
        return False
    small = reduced_network(experiment)
    return small.outputs * small.inputs < experiment.network.outputs * experiment.network.inputs


def reduce(experiment: Experiment, problem: Problem) -> tuple[Problem, Array]:
    """The same run in few dimensions, and the basis in which it is written; see `gatednet.arrays.frames`.

    **Raises** `SettingError` with the reason where the reduction would not be exact.
    """
    reason = obstacle(experiment)
    if reason is not None:
        raise SettingError(f"cannot be reduced: {reason}")
    return in_frame(experiment.network, problem)


def in_frame(network: Network, problem: Problem) -> tuple[Problem, Array]:
    """`reduce`, for the network of an experiment that is known to be reduced exactly."""
    assert network.frame is not None
    weights, teachers, basis = network.frame.coordinates(problem.state.weights, problem.teachers)
    return Problem(problem.state.changed(weights=weights), teachers, problem.key), basis


def basis_for(network: Network, basis: Array, asked: Collection[Lifted]) -> Basis | None:
    """What is kept of the basis of `reduce`, for observables that ask for so much; None where none asks for it."""
    assert network.frame is not None
    maps = basis if True in asked else None
    rows = network.frame.of_rows(basis) if "rows" in asked else None
    return None if maps is None and rows is None else Basis(maps, rows)


def lift(network: Network, maps: Array, basis: Array | None) -> Array:
    """Maps of a lane of reduced runs in the original coordinates.

    `maps` is (..., outputs, inputs, runs) in the coordinates of the reduced network, `basis` that of `reduce` with the
    runs last, or None where nothing was reduced.
    """
    if basis is None:
        return maps
    assert network.frame is not None
    return network.frame.lift(maps, basis)
