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

from jax import Array

from gatednet.declarations import withdrawn
from gatednet.dynamics.problem import Problem
from gatednet.experiment import Experiment
from gatednet.networks.base import Network
from gatednet.objectives.base import Objective
from gatednet.settings import Setting, SettingError


def obstacle(experiment: Experiment) -> str | None:
    """Why a run of this experiment cannot be reduced exactly; None where it can."""
    if not experiment.inputs.exact:
        kind = type(experiment.inputs).__name__
        return _unsaid("inputs", experiment.inputs, "exact") or (
            f"inputs {kind} have another second moment than the identity"
        )
    for name, part in (("objective", experiment.objective), ("rule", experiment.rule)):
        if not part.isotropic:
            return (
                _unsaid(name, part, "isotropic")
                or _of_objective(experiment.objective, part)
                or (f"{name} {type(part).__name__} is not isotropic: {part!r}")
            )
    if experiment.network.frame is None:
        kind = type(experiment.network).__name__
        return (
            _unsaid("network", experiment.network, "frame")
            or f"network {kind} has no frame, coordinates in which its weights stay few"
        )
    if not experiment.curriculum.isotropic and not experiment.network.frame.targets_by_row:
        kind = type(experiment.curriculum).__name__
        return _unsaid("curriculum", experiment.curriculum, "isotropic") or (
            f"curriculum {kind} shows rows of several teachers, and the gates of the network are those of whole maps"
        )
    return None


def _of_objective(objective: Objective, part: Setting) -> str | None:
    """The task loss or further constraint that is not isotropic, where an objective is not because of one."""
    if part is not objective:
        return None
    parts = [("task loss", objective.task), *(("constraint", each) for each in objective.constraints)]
    for name, each in parts:
        if not each.isotropic:
            kind = type(each).__name__
            return _unsaid(name, each, "isotropic") or f"{name} {kind} is not isotropic: {each!r}"
    return None


def _unsaid(name: str, part: Setting, declaration: str) -> str | None:
    """That a part does not declare what its behaviour needs it to, in words; None where it does."""
    found = withdrawn(type(part), declaration)
    if found is None:
        return None
    return f"{name} {type(part).__name__} does not declare {declaration}, and {found.by} has its own {found.behaviour}"


def reduced_network(experiment: Experiment) -> Network:
    """The network of the reduced problem.

    **Raises** `SettingError` with the reason where the experiment cannot be reduced.
    """
    reason = obstacle(experiment)
    if reason is not None:
        raise SettingError(f"cannot be reduced: {reason}")
    network = experiment.network
    assert network.frame is not None
    teachers = (experiment.teachers.number, network.outputs, network.inputs)
    return network.with_maps(*network.frame.shape(network.groups["weights"].shape, teachers))


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
    frame = experiment.network.frame
    assert frame is not None
    weights, teachers, basis = frame.coordinates(problem.state.weights, problem.teachers)
    return Problem(problem.state.changed(weights=weights), teachers, problem.key), basis


def lift(network: Network, maps: Array, basis: Array | None) -> Array:
    """Maps of a lane of reduced runs in the original coordinates.

    `maps` is (..., outputs, inputs, runs) in the coordinates of the reduced network, `basis` that of `reduce` with the
    runs last, or None where nothing was reduced.
    """
    return maps if basis is None or network.frame is None else network.frame.lift(maps, basis)
